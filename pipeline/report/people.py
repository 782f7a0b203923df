"""People: spellings merged into one, mentions left undecided, spellings that await a decision."""

from __future__ import annotations

from typing import Any

import polars as pl

from pipeline import people, schemas
from pipeline.config import Config
from pipeline.kernels.discovery import Proposal
from pipeline.report.scope import Scope

SHOWN_PEOPLE = 30
SHOWN_UNDECIDED = 30
SHOWN_PROPOSALS = 30
SHOWN_SPELLINGS = 12  # of a person
MAX_SEARCHED = 5_000_000  # characters of a version: 13 CPU-seconds, about 2,000 articles
CONTEXT = 60  # characters on each side of a name
PLACE = ("article_id", "field", "paragraph_no", "line_no", "start")


def merged(scope: Scope) -> tuple[list[dict[str, Any]], int]:
    """People written in two ways or more, those with most spellings first, and how many there are.

    Each: name, n_mentions, n_articles, n_rewritten, n_spellings, and the most frequent `spellings` with one context.
    """
    mentions = scope.scan(schemas.MENTIONS).filter(
        pl.col("person_id").is_not_null() & pl.col("kind").is_in(["full", "native"])
    )
    counted = (
        mentions.group_by("person_id")
        .agg(
            pl.col("name").drop_nulls().sort().mode().sort().first(),
            pl.len().alias("n_mentions"),
            pl.col("article_id").n_unique().alias("n_articles"),
            pl.col("rewritten").sum().alias("n_rewritten"),
            pl.col("surface").n_unique().alias("n_spellings"),
        )
        .filter(pl.col("n_spellings") > 1)
        .sort(["n_spellings", "n_mentions", "person_id"], descending=[True, True, False])
        .collect()
    )
    shown = counted.head(SHOWN_PEOPLE)
    of_shown = mentions.join(shown.lazy().select("person_id"), on="person_id", how="semi")
    usual = _spellings(of_shown, "person_id").group_by("person_id", maintain_order=True).head(SHOWN_SPELLINGS)
    spellings = _in_context(scope, usual).partition_by("person_id", as_dict=True)
    rows = [{**row, "spellings": spellings[row["person_id"],].to_dicts()} for row in shown.iter_rows(named=True)]
    return rows, counted.height


def undecided(scope: Scope) -> tuple[list[dict[str, Any]], int]:
    """Surfaces of mentions that are nobody's for sure, the most frequent first, and how many surfaces there are."""
    mentions = scope.scan(schemas.MENTIONS).filter(pl.col("person_id").is_null())
    counted = _spellings(mentions)
    listed = [pl.col(name).list.sort().list.join(", ") for name in ("issues", "candidates")]
    said = (
        mentions.select("surface", *listed)
        .group_by("surface")
        .agg(pl.col("issues", "candidates").unique().sort().str.join("; "))
    )
    shown = counted.head(SHOWN_UNDECIDED).join(said.collect(), on="surface", maintain_order="left")
    return _in_context(scope, shown).to_dicts(), counted.height


def _spellings(mentions: pl.LazyFrame, *by: str) -> pl.DataFrame:
    """Per surface (and what it is grouped by): n_mentions, n_articles and its first place; the most frequent first."""
    return (
        mentions.sort(list(PLACE), nulls_last=True)
        .group_by(*by, "surface", maintain_order=True)
        .agg(
            pl.len().alias("n_mentions"),
            pl.col("article_id").n_unique().alias("n_articles"),
            pl.first(*PLACE, "end"),
        )
        .sort(["n_mentions", "surface", *by], descending=[True, False, *(False for _ in by)])
        .collect()
    )


def _in_context(scope: Scope, places: pl.DataFrame) -> pl.DataFrame:
    """The places with the words `before` and `after` them; null where the line was not published."""
    wanted = pl.col("article_id").is_in(places["article_id"].unique().implode())
    in_text = scope.scan(schemas.PARAGRAPHS).filter(wanted).select("article_id", "paragraph_no", "text")
    in_lines = (
        scope.scan(schemas.LINES)
        .filter(wanted & pl.col("dropped_by").is_null() & pl.col("paragraph_no").is_null())
        .select("article_id", "line_no", pl.col("text").alias("line"))
    )
    text, begin = pl.coalesce("text", "line"), pl.max_horizontal(pl.col("start") - CONTEXT, 0)
    return (
        places.join(in_text.collect(), on=["article_id", "paragraph_no"], how="left", maintain_order="left")
        .join(in_lines.collect(), on=["article_id", "line_no"], how="left", maintain_order="left")
        .with_columns(
            text.str.slice(begin, pl.col("start") - begin).alias("before"),
            text.str.slice(pl.col("end"), CONTEXT).alias("after"),
        )
        .drop("text", "line")
    )


def proposals(scope: Scope, config: Config, min_articles: int) -> list[Proposal] | None:
    """Pairs of spellings that may be one person's and await a decision, as `copydesk names discover` finds them.

    None where the version holds more text than is searched for a report.
    """
    length = scope.version.scan(schemas.PARAGRAPHS).select(pl.col("text").str.len_chars().sum()).collect().item()
    return people.discovered(scope.version, config, min_articles) if length <= MAX_SEARCHED else None
