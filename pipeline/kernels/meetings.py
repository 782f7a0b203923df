"""Who meets whom under equal keys, and who often enough; a fuse for keys that very many share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

_AT_ONCE = 4_000_000  # meetings gathered before they are counted: 32 MB


@dataclass(frozen=True)
class Meetings:
    """`askers[i]` meets the `n_met[i]` rows from `members[firsts[i]]` on, no row twice."""

    members: NDArray[np.int32]  # rows, key by key
    askers: NDArray[np.int32]
    firsts: NDArray[np.int32]
    n_met: NDArray[np.int32]
    crowded: NDArray[np.int32]  # rows that the fuse kept from some of their key


def allowed(sizes: Ints, max_size: int) -> Ints:
    """How many of the first rows under a key of that size are met: all, where more than max_size share it as many as
    keep the key's pairs at max_size ** 2 / 2, at least 8.
    """
    return np.where(sizes > max_size, np.maximum(8, max_size**2 // (2 * sizes)), sizes)


def met_often(meetings: Sequence[Meetings], begin: int, end: int, at_least: int) -> list[tuple[Ints, Ints]]:
    """Codes of asker << 32 | met, ascending, of the pairs that meet `at_least` so often, and how often; askers from
    `begin` to `end`.
    """
    n_met = np.zeros(end - begin, dtype=np.int64)
    for each in meetings:
        n_met += np.bincount(each.askers - begin, weights=each.n_met, minlength=end - begin).astype(np.int64)
    before = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(n_met)])
    found: list[tuple[Ints, Ints]] = []
    first = 0
    while first < len(n_met):
        last = max(first + 1, int(np.searchsorted(before, before[first] + _AT_ONCE, side="right")) - 1)
        codes = np.sort(np.concatenate([_codes(each, begin + first, begin + last) for each in meetings]))
        starts = np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]])) if len(codes) else codes
        counts = np.diff(np.append(starts, len(codes)))
        found.append((codes[starts[counts >= at_least]], counts[counts >= at_least]))
        first = last
    return found


def steps(firsts: NDArray[np.int32] | Ints, counts: Ints) -> Ints:
    """`counts[i]` numbers from `firsts[i]` on, for each i."""
    begins = np.cumsum(counts) - counts
    numbers: Ints = np.arange(counts.sum()) + np.repeat(firsts - begins, counts)
    return numbers


def _codes(meetings: Meetings, first: int, last: int) -> Ints:
    here = np.flatnonzero((meetings.askers >= first) & (meetings.askers < last))
    n_met = meetings.n_met[here].astype(np.int64)
    met = meetings.members[steps(meetings.firsts[here], n_met)]
    codes: Ints = np.repeat(meetings.askers[here].astype(np.int64) << 32, n_met) | met
    return codes
