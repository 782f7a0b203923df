"""Scores of cleaned pages against gold: bags of 4-grams, lines, snippets; and how far they may be off by chance."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

WORD = re.compile(r"\w+")
HEADLINE = 2  # label of a line that counts neither way
DRAWS = 300  # of a bootstrap: its own error is then 4 % of the deviation


class Counts(NamedTuple):
    """Right, wrongly kept, wrongly lost: 4-grams, lines or snippets."""

    right: int
    kept_wrongly: int
    lost: int


class Rates(NamedTuple):
    """Precision, recall and their harmonic mean, 0 to 1."""

    precision: float
    recall: float
    f1: float


def grams(text: str, size: int = 4) -> Counter[tuple[str, ...]]:
    """Multiset of the text's word n-grams; a text shorter than one counts as one."""
    words = WORD.findall(text)
    if not words:
        return Counter()
    return Counter(tuple(words[i : i + size]) for i in range(max(1, len(words) - size + 1)))


def gram_counts(kept: str, gold: str) -> Counts:
    """4-grams of a page's kept text against its gold."""
    have, want = grams(kept), grams(gold)
    right = sum((have & want).values())
    return Counts(right, sum(have.values()) - right, sum(want.values()) - right)


def line_counts(keeps: Sequence[bool], labels: Sequence[int]) -> Counts:
    """Lines kept against lines labelled 1; headlines left out."""
    pairs = [(keep, label) for keep, label in zip(keeps, labels, strict=True) if label != HEADLINE]
    return Counts(
        sum(keep and label == 1 for keep, label in pairs),
        sum(keep and label == 0 for keep, label in pairs),
        sum(not keep and label == 1 for keep, label in pairs),
    )


def snippet_counts(kept: str, wanted: Sequence[str], unwanted: Sequence[str]) -> Counts:
    """Snippets of a page that its kept text has and should, has and should not, lacks; white space counts as one.

    The definition of trafilatura's evaluation (adbar/trafilatura, tests/evaluate.py, Apache-2.0).
    """
    text = " ".join(kept.split())
    right = sum(" ".join(snippet.split()) in text for snippet in wanted)
    return Counts(right, sum(" ".join(snippet.split()) in text for snippet in unwanted), len(wanted) - right)


def summed_rates(pages: Iterable[Counts]) -> Rates:
    """Precision, recall, F1 of the counts of all pages together."""
    counted = list(pages)
    right = sum(page.right for page in counted)
    kept = right + sum(page.kept_wrongly for page in counted)
    wanted = right + sum(page.lost for page in counted)
    return harmonic(right / kept if kept else 0.0, right / wanted if wanted else 0.0)


def harmonic(precision: float, recall: float) -> Rates:
    """The two and their harmonic mean."""
    total = precision + recall
    return Rates(precision, recall, 2 * precision * recall / total if total else 0.0)


def mean_rates(pages: Iterable[Counts]) -> Rates:
    """Mean precision over pages that kept something, mean recall over pages with gold, F1 of the two means.

    The definition of scrapinghub/article-extraction-benchmark (README, MIT).
    """
    counted = list(pages)
    precisions = [page.right / (page.right + page.kept_wrongly) for page in counted if page.right + page.kept_wrongly]
    recalls = [page.right / (page.right + page.lost) for page in counted if page.right + page.lost]
    return harmonic(statistics.fmean(precisions) if precisions else 0.0, statistics.fmean(recalls) if recalls else 0.0)


def exact_share(pages: Iterable[Counts]) -> float:
    """Share of pages without one wrong 4-gram."""
    counted = list(pages)
    return sum(page.kept_wrongly == page.lost == 0 for page in counted) / len(counted) if counted else 0.0


def mean_f1_deviation(seeds: Sequence[Sequence[Counts]]) -> float:
    """Standard deviation of `mean_rates(...).f1`, mean of the seeds, over DRAWS draws of pages with replacement."""
    counted = np.array(seeds, float)  # (seeds, pages, 3)
    right, kept_wrongly, lost = counted[..., 0], counted[..., 1], counted[..., 2]

    def drawn_means(whole: NDArray[np.float64], draws: NDArray[np.int64]) -> NDArray[np.float64]:
        shares = np.divide(right, whole, out=np.zeros_like(right), where=whole > 0)[:, draws]
        return shares.sum(axis=-1) / np.maximum(1, (whole > 0)[:, draws].sum(axis=-1))

    return _deviation(right.shape[1], lambda draws: _f1(
        drawn_means(right + kept_wrongly, draws), drawn_means(right + lost, draws)
    ).mean(axis=0))  # fmt: skip


def summed_f1_deviation(seeds: Sequence[Sequence[Counts]]) -> float:
    """The same of `summed_rates(...).f1`."""
    counted = np.array(seeds, float)

    def drawn_f1(draws: NDArray[np.int64]) -> NDArray[np.float64]:
        right, kept_wrongly, lost = np.moveaxis(counted[:, draws].sum(axis=-2), -1, 0)
        found: NDArray[np.float64] = (2 * right / np.maximum(1, 2 * right + kept_wrongly + lost)).mean(axis=0)
        return found

    return _deviation(counted.shape[1], drawn_f1)


def _deviation(n_pages: int, value: Callable[[NDArray[np.int64]], NDArray[np.float64]]) -> float:
    """Of the value over draws; `value` takes page numbers (draws, pages) and gives (draws,)."""
    if n_pages < 2:  # every draw is the same
        return 0.0
    draws = np.random.default_rng(0).integers(0, n_pages, (DRAWS, n_pages))
    return float(value(draws).std(ddof=1))


def _f1(precision: NDArray[np.float64], recall: NDArray[np.float64]) -> NDArray[np.float64]:
    total = precision + recall
    return np.divide(2 * precision * recall, total, out=np.zeros_like(total), where=total > 0)
