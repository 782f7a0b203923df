"""Text dumps: every method on the lines as they are, and ours on the same words in other shapes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

from benchmarks import folds, metrics, peers
from benchmarks.parts import Keeps, gram_counts, rates
from pipeline.kernels.line_model import Model
from pipeline.kernels.scorer import PageLines
from pipeline.kernels.text import text_lines
from pipeline.kernels.words import SENTENCE_END
from training.pages import LabelledPage, text_pages
from training.shapes import SHAPES, shaped

SHAPED_PAGES = 2  # every such page is also scored in other shapes: a loss of .03 is then 8 deviations


def dump(lines: Iterable[str]) -> PageLines:
    """The page as the pipeline reads the file that holds these lines."""
    return PageLines(text_lines("\n".join(lines)))


def figures(rows: pl.DataFrame, pages_file: Path, models: Sequence[Sequence[Model]]) -> dict[str, float]:
    """`<part>.text.<rate>` and the same of the other methods, `shape.<shape>.<rate>`."""
    pages = text_pages(rows)
    found: dict[str, float] = {}
    for method, keeps in {"text_everything": everything(pages), "text_sentence_rule": sentence_rule(pages)}.items():
        found |= rates(method, pages, [_kept(pages, keeps)], [keeps])
    asked = {page.page_id: page.lines for page in pages}
    for method, told in peers.answers(peers.TEXT_PEERS, pages_file, asked).items():
        found |= rates(method, pages, [[told[page.page_id] for page in pages]])
    dumps = [dump(page.lines) for page in pages]
    of = folds.unseen_folds([page.host for page in pages], {page.host for page in pages})
    scores = [folds.fold_scores(dumps, of, seed) for seed in models]
    texts = [folds.texts(dumps, of_seed) for of_seed in scores]
    keeps = [folds.keeps(dumps, of_seed, [len(page.lines) for page in pages]) for of_seed in scores]
    found |= rates("text", pages, texts, keeps)
    some = range(0, len(pages), SHAPED_PAGES)
    plain = [texts[turn % len(models)][number] for turn, number in enumerate(some)]
    return found | shape_figures([pages[number] for number in some], plain, [of[number] for number in some], models)


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


def _kept(pages: Sequence[LabelledPage], keeps: Keeps) -> list[str]:
    return [
        "\n".join(line for line, is_kept in zip(page.lines, keep, strict=True) if is_kept)
        for page, keep in zip(pages, keeps, strict=True)
    ]


def shape_figures(
    pages: Sequence[LabelledPage], plain: Sequence[str], of: Sequence[int], models: Sequence[Sequence[Model]]
) -> dict[str, float]:
    """`shape.<shape>.gram_f1`, `.loss` against `plain` (the kept texts of the dumps as they are), `.news_loss`.

    Pages as text, unwrapped as the pipeline does, each scored by one of the seeds in turn, as in `plain`.
    """
    told = {"plain": list(plain)}
    for shape in SHAPES:
        if shape != "plain":
            dumps = [PageLines(text_lines(shaped(shape, page.lines, page.labels.tolist()).text)) for page in pages]
            told[shape] = folds.texts(dumps, folds.scores_in_turn(dumps, of, models))
    grams = {
        shape: [gram_counts(text, page.gold) for text, page in zip(texts, pages, strict=True)]
        for shape, texts in told.items()
    }
    news = [number for number, page in enumerate(pages) if page.source == "fundus"]
    found: dict[str, float] = {}
    for shape, counts in grams.items():
        found[f"shape.{shape}.gram_f1"] = metrics.mean_rates(counts).f1
        found[f"shape.{shape}.loss"] = metrics.mean_rates(grams["plain"]).f1 - metrics.mean_rates(counts).f1
        if news:
            of_news = [metrics.mean_rates(some[number] for number in news).f1 for some in (grams["plain"], counts)]
            found[f"shape.{shape}.news_loss"] = of_news[0] - of_news[1]
    found["shape.worst_loss"] = max(value for name, value in found.items() if name.endswith("loss"))
    return {name: round(value, 4) for name, value in found.items()}
