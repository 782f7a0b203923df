"""MinHash signatures, equal in every slot to datasketch's (Broder 1997; datasketch 2.0, scheme `affine32`).

datasketch hashes one paragraph at a time; here all go through each permutation together.
"""

from __future__ import annotations

from functools import cache
from random import Random

import numpy as np
from numpy.typing import NDArray

from pipeline.kernels.shingles import Hashes, HashSets

SCHEME = "affine32"
EMPTY_SLOT = 0xFFFFFFFF  # what datasketch has in every slot of an empty set
_BLOCK = 1000  # paragraphs at a time: their shingles stay in the cache


@cache
def permutations(count: int, seed: int) -> tuple[Hashes, Hashes]:
    """The factors (odd) and summands of datasketch's permutations, `count` of each. `seed` is below 2^32.

    Drawn here as datasketch draws them (`MinHash._init_permutations`, by NumPy's RandomState): to import it takes 0.8
    CPU seconds, since it imports SciPy, and numpy.random a tenth. A test compares them.
    """
    draws = _mersenne_twister(seed)
    factors, summands = (
        np.array([draws.getrandbits(32) for _ in range(count)], dtype=np.uint32) for _ in ("factors", "summands")
    )
    return factors * np.uint32(2) + np.uint32(1), summands


def _mersenne_twister(seed: int) -> Random:
    """MT19937 as RandomState seeds it: Knuth's recurrence (Matsumoto and Nishimura 2002, `init_genrand`)."""
    state = [seed]
    for place in range(1, 624):
        state.append((1812433253 * (state[-1] ^ state[-1] >> 30) + place) & 0xFFFFFFFF)
    twister = Random()  # noqa: S311 - no secret is drawn
    twister.setstate((3, (*state, 624), None))
    return twister


def signatures(sets: HashSets, count: int, seed: int) -> NDArray[np.uint32]:
    """One row of `count` slots per set: the least value of each permutation over the set's hashes."""
    factors, summands = permutations(count, seed)
    slots = np.full((len(sets), count), EMPTY_SLOT, dtype=np.uint32)
    filled = np.flatnonzero(sets.sizes > 0)
    for begin in range(0, len(filled), _BLOCK):
        block = filled[begin : begin + _BLOCK]
        part = sets.take(block)
        mixed = _premixed(part.values)
        permuted, least = np.empty_like(mixed), np.empty((count, len(block)), dtype=np.uint32)
        for slot in range(count):
            np.multiply(mixed, factors[slot], out=permuted)
            np.add(permuted, summands[slot], out=permuted)
            np.minimum.reduceat(permuted, part.offsets[:-1], out=least[slot])
        slots[block] = least.T
    return slots


def _premixed(hashes: Hashes) -> Hashes:
    """MurmurHash3's finaliser, which datasketch applies before every permutation."""
    mixed = hashes ^ hashes >> np.uint32(16)
    mixed = mixed * np.uint32(0x85EBCA6B)
    mixed ^= mixed >> np.uint32(13)
    mixed *= np.uint32(0xC2B2AE35)
    mixed ^= mixed >> np.uint32(16)
    return mixed
