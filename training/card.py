"""The tables of docs/model-card.md from the last figures: `python -m training.card [--figures FILE] [--metrics FILE]`.

Prose is written by hand; what stands between `<!-- table: NAME -->` and `<!-- end of table -->` is made here, from what
`python -m benchmarks.clean` and `python -m training.fit` wrote.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks import OUT
from benchmarks.clean import METHODS, PARTS
from training.shapes import SHAPES

CARD = Path(__file__).resolve().parent.parent / "docs" / "model-card.md"
TABLE = re.compile(r"(?<=<!-- table: )(?P<name>\w+)( -->\n).*?(?=<!-- end of table -->)", re.DOTALL)

Figures = Mapping[str, float]
Metrics = Mapping[str, Mapping[str, float]]


def card(text: str, figures: Figures, metrics: Metrics) -> str:
    """The page with every table as the figures have it; raises KeyError for a table or a figure that is not there."""
    tables = {
        "rates": rates_table(figures),
        "parts": parts_table(figures),
        "snippets": snippets_table(figures),
        "shapes": shapes_table(figures),
        "speed": speed_table(figures),
        "model": model_table(metrics),
    }
    return TABLE.sub(lambda found: f"{found['name']}{found[2]}\n" + "\n".join(tables[found["name"]]) + "\n\n", text)


def rates_table(figures: Figures) -> list[str]:
    """Each method on all pages."""
    rates = ("gram_precision", "gram_recall", "gram_f1", "exact", "line_f1")
    rows = []
    for method, name in _measured(figures, "all.{}.gram_f1"):
        values = [_cell(figures, f"all.{method}.{rate}") for rate in rates]
        rows.append([name, *values])
    return _table(["4-gram", "P", "R", "F1", "exact", "line F1"], rows)


def parts_table(figures: Figures) -> list[str]:
    """F1 of each method on the parts."""
    parts = [part for part in PARTS[1:] if f"{part}.text.gram_f1" in figures]
    rows = [
        [name, *(_cell(figures, f"{part}.{method}.gram_f1") for part in parts)]
        for method, name in _measured(figures, "all.{}.gram_f1")
    ]
    return _table(["4-gram F1", *(part.replace("_", " ") for part in parts)], rows)


def snippets_table(figures: Figures) -> list[str]:
    """Each method on the pages of which snippets are known."""
    rows = [
        [name, *(_cell(figures, f"snippets.{method}.{rate}") for rate in ("precision", "recall", "f1"))]
        for method, name in _measured(figures, "snippets.{}.f1")
    ]
    return _table(["snippets", "P", "R", "F1"], rows)


def shapes_table(figures: Figures) -> list[str]:
    """What other line breaks cost."""
    rows = [
        [shape.replace("_", " "), *(f"{figures[f'shape.{shape}.{of}']:.3f}" for of in ("gram_f1", "loss", "news_loss"))]
        for shape in SHAPES
    ]
    return _table(["text dump", "4-gram F1", "lost", "of news"], rows)


def speed_table(figures: Figures) -> list[str]:
    """How many times as fast as another tool."""
    names = {name: name.removeprefix("speed.").replace("_", " ") for name in sorted(figures) if "_against_" in name}
    return _table(["pages per CPU second", "times"], [[text, f"{figures[name]:.1f}"] for name, text in names.items()])


def model_table(metrics: Metrics) -> list[str]:
    """The model's own scores, without rules for roles."""
    rows = [
        [kind, *(f"{metrics[kind][rate]:.4f}" for rate in ("f1", "news_f1", "exact", "line_f1")), ", ".join(_seeds(of))]
        for kind, of in sorted(metrics.items())
    ]
    return _table(["model alone", "F1", "news F1", "exact", "line F1", "F1 of each seed"], rows)


def _seeds(of: Mapping[str, float]) -> Iterator[str]:
    return (f"{value:.4f}" for name, value in sorted(of.items()) if name.startswith("f1_of_seed_"))


def _measured(figures: Figures, figure: str) -> list[tuple[str, str]]:
    """The methods that have this figure, ours first as in the report."""
    return [(method, name.strip()) for method, name in METHODS if figure.format(method) in figures]


def _cell(figures: Figures, name: str) -> str:
    """The figure, with its deviation where it has one; a dash where it was not measured."""
    if name not in figures:
        return "-"
    deviation = f" ±{figures[f'{name}_sd']:.3f}" if f"{name}_sd" in figures else ""
    return f"{figures[name]:.3f}{deviation}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]


def main() -> int:
    """Write the card; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.card", description=__doc__)
    parser.add_argument("--figures", type=Path, default=OUT / "clean.json")
    parser.add_argument("--metrics", type=Path, default=OUT / "line_model" / "metrics.json")
    given = parser.parse_args()
    figures: Figures = json.loads(given.figures.read_text(encoding="utf-8"))["figures"]
    metrics: Metrics = json.loads(given.metrics.read_text(encoding="utf-8"))
    CARD.write_text(card(CARD.read_text(encoding="utf-8"), figures, metrics), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
