from itertools import combinations

import numpy as np
import polars as pl
import pytest
from datasketch import MinHash, MinHashLSH
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels.bands import Banding, band_keys, candidate_pairs, n_agreeing, stars
from pipeline.kernels.clusters import components
from pipeline.kernels.minhash import SCHEME, signatures
from pipeline.kernels.shingles import Words, shingle_hash, shingle_sets

SLOTS = st.integers(1, 12).flatmap(
    lambda count: st.lists(st.lists(st.integers(0, 2), min_size=6, max_size=6), min_size=count, max_size=count)
)


def naive_pairs(slots, banding, asking):
    def bands(row):
        return [tuple(slots[row][n * banding.rows : (n + 1) * banding.rows]) for n in range(banding.bands)]

    pairs = combinations(range(len(slots)), 2)
    return [
        (one, other)
        for one, other in pairs
        if (asking[one] or asking[other])
        and sum(a == b for a, b in zip(bands(one), bands(other), strict=True)) >= banding.agreeing
    ]


def every(count):
    return np.ones(count, dtype=bool)


@given(SLOTS, st.sampled_from([(6, 1), (3, 2), (2, 3), (1, 5)]), st.integers(1, 3), st.data())
def test_bands_find_what_comparing_all_pairs_finds(slots, shape, agreeing, data):
    banding = Banding(*shape, agreeing)
    asking = data.draw(st.lists(st.booleans(), min_size=len(slots), max_size=len(slots)))

    found = candidate_pairs(np.array(slots, dtype=np.uint32), banding, np.array(asking), 1000)

    assert list(zip(found.left, found.right, strict=True)) == naive_pairs(slots, banding, asking)
    assert not found.crowded.any()


@given(SLOTS, st.sampled_from([(6, 1), (3, 2), (2, 3), (1, 5)]))
def test_agreement_is_that_of_whole_bands(slots, shape):
    rows = np.array(slots, dtype=np.uint32)
    one, other = (np.repeat(rows, len(rows), axis=0), np.tile(rows, (len(rows), 1)))

    found = n_agreeing(one, other, Banding(*shape))

    n_bands, n_rows = shape
    cut = [slice(band * n_rows, (band + 1) * n_rows) for band in range(n_bands)]
    expected = [sum(tuple(a[band]) == tuple(b[band]) for band in cut) for a in slots for b in slots]
    assert found.tolist() == expected


@given(SLOTS)
def test_the_fuse_says_whom_it_kept_from_another(slots):
    """Under each key a paragraph meets the first 8, where more than 2 share it."""
    rows = np.array(slots * 3, dtype=np.uint32)
    banding, max_band_size = Banding(6, 1), 2

    within = candidate_pairs(rows, banding, np.ones(len(rows), dtype=bool), max_band_size)

    def before(row, band, end):
        return [other for other in range(end) if rows[other, band] == rows[row, band]]

    bands = range(banding.bands)
    every = range(len(rows))
    assert within.crowded.tolist() == [any(len(before(row, band, row)) > 8 for band in bands) for row in every]


@pytest.mark.parametrize("limit", ["bands._ASKERS_AT_ONCE", "meetings._AT_ONCE"])
def test_pieces_find_what_the_whole_does(monkeypatch, limit):
    slots = np.random.default_rng(5).integers(0, 9, size=(60, 16), dtype=np.uint32)
    asking = np.arange(60) % 3 > 0
    whole = candidate_pairs(slots, Banding(16, 1, 4), asking, 1000)

    monkeypatch.setattr(f"pipeline.kernels.{limit}", 7)
    pieces = candidate_pairs(slots, Banding(16, 1, 4), asking, 1000)

    assert len(whole.left) > 50
    assert (pieces.left.tolist(), pieces.right.tolist()) == (whole.left.tolist(), whole.right.tolist())


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


@given(SLOTS, st.integers(1, 3))
def test_bands_in_which_pairs_agree_are_counted(slots, agreeing):
    rows = np.array(slots, dtype=np.uint32)

    found = candidate_pairs(rows, Banding(6, 1, agreeing), every(len(slots)), 1000)

    assert found.n_bands.tolist() == (rows[found.left] == rows[found.right]).sum(axis=1).tolist()


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
    sets = shingle_sets(Words.from_lists(pl.Series(rows)), 3)

    found = candidate_pairs(signatures(sets, 128, 1), Banding(64, 2), every(len(rows)), 1000)

    pairs = set(zip(found.left.tolist(), found.right.tolist(), strict=True))
    assert (
        sum((row, row + 1) in pairs for row in range(0, len(rows), 2)) == 80
    )  # Jaccard .52 or more: a miss has odds of 2e-9
    shingles = [set(sets.values[a:b].tolist()) for a, b in zip(sets.offsets[:-1], sets.offsets[1:], strict=True)]
    assert all(shingles[left] & shingles[right] for left, right in pairs)


def test_candidates_are_those_of_datasketch_index():
    chance = np.random.default_rng(13)
    rows = []
    for _ in range(60):
        words = chance.choice([f"word{n}" for n in range(300)], size=40).tolist()
        rows += [words, [*words[:30], *words[32:]], [*words[:20], "changed", *words[21:]]]
    found = candidate_pairs(
        signatures(shingle_sets(Words.from_lists(pl.Series(rows)), 5), 128, 1), Banding(16, 8), every(len(rows)), 1000
    )

    index, expected = MinHashLSH(num_perm=128, params=(16, 8)), set()
    for number, row in enumerate(rows):
        sketch = MinHash(num_perm=128, hashfunc=shingle_hash, scheme=SCHEME)
        sketch.update_batch([" ".join(row[i : i + 5]).encode() for i in range(len(row) - 4)])
        expected |= {(earlier, number) for earlier in index.query(sketch)}
        index.insert(number, sketch)
    assert set(zip(found.left.tolist(), found.right.tolist(), strict=True)) == expected
    assert len(expected) > 60


def test_a_crowded_key_is_reported_and_stays_linear():
    found = candidate_pairs(np.zeros((5000, 2), dtype=np.uint32), Banding(2, 1), every(5000), 100)

    assert np.flatnonzero(~found.crowded).tolist() == list(range(9))  # those that have no more than 8 before them
    assert len(found.left) < 5000 * 9
    assert set(found.left[found.right == 4999].tolist()) == set(range(8))


def test_no_paragraphs_have_no_pairs():
    found = candidate_pairs(np.zeros((0, 4), dtype=np.uint32), Banding(4, 1), every(0), 10)

    assert (len(found.left), len(found.right), len(found.crowded)) == (0, 0, 0)


def test_too_short_signatures_are_refused():
    with pytest.raises(ValueError, match="64 bands of 2 rows need 128 slots, not 64"):
        candidate_pairs(np.zeros((1, 64), dtype=np.uint32), Banding(64, 2), every(1), 10)
