"""Fold: one spelling for what differs only in case, accents, dashes, spaces, apostrophes and width, offsets kept.

Code points are folded one by one (NFKC, case fold, NFKD), so every folded character knows the code point it comes
from, and text in NFC and NFD gives the same fold. Dropped: all but letters, digits and the marks that are letters in
their script (Devanagari vowels, Japanese voicing). Hangul is folded to its letters (jamo). Romanisations are not
touched: `Kim Jong Un` and `Kim Jong-un` fold alike, `Kim Chong-un` does not.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Indexes = NDArray[np.int64]

BMP = 0x10000  # code points with a row in the table; those above are folded when they turn up
LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ħ": "h"})
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
    """The fold of a text with its offset map. 10 MB/s; the first call builds a table, 0.5 s."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.int64)
    starts, counts, pool = _table()
    high = points >= BMP
    if high.any():  # emoji, rare ideographs, mathematical letters
        chars = np.unique(points[high])
        high_starts, high_counts, high_pool = _rows(chr(char) for char in chars.tolist())
        starts = np.concatenate([starts, high_starts + len(pool)])
        counts = np.concatenate([counts, high_counts])
        pool = np.concatenate([pool, high_pool])
        points = np.where(high, BMP + np.searchsorted(chars, points), points)
    widths = counts[points]
    origins = np.repeat(np.arange(len(points)), widths)
    first_of_origin = np.cumsum(widths) - widths
    within = np.arange(len(origins)) - first_of_origin[origins]
    chars_out = pool[starts[points][origins] + within]
    return Folded(chars_out.astype("<u4").tobytes().decode("utf-32-le"), origins)


def fold_key(text: str) -> str:
    """The fold alone: equal for two spellings that differ only in what the fold drops."""
    return "".join(fold_char(char) for char in text)


@lru_cache(maxsize=1)
def _table() -> tuple[Indexes, Indexes, Indexes]:
    return _rows(chr(point) for point in range(BMP))


def _rows(chars: Iterable[str]) -> tuple[Indexes, Indexes, Indexes]:
    """For each character: where its fold starts in the pool, how long it is; and the pool of folded code points."""
    folds = [fold_char(char) for char in chars]
    counts = np.array([len(fold) for fold in folds], dtype=np.int64)
    pool = np.frombuffer("".join(folds).encode("utf-32-le"), dtype="<u4").astype(np.int64)
    return np.cumsum(counts) - counts, counts, pool
