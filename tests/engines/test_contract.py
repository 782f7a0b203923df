"""What every engine must do; a new engine joins ENGINES."""

import os
import signal
import time
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipeline.engines.base import Fences
from pipeline.engines.local import Local

ENGINES = [pytest.param(Local(1), id="local-1"), pytest.param(Local(2), id="local-2")]


FENCES = Fences(cpu_seconds=20.0, memory_bytes=2_000_000_000)
TIGHT = Fences(cpu_seconds=0.5, memory_bytes=2_000_000_000)


def squares(numbers):
    yield [number * number for number in numbers]


def spin():
    while True:
        pass


def fragile(numbers):
    for number in numbers:
        if number == 3:
            os._exit(9)
        if number == 5:
            spin()
        if number == 7:
            raise RuntimeError("seven\nand article text")
        if number == 9:
            os.kill(os.getpid(), signal.SIGSEGV)  # as a parser does that runs into a wild pointer
        if number == 11:
            bytearray(4_000_000_000)
        if number == 13:
            time.sleep(60)
    yield list(numbers)


def refused(number, reason, detail):
    return [(number, reason, detail)]


def flat(answers):
    return [entry for answer in answers for entry in answer]


@pytest.mark.parametrize("engine", ENGINES)
def test_isolated_answers_come_in_order(engine):
    answers = engine.map_isolated(squares, ([n, n + 1] for n in range(0, 20, 2)), FENCES, refused)

    assert flat(answers) == [n * n for n in range(20)]


@pytest.mark.parametrize("engine", ENGINES)
def test_what_hangs_dies_or_fails_costs_one_task_each(engine):
    groups = [[1, 2, 3, 4], [5, 6], [7, 8], [9], [10, 11], [12, 13, 14]]

    told = flat(engine.map_isolated(fragile, groups, TIGHT, refused))

    assert [entry if isinstance(entry, int) else entry[0] for entry in told] == list(range(1, 15))
    assert [entry for entry in told if isinstance(entry, tuple)] == [
        (3, "killed", "the process reading it died: exit code 9"),
        (5, "timeout", "more than 0.5 s of CPU time"),
        (7, "error", "RuntimeError: seven"),
        (9, "killed", "the process reading it died: SIGSEGV"),
        (11, "out_of_memory", "more than 2,000,000,000 bytes of address space"),
        (13, "timeout", "more than 2 s"),
    ]


def bettering(numbers):
    yield [(number, "first") for number in numbers]
    if 2 in numbers:
        spin()
    yield [(number, "second") for number in numbers]


def test_the_last_answer_of_a_task_that_hangs_alone_stands():
    told = flat(Local(2).map_isolated(bettering, [[1, 2, 3]], TIGHT, refused))

    assert told == [(1, "second"), (2, "first"), (3, "second")]


def dying_once(marks):
    for mark in marks:
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does when the machine is out of memory
    yield [mark.name for mark in marks]


def test_a_task_whose_process_was_killed_is_tried_once_more(tmp_path):
    told = flat(Local(1).map_isolated(dying_once, [[tmp_path / "a"], [tmp_path / "b"]], FENCES, refused))

    assert told == ["a", "b"]


def timed(numbers):
    if 0 in numbers:
        spin()
    yield [(number, time.monotonic()) for number in numbers]


def test_a_task_at_its_limit_leaves_no_process_idle():
    patient = Fences(cpu_seconds=2.0, memory_bytes=2_000_000_000)

    told = flat(Local(2).map_isolated(timed, [[0]] + [[n] for n in range(1, 60)], patient, refused))

    (hung,), done = told[:1], [at for _, at in told[1:]]
    assert hung[:2] == (0, "timeout")
    assert max(done) - min(done) < 2.0  # nobody waited for the first


def test_a_kernel_that_cannot_start_is_our_error():
    with pytest.raises(RuntimeError, match="did not start"):
        list(Local(1).map_isolated(Unloadable(), [[1]], FENCES, refused))


class Unloadable:
    """Can be sent, not received."""

    def __reduce__(self):
        return os._exit, (3,)


def children_of_this_process():
    return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for its processes in /proc")
def test_an_abandoned_map_leaves_no_process_behind():
    before = children_of_this_process()
    answers = Local(2).map_isolated(squares, ([n] for n in range(50)), FENCES, refused)
    next(answers)
    at_work = children_of_this_process() - before
    answers.close()

    assert len(at_work) >= 1
    assert children_of_this_process() == before


def test_nothing_is_imported_from_where_the_raw_files_lie(tmp_path, monkeypatch):
    (tmp_path / "polars.py").write_text("raise SystemExit(7)", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    assert list(Local(1).map_isolated(squares, [[3]], FENCES, refused)) == [[9]]


def threads(names):
    yield [os.environ.get(name) for name in names]


def test_a_process_of_the_pool_computes_in_one_thread_unless_told_otherwise(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    names = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"]

    assert list(Local(1).map_isolated(threads, [names], FENCES, refused)) == [["1", "3"]]
    assert list(threads(names)) == [[None, "3"]]


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
