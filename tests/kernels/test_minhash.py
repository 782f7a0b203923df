import numpy as np
import polars as pl
from datasketch import MinHash
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels.minhash import EMPTY_SLOT, SCHEME, permutations, signatures
from pipeline.kernels.shingles import HashSets, Words, shingle_hash, shingle_sets

VOCABULARY = ["harbour", "strike", "ferry", "council", "vote", "budget", "fire", "crew", "night", "storm", "bridge"]


def by_datasketch(shingles, count, seed):
    sketch = MinHash(num_perm=count, seed=seed, hashfunc=shingle_hash, scheme=SCHEME)
    sketch.update_batch(shingles)
    return sketch.hashvalues


def test_signatures_equal_datasketch_in_every_slot():
    chance = np.random.default_rng(3)
    rows = [chance.choice(VOCABULARY, size=chance.integers(3, 60)).tolist() for _ in range(300)]

    ours = signatures(shingle_sets(Words.from_lists(pl.Series(rows)), 3), 128, 1)

    for row, signature in zip(rows, ours, strict=True):
        shingles = [" ".join(row[i : i + 3]).encode() for i in range(len(row) - 2)]
        np.testing.assert_array_equal(signature, by_datasketch(shingles, 128, 1))


@given(st.lists(st.sets(st.integers(0, 2**32 - 1), max_size=20), max_size=5), st.integers(1, 9), st.integers(2, 40))
def test_signatures_equal_datasketch_for_any_hashes(rows, seed, count):
    sets = HashSets.from_lists(pl.Series([sorted(row) for row in rows], dtype=pl.List(pl.UInt32)))

    ours = signatures(sets, count, seed)

    assert ours.shape == (len(rows), count)
    for row, signature in zip(rows, ours, strict=True):
        sketch = MinHash(num_perm=count, seed=seed, hashfunc=int, scheme=SCHEME)
        sketch.update_batch(sorted(row))
        np.testing.assert_array_equal(signature, sketch.hashvalues)


@given(st.integers(0, 2**32 - 1), st.integers(1, 300))
def test_permutations_are_those_that_numpy_draws(seed, count):
    draws = np.random.RandomState(seed)
    expected = draws.randint(0, 1 << 31, count, dtype=np.uint32) * np.uint32(2) + np.uint32(1)

    factors, summands = permutations(count, seed)

    np.testing.assert_array_equal(factors, expected)
    np.testing.assert_array_equal(summands, draws.randint(0, 1 << 32, count, dtype=np.uint32))


def test_an_empty_set_has_datasketch_empty_slots_beside_full_ones():
    sets = HashSets(np.array([5], dtype=np.uint32), np.array([0, 0, 1, 1]))

    slots = signatures(sets, 4, 1)

    assert (slots[[0, 2]] == EMPTY_SLOT).all()
    assert (slots[1] != EMPTY_SLOT).all()


def test_the_first_slots_are_the_stored_ones():
    words = pl.Series([["the", "ferry", "sank", "off", "oslo"]])

    assert signatures(shingle_sets(Words.from_lists(words), 3), 128, 1)[0, :3].tolist() == [
        3053525697,
        787588423,
        1119284003,
    ]
