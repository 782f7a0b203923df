"""A dump in other shapes: the same words with other line breaks, as scrapers, mail and databases leave them.

Each shape takes a page's lines, not blank, and their labels (1 story, 0 chrome, 2 neither), and gives the text that a
scraper of that habit would have saved, with one label for each non-blank line of it. A line made of several that do
not agree is labelled 2, neither. Pure functions: training learns from them, the benchmark scores on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import NamedTuple

import regex

from pipeline.kernels.text import EDGE
from pipeline.kernels.words import SENTENCE_END

MASKED = 2  # label of a line that is neither
COLUMN = 72  # characters: what mail and typewriters broke at
MENU_LINES, MENU_WORDS = 3, 4  # a run of so many lines of so few words each is a menu
HEADING_WORDS = 12  # a line of fewer words that ends no sentence stands by itself: a heading, a menu, a byline
BREAK = regex.compile(r"(?<=[.!?…][\"'”’»›)\]]{0,2})\s+(?=[\"'“‘«‹„(\[¿¡]{0,2}[\p{Lu}\p{Nd}])|(?<=[。！？])(?=\S)")


class Shaped(NamedTuple):
    """A page in another shape."""

    text: str
    labels: tuple[int, ...]  # of each non-blank line


Shape = Callable[[Sequence[str], Sequence[int]], Shaped]


def shaped(shape: str, lines: Sequence[str], labels: Sequence[int]) -> Shaped:
    """The page in the shape of this name; lines of signs without width, which no reader counts, are left out."""
    kept = [(line, label) for line, label in zip(lines, labels, strict=True) if line.strip(EDGE)]
    return SHAPES[shape]([line for line, _ in kept], [label for _, label in kept])


def plain(lines: Sequence[str], labels: Sequence[int]) -> Shaped:
    """A line a paragraph, no blank lines: the dump as it is."""
    return Shaped("\n".join(lines), tuple(labels))


def spaced(lines: Sequence[str], labels: Sequence[int]) -> Shaped:
    """A blank line below each line."""
    return Shaped("\n\n".join(lines), tuple(labels))


def wrapped(lines: Sequence[str], labels: Sequence[int], *, blank: bool) -> Shaped:
    """Each line broken at COLUMN; with or without a blank line between what were lines."""
    broken = [_broken(line) for line in lines]
    text = ("\n\n" if blank else "\n").join("\n".join(parts) for parts in broken)
    return Shaped(text, tuple(label for parts, label in zip(broken, labels, strict=True) for _ in parts))


def _broken(line: str) -> list[str]:
    """The line in pieces of at most COLUMN characters, words whole."""
    pieces = [""]
    for word in line.split():
        if pieces[-1].strip(EDGE) and len(pieces[-1]) + 1 + len(word) > COLUMN and word.strip(EDGE):
            pieces.append(word)
        else:
            pieces[-1] = f"{pieces[-1]} {word}".lstrip()
    return pieces


def joined_menus(lines: Sequence[str], labels: Sequence[int], *, sign: str) -> Shaped:
    """Runs of MENU_LINES lines or more of at most MENU_WORDS words each in one line, `sign` between them."""
    return _regrouped(lines, labels, _menu_runs(lines), sign)


def _menu_runs(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """(first, end) of every line of the new page."""
    for is_short, run in groupby(range(len(lines)), key=lambda number: len(lines[number].split()) <= MENU_WORDS):
        numbers = list(run)
        if is_short and len(numbers) >= MENU_LINES:
            yield numbers[0], numbers[-1] + 1
        else:
            yield from ((number, number + 1) for number in numbers)


def sentences(lines: Sequence[str], labels: Sequence[int]) -> Shaped:
    """A line a sentence."""
    cut = [_sentences(line) for line in lines]
    return Shaped(
        "\n".join(part for parts in cut for part in parts),
        tuple(label for parts, label in zip(cut, labels, strict=True) for _ in parts),
    )


def _sentences(line: str) -> list[str]:
    """The line cut where a sentence ends."""
    return [part for part in BREAK.split(line) if part.strip(EDGE)]


def blocks(lines: Sequence[str], labels: Sequence[int]) -> Shaped:
    """The lines between two headings in one line; headings, menu entries and the like keep their own."""
    return _regrouped(lines, labels, _sections(lines), " ")


def _sections(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """(first, end) of every line of the new page."""
    for is_heading, run in groupby(range(len(lines)), key=lambda number: _is_heading(lines[number])):
        numbers = list(run)
        if is_heading:
            yield from ((number, number + 1) for number in numbers)
        else:
            yield numbers[0], numbers[-1] + 1


def _is_heading(line: str) -> bool:
    return len(line.split()) < HEADING_WORDS and SENTENCE_END.search(line[-40:]) is None


def _regrouped(lines: Sequence[str], labels: Sequence[int], runs: Iterator[tuple[int, int]], sign: str) -> Shaped:
    """The lines of each run joined; the label they share, MASKED where they share none."""
    texts, shared = [], []
    for first, end in runs:
        texts.append(sign.join(lines[first:end]))
        found = set(labels[first:end])
        shared.append(found.pop() if len(found) == 1 else MASKED)
    return Shaped("\n".join(texts), tuple(shared))


SHAPES: dict[str, Shape] = {
    "plain": plain,
    "spaced": spaced,
    "wrapped_spaced": partial(wrapped, blank=True),
    "wrapped": partial(wrapped, blank=False),
    "menus_by_bar": partial(joined_menus, sign=" | "),
    "menus_by_bullet": partial(joined_menus, sign=" • "),
    "menus_by_space": partial(joined_menus, sign=" "),
    "sentences": sentences,
    "blocks": blocks,
}
