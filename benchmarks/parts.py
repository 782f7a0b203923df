"""The rates of a method on all pages and on parts of them: by set, by language, by what the story is like."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from functools import lru_cache

from benchmarks import metrics
from training.pages import STORY, LabelledPage

ENGLISH = frozenset((
    "the", "and", "of", "to", "in", "a", "is", "that", "for", "on", "with", "was", "as", "it", "by", "at", "from", "be",
    "are", "this",
))  # fmt: skip
SHORT_STORY = 150  # words
SHORT_LINE = 8  # words; a story most of whose lines are shorter is a list, a table, a recipe

gram_counts = lru_cache(maxsize=None)(metrics.gram_counts)  # methods and seeds keep the same of most pages

Keeps = Sequence[Sequence[bool]]  # for each page, for each line


def parts(pages: Sequence[LabelledPage]) -> dict[str, list[int]]:
    """The numbers of the pages in each part; parts without pages are left out."""
    found: dict[str, list[int]] = {
        name: []
        for name in ("all", "news", "guides", "english", "not_english", "prose_story", "list_story", "short_story")
    }
    for number, page in enumerate(pages):
        found["all"].append(number)
        found["news" if page.source == "fundus" else "guides"].append(number)
        found["english" if is_english(page.gold) else "not_english"].append(number)
        found[_kind(page)].append(number)
    return {name: numbers for name, numbers in found.items() if numbers}


def is_english(text: str) -> bool:
    """More than a fifth of the words are among the 20 most frequent of English."""
    words = metrics.WORD.findall(text.lower())
    return sum(word in ENGLISH for word in words) > 0.2 * len(words)


def _kind(page: LabelledPage) -> str:
    """Prose, a list, or too short to tell; by the story that is wanted, whatever a method makes of it."""
    if len(metrics.WORD.findall(page.gold)) < SHORT_STORY:
        return "short_story"
    sizes = [len(line.split()) for line, label in zip(page.lines, page.labels, strict=True) if label == STORY]
    return "list_story" if sum(size < SHORT_LINE for size in sizes) > len(sizes) / 2 else "prose_story"


def rates(
    method: str, pages: Sequence[LabelledPage], texts: Sequence[Sequence[str]], keeps: Sequence[Keeps] | None = None
) -> dict[str, float]:
    """Mean rates of the seeds: `<part>.<method>.gram_f1` and the like, 4 decimals.

    `texts` holds, for each seed, the kept text of every page; `keeps`, if the method keeps lines, for each seed which.
    """
    grams = [[gram_counts(text, page.gold) for text, page in zip(of, pages, strict=True)] for of in texts]
    lines = [
        [metrics.line_counts(keep, page.labels.tolist()) for keep, page in zip(of, pages, strict=True)]
        for of in keeps or []
    ]
    found: dict[str, float] = {}
    for part, rows in parts(pages).items():
        of_part = [[of[row] for row in rows] for of in grams]
        for rate, value in _means([metrics.mean_rates(of) for of in of_part]).items():
            found[f"{part}.{method}.gram_{rate}"] = value
        found[f"{part}.{method}.gram_f1_sd"] = metrics.mean_f1_deviation(of_part)
        found[f"{part}.{method}.exact"] = statistics.fmean(metrics.exact_share(of) for of in of_part)
        if lines:
            summed = [metrics.summed_rates(of[row] for row in rows) for of in lines]
            for rate, value in _means(summed).items():
                found[f"{part}.{method}.line_{rate}"] = value
    return {name: round(value, 4) for name, value in found.items()}


def _means(seeds: Sequence[metrics.Rates]) -> dict[str, float]:
    return {rate: statistics.fmean(getattr(of, rate) for of in seeds) for rate in metrics.Rates._fields}
