"""From a batch's rows to the next version: today's files with the new rows, without what a revision replaced.

Yesterday's rows are final: only today's files, the files a revised article's rows leave, and the files of clusters
that grew are written anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from pipeline import schemas
from pipeline.schemas import Table
from pipeline.stages import dedup
from pipeline.stages.export import stamped
from pipeline.store import Draft

INPUT_PLACE = ["outlet", "sha256", "source_path", "source_offset"]


@dataclass(frozen=True)
class Batch:
    """Everything one run adds."""

    run_id: str
    as_of: datetime
    tables: Mapping[str, pl.DataFrame]  # rows of articles, lines, paragraphs, links, mentions, rejects
    inputs: pl.DataFrame
    files: pl.DataFrame
    outlet_lines: pl.DataFrame
    fingerprints: pl.DataFrame
    frequencies: pl.DataFrame
    members: pl.DataFrame

    @property
    def day(self) -> str:
        """The day its rows are filed under."""
        return self.as_of.date().isoformat()


def fill(draft: Draft, batch: Batch, *, keep_days: Mapping[str, int]) -> None:
    """Write the batch into the draft. `keep_days`: state table -> days it looks back, 0 = for ever."""
    gone = _remove_replaced(draft, batch.inputs)
    for table in schemas.TABLES:
        if table is not schemas.CLUSTERS:
            _add(draft, table, batch.day, batch.tables[table.name])
    _update_clusters(draft, batch, gone)
    _add(draft, schemas.INPUTS, batch.day, batch.inputs, state=True)
    _add(draft, schemas.FILES, batch.day, batch.files, state=True)
    _add_counts(draft, schemas.OUTLET_LINES, batch.day, batch.outlet_lines, "n_articles")
    _add_counts(draft, schemas.FREQUENCIES, batch.day, batch.frequencies, "n_paragraphs")
    for (day,), rows in batch.fingerprints.group_by(_own_day(), maintain_order=True):
        _add(draft, schemas.FINGERPRINTS, str(day), rows.drop("own_day", strict=False), state=True)
    for table in (schemas.OUTLET_LINES, schemas.FINGERPRINTS):
        if keep_days[table.name]:
            oldest = (batch.as_of.date() - timedelta(days=keep_days[table.name] + 1)).isoformat()
            for day in draft.days(table, state=True):
                if day < oldest:
                    draft.remove(table, day, state=True)


def _own_day() -> pl.Expr:
    return pl.coalesce("published_at", "first_seen_at").dt.date().cast(pl.String).alias("own_day")


def _add(draft: Draft, table: Table, day: str, rows: pl.DataFrame, *, state: bool = False) -> None:
    there = draft.read(table, day, state=state)
    draft.write(table, day, schemas.ordered(pl.concat([there, rows.select(table.names)]), table), state=state)


def _add_counts(draft: Draft, table: Table, day: str, rows: pl.DataFrame, count: str) -> None:
    both = pl.concat([draft.read(table, day, state=True), rows.select(table.names)])
    summed = both.group_by(list(table.key)).agg(pl.col(count).sum()).select(table.names)
    draft.write(table, day, schemas.ordered(schemas.conform(summed, table, at="publish"), table), state=True)


def _filter(
    draft: Draft, table: Table, keep: pl.Expr, *, state: bool = False, days: Iterable[str] | None = None
) -> None:
    for day in draft.days(table, state=state) if days is None else sorted(days):
        there = draft.read(table, day, state=state)
        kept = there.filter(keep)
        if kept.height < there.height:
            draft.write(table, day, kept, state=state)


def _remove_replaced(draft: Draft, inputs: pl.DataFrame) -> pl.Series:
    """Take out the rows of articles that come again with other content, and of refusals tried again.

    Returns the paragraph ids that are gone.
    """
    revised = inputs.filter((pl.col("status") == "written") & (pl.col("revision") > 0))["article_id"]
    retaken = inputs.select("outlet", "sha256")
    places = inputs.select("source_path", "source_offset")
    gone = pl.Series("paragraph_id", [], dtype=pl.String)
    for day in draft.days(schemas.INPUTS, state=True):
        known = draft.read(schemas.INPUTS, day, state=True)
        kept = known.join(retaken, on=retaken.columns, how="anti", nulls_equal=True, maintain_order="left")
        refused = kept.filter(pl.col("status") == "rejected").join(places, on=places.columns, how="semi")
        kept = kept.join(refused, on=INPUT_PLACE, how="anti", nulls_equal=True, maintain_order="left")
        replaced = (pl.col("status") == "written") & pl.col("article_id").is_in(revised.implode())
        if kept.height == known.height and not known.select(replaced.any()).item():
            continue
        again = known.join(kept, on=INPUT_PLACE, how="anti", nulls_equal=True).select(places.columns)
        rejects = draft.read(schemas.REJECTS, day)
        draft.write(schemas.REJECTS, day, rejects.join(again, on=places.columns, how="anti", maintain_order="left"))
        status = pl.when(replaced).then(pl.lit("replaced")).otherwise("status").alias("status")
        draft.write(schemas.INPUTS, day, schemas.ordered(kept.with_columns(status), schemas.INPUTS), state=True)
        old = draft.read(schemas.PARAGRAPHS, day).filter(pl.col("article_id").is_in(revised.implode()))
        gone = pl.concat([gone, old["paragraph_id"]])
        for table in (schemas.ARTICLES, schemas.LINES, schemas.PARAGRAPHS, schemas.MENTIONS):
            _filter(draft, table, ~pl.col("article_id").is_in(revised.implode()), days=[day])
    if revised.len():
        _filter(draft, schemas.FINGERPRINTS, ~pl.col("paragraph_id").is_in(gone.implode()), state=True)
        _filter(draft, schemas.LINKS, ~pl.any_horizontal(pl.col("left_id", "right_id").is_in(gone.implode())))
    return gone


def _update_clusters(draft: Draft, batch: Batch, gone: pl.Series) -> None:
    """Rewrite the clusters that gained or lost a member; their rows move to today's files."""
    earlier = [draft.read(schemas.MEMBERS, day, state=True) for day in draft.days(schemas.MEMBERS, state=True)]
    known = pl.concat([schemas.MEMBERS.empty(), *earlier])
    lost = known.filter(pl.col("paragraph_id").is_in(gone.implode()))
    touched = pl.concat([batch.members["cluster_id"], lost["cluster_id"]]).unique().implode()
    in_touched = pl.col("cluster_id").is_in(touched)
    stayed = known.filter(in_touched & ~pl.col("paragraph_id").is_in(gone.implode()))
    members = pl.concat([stayed, batch.members.select(schemas.MEMBERS.names)])
    _filter(draft, schemas.MEMBERS, ~in_touched, state=True)
    _filter(draft, schemas.CLUSTERS, ~in_touched)
    _add(draft, schemas.MEMBERS, batch.day, members, state=True)
    clusters = stamped(dedup.clusters(members), schemas.CLUSTERS, batch.run_id)
    _add(draft, schemas.CLUSTERS, batch.day, clusters)
