"""Who meets whom under equal values, and who often enough; a fuse for values that very many share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.kernels.shingles import STEP, ascending, offsets_of, run_offsets, steps

Ints = NDArray[np.int64]

_AT_ONCE = 1 << 17  # meetings gathered before they are counted: 1 MB, and eight times that on the way


@dataclass(frozen=True)
class Meetings:
    """`askers[i]` meets the `n_met[i]` rows from `members[firsts[i]]` on, one under each value they share."""

    members: NDArray[np.int32]  # rows, value by value
    askers: NDArray[np.int32]  # ascending
    firsts: NDArray[np.int32]
    n_met: NDArray[np.int32]
    crowded: NDArray[np.int32]  # rows that the fuse kept from some of their value


def allowed(sizes: Ints, max_size: int) -> Ints:
    """How many of the first rows under a value of that size are met: all, where more than max_size share it as many as
    keep the value's pairs at max_size ** 2 / 2, at least 8.
    """
    return np.where(sizes > max_size, np.maximum(8, max_size**2 // (2 * sizes)), sizes)


def met_often(meetings: Meetings, at_least: int) -> tuple[Ints, Ints]:
    """Codes of asker << 32 | met, ascending, of the pairs that meet `at_least` so often, and how often."""
    nobody = np.zeros(0, dtype=np.int64)
    found, often = [nobody], [nobody]
    begins = run_offsets(meetings.askers)
    n_met = np.add.reduceat(meetings.n_met, begins[:-1], dtype=np.int64) if len(meetings.askers) else nobody
    before = offsets_of(n_met)
    first = 0
    while first < len(n_met):
        last = max(first + 1, int(np.searchsorted(before, before[first] + _AT_ONCE, side="right")) - 1)
        codes = ascending(_often(_codes(meetings, slice(begins[first], begins[last])), at_least))
        starts = run_offsets(codes)
        counts = np.diff(starts)
        found.append(codes[starts[:-1][counts >= at_least]])
        often.append(counts[counts >= at_least])
        first = last
    return np.concatenate(found), np.concatenate(often)


def _often(codes: Ints, at_least: int) -> Ints:
    """All of the codes that are there `at_least` so often, and a few others: those whose hash is.

    Counted in a table that stays in the cache, which takes half the time of the sort that tells them apart.
    """
    if at_least == 1:
        return codes
    bits = len(codes).bit_length() + 2
    hashes = (codes.view(np.uint64) * np.uint64(STEP) >> np.uint64(64 - bits)).view(np.int64)
    few: Ints = codes[np.bincount(hashes, minlength=1)[hashes] >= at_least]
    return few


def _codes(meetings: Meetings, some: slice) -> Ints:
    n_met = meetings.n_met[some].astype(np.int64)
    met = meetings.members[steps(meetings.firsts[some], n_met)]
    codes: Ints = np.repeat(meetings.askers[some].astype(np.int64) << 32, n_met) | met
    return codes
