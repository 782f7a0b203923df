"""Bands: so many slots of a signature each; two signatures agree in a band whose slots are all equal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.kernels.shingles import HALF, STEP, distinct, run_offsets

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Signatures = NDArray[np.uint32]

_PAIRS_AT_ONCE = 1000  # compared together: their signatures stay in the cache


@dataclass(frozen=True)
class Banding:
    """How signatures are compared: `bands` of `rows` slots each, of which `agreeing` must be equal."""

    bands: int
    rows: int
    agreeing: int = 1


def agree(one: Signatures, other: Signatures, left: Ints, right: Ints, banding: Banding) -> Bools:
    """Which pairs of a row of `one` and a row of `other` agree in enough bands.

    With one row in a band the share of agreeing bands is the estimate of the Jaccard of the two sets (Broder 1997).
    Raises ValueError when the signatures have fewer slots than the bands need.
    """
    _refuse_short(one, banding)
    found = np.empty(len(left), dtype=np.bool_)
    for begin in range(0, len(left), _PAIRS_AT_ONCE):
        some = slice(begin, begin + _PAIRS_AT_ONCE)
        equal = (one[left[some]] == other[right[some]])[:, : banding.bands * banding.rows]
        agreeing = equal[:, :: banding.rows]
        for row in range(1, banding.rows):
            agreeing = agreeing & equal[:, row :: banding.rows]
        found[some] = np.count_nonzero(agreeing, axis=1) >= banding.agreeing
    return found


def band_keys(signatures: Signatures, banding: Banding) -> NDArray[np.uint64]:
    """The key of each signature in each band, one row a band; keys of different bands are equal once in 2^64.

    Raises ValueError when the signatures have fewer slots than the bands need.
    """
    _refuse_short(signatures, banding)
    keys = np.empty((banding.bands, len(signatures)), dtype=np.uint64)
    for band in range(banding.bands):
        keys[band] = _mixed(np.full(len(signatures), band, dtype=np.uint64), _slots(signatures, banding, band))
    return keys


def stars(keys: NDArray[np.uint64], members: Ints) -> tuple[Ints, Ints]:
    """Pairs that connect all members with an equal key, each pair once: one of them, and each of the others.

    No more than there are members, where all pairs of 200,000 with one key are 20 billion. Members are below 2^32.
    """
    order = np.argsort(keys)
    keys, members = keys[order], members[order]
    starts = run_offsets(keys)
    centres = np.repeat(members[starts[:-1]], np.diff(starts))
    others = np.delete(np.arange(len(keys)), starts[:-1])
    codes = distinct(centres[others].astype(np.uint64) << HALF | members[others].astype(np.uint64))
    return (codes >> HALF).astype(np.int64), codes.astype(np.uint32).astype(np.int64)


def _refuse_short(signatures: Signatures, banding: Banding) -> None:
    n_slots = banding.bands * banding.rows
    if signatures.shape[1] < n_slots:
        raise ValueError(
            f"{banding.bands} bands of {banding.rows} rows need {n_slots} slots, not {signatures.shape[1]}"
        )


def _slots(signatures: Signatures, banding: Banding, band: int) -> Signatures:
    return signatures[:, band * banding.rows : (band + 1) * banding.rows]


def _mixed(keys: NDArray[np.uint64], slots: Signatures) -> NDArray[np.uint64]:
    """The keys with each of the slots mixed in."""
    for slot in slots.T:
        keys = (keys ^ keys >> np.uint64(29)) * np.uint64(STEP)
        keys ^= slot
    return keys
