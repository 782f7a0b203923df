from collections import Counter
from itertools import chain, pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels.shingles import (
    Frequencies,
    HashSets,
    Words,
    by_value,
    counted,
    rarer,
    run_offsets,
    shingle_hash,
    shingle_sets,
    word_hash,
    word_hashes,
)

WORDS = st.lists(
    st.lists(st.sampled_from(["ferry", "sank", "off", "oslo", "the", "부산", "é"]), max_size=9), max_size=6
)
SETS = st.lists(st.sets(st.integers(0, 30)), max_size=8)


def as_sets(rows):
    lists = pl.Series([sorted(row) for row in rows], dtype=pl.List(pl.UInt32))
    return HashSets.from_lists(lists)


def as_lists(sets):
    return [sets.values[a:b].tolist() for a, b in zip(sets.offsets[:-1], sets.offsets[1:], strict=True)]


def test_hashes_are_the_stored_ones():
    assert shingle_hash(b"the ferry sank") == 0x1B56380D
    assert shingle_hash("부산 항구 폐쇄".encode()) == 0x3EF6BEAE


@given(WORDS, st.integers(2, 4))
def test_columns_hash_as_the_reference_does(rows, size):
    sets = shingle_sets(Words.from_lists(pl.Series(rows, dtype=pl.List(pl.String))), size)

    expected = [
        sorted(
            {shingle_hash(" ".join(row[i : i + size]).encode()) for i in range(max(1, len(row) - size + 1))}
            if row
            else []
        )
        for row in rows
    ]
    assert as_lists(sets) == expected


def test_words_hash_together_as_each_alone():
    words = ["Straße", "ferry", "부산", "ΠΡΟΣ", "İzmir"]

    hashes = word_hashes(pl.Series(words)).tolist()

    assert hashes == [word_hash(word.casefold().encode()) for word in words]
    assert hashes[1] == 0xCBAAEB5D2E1D7863  # the stored one
    assert word_hashes(pl.Series([], dtype=pl.String)).tolist() == []


def test_words_of_a_part_of_a_column_are_its_own():
    words = Words.from_lists(pl.Series([["the", "pier"], ["closed"], ["at", "noon"]])[1:])

    assert words.offsets.tolist() == [0, 1, 3]
    assert words.hashes.tolist() == [word_hash(word) for word in (b"closed", b"at", b"noon")]


def test_words_are_hashed_without_case_and_marked_by_it():
    words = Words.from_lists(pl.Series([["Straße", "STRASSE", "strasse"], [], ["3rd", "부산", "Éva", "éva"]]))

    assert len(words) == 3
    assert words.offsets.tolist() == [0, 3, 3, 7]
    assert len(set(words.hashes[:3].tolist())) == 1
    assert words.hashes[5] == words.hashes[6]
    assert words.marked.tolist() == [True, True, False, True, False, True, False]


@given(SETS.filter(len), st.data())
def test_merged_sets_have_what_their_rows_have(rows, data):
    names = data.draw(st.lists(st.integers(0, 3), min_size=len(rows), max_size=len(rows)))

    merged = as_sets(rows).merged(np.array(names, dtype=np.int64))

    expected = {name: set() for name in sorted(names)}
    for name, row in zip(names, rows, strict=True):
        expected[name] |= row
    assert as_lists(merged) == [sorted(row) for row in expected.values()]


@given(SETS)
def test_sets_survive_the_way_through_a_column(rows):
    lists = as_sets(rows).to_lists()

    assert lists.dtype == pl.List(pl.UInt32)
    assert lists.to_list() == [sorted(row) for row in rows]


@given(SETS, SETS)
def test_sets_survive_the_way_through_bytes(rows, more):
    filed = as_sets(rows).to_bytes()

    assert filed.dtype == pl.Binary
    assert filed.to_list() == [b"".join(value.to_bytes(4, "little") for value in sorted(row)) for row in rows]
    both = pl.concat([filed, as_sets(more).to_bytes()])
    assert as_lists(HashSets.from_bytes(both)) == [sorted(row) for row in rows + more]
    assert as_lists(HashSets.from_bytes(both[len(rows) :])) == [sorted(row) for row in more]


@given(SETS.filter(len), st.data())
def test_take_gives_the_asked_rows_in_the_asked_order(rows, data):
    asked = data.draw(st.lists(st.integers(0, len(rows) - 1)))

    taken = as_sets(rows).take(np.array(asked, dtype=np.int64))

    assert as_lists(taken) == [sorted(rows[row]) for row in asked]


@given(SETS, st.dictionaries(st.integers(0, 30), st.integers(0, 9)), st.integers(1, 6))
def test_frequent_shingles_go_but_never_the_rarer_half(rows, counts, max_count):
    sets = as_sets(rows)
    beside = np.array([counts.get(int(value), 0) for value in sets.values], dtype=np.int64)

    kept = as_lists(rarer(sets, beside, max_count))

    for row, left in zip(rows, kept, strict=True):
        by_rarity = sorted(row, key=lambda value: (counts.get(value, 0), value))
        rare = [value for value in by_rarity if counts.get(value, 0) <= max_count]
        half = by_rarity[: (len(row) + 1) // 2]
        assert left == sorted(rare if len(rare) >= len(half) else half)


def test_an_unseen_shingle_has_frequency_zero():
    assert Frequencies(np.zeros(0, np.uint32), np.zeros(0, np.int64), 0).of(np.array([7], np.uint32)).tolist() == [0]


@given(SETS.filter(len), st.data())
def test_rows_are_the_same_taken_in_parts(rows, data):
    asked = np.array(data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=9)), dtype=np.int64)
    whole = as_sets(rows).take(asked)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.kernels.shingles._ROWS_AT_ONCE", 2)
        parts = as_sets(rows).take(asked)

    assert as_lists(parts) == as_lists(whole)


@given(SETS, SETS)
def test_together_the_rows_of_one_follow_those_of_the_other(one, other):
    assert as_lists(HashSets.together([as_sets(one), as_sets(other)])) == [sorted(row) for row in one + other]


@given(st.lists(st.none() | st.sets(st.integers(0, 30)), max_size=8))
def test_spread_rows_stand_where_they_are_wanted(rows):
    filled = np.array([row is not None for row in rows], dtype=bool)

    spread = as_sets([row for row in rows if row is not None]).spread(filled)

    assert as_lists(spread) == [sorted(row or ()) for row in rows]


@given(st.lists(st.sampled_from([0, 1, 7, 2**31 - 1, 2**32 - 1]), max_size=9))
def test_values_in_order_know_where_they_stood_and_how_often_they_are_there(values):
    column = np.array(values, dtype=np.uint32)

    ordered, places = by_value(column)
    once, often = counted(column)

    assert list(zip(ordered.tolist(), places.tolist(), strict=True)) == sorted(
        (value, place) for place, value in enumerate(values)
    )
    assert dict(zip(once.tolist(), often.tolist(), strict=True)) == Counter(values)
    assert once.tolist() == sorted(set(values))


@given(st.lists(st.integers(0, 2), max_size=9))
def test_runs_put_together_are_the_values(values):
    offsets = run_offsets(np.array(values, dtype=np.uint32))

    assert (offsets[0], offsets[-1]) == (0, len(values))
    runs = [values[first:last] for first, last in pairwise(offsets)]
    assert list(chain.from_iterable(runs)) == values
    assert all(len(set(run)) == 1 for run in runs)
    assert all(one[0] != other[0] for one, other in pairwise(runs))
