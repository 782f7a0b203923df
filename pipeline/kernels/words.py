"""Words of a text, where a word ends and a sentence does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import regex
from numpy.typing import NDArray

WORD = regex.compile(r"[^\W_]++(?:['’][^\W_]++)*+")
ASCII_WORD = re.compile(WORD.pattern)  # the same for ASCII, in half the time
UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
WORD_RUN = regex.compile(r"[^\W_]+")
APOSTROPHES = re.compile("['’]")
UNSPACED_RUN = regex.compile(rf"{UNSPACED.pattern}+")
SENTENCE_END = regex.compile(r"[.!?…。！？।۔؟][\"'”’»›)\]）」』]*\s*$")

BASIC = 0x10000  # code points below have a row in the table
IN_WORD, IN_UNSPACED, APOSTROPHE = 1, 2, 4  # kinds of code points
GROUP_CHARS = 100_000  # code points looked at together: what they take stays in the cache


def words(text: str) -> list[str]:
    """The words, in order."""
    found: list[str] = (ASCII_WORD if text.isascii() else WORD).findall(text)
    return found


def word_count(text: str, words: Sequence[str]) -> int:
    """Words, two characters counting as one in scripts that write without spaces."""
    return len(words) if text.isascii() else len(words) + len(UNSPACED.findall(text)) // 2


def fold(text: str) -> str:
    """The words in lower case: what two printings of a headline share."""
    return " ".join(words(text)).lower()


def folds_and_counts(texts: Sequence[str]) -> tuple[list[str], list[int]]:
    """`fold` and `word_count` of each text, of many in a seventh of the time."""
    folds: list[str] = []
    counts: list[int] = []
    ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 1)  # a border behind each text
    first, begin = 0, 0
    while first < len(texts):
        after = max(first + 1, int(np.searchsorted(ends, begin + GROUP_CHARS)))
        group_folds, group_counts = _folded_and_counted(texts[first:after], ends[first:after] - begin - 1)
        folds += group_folds
        counts += group_counts
        first, begin = after, int(ends[after - 1])
    return folds, counts


def _folded_and_counted(texts: Sequence[str], borders: NDArray[np.int64]) -> tuple[list[str], list[int]]:
    """The same for texts that are looked at as one: all but words goes, and a space between two, and each border."""
    points = np.frombuffer("\n".join(texts).encode("utf-32-le", "surrogatepass"), dtype="<u4").copy()
    kinds = _kinds(points)
    in_word = (kinds & IN_WORD) != 0
    marks = np.flatnonzero(kinds[1:-1] == APOSTROPHE) + 1
    in_word[marks[in_word[marks - 1] & in_word[marks + 1]]] = True  # don't
    starts = np.flatnonzero(in_word & ~np.concatenate(([False], in_word[:-1])))
    text_of = np.searchsorted(borders, starts)
    unspaced_of = np.searchsorted(borders, np.flatnonzero((kinds & IN_UNSPACED) != 0))
    counts = np.bincount(text_of, minlength=len(texts)) + np.bincount(unspaced_of, minlength=len(texts)) // 2
    spaces = starts[1:][text_of[1:] == text_of[:-1]] - 1
    points[spaces] = ord(" ")
    in_word[spaces] = True
    in_word[borders[:-1]] = True
    folds = points[in_word].tobytes().decode("utf-32-le", "surrogatepass").lower().split("\n")
    return folds, counts.tolist()


def _kinds(points: NDArray[Any]) -> NDArray[np.uint8]:
    """What each code point may be: IN_WORD, IN_UNSPACED, APOSTROPHE, added up."""
    kinds = _basic_kinds().take(points, mode="clip")
    beyond = np.flatnonzero(points >= BASIC)
    distinct, places = np.unique(points[beyond], return_inverse=True)
    kinds[beyond] = np.array([_kinds_in(chr(point))[0] for point in distinct.tolist()], dtype=np.uint8)[places]
    return kinds


@lru_cache(maxsize=1)
def _basic_kinds() -> NDArray[np.uint8]:
    """The kinds of the first 65,536 code points, and a place holder for those beyond."""
    return _kinds_in("".join(map(chr, range(BASIC + 1))))


def _kinds_in(text: str) -> NDArray[np.uint8]:
    kinds = np.zeros(len(text), dtype=np.uint8)
    for pattern, kind in ((WORD_RUN, IN_WORD), (UNSPACED_RUN, IN_UNSPACED), (APOSTROPHES, APOSTROPHE)):
        for run in pattern.finditer(text):
            kinds[run.start() : run.end()] |= kind
    return kinds
