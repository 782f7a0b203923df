import numpy as np
import polars as pl
import pytest

from benchmarks import dedup_peers, dedup_speed
from benchmarks.workload import paragraphs

TEXT = "the night ferry to Port Alma was cancelled on Friday after the crew of the second ship fell ill"


def test_pairs_of_the_kernels_are_those_of_datasketch():
    texts = paragraphs(400, 3)

    ours, theirs = dedup_peers.kernels(texts), dedup_peers.datasketch_with_our_hash(texts)

    assert ours.pairs == theirs.pairs
    assert ours.labels == theirs.labels
    assert len(ours.pairs) > 40


@pytest.mark.parametrize("method", [dedup_peers.kernels, *dedup_peers.installed().values()])
def test_every_method_pairs_the_copies_alone(method):
    texts = pl.Series(
        [TEXT, "prices of grain rose for the third week in a row at the exchange of Lindhaven", TEXT, TEXT]
    )

    found = method(texts)

    assert found.pairs == {(0, 2), (0, 3), (2, 3)}
    assert found.labels == ["0", "1", "0", "0"]


def test_a_chain_stands_for_all_pairs_of_its_bucket(tmp_path):
    file = tmp_path / "00000_00.dups"
    np.array([[0, 4, 0, 7], [0, 7, 0, 9], [0, 1, 0, 2]], dtype="<u4").tofile(file)

    assert set(dedup_peers._closed(dedup_peers._chain(file))) == {(4, 7), (4, 9), (7, 9), (1, 2)}


def test_speeds_say_how_many_times_as_fast_as_each_peer():
    figures = dedup_speed.speeds(paragraphs(120, 1), 60)

    assert "datasketch_bulk" in dedup_peers.installed()
    for ours in ("kernels", "default"):
        assert figures[f"{ours}.us_of_all"] > 0
        assert {f"{ours}.against_{peer}" for peer in dedup_peers.installed()} <= figures.keys()
