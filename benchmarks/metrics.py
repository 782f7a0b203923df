"""Scores of cleaned pages against gold: bags of 4-grams, lines."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

WORD = re.compile(r"\w+")
HEADLINE = 2  # label of a line that counts neither way


class Counts(NamedTuple):
    """Right, wrongly kept, wrongly lost: 4-grams or lines."""

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
