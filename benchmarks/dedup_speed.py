"""CPU seconds from text to clusters: `python -m benchmarks.dedup_speed [--paragraphs 100000] [--peers 20000]`.

Made-up paragraphs (benchmarks/workload.py). Word 5-grams in 16 bands of 8, once by the kernels, once by datasketch's
`MinHash.generator` and `MinHashLSH` on the first --peers paragraphs; and the default recipe, verified and clustered.
Seconds are of all threads; only ratios within one run mean anything.
"""

from __future__ import annotations

import argparse
import re
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import polars as pl

from benchmarks.workload import paragraphs
from pipeline import schemas
from pipeline.kernels import minhash
from pipeline.kernels.bands import Banding, candidate_pairs
from pipeline.kernels.clusters import components
from pipeline.kernels.shingles import Words, shingle_sets
from pipeline.stages import dedup

SEEN = datetime(2026, 3, 25, tzinfo=UTC)
WORDS, LSH = 5, Banding(16, 8)


def by_kernels(texts: pl.Series) -> int:
    """Number of clusters: components of the pairs that share a band."""
    words = Words.from_lists(texts.str.to_lowercase().str.extract_all(r"\w+"))
    signatures = minhash.signatures(shingle_sets(words, WORDS), LSH.bands * LSH.rows, 1)
    pairs = candidate_pairs(signatures, LSH, np.ones(len(texts), dtype=np.bool_), len(texts))
    return len(np.unique(components(len(texts), pairs.left, pairs.right)))


def by_datasketch(texts: pl.Series) -> int:
    """The same with datasketch's bulk signatures and its index."""
    from datasketch import MinHash, MinHashLSH

    shingles = []
    for text in texts:
        words = re.findall(r"\w+", text.lower())
        shingles.append([" ".join(words[i : i + WORDS]).encode() for i in range(max(1, len(words) - WORDS + 1))])
    index = MinHashLSH(num_perm=LSH.bands * LSH.rows, params=(LSH.bands, LSH.rows))
    left, right = [], []
    for number, sketch in enumerate(MinHash.generator(shingles, num_perm=LSH.bands * LSH.rows, scheme=minhash.SCHEME)):
        found = index.query(sketch)
        left += found
        right += [number] * len(found)
        index.insert(number, sketch)
    return len(np.unique(components(len(texts), np.array(left, dtype=np.int64), np.array(right, dtype=np.int64))))


def by_default(texts: pl.Series) -> int:
    """The recipe of the stage, each paragraph an article of its own."""
    ids = [f"{number:024x}" for number in range(len(texts))]
    table = pl.DataFrame({"paragraph_id": ids, "article_id": ids, "text": texts}).with_columns(
        pl.lit(1, pl.Int32).alias("paragraph_no"),
        pl.lit(None, pl.String).alias("outlet"),
        pl.lit(SEEN).cast(schemas.TIME).alias("published_at"),
        (pl.col("text").str.count_matches(" ") + 1).cast(pl.Int32).alias("n_tokens"),
        pl.lit(SEEN).cast(schemas.TIME).alias("first_seen_at"),
    )
    reuse = dedup.apply(table.select(schemas.PLAIN_PARAGRAPHS.names), dedup.Memory.empty(), dedup.Settings())
    return int(reuse.members["cluster_id"].n_unique())


def measured(method: Callable[[pl.Series], int], texts: pl.Series) -> tuple[float, int]:
    """CPU microseconds per paragraph, and the number of clusters."""
    started = time.process_time()
    n_clusters = method(texts)
    return (time.process_time() - started) / len(texts) * 1e6, n_clusters


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dedup_speed", description=__doc__)
    parser.add_argument("--paragraphs", type=int, default=100_000)
    parser.add_argument("--peers", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    texts = paragraphs(given.paragraphs, given.seed)
    for method in (by_datasketch, by_kernels, by_default):
        method(texts.head(50))  # imports are not what is measured
    theirs, n_clusters = measured(by_datasketch, texts.head(given.peers))
    print(
        f"{'datasketch 5-gram 16x8':<26}{theirs:8.1f} us/paragraph   1.0x {n_clusters:>10,} clusters of {given.peers:,}"
    )
    for name, method in (("kernels 5-gram 16x8", by_kernels), ("default recipe", by_default)):
        for part in (texts.head(given.peers), texts):
            ours, n_clusters = measured(method, part)
            times = theirs / ours
            print(f"{name:<26}{ours:8.1f} us/paragraph {times:5.1f}x {n_clusters:>10,} clusters of {len(part):,}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
