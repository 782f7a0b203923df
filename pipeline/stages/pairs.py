"""Which texts are copies: a part of `dedup`, from texts to candidate pairs to verified pairs.

Rare shingles travel to where texts meet under them, pairs to where what they share is counted, and sets to where the
pairs of a tile (so many texts by so many) are signed and verified. Nothing is compared with everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.engines.base import Batch, Batches, Engine
from pipeline.kernels import minhash
from pipeline.kernels.bands import Banding, agree
from pipeline.kernels.postings import Postings
from pipeline.kernels.shingles import HALF, Frequencies, HashSets, offsets_of, rarer
from pipeline.kernels.similarity import idf_weights, overlaps, set_weights, shared_counts, weighted_scores
from pipeline.kernels.slots import Slots, is_one_template
from pipeline.stages.counts import Counts
from pipeline.stages.texts import BIGRAM, TOLD, by_number

if TYPE_CHECKING:
    from pipeline.stages.dedup import Settings

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
_SETS_AT_ONCE = 1 << 15  # made into signatures together: 0.1 GB on the way
_PAIRS_AT_ONCE = 1 << 16  # whose texts are signed and looked up together
_TEXTS_AT_ONCE = 1 << 21  # that meet in one place: 1.3 GB on the way where each has 25 rare shingles
_TILE = 1 << 20  # texts on either side of the pairs that are verified in one place: 1 GB with their sets


# ------------------------------------------------------------------------------------------------ candidate pairs


def comparable(settings: Settings, has_sets: pl.Expr = TOLD) -> pl.Expr:
    """Whether a text can be a near or contained copy."""
    return (pl.col("n_tokens") >= settings.min_tokens) & has_sets


def kept_shingles(sets: HashSets, frequent: Frequencies, settings: Settings) -> HashSets:
    """The sets without their frequent shingles."""
    parts = []
    for begin in range(0, len(sets) or 1, _SETS_AT_ONCE):
        part = sets.take(np.arange(begin, min(begin + _SETS_AT_ONCE, len(sets))))
        parts.append(rarer(part, frequent.of(part.values), settings.max_frequency))
    return HashSets.together(parts)


def signatures(kept: HashSets, settings: Settings) -> NDArray[np.uint32]:
    """The signatures of sets without frequent shingles."""
    return minhash.signatures(kept, settings.permutations, settings.seed)


@dataclass(frozen=True)
class Candidates:
    """Texts that share enough rare shingles, and those that the fuse kept from others of a shingle."""

    pairs: Batches  # `pairs`: left, right
    crowded: Batches  # `crowded`: text_no, once or more


def candidates(texts: Batches, n_texts: int, frequent: Frequencies, engine: Engine, settings: Settings) -> Candidates:
    """The pairs of texts, of which one asks, that may be copies.

    Up to two million texts meet in one place, more under a part of the shingles in each.
    """
    n_parts = n_texts // _TEXTS_AT_ONCE + 1
    spread = engine.map(partial(_spread, frequent=frequent, n_parts=n_parts, settings=settings), texts)
    # What two texts share in other parts is not known here.
    enough = settings.min_shared_rare if n_parts == 1 else 1
    meet = partial(_met, at_least=enough, max_band_size=settings.max_band_size)
    met = engine.keep(engine.map(meet, engine.group(spread, {"texts": "part"})))
    shared = engine.group(met, {"pairs": ["left", "right"]})
    return Candidates(engine.keep(engine.map(partial(_enough, at_least=settings.min_shared_rare), shared)), met)


def _spread(batch: Batch, frequent: Frequencies, n_parts: int, settings: Settings) -> Batch:
    """The rare `shingles` of the comparable texts, with the part in which they meet: a range of their hashes."""
    able = batch["texts"].filter(comparable(settings))
    rare = kept_shingles(HashSets.from_lists(able["shingles"]), frequent, settings)
    parts = rare.values.astype(np.uint64) * np.uint64(n_parts) >> HALF
    return {
        "texts": pl.concat(
            able.select(
                "text_no",
                "asks",
                pl.lit(part, pl.Int64).alias("part"),
                rare.where(parts == part).to_lists().alias("shingles"),
            )
            for part in range(n_parts)
        ).filter(TOLD)
    }


def _met(batch: Batch, at_least: int, max_band_size: int) -> Batch:
    """`pairs` of each part, with the shingles that they share there, and `crowded` texts."""
    parts = batch["texts"]["part"].unique().sort().to_list()
    pairs, crowded = [_no_pairs()], [pl.Series("text_no", [], pl.Int64)]
    for part in parts:
        rows = batch["texts"].filter(pl.col("part") == part) if len(parts) > 1 else batch["texts"]
        rows = by_number(rows) if rows["asks"].all() else rows.sort("asks", "text_no")  # who asks meets those before
        numbers, n_silent = rows["text_no"].to_numpy(), int((~rows["asks"]).sum())
        found = Postings(HashSets.from_lists(rows["shingles"]), max_band_size).shared_within(n_silent, at_least)
        one, other = numbers[found.left], numbers[found.right]
        columns = {"left": np.minimum(one, other), "right": np.maximum(one, other), "n_shared": found.n_shared}
        pairs.append(pl.DataFrame(columns))
        crowded.append(pl.Series("text_no", numbers[found.crowded]))
    return {"pairs": pl.concat(pairs).sort("left", "right"), "crowded": pl.concat(crowded).to_frame()}


def _no_pairs() -> pl.DataFrame:
    return pl.DataFrame(schema={"left": pl.Int64, "right": pl.Int64, "n_shared": pl.Int64})


def _enough(batch: Batch, at_least: int) -> Batch:
    pairs = batch["pairs"]
    codes = pairs["left"].to_numpy() << 32 | pairs["right"].to_numpy()
    if not (codes[1:] > codes[:-1]).all():
        pairs = pairs.group_by("left", "right").agg(pl.col("n_shared").sum()).sort("left", "right")
    return {"pairs": pairs.filter(pl.col("n_shared") >= at_least).select("left", "right")}


def agreeing(pairs: Batches, texts: Batches, frequent: Frequencies, engine: Engine, settings: Settings) -> Batches:
    """The `pairs` whose signatures agree in enough bands and that share enough shingles, with their tile and how many
    they share.
    """
    tiled = _beside(engine.map(_tiled, pairs), texts, ["shingles"], engine)
    return engine.map(partial(_agreeing, frequent=frequent, settings=settings), tiled)


# ------------------------------------------------------------------------------------------------- verified pairs


def verified(pairs: Batches, texts: Batches, counts: Counts, engine: Engine, settings: Settings) -> Batches:
    """`linked`: the agreeing pairs that are copies, with what was found."""
    wanted = engine.group(engine.map(_needs, pairs) + _narrow(texts, ["bigrams"], engine), _BY_TEXT)
    occurrences = engine.keep(engine.map(_occurrences, wanted))
    counted = counts.beside(BIGRAM, occurrences)
    columns = ["n_tokens", "bigrams", "numbers", "contexts", "fillings"]
    kernel = partial(_verified, n_paragraphs=counts.n_paragraphs, settings=settings)
    return engine.map(kernel, _beside(pairs, texts, columns, engine, counted))


_BY_TEXT = {"needs": "text_no", "texts": "text_no"}


def _tiled(batch: Batch) -> Batch:
    tile = (pl.col("left") // _TILE) * (1 << 32) + pl.col("right") // _TILE
    return {"pairs": batch["pairs"].with_columns(tile.alias("tile"))}


def _needs(batch: Batch) -> Batch:
    """Which texts the pairs of each tile need."""
    sides = [batch["pairs"].select("tile", pl.col(side).alias("text_no")) for side in ("left", "right")]
    return {"needs": pl.concat(sides).unique()}


def _narrow(texts: Batches, columns: Sequence[str], engine: Engine) -> Batches:
    return engine.map(partial(_columns, columns=["text_no", *columns]), texts)


def _columns(batch: Batch, columns: Sequence[str]) -> Batch:
    return {"texts": batch["texts"].select(columns)}


def _beside(
    pairs: Batches, texts: Batches, columns: Sequence[str], engine: Engine, counted: Batches | None = None
) -> Batches:
    """The `pairs` tile by tile, with the `texts` they need; with the counts of their bigrams where these are given."""
    by: Mapping[str, str] = _BY_TEXT
    asked = engine.map(_needs, pairs) + _narrow(texts, columns, engine)
    if counted is not None:
        asked, by = asked + counted, {**_BY_TEXT, "counted": "text_no"}
    lent = engine.map(_lent, engine.group(asked, by))
    return engine.group(pairs + lent, {"pairs": "tile", "texts": "tile"})


def _lent(batch: Batch) -> Batch:
    texts, needs = batch["texts"], batch["needs"].unique()
    if "counted" in batch:
        texts = _with_counts(by_number(texts.join(needs, on="text_no", how="semi")), batch["counted"])
    return {"texts": texts.join(needs, on="text_no", maintain_order="left")}


def _with_counts(texts: pl.DataFrame, counted: pl.DataFrame) -> pl.DataFrame:
    """The texts, which are in order, with the counts of their bigrams beside these."""
    codes = counted["text_no"].to_numpy() << 32 | counted["shingle"].to_numpy()
    counts = counted["n_paragraphs"].to_numpy().astype(np.uint32)
    if not (codes[1:] > codes[:-1]).all():
        counts = counts[np.argsort(codes)]
    sizes = texts["bigrams"].list.len().to_numpy().astype(np.int64)
    return texts.with_columns(bigram_counts=HashSets(counts, offsets_of(sizes)).to_lists())


def _occurrences(batch: Batch) -> Batch:
    """The bigrams of the texts that are needed."""
    texts = batch["texts"].join(batch["needs"], on="text_no", how="semi")
    texts = by_number(texts)
    bigrams = HashSets.from_lists(texts["bigrams"])
    numbers = np.repeat(texts["text_no"].to_numpy(), bigrams.sizes)
    return {"occurrences": pl.DataFrame({"text_no": numbers, "shingle": bigrams.values})}


def _tiles(batch: Batch) -> list[tuple[pl.DataFrame, pl.DataFrame]]:
    """Pairs and texts of each tile, the texts in order."""
    tiles = batch["pairs"]["tile"].unique().sort().to_list()
    if len(tiles) == 1:
        return [(batch["pairs"], by_number(batch["texts"]))]
    here = [pl.col("tile") == tile for tile in tiles]
    return [(batch["pairs"].filter(one), by_number(batch["texts"].filter(one))) for one in here]


def _agreeing(batch: Batch, frequent: Frequencies, settings: Settings) -> Batch:
    banding = Banding(settings.bands, settings.rows, settings.agreeing_bands)
    found = [batch["pairs"].clear().with_columns(shared=pl.lit(0, pl.Int64))]
    for pairs, texts in _tiles(batch):
        shingles = HashSets.from_lists(texts["shingles"])
        left, right = _places(pairs, texts)
        for some in _pieces(len(left)):
            rows, places = np.unique(np.concatenate([left[some], right[some]]), return_inverse=True)
            one, other = np.split(places, 2)
            sets = shingles.take(rows)
            kept = kept_shingles(sets, frequent, settings)
            slots = signatures(kept, settings)
            alike = np.flatnonzero(agree(slots, slots, one, other, banding))
            # Remembered texts were met under all their shingles.
            alike = alike[shared_counts(kept, one[alike], other[alike]) >= settings.min_shared_rare]
            shared = shared_counts(sets, one[alike], other[alike])
            found.append(pairs[some][alike].with_columns(pl.Series("shared", shared)))
    return {"pairs": pl.concat(found).filter(pl.col("shared") >= settings.min_shared)}


def _places(pairs: pl.DataFrame, texts: pl.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where both sides stand among the texts."""
    numbers = texts["text_no"].to_numpy()
    left, right = (np.searchsorted(numbers, pairs[side].to_numpy()) for side in ("left", "right"))
    return left, right


def _pieces(count: int) -> list[slice]:
    return [slice(begin, begin + _PAIRS_AT_ONCE) for begin in range(0, count or 1, _PAIRS_AT_ONCE)]


LINKED = pl.Schema({
    "left": pl.Int64, "right": pl.Int64, "jaccard": pl.Float64, "containment": pl.Float64, "shared": pl.Int64,
    "number_overlap": pl.Float64,  # NaN where a side has fewer than 2 figures
    "left_weight": pl.Float64, "right_weight": pl.Float64,
})  # fmt: skip


def _verified(batch: Batch, n_paragraphs: int, settings: Settings) -> Batch:
    """The pairs that are copies."""
    found = [pl.DataFrame(schema=LINKED)]
    for pairs, texts in _tiles(batch):
        left, right = _places(pairs, texts)
        for some in _pieces(len(left)):
            numbers = np.unique(np.concatenate([left[some], right[some]]))
            one, other = np.searchsorted(numbers, left[some]), np.searchsorted(numbers, right[some])
            found.append(_copies(pairs[some], texts[numbers], one, other, n_paragraphs, settings))
    return {"linked": pl.concat(found)}


def _copies(
    pairs: pl.DataFrame,
    texts: pl.DataFrame,
    one: NDArray[np.int64],
    other: NDArray[np.int64],
    n_paragraphs: int,
    settings: Settings,
) -> pl.DataFrame:
    """LINKED for those of the pairs that are copies; `one` and `other` say where their texts stand."""
    bigrams, counts, figures, contexts, fillings = (
        HashSets.from_lists(texts[name]) for name in ("bigrams", "bigram_counts", "numbers", "contexts", "fillings")
    )
    weights = idf_weights(counts.values.astype(np.int64), n_paragraphs, settings.max_frequency)
    scores = weighted_scores(bigrams, weights, one, other)
    totals = set_weights(bigrams, weights)
    overlap = overlaps(figures, one, other)
    shared, n_tokens = pairs["shared"].to_numpy(), texts["n_tokens"].to_numpy()
    alike = (
        (scores.containment >= _containment_needed(shared, np.minimum(n_tokens[one], n_tokens[other]), settings))
        & ~(overlap < settings.min_number_overlap)
        & ~is_one_template(Slots(contexts, fillings), one, other, settings.min_slot_agreement)
    )
    columns = (scores.jaccard, scores.containment, shared, overlap, totals[one], totals[other])
    told = pairs.select("left", "right").with_columns(
        pl.Series(name, column) for name, column in zip(LINKED.names()[2:], columns, strict=True)
    )
    return told.filter(alike)


def _containment_needed(
    shared: NDArray[np.int64], n_tokens: NDArray[np.int32], settings: Settings
) -> NDArray[np.float64]:
    """Least containment of each pair, by the shingles it shares and the words of its shorter side."""
    needed = MIN_CONTAINMENT[settings.strictness]
    of_few = np.where(n_tokens < SHORT, MIN_CONTAINMENT_OF_SHORT, MIN_CONTAINMENT_OF_FEW)
    by_shared = np.where(shared < FEW_SHARED, np.maximum(of_few, needed), needed)
    return np.where(shared >= MANY_SHARED, min(needed, MIN_CONTAINMENT_OF_MANY), by_shared)
