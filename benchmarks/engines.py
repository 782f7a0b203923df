"""What the stages after extraction cost on each engine: `python -m benchmarks.engines [--json FILE]`.

    --paragraphs 20000 100000 300000    sizes of the batch
    --engines local spark               Spark: `local[2]`, driver and executors in one JVM

Made-up paragraphs (benchmarks/workload.py), ten an article, scored as story; clean, dedup and names judge them in a
process of its own, and the engines' paragraphs and links are compared, row by row. CPU seconds are those of the whole
tree of processes, the JVM's among them, looked at five times a second: what a process did in its last moment is missed.
Peak memory is the sum of their proportional shares (PSS). `slope` is the CPU per paragraph of the largest batch over
that of the smallest. Shuffled bytes are Spark's own count. Extraction is not in it: it costs the same on both.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import polars as pl

from benchmarks import OUT, write_figures
from benchmarks.workload import paragraphs
from pipeline import schemas
from pipeline.config import load
from pipeline.engines.local import Local
from pipeline.intake import PART_ARTICLES
from pipeline.run import Bench, Order, one_stage

AS_OF = datetime(2026, 3, 25, 6, tzinfo=UTC)
STAGES = ("clean", "dedup", "names")
COMPARED = (("names", "paragraphs"), ("dedup", "links"))
AN_ARTICLE = 10  # paragraphs
TICKS = os.sysconf("SC_CLK_TCK")


class Silent:
    """A reporter of nothing."""

    def event(self, name: str, message: str, **figures: object) -> None:
        """Not said."""

    def warning(self, name: str, message: str, **figures: object) -> None:
        """Not said."""

    def progress(self, done: int, what: str) -> None:
        """Not said."""


def batches(count: int) -> Iterator[dict[str, pl.DataFrame]]:
    """What extraction would leave of `count` made-up paragraphs: DOCUMENTS and SCORED_LINES."""
    texts = paragraphs(count, seed=1)
    size = PART_ARTICLES * AN_ARTICLE
    for begin in range(0, count, size):
        numbers = pl.int_range(begin, min(begin + size, count), eager=True)
        article = (numbers // AN_ARTICLE).cast(pl.String).str.zfill(24)
        lines = pl.DataFrame({"article_id": article, "text": texts[begin : begin + len(numbers)]}).with_columns(
            (numbers % AN_ARTICLE + 1).cast(pl.Int32).alias("line_no"),
            pl.lit("body").alias("role"),
            pl.lit(1.0).alias("score"),
            pl.lit(False).alias("continues"),
        )
        documents = pl.DataFrame({"article_id": article.unique(maintain_order=True)}).with_columns(
            (pl.lit("outlet") + (pl.col("article_id").cast(pl.Int64) % 97).cast(pl.String) + ".example").alias(
                "outlet"
            ),
            pl.lit(AS_OF).cast(schemas.TIME).alias("first_seen_at"),
            pl.lit(0, pl.Int32).alias("revision"),
            pl.lit("text").alias("format"),
        )
        yield {"documents": _filled(documents, schemas.DOCUMENTS), "lines": _filled(lines, schemas.SCORED_LINES)}


def _filled(rows: pl.DataFrame, table: schemas.Table) -> pl.DataFrame:
    """The rows with nulls for the columns that nothing here needs."""
    rest = [pl.lit(None, dtype).alias(name) for name, dtype in table.schema.items() if name not in rows.columns]
    return schemas.conform(rows.with_columns(rest), table, at="benchmark")


def order(engine: str, out: Path, log: Path) -> Order:
    """The order for one engine; Spark writes its event log to the folder."""
    events = {"enabled": "true", "dir": log.as_uri(), "compress": "false", "rolling.enabled": "false"}
    sets = [f"spark.conf.spark.eventLog.{key}={value}" for key, value in events.items()]
    return Order(load(None, ["spark.master=local[2]", *sets]), out, out, AS_OF, jobs=2, engine=engine)


def prepared(count: int, engine: str, out: Path, log: Path) -> Order:
    """The order, with the stage `extract` done by hand."""
    asked = order(engine, out, log)
    bench = Bench.set_up(asked, Silent())
    folder = bench.stage / "extract"
    Local().write(folder, batches(count))
    Local().write(folder, [{"inputs": schemas.INPUTS.without("batch_id").empty()}])
    bench.finish("extract", AS_OF, {"n_paragraphs": count}, time.monotonic())
    return asked


def judged(engine: str, out: Path, log: Path) -> None:
    """The stages, in this process."""
    for stage in STAGES:
        one_stage(stage, order(engine, out, log), Silent())


def measured(count: int, engine: str, root: Path) -> dict[str, float]:
    """CPU microseconds per paragraph, seconds by the clock, peak memory in MB, shuffled bytes per paragraph."""
    out, log = root / engine, root / f"{engine}-events"
    log.mkdir()
    prepared(count, engine, out, log)
    process = get_context("spawn").Process(target=judged, args=(engine, out, log))
    started, peak = time.monotonic(), 0
    cpu: dict[int, float] = {}
    process.start()
    while process.is_alive():
        seen = list(_tree(process.pid or 0))
        cpu.update({pid: seconds for pid, seconds, _ in seen})
        peak = max(peak, sum(memory for _, _, memory in seen))
        process.join(0.2)
    if process.exitcode:
        raise RuntimeError(f"{engine}: exit code {process.exitcode}")
    return {
        "cpu_seconds": round(sum(cpu.values()), 1),
        "us_per_paragraph": round(sum(cpu.values()) / count * 1e6, 1),
        "seconds": round(time.monotonic() - started, 1),
        "peak_mb": round(peak / 1024),
        "shuffled_bytes_per_paragraph": round(_shuffled(log) / count, 1),
    }


def _tree(root: int) -> Iterator[tuple[int, float, int]]:
    """(process, CPU seconds, kB of memory) of the process and all below it."""
    children: dict[int, list[int]] = {}
    seconds: dict[int, float] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        children.setdefault(int(fields[1]), []).append(int(folder.name))
        seconds[int(folder.name)] = (int(fields[11]) + int(fields[12])) / TICKS
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        waiting += children.get(pid, [])
        if pid in seconds:
            yield pid, seconds[pid], _share(pid)


def _share(pid: int) -> int:
    """Proportional share of memory in kB; 0 of a process that has ended."""
    try:
        said = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in said.splitlines() if line.startswith("Pss:")), 0)


def _shuffled(log: Path) -> int:
    """Bytes that tasks wrote for a shuffle, from Spark's event log."""
    total = 0
    for file in log.iterdir():
        with file.open(encoding="utf-8") as events:
            for event in map(json.loads, events):
                if event["Event"] == "SparkListenerTaskEnd" and "Task Metrics" in event:
                    total += event["Task Metrics"]["Shuffle Write Metrics"]["Shuffle Bytes Written"]
    return total


def differing(left: Path, right: Path) -> list[str]:
    """The tables of two outputs that have not the same rows."""
    differ = []
    for stage, table in COMPARED:
        one, other = (Local().gather(out / ".stage" / stage, table) for out in (left, right))
        if not one.sort(one.columns).equals(other.sort(other.columns)):
            differ.append(f"{stage}/{table}")
    return differ


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print the table, write the figures; exit code 1 where the engines' rows differ."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engines", description="what each engine costs")
    parser.add_argument("--paragraphs", type=int, nargs="+", default=[20_000, 100_000, 300_000])
    parser.add_argument("--engines", nargs="+", choices=("local", "spark"), default=["local", "spark"])
    parser.add_argument("--json", type=Path, default=OUT / "engines.json")
    given = parser.parse_args(argv)
    figures: dict[str, float] = {}
    differ: list[str] = []
    print(
        f"{'engine':<8}{'paragraphs':>12}{'CPU s':>10}{'us each':>10}{'s':>9}{'peak MB':>9}{'shuffled bytes each':>21}"
    )
    for count in sorted(given.paragraphs):
        with tempfile.TemporaryDirectory() as scratch:
            for engine in given.engines:
                found = measured(count, engine, Path(scratch))
                figures |= {f"{engine}.{count}.{name}": figure for name, figure in found.items()}
                cpu, each, seconds, peak, shuffled = found.values()
                print(f"{engine:<8}{count:>12,}{cpu:>10,}{each:>10,}{seconds:>9,}{peak:>9,}{shuffled:>21,}", flush=True)
            if len(given.engines) > 1:
                differ += [f"{count:,}: {table}" for table in differing(*(Path(scratch) / e for e in given.engines))]
    least, most = min(given.paragraphs), max(given.paragraphs)
    for engine in given.engines:
        slope = figures[f"{engine}.{most}.us_per_paragraph"] / figures[f"{engine}.{least}.us_per_paragraph"]
        figures[f"{engine}.slope"] = round(slope, 2)
        print(f"{engine:<8}slope {slope:.2f}")
    print(f"rows differ: {', '.join(differ)}" if differ else "the same rows on all engines")
    write_figures(given.json, "engines", figures)
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
