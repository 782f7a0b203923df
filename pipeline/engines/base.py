"""What the stages ask of a machine: a handful of verbs.

A *bundle* is a folder of aligned tables in parts: part n of `documents` and part n of `lines` hold the same articles,
and an article is never spread over two parts. A *batch* is one part of each table, by table name. A *kernel* makes a
batch of a batch: a pure function that can be pickled (by cloudpickle: closures over plain values and frames may be) and
never sees the engine. The *driver* is the process that runs the stages.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import polars as pl

Batch = dict[str, pl.DataFrame]
Keys = Mapping[str, str | Sequence[str]]  # table -> the columns of its key
Task = TypeVar("Task")
Result = TypeVar("Result")
BatchKernel = Callable[[Batch], Batch]
# Answers to a group of tasks, each better than the one before: where the work is cut short, the last that came counts.
Kernel = Callable[[Sequence[Task]], Iterable[Result]]
Refused = Callable[[Task, str, str], Result]  # a task that could not be done: the task, the reason, the detail


class Batches(ABC):
    """Batches still to be made: nothing runs before they are iterated or written, and each time it runs again."""

    @abstractmethod
    def __iter__(self) -> Iterator[Batch]:
        """The batches, in order, in the driver: for small tables."""

    @abstractmethod
    def __add__(self, other: Batches) -> Batches:
        """These batches, then the others, whatever their tables."""


@dataclass(frozen=True, slots=True)
class Fences:
    """Where work on a group of tasks ends, whatever it is doing."""

    cpu_seconds: float  # and four times that by the clock
    memory_bytes: int  # of address space, libraries included


class Engine(Protocol):
    """Everything a stage may ask; an engine passes `tests/engines/test_contract.py`."""

    def scan(
        self,
        bundle: Path,
        tables: Sequence[str],
        *beside: tuple[Path, Sequence[str]],
        parts: Sequence[str] | None = None,
    ) -> Batches:
        """The bundle's batches, in order, with tables of the aligned bundles beside it.

        `parts` names those to read, by their paths in the folder of a table; None = all that the first table has.
        Raises DamagedError where a table of a bundle has other parts.
        """
        ...

    def map(self, kernel: BatchKernel, batches: Batches) -> Batches:
        """The kernel's answer for each batch, in order."""
        ...

    def group(self, batches: Batches, by: Keys) -> Batches:
        """The rows of the tables that `by` names in other batches: rows with equal keys are in the same one.

        Keys are equal whatever their columns are called, so a join is a group and a kernel; null equals null. The
        engine chooses how many batches, each with every table and many keys or none; rows come in the order of the
        batches they come from. A hot key's rows all come to one batch: sum up what can be summed up before. Raises
        PipelineError where a key is not of one type in all tables, or where no batch has a table.
        """
        ...

    def keep(self, batches: Iterable[Batch]) -> Batches:
        """The same batches, an engine's or the driver's own, made once however often they are asked for."""
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

    def gather(self, batches: Path | Batches, table: str) -> pl.DataFrame:
        """A whole table of a bundle or of batches, in the driver: at least one batch, and small."""
        ...

    def write(self, bundle: Path, batches: Iterable[Batch]) -> dict[str, int]:
        """Write the batches, an engine's or the driver's own, as a bundle; rows by table name."""
        ...
