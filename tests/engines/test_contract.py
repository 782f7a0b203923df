"""What every engine must do; a new engine joins ENGINES."""

import os
import time

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipeline.engines.local import Local

ENGINES = [pytest.param(Local(1), id="local-1"), pytest.param(Local(2), id="local-2")]


def squares(numbers):
    return [number * number for number in numbers]


def fragile(numbers):
    for number in numbers:
        if number == 3:
            os._exit(9)  # as a parser does that runs into a wild pointer
        if number == 5:
            time.sleep(60)
        if number == 7:
            raise RuntimeError("seven")
    return list(numbers)


def refused(number, reason, detail):
    return [(number, reason, detail)]


@pytest.mark.parametrize("engine", ENGINES)
def test_isolated_answers_come_in_order(engine):
    answers = engine.map_isolated(squares, ([n, n + 1] for n in range(0, 20, 2)), 20.0, refused)

    assert [n for answer in answers for n in answer] == [n * n for n in range(20)]


def test_a_crash_a_hang_and_an_error_cost_one_task_each():
    answers = Local(2).map_isolated(fragile, [[1, 2, 3, 4], [5, 6], [7, 8]], 3.0, refused)

    flat = [entry for answer in answers for entry in answer]
    assert [entry for entry in flat if isinstance(entry, int)] == [1, 2, 4, 6, 8]
    assert [entry[:2] for entry in flat if isinstance(entry, tuple)] == [(3, "crashed"), (5, "timeout"), (7, "crashed")]
    assert flat[-2] == (7, "crashed", "RuntimeError: seven")


def threads(names):
    return [os.environ.get(name) for name in names]


def test_a_process_of_the_pool_computes_in_one_thread_unless_told_otherwise(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    names = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"]

    assert list(Local(1).map_isolated(threads, [names], 20.0, refused)) == [["1", "3"]]
    assert threads(names) == [None, "3"]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_bundle_is_read_as_it_was_written(engine, tmp_path):
    batches = [{"left": pl.DataFrame({"a": [n]}), "right": pl.DataFrame({"b": [str(n)] * n})} for n in range(3)]

    rows = engine.write(tmp_path, batches)

    assert rows == {"left": 3, "right": 3}
    for written, read in zip(batches, engine.scan(tmp_path, ["left", "right"]), strict=True):
        assert_frame_equal(written["right"], read["right"])
    assert engine.gather(tmp_path, "left")["a"].to_list() == [0, 1, 2]


@pytest.mark.parametrize("engine", ENGINES)
def test_map_keeps_the_order(engine):
    batches = [{"t": pl.DataFrame({"a": [n]})} for n in range(5)]

    doubled = engine.map(lambda batch: {"t": batch["t"] * 2}, batches)

    assert [batch["t"]["a"][0] for batch in doubled] == [0, 2, 4, 6, 8]
