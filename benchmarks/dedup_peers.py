"""The same paragraphs through our kernels, datasketch, rensa and datatrove, with the same parameters.

Word 5-grams, 128 slots in 16 bands of 8: two paragraphs that share a band are a pair, connected ones a cluster. Every
paragraph has a word. datasketch and rensa are handed the 5-grams in lower case, cut in Python as their examples do;
datatrove prepares a text itself, and its words are then cut at spaces: spaCy, which it would use, takes longer than all
the rest. What is not installed (requirements-bench.lock names it) is left out and said to be missing.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.contenders import spaces
from pipeline.kernels import minhash
from pipeline.kernels.bands import Banding, agree
from pipeline.kernels.clusters import components
from pipeline.kernels.postings import Postings
from pipeline.kernels.shingles import Words, shingle_hash, shingle_sets

WORDS, LSH = 5, Banding(16, 8)
SLOTS = LSH.bands * LSH.rows
SEED = 1

Pair = tuple[int, int]


@dataclass(frozen=True)
class Found:
    """What a method found: pairs (left < right), a cluster label per row, CPU seconds from text to labels."""

    pairs: frozenset[Pair]
    labels: Sequence[str]
    seconds: float


def kernels(texts: pl.Series) -> Found:
    """Ours, without the verification that the stage adds."""
    started = time.process_time()
    words = Words.from_lists(texts.str.to_lowercase().str.extract_all(r"\w+"))
    sets = shingle_sets(words, WORDS)
    signatures = minhash.signatures(sets, SLOTS, SEED)
    met = Postings(sets, len(texts)).shared_within(0, 1)
    alike = agree(signatures, signatures, met.left, met.right, LSH)
    return _found(zip(met.left[alike].tolist(), met.right[alike].tolist(), strict=True), len(texts), started)


def datasketch_documented(texts: pl.Series) -> Found:
    """MinHash.update for each 5-gram, then MinHashLSH: queried, inserted."""
    from datasketch import MinHash

    started = time.process_time()
    sketches = []
    for text in texts:
        sketch = MinHash(num_perm=SLOTS)
        for shingle in shingles(words(text)):
            sketch.update(shingle.encode())
        sketches.append(sketch)
    return _found(_index_pairs(sketches), len(texts), started)


def datasketch_bulk(texts: pl.Series) -> Found:
    """MinHash.generator, then the same index."""
    from datasketch import MinHash

    started = time.process_time()
    every = (encoded(shingles(words(text))) for text in texts)
    return _found(_index_pairs(MinHash.generator(every, num_perm=SLOTS)), len(texts), started)


def datasketch_with_our_hash(texts: pl.Series) -> Found:
    """MinHash.generator with `shingle_hash` for its own hash, words case-folded as ours are: the pairs of `kernels`."""
    from datasketch import MinHash

    started = time.process_time()
    every = (encoded(shingles([word.casefold() for word in words(text)])) for text in texts)
    sketches = MinHash.generator(every, num_perm=SLOTS, seed=SEED, hashfunc=shingle_hash, scheme=minhash.SCHEME)
    return _found(_index_pairs(sketches), len(texts), started)


def rensa(texts: pl.Series) -> Found:
    """RMinHash.from_token_sets, then RMinHashLSH.query_all."""
    from rensa import RMinHash, RMinHashLSH

    started = time.process_time()
    sketches = RMinHash.from_token_sets([shingles(words(text)) for text in texts], SLOTS, SEED)
    index = RMinHashLSH(0.7, SLOTS, LSH.bands)
    index.insert_many(sketches)
    pairs = ((met, number) for number, every in enumerate(index.query_all(sketches)) for met in every if met < number)
    return _found(pairs, len(texts), started)


def datatrove(texts: pl.Series) -> Found:
    """MinhashDedupSignature and MinhashDedupBuckets by way of a folder, as they work; the clusters are made by us."""
    from datatrove.data import Document
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupBuckets, MinhashDedupSignature
    from loguru import logger

    logger.disable("datatrove")  # a line for every step
    config = MinhashConfig(n_grams=WORDS, num_buckets=LSH.bands, hashes_per_bucket=LSH.rows)
    started = time.process_time()
    with TemporaryDirectory() as folder:
        documents = (Document(text=text, id=str(number)) for number, text in enumerate(texts))
        MinhashDedupSignature(f"{folder}/signatures", config, spaces()).run(documents)
        for bucket in range(LSH.bands):
            step = MinhashDedupBuckets(f"{folder}/signatures", f"{folder}/pairs", config=config, lines_to_buffer=1000)
            step.run(rank=bucket, world_size=LSH.bands)
        chains = [_chain(file) for file in sorted(Path(f"{folder}/pairs").glob("*.dups"))]
    every = np.concatenate(chains)
    labels = components(len(texts), every[:, 0], every[:, 1])
    seconds = time.process_time() - started
    # A bucket of three gives two of its three pairs; the clusters are the same.
    pairs = frozenset(pair for chain in chains for pair in _closed(chain))
    return Found(pairs, [str(label) for label in labels.tolist()], seconds)


PEERS: Mapping[str, Callable[[pl.Series], Found]] = {
    "datasketch_documented": datasketch_documented,
    "datasketch_bulk": datasketch_bulk,
    "rensa": rensa,
    "datatrove": datatrove,
}


def installed() -> dict[str, Callable[[pl.Series], Found]]:
    """Those of PEERS whose package is there."""
    return {name: method for name, method in PEERS.items() if find_spec(name.split("_")[0])}


def missing() -> list[str]:
    """Those that are not."""
    return sorted(PEERS.keys() - installed().keys())


def words(text: str) -> list[str]:
    """The words of the text in lower case: runs of letters, digits and underscores."""
    return re.findall(r"\w+", text.lower())


def shingles(of: Sequence[str]) -> list[str]:
    """The 5-grams of the words; all of the words where there are fewer."""
    return [" ".join(of[i : i + WORDS]) for i in range(max(1, len(of) - WORDS + 1))]


def encoded(strings: Iterable[str]) -> list[bytes]:
    """The strings in UTF-8."""
    return [string.encode() for string in strings]


def _found(pairs: Iterable[Pair], count: int, started: float) -> Found:
    """The pairs and the clusters they connect; the clock stops here."""
    every = np.array(list(pairs), dtype=np.int64).reshape(-1, 2)
    labels = components(count, every[:, 0], every[:, 1])
    seconds = time.process_time() - started
    return Found(frozenset(map(tuple, every.tolist())), [str(label) for label in labels.tolist()], seconds)


def _index_pairs(sketches: Iterable[Any]) -> Iterable[Pair]:
    """Who shares a band in datasketch's index."""
    from datasketch import MinHashLSH

    index = MinHashLSH(num_perm=SLOTS, params=(LSH.bands, LSH.rows))
    for number, sketch in enumerate(sketches):
        yield from ((earlier, number) for earlier in index.query(sketch))
        index.insert(number, sketch)


def _chain(file: Path) -> NDArray[np.int64]:
    """Rows of (one, next one) that share the bucket, from records of file, document, file, document."""
    return np.fromfile(file, dtype="<u4").reshape(-1, 4)[:, [1, 3]].astype(np.int64)


def _closed(chain: NDArray[np.int64]) -> Iterable[Pair]:
    """All pairs of each chain."""
    members = np.unique(chain)
    left, right = np.searchsorted(members, chain.T)
    groups: dict[int, list[int]] = defaultdict(list)
    for member, label in zip(members.tolist(), components(len(members), left, right).tolist(), strict=True):
        groups[label].append(member)
    for group in groups.values():
        yield from combinations(group, 2)
