"""Texts as arrays of code points. What a code point is, is asked of a pattern once, not in every place it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

BASIC = 0x10000  # code points below have a row in the table
GROUP_CHARS = 100_000  # code points looked at together: what they take stays in the cache

Points = NDArray[np.uint8] | NDArray[np.uint32]


class Pattern(Protocol):
    """What `re` and `regex` compile to."""

    def finditer(self, string: str) -> Iterator[Any]: ...  # noqa: D102


class Kinds:
    """Which of some sets of characters a code point is in; each pattern matches runs of one set."""

    def __init__(self, *patterns: Pattern) -> None:
        self._patterns = patterns

    def of(self, points: Points) -> NDArray[np.uint8]:
        """For each code point the sets it is in, added up: 1 for the first, 2 for the second, 4 for the third."""
        kinds = self._basic.take(points, mode="clip")
        if points.dtype == np.uint8:
            return kinds
        beyond = np.flatnonzero(points >= BASIC)
        distinct, places = np.unique(points[beyond], return_inverse=True)
        kinds[beyond] = np.array([self._in(chr(point))[0] for point in distinct.tolist()], dtype=np.uint8)[places]
        return kinds

    @cached_property
    def _basic(self) -> NDArray[np.uint8]:
        """The kinds of the code points below BASIC, and a place holder for those beyond."""
        return self._in("".join(map(chr, range(BASIC + 1))))

    def _in(self, text: str) -> NDArray[np.uint8]:
        kinds = np.zeros(len(text), dtype=np.uint8)
        for number, pattern in enumerate(self._patterns):
            for run in pattern.finditer(text):
                kinds[run.start() : run.end()] |= 1 << number
        return kinds


def code_points(text: str) -> Points:
    """The code points of a text, to be written to; of ASCII in a byte each, which takes half the time."""
    if text.isascii():
        return np.frombuffer(bytearray(text.encode()), dtype=np.uint8)
    return np.frombuffer(bytearray(text.encode("utf-32-le", "surrogatepass")), dtype="<u4")


def text_of(points: Points) -> str:
    """The text of code points."""
    return points.tobytes().decode("ascii" if points.dtype == np.uint8 else "utf-32-le", "surrogatepass")


def grouped(texts: Iterable[str]) -> Iterator[list[str]]:
    """The texts, in order, in groups of GROUP_CHARS or of a single text."""
    group: list[str] = []
    room = GROUP_CHARS
    for text in texts:
        if group and len(text) > room:
            yield group
            group, room = [], GROUP_CHARS
        group.append(text)
        room -= len(text) + 1
    if group:
        yield group
