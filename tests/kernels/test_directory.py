"""Tests for the directory of hashes: every value is found where it stands, whatever bits hashes begin with."""

import pickle
from copy import deepcopy

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.kernels.directory import Directory

MOST = (1 << 32) - 1


def hashes(*values: int) -> NDArray[np.uint32]:
    return np.array(values, dtype=np.uint32)


@pytest.mark.parametrize(
    "there",
    [
        hashes(0),
        hashes(MOST),
        hashes(5, 6, 7, 9, MOST),  # all but one begin with the same bits
        hashes(*range(2000)),
        hashes(*range(0, 1 << 32, 999_983)),
        hashes(*range(MOST - 50, MOST + 1)),
    ],
    ids=["lowest", "highest", "crowded", "very crowded", "spread", "at the end"],
)
def test_what_is_there_is_found_in_its_place_and_nothing_else(there: NDArray[np.uint32]) -> None:
    near = np.concatenate([there, there + np.uint32(1), there - np.uint32(1), hashes(0, MOST, 1 << 31)])
    values = np.random.default_rng(7).permutation(near)
    here, places = Directory(there).find(values)
    assert here.tolist() == np.flatnonzero(np.isin(values, there)).tolist()
    assert there[places].tolist() == values[here].tolist()


@pytest.mark.parametrize(("there", "values"), [(hashes(), hashes(1, 2)), (hashes(1, 2), hashes())])
def test_nothing_is_found_where_there_is_nothing(there: NDArray[np.uint32], values: NDArray[np.uint32]) -> None:
    assert [len(found) for found in Directory(there).find(values)] == [0, 0]


def test_it_travels_as_its_hashes() -> None:
    there = hashes(3, 70_000, MOST)
    directory = Directory(there)
    assert len(pickle.dumps(directory)) < 500
    here, places = deepcopy(directory).find(hashes(MOST, 4, 3))  # by the same road
    assert (here.tolist(), places.tolist()) == ([0, 2], [2, 0])
