"""How much site chrome goes, and how much story stays: `python -m benchmarks.clean [--json FILE] [--pages N]`.

Pages: the text dumps of chrome-dev (hosts of the held-out half only: those whose name's sha256 has an odd first
byte), and the seed pages labelled line by line. Rates: 4-grams of the kept text against gold, and lines against
labels with headlines left out (metrics.py). The data is not part of the project; COPYDESK_BENCH names the folder
that holds bench/ and seeds/.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import polars as pl

from benchmarks import metrics
from pipeline.errors import NoInputError
from pipeline.kernels.lines import Line
from pipeline.kernels.scorer import SENTENCE_END, scored
from pipeline.schemas import FIELD_ROLES

REPOSITORY = Path(__file__).resolve().parent.parent
TEXT_ROLES = ("deck", "body", "subheading")
LABELLED = ("text", "field", "chrome")

Keep = Callable[[Sequence[str]], list[bool]]


def is_held_out(host: str) -> bool:
    """Whether the host is of the half that nothing was tuned on."""
    return sha256(host.encode()).digest()[0] % 2 == 1


def everything(lines: Sequence[str]) -> list[bool]:
    """Each line kept."""
    return [True] * len(lines)


def sentence_rule(lines: Sequence[str]) -> list[bool]:
    """Lines of 8 words or more that end as a sentence does, and those of 25 or more."""
    counts = [len(line.split()) for line in lines]
    return [
        (count >= 8 and SENTENCE_END.search(line[-40:]) is not None) or count >= 25
        for line, count in zip(lines, counts, strict=True)
    ]


def line_scorer(lines: Sequence[str]) -> list[bool]:
    """Lines the pipeline's scorer gives a role of the text."""
    return [role in TEXT_ROLES for role in roles(lines)]


def roles(lines: Sequence[str]) -> list[str]:
    """The scorer's roles of a text dump's lines."""
    page = [Line(number, line.strip()) for number, line in enumerate(lines, start=1)]
    return scored(page, title=None, byline=None, votes=None).role


METHODS: tuple[tuple[str, Keep], ...] = (
    ("everything", everything),
    ("sentence_rule", sentence_rule),
    ("scorer", line_scorer),
)


def page_figures(pages: pl.DataFrame) -> dict[str, float]:
    """Rates of every method on all pages, and on the news pages (set fundus) apart."""
    figures: dict[str, float] = {}
    sets = pages["set"].to_list()
    for name, keep in METHODS:
        print(f"clean: {name} on {pages.height} pages", file=sys.stderr)
        gram_counts, line_counts = [], []
        for lines, labels, gold in pages.select("lines", "labels", "gold").iter_rows():
            keeps = keep(lines)
            kept = "\n".join(line for line, is_kept in zip(lines, keeps, strict=True) if is_kept)
            gram_counts.append(metrics.gram_counts(kept, gold))
            line_counts.append(metrics.line_counts(keeps, labels))
        for part, chosen in (("all", None), ("news", "fundus")):
            rows = [row for row, page_set in enumerate(sets) if chosen in (None, page_set)]
            if not rows:
                continue
            grams = metrics.mean_rates(gram_counts[row] for row in rows)
            by_line = metrics.summed_rates(line_counts[row] for row in rows)
            for kind, found in (("gram", grams), ("line", by_line)):
                for rate, value in found._asdict().items():
                    figures[f"{part}.{name}.{kind}_{rate}"] = round(value, 4)
            figures[f"{part}.{name}.exact"] = round(metrics.exact_share(gram_counts[row] for row in rows), 4)
    return figures


def seed_figures(folder: Path) -> dict[str, float]:
    """Lines of the seed pages by where they belong and where they went: `seeds.<belongs>_as_<went>`."""
    labels: dict[str, dict[str, str]] = json.loads((folder / "lines.json").read_text(encoding="utf-8"))
    went: Counter[tuple[str, str]] = Counter()
    for name, wanted in labels.items():
        texts = (folder / name).read_text(encoding="utf-8").split("\n")
        page = [Line(number, text.strip()) for number, text in enumerate(texts, start=1) if text.strip()]
        found = scored(page, title=None, byline=None, votes=None).role
        for line, role in zip(page, found, strict=True):
            went[destination(wanted[str(line.line_no)]), destination(role)] += 1
    return {f"seeds.{want}_as_{got}": float(went[want, got]) for want in LABELLED for got in LABELLED}


def destination(role: str) -> str:
    """Where a line with this role goes: text, field or chrome."""
    return "text" if role in TEXT_ROLES else "field" if role in FIELD_ROLES else "chrome"


def data_folder() -> Path:
    """The folder that holds bench/ and seeds/; raises NoInputError where it is missing."""
    folder = Path(os.environ.get("COPYDESK_BENCH", REPOSITORY.parent / "shared"))
    if not (folder / "bench" / "chrome-dev.parquet").is_file():
        raise NoInputError(f"no bench/chrome-dev.parquet in {folder}; COPYDESK_BENCH names the folder with the data")
    return folder


def print_table(figures: dict[str, float]) -> None:
    """The figures as one line per method and part, then the seed lines."""
    columns = [f"{kind}_{rate}" for kind in ("gram", "line") for rate in metrics.Rates._fields] + ["exact"]
    print(f"{'':24}" + "".join(f"{column:>16}" for column in columns))
    for part in ("all", "news"):
        for name, _ in METHODS:
            if f"{part}.{name}.exact" in figures:
                values = [figures[f"{part}.{name}.{column}"] for column in columns]
                print(f"{part + ' ' + name:24}" + "".join(f"{value:16.3f}" for value in values))
    print(f"\n{'seed lines':24}" + "".join(f"{'as ' + got:>16}" for got in LABELLED))
    for want in LABELLED:
        print(f"{want:24}" + "".join(f"{figures[f'seeds.{want}_as_{got}']:16.0f}" for got in LABELLED))


def main() -> int:
    """Measure, print, write; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clean", description=__doc__)
    parser.add_argument("--json", type=Path, default=REPOSITORY / "benchmarks" / "out" / "clean.json")
    parser.add_argument("--pages", type=int, default=None, help="only the first N held-out pages")
    arguments = parser.parse_args()
    try:
        folder = data_folder()
    except NoInputError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    columns = ["host", "set", "lines", "labels", "gold"]
    pages = pl.read_parquet(folder / "bench" / "chrome-dev.parquet", columns=columns)
    held_out = pages.filter(pl.Series([is_held_out(host) for host in pages["host"]], dtype=pl.Boolean))
    figures = page_figures(held_out.head(arguments.pages) if arguments.pages else held_out)
    figures |= seed_figures(folder / "seeds")
    print_table(figures)
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    report = {"suite": "clean", "figures": figures}
    arguments.json.write_text(json.dumps(report, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
