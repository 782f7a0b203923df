"""The files copydesk writes: Parquet and JSON, under a name nobody reads yet, fsynced before anything points to it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import file_digest
from io import FileIO
from pathlib import Path
from secrets import token_hex
from typing import Any

import polars as pl

from pipeline.errors import DamagedError

PARQUET = b"PAR1"  # ends every Parquet file
TEMPORARY = ".tmp-"  # starts the names of what is being made or removed: never read, cleared by the next run

# Of rows of one group in a file that is read once, as polars estimates them: a range of articles (`ranges`) is found
# without the rest. Lines: some 30,000; articles, of which a row is a whole text: some 300.
GROUP_BYTES = 1 << 22
# Of one group in a file that stays: a range of a sorted key is read without the rest.
_ROWS_IN_GROUP = 1 << 15

# 4,745 folders (a year of days) took 17 s one by one and 0.04 s by one sync, which waits for other programs' data, too.
MANY_FOLDERS = 200


def read_table(file: Path, columns: list[str] | None = None) -> pl.DataFrame:
    """The rows of one Parquet file, of some columns or all. Raises DamagedError when it is not one, or not there."""
    return read_tables([file], columns)


def read_tables(files: Sequence[Path], columns: list[str] | None = None) -> pl.DataFrame:
    """The rows of the files, in their order; at least one file. Raises DamagedError when one is not as written.

    In one call: a file a day of a year took .1 CPU-s so, .4 one by one.
    """
    with _named(files):
        return pl.read_parquet(list(files), columns=columns, glob=False, hive_partitioning=False)


def read_apart(files: Sequence[Path]) -> list[pl.DataFrame]:
    """The rows of each of the files that has any, in their order. Raises DamagedError when one is not as written."""
    if not files:
        return []
    with _named(files):
        rows = pl.read_parquet(list(files), glob=False, hive_partitioning=False, include_file_paths="file")
    return rows.partition_by("file", maintain_order=True, include_key=False)


def scan_tables(files: Sequence[Path]) -> pl.LazyFrame:
    """The rows of the files, lazily; at least one file. Raises DamagedError where one is cut off or not there.

    A look at the last four bytes, .02 ms a file: what is damaged further in is found when it is read.
    """
    for file in files:
        try:
            with file.open("rb") as opened:
                opened.seek(-min(len(PARQUET), file.stat().st_size), os.SEEK_END)
                is_whole = opened.read() == PARQUET
        except FileNotFoundError:
            raise DamagedError(f"{file}: listed in the manifest, not there") from None
        if not is_whole:
            raise DamagedError(f"{file}: cut off; `copydesk check --deep` names all that is damaged")
    return pl.scan_parquet(list(files), glob=False, hive_partitioning=False)


def files_with(files: Sequence[Path], wanted: pl.Expr) -> list[Path]:
    """Those of the files that have a row that is wanted. Raises DamagedError when one is not as written."""
    if not files:
        return []
    with _named(files):
        rows = pl.scan_parquet(list(files), glob=False, hive_partitioning=False, include_file_paths="file")
        return [Path(file) for file in rows.filter(wanted).select("file").unique().collect()["file"].sort()]


def rows_with(files: Sequence[Path], wanted: pl.Expr) -> pl.DataFrame:
    """The rows of the files that are wanted; at least one file. Raises DamagedError when one is not as written."""
    with _named(files):
        return pl.scan_parquet(list(files), glob=False, hive_partitioning=False).filter(wanted).collect()


@contextmanager
def _named(files: Sequence[Path]) -> Iterator[None]:
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, FileNotFoundError) as error:
        place = files[0] if len(files) == 1 else f"{files[0]} or one of the {len(files) - 1:,} after it"
        raise DamagedError(f"{place}: damaged ({error}); `copydesk check --deep` names what is") from None


class _Out(FileIO):
    """A new file for polars to write to, which remembers what the disk says: polars tells of it in a ComputeError."""

    failed: OSError | None = None

    def write(self, raw: Any) -> int:
        try:
            return super().write(raw)
        except OSError as error:
            self.failed = error
            raise


def collected(rows: pl.LazyFrame, name: str = "rows") -> pl.DataFrame:
    """The rows, made. Raises DamagedError, with the name, when they cannot be read."""
    try:
        return rows.collect()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise DamagedError(f"{name}: damaged ({error}); `copydesk check --deep` names what is") from None


def n_rows(rows: pl.LazyFrame) -> int:
    """How many rows there are; of files their footers say it. Raises DamagedError when they cannot be read."""
    return int(collected(rows.select(pl.len())).item())


def write_table(rows: pl.DataFrame | pl.LazyFrame, target: Path, compression_level: int = 3) -> None:
    """Write a new Parquet file; the caller has sorted the rows. Raises FileExistsError rather than overwrite.

    Rows that are still to be made are written as they come, and raise DamagedError where they cannot be read.
    """
    _write(rows.lazy(), target, compression="zstd", compression_level=compression_level, row_group_size=_ROWS_IN_GROUP)


def write_fast(rows: pl.DataFrame, target: Path) -> None:
    """As `write_table`, with LZ4 and in small groups of rows: for what is read once, whole or in ranges."""
    in_group = GROUP_BYTES * rows.height // max(1, int(rows.estimated_size()))
    _write(rows.lazy(), target, compression="lz4", row_group_size=max(1, in_group))


def _write(rows: pl.LazyFrame, target: Path, **form: Any) -> None:
    with _Out(target, "xb") as out:
        try:
            rows.sink_parquet(out, **form)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            if out.failed is not None:
                raise out.failed from None
            raise DamagedError(
                f"{target}: its rows: damaged ({error}); `copydesk check --deep` names what is"
            ) from None
        os.fsync(out.fileno())


def read_json(file: Path) -> dict[str, Any]:
    """A JSON object. Raises DamagedError when it is not one."""
    try:
        loaded: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DamagedError(f"{file}: damaged ({error})") from None
    return loaded


def json_text(value: Mapping[str, Any]) -> str:
    """A JSON object with sorted keys, one value a line."""
    return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def write_bytes(raw: bytes, target: Path) -> None:
    """Write a new file."""
    with target.open("xb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())


def replace_text(text: str, target: Path) -> None:
    """Write a text in one step: readers see the old file or the new one, and a failure leaves the old one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{TEMPORARY}{token_hex(8)}-{target.name}")  # one's own: two may write at once
    try:
        write_bytes(text.encode(), draft)
        draft.replace(target)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    fsync_folder(target.parent)


def digest(file: Path) -> str:
    """sha256 of a file, 64 hex characters."""
    with file.open("rb") as opened:
        return file_digest(opened, "sha256").hexdigest()


def fsync_folder(folder: Path) -> None:
    """Make the names in a folder last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fsync_folders(root: Path) -> None:
    """Make the names in a folder and all below it last."""
    folders = [folder for folder, _, _ in os.walk(root)]
    if len(folders) > MANY_FOLDERS:
        os.sync()
        return
    for folder in folders:
        fsync_folder(Path(folder))


def names_below(root: Path) -> Iterator[str]:
    """The files below a folder, as paths from it with `/`."""
    for folder, _, files in os.walk(root):
        place = folder[len(str(root)) + 1 :]
        yield from (f"{place}/{file}" if place else file for file in files)


def remove_folder(folder: Path) -> None:
    """Remove a folder, if it is there; killed half-way, no part of it stands under its name any more."""
    doomed = folder.with_name(f"{TEMPORARY}gone-{folder.name}")
    for leftover in (doomed, folder):
        if leftover.exists():
            shutil.rmtree(leftover if leftover == doomed else leftover.rename(doomed))


def reset_folder(folder: Path) -> Path:
    """The folder, empty."""
    remove_folder(folder)
    folder.mkdir(parents=True)
    return folder
