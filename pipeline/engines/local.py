"""One machine: polars in this process, and fenced processes for what may crash or hang."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import polars as pl

from pipeline.engines.base import Batch, Fences, Kernel, Refused, Result, Task
from pipeline.engines.fenced import Fenced
from pipeline.files import read_table, write_table


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
        kernel: Kernel[Task, Result],
        tasks: Iterable[Sequence[Task]],
        fences: Fences,
        refused: Refused[Task, Result],
    ) -> Iterator[Result]:
        """The kernel's last answer for each group, in order; see `Engine.map_isolated`."""
        return Fenced(kernel, self.jobs, fences, refused).answers(tasks)

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
