"""Bands: paragraphs that agree in all rows of a band of their signatures become candidate pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Keys = NDArray[np.uint64]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_CODES_AT_ONCE = 8_000_000  # pairs gathered before repeats are taken out: 64 MB


@dataclass(frozen=True)
class CandidatePairs:
    """Pairs of paragraphs, `left < right`, ascending, each once; `n_crowded` band keys were over the fuse."""

    left: Ints
    right: Ints
    n_crowded: int


def band_keys(signatures: NDArray[np.uint32], bands: int, rows: int) -> Keys:
    """(bands, paragraphs) 64-bit keys; two paragraphs share one where they agree in all rows of the band.

    Exact for up to 2 rows; beyond, different rows share a key once in 2^64. Raises ValueError when the signatures
    have fewer than bands x rows slots.
    """
    if signatures.shape[1] < bands * rows:
        raise ValueError(f"{bands} bands of {rows} rows need {bands * rows} slots, not {signatures.shape[1]}")
    keys = np.zeros((bands, len(signatures)), dtype=np.uint64)
    for band in range(bands):
        for slot in range(band * rows, (band + 1) * rows):
            if rows <= 2:
                keys[band] = keys[band] << np.uint64(32) | signatures[:, slot]
            else:
                keys[band] = (keys[band] ^ signatures[:, slot]) * _STEP
                keys[band] ^= keys[band] >> np.uint64(29)
    return keys


def candidate_pairs(keys: Keys, asking: Bools, max_band_size: int) -> CandidatePairs:
    """All pairs that share a key in some band and of which one is asking, that is, new.

    A key that more than `max_band_size` paragraphs share is crowded: there everyone meets only as many of the
    first paragraphs as keep the key's pairs at max_band_size ** 2 / 2, at least 8.
    """
    gathered: list[Ints] = []
    n_crowded, waiting = 0, 0
    count = keys.shape[1]
    for band in keys:
        order = np.argsort(band, kind="stable")
        starts = np.flatnonzero(np.concatenate([[True], band[order][1:] != band[order][:-1]])) if count else order
        sizes = np.diff(np.append(starts, count))
        shared = sizes > 1
        shared &= np.add.reduceat(asking[order].astype(np.int64), starts) > 0 if count else shared
        starts, sizes = starts[shared], sizes[shared]
        n_crowded += int((sizes > max_band_size).sum())
        met = np.where(sizes > max_band_size, np.maximum(8, max_band_size**2 // (2 * sizes)), sizes)
        # Within a run the n-th paragraph meets those before it: n of them, or `met` in a crowded run.
        place = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        start = np.repeat(starts, sizes)
        n_met = np.minimum(place, np.repeat(met, sizes))
        right = np.repeat(order[start + place], n_met)
        left = order[np.repeat(start, n_met) + np.arange(n_met.sum()) - np.repeat(np.cumsum(n_met) - n_met, n_met)]
        wanted = asking[left] | asking[right]
        codes = left[wanted] * count + right[wanted]
        gathered.append(codes)
        waiting += len(codes)
        if waiting > _CODES_AT_ONCE:
            gathered = [np.unique(np.concatenate(gathered))]
            waiting = 0
    every = np.unique(np.concatenate(gathered)) if gathered else np.zeros(0, dtype=np.int64)
    return CandidatePairs(every // max(count, 1), every % max(count, 1), n_crowded)
