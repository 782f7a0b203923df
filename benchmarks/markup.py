"""HTML pages: the fast path, the pipeline's default, and the other tools."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from benchmarks import folds, peers
from benchmarks.parts import rates
from pipeline.kernels.charset import Decoded, decoded
from pipeline.kernels.html import parsed, visible_lines
from pipeline.kernels.line_model import Model
from pipeline.kernels.metadata import metadata
from pipeline.kernels.scorer import PageLines
from training.pages import MAX_LINES, html_pages


def page_text(html: bytes) -> str:
    """The decoded page; empty where it cannot be decoded."""
    found = decoded(html, markup=True)
    return found.text if isinstance(found, Decoded) else ""


def page_lines(text: str) -> PageLines:
    """The page as `extract` gives it to the scorer: visible lines, and what the page says of title and author."""
    tree = parsed(text)
    said = metadata(tree)
    return PageLines(visible_lines(tree, MAX_LINES), said.title, said.byline)


def figures(rows: pl.DataFrame, pages_file: Path, models: Sequence[Sequence[Model]]) -> dict[str, float]:
    """`<part>.html_fast.<rate>`, `<part>.html_auto.<rate>` and the same of the other tools."""
    pages = html_pages(rows)
    sources = {page_id: page_text(html) for page_id, html in rows.select("id", "html").iter_rows()}
    found: dict[str, float] = {}
    for method, told in peers.answers(peers.HTML_PEERS, pages_file, sources).items():
        found |= rates(method, pages, [[told[page.page_id] for page in pages]])
    read = [page_lines(sources[page.page_id]) for page in pages]
    n_lines = [len(page.lines) for page in pages]
    of = folds.unseen_folds([page.host for page in pages], {page.host for page in pages})
    fast = [folds.fold_scores(read, of, seed) for seed in models]
    doubts = folds.Doubts(read, [sources[page.page_id] for page in pages])
    auto = [doubts.decided(scores, of, seed) for scores, seed in zip(fast, models, strict=True)]
    for method, seeds in {"html_fast": fast, "html_auto": [scores for scores, _ in auto]}.items():
        texts = [folds.texts(read, scores) for scores in seeds]
        found |= rates(method, pages, texts, [folds.keeps(read, scores, n_lines) for scores in seeds])
    found["html_auto.asked_share"] = round(statistics.fmean(share for _, share in auto), 4)
    return found
