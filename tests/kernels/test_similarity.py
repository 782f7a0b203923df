import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels.shingles import HashSets
from pipeline.kernels.similarity import idf_weights, overlaps, set_weights, shared_counts, weighted_scores

SETS = st.lists(st.sets(st.integers(0, 40), max_size=15), min_size=1, max_size=8)


def as_sets(rows):
    return HashSets.from_lists(pl.Series([sorted(row) for row in rows], dtype=pl.List(pl.UInt32)))


@given(SETS, st.data())
def test_scores_are_those_of_plain_sets(rows, data):
    number = st.integers(0, len(rows) - 1)
    pairs = data.draw(st.lists(st.tuples(number, number), max_size=10))
    sets = as_sets(rows)
    weight = {value: 0.5 + value / 7 for value in range(41)}
    weights = np.array([weight[int(value)] for value in sets.values])
    left, right = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))

    scores = weighted_scores(sets, weights, left, right)
    counts = shared_counts(sets, left, right)

    for place, (one, other) in enumerate(pairs):
        shared = sum(weight[value] for value in rows[one] & rows[other])
        totals = [sum(weight[value] for value in rows[row]) for row in (one, other)]
        assert counts[place] == len(rows[one] & rows[other])
        assert scores.jaccard[place] == pytest.approx(shared / ((sum(totals) - shared) or 1), abs=1e-4)
        assert scores.containment[place] == pytest.approx(shared / (min(totals) or 1), abs=1e-4)
        assert 0 <= scores.jaccard[place] <= scores.containment[place] <= 1


def test_many_pairs_are_scored_as_few(monkeypatch):
    sets = as_sets([{1, 2, 3}, {2, 3, 4}, {9}, set()])
    left, right = np.array([0, 0, 1, 3, 2, 0]), np.array([1, 2, 0, 0, 3, 0])
    whole = shared_counts(sets, left, right).tolist()

    monkeypatch.setattr("pipeline.kernels.similarity._AT_ONCE", 2)

    assert shared_counts(sets, left, right).tolist() == whole == [2, 0, 2, 0, 0, 3]


def test_rare_bigrams_weigh_more_and_formulas_a_tenth():
    unseen, rare, formula = idf_weights(np.array([0, 2, 100]), 9999, 60)

    assert unseen == pytest.approx(math.log(10_000))
    assert rare == pytest.approx(math.log(5_000))
    assert formula == pytest.approx(math.log(100) / 10)


def test_a_small_table_counts_as_one_of_a_thousand_paragraphs():
    assert idf_weights(np.array([2]), 2, 60)[0] == pytest.approx(math.log(1001 / 2))


def test_set_weights_sum_each_set():
    assert set_weights(as_sets([{1, 2}, set(), {3}]), np.array([0.5, 0.25, 2.0])).tolist() == [0.75, 0.0, 2.0]


def test_overlap_is_the_share_of_the_smaller_set_and_unknown_below_two():
    sets = as_sets([{12, 7}, {12, 7, 30}, {12, 5, 9}, {12}, set()])
    left, right = np.array([0, 1, 0, 0, 3, 4]), np.array([1, 2, 2, 3, 4, 4])

    assert overlaps(sets, left, right).tolist() == pytest.approx(
        [1.0, 0.3333, 0.5, math.nan, math.nan, math.nan], nan_ok=True
    )
