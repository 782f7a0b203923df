"""Proof that a version is what its manifest says: balance, keys, references, offsets, and every file's hash.

Day by day: of what must be compared across days only hashes are held, 8 bytes for each id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from pipeline import schemas
from pipeline.errors import DamagedError
from pipeline.schemas import Table
from pipeline.store import MANIFEST, MANIFEST_HASH, Version

UNIQUE: tuple[tuple[Table, tuple[str, ...]], ...] = (  # within a day; `_twice` looks across days
    (schemas.LINES, ("article_id", "line_no")),
    (schemas.PARAGRAPHS, ("article_id", "paragraph_no")),
    (schemas.LINKS, ("left_id", "right_id")),
)
ONE_PER_ID = ((schemas.ARTICLES, "article_id"), (schemas.PARAGRAPHS, "paragraph_id"), (schemas.CLUSTERS, "cluster_id"))
REFERENCES = (  # columns that name a paragraph; whether it may be one that is gone: rows of other articles stay
    (schemas.LINKS, "left_id", False),
    (schemas.LINKS, "right_id", False),
    (schemas.CLUSTERS, "canonical_id", False),
    (schemas.PARAGRAPHS, "matched_id", True),
    (schemas.PARAGRAPHS, "canonical_id", True),
)


def problems(version: Version, *, deep: bool) -> Iterator[str]:
    """What is wrong with a version, one sentence each; nothing when it is sound. `deep` reads every byte.

    Of a version whose files are not those written, only the files are named: their rows prove nothing.
    """
    if not version.manifest_is_whole:
        yield f"{MANIFEST}: does not match {MANIFEST_HASH}"
        return
    changed = list(version.damaged(deep=deep))
    yield from changed
    if changed and deep:
        return
    try:
        for day in _days(version):
            yield from _wrong_in(version, day)
        yield from _wrong_across(version)
    except DamagedError as error:
        yield str(error)
    taken = version.manifest["counts"]["extract"]
    if taken["n_inputs"] != taken["n_written"] + taken["n_rejected"] + taken["n_unchanged"]:
        yield "manifest: inputs are not written + rejected + unchanged"


def _days(version: Version) -> list[str]:
    return sorted({day for table in schemas.TABLES for day in version.files(table)})


def _wrong_in(version: Version, day: str) -> Iterator[str]:
    """What is wrong inside one day's files: an article's rows all stand in the files of one day."""
    tables = {table.name: version.day(table, day) for table in schemas.TABLES}
    for table, key in UNIQUE:
        twice = tables[table.name].group_by(list(key)).len().filter(pl.col("len") > 1)
        if twice.height:
            yield f"{table.name}: {twice.height} keys {key} stand more than once on {day}"
    articles = tables["articles"]
    yield from _unbalanced(articles, tables["lines"], tables["paragraphs"])
    for name in ("lines", "paragraphs", "mentions"):
        strays = tables[name].join(articles, on="article_id", how="anti")
        if strays.height:
            yield f"{name}: {strays.height} rows of {day} belong to no article"
    yield from _misplaced(tables["paragraphs"], tables["lines"], tables["mentions"])


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


def _wrong_across(version: Version) -> Iterator[str]:
    """What is wrong between the days: ids that stand twice, references that lead nowhere."""
    known = {table.name: _hashes(version, table, column) for table, column in ONE_PER_ID}
    for table, column in ONE_PER_ID:
        twice = known[table.name].len() - known[table.name].n_unique()
        if twice:
            yield f"{table.name}: {twice} keys {column} stand more than once"
    gone = _hashes(version, schemas.GONE, "paragraph_id", state=True)
    for table, column, may_be_gone in REFERENCES:
        there = pl.concat([known["paragraphs"], gone]) if may_be_gone else known["paragraphs"]
        lost = _missing(_hashes(version, table, column), there)
        if lost:
            yield f"{table.name}: {lost} values of {column} are no paragraph"
    members = _hashes(version, schemas.PARAGRAPHS, "cluster_id").value_counts().filter(pl.col("count") > 1)
    unlisted = _missing(members["cluster_id"], known["clusters"])
    if unlisted:
        yield f"clusters: {unlisted} clusters of paragraphs are not listed"
    yield from _unlike_the_ledger(version, known)


def _unlike_the_ledger(version: Version, known: Mapping[str, pl.Series]) -> Iterator[str]:
    written = _hashes(version, schemas.INPUTS, "article_id", status="written", state=True)
    apart = _missing(written, known["articles"]) + _missing(known["articles"], written)
    if apart:
        yield f"articles: {apart} differ from the inputs written in the ledger"
    forgotten = _hashes(version, schemas.INPUTS, "article_id", status="forgotten", state=True)
    if _missing(forgotten, known["articles"]) < forgotten.n_unique():
        yield "articles: some are there that the ledger says are forgotten"
    lost = _missing(_hashes(version, schemas.ARTICLES, "duplicate_of"), pl.concat([known["articles"], forgotten]))
    if lost:
        yield f"articles: {lost} values of duplicate_of are no article"


def _hashes(
    version: Version, table: Table, column: str, *, status: str | None = None, state: bool = False
) -> pl.Series:
    """Hashes of a column's values (where the row's status is that), nulls left out; in memory only.

    A collision hides an error, once in 2^64 pairs.
    """
    found = [pl.Series(column, [], dtype=pl.UInt64)]
    for day in version.files(table, state=state):
        rows = version.day(table, day, [column] if status is None else [column, "status"], state=state)
        wanted = rows if status is None else rows.filter(pl.col("status") == status)
        found.append(wanted[column].drop_nulls().hash())
    return pl.concat(found)


def _missing(named: pl.Series, there: pl.Series) -> int:
    """How many of the values named are not there."""
    distinct = named.unique()
    return int((~distinct.is_in(there.unique().implode())).sum())
