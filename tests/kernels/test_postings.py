import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels.postings import Postings
from pipeline.kernels.shingles import HashSets, offsets_of

VALUES = st.sets(st.sampled_from([0, 1, 2, 3, 4, 5, 1 << 20, (1 << 20) + 1, (1 << 32) - 1]), max_size=6)
ROWS = st.lists(VALUES, max_size=12)


def sets_of(rows):
    values = np.array([value for row in rows for value in sorted(row)], dtype=np.uint32)
    return HashSets(values, offsets_of(np.array([len(row) for row in rows], dtype=np.int64)))


@given(ROWS, ROWS, st.integers(1, 3))
def test_they_find_what_comparing_all_pairs_finds(earlier, own, at_least):
    found = Postings(sets_of(own), 1000).shared_with(sets_of(earlier), at_least)

    expected = [
        (one, other) for one, old in enumerate(earlier) for other, new in enumerate(own) if len(old & new) >= at_least
    ]
    assert list(zip(found.left.tolist(), found.right.tolist(), strict=True)) == expected
    assert not len(found.crowded)


@given(ROWS, st.integers(0, 12), st.integers(1, 3))
def test_of_their_own_they_find_what_comparing_all_pairs_finds(own, begin, at_least):
    found = Postings(sets_of(own), 1000).shared_within(begin, at_least)

    shared = [(one, other, len(own[one] & own[other])) for other in range(begin, len(own)) for one in range(other)]
    expected = [pair for pair in shared if pair[2] >= at_least]
    columns = (found.left.tolist(), found.right.tolist(), found.n_shared.tolist())
    assert list(zip(*columns, strict=True)) == expected
    assert not len(found.crowded)


@given(ROWS)
def test_the_fuse_says_whom_of_their_own_it_kept_from_another(own):
    """Under each value a set meets the first 8, where more than 2 share it."""
    own = own * 3

    found = Postings(sets_of(own), 2).shared_within(0, 1)

    def before(row, value):
        return [other for other in range(row) if value in own[other]]

    crowded = [row for row, values in enumerate(own) if any(len(before(row, value)) > 8 for value in values)]
    assert found.crowded.tolist() == crowded


def test_a_crowded_value_stays_linear():
    found = Postings(sets_of([{7}] * 5000), 100).shared_within(0, 1)

    assert found.crowded.tolist() == list(range(9, 5000))  # those that have more than 8 before them
    assert len(found.left) < 5000 * 9
    assert set(found.left[found.right == 4999].tolist()) == set(range(8))


@given(ROWS, ROWS)
def test_the_fuse_says_whom_it_kept_from_another(earlier, own):
    """Under each value the first 8 of the earlier sets are met, where more than 2 share it."""
    earlier = earlier * 3

    found = Postings(sets_of(own), 2).shared_with(sets_of(earlier), 1)

    def holding(value):
        return [row for row, old in enumerate(earlier) if value in old]

    crowded = [row for row, new in enumerate(own) if any(len(holding(value)) > 8 for value in new)]
    assert found.crowded.tolist() == crowded
    met = {(old, row) for row, new in enumerate(own) for value in new for old in holding(value)[:8]}
    assert set(zip(found.left.tolist(), found.right.tolist(), strict=True)) == met


@pytest.mark.parametrize("at_once", [1, 7])
def test_pieces_find_what_the_whole_does(monkeypatch, at_once):
    chance = np.random.default_rng(3)
    one, other = ([set(chance.integers(0, 60, 9).tolist()) for _ in range(50)] for _ in range(2))
    whole = [Postings(sets_of(one), 1000).shared_with(sets_of(other), 2), Postings(sets_of(one), 9).shared_within(9, 2)]

    monkeypatch.setattr("pipeline.kernels.meetings._AT_ONCE", at_once)
    pieces = [
        Postings(sets_of(one), 1000).shared_with(sets_of(other), 2),
        Postings(sets_of(one), 9).shared_within(9, 2),
    ]

    for every, found in zip(whole, pieces, strict=True):
        assert len(every.left) > 50
        for name in ("left", "right", "n_shared", "crowded"):
            assert getattr(found, name).tolist() == getattr(every, name).tolist()
