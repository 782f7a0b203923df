"""The state made anew from the tables, for when its own files are damaged, gone, or those of an older version.

What comes back: the ledger of what was written, of the last batch also what was refused, and what is to be forgotten
as any kept version knows it; the lines and sizes of outlets; fingerprints, frequencies and members, batch by batch as
the runs made them. What the tables do not tell is found out again by the next run: it reads every file once, and takes
earlier refusals and contents that were replaced for new where it meets them. A paragraph that a revision left standing
counts as seen on the day of the revision, and words that it took away are no longer counted. With `export.lines` other
than "all", lines are counted as far as they are there, and the kind of a wire source is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import reduce
from typing import Any, TypeVar

import polars as pl

from pipeline import losses, schemas
from pipeline.config import Config
from pipeline.errors import ConfigError, DamagedError
from pipeline.kernels.hashing import article_id, run_hash
from pipeline.kernels.identity import article_key
from pipeline.publish import block, keep_window, kept_days, oldest_day
from pipeline.schemas import Table, conform, ordered
from pipeline.stages import clean, dedup, wire
from pipeline.stages.base import StageSettings
from pipeline.store import STATE, Draft, Store, Version

COUNTED = (schemas.OUTLET_LINES, schemas.OUTLET_SIZES, schemas.FREQUENCIES)  # summed over the batches of a day
_TABLES = {table.name: table for table in schemas.STATE_TABLES}
Settings = TypeVar("Settings", bound=StageSettings)


def rebuild(store: Store, config: Config) -> Version:
    """A version with the tables of the current one and a state made from them; it becomes current.

    The caller holds the lock. Raises DamagedError when the tables are not as written, ConfigError when they are of
    another form: then the tables have to be made anew, and the state with them.
    """
    version = store.version(None)
    if not version.manifest_is_whole:
        raise DamagedError(f"version {version.run_id}: its manifest is damaged; `copydesk rollback` to a whole version")
    refuse_another_form(version)
    for wrong in version.damaged():
        if not wrong.startswith(f"{STATE}/"):
            raise DamagedError(f"version {version.run_id}: {wrong}; the state is made from whole tables only")
    manifest = version.manifest
    run_id = f"{version.run_id.partition('.')[0]}.{run_hash((version.run_id, STATE))}"
    draft = Draft(run_id, version, manifest["settings"]["export"]["compression_level"])
    _fill(draft, _Tables(version), config)
    block(draft, _forgotten(store))
    return store.commit(draft, {**manifest, "run_id": run_id, "base": version.run_id})


def refuse_another_form(version: Version) -> None:
    """Raises ConfigError when the version's tables and state are not of the form this copydesk makes."""
    form = version.manifest["schema_version"]
    if form != schemas.SCHEMA_VERSION:
        raise ConfigError(
            f"version {version.run_id} has tables of form {form}, this copydesk makes form {schemas.SCHEMA_VERSION}: "
            f"`copydesk run --rebuild` makes them anew from the same input"
        )


def _fill(draft: Draft, tables: _Tables, config: Config) -> None:
    for table in schemas.STATE_TABLES:
        for day in draft.days(table, state=True):
            draft.remove(table, day, state=True)
    windows = kept_days(
        tables.settings("clean", clean.Settings).window_days, tables.settings("dedup", dedup.Settings).window_days
    )
    oldest = {name: oldest_day(tables.as_of, days) for name, days in windows.items()}
    del oldest["members"]  # of days that go some stay
    made: dict[tuple[str, str], list[pl.DataFrame]] = {}
    for day, rows in _rows(tables, config):
        for name, frame in rows.items():
            if day >= oldest.get(name, ""):
                made.setdefault((name, day), []).append(frame)
    for (name, day), frames in made.items():
        table = _TABLES[name]
        whole = pl.concat(frames)
        if table in COUNTED:
            whole = whole.group_by(list(table.key)).agg(pl.exclude(table.key).sum()).select(table.names)
        draft.write(table, day, ordered(conform(whole, table, at="state"), table), state=True)
    keep_window(draft, tables.as_of, windows)


@dataclass(frozen=True)
class _Tables:
    """The published tables of a version, a batch at a time."""

    version: Version

    @property
    def as_of(self) -> datetime:
        return datetime.fromisoformat(self.version.manifest["as_of"])

    def settings(self, stage: str, model: type[Settings]) -> Settings:
        """The settings the version was made with."""
        values = self.version.manifest["settings"][stage]
        return model.model_validate({name: value for name, value in values.items() if name in model.model_fields})

    def batches(self) -> Iterator[tuple[str, Mapping[str, pl.DataFrame]]]:
        """The batches in their order, with the day each is filed under and its rows by table."""
        for batch_id in self.version.manifest["batches"]:
            day = time_of(batch_id).date().isoformat()
            of_batch = pl.col("batch_id") == batch_id
            yield batch_id, {table.name: self.version.day(table, day).filter(of_batch) for table in schemas.TABLES}


def time_of(batch_id: str) -> datetime:
    """The `as_of` of a batch."""
    return datetime.strptime(batch_id.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _rows(tables: _Tables, config: Config) -> Iterator[tuple[str, dict[str, pl.DataFrame]]]:
    """The state's rows of each batch, by table, with the day they are filed under."""
    known: list[tuple[str, dedup.Reuse]] = []  # what each batch that is looked back to added, with its day
    judged_by = tables.settings("dedup", dedup.Settings)
    for batch_id, published in tables.batches():
        articles, lines = published["articles"], published["lines"].drop("batch_id")
        documents = _documents(articles)
        new = documents.filter(pl.col("revision") == 0)
        as_of = time_of(batch_id)
        since = oldest_day(as_of, judged_by.window_days)
        known = [(day, reuse) for day, reuse in known if day >= since]
        memory = reduce(dedup.Memory.plus, (reuse for _, reuse in known), dedup.Memory.empty())
        reuse = _reuse(published, as_of, memory, judged_by, config)
        known.append((as_of.date().isoformat(), reuse))
        yield (
            as_of.date().isoformat(),
            {
                "inputs": _inputs(articles, tables.version.manifest, batch_id),
                "outlet_lines": clean.survey(new, clean.measured(lines), tables.settings("clean", clean.Settings)),
                "outlet_sizes": losses.sizes(new, lines),
                "fingerprints": reuse.fingerprints,
                "frequencies": reuse.frequencies,
                "members": reuse.members,
            },
        )
    gone = _gone(tables.version)
    if gone.height:
        yield tables.as_of.date().isoformat(), {"gone": gone}


def _documents(articles: pl.DataFrame) -> pl.DataFrame:
    """DOCUMENTS as `clean` left them, without their key."""
    form = pl.when(pl.col("extractor") == "text").then(pl.lit("text")).otherwise(pl.lit("html"))
    return articles.with_columns(form.alias("format"), pl.lit("").alias("key")).select(schemas.DOCUMENTS.names)


def _inputs(articles: pl.DataFrame, manifest: Mapping[str, Any], batch_id: str) -> pl.DataFrame:
    """INPUTS of a batch: what was written, and of the last batch, which the manifest lists, the rest too."""
    keys = [
        _key(*row)
        for row in articles.select("article_id", "outlet", "source_id", "url", "source_path", "sha256").rows()
    ]
    written = articles.with_columns(pl.Series("key", keys, dtype=pl.String), pl.lit("written").alias("status")).select(
        schemas.INPUTS.names
    )
    if batch_id != manifest["batches"][-1]:
        return written
    others = [
        {**entry, "batch_id": batch_id}
        for entry in manifest["inputs"]
        if entry["status"] not in ("written", "forgotten")
    ]
    return pl.concat([written, pl.DataFrame(others, schema=schemas.INPUTS.schema)])


def _key(
    article: str, outlet: str | None, source_id: str | None, url: str | None, source_path: str, sha256: str
) -> str | None:
    """What the article's id is the hash of; None where it is of a place that the input has left."""
    keys = (article_key(source_id, url, source_path, record_hash) for record_hash in (None, sha256))
    return next((key for key in keys if article_id(outlet, key) == article), None)


def _reuse(
    published: Mapping[str, pl.DataFrame],
    as_of: datetime,
    memory: dedup.Memory,
    settings: dedup.Settings,
    config: Config,
) -> dedup.Reuse:
    """What the batch adds to the memory, in the clusters its published paragraphs are in."""
    paragraphs = published["paragraphs"]
    plain = paragraphs.with_columns(pl.lit(as_of, schemas.TIME).alias("first_seen_at"))
    plain = plain.select(schemas.PLAIN_PARAGRAPHS.names)
    outlets = pl.concat([plain["outlet"], memory.outlets()])
    agencies = (*settings.agency_outlets, *wire.agency_outlets(outlets, config.wire_rules))
    reuse = dedup.apply(plain, memory, settings.model_copy(update={"agency_outlets": agencies}))
    found, cited = _sources(published, config)
    fingerprints = _as_published(reuse.fingerprints, schemas.FINGERPRINTS, paragraphs)
    members = _as_published(reuse.members, schemas.MEMBERS, paragraphs)
    members = wire.told_members(members, paragraphs, found, cited)
    return replace(reuse, fingerprints=fingerprints, members=members)


def _as_published(rows: pl.DataFrame, table: Table, paragraphs: pl.DataFrame) -> pl.DataFrame:
    """The rows under the cluster that was published, which is final, whatever it would be now."""
    published = paragraphs.select("paragraph_id", "cluster_id")
    return rows.drop("cluster_id").join(published, on="paragraph_id", maintain_order="left").select(table.names)


def _sources(published: Mapping[str, pl.DataFrame], config: Config) -> tuple[pl.DataFrame, pl.DataFrame]:
    """SOURCES and CITATIONS, told from the lines where they are all there, else from the articles."""
    articles, lines = published["articles"], published["lines"].drop("batch_id")
    if lines.height == articles["n_lines"].sum():
        return wire.sources(_documents(articles), lines, config.wire_rules)
    told = articles.filter(pl.any_horizontal(pl.col("wire_source", "cited_agency").is_not_null()))
    sources = told.with_columns(pl.lit(None, pl.String).alias("wire_kind")).select(schemas.SOURCES.names)
    return sources, schemas.CITATIONS.empty()


def _gone(version: Version) -> pl.DataFrame:
    """GONE: the paragraphs that rows of others name and that are there no more."""
    paragraphs = version.scan(schemas.PARAGRAPHS)
    named = pl.concat([paragraphs.select(paragraph_id=column) for column in ("canonical_id", "matched_id")])
    gone = named.drop_nulls().unique().join(paragraphs, on="paragraph_id", how="anti").collect()
    return gone.with_columns(pl.lit(version.manifest["batches"][-1]).alias("batch_id"))


def _forgotten(store: Store) -> pl.DataFrame:
    """INPUTS to be forgotten, as the whole ledger files of any kept version know them."""
    known = [schemas.INPUTS.empty()]
    for version in store.versions():
        damaged = {wrong.partition(":")[0] for wrong in version.damaged(under=f"{STATE}/{schemas.INPUTS.name}/")}
        for day, file in version.files(schemas.INPUTS, state=True).items():
            if str(file.relative_to(version.path)) not in damaged:
                rows = version.day(schemas.INPUTS, day, state=True)
                known.append(rows.filter(pl.col("status") == "forgotten"))
    return pl.concat(known).unique(list(schemas.INPUTS.key), maintain_order=True)
