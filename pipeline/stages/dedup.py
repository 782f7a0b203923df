"""Copied paragraphs: exact key -> shingles -> signature -> bands -> candidate pairs -> verified pairs -> clusters.

Copies are marked and linked, never dropped. What a batch must know of earlier ones is its `Memory`, which is read piece
by piece: what it holds of them at once is the paragraphs it meets. Their rows are final, and every link has the earlier
paragraph on its left.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pipeline import schemas
from pipeline.errors import PipelineError
from pipeline.kernels import hashing, minhash
from pipeline.kernels.bands import BandIndex, Banding, candidate_pairs
from pipeline.kernels.clusters import Cluster, Copies, Copy, JoinRule, cluster_to_join, components
from pipeline.kernels.normalise import normal_forms
from pipeline.kernels.shingles import Frequencies, HashSets, Words, rarer, shingle_sets
from pipeline.kernels.similarity import idf_weights, overlaps, set_weights, shared_counts, weighted_scores
from pipeline.kernels.slots import Slots, is_one_template, slots
from pipeline.kernels.wire import cluster_sources
from pipeline.stages.base import StageSettings

READS = (schemas.DOCUMENTS, schemas.JUDGED_LINES)
WRITES = (schemas.LINKED_PARAGRAPHS, schemas.LINKS)
STATE = (schemas.FINGERPRINTS, schemas.FREQUENCIES, schemas.MEMBERS)  # what later batches must know of one

# Containment from which two paragraphs are linked. .44 had P .994 R .860 on edited copies and P .985 on real news,
# .50 .996 / .838, .35 .987 / .919. Two translations of one quotation came to .43.
MIN_CONTAINMENT = {"loose": 0.35, "default": 0.44, "strict": 0.50}
# An idiom ("how much does it cost to") can be half of a short paragraph: of 190 links between pages of different sites,
# hardly a copy among them, 140 shared fewer than 6 shingles, mostly below 12 words. With .65 for these 100 are left.
FEW_SHARED = 6  # shingles
MIN_CONTAINMENT_OF_FEW = 0.45
SHORT = 12  # words
MIN_CONTAINMENT_OF_SHORT = 0.65  # where few are shared
MANY_SHARED = 12  # shingles, too many for an idiom
MIN_CONTAINMENT_OF_MANY = 0.36  # contained passages found: .743 instead of .730, at the same precision
BIGRAM = 2
SETS = ("shingles", "bigrams", "numbers", "contexts", "fillings")  # what a fingerprint says of its text
# Versions of one text, whose shingles are counted once; a pair at Jaccard .7 is found in 89 of 100 cases, at .3 in 6.
FAMILY = Banding(bands=8, rows=4)
DUPLICATE_SHARE = 0.8  # of an article's paragraphs that must have a copy in one other article
DUPLICATE_PARAGRAPHS = 3  # of these, at least so many
_DAY = 86_400_000_000  # microseconds
_TEXTS_AT_ONCE = 1 << 17  # made into words and sets together: 0.5 GB on the way
_SETS_AT_ONCE = 1 << 15  # made into signatures together: 0.1 GB on the way
_ROWS_AT_ONCE = 1 << 18  # of the memory, read together: 0.3 GB; the rows in a row group
_PAIRS_AT_ONCE = 1 << 17  # whose shingles are looked up together
_HASHES_AT_ONCE = 1 << 29  # of the 32-bit numbers, counted together: an eighth of a batch's shingles
_COUNTS_AT_ONCE = 1 << 22  # shingle counts of the memory summed together: 0.1 GB


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
    min_number_overlap: float = Field(0.5, ge=0, le=1)  # share of figures, where both sides have two
    min_slot_agreement: float = Field(0.6, ge=0, le=1)  # share of slots filled alike, where three are not
    near_jaccard: float = Field(0.30, ge=0, le=1)  # weighted Jaccard from which a link is near, not contained
    join_share: float = Field(0.5, gt=0, le=1)  # of the compared members, to join a cluster without its founder
    compare_members: int = Field(8, ge=1)  # members of a cluster compared with a newcomer: the first so many
    max_band_size: int = Field(1000, ge=2)  # paragraphs under one band key; beyond it pairs are left out and reported
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
        columns = list(columns)
        found = [piece.filter(wanted).select(columns).collect() for piece in self.pieces()]
        return pl.concat([schemas.FINGERPRINTS.empty().select(columns), *found])

    def pieces(self) -> Iterator[pl.LazyFrame]:
        """The FINGERPRINTS, at most 262,144 rows at a time."""
        passed = pl.concat([self.gone, self.heirs["paragraph_id"]])
        others = ~pl.col("paragraph_id").is_in(passed.implode())
        every = pl.concat([*self.fingerprints, schemas.FINGERPRINTS.empty().lazy()])
        for begin in range(0, self._height, _ROWS_AT_ONCE):
            yield every.slice(begin, _ROWS_AT_ONCE).filter(others)
        yield self.heirs.lazy()

    @cached_property
    def _height(self) -> int:
        """Rows of the FINGERPRINTS."""
        return sum(day.select(pl.len()).collect().item() for day in self.fingerprints)

    def outlets(self) -> pl.Series:
        """All outlets of the FINGERPRINTS."""
        every = pl.concat([schemas.FINGERPRINTS.empty().lazy(), *self.fingerprints])
        return every.select(pl.col("outlet").unique()).collect()["outlet"]

    def members_of(self, cluster_ids: pl.Series) -> pl.DataFrame:
        """The MEMBERS of these clusters."""
        wanted = pl.col("cluster_id").is_in(cluster_ids.unique().implode())
        others = ~pl.col("paragraph_id").is_in(self.gone.implode())
        return pl.concat([schemas.MEMBERS.empty().lazy(), *self.members]).filter(wanted & others).collect()


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
    """The paragraphs of the text (PLAIN_PARAGRAPHS) from DOCUMENTS and JUDGED_LINES: a paragraph's lines joined by one
    space. Raises PipelineError for a line of an unknown article.
    """
    table = schemas.PLAIN_PARAGRAPHS
    joined = (
        lines.filter(pl.col("paragraph_no").is_not_null())
        .sort("article_id", "paragraph_no", "line_no")
        .group_by("article_id", "paragraph_no", maintain_order=True)
        .agg(pl.col("text").str.join(" "))
    )
    stray = joined.join(documents, on="article_id", how="anti")
    if not stray.is_empty():
        raise PipelineError(f"dedup: lines of {stray['article_id'].n_unique()} articles that no document has")
    forms = normal_forms(joined["text"])
    keyed = joined.with_columns(forms["exact_key"], forms["n_words"].alias("n_tokens")).with_columns(
        pl.int_range(pl.len()).over("article_id", "exact_key").alias("occurrence")
    )
    ids = [
        hashing.paragraph_id(article, key, occurrence)
        for article, key, occurrence in keyed.select("article_id", "exact_key", "occurrence").iter_rows()
    ]
    about = documents.select("article_id", "outlet", "published_at", "first_seen_at")
    whole = keyed.with_columns(pl.Series("paragraph_id", ids, dtype=pl.String)).join(about, on="article_id", how="left")
    return schemas.ordered(schemas.conform(whole.select(table.names), table, at="dedup"), table)


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
    """Judge one batch of PLAIN_PARAGRAPHS against itself and the memory.

    Document frequencies are those of all batches in memory and this one, so a pair is judged with the table of its
    later paragraph; or those of the FREQUENCIES given, with which a corpus has the same clusters however it is cut
    into batches. The answer does not depend on the order of the rows.
    """
    paragraphs = schemas.conform(paragraphs, schemas.PLAIN_PARAGRAPHS, at="dedup")
    if not settings.enabled:
        return _alone(paragraphs, settings)
    compared = _compared(paragraphs, memory, settings, frequencies)
    judged, links, n_met = _clustered(compared, memory, settings)
    sets, own, report = compared.texts.by_name(), compared.own, compared.report
    del compared  # the texts are let go set by set
    n_exact = int((links["link_type"] == "exact").sum())
    return Reuse(
        fingerprints=_fingerprints(judged, sets),
        paragraphs=_linked_paragraphs(paragraphs, judged),
        links=_tabled(links, schemas.LINKS.without("batch_id")),
        frequencies=own,
        members=_tabled(judged.with_columns(_UNTOLD), schemas.MEMBERS),
        report=report | {"n_exact_copies": n_exact, "n_met": n_met},
    )


def heirs(fingerprints: pl.LazyFrame, is_gone: pl.Expr) -> pl.DataFrame:
    """The FINGERPRINTS of a state file that take over the sets of rows that go, as they are then.

    A text's sets stand in one row of each batch and own day; when that row goes they pass to the first one left of
    the same text and own day, unless it has sets already.
    """
    text = ["exact_key", "own_day"]
    dated = fingerprints.with_columns((_AT // _DAY).alias("own_day"))

    def first_rows(wanted: pl.Expr) -> pl.DataFrame:
        in_order = dated.filter(wanted).sort(_AT, "article_id", "paragraph_no")
        return in_order.unique(text, keep="first", maintain_order=True).collect()

    going = first_rows(is_gone & _TOLD).select(*text, *SETS)
    left = first_rows(~is_gone & pl.col("exact_key").is_in(going["exact_key"].unique().implode()))
    untold = left.filter(~_TOLD).drop(SETS)
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
    """One row per article of the batch's LINKED_PARAGRAPHS: article_id, n_copied, duplicate_of.

    `elsewhere` has paragraph_id and article_id of the paragraphs of earlier batches that these name. n_copied:
    paragraphs whose canonical copy is in another article. duplicate_of: the one other article that has the canonical
    or the matched copy of 80 % of the article's paragraphs of 5 tokens or more, at least 3; else null.
    """
    both = pl.concat([table.select("paragraph_id", "article_id") for table in (elsewhere, paragraphs)])
    home: dict[str, str] = dict(both.filter(pl.col("paragraph_id").is_in(named(paragraphs).implode())).iter_rows())
    copied: dict[str, int] = {}
    comparable: dict[str, int] = {}
    found: dict[str, dict[str, int]] = {}
    columns = ("article_id", "canonical_id", "matched_id", "cluster_id")
    for article, canonical, matched, cluster in paragraphs.select(columns).iter_rows():
        copied[article] = copied.get(article, 0) + (home.get(canonical, article) != article)
        comparable[article] = comparable.get(article, 0) + (cluster is not None)
        others = {home[paragraph] for paragraph in (canonical, matched) if paragraph in home} - {article}
        for other in others:
            counts = found.setdefault(article, {})
            counts[other] = counts.get(other, 0) + 1
    rows = []
    for article in sorted(copied):
        n_found, source = max(((n, other) for other, n in found.get(article, {}).items()), key=_most, default=(0, None))
        enough = n_found >= max(DUPLICATE_PARAGRAPHS, DUPLICATE_SHARE * comparable[article])
        rows.append((article, copied[article], source if enough else None))
    schema = {"article_id": pl.String, "n_copied": pl.Int32, "duplicate_of": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def named(paragraphs: pl.DataFrame) -> pl.Series:
    """Ids of the paragraphs that LINKED_PARAGRAPHS name as their canonical copy or their match."""
    return pl.concat([paragraphs["canonical_id"], paragraphs["matched_id"]]).drop_nulls().unique()


def _most(counted: tuple[int, str]) -> tuple[int, list[int]]:
    return counted[0], [-ord(letter) for letter in counted[1]]


@dataclass(frozen=True)
class _Compared:
    """A batch, the texts it has and meets, and which of these are copies."""

    new: pl.DataFrame
    texts: _Texts
    linked: _LinkedTexts
    names: pl.Series  # of the clusters that its paragraphs may join or found
    own: pl.DataFrame  # schemas.FREQUENCIES
    report: dict[str, int]


def _compared(
    paragraphs: pl.DataFrame, memory: Memory, settings: Settings, frequencies: Sequence[pl.LazyFrame] | None
) -> _Compared:
    new, texts = _newcomers(paragraphs, settings)
    reached = _reached(new, settings)
    known = memory.paragraphs(pl.col("exact_key").is_in(texts.exact_keys.implode()))
    own = _own_frequencies(texts, known["exact_key"], settings)
    counted = _Counted([*memory.frequencies, own.lazy()] if frequencies is None else frequencies)
    known = _in_order(known.filter(reached), settings)
    texts = texts.as_remembered(known)
    asking = _asking(_rows(known, new, texts), len(texts), _window(settings))
    candidates = _candidates(texts, asking, memory, _reached(new, settings, whole_days=True), counted, settings)
    texts = _Texts.together([texts, _Texts.remembered(candidates.met)])
    linked = _linked_texts(texts, candidates, counted, settings)
    # A revision's paragraph is met again under its own name.
    names = pl.concat([known["cluster_id"], candidates.met["cluster_id"], new["paragraph_id"]]).unique()
    return _Compared(new, texts, linked, names, own, candidates.report | {"n_verified": len(linked.left)})


def _clustered(compared: _Compared, memory: Memory, settings: Settings) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """The batch's comparable rows, judged; their links; and how many remembered paragraphs were met."""
    texts, linked = compared.texts, compared.linked
    reached = _reached(compared.new, settings)
    old = memory.paragraphs(reached & pl.col("cluster_id").is_in(compared.names.implode()), _SLIM)
    rows = _rows(_in_order(old, settings), compared.new, texts)
    rule = JoinRule(settings.join_share, settings.compare_members, _window(settings))
    joined = _joined(rows, linked, _EarlierClusters.of(rows, memory.members_of(compared.names)), rule)
    links = _links(joined, linked, rows, texts, settings)
    return _judged(rows, joined.places, links), links, old.height


# ------------------------------------------------------------------------------------------------- rows and texts

_AT = pl.coalesce("published_at", "first_seen_at").dt.epoch("us").alias("at")  # a paragraph's own time, microseconds
_ORDER = ("at", "not_agency", "article_id", "paragraph_no")  # within a batch
_TOLD = pl.col("shingles").list.len() > 0
_SLIM = [name for name in schemas.FINGERPRINTS.names if name not in SETS]
_OWN = [name for name in _SLIM if name not in ("cluster_id", "position")]  # what is known before clusters are


@dataclass(frozen=True)
class _Texts:
    """What exact copies have in common, by text_no: those of the batch, in order, then those it meets in memory."""

    exact_keys: pl.Series
    n_tokens: NDArray[np.int64]
    shingles: HashSets
    bigrams: HashSets
    figures: HashSets
    slots: Slots

    def __len__(self) -> int:
        return len(self.exact_keys)

    def by_name(self) -> dict[str, HashSets]:
        """The sets by the column of FINGERPRINTS that holds them."""
        every = (self.shingles, self.bigrams, self.figures, self.slots.contexts, self.slots.fillings)
        return dict(zip(SETS, every, strict=True))

    def take(self, rows: NDArray[np.int64]) -> _Texts:
        """The given texts, in that order."""
        return _Texts(
            self.exact_keys.gather(rows),
            self.n_tokens[rows],
            self.shingles.take(rows),
            self.bigrams.take(rows),
            self.figures.take(rows),
            self.slots.take(rows),
        )

    @staticmethod
    def together(parts: Sequence[_Texts]) -> _Texts:
        """The texts of all parts, one after the other."""
        parts = [part for part in parts if len(part)] or parts
        if len(parts) == 1:
            return parts[0]
        return _Texts(
            pl.concat([part.exact_keys for part in parts]),
            np.concatenate([part.n_tokens for part in parts]),
            HashSets.together([part.shingles for part in parts]),
            HashSets.together([part.bigrams for part in parts]),
            HashSets.together([part.figures for part in parts]),
            Slots(
                HashSets.together([part.slots.contexts for part in parts]),
                HashSets.together([part.slots.fillings for part in parts]),
            ),
        )

    @staticmethod
    def remembered(known: pl.DataFrame) -> _Texts:
        """The texts of FINGERPRINTS in order; of each, what its first row with shingles says."""
        told = _told(known)
        shingles, bigrams, figures, contexts, fillings = (HashSets.from_lists(told[name]) for name in SETS)
        n_tokens = told["n_tokens"].to_numpy().astype(np.int64)
        return _Texts(told["exact_key"], n_tokens, shingles, bigrams, figures, Slots(contexts, fillings))

    def as_remembered(self, known: pl.DataFrame) -> _Texts:
        """The same texts; those among the FINGERPRINTS say what they said at first."""
        before = _Texts.remembered(known)
        if not len(before):
            return self
        numbers = np.arange(len(self))
        replaced = _numbered(self.exact_keys, before.exact_keys)
        numbers = np.where(replaced >= 0, len(self) + replaced, numbers)
        return _Texts.together([self, before]).take(numbers)


def _told(known: pl.DataFrame) -> pl.DataFrame:
    """The first row with shingles of each text."""
    return known.filter(_TOLD).unique("exact_key", keep="first", maintain_order=True)


def _numbered(keys: pl.Series, among: pl.Series) -> NDArray[np.int64]:
    """The place of each key among the others, which are distinct; -1 where it is not there."""
    places = pl.DataFrame({"key": among, "place": np.arange(len(among), dtype=np.int64)})
    found = keys.alias("key").to_frame().join(places, on="key", how="left", maintain_order="left")["place"]
    return found.fill_null(-1).to_numpy()


def _timed(rows: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    not_agency = ~pl.col("outlet").is_in(list(settings.agency_outlets)).fill_null(False)
    return rows.with_columns(_AT, not_agency.alias("not_agency"))


def _in_order(remembered: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Columns of FINGERPRINTS in the one order."""
    return _timed(remembered, settings).sort("first_seen_at", *_ORDER)


def _window(settings: Settings) -> int | None:
    """The window in microseconds; None: any distance."""
    return settings.window_days * _DAY or None


def _reached(new: pl.DataFrame, settings: Settings, *, whole_days: bool = False) -> pl.Expr:
    """Whether a remembered paragraph's own time is inside the window of one of the batch.

    With `whole_days` from the first day's beginning on: its sets may stand in an earlier row of that day.
    """
    window = _window(settings)
    if window is None or not new.height:
        return pl.lit(True)
    first, last = new["at"].item(0) - window, new["at"].item(-1) + window
    return _AT.is_between(first // _DAY * _DAY if whole_days else first, last)


def _newcomers(paragraphs: pl.DataFrame, settings: Settings) -> tuple[pl.DataFrame, _Texts]:
    """The batch's comparable paragraphs in the one order, with exact_key, and the texts they have, by first use."""
    new = _timed(paragraphs.filter(pl.col("n_tokens") >= settings.min_tokens_exact), settings).sort(_ORDER)
    keys, parts = [], []
    for begin in range(0, new.height or 1, _TEXTS_AT_ONCE):
        part_keys, part = _texts_of(new.slice(begin, _TEXTS_AT_ONCE), settings)
        keys.append(part_keys)
        parts.append(part)
    texts = _Texts.together(parts)
    del parts  # as large as all of them together
    first = np.flatnonzero(texts.exact_keys.is_first_distinct().to_numpy())
    new = new.drop("text").with_columns(pl.concat(keys).alias("exact_key"))
    return new, texts if len(first) == len(texts) else texts.take(first)


def _texts_of(new: pl.DataFrame, settings: Settings) -> tuple[pl.Series, _Texts]:
    """The exact key of each paragraph, and the distinct texts among them, by first use."""
    forms = normal_forms(new["text"])
    keys = pl.Series([hashing.text_hash(key) for key in forms["exact_key"]], dtype=pl.String)
    is_first = keys.is_first_distinct()
    firsts = forms.filter(is_first)
    words = Words.from_lists(firsts["words"])
    return keys, _Texts(
        keys.filter(is_first),
        new["n_tokens"].filter(is_first).to_numpy().astype(np.int64),
        shingle_sets(words, settings.shingle_words),
        shingle_sets(words, BIGRAM),
        shingle_sets(Words.from_lists(firsts["figures"]), 1),
        slots(words),
    )


def _rows(old: pl.DataFrame, new: pl.DataFrame, texts: _Texts) -> pl.DataFrame:
    """Remembered paragraphs and the batch's, in the one order: the fields of Copy and FINGERPRINTS, and is_new.

    text_no is -1 for remembered paragraphs with a text that nothing in the batch is compared with.
    """
    rows = pl.concat(
        [
            old.with_columns(pl.col("first_seen_at").rank("dense").cast(pl.Int64).alias("batch"), is_new=False),
            new.with_columns(pl.lit(old.height + 1, pl.Int64).alias("batch"), is_new=True),
        ],
        how="diagonal",
    ).with_row_index("rank")
    return rows.with_columns(
        pl.col("rank").cast(pl.Int64), pl.Series("text_no", _numbered(rows["exact_key"], texts.exact_keys))
    )


def _copies(rows: pl.DataFrame) -> list[Copy]:
    return [Copy(*row) for row in rows.select(Copy._fields).iter_rows()]


# ---------------------------------------------------------------------------------------------------- frequencies


def _own_frequencies(texts: _Texts, known_keys: pl.Series, settings: Settings) -> pl.DataFrame:
    """FREQUENCIES of the batch's texts that no batch in memory had; the row of 0 words counts the texts themselves.

    Texts that are near copies at first sight count as one: else the 60 versions of a much copied paragraph would make
    its words a formula, and the versions would no longer be found.
    """
    fresh = np.flatnonzero(~texts.exact_keys.is_in(known_keys.unique().implode()).to_numpy())
    families = _families(texts.shingles.take(fresh), settings)
    tables = [_frequency_rows(0, np.zeros(1, np.uint32), np.array([len(np.unique(families))]))]
    alone = np.bincount(families, minlength=1)[families] == 1
    for words, sets in ((BIGRAM, texts.bigrams), (settings.shingle_words, texts.shingles)):
        versions = sets.take(fresh[~alone]).merged(families[~alone])
        values = np.concatenate([sets.take(fresh[alone]).values, versions.values])
        for begin in range(0, 1 << 32, _HASHES_AT_ONCE):
            here = values[(values >= begin) & (values <= begin + _HASHES_AT_ONCE - 1)]
            tables.append(_frequency_rows(words, *np.unique(here, return_counts=True)))
    return schemas.conform(pl.concat(tables), schemas.FREQUENCIES, at="dedup")


def _families(shingles: HashSets, settings: Settings) -> NDArray[np.int64]:
    """The first set of which each is a version at first sight."""
    signatures = minhash.signatures(shingles, FAMILY.bands * FAMILY.rows, settings.seed)
    told = np.flatnonzero(shingles.sizes > 0)
    pairs = candidate_pairs(signatures[told], FAMILY, np.ones(len(told), dtype=np.bool_), settings.max_band_size)
    families = np.arange(len(shingles))
    families[told] = told[components(len(told), pairs.left, pairs.right)]
    return families


def _frequency_rows(words: int, hashes: NDArray[np.uint32], counts: NDArray[np.int64]) -> pl.DataFrame:
    columns = {
        "words": pl.repeat(words, len(hashes), dtype=pl.Int8, eager=True),
        "shingle": hashes,
        "n_paragraphs": counts.astype(np.uint32),
    }
    return pl.DataFrame(columns, schema=schemas.FREQUENCIES.schema)


@dataclass(frozen=True)
class _Counted:
    """Document frequencies that lie in several FREQUENCIES, summed over these for a part of the hashes at a time."""

    tables: Sequence[pl.LazyFrame]

    def over(self, words: int, max_count: int) -> Frequencies:
        """The hashes that more than `max_count` paragraphs hold; all others are left out."""
        return self._joined((part.hashes[part.counts > max_count], part) for part in self._parts(words))

    def of(self, words: int, hashes: NDArray[np.uint32]) -> Frequencies:
        """The given hashes, ascending."""
        return self._joined(
            (np.intersect1d(hashes, part.hashes, assume_unique=True), part) for part in self._parts(words)
        )

    def _joined(self, parts: Iterable[tuple[NDArray[np.uint32], Frequencies]]) -> Frequencies:
        wanted = [(hashes, part.of(hashes)) for hashes, part in parts]
        n_texts = self._rows(0).select(pl.col("n_paragraphs").cast(pl.Int64).sum()).collect().item()
        return Frequencies(
            np.concatenate([hashes for hashes, _ in wanted]), np.concatenate([counts for _, counts in wanted]), n_texts
        )

    def _rows(self, words: int) -> pl.LazyFrame:
        return pl.concat([schemas.FREQUENCIES.empty().lazy(), *self.tables]).filter(pl.col("words") == words)

    def _parts(self, words: int) -> Iterator[Frequencies]:
        """All of the hashes, ascending; one part at least."""
        of_words = self._rows(words)
        n_rows = int(of_words.select(pl.len()).collect().item())
        step = (1 << 32) // (n_rows // _COUNTS_AT_ONCE + 1) + 1
        for begin in range(0, 1 << 32, step):
            here = pl.col("shingle").is_between(begin, begin + step, closed="left")
            rows = of_words.filter(here).select("shingle", "n_paragraphs").collect()
            hashes, places = np.unique(rows["shingle"].to_numpy(), return_inverse=True)
            summed = np.bincount(places, weights=rows["n_paragraphs"].to_numpy(), minlength=len(hashes))
            yield Frequencies(hashes, summed.astype(np.int64), 0)


# ------------------------------------------------------------------------------------------------ candidate pairs


@dataclass(frozen=True)
class _Candidates:
    """Pairs of texts that may be copies, and the remembered paragraphs among them.

    Remembered texts are numbered after those of the batch, by their first row in `met`.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    met: pl.DataFrame  # schemas.FINGERPRINTS, in order
    report: dict[str, int]


def _asking(rows: pl.DataFrame, n_texts: int, window: int | None) -> NDArray[np.bool_]:
    """Which texts of the batch have a paragraph that is no exact copy of a remembered one; rows as of `_rows`."""
    asking = np.ones(n_texts, dtype=np.bool_)
    remembered = rows.filter(~pl.col("is_new"))["text_no"].unique()
    asking[remembered.to_numpy()] = False
    shown = rows.filter(pl.col("text_no").is_in(remembered.implode()))
    copies = Copies(window)
    for copy, is_new in zip(_copies(shown), shown["is_new"], strict=True):
        if is_new and copies.first(copy.text_no, copy) is None:
            asking[copy.text_no] = True
        copies.add(copy)
    return asking


def _candidates(
    texts: _Texts, asking: NDArray[np.bool_], memory: Memory, reached: pl.Expr, counted: _Counted, settings: Settings
) -> _Candidates:
    """Texts that meet in the bands: an asking one and another of the batch, an asking one and a remembered one."""
    frequent = counted.over(settings.shingle_words, settings.max_frequency)
    banding = Banding(settings.bands, settings.rows, settings.agreeing_bands)
    able = np.flatnonzero((texts.n_tokens >= settings.min_tokens) & (texts.shingles.sizes > 0))
    asks = asking[able]
    signatures = _signatures(texts.shingles, able, frequent, settings)
    within = candidate_pairs(signatures, banding, asks, settings.max_band_size)
    left, right, crowded = able[within.left], able[within.right], within.crowded
    keys, askers = [pl.Series("exact_key", [], dtype=pl.String)], [np.zeros(0, dtype=np.int64)]
    n_met = 0
    if memory.fingerprints:
        signatures = signatures.T.compress(asks, axis=1).T
        index = BandIndex(signatures, banding, settings.max_band_size)
        del signatures
        comparable = (pl.col("n_tokens") >= settings.min_tokens) & _TOLD & reached
        for piece in memory.pieces():
            told = _told(_in_order(piece.filter(comparable).select(*_SLIM, "shingles").collect(), settings))
            told = told.filter(~pl.col("exact_key").is_in(texts.exact_keys.implode()))
            shingles = HashSets.from_lists(told["shingles"])
            found = index.met_by(_signatures(shingles, np.arange(len(shingles)), frequent, settings))
            crowded[asks] |= found.crowded
            n_met += len(found.left)
            asker = able[asks][found.right]
            enough = _shared_shingles(shingles, found.left, texts.shingles, asker) >= settings.min_shared
            keys.append(told["exact_key"].gather(found.left[enough]))
            askers.append(asker[enough])
    met_keys = pl.concat(keys)
    wanted = reached & pl.col("exact_key").is_in(met_keys.unique().implode())
    met = _in_order(memory.paragraphs(wanted), settings)
    numbers = len(texts) + _numbered(met_keys, _Texts.remembered(met).exact_keys)
    codes = np.unique(numbers << 32 | np.concatenate(askers))  # a text that stands in several days is met in each
    return _Candidates(
        np.concatenate([left, codes >> 32]),
        np.concatenate([right, codes & 0xFFFFFFFF]),
        met,
        {"n_banded": len(able), "n_candidates": len(left) + n_met, "n_crowded": int(crowded.sum())},
    )


def _signatures(
    sets: HashSets, rows: NDArray[np.int64], frequent: Frequencies, settings: Settings
) -> NDArray[np.uint32]:
    """The signatures of these sets without their frequent shingles."""
    slots = np.empty((settings.permutations, len(rows)), dtype=np.uint32)  # as minhash.signatures lays them out
    for begin in range(0, len(rows), _SETS_AT_ONCE):
        part = sets.take(rows[begin : begin + _SETS_AT_ONCE])
        kept = rarer(part, frequent.of(part.values), settings.max_frequency)
        slots[:, begin : begin + len(kept)] = minhash.signatures(kept, settings.permutations, settings.seed).T
    return slots.T


def _shared_shingles(
    one: HashSets, left: NDArray[np.int64], other: HashSets, right: NDArray[np.int64]
) -> NDArray[np.int64]:
    """How many shingles the left set of `one` and the right set of `other` have in common."""
    lefts, left = np.unique(left, return_inverse=True)
    rights, right = np.unique(right, return_inverse=True)
    return shared_counts(HashSets.together([one.take(lefts), other.take(rights)]), left, right + len(lefts))


# ------------------------------------------------------------------------------------------------- verified pairs


@dataclass(frozen=True)
class _LinkedTexts:
    """Verified pairs of texts, each beside what was found, and the pairs of each text."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    jaccard: NDArray[np.float64]
    containment: NDArray[np.float64]
    shared: NDArray[np.int64]
    number_overlap: NDArray[np.float64]  # NaN where a side has fewer than 2 figures
    left_weight: NDArray[np.float64]
    right_weight: NDArray[np.float64]

    @cached_property
    def _by_text(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Every text that stands in a pair, ascending, and the pair's number beside it."""
        every = np.concatenate([self.left, self.right])
        order = np.argsort(every, kind="stable")
        return every[order], order % max(1, len(self.left))

    @property
    def texts(self) -> NDArray[np.int64]:
        """The texts that stand in a pair."""
        return np.unique(self._by_text[0])

    def of(self, text_no: int) -> dict[int, int]:
        """Each text linked to this one, with the pair's number."""
        texts, numbers = self._by_text
        first, last = np.searchsorted(texts, [text_no, text_no + 1])
        found = numbers[first:last]
        others = self.left[found] + self.right[found] - text_no
        return dict(zip(others.tolist(), found.tolist(), strict=True))


def _linked_texts(texts: _Texts, candidates: _Candidates, counted: _Counted, settings: Settings) -> _LinkedTexts:
    """The candidates that are copies."""
    left, right, every = candidates.left, candidates.right, texts.shingles
    pieces = [slice(begin, begin + _PAIRS_AT_ONCE) for begin in range(0, len(left), _PAIRS_AT_ONCE)]
    shared = np.concatenate(
        [np.zeros(0, dtype=np.int64), *(_shared_shingles(every, left[some], every, right[some]) for some in pieces)]
    )
    enough = shared >= settings.min_shared
    left, right, shared = left[enough], right[enough], shared[enough]
    bigrams = np.unique(texts.bigrams.take(np.unique(np.concatenate([left, right]))).values)
    weighing = counted.of(BIGRAM, bigrams)
    pieces = [slice(begin, begin + _PAIRS_AT_ONCE) for begin in range(0, len(left) or 1, _PAIRS_AT_ONCE)]
    parts = [_verified(texts, left[some], right[some], shared[some], weighing, settings) for some in pieces]
    return _LinkedTexts(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _verified(
    texts: _Texts,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    shared: NDArray[np.int64],
    weighing: Frequencies,
    settings: Settings,
) -> tuple[NDArray[Any], ...]:
    """The columns of _LinkedTexts for those of the pairs that are copies."""
    numbers = np.unique(np.concatenate([left, right]))
    some = texts.take(numbers)
    one, other = np.searchsorted(numbers, left), np.searchsorted(numbers, right)
    weights = idf_weights(some.bigrams.values, weighing, settings.max_frequency)
    scores = weighted_scores(some.bigrams, weights, one, other)
    totals = set_weights(some.bigrams, weights)
    overlap = overlaps(some.figures, one, other)
    n_tokens = np.minimum(some.n_tokens[one], some.n_tokens[other])
    alike = (
        (scores.containment >= _containment_needed(shared, n_tokens, settings))
        & ~(overlap < settings.min_number_overlap)
        & ~is_one_template(some.slots, one, other, settings.min_slot_agreement)
    )
    columns = (left, right, scores.jaccard, scores.containment, shared, overlap, totals[one], totals[other])
    return tuple(column[alike] for column in columns)


def _containment_needed(
    shared: NDArray[np.int64], n_tokens: NDArray[np.int64], settings: Settings
) -> NDArray[np.float64]:
    """Least containment of each pair, by the shingles it shares and the words of its shorter side."""
    needed = MIN_CONTAINMENT[settings.strictness]
    of_few = np.where(n_tokens < SHORT, MIN_CONTAINMENT_OF_SHORT, MIN_CONTAINMENT_OF_FEW)
    by_shared = np.where(shared < FEW_SHARED, np.maximum(of_few, needed), needed)
    return np.where(shared >= MANY_SHARED, min(needed, MIN_CONTAINMENT_OF_MANY), by_shared)


# ------------------------------------------------------------------------------------------------------- clusters


@dataclass(frozen=True)
class _EarlierClusters:
    """Clusters of earlier batches that this one may join, by name, and the cluster of their paragraphs."""

    by_id: dict[str, Cluster]
    of_paragraph: dict[str, str]

    @staticmethod
    def of(rows: pl.DataFrame, members: pl.DataFrame) -> _EarlierClusters:
        """Raises PipelineError where a remembered paragraph's cluster has no members."""
        standing = (
            members.sort("cluster_id", "position", "paragraph_id")
            .group_by("cluster_id", maintain_order=True)
            .agg(pl.col("paragraph_id").first(), pl.col("position").max() + 1)
        )
        by_id = {name: Cluster(name, canonical, -1, n_joined) for name, canonical, n_joined in standing.iter_rows()}
        of_paragraph: dict[str, str] = {}
        there = rows.filter(~pl.col("is_new")).sort("cluster_id", "position")
        for name, *fields in there.select("cluster_id", *Copy._fields).iter_rows():
            member = Copy(*fields)
            if name not in by_id:
                raise PipelineError(
                    f"dedup: state: paragraph {member.paragraph_id} is in no cluster of the members table"
                )
            cluster = by_id[name]
            if not cluster.members:
                cluster.age = member.rank
            cluster.members.append(member)
            of_paragraph[member.paragraph_id] = name
        return _EarlierClusters(by_id, of_paragraph)


_EXACT = -1  # in place of the number of a pair of texts


@dataclass(frozen=True)
class _Joined:
    """What became of the paragraphs that are not alone: links, by rank of both sides, and places."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    pair: NDArray[np.int64]  # number of the pair of texts, or _EXACT
    places: pl.DataFrame  # rank, cluster_id, canonical_id, position


def _joined(rows: pl.DataFrame, linked: _LinkedTexts, earlier: _EarlierClusters, rule: JoinRule) -> _Joined:
    """Link each newcomer to earlier paragraphs and put it in its place; one at a time, in order.

    An exact copy is linked to the first of its text, another paragraph to the first of each text its own is linked to.
    Paragraphs that can have no link are alone and left out.
    """
    by_id, of_paragraph = earlier.by_id, earlier.of_paragraph
    copies = Copies(rule.window)
    lefts, rights, pairs = array("q"), array("q"), array("q")
    places = []
    shown = rows.filter(_in_company(linked, by_id))
    for copy, is_new in zip(_copies(shown), shown["is_new"], strict=True):
        first = copies.first(copy.text_no, copy)
        copies.add(copy)
        if not is_new:
            continue
        cluster: Cluster | None
        if first is not None:
            found = {_EXACT: first}
            cluster = by_id[of_paragraph[first.paragraph_id]]
        else:
            texts = linked.of(copy.text_no)
            found = {pair: left for text, pair in texts.items() if (left := copies.first(text, copy)) is not None}
            touched = {of_paragraph[left.paragraph_id] for left in found.values()}
            jaccards = {text: float(linked.jaccard[pair]) for text, pair in texts.items()}
            cluster = cluster_to_join(copy, [by_id[name] for name in touched], jaccards, rule)
        if cluster is None:
            own = copy.paragraph_id
            cluster = by_id.setdefault(own, Cluster(own, own, copy.rank))
        of_paragraph[copy.paragraph_id] = cluster.cluster_id
        places.append((copy.rank, cluster.cluster_id, cluster.canonical_id, cluster.add(copy)))
        for pair, left in found.items():
            lefts.append(left.rank)
            rights.append(copy.rank)
            pairs.append(pair)
    schema = {"rank": pl.Int64, "cluster_id": pl.String, "canonical_id": pl.String, "position": pl.Int32}
    left_ranks, right_ranks, numbers = (np.array(column, dtype=np.int64) for column in (lefts, rights, pairs))
    return _Joined(left_ranks, right_ranks, numbers, pl.DataFrame(places, schema=schema, orient="row"))


def _in_company(linked: _LinkedTexts, names: Iterable[str]) -> pl.Expr:
    """Whether a paragraph has a text that others have or are linked to, or founded a cluster before its revision."""
    of_text = pl.col("text_no").is_in(pl.Series(linked.texts).implode())
    is_founder = pl.col("paragraph_id").is_in(pl.Series(list(names), dtype=pl.String).implode())
    return (pl.col("text_no") >= 0) & (pl.col("text_no").is_duplicated() | of_text | is_founder)


def _links(
    joined: _Joined, linked: _LinkedTexts, rows: pl.DataFrame, texts: _Texts, settings: Settings
) -> pl.DataFrame:
    """The columns of LINKS, with the ranks of both sides."""
    text = rows["text_no"].to_numpy()
    exact, pair = joined.pair == _EXACT, np.maximum(joined.pair, 0)

    def found(column: NDArray[Any], of_exact: Any) -> NDArray[Any]:
        return np.where(exact, of_exact, column[pair] if len(column) else 0)

    of_text = text[joined.right]
    left_is_left = found(linked.left, 0) == text[joined.left]
    left_weight, right_weight = found(linked.left_weight, 0.0), found(linked.right_weight, 0.0)
    earlier_weight, later_weight = (
        np.where(left_is_left, left_weight, right_weight),
        np.where(left_is_left, right_weight, left_weight),
    )
    ids = rows["paragraph_id"]
    contained = pl.col("link_type") == "contained"
    return pl.DataFrame({
        "left": joined.left,
        "right": joined.right,
        "left_id": ids.gather(joined.left),
        "right_id": ids.gather(joined.right),
        "exact": exact,
        "earlier_inside": earlier_weight <= later_weight,
        "jaccard": found(linked.jaccard, 1.0),
        "containment": found(linked.containment, 1.0),
        "shared_shingles": found(linked.shared, texts.shingles.sizes[of_text]).astype(np.int32),
        "number_overlap": found(linked.number_overlap, np.where(texts.figures.sizes[of_text] > 1, 1.0, np.nan)),
    }).with_columns(
        pl.when("exact").then(pl.lit("exact"))
        .when(pl.col("jaccard") >= settings.near_jaccard).then(pl.lit("near"))
        .otherwise(pl.lit("contained")).alias("link_type"),
        pl.col("number_overlap").fill_nan(None),
    ).with_columns(
        pl.when(contained & pl.col("earlier_inside")).then(pl.lit("left"))
        .when(contained).then(pl.lit("right")).alias("direction"),
    )  # fmt: skip


# --------------------------------------------------------------------------------------------------------- tables


def _judged(rows: pl.DataFrame, places: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """The batch's comparable rows with cluster, canonical copy and best match: exact, then of the highest Jaccard."""
    outlets = rows["outlet"]
    best = links.sort("right", "jaccard", "left", descending=[False, True, False]).unique("right", keep="first")
    matched = best.select(
        pl.col("right").alias("rank"),
        pl.col("left_id").alias("matched_id"),
        "link_type",
        "jaccard",
        "containment",
        (outlets.gather(best["left"]) == outlets.gather(best["right"])).fill_null(value=False).alias("repost"),
    )
    return (
        rows.filter("is_new")
        .select("rank", "text_no", "at", *_OWN)
        .join(places, on="rank", how="left", maintain_order="left")
        .join(matched, on="rank", how="left", maintain_order="left")
        .with_columns(
            pl.coalesce("cluster_id", "paragraph_id").alias("cluster_id"),
            pl.coalesce("canonical_id", "paragraph_id").alias("canonical_id"),
            pl.col("position").fill_null(0),
        )
    )


_UNTOLD = [
    pl.lit(None, pl.String).alias(name) for name in ("wire_source", "wire_kind", "wire_evidence", "cited_agency")
]


def _linked_paragraphs(paragraphs: pl.DataFrame, judged: pl.DataFrame) -> pl.DataFrame:
    found = judged.select(
        "paragraph_id", "cluster_id", "canonical_id", "matched_id", "link_type", "jaccard", "containment", "repost"
    )
    linked = paragraphs.join(found, on="paragraph_id", how="left").with_columns(
        pl.coalesce("canonical_id", "paragraph_id").alias("canonical_id")
    )
    return _tabled(
        linked.with_columns((pl.col("canonical_id") == pl.col("paragraph_id")).alias("is_canonical")),
        schemas.LINKED_PARAGRAPHS,
    )


def _alone(paragraphs: pl.DataFrame, settings: Settings) -> Reuse:
    """What comes out when nothing is looked for."""
    own = pl.when(pl.col("n_tokens") >= settings.min_tokens_exact).then("paragraph_id").alias("cluster_id")
    nothing = {"canonical_id": pl.String, "matched_id": pl.String, "link_type": pl.String, "jaccard": pl.Float64,
               "containment": pl.Float64, "repost": pl.Boolean}  # fmt: skip
    alone = paragraphs.select(
        "paragraph_id", own, *(pl.lit(None, dtype).alias(name) for name, dtype in nothing.items())
    )
    return Reuse(
        paragraphs=_linked_paragraphs(paragraphs, alone),
        links=schemas.LINKS.without("batch_id").empty(),
        fingerprints=schemas.FINGERPRINTS.empty(),
        frequencies=schemas.FREQUENCIES.empty(),
        members=schemas.MEMBERS.empty(),
        report={},
    )


def _fingerprints(judged: pl.DataFrame, sets: dict[str, HashSets]) -> pl.DataFrame:
    """FINGERPRINTS of the batch: a text's sets stand in its first row of each day, the unit the state forgets in.

    The sets of the texts, by name, are taken out of the dict one by one: they are as large as what comes back.
    """
    table = schemas.FINGERPRINTS
    day = pl.from_epoch("at", time_unit="us").dt.date()
    is_first = pl.struct(day, "text_no").is_first_distinct().alias("is_first")
    told = schemas.ordered(judged.select(*_SLIM, "text_no", is_first), table)
    first = told["is_first"].to_numpy()
    places = told["text_no"].to_numpy()[first]
    lists = {name: sets.pop(name).take(places).spread(first).to_lists() for name in SETS}
    return schemas.conform(told.with_columns(**lists).select(table.names), table, at="dedup")


def _tabled(frame: pl.DataFrame, table: schemas.Table) -> pl.DataFrame:
    """The frame's columns of the table, conformed and in its order."""
    return schemas.ordered(schemas.conform(frame.select(table.names), table, at="dedup"), table)
