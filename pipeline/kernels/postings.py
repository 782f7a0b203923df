"""Postings: the sets of a batch under each value they hold, to meet each other and, piece by piece, earlier sets.

An inverted index (Knuth, TAOCP 3, 6.5). Two texts whose signatures agree have drawn a slot from the same shingle, so
only those that share some need a signature at all: of a month of made-up news beside a day 1 in 15.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipeline.kernels.directory import Directory
from pipeline.kernels.meetings import Meetings, allowed, met_often
from pipeline.kernels.shingles import HALF, HashSets, by_value, run_offsets, steps

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Sharing:
    """Pairs that share enough values, each once, and how many; and the sets that the fuse kept from some others."""

    left: Ints  # rows of the earlier sets; of the postings, where these meet each other
    right: Ints  # rows of the postings
    n_shared: Ints
    crowded: Ints  # rows of the postings


class Postings:
    """Sets by value: twice their size.

    A value that more than `max_size` sets hold is crowded: under it only as many of the first sets are met as `allowed`
    says.
    """

    def __init__(self, sets: HashSets, max_size: int) -> None:
        codes = sets.values.astype(np.uint64) << HALF
        codes |= np.repeat(np.arange(len(sets), dtype=np.uint32), sets.sizes)
        codes.sort()  # in its place: of a large batch it is the largest of all
        self._values, self._rows = (codes >> HALF).astype(np.uint32), codes.astype(np.uint32).astype(np.int32)
        self._max_size = max_size

    def shared_within(self, begin: int, at_least: int) -> Sharing:
        """The pairs of these sets that share `at_least` so many values, the right one from row `begin` on."""
        meetings = self._own_meetings(begin)
        codes, n_shared = met_often(meetings, at_least)
        return Sharing(codes & 0xFFFFFFFF, codes >> 32, n_shared, np.unique(meetings.crowded))

    def shared_with(self, earlier: HashSets, at_least: int) -> Sharing:
        """The pairs of an earlier set, which are in order, and one of these that share `at_least` so many values."""
        meetings = self._meetings(earlier)
        codes, n_shared = met_often(meetings, at_least)
        return Sharing(codes >> 32, codes & 0xFFFFFFFF, n_shared, np.unique(meetings.crowded))

    @cached_property
    def _starts(self) -> Ints:
        """Where each distinct value begins, and where the last one ends."""
        return run_offsets(self._values)

    @cached_property
    def _directory(self) -> Directory:
        """The distinct values."""
        return Directory(self._values[self._starts[:-1]])

    def _own_meetings(self, begin: int) -> Meetings:
        """Under a value the n-th row meets those before it: n of them, or `allowed` where it is crowded."""
        sizes = np.diff(self._starts)
        members, sizes = self._rows[np.repeat(sizes > 1, sizes)], sizes[sizes > 1]
        firsts = np.repeat((np.cumsum(sizes) - sizes).astype(np.int32), sizes)
        n_before = np.arange(len(members), dtype=np.int32) - firsts
        n_met = np.minimum(n_before, np.repeat(allowed(sizes, self._max_size).astype(np.int32), sizes))
        asks = members >= begin
        crowded = members[asks & (n_met < n_before)]
        meets = np.flatnonzero(asks & (n_met > 0))
        meets = meets[by_value(members[meets])[1]]
        return Meetings(members, members[meets], firsts[meets], n_met[meets], crowded)

    def _meetings(self, earlier: HashSets) -> Meetings:
        """An earlier set meets all rows under its values; of a crowded value only `allowed` such sets do, the first."""
        here, places = self._directory.find(earlier.values)
        value, order = by_value(places)
        runs = run_offsets(value)
        value, sizes = value[runs[:-1]], np.diff(runs)  # each once, and how many earlier sets have it
        firsts, n_own = self._starts[value], self._starts[value + 1] - self._starts[value]
        n_allowed = allowed(sizes + n_own, self._max_size)
        is_crowded = n_allowed < sizes
        crowded = self._rows[steps(firsts[is_crowded], n_own[is_crowded])]
        meets = np.ones(len(here), dtype=np.bool_)
        meets[order[steps((runs[:-1] + n_allowed)[is_crowded], (sizes - n_allowed)[is_crowded])]] = False
        here, places = here[meets], places[meets]
        askers = np.repeat(np.arange(len(earlier), dtype=np.int32), earlier.sizes)[here]
        firsts = self._starts[places]
        n_own = self._starts[places + 1] - firsts
        return Meetings(self._rows, askers, firsts.astype(np.int32), n_own.astype(np.int32), crowded)
