"""Who is named by whom? A table of people by outlet, in articles, drawn as SVG.

Articles count, not mentions: a long profile should not outweigh ten reports. Copied articles count too, for the
question is what readers of an outlet read.

    copydesk run -i data/raw -o data/clean
    python -m examples.named_by_whom data/clean/current named.svg
"""

from __future__ import annotations

import sys
from pathlib import Path

import altair as alt
import polars as pl

MOST_NAMED = 15
# A control character in a label makes the library that draws abort the process.
OUTLET = pl.col("outlet").str.replace_all(r"\p{C}", "?")


def named(tables: Path) -> pl.DataFrame:
    """Per person and outlet: articles that name the person. The people named in most articles, by name."""
    articles = pl.scan_parquet(tables / "articles/**/*.parquet").select("article_id", outlet=OUTLET)
    mentions = pl.scan_parquet(tables / "mentions/**/*.parquet").filter(pl.col("person_id").is_not_null())
    names = mentions.filter(pl.col("kind") == "full").group_by("person_id").agg(person=pl.col("name").first())
    counted = (
        mentions.join(articles, on="article_id")
        .group_by("person_id", "outlet")
        .agg(articles=pl.col("article_id").n_unique())
        .join(names, on="person_id")
    )
    most = counted.group_by("person_id").agg(total=pl.col("articles").sum())
    shown = most.sort(["total", "person_id"], descending=[True, False]).head(MOST_NAMED)
    return (
        counted.join(shown, on="person_id", how="semi")
        .select("person", "outlet", "articles")
        .sort("person", "outlet")
        .collect()
    )


def main(tables: Path, picture: Path) -> None:
    """Print the table and draw it."""
    found = named(tables)
    for person, outlet, articles in found.iter_rows():
        print(f"{person:<24} {outlet or '(no outlet)':<28} {articles:>4,}")
    base = alt.Chart(found, title="Articles that name a person").encode(
        x=alt.X("outlet:N", title=None, axis=alt.Axis(labelAngle=-40)), y=alt.Y("person:N", title=None)
    )
    cells = base.mark_rect().encode(color=alt.Color("articles:Q", legend=None, scale=alt.Scale(scheme="blues")))
    (cells + base.mark_text().encode(text="articles:Q")).save(picture)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
