"""Copied paragraphs: exact key -> shingles -> rare ones shared -> signatures that agree -> verified pairs -> clusters.

Copies are marked and linked, never dropped. What a batch must know of earlier ones is its `Memory`, which is read piece
by piece: what it holds of them at once is the paragraphs it meets. Their rows are final, and every link has the earlier
paragraph on its left. The steps, chains of maps and groups, stand in texts.py, counts.py, pairs.py and joining.py, what
is asked of the memory in recall.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

import numpy as np
import polars as pl
from pydantic import Field, model_validator

from pipeline import schemas
from pipeline.engines.base import Batch, Batches, Engine
from pipeline.engines.local import Local
from pipeline.errors import PipelineError
from pipeline.heap import give_back
from pipeline.kernels import hashing, minhash
from pipeline.kernels.normalise import normal_forms
from pipeline.kernels.shingles import HashSets
from pipeline.kernels.wire import cluster_sources
from pipeline.stages.base import StageSettings
from pipeline.stages.counts import Counts, own_frequencies
from pipeline.stages.joining import LINKS, SLIM, judged
from pipeline.stages.pairs import agreeing, candidates, comparable, verified
from pipeline.stages.recall import Recall
from pipeline.stages.texts import (
    AT,
    DAY,
    FILED,
    FORMS,
    ORDER,
    SETS,
    by_number,
    distinct_texts,
    numbered_texts,
    timed,
    told_texts,
    with_sets,
)

READS = (schemas.DOCUMENTS, schemas.JUDGED_LINES)
WRITES = (schemas.LINKED_PARAGRAPHS, schemas.LINKS)
STATE = (schemas.FINGERPRINTS, schemas.FREQUENCIES, schemas.MEMBERS)  # what later batches must know of one

DUPLICATE_SHARE = 0.8  # of an article's paragraphs that must have a copy in one other article
DUPLICATE_PARAGRAPHS = 3  # of these, at least so many
_TEXTS_AT_ONCE = 1 << 16  # made into words and sets together: 0.25 GB on the way
_ROWS_AT_ONCE = 1 << 16  # of the memory, read and met together: 60 MB


class Settings(StageSettings):
    """What counts as a copy, and how far back to look."""

    enabled: bool = True  # false: every paragraph is its own
    window_days: int = Field(30, ge=0, le=36_500)  # days between the own times of two copies; 0: any distance
    strictness: Literal["loose", "default", "strict"] = "default"  # containment needed: .35, .44, .50
    shingle_words: int = Field(3, ge=3, le=8)  # words in a shingle
    max_frequency: int = Field(60, ge=1)  # paragraphs; a shingle in more is dropped, and a bigram counts a tenth
    permutations: int = Field(128, ge=2, le=4096)  # slots of a signature
    bands: int = Field(128, ge=1)  # bands of a signature
    rows: int = Field(1, ge=1)  # slots in a band
    # Bands in which two copies agree. 5 of 128 x 1 finds .734 of contained passages, 1 of 64 x 2 (cheaper) .556.
    agreeing_bands: int = Field(5, ge=1)
    seed: int = Field(1, ge=0, lt=2**32)  # of datasketch's permutations
    min_tokens: int = Field(8, ge=1)  # words from which a paragraph can be a near or contained copy
    min_tokens_exact: int = Field(5, ge=1)  # words from which it can be an exact one
    min_shared: int = Field(4, ge=1)  # shingles that two copies must share
    # Of these, such as signatures are made of. Of 70,747 links on reuse-dev none has fewer; 4 would lose 115.
    min_shared_rare: int = Field(3, ge=1)
    min_number_overlap: float = Field(0.5, ge=0, le=1)  # share of figures, where both sides have two
    min_slot_agreement: float = Field(0.6, ge=0, le=1)  # share of slots filled alike, where three are not
    near_jaccard: float = Field(0.30, ge=0, le=1)  # weighted Jaccard from which a link is near, not contained
    join_share: float = Field(0.5, gt=0, le=1)  # of the compared members, to join a cluster without its founder
    compare_members: int = Field(8, ge=1)  # members of a cluster compared with a newcomer: the first so many
    max_band_size: int = Field(1000, ge=2)  # texts under one rare shingle; beyond it pairs are left out and reported
    # outlets that are news agencies, beside those of the wire files: theirs comes first at equal time
    agency_outlets: tuple[str, ...] = ()
    # files of news agencies and of how they are named; relative to the configuration file, `packaged:` = copydesk's own
    wire: tuple[str, ...] = ("packaged:wire.toml", "wire.toml")

    @model_validator(mode="after")
    def _slots_suffice(self) -> Settings:
        if self.bands * self.rows > self.permutations:
            raise ValueError(f"{self.bands} bands of {self.rows} rows need more than {self.permutations} permutations")
        return self


def scheme(settings: Settings) -> dict[str, Any]:
    """What signatures were made with: numbers to reproduce them, for the manifest."""
    return {
        "scheme": minhash.SCHEME,
        "permutations": settings.permutations,
        "seed": settings.seed,
        "bands": settings.bands,
        "rows": settings.rows,
        "agreeing_bands": settings.agreeing_bands,
        "shingle_words": settings.shingle_words,
    }


@dataclass(frozen=True)
class Memory:
    """What is known of earlier batches: their state tables, one frame a day, read when asked and as far as asked."""

    fingerprints: Sequence[pl.LazyFrame]  # schemas.FINGERPRINTS
    frequencies: Sequence[pl.LazyFrame]  # schemas.FREQUENCIES
    members: Sequence[pl.LazyFrame]  # schemas.MEMBERS
    leaving: Sequence[pl.LazyFrame] = ()  # of earlier days than those: they count where their cluster has others
    gone: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.String))  # ids of paragraphs to leave out
    heirs: pl.DataFrame = field(default_factory=schemas.FINGERPRINTS.empty)  # what stands in place of their rows

    @staticmethod
    def empty() -> Memory:
        """The memory of a first batch."""
        return Memory((), (), ())

    def plus(self, reuse: Reuse) -> Memory:
        """The memory with what a batch adds as a day of its own."""
        return replace(
            self,
            fingerprints=[*self.fingerprints, reuse.fingerprints.lazy()],
            frequencies=[*self.frequencies, reuse.frequencies.lazy()],
            members=[*self.members, reuse.members.lazy()],
        )

    def without(self, paragraph_ids: pl.Series) -> Memory:
        """The memory without these paragraphs, which a revision took away; their shingles stay counted."""
        is_gone = pl.col("paragraph_id").is_in(paragraph_ids.implode())
        found = [heirs(day, is_gone) for day in self.fingerprints] if len(paragraph_ids) else []
        return replace(self, gone=paragraph_ids, heirs=pl.concat([schemas.FINGERPRINTS.empty(), *found]))

    def paragraphs(self, wanted: pl.Expr, columns: Iterable[str] = schemas.FINGERPRINTS.names) -> pl.DataFrame:
        """The columns of the FINGERPRINTS that are wanted."""
        # Whole days, so that little more than the rows that are wanted is read, in pieces it took five times the time;
        # all in one go, since what is wanted is hashed once for it, and not for each day.
        days = [*map(self._standing, self.fingerprints), self.heirs.lazy()]
        return _whole(schemas.FINGERPRINTS, days, wanted, columns)

    def pieces(self) -> Iterator[pl.LazyFrame]:
        """The FINGERPRINTS, at most 65,536 rows of a day at a time."""
        for day in self.fingerprints:
            for begin in range(0, day.select(pl.len()).collect().item(), _ROWS_AT_ONCE):
                yield self._standing(day.slice(begin, _ROWS_AT_ONCE))
        yield self.heirs.lazy()

    def _standing(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Those of the FINGERPRINTS that are neither gone nor stand anew among the heirs."""
        passed = pl.concat([self.gone, self.heirs["paragraph_id"]])
        return rows.filter(~pl.col("paragraph_id").is_in(passed.implode())) if len(passed) else rows

    def outlets(self) -> pl.Series:
        """All outlets of the FINGERPRINTS."""
        every = pl.concat([schemas.FINGERPRINTS.empty().lazy(), *self.fingerprints])
        return every.select(pl.col("outlet").unique()).collect()["outlet"]

    def members_of(self, cluster_ids: pl.Series) -> pl.DataFrame:
        """The MEMBERS of these clusters."""

        def among(days: Sequence[pl.LazyFrame], names: pl.Series) -> pl.DataFrame:
            return _whole(schemas.MEMBERS, days, pl.col("cluster_id").is_in(names.unique().implode()))

        found = among(self.members, cluster_ids)
        found = pl.concat([found, among(self.leaving, found["cluster_id"])])
        return found.filter(~pl.col("paragraph_id").is_in(self.gone.implode()))

    def homes(self, paragraph_ids: pl.Series) -> pl.DataFrame:
        """paragraph_id and article_id of those of the paragraphs that are members."""
        wanted = pl.col("paragraph_id").is_in(paragraph_ids.implode())
        return _whole(schemas.MEMBERS, [*self.members, *self.leaving], wanted, ["paragraph_id", "article_id"])


def _whole(
    table: schemas.Table, days: Sequence[pl.LazyFrame], wanted: pl.Expr, columns: Iterable[str] | None = None
) -> pl.DataFrame:
    """The rows of all days that are wanted, of all columns or some."""
    return pl.concat([table.empty().lazy(), *days]).filter(wanted).select(columns or table.names).collect()


@dataclass(frozen=True)
class Reuse:
    """What a batch adds: its paragraphs, judged, the links, and rows for the state tables."""

    paragraphs: pl.DataFrame  # schemas.LINKED_PARAGRAPHS
    links: pl.DataFrame  # schemas.LINKS without batch_id
    fingerprints: pl.DataFrame  # schemas.FINGERPRINTS
    frequencies: pl.DataFrame  # schemas.FREQUENCIES: this batch's own counts
    members: pl.DataFrame  # schemas.MEMBERS; stages/wire.py has still to tell where they come from
    report: dict[str, int]


def plain_paragraphs(documents: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """The paragraphs of the text (PLAIN_PARAGRAPHS, and FORMS of their text) from DOCUMENTS and JUDGED_LINES: a
    paragraph's lines joined by one space. Raises PipelineError for a line of an unknown article.
    """
    joined = (
        lines.filter(pl.col("paragraph_no").is_not_null())
        .sort("article_id", "paragraph_no", "line_no")
        .group_by("article_id", "paragraph_no", maintain_order=True)
        .agg(pl.col("text").str.join(" "))
    )
    stray = joined.join(documents, on="article_id", how="anti")
    if not stray.is_empty():
        raise PipelineError(f"dedup: lines of {stray['article_id'].n_unique()} articles that no document has")
    occurrence = pl.int_range(pl.len()).over("article_id", "exact_key").alias("occurrence")
    keyed = joined.hstack(normal_forms(joined["text"]).rename({"n_words": "n_tokens"})).with_columns(occurrence)
    ids = [
        hashing.paragraph_id(article, key, occurrence)
        for article, key, occurrence in keyed.select("article_id", "exact_key", "occurrence").iter_rows()
    ]
    about = documents.select("article_id", "outlet", "published_at", "first_seen_at")
    whole = keyed.with_columns(pl.Series("paragraph_id", ids, dtype=pl.String)).join(about, on="article_id", how="left")
    return schemas.ordered(whole.select(*schemas.PLAIN_PARAGRAPHS.names, *FORMS), schemas.PLAIN_PARAGRAPHS)


def parted(paragraphs: pl.DataFrame, published: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What a revision leaves standing, apart: the new PLAIN_PARAGRAPHS, and LINKED_PARAGRAPHS for the others.

    `published` are rows of schemas.PARAGRAPHS of earlier states of these articles. A paragraph that is still there
    keeps cluster, canonical copy and scores; a revision elsewhere in the article does not make it a copy of its copy.
    """
    verdict = [name for name in schemas.LINKED_PARAGRAPHS.names if name not in schemas.PLAIN_PARAGRAPHS.names]
    still = published.select("paragraph_id", *verdict)
    standing = paragraphs.join(still, on="paragraph_id", how="inner", maintain_order="left")
    fresh = paragraphs.join(still, on="paragraph_id", how="anti", maintain_order="left")
    return fresh, standing.select(schemas.LINKED_PARAGRAPHS.names)


def apply(
    paragraphs: pl.DataFrame,
    memory: Memory,
    settings: Settings,
    frequencies: Sequence[pl.LazyFrame] | None = None,
) -> Reuse:
    """Judge one batch of PLAIN_PARAGRAPHS against itself and the memory, in this process; see `survey`."""
    paragraphs = schemas.conform(paragraphs, schemas.PLAIN_PARAGRAPHS, at="dedup")
    engine = Local()
    pieces = [paragraphs.slice(begin, _TEXTS_AT_ONCE) for begin in range(0, paragraphs.height or 1, _TEXTS_AT_ONCE)]
    batches = engine.map(partial(_told, settings=settings), engine.keep([{"paragraphs": piece} for piece in pieces]))
    found = survey(batches, memory, settings, engine, frequencies)

    def whole(name: str, table: schemas.Table) -> pl.DataFrame:
        rows = [batch[name] for batch in getattr(found, name)]  # each in order: one is not sorted again, nor copied
        return schemas.conform(rows[0], table, at="dedup") if len(rows) == 1 else _tabled(pl.concat(rows), table)

    return Reuse(
        fingerprints=whole("fingerprints", schemas.FINGERPRINTS),
        paragraphs=linked_paragraphs(paragraphs, engine.gather(found.verdicts, "verdicts"), settings),
        links=whole("links", LINKS),
        frequencies=whole("frequencies", schemas.FREQUENCIES),
        members=whole("members", schemas.MEMBERS),
        report=found.report,
    )


def _told(batch: Batch, settings: Settings) -> Batch:
    paragraphs = batch["paragraphs"]
    return with_sets(paragraphs.hstack(normal_forms(paragraphs["text"]).select(FORMS)), settings)


def linked_paragraphs(paragraphs: pl.DataFrame, verdicts: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """LINKED_PARAGRAPHS from PLAIN_PARAGRAPHS and the verdicts of a survey: who has none is alone."""
    own = pl.when(pl.col("n_tokens") >= settings.min_tokens_exact).then("paragraph_id")
    linked = paragraphs.join(verdicts, on="paragraph_id", how="left").with_columns(
        pl.coalesce("cluster_id", own).alias("cluster_id"),
        pl.coalesce("canonical_id", "paragraph_id").alias("canonical_id"),
    )
    is_canonical = (pl.col("canonical_id") == pl.col("paragraph_id")).alias("is_canonical")
    return _tabled(linked.with_columns(is_canonical), schemas.LINKED_PARAGRAPHS)


@dataclass(frozen=True)
class Survey:
    """What a batch adds, still in the engine's hands."""

    verdicts: Batches  # `verdicts`: VERDICT of its paragraphs that joined a cluster or have a match
    links: Batches  # `links`: LINKS without batch_id
    fingerprints: Batches  # `fingerprints`: FINGERPRINTS
    frequencies: Batches  # `frequencies`: FREQUENCIES, this batch's own
    members: Batches  # `members`: MEMBERS; stages/wire.py has still to tell where they come from
    report: dict[str, int]


def survey(
    paragraphs: Batches,
    memory: Memory,
    settings: Settings,
    engine: Engine,
    frequencies: Sequence[pl.LazyFrame] | None = None,
) -> Survey:
    """Judge batches of `paragraphs` and `sets` (`with_sets`), which are one batch of a run, against all and the memory.

    Document frequencies are those of all batches in memory and this one, so a pair is judged with the table of its
    later paragraph; or those of the FREQUENCIES given, with which a corpus has the same clusters however it is cut
    into batches. The answer does not depend on the order of the rows, nor on how they are dealt out.
    """
    if not settings.enabled:
        return _nothing(engine)
    printed = engine.keep(distinct_texts(paragraphs, engine, settings))
    recall = Recall.beside(printed, memory, engine, settings)
    known = recall.known(printed)
    told = engine.keep(told_texts(printed, known, engine, settings))
    rows = engine.keep(engine.map(partial(_only, table="rows"), printed))
    reached = known.filter("is_reached")["cluster_id"]
    del printed, known  # texts and sets are as large as all that follows
    numbered, n_texts = numbered_texts(told, engine)
    texts = engine.keep(numbered)
    del told, numbered
    own = engine.keep(own_frequencies(texts, engine, settings))
    counts = Counts(engine, own, memory.frequencies) if frequencies is None else Counts(engine, None, frequencies)
    frequent = counts.over(settings.shingle_words, settings.max_frequency)
    found = candidates(texts, n_texts, frequent, engine, settings)
    met = recall.met(texts, n_texts, frequent)
    every = texts + engine.keep([{"texts": met.texts}])
    pairs = found.pairs + engine.keep([{"pairs": met.pairs}])
    alike = engine.keep(agreeing(pairs, every, frequent, engine, settings))
    linked = engine.keep(verified(alike, every, counts, engine, settings))
    give_back()
    remembered = recall.clusters(rows, reached, met, linked)
    joined = engine.keep(judged(rows, every, linked, remembered, engine, settings))
    return Survey(
        verdicts=engine.map(_verdicts, joined),
        links=engine.map(partial(_only, table="links"), joined),
        fingerprints=_fingerprints(joined, texts, engine, settings),
        frequencies=engine.map(_named_frequencies, own),
        members=engine.map(_members, joined),
        report={
            "n_banded": _height(texts, "texts", comparable(settings), engine),
            "n_candidates": _height(alike, "pairs", pl.lit(True), engine),
            "n_crowded": pl.concat([engine.gather(found.crowded, "crowded")["text_no"], met.crowded]).n_unique(),
            "n_verified": _height(linked, "linked", pl.lit(True), engine),
            "n_exact_copies": _height(joined, "links", pl.col("link_type") == "exact", engine),
            "n_met": remembered.paragraphs.height,
        },
    )


def heirs(fingerprints: pl.LazyFrame, is_gone: pl.Expr) -> pl.DataFrame:
    """The FINGERPRINTS of a state file that take over the sets of rows that go, as they are then.

    A text's sets stand in one row of each batch and own day; when that row goes they pass to the first one left of
    the same text and own day, unless it has sets already.
    """
    text = ["exact_key", "own_day"]
    dated = fingerprints.with_columns((AT // DAY).alias("own_day"))

    def first_rows(wanted: pl.Expr) -> pl.DataFrame:
        in_order = dated.filter(wanted).sort(AT, "article_id", "paragraph_no")
        return in_order.unique(text, keep="first", maintain_order=True).collect()

    going = first_rows(is_gone & FILED).select(*text, *SETS)
    left = first_rows(~is_gone & pl.col("exact_key").is_in(going["exact_key"].unique().implode()))
    untold = left.filter(~FILED).drop(SETS)
    return untold.join(going, on=text, maintain_order="left").select(schemas.FINGERPRINTS.names)


def clusters(members: pl.DataFrame) -> pl.DataFrame:
    """CLUSTERS without batch_id: one row per cluster of 2 or more of the MEMBERS."""
    table = schemas.CLUSTERS.without("batch_id")
    outlet = pl.coalesce("outlet", pl.concat_str(pl.lit("\0"), "article_id"))  # without outlet: each its own
    counted = (
        members.group_by("cluster_id")
        .agg(
            pl.col("paragraph_id").sort_by("position", "paragraph_id").first().alias("canonical_id"),
            pl.len().cast(pl.Int32).alias("n_paragraphs"),
            outlet.n_unique().cast(pl.Int32).alias("n_outlets"),
            pl.col("published_at").min().alias("first_published_at"),
            pl.col("first_seen_at").max().alias("last_seen_at"),
        )
        .filter(pl.col("n_paragraphs") > 1)
        .join(cluster_sources(members), on="cluster_id", how="left")
    )
    return _tabled(counted, table)


def article_copies(paragraphs: pl.DataFrame, elsewhere: pl.DataFrame) -> pl.DataFrame:
    """One row per article of LINKED_PARAGRAPHS, which have all of it: article_id, n_copied, duplicate_of.

    `elsewhere` has paragraph_id and article_id of the paragraphs of others that these name. n_copied: paragraphs whose
    canonical copy is in another article. duplicate_of: the one other article that has the canonical or the matched
    copy of 80 % of the article's paragraphs of 5 tokens or more, at least 3; else null.
    """
    copies = paragraphs.filter((pl.col("canonical_id") != pl.col("paragraph_id")) | pl.col("matched_id").is_not_null())
    wanted = pl.col("paragraph_id").is_in(named(copies).implode())
    homes = pl.concat([
        table.filter(wanted).select("paragraph_id", pl.col("article_id").alias("other"))
        for table in (elsewhere, paragraphs)
    ]).unique("paragraph_id", keep="last", maintain_order=True)  # fmt: skip

    def others(copy: str) -> pl.DataFrame:
        """The other articles that have this copy of a paragraph."""
        met = copies.select("article_id", "paragraph_id", copy).join(homes, left_on=copy, right_on="paragraph_id")
        return met.filter(pl.col("other") != pl.col("article_id")).drop(copy)

    canonical = others("canonical_id")
    source = (
        pl.concat([canonical, others("matched_id")])
        .unique()
        .group_by("article_id", "other")
        .len("n_found")
        .sort("n_found", "other", descending=[True, False])
        .unique("article_id", keep="first", maintain_order=True)
    )
    enough = pl.max_horizontal(pl.lit(DUPLICATE_PARAGRAPHS), DUPLICATE_SHARE * pl.col("n_comparable"))
    return (
        paragraphs.group_by("article_id")
        .agg(pl.col("cluster_id").count().alias("n_comparable"))
        .join(canonical.group_by("article_id").len("n_copied"), on="article_id", how="left")
        .join(source, on="article_id", how="left")
        .select(
            "article_id",
            pl.col("n_copied").fill_null(0).cast(pl.Int32),
            pl.when(pl.col("n_found") >= enough).then("other").alias("duplicate_of"),
        )
        .sort("article_id")
    )


def named(paragraphs: pl.DataFrame) -> pl.Series:
    """Ids of the paragraphs that LINKED_PARAGRAPHS name as their canonical copy or their match."""
    return pl.concat([paragraphs["canonical_id"], paragraphs["matched_id"]]).drop_nulls().unique()


def _only(batch: Batch, table: str) -> Batch:
    return {table: batch[table]}


def _height(batches: Batches, table: str, wanted: pl.Expr, engine: Engine) -> int:
    """How many rows of a table are wanted."""
    kernel = partial(_n_rows, table=table, wanted=wanted)
    return int(engine.gather(engine.map(kernel, batches), "n_rows")["n_rows"].sum())


def _n_rows(batch: Batch, table: str, wanted: pl.Expr) -> Batch:
    n_rows = batch[table].filter(wanted).height
    return {"n_rows": pl.DataFrame({"n_rows": [n_rows]}, schema={"n_rows": pl.Int64})}


# --------------------------------------------------------------------------------------------------------- tables


_UNTOLD = [
    pl.lit(None, pl.String).alias(name) for name in ("wire_source", "wire_kind", "wire_evidence", "cited_agency")
]
VERDICT = ["paragraph_id", "cluster_id", "canonical_id", "matched_id", "link_type", "jaccard", "containment", "repost"]


def _verdicts(batch: Batch) -> Batch:
    own = pl.col("paragraph_id")
    is_alone = (pl.col("cluster_id") == own) & (pl.col("canonical_id") == own) & pl.col("matched_id").is_null()
    return {"verdicts": batch["judged"].filter(~is_alone).select(VERDICT)}


def _members(batch: Batch) -> Batch:
    return {"members": _tabled(batch["judged"].with_columns(_UNTOLD), schemas.MEMBERS)}


def _named_frequencies(batch: Batch) -> Batch:
    return {"frequencies": batch["counts"]}


def _nothing(engine: Engine) -> Survey:
    """What comes out when nothing is looked for."""

    def empty(name: str, rows: pl.DataFrame) -> Batches:
        return engine.keep([{name: rows}])

    return Survey(
        verdicts=empty("verdicts", schemas.LINKED_PARAGRAPHS.empty().select(VERDICT)),
        links=empty("links", LINKS.empty()),
        fingerprints=empty("fingerprints", schemas.FINGERPRINTS.empty()),
        frequencies=empty("frequencies", schemas.FREQUENCIES.empty()),
        members=empty("members", schemas.MEMBERS.empty()),
        report={},
    )


def _fingerprints(found: Batches, texts: Batches, engine: Engine, settings: Settings) -> Batches:
    """`fingerprints`: a text's sets stand in its first row of each day, the unit the state forgets in."""
    grouped = engine.group(found + texts, {"judged": "text_no", "texts": "text_no"})
    return engine.map(partial(_with_sets, settings=settings), grouped)


def _with_sets(batch: Batch, settings: Settings) -> Batch:
    table = schemas.FINGERPRINTS
    is_first = pl.struct(pl.from_epoch("at", time_unit="us").dt.date(), "text_no").is_first_distinct().alias("is_first")
    told = timed(batch["judged"], settings).sort(ORDER).select(*SLIM, "text_no", is_first)
    told = schemas.ordered(told, table)
    first = told["is_first"].to_numpy()
    texts = by_number(batch["texts"])
    places = np.searchsorted(texts["text_no"].to_numpy(), told["text_no"].to_numpy()[first])
    lists = {name: HashSets.from_lists(texts[name]).take(places).spread(first).to_bytes() for name in SETS}
    return {"fingerprints": schemas.conform(told.with_columns(**lists).select(table.names), table, at="dedup")}


def _tabled(frame: pl.DataFrame, table: schemas.Table) -> pl.DataFrame:
    """The frame's columns of the table, conformed and in its order."""
    return schemas.ordered(schemas.conform(frame.select(table.names), table, at="dedup"), table)
