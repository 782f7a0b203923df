"""Copied paragraphs: exact key -> shingles -> signature -> bands -> candidate pairs -> verified pairs -> clusters.

Copies are marked and linked, never dropped. What a batch must know of earlier ones is its `Memory`; their rows are
final, and every link has the earlier paragraph on its left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pipeline import schemas
from pipeline.errors import PipelineError
from pipeline.kernels import hashing, minhash
from pipeline.kernels.bands import Banding, candidate_pairs
from pipeline.kernels.clusters import Cluster, Copies, Copy, JoinRule, cluster_to_join, components
from pipeline.kernels.normalise import normal_forms
from pipeline.kernels.shingles import Frequencies, HashSets, Words, frequencies, rarer, shingle_sets
from pipeline.kernels.similarity import idf_weights, overlaps, set_weights, shared_counts, weighted_scores
from pipeline.kernels.slots import Slots, is_one_template, slots
from pipeline.kernels.wire import cluster_sources
from pipeline.stages.base import StageSettings

READS = (schemas.DOCUMENTS, schemas.JUDGED_LINES)
WRITES = (schemas.LINKED_PARAGRAPHS, schemas.LINKS)

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
    """What is known of earlier batches: their rows of the state tables (frequencies summed or not)."""

    fingerprints: pl.DataFrame  # schemas.FINGERPRINTS
    frequencies: pl.DataFrame  # schemas.FREQUENCIES
    members: pl.DataFrame  # schemas.MEMBERS

    @staticmethod
    def empty() -> Memory:
        """The memory of a first batch."""
        return Memory(schemas.FINGERPRINTS.empty(), schemas.FREQUENCIES.empty(), schemas.MEMBERS.empty())

    def without(self, paragraph_ids: pl.Series) -> Memory:
        """The memory without these paragraphs, which a revision took away; their shingles stay counted."""
        others = ~pl.col("paragraph_id").is_in(paragraph_ids.implode())
        return Memory(self.fingerprints.filter(others), self.frequencies, self.members.filter(others))


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


def apply(paragraphs: pl.DataFrame, memory: Memory, settings: Settings) -> Reuse:
    """Judge one batch of PLAIN_PARAGRAPHS against itself and the memory.

    Document frequencies are those of all earlier batches and this one, so a pair is judged with the table of its
    later paragraph. The answer does not depend on the order of the rows.
    """
    paragraphs = schemas.conform(paragraphs, schemas.PLAIN_PARAGRAPHS, at="dedup")
    if not settings.enabled:
        return _alone(paragraphs, settings)
    rows = _rows(paragraphs, memory.fingerprints, settings)
    texts = _texts(rows)
    own = _own_frequencies(rows, texts, memory.fingerprints["exact_key"], settings)
    every = {words: counts.plus(own[words]) for words, counts in _frequencies(memory.frequencies, settings).items()}

    window = settings.window_days * _DAY or None
    newcomers = [Copy(*row) for row in rows.filter("is_new").select(Copy._fields).iter_rows()]
    new_texts = {copy.text_no for copy in newcomers}
    copies = Copies(window)
    for copy in [*_earlier_copies(rows, new_texts), *newcomers]:
        copies.add(copy)
    exact = {copy.rank: first for copy in newcomers if (first := copies.first(copy.text_no, copy))}
    pairs, report = _verified_pairs(texts, every, {c.text_no for c in newcomers if c.rank not in exact}, settings)
    old_texts = set(pairs) - new_texts
    for copy in _earlier_copies(rows, old_texts):
        copies.add(copy)

    links = {copy.rank: _links_of(copy, exact.get(copy.rank), copies, texts, pairs, settings) for copy in newcomers}
    earlier = _EarlierClusters.of(rows, new_texts | old_texts, newcomers, memory.members)
    places = _places(newcomers, links, pairs, earlier, JoinRule(settings.join_share, settings.compare_members, window))
    judged = _judged(rows, newcomers, links, places)
    report |= {"n_exact_copies": len(exact), "n_remembered": rows.height - len(newcomers)}
    return Reuse(
        paragraphs=_linked_paragraphs(paragraphs, judged),
        links=_link_rows([link for copy in newcomers for link in links[copy.rank]]),
        fingerprints=_fingerprints(judged, texts),
        frequencies=_frequency_rows(own),
        members=_tabled(judged.with_columns(_UNTOLD), schemas.MEMBERS),
        report=report,
    )


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


def article_copies(paragraphs: pl.DataFrame, memory: Memory) -> pl.DataFrame:
    """One row per article of the batch's LINKED_PARAGRAPHS: article_id, n_copied, duplicate_of.

    n_copied: paragraphs whose canonical copy is in another article. duplicate_of: the one other article that has the
    canonical or the matched copy of 80 % of the article's paragraphs of 5 tokens or more, at least 3; else null.
    """
    asked = pl.concat([paragraphs["canonical_id"], paragraphs["matched_id"]]).unique().implode()
    home: dict[str, str] = {}
    for table in (memory.members, memory.fingerprints, paragraphs):
        home |= dict(table.filter(pl.col("paragraph_id").is_in(asked)).select("paragraph_id", "article_id").iter_rows())
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


def _most(counted: tuple[int, str]) -> tuple[int, list[int]]:
    return counted[0], [-ord(letter) for letter in counted[1]]


# ------------------------------------------------------------------------------------------------- rows and texts


@dataclass(frozen=True)
class _Texts:
    """What exact copies have in common, by text_no."""

    n_tokens: NDArray[np.int64]
    shingles: HashSets
    bigrams: HashSets
    figures: HashSets
    slots: Slots


def _rows(paragraphs: pl.DataFrame, fingerprints: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """The batch's comparable paragraphs after those they can be compared with, in the one order.

    The fields of Copy, FINGERPRINTS and is_new. Paragraphs with one exact key share a text_no, which ascends with the
    first of them. Of the batch, only the first paragraph of a text has shingles.
    """
    not_agency = ~pl.col("outlet").is_in(list(settings.agency_outlets)).fill_null(False)
    at = pl.coalesce("published_at", "first_seen_at").dt.epoch("us").alias("at")
    order = ("at", "not_agency", "article_id", "paragraph_no")
    new = (
        paragraphs.filter(pl.col("n_tokens") >= settings.min_tokens_exact)
        .with_columns(at, not_agency.alias("not_agency"))
        .sort(order)
    )
    old = fingerprints.with_columns(at, not_agency.alias("not_agency")).sort("first_seen_at", *order)
    if settings.window_days and new.height:
        oldest, newest = new["at"].item(0), new["at"].item(-1)
        window = settings.window_days * _DAY
        old = old.filter(pl.col("at").is_between(oldest - window, newest + window))
    rows = pl.concat(
        [
            old.with_columns(pl.col("first_seen_at").rank("dense").cast(pl.Int64).alias("batch"), is_new=False),
            _with_shingles(new, settings).with_columns(pl.lit(old.height + 1, pl.Int64).alias("batch"), is_new=True),
        ],
        how="diagonal",
    ).with_row_index("rank")
    first = pl.col("rank").min().over("exact_key")
    return rows.with_columns((first.rank("dense") - 1).cast(pl.Int64).alias("text_no"), pl.col("rank").cast(pl.Int64))


def _with_shingles(new: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    forms = normal_forms(new["text"])
    keys = [hashing.text_hash(key) for key in forms["exact_key"]]
    new = new.drop("text").with_columns(pl.Series("exact_key", keys, dtype=pl.String))
    is_first = new.select(pl.col("exact_key").is_first_distinct()).to_series()
    firsts = forms.filter(is_first)
    words = Words.from_lists(firsts["words"])
    between = slots(words)
    sets = {
        "shingles": shingle_sets(words, settings.shingle_words),
        "bigrams": shingle_sets(words, BIGRAM),
        "numbers": shingle_sets(Words.from_lists(firsts["figures"]), 1),
        "contexts": between.contexts,
        "fillings": between.fillings,
    }
    columns = {name: of.to_lists() for name, of in sets.items()}
    joined = new.join(
        pl.DataFrame({"paragraph_id": new.filter(is_first)["paragraph_id"], **columns}),
        on="paragraph_id", how="left", maintain_order="left",
    )  # fmt: skip
    return joined.with_columns(pl.col(SETS).fill_null([]))


def _texts(rows: pl.DataFrame) -> _Texts:
    """Of each text, what its first row with shingles says; empty sets where all such rows are forgotten."""
    told = rows.filter(pl.col("shingles").list.len() > 0).unique("text_no", keep="first", maintain_order=True)
    lists = (
        rows.select("text_no")
        .unique()
        .sort("text_no")
        .join(
            told.select("text_no", "n_tokens", *SETS),
            on="text_no", how="left", maintain_order="left",
        )
        .with_columns(pl.col("n_tokens").fill_null(0), pl.col(SETS).fill_null([]))
    )  # fmt: skip
    shingles, bigrams, figures, contexts, fillings = (HashSets.from_lists(lists[name]) for name in SETS)
    return _Texts(lists["n_tokens"].to_numpy().astype(np.int64), shingles, bigrams, figures, Slots(contexts, fillings))


def _own_frequencies(
    rows: pl.DataFrame, texts: _Texts, known_keys: pl.Series, settings: Settings
) -> dict[int, Frequencies]:
    """Shingle and bigram counts over the batch's texts that no earlier batch had, by words in the shingle.

    Texts that are near copies at first sight count as one: else the 60 versions of a much copied paragraph would make
    its words a formula, and the versions would no longer be found.
    """
    fresh = rows.filter(pl.col("is_new") & ~pl.col("exact_key").is_in(known_keys.unique().implode()))
    places = fresh["text_no"].unique().sort().to_numpy()
    shingles, bigrams = texts.shingles.take(places), texts.bigrams.take(places)
    signatures = minhash.signatures(shingles, FAMILY.bands * FAMILY.rows, settings.seed)
    told = np.flatnonzero(shingles.sizes > 0)
    pairs = candidate_pairs(signatures[told], FAMILY, np.ones(len(told), dtype=np.bool_), settings.max_band_size)
    families = np.arange(len(places))
    families[told] = told[components(len(told), pairs.left, pairs.right)]
    sets = {settings.shingle_words: shingles, BIGRAM: bigrams}
    return {words: frequencies(of.merged(families)) for words, of in sets.items()}


def _frequencies(table: pl.DataFrame, settings: Settings) -> dict[int, Frequencies]:
    summed = table.group_by("words", "shingle").agg(pl.col("n_paragraphs").sum()).sort("words", "shingle")
    n_paragraphs = int(summed.filter(pl.col("words") == 0)["n_paragraphs"].sum())
    by_words: dict[int, Frequencies] = {}
    for words in (settings.shingle_words, BIGRAM):
        counted = summed.filter(pl.col("words") == words)
        by_words[words] = Frequencies(counted["shingle"].to_numpy(), counted["n_paragraphs"].to_numpy(), n_paragraphs)
    return by_words


def _earlier_copies(rows: pl.DataFrame, text_nos: set[int]) -> list[Copy]:
    wanted = rows.filter(
        ~pl.col("is_new") & pl.col("text_no").is_in(pl.Series(list(text_nos), dtype=pl.Int64).implode())
    )
    return [Copy(*row) for row in wanted.select(Copy._fields).iter_rows()]


# ------------------------------------------------------------------------------------------------- verified pairs


class _Likeness(NamedTuple):
    """What verifying a pair of texts found, seen from one of them."""

    jaccard: float
    containment: float
    shared_shingles: int
    number_overlap: float | None
    other_inside: bool  # the other text is the lighter one


class _Link(NamedTuple):
    """A link to the paragraph, from an earlier one."""

    left: Copy
    right: Copy
    link_type: str
    direction: str | None
    likeness: _Likeness

    def row(self) -> tuple[str, str, str, str | None, float, float, int, float | None]:
        """The row of LINKS."""
        return (self.left.paragraph_id, self.right.paragraph_id, self.link_type, self.direction, *self.likeness[:4])


_Pairs = Mapping[int, Mapping[int, _Likeness]]


def _verified_pairs(
    texts: _Texts, every: Mapping[int, Frequencies], asking: set[int], settings: Settings
) -> tuple[_Pairs, dict[str, int]]:
    """For each text, the texts it is linked to; one of each pair is asking. And what was counted on the way."""
    able = np.flatnonzero((texts.n_tokens >= settings.min_tokens) & (texts.shingles.sizes > 0))
    shingles = texts.shingles.take(able)
    kept = rarer(shingles, every[settings.shingle_words].of(shingles.values), settings.max_frequency)
    signatures = minhash.signatures(kept, settings.permutations, settings.seed)
    banding = Banding(settings.bands, settings.rows, settings.agreeing_bands)
    candidates = candidate_pairs(signatures, banding, np.isin(able, list(asking)), settings.max_band_size)
    left, right = candidates.left, candidates.right
    shared = shared_counts(shingles, left, right)
    enough = shared >= settings.min_shared
    left, right, shared = able[left[enough]], able[right[enough]], shared[enough]
    weights = idf_weights(texts.bigrams.values, every[BIGRAM], settings.max_frequency)
    scores = weighted_scores(texts.bigrams, weights, left, right)
    totals = set_weights(texts.bigrams, weights)
    overlap = overlaps(texts.figures, left, right)
    n_tokens = np.minimum(texts.n_tokens[left], texts.n_tokens[right])
    alike = (
        (scores.containment >= _containment_needed(shared, n_tokens, settings))
        & ~(overlap < settings.min_number_overlap)
        & ~is_one_template(texts.slots, left, right, settings.min_slot_agreement)
    )
    pairs: dict[int, dict[int, _Likeness]] = defaultdict(dict)
    for place in np.flatnonzero(alike).tolist():
        one, other = int(left[place]), int(right[place])
        figures = None if np.isnan(overlap[place]) else float(overlap[place])
        found = (float(scores.jaccard[place]), float(scores.containment[place]), int(shared[place]), figures)
        pairs[one][other] = _Likeness(*found, other_inside=bool(totals[other] <= totals[one]))
        pairs[other][one] = _Likeness(*found, other_inside=bool(totals[one] <= totals[other]))
    report = {
        "n_banded": len(able),
        "n_candidates": len(candidates.left),
        "n_verified": int(alike.sum()),
        "n_crowded_bands": candidates.n_crowded,
    }
    return pairs, report


def _containment_needed(
    shared: NDArray[np.int64], n_tokens: NDArray[np.int64], settings: Settings
) -> NDArray[np.float64]:
    """Least containment of each pair, by the shingles it shares and the words of its shorter side."""
    needed = MIN_CONTAINMENT[settings.strictness]
    of_few = np.where(n_tokens < SHORT, MIN_CONTAINMENT_OF_SHORT, MIN_CONTAINMENT_OF_FEW)
    by_shared = np.where(shared < FEW_SHARED, np.maximum(of_few, needed), needed)
    return np.where(shared >= MANY_SHARED, min(needed, MIN_CONTAINMENT_OF_MANY), by_shared)


def _links_of(
    copy: Copy, exact: Copy | None, copies: Copies, texts: _Texts, pairs: _Pairs, settings: Settings
) -> list[_Link]:
    """The paragraph's links to earlier ones: an exact copy's to the first, else one to the first of each text."""
    if exact is not None:
        n_figures, n_shingles = texts.figures.sizes[copy.text_no], texts.shingles.sizes[copy.text_no]
        likeness = _Likeness(1.0, 1.0, int(n_shingles), 1.0 if n_figures > 1 else None, other_inside=True)
        return [_Link(exact, copy, "exact", None, likeness)]
    links = []
    for text_no, likeness in pairs.get(copy.text_no, {}).items():
        first = copies.first(text_no, copy)
        if first is None:
            continue
        if likeness.jaccard >= settings.near_jaccard:
            links.append(_Link(first, copy, "near", None, likeness))
        else:
            links.append(_Link(first, copy, "contained", "left" if likeness.other_inside else "right", likeness))
    return links


# ------------------------------------------------------------------------------------------------------- clusters


class _Place(NamedTuple):
    """Where a paragraph ended up."""

    cluster_id: str
    canonical_id: str
    position: int


@dataclass(frozen=True)
class _EarlierClusters:
    """Clusters of earlier batches that this one may join, by name, and the cluster of their paragraphs."""

    by_id: dict[str, Cluster]
    of_paragraph: dict[str, str]

    @staticmethod
    def of(rows: pl.DataFrame, text_nos: set[int], newcomers: list[Copy], members: pl.DataFrame) -> _EarlierClusters:
        """Raises PipelineError where a remembered paragraph's cluster has no members."""
        old = rows.filter(~pl.col("is_new"))
        met = old.filter(pl.col("text_no").is_in(pl.Series(list(text_nos), dtype=pl.Int64).implode()))["cluster_id"]
        own = pl.Series([copy.paragraph_id for copy in newcomers], dtype=pl.String)  # a revision's, met again
        names = pl.concat([met, own]).unique().implode()
        standing = (
            members.filter(pl.col("cluster_id").is_in(names))
            .sort("cluster_id", "position", "paragraph_id")
            .group_by("cluster_id", maintain_order=True)
            .agg(pl.col("paragraph_id").first(), pl.col("position").max() + 1)
        )
        by_id = {name: Cluster(name, canonical, -1, n_joined) for name, canonical, n_joined in standing.iter_rows()}
        of_paragraph: dict[str, str] = {}
        there = old.filter(pl.col("cluster_id").is_in(names)).sort("cluster_id", "position")
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


def _places(
    newcomers: list[Copy],
    links: Mapping[int, list[_Link]],
    pairs: _Pairs,
    earlier: _EarlierClusters,
    rule: JoinRule,
) -> dict[int, _Place]:
    """Where each newcomer ends up, by rank; one at a time, in order."""
    by_id, of_paragraph = earlier.by_id, earlier.of_paragraph
    places: dict[int, _Place] = {}
    for copy in newcomers:
        touched = {of_paragraph[link.left.paragraph_id] for link in links[copy.rank]}
        cluster: Cluster | None
        if links[copy.rank] and links[copy.rank][0].link_type == "exact":
            cluster = by_id[touched.pop()]
        else:
            linked = {text_no: likeness.jaccard for text_no, likeness in pairs.get(copy.text_no, {}).items()}
            cluster = cluster_to_join(copy, [by_id[name] for name in touched], linked, rule)
        if cluster is None:
            own = copy.paragraph_id
            cluster = by_id.setdefault(own, Cluster(own, own, copy.rank))
        of_paragraph[copy.paragraph_id] = cluster.cluster_id
        places[copy.rank] = _Place(cluster.cluster_id, cluster.canonical_id, cluster.add(copy))
    return places


# --------------------------------------------------------------------------------------------------------- tables


def _judged(
    rows: pl.DataFrame, newcomers: list[Copy], links: Mapping[int, list[_Link]], places: Mapping[int, _Place]
) -> pl.DataFrame:
    """The batch's comparable rows with cluster, canonical copy and best match."""
    best = {copy.rank: min(links[copy.rank], key=_by_strength) for copy in newcomers if links[copy.rank]}
    sources = rows["outlet"].gather([link.left.rank for link in best.values()]).to_list()
    outlets = rows["outlet"].gather(list(best)).to_list()
    matches = [
        (rank, link.left.paragraph_id, link.link_type, link.likeness.jaccard, link.likeness.containment,
         outlet is not None and outlet == source)
        for (rank, link), outlet, source in zip(best.items(), outlets, sources, strict=True)
    ]  # fmt: skip
    matched = {"rank": pl.Int64, "matched_id": pl.String, "link_type": pl.String, "jaccard": pl.Float64,
               "containment": pl.Float64, "repost": pl.Boolean}  # fmt: skip
    placed = {"rank": pl.Int64, "cluster_id": pl.String, "canonical_id": pl.String, "position": pl.Int32}
    in_order = [(copy.rank, *places[copy.rank]) for copy in newcomers]
    return (
        rows.filter("is_new")
        .drop("cluster_id", "position")
        .join(pl.DataFrame(in_order, schema=placed, orient="row"), on="rank", how="left", maintain_order="left")
        .join(pl.DataFrame(matches, schema=matched, orient="row"), on="rank", how="left", maintain_order="left")
    )


_UNTOLD = [
    pl.lit(None, pl.String).alias(name) for name in ("wire_source", "wire_kind", "wire_evidence", "cited_agency")
]


def _link_rows(links: list[_Link]) -> pl.DataFrame:
    table = schemas.LINKS.without("batch_id")
    return schemas.ordered(pl.DataFrame([link.row() for link in links], schema=table.schema, orient="row"), table)


def _by_strength(link: _Link) -> tuple[bool, float, int]:
    return link.link_type != "exact", -link.likeness.jaccard, link.left.rank


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


def _fingerprints(judged: pl.DataFrame, texts: _Texts) -> pl.DataFrame:
    """FINGERPRINTS of the batch: a text's sets stand in its first row of each day, the unit the state forgets in."""
    day = pl.from_epoch("at", time_unit="us").dt.date()
    first = judged.select(pl.struct(day, "text_no").is_first_distinct()).to_series().to_numpy()
    places = np.where(first, judged["text_no"].to_numpy(), 0)
    by_text = (texts.shingles, texts.bigrams, texts.figures, texts.slots.contexts, texts.slots.fillings)
    sets = {
        name: pl.select(pl.when(pl.Series(first)).then(values).otherwise(pl.lit([], values.dtype))).to_series()
        for name, values in zip(SETS, (of.take(places).to_lists() for of in by_text), strict=True)
    }
    return _tabled(judged.with_columns(**sets), schemas.FINGERPRINTS)


def _frequency_rows(own: Mapping[int, Frequencies]) -> pl.DataFrame:
    """FREQUENCIES of the batch; the row of 0 words counts its paragraphs."""
    tables = [_frequency_table(0, np.zeros(1, np.uint32), np.array([own[BIGRAM].n_paragraphs]))]
    tables += [_frequency_table(words, counted.hashes, counted.counts) for words, counted in own.items()]
    return _tabled(pl.concat(tables), schemas.FREQUENCIES)


def _frequency_table(words: int, hashes: NDArray[np.uint32], counts: NDArray[np.int64]) -> pl.DataFrame:
    columns = {
        "words": pl.repeat(words, len(hashes), dtype=pl.Int8, eager=True),
        "shingle": hashes,
        "n_paragraphs": counts,
    }
    return pl.DataFrame(columns, schema=schemas.FREQUENCIES.schema)


def _tabled(frame: pl.DataFrame, table: schemas.Table) -> pl.DataFrame:
    """The frame's columns of the table, conformed and in its order."""
    return schemas.ordered(schemas.conform(frame.select(table.names), table, at="dedup"), table)
