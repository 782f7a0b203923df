"""From a batch's rows to the next version: today's files with the new rows, without what a revision replaced.

Yesterday's rows are final: only today's files, the files a revised article's rows leave, and the files of clusters
that grew are written anew.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from pipeline import schemas
from pipeline.errors import RefusedError
from pipeline.files import collected, n_rows, scan_tables
from pipeline.ranges import in_order
from pipeline.schemas import Table
from pipeline.stages import dedup
from pipeline.stages.export import stamped
from pipeline.store import Draft

INPUT_PLACE = ["outlet", "sha256", "source_path", "source_offset"]


@dataclass(frozen=True)
class GrownClusters:
    """The clusters that a batch touches, as they are after it."""

    touched: pl.Series  # their ids, those of emptied ones too
    added: pl.DataFrame  # schemas.MEMBERS that are new
    changed: pl.DataFrame  # schemas.MEMBERS as they are now, which tell another source
    gone: pl.Series  # paragraph_ids of members that are none any more
    clusters: pl.DataFrame  # schemas.CLUSTERS without batch_id, of the touched ones


@dataclass(frozen=True)
class Batch:
    """Everything one run adds."""

    run_id: str
    as_of: datetime
    parts: Mapping[str, Sequence[Path]]  # of each table of schemas.BY_ARTICLE, and fingerprints: files of its rows
    paragraph_ids: pl.Series  # of all its paragraphs
    links: pl.DataFrame
    rejects: pl.DataFrame
    inputs: pl.DataFrame
    files: pl.DataFrame
    outlet_lines: pl.DataFrame
    outlet_sizes: pl.DataFrame
    still_refused: pl.DataFrame  # source_path, source_offset of refusals known before and met again
    frequencies: pl.DataFrame
    grown: GrownClusters

    @property
    def day(self) -> str:
        """The day its rows are filed under."""
        return self.as_of.date().isoformat()


def grown_clusters(
    known: pl.DataFrame, added: pl.DataFrame, articles: pl.Series, told: Callable[[pl.DataFrame], pl.DataFrame]
) -> tuple[GrownClusters, pl.DataFrame]:
    """What a batch makes of the clusters, from the MEMBERS known before and those it adds; and CLUSTERS without
    batch_id of every cluster with a paragraph of its articles.

    `articles` are all of the batch: members of theirs that the batch no longer has are gone. `told` gives the others
    their source anew; a cluster is touched when it gains or loses a member, or when one tells another source.
    """
    of_batch = pl.col("article_id").is_in(articles.implode())
    before = known.filter(of_batch)
    after = told(pl.concat([before, added]))
    was_otherwise = before.join(after, on=before.columns, how="anti", nulls_equal=True)
    touched = pl.concat([added["cluster_id"], was_otherwise["cluster_id"]]).unique()

    def members_of(clusters: pl.Series) -> pl.DataFrame:
        wanted = pl.col("cluster_id").is_in(clusters.unique().implode())
        return pl.concat([known.filter(wanted & ~of_batch), after.filter(wanted)])

    grown = GrownClusters(
        touched,
        added=after.join(before, on="paragraph_id", how="anti", maintain_order="left"),
        changed=after.join(was_otherwise, on="paragraph_id", how="semi", maintain_order="left"),
        gone=was_otherwise.join(after, on="paragraph_id", how="anti")["paragraph_id"],
        clusters=dedup.clusters(members_of(touched)),
    )
    return grown, dedup.clusters(members_of(after["cluster_id"]))


def fill(draft: Draft, batch: Batch, *, keep_days: Mapping[str, int]) -> None:
    """Write the batch into the draft. `keep_days`: state table -> days it looks back, 0 = for ever."""
    gone = _remove_replaced(draft, batch)
    for table in schemas.BY_ARTICLE:
        _add_parts(draft, table, batch.day, batch.parts[table.name])
    _add(draft, schemas.LINKS, batch.day, batch.links)
    _add(draft, schemas.REJECTS, batch.day, batch.rejects)
    _update_members(draft, batch)
    _update_clusters(draft, batch)
    _leave_forgotten_clusters(draft, gone.filter(~pl.col("cluster_id").is_in(batch.grown.touched.implode())))
    _add(draft, schemas.INPUTS, batch.day, batch.inputs, state=True)
    read_again = pl.col("source_path").is_in(batch.files["source_path"].implode())
    _filter(draft, schemas.FILES, ~read_again, state=True)  # what lies there now is what counts
    _add(draft, schemas.FILES, batch.day, batch.files, state=True)
    _add_counts(draft, schemas.OUTLET_LINES, batch.day, batch.outlet_lines)
    _add_counts(draft, schemas.OUTLET_SIZES, batch.day, batch.outlet_sizes)
    _add_counts(draft, schemas.FREQUENCIES, batch.day, batch.frequencies)
    _add_parts(draft, schemas.FINGERPRINTS, batch.day, batch.parts["fingerprints"], state=True)
    keep_window(draft, batch.as_of, keep_days)
    _refuse_doubles(draft)


def kept_days(clean_days: int, dedup_days: int) -> dict[str, int]:
    """State table -> days it looks back, from the windows of the two stages that look back."""
    counted = (schemas.OUTLET_LINES, schemas.OUTLET_SIZES)
    return {table.name: clean_days for table in counted} | {table.name: dedup_days for table in dedup.STATE}


def keep_window(draft: Draft, as_of: datetime, keep_days: Mapping[str, int]) -> None:
    """Leave out what no later batch looks back to. `keep_days`: state table -> days it looks back, 0 = for ever.

    Members stay while their cluster has one of a day that is left, in the first of these.
    """
    tables = [table for table in schemas.STATE_TABLES if table.name in keep_days]
    for table in tables:
        oldest = oldest_day(as_of, keep_days[table.name])
        days = draft.days(table, state=True)
        going, left = [day for day in days if day < oldest], [day for day in days if day >= oldest]
        if table is schemas.MEMBERS and going and left:
            _pass_on_members(draft, going, left)
        for day in going:
            draft.remove(table, day, state=True)


def _pass_on_members(draft: Draft, going: Sequence[str], left: Sequence[str]) -> None:
    rows = pl.concat(draft.read(schemas.MEMBERS, day, state=True) for day in going)
    of_these = pl.col("cluster_id").is_in(rows["cluster_id"].unique().implode())
    others = draft.gathered(schemas.MEMBERS, of_these, state=True, among=left)
    _add(draft, schemas.MEMBERS, left[0], rows.join(others, on="cluster_id", how="semi"), state=True)


def oldest_day(as_of: datetime, keep_days: int) -> str:
    """The first day, as ISO date, that a batch looks back to: `keep_days` and one more; '' where 0, for ever."""
    return (as_of.date() - timedelta(days=keep_days + 1)).isoformat() if keep_days else ""


def _refuse_doubles(draft: Draft) -> None:
    """Raises RefusedError when two inputs stand for one article: its rows would be there twice."""
    ids = draft.gathered(schemas.INPUTS, pl.col("status") == "written", state=True)["article_id"]
    if ids.n_unique() < ids.len():
        raise RefusedError(f"{ids.len() - ids.n_unique()} articles stand twice in the ledger: nothing is published")


def _add(draft: Draft, table: Table, day: str, rows: pl.DataFrame, *, state: bool = False) -> None:
    """Add rows to that day."""
    there = draft.read(table, day, state=state)
    draft.write(table, day, schemas.ordered(pl.concat([there, rows.select(table.names)]), table), state=state)


def _add_parts(draft: Draft, table: Table, day: str, parts: Sequence[Path], *, state: bool = False) -> None:
    """Add the rows of these files to that day; the commit reads them, and those that are there, range by range."""
    rows = pl.concat([draft.scan(table, day, state=state), scan_tables(parts).select(table.names)])
    draft.write(table, day, in_order(rows, n_rows(rows), table), state=state)


def _add_counts(draft: Draft, table: Table, day: str, rows: pl.DataFrame) -> None:
    """Add rows, each of a key of its own, to the counts of that day."""
    there, counts = draft.read(table, day, state=True), rows.select(table.names)
    if there.height:  # else they mostly come in order, and a sum would shuffle them
        both = pl.concat([there, counts])
        counts = both.group_by(list(table.key)).agg(pl.exclude(table.key).sum()).select(table.names)
    draft.write(table, day, schemas.ordered(schemas.conform(counts, table, at="publish"), table), state=True)


def _filter(
    draft: Draft, table: Table, keep: pl.Expr, *, state: bool = False, among: Container[str] | None = None
) -> None:
    """Keep those rows of every day, or of these, that has others; they pass through when they are written."""
    for day in draft.days_with(table, ~keep.fill_null(False), state=state, among=among):
        draft.write(table, day, draft.scan(table, day, state=state).filter(keep), state=state)


def _leave_out(draft: Draft, gone: pl.Expr, days: Container[str]) -> None:
    """Leave articles that are gone out of the tables of those days."""
    for table in schemas.BY_ARTICLE:
        _filter(draft, table, ~gone, among=days)


def _remove_replaced(draft: Draft, batch: Batch) -> pl.DataFrame:
    """Take out the rows of articles that come again, and refusals that no longer hold; PARAGRAPHS that are gone."""
    written = batch.inputs.filter(pl.col("status") == "written")["article_id"].implode()
    came_again = pl.col("article_id").is_in(written)
    retaken = batch.inputs.select("outlet", "sha256")
    is_read = pl.col("source_path").is_in(batch.files["source_path"].implode())
    place = ["source_path", "source_offset"]
    old = [schemas.PARAGRAPHS.empty()]
    was_refused = pl.col("status").is_in(["rejected", "superseded"]) & is_read
    met = came_again | was_refused | pl.col("sha256").is_in(retaken["sha256"].implode())
    for day in draft.days_with(schemas.INPUTS, met, state=True):
        known = draft.read(schemas.INPUTS, day, state=True)
        replaced = (pl.col("status") == "written") & came_again
        kept = known.join(retaken, on=retaken.columns, how="anti", nulls_equal=True, maintain_order="left")
        mended = (
            kept.filter(was_refused)
            .join(batch.still_refused, on=place, how="anti")
        )  # fmt: skip
        kept = kept.join(mended, on=INPUT_PLACE, how="anti", nulls_equal=True, maintain_order="left")
        status = pl.when(replaced).then(pl.lit("replaced")).otherwise("status").alias("status")
        marked = schemas.ordered(kept.with_columns(status), schemas.INPUTS)
        if not marked.equals(known):
            draft.write(schemas.INPUTS, day, marked, state=True)
        if known.select(replaced.any()).item():
            old.append(collected(draft.scan(schemas.PARAGRAPHS, day).filter(came_again)))
            _leave_out(draft, came_again, [day])
    looked_at = is_read | (pl.col("reason") == "unreadable")  # such a place is looked at by every run
    for day in draft.days_with(schemas.REJECTS, looked_at):
        rejects = draft.read(schemas.REJECTS, day)
        stale = rejects.filter(looked_at).join(batch.still_refused, on=place, how="anti")
        if stale.height:
            draft.write(schemas.REJECTS, day, rejects.join(stale, on=stale.columns, how="anti", nulls_equal=True,
                                                           maintain_order="left"))  # fmt: skip
    still_there = batch.paragraph_ids.implode()
    gone = pl.concat(old).filter(~pl.col("paragraph_id").is_in(still_there))
    if gone.height:
        ids = gone["paragraph_id"].implode()
        _remove_fingerprints(draft, pl.col("paragraph_id").is_in(ids))
        _filter(draft, schemas.LINKS, ~pl.any_horizontal(pl.col("left_id", "right_id").is_in(ids)))
        known = stamped(gone.select("paragraph_id"), schemas.GONE, batch.run_id)
        _add(draft, schemas.GONE, batch.day, known, state=True)
    return gone


def _remove_fingerprints(draft: Draft, is_gone: pl.Expr) -> None:
    """Take FINGERPRINTS out of the state; what they say of a text that others have stays with these."""
    for day in draft.days_with(schemas.FINGERPRINTS, is_gone, state=True):
        there = draft.read(schemas.FINGERPRINTS, day, state=True)
        heirs = dedup.heirs(there.lazy(), is_gone)
        kept = there.filter(~is_gone & ~pl.col("paragraph_id").is_in(heirs["paragraph_id"].implode()))
        rows = schemas.ordered(pl.concat([kept, heirs]), schemas.FINGERPRINTS)
        draft.write(schemas.FINGERPRINTS, day, rows, state=True)


def take_out(draft: Draft, article: str) -> None:
    """Take an article's rows out of every table and out of the state; its inputs stay, known as forgotten.

    Rows of other articles keep what they say of its paragraphs; its clusters pass to their next member.
    """
    others = pl.col("article_id").ne_missing(article)
    touched = draft.gathered(schemas.MEMBERS, ~others, state=True)["cluster_id"].unique().implode()
    members = draft.gathered(schemas.MEMBERS, others & pl.col("cluster_id").is_in(touched), state=True)
    own = draft.gathered(schemas.PARAGRAPHS, pl.col("article_id") == article)
    gone = own.select("paragraph_id").with_columns(pl.lit(draft.batch_ids[-1]).alias("batch_id"))
    _leave_out(draft, ~others, draft.days_with(schemas.ARTICLES, ~others))
    _filter(draft, schemas.REJECTS, others)
    _remove_fingerprints(draft, ~others)
    _filter(draft, schemas.MEMBERS, others, state=True)
    _filter(
        draft, schemas.LINKS, ~pl.any_horizontal(pl.col("left_id", "right_id").is_in(gone["paragraph_id"].implode()))
    )
    _replace_clusters(draft, touched, dedup.clusters(members))
    _leave_forgotten_clusters(draft, own.filter(~pl.col("cluster_id").is_in(touched)))
    known = draft.gathered(schemas.INPUTS, ~others, state=True)
    _filter(draft, schemas.FILES, ~pl.col("source_path").is_in(known["source_path"].implode()), state=True)
    _filter(draft, schemas.INPUTS, others, state=True)
    if gone.height:
        _add(draft, schemas.GONE, _day_of(draft), gone, state=True)
    block(draft, forgotten(known))


def forgotten(inputs: pl.DataFrame) -> pl.DataFrame:
    """INPUTS of a forgotten article: enough to know them again, and nothing of what they were."""
    kept = ("outlet", "sha256", "article_id", "batch_id")
    nothing = {"status": "forgotten", "source_path": "", "source_offset": 0}
    return inputs.with_columns(
        pl.lit(nothing.get(name), dtype).alias(name)
        for name, dtype in schemas.INPUTS.schema.items()
        if name not in kept
    )


def block(draft: Draft, inputs: pl.DataFrame) -> None:
    """Put forgotten INPUTS in the ledger, in place of what it says of them."""
    if inputs.is_empty():
        return
    known = list(schemas.INPUTS.key)
    for day in draft.days_with(schemas.INPUTS, pl.col("sha256").is_in(inputs["sha256"].implode()), state=True):
        there = draft.read(schemas.INPUTS, day, state=True)
        others = there.join(inputs, on=known, how="anti", nulls_equal=True, maintain_order="left")
        draft.write(schemas.INPUTS, day, others, state=True)
    _add(draft, schemas.INPUTS, _day_of(draft), inputs, state=True)


def _day_of(draft: Draft) -> str:
    """The last day the ledger has rows of."""
    return draft.days(schemas.INPUTS, state=True)[-1]


def _replace_clusters(draft: Draft, touched: pl.Series, clusters: pl.DataFrame) -> None:
    """The clusters as they are now, in the files and batches they stand in; those of one paragraph are gone."""
    for day in draft.days(schemas.CLUSTERS):
        there = draft.read(schemas.CLUSTERS, day)
        changed = there.filter(pl.col("cluster_id").is_in(touched))
        if changed.height:
            anew = clusters.join(changed.select("cluster_id", "batch_id"), on="cluster_id").select(
                schemas.CLUSTERS.names
            )
            standing = there.filter(~pl.col("cluster_id").is_in(touched))
            draft.write(schemas.CLUSTERS, day, schemas.ordered(pl.concat([standing, anew]), schemas.CLUSTERS))


def _update_members(draft: Draft, batch: Batch) -> None:
    """Add the new members to today's file; those that tell another source do so in the file they stand in."""
    changed = batch.grown.changed
    otherwise = pl.col("paragraph_id").is_in(pl.concat([changed["paragraph_id"], batch.grown.gone]).implode())
    if changed.height or len(batch.grown.gone):
        for day in draft.days_with(schemas.MEMBERS, otherwise, state=True):
            there = draft.read(schemas.MEMBERS, day, state=True)
            anew = changed.join(there, on="paragraph_id", how="semi")
            rows = schemas.ordered(pl.concat([there.filter(~otherwise), anew]), schemas.MEMBERS)
            draft.write(schemas.MEMBERS, day, rows, state=True)
    _add(draft, schemas.MEMBERS, batch.day, batch.grown.added, state=True)


def _update_clusters(draft: Draft, batch: Batch) -> None:
    """Rewrite the clusters that the batch touches; their rows move to today's files."""
    _filter(draft, schemas.CLUSTERS, ~pl.col("cluster_id").is_in(batch.grown.touched.implode()))
    _add(draft, schemas.CLUSTERS, batch.day, stamped(batch.grown.clusters, schemas.CLUSTERS, batch.run_id))


def _leave_forgotten_clusters(draft: Draft, gone: pl.DataFrame) -> None:
    """Take PARAGRAPHS that are gone out of clusters whose members the state has forgotten, in the files they stand in.

    How many the others are is told by their published rows. Where the canonical copy is gone the next of them, by
    batch and publication, takes its place; a cluster of one paragraph is none.
    """
    is_left = pl.col("cluster_id").is_in(gone["cluster_id"].drop_nulls().unique().implode())
    if gone["cluster_id"].null_count() == gone.height:
        return
    standing = draft.gathered(schemas.PARAGRAPHS, is_left).sort(
        "batch_id", "published_at", "article_id", "paragraph_no", nulls_last=True
    )
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
    canonical = pl.when(still_there).then("canonical_id").otherwise("canonical_id_next").alias("canonical_id")
    for day in draft.days_with(schemas.CLUSTERS, is_left):
        there = draft.read(schemas.CLUSTERS, day)
        anew = (
            there.filter(is_left)
            .drop("n_paragraphs", "n_outlets", "first_published_at")
            .join(counted, on="cluster_id", suffix="_next")
            .with_columns(canonical)
        )
        rows = pl.concat([there.filter(~is_left), anew.select(schemas.CLUSTERS.names)])
        draft.write(schemas.CLUSTERS, day, schemas.ordered(rows, schemas.CLUSTERS))
