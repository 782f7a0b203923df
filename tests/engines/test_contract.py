"""What every engine must do; a new engine joins the fixture `engine`."""

import os
import signal
import time
from functools import partial
from pathlib import Path
from secrets import token_hex

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipeline.engines.base import Fences
from pipeline.engines.local import Local
from pipeline.errors import DamagedError, PipelineError

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


def test_isolated_answers_come_in_order(engine):
    answers = engine.map_isolated(squares, ([n, n + 1] for n in range(0, 20, 2)), FENCES, refused)

    assert flat(answers) == [n * n for n in range(20)]


def test_what_hangs_dies_or_fails_costs_one_task_each(engine):
    groups = [[1, 2, 3, 4], [5, 6], [7, 8], [9], [10, 11], [12, 13, 14]]

    told = flat(engine.map_isolated(fragile, groups, TIGHT, refused))

    assert [entry if isinstance(entry, int) else entry[0] for entry in told] == list(range(1, 15))
    by_cpu, by_clock = "more than 0.5 s of CPU time", "more than 2 s"
    spun = (5, "timeout", by_clock if (5, "timeout", by_clock) in told else by_cpu)  # the clock where cores are short
    assert [entry for entry in told if isinstance(entry, tuple)] == [
        (3, "killed", "the process reading it died: exit code 9"),
        spun,
        (7, "error", "RuntimeError: seven"),
        (9, "killed", "the process reading it died: SIGSEGV"),
        (11, "out_of_memory", "more than 2,000,000,000 bytes of address space"),
        (13, "timeout", by_clock),
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


class Ring:
    """A cycle: no count of references ends it."""

    alive = 0

    def __init__(self):
        self.own = self
        Ring.alive += 1

    def __del__(self):
        Ring.alive -= 1


def rings(tasks):
    yield Ring.alive
    for _ in tasks:
        Ring()


def test_what_one_group_left_in_cycles_is_gone_before_the_next():
    groups = [range(5), range(5), range(5)]

    assert list(Local(1).map_isolated(rings, groups, FENCES, refused)) == [0, 0, 0]


def test_a_bundle_is_read_as_it_was_written(engine, tmp_path):
    batches = [{"left": pl.DataFrame({"a": [n]}), "right": pl.DataFrame({"b": [str(n)] * n})} for n in range(3)]

    rows = engine.write(tmp_path, batches)

    assert rows == {"left": 3, "right": 3}
    for written, read in zip(batches, engine.scan(tmp_path, ["left", "right"]), strict=True):
        assert_frame_equal(written["right"], read["right"])
    assert engine.gather(tmp_path, "left")["a"].to_list() == [0, 1, 2]
    named = engine.scan(tmp_path, ["left"], parts=["part-00002.parquet", "part-00000.parquet"])
    assert engine.gather(named, "left")["a"].to_list() == [2, 0]
    assert list(engine.scan(tmp_path, ["left"], parts=[])) == []


def test_aligned_bundles_are_read_together(engine, tmp_path):
    engine.write(tmp_path / "one", numbered(3))
    engine.write(tmp_path / "two", engine.map(doubled, engine.scan(tmp_path / "one", ["t"])))
    engine.write(tmp_path / "two", [{"lone": pl.DataFrame({"a": [9]})}])

    both = engine.scan(tmp_path / "one", ["t"], (tmp_path / "two", ["u"]))

    assert [(batch["t"]["a"][0], batch["u"]["a"][0]) for batch in both] == [(0, 0), (1, 2), (2, 4)]
    with pytest.raises(DamagedError, match=r"lone: 1 parts, not the 3 of t"):
        list(engine.scan(tmp_path / "one", ["t"], (tmp_path / "two", ["lone"])))


def test_map_keeps_the_order(engine, tmp_path):
    engine.write(tmp_path, numbered(5))

    twice = engine.map(doubled, engine.scan(tmp_path, ["t"]))

    assert [batch["u"]["a"][0] for batch in twice] == [0, 2, 4, 6, 8]
    assert [batch["u"]["a"][0] for batch in twice + engine.scan(tmp_path, ["t"], parts=[])] == [0, 2, 4, 6, 8]


def test_what_is_kept_is_made_once_with_the_tables_each_batch_has(engine, tmp_path):
    engine.write(tmp_path / "all", numbered(3))
    made = engine.map(partial(marked, folder=tmp_path), engine.scan(tmp_path / "all", ["t"]))

    kept = engine.keep(made) + engine.keep([{"u": pl.DataFrame({"a": [7]})}])

    assert [batch.keys() for batch in kept] == [{"t"}, {"t"}, {"t"}, {"u"}]
    assert engine.gather(engine.map(doubled, engine.keep(made)), "u")["a"].to_list() == [0, 2, 4]
    assert [len(list(tmp_path.glob(f"{n}-*"))) for n in range(3)] == [2, 2, 2]  # for each of the two that keep it


def marked(batch, folder):
    (folder / f"{batch['t']['a'][0]}-{token_hex(4)}").touch()
    return batch


def test_rows_of_equal_keys_come_together_from_tables_that_call_them_differently(engine, tmp_path):
    bought, shops = f"{tmp_path}/bought", f"{tmp_path}/shops"
    engine.write(Path(bought), [
        {"bought": pl.DataFrame({"shop": ["Süd", "Nord", None], "day": [1, 1, 2], "price": [3, 5, 7]})},
        {"bought": pl.DataFrame({"shop": ["Süd", "Süd", None], "day": [1, 2, 2], "price": [4, 6, 8]})},
    ])  # fmt: skip
    engine.write(
        Path(shops), [{"shops": pl.DataFrame({"name": ["Süd", "West", None], "on": [1, 1, 2], "rent": [1, 2, 9]})}]
    )
    both = engine.scan(Path(bought), ["bought"]) + engine.scan(Path(shops), ["shops"])

    batches = list(engine.group(both, {"bought": ["shop", "day"], "shops": ["name", "on"]}))
    found = engine.gather(
        engine.map(met, engine.group(both, {"bought": ["shop", "day"], "shops": ["name", "on"]})), "met"
    )

    assert all(batch.keys() == {"bought", "shops"} for batch in batches)
    assert sum(batch["bought"].height for batch in batches) == 6
    assert sorted(found.rows()) == [("", 2, [7, 8], 9), ("Süd", 1, [3, 4], 1)]


def test_many_batches_of_a_group_give_the_answer_of_one(engine, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.engines.local.GROUP_BYTES", 200)
    rows = pl.DataFrame({"word": [f"w{n % 17}" for n in range(200)], "n": range(200)})
    engine.write(tmp_path, [{"words": rows.slice(0, 90)}, {"words": rows.slice(90)}])

    batches = list(engine.group(engine.scan(tmp_path, ["words"]), {"words": "word"}))

    assert len(batches) > 1
    assert sum(batch["words"]["word"].n_unique() for batch in batches) == 17  # none is in two
    assert_frame_equal(pl.concat(batch["words"] for batch in batches).sort("n"), rows)
    assert all(own["n"].is_sorted() for batch in batches for own in batch["words"].partition_by("word"))


def test_keys_of_two_types_are_our_error(engine, tmp_path):
    engine.write(tmp_path, [{"left": pl.DataFrame({"a": [1]}), "right": pl.DataFrame({"b": ["1"]})}])

    with pytest.raises(PipelineError, match=r"group: the key of right is \[String\], that of left is \[Int64\]"):
        list(engine.group(engine.scan(tmp_path, ["left", "right"]), {"left": "a", "right": "b"}))


def test_a_group_without_a_batch_that_has_the_table_is_our_error(engine, tmp_path):
    engine.write(tmp_path, numbered(1))

    with pytest.raises(PipelineError, match="group: no batch has the table 'u'"):
        list(engine.group(engine.scan(tmp_path, ["t"]), {"t": "a", "u": "a"}))


def test_batches_without_rows_keep_their_columns(engine, tmp_path):
    nothing = pl.DataFrame(schema={"a": pl.Int64, "when": pl.Datetime("us", "UTC")})
    engine.write(tmp_path, [{"t": nothing}])

    grouped = engine.group(engine.map(dict, engine.scan(tmp_path, ["t"])), {"t": "a"})

    assert_frame_equal(engine.gather(grouped, "t"), nothing)
    assert engine.write(tmp_path / "again", grouped) == {"t": 0}


def numbered(n):
    return [{"t": pl.DataFrame({"a": [number]})} for number in range(n)]


def doubled(batch):
    return {"u": batch["t"] * 2}


def met(batch):
    """Shops and what was bought there on the day, null for the shop without a name."""
    spent = batch["bought"].group_by("shop", "day").agg(pl.col("price").sort())
    both = spent.join(batch["shops"], left_on=["shop", "day"], right_on=["name", "on"], nulls_equal=True)
    return {"met": both.with_columns(pl.col("shop").fill_null(""))}
