"""Postings: the sets of a batch under each value they hold, to be met by the sets of earlier batches, piece by piece.

An inverted index (Knuth, TAOCP 3, 6.5). Two texts whose signatures agree have drawn a slot from the same shingle, so of
a month of texts only those that share some with the batch need a signature at all: on made-up news 1 in 15.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.kernels.meetings import Meetings, allowed, met_often, steps
from pipeline.kernels.shingles import HALF, HashSets, may_be_among

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Sharing:
    """Pairs that share enough values, ascending, each once; and the sets that the fuse kept from some others."""

    left: Ints  # rows of the earlier sets
    right: Ints  # rows of the postings
    crowded: Ints  # rows of the postings


class Postings:
    """Sets by value: twice their size.

    A value that more than `max_size` sets of a piece and the postings hold is crowded: under it only as many of the
    first earlier sets are met as `allowed` says.
    """

    def __init__(self, sets: HashSets, max_size: int) -> None:
        order = np.argsort(sets.values)
        self._values, self._rows = sets.values[order], sets.rows[order].astype(np.int32)
        self._distinct = self._values[np.concatenate([[True], self._values[1:] != self._values[:-1]])[: len(order)]]
        self._max_size = max_size

    def shared_with(self, earlier: HashSets, at_least: int) -> Sharing:
        """The pairs of an earlier set, which are in order, and one of these that share `at_least` so many values."""
        meetings = self._meetings(earlier)
        nobody = np.zeros(0, dtype=np.int64)
        found = met_often([meetings], 0, len(earlier), at_least)
        codes = np.concatenate([nobody, *(part for part, _ in found)])
        return Sharing(codes >> 32, codes & 0xFFFFFFFF, np.unique(meetings.crowded))

    def _meetings(self, earlier: HashSets) -> Meetings:
        here = np.flatnonzero(may_be_among(earlier.values, self._distinct))
        codes = np.sort(earlier.values[here].astype(np.uint64) << HALF | here.astype(np.uint64))  # by value, in order
        values = (codes >> HALF).astype(np.uint32)
        firsts, ends = (np.searchsorted(self._values, values, side=side) for side in ("left", "right"))
        shared = ends > firsts
        codes, values, firsts, n_met = codes[shared], values[shared], firsts[shared], (ends - firsts)[shared]
        rows = np.searchsorted(earlier.offsets, codes.astype(np.uint32), side="right").astype(np.int32) - 1
        new = np.concatenate([[True], values[1:] != values[:-1]])[: len(values)]
        sizes = np.diff(np.append(np.flatnonzero(new), len(values)))
        n_before = np.arange(len(values)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        meets = n_before < np.repeat(allowed(sizes + n_met[new], self._max_size), sizes)
        cut = np.unique(firsts[~meets], return_index=True)[1]
        crowded = self._rows[steps(firsts[~meets][cut], n_met[~meets][cut])]
        return Meetings(self._rows, rows[meets], firsts[meets].astype(np.int32), n_met[meets].astype(np.int32), crowded)
