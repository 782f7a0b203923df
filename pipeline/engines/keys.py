"""Rows dealt out by their keys: equal keys to the same batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from operator import xor

import polars as pl

from pipeline.engines.base import Batch, Keys
from pipeline.errors import PipelineError

_PLACE = "\0place"  # no table has a column of that name


def columns_of(by: Keys, table: str) -> list[str]:
    """The key columns of a table."""
    columns = by[table]
    return [columns] if isinstance(columns, str) else list(columns)


def place_of(rows: pl.DataFrame, key: Sequence[str], n: int) -> pl.Series:
    """One of `n` places for each row, the same for equal keys.

    polars' hash is the same in every process of one version of polars; nothing of it is stored.
    """
    hashes = [pl.col(name).hash(seed).alias(_PLACE) for seed, name in enumerate(key)]  # a seed each: (a, b) not (b, a)
    return rows.select(reduce(xor, hashes) % n)[_PLACE]


def dealt(rows: pl.DataFrame, key: Sequence[str], n: int) -> Iterator[tuple[int, pl.DataFrame]]:
    """`(place, rows)` for the places below `n` that have any, the rows of one in the order they came."""
    placed = rows.with_columns(place_of(rows, key, n))
    parted = placed.partition_by(_PLACE, as_dict=True, include_key=False, maintain_order=True)
    for (place,), own in parted.items():
        yield int(place), own


def refuse_unlike(batch: Batch, by: Keys) -> Batch:
    """The batch of a group itself. Raises PipelineError where it lacks a table, or where the keys of two tables differ
    in type: they would never meet.
    """
    first, *_ = by
    for table in by:
        if table not in batch:
            raise PipelineError(f"group: no batch has the table '{table}'")
        own, other = ([batch[name].schema[column] for column in columns_of(by, name)] for name in (table, first))
        if own != other:
            raise PipelineError(f"group: the key of {table} is {own}, that of {first} is {other}")
    return batch
