"""What the memory has to say to a batch: a part of `dedup`, read piece by piece in the driver.

The state is as large as the window; a batch beside it is a day. What a batch must tell to be met, the exact keys of its
texts and the signatures and shingles of those that ask, is gathered: 0.7 KB a paragraph.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline import schemas
from pipeline.engines.base import Batch, Batches, Engine
from pipeline.heap import give_back
from pipeline.kernels.bands import Banding, agree
from pipeline.kernels.postings import Postings
from pipeline.kernels.shingles import Frequencies, HashSets
from pipeline.stages.joining import SLIM, Remembered
from pipeline.stages.pairs import comparable, kept_shingles, signatures
from pipeline.stages.texts import AT, DAY, FILED, SETS, by_number, first_told, window

if TYPE_CHECKING:
    from pipeline.stages.dedup import Memory, Settings


@dataclass(frozen=True)
class Met:
    """Remembered texts that may be copies of asking ones of the batch, numbered after those, and the pairs."""

    texts: pl.DataFrame  # exact_key, n_tokens, SETS, text_no
    pairs: pl.DataFrame  # left, right
    clusters: pl.DataFrame  # text_no, cluster_id: of all their paragraphs
    crowded: pl.Series  # text_no of asking texts that the fuse kept from some


@dataclass(frozen=True)
class Recall:
    """The memory beside a batch."""

    memory: Memory
    engine: Engine
    settings: Settings
    span: tuple[int, int] | None  # first and last own time of the batch's paragraphs; None where it has none

    @staticmethod
    def beside(printed: Batches, memory: Memory, engine: Engine, settings: Settings) -> Recall:
        """The memory beside the batch of these rows."""
        spans = engine.gather(engine.map(_span, printed), "span").drop_nulls()
        both = (int(spans["first"].to_numpy().min()), int(spans["last"].to_numpy().max())) if spans.height else None
        return Recall(memory, engine, settings, both)

    def known(self, printed: Batches) -> pl.DataFrame:
        """FINGERPRINTS of the batch's texts, with is_reached: inside its window."""
        known = schemas.FINGERPRINTS.empty()
        if self.memory.fingerprints:
            keys = self._gathered(printed, "texts", "exact_key")["exact_key"].unique()
            known = self.memory.paragraphs(pl.col("exact_key").is_in(keys.implode()))
        return known.with_columns(self.reached().alias("is_reached"))

    def reached(self, *, whole_days: bool = False) -> pl.Expr:
        """Whether a remembered paragraph's own time is inside the window of one of the batch.

        With `whole_days` from the first day's beginning on: its sets may stand in an earlier row of that day.
        """
        reach = window(self.settings)
        if reach is None or self.span is None:
            return pl.lit(True)
        first, last = self.span[0] - reach, self.span[1] + reach
        return AT.is_between(first // DAY * DAY if whole_days else first, last)

    def met(self, texts: Batches, n_texts: int, frequent: Frequencies) -> Met:
        """The remembered texts that share enough rare shingles with asking ones, and agree in enough bands."""
        found, keys, crowded = self._agreeing(texts, frequent)
        give_back()
        wanted = pl.col("exact_key").is_in(keys["exact_key"].unique().implode())
        met = self.memory.paragraphs(self.reached(whole_days=True) & wanted)
        first = first_told(met, self.settings).select("exact_key", "n_tokens", *SETS)
        first = first.with_columns((n_texts + pl.int_range(pl.len())).alias("text_no"))
        numbers = first.select("exact_key", "text_no")
        clusters = met.select("exact_key", "cluster_id").join(numbers, on="exact_key").select("text_no", "cluster_id")
        del met
        right = keys.join(numbers, on="exact_key", maintain_order="left")["text_no"].gather(found["key_no"])
        # A text that stands in several days is met in each. Pairs of copies of one story come together: they are
        # verified a piece at a time, and each piece signs its texts.
        pairs = found.select("left", right.alias("right")).unique().sort("right", "left")
        return Met(first, pairs, clusters, crowded)

    def clusters(self, rows: Batches, known: pl.Series, met: Met, linked: Batches) -> Remembered:
        """The clusters that the batch may join: those `known`, of its own texts, and of texts met that it copies.

        A revision's paragraph is met again under its own name.
        """
        if not self.memory.fingerprints:
            return Remembered(schemas.FINGERPRINTS.empty().select(SLIM), schemas.MEMBERS.empty())
        copied = self._gathered(linked, "linked", "right")["right"].unique()
        found = met.clusters.filter(pl.col("text_no").is_in(copied.implode()))["cluster_id"]
        own = self._gathered(rows, "rows", "paragraph_id")["paragraph_id"]
        names = pl.concat([known, found, own]).unique()
        paragraphs = self.memory.paragraphs(self.reached() & pl.col("cluster_id").is_in(names.implode()), SLIM)
        return Remembered(paragraphs, self.memory.members_of(names))

    def _agreeing(self, texts: Batches, frequent: Frequencies) -> tuple[pl.DataFrame, pl.DataFrame, pl.Series]:
        """`left` and key_no of the remembered texts that it may be a copy of, their exact keys; and who is crowded."""
        pairs = [pl.DataFrame(schema={"left": pl.Int64, "key_no": pl.Int64})]
        keys = [pl.DataFrame(schema={"exact_key": pl.String})]
        crowded = [pl.Series("text_no", [], dtype=pl.Int64)]
        n_keys = 0
        if self.memory.fingerprints:
            asked = self.engine.map(partial(_asking, settings=self.settings), texts)
            asking = by_number(self.engine.gather(asked, "texts"))
            numbers = asking["text_no"].to_numpy()
            own = _Signed(self._kept(HashSets.from_lists(asking["shingles"]), frequent), self.settings)
            postings = Postings(own.sets, self.settings.max_band_size)
            banding = Banding(self.settings.bands, self.settings.rows, self.settings.agreeing_bands)
            for piece in self._pieces(texts):
                sets = HashSets.from_bytes(piece["shingles"])
                found = postings.shared_with(sets, self.settings.min_shared_rare)
                rows, left = np.unique(found.left, return_inverse=True)
                old = signatures(self._kept(sets.take(rows), frequent), self.settings)
                agrees = agree(old, own.slots(found.right), left, found.right, banding)
                met, places = np.unique(found.left[agrees], return_inverse=True)
                pairs.append(pl.DataFrame({"left": numbers[found.right[agrees]], "key_no": n_keys + places}))
                # Made anew: gathered strings keep all those of the file in memory.
                found_keys = piece["exact_key"].gather(met).to_list()
                keys.append(pl.DataFrame({"exact_key": found_keys}, schema={"exact_key": pl.String}))
                n_keys += len(met)
                crowded.append(pl.Series("text_no", numbers[found.crowded]))
        return pl.concat(pairs), pl.concat(keys), pl.concat(crowded)

    def _kept(self, sets: HashSets, frequent: Frequencies) -> HashSets:
        return kept_shingles(sets, frequent, self.settings)

    def _pieces(self, texts: Batches) -> Iterator[pl.DataFrame]:
        """exact_key and shingles of remembered texts that the batch has not, as the days and their rows are filed."""
        known = self._gathered(texts, "texts", "is_fresh", "exact_key").filter(~pl.col("is_fresh"))["exact_key"]
        wanted = comparable(self.settings, FILED) & self.reached(whole_days=True)
        for piece in self.memory.pieces():
            rows = piece.filter(wanted).select("exact_key", "shingles").collect()
            yield rows.filter(~pl.col("exact_key").is_in(known.implode()))

    def _gathered(self, batches: Batches, table: str, *columns: str) -> pl.DataFrame:
        """Some columns of a table, in the driver."""
        kernel = partial(_some, table=table, columns=columns)
        return self.engine.gather(self.engine.map(kernel, batches), table)


class _Signed:
    """Sets and their signatures, each made when it is first asked for."""

    def __init__(self, sets: HashSets, settings: Settings) -> None:
        self.sets = sets
        self._settings = settings
        self._slots = np.empty((len(sets), settings.permutations), dtype=np.uint32)
        self._is_made = np.zeros(len(sets), dtype=np.bool_)

    def slots(self, rows: NDArray[np.int64]) -> NDArray[np.uint32]:
        """The signatures, of which those of the rows are made."""
        wanted = np.zeros(len(self.sets), dtype=np.bool_)
        wanted[rows] = True
        fresh = np.flatnonzero(wanted & ~self._is_made)
        self._slots[fresh] = signatures(self.sets.take(fresh), self._settings)
        self._is_made[fresh] = True
        return self._slots


def _asking(batch: Batch, settings: Settings) -> Batch:
    """Text and shingles of what asks and can be a near copy."""
    return {"texts": batch["texts"].filter(comparable(settings) & pl.col("asks")).select("text_no", "shingles")}


def _span(batch: Batch) -> Batch:
    at = pl.col("at")
    return {"span": batch["rows"].select(at.min().alias("first"), at.max().alias("last"))}


def _some(batch: Batch, table: str, columns: Sequence[str]) -> Batch:
    return {table: batch[table].select(columns)}
