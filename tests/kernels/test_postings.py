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
    whole = Postings(sets_of(one), 1000).shared_with(sets_of(other), 2)

    monkeypatch.setattr("pipeline.kernels.meetings._AT_ONCE", at_once)
    pieces = Postings(sets_of(one), 1000).shared_with(sets_of(other), 2)

    assert len(whole.left) > 50
    assert (pieces.left.tolist(), pieces.right.tolist()) == (whole.left.tolist(), whole.right.tolist())
