"""One machine: polars in this process, and fenced processes for what may crash or hang."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import polars as pl

from pipeline.engines.base import Batch, Batches, BatchKernel, Fences, Kernel, Keys, Refused, Result, Task
from pipeline.engines.bundles import part_names, placed, read_part, read_whole, summed, write_part
from pipeline.engines.fenced import Fenced
from pipeline.engines.keys import columns_of, place_of, refuse_unlike

# Of rows in one batch of a group, as polars estimates them: a kernel holds some four times its batch on the way.
GROUP_BYTES = 1 << 29


class Stream(Batches):
    """Batches made one after the other in this process."""

    def __init__(self, made: Callable[[], Iterable[Batch]]) -> None:
        self._made = made

    def __iter__(self) -> Iterator[Batch]:
        return iter(self._made())

    def __add__(self, other: Batches) -> Stream:
        return Stream(lambda: chain(self, other))


class Local:
    """The engine for one machine. `jobs` processes work on isolated tasks."""

    def __init__(self, jobs: int = 1) -> None:
        self.jobs = jobs

    def scan(
        self,
        bundle: Path,
        tables: Sequence[str],
        *beside: tuple[Path, Sequence[str]],
        parts: Sequence[str] | None = None,
    ) -> Stream:
        """The bundle's batches, in order; see `Engine.scan`."""
        places = placed(bundle, tables, *beside)
        return Stream(lambda: (read_part(places, name) for name in (part_names(places) if parts is None else parts)))

    def map(self, kernel: BatchKernel, batches: Batches) -> Stream:
        """The kernel's answer for each batch, in order."""
        return Stream(lambda: map(kernel, batches))

    def group(self, batches: Batches, by: Keys) -> Stream:
        """One batch while its rows are few, several when they are many; see `Engine.group`."""
        return Stream(lambda: _grouped(batches, by))

    def keep(self, batches: Iterable[Batch]) -> Stream:
        """The same batches, in memory."""
        kept = list(batches)
        return Stream(lambda: kept)

    def map_isolated(
        self,
        kernel: Kernel[Task, Result],
        tasks: Iterable[Sequence[Task]],
        fences: Fences,
        refused: Refused[Task, Result],
    ) -> Iterator[Result]:
        """The kernel's last answer for each group, in order; see `Engine.map_isolated`."""
        return Fenced(kernel, self.jobs, fences, refused).answers(tasks)

    def gather(self, batches: Path | Batches, table: str) -> pl.DataFrame:
        """A whole table."""
        if isinstance(batches, Path):
            return read_whole(batches, table)
        return pl.concat(batch[table] for batch in batches)

    def write(self, bundle: Path, batches: Iterable[Batch]) -> dict[str, int]:
        """Write the batches as a bundle; rows by table name."""
        return summed([write_part(bundle, number, batch) for number, batch in enumerate(batches)])


def _grouped(batches: Batches, by: Keys) -> Iterator[Batch]:
    came: dict[str, list[pl.DataFrame]] = {}
    for batch in batches:
        for table in by.keys() & batch.keys():
            came.setdefault(table, []).append(batch[table])
    whole = refuse_unlike({table: pl.concat(came.pop(table)) for table in by if table in came}, by)
    n = 1 + int(sum(rows.estimated_size() for rows in whole.values())) // GROUP_BYTES
    if n == 1:
        yield whole
        return
    # What came stays as it is, shared with those who keep it, and one group of it is copied at a time.
    places = {table: place_of(rows, columns_of(by, table), n) for table, rows in whole.items()}
    for place in range(n):
        yield {table: rows.filter(places[table] == place) for table, rows in whole.items()}
