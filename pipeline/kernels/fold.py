"""Fold: one spelling for what differs only in case, accents, dashes, spaces, apostrophes and width, offsets kept.

Code points are folded one by one (NFKC, case fold, NFKD), so every folded character knows the code point it comes
from, and text in NFC and NFD gives the same fold. Dropped: all but letters, digits and the marks that are letters in
their script (Devanagari vowels, Japanese voicing). Hangul is folded to its letters (jamo). Romanisations are not
touched: `Kim Jong Un` and `Kim Jong-un` fold alike, `Kim Chong-un` does not.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Indexes = NDArray[np.int64]

BMP = 0x10000  # code points below have a row in the table; those above are folded each time
SEVERAL = 0x110000  # one past the last code point
LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ħ": "h"})
ASCII = {point: chr(point).lower() if chr(point).isalnum() else None for point in range(128)}
# Marks that are accents or vowel points, not letters: combining blocks, Hebrew points, Arabic vowels and tatweel.
ACCENTS = (
    (0x0300, 0x036F), (0x0591, 0x05C7), (0x0610, 0x061A), (0x0640, 0x0640), (0x064B, 0x065F), (0x0670, 0x0670),
    (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F),
)  # fmt: skip
MODIFIERS = (0x02B9, 0x02FF)  # apostrophes and tone signs that Unicode counts as letters: Hawaiian okina, U+02BC


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text and where it comes from: `origins[i]` is the code point of the text that gave `text[i]`."""

    text: str
    origins: Indexes  # (len(text),), never falling


def is_accent(char: str) -> bool:
    """Whether the character is a mark that the fold drops."""
    return char >= "\u0300" and any(first <= ord(char) <= last for first, last in ACCENTS)


def fold_char(char: str) -> str:
    """The fold of one code point: none, one or several characters."""
    plain = unicodedata.normalize("NFKC", char).casefold()
    return "".join(
        part
        for part in unicodedata.normalize("NFKD", plain).translate(LETTERS)
        if unicodedata.category(part)[0] in "LNM"
        and not is_accent(part)
        and not MODIFIERS[0] <= ord(part) <= MODIFIERS[1]
    )


def folded(text: str) -> Folded:
    """The fold of a text with its offset map. 60 MB/s on a busy core."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    chars = _firsts().take(points, mode="clip")
    several = np.flatnonzero(chars == SEVERAL)
    if not len(several):
        kept = np.flatnonzero(chars != 0)  # a third of the time that chars themselves take
        return Folded(_text_of(chars[kept]), kept)
    distinct, rows = np.unique(points[several], return_inverse=True)
    starts, widths, pool = _rows(distinct)
    _remember(distinct, starts, widths, pool)
    starts, widths = starts[rows], widths[rows]
    chars[several] = widths > 0  # a place holder, or nothing
    kept = np.flatnonzero(chars)
    several, starts, widths = (column[widths > 0] for column in (several, starts, widths))
    repeats = np.ones(len(kept), dtype=np.int64)
    repeats[np.searchsorted(kept, several)] = widths
    origins = np.repeat(kept, repeats)
    chars = chars[origins]
    within = np.arange(widths.sum()) - np.repeat(np.cumsum(widths) - widths, widths)
    chars[np.repeat(np.searchsorted(origins, several), widths) + within] = pool[np.repeat(starts, widths) + within]
    return Folded(_text_of(chars), origins)


def _text_of(chars: NDArray[Any]) -> str:
    return chars.astype("<u4").tobytes().decode("utf-32-le")


@lru_cache(maxsize=16_384)  # a table asks for the words of a name several times in a row
def fold_key(text: str) -> str:
    """The fold alone: equal for two spellings that differ only in what the fold drops."""
    if text.isascii():
        return text.translate(ASCII)
    return "".join(map(_known_char, text))


_known_char = lru_cache(maxsize=16_384)(fold_char)  # a text has 2,000 characters, Korean has 11,172 syllables


@lru_cache(maxsize=1)
def _firsts() -> NDArray[np.uint32]:
    """What each code point folds to: 0 where that is nothing, SEVERAL where it is more, or not known yet.

    Filled as characters turn up: a text has 2,000, and to fold all 65,536 takes 0.5 s.
    """
    return np.full(BMP + 1, SEVERAL, dtype=np.uint32)


def _remember(points: NDArray[np.uint32], starts: Indexes, widths: Indexes, pool: Indexes) -> None:
    """Keep what these code points fold to, where that is nothing or one character."""
    single = (widths == 1) & (points < BMP)
    _firsts()[points[single]] = pool[starts[single]]
    _firsts()[points[(widths == 0) & (points < BMP)]] = 0


def _rows(points: NDArray[np.uint32]) -> tuple[Indexes, Indexes, Indexes]:
    """For each code point: where its fold starts in the pool, how long it is; and the pool of folded code points."""
    folds = [_known_char(chr(point)) for point in points.tolist()]
    counts = np.array([len(fold) for fold in folds], dtype=np.int64)
    pool = np.frombuffer("".join(folds).encode("utf-32-le"), dtype="<u4").astype(np.int64)
    return np.cumsum(counts) - counts, counts, pool
