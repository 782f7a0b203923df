"""Outlets that suddenly lose most of their text: a redesign, a consent wall, a rule that takes too much."""

from __future__ import annotations

import polars as pl

from pipeline import schemas
from pipeline.errors import RefusedError
from pipeline.schemas import ordered

SHOWN = 5  # outlets named in a refusal


def sizes(documents: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """OUTLET_SIZES of a batch of new DOCUMENTS and their JUDGED_LINES; articles without outlet are not counted."""
    table = schemas.OUTLET_SIZES
    in_text = pl.col("text").str.len_chars().filter(pl.col("paragraph_no").is_not_null()).sum()
    kept = lines.group_by("article_id").agg(in_text.cast(pl.Int64).alias("n_characters"))
    return summed(
        documents.drop_nulls("outlet")
        .join(kept, on="article_id", how="left")
        .select("outlet", pl.lit(1, pl.Int64).alias("n_articles"), pl.col("n_characters").fill_null(0))
        .select(table.names)
    )


def summed(counted: pl.DataFrame) -> pl.DataFrame:
    """OUTLET_SIZES with one row per outlet."""
    return ordered(counted.group_by("outlet").agg(pl.all().sum()), schemas.OUTLET_SIZES)


def losses(today: pl.DataFrame, before: pl.DataFrame, max_loss: float, min_articles: int) -> pl.DataFrame:
    """The outlets that keep too little: outlet, n_articles, mean, n_before, mean_before, largest loss first.

    Of both OUTLET_SIZES an outlet needs `min_articles`; it keeps too little when its mean of kept characters per
    article is below 1 - `max_loss` of the mean before.
    """
    mean = (pl.col("n_characters") / pl.col("n_articles")).alias("mean")
    enough = pl.col("n_articles") >= min_articles
    now = today.filter(enough).select("outlet", "n_articles", mean)
    earlier = before.filter(enough).select("outlet", pl.col("n_articles").alias("n_before"), mean.alias("mean_before"))
    lost = pl.col("mean") < (1 - max_loss) * pl.col("mean_before")
    return now.join(earlier, on="outlet").filter(lost).sort(pl.col("mean") / pl.col("mean_before"), "outlet")


def refusal(lost: pl.DataFrame, documents: pl.DataFrame, lines: pl.DataFrame, max_loss: float) -> RefusedError:
    """The error that names what `losses` found, `max_loss` being the limit."""
    return RefusedError(
        f"{told(lost, documents, lines)}; a loss above run.max_outlet_loss = {max_loss}: nothing is published; "
        f"--force-publish overrides"
    )


def told(lost: pl.DataFrame, documents: pl.DataFrame, lines: pl.DataFrame) -> str:
    """What became of the outlets that `losses` names, and which rule took most of their characters."""
    said = []
    for outlet, n_articles, mean, n_before, mean_before in lost.head(SHOWN).iter_rows():
        own = lines.join(documents.filter(pl.col("outlet") == outlet), on="article_id", how="semi")
        characters = pl.col("text").str.len_chars()
        by_rule = (
            own.drop_nulls("dropped_by")
            .group_by("dropped_by")
            .agg(characters.sum())
            .sort(-pl.col("text").cast(pl.Int64), "dropped_by")
        )
        why = "no rule took anything" if own.height else "its lines are not there to tell why"
        if by_rule.height:
            rule, taken = by_rule.row(0)
            why = f"{rule} took most, {taken / own.select(characters.sum()).item():.0%} of the characters"
        said.append(
            f"{outlet} keeps {mean:,.0f} characters an article ({n_articles:,} articles), {mean_before:,.0f} before "
            f"({n_before:,}): {why}"
        )
    more = f"; and {lost.height - SHOWN:,} more outlets" if lost.height > SHOWN else ""
    return "; ".join(said) + more
