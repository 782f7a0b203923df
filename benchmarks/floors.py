"""Quality floors: `python -m benchmarks.floors clean` compares the last figures with `floors.json`.

A figure below its floor (or above its ceiling) fails with 1. `--update` raises the floors to the figures reached;
it never lowers one without `--allow-regression`, and a lowered floor belongs in the changelog. Floors of speed are set
by hand, a fifth or more below what was reached: a busy machine moves the ratios.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

FLOORS = Path(__file__).parent / "floors.json"
OUT = Path(__file__).parent / "out"
SUITES = (
    "clean",
    "dedup",
    "dedup_speed",
    "end_to_end",
    "growth",
    "metadata",
    "names",
    "pages",
    "report",
    "scale",
    "wire",
)
SLACK = 0.002  # figures are the same on every machine; this is for other library versions


def compared(
    figures: dict[str, float], floors: dict[str, dict[str, float]]
) -> list[tuple[str, str, float, float, bool]]:
    """Rows of (figure, floor or ceiling, its bound, the figure reached, good)."""
    rows = []
    for name, bounds in floors.items():
        if name not in figures:
            raise SystemExit(f"floors: the benchmark gave no figure '{name}'")
        for kind, bound in bounds.items():
            reached = figures[name]
            good = reached >= bound - SLACK if kind == "floor" else reached <= bound + SLACK
            rows.append((name, kind, bound, reached, good))
    return rows


def raised(
    figures: dict[str, float], floors: dict[str, dict[str, float]], *, allow_regression: bool
) -> dict[str, dict[str, float]]:
    """The floors moved to the figures; only the good way, unless a regression is allowed."""
    moved = {}
    for name, bounds in floors.items():
        moved[name] = {
            kind: figures[name] if allow_regression else (max if kind == "floor" else min)(bound, figures[name])
            for kind, bound in bounds.items()
        }
    return moved


def main(argv: list[str] | None = None) -> int:
    """Compare one suite, or raise its floors."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.floors", description=__doc__)
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument("--update", action="store_true", help="raise the floors to the figures reached")
    parser.add_argument("--allow-regression", action="store_true", help="with --update: lower them too")
    given = parser.parse_args(argv)
    figures: dict[str, float] = json.loads((OUT / f"{given.suite}.json").read_text(encoding="utf-8"))["figures"]
    all_floors: dict[str, Any] = json.loads(FLOORS.read_text(encoding="utf-8"))
    floors = all_floors[given.suite]
    if given.update:
        all_floors[given.suite] = raised(figures, floors, allow_regression=given.allow_regression)
        FLOORS.write_text(json.dumps(all_floors, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        return 0
    rows = compared(figures, floors)
    for name, kind, bound, reached, good in rows:
        print(f"{'ok  ' if good else 'FAIL'} {name:<48} {kind:<7} {bound:>8.4f}  reached {reached:>8.4f}")
    return 0 if all(good for *_, good in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
