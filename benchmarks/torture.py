"""Runs that are stopped, starved, doubled, damaged and poisoned: `python -m benchmarks.torture [--kills 200] ...`.

Prints the table of `docs/reliability.md`, and writes the figures as JSON. Everything happens in a temporary folder, on
a newsroom made for the purpose (tests/world.py). Exit 1 when a promise does not hold.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from benchmarks import OUT, poison, write_figures
from pipeline.check import problems
from tests.faults import STEPS
from tests.newsdesk import Desk, Series, command, inline
from tests.world import FIRST, LOCAL, WIRE, current, page, put, ran

SEED = 20261122
KILL_SPAN = (0.05, 1.1)  # of the time of an undisturbed run: from the first import to after the end
SPARE = 65_536  # bytes of the small disk beyond the first version: a second one takes about 150,000
SPOOL = 48  # runs that an input lies there before the scraper removes it
YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Result:
    """One promise: how often it was tried, how often it held, and what went wrong first."""

    promise: str
    tried: int
    held: int
    note: str = ""


def counted(promise: str, outcomes: Iterator[str | None], note: str = "") -> Result:
    """The outcomes (None: it held) as one row."""
    wrong = []
    tried = 0
    for outcome in outcomes:
        tried += 1
        if outcome is not None:
            wrong.append(outcome)
        if sys.stderr.isatty():
            print(f"\r{promise}: {tried} tried, {len(wrong)} wrong ", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return Result(promise, tried, tried - len(wrong), wrong[0] if wrong else note)


@dataclass(frozen=True)
class Room:
    """Where a desk is disturbed: copies of it in a folder, for so many seconds of wall clock each way."""

    desk: Desk
    root: Path
    seconds: float

    def each(
        self, what: Callable[[Path, int], str | None], numbers: Iterable[int], *, empty: bool = False
    ) -> Iterator[str | None]:
        """What an experiment says, for each number, on a fresh copy of the desk, or nothing; removed afterwards."""
        started = time.monotonic()
        for number in numbers:
            if time.monotonic() - started > self.seconds:
                return
            with tempfile.TemporaryDirectory(dir=self.root) as folder:
                out = Path(folder) / "out"
                yield what(out if empty else self.desk.copy(out), number)


def failing_calls(room: Room, first: int, every: int) -> Result:
    """The n-th call that changes the output fails with ENOSPC, EIO, EACCES in turn."""
    numbers = range(first, room.desk.n_calls + 1, every)
    note = f"every {every}. of {room.desk.n_calls} calls" if every > 1 else ""
    return counted("the n-th I/O call fails", room.each(room.desk.fails, numbers), note)


def named_kills(room: Room) -> Result:
    """The process is killed (-9) at each named step."""
    steps = [room.desk.step(name) for name in STEPS]
    return counted("kill -9 at a named step", room.each(room.desk.killed_at, steps))


def random_kills(room: Room, kills: int) -> Result:
    """The process is killed (-9) at random times."""
    chance = np.random.default_rng(SEED)
    running = 0
    with tempfile.TemporaryDirectory(dir=room.root) as folder:
        words = room.desk.command(room.desk.copy(Path(folder) / "out"))
        started = time.monotonic()
        subprocess.run(words, check=True)
        whole = time.monotonic() - started

    def killed(out: Path, number: int) -> str | None:
        nonlocal running
        was_running, wrong = room.desk.killed_after(out, whole * float(chance.uniform(*KILL_SPAN)))
        running += was_running
        return wrong

    result = counted("kill -9 at a random time", room.each(killed, range(kills)))
    result.note = result.note or f"{running} of them while it ran"
    return result


def batches(room: Room, number: int) -> Result:
    """Three batches, one after the other, each run killed (-9) at a random time and started again."""
    chance = np.random.default_rng(SEED)
    three = Series.set_up(room.root / "series")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=room.root) as folder:
        subprocess.run(command(three.sources[0], Path(folder) / "out", FIRST), check=True)
    whole = time.monotonic() - started
    seconds = (whole * float(chance.uniform(*KILL_SPAN)) for _ in iter(int, 1))

    result = counted(
        "batches A, B, C, each killed once",
        room.each(lambda out, _: three.killed(out, seconds), range(number), empty=True),
    )
    result.note = result.note or f"{three.cut} of the runs cut short"
    return result


def pairs(room: Room, number: int) -> Result:
    """Two runs started together."""
    return counted("two runs at once", room.each(lambda out, _: room.desk.pair(out), range(number)))


def flips(room: Room, number: int) -> Result:
    """One bit of a committed file turned over."""
    chance = np.random.default_rng(SEED)
    return counted("a flipped bit is named", room.each(lambda out, _: room.desk.flipped(out, chance), range(number)))


def full_disk(room: Room) -> Result:
    """The second run on a disk that is too small for it, where a small one can be mounted."""
    desk, disk = room.desk, room.root / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={disk_use(desk.made)[0] + SPARE}", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        return Result("full disk", 0, 0, "no small disk can be mounted here")
    try:
        out = desk.copy(disk / "out")
        ended = subprocess.run(desk.command(out), check=False, capture_output=True, text=True)
        wrong = None if ended.returncode == 73 else f"exit {ended.returncode}: {ended.stderr}"
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        wrong = wrong or desk.wrong(out)
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    return Result("full disk", 1, int(wrong is None), wrong or "")


def series(root: Path, runs: int, hours: int, seconds: float) -> tuple[Result, dict[str, float]]:
    """So many runs of one small article each, `hours` apart, in this process; fewer once `seconds` of wall clock are
    over.
    """
    source, out = root / "raw", root / "clean"
    chance = np.random.default_rng(SEED)
    words = np.array(" ".join((*WIRE, *LOCAL)).split())
    took: list[float] = []
    started = time.monotonic()
    with inline():
        while len(took) < runs and time.monotonic() - started < seconds:
            number = len(took)
            text = " ".join(chance.permutation(words)[:60])
            put(source, f"outlet{number % 7}.example/{number}.txt", page(f"Story {number}", LOCAL[number % 3], text))
            (source / f"outlet{(number - SPOOL) % 7}.example/{number - SPOOL}.txt").unlink(missing_ok=True)
            before = time.process_time()
            ran(source, out, YEAR + timedelta(hours=hours * number))
            took.append(time.process_time() - before)
    sound = not list(problems(current(out), deep=True))
    size, files = disk_use(out)
    n = max(1, min(200, len(took) // 4))
    first, last = statistics.median(took[:n]), statistics.median(took[-n:])
    figures = {
        "series.runs": len(took),
        "series.cpu_seconds_first": round(first, 3),
        "series.cpu_seconds_last": round(last, 3),
        "series.slower": round(last / first, 2),
        "series.megabytes": round(size / 1e6, 1),
        "series.files": files,
    }
    days = hours * len(took) / 24
    note = (
        f"{days:,.0f} days; {first:.2f} CPU-s a run at first, {last:.2f} at last; {size / 1e6:.0f} MB and {files:,} "
        f"files at the end"
    )
    return Result(f"runs every {hours} h, one after the other", len(took), len(took) if sound else 0, note), figures


def poisoned(documents: int) -> tuple[list[Result], dict[str, int]]:
    """Every hostile case among so many good documents."""
    figures, _, wrong = poison.measured(documents, jobs=2)
    n_cases, lost, unaccounted = (figures[f"poison.{name}"] for name in ("cases", "good_lost", "unaccounted"))
    note = f"{figures['poison.inputs']:,} inputs, {unaccounted} unaccounted for"
    results = [
        Result("the hostile set", n_cases, n_cases - len(wrong), " ".join(wrong)),
        Result("good documents among it", documents, documents - lost if not unaccounted else 0, note),
    ]
    return results, figures


class Tally:
    """Counts the tests of a pytest run."""

    def __init__(self) -> None:
        self.outcomes: list[str | None] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase of one test is over."""
        if report.when == "call" or report.failed:
            self.outcomes.append(None if report.passed else report.nodeid)


def slow_tests() -> Result:
    """The tests that `make test` leaves out: among them every pattern and rule on its worst 100 kB."""
    tally = Tally()
    pytest.main(["-q", "-m", "torture"], plugins=[tally])
    return counted("tests that take minutes", iter(tally.outcomes))


def disk_use(out: Path) -> tuple[int, int]:
    """Bytes on the disk, hard links counted once, and number of names."""
    seen: dict[int, int] = {}
    names = 0
    for folder, _, files in os.walk(out):
        for name in files:
            status = (Path(folder) / name).lstat()
            seen[status.st_ino] = status.st_blocks * 512
            names += 1
    return sum(seen.values()), names


def main() -> int:
    """Run what is asked for, print the table; 1 when something did not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, help="fail every so many-th call; 0: none")
    parser.add_argument("--first", type=int, default=1, help="the first call that fails: for parts side by side")
    parser.add_argument("--kills", type=int, default=200, help="kills at random times")
    parser.add_argument("--steps", action=argparse.BooleanOptionalAction, default=True, help="kill at each named step")
    parser.add_argument("--disk", action=argparse.BooleanOptionalAction, default=True, help="fill a small disk")
    parser.add_argument("--batches", type=int, default=20, help="series of three batches, each run killed once")
    parser.add_argument("--pairs", type=int, default=20, help="pairs of runs started together")
    parser.add_argument("--flips", type=int, default=200, help="single bits turned over")
    parser.add_argument("--documents", type=int, default=20_000, help="good documents, with the hostile set among them")
    parser.add_argument("--tests", action=argparse.BooleanOptionalAction, default=True, help="the tests marked torture")
    parser.add_argument("--runs", type=int, default=8760, help="runs, one after the other")
    parser.add_argument("--hours", type=int, default=1, help="hours between them")
    parser.add_argument(
        "--seconds", type=float, default=3600.0, help="of wall clock for each row: no more of it starts then"
    )
    asked = parser.parse_args()
    results: list[Result] = []
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        root = Path(folder)
        room = Room(Desk.set_up(root), root, asked.seconds)
        if asked.every:
            results.append(failing_calls(room, asked.first, asked.every))
        if asked.disk:
            results.append(full_disk(room))
        if asked.steps:
            results.append(named_kills(room))
        if asked.kills:
            results.append(random_kills(room, asked.kills))
        if asked.batches:
            results.append(batches(room, asked.batches))
        if asked.pairs:
            results.append(pairs(room, asked.pairs))
        if asked.flips:
            results.append(flips(room, asked.flips))
        if asked.runs:
            result, measured = series(root / "year", asked.runs, asked.hours, asked.seconds)
            results.append(result)
            figures |= measured
    if asked.documents:
        some, counts = poisoned(asked.documents)
        results += some
        figures |= counts
    if asked.tests:
        results.append(slow_tests())
    print("| what is done | times | held | |\n|---|---|---|---|")
    for result in results:
        print(f"| {result.promise} | {result.tried:,} | {result.held:,} | {result.note} |")
        name = result.promise.replace(" ", "_").replace(",", "")
        figures |= {f"{name}.tried": result.tried, f"{name}.held": result.held}
    write_figures(OUT / "torture.json", "torture", figures)
    return int(any(result.held < result.tried for result in results))


if __name__ == "__main__":
    raise SystemExit(main())
