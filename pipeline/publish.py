"""From a batch's rows to the next version: today's files with the new rows, without what a revision replaced.

Yesterday's rows are final: only today's files, the files a revised article's rows leave, and the files of clusters
that grew are written anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from pipeline import schemas
from pipeline.errors import RefusedError
from pipeline.schemas import Table
from pipeline.stages import dedup
from pipeline.stages.export import stamped
from pipeline.store import Draft

INPUT_PLACE = ["outlet", "sha256", "source_path", "source_offset"]


@dataclass(frozen=True)
class GrownClusters:
    """The clusters that a batch touches, and those its articles stand in, as they are after it."""

    touched: pl.Series  # their ids, those of emptied ones too
    members: pl.DataFrame  # schemas.MEMBERS of the touched ones
    clusters: pl.DataFrame  # schemas.CLUSTERS without batch_id, the touched ones
    around: pl.DataFrame  # the same for every cluster with a paragraph of the batch's articles


@dataclass(frozen=True)
class Batch:
    """Everything one run adds."""

    run_id: str
    as_of: datetime
    tables: Mapping[str, pl.DataFrame]  # rows of articles, lines, paragraphs, links, mentions, rejects
    inputs: pl.DataFrame
    files: pl.DataFrame
    outlet_lines: pl.DataFrame
    still_refused: pl.DataFrame  # source_path, source_offset of refusals known before and met again
    fingerprints: pl.DataFrame
    frequencies: pl.DataFrame
    grown: GrownClusters

    @property
    def day(self) -> str:
        """The day its rows are filed under."""
        return self.as_of.date().isoformat()


def grown_clusters(
    known: pl.DataFrame, added: pl.DataFrame, articles: pl.Series, told: Callable[[pl.DataFrame], pl.DataFrame]
) -> GrownClusters:
    """What a batch makes of the clusters, from the MEMBERS known before and those it adds.

    `articles` are all of the batch: members of theirs that the batch no longer has are gone. `told` gives the others
    their source anew; a cluster is touched when it gains or loses a member, or when one tells another source.
    """
    of_batch = pl.col("article_id").is_in(articles.implode())
    before = known.filter(of_batch)
    after = told(pl.concat([before, added]))
    changed = before.join(after, on=before.columns, how="anti", nulls_equal=True)
    touched = pl.concat([added["cluster_id"], changed["cluster_id"]]).unique()

    def members_of(clusters: pl.Series) -> pl.DataFrame:
        wanted = pl.col("cluster_id").is_in(clusters.unique().implode())
        return pl.concat([known.filter(wanted & ~of_batch), after.filter(wanted)])

    members = members_of(touched)
    return GrownClusters(touched, members, dedup.clusters(members), dedup.clusters(members_of(after["cluster_id"])))


def fill(draft: Draft, batch: Batch, *, keep_days: Mapping[str, int]) -> None:
    """Write the batch into the draft. `keep_days`: state table -> days it looks back, 0 = for ever."""
    gone = _remove_replaced(draft, batch)
    for table in schemas.TABLES:
        if table is not schemas.CLUSTERS:
            _add(draft, table, batch.day, batch.tables[table.name])
    _update_clusters(draft, batch)
    _leave_forgotten_clusters(draft, gone.filter(~pl.col("cluster_id").is_in(batch.grown.touched.implode())))
    _add(draft, schemas.INPUTS, batch.day, batch.inputs, state=True)
    read_again = pl.col("source_path").is_in(batch.files["source_path"].implode())
    _filter(draft, schemas.FILES, ~read_again, state=True)  # what lies there now is what counts
    _add(draft, schemas.FILES, batch.day, batch.files, state=True)
    _add_counts(draft, schemas.OUTLET_LINES, batch.day, batch.outlet_lines, "n_articles")
    _add_counts(draft, schemas.FREQUENCIES, batch.day, batch.frequencies, "n_paragraphs")
    _add(draft, schemas.FINGERPRINTS, batch.day, batch.fingerprints, state=True)
    for table in (schemas.OUTLET_LINES, *dedup.STATE):
        oldest = oldest_day(batch.as_of, keep_days[table.name])
        for day in draft.days(table, state=True):
            if day < oldest:
                draft.remove(table, day, state=True)
    _refuse_doubles(draft)


def oldest_day(as_of: datetime, keep_days: int) -> str:
    """The first day, as ISO date, that a batch looks back to: `keep_days` and one more; '' where 0, for ever."""
    return (as_of.date() - timedelta(days=keep_days + 1)).isoformat() if keep_days else ""


def _refuse_doubles(draft: Draft) -> None:
    """Raises RefusedError when two inputs stand for one article: its rows would be there twice."""
    written = [
        draft.read(schemas.INPUTS, day, state=True).filter(pl.col("status") == "written")["article_id"]
        for day in draft.days(schemas.INPUTS, state=True)
    ]
    ids = pl.concat([pl.Series("article_id", [], dtype=pl.String), *written])
    if ids.n_unique() < ids.len():
        raise RefusedError(f"{ids.len() - ids.n_unique()} articles stand twice in the ledger: nothing is published")


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


def _remove_replaced(draft: Draft, batch: Batch) -> pl.DataFrame:
    """Take out the rows of articles that come again, and refusals that no longer hold; PARAGRAPHS that are gone."""
    written = batch.inputs.filter(pl.col("status") == "written")["article_id"].implode()
    came_again = pl.col("article_id").is_in(written)
    retaken = batch.inputs.select("outlet", "sha256")
    is_read = pl.col("source_path").is_in(batch.files["source_path"].implode())
    place = ["source_path", "source_offset"]
    old = [schemas.PARAGRAPHS.empty()]
    for day in draft.days(schemas.INPUTS, state=True):
        known = draft.read(schemas.INPUTS, day, state=True)
        replaced = (pl.col("status") == "written") & came_again
        kept = known.join(retaken, on=retaken.columns, how="anti", nulls_equal=True, maintain_order="left")
        mended = (
            kept.filter(pl.col("status").is_in(["rejected", "superseded"]) & is_read)
            .join(batch.still_refused, on=place, how="anti")
        )  # fmt: skip
        kept = kept.join(mended, on=INPUT_PLACE, how="anti", nulls_equal=True, maintain_order="left")
        status = pl.when(replaced).then(pl.lit("replaced")).otherwise("status").alias("status")
        marked = schemas.ordered(kept.with_columns(status), schemas.INPUTS)
        if not marked.equals(known):
            draft.write(schemas.INPUTS, day, marked, state=True)
        if known.select(replaced.any()).item():
            old.append(draft.read(schemas.PARAGRAPHS, day).filter(came_again))
            for table in (schemas.ARTICLES, schemas.LINES, schemas.PARAGRAPHS, schemas.MENTIONS):
                _filter(draft, table, ~came_again, days=[day])
        rejects = draft.read(schemas.REJECTS, day)
        unread = pl.col("reason") == "unreadable"  # such a place is looked at by every run
        stale = rejects.filter(is_read | unread).join(batch.still_refused, on=place, how="anti")
        if stale.height:
            draft.write(schemas.REJECTS, day, rejects.join(stale, on=stale.columns, how="anti", nulls_equal=True,
                                                           maintain_order="left"))  # fmt: skip
    still_there = batch.tables["paragraphs"]["paragraph_id"].implode()
    gone = pl.concat(old).filter(~pl.col("paragraph_id").is_in(still_there))
    if gone.height:
        ids = gone["paragraph_id"].implode()
        _filter(draft, schemas.FINGERPRINTS, ~pl.col("paragraph_id").is_in(ids), state=True)
        _filter(draft, schemas.LINKS, ~pl.any_horizontal(pl.col("left_id", "right_id").is_in(ids)))
    return gone


def _update_clusters(draft: Draft, batch: Batch) -> None:
    """Rewrite the clusters that the batch touches; their rows move to today's files."""
    is_touched = pl.col("cluster_id").is_in(batch.grown.touched.implode())
    _filter(draft, schemas.MEMBERS, ~is_touched, state=True)
    _filter(draft, schemas.CLUSTERS, ~is_touched)
    _add(draft, schemas.MEMBERS, batch.day, batch.grown.members, state=True)
    _add(draft, schemas.CLUSTERS, batch.day, stamped(batch.grown.clusters, schemas.CLUSTERS, batch.run_id))


def _leave_forgotten_clusters(draft: Draft, gone: pl.DataFrame) -> None:
    """Take PARAGRAPHS that are gone out of clusters whose members the state has forgotten, in the files they stand in.

    How many the others are is told by their published rows. Where the canonical copy is gone the next of them, by
    batch and publication, takes its place; a cluster of one paragraph is none.
    """
    is_left = pl.col("cluster_id").is_in(gone["cluster_id"].drop_nulls().unique().implode())
    if gone["cluster_id"].null_count() == gone.height:
        return
    days = (draft.read(schemas.PARAGRAPHS, day).filter(is_left) for day in draft.days(schemas.PARAGRAPHS))
    standing = pl.concat(days).sort("batch_id", "published_at", "article_id", "paragraph_no", nulls_last=True)
    members = pl.concat(
        [
            schemas.MEMBERS.empty(),
            standing.select(
                "paragraph_id", "cluster_id", "article_id", "outlet", "published_at",
                pl.int_range(pl.len(), dtype=pl.Int32).over("cluster_id").alias("position"),
            ),
        ],
        how="diagonal",
    )  # fmt: skip
    counted = dedup.clusters(members).select(
        "cluster_id", "canonical_id", "n_paragraphs", "n_outlets", "first_published_at"
    )
    still_there = pl.col("canonical_id").is_in(standing["paragraph_id"].implode())
    for day in draft.days(schemas.CLUSTERS):
        there = draft.read(schemas.CLUSTERS, day)
        left = there.filter(is_left)
        if left.height:
            canonical = pl.when(still_there).then("canonical_id").otherwise("canonical_id_next").alias("canonical_id")
            anew = (
                left.drop("n_paragraphs", "n_outlets", "first_published_at")
                .join(counted, on="cluster_id", suffix="_next")
                .with_columns(canonical)
            )
            rows = pl.concat([there.filter(~is_left), anew.select(schemas.CLUSTERS.names)])
            draft.write(schemas.CLUSTERS, day, schemas.ordered(rows, schemas.CLUSTERS))
