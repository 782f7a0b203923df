"""Labelled pages -> what the networks learn from: lines, labels and markup facts, once as text and once as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.kernels.charset import Decoded, decoded
from pipeline.kernels.html import parsed, visible_lines
from pipeline.kernels.line_features import Ints
from pipeline.kernels.lines import Markup, units
from pipeline.kernels.text import text_lines
from training.shapes import shaped

STORY, MASKED = 1, 2  # labels; 0 is site chrome
MAX_LINES = 50_000
MIN_COVERAGE = 0.9  # of the gold's words found in the lines: below it the labels are no gold (9 of 961 pages)
N_FACTS = 12
SHAPES_LEARNT = ("menus_by_bar", "menus_by_bullet", "menus_by_space", "sentences", "blocks", "wrapped")


@dataclass(frozen=True)
class LabelledPage:
    """A page as lines, each labelled."""

    page_id: str
    host: str
    source: str  # the set it comes from: wcxb-dev, fundus
    gold: str  # the story's text
    lines: list[str]
    labels: NDArray[np.int8]  # (lines,): 1 story, 0 chrome, 2 neither (the headline)
    facts: Ints | None  # (lines, N_FACTS) for HTML
    markup: list[Markup | None]  # of each line; None in text
    is_crop: bool = False  # a part of another page
    is_aid: bool = False  # to learn from, not to be scored on


def text_pages(rows: pl.DataFrame) -> list[LabelledPage]:
    """The pages' naive dumps with the labels that the table gives."""
    wanted = rows.select("id", "host", "set", "gold", "lines", "labels")
    return [
        LabelledPage(page_id, host, source, gold, [line.strip() for line in lines], np.array(labels, np.int8), None,
                     [None] * len(lines))
        for page_id, host, source, gold, lines, labels in wanted.iter_rows()
    ]  # fmt: skip


def html_pages(rows: pl.DataFrame) -> list[LabelledPage]:
    """The pages as our own walk reads their HTML, with the labels of the same lines in the dump."""
    pages = []
    wanted = rows.select("id", "host", "set", "gold", "lines", "labels", "html")
    for page_id, host, source, gold, lines, labels, html in wanted.iter_rows():
        found = decoded(html, markup=True)
        if not isinstance(found, Decoded):
            continue
        own = visible_lines(parsed(found.text), MAX_LINES)
        texts = [line.text for line in own]
        facts = np.array([line.markup.facts for line in own if line.markup], np.int64).reshape(len(own), N_FACTS)
        pages.append(
            LabelledPage(
                page_id,
                host,
                source,
                gold,
                texts,
                _moved_labels(texts, lines, labels),
                facts,
                [line.markup for line in own],
            )
        )
    return pages


def _moved_labels(own: list[str], lines: list[str], labels: list[int]) -> NDArray[np.int8]:
    """The labels for our own lines: those of equal lines in the same order, MASKED where there is none."""
    if own == lines:
        return np.array(labels, np.int8)
    moved = np.full(len(own), MASKED, np.int8)
    for block in SequenceMatcher(None, own, lines, autojunk=False).get_matching_blocks():
        moved[block.a : block.a + block.size] = labels[block.b : block.b + block.size]
    return moved


def cropped(pages: Iterable[LabelledPage], seed: int) -> list[LabelledPage]:
    """One part of each page with a story: its first 2 to 15 story lines, with up to 12 other lines above and below.

    Records and dumps from a tidier source are as short as that; whole pages have 265 lines in the mean. Parts with
    nothing but story did not help: the same F1, and short pages then kept chrome.
    """
    random = np.random.default_rng(seed)
    crops = []
    for page in pages:
        story = np.flatnonzero(page.labels == STORY)
        if len(story) < 2:
            continue
        last = int(story[min(len(story), int(random.integers(2, 16))) - 1])
        start = max(0, int(story[0]) - int(random.integers(0, 13)))
        tail = np.arange(story[-1] + 1, min(len(page.lines), int(story[-1]) + 1 + int(random.integers(0, 13))))
        kept = np.concatenate([np.arange(start, last + 1), tail])
        crops.append(
            replace(
                page,
                lines=[page.lines[index] for index in kept.tolist()],
                labels=page.labels[kept],
                facts=None if page.facts is None else page.facts[kept],
                markup=[page.markup[index] for index in kept.tolist()],
                is_crop=True,
                is_aid=True,
            )
        )
    return crops


def reshaped(pages: Iterable[LabelledPage], seed: int) -> list[LabelledPage]:
    """Each page of text once in another shape (shapes.py), as the pipeline reads that: wrapped lines joined again."""
    random = np.random.default_rng(seed)
    out = []
    for page in pages:
        found = shaped(SHAPES_LEARNT[int(random.integers(len(SHAPES_LEARNT)))], page.lines, page.labels.tolist())
        lines = text_lines(found.text)
        texts, labels = [], []
        for unit in units(lines):
            said = {found.labels[index] for index in unit.lines}
            texts.append(unit.text)
            labels.append(said.pop() if len(said) == 1 else MASKED)
        out.append(
            replace(page, lines=texts, labels=np.array(labels, np.int8), markup=[None] * len(texts), is_aid=True)
        )
    return out


def rows_of(files: Sequence[Path]) -> pl.DataFrame:
    """The rows with trusted gold of some Parquet files: id, host, set, html, lines, labels, gold."""
    columns = ["id", "host", "set", "html", "lines", "labels", "gold", "gold_coverage"]
    table = pl.concat([pl.read_parquet(file, columns=columns) for file in files])
    return table.filter((pl.col("gold_coverage") >= MIN_COVERAGE) & pl.col("labels").list.contains(STORY)).sort("id")
