"""Bundles on disk: which parts there are, one batch read, one batch written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from pipeline.engines.base import Batch
from pipeline.errors import DamagedError
from pipeline.files import read_table, read_tables, write_fast

Places = Mapping[str, Path]  # table -> the bundle it lies in


def placed(bundle: Path, tables: Sequence[str], *beside: tuple[Path, Sequence[str]]) -> dict[str, Path]:
    """Where each table of a scan lies: table -> bundle."""
    return {table: folder.absolute() for folder, names in ((bundle, tables), *beside) for table in names}


def part_names(places: Places) -> list[str]:
    """The parts that every table has, in order. Raises DamagedError where a table has others than the first."""
    names = [(table, sorted(part.name for part in (bundle / table).glob("part-*.parquet")))
             for table, bundle in places.items()]  # fmt: skip
    first, expected = names[0]
    for table, found in names:
        if found != expected:
            raise DamagedError(f"{places[table] / table}: {len(found)} parts, not the {len(expected)} of {first}")
    return expected


def read_part(places: Places, name: str) -> Batch:
    """One batch. Raises DamagedError where a table of it is not as written, or not there."""
    return {table: read_table(bundle / table / name) for table, bundle in places.items()}


def read_whole(bundle: Path, table: str) -> pl.DataFrame:
    """All rows of a table of a bundle that has at least one part."""
    return read_tables(part_files(bundle, table))


def part_files(bundle: Path, table: str) -> list[Path]:
    """The files of a table of a bundle, in order."""
    return [bundle / table / name for name in part_names({table: bundle})]


def part_name(number: int) -> str:
    """What part `number` of every table is called."""
    return f"part-{number:05d}.parquet"


def write_part(bundle: Path, number: int, batch: Batch) -> dict[str, int]:
    """Write part `number` of the bundle; rows by table name.

    Fast: at zstd 3 the tables of a run took 1.2 CPU-s to write and .3 to read, without a level .5 and .15, in a third
    more room.
    """
    for table, rows in batch.items():
        (bundle / table).mkdir(parents=True, exist_ok=True)
        write_fast(rows, bundle / table / part_name(number))
    return {table: rows.height for table, rows in batch.items()}


def summed(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """Rows by table name, of all parts."""
    rows: dict[str, int] = {}
    for part in counts:
        for table, n_rows in part.items():
            rows[table] = rows.get(table, 0) + n_rows
    return rows
