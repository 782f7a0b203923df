from itertools import combinations

import numpy as np
import polars as pl
import pytest
from datasketch import MinHash, MinHashLSH
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels.bands import Banding, agree, band_keys, stars
from pipeline.kernels.clusters import components
from pipeline.kernels.minhash import SCHEME, signatures
from pipeline.kernels.postings import Postings
from pipeline.kernels.shingles import Words, shingle_hash, shingle_sets

SLOTS = st.integers(1, 12).flatmap(
    lambda count: st.lists(st.lists(st.integers(0, 2), min_size=6, max_size=6), min_size=count, max_size=count)
)


@given(SLOTS, SLOTS, st.sampled_from([(6, 1), (3, 2), (2, 3), (1, 5)]), st.integers(1, 3))
def test_agreement_is_that_of_whole_bands(slots, others, shape, agreeing):
    left, right = (places.ravel() for places in np.indices((len(slots), len(others))))

    found = agree(
        np.array(slots, dtype=np.uint32), np.array(others, dtype=np.uint32), left, right, Banding(*shape, agreeing)
    )

    n_bands, n_rows = shape
    cut = [slice(band * n_rows, (band + 1) * n_rows) for band in range(n_bands)]
    expected = [sum(a[band] == b[band] for band in cut) >= agreeing for a in slots for b in others]
    assert found.tolist() == expected


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9)), max_size=30))
def test_stars_connect_what_all_pairs_of_a_key_do_and_are_no_more_than_the_members(held):
    keys, members = (np.array([row[column] for row in held], dtype=np.int64) for column in (0, 1))
    everyone = [(a, b) for (key, a), (other, b) in combinations(held, 2) if key == other]

    left, right = stars(keys.astype(np.uint64), members)

    assert len(left) <= len(held)
    expected = np.array(everyone, dtype=np.int64).reshape(-1, 2)
    assert components(10, left, right).tolist() == components(10, expected[:, 0], expected[:, 1]).tolist()


def test_a_band_key_is_that_of_equal_slots_in_the_same_band():
    rows = np.array([[1, 2, 1, 2], [1, 2, 3, 4], [2, 1, 1, 2]], dtype=np.uint32)

    first, second = band_keys(rows, Banding(2, 2))

    assert first[0] == first[1] != first[2]
    assert second[0] == second[2] != second[1]
    assert not set(first.tolist()) & set(second.tolist())
    with pytest.raises(ValueError, match="2 bands of 3 rows need 6 slots, not 4"):
        band_keys(rows, Banding(2, 3))


def test_edited_copies_agree():
    chance = np.random.default_rng(11)
    vocabulary = [f"word{n}" for n in range(400)]
    rows = []
    for _ in range(80):
        words = chance.choice(vocabulary, size=40).tolist()
        edited = words.copy()
        for place in chance.choice(40, size=4, replace=False):
            edited[place] = str(chance.choice(vocabulary))
        rows += [words, edited]
    sets = shingle_sets(Words.from_lists(pl.Series(rows)), 3)

    slots = signatures(sets, 128, 1)
    originals = np.arange(0, len(rows), 2)

    # Jaccard .52 or more: a miss has odds of 2e-9
    assert agree(slots, slots, originals, originals + 1, Banding(64, 2)).all()
    assert not agree(slots, slots, originals, np.roll(originals, -1), Banding(64, 2)).any()


def test_candidates_are_those_of_datasketch_index():
    chance = np.random.default_rng(13)
    rows = []
    for _ in range(60):
        words = chance.choice([f"word{n}" for n in range(300)], size=40).tolist()
        rows += [words, [*words[:30], *words[32:]], [*words[:20], "changed", *words[21:]]]
    sets = shingle_sets(Words.from_lists(pl.Series(rows)), 5)
    slots, met = signatures(sets, 128, 1), Postings(sets, 1000).shared_within(0, 1)
    alike = agree(slots, slots, met.left, met.right, Banding(16, 8))

    index, expected = MinHashLSH(num_perm=128, params=(16, 8)), set()
    for number, row in enumerate(rows):
        sketch = MinHash(num_perm=128, hashfunc=shingle_hash, scheme=SCHEME)
        sketch.update_batch([" ".join(row[i : i + 5]).encode() for i in range(len(row) - 4)])
        expected |= {(earlier, number) for earlier in index.query(sketch)}
        index.insert(number, sketch)
    assert set(zip(met.left[alike].tolist(), met.right[alike].tolist(), strict=True)) == expected
    assert len(expected) > 60


def test_too_short_signatures_are_refused():
    one, pair = np.zeros((1, 64), dtype=np.uint32), np.zeros(1, dtype=np.int64)
    with pytest.raises(ValueError, match="64 bands of 2 rows need 128 slots, not 64"):
        agree(one, one, pair, pair, Banding(64, 2))
