"""The output folder: versions, one pointer, one lock.

    versions/<run_id>/<table>/day=<date>/part-0.parquet    the tables
    versions/<run_id>/state/<table>/day=<date>/part-0.parquet    what the next run must remember
    versions/<run_id>/manifest.json, manifest.sha256
    current -> versions/<run_id>

A version is built under a temporary name, its unchanged files hard-linked from the version before, everything
fsynced, renamed; then `current` is swapped by rename. A reader sees the old version or the new one, nothing between.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
from filelock import FileLock, Timeout

from pipeline.errors import LockedError, RefusedError, UsageError, WriteError
from pipeline.files import (
    digest,
    fsync_folder,
    read_json,
    read_table,
    reset_folder,
    write_bytes,
    write_json,
    write_table,
)
from pipeline.schemas import Table

LOCK, CURRENT, VERSIONS, STAGE = ".lock", "current", "versions", ".stage"
MANIFEST, MANIFEST_HASH = "manifest.json", "manifest.sha256"
STATE = "state"
WORK = (".dry-run", ".rebuild")  # folders that a command removes when it ends, and the next one when it was killed
TEMPORARY = ".tmp-"


@dataclass(frozen=True)
class Version:
    """A committed version: read only."""

    path: Path

    @property
    def run_id(self) -> str:
        """The run that made it."""
        return self.path.name

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The manifest as committed."""
        return read_json(self.path / MANIFEST)

    def files(self, table: Table, *, state: bool = False) -> dict[str, Path]:
        """Day -> the table's file of that day, oldest first."""
        folder = self.path / STATE / table.name if state else self.path / table.name
        return {file.parent.name.removeprefix("day="): file for file in sorted(folder.glob("day=*/part-*.parquet"))}

    def read(self, table: Table, *, state: bool = False, since: str = "") -> pl.DataFrame:
        """All rows of the days from `since` (ISO date) on."""
        files = [file for day, file in self.files(table, state=state).items() if day >= since]
        if not files:
            return table.empty()
        return pl.concat([read_table(file) for file in files])

    def scan(self, table: Table, *, state: bool = False) -> pl.LazyFrame:
        """The table, lazily, for a few rows of many."""
        files = list(self.files(table, state=state).values())
        return pl.scan_parquet(files, glob=False, hive_partitioning=False) if files else table.empty().lazy()


@dataclass
class Draft:
    """A version in the making: the files of its base, save those written anew or left out."""

    run_id: str
    base: Version | None
    compression_level: int = 3
    written: dict[str, pl.DataFrame] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)

    def write(self, table: Table, day: str, frame: pl.DataFrame, *, state: bool = False) -> None:
        """Put `frame` in place of the table's rows of that day."""
        self.written[_file_name(table, day, state=state)] = frame

    def remove(self, table: Table, day: str, *, state: bool = False) -> None:
        """Leave out the table's rows of that day."""
        name = _file_name(table, day, state=state)
        self.written.pop(name, None)
        self.removed.add(name)

    def read(self, table: Table, day: str, *, state: bool = False) -> pl.DataFrame:
        """The table's rows of that day as they stand in the draft."""
        name = _file_name(table, day, state=state)
        if name in self.written:
            return self.written[name]
        if self.base is None or name in self.removed or not (self.base.path / name).is_file():
            return table.empty()
        return read_table(self.base.path / name)

    def days(self, table: Table, *, state: bool = False) -> list[str]:
        """The days the table has rows of in the draft, in order."""
        stem = f"{STATE}/{table.name}/" if state else f"{table.name}/"
        kept = set() if self.base is None else {output["path"] for output in self.base.manifest["outputs"]}
        names = (kept - self.removed) | set(self.written)
        return sorted(
            name.removeprefix(stem).split("/")[0].removeprefix("day=") for name in names if name.startswith(stem)
        )


def _file_name(table: Table, day: str, *, state: bool) -> str:
    folder = f"{STATE}/{table.name}" if state else table.name
    return f"{folder}/day={day}/part-0.parquet"


class Store:
    """The output folder of one pipeline."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def stage(self) -> Path:
        """Where the stages of the run at work leave their tables."""
        return self.root / STAGE

    @contextmanager
    def locked(self, timeout: float = 0.0) -> Iterator[None]:
        """Hold the folder's lock; wait up to `timeout` seconds for it, else LockedError. Leftovers are cleared."""
        lock = FileLock(self.root / LOCK)
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=timeout)
        except Timeout:
            raise LockedError(f"{self.root}: another run holds the lock") from None
        except OSError as error:
            raise WriteError(f"{self.root}: {error.strerror}") from None
        try:
            for leftover in [*(self.root / VERSIONS).glob(f"{TEMPORARY}*"), *(self.root / name for name in WORK)]:
                if leftover.is_dir():
                    reset_folder(leftover).rmdir()
            yield
        finally:
            lock.release()

    def current(self) -> Version | None:
        """The version readers see; None before the first run. Raises RefusedError when it is gone."""
        pointer = self.root / CURRENT
        if (pointer / MANIFEST).is_file():
            return Version(pointer.resolve())
        if pointer.is_symlink():
            kept = ", ".join(version.run_id for version in self.versions()) or "none"
            raise RefusedError(f"{pointer} points to a version that is not there; `rollback RUN` points to one: {kept}")
        return None

    def versions(self) -> list[Version]:
        """The versions kept, oldest first."""
        manifests = (self.root / VERSIONS).glob(f"[!.]*/{MANIFEST}")
        return sorted((Version(manifest.parent) for manifest in manifests), key=lambda version: version.run_id)

    def version(self, run_id: str | None) -> Version:
        """The version of that run, or the current one. Raises UsageError when it is not kept."""
        if run_id is None:
            current = self.current()
            if current is None:
                raise UsageError(f"{self.root}: no version yet; `copydesk run` makes one")
            return current
        for version in self.versions():
            if version.run_id == run_id:
                return version
        kept = ", ".join(version.run_id for version in self.versions()) or "none"
        raise UsageError(f"{self.root}: no version of run '{run_id}'; kept are {kept}")

    def commit(self, draft: Draft, manifest: Mapping[str, Any], *, keep: int) -> Version:
        """Write the draft, make it current, and drop versions beyond `keep`. The one commit point of a run.

        Raises WriteError when the disk refuses; the version before is then still current and whole.
        """
        versions = self.root / VERSIONS
        building = versions / f"{TEMPORARY}{draft.run_id}"
        try:
            building.mkdir(parents=True)
            outputs = _build(draft, building)
            _write_manifest(building, {**manifest, "outputs": outputs})
            target = versions / draft.run_id
            if target.exists():  # made by a run that was cut off before it became current, or rolled back
                self._discard(target)
            building.rename(target)
            fsync_folder(versions)
            self.point_to(Version(target))
            self._prune(keep)
        except OSError as error:
            raise WriteError(f"{error.filename or building}: {error.strerror}") from None
        return Version(target)

    def point_to(self, version: Version) -> None:
        """Swap `current` by rename."""
        pointer = self.root / f"{TEMPORARY}{CURRENT}"
        pointer.unlink(missing_ok=True)
        pointer.symlink_to(Path(VERSIONS) / version.run_id)
        pointer.replace(self.root / CURRENT)
        fsync_folder(self.root)

    def _prune(self, keep: int) -> None:
        """Drop versions beyond `keep`: first those that the current one does not descend from, then its oldest."""
        kept = {version.run_id: version for version in self.versions()}
        current = self.current()
        line = []
        while current is not None and current.run_id in kept:
            line.append(kept.pop(current.run_id))
            current = kept.get(current.manifest["base"] or "")
        for version in [*kept.values(), *reversed(line)][: max(0, len(kept) + len(line) - keep)]:
            self._discard(version.path)

    def _discard(self, folder: Path) -> None:
        """Remove a version so that, killed half-way, it is a leftover and not a version."""
        doomed = folder.with_name(f"{TEMPORARY}gone-{folder.name}")
        folder.rename(doomed)
        shutil.rmtree(doomed)


def _build(draft: Draft, building: Path) -> list[dict[str, Any]]:
    outputs: dict[str, dict[str, Any]] = {}
    if draft.base is not None:
        for output in draft.base.manifest["outputs"]:
            name = output["path"]
            if name not in draft.written and name not in draft.removed:
                target = building / name
                target.parent.mkdir(parents=True, exist_ok=True)
                os.link(draft.base.path / name, target)
                outputs[name] = output
    for name, frame in sorted(draft.written.items()):
        target = building / name
        target.parent.mkdir(parents=True, exist_ok=True)
        write_table(frame, target, draft.compression_level)
        outputs[name] = {"path": name, "rows": frame.height, "sha256": digest(target)}
    for folder in [building, *sorted(path for path in building.glob("**/") if path != building)]:
        fsync_folder(folder)
    return [outputs[name] for name in sorted(outputs)]


def _write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    write_json(manifest, folder / MANIFEST)
    write_bytes(f"{digest(folder / MANIFEST)}  {MANIFEST}\n".encode(), folder / MANIFEST_HASH)
    fsync_folder(folder)
