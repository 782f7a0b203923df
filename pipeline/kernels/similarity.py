"""How alike two paragraphs are: IDF-weighted bigrams (Alonso, Fetterly, Manasse 2013), shared trigrams, figures.

Containment rather than Jaccard decides, so that trimmed and merged copies are found; figures keep apart what a
template or a daily series prints with other numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.kernels.shingles import HALF, HashSets

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FREQUENT_SHARE = 0.1  # weight left to a bigram of more than max_count paragraphs: wire formulas are no evidence
MIN_PARAGRAPHS = 1000  # fewer know no frequencies yet; on batches of 150, counting as 1,000: recall .815, not .804
DECIMALS = 4  # scores are rounded before anything decides, so that machines agree
_AT_ONCE = 4_000_000  # hashes looked up together: 32 MB


@dataclass(frozen=True)
class Scores:
    """Per pair, 4 decimals: Jaccard and containment of weighted bigrams."""

    jaccard: Floats
    containment: Floats


def idf_weights(counts: Ints, n_paragraphs: int, max_count: int) -> Floats:
    """log((paragraphs + 1) / paragraphs with it) from each hash's count, a tenth of it above `max_count`.

    Fewer than 1,000 paragraphs count as 1,000; a hash never counted as one that one paragraph holds.
    """
    counts = np.maximum(counts, 1)
    weights = np.log((max(n_paragraphs, MIN_PARAGRAPHS) + 1) / counts)
    return np.where(counts <= max_count, weights, weights * FREQUENT_SHARE)


def shared_counts(sets: HashSets, left: Ints, right: Ints) -> Ints:
    """How many hashes the sets of each pair have in common."""
    return _shared(sets, np.ones(len(sets.values)), left, right).astype(np.int64)


def set_weights(sets: HashSets, weights: Floats) -> Floats:
    """The summed weight of each set, 4 decimals; `weights` stands beside `sets.values`."""
    return np.round(np.bincount(sets.rows, weights=weights, minlength=len(sets)), DECIMALS)


def weighted_scores(sets: HashSets, weights: Floats, left: Ints, right: Ints) -> Scores:
    """Jaccard and containment of each pair of sets; `weights` stands beside `sets.values`. Empty sets score 0."""
    totals = np.bincount(sets.rows, weights=weights, minlength=len(sets))
    shared = _shared(sets, weights, left, right)
    lighter = np.minimum(totals[left], totals[right])
    union = totals[left] + totals[right] - shared
    return Scores(
        jaccard=np.round(shared / np.where(union > 0, union, 1.0), DECIMALS),
        containment=np.round(shared / np.where(lighter > 0, lighter, 1.0), DECIMALS),
    )


def overlaps(sets: HashSets, left: Ints, right: Ints) -> Floats:
    """Share of the smaller set found in the other, 4 decimals; NaN where it has fewer than 2 values."""
    smaller = np.minimum(sets.sizes[left], sets.sizes[right])
    shares = shared_counts(sets, left, right) / np.maximum(smaller, 1)
    return np.where(smaller < 2, np.nan, np.round(shares, DECIMALS))


def _shared(sets: HashSets, weights: Floats, left: Ints, right: Ints) -> Floats:
    """Summed weight of the hashes both sets of a pair have: the smaller set's are looked up in the larger one."""
    codes = sets.rows.astype(np.uint64) << HALF | sets.values  # ascending, as rows and values are
    sizes = sets.sizes
    shared = np.zeros(len(left))
    if not len(codes):
        return shared
    many = np.where(sizes[left] <= sizes[right], right, left)
    order = np.argsort(many, kind="stable")  # looked up in the order of the codes: a third less time
    many, few = many[order], (left + right - many)[order]
    before = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes[few])])
    begin = 0
    while begin < len(left):
        end = max(begin + 1, int(np.searchsorted(before, before[begin] + _AT_ONCE)) - 1)
        asked = sets.take(few[begin:end])
        pair = asked.rows
        wanted = many[begin:end][pair].astype(np.uint64) << HALF | asked.values
        place = np.minimum(np.searchsorted(codes, wanted), len(codes) - 1)
        found = codes[place] == wanted
        shared[order[begin:end]] = np.bincount(pair[found], weights=weights[place[found]], minlength=end - begin)
        begin = end
    return shared
