"""Which cluster a paragraph joins: a part of `dedup`, from verified pairs to links and judged paragraphs.

Clusters are built online, one paragraph at a time in the one order; that needs no more of the batch than what pairs of
copies connect. So the driver sees the pairs, whose components it numbers, and each component is judged on its own.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline import schemas
from pipeline.engines.base import Batch, Batches, Engine
from pipeline.errors import PipelineError
from pipeline.kernels.clusters import Cluster, Copies, Copy, JoinRule, cluster_to_join, components
from pipeline.stages.pairs import LINKED
from pipeline.stages.texts import SETS, copies_in, in_order, one_order, window

if TYPE_CHECKING:
    from pipeline.stages.dedup import Settings

SLIM = [name for name in schemas.FINGERPRINTS.names if name not in SETS]
OWN = [name for name in SLIM if name not in ("cluster_id", "position")]  # what is known before clusters are


LINKS = schemas.LINKS.without("batch_id")
_MATCH = ("matched_id", "link_type", "jaccard", "containment", "repost")
JUDGED = ["text_no", "at", *OWN, "cluster_id", "position", "canonical_id", *_MATCH]


@dataclass(frozen=True)
class Remembered:
    """What the memory has of the clusters that the batch may join: slim FINGERPRINTS of their paragraphs, MEMBERS."""

    paragraphs: pl.DataFrame
    members: pl.DataFrame


def judged(
    rows: Batches, texts: Batches, linked: Batches, remembered: Remembered, engine: Engine, settings: Settings
) -> Batches:
    """`judged`: the rows with cluster, canonical copy and best match; and `links`.

    Rows that can have no link are alone, and judged where they are.
    """
    old = engine.keep([{"old": remembered.paragraphs}])
    by_text = {"rows": "exact_key", "texts": "exact_key", "old": "exact_key"}
    placed = engine.keep(engine.map(_with_texts, engine.group(rows + engine.map(_slim, texts) + old, by_text)))
    found = _components(placed, linked, remembered, engine)
    told = placed + linked + engine.keep([{"components": found.of_texts}])
    connected = engine.group(told, {"rows": "text_no", "linked": "left", "components": "text_no"})
    company = engine.keep(engine.map(_in_company, connected))
    before = engine.keep([{"old": found.of_old, "members": found.of_members}])
    tables = ("rows", "linked", "old", "members")
    whole = engine.group(company + before, dict.fromkeys(tables, "component"))
    return engine.map(partial(_judged, settings=settings), whole) + engine.map(_alone, company)


def _slim(batch: Batch) -> Batch:
    sizes = [pl.col(name).list.len().cast(pl.Int32).alias(f"n_{name}") for name in ("shingles", "numbers")]
    return {"texts": batch["texts"].select("exact_key", "text_no", *sizes)}


def _with_texts(batch: Batch) -> Batch:
    """Rows of the batch and of the memory with text_no: -1 for a text that nothing in the batch is compared with."""
    texts = batch["texts"]
    old = batch["old"].join(texts, on="exact_key", how="left").with_columns(pl.col("text_no").fill_null(-1))
    rows = batch["rows"].join(texts, on="exact_key", how="left")
    is_shared = pl.col("text_no").is_duplicated() | pl.col("text_no").is_in(old["text_no"].unique().implode())
    return {"rows": rows.with_columns(is_shared.alias("is_shared")), "old": old}


# ----------------------------------------------------------------------------------------------------- components


@dataclass(frozen=True)
class _Components:
    """The component, by its lowest text, of texts that pairs or clusters connect, and of what is remembered."""

    of_texts: pl.DataFrame  # text_no, component
    of_old: pl.DataFrame  # remembered paragraphs
    of_members: pl.DataFrame


def _components(placed: Batches, linked: Batches, remembered: Remembered, engine: Engine) -> _Components:
    """What the driver sees: both texts of each verified pair, and of clusters the texts of their paragraphs."""
    old = engine.gather(placed, "old")
    names = pl.concat([old["cluster_id"], remembered.members["cluster_id"]]).unique().sort()
    clusters = pl.DataFrame({"cluster_id": names, "cluster_no": pl.int_range(len(names), eager=True)})
    founders = engine.gather(engine.map(partial(_founders, names=names), placed), "founders")
    known = old.filter(pl.col("text_no") >= 0).select("cluster_id", "text_no")
    of_clusters = pl.concat([known, founders]).join(clusters, on="cluster_id")
    edges = engine.gather(engine.map(_edges, linked), "edges")
    left, right = edges["left"].to_numpy(), edges["right"].to_numpy()
    texts = np.unique(np.concatenate([left, right, of_clusters["text_no"].to_numpy()]))
    of_cluster = len(texts) + of_clusters["cluster_no"].to_numpy()
    ones = np.concatenate([np.searchsorted(texts, left), np.searchsorted(texts, of_clusters["text_no"].to_numpy())])
    others = np.concatenate([np.searchsorted(texts, right), of_cluster])
    lowest = components(len(texts) + len(names), ones, others)
    numbers = np.append(texts, -1 - np.arange(len(names)))[lowest]  # a cluster that nothing meets: one below 0
    places = clusters.with_columns(pl.Series("component", numbers[len(texts) :])).drop("cluster_no")
    return _Components(
        pl.DataFrame({"text_no": texts, "component": numbers[: len(texts)]}),
        old.join(places, on="cluster_id", how="left"),
        remembered.members.join(places, on="cluster_id", how="left"),
    )


def _founders(batch: Batch, names: pl.Series) -> Batch:
    """A revision's paragraph is met again under its own name: the rows that clusters are called after."""
    found = batch["rows"].filter(pl.col("paragraph_id").is_in(names.implode()))
    return {"founders": found.select(pl.col("paragraph_id").alias("cluster_id"), "text_no")}


def _edges(batch: Batch) -> Batch:
    return {"edges": batch["linked"].select("left", "right")}


def _in_company(batch: Batch) -> Batch:
    """Rows and pairs with their component; `alone` are rows of a text that no other row has and no pair."""
    rows = batch["rows"].join(batch["components"], on="text_no", how="left")
    has_company = pl.col("is_shared") | pl.col("component").is_not_null()
    return {
        "rows": rows.filter(has_company).with_columns(pl.coalesce("component", "text_no").alias("component")),
        "linked": batch["linked"].join(batch["components"], left_on="left", right_on="text_no", how="left"),
        "alone": rows.filter(~has_company),
    }


# ------------------------------------------------------------------------------------------------------- clusters


@dataclass(frozen=True)
class _LinkedTexts:
    """Verified pairs of texts, each beside what was found (LINKED), and the pairs of each text."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    jaccard: NDArray[np.float64]
    containment: NDArray[np.float64]
    shared: NDArray[np.int64]
    number_overlap: NDArray[np.float64]
    left_weight: NDArray[np.float64]
    right_weight: NDArray[np.float64]

    @staticmethod
    def of_rows(linked: pl.DataFrame) -> _LinkedTexts:
        """From the columns of LINKED."""
        return _LinkedTexts(*(linked[name].to_numpy() for name in LINKED))

    @cached_property
    def _by_text(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Every text that stands in a pair, ascending, and the pair's number beside it."""
        every = np.concatenate([self.left, self.right])
        order = np.argsort(every, kind="stable")
        return every[order], order % max(1, len(self.left))

    def of(self, text_no: int) -> dict[int, int]:
        """Each text linked to this one, with the pair's number."""
        texts, numbers = self._by_text
        first, last = np.searchsorted(texts, [text_no, text_no + 1])
        found = numbers[first:last]
        others = self.left[found] + self.right[found] - text_no
        return dict(zip(others.tolist(), found.tolist(), strict=True))


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
    """
    by_id, of_paragraph = earlier.by_id, earlier.of_paragraph
    copies = Copies(rule.window)
    lefts, rights, pairs = array("q"), array("q"), array("q")
    places = []
    shown = rows.filter(pl.col("text_no") >= 0)
    for copy, is_new in zip(copies_in(shown), shown["is_new"], strict=True):
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


def _links(joined: _Joined, linked: _LinkedTexts, rows: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """The columns of LINKS, with the ranks of both sides."""
    text = rows["text_no"].to_numpy()
    exact, pair = joined.pair == _EXACT, np.maximum(joined.pair, 0)

    def found(column: NDArray[Any], of_exact: Any) -> NDArray[Any]:
        return np.where(exact, of_exact, column[pair] if len(column) else 0)

    n_shingles, n_numbers = (rows[name].gather(joined.right).to_numpy() for name in ("n_shingles", "n_numbers"))
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
        "shared_shingles": found(linked.shared, n_shingles).astype(np.int32),
        "number_overlap": found(linked.number_overlap, np.where(n_numbers > 1, 1.0, np.nan)),
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


def _judged(batch: Batch, settings: Settings) -> Batch:
    """Whole components: their rows, judged, and their links."""
    linked = _LinkedTexts.of_rows(batch["linked"])
    rows = one_order(in_order(batch["old"], settings), batch["rows"])
    rule = JoinRule(settings.join_share, settings.compare_members, window(settings))
    joined = _joined(rows, linked, _EarlierClusters.of(rows, batch["members"]), rule)
    links = _links(joined, linked, rows, settings)
    return {
        "judged": _with_places(rows, joined.places, links),
        "links": schemas.ordered(links.select(LINKS.names), LINKS),
    }


def _with_places(rows: pl.DataFrame, places: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """The batch's rows with cluster, canonical copy and best match: exact, then of the highest Jaccard."""
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
        .select("rank", "text_no", "at", *OWN)
        .join(places, on="rank", how="left", maintain_order="left")
        .join(matched, on="rank", how="left", maintain_order="left")
        .select(JUDGED)
    )


def _alone(batch: Batch) -> Batch:
    """Rows without company: each founds a cluster of its own."""
    own = pl.col("paragraph_id")
    founding = {"cluster_id": own, "canonical_id": own, "position": pl.lit(0, pl.Int32)}
    nothing = {name: pl.lit(None, schemas.LINKED_PARAGRAPHS.schema[name]) for name in _MATCH}
    judged = batch["alone"].select("text_no", "at", *OWN).with_columns(**founding, **nothing)
    return {"judged": judged.select(JUDGED), "links": LINKS.empty()}
