"""A small invented newsroom for tests of whole runs: two outlets, one wire story, chrome around it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from unittest.mock import patch

import polars as pl
from typer import testing

from pipeline.cli import app
from pipeline.config import LOCAL_DEFAULT, Config, load, packaged_configs
from pipeline.engines.base import Fences, Kernel, Refused, Result, Task
from pipeline.engines.local import Local
from pipeline.rebuild import rebuild
from pipeline.run import Order, Outcome, run
from pipeline.store import Store, Version

SAMPLE = Path(__file__).parents[1] / "data" / "raw"
SAMPLED = datetime(2026, 11, 20, 6, tzinfo=UTC)
FIRST = datetime(2026, 11, 17, 6, 0, tzinfo=UTC)
SECOND = datetime(2026, 11, 18, 6, 0, tzinfo=UTC)
THIRD = datetime(2026, 11, 19, 6, 0, tzinfo=UTC)

WIRE = (
    "PORT ALMA — The ferry operator Norlinje said on Monday it would add four night sailings between Port Alma and "
    "Varga from 3 January, after a harbour fire closed the southern terminal for at least six weeks.",
    "The company has chartered the 1,200-passenger vessel Astrid Holm for the route and expects to carry 48,000 "
    "travellers a month, chief executive Marta Lindqvist told reporters at the quayside.",
    "Dock workers have asked for guarantees that the extra shifts will be paid at the holiday rate, and a union "
    "meeting on Thursday will decide whether the offer of 18 percent is enough.",
)
EDITED = (
    "The ferry operator Norlinje said Monday it would add four night sailings between Port Alma and Varga from "
    "January 3 after a harbor fire closed the southern terminal for at least six weeks.",
    "The company has chartered the 1,200-passenger vessel Astrid Holm for the route and expects to carry 48,000 "
    "travelers a month, its chief executive Marta Lindqvist said at the quayside.",
)
LOCAL = (
    "Kim Jong-un received a delegation of shipbuilders in Wonsan on Tuesday, state media reported, in his first "
    "public appearance for two weeks.",
    "Market traders in the old town say the council has ignored their complaints about the new parking scheme, which "
    "took effect at the start of the month without a public hearing.",
    "A spokesman for the mayor said the rules would be reviewed in spring, and that the number of permits had been "
    "raised twice since the summer at the request of residents.",
)


def page(title: str, *paragraphs: str, date: str = "17 November 2026") -> str:
    """A plain-text dump with a little chrome around the story."""
    body = "\n\n".join(paragraphs)
    return (
        f"Skip to main content\n\nNews | Sport | Weather\n\n{title}\n\nBy Ana Petrova\n{date}\n\n{body}\n\n"
        "Share this article\n\nRelated articles\n\n© 2026 All rights reserved\n"
    )


def put(root: Path, path: str, text: str) -> Path:
    """Write an input file."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def newsroom(root: Path) -> Path:
    """Two outlets: the wire story, its edited copy, a local story."""
    put(root, "herald.example/2026-11-17/ferry.txt", page("Norlinje adds night sailings after harbour fire", *WIRE))
    put(root, "coast.example/2026-11-17/ferries.txt", page("More night ferries after harbor fire", *EDITED, LOCAL[1]))
    put(root, "herald.example/2026-11-17/traders.txt", page("Traders fault council over parking", LOCAL[2], LOCAL[0]))
    return root


def record(**fields: str) -> str:
    """One line of JSONL."""
    return json.dumps(fields) + "\n"


class Silent:
    """A reporter that keeps what it is told."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def event(self, name: str, message: str, **figures: object) -> None:
        """Not kept."""

    def warning(self, name: str, message: str, **figures: object) -> None:
        """Kept."""
        self.warnings.append(message)

    def progress(self, done: int, what: str) -> None:
        """Not kept."""


_read = cache(load)


def configured(path: Path | None = None, sets: Sequence[str] = ()) -> Config:
    """What `load` says; of the default settings it is remembered: their files of names take a third of a small run."""
    own = LOCAL_DEFAULT.parent
    is_default = path is None and (not own.is_dir() or own.samefile(packaged_configs()))
    return _read(packaged_configs() / LOCAL_DEFAULT.name, tuple(sets)) if is_default else load(path, sets)


def order(source: Path, out: Path, as_of: datetime = FIRST, sets: tuple[str, ...] = (), **rest: object) -> Order:
    """An order under the default settings."""
    return Order(config=configured(None, sets), source=source, out=out, as_of=as_of, **rest)


class Inline(Local):
    """The local engine without its pool, whose processes take two seconds to start."""

    def map_isolated(
        self,
        kernel: Kernel[Task, Result],
        tasks: Iterable[Sequence[Task]],
        fences: Fences,
        refused: Refused[Task, Result],
    ) -> Iterator[Result]:
        """The kernel's last answer for each group, worked out in this process."""
        for group in tasks:
            *_, last = kernel(group)
            yield last


@contextmanager
def inline() -> Iterator[None]:
    """Runs of this process read documents in it."""
    with patch("pipeline.run.Local", Inline):
        yield


@contextmanager
def at_hand() -> Iterator[None]:
    """Commands of this process read documents in it, and the default settings once."""
    with inline(), patch("pipeline.config.load", configured):
        yield


def copydesk(*words: object, env: Mapping[str, str] | None = None) -> testing.Result:
    """A command as the shell gives it, done in this process: what it prints, and how it ends."""
    with at_hand():
        return testing.CliRunner().invoke(app, [str(word) for word in words], env=env)


def ran(source: Path, out: Path, as_of: datetime = FIRST, sets: tuple[str, ...] = (), **rest: object) -> Outcome:
    """A run, done; in processes of its own only where `jobs` are asked for."""
    with nullcontext() if "jobs" in rest else inline():
        return run(order(source, out, as_of, sets, **rest), Silent())


def rebuilt(source: Path, out: Path, as_of: datetime = FIRST, sets: tuple[str, ...] = (), **rest: object) -> Outcome:
    """A rebuild, done; in processes of its own only where `jobs` are asked for."""
    with nullcontext() if "jobs" in rest else inline():
        return rebuild(order(source, out, as_of, sets, **rest), Silent())


def current(out: Path) -> Version:
    """The current version of an output folder."""
    version = Store(out).current()
    assert version is not None
    return version


def rows(out: Path, table: object, *columns: str) -> pl.DataFrame:
    """The current rows of a table."""
    frame = current(out).read(table)
    return frame.select(columns) if columns else frame


def bytes_of(out: Path) -> dict[str, bytes]:
    """Every table and state file of the current version, by path."""
    root = current(out).path
    return {str(file.relative_to(root)): file.read_bytes() for file in sorted(root.rglob("*.parquet"))}
