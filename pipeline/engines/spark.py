"""Many machines: PySpark. Batches are plans; executors read the parts, do the kernels, and write parts themselves.

One task makes one batch. What crosses between machines is a place and the Arrow bytes of a polars frame, so kernels,
types and parts on disk are those of one machine; Spark places the tasks, moves the bytes of a group through its shuffle
and does again what a lost machine had done. Parts are written under a name of their own and moved into place: two
attempts at a task leave one part.

Bundles and the work folder must be on storage that the driver and all executors see under the same path; an executor
needs the same copydesk, polars and Python packages as the driver.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from io import BytesIO
from itertools import count, islice
from pathlib import Path
from secrets import token_hex
from typing import Any

import polars as pl
from py4j.protocol import Py4JError, Py4JJavaError
from pyspark import RDD, SparkConf, SparkContext
from pyspark.errors import PySparkRuntimeError
from pyspark.serializers import CPickleSerializer

from pipeline import __version__, errors
from pipeline.engines.base import Batch, Batches, BatchKernel, Fences, Kernel, Keys, Refused, Result, Task
from pipeline.engines.bundles import part_name, part_names, placed, read_part, read_whole, summed, write_part
from pipeline.engines.fenced import Fenced
from pipeline.engines.keys import columns_of, dealt, refuse_unlike
from pipeline.engines.nursery import THREADS
from pipeline.files import TEMPORARY, remove_folder, reset_folder

LOG = "spark.log"  # in the work folder: what the JVM says
# Groups of tasks for each core in a wave: 1,024 pages, some 30 s, against 2 s to start the fenced process.
GROUPS_A_TASK = 64
Rows = Iterator[Any]  # what a Spark partition holds: parts by number, or pieces of frames
Piece = tuple[int, tuple[int, str, bytes]]  # place; number of the batch it comes from, table, rows
QUIET = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
LOOPBACK = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}  # of one machine: not reachable
_OURS = re.compile(r"pipeline\.errors\.(\w+): (.*?)(?:\n SQLSTATE|\n\tat |\Z)", re.DOTALL)
_FORM = CPickleSerializer()  # in which Spark itself sends tasks and answers between its processes
_GATEWAY = "PYSPARK_GATEWAY_PORT"  # set where spark-submit has started the JVM


@dataclass(frozen=True)
class Leg:
    """Batches of one origin: each partition of `rows` holds what one of them is made from."""

    rows: RDD[Any]
    n: int  # batches
    made: Callable[[Rows], Iterator[tuple[int, Batch]]]  # in a task: the number and the batch of a partition


class Plan(Batches):
    """Batches to be made by executors."""

    def __init__(self, engine: Spark, legs: Callable[[], Sequence[Leg]]) -> None:
        self.engine, self.legs = engine, legs

    def __iter__(self) -> Iterator[Batch]:
        with self.engine.folder() as folder:
            rows = self.engine.write(folder, self)
            for number in range(sum(leg.n for leg in self.legs())):
                own = [table for table in rows if (folder / table / part_name(number)).is_file()]
                yield read_part(dict.fromkeys(own, folder), part_name(number))

    def __add__(self, other: Batches) -> Plan:
        return Plan(self.engine, lambda: [*self.legs(), *_planned(other).legs()])


class Spark:
    """The engine for many machines.

    `master` and `conf` are Spark's own words; where `master` is '', what spark-submit says counts, else `local[jobs]`.
    `work` is a folder of its own for what lives during a verb, and for the JVM's log.
    """

    def __init__(self, work: Path, master: str, conf: Mapping[str, str | int | bool], jobs: int = 1) -> None:
        self.work, self.master, self.jobs = work.absolute(), master, jobs
        self.conf = {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in conf.items()}

    def scan(
        self,
        bundle: Path,
        tables: Sequence[str],
        *beside: tuple[Path, Sequence[str]],
        parts: Sequence[str] | None = None,
    ) -> Plan:
        """The bundle's batches, in order, each read by the task that needs it; see `Engine.scan`."""
        places = placed(bundle, tables, *beside)

        def legs() -> list[Leg]:
            names = part_names(places) if parts is None else parts
            if not names:
                return []
            numbers = self.context.parallelize(range(len(names)), len(names))
            return [Leg(numbers, len(names), partial(_read, places, tuple(names)))]

        return Plan(self, legs)

    def map(self, kernel: BatchKernel, batches: Batches) -> Plan:
        """The kernel's answer for each batch, in order, worked out by the task that makes the batch."""
        plan = _planned(batches)
        return Plan(self, lambda: [replace(leg, made=partial(_mapped, leg.made, kernel)) for leg in plan.legs()])

    def group(self, batches: Batches, by: Keys) -> Plan:
        """As many batches as came in of one origin, but at least one for each core; see `Engine.group`."""
        plan = _planned(batches)

        def legs() -> list[Leg]:
            came = plan.legs()
            if not came:
                refuse_unlike({}, by)
            n = max(self.context.defaultParallelism, *(leg.n for leg in came))
            pieces = [
                leg.rows.mapPartitions(partial(_pieces, leg.made, first, by, n)) for first, leg in _numbered(came)
            ]
            return [Leg(_union(self.context, pieces).partitionBy(n, int), n, partial(_grouped, by))]

        return Plan(self, legs)

    def keep(self, batches: Iterable[Batch]) -> Plan:
        """The same batches, as parts in the work folder for as long as a plan needs them."""
        context = self.context  # its start clears the work folder
        folder = reset_folder(self.work / token_hex(8))
        own = batches if isinstance(batches, Plan) else list(batches)
        n = sum(leg.n for leg in own.legs()) if isinstance(own, Plan) else len(own)
        self.write(folder, own)
        plan = Plan(self, lambda: [Leg(context.parallelize(range(n), n), n, partial(_kept, folder))] if n else [])
        weakref.finalize(plan, remove_folder, folder)
        return plan

    def map_isolated(
        self,
        kernel: Kernel[Task, Result],
        tasks: Iterable[Sequence[Task]],
        fences: Fences,
        refused: Refused[Task, Result],
    ) -> Iterator[Result]:
        """The kernel's last answer for each group, in order, each worked out behind fences in an executor.

        Groups and answers are files of the work folder, so that the driver holds one of them at a time. They go out in
        waves: while executors are at one, the driver reads the next.
        """
        source, n_cores = iter(tasks), self.context.defaultParallelism
        with self.folder() as folder, ThreadPoolExecutor(1) as line:
            ahead: Future[list[Path]] | None = None
            try:
                for wave in count():
                    files = _group_files(islice(source, n_cores * GROUPS_A_TASK), reset_folder(folder / str(wave)))
                    if not files:
                        break
                    parts = _dealt_out(files, n_cores)
                    done, ahead = ahead, line.submit(self._isolated, kernel, parts, fences, refused)
                    yield from _answers(done.result() if done else ())
                yield from _answers(ahead.result() if ahead else ())
            except BaseException:  # the reader left, or a signal came: nobody waits for the rest
                self.context.cancelAllJobs()
                raise

    def gather(self, batches: Path | Batches, table: str) -> pl.DataFrame:
        """A whole table."""
        if isinstance(batches, Path):
            return read_whole(batches, table)
        with self.folder() as folder:
            self.write(folder, self.map(partial(_only, table), batches))
            return read_whole(folder, table)

    def write(self, bundle: Path, batches: Iterable[Batch]) -> dict[str, int]:
        """Write the batches as a bundle; rows by table name. A plan's are written by the tasks that make them."""
        if not isinstance(batches, Plan):
            return summed([write_part(bundle, number, batch) for number, batch in enumerate(batches)])
        target = bundle.absolute()
        target.mkdir(parents=True, exist_ok=True)
        legs = _numbered(batches.legs())
        counts = [leg.rows.mapPartitions(partial(_written, leg.made, first, target)) for first, leg in legs]
        rows = summed(self._collected(_union(self.context, counts))) if counts else {}
        for leftover in target.glob(f"{TEMPORARY}*"):  # of attempts that were cut off
            shutil.rmtree(leftover, ignore_errors=True)
        return rows

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A folder that the executors see, too, while the body is at work."""
        made = reset_folder(self.work / token_hex(8))
        try:
            yield made
        finally:
            remove_folder(made)

    @cached_property
    def context(self) -> SparkContext:
        """Spark, started when it is first needed. Raises ConfigError where it cannot be, or executors do not fit."""
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # else `python3` of the PATH, a stranger
        conf = SparkConf().setAppName("copydesk").setAll(list(self._properties().items()))
        log = reset_folder(self.work) / LOG
        try:
            with _errors_go_to(log):
                context = SparkContext.getOrCreate(conf)
        except (PySparkRuntimeError, Py4JError) as error:
            raise errors.ConfigError(f"--engine spark: Spark does not start: {error}\n{_end_of(log)}") from None
        atexit.register(context.stop)
        for name in THREADS:
            context.environment.setdefault(name, "1")  # a task is one core's work
        self._refuse_strangers(context)
        return context

    def _properties(self) -> dict[str, str]:
        """What is said to Spark; of what spark-submit may have said, only what the settings say."""
        said = {"spark.master": self.master} if self.master else {}
        if _GATEWAY not in os.environ:
            said = {"spark.master": f"local[{self.jobs}]", **QUIET, **said}
            if said["spark.master"].startswith("local"):
                said = {**LOOPBACK, **said}
        return said | self.conf

    def _refuse_strangers(self, context: SparkContext) -> None:
        """Raises ConfigError where an executor lacks copydesk, has another, or does not see the work folder."""
        n = 2 * context.defaultParallelism
        with self.folder() as folder:
            seen = context.parallelize(range(n), n).mapPartitions(partial(_look_around, folder))
            for version, libraries, sees in self._collected(seen):
                if (version, libraries) != _versions():
                    raise errors.ConfigError(
                        f"--engine spark: an executor has copydesk {version} with polars {libraries}, the driver "
                        f"{' with polars '.join(_versions())}; install the same on all machines"
                    )
                if not sees:
                    raise errors.ConfigError(
                        f"--engine spark: an executor does not see {self.work}; output folder and spark.work_dir must "
                        "be on storage that all machines share, under the same path"
                    )

    def _isolated(
        self,
        kernel: Kernel[Task, Result],
        parts: Sequence[Sequence[Path]],
        fences: Fences,
        refused: Refused[Task, Result],
    ) -> list[Path]:
        asked = self.context.parallelize(parts, len(parts))
        return self._collected(asked.mapPartitions(partial(_answered, kernel, fences, refused)))

    def _collected(self, rows: RDD[Any]) -> list[Any]:
        """What the tasks answer, in order. Raises the error of ours that one of them raised."""
        try:
            answers: list[Any] = rows.collect()
        except Py4JJavaError as error:
            said = str(error.java_exception)
            ours = _OURS.search(said)
            if ours and hasattr(errors, ours[1]):
                raise getattr(errors, ours[1])(ours[2]) from None
            if "No module named 'pipeline'" in said:
                raise errors.ConfigError(
                    "--engine spark: executors do not find copydesk; install it on all machines, or send an "
                    "environment that has it (docs/past-one-machine.md)"
                ) from None
            raise
        return answers


def _planned(batches: Batches) -> Plan:
    if not isinstance(batches, Plan):
        raise TypeError(f"batches of another engine: {type(batches).__name__}")
    return batches


def _numbered(legs: Iterable[Leg]) -> Iterator[tuple[int, Leg]]:
    """Each leg with the number of its first batch among all."""
    first = 0
    for leg in legs:
        yield first, leg
        first += leg.n


def _union(context: SparkContext, rows: Sequence[RDD[Any]]) -> RDD[Any]:
    return rows[0] if len(rows) == 1 else context.union(list(rows))


@contextmanager
def _errors_go_to(log: Path) -> Iterator[None]:
    """Processes started inside write their stderr to the log: a JVM has much to say that is no error."""
    sys.stderr.flush()
    own = os.dup(2)
    try:
        with log.open("ab") as file:
            os.dup2(file.fileno(), 2)
        yield
    finally:
        os.dup2(own, 2)
        os.close(own)


def _end_of(log: Path) -> str:
    """The last three lines that are no step of a stack trace."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join([line for line in lines if not line.startswith(("\t", " "))][-3:])


def _group_files(groups: Iterable[Sequence[Task]], folder: Path) -> list[Path]:
    """A file for each group of tasks."""
    files = []
    for number, group in enumerate(groups):
        files.append(folder / f"{number}.tasks")
        with files[-1].open("xb") as opened:
            _FORM.dump_stream([group], opened)
    return files


def _dealt_out(files: Sequence[Path], n_cores: int) -> list[Sequence[Path]]:
    """The files in order, in as many parts as there are cores, as even as can be."""
    n = min(len(files), n_cores)
    return [files[len(files) * part // n : len(files) * (part + 1) // n] for part in range(n)]


def _answers(files: Iterable[Path]) -> Iterator[Any]:
    """The answers in the files, which are read once."""
    for file in files:
        with file.open("rb") as opened:
            yield from _FORM.load_stream(opened)
        file.unlink()


# In the tasks


def _versions() -> tuple[str, str]:
    return __version__, pl.__version__


def _look_around(folder: Path, rows: Rows) -> Iterator[tuple[str, str, bool]]:
    for _ in rows:
        yield (*_versions(), folder.is_dir())


def _read(places: Mapping[str, Path], names: Sequence[str], numbers: Rows) -> Iterator[tuple[int, Batch]]:
    for number in numbers:
        yield number, read_part(places, names[number])


def _kept(folder: Path, numbers: Rows) -> Iterator[tuple[int, Batch]]:
    for number in numbers:
        own = [file.parent.name for file in folder.glob(f"*/{part_name(number)}")]
        yield number, read_part(dict.fromkeys(own, folder), part_name(number))


def _mapped(
    made: Callable[[Rows], Iterator[tuple[int, Batch]]], kernel: BatchKernel, rows: Rows
) -> Iterator[tuple[int, Batch]]:
    for number, batch in made(rows):
        yield number, kernel(batch)


def _only(table: str, batch: Batch) -> Batch:
    return {table: batch[table]}


def _pieces(
    made: Callable[[Rows], Iterator[tuple[int, Batch]]], first: int, by: Keys, n: int, rows: Rows
) -> Iterator[Piece]:
    """The batch's rows for each of `n` places; the first of a leg tells every place what columns there are."""
    for number, batch in made(rows):
        for table in (table for table in by if table in batch):
            places = dict(dealt(batch[table], columns_of(by, table), n))
            if number == 0:
                places = dict.fromkeys(range(n), batch[table].clear()) | places
            for place, own in places.items():
                yield place, (first + number, table, _packed(own))


def _grouped(by: Keys, rows: Rows) -> Iterator[tuple[int, Batch]]:
    came: dict[str, list[tuple[int, bytes]]] = {}
    place = None
    for place, (number, table, packed) in rows:  # noqa: B007  the last is that of all
        came.setdefault(table, []).append((number, packed))
    if place is not None:
        batch = {
            table: pl.concat(pl.read_ipc_stream(packed) for _, packed in sorted(came[table]))
            for table in by
            if table in came
        }
        yield place, refuse_unlike(batch, by)


def _packed(rows: pl.DataFrame) -> bytes:
    packed = BytesIO()
    rows.write_ipc_stream(packed)  # not compressed: Spark does that with what it shuffles
    return packed.getvalue()


def _written(
    made: Callable[[Rows], Iterator[tuple[int, Batch]]], first: int, bundle: Path, rows: Rows
) -> Iterator[dict[str, int]]:
    """Write the partition's batch as a part of the bundle; rows by table name."""
    for number, batch in made(rows):
        draft = bundle / f"{TEMPORARY}{token_hex(8)}"
        counts = write_part(draft, first + number, batch)
        for table in counts:
            (bundle / table).mkdir(exist_ok=True)
            (draft / table / part_name(first + number)).replace(bundle / table / part_name(first + number))
        shutil.rmtree(draft, ignore_errors=True)
        yield counts


def _answered(
    kernel: Kernel[Task, Result], fences: Fences, refused: Refused[Task, Result], parts: Iterable[Sequence[Path]]
) -> Iterator[Path]:
    """Do the groups of tasks in some files; the file with their answers."""
    for files in parts:
        draft = files[0].with_name(f"{files[0].stem}.{token_hex(8)}")  # two attempts may be at work
        with draft.open("xb") as opened:
            _FORM.dump_stream(Fenced(kernel, 1, fences, refused).answers(_groups(files)), opened)
        yield draft.replace(files[0].with_suffix(".answers"))


def _groups(files: Iterable[Path]) -> Iterator[Any]:
    for file in files:
        with file.open("rb") as opened:
            yield from _FORM.load_stream(opened)
