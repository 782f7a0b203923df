from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels.bands import band_keys, candidate_pairs
from pipeline.kernels.minhash import signatures
from pipeline.kernels.shingles import shingle_sets

SLOTS = st.integers(1, 12).flatmap(
    lambda count: st.lists(st.lists(st.integers(0, 2), min_size=6, max_size=6), min_size=count, max_size=count)
)


def naive_pairs(slots, bands, rows, asking):
    def share(one, other):
        return any(
            slots[one][b * rows : b * rows + rows] == slots[other][b * rows : b * rows + rows] for b in range(bands)
        )

    pairs = combinations(range(len(slots)), 2)
    return [(one, other) for one, other in pairs if (asking[one] or asking[other]) and share(one, other)]


@given(SLOTS, st.sampled_from([(6, 1), (3, 2), (2, 3), (1, 5)]), st.data())
def test_bands_find_what_comparing_all_pairs_finds(slots, shape, data):
    bands, rows = shape
    asking = data.draw(st.lists(st.booleans(), min_size=len(slots), max_size=len(slots)))

    found = candidate_pairs(band_keys(np.array(slots, dtype=np.uint32), bands, rows), np.array(asking), 1000)

    assert list(zip(found.left, found.right, strict=True)) == naive_pairs(slots, bands, rows, asking)
    assert found.n_crowded == 0


def test_edited_copies_meet_and_all_who_meet_share_a_shingle():
    chance = np.random.default_rng(11)
    vocabulary = [f"word{n}" for n in range(400)]
    rows = []
    for _ in range(80):
        words = chance.choice(vocabulary, size=40).tolist()
        edited = words.copy()
        for place in chance.choice(40, size=4, replace=False):
            edited[place] = str(chance.choice(vocabulary))
        rows += [words, edited]
    sets = shingle_sets(pl.Series(rows), 3)

    found = candidate_pairs(band_keys(signatures(sets, 128, 1), 64, 2), np.ones(len(rows), dtype=bool), 1000)

    pairs = set(zip(found.left.tolist(), found.right.tolist(), strict=True))
    assert (
        sum((row, row + 1) in pairs for row in range(0, len(rows), 2)) == 80
    )  # Jaccard .52 or more: a miss has odds of 2e-9
    shingles = [set(sets.values[a:b].tolist()) for a, b in zip(sets.offsets[:-1], sets.offsets[1:], strict=True)]
    assert all(shingles[left] & shingles[right] for left, right in pairs)


def test_a_crowded_key_is_reported_and_stays_linear():
    keys = np.zeros((2, 5000), dtype=np.uint64)

    found = candidate_pairs(keys, np.ones(5000, dtype=bool), 100)

    assert found.n_crowded == 2
    assert len(found.left) < 5000 * 9
    assert set(found.left[found.right == 4999].tolist()) == set(range(8))


def test_no_paragraphs_have_no_pairs():
    found = candidate_pairs(np.zeros((4, 0), dtype=np.uint64), np.zeros(0, dtype=bool), 10)

    assert (len(found.left), len(found.right), found.n_crowded) == (0, 0, 0)


def test_too_short_signatures_are_refused():
    with pytest.raises(ValueError, match="need 128 slots, not 64"):
        band_keys(np.zeros((1, 64), dtype=np.uint32), 64, 2)
