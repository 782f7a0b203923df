"""What becomes of cost and memory as a store grows: `python -m benchmarks.growth [--articles N] [--batch N]`.

    --articles 100000    of a made-up world (benchmarks.world), in batches
    --batch 10000        articles of a batch, each a day
    --small 1000         articles of a run on an empty store, for the slope
    --turns 5            such runs, one beside a batch each, of which the median counts
    --form html          html or text
    --window 0           days that copies and outlet lines are looked for; 0: as configured. Days beyond are history
                         that no run reads
    --at-once 2 4        so many batches at once, each on a store of its own; none with nothing after it
    --whole              one run of all articles at once, too

Every run is a process of its own; CPU seconds and peak memory are those of the tree of processes. Batch after batch
goes to one store, the days before it lying beside it; the last one three times, to copies of that store, each with one
to an empty store beside it; then the same again with nothing new; then on stores of their own runs of two and of four
batches at once, and with --whole one of all articles. Small runs go between the batches, so that all see the machine's
good and bad minutes. What start-up costs, measured on a run of one article, is taken off where costs per article are
compared.

    growth.memory      the largest peak of all batches over the mean peak of two on empty stores, first and last
    growth.history     CPU of the last batch with all days before it over that of the same batch with none: medians
    beyond.memory      the median peak of the batches after the first whole window over that of the batch that filled
                       it; beyond.cpu: their CPU per article, the mean over that batch's
    slope              CPU per article of all batches over that of the small run
    window.memory_2x   the peak of two batches at once over that mean; memory_4x: of four, and so on
    whole.*            one run of all articles: its peak, and its CPU per article over that of the small run
    nothing_new.*      a run that knows every input
"""

from __future__ import annotations

import argparse
import ctypes
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import OUT, write_figures
from benchmarks.end_to_end import COMMAND, PLACES, SUBREAPER, Cost, cost, filled
from benchmarks.world.newsroom import World
from benchmarks.world.write import written

OUTLETS = 30
LASTS = 3  # runs of the last batch, and of it alone


def linked(files: Sequence[Path], folder: Path) -> Path:
    """The files in a folder, beside those that it has."""
    folder.mkdir(exist_ok=True)
    for file in files:
        os.link(file, folder / file.name)
    return folder


def head(file: Path, n_lines: int, target: Path) -> Path:
    """A folder with the first lines of a file."""
    target.mkdir()
    with file.open(encoding="utf-8") as lines, (target / file.name).open("w", encoding="utf-8") as out:
        out.writelines(line for _, line in zip(range(n_lines), lines, strict=False))
    return target


def middle(runs: Sequence[Cost]) -> Cost:
    """The run of median CPU."""
    return sorted(runs, key=lambda run: run.cpu)[len(runs) // 2]


def figures_of(given: argparse.Namespace, folder: Path) -> dict[str, float]:
    """All figures, by name; each run is told of as it ends."""
    n_articles, n_batch, n_small, form = given.articles, given.batch, given.small, given.form
    world = folder / "world"
    days = max(1, n_articles // n_batch)
    n_written = sum(1 for _ in written(World(n_articles, days, OUTLETS, 1), world, (form,), "jsonl"))
    files = sorted((world / form).glob("*.jsonl"))

    shorter = [f"{stage}.window_days={given.window}" for stage in ("clean", "dedup")] if given.window else []
    settings = [part for setting in shorter for part in ("--set", setting)]

    def run(name: str, source: Path, out: str, day: int = 1) -> Cost:
        command = filled((*COMMAND, "run", *PLACES, *settings), form, world, source, folder / out, 1, day)
        found = cost(command)
        print(f"{name:<28}{found.cpu:>10,.1f} CPU s{found.memory:>10,.0f} MB", file=sys.stderr, flush=True)
        return found

    one, few, source = head(files[0], 1, folder / "one"), head(files[0], n_small, folder / "few"), folder / "source"
    starts, smalls, batches = [], [], []
    for day, file in enumerate(files, 1):
        if (day - 1) * given.turns // days > (day - 2) * given.turns // days:
            starts.append(run("start", one, f"start-{day}").cpu)
            smalls.append(run("small", few, f"small-{day}").cpu)
        linked([file], source)
        if day < days:
            batches.append(run(f"batch {day}", source, "out", day))
    start = statistics.median(starts)
    small = statistics.median(smalls) - start
    lasts, alones = [], []
    last = linked(files[-1:], folder / "last")
    for turn in range(1, LASTS + 1):
        if (folder / "out").exists():
            shutil.copytree(folder / "out", folder / f"out-{turn}", symlinks=True, copy_function=os.link)
        lasts.append(run(f"batch {days}", source, f"out-{turn}", days))
        alones.append(run("the same alone", last, f"alone-{turn}", days))
    batches.append(middle(lasts))
    alone = middle(alones)
    again = run("nothing new", source, f"out-{LASTS}", days + 1)
    windows = {
        size: run(f"{size} batches at once", linked(files[:size], folder / f"{size}"), f"at-once-{size}")
        for size in given.at_once
        if size <= days
    }
    costs = [batch.cpu - start for batch in batches]
    peak = (batches[0].memory + alone.memory) / 2
    found = {
        "articles": n_written,
        "start.cpu": start,
        "small.ms_per_article": 1000 * small / n_small,
        "batch.ms_per_article": 1000 * sum(costs) / n_written,
        "slope": (sum(costs) / n_written) / (small / n_small),
        "growth.history": costs[-1] / (alone.cpu - start),
        "growth.memory": max(batch.memory for batch in batches) / peak,
        "one_batch.megabytes": peak,
        "largest.megabytes": max(batch.memory for batch in batches),
        "nothing_new.cpu": again.cpu,
        "nothing_new.wall": again.wall,
        "nothing_new.megabytes": again.memory,
    }
    full = given.window + 1  # days that a batch looks back to, and its own
    if given.window and len(batches) > full + 1:
        beyond = range(full + 1, len(batches))
        found |= {
            "beyond.memory": statistics.median(batches[day].memory for day in beyond) / batches[full].memory,
            "beyond.cpu": sum(costs[day] for day in beyond) / len(beyond) / costs[full],
        }
    found |= {f"window.memory_{size}x": window.memory / peak for size, window in windows.items()}
    if given.whole:
        whole = run("whole", source, "whole")
        found |= {
            "whole.megabytes": whole.memory,
            "whole.ms_per_article": 1000 * (whole.cpu - start) / n_written,
            "whole.slope": ((whole.cpu - start) / n_written) / (small / n_small),
        }
    return {name: round(value, 3) for name, value in found.items()}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.growth", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=10_000)
    parser.add_argument("--small", type=int, default=1_000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--form", choices=("html", "text"), default="html")
    parser.add_argument("--window", type=int, default=0)
    parser.add_argument("--at-once", type=int, nargs="*", default=[2, 4])
    parser.add_argument("--whole", action="store_true", help="one run of all articles too")
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--json", type=Path, default=OUT / "growth.json")
    given = parser.parse_args(argv)
    if given.turns < 1:
        parser.error("--turns must be at least 1")
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory(dir=given.scratch) as folder:
        figures = figures_of(given, Path(folder))
    for name, value in figures.items():
        print(f"{name:<28}{value:>14,.2f}")
    write_figures(given.json, "growth", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
