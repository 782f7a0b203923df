"""The distinct texts of a batch and their numbers: a part of `dedup`, from paragraphs to one row per text.

Exact copies become one text before anything is compared: a paragraph that is printed 200,000 times puts one row on
every later step, and its copies travel as rows without text. A text's number is its place in the one order.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from pipeline.engines.base import Batch, Batches, Engine
from pipeline.kernels import hashing
from pipeline.kernels.clusters import Copies, Copy
from pipeline.kernels.shingles import HashSets, Words, shingle_sets
from pipeline.kernels.slots import slots

if TYPE_CHECKING:
    from pipeline.stages.dedup import Settings

BIGRAM = 2
FORMS = ("exact_key", "words", "figures")  # of a paragraph's text, see kernels.normalise
SETS = ("shingles", "bigrams", "numbers", "contexts", "fillings")  # what a fingerprint says of its text
DAY = 86_400_000_000  # microseconds
AT = pl.coalesce("published_at", "first_seen_at").dt.epoch("us").alias("at")  # a paragraph's own time, microseconds
ORDER = ("at", "not_agency", "article_id", "paragraph_no")  # within a batch
TOLD = pl.col("shingles").list.len() > 0
FILED = pl.col("shingles").bin.size() > 0  # TOLD, of FINGERPRINTS as they lie there
_RANGE = 1 << 20  # texts that are put in order together: 1 GB with their sets
_SAMPLED = "00"  # exact keys begin with it: one of 256


def with_sets(paragraphs: pl.DataFrame, settings: Settings) -> Batch:
    """Of `paragraphs` with their FORMS: `paragraphs` with the hash of the exact key and set_no instead, null where they
    are not comparable, and `sets`, the SETS of each text as it is printed, by set_no.
    """
    is_comparable = (pl.col("n_tokens") >= settings.min_tokens_exact) & settings.enabled
    comparable = paragraphs.filter(is_comparable)
    keys = pl.Series("exact_key", hashing.text_hashes(comparable["exact_key"]), dtype=pl.String)
    printed = comparable.select("text", "words", "figures").unique("text", keep="first", maintain_order=True)
    words = Words.from_lists(printed["words"])
    around = slots(words)
    figures = shingle_sets(Words.from_lists(printed["figures"]), 1)
    shingles, bigrams = (shingle_sets(words, size) for size in (settings.shingle_words, BIGRAM))
    sets = (shingles, bigrams, figures, around.contexts, around.fillings)
    numbered = printed.select("text").with_row_index("set_no")
    told = comparable.select("paragraph_id", "text").with_columns(keys).join(numbered, on="text").drop("text")
    return {
        "paragraphs": paragraphs.drop(FORMS).join(told, on="paragraph_id", how="left", maintain_order="left"),
        "sets": pl.DataFrame({name: each.to_lists() for name, each in zip(SETS, sets, strict=True)}),
    }


def distinct_texts(paragraphs: Batches, engine: Engine, settings: Settings) -> Batches:
    """The comparable ones of what `with_sets` makes as `rows` without text, and their `texts`, each once in a batch."""
    return engine.map(partial(_printed, settings=settings), paragraphs)


def timed(rows: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Paragraphs with what the one order needs to know."""
    not_agency = ~pl.col("outlet").is_in(list(settings.agency_outlets)).fill_null(False)
    return rows.with_columns(AT, not_agency.alias("not_agency"))


def in_order(remembered: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Columns of FINGERPRINTS in the one order."""
    return timed(remembered, settings).sort("first_seen_at", *ORDER)


def unpacked(filed: pl.DataFrame) -> pl.DataFrame:
    """Columns of FINGERPRINTS with their sets as lists, in which texts have them."""
    here = [name for name in SETS if name in filed.columns]
    return filed.with_columns(HashSets.from_bytes(filed[name]).to_lists().alias(name) for name in here)


def first_told(remembered: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """The first row with sets of each text, in the one order, its sets unpacked; FINGERPRINTS in any. The others' are
    not sorted.
    """
    slim = in_order(remembered.with_row_index("row").filter(FILED).drop(SETS), settings)
    return unpacked(remembered[slim.unique("exact_key", keep="first", maintain_order=True)["row"]])


def one_order(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """Remembered paragraphs, in order, and the batch's, with rank, batch and is_new: the fields of Copy."""
    batch_no = pl.col("first_seen_at").rank("dense").cast(pl.Int64).alias("batch")
    rows = pl.concat(
        [
            old.with_columns(batch_no, is_new=False),
            new.sort(ORDER).with_columns(pl.lit(old.height + 1, pl.Int64).alias("batch"), is_new=True),
        ],
        how="diagonal",
    )
    return rows.with_row_index("rank").with_columns(pl.col("rank").cast(pl.Int64))


def copies_in(rows: pl.DataFrame) -> list[Copy]:
    """The rows as clusters see them."""
    return [Copy(*row) for row in rows.select(Copy._fields).iter_rows()]


def by_number(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows in the order of text_no; not copied where they stand so."""
    return rows if rows["text_no"].is_sorted() else rows.sort("text_no")


def window(settings: Settings) -> int | None:
    """The window in microseconds; None: any distance."""
    return settings.window_days * DAY or None


# ---------------------------------------------------------------------------------------------- one row for each text


def _printed(batch: Batch, settings: Settings) -> Batch:
    """`rows` and `texts` of a batch; a text says what its first paragraph here does."""
    comparable = batch["paragraphs"].drop("text").drop_nulls("set_no")
    rows = timed(comparable, settings).sort(ORDER)
    firsts = rows.filter(pl.col("exact_key").is_first_distinct())
    places = firsts["set_no"].to_numpy()
    lists = {name: HashSets.from_lists(batch["sets"][name]).take(places).to_lists() for name in SETS}
    texts = firsts.select("exact_key", *ORDER, "n_tokens").with_columns(**lists)
    return {"rows": rows.drop("set_no"), "texts": texts}


def told_texts(printed: Batches, known: pl.DataFrame, engine: Engine, settings: Settings) -> Batches:
    """`texts`, each once, as the memory tells them. `known`: their FINGERPRINTS, with is_reached.

    is_fresh: not in memory. asks: has a paragraph that is no exact copy of a remembered one.
    """
    by_text = {"texts": "exact_key", "rows": "exact_key", "known": "exact_key"}
    both = engine.group(printed + engine.keep([{"known": known}]), by_text)
    return engine.map(partial(_told, settings=settings), both)


def _told(batch: Batch, settings: Settings) -> Batch:
    texts = _firsts(batch["texts"])
    known = batch["known"]
    reached = known.filter("is_reached").drop("is_reached")
    silent = _silent(batch["rows"], in_order(reached.drop(SETS), settings), settings)
    marked = texts.with_columns(
        (~pl.col("exact_key").is_in(known["exact_key"].unique().implode())).alias("is_fresh"),
        (~pl.col("exact_key").is_in(silent.implode())).alias("asks"),
    )
    before = first_told(reached, settings).select("exact_key", "n_tokens", *SETS)
    if before.is_empty():
        return {"texts": marked}
    told = marked.drop("n_tokens", *SETS).join(before, on="exact_key").select(marked.columns)
    return {"texts": pl.concat([marked.join(before, on="exact_key", how="anti", maintain_order="left"), told])}


def _firsts(texts: pl.DataFrame) -> pl.DataFrame:
    """The first row of each text, in order; the sets are not copied where the rows are that already."""
    slim = texts.select("exact_key", *ORDER).with_row_index("row").sort(ORDER)
    rows = slim.unique("exact_key", keep="first", maintain_order=True)["row"]
    return texts if len(rows) == texts.height and rows.is_sorted() else texts[rows]


def _silent(new: pl.DataFrame, known: pl.DataFrame, settings: Settings) -> pl.Series:
    """Exact keys of the texts whose new paragraphs are all exact copies of a remembered one."""
    texts = known["exact_key"].unique()
    rows = one_order(known, new.join(texts.to_frame(), on="exact_key", how="semi"))
    rows = rows.with_columns(pl.col("exact_key").rank("dense").cast(pl.Int64).alias("text_no"))
    asking: set[int] = set()
    copies = Copies(window(settings))
    for copy, is_new in zip(copies_in(rows), rows["is_new"], strict=True):
        if is_new and copies.first(copy.text_no, copy) is None:
            asking.add(copy.text_no)
        copies.add(copy)
    return rows.filter(~pl.col("text_no").is_in(list(asking)))["exact_key"].unique()


# ------------------------------------------------------------------------------------------------------------ numbers


def numbered_texts(texts: Batches, engine: Engine) -> tuple[Batches, int]:
    """The texts with text_no, their place in the one order from 0 on, in which each batch has its own; and how many
    there are.

    Sorted range by range, cut where a sample says (sample sort): the driver sees one text of 256, and counts.
    """
    counted = engine.gather(engine.map(_sample, texts), "counts")
    n_texts = int(counted["n_texts"].sum())
    n_ranges = n_texts // _RANGE + 1
    sample = engine.gather(engine.map(_sample, texts), "sample")["place"].sort() if n_ranges > 1 else pl.Series()
    cuts = sample.gather([len(sample) * cut // n_ranges for cut in range(1, n_ranges)] if len(sample) else []).to_list()
    ranged = engine.map(partial(_ranged, cuts=cuts), texts)
    sizes = engine.gather(engine.map(_range_sizes, ranged), "sizes").group_by("range_no").agg(pl.col("n_texts").sum())
    firsts = sizes.sort("range_no").with_columns((pl.col("n_texts").cum_sum() - pl.col("n_texts")).alias("first"))
    grouped = engine.group(ranged, {"texts": "range_no"})
    return engine.map(partial(_numbered, firsts=firsts.select("range_no", "first")), grouped), n_texts


def _sample(batch: Batch) -> Batch:
    texts = batch["texts"]
    return {
        "counts": pl.DataFrame({"n_texts": [texts.height]}, schema={"n_texts": pl.Int64}),
        "sample": texts.filter(pl.col("exact_key").str.starts_with(_SAMPLED)).select(_PLACE),
    }


# The one order as a string: times from 290,000 years before to after 1970, as many digits each.
_PLACE = pl.concat_str(
    (pl.col("at") + (1 << 62)).cast(pl.String).str.zfill(20),
    pl.col("not_agency").cast(pl.Int8).cast(pl.String),
    "article_id",
    pl.col("paragraph_no").cast(pl.String).str.zfill(10),
    separator="\0",
).alias("place")


def _ranged(batch: Batch, cuts: Sequence[str]) -> Batch:
    texts = batch["texts"]
    places = texts.select(_PLACE)["place"] if cuts else [""] * texts.height
    return {
        "texts": texts.with_columns(pl.Series("range_no", [bisect_right(cuts, place) for place in places], pl.Int64))
    }


def _range_sizes(batch: Batch) -> Batch:
    return {"sizes": batch["texts"].group_by("range_no").agg(pl.len().cast(pl.Int64).alias("n_texts"))}


def _numbered(batch: Batch, firsts: pl.DataFrame) -> Batch:
    texts = batch["texts"]
    placed = (
        texts.select("range_no", *ORDER)
        .with_row_index("row")
        .sort("range_no", *ORDER)
        .join(firsts, on="range_no", how="left", maintain_order="left")
        .with_columns((pl.col("first") + pl.int_range(pl.len()).over("range_no")).alias("text_no"))
    )
    return {"texts": texts.drop("range_no", *ORDER)[placed["row"]].with_columns(placed["text_no"])}
