"""One batch run, raw to committed: the five stages in order, each leaving its tables in `.stage/<stage>/`.

Every stage folder holds a card (`stage.json`): what it was made from, under which settings, what it counted. A stage
refuses a folder whose card does not fit. `export` is the commit.
"""

from __future__ import annotations

import os
import resource
import shutil
import time
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from importlib.metadata import version as library_version
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any, Literal, Protocol

import polars as pl

from pipeline import __version__, losses, publish, schemas
from pipeline.config import Config
from pipeline.engines.base import Batch, Batches, Engine
from pipeline.engines.bundles import part_files
from pipeline.engines.local import Local
from pipeline.errors import ConfigError, DamagedError, NoInputError, RefusedError
from pipeline.files import collected, digest, fsync_folders, json_text, read_json, replace_text, reset_folder
from pipeline.intake import Intake, settled
from pipeline.kernels.hashing import run_hash
from pipeline.ledger import Input, InputKey, Ledger, file_rows, input_rows
from pipeline.readers.folder import found
from pipeline.stages import STAGES, clean, dedup, export, extract, names, wire
from pipeline.stages.texts import with_sets
from pipeline.state import refuse_another_form
from pipeline.store import STATE, Draft, Store, Version

CARD = "stage.json"
LIBRARIES = ("datasketch", "lxml", "numpy", "polars", "pyarrow", "py3langid", "selectolax", "trafilatura")


class Reporter(Protocol):
    """Where a run says what it does."""

    def event(self, name: str, message: str, **figures: Any) -> None:
        """Something happened."""
        ...

    def warning(self, name: str, message: str, **figures: Any) -> None:
        """Something a reader should look at."""
        ...

    def progress(self, done: int, what: str) -> None:
        """So many are done."""
        ...


@dataclass(frozen=True)
class Order:
    """What a run is asked to do."""

    config: Config
    source: Path
    out: Path
    as_of: datetime
    jobs: int = 1
    engine: Literal["local", "spark"] = "local"
    dry_run: bool = False
    force_publish: bool = False
    retry: bool = False
    run_id: str | None = None  # a rebuild: the id the batch had; None = made from what is taken in
    wanted: Set[InputKey] | None = None  # a rebuild: the inputs of one old batch; None = all
    paths: Set[str] | None = None  # a rebuild: the source paths they lie in; None = all
    origin: Mapping[InputKey, Input] = field(default_factory=dict)  # a rebuild: what became of inputs before
    guarded: Path | None = None  # a rebuild: the output folder, which is never input


@dataclass(frozen=True)
class Outcome:
    """How a run ended: the version it made, or None, and what it counted."""

    version: Version | None
    counts: Mapping[str, Mapping[str, Any]]
    skipped: Sequence[tuple[str, str]] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)  # by stage
    preview: Mapping[str, Any] | None = None  # a rebuild that publishes nothing: what would differ (`diff.previewed`)

    @property
    def n_rejected(self) -> int:
        """New inputs refused."""
        return int(self.counts["extract"]["n_rejected"])


@dataclass
class Bench:
    """What the stages of one run work with."""

    order: Order
    store: Store
    stage: Path
    reporter: Reporter
    engine: Engine

    @classmethod
    def set_up(cls, order: Order, reporter: Reporter) -> Bench:
        """The bench for an order; a dry run works in a folder of its own."""
        store = Store(order.out)
        stage = order.out / ".dry-run" if order.dry_run else store.stage
        return cls(order, store, stage, reporter, _engine(order, stage))

    def settings(self, stage: str) -> dict[str, Any]:
        """The stage's settings as plain values, and the rules or people that come with them."""
        config = self.order.config
        values: dict[str, Any] = getattr(config.settings, stage).model_dump(mode="json")
        if stage == "clean":
            values["rules"] = {name: rules.model_dump(mode="json") for name, rules in config.outlet_rules.items()}
        if stage == "names":
            values["people_hash"] = config.people_hash
        if stage == "dedup":
            values["wire_hash"] = config.wire_hash
        return values

    def card(self, stage: str) -> dict[str, Any]:
        """The card of a stage done before. Raises ConfigError when it is missing or does not fit."""
        file = self.stage / stage / CARD
        if not file.is_file():
            raise ConfigError(f"{stage}: not done yet; run `copydesk {stage}` first")
        card = read_json(file)
        position = STAGES.index(stage)
        if position and card["made_from"] != digest(self.stage / STAGES[position - 1] / CARD):
            raise ConfigError(f"{stage}: made from another `{STAGES[position - 1]}`; run `copydesk {stage}` again")
        if card["settings"] != self.settings(stage):
            raise ConfigError(f"{stage}: made with other [{stage}] settings; run `copydesk {stage}` again")
        base = self.store.current()
        if card["base"] != (None if base is None else base.run_id):
            raise ConfigError(
                f"{stage}: made beside version {card['base']}, which is not current; start with `extract`"
            )
        return card

    def cards(self, upto: str) -> dict[str, dict[str, Any]]:
        """The cards of all stages before `upto`, each checked."""
        return {stage: self.card(stage) for stage in STAGES[: STAGES.index(upto)]}

    def finish(self, stage: str, as_of: datetime, counts: Mapping[str, Any], started: float) -> Mapping[str, Any]:
        """Write the stage's card; its counts."""
        position = STAGES.index(stage)
        base = self.store.current()
        card = {
            "stage": stage,
            "as_of": as_of.isoformat(),
            "base": None if base is None else base.run_id,
            "made_from": digest(self.stage / STAGES[position - 1] / CARD) if position else None,
            "settings": self.settings(stage),
            "counts": dict(counts),
            "measured": {"seconds": round(time.monotonic() - started, 3), "peak_memory_mb": _peak_memory()},
        }
        fsync_folders(self.stage / stage)  # a card on the disk means that the tables it stands for are
        replace_text(json_text(card), self.stage / stage / CARD)
        self.reporter.event(stage, f"{stage}: done", **counts)
        return counts


def _engine(order: Order, stage: Path) -> Engine:
    """The engine that the order names. Raises ConfigError where it is not installed."""
    if order.engine == "local":
        return Local(order.jobs)
    if find_spec("pyspark") is None or not (which("java") or "JAVA_HOME" in os.environ):
        raise ConfigError("--engine spark: needs PySpark and Java 17 or newer; `pip install 'copydesk[spark]'`")
    from pipeline.engines.spark import Spark

    settings = order.config.settings.spark
    own = f"copydesk-{run_hash((str(order.out.absolute()),))}"  # a shared folder may serve several outputs
    work = Path(settings.work_dir) / own if settings.work_dir else stage / order.engine
    return Spark(work, settings.master, settings.conf, order.jobs)


def run(order: Order, reporter: Reporter, *, lock_timeout: float = 0.0) -> Outcome:
    """The five stages in order and the commit; nothing is published when there is nothing new."""
    _look_at(order, reporter)
    bench = Bench.set_up(order, reporter)
    with bench.store.locked(lock_timeout):
        bench.store.sound()
        return all_stages(bench)


def one_stage(stage: str, order: Order, reporter: Reporter, *, lock_timeout: float = 0.0) -> Outcome:
    """One stage, from what the stage before it left."""
    _look_at(order, reporter)
    bench = Bench.set_up(order, reporter)
    with bench.store.locked(lock_timeout):
        bench.store.sound()
        skipped = _STEPS[stage](bench)
        counts = {done: read_json(bench.stage / done / CARD)["counts"] for done in _done(bench)}
        return Outcome(bench.store.current() if stage == "export" else None, counts, skipped)


def _look_at(order: Order, reporter: Reporter) -> None:
    """Refuse an input that is not there, and state of another form, before anything is made; warn of what differs."""
    if not order.source.exists():
        raise NoInputError(f"{order.source}: no such file or folder")
    store = Store(order.out)
    current = store.current()
    if current is None:
        return
    refuse_another_form(current)
    changed = _changed_settings(current.manifest["settings"], Bench.set_up(order, reporter))
    if changed:
        reporter.warning(
            "settings",
            f"other settings than version {current.run_id} was made with ({', '.join(changed)}): they apply to new "
            f"input only; --rebuild applies them to all",
        )
    if order.as_of < datetime.fromisoformat(current.manifest["as_of"]):
        reporter.warning(
            "clock", f"--as-of {order.as_of:%Y-%m-%d %H:%M} is before the current version {current.run_id}"
        )


def _changed_settings(before: Mapping[str, Any], bench: Bench) -> list[str]:
    """Names of the settings that differ from those of a version."""
    return [
        f"{stage}.{key}"
        for stage in STAGES
        for key, value in bench.settings(stage).items()
        if before[stage].get(key) != value
    ]


def _done(bench: Bench) -> list[str]:
    return [stage for stage in STAGES if (bench.stage / stage / CARD).is_file()]


def all_stages(bench: Bench) -> Outcome:
    """The five stages and the commit; a dry run leaves nothing. The caller holds the lock."""
    try:
        return _all_done(bench)
    finally:
        if bench.order.dry_run:
            shutil.rmtree(bench.stage, ignore_errors=True)


def _all_done(bench: Bench) -> Outcome:
    before = bench.store.current()
    skipped = _extract(bench)
    counts = {"extract": bench.card("extract")["counts"]}
    if not (counts["extract"]["n_written"] or counts["extract"]["n_rejected"]):
        return Outcome(None, counts, skipped)
    for stage in STAGES[1:]:
        _STEPS[stage](bench)
    cards = {stage: read_json(bench.stage / stage / CARD) for stage in STAGES}
    counts = {stage: card["counts"] for stage, card in cards.items()}
    seconds = {stage: card["measured"]["seconds"] for stage, card in cards.items()}
    after = bench.store.current()
    changed = after is not None and (before is None or after.run_id != before.run_id or bench.order.wanted is not None)
    return Outcome(after if changed else None, counts, skipped, seconds)


def _extract(bench: Bench) -> Sequence[tuple[str, str]]:
    started = time.monotonic()
    order, settings = bench.order, bench.order.config.settings.extract
    inputs = found(order.source, settings.include, settings.exclude, without=order.guarded or bench.store.root)
    if not inputs.paths and not inputs.unlisted:
        raise NoInputError(f"{order.source}: no input; looked for {', '.join(settings.include)}")
    reset_folder(bench.stage)
    folder = reset_folder(bench.stage / "extract")
    intake = Intake(
        Ledger.of(bench.store.current()),
        settings.limits,
        order.as_of,
        retry=order.retry,
        wanted=order.wanted,
        origin=order.origin,
    )
    for source_path, detail in inputs.unlisted:
        intake.refuse_unreadable(source_path, detail)
    answers = bench.engine.map_isolated(
        partial(extract.answers, settings=settings, as_of=order.as_of),
        intake.groups(item for item in inputs.paths if order.paths is None or item[1] in order.paths),
        settings.fences,
        extract.refused,
    )
    read = reset_folder(folder / "read")
    bench.engine.write(read, intake.parts(answers, lambda done: bench.reporter.progress(done, "documents read")))
    standing = partial(settled, losers=list(intake.superseded))
    n_rows = bench.engine.write(folder, bench.engine.map(standing, bench.engine.scan(read, ["documents", "lines"])))
    shutil.rmtree(read)
    entries, rejects = intake.inputs(), intake.rejected()
    taken = [f"{entry.article_id or entry.source_path}:{entry.sha256}" for entry in entries]
    run_id = order.run_id or _new_run_id(order.as_of, taken, bench.store.current())
    bench.engine.write(folder, [{"rejects": rejects}])
    bench.engine.write(
        folder, [{"inputs": input_rows(entries, run_id), "files": file_rows(intake.file_entries(), run_id)}]
    )
    written = intake.written()
    if intake.n_inputs != len(written) + rejects.height + intake.n_unchanged:
        raise RefusedError(
            f"extract: {intake.n_inputs} inputs, but {len(written)} written, {rejects.height} rejected and "
            f"{intake.n_unchanged} unchanged: the balance does not add up, nothing is published"
        )
    met = {"source_path": pl.String, "source_offset": pl.Int64}
    bench.engine.write(
        folder, [{"still_refused": pl.DataFrame(sorted(intake.still_refused), schema=met, orient="row")}]
    )
    counts = {
        "run_id": run_id,
        "n_inputs": intake.n_inputs,
        "n_written": len(written),
        "n_revised": sum((entry.revision or 0) > 0 for entry in written),
        "n_rejected": rejects.height,
        "n_unchanged": intake.n_unchanged,
        "n_repeated": intake.n_repeated,
        "n_forgotten": intake.n_forgotten,
        "n_skipped": len(inputs.skipped) + len(intake.skipped),
        "n_lines": n_rows["lines"],
        "rejected_by_reason": dict(sorted(rejects["reason"].value_counts().iter_rows())),
    }
    bench.finish("extract", order.as_of, counts, started)
    return [*inputs.skipped, *intake.skipped]


def _new_run_id(as_of: datetime, taken: Sequence[str], base: Version | None) -> str:
    """The id for what is taken in; another one where the current version's history has it already."""
    run_id = run_id_of(as_of, taken)
    again = base is not None and run_id in (base.run_id, *base.manifest["batches"])
    return run_id_of(as_of, [*taken, base.run_id]) if base is not None and again else run_id


def run_id_of(as_of: datetime, parts: Sequence[str]) -> str:
    """`<as_of UTC>-<8 hex>`: the id of a run at that time that takes in, or makes, these parts in any order."""
    return f"{as_of:%Y%m%dT%H%M%SZ}-{run_hash(tuple(sorted(parts)))}"


def _clean(bench: Bench) -> Sequence[tuple[str, str]]:
    started = time.monotonic()
    cards = bench.cards("clean")
    engine, settings, as_of = bench.engine, bench.order.config.settings.clean, _as_of(cards)
    folder, source = reset_folder(bench.stage / "clean"), bench.stage / "extract"
    rules, revised = bench.order.config.outlet_rules, _revised(bench).implode()

    def printed(batch: Batch) -> Batch:
        new = batch["documents"].filter(~pl.col("article_id").is_in(revised))  # a revision prints its lines again
        lines = clean.measured(batch["lines"])
        counts = clean.survey(new, lines, settings)
        return {
            "measures": lines.select("line_hash", "n_words"),
            "printed": counts.with_columns(pl.col("n_articles").alias("n_today")),
        }

    def judged(batch: Batch) -> Batch:
        measured = batch["lines"].hstack(batch["measures"])
        documents, lines = clean.apply(batch["documents"], measured, often, rules, settings, as_of)
        new = documents.filter(~pl.col("article_id").is_in(revised))
        return {
            "documents": schemas.conform(documents, schemas.DOCUMENTS, at="clean"),
            "lines": schemas.conform(lines, schemas.JUDGED_LINES, at="clean"),
            "sizes": losses.sizes(new, lines),
            "tally": _line_tally(lines),
        }

    tables = ["documents", "lines"]
    engine.write(folder, engine.map(printed, engine.scan(source, tables)))
    today = _columns(bench, folder, "printed", ["line_hash"])["line_hash"].unique()
    remembered = _remembered(bench, schemas.OUTLET_LINES, as_of, settings.window_days)
    old = engine.map(partial(_printed_before, today=today.implode()), remembered)
    counted = engine.group(engine.scan(folder, ["printed"]) + old, {"printed": ["outlet", "line_hash"]})
    least = min(settings.min_outlet_articles, settings.min_sure_articles)
    engine.write(folder, engine.map(partial(_outlet_lines, least=least), counted))
    often = engine.gather(folder, "often")
    engine.write(folder, engine.map(judged, engine.scan(source, tables, (folder, ["measures"]))))
    engine.write(folder, [{"outlet_sizes": losses.summed(engine.gather(folder, "sizes"))}])
    bench.finish("clean", as_of, _line_counts(engine.gather(folder, "tally")), started)
    return ()


def _printed_before(batch: Batch, today: pl.Series) -> Batch:
    """Of a day before, the counts of lines that are printed today."""
    again = batch["outlet_lines"].filter(pl.col("line_hash").is_in(today))
    return {"printed": again.with_columns(pl.lit(0, pl.Int32).alias("n_today"))}


def _outlet_lines(batch: Batch, least: int) -> Batch:
    """Today's counts of some lines, and all counts of those of them that `least` articles print."""
    table = schemas.OUTLET_LINES
    sums = batch["printed"].group_by("outlet", "line_hash").agg(pl.col("n_articles", "n_today").sum())
    today = sums.filter(pl.col("n_today") > 0).select("outlet", "line_hash", pl.col("n_today").alias("n_articles"))
    often = sums.filter(pl.col("n_articles") >= least).select(table.names)
    return {
        name: schemas.ordered(schemas.conform(counts, table, at="clean"), table)
        for name, counts in (("outlet_lines", today), ("often", often))
    }


def _line_tally(lines: pl.DataFrame) -> pl.DataFrame:
    """What became of JUDGED_LINES, by place and rule: lines, characters, and, counted with their first line, articles
    that have no text.
    """
    kept = pl.col("paragraph_no").is_not_null()
    is_first = pl.int_range(pl.len()).over("article_id") == 0
    told = lines.select(
        kept.alias("is_kept"),
        "dropped_by",
        pl.col("text").str.len_chars().cast(pl.Int64).alias("n_characters"),
        (is_first & ~kept.any().over("article_id")).alias("n_without_text"),
    )
    n_lines = pl.len().cast(pl.Int64).alias("n_lines")
    sums = pl.col("n_characters", "n_without_text").sum().cast(pl.Int64)
    return told.group_by("is_kept", "dropped_by").agg(n_lines, sums)


def _line_counts(tally: pl.DataFrame) -> dict[str, Any]:
    """The figures of `clean` from the tallies of all batches."""
    kept, dropped = tally["is_kept"], tally["dropped_by"].is_not_null()
    rules = tally.filter(dropped).group_by("dropped_by").agg(pl.col("n_lines").sum())
    return {
        "n_lines": tally["n_lines"].sum(),
        "n_kept": tally.filter(kept)["n_lines"].sum(),
        "n_fields": tally.filter(~kept & ~dropped)["n_lines"].sum(),
        "n_dropped": tally.filter(dropped)["n_lines"].sum(),
        "n_without_text": tally["n_without_text"].sum(),
        "characters_in": tally["n_characters"].sum(),
        "characters_kept": tally.filter(kept)["n_characters"].sum(),
        "dropped_by_rule": dict(sorted(rules.iter_rows())),
    }


def _revised(bench: Bench) -> pl.Series:
    """The articles of the batch that stand in the current version."""
    base = bench.store.current()
    standing = schemas.INPUTS.empty() if base is None else base.read(schemas.INPUTS, state=True)
    of_batch = bench.engine.gather(bench.stage / "extract", "inputs").filter(pl.col("status") == "written")
    known = standing.filter(pl.col("status") == "written").join(of_batch, on="article_id", how="semi")
    return known["article_id"].unique()


def _remembered(bench: Bench, table: schemas.Table, as_of: datetime, window_days: int) -> Batches:
    """The state table of the days that a batch looks back to, a day a batch."""
    base = bench.store.current()
    if base is None:
        return bench.engine.scan(bench.stage, [table.name], parts=[])
    since = publish.oldest_day(as_of, window_days)
    files = [file for day, file in base.files(table, state=True).items() if day >= since]
    parts = [str(file.relative_to(base.path / STATE / table.name)) for file in files]
    return bench.engine.scan(base.path / STATE, [table.name], parts=parts)


def _dedup(bench: Bench) -> Sequence[tuple[str, str]]:
    started = time.monotonic()
    cards = bench.cards("dedup")
    engine = bench.engine
    settings, rules, as_of = bench.order.config.settings.dedup, bench.order.config.wire_rules, _as_of(cards)
    folder, source = reset_folder(bench.stage / "dedup"), bench.stage / "clean"

    def plain(batch: Batch) -> Batch:
        paragraphs = dedup.plain_paragraphs(batch["documents"], batch["lines"])
        found, cited = wire.sources(batch["documents"], batch["lines"], rules)
        return {**with_sets(paragraphs, settings), "sources": found, "citations": cited}

    engine.write(folder / "plain", engine.map(plain, engine.scan(source, ["documents", "lines"])))
    paragraphs = engine.scan(folder / "plain", ["paragraphs"])
    outlets = _columns(bench, source, "documents", ["outlet"])["outlet"].unique()
    remembered, published = _memory(bench, as_of)
    again = partial(_of_articles, articles=published["article_id"].unique().implode())
    there = engine.gather(engine.map(again, paragraphs), "paragraphs") if published.height else published
    gone, standing = (published.join(there, on="paragraph_id", how=how) for how in ("anti", "semi"))
    memory = remembered.without(gone["paragraph_id"])

    def parted(batch: Batch) -> Batch:
        fresh, standing = dedup.parted(batch["paragraphs"], published)
        # What is fresh was first seen now: the paragraph, not the article.
        return {**batch, "paragraphs": fresh.with_columns(pl.lit(as_of, schemas.TIME).alias("first_seen_at")),
                "standing": standing}  # fmt: skip

    new = engine.map(parted, engine.scan(folder / "plain", ["paragraphs", "sets"]))
    agencies = (*settings.agency_outlets, *wire.agency_outlets(pl.concat([outlets, memory.outlets()]), rules))
    reuse = dedup.survey(new, memory, settings.model_copy(update={"agency_outlets": agencies}), engine)
    verdicts = engine.gather(reuse.verdicts, "verdicts")
    named = pl.concat([dedup.named(verdicts), dedup.named(published)])
    here = engine.gather(engine.map(partial(_homes, named=named.implode()), paragraphs), "homes")
    away = named.filter(~named.is_in(pl.concat([here["paragraph_id"], gone["paragraph_id"]]).implode()))
    homes = pl.concat([here, _elsewhere(bench, away, remembered)])

    def linked(batch: Batch) -> Batch:
        judged = dedup.linked_paragraphs(batch["paragraphs"], verdicts, settings)
        whole = schemas.ordered(pl.concat([judged, batch["standing"]]), schemas.PARAGRAPHS)
        copies = dedup.article_copies(whole, homes)
        return {"paragraphs": whole, "copies": copies, "sources": batch["sources"], "citations": batch["citations"]}

    plain_tables = engine.scan(folder / "plain", ["paragraphs", "sources", "citations"])
    n_rows = engine.write(folder, engine.map(linked, engine.map(parted, plain_tables)))
    for batches in (reuse.links, reuse.fingerprints, reuse.frequencies, reuse.members):
        engine.write(folder, batches)
    shutil.rmtree(folder / "plain")
    cluster_ids = pl.concat([verdicts["cluster_id"], published["cluster_id"]])
    engine.write(folder, [{"known_members": remembered.members_of(cluster_ids)}])
    is_copy = pl.concat([verdicts["canonical_id"] != verdicts["paragraph_id"], ~standing["is_canonical"]])
    link_types = _columns(bench, folder, "links", ["link_type"])["link_type"]
    found = engine.gather(folder, "sources")
    n_wire, n_cited = (int(found[name].is_not_null().sum()) for name in ("wire_source", "cited_agency"))
    counts = {
        "n_paragraphs": n_rows["paragraphs"],
        "n_copied": int(is_copy.sum()),
        "n_wire": n_wire,
        "n_cited": n_cited,
        "n_links": len(link_types),
        "links_by_type": dict(sorted(link_types.value_counts().iter_rows())),
        **reuse.report,
    }
    bench.finish("dedup", as_of, counts, started)
    return ()


def _of_articles(batch: Batch, articles: pl.Series) -> Batch:
    return {"paragraphs": batch["paragraphs"].filter(pl.col("article_id").is_in(articles)).select("paragraph_id")}


def _homes(batch: Batch, named: pl.Series) -> Batch:
    """Which articles the named paragraphs stand in."""
    here = batch["paragraphs"].filter(pl.col("paragraph_id").is_in(named))
    return {"homes": here.select("paragraph_id", "article_id")}


def _columns(bench: Bench, bundle: Path, table: str, columns: Sequence[str]) -> pl.DataFrame:
    """Some columns of a whole table, in the driver."""

    def narrow(batch: Batch) -> Batch:
        return {table: batch[table].select(columns)}

    return bench.engine.gather(bench.engine.map(narrow, bench.engine.scan(bundle, [table])), table)


def _memory(bench: Bench, as_of: datetime) -> tuple[dedup.Memory, pl.DataFrame]:
    """What dedup must know of earlier batches, and the published paragraphs of the articles that come again."""
    base = bench.store.current()
    if base is None:
        return dedup.Memory.empty(), schemas.PARAGRAPHS.empty()
    made_with, settings = base.manifest["minhash"], bench.order.config.settings.dedup
    if made_with["shingle_words"] != settings.shingle_words:
        raise ConfigError(
            f"dedup.shingle_words = {settings.shingle_words}, but the current version remembers shingles of "
            f"{made_with['shingle_words']} words; `copydesk run --rebuild` makes it anew"
        )
    published, revised = schemas.PARAGRAPHS.empty(), _revised(bench)
    if len(revised):
        published = collected(base.scan(schemas.PARAGRAPHS).filter(pl.col("article_id").is_in(revised.implode())))
    since = publish.oldest_day(as_of, settings.window_days)
    fingerprints, frequencies, members = (base.days(table, since) for table in dedup.STATE)
    leaving = base.days(schemas.MEMBERS, "", before=since)
    return dedup.Memory(fingerprints, frequencies, members, leaving), published


def _elsewhere(bench: Bench, away: pl.Series, memory: dedup.Memory) -> pl.DataFrame:
    """paragraph_id and article_id of paragraphs of earlier batches: as the memory tells it, and of those that it has
    forgotten as the published paragraphs of all days do.
    """
    found = memory.homes(away)
    forgotten = away.filter(~away.is_in(found["paragraph_id"].implode()))
    base = bench.store.current()
    if base is None or forgotten.is_empty():
        return found
    is_wanted = pl.col("paragraph_id").is_in(forgotten.implode())
    return pl.concat([found, collected(base.scan(schemas.PARAGRAPHS).filter(is_wanted).select(found.columns))])


def _names(bench: Bench) -> Sequence[tuple[str, str]]:
    from pipeline import people

    started = time.monotonic()
    cards = bench.cards("names")
    engine, config, as_of = bench.engine, bench.order.config, _as_of(cards)
    folder = reset_folder(bench.stage / "names")
    everybody, settings = config.people, config.settings.names

    def named(batch: Batch) -> Batch:
        paragraphs, mentions = names.apply(batch["documents"], batch["lines"], batch["paragraphs"], everybody, settings)
        return {
            "paragraphs": schemas.conform(paragraphs, schemas.NAMED_PARAGRAPHS, at="names"),
            "mentions": schemas.conform(mentions, schemas.MENTIONS.without("batch_id"), at="names"),
            "sizes": paragraphs.group_by("article_id").agg(pl.col("text").str.len_chars().cast(pl.Int64).sum()),
        }

    linked = (bench.stage / "dedup", ["paragraphs"])
    engine.write(folder, engine.map(named, engine.scan(bench.stage / "clean", ["documents", "lines"], linked)))
    mentions = _columns(bench, folder, "mentions", ["person_id", "rewritten"])
    counts = {
        "n_mentions": mentions.height,
        "n_persons": mentions["person_id"].drop_nulls().n_unique(),
        "n_rewritten": int(mentions["rewritten"].sum()),
        "n_undecided": int(mentions["person_id"].is_null().sum()),
        "n_to_review": people.n_to_review(_paragraphs_to_review(bench, folder), config),
    }
    bench.finish("names", as_of, counts, started)
    return ()


def _paragraphs_to_review(bench: Bench, folder: Path) -> pl.DataFrame:
    """The PARAGRAPHS of the first articles, a few columns: pairs of spellings are looked for in them."""
    from pipeline import people

    columns = ["article_id", "paragraph_no", "text"]

    def texts(batch: Batch) -> Batch:
        return {"paragraphs": batch["paragraphs"].filter(pl.col("article_id").is_in(first)).select(columns)}

    engine = bench.engine
    articles = engine.gather(folder, "sizes").sort("article_id")
    before = pl.col("text").cum_sum() - pl.col("text")
    first = articles.filter(before <= people.REVIEW_CHARS)["article_id"].implode()
    return engine.gather(engine.map(texts, engine.scan(folder, ["paragraphs"])), "paragraphs")


def _export(bench: Bench) -> Sequence[tuple[str, str]]:
    started = time.monotonic()
    cards = bench.cards("export")
    as_of = _as_of(cards)
    folder = reset_folder(bench.stage / "export")
    _refuse_a_bad_batch(bench, cards["extract"]["counts"])
    _refuse_losses(bench, as_of)
    # What the draft is made from is let go before it is written: of a large batch as much as the draft itself.
    draft, counts = _drafted(bench, cards, folder)
    if draft is not None and not bench.order.dry_run:
        bench.store.commit(draft, _manifest(bench, cards, counts, started))
        prune(bench.store, bench.order.config.settings.run.keep_versions, bench.reporter)
    bench.finish("export", as_of, counts, started)
    return ()


def _drafted(bench: Bench, cards: Mapping[str, Mapping[str, Any]], folder: Path) -> tuple[Draft | None, dict[str, int]]:
    """The next version, None where there is nothing to publish, and what `export` counts. Its rows go into `folder`."""
    settings, as_of, taken = bench.order.config.settings, _as_of(cards), cards["extract"]["counts"]
    gather, run_id = bench.engine.gather, taken["run_id"]
    folders = {stage: bench.stage / stage for stage in STAGES}
    wire_clusters = _grown(bench, folder)

    def published(part: Batch) -> Batch:
        return export.apply(export.Thoughts(**part), wire_clusters, run_id, settings.export)

    done = ((folders["dedup"], ["copies", "sources"]), (folders["names"], ["paragraphs", "mentions"]))
    parts = bench.engine.scan(folders["clean"], ["documents", "lines"], *done)
    n_rows = bench.engine.write(folder, bench.engine.map(published, parts))
    links = export.stamped(gather(folders["dedup"], "links"), schemas.LINKS, run_id)
    rejects = export.stamped(gather(folders["extract"], "rejects"), schemas.REJECTS, run_id)
    counts = {f"n_{name}": n for name, n in n_rows.items()} | {"n_links": links.height, "n_rejects": rejects.height}
    if not taken["n_written"] and (bench.order.retry or not taken["n_rejected"]):
        return None, counts
    batch = publish.Batch(
        run_id=run_id,
        as_of=as_of,
        parts={table.name: part_files(folder, table.name) for table in schemas.BY_ARTICLE}
        | {"fingerprints": part_files(folders["dedup"], "fingerprints")},
        paragraph_ids=gather(folder, "present")["paragraph_id"],
        links=links,
        rejects=rejects,
        inputs=gather(folders["extract"], "inputs"),
        files=gather(folders["extract"], "files"),
        still_refused=gather(folders["extract"], "still_refused"),
        outlet_lines=gather(folders["clean"], "outlet_lines"),
        outlet_sizes=gather(folders["clean"], "outlet_sizes"),
        frequencies=gather(folders["dedup"], "frequencies"),
        grown=publish.GrownClusters(
            touched=gather(folder, "touched")["cluster_id"],
            added=gather(folder, "members"),
            changed=gather(folder, "changed_members"),
            gone=gather(folder, "gone_members")["paragraph_id"],
            clusters=gather(folder, "clusters"),
        ),
    )
    draft = Draft(batch.run_id, bench.store.current(), settings.export.compression_level)
    windows = publish.kept_days(settings.clean.window_days, settings.dedup.window_days)
    publish.fill(draft, batch, keep_days=windows)
    return draft, counts


def _grown(bench: Bench, folder: Path) -> pl.Series:
    """Write the clusters that the batch touches and the ids of its paragraphs; the ids of clusters around it that are
    wire copy.
    """
    gather, deduped = bench.engine.gather, bench.stage / "dedup"
    columns = ["paragraph_id", "article_id", "paragraph_no", "cluster_id"]
    paragraphs = _columns(bench, bench.stage / "names", "paragraphs", columns)
    told = partial(
        wire.told_members,
        paragraphs=paragraphs,
        found=gather(deduped, "sources"),
        cited=gather(deduped, "citations"),
    )
    articles = _columns(bench, bench.stage / "clean", "documents", ["article_id"])["article_id"]
    grown, around = publish.grown_clusters(gather(deduped, "known_members"), gather(deduped, "members"), articles, told)
    tables = {
        "touched": grown.touched.alias("cluster_id").to_frame(),
        "members": grown.added,
        "changed_members": grown.changed,
        "gone_members": grown.gone.to_frame(),
        "clusters": grown.clusters,
        "present": paragraphs.select("paragraph_id"),
    }
    bench.engine.write(folder, [tables])
    clusters = pl.concat([around, _forgotten_clusters(bench, paragraphs["cluster_id"], around)])
    return clusters.filter(pl.col("wire_source").is_not_null())["cluster_id"]


def prune(store: Store, keep: int, reporter: Reporter) -> None:
    """Drop versions beyond `keep`. The new one is published by then: a failure is said, the next run tries again."""
    try:
        store.prune(keep)
    except (OSError, DamagedError) as error:
        reporter.warning("prune", f"old versions are not removed yet: {error}")


def _forgotten_clusters(bench: Bench, cluster_ids: pl.Series, around: pl.DataFrame) -> pl.DataFrame:
    """CLUSTERS without batch_id, as published, of the batch's paragraphs whose cluster the state has forgotten."""
    base = bench.store.current()
    if base is None:
        return around.clear()
    forgotten = pl.col("cluster_id").is_in(cluster_ids.drop_nulls().unique().implode()) & ~pl.col("cluster_id").is_in(
        around["cluster_id"].implode()
    )
    return collected(base.scan(schemas.CLUSTERS).filter(forgotten).select(around.columns))


def _refuse_a_bad_batch(bench: Bench, taken: Mapping[str, Any]) -> None:
    limits = bench.order.config.settings.run
    new = taken["n_written"] + taken["n_rejected"]
    share = taken["n_rejected"] / new if new else 0.0
    if new >= limits.min_reject_inputs and share > limits.max_reject_share and not bench.order.force_publish:
        raise RefusedError(
            f"{taken['n_rejected']:,} of {new:,} new inputs rejected ({share:.1%}), above run.max_reject_share = "
            f"{limits.max_reject_share}: nothing is published; --force-publish overrides; "
            f"by reason: {taken['rejected_by_reason']}"
        )


def _refuse_losses(bench: Bench, as_of: datetime) -> None:
    settings, cleaned = bench.order.config.settings, bench.stage / "clean"
    lost = losses.losses(
        bench.engine.gather(cleaned, "outlet_sizes"),
        losses.summed(_sizes_before(bench, as_of)),
        settings.run.max_outlet_loss,
        settings.run.min_outlet_articles,
    )
    if lost.height and not bench.order.force_publish:
        documents, lines = (bench.engine.gather(cleaned, table) for table in ("documents", "lines"))
        raise losses.refusal(lost, documents, lines, settings.run.max_outlet_loss)


def _sizes_before(bench: Bench, as_of: datetime) -> pl.DataFrame:
    table, window_days = schemas.OUTLET_SIZES, bench.order.config.settings.clean.window_days
    days = _remembered(bench, table, as_of, window_days)
    return pl.concat([table.empty(), *(day[table.name] for day in days)])


def _manifest(bench: Bench, cards: Mapping[str, Any], counts: Mapping[str, Any], started: float) -> dict[str, Any]:
    config, base = bench.order.config, bench.store.current()
    inputs = bench.engine.gather(bench.stage / "extract", "inputs")
    seconds = {stage: card["measured"]["seconds"] for stage, card in cards.items()}
    return {
        "schema_version": schemas.SCHEMA_VERSION,
        "run_id": cards["extract"]["counts"]["run_id"],
        "batches": [*([] if base is None else base.manifest["batches"]), cards["extract"]["counts"]["run_id"]],
        "as_of": cards["extract"]["as_of"],
        "base": None if base is None else base.run_id,
        "versions": {"copydesk": __version__, **{name: library_version(name) for name in LIBRARIES}},
        "settings": {"run": config.settings.run.model_dump(mode="json")}
        | {stage: bench.settings(stage) for stage in STAGES},
        "minhash": dedup.scheme(config.settings.dedup),
        "inputs": inputs.select("source_path", "source_offset", "outlet", "article_id", "status", "sha256").to_dicts(),
        "counts": {stage: card["counts"] for stage, card in cards.items()} | {"export": dict(counts)},
        "measured": {
            "seconds": seconds | {"export": round(time.monotonic() - started, 3)},
            "peak_memory_mb": _peak_memory(),
            "peaks_mb": {stage: card["measured"]["peak_memory_mb"] for stage, card in cards.items()},  # so far
            "jobs": bench.order.jobs,
            "engine": bench.order.engine,
            "source": str(bench.order.source),
        },
    }


def _as_of(cards: Mapping[str, Mapping[str, Any]]) -> datetime:
    return datetime.fromisoformat(cards["extract"]["as_of"])


def _peak_memory() -> float:
    """Largest resident set of this process or of a child, in MB."""
    usages = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return round(max(usages) / 1024, 1)


_STEPS: Mapping[str, Callable[[Bench], Sequence[tuple[str, str]]]] = {
    "extract": _extract,
    "clean": _clean,
    "dedup": _dedup,
    "names": _names,
    "export": _export,
}
