"""Pages before and after: the articles most worth a look, every line with what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from pipeline import schemas
from pipeline.report.scope import Scope

SHOWN_LINES = 400  # of a page; the lines of 19 of 20 news pages
SHOWN_CHARACTERS = 2_000  # of a line
PER_REASON = 3  # pages looked for under each reason
MIN_LONG = 60  # characters from which a dropped line might have been a sentence of the story
MIN_OUTLET_ARTICLES = 4  # of an outlet, from which there is a usual share
MIN_UNUSUAL = 10  # percentage points of the share of characters left out, from the outlet's median
CLOSE = 0.2  # a score this near the threshold is a close call, and told for kept lines too


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page; `verdict` is the rule that dropped it, or the field it became."""

    line_no: int
    text: str
    n_more: int  # characters not shown
    place: Literal["text", "field", "dropped"]
    verdict: str
    also_by: str
    score: float | None  # told where it decided, or nearly


@dataclass(frozen=True, slots=True)
class Page:
    """An article, why it is shown, and its lines."""

    article: dict[str, Any]
    reasons: tuple[str, ...]
    lines: tuple[Line, ...]
    n_more: int  # lines not shown


def chosen(scope: Scope) -> dict[str, tuple[str, ...]]:
    """The articles worth a look -> why, the most telling reasons first. Empty unless every line was published."""
    if scope.lines != "all":
        return {}
    articles = _measured(scope)
    found: dict[str, tuple[str, ...]] = {}
    for reason, candidates in _candidates(articles, _threshold(scope)):
        for article_id, figure in candidates.head(PER_REASON).select("article_id", "figure").iter_rows():
            found[article_id] = (*found.get(article_id, ()), reason.format(figure))
    return found


def _candidates(articles: pl.DataFrame, threshold: float) -> Iterator[tuple[str, pl.DataFrame]]:
    """Each reason with the articles it fits, the clearest first, and the figure that says so."""

    def by(figure: pl.Expr, *, descending: bool = True) -> pl.DataFrame:
        measured = articles.with_columns(figure.alias("figure")).drop_nulls("figure")
        return measured.sort(["figure", "article_id"], descending=[descending, False])

    n_dropped = pl.col("n_characters_dropped")
    points = 100 * (pl.col("share") - pl.col("share").median().over("outlet"))
    is_unusual = (pl.len().over("outlet") >= MIN_OUTLET_ARTICLES) & (points.abs() >= MIN_UNUSUAL)
    yield (
        "no text: none of its {:,} lines was taken for story",
        by(pl.when((pl.col("n_kept") == 0) & (pl.col("n_lines") > 0)).then("n_lines")),
    )
    yield "largest removal: {:,} characters dropped", by(pl.when(n_dropped > 0).then(n_dropped))
    unusual = by(pl.when(is_unusual).then(points))
    yield (
        "unusual for its outlet: {:+.0f} points off the usual share left out",
        unusual.sort(pl.col("figure").abs(), descending=True, maintain_order=True),
    )
    yield (
        "a close call: a long line dropped with score {:.4f}",
        by(pl.when(pl.col("highest_dropped") >= threshold - CLOSE).then("highest_dropped")),
    )
    yield (
        "lowest score kept: {:.4f}",
        by(pl.when(pl.col("lowest_kept") < threshold + CLOSE).then("lowest_kept"), descending=False),
    )
    yield "doubtful page: doubt {:.4f}", by(pl.col("doubt"))


def _measured(scope: Scope) -> pl.DataFrame:
    """Per article: what its reasons are taken from."""
    length, score = pl.col("text").str.len_chars(), pl.col("score")
    is_dropped, is_kept = pl.col("dropped_by").is_not_null(), pl.col("paragraph_no").is_not_null()
    lines = (
        scope.scan(schemas.LINES)
        .group_by("article_id")
        .agg(
            (1 - length.filter(is_kept).sum() / length.sum()).alias("share"),
            length.filter(is_dropped).sum().alias("n_characters_dropped"),
            score.filter((pl.col("dropped_by") == "line_score") & (length >= MIN_LONG)).max().alias("highest_dropped"),
            score.filter(is_kept).min().alias("lowest_kept"),
        )
    )
    return (
        scope.scan(schemas.ARTICLES)
        .select("article_id", "outlet", "doubt", "n_lines", "n_kept")
        .join(lines, on="article_id", how="left")
        .collect()
    )


def pages(scope: Scope) -> list[Page]:
    """The chosen articles with their lines, those with most reasons first."""
    reasons = chosen(scope)
    wanted = pl.col("article_id").is_in(list(reasons))
    rows = scope.scan(schemas.ARTICLES).filter(wanted).drop("text", "original_text").collect()
    articles = {row["article_id"]: row for row in rows.iter_rows(named=True)}
    lines = scope.scan(schemas.LINES).filter(wanted).collect().sort("article_id", "line_no")
    whole = {key[0]: part for key, part in lines.partition_by("article_id", as_dict=True).items()}
    return [
        Page(articles[article_id], why, tuple(_lines(whole.get(article_id, lines.clear()), _threshold(scope))),
             max(0, articles[article_id]["n_lines"] - SHOWN_LINES))
        for article_id, why in sorted(reasons.items(), key=lambda item: -len(item[1]))
    ]  # fmt: skip


def _threshold(scope: Scope) -> float:
    return float(scope.manifest["settings"]["clean"]["threshold"])


def _lines(lines: pl.DataFrame, threshold: float) -> Iterator[Line]:
    for row in lines.head(SHOWN_LINES).iter_rows(named=True):
        place: Literal["text", "field", "dropped"] = (
            "dropped" if row["dropped_by"] else "field" if row["paragraph_no"] is None else "text"
        )
        is_told = place == "dropped" or (place == "text" and abs(row["score"] - threshold) < CLOSE)
        yield Line(
            line_no=row["line_no"],
            text=row["text"][:SHOWN_CHARACTERS],
            n_more=max(0, len(row["text"]) - SHOWN_CHARACTERS),
            place=place,
            verdict=row["dropped_by"] or (row["role"] if place == "field" else ""),
            also_by=row["also_by"] or "",
            score=row["score"] if is_told else None,
        )
