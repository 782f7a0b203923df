"""What the markup says of the lines of many pages, as numbers: links, elements, classes, siblings, containers.

`facts` are the rows of lines.Markup.facts, page under page.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.kernels.html import HINTS, OWN_TAGS, WITHIN
from pipeline.kernels.line_features import Floats, Ints, Layout, TextFeatures

LINKED, LETTERS, DEPTH, WITHIN_BITS, HINT_BITS, TAG, GROUP, BLOCK_1, BLOCK_2, BLOCK_3, ARTICLE, LEVEL = range(12)

# Groups of columns; in training each is left out of some rows, so that none is relied on alone.
GROUPS: dict[str, tuple[str, ...]] = {
    "links": ("link text", "text outside links"),
    "depth": ("depth", "deeper than the line above", "line below is deeper"),
    "within": tuple(f"inside {word}" for word in WITHIN),
    "hints": tuple(f"class of {word}" for word, _ in HINTS),
    "tag": (*(f"own element {tag}" for tag in OWN_TAGS), "heading level"),
    "siblings": (
        "number of siblings", "length of siblings", "prose among siblings", "links among siblings",
        "cue words of siblings", "share of the prose among siblings", "main group of siblings", "sibling above",
        "sibling below",
    ),
    "containers": tuple(
        f"{what} {level}"
        for level in ("one block up", "two blocks up", "three blocks up")
        for what in ("share of the prose", "prose against the largest", "links", "lines")
    ),
    "article": ("prose of its article", "in the main article", "prose of the main article", "articles on the page"),
}  # fmt: skip
MARKUP_NAMES = tuple(name for names in GROUPS.values() for name in names)


def markup_features(facts: Ints, text: TextFeatures, cues: Floats) -> Floats:
    """(lines, len(MARKUP_NAMES)) for lines with these facts, text features and cue scores; column after column."""
    where = text.layout
    linked, letters = facts[:, LINKED].astype(float), facts[:, LETTERS].astype(float)
    link_share = linked / np.maximum(1.0, letters)
    prose_words = text.n_words * text.is_prose * (1.0 - link_share)
    starts = np.zeros(where.n_lines, bool)
    starts[where.first[:-1][where.sizes > 0]] = True
    columns: list[NDArray[np.generic]] = [link_share, np.log1p(letters - linked)]
    columns += _depths(facts[:, DEPTH].astype(float), letters, starts, where)
    columns.append((facts[:, WITHIN_BITS] >> np.arange(len(WITHIN))[:, None]) & 1)
    columns.append((facts[:, HINT_BITS] >> np.arange(len(HINTS))[:, None]) & 1)
    columns.append(facts[:, TAG] == np.arange(1, len(OWN_TAGS) + 1)[:, None])
    columns.append(facts[:, LEVEL] / 6.0)
    columns += _siblings(facts[:, GROUP], link_share, prose_words, cues, text)
    for block in (BLOCK_1, BLOCK_2, BLOCK_3):
        columns += _containers(facts[:, block], linked, letters, prose_words, where)
    columns += _articles(facts[:, ARTICLE], prose_words, where)
    return np.vstack(columns).T.astype(np.float64, copy=False)


def _depths(depth: Floats, letters: Floats, starts: NDArray[np.bool_], where: Layout) -> list[NDArray[np.generic]]:
    n_pages = len(where.sizes)
    weighed = np.bincount(where.page, depth * letters, n_pages)
    mean = weighed / np.maximum(1.0, np.bincount(where.page, letters, n_pages))
    change = np.where(starts, 0.0, np.diff(depth, prepend=0.0))
    below = np.zeros(where.n_lines)
    below[:-1] = change[1:]
    return [depth - mean[where.page], change, below]


def _numbered(keys: Ints, where: Layout) -> tuple[Ints, int]:
    """Numbers of the groups that lines of the same page with the same key form, and how many there are."""
    if not len(keys):
        return keys, 0
    width = int(keys.max()) + 1
    _, group = np.unique(where.page * width + keys, return_inverse=True)
    return np.asarray(group, np.int64), int(group.max()) + 1


def _page_maximum(values: Floats, where: Layout) -> Floats:
    """(lines,): the largest of the values on each line's page; values are 0 or more."""
    highest = np.zeros(len(where.sizes))
    np.maximum.at(highest, where.page, values)
    return np.asarray(highest[where.page])


def _group_sum(group: Ints, values: Floats, n_groups: int) -> Floats:
    return np.asarray(np.bincount(group, values, n_groups)[group], np.float64)


def _page_sum(values: Floats, where: Layout) -> Floats:
    return np.asarray(np.bincount(where.page, values, len(where.sizes))[where.page])


def _siblings(
    groups: Ints, link_share: Floats, prose_words: Floats, cues: Floats, text: TextFeatures
) -> list[NDArray[np.generic]]:
    group, n_groups = _numbered(groups, text.layout)
    counts = np.bincount(group, minlength=n_groups)

    def mean(values: Floats) -> Floats:
        return np.asarray((np.bincount(group, values, n_groups) / counts)[group])

    mass = _group_sum(group, prose_words, n_groups)
    same = np.zeros(len(group) + 1, bool)
    same[1:-1] = group[1:] == group[:-1]
    return [
        np.log1p(counts[group]),
        mean(np.log1p(text.n_words)),
        mean(text.is_prose.astype(float)),
        mean(link_share),
        mean(cues),
        mass / (_page_sum(prose_words, text.layout) + 1.0),
        mass >= 0.999 * _page_maximum(mass, text.layout),
        same[:-1],
        same[1:],
    ]


def _containers(
    blocks: Ints, linked: Floats, letters: Floats, prose_words: Floats, where: Layout
) -> list[NDArray[np.generic]]:
    group, n_groups = _numbered(blocks, where)
    mass = _group_sum(group, prose_words, n_groups)
    links = np.bincount(group, linked, n_groups) / np.maximum(1.0, np.bincount(group, letters, n_groups))
    return [
        mass / (_page_sum(prose_words, where) + 1.0),
        mass / (_page_maximum(mass, where) + 1.0),
        links[group],
        np.log1p(np.bincount(group, minlength=n_groups))[group],
    ]


def _articles(articles: Ints, prose_words: Floats, where: Layout) -> list[NDArray[np.generic]]:
    group, n_groups = _numbered(articles, where)
    inside = articles > 0
    mass = _group_sum(group, prose_words * inside, n_groups)
    highest = _page_maximum(mass, where)
    total = _page_sum(prose_words, where) + 1.0
    begins = np.ones(len(group), bool)
    begins[1:] = group[1:] != group[:-1]
    return [
        mass / total,
        inside & (mass >= 0.999 * highest),
        highest / total,
        np.log1p(_page_sum((begins & inside).astype(float), where)),
    ]
