"""Which texts are copies: a part of `dedup`, from texts to candidate pairs to verified pairs.

Signatures travel to where their bands are compared, pairs to where the bands in which they agree are counted, and sets
to where the pairs of a tile (so many texts by so many) are verified. Nothing is compared with everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.engines.base import Batch, Batches, Engine
from pipeline.kernels import minhash
from pipeline.kernels.bands import Banding, candidate_pairs
from pipeline.kernels.shingles import Frequencies, HashSets, offsets_of, rarer
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
_PAIRS_AT_ONCE = 1 << 17  # whose shingles are looked up together
_BAND_KEYS = 1 << 27  # compared in one place, those of a million texts: 0.5 GB, and twice that on the way
_TILE = 1 << 20  # texts on either side of the pairs that are verified in one place: 1 GB with their sets


# ------------------------------------------------------------------------------------------------ candidate pairs


def signed_texts(texts: Batches, frequent: Frequencies, engine: Engine, settings: Settings) -> Batches:
    """`signatures` (text_no, asks, slots) of the texts that can be near copies, without frequent shingles."""
    return engine.map(partial(_signed, frequent=frequent, settings=settings), texts)


def comparable(settings: Settings) -> pl.Expr:
    """Whether a text can be a near or contained copy."""
    return (pl.col("n_tokens") >= settings.min_tokens) & TOLD


def _signed(batch: Batch, frequent: Frequencies, settings: Settings) -> Batch:
    able = batch["texts"].filter(comparable(settings))
    slots = signatures(HashSets.from_lists(able["shingles"]), frequent, settings)
    return {"signatures": able.select("text_no", "asks").with_columns(slots=_lists(slots))}


def signatures(sets: HashSets, frequent: Frequencies, settings: Settings) -> NDArray[np.uint32]:
    """The signatures of the sets without their frequent shingles."""
    slots = np.empty((len(sets), settings.permutations), dtype=np.uint32)
    for begin, kept in _kept(sets, frequent, settings):
        slots[begin : begin + len(kept)] = minhash.signatures(kept, settings.permutations, settings.seed)
    return slots


def kept_shingles(sets: HashSets, frequent: Frequencies, settings: Settings) -> HashSets:
    """The sets without their frequent shingles."""
    return HashSets.together([kept for _, kept in _kept(sets, frequent, settings)])


def _kept(sets: HashSets, frequent: Frequencies, settings: Settings) -> Iterator[tuple[int, HashSets]]:
    """The sets without their frequent shingles, part by part, and where each part begins."""
    for begin in range(0, len(sets) or 1, _SETS_AT_ONCE):
        part = sets.take(np.arange(begin, min(begin + _SETS_AT_ONCE, len(sets))))
        yield begin, rarer(part, frequent.of(part.values), settings.max_frequency)


def _lists(slots: NDArray[np.uint32]) -> pl.Series:
    """A column of the rows of slots."""
    return HashSets(slots.ravel(), np.arange(len(slots) + 1) * slots.shape[1]).to_lists()


def slots_of(signed: pl.DataFrame, width: int) -> NDArray[np.uint32]:
    """The rows of a column of slots."""
    return HashSets.from_lists(signed["slots"]).values.reshape(-1, width)


@dataclass(frozen=True)
class Candidates:
    """Texts that agree in enough bands, and those that the fuse kept from others of their key."""

    pairs: Batches  # `pairs`: left, right
    crowded: Batches  # `crowded`: text_no, once or more


def candidates(signed: Batches, n_texts: int, engine: Engine, settings: Settings) -> Candidates:
    """The pairs of texts, of which one asks, that may be copies.

    Up to 134 million keys all bands are compared in one place, then a part of the bands in each; and of a band alone, a
    part of its keys.
    """
    n_parts = n_texts * settings.bands // _BAND_KEYS + 1
    n_groups = next((n for n in range(n_parts, settings.bands) if settings.bands % n == 0), settings.bands)
    spread = partial(_spread, n_groups=n_groups, n_keys=-(-n_parts // n_groups), settings=settings)
    each = settings.bands // n_groups
    # What two texts can still agree in elsewhere need not be found here.
    banding = Banding(each, settings.rows, max(1, settings.agreeing_bands - (settings.bands - each)))
    meet = partial(_met, width=_width(n_groups, settings), banding=banding, max_band_size=settings.max_band_size)
    met = engine.keep(engine.map(meet, engine.group(engine.map(spread, signed), {"signatures": "part"})))
    agreed = engine.group(met, {"pairs": ["left", "right"]})
    return Candidates(engine.keep(engine.map(partial(_agreed, agreeing=settings.agreeing_bands), agreed)), met)


def _width(n_groups: int, settings: Settings) -> int:
    """Slots that are compared in one place."""
    return settings.permutations if n_groups == 1 else settings.bands * settings.rows // n_groups


def _spread(batch: Batch, n_groups: int, n_keys: int, settings: Settings) -> Batch:
    """The signatures with the part in which they are compared: all in one, or each group of bands in its own."""
    signed = batch["signatures"]
    if n_groups == 1:
        return {"signatures": signed.with_columns(part=pl.lit(0, pl.Int64))}
    width = _width(n_groups, settings)
    slots = slots_of(signed, settings.permutations)
    groups = []
    for group in range(n_groups):
        own = slots[:, group * width : (group + 1) * width]
        part = group * n_keys + own.sum(axis=1, dtype=np.int64) % n_keys  # n_keys is 1 unless a band stands alone
        groups.append(signed.with_columns(pl.Series("part", part), slots=_lists(np.ascontiguousarray(own))))
    return {"signatures": pl.concat(groups)}


def _met(batch: Batch, width: int, banding: Banding, max_band_size: int) -> Batch:
    """`pairs` of each part, with the bands in which they agree there, and `crowded` texts."""
    signed = batch["signatures"]
    parts = signed["part"].unique().sort().to_list()
    pairs, crowded = [_no_pairs()], [pl.Series("text_no", [], pl.Int64)]
    for part in parts:
        rows = by_number(signed.filter(pl.col("part") == part) if len(parts) > 1 else signed)
        numbers = rows["text_no"].to_numpy()
        slots = np.asfortranarray(slots_of(rows, width))  # looked at slot by slot
        found = candidate_pairs(slots, banding, rows["asks"].to_numpy(), max_band_size)
        columns = {"left": numbers[found.left], "right": numbers[found.right], "n_bands": found.n_bands}
        pairs.append(pl.DataFrame(columns))
        crowded.append(pl.Series("text_no", numbers[found.crowded]))
    return {"pairs": pl.concat(pairs), "crowded": pl.concat(crowded).to_frame()}


def _no_pairs() -> pl.DataFrame:
    return pl.DataFrame(schema={"left": pl.Int64, "right": pl.Int64, "n_bands": pl.Int64})


def _agreed(batch: Batch, agreeing: int) -> Batch:
    pairs = batch["pairs"]
    codes = pairs["left"].to_numpy() << 32 | pairs["right"].to_numpy()
    if not (codes[1:] > codes[:-1]).all():
        pairs = pairs.group_by("left", "right").agg(pl.col("n_bands").sum()).sort("left", "right")
    return {"pairs": pairs.filter(pl.col("n_bands") >= agreeing).select("left", "right")}


# ------------------------------------------------------------------------------------------------- verified pairs


def verified(
    pairs: Batches, texts: Batches, counts: Counts, frequent: Frequencies, engine: Engine, settings: Settings
) -> Batches:
    """`linked`: the candidate pairs that are copies, with what was found."""
    tiled = _beside(engine.map(_tiled, pairs), texts, ["shingles"], engine)
    enough = engine.keep(engine.map(partial(_sharing, frequent=frequent, settings=settings), tiled))
    wanted = engine.group(engine.map(_needs, enough) + _narrow(texts, ["bigrams"], engine), _BY_TEXT)
    occurrences = engine.keep(engine.map(_occurrences, wanted))
    counted = counts.beside(BIGRAM, occurrences)
    columns = ["n_tokens", "bigrams", "numbers", "contexts", "fillings"]
    kernel = partial(_verified, n_paragraphs=counts.n_paragraphs, settings=settings)
    return engine.map(kernel, _beside(enough, texts, columns, engine, counted))


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


def _sharing(batch: Batch, frequent: Frequencies, settings: Settings) -> Batch:
    """The pairs that share enough shingles, and how many."""
    found = [batch["pairs"].clear().with_columns(shared=pl.lit(0, pl.Int64))]
    for pairs, texts in _tiles(batch):
        shingles = HashSets.from_lists(texts["shingles"])
        rare = _shared(pairs, texts, kept_shingles(shingles, frequent, settings))
        telling = pairs.filter(pl.Series(rare >= settings.min_shared_rare))
        found.append(telling.with_columns(pl.Series("shared", _shared(telling, texts, shingles))))
    return {"pairs": pl.concat(found).filter(pl.col("shared") >= settings.min_shared)}


def _shared(pairs: pl.DataFrame, texts: pl.DataFrame, sets: HashSets) -> NDArray[np.int64]:
    """How many values the sets of each pair, which stand beside the texts, have in common."""
    left, right = _places(pairs, texts)
    found = []
    for some in _pieces(len(left)):
        rows, places = np.unique(np.concatenate([left[some], right[some]]), return_inverse=True)
        found.append(shared_counts(sets.take(rows), *np.split(places, 2)))
    return np.concatenate(found)


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
