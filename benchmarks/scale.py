"""What a batch of many paragraphs costs, alone and against a state: `python -m benchmarks.scale [--json FILE]`.

    --paragraphs 100000 1000000    batches, each judged alone
    --state 7000000                paragraphs the state then holds when the largest batch is judged once more; 0: none
    --days 7                       days they came in

Made-up paragraphs (benchmarks/workload.py), each an article of its own. Every figure is of a process of its own: CPU
seconds of all threads from text to clusters and state, and the largest resident set. `slope` is the CPU per paragraph
of the largest batch over that of the smallest. The days of the state are judged by the stage like any batch, each
alone, and lie in Parquet below --scratch until the end; made-up words repeat more than a language's do, so files and
counts are on the large side. A million against seven takes some 40 minutes of CPU and 6 GB of disk.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import polars as pl

from benchmarks import OUT, write_figures
from benchmarks.workload import paragraphs
from pipeline import schemas
from pipeline.files import write_table
from pipeline.stages import dedup

FIRST = datetime(2026, 3, 1, 6, tzinfo=UTC)
SETTINGS = dedup.Settings()
Work = Callable[[int, int, Path], dict[str, float]]


def plain(count: int, day: int) -> pl.DataFrame:
    """PLAIN_PARAGRAPHS of a day: other ones for each day, in one language."""
    texts = paragraphs(count, seed=day + 1, language=1)
    ids = pl.Series([f"{day:04x}{number:020x}" for number in range(count)])
    seen = pl.lit(FIRST + timedelta(days=day)).cast(schemas.TIME)
    table = pl.DataFrame({"paragraph_id": ids, "article_id": ids, "text": texts}).with_columns(
        pl.lit(1, pl.Int32).alias("paragraph_no"),
        (pl.lit("outlet") + (pl.int_range(pl.len()) % 97).cast(pl.String) + ".example").alias("outlet"),
        seen.alias("published_at"),
        (pl.col("text").str.count_matches(" ") + 1).cast(pl.Int32).alias("n_tokens"),
        seen.alias("first_seen_at"),
    )
    return schemas.conform(table.select(schemas.PLAIN_PARAGRAPHS.names), schemas.PLAIN_PARAGRAPHS, at="benchmark")


def memory_of(state: Path) -> dedup.Memory:
    """The days that lie in the folder."""
    fingerprints, frequencies, members = (
        [pl.scan_parquet(file, glob=False, hive_partitioning=False) for file in sorted(state.glob(f"{table.name}-*"))]
        for table in dedup.STATE
    )
    return dedup.Memory(fingerprints, frequencies, members)


def judged(count: int, day: int, state: Path) -> dict[str, float]:
    """Judge a batch against the state; CPU microseconds per paragraph, peak memory in GB, clusters."""
    dedup.apply(plain(50, day), dedup.Memory.empty(), SETTINGS)  # imports are not what is measured
    batch = plain(count, day)
    started = time.process_time()
    reuse = dedup.apply(batch, memory_of(state), SETTINGS)
    seconds = time.process_time() - started
    return {
        "us_per_paragraph": round(seconds / count * 1e6, 1),
        "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9, 2),
        "clusters": reuse.members["cluster_id"].n_unique(),
        "met": reuse.report["n_met"],
    }


def stored(count: int, day: int, state: Path) -> dict[str, float]:
    """Judge a day alone and lay what it adds to the state into the folder; megabytes per million paragraphs."""
    reuse = dedup.apply(plain(count, day), dedup.Memory.empty(), SETTINGS)
    sizes = {}
    for table in dedup.STATE:
        file = state / f"{table.name}-{day:03}.parquet"
        write_table(getattr(reuse, table.name), file)
        sizes[f"mb_per_million.{table.name}"] = round(file.stat().st_size / count, 1)
    return sizes


def apart(work: Work, count: int, day: int, state: Path) -> dict[str, float]:
    """What the work gives, in a process of its own."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(work, (count, day, state))


def figures_of(counts: Sequence[int], n_state: int, n_days: int, scratch: Path) -> dict[str, float]:
    """All figures, by name: `<paragraphs>.<figure>`, `<paragraphs>_against_<state>.<figure>`, slope and sizes."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        state = Path(folder)
        steps: list[tuple[str, Work, int, int]] = [(f"{count}.", judged, count, n_days) for count in counts]
        if n_state:
            steps += [("state.", stored, n_state // n_days, day) for day in range(n_days)]
            steps.append((f"{counts[-1]}_against_{n_state}.", judged, counts[-1], n_days))
        for number, (prefix, work, count, day) in enumerate(steps):
            _show(number, len(steps), f"{prefix.rstrip('.')}: {count:,} paragraphs")
            figures |= {f"{prefix}{name}": value for name, value in apart(work, count, day, state).items()}
        _show(len(steps), len(steps), "done\n")
    costs = [figures[f"{count}.us_per_paragraph"] for count in counts]
    return figures | {"slope": round(costs[-1] / costs[0], 2)}


def _show(done: int, count: int, what: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K[{'#' * done}{'.' * (count - done)}] {what}")
        sys.stderr.flush()


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scale", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--paragraphs", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--state", type=int, default=7_000_000)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--json", type=Path, default=OUT / "scale.json")
    given = parser.parse_args()
    figures = figures_of(sorted(given.paragraphs), given.state, given.days, given.scratch)
    for name, value in figures.items():
        print(f"{name:<44}{value:>14,.2f}")
    write_figures(given.json, "scale", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
