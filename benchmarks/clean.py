"""How much site chrome goes, and how much story stays: `python -m benchmarks.clean [--json FILE] [--pages N]`.

chrome-dev once as text dumps (dumps.py) and once as HTML (markup.py), each page scored by weights that have not seen
its host (folds.py), rates the mean of the seeds, `±` the deviation over draws of pages; the dumps in other shapes;
pages of which snippets are known (snippets.py); roles of lines (roles.py); speed (speed.py). Other tools run on the
same pages (peers.py). Rates: 4-grams of the kept text against gold, and lines against labels with headlines left out
(metrics.py). The data is not part of the project; COPYDESK_BENCH names the folder that holds bench/ and seeds/.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polars as pl
from threadpoolctl import threadpool_limits

from benchmarks import OUT, data_folder, dumps, folds, markup, peers, roles, snippets, speed, write_figures
from pipeline.errors import NoInputError
from pipeline.schemas import ROLES
from training.pages import rows_of

METHODS = (
    ("text", "text dump, copydesk"),
    ("text_justext", "  jusText, a <p> a line"),
    ("text_sentence_rule", "  8 words and a sentence end"),
    ("text_everything", "  everything kept"),
    ("html_auto", "HTML, copydesk auto"),
    ("html_fast", "HTML, copydesk fast"),
    ("html_trafilatura", "  trafilatura"),
    ("html_trafilatura_precision", "  trafilatura, precision"),
    ("html_readability", "  readability-lxml"),
    ("html_resiliparse", "  resiliparse main content"),
)
PARTS = ("all", "news", "guides", "english", "not_english", "prose_story", "list_story", "short_story")


class Aim(NamedTuple):
    """A figure and what it should reach: at least, or at most where `is_ceiling`."""

    figure: str
    bound: float
    is_ceiling: bool = False


AIMS = (
    Aim("seeds.text_as_text", 86),
    Aim("seeds.chrome_as_chrome", 86),
    Aim("seeds.fields_in_role", 13),
    Aim("all.text.gram_f1", 0.935),
    Aim("news.text.gram_f1", 0.925),
    Aim("not_english.text.gram_f1", 0.90),
    Aim("snippets.text.f1", 0.90),
    Aim("all.html_fast.gram_f1", 0.960),
    Aim("all.html_fast.exact", 0.22),
    Aim("news.html_fast.gram_f1", 0.965),
    Aim("all.html_auto.gram_f1", 0.962),
    Aim("snippets.html_auto.f1", 0.945),
    Aim("speed.fast_against_trafilatura", 6),
    Aim("speed.auto_against_trafilatura", 3.5),
    Aim("speed.text_against_justext", 6),
    Aim("shape.worst_loss", 0.03, is_ceiling=True),
)


def measured(folder: Path, n_pages: int | None) -> tuple[dict[str, float], dict[str, roles.Confusion]]:
    """All figures, and the roles of the seeds' and the sample's lines."""
    pages_file = folder / "bench" / "chrome-dev.parquet"
    snippets_file = folder / "bench" / "snippets-dev.parquet"
    models = folds.fold_models(pages_file, snippets_file)
    every_row = rows_of([pages_file])
    rows = spread(every_row, n_pages)
    figures = dumps.figures(rows, pages_file, models) | markup.figures(rows, pages_file, models)
    snippet_pages = spread(pl.read_parquet(snippets_file).sort("id"), n_pages)
    figures |= snippets.figures(snippet_pages, snippets_file, set(every_row["host"]), folds.gold_models(pages_file))
    confusions = {"seeds": roles.seed_roles(folder / "seeds"), "sample": roles.sample_roles()}
    figures |= roles.figures(confusions) | speed.figures(spread(every_row, speed.N_PAGES))
    return figures, confusions


def spread(rows: pl.DataFrame, n_pages: int | None) -> pl.DataFrame:
    """So many rows at even distances, so that few hold every part; all for None."""
    n_rows = min(n_pages or rows.height, rows.height)
    return rows[[number * rows.height // n_rows for number in range(n_rows)]]


def report(figures: dict[str, float], confusions: dict[str, roles.Confusion]) -> Iterator[str]:
    """The figures as lines of text: a table for each thing measured, the aims last."""
    yield "4-gram rates: precision, recall, F1 ± its deviation over pages; exact pages; F1 of lines; F1 of parts"
    yield f"{'':28}{'P':>7}{'R':>7}{'exact':>7}{'line':>7}" + "".join(f"{part:>13}" for part in PARTS)
    for method, name in METHODS:
        if f"all.{method}.exact" not in figures:
            yield f"{name:28} not installed" if method in peers.missing() else f"{name:28} not run"
            continue
        rates = [figures.get(f"all.{method}.{rate}") for rate in ("gram_precision", "gram_recall", "exact", "line_f1")]
        yield (
            f"{name:28}"
            + "".join(_cell(value, 7, 3) for value in rates)
            + "".join(_with_deviation(figures, f"{part}.{method}.gram_f1") for part in PARTS)
        )
    yield f"asked trafilatura about {figures['html_auto.asked_share']:.1%} of the pages"
    yield from ("", f"{'dumps in other shapes':28}{'F1':>7}{'loss':>9}{'of news':>9}")
    for shape in (name.split(".")[1] for name in figures if name.startswith("shape.") and name.endswith(".gram_f1")):
        yield f"{shape:28}{figures[f'shape.{shape}.gram_f1']:7.3f}" + "".join(
            _cell(figures.get(f"shape.{shape}.{loss}"), 9, 4) for loss in ("loss", "news_loss")
        )
    yield from ("", f"{'snippets':28}{'P':>7}{'R':>7}{'F1':>13}")
    for method, name in METHODS:
        if f"snippets.{method}.f1" in figures:
            rates = [figures[f"snippets.{method}.{rate}"] for rate in ("precision", "recall")]
            yield (
                f"{name:28}"
                + "".join(_cell(value, 7, 3) for value in rates)
                + _with_deviation(figures, f"snippets.{method}.f1")
            )
    yield from ("", "speed: pages per CPU second, medians; ratios within a turn")
    yield from (f"{name[6:]:48}{value:9.1f}" for name, value in figures.items() if name.startswith("speed."))
    for name, confusion in confusions.items():
        yield from ("", f"{f'roles, {name}: has, got':28}" + "".join(f"{role:>11}" for role in ROLES))
        for want in ROLES:
            counts = [confusion[want, got] for got in ROLES]
            if any(counts):
                yield f"{want:28}" + "".join(f"{count or '.':>11}" for count in counts)
    yield from ("", f"{'aims':36}{'reached':>9}{'aim':>9}")
    for figure, bound, is_ceiling in AIMS:
        value = figures.get(figure)
        if value is None:
            yield f"{figure:36} not measured"
            continue
        short = value - bound if is_ceiling else bound - value
        yield f"{figure:36}{value:9.4g}{bound:9.4g}  {'reached' if short <= 0 else f'short by {short:.2g}'}"


def _cell(value: float | None, width: int, digits: int) -> str:
    return " " * width if value is None else f"{value:{width}.{digits}f}"


def _with_deviation(figures: dict[str, float], name: str) -> str:
    """The figure as `.931±.004`; empty where the part has no pages."""
    if name not in figures:
        return " " * 13
    return f"{figures[name]:.3f}±{figures[f'{name}_sd']:.3f}".replace("±0", "±").rjust(13)


def main() -> int:
    """Measure, print, write; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clean", description=__doc__)
    parser.add_argument("--json", type=Path, default=OUT / "clean.json")
    parser.add_argument("--pages", type=int, default=None, help="only N pages of each set")
    arguments = parser.parse_args()
    try:
        folder = data_folder("bench/chrome-dev.parquet", "bench/snippets-dev.parquet", "seeds/lines.json")
    except NoInputError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    with threadpool_limits(1):  # the waiting of a second thread counts as CPU time: 2.3 s for what takes 1.6 s
        figures, confusions = measured(folder, arguments.pages)
    print("\n".join(report(figures, confusions)))
    tables = {
        name: {f"{want} as {got}": n_lines for (want, got), n_lines in sorted(confusion.items())}
        for name, confusion in confusions.items()
    }
    write_figures(arguments.json, "clean", figures, roles=tables)
    return 0


if __name__ == "__main__":
    sys.exit(main())
