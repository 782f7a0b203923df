"""What an edit did to a text, word by word."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Literal, NamedTuple

import regex

from pipeline.kernels.alignment import matches
from pipeline.kernels.words import UNSPACED

MAX_WORDS = 4_000  # of the two texts together, compared: 2,000 a side are half a megabyte of table and 14 ms
TOKEN = regex.compile(rf"(?V1){UNSPACED.pattern}\p{{M}}*|[\S--{UNSPACED.pattern}]+")


class Piece(NamedTuple):
    """Words that stand together in both texts, in the first only (gone) or in the second only (added)."""

    kind: Literal["same", "gone", "added"]
    text: str
    is_glued: bool = False  # to the words before it in its text, without a space


def word_diff(before: str, after: str) -> list[Piece]:
    """The pieces, in order, whose same and gone words are `before` and whose same and added words are `after`.

    White space between words counts for nothing; what is the same is spaced as in `after`. Characters of scripts that
    write without spaces are words. Texts of more than `MAX_WORDS` words together are one piece each.
    """
    left, right = _words_of(before, "gone"), _words_of(after, "added")
    marked: list[Piece] = []
    at_left = at_right = 0
    for here, there in [*_places([word.text for word in left], [word.text for word in right]), (len(left), len(right))]:
        marked += left[at_left:here]
        marked += right[at_right:there]
        marked += [piece._replace(kind="same") for piece in right[there : there + 1]]
        at_left, at_right = here + 1, there + 1
    return [_joined(list(run)) for _, run in groupby(marked, key=lambda piece: piece.kind)]


def _words_of(text: str, kind: Literal["gone", "added"]) -> list[Piece]:
    found, end = [], -1
    for match in TOKEN.finditer(text):
        found.append(Piece(kind, match[0], match.start() == end))
        end = match.end()
    return found


def _places(left: Sequence[str], right: Sequence[str]) -> list[tuple[int, int]]:
    """Where the words of both stand in the one and in the other."""
    if left == right:
        return [(place, place) for place in range(len(left))]
    return matches(left, right) if len(left) + len(right) <= MAX_WORDS else []


def _joined(run: list[Piece]) -> Piece:
    rest = "".join(piece.text if piece.is_glued else f" {piece.text}" for piece in run[1:])
    return run[0]._replace(text=run[0].text + rest)
