"""What the stages ask of a machine: a handful of verbs.

A *bundle* is a folder of aligned tables in parts: part n of `documents` and part n of `lines` hold the same articles,
and an article is never spread over two parts. A *batch* is one part of each table, by table name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import polars as pl

Batch = dict[str, pl.DataFrame]
Task = TypeVar("Task")
Result = TypeVar("Result")
# Answers to a group of tasks, each better than the one before: where the work is cut short, the last that came counts.
Kernel = Callable[[Sequence[Task]], Iterable[Result]]
Refused = Callable[[Task, str, str], Result]  # a task that could not be done: the task, the reason, the detail


@dataclass(frozen=True, slots=True)
class Fences:
    """Where work on a group of tasks ends, whatever it is doing."""

    cpu_seconds: float  # and four times that by the clock
    memory_bytes: int  # of address space, libraries included


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
        kernel: Kernel[Task, Result],
        tasks: Iterable[Sequence[Task]],
        fences: Fences,
        refused: Refused[Task, Result],
    ) -> Iterator[Result]:
        """The kernel's last answer for each group of tasks, in order, worked out where a crash or a hang harms nothing.

        A group that fails or reaches a fence is done again task by task; a task that fails again stands with the last
        answer it gave, or is handed to `refused` with a reason: timeout, killed, out_of_memory, error.
        """
        ...

    def gather(self, bundle: Path, table: str) -> pl.DataFrame:
        """A whole table, for what must see every row."""
        ...

    def write(self, bundle: Path, batches: Iterable[Batch]) -> dict[str, int]:
        """Write the batches as a bundle; rows by table name."""
        ...
