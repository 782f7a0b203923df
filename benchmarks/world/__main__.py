"""`python -m benchmarks.world --out DIR --articles N --days D --outlets K --form html|text|both --seed S`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track

from benchmarks.world.newsroom import World
from benchmarks.world.write import FORMS, written


def main(argv: Sequence[str] | None = None) -> int:
    """Write a world; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.world", description="a made-up world of news, with gold"
    )
    parser.add_argument("--out", type=Path, required=True, help="a folder that is not there or empty")
    parser.add_argument("--articles", type=int, default=1_000)
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument("--outlets", type=int, default=12)
    parser.add_argument("--form", choices=(*FORMS, "both"), default="both")
    parser.add_argument("--format", choices=("files", "jsonl"), default="files")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hours", action="store_true", help="a folder, or a file, for each hour")
    given = parser.parse_args(argv)
    if min(given.articles, given.days, given.outlets) < 1:
        parser.error("--articles, --days and --outlets begin at 1")
    if given.out.is_dir() and any(given.out.iterdir()):
        parser.error(f"{given.out} is not empty")
    world = World(given.articles, given.days, given.outlets, given.seed, hours=given.hours)
    articles = written(world, given.out, FORMS if given.form == "both" else (given.form,), given.format)
    console = Console(stderr=True)
    shown = track(articles, "articles", total=given.articles, console=console, disable=not console.is_terminal)
    print(f"{sum(1 for _ in shown):,} articles in {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
