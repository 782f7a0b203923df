"""How many paragraphs hold a shingle: a part of `dedup`, counted text by text and summed shingle by shingle."""

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
from pipeline.kernels import minhash
from pipeline.kernels.bands import Banding, band_keys, stars
from pipeline.kernels.clusters import components
from pipeline.kernels.directory import Directory
from pipeline.kernels.shingles import HALF, Frequencies, HashSets, ascending, by_value, counted, run_offsets
from pipeline.stages.texts import BIGRAM, TOLD

if TYPE_CHECKING:
    from pipeline.stages.dedup import Settings

# Versions of one text, whose shingles are counted once; a pair at Jaccard .7 is found in 89 of 100 cases, at .3 in 6.
FAMILY = Banding(bands=8, rows=4)
_HASHES_AT_ONCE = 1 << 29  # of the 32-bit numbers, counted together: an eighth of a batch's shingles
_IN_BUCKET = np.uint32(12)  # bits: a million buckets, of 4 counts each where most are summed at once
_COUNTS_AT_ONCE = 1 << 21  # shingle counts of the memory summed together: 0.05 GB


def own_frequencies(texts: Batches, engine: Engine, settings: Settings) -> Batches:
    """`counts` (FREQUENCIES) of the fresh texts, each shingle in one row; the row of 0 words counts the texts.

    Texts that are near copies at first sight count as one: else the 60 versions of a much copied paragraph would make
    its words a formula, and the versions would no longer be found. The driver sees the pairs that make them families.
    """
    keyed = engine.group(engine.map(partial(_family_keys, settings=settings), texts), {"keys": "key"})
    families = _families(engine.gather(engine.map(_versions, keyed), "versions"))
    told = engine.map(_fresh_sets, texts) + engine.keep([{"families": families}])
    named = engine.map(_in_families, engine.group(told, {"texts": "text_no", "families": "text_no"}))
    counted = engine.map(partial(_counted, settings=settings), engine.group(named, {"texts": "family"}))
    return engine.map(_summed, engine.group(counted, {"counts": ["words", "shingle"]}))


def _family_keys(batch: Batch, settings: Settings) -> Batch:
    """The keys under which each fresh text meets its versions."""
    texts = batch["texts"].filter(TOLD & pl.col("is_fresh"))
    shingles = HashSets.from_lists(texts["shingles"])
    signatures = minhash.signatures(shingles, FAMILY.bands * FAMILY.rows, settings.seed)
    keys = band_keys(signatures, FAMILY).ravel()
    return {"keys": pl.DataFrame({"key": keys, "text_no": np.tile(texts["text_no"].to_numpy(), FAMILY.bands)})}


def _versions(batch: Batch) -> Batch:
    left, right = stars(batch["keys"]["key"].to_numpy(), batch["keys"]["text_no"].to_numpy())
    return {"versions": pl.DataFrame({"left": left, "right": right})}


def _families(versions: pl.DataFrame) -> pl.DataFrame:
    """Of each text that has versions, the first of these."""
    left, right = (versions[side].to_numpy() for side in ("left", "right"))
    members = np.unique(np.concatenate([left, right]))
    families = members[components(len(members), np.searchsorted(members, left), np.searchsorted(members, right))]
    return pl.DataFrame({"text_no": members, "family": families}, schema={"text_no": pl.Int64, "family": pl.Int64})


def _fresh_sets(batch: Batch) -> Batch:
    return {"texts": batch["texts"].filter("is_fresh").select("text_no", "shingles", "bigrams")}


def _in_families(batch: Batch) -> Batch:
    texts = batch["texts"]
    named = texts.select("text_no").join(batch["families"], on="text_no", how="left", maintain_order="left")
    families = named.select(pl.coalesce("family", "text_no").alias("family"))["family"]
    return {"texts": texts.select(families, "shingles", "bigrams")}


def _counted(batch: Batch, settings: Settings) -> Batch:
    """FREQUENCIES of whole families."""
    texts = batch["texts"]
    names, families = np.unique(texts["family"].to_numpy(), return_inverse=True)
    tables = [_rows(0, np.zeros(1, np.uint32), np.array([len(names)]))]
    alone = np.bincount(families, minlength=1)[families] == 1
    for words, column in ((BIGRAM, "bigrams"), (settings.shingle_words, "shingles")):
        sets = HashSets.from_lists(texts[column])
        versions = sets.take(np.flatnonzero(~alone)).merged(families[~alone])
        values = np.concatenate([sets.take(np.flatnonzero(alone)).values, versions.values])
        for begin in range(0, 1 << 32, _HASHES_AT_ONCE):
            here = values[(values >= begin) & (values <= begin + _HASHES_AT_ONCE - 1)]
            tables.append(_rows(words, *counted(here)))
    return {"counts": schemas.conform(pl.concat(tables), schemas.FREQUENCIES, at="dedup")}


def _rows(words: int, hashes: NDArray[np.uint32], counts: NDArray[np.int64]) -> pl.DataFrame:
    columns = {
        "words": pl.repeat(words, len(hashes), dtype=pl.Int8, eager=True),
        "shingle": hashes,
        "n_paragraphs": counts.astype(np.uint32),
    }
    return pl.DataFrame(columns, schema=schemas.FREQUENCIES.schema)


def _summed(batch: Batch) -> Batch:
    counts = batch["counts"]
    words, shingles = counts["words"].to_numpy(), counts["shingle"].to_numpy()
    rises = (words[1:] > words[:-1]) | ((words[1:] == words[:-1]) & (shingles[1:] > shingles[:-1]))
    if not rises.all():
        summed = counts.group_by("words", "shingle").agg(pl.col("n_paragraphs").sum())
        counts = schemas.ordered(summed, schemas.FREQUENCIES)
    return {"counts": counts}


@dataclass(frozen=True)
class Counts:
    """Document frequencies: tables of FREQUENCIES of others, and those of the batch itself, where they count."""

    engine: Engine
    own: Batches | None  # each shingle in one row
    others: Sequence[pl.LazyFrame]

    @property
    def n_paragraphs(self) -> int:
        """Paragraphs that are counted."""
        return sum(int(self.engine.gather(part, "counts")["n_paragraphs"].sum()) for part, _ in self._parts(words=0))

    def over(self, words: int, max_count: int) -> Frequencies:
        """The hashes that more than `max_count` paragraphs hold, in the driver; all others are left out."""
        kernel = partial(_frequent, max_count=max_count)
        found = [
            self.engine.gather(self.engine.map(kernel, self.engine.group(part, {"counts": "shingle"})), "counts")
            for part, _ in self._parts(words)
        ]
        rows = pl.concat(found).sort("shingle")
        hashes, counts = rows["shingle"].to_numpy(), rows["n_paragraphs"].to_numpy()
        return Frequencies(hashes, counts.astype(np.int64), self.n_paragraphs)

    def beside(self, words: int, occurrences: Batches) -> Batches:
        """`counted`: the `occurrences` (text_no, shingle) with n_paragraphs; 0 for a shingle never counted."""
        keys = {"occurrences": "shingle", "counts": "shingle"}
        parts = [
            self.engine.map(_looked_up, self.engine.group(part + self.engine.map(here, occurrences), keys))
            for part, here in self._parts(words)
        ]
        whole = parts[0]
        for part in parts[1:]:
            whole = whole + part
        return whole

    def _parts(self, words: int) -> Iterator[tuple[Batches, partial[Batch]]]:
        """The counts of a part of the hashes, and what takes the occurrences of these out; one part at least."""
        every = pl.concat([schemas.FREQUENCIES.empty().lazy(), *self.others])
        of_words = every.filter(pl.col("words") == words).select("shingle", "n_paragraphs")
        n_rows = int(of_words.select(pl.len()).collect().item())
        step = (1 << 32) // (n_rows // _COUNTS_AT_ONCE + 1) + 1
        for begin in range(0, 1 << 32, step):
            is_here = pl.col("shingle").is_between(begin, begin + step, closed="left")
            here = self.engine.keep([{"counts": of_words.filter(is_here).collect()}])
            if self.own is not None:
                here += self.engine.map(partial(_of_words, words=words, begin=begin, end=begin + step), self.own)
            yield here, partial(_occurring, begin=begin, end=begin + step)


def _of_words(batch: Batch, words: int, begin: int, end: int) -> Batch:
    here = pl.col("shingle").is_between(begin, end, closed="left")
    return {"counts": batch["counts"].filter((pl.col("words") == words) & here).select("shingle", "n_paragraphs")}


def _occurring(batch: Batch, begin: int, end: int) -> Batch:
    here = pl.col("shingle").is_between(begin, end, closed="left")
    return {"occurrences": batch["occurrences"].filter(here)}


def _frequencies(counts: pl.DataFrame) -> Frequencies:
    """The counts of one shingle together."""
    hashes, n_paragraphs = counts["shingle"].to_numpy(), counts["n_paragraphs"].to_numpy()
    if (hashes[1:] > hashes[:-1]).all():
        return Frequencies(hashes, n_paragraphs.astype(np.int64), 0)
    codes = ascending(hashes.astype(np.uint64) << HALF | n_paragraphs)
    hashes = (codes >> HALF).astype(np.uint32)
    firsts = run_offsets(hashes)[:-1]
    return Frequencies(hashes[firsts], np.add.reduceat(codes.astype(np.uint32), firsts, dtype=np.int64), 0)


def _frequent(batch: Batch, max_count: int) -> Batch:
    """The counts above `max_count`, summed; of shingles that with all others of their bucket stay below, none is."""
    counts = batch["counts"]
    buckets = counts["shingle"].to_numpy() >> _IN_BUCKET
    is_above = np.bincount(buckets, weights=counts["n_paragraphs"].to_numpy()) > max_count
    whole = _frequencies(counts.filter(pl.Series(is_above[buckets], dtype=pl.Boolean)))
    often = whole.counts > max_count
    return {"counts": pl.DataFrame({"shingle": whole.hashes[often], "n_paragraphs": whole.counts[often]})}


def _looked_up(batch: Batch) -> Batch:
    occurrences, counts = batch["occurrences"], batch["counts"]
    asked, order = by_value(occurrences["shingle"].to_numpy())
    starts = run_offsets(asked)
    here, places = Directory(asked[starts[:-1]]).find(counts["shingle"].to_numpy())
    sums = np.bincount(places, weights=counts["n_paragraphs"].to_numpy()[here], minlength=len(starts) - 1)
    n_paragraphs = np.empty(len(asked), dtype=np.int64)
    n_paragraphs[order] = np.repeat(sums, np.diff(starts))
    return {"counted": occurrences.with_columns(pl.Series("n_paragraphs", n_paragraphs))}
