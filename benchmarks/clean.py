"""How much site chrome goes, and how much story stays: `python -m benchmarks.clean [--json FILE] [--pages N]`.

Pages: chrome-dev, once as text dumps and once as HTML, and the seed pages labelled line by line. Every page is scored
by weights that have not seen its host (three folds of hosts, as `training.fit` makes them; they are fitted first
where benchmarks/out/line_model/ has none), rates are the mean of the seeds. Rates: 4-grams of the kept text against
gold, and lines against labels with headlines left out (metrics.py). trafilatura is run on the same pages. The data is
not part of the project; COPYDESK_BENCH names the folder that holds bench/ and seeds/.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks import DATA, metrics
from pipeline.errors import NoInputError
from pipeline.kernels.charset import Decoded, decoded
from pipeline.kernels.html import parsed, visible_lines
from pipeline.kernels.line_model import Model, model_of
from pipeline.kernels.lines import Line
from pipeline.kernels.main_text import main_text, votes
from pipeline.kernels.scorer import PageLines, Scores, scored, scored_pages
from pipeline.kernels.words import SENTENCE_END
from pipeline.schemas import FIELD_ROLES
from pipeline.stages.extract import Settings, is_doubtful
from training.fit import FOLDS, fold_of
from training.pages import LabelledPage, html_pages, rows_of, text_pages

REPOSITORY = Path(__file__).resolve().parent.parent
WEIGHTS = REPOSITORY / "benchmarks" / "out" / "line_model"
TEXT_ROLES = ("deck", "body", "subheading")
LABELLED = ("text", "field", "chrome")
BATCH = 100  # pages scored at once: as many as an engine hands to a stage

ENGLISH = frozenset((
    "the", "and", "of", "to", "in", "a", "is", "that", "for", "on", "with", "was", "as", "it", "by", "at", "from", "be",
    "are", "this",
))  # fmt: skip

gram_counts = lru_cache(maxsize=None)(metrics.gram_counts)  # methods and seeds keep the same of most pages

Keeps = list[list[bool]]  # for each page, for each line


def everything(pages: Sequence[LabelledPage]) -> Keeps:
    """Each line kept."""
    return [[True] * len(page.lines) for page in pages]


def sentence_rule(pages: Sequence[LabelledPage]) -> Keeps:
    """Lines of 8 words or more that end as a sentence does, and those of 25 or more."""
    return [
        [
            (len(line.split()) >= 8 and SENTENCE_END.search(line[-40:]) is not None) or len(line.split()) >= 25
            for line in page.lines
        ]
        for page in pages
    ]


def fold_models(pages_file: Path) -> list[list[Model]]:
    """For each seed the models of all folds; fitted first where there are none."""
    if not (WEIGHTS / "folds").is_dir():
        from training.fit import fit

        fit([pages_file], WEIGHTS, n_seeds=3, kinds=("text", "html"))
    seeds = sorted({file.stem.split("-")[0] for file in (WEIGHTS / "folds").glob("*.npz")})
    return [[stored_model(WEIGHTS / "folds" / f"{seed}-{fold}.npz") for fold in range(FOLDS)] for seed in seeds]


def stored_model(file: Path) -> Model:
    """The model in a file of weights."""
    with np.load(file, allow_pickle=False) as arrays:
        return model_of(dict(arrays))


def batches(pages: Sequence[LabelledPage]) -> Iterator[tuple[int, list[int]]]:
    """(fold, numbers of up to BATCH pages of it)."""
    for fold in range(FOLDS):
        numbers = [number for number, page in enumerate(pages) if fold_of(page.host) == fold]
        for start in range(0, len(numbers), BATCH):
            yield fold, numbers[start : start + BATCH]


def page_lines(page: LabelledPage, said: Sequence[bool] | None = None) -> PageLines:
    """The page as the scorer wants it."""
    lines = [
        Line(number, text, markup=markup)
        for number, (text, markup) in enumerate(zip(page.lines, page.markup, strict=True), 1)
    ]
    return PageLines(lines, votes=said)


def scores_of(pages: Sequence[PageLines], hosts: Sequence[LabelledPage], models: Sequence[Model]) -> list[Scores]:
    """The pipeline's scores of every page, by weights that have not seen its host."""
    found: dict[int, Scores] = {}
    for fold, numbers in batches(hosts):
        found |= dict(zip(numbers, scored_pages([pages[number] for number in numbers], models[fold]), strict=True))
    return [found[number] for number in range(len(pages))]


def kept_lines(scores: Sequence[Scores]) -> Keeps:
    """Lines with a role of the text."""
    return [[role in TEXT_ROLES for role in page.role] for page in scores]


def with_trafilatura(
    pages: Sequence[PageLines],
    labelled: Sequence[LabelledPage],
    models: Sequence[Model],
    fast: Sequence[Scores],
    main_texts: Sequence[str | None],
) -> tuple[list[Scores], float]:
    """The scores when trafilatura is asked about doubtful pages, and the share of those."""
    asked: dict[int, PageLines] = {}
    for number, (page, scores) in enumerate(zip(pages, fast, strict=True)):
        text = main_texts[number]
        if text and is_doubtful(page.lines, scores, Settings()):
            asked[number] = PageLines(page.lines, votes=votes(page.lines, text))
    again = scores_of(list(asked.values()), [labelled[number] for number in asked], models)
    decided = dict(zip(asked, again, strict=True))
    return [decided.get(number, scores) for number, scores in enumerate(fast)], len(asked) / max(1, len(pages))


def rates(pages: Sequence[LabelledPage], texts: Sequence[str], keeps: Keeps | None) -> dict[str, float]:
    """Rates on all pages, on the news pages (set fundus), and on those in other languages: `<part>.<kind>_<rate>`."""
    grams = [gram_counts(text, page.gold) for text, page in zip(texts, pages, strict=True)]
    lines = [metrics.line_counts(keep, page.labels.tolist()) for keep, page in zip(keeps or [], pages, strict=False)]
    found: dict[str, float] = {}
    parts = {
        "all": list(range(len(pages))),
        "news": [row for row, page in enumerate(pages) if page.source == "fundus"],
        "not_english": [row for row, page in enumerate(pages) if not is_english(page.gold)],
    }
    for part, rows in parts.items():
        if not rows:
            continue
        for name, value in metrics.mean_rates(grams[row] for row in rows)._asdict().items():
            found[f"{part}.gram_{name}"] = value
        if lines:
            for name, value in metrics.summed_rates(lines[row] for row in rows)._asdict().items():
                found[f"{part}.line_{name}"] = value
        found[f"{part}.exact"] = metrics.exact_share(grams[row] for row in rows)
    return found


def is_english(text: str) -> bool:
    """More than a fifth of the words are among the 20 most frequent of English."""
    words = metrics.WORD.findall(text.lower())
    return sum(word in ENGLISH for word in words) > 0.2 * len(words)


def joined(pages: Sequence[LabelledPage], keeps: Keeps) -> list[str]:
    """The kept lines of each page."""
    return [
        "\n".join(line for line, is_kept in zip(page.lines, keep, strict=True) if is_kept)
        for page, keep in zip(pages, keeps, strict=True)
    ]


def by_lines(pages: Sequence[LabelledPage], seeds: Sequence[Keeps]) -> dict[str, float]:
    """Mean rates of the seeds' kept lines."""
    found = [rates(pages, joined(pages, keeps), keeps) for keeps in seeds]
    return {name: statistics.fmean(one[name] for one in found) for name in found[0]}


def named(method: str, found: dict[str, float]) -> dict[str, float]:
    """`<part>.<method>.<rate>`, 4 decimals."""
    split = ((name.partition("."), value) for name, value in found.items())
    return {f"{part}.{method}.{rate}": round(value, 4) for (part, _, rate), value in split}


def text_figures(rows: pl.DataFrame, models: Sequence[Sequence[Model]]) -> dict[str, float]:
    """Rates of every method on the text dumps."""
    pages = text_pages(rows)
    figures = named("text_everything", by_lines(pages, [everything(pages)]))
    figures |= named("text_sentence_rule", by_lines(pages, [sentence_rule(pages)]))
    lines = [page_lines(page) for page in pages]
    started = time.process_time()
    found = [kept_lines(scores_of(lines, pages, seed)) for seed in models]
    figures["speed.text_pages_per_cpu_second"] = round(len(models) * len(pages) / (time.process_time() - started), 1)
    return figures | named("text", by_lines(pages, found))


def page_text(html: bytes) -> str:
    """The decoded page; empty where it cannot be decoded."""
    found = decoded(html, markup=True)
    return found.text if isinstance(found, Decoded) else ""


def html_figures(rows: pl.DataFrame, models: Sequence[Sequence[Model]]) -> dict[str, float]:
    """Rates of the fast path, of the pipeline's default, and of trafilatura alone, on the HTML."""
    pages = html_pages(rows)
    lines = [page_lines(page) for page in pages]
    sources = dict(rows.select("id", "html").iter_rows())
    seconds: dict[str, float] = {}
    started = time.process_time()
    for page in pages:
        visible_lines(parsed(page_text(sources[page.page_id])), 50_000)
    seconds["walk"] = time.process_time() - started
    started = time.process_time()
    main_texts = [main_text(page_text(sources[page.page_id])) for page in pages]
    seconds["trafilatura"] = time.process_time() - started
    started = time.process_time()
    fast = [scores_of(lines, pages, seed) for seed in models]
    seconds["fast"] = (time.process_time() - started) / len(models)
    auto = [with_trafilatura(lines, pages, seed, scores, main_texts) for seed, scores in zip(models, fast, strict=True)]
    figures = named("html_fast", by_lines(pages, [kept_lines(scores) for scores in fast]))
    figures |= named("html_auto", by_lines(pages, [kept_lines(scores) for scores, _ in auto]))
    figures["html_auto.asked_share"] = round(statistics.fmean(share for _, share in auto), 4)
    figures |= named("html_trafilatura", rates(pages, [text or "" for text in main_texts], None))
    figures["speed.html_walk_ms"] = round(1e3 * seconds["walk"] / len(pages), 2)
    figures["speed.html_fast_pages_per_cpu_second"] = round(len(pages) / (seconds["walk"] + seconds["fast"]), 1)
    figures["speed.trafilatura_pages_per_cpu_second"] = round(len(pages) / seconds["trafilatura"], 1)
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
    folder = DATA
    if not (folder / "bench" / "chrome-dev.parquet").is_file():
        raise NoInputError(f"no bench/chrome-dev.parquet in {folder}; COPYDESK_BENCH names the folder with the data")
    return folder


def print_table(figures: dict[str, float]) -> None:
    """The figures as one line per method and part, then the rest, then the seed lines."""
    columns = [f"{kind}_{rate}" for kind in ("gram", "line") for rate in metrics.Rates._fields] + ["exact"]
    print(f"{'':28}" + "".join(f"{column:>16}" for column in columns))
    methods = sorted({name.rsplit(".", 1)[0] for name in figures if name.endswith(".exact")})
    for method in methods:
        values = [figures.get(f"{method}.{column}") for column in columns]
        print(f"{method:28}" + "".join(f"{'':16}" if value is None else f"{value:16.4f}" for value in values))
    for name, value in figures.items():
        if name.startswith(("speed.", "html_auto.")):
            print(f"{name:48}{value:12.2f}")
    print(f"\n{'seed lines':28}" + "".join(f"{'as ' + got:>16}" for got in LABELLED))
    for want in LABELLED:
        print(f"{want:28}" + "".join(f"{figures[f'seeds.{want}_as_{got}']:16.0f}" for got in LABELLED))


def main() -> int:
    """Measure, print, write; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clean", description=__doc__)
    parser.add_argument("--json", type=Path, default=REPOSITORY / "benchmarks" / "out" / "clean.json")
    parser.add_argument("--pages", type=int, default=None, help="only the first N pages")
    arguments = parser.parse_args()
    try:
        folder = data_folder()
    except NoInputError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    pages_file = folder / "bench" / "chrome-dev.parquet"
    models = fold_models(pages_file)
    rows = rows_of([pages_file])
    rows = rows.head(arguments.pages) if arguments.pages else rows
    figures = text_figures(rows, models) | html_figures(rows, models)
    figures |= seed_figures(folder / "seeds")
    print_table(figures)
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    report = {"suite": "clean", "figures": figures}
    arguments.json.write_text(json.dumps(report, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
