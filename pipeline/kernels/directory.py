"""A directory of hashes: where each of many values stands among them, by its leading bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint32]
Ints = NDArray[np.int64]
Places = NDArray[np.int32]

_SPARSE = 4  # marks for one hash, at least: of the values that are none of the hashes 1 in 5 meets one
_MARKED = 10, 26  # leading bits that are marked, at least and at most: 64 MB
_LISTED = 22  # leading bits under which a place is listed, at most: 16 MB; in larger tables a look takes longer


class Directory:
    """Hashes, ascending, each once, with the place where those of the same leading bits begin.

    Values are looked up as they come, which takes less time than to sort them for a binary search.
    """

    def __init__(self, hashes: Hashes) -> None:
        least, most = _MARKED
        bits = min(max(least, (_SPARSE * len(hashes)).bit_length()), most)
        self._hashes, self._marked_from = hashes, np.uint32(32 - bits)
        self._marked = np.zeros(1 << bits, dtype=np.bool_)
        self._marked[hashes >> self._marked_from] = True
        bits = min(bits, _LISTED)
        self._listed_from = np.uint32(32 - bits)
        self._begins: Places = np.zeros((1 << bits) + 1, dtype=np.int32)
        np.cumsum(np.bincount(hashes >> self._listed_from, minlength=1 << bits), out=self._begins[1:], dtype=np.int32)

    def __reduce__(self) -> tuple[type[Directory], tuple[Hashes]]:
        """To other processes it goes as its hashes, and its tables are made there."""
        return Directory, (self._hashes,)

    def find(self, values: Hashes) -> tuple[Ints, Places]:
        """Which of the values are among the hashes, ascending, and the places of these."""
        here = np.flatnonzero(self._marked[values >> self._marked_from])
        asked = values[here]
        leads = asked >> self._listed_from
        places = self._begins[leads]
        met = self._hashes[places]
        found = met == asked
        left = np.flatnonzero(met < asked)
        ends = self._begins[leads[left] + np.uint32(1)]
        while len(left):
            places[left] += 1
            more = places[left] < ends
            left, ends = left[more], ends[more]
            met = self._hashes[places[left]]
            found[left[met == asked[left]]] = True
            more = met < asked[left]
            left, ends = left[more], ends[more]
        return here[found], places[found]
