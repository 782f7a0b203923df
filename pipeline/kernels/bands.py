"""Bands: paragraphs whose signatures agree in all rows of enough bands become candidate pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.kernels.meetings import Meetings, allowed, met_often
from pipeline.kernels.shingles import HALF, distinct

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Keys = NDArray[np.uint32]
Signatures = NDArray[np.uint32]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_ASKERS_AT_ONCE = 1 << 18  # 0.5 GB in 128 bands, where each of them meets another everywhere


@dataclass(frozen=True)
class Banding:
    """How signatures are compared: `bands` of `rows` slots each, of which `agreeing` must be equal."""

    bands: int
    rows: int
    agreeing: int = 1


@dataclass(frozen=True)
class CandidatePairs:
    """Pairs of paragraphs, ascending, each once; and which of the asking ones the fuse kept from some others."""

    left: Ints
    right: Ints
    n_bands: Ints  # in which they agree
    crowded: Bools  # true for an asking paragraph that shares a key with one it did not meet under this key


def candidate_pairs(signatures: Signatures, banding: Banding, asking: Bools, max_band_size: int) -> CandidatePairs:
    """All pairs, `left < right`, that agree in enough bands and of which one is asking, that is, new.

    With one row in a band the share of agreeing bands is the estimate of the Jaccard of the two sets. A key that more
    than `max_band_size` paragraphs share is crowded: there everyone meets only as many of the first paragraphs as
    keep the key's pairs at max_band_size ** 2 / 2, at least 8. Raises ValueError when the signatures have fewer slots
    than the bands need.
    """
    _refuse_short(signatures, banding)
    # In the order in which they are met: askers come last, and meet those before them.
    in_order = np.concatenate([np.flatnonzero(~asking), np.flatnonzero(asking)])
    found = [(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))]
    crowded = np.zeros(len(asking), dtype=np.bool_)
    for begin in range(int((~asking).sum()), len(asking), _ASKERS_AT_ONCE):
        rows = in_order[: begin + _ASKERS_AT_ONCE]
        meetings = []
        for band in range(banding.bands):
            keys = _keys(_slots(signatures, banding, band)[rows])
            meetings.append(_meetings(keys, begin, max_band_size))
        for band_meetings in meetings:
            crowded[in_order[band_meetings.crowded]] = True
        found += met_often(meetings, begin, len(rows), banding.agreeing)
    codes, n_bands = (np.concatenate(part) for part in zip(*found, strict=True))
    one, other = in_order[codes >> 32], in_order[codes & 0xFFFFFFFF]
    left, right = np.minimum(one, other), np.maximum(one, other)
    order = np.lexsort((right, left))
    return CandidatePairs(left[order], right[order], n_bands[order], crowded)


def n_agreeing(one: Signatures, other: Signatures, banding: Banding) -> Ints:
    """In how many bands each signature agrees with the one beside it."""
    n_slots = banding.bands * banding.rows
    equal = (one[:, :n_slots] == other[:, :n_slots]).reshape(-1, banding.bands, banding.rows)
    counts: Ints = np.count_nonzero(equal.all(axis=2), axis=1)
    return counts


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
    new = np.concatenate([[True], keys[1:] != keys[:-1]])[: len(keys)]
    centres = np.repeat(members[new], np.diff(np.append(np.flatnonzero(new), len(keys))))
    codes = distinct(centres[~new].astype(np.uint64) << HALF | members[~new].astype(np.uint64))
    return (codes >> HALF).astype(np.int64), codes.astype(np.uint32).astype(np.int64)


def _refuse_short(signatures: Signatures, banding: Banding) -> None:
    n_slots = banding.bands * banding.rows
    if signatures.shape[1] < n_slots:
        raise ValueError(
            f"{banding.bands} bands of {banding.rows} rows need {n_slots} slots, not {signatures.shape[1]}"
        )


def _slots(signatures: Signatures, banding: Banding, band: int) -> Signatures:
    return signatures[:, band * banding.rows : (band + 1) * banding.rows]


def _keys(slots: Signatures) -> Keys:
    """One key for each row of slots: exact for up to 2, beyond equal for different rows once in 2^64."""
    if slots.shape[1] == 1:
        return slots[:, 0]
    keys = slots[:, 0].astype(np.uint64)
    keys = keys << HALF | slots[:, 1] if slots.shape[1] == 2 else _mixed(keys, slots[:, 1:])
    return np.unique(keys, return_inverse=True)[1].astype(np.uint32)


def _mixed(keys: NDArray[np.uint64], slots: Signatures) -> NDArray[np.uint64]:
    """The keys with each of the slots mixed in."""
    for slot in slots.T:
        keys = (keys ^ keys >> np.uint64(29)) * _STEP
        keys ^= slot
    return keys


def _meetings(keys: Keys, begin: int, max_band_size: int) -> Meetings:
    by_key = np.sort(keys.astype(np.uint64) << HALF | np.arange(len(keys), dtype=np.uint64))
    is_same = by_key[1:] >> HALF == by_key[:-1] >> HALF
    follows = np.concatenate([[False], is_same])[: len(keys)]  # one with the same key
    is_shared = follows | np.append(is_same, False)[: len(keys)]
    members = by_key[is_shared].astype(np.uint32).astype(np.int32)
    starts = np.flatnonzero(~follows[is_shared])
    sizes = np.diff(np.append(starts, len(members)))
    # Under a key the n-th row can meet those before it: n of them, or `allowed` where it is crowded.
    firsts = np.repeat(starts, sizes)
    n_before = np.arange(len(members)) - firsts
    n_met = np.minimum(n_before, np.repeat(allowed(sizes, max_band_size), sizes))
    is_asker = members >= begin
    meets = is_asker & (n_met > 0)
    return Meetings(
        members,
        members[meets],
        firsts[meets].astype(np.int32),
        n_met[meets].astype(np.int32),
        members[is_asker & (n_met < n_before)],
    )
