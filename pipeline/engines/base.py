"""What the stages ask of a machine: a handful of verbs.

A *bundle* is a folder of aligned tables in parts: part n of `documents` and part n of `lines` hold the same articles,
and an article is never spread over two parts. A *batch* is one part of each table, by table name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import polars as pl

Batch = dict[str, pl.DataFrame]
Task = TypeVar("Task")
Result = TypeVar("Result")
Refused = Callable[[Task, str, str], Result]  # a task that could not be done: the task, the reason, the detail


class Engine(Protocol):
    """Everything a stage may ask; an engine passes `tests/engines/test_contract.py`."""

    def scan(self, bundle: Path, tables: Sequence[str]) -> Iterator[Batch]:
        """The bundle's batches, in order."""
        ...

    def map(self, kernel: Callable[[Batch], Batch], batches: Iterable[Batch]) -> Iterator[Batch]:
        """The kernel's answer for each batch, in order."""
        ...

    def map_isolated(
        self,
        kernel: Callable[[Sequence[Task]], Result],
        tasks: Iterable[Sequence[Task]],
        seconds: float,
        refused: Refused[Task, Result],
    ) -> Iterator[Result]:
        """The kernel's answer for each group of tasks, in order, worked out where a crash or a hang harms nothing.

        A group that fails or takes more than `seconds` is done again task by task, and a task that fails alone is
        handed to `refused`.
        """
        ...

    def gather(self, bundle: Path, table: str) -> pl.DataFrame:
        """A whole table, for what must see every row."""
        ...

    def write(self, bundle: Path, batches: Iterable[Batch]) -> dict[str, int]:
        """Write the batches as a bundle; rows by table name."""
        ...
