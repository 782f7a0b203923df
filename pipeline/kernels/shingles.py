"""Shingles: every run of n words of a paragraph as a 32-bit hash, how many paragraphs hold each, which are rare.

The hash is our own, so that it is the same on every machine and in every version; a golden value pins it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.kernels.directory import Directory

Hashes = NDArray[np.uint32]
Ints = NDArray[np.int64]
Number = TypeVar("Number", bound=np.generic)

_WIDTH = 4  # bytes of a hash
HALF = np.uint64(32)  # bits: two numbers below 2^32 are sorted as one, `first << HALF | second`

STEP = 0x9E3779B97F4A7C15  # 2^64 / golden ratio, odd (Knuth, TAOCP 3, 6.4)
_MIX = 0xD6E8FEB86659FD93  # the multiplier of Rrmxmx-type mixers
_ALL_64 = (1 << 64) - 1
_ROWS_AT_ONCE = 1 << 16  # sets taken together: the places of their values are four times their size
_MARKED = r"^[\p{Lu}\p{Lt}\p{N}]"


def word_hash(word: bytes) -> int:
    """64-bit hash of a word in UTF-8: blake2b with an own `person`, big end first."""
    return int.from_bytes(blake2b(word, digest_size=8, person=b"word").digest(), "big")


def word_hashes(words: pl.Series) -> NDArray[np.uint64]:
    """`word_hash` of each word, case-folded; no word has a space in it."""
    # Folded and encoded in one string: with that, a word costs 1 us and not 2.
    folded = " ".join(words).casefold().encode().split(b" ") if len(words) else []
    fresh = blake2b(digest_size=8, person=b"word").copy  # costs half of a hash made anew
    digests = bytearray()
    for word in folded:
        hasher = fresh()
        hasher.update(word)
        digests += hasher.digest()
    return np.frombuffer(digests, dtype=">u8").astype(np.uint64)


def shingle_hash(shingle: bytes) -> int:
    """32-bit hash of words in UTF-8 joined by one space each; usable as datasketch's `hashfunc`.

    The reference: `shingle_sets` computes the same over whole columns.
    """
    mixed = 0
    for word in shingle.split(b" "):
        mixed = (mixed * STEP + word_hash(word)) & _ALL_64
    mixed ^= mixed >> 32
    mixed = (mixed * _MIX) & _ALL_64
    mixed ^= mixed >> 32
    return mixed & 0xFFFFFFFF


@dataclass(frozen=True)
class Words:
    """The words of each paragraph as hashes: row i is `hashes[offsets[i]:offsets[i + 1]]`, in the order of the text."""

    hashes: NDArray[np.uint64]  # of the case-folded word
    marked: NDArray[np.bool_]  # printed with a capital or a digit first: a name, a figure, the first of a sentence
    offsets: Ints

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @staticmethod
    def from_lists(words: pl.Series) -> Words:
        """The words of a List(String) column, as printed; no nulls, and no spaces in a word."""
        lists = words.cast(pl.List(pl.String)).rechunk().to_arrow()
        # Arrow's dictionary takes a third of the time of polars' unique and replace.
        encoded = lists.flatten().dictionary_encode()
        known = pl.Series(encoded.dictionary, dtype=pl.String)
        # pyarrow's own to_numpy imports pandas where it is installed, which takes a second.
        codes, offsets = pl.Series(encoded.indices).to_numpy(), pl.Series(lists.offsets).to_numpy()
        return Words(word_hashes(known)[codes], known.str.contains(_MARKED).to_numpy()[codes], offsets - offsets[0])


@dataclass(frozen=True)
class HashSets:
    """One set of 32-bit hashes per paragraph: row i is `values[offsets[i]:offsets[i + 1]]`, ascending, each once."""

    values: Hashes
    offsets: Ints

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def sizes(self) -> Ints:
        """Hashes of each row."""
        return np.diff(self.offsets)

    @property
    def rows(self) -> Ints:
        """The row each value stands in."""
        return np.repeat(np.arange(len(self), dtype=np.int64), self.sizes)

    @staticmethod
    def from_lists(lists: pl.Series) -> HashSets:
        """The sets of a List(UInt32) column whose lists are ascending, each hash once; no nulls."""
        arrow = lists.rechunk().to_arrow()  # polars would copy the values
        offsets = pl.Series(arrow.offsets).to_numpy()
        return HashSets(pl.Series(arrow.flatten()).to_numpy(), offsets - offsets[0])

    def to_lists(self) -> pl.Series:
        """A List(UInt32) column, one list per row."""
        from pyarrow import LargeListArray

        # By way of polars: what pyarrow is given of NumPy makes it import pandas.
        offsets, values = pl.Series(self.offsets).to_arrow(), pl.Series(self.values).to_arrow()
        return pl.Series(LargeListArray.from_arrays(offsets, values), dtype=pl.List(pl.UInt32))

    @staticmethod
    def from_bytes(column: pl.Series) -> HashSets:
        """The sets of a Binary column as `to_bytes` makes them; no nulls."""
        _, ends, raw = column.rechunk().to_arrow().buffers()
        offsets = np.frombuffer(ends, dtype=np.int64, count=len(column) + 1) // _WIDTH
        return HashSets(np.frombuffer(raw or b"", dtype="<u4").astype(np.uint32, copy=False), offsets)

    def to_bytes(self) -> pl.Series:
        """A Binary column, one value per row: its hashes, little end first.

        Read from Parquet in a third of the time of lists, of which each value has its levels beside it.
        """
        from pyarrow import LargeBinaryArray, large_binary, py_buffer

        parts = [None, py_buffer(self.offsets * _WIDTH), py_buffer(self.values.astype("<u4", copy=False))]
        return pl.Series(LargeBinaryArray.from_buffers(large_binary(), len(self), parts), dtype=pl.Binary)

    @staticmethod
    def together(parts: Sequence[HashSets]) -> HashSets:
        """The rows of all parts, one after the other."""
        sizes = np.concatenate([part.sizes for part in parts])
        return HashSets(np.concatenate([part.values for part in parts]), offsets_of(sizes))

    def spread(self, filled: NDArray[np.bool_]) -> HashSets:
        """One row for each of `filled`: the next one where it is true, else an empty one."""
        sizes = np.zeros(len(filled), dtype=np.int64)
        sizes[filled] = self.sizes
        return HashSets(self.values, offsets_of(sizes))

    def take(self, rows: Ints) -> HashSets:
        """The sets of the given rows, in that order."""
        sizes = self.sizes[rows]
        offsets = offsets_of(sizes)
        values = np.empty(offsets[-1], dtype=np.uint32)
        for begin in range(0, len(rows), _ROWS_AT_ONCE):
            some = slice(begin, begin + _ROWS_AT_ONCE)
            first, last = offsets[begin], offsets[min(begin + _ROWS_AT_ONCE, len(rows))]
            values[first:last] = self.values[steps(self.offsets[rows[some]], sizes[some])]
        return HashSets(values, offsets)

    def merged(self, names: Ints) -> HashSets:
        """One set for each of the names, which stand beside the rows, ascending: all that the rows of the name have."""
        ranked = np.unique(names, return_inverse=True)[1].astype(np.uint64)
        codes = np.repeat(ranked, self.sizes) << HALF | self.values
        return sets_of(codes, int(ranked.max()) + 1 if len(ranked) else 0)

    def where(self, keep: NDArray[np.bool_]) -> HashSets:
        """The same rows with only the values for which `keep` is true."""
        n_before = offsets_of(keep)
        return HashSets(self.values[keep], n_before[self.offsets])


@dataclass(frozen=True)
class Frequencies:
    """How many paragraphs hold a shingle. `hashes` ascending, `counts` beside them; `n_paragraphs` in all."""

    hashes: Hashes
    counts: Ints
    n_paragraphs: int

    def of(self, values: Hashes) -> Ints:
        """Paragraphs that hold each of the values; 0 for one never seen."""
        counts = np.zeros(len(values), dtype=np.int64)
        here, places = self._directory.find(values)
        counts[here] = self.counts[places]
        return counts

    @cached_property
    def _directory(self) -> Directory:
        return Directory(self.hashes)


def shingle_sets(words: Words, size: int) -> HashSets:
    """The sets of hashes of all runs of `size` words.

    A paragraph of fewer words gives one shingle of all of them, an empty one none.
    """
    lengths = np.diff(words.offsets)
    rows: list[Ints] = []
    values: list[Hashes] = []
    for run in range(1, size + 1):
        whole = (lengths == run) if run < size else (lengths >= size)
        row = np.repeat(np.flatnonzero(whole), lengths[whole] - run + 1)
        starts = words.offsets[row] + ranks(row)
        mixed = np.zeros(len(starts), dtype=np.uint64)
        for step in range(run):
            mixed = mixed * np.uint64(STEP) + words.hashes[starts + step]
        rows.append(row)
        values.append(mixed_down(mixed))
    codes = np.concatenate(rows).astype(np.uint64) << HALF | np.concatenate(values)
    return sets_of(codes, len(lengths))


def sets_of(codes: NDArray[np.uint64], count: int) -> HashSets:
    """The sets of `count` rows from codes of row << 32 | value, in any order and number."""
    codes = distinct(codes)
    sizes = np.bincount((codes >> HALF).astype(np.int64), minlength=count).astype(np.int64)
    return HashSets(codes.astype(np.uint32), offsets_of(sizes))


def rarer(sets: HashSets, counts: Ints, max_count: int) -> HashSets:
    """The sets without the values that more than `max_count` paragraphs hold, but never without their rarer half.

    `counts` stands beside `sets.values`. Keeping half is for viral copy: a paragraph that 300 outlets run is common
    in all its shingles, and dropping them all lost 56 % of such pairs.
    """
    keep = counts <= max_count
    half = (sets.sizes + 1) // 2
    n_kept: Ints = np.diff(offsets_of(keep)[sets.offsets])
    in_need = np.flatnonzero(n_kept < half)
    asked = steps(sets.offsets[in_need], sets.sizes[in_need])
    rows = np.repeat(in_need, sets.sizes[in_need])
    # By row, count and value: these come by row and value, and equal counts stay as they come.
    order = by_value(counts[asked].astype(np.uint32))[1]
    order = order[by_value(rows[order].astype(np.uint32))[1]]
    keep[asked[order]] = ranks(rows) < half[rows]
    return sets.where(keep)


def distinct(codes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The codes, ascending, each once; np.unique hashes 64-bit integers and took twice as long."""
    codes = ascending(codes)
    return codes[run_offsets(codes)[:-1]]


def counted(values: Hashes) -> tuple[Hashes, Ints]:
    """The values, ascending, each once, and how often it is there."""
    values = ascending(values)
    starts = run_offsets(values)
    return values[starts[:-1]], np.diff(starts)


def by_value(values: Hashes | NDArray[np.int32]) -> tuple[Hashes, Hashes]:
    """The values, of 0 or more, ascending, and where each stood: of equal ones, the first first."""
    codes = values.astype(np.uint64) << HALF
    codes |= np.arange(len(values), dtype=np.uint32)
    codes = ascending(codes)
    return (codes >> HALF).astype(np.uint32), codes.astype(np.uint32)


def ascending(numbers: NDArray[Number]) -> NDArray[Number]:
    """The numbers in order, read-only: 18 ns each by polars, 55 to 75 by np.sort where it does without AVX-512."""
    return pl.Series(numbers).sort(multithreaded=False).to_numpy()


def offsets_of(sizes: Ints | NDArray[np.bool_]) -> Ints:
    """Where each row begins, and where the last one ends, from the rows' sizes."""
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)])


def steps(firsts: NDArray[np.int32] | Ints, counts: Ints) -> Ints:
    """`counts[i]` numbers from `firsts[i]` on, for each i."""
    begins = np.cumsum(counts) - counts
    numbers: Ints = np.arange(counts.sum()) + np.repeat(firsts - begins, counts)
    return numbers


def run_offsets(values: NDArray[Any]) -> Ints:
    """Where each run of equal values begins, and where the last one ends."""
    begins = np.concatenate([[True], values[1:] != values[:-1]])[: len(values)]
    return np.append(np.flatnonzero(begins), len(values))


def ranks(rows: Ints) -> Ints:
    """0, 1, 2 ... within each run of equal rows."""
    offsets = run_offsets(rows)
    return np.arange(len(rows)) - np.repeat(offsets[:-1], np.diff(offsets))


def mixed_down(values: NDArray[np.uint64]) -> Hashes:
    """32 bits of each 64-bit hash, as `shingle_hash` takes them."""
    values = values ^ values >> np.uint64(32)
    values = values * np.uint64(_MIX)
    return (values ^ values >> np.uint64(32)).astype(np.uint32)
