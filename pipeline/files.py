"""The files copydesk writes: Parquet and JSON, each fsynced before anything points to it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from hashlib import file_digest
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.errors import PipelineError, WriteError


def read_table(file: Path) -> pl.DataFrame:
    """The rows of one Parquet file. Raises PipelineError when it is damaged."""
    try:
        return pl.read_parquet(file, glob=False, hive_partitioning=False)
    except (pl.exceptions.ComputeError, FileNotFoundError) as error:
        raise PipelineError(f"{file}: damaged ({error}); `copydesk check --deep` names what is") from None


def write_table(frame: pl.DataFrame, target: Path, compression_level: int = 3) -> None:
    """Write a new Parquet file; the caller has sorted the rows. Raises FileExistsError rather than overwrite."""
    with target.open("xb") as file:
        frame.write_parquet(file, compression="zstd", compression_level=compression_level)
        file.flush()
        os.fsync(file.fileno())


def read_json(file: Path) -> dict[str, Any]:
    """A JSON object. Raises PipelineError when it is damaged."""
    try:
        loaded: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise PipelineError(f"{file}: damaged: {error}") from None
    return loaded


def write_json(value: Mapping[str, Any], target: Path) -> None:
    """Write a new JSON file with sorted keys, one value a line."""
    write_bytes((json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode(), target)


def write_bytes(raw: bytes, target: Path) -> None:
    """Write a new file."""
    with target.open("xb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())


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


def reset_folder(folder: Path) -> Path:
    """The folder, empty. Raises WriteError when the disk refuses."""
    try:
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
    except OSError as error:
        raise WriteError(f"{error.filename}: {error.strerror}") from None
    return folder


def replace_text(text: str, target: Path) -> None:
    """Write a text in one step: readers see the old file or the new one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.tmp")
    draft.unlink(missing_ok=True)
    write_bytes(text.encode("utf-8"), draft)
    draft.replace(target)
    fsync_folder(target.parent)
