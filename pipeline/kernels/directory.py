"""A directory of hashes: where each of many values stands among them, by its leading bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint32]
Ints = NDArray[np.int64]
Places = NDArray[np.int32]

_LEAST = 10  # bits
_SPARSE = 4  # places for one hash, at least: of the values that are none of the hashes 1 in 5 is compared with one


class Directory:
    """Hashes, ascending, each once, with the place where those of the same leading bits begin.

    A value is looked up in one or two steps, in the order of the values: by binary search they would be sorted first.
    """

    def __init__(self, hashes: Hashes) -> None:
        bits = max(_LEAST, (_SPARSE * len(hashes)).bit_length())
        self._hashes, self._shift = hashes, np.uint32(32 - bits)
        sizes = np.bincount(hashes >> self._shift, minlength=1 << bits)
        self._begins: Places = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
        self._filled = sizes > 0  # looked at first: up to 500,000 hashes it stays in the cache

    def find(self, values: Hashes) -> tuple[Ints, Places]:
        """Which of the values are among the hashes, ascending, and the places of these."""
        leads = values >> self._shift
        here = np.flatnonzero(self._filled[leads])
        asked, leads = values[here], leads[here]
        places = self._begins[leads]
        found = self._hashes[places] == asked
        left = np.flatnonzero(~found)
        ends = self._begins[leads[left] + np.uint32(1)]
        while len(left):
            places[left] += 1
            more = places[left] < ends
            left, ends = left[more], ends[more]
            met = self._hashes[places[left]] == asked[left]
            found[left[met]] = True
            left, ends = left[~met], ends[~met]
        return here[found], places[found]
