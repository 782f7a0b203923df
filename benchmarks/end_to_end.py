"""A whole run beside what a user would write instead: `python -m benchmarks.end_to_end [--articles N] [--turns N]`.

    --articles 1000    of the world; 400, 2 turns and HTML alone took 33 minutes on a busy machine
    --turns 5          of each contender
    --form html text   what is read
    --only NAME ...    these contenders
    --pages [FILE]     real pages in place of a world's: Parquet with html, lines, url, host; else those of the dev set
    --json, --svg      where the figures go, and a drawing of them

A made-up world (benchmarks.world) of JSONL files, HTML and text dumps. Each contender is a process of its own, with
three runs on one output: the first days, the last day beside them, and the same again with nothing new. Turn by turn
all contenders run one after the other; figures are medians of the turns, and of ratios within a turn, so that a busy
machine slows all alike. CPU seconds and peak memory are those of the whole tree of processes. Wall times mean something
on a quiet machine only. Qualities are those of the last turn, on made-up text: they say that the work compared is the
same work, not how well it does on real pages (docs/model-card.md, docs/design/ have that); of real pages none are
measured here.

Then the five stages of copydesk, each a process of its own; of extraction also how much sooner two processes are done.
Contenders whose packages are missing are left out and named. benchmarks.contenders says what each does,
benchmarks.growth what becomes of cost and memory as a store grows.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import polars as pl

from benchmarks import DATA, OUT, speed_chart, write_figures
from benchmarks.contenders import FORMS as THEIR_FORMS
from benchmarks.contenders import NEEDS
from benchmarks.pages import laid_out
from benchmarks.world import score
from benchmarks.world.gold import gold_table
from benchmarks.world.newsroom import World
from benchmarks.world.write import FORMS, written
from pipeline.stages import STAGES

TWO = "two processes"
DAYS = 5  # the last is the day that comes in later
LOOKS_PER_SECOND = 4  # at the memory of the tree
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER (linux/prctl.h): servers of processes become ours when their parent ends
RUNS = ("first", "later", "nothing_new")
COSTS = ("first.articles_per_cpu", "first.times", "later.articles_per_cpu", "later.times", "nothing_new.cpu",
         "first.megabytes", "first.wall", "two.wall")  # fmt: skip
QUALITIES = ("text.f1", "fields.title", "fields.byline", "fields.day", "pairs.f1", "names.full.precision",
             "names.full.recall")  # fmt: skip
THEIR_ARGUMENTS = ("{form}", "{source}", "{out}", "--jobs", "{jobs}")
BASE = "documented"  # what the others are compared with
COMMAND = (sys.executable, "-m", "pipeline.cli")
PLACES = ("-q", "-c", "{config}", "-i", "{source}", "-o", "{out}", "--as-of", "{as_of}", "--jobs", "{jobs}")
# Contenders that cannot run here, whatever is installed, and why.
ABSENT = {"text-dedup": "0.4.0 wants rich below 14 and urllib3 2.0, which copydesk and trafilatura are beyond"}


class Contender(NamedTuple):
    """Somebody who does the work: a name, the forms it takes, its command."""

    name: str
    forms: Sequence[str]
    command: Sequence[str]  # {form} {source} {out} {config} {as_of} {jobs}
    has_jobs: bool = True


class Cost(NamedTuple):
    """What a process and all its children took."""

    cpu: float  # seconds
    wall: float  # seconds
    memory: float  # megabytes of the tree at its peak; pages that processes share count once


def contenders() -> tuple[list[Contender], list[str]]:
    """Those that can run here, and the names of those whose packages are missing."""
    run = (*COMMAND, "run", *PLACES)
    found = [
        Contender("copydesk", FORMS, run),
        Contender("copydesk fast", ("html",), (*run, "--set", "extract.html=fast")),
    ]
    missing = []
    for name, package in NEEDS.items():
        command = (sys.executable, "-m", "benchmarks.contenders", name, *THEIR_ARGUMENTS)
        try:
            version(package)
        except PackageNotFoundError:
            missing.append(name)
        else:
            found.append(Contender(name, THEIR_FORMS[name], command, has_jobs=name == "datatrove"))
    return found, missing


def cost(command: Sequence[str]) -> Cost:
    """Run it to its end, with everything it starts. Raises CalledProcessError when it fails."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    memory = 0.0
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=told, start_new_session=True)
        while process.poll() is None:
            memory = max(memory, _session_memory(process.pid))
            time.sleep(1 / LOOKS_PER_SECOND)
        wall = time.perf_counter() - started
        if process.returncode:
            told.seek(0)
            raise subprocess.CalledProcessError(process.returncode, command, stderr=told.read())
    _reap()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall, memory)


def _reap() -> None:
    """Wait for what a process left behind, so that its CPU seconds are counted."""
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _session_memory(session: int) -> float:
    """Megabytes of the processes of a session: their proportional set sizes (proc(5), smaps_rollup)."""
    kilobytes = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if int((process / "stat").read_text().rpartition(")")[2].split()[3]) == session:
                lines = (process / "smaps_rollup").read_text().splitlines()
                kilobytes += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        except OSError:  # it has ended
            continue
    return kilobytes / 1024


def split_days(world: Path, form: str) -> tuple[Path, Path]:
    """The world's files of a form as the folders `first`, all days but the last, and `later`, all days."""
    files = sorted((world / form).glob("*.jsonl"))
    folders = (world / f"{form}-first", world / f"{form}-later")
    for folder, some in zip(folders, (files[:-1], files), strict=True):
        folder.mkdir()
        for file in some:
            os.link(file, folder / file.name)
    return folders


def turn(
    contender: Contender, form: str, world: Path, out: Path, jobs: int, runs: Sequence[str] = RUNS
) -> dict[str, Cost]:
    """The cost of the first of RUNS, or all, on an empty output."""
    shutil.rmtree(out, ignore_errors=True)
    first, later = (world / f"{form}-{part}" for part in ("first", "later"))
    return {
        run: cost(filled(contender.command, form, world, source, out, jobs, day))
        for run, source, day in zip(runs, (first, later, later), (10, 11, 12), strict=False)
    }


def stages_turn(form: str, world: Path, out: Path) -> dict[str, Cost]:
    """The cost of each of copydesk's stages on the first days, in processes of their own, and an empty output.

    TWO is extraction once more, by two processes.
    """
    source = world / f"{form}-first"

    def alone(stage: str, jobs: int) -> Cost:
        return cost(filled((*COMMAND, stage, *PLACES), form, world, source, out, jobs, 10))

    found = {}
    for name, stage, jobs in ((TWO, STAGES[0], 2), *((stage, stage, 1) for stage in STAGES)):
        if stage == STAGES[0]:
            shutil.rmtree(out, ignore_errors=True)
        found[name] = alone(stage, jobs)
    return found


def filled(command: Sequence[str], form: str, world: Path, source: Path, out: Path, jobs: int, day: int) -> list[str]:
    """The command for this input and output, on that day from November 2026 on."""
    values = {"form": form, "source": source, "out": out, "config": world / "config.toml", "jobs": jobs}
    as_of = date(2026, 11, 1) + timedelta(days=day - 1)
    return [part.format(as_of=as_of, **values) for part in command]


def quality(contender: Contender, world: Path, out: Path) -> dict[str, float]:
    """QUALITIES of what lies in the output, where it has them."""
    if contender.name.startswith("copydesk"):
        found = score.scores(world, out)
        return {name: found[name] for name in QUALITIES}
    articles, paragraphs, mentions = (
        pl.read_parquet(out / f"{table}.parquet") for table in ("articles", "paragraphs", "mentions")
    )
    gold = {table: gold_table(world, table) for table in ("articles", "paragraphs", "mentions")}
    dated = articles.with_columns(
        pl.col("published_at").str.slice(0, 10).str.to_datetime("%Y-%m-%d", strict=False),
        language=pl.lit(None, pl.String),
        outlet=pl.lit(None, pl.String),
    )
    matched = score.matched_paragraphs(paragraphs.sort("article", "paragraph_no"), gold["paragraphs"])
    found = (
        score.text_figures(articles, gold["paragraphs"])
        | score.field_figures(dated, gold["articles"])
        | score.copy_figures(matched)
        | (score.name_figures(mentions, matched, gold["mentions"]) if mentions.height else {})
    )
    unsaid = {
        f"fields.{name.replace('published_at', 'day')}" for name in articles.columns if articles[name].is_null().all()
    }
    return {name: found[name] for name in QUALITIES if name in found and name not in unsaid}


def figures_of(turns: Sequence[dict[str, dict[str, Cost]]], form: str, sizes: dict[str, int]) -> dict[str, float]:
    """`<form>.<contender>.<run>.<what>`: articles per CPU second, seconds, megabytes, times as fast as BASE."""
    found: dict[str, float] = {}
    for name in turns[0]:
        for run in RUNS:
            costs = [one[name][run] for one in turns]
            key = f"{form}.{name}.{run}"
            cpu = statistics.median(cost.cpu for cost in costs)
            found[f"{key}.cpu"] = round(cpu, 2)
            if sizes[run]:
                found[f"{key}.articles_per_cpu"] = round(sizes[run] / cpu, 1)
            found[f"{key}.wall"] = round(statistics.median(cost.wall for cost in costs), 2)
            found[f"{key}.megabytes"] = round(statistics.median(cost.memory for cost in costs))
            if BASE in turns[0] and run != "nothing_new":
                ratios = [one[BASE][run].cpu / one[name][run].cpu for one in turns]
                found[f"{key}.times"] = round(statistics.median(ratios), 2)
    return found


def stage_figures(turns: Sequence[dict[str, Cost]], form: str, n_articles: int) -> dict[str, float]:
    """`<form>.stage.<stage>.<what>`: seconds, articles per CPU second, megabytes; medians."""
    found: dict[str, float] = {}
    for stage in STAGES:
        cpu = statistics.median(one[stage].cpu for one in turns)
        found[f"{form}.stage.{stage}.cpu"] = round(cpu, 2)
        found[f"{form}.stage.{stage}.articles_per_cpu"] = round(n_articles / cpu, 1)
        found[f"{form}.stage.{stage}.megabytes"] = round(statistics.median(one[stage].memory for one in turns))
    shorter = [one[STAGES[0]].wall / one[TWO].wall for one in turns]
    found[f"{form}.stage.{STAGES[0]}.two_times"] = round(statistics.median(shorter), 2)
    return found


def tables(figures: dict[str, float], form: str, names: Sequence[str]) -> str:
    """What was measured of a form, cost and quality, a contender a line."""
    stages = _table(figures, f"{form}.stage", STAGES, ("cpu", "articles_per_cpu", "megabytes", "two_times"))
    return f"{form}\n{_table(figures, form, names, COSTS)}\n{_table(figures, form, names, QUALITIES)}\n{stages}"


def _table(figures: dict[str, float], form: str, names: Sequence[str], columns: Sequence[str]) -> str:
    shown = [column.replace("first.", "").replace("fields.", "").replace("_", " ").split(".") for column in columns]
    rows = [[""] + [words[0] if len(words) > 1 else "" for words in shown], [""] + [words[-1] for words in shown]]
    for name in names:
        values = (figures.get(f"{form}.{name}.{column}") for column in columns)
        rows.append([name, *("-" if value is None else f"{value:g}" for value in values)])
    return "\n".join(f"{name:15}" + "".join(f"{cell:>16}" for cell in cells) for name, *cells in rows)


def measured(given: argparse.Namespace, folder: Path) -> dict[str, float]:
    """All figures, by name; prints a table for each form."""
    world = folder / "world"
    if given.pages is None:
        n_articles = sum(1 for _ in written(World(given.articles, DAYS, 12, given.seed), world, FORMS, "jsonl"))
    else:
        n_articles = laid_out(given.pages, world, given.articles, DAYS, given.seed)
    n_later = max((world / "html").glob("*.jsonl")).read_bytes().count(b"\n")
    sizes = {"first": n_articles - n_later, "later": n_later, "nothing_new": 0}
    all_contenders, missing = contenders()
    if missing:
        print(f"not installed: {', '.join(missing)}", file=sys.stderr)
    for name, why in ABSENT.items():
        print(f"{name:15} does not run here: {why}")
    figures: dict[str, float] = {"articles": n_articles}
    for form in given.form:
        split_days(world, form)
        some = [one for one in all_contenders if form in one.forms and one.name in (given.only or (one.name,))]
        turns = [{one.name: turn(one, form, world, folder / one.name, 1) for one in some} for _ in range(given.turns)]
        figures |= figures_of(turns, form, sizes)
        for one in some:
            if given.pages is None:
                found = quality(one, world, folder / one.name)
                figures |= {f"{form}.{one.name}.{name}": value for name, value in found.items()}
            if one.has_jobs:
                walls = [
                    turn(one, form, world, folder / one.name, 2, RUNS[:1])["first"].wall for _ in range(given.turns)
                ]
                figures[f"{form}.{one.name}.two.wall"] = round(statistics.median(walls), 2)
        alone = [stages_turn(form, world, folder / "stages") for _ in range(given.turns)]
        figures |= stage_figures(alone, form, sizes["first"])
        print(tables(figures, form, [one.name for one in some]))
    return figures


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, write; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.end_to_end",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--articles", type=int, default=1_000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--form", nargs="+", choices=FORMS, default=FORMS)
    parser.add_argument("--only", nargs="+", help="these contenders")
    parser.add_argument("--pages", type=Path, nargs="?", const=DATA / "bench" / "chrome-dev.parquet")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--svg", type=Path)
    given = parser.parse_args(argv)
    suite = "end_to_end" if given.pages is None else "pages"
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory() as folder:
        try:
            figures = measured(given, Path(folder))
        except subprocess.CalledProcessError as error:
            print(f"error: {' '.join(map(str, error.cmd))}\n{error.stderr.decode()}", file=sys.stderr)
            return 1
    file = given.json or OUT / f"{suite}.json"
    write_figures(file, suite, figures)
    (given.svg or file.with_suffix(".svg")).write_text(speed_chart.drawn(figures, given.form), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
