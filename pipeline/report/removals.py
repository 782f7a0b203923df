"""What was removed: by rule, by outlet, and what is otherwise than in the run before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from pipeline import schemas
from pipeline.report.scope import Scope
from pipeline.store import Version

MEANINGS = {
    "line_score": "scored below clean.threshold: more like site furniture than story",
    "repeat:title": "the headline again",
    "repeat:outlet": "the outlet prints it on many articles",
    "repeat:page": "stands in the text already",
    "keep_roles": "a role that clean.keep_roles does not keep",
}
OUTLET_RULE = "a pattern in the outlet's own file"


def by_rule(scope: Scope) -> list[dict[str, Any]]:
    """A row per rule: lines, characters, articles and outlets it took from, its most frequent line.

    Where the version keeps no lines, what the manifest counts of each rule.
    """
    if scope.lines == "none":
        counted = scope.counts("clean")["dropped_by_rule"]
        rows = [{"rule": rule, "n_lines": count} for rule, count in counted.items()]
        return [{**row, "meaning": meaning(row["rule"])} for row in sorted(rows, key=lambda row: -row["n_lines"])]
    outlets = scope.scan(schemas.ARTICLES).select("article_id", "outlet")
    dropped = scope.scan(schemas.LINES).filter(pl.col("dropped_by").is_not_null())
    texts = dropped.group_by("dropped_by", "text").len()
    usual = texts.sort(["len", "text"], descending=[True, False]).unique(
        "dropped_by", keep="first", maintain_order=True
    )
    rows = (
        dropped.join(outlets, on="article_id", how="left")
        .group_by("dropped_by")
        .agg(
            pl.len().alias("n_lines"),
            pl.col("text").str.len_chars().sum().alias("n_characters"),
            pl.col("article_id").n_unique().alias("n_articles"),
            pl.col("outlet").n_unique().alias("n_outlets"),
        )
        .join(usual.select("dropped_by", pl.col("text").alias("example")), on="dropped_by")
        .sort(["n_lines", "dropped_by"], descending=[True, False])
        .rename({"dropped_by": "rule"})
        .collect()
        .to_dicts()
    )
    return [{**row, "meaning": meaning(row["rule"])} for row in rows]


def meaning(rule: str) -> str:
    """A rule in plain words."""
    return MEANINGS.get(rule, OUTLET_RULE)


def by_outlet(scope: Scope, base: Version | None) -> list[dict[str, Any]]:
    """A row per outlet, the largest loss of lines first: what became of its lines, its share left out, now and before.

    `share` and `before` are of characters, None where lines were not published; `rules` the outlet's three most
    frequent rules with their lines.
    """
    now, before = _outlets(scope), None if base is None else _outlets(Scope(base))
    rules = _rules_of_outlets(scope)
    shares = {} if before is None else dict(before.select("outlet", "share").iter_rows())
    rows = now.sort(["n_dropped", "outlet"], descending=[True, False], nulls_last=True).to_dicts()
    return [{**row, "before": shares.get(row["outlet"]), "rules": rules.get(row["outlet"], ())} for row in rows]


def _outlets(scope: Scope) -> pl.DataFrame:
    """Per outlet: its articles, their lines by what became of them, and the share of characters that left the text."""
    counted = (
        scope.scan(schemas.ARTICLES)
        .group_by("outlet")
        .agg(pl.len().alias("n_articles"), pl.col("n_lines", "n_kept", "n_fields", "n_dropped").sum())
    )
    if scope.lines != "all":
        return counted.with_columns(pl.lit(None, pl.Float64).alias("share")).collect()
    length = pl.col("text").str.len_chars()
    shares = (
        scope.scan(schemas.LINES)
        .join(scope.scan(schemas.ARTICLES).select("article_id", "outlet"), on="article_id")
        .group_by("outlet")
        .agg((1 - length.filter(pl.col("paragraph_no").is_not_null()).sum() / length.sum()).alias("share"))
    )
    return counted.join(shares, on="outlet", how="left", nulls_equal=True).collect()


def _rules_of_outlets(scope: Scope) -> Mapping[str | None, list[tuple[str, int]]]:
    rows = (
        scope.scan(schemas.LINES)
        .filter(pl.col("dropped_by").is_not_null())
        .join(scope.scan(schemas.ARTICLES).select("article_id", "outlet"), on="article_id")
        .group_by("outlet", "dropped_by")
        .len()
        .sort(["len", "dropped_by"], descending=[True, False])
        .collect()
    )
    rules: dict[str | None, list[tuple[str, int]]] = {}
    for outlet, rule, count in rows.iter_rows():
        rules.setdefault(outlet, []).append((rule, count))
    return {outlet: some[:3] for outlet, some in rules.items()}
