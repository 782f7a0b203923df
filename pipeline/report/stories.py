"""Stories that ran more than once: who copied whom, when, and word by word what was changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from pipeline import schemas
from pipeline.kernels.word_diff import Piece, word_diff
from pipeline.report.scope import Scope

SHOWN_STORIES = 10
SHOWN_CLUSTERS = 8  # paragraphs of a story
SHOWN_COPIES = 10  # of a paragraph
SHOWN_ARTICLES = 16  # of a story
SHOWN_CHARACTERS = 2_500  # of a paragraph; 99 of 100 news paragraphs are shorter
NO_OUTLET = "(no outlet)"
GONE = "(gone)"  # the outlet of a paragraph that a revision or `forget` took away


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of a paragraph: its row, how long after the first, and the edit that makes it from the canonical copy."""

    row: dict[str, Any]
    hours: float
    pieces: tuple[Piece, ...]
    n_more: int  # characters of the edit not shown

    @property
    def is_same(self) -> bool:
        """Whether nothing but white space was changed."""
        return all(piece.kind == "same" for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A cluster: its canonical copy and the others."""

    cluster: dict[str, Any]
    text: str
    n_more_characters: int
    copies: tuple[Copy, ...]
    n_more: int  # copies not shown


@dataclass(frozen=True, slots=True)
class Story:
    """The clusters that one article founded: the articles they lie in by time, the first of them the canonical."""

    first: dict[str, Any]
    articles: tuple[dict[str, Any], ...]
    n_articles: int
    paragraphs: tuple[Paragraph, ...]
    n_paragraphs: int  # clusters in all
    n_copies: int  # copies in all


@dataclass(frozen=True, slots=True)
class Reuse:
    """Which outlet's paragraphs are copies of whose: `(copying, first, copies)`, the most frequent first."""

    pairs: tuple[tuple[str, str, int], ...]

    @property
    def total(self) -> int:
        """Copies in all."""
        return sum(count for _, _, count in self.pairs)

    @property
    def outlets(self) -> list[str]:
        """The outlets that copy or are copied, the busiest first."""
        weight: dict[str, int] = {}
        for copying, first, count in self.pairs:
            weight[copying] = weight.get(copying, 0) + count
            weight[first] = weight.get(first, 0) + count
        return sorted(weight, key=lambda outlet: (-weight[outlet], outlet))


def reuse(scope: Scope) -> Reuse:
    """Copies of the run's paragraphs by the outlet that prints them and the outlet of the canonical copy."""
    copies = (
        scope.scan(schemas.PARAGRAPHS)
        .filter(~pl.col("is_canonical"))
        .select("outlet", pl.col("canonical_id").alias("paragraph_id"))
    )
    firsts = scope.version.scan(schemas.PARAGRAPHS).select(
        "paragraph_id", pl.col("outlet").fill_null(NO_OUTLET).alias("first")
    )
    pairs = (
        copies.join(firsts, on="paragraph_id", how="left")
        .group_by(pl.col("outlet").fill_null(NO_OUTLET), pl.col("first").fill_null(GONE))
        .len()
        .sort(["len", "outlet", "first"], descending=[True, False, False])
        .collect()
    )
    return Reuse(tuple(pairs.iter_rows()))


def stories(scope: Scope) -> list[Story]:
    """The stories that most outlets ran, then those with most copies."""
    clusters = scope.scan(schemas.CLUSTERS).drop("batch_id").collect()
    founders = (
        scope.version.scan(schemas.PARAGRAPHS)
        .select(pl.col("paragraph_id").alias("canonical_id"), "article_id", "paragraph_no")
        .join(clusters.lazy().select("canonical_id", "cluster_id", "n_paragraphs", "n_outlets"), on="canonical_id")
        .collect()
    )
    ranked = (
        founders.group_by("article_id")
        .agg(
            pl.col("n_outlets").max(),
            (pl.col("n_paragraphs") - 1).sum().alias("n_copies"),
            pl.len().alias("n_clusters"),
        )
        .sort(["n_outlets", "n_copies", "article_id"], descending=[True, True, False])
        .head(SHOWN_STORIES)
    )
    ours = founders.join(ranked.select("article_id"), on="article_id", how="semi").sort("article_id", "paragraph_no")
    members = _members(scope, ours["cluster_id"])
    by_id = {row["cluster_id"]: row for row in clusters.iter_rows(named=True)}
    found = []
    for article_id, _, n_copies, n_clusters in ranked.iter_rows():
        own = ours.filter(pl.col("article_id") == article_id)
        paragraphs = members.join(own.select("cluster_id"), on="cluster_id", how="semi", maintain_order="left")
        articles = list(_articles(paragraphs, article_id))
        found.append(
            Story(
                first=articles[0],
                articles=tuple(articles[:SHOWN_ARTICLES]),
                n_articles=len(articles),
                paragraphs=tuple(
                    _paragraph(by_id[cluster_id], paragraphs)
                    for cluster_id in own["cluster_id"].head(SHOWN_CLUSTERS)
                ),
                n_paragraphs=n_clusters,
                n_copies=n_copies,
            )
        )  # fmt: skip
    return found


def _members(scope: Scope, cluster_ids: pl.Series) -> pl.DataFrame:
    """The paragraphs of these clusters with what their articles say, by time."""
    paragraphs = scope.version.scan(schemas.PARAGRAPHS).filter(pl.col("cluster_id").is_in(cluster_ids.implode()))
    own = paragraphs.drop("outlet", "published_at", "text_out", "batch_id").collect()
    articles = (
        scope.version.scan(schemas.ARTICLES)
        .filter(pl.col("article_id").is_in(own["article_id"].unique().implode()))
        .select(
            "article_id", "outlet", "title", "published_at", "first_seen_at", "n_paragraphs", "n_copied",
            "wire_source", "wire_evidence", "cited_agency",
        )
        .collect()
    )  # fmt: skip
    matched = own.select(
        pl.col("paragraph_id").alias("matched_id"), pl.col("article_id").alias("matched_article")
    ).join(articles.select(pl.col("article_id").alias("matched_article"), pl.col("outlet").alias("matched_outlet")),
           on="matched_article")  # fmt: skip
    return (
        own.join(articles, on="article_id")
        .join(matched.select("matched_id", pl.col("matched_outlet").fill_null(NO_OUTLET)), on="matched_id", how="left")
        .with_columns(pl.col("matched_outlet").fill_null(GONE))
        .with_columns(pl.coalesce("published_at", "first_seen_at").alias("at"))
        .sort("at", "article_id", "paragraph_no")
    )


def _articles(paragraphs: pl.DataFrame, first: str) -> Iterator[dict[str, Any]]:
    """The articles a story's paragraphs lie in: the canonical, then the others by time, with hours after it.

    `is_seen`: it or the canonical has no date of publication, so the hours are from or to when a run took it in.
    """
    own = (
        paragraphs.group_by("article_id", maintain_order=True)
        .agg(
            pl.first("outlet", "title", "published_at", "first_seen_at", "at", "n_paragraphs", "wire_source",
                     "wire_evidence", "cited_agency"),
            pl.col("cluster_id").n_unique().alias("n_shared"),
            pl.col("link_type").drop_nulls().unique().sort().str.join(", ").alias("kinds"),
        )
        .with_columns((pl.col("article_id") == first).alias("is_first"))
        .sort("is_first", descending=True, maintain_order=True)
    )  # fmt: skip
    start: datetime = own["at"][0]
    for row in own.iter_rows(named=True):
        is_seen = row["published_at"] is None or own["published_at"][0] is None
        yield {**row, "hours": _hours(start, row["at"]), "is_seen": is_seen}


def _paragraph(cluster: dict[str, Any], paragraphs: pl.DataFrame) -> Paragraph:
    own = paragraphs.filter(pl.col("cluster_id") == cluster["cluster_id"]).to_dicts()
    canonical = next(row for row in own if row["paragraph_id"] == cluster["canonical_id"])
    others = [row for row in own if row is not canonical]
    text: str = canonical["text"]
    return Paragraph(
        cluster={**cluster, "paragraph_no": canonical["paragraph_no"]},
        text=text[:SHOWN_CHARACTERS],
        n_more_characters=max(0, len(text) - SHOWN_CHARACTERS),
        copies=tuple(_copy(canonical, row) for row in others[:SHOWN_COPIES]),
        n_more=max(0, len(others) - SHOWN_COPIES),
    )


def _copy(canonical: dict[str, Any], row: dict[str, Any]) -> Copy:
    pieces = word_diff(canonical["text"], row["text"])
    shown = tuple(_cut(pieces))
    n_more = sum(len(piece.text) for piece in pieces) - sum(len(piece.text) for piece in shown)
    return Copy(row, _hours(canonical["at"], row["at"]), shown, n_more)


def _cut(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The first SHOWN_CHARACTERS of the pieces."""
    left = SHOWN_CHARACTERS
    for piece in pieces:
        if left <= 0:
            return
        yield piece._replace(text=piece.text[:left])
        left -= len(piece.text)


def _hours(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / 3600
