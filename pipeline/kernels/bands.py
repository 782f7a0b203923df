"""Bands: paragraphs whose signatures agree in all rows of enough bands become candidate pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Keys = NDArray[np.uint64]
Signatures = NDArray[np.uint32]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_LOW = np.uint64(32)
_MEETINGS_AT_ONCE = 8_000_000  # gathered before they are counted: 64 MB
_ASKERS_AT_ONCE = 1 << 18  # 0.5 GB in 128 bands, where each of them meets another everywhere


@dataclass(frozen=True)
class Banding:
    """How signatures are compared: `bands` of `rows` slots each, of which `agreeing` must be equal."""

    bands: int
    rows: int
    agreeing: int = 1


@dataclass(frozen=True)
class CandidatePairs:
    """Pairs of paragraphs, `left < right`, ascending, each once; `n_crowded` band keys were over the fuse."""

    left: Ints
    right: Ints
    n_crowded: int


def candidate_pairs(signatures: Signatures, banding: Banding, asking: Bools, max_band_size: int) -> CandidatePairs:
    """All pairs that agree in enough bands and of which one is asking, that is, new.

    With one row in a band the share of agreeing bands is the estimate of the Jaccard of the two sets. A key that more
    than `max_band_size` paragraphs share is crowded: there everyone meets only as many of the first paragraphs as
    keep the key's pairs at max_band_size ** 2 / 2, at least 8. Raises ValueError when the signatures have fewer slots
    than the bands need.
    """
    n_slots = banding.bands * banding.rows
    if signatures.shape[1] < n_slots:
        raise ValueError(
            f"{banding.bands} bands of {banding.rows} rows need {n_slots} slots, not {signatures.shape[1]}"
        )
    # In the order in which they are met: askers come last, and meet those before them.
    in_order = np.concatenate([np.flatnonzero(~asking), np.flatnonzero(asking)])
    found: list[Ints] = [np.zeros(0, dtype=np.int64)]
    n_crowded = 0
    for begin in range(int((~asking).sum()), len(asking), _ASKERS_AT_ONCE):
        rows = in_order[: begin + _ASKERS_AT_ONCE]
        meetings = []
        for band in range(banding.bands):
            keys = _keys(signatures[rows, band * banding.rows : (band + 1) * banding.rows])
            meetings.append(_meetings(keys, begin, max_band_size))
        n_crowded += sum(band.n_crowded for band in meetings)
        found += _met_often(meetings, begin, len(rows), banding.agreeing)
    codes = np.concatenate(found)
    one, other = in_order[codes >> 32], in_order[codes & 0xFFFFFFFF]
    left, right = np.minimum(one, other), np.maximum(one, other)
    order = np.lexsort((right, left))
    return CandidatePairs(left[order], right[order], n_crowded)


def _keys(slots: Signatures) -> Keys:
    """One 64-bit key for each row of slots: exact for up to 2, beyond equal for different rows once in 2^64."""
    keys = slots[:, 0].astype(np.uint64)
    for slot in slots.T[1:]:
        if slots.shape[1] > 2:
            keys = (keys ^ keys >> np.uint64(29)) * _STEP
            keys ^= slot
        else:
            keys = keys << _LOW | slot
    return keys


@dataclass(frozen=True)
class _Meetings:
    """Who meets whom in one band: `askers[i]` the `n_met[i]` rows from `members[firsts[i]]` on."""

    members: NDArray[np.int32]  # rows that share their key with another, key by key
    askers: NDArray[np.int32]
    firsts: NDArray[np.int32]
    n_met: NDArray[np.int32]
    n_crowded: int


def _meetings(keys: Keys, begin: int, max_band_size: int) -> _Meetings:
    order = np.argsort(keys)
    new = np.concatenate([[True], keys[order[1:]] != keys[order[:-1]]])
    sizes = np.diff(np.append(np.flatnonzero(new), len(keys)))
    shared = np.repeat(sizes > 1, sizes)
    by_key = np.sort((np.cumsum(new)[shared].astype(np.uint64) << _LOW) | order[shared].astype(np.uint64))
    members = by_key.astype(np.uint32).astype(np.int32)
    sizes = sizes[sizes > 1]
    # Under a key the n-th row can meet those before it: n of them, or `allowed` where it is crowded.
    allowed = np.where(sizes > max_band_size, np.maximum(8, max_band_size**2 // (2 * sizes)), sizes)
    firsts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    n_met = np.minimum(np.arange(len(members)) - firsts, np.repeat(allowed, sizes))
    meets = (members >= begin) & (n_met > 0)
    has_asker = np.maximum.reduceat(members, np.cumsum(sizes) - sizes) >= begin if len(sizes) else sizes > 1
    return _Meetings(
        members,
        members[meets],
        firsts[meets].astype(np.int32),
        n_met[meets].astype(np.int32),
        int((has_asker & (sizes > max_band_size)).sum()),
    )


def _met_often(meetings: list[_Meetings], begin: int, end: int, agreeing: int) -> list[Ints]:
    """Codes of asker << 32 | met for the pairs that meet in `agreeing` bands; askers from `begin` to `end`."""
    n_met = np.zeros(end - begin, dtype=np.int64)
    for band in meetings:
        n_met += np.bincount(band.askers - begin, weights=band.n_met, minlength=end - begin).astype(np.int64)
    before = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(n_met)])
    found: list[Ints] = []
    first = 0
    while first < len(n_met):
        last = max(first + 1, int(np.searchsorted(before, before[first] + _MEETINGS_AT_ONCE, side="right")) - 1)
        codes = np.sort(np.concatenate([_codes(band, begin + first, begin + last) for band in meetings]))
        starts = np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]])) if len(codes) else codes
        found.append(codes[starts[np.diff(np.append(starts, len(codes))) >= agreeing]])
        first = last
    return found


def _codes(band: _Meetings, first: int, last: int) -> Ints:
    here = np.flatnonzero((band.askers >= first) & (band.askers < last))
    n_met = band.n_met[here].astype(np.int64)
    steps = np.arange(n_met.sum()) - np.repeat(np.cumsum(n_met) - n_met, n_met)
    met = band.members[np.repeat(band.firsts[here], n_met) + steps]
    codes: Ints = np.repeat(band.askers[here].astype(np.int64) << 32, n_met) | met
    return codes
