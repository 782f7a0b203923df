"""The output folder: versions, one pointer, one lock.

    versions/<run_id>/<table>/day=<date>/part-0.parquet    the tables
    versions/<run_id>/state/<table>/day=<date>/part-0.parquet    what the next run must remember
    versions/<run_id>/manifest.json, manifest.sha256
    current -> versions/<run_id>

A version is built under a temporary name, its unchanged files hard-linked from the version before, everything
fsynced, renamed; then `current` is swapped by rename. A reader sees the old version or the new one, nothing between.
What is killed on the way leaves names that start with `.tmp-`, which nobody reads and the next run clears. Of versions
that are no longer kept the last one waits as `versions/.spare`: the next one is built in it, since most of its names
stay as they are (a year of days: 9,000 names, 3 CPU-s to make and remove them, .2 to look at them).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Container, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
from filelock import FileLock, Timeout

from pipeline.errors import DamagedError, LockedError, RefusedError, UsageError, WriteError
from pipeline.files import (
    TEMPORARY,
    collected,
    digest,
    files_with,
    fsync_folder,
    fsync_folders,
    json_text,
    n_rows,
    names_below,
    read_apart,
    read_json,
    read_table,
    read_tables,
    remove_folder,
    rows_with,
    scan_tables,
    write_bytes,
    write_table,
)
from pipeline.schemas import Table

LOCK, CURRENT, VERSIONS, STAGE = ".lock", "current", "versions", ".stage"
SPARE = ".spare"
FEW_ROWS = 1 << 17  # of a state table, read at once: 20 to 60 MB; a month of days asked ten times took .4 CPU-s lazily
MANIFEST, MANIFEST_HASH = "manifest.json", "manifest.sha256"
STATE = "state"
REPORT = "report.html"  # of the version reported on last, beside the versions
WORK = (".dry-run", ".rebuild")  # folders that a command removes when it ends, and the next one when it was killed


@dataclass(frozen=True)
class Version:
    """A committed version: read only."""

    path: Path

    @property
    def run_id(self) -> str:
        """The run that made it."""
        return self.path.name

    @property
    def made_by(self) -> str:
        """The run whose rows it holds last: its id without the hash that `forget` and `state rebuild` add."""
        return self.run_id.partition(".")[0]

    @property
    def is_remade(self) -> bool:
        """Whether it was made of a run's version afterwards: its counts are that run's, its rows may be fewer."""
        return self.run_id != self.made_by

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The manifest as committed. Raises DamagedError when it is no JSON."""
        return read_json(self.path / MANIFEST)

    @property
    def manifest_is_whole(self) -> bool:
        """The manifest is the one that `manifest.sha256` was written for."""
        hashes = self.path / MANIFEST_HASH
        return hashes.is_file() and hashes.read_bytes() == _hash_line(self.path)

    def damaged(self, *, under: str = "", deep: bool = True) -> Iterator[str]:
        """Files below `under` that are not those of the manifest: their path in the version, and what is wrong.

        `deep` reads every byte of them; else only whether they are there.
        """
        listed = {output["path"]: output["sha256"] for output in self.manifest["outputs"]}
        there = {under + name for name in names_below(self.path / under) if name.endswith(".parquet")}
        for name in sorted(name for name in listed.keys() | there if name.startswith(under)):
            if name not in there:
                yield f"{name}: listed in the manifest, not there"
            elif name not in listed:
                yield f"{name}: there, not listed in the manifest"
            elif deep and digest(self.path / name) != listed[name]:
                yield f"{name}: its sha256 is not the manifest's"

    def files(self, table: Table, *, state: bool = False) -> dict[str, Path]:
        """Day -> the table's file of that day, oldest first, as the manifest lists them."""
        return {day: self.path / name for day, name in self._names.get(_folder_name(table, state=state), {}).items()}

    @cached_property
    def _names(self) -> dict[str, dict[str, str]]:
        """Folder of a table -> day -> the file's name as listed; days in order."""
        found: dict[str, dict[str, str]] = {}
        for name in sorted(output["path"] for output in self.manifest["outputs"]):
            folder, _, rest = name.partition("/day=")
            found.setdefault(folder, {})[rest.partition("/")[0]] = name
        return found

    def day(self, table: Table, day: str, columns: list[str] | None = None, *, state: bool = False) -> pl.DataFrame:
        """The rows of one day; of some columns or all."""
        file = self.path / _file_name(table, day, state=state)
        return read_table(file, columns) if file.is_file() else table.empty().select(columns or table.names)

    def read(self, table: Table, *, state: bool = False, since: str = "") -> pl.DataFrame:
        """All rows of the days from `since` (ISO date) on."""
        files = [file for day, file in self.files(table, state=state).items() if day >= since]
        return read_tables(files) if files else table.empty()

    def days(self, table: Table, since: str, before: str = "~") -> list[pl.LazyFrame]:
        """The state table, one frame for each day from `since` on, `before` another (ISO dates): lazily, or read where
        it is small.
        """
        files = [file for day, file in self.files(table, state=True).items() if since <= day < before]
        rows = {output["path"]: output["rows"] for output in self.manifest["outputs"]}
        if sum(rows[str(file.relative_to(self.path))] for file in files) > FEW_ROWS:
            return [scan_tables([file]) for file in files]
        return [frame.lazy() for frame in read_apart(files)]

    def n_bytes(self, table: Table, *, state: bool = False) -> int:
        """Bytes of the table's files. Raises DamagedError where one is not there."""
        try:
            return sum(file.stat().st_size for file in self.files(table, state=state).values())
        except FileNotFoundError as error:
            raise DamagedError(f"{error.filename}: listed in the manifest, not there") from None

    def scan(self, table: Table, *, state: bool = False) -> pl.LazyFrame:
        """The table, lazily, for a few rows of many. Raises DamagedError where a file is cut off or not there."""
        files = list(self.files(table, state=state).values())
        return scan_tables(files) if files else table.empty().lazy()


@dataclass
class Draft:
    """A version in the making: the files of its base, save those written anew or left out."""

    run_id: str
    base: Version | None
    compression_level: int = 3
    written: dict[str, pl.DataFrame | pl.LazyFrame] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)

    def write(self, table: Table, day: str, rows: pl.DataFrame | pl.LazyFrame, *, state: bool = False) -> None:
        """Put the rows in place of the table's rows of that day; rows still to be made are made by the commit."""
        self.written[_file_name(table, day, state=state)] = rows

    def remove(self, table: Table, day: str, *, state: bool = False) -> None:
        """Leave out the table's rows of that day."""
        name = _file_name(table, day, state=state)
        self.written.pop(name, None)
        self.removed.add(name)

    def read(self, table: Table, day: str, *, state: bool = False) -> pl.DataFrame:
        """The table's rows of that day as they stand in the draft."""
        return collected(self.scan(table, day, state=state), _file_name(table, day, state=state))

    def scan(self, table: Table, day: str, *, state: bool = False) -> pl.LazyFrame:
        """The same rows, lazily."""
        name = _file_name(table, day, state=state)
        if name in self.written:
            return self.written[name].lazy()
        if self.base is None or name in self.removed or not (self.base.path / name).is_file():
            return table.empty().lazy()
        return scan_tables([self.base.path / name])

    def gathered(
        self, table: Table, wanted: pl.Expr, *, state: bool = False, among: Container[str] | None = None
    ) -> pl.DataFrame:
        """The rows that are wanted, of all days or of these; one pass over the files of its base."""
        written, unchanged = self._days(table, state=state, among=among)
        found = [collected(frame.lazy().filter(wanted)) for frame in written.values()]
        return pl.concat([table.empty(), *found, *([rows_with(list(unchanged), wanted)] if unchanged else [])])

    def days_with(
        self, table: Table, wanted: pl.Expr, *, state: bool = False, among: Container[str] | None = None
    ) -> list[str]:
        """The days, of all or of these, that have a row that is wanted, in order; one pass over the base's files."""
        written, unchanged = self._days(table, state=state, among=among)
        found = [day for day, frame in written.items() if n_rows(frame.lazy().filter(wanted))]
        return sorted([*found, *(unchanged[file] for file in files_with(list(unchanged), wanted))])

    def _days(
        self, table: Table, *, state: bool, among: Container[str] | None = None
    ) -> tuple[dict[str, pl.DataFrame | pl.LazyFrame], dict[Path, str]]:
        """The days written anew, with their rows, and the files of its base that stay, with their day; all or these."""
        folder = _folder_name(table, state=state)
        written = {
            name.removeprefix(f"{folder}/day=").partition("/")[0]: frame
            for name, frame in self.written.items()
            if name.startswith(f"{folder}/")
        }
        files = {} if self.base is None else self.base.files(table, state=state)
        unchanged = {
            file: day
            for day, file in files.items()
            if day not in written and _file_name(table, day, state=state) not in self.removed
        }
        if among is not None:
            written = {day: frame for day, frame in written.items() if day in among}
            unchanged = {file: day for file, day in unchanged.items() if day in among}
        return written, unchanged

    @property
    def batch_ids(self) -> list[str]:
        """Batches of the version it is made from, in their order."""
        return [] if self.base is None else list(self.base.manifest["batches"])

    def days(self, table: Table, *, state: bool = False) -> list[str]:
        """The days the table has rows of in the draft, in order."""
        written, unchanged = self._days(table, state=state)
        return sorted([*written, *unchanged.values()])


def _folder_name(table: Table, *, state: bool) -> str:
    return f"{STATE}/{table.name}" if state else table.name


def _file_name(table: Table, day: str, *, state: bool) -> str:
    return f"{_folder_name(table, state=state)}/day={day}/part-0.parquet"


class Store:
    """The output folder of one pipeline."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._current: Version | None = None  # as it was found last: a manifest is read once

    @property
    def stage(self) -> Path:
        """Where the stages of the run at work leave their tables."""
        return self.root / STAGE

    @contextmanager
    def locked(self, timeout: float = 0.0) -> Iterator[None]:
        """Hold the folder's lock; wait up to `timeout` seconds for it, else LockedError. Leftovers are cleared.

        Inside, an OSError of the output becomes a WriteError: the version before is then still whole, and current
        unless the pointer was swapped already.
        """
        lock = FileLock(self.root / LOCK)
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=timeout)
            self._clear()
            yield
        except Timeout:
            raise LockedError(f"{self.root}: another run holds the lock") from None
        except OSError as error:
            raise WriteError(f"{error.filename or self.root}: {error.strerror or error}") from error
        finally:
            lock.release()

    def _clear(self) -> None:
        """Remove what a killed run left."""
        for leftover in [*(self.root / VERSIONS).glob(f"{TEMPORARY}*"), *(self.root / name for name in WORK)]:
            remove_folder(leftover)

    def sound(self) -> Version | None:
        """The current version to build on. Raises DamagedError when its manifest or its state is not as written."""
        current = self.current()
        if current is None:
            return None
        if not current.manifest_is_whole:
            raise DamagedError(
                f"version {current.run_id}: {MANIFEST} does not match {MANIFEST_HASH}; `copydesk rollback RUN` goes "
                f"back to a whole version"
            )
        for wrong in current.damaged(under=f"{STATE}/"):
            raise DamagedError(f"version {current.run_id}: {wrong}; `copydesk state rebuild` makes the state anew")
        return current

    def current(self) -> Version | None:
        """The version readers see; None before the first run. Raises RefusedError when it is gone."""
        pointer = self.root / CURRENT
        if (pointer / MANIFEST).is_file():
            path = pointer.resolve()
            if self._current is None or self._current.path != path:
                self._current = Version(path)
            return self._current
        if pointer.is_symlink():
            kept = ", ".join(version.run_id for version in self.versions()) or "none"
            raise RefusedError(f"{pointer} points to a version that is not there; `rollback RUN` points to one: {kept}")
        return None

    def versions(self) -> list[Version]:
        """The versions kept, oldest first."""
        manifests = (self.root / VERSIONS).glob(f"[!.]*/{MANIFEST}")
        return sorted((Version(manifest.parent) for manifest in manifests), key=lambda version: version.run_id)

    def version(self, run_id: str | None) -> Version:
        """The version of that run, by its id or the first letters of it, or the current one.

        Raises UsageError when none is kept, or several begin so.
        """
        if run_id is None:
            current = self.current()
            if current is None:
                raise UsageError(f"{self.root}: no version yet; `copydesk run` makes one")
            return current
        versions = self.versions()
        found = [version for version in versions if version.run_id.startswith(run_id)]
        exact = [version for version in found if version.run_id == run_id]
        if len(exact or found) == 1:
            return (exact or found)[0]
        kept = ", ".join(version.run_id for version in found or versions) or "none"
        wrong = (
            f"several versions begin with '{run_id}': {kept}"
            if found
            else f"no version of run '{run_id}'; kept are {kept}"
        )
        raise UsageError(f"{self.root}: {wrong}")

    def before(self, version: Version) -> Version | None:
        """The version before the run that made `version`; None where there was none or it is no longer kept.

        A version made of another (an article forgotten, the state made anew) is of the same run as that one.
        """
        kept = {other.run_id: other for other in self.versions()}
        base = kept.get(version.manifest["base"] or "")
        while base is not None and base.made_by == version.made_by:
            base = kept.get(base.manifest["base"] or "")
        return base

    def commit(self, draft: Draft, manifest: Mapping[str, Any]) -> Version:
        """Write the draft and make it current: the one commit point of a run. `prune` drops old versions after it."""
        version = self.add(draft, manifest)
        self.point_to(version)
        return version

    def add(self, draft: Draft, manifest: Mapping[str, Any]) -> Version:
        """Write the draft as a version beside the others; a failure leaves nothing of it."""
        versions = self.root / VERSIONS
        building = versions / f"{TEMPORARY}{draft.run_id}"
        target = versions / draft.run_id
        try:
            versions.mkdir(parents=True, exist_ok=True)
            if (versions / SPARE).is_dir():
                (versions / SPARE).rename(building)
            else:
                building.mkdir()
            outputs = _build(draft, building)
            write_bytes(json_text({**manifest, "outputs": outputs}).encode(), building / MANIFEST)
            write_bytes(_hash_line(building), building / MANIFEST_HASH)
            fsync_folders(building)
            remove_folder(target)  # made by a run that was cut off before it became current, or rolled back
            self._current = None
            building.rename(target)
            fsync_folder(versions)
        except OSError:
            shutil.rmtree(building, ignore_errors=True)  # a full disk stays full otherwise; the next run tries again
            raise
        return Version(target)

    def point_to(self, version: Version) -> None:
        """Swap `current` by rename: what readers see changes here and nowhere else."""
        pointer = self.root / f"{TEMPORARY}{CURRENT}"
        pointer.unlink(missing_ok=True)
        pointer.symlink_to(Path(VERSIONS) / version.run_id)
        pointer.replace(self.root / CURRENT)
        fsync_folder(self.root)

    def prune(self, keep: int) -> None:
        """Drop versions beyond `keep`: first those that the current one does not descend from, then its oldest."""
        kept = {version.run_id: version for version in self.versions()}
        current = self.current()
        line = []
        while current is not None and current.run_id in kept:
            line.append(kept.pop(current.run_id))
            current = kept.get(current.manifest["base"] or "")
        doomed = [*kept.values(), *reversed(line)][: max(0, len(kept) + len(line) - keep)]
        for version in doomed[:-1]:
            remove_folder(version.path)
        for version in doomed[-1:]:
            spare = self.root / VERSIONS / SPARE
            remove_folder(spare)
            version.path.rename(spare)


def _build(draft: Draft, building: Path) -> list[dict[str, Any]]:
    """Fill the folder, which may hold an older version, with the draft's files; the manifest's list of them."""
    base = [] if draft.base is None else draft.base.manifest["outputs"]
    changed = draft.written.keys() | draft.removed
    outputs = {output["path"]: output for output in base if output["path"] not in changed}
    _link(building if draft.base is None else draft.base.path, building, outputs.keys())
    for name, frame in sorted(draft.written.items()):
        target = building / name
        target.parent.mkdir(parents=True, exist_ok=True)
        write_table(frame, target, draft.compression_level)
        outputs[name] = {"path": name, "rows": n_rows(scan_tables([target])), "sha256": digest(target)}
    return [outputs[name] for name in sorted(outputs)]


def _link(source: Path, target: Path, names: Set[str]) -> None:
    """Make `target` hold these files of `source`, as hard links, and no others; what is so already stays."""
    there = set(names_below(target))
    same = {name for name in there & names if (source / name).samefile(target / name)}
    for name in sorted(there - same):
        file = target / name
        file.unlink()
        if file.parent != target and not any(file.parent.iterdir()):
            file.parent.rmdir()
    for name in sorted(names - same):
        file = target / name
        file.parent.mkdir(parents=True, exist_ok=True)
        os.link(f"{source}/{name}", file)


def _hash_line(folder: Path) -> bytes:
    """What manifest.sha256 holds, in the form of `sha256sum --check`."""
    return f"{digest(folder / MANIFEST)}  {MANIFEST}\n".encode()
