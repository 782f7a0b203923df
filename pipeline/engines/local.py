"""One machine: polars in this process, and a pool of spawned processes for what may crash or hang.

Spawned, never forked: a fork after polars has started its threads can hang for good.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from pipeline.engines.base import Batch, Refused, Result, Task
from pipeline.files import read_table, write_table

# What numpy's libraries read when they are loaded. Their threads wait for each other at full load: with two, the line
# model's small products took three times the CPU seconds.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
GROUPS_AHEAD = 2  # groups waiting for each process: keeps it busy and memory flat


class Local:
    """The engine for one machine. `jobs` processes work on isolated tasks."""

    def __init__(self, jobs: int = 1) -> None:
        self.jobs = jobs

    def scan(self, bundle: Path, tables: Sequence[str]) -> Iterator[Batch]:
        """The bundle's batches, in order."""
        for part in sorted((bundle / tables[0]).glob("part-*.parquet")):
            yield {table: read_table(bundle / table / part.name) for table in tables}

    def map(self, kernel: Callable[[Batch], Batch], batches: Iterable[Batch]) -> Iterator[Batch]:
        """The kernel's answer for each batch, in order."""
        return map(kernel, batches)

    def map_isolated(
        self,
        kernel: Callable[[Sequence[Task]], Result],
        tasks: Iterable[Sequence[Task]],
        seconds: float,
        refused: Refused[Task, Result],
    ) -> Iterator[Result]:
        """The kernel's answer for each group, in order; see `Engine.map_isolated`."""
        from pebble import ProcessPool

        spawned = multiprocessing.get_context("spawn")
        with _one_thread_each(), ProcessPool(max_workers=self.jobs, context=spawned) as pool:

            def started(group: Sequence[Task]) -> tuple[Sequence[Task], Future[Result]]:
                return group, pool.schedule(kernel, args=[group], timeout=seconds)

            def finished(group: Sequence[Task], future: Future[Result]) -> Iterator[Result]:
                failure = future.exception()
                if failure is None:
                    yield future.result()
                elif len(group) > 1:
                    for task in group:
                        yield from finished(*started([task]))
                else:
                    yield refused(group[0], *_reason(failure, seconds))

            waiting: deque[tuple[Sequence[Task], Future[Result]]] = deque()
            try:
                for group in tasks:
                    waiting.append(started(group))
                    if len(waiting) > self.jobs * GROUPS_AHEAD:
                        yield from finished(*waiting.popleft())
                while waiting:
                    yield from finished(*waiting.popleft())
            finally:
                if waiting:
                    pool.stop()  # type: ignore[no-untyped-call]  # pebble leaves it untyped

    def gather(self, bundle: Path, table: str) -> pl.DataFrame:
        """A whole table."""
        return pl.concat(read_table(part) for part in sorted((bundle / table).glob("part-*.parquet")))

    def write(self, bundle: Path, batches: Iterable[Batch]) -> dict[str, int]:
        """Write the batches as a bundle; rows by table name."""
        rows: dict[str, int] = {}
        for number, batch in enumerate(batches):
            for table, frame in batch.items():
                folder = bundle / table
                folder.mkdir(parents=True, exist_ok=True)
                write_table(frame, folder / f"part-{number:05d}.parquet")
                rows[table] = rows.get(table, 0) + frame.height
        return rows


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes started inside compute in one thread, where the environment does not say otherwise."""
    added = [name for name in THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def _reason(failure: BaseException, seconds: float) -> tuple[str, str]:
    from pebble import ProcessExpired

    if isinstance(failure, TimeoutError):
        return "timeout", f"more than {seconds:g} s"
    if isinstance(failure, ProcessExpired):
        return "crashed", f"the process reading it died with exit code {failure.exitcode}"
    return "crashed", f"{type(failure).__name__}: {failure}"
