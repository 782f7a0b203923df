"""Weights that have not seen a page's host, and the pipeline's scores by them.

`training.fit` cuts hosts into folds and writes, for each seed and fold, weights learnt from the other folds; they are
fitted first where benchmarks/out/ has none. Snippet pages carry silver labels, so they are scored by weights learnt
from gold alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks import OUT
from pipeline.kernels.line_model import Model, model_of
from pipeline.kernels.lines import Line
from pipeline.kernels.main_text import main_votes
from pipeline.kernels.scorer import PageLines, Scores, scored_pages
from pipeline.stages.extract import Settings, is_doubtful
from training.fit import FOLDS, KINDS, fit, fold_of
from training.silver import write_silver

WEIGHTS, GOLD_WEIGHTS = OUT / "line_model", OUT / "line_model_gold"  # learnt with silver labels, and without
SILVER = OUT / "silver.parquet"
BATCH = 64  # pages scored at once: about as many as an engine hands to a stage
TEXT_ROLES = ("deck", "body", "subheading")


def fold_models(pages_file: Path, unlabelled: Path) -> list[list[Model]]:
    """For each seed the models of all folds, learnt from the pages and from silver labels of unlabelled ones."""
    if not (WEIGHTS / "folds").is_dir():
        if not SILVER.is_file():
            write_silver([unlabelled], SILVER)
        fit([pages_file], [SILVER], WEIGHTS, n_seeds=3, kinds=KINDS, jobs=2)
    return _stored_models(WEIGHTS)


def gold_models(pages_file: Path) -> list[list[Model]]:
    """For each seed the models of all folds, learnt from the pages alone."""
    if not (GOLD_WEIGHTS / "folds").is_dir():
        fit([pages_file], [], GOLD_WEIGHTS, n_seeds=3, kinds=KINDS, jobs=2)
    return _stored_models(GOLD_WEIGHTS)


def _stored_models(folder: Path) -> list[list[Model]]:
    seeds = sorted({file.stem.split("-")[0] for file in (folder / "folds").glob("*.npz")})
    return [[_stored_model(folder / "folds" / f"{seed}-{fold}.npz") for fold in range(FOLDS)] for seed in seeds]


def _stored_model(file: Path) -> Model:
    with np.load(file, allow_pickle=False) as arrays:
        return model_of(dict(arrays))


def unseen_folds(hosts: Sequence[str], learnt_from: set[str]) -> list[int]:
    """For each host a fold whose weights have not seen it; 0 for hosts that no weights were learnt from."""
    return [fold_of(host) if host in learnt_from else 0 for host in hosts]


def fold_scores(pages: Sequence[PageLines], folds: Sequence[int], models: Sequence[Model]) -> list[Scores]:
    """The pipeline's scores of every page by its fold's weights."""
    found: dict[int, Scores] = {}
    for fold in sorted(set(folds)):
        numbers = [number for number, of in enumerate(folds) if of == fold]
        for start in range(0, len(numbers), BATCH):
            some = numbers[start : start + BATCH]
            found |= dict(zip(some, scored_pages([pages[number] for number in some], models[fold]), strict=True))
    return [found[number] for number in range(len(pages))]


def scores_in_turn(pages: Sequence[PageLines], folds: Sequence[int], models: Sequence[Sequence[Model]]) -> list[Scores]:
    """The scores of each page by one of the seeds, in turn: the price of one seed, and no single fit decides."""
    found: list[Scores] = [Scores([], [], [], 1.0)] * len(pages)
    for seed, of_seed in enumerate(models):
        some = slice(seed, None, len(models))
        found[some] = fold_scores(pages[some], folds[some], of_seed)
    return found


def texts(pages: Sequence[PageLines], scores: Sequence[Scores]) -> list[str]:
    """The kept text of every page: the lines with a role of the text."""
    return [
        "\n".join(line.text for line, role in zip(page.lines, told.role, strict=True) if role in TEXT_ROLES)
        for page, told in zip(pages, scores, strict=True)
    ]


def keeps(pages: Sequence[PageLines], scores: Sequence[Scores], n_lines: Sequence[int]) -> list[list[bool]]:
    """For each page, for each line number from 1 to `n_lines`, whether that line is in the text."""
    kept = [
        {line.line_no for line, role in zip(page.lines, told.role, strict=True) if role in TEXT_ROLES}
        for page, told in zip(pages, scores, strict=True)
    ]
    return [[number in some for number in range(1, size + 1)] for some, size in zip(kept, n_lines, strict=True)]


class Doubts:
    """Scores as `extract.html = "auto"` has them: trafilatura's text decides on pages the model doubts."""

    def __init__(self, pages: Sequence[PageLines], sources: Sequence[str]) -> None:
        self._pages, self._sources = pages, sources
        self._said: dict[int, list[bool] | None] = {}  # the seeds doubt much the same pages

    def decided(
        self, fast: Sequence[Scores], folds: Sequence[int], models: Sequence[Model]
    ) -> tuple[list[Scores], float]:
        """The scores, and the share of pages on which trafilatura decided."""
        asked: dict[int, PageLines] = {}
        for number, (page, scores) in enumerate(zip(self._pages, fast, strict=True)):
            if page.lines and is_doubtful(page.lines, scores, Settings()):
                said = self._votes(number, page.lines)
                if said is not None:
                    asked[number] = PageLines(page.lines, page.title, page.byline, said)
        again = fold_scores(list(asked.values()), [folds[number] for number in asked], models)
        decided = dict(zip(asked, again, strict=True))
        return [decided.get(number, scores) for number, scores in enumerate(fast)], len(asked) / max(1, len(fast))

    def _votes(self, number: int, lines: Sequence[Line]) -> list[bool] | None:
        if number not in self._said:
            self._said[number] = main_votes(self._sources[number], lines)
        return self._said[number]
