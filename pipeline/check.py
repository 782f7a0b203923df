"""Proof that a version is what its manifest says: balance, keys, references, offsets, and every file's hash."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from pipeline import schemas
from pipeline.files import digest
from pipeline.kernels.hashing import content_hash
from pipeline.schemas import Table
from pipeline.store import MANIFEST, MANIFEST_HASH, Version

UNIQUE: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (schemas.ARTICLES, ("article_id",)),
    (schemas.LINES, ("article_id", "line_no")),
    (schemas.PARAGRAPHS, ("article_id", "paragraph_no")),
    (schemas.PARAGRAPHS, ("paragraph_id",)),
    (schemas.LINKS, ("left_id", "right_id")),
    (schemas.CLUSTERS, ("cluster_id",)),
)


def problems(version: Version, *, deep: bool) -> Iterator[str]:
    """What is wrong with a version, one sentence each; nothing when it is sound. `deep` reads every byte."""
    yield from _damaged(version, deep=deep)
    tables = {table.name: version.read(table) for table in schemas.TABLES}
    for table, key in UNIQUE:
        twice = tables[table.name].group_by(list(key)).len().filter(pl.col("len") > 1)
        if twice.height:
            yield f"{table.name}: {twice.height} keys {key} stand more than once"
    yield from _unbalanced(tables["articles"], tables["lines"], tables["paragraphs"])
    yield from _dangling(version, tables)
    yield from _misplaced(tables["paragraphs"], tables["lines"], tables["mentions"])
    taken = version.manifest["counts"]["extract"]
    if taken["n_inputs"] != taken["n_written"] + taken["n_rejected"] + taken["n_unchanged"]:
        yield "manifest: inputs are not written + rejected + unchanged"


def _damaged(version: Version, *, deep: bool) -> Iterator[str]:
    said = (version.path / MANIFEST_HASH).read_text(encoding="utf-8").split()[0]
    if content_hash((version.path / MANIFEST).read_bytes()) != said:
        yield f"{MANIFEST}: does not match {MANIFEST_HASH}"
    listed = {output["path"]: output["sha256"] for output in version.manifest["outputs"]}
    there = {str(file.relative_to(version.path)) for file in version.path.glob("**/*.parquet")}
    yield from (f"{name}: listed in the manifest, not there" for name in sorted(set(listed) - there))
    yield from (f"{name}: there, not listed in the manifest" for name in sorted(there - set(listed)))
    if deep:
        for name in sorted(set(listed) & there):
            if digest(version.path / name) != listed[name]:
                yield f"{name}: its sha256 is not the manifest's"


def _unbalanced(articles: pl.DataFrame, lines: pl.DataFrame, paragraphs: pl.DataFrame) -> Iterator[str]:
    uneven = articles.filter(pl.col("n_lines") != pl.col("n_kept") + pl.col("n_fields") + pl.col("n_dropped"))
    if uneven.height:
        yield f"articles: {uneven.height} have n_lines other than n_kept + n_fields + n_dropped"
    for table, frame, count in (("lines", lines, "n_lines"), ("paragraphs", paragraphs, "n_paragraphs")):
        if table == "lines" and frame.height < articles["n_lines"].sum():
            continue  # export.lines left rows out
        there = articles.join(frame.group_by("article_id").len(), on="article_id", how="left")
        off = there.filter(pl.col("len").fill_null(0) != pl.col(count))
        if off.height:
            yield f"articles: {off.height} have another {count} than rows in {table}"


def _dangling(version: Version, tables: dict[str, pl.DataFrame]) -> Iterator[str]:
    paragraphs = tables["paragraphs"]
    known = set(paragraphs["paragraph_id"])
    revised = version.read(schemas.INPUTS, state=True).filter(pl.col("status") == "replaced").height > 0
    for name, column in (
        ("links", "left_id"),
        ("links", "right_id"),
        ("clusters", "canonical_id"),
        ("paragraphs", "matched_id"),
        ("paragraphs", "canonical_id"),
    ):
        lost = set(tables[name][column].drop_nulls()) - known
        if lost and not (revised and name == "paragraphs"):  # rows of other articles stay when a revision removes one
            yield f"{name}: {len(lost)} values of {column} are no paragraph"
    articles = tables["articles"].select("article_id")
    written = version.read(schemas.INPUTS, state=True).filter(pl.col("status") == "written").select("article_id")
    apart = written.join(articles, on="article_id", how="anti").height
    apart += articles.join(written, on="article_id", how="anti").height
    if apart:
        yield f"articles: {apart} differ from the inputs written in the ledger"
    for name in ("lines", "paragraphs", "mentions"):
        strays = tables[name].join(articles, on="article_id", how="anti")
        if strays.height:
            yield f"{name}: {strays.height} rows belong to no article"
    members = paragraphs.group_by("cluster_id").len().filter(pl.col("len") > 1)
    unlisted = members.join(tables["clusters"], on="cluster_id", how="anti").drop_nulls("cluster_id")
    if unlisted.height:
        yield f"clusters: {unlisted.height} clusters of paragraphs are not listed"


def _misplaced(paragraphs: pl.DataFrame, lines: pl.DataFrame, mentions: pl.DataFrame) -> Iterator[str]:
    wrong = lines.filter(pl.col("end") - pl.col("start") != pl.col("text").str.len_chars())
    if wrong.height:
        yield f"lines: {wrong.height} have an end that does not fit their text"
    length = pl.col("end") - pl.col("start")
    in_text = mentions.join(paragraphs.select("article_id", "paragraph_no", "text"), on=["article_id", "paragraph_no"])
    in_lines = mentions.join(lines.select("article_id", "line_no", "text"), on=["article_id", "line_no"])
    for place, frame in (("paragraphs", in_text), ("lines", in_lines)):
        off = frame.filter(pl.col("text").str.slice(pl.col("start"), length) != pl.col("surface"))
        if off.height:
            yield f"mentions: {off.height} do not stand at their offsets in {place}"
