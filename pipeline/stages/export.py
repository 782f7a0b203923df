"""The tables as they are published: what the stages thought, put together, counted and sorted.

Only here are rows left out, and only where `export.lines` says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl
from pydantic import Field

from pipeline import schemas
from pipeline.errors import RefusedError
from pipeline.stages.base import StageSettings


class Settings(StageSettings):
    """How the published tables look."""

    lines: Literal["all", "dropped", "none"] = (
        "all"  # rows of the table `lines`: every line, those a rule dropped, none
    )
    compression_level: int = Field(
        3, ge=1, le=22
    )  # zstd level of the Parquet files: 3 halves the size at 112 MB per CPU-second


@dataclass(frozen=True)
class Thoughts:
    """What the stages before say of some articles of a batch."""

    documents: pl.DataFrame  # schemas.DOCUMENTS
    lines: pl.DataFrame  # schemas.JUDGED_LINES
    paragraphs: pl.DataFrame  # schemas.NAMED_PARAGRAPHS
    copies: pl.DataFrame  # article_id, n_copied, duplicate_of
    sources: pl.DataFrame  # schemas.SOURCES
    mentions: pl.DataFrame  # schemas.MENTIONS without batch_id


def apply(thoughts: Thoughts, wire_clusters: pl.Series, batch_id: str, settings: Settings) -> dict[str, pl.DataFrame]:
    """The rows of these articles in the tables of `schemas.BY_ARTICLE`, by table name, conformed and sorted.

    `wire_clusters` are the ids of clusters that come from a news agency. Raises RefusedError when a line or a paragraph
    is unaccounted for.
    """
    published = {
        "articles": _articles(thoughts, wire_clusters),
        "lines": _published_lines(thoughts.lines, settings),
        "paragraphs": thoughts.paragraphs,
        "mentions": thoughts.mentions,
    }
    _balance(published["articles"], thoughts)
    return {table.name: stamped(published[table.name], table, batch_id) for table in schemas.BY_ARTICLE}


def stamped(frame: pl.DataFrame, table: schemas.Table, batch_id: str) -> pl.DataFrame:
    """The rows with their batch, conformed and in the table's order."""
    with_batch = frame.with_columns(pl.lit(batch_id, dtype=pl.String).alias("batch_id"))
    return schemas.ordered(schemas.conform(with_batch, table, at="export"), table)


def _articles(thoughts: Thoughts, wire_clusters: pl.Series) -> pl.DataFrame:
    counts = (
        thoughts.lines.select("article_id", "paragraph_no", "dropped_by")
        .group_by("article_id")
        .agg(
            pl.len().cast(pl.Int32).alias("n_lines"),
            pl.col("paragraph_no").is_not_null().sum().cast(pl.Int32).alias("n_kept"),
            (pl.col("paragraph_no").is_null() & pl.col("dropped_by").is_null()).sum().cast(pl.Int32).alias("n_fields"),
            pl.col("dropped_by").is_not_null().sum().cast(pl.Int32).alias("n_dropped"),
        )
    )
    is_wire = pl.col("wire_source").is_not_null()
    wire_articles = thoughts.sources.filter(is_wire)["article_id"].implode()
    is_original = (
        pl.col("is_canonical")
        & ~pl.col("article_id").is_in(wire_articles)
        & ~pl.col("cluster_id").is_in(wire_clusters.implode()).fill_null(False)
    )
    texts = (
        # Asked of all paragraphs at once: inside the groups each would hold the ids looked for.
        thoughts.paragraphs.with_columns(is_original.alias("is_original"))
        .sort("article_id", "paragraph_no")
        .group_by("article_id", maintain_order=True)
        .agg(
            pl.col("text_out").str.join("\n\n").alias("text"),
            pl.col("text_out").filter("is_original").str.join("\n\n").alias("original_text"),
            pl.len().cast(pl.Int32).alias("n_paragraphs"),
        )
    )
    whole = (
        thoughts.documents.drop("key", "format")
        .join(counts, on="article_id", how="left", maintain_order="left")
        .join(texts, on="article_id", how="left", maintain_order="left")
        .join(thoughts.copies, on="article_id", how="left", maintain_order="left")
        .join(thoughts.sources.drop("wire_kind"), on="article_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("n_lines", "n_kept", "n_fields", "n_dropped", "n_paragraphs", "n_copied").fill_null(0),
            pl.col("text", "original_text").fill_null(""),
        )
    )
    return whole.select(schemas.ARTICLES.without("batch_id").names)


def _published_lines(lines: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    if settings.lines == "none":
        return lines.clear()
    return lines if settings.lines == "all" else lines.filter(pl.col("dropped_by").is_not_null())


def _balance(articles: pl.DataFrame, thoughts: Thoughts) -> None:
    sums = articles.select(pl.col("n_lines", "n_kept", "n_fields", "n_dropped", "n_paragraphs").sum()).row(
        0, named=True
    )
    if sums["n_lines"] != thoughts.lines.height or sums["n_lines"] != (
        sums["n_kept"] + sums["n_fields"] + sums["n_dropped"]
    ):
        raise RefusedError(
            f"export: {thoughts.lines.height} lines came in, {sums['n_kept']} are kept, {sums['n_fields']} fields, "
            f"{sums['n_dropped']} dropped: the balance does not add up, nothing is published"
        )
    if sums["n_paragraphs"] != thoughts.paragraphs.height:
        raise RefusedError(
            f"export: {thoughts.paragraphs.height} paragraphs came in, {sums['n_paragraphs']} belong to an article"
        )
