"""CPU seconds from text to clusters: `python -m benchmarks.dedup_speed [--paragraphs 100000] [--peers 20000]`.

Made-up paragraphs (benchmarks/workload.py): the first --peers of them by the kernels and by other tools with the same
parameters (benchmarks/dedup_peers.py), and by the recipe of the stage, verified and clustered. They take turns, and a
ratio is the median of those of the turns: a busy machine slows neighbours alike. Then all --paragraphs by ours alone.
Beside the speeds what was found on the half of reuse-dev that is reported (benchmarks/dedup.py). Seconds are of all
threads of the process. The data is not part of the project; COPYDESK_BENCH names the folder that holds bench/.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from benchmarks import OUT, data_folder, dedup_peers, write_figures
from benchmarks.dedup import copydesk, figures_of, gold_of
from benchmarks.workload import paragraphs
from pipeline import schemas
from pipeline.errors import NoInputError
from pipeline.stages import dedup

SEEN = datetime(2026, 3, 25, tzinfo=UTC)
TURNS = 3
FOUND = ("pair_precision", "pair_recall")

# Text to clusters: paragraphs in, CPU seconds out.
Method = Callable[[pl.Series], float]


def default(texts: pl.Series) -> float:
    """The recipe of the stage, each paragraph an article of its own."""
    ids = [f"{number:024x}" for number in range(len(texts))]
    table = pl.DataFrame({"paragraph_id": ids, "article_id": ids, "text": texts}).with_columns(
        pl.lit(1, pl.Int32).alias("paragraph_no"),
        pl.lit(None, pl.String).alias("outlet"),
        pl.lit(SEEN).cast(schemas.TIME).alias("published_at"),
        (pl.col("text").str.count_matches(" ") + 1).cast(pl.Int32).alias("n_tokens"),
        pl.lit(SEEN).cast(schemas.TIME).alias("first_seen_at"),
    )
    started = time.process_time()
    dedup.apply(table.select(schemas.PLAIN_PARAGRAPHS.names), dedup.Memory.empty(), dedup.Settings())
    return time.process_time() - started


def kernels(texts: pl.Series) -> float:
    """The kernels at datasketch's parameters."""
    return dedup_peers.kernels(texts).seconds


OURS: Mapping[str, Method] = {"kernels": kernels, "default": default}


def speeds(texts: pl.Series, n_peers: int) -> dict[str, float]:
    """`<method>.us`, CPU microseconds per paragraph, and `<ours>.against_<peer>`, how many times as fast."""
    few = texts.head(n_peers)
    methods: dict[str, Method] = {**OURS, **{name: _seconds_of(ask) for name, ask in dedup_peers.installed().items()}}
    for method in methods.values():
        method(texts.head(50))  # imports are not what is measured
    turns = [{name: method(few) for name, method in methods.items()} for _ in range(TURNS)]
    found = {f"{name}.us": statistics.median(turn[name] for turn in turns) / len(few) * 1e6 for name in methods}
    for ours in OURS:
        for peer in dedup_peers.installed():
            found[f"{ours}.against_{peer}"] = statistics.median(turn[peer] / turn[ours] for turn in turns)
        found[f"{ours}.us_of_all"] = OURS[ours](texts) / len(texts) * 1e6
    return {name: round(value, 2) for name, value in found.items()}


def _seconds_of(ask: Callable[[pl.Series], dedup_peers.Found]) -> Method:
    return lambda texts: ask(texts).seconds


def quality(rows: pl.DataFrame) -> dict[str, float]:
    """`<method>.pair_precision` and `.pair_recall` of each method."""
    gold = gold_of(rows)
    every = {"default": copydesk(rows, "source_first")}
    for name, method in {"kernels": dedup_peers.kernels, **dedup_peers.installed()}.items():
        every[name] = method(rows["text"])
    return {
        f"{name}.{figure}": value
        for name, found in every.items()
        for figure, value in figures_of(found, gold, "").items()
        if figure in FOUND
    }


def print_table(figures: Mapping[str, float]) -> None:
    """One line per method."""
    print(f"{'':24}{'us/paragraph':>14}{'precision':>11}{'recall':>8}   {'kernels':>8}{'default':>8}  times as fast")
    for name in [name.removesuffix(".us") for name in figures if name.endswith(".us")]:
        times = [f"{figures[of]:.1f}" if (of := f"{ours}.against_{name}") in figures else "" for ours in OURS]
        rates = [figures[f"{name}.{figure}"] for figure in FOUND]
        print(f"{name:24}{figures[f'{name}.us']:14.1f}{rates[0]:11.3f}{rates[1]:8.3f}   {times[0]:>8}{times[1]:>8}")


def main() -> int:
    """Measure, print, write; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dedup_speed", description=__doc__)
    parser.add_argument("--paragraphs", type=int, default=100_000)
    parser.add_argument("--peers", type=int, default=20_000, help="paragraphs that the other tools are given")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, default=OUT / "dedup_speed.json")
    given = parser.parse_args()
    try:
        folder = data_folder("bench/reuse-dev.parquet")
    except NoInputError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    if dedup_peers.missing():
        print(f"dedup_speed: not installed: {', '.join(dedup_peers.missing())}", file=sys.stderr)
    figures = speeds(paragraphs(given.paragraphs, given.seed), given.peers)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    figures |= quality(pl.read_parquet(folder / "bench" / "reuse-dev.parquet"))
    print_table(figures)
    for ours in OURS:
        print(f"{ours}: {figures[f'{ours}.us_of_all']:.1f} us/paragraph of {given.paragraphs:,}")
    print(f"peak memory {peak:.2f} GB")
    counts = {"paragraphs": given.paragraphs, "paragraphs_of_peers": given.peers, "turns": TURNS}
    write_figures(given.json, "dedup_speed", figures, peak_memory_gb=round(peak, 2), **counts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
