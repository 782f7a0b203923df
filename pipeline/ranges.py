"""Rows of many articles in order, a range of articles at a time: what a batch publishes need not fit in memory."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from polars.io.plugins import register_io_source

from pipeline.schemas import ARTICLES, Table, ordered

# Held at once, and sorted: 30 MB of lines, 90 of fingerprints. In ranges of twice as many, 4.9 million lines (950 MB)
# took .42 GB and 15.5 CPU-s to sort and write; .99 GB and 9.8 s only to read and write at once; 1.8 to 2.9 GB and 20 to
# 26 s by a tree of polars' `merge_sorted`.
RANGE_ROWS = 1 << 17
RANGE_ARTICLES = 1 << 11  # of which a row is a whole text and more: 20 MB


def in_order(rows: pl.LazyFrame, n_rows: int, table: Table) -> pl.LazyFrame:
    """The `n_rows` rows in the order of a table that begins with article_id, sorted range by range when asked for.

    Ranges are equal parts of the ids that there can be: an article_id is a hash in hex, so they hold about as many
    articles each. The rows should come from files that say between which ids their groups of rows lie: else each range
    reads them all.
    """
    n_ranges = -(-n_rows // (RANGE_ARTICLES if table is ARTICLES else RANGE_ROWS))
    starts = [f"{(number << 32) // n_ranges:08x}" for number in range(1, n_ranges)]
    article_id = pl.col("article_id")

    def made(
        columns: list[str] | None, wanted: pl.Expr | None, _n_rows: int | None, _batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        for first, end in zip([None, *starts], [*starts, None], strict=True):
            own = rows if first is None else rows.filter(article_id >= first)
            own = own if end is None else own.filter(article_id < end)
            found = ordered(own.collect(), table)
            found = found if wanted is None else found.filter(wanted)
            yield found if columns is None else found.select(columns)

    return register_io_source(made, schema=table.schema, is_pure=True)
