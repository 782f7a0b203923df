"""How much of what each outlet prints is its own? Bars of first copies, copies and agency copy, as SVG.

copydesk run -i data/raw -o data/clean
python -m examples.original_reporting data/clean/current original.svg
"""

from __future__ import annotations

import sys
from pathlib import Path

import altair as alt
import polars as pl

# A control character in a label makes the library that draws abort the process.
OUTLET = pl.col("outlet").str.replace_all(r"\p{C}", "?")


def shares(tables: Path) -> pl.DataFrame:
    """Per outlet and kind (own, copied, agency): its paragraphs and their share of the outlet's."""
    clusters = pl.scan_parquet(tables / "clusters/**/*.parquet").select("cluster_id", "wire_source")
    articles = pl.scan_parquet(tables / "articles/**/*.parquet").select("article_id", article_wire="wire_source")
    is_agency = pl.any_horizontal(pl.col("wire_source", "article_wire").is_not_null())
    kind = (
        pl.when(is_agency).then(pl.lit("agency")).when("is_canonical").then(pl.lit("own")).otherwise(pl.lit("copied"))
    )
    return (
        pl.scan_parquet(tables / "paragraphs/**/*.parquet")
        .join(clusters, on="cluster_id", how="left")
        .join(articles, on="article_id", how="left")
        .group_by(outlet=OUTLET, kind=kind)
        .agg(paragraphs=pl.len())
        .with_columns(share=pl.col("paragraphs") / pl.col("paragraphs").sum().over("outlet"))
        .sort("outlet", "kind")
        .collect()
    )


def main(tables: Path, picture: Path) -> None:
    """Print the shares and draw them."""
    found = shares(tables)
    for outlet, kind, paragraphs, share in found.iter_rows():
        print(f"{outlet or '(no outlet)':<28} {kind:<7} {paragraphs:>6,} {share:>6.0%}")
    chart = alt.Chart(found, title="Paragraphs by where they come from").mark_bar()
    chart.encode(
        x=alt.X("share:Q", axis=alt.Axis(format="%"), title=None),
        y=alt.Y("outlet:N", title=None),
        color=alt.Color("kind:N", title=None, sort=["own", "copied", "agency"]),
    ).save(picture)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
