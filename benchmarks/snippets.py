"""Pages of which only some snippets are known: what the kept text must have and must not have.

Scored by weights that were not learnt from these pages: a host that gave pages to the gold is scored by the fold that
has not seen it, any other by the first fold of each seed. A page that we cannot decode counts as empty, for us.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from benchmarks import folds, metrics, peers
from benchmarks.dumps import dump
from benchmarks.markup import page_lines, page_text
from pipeline.kernels.line_model import Model


def figures(
    pages: pl.DataFrame, pages_file: Path, hosts: set[str], models: Sequence[Sequence[Model]]
) -> dict[str, float]:
    """`snippets.<method>.<rate>`; `hosts` are those the weights were learnt from."""
    sources = {page_id: page_text(html) for page_id, html in pages.select("id", "html").iter_rows()}
    of = folds.unseen_folds(pages["host"].to_list(), hosts)
    found: dict[str, float] = {}
    # The others are not to lose a page because our decoder refuses it: damaged UTF-8, a NUL.
    shown = {page_id: sources[page_id] or html.decode(errors="replace")
             for page_id, html in pages.select("id", "html").iter_rows()}  # fmt: skip
    for method, told in peers.answers(peers.HTML_PEERS, pages_file, shown).items():
        found |= _rates(method, pages, [[told[page_id] for page_id in pages["id"]]])
    asked = dict(pages.select("id", "lines").iter_rows())
    for method, told in peers.answers(peers.TEXT_PEERS, pages_file, asked).items():
        found |= _rates(method, pages, [[told[page_id] for page_id in pages["id"]]])
    dumps = [dump(lines) for lines in pages["lines"]]
    found |= _rates("text", pages, [folds.texts(dumps, folds.fold_scores(dumps, of, seed)) for seed in models])
    read = [page_lines(sources[page_id]) for page_id in pages["id"]]
    fast = [folds.fold_scores(read, of, seed) for seed in models]
    doubts = folds.Doubts(read, [sources[page_id] for page_id in pages["id"]])
    auto = [doubts.decided(scores, of, seed)[0] for scores, seed in zip(fast, models, strict=True)]
    found |= _rates("html_fast", pages, [folds.texts(read, scores) for scores in fast])
    return found | _rates("html_auto", pages, [folds.texts(read, scores) for scores in auto])


def _rates(method: str, pages: pl.DataFrame, seeds: Sequence[Sequence[str]]) -> dict[str, float]:
    """Mean rates of the seeds' kept texts, and the deviation of F1 over pages."""
    wanted = pages.select("must_have", "must_not_have").rows()
    counts = [
        [metrics.snippet_counts(text, *snippets) for text, snippets in zip(texts, wanted, strict=True)]
        for texts in seeds
    ]
    summed = [metrics.summed_rates(of) for of in counts]
    found = {rate: statistics.fmean(getattr(of, rate) for of in summed) for rate in metrics.Rates._fields}
    found["f1_sd"] = metrics.summed_f1_deviation(counts)
    return {f"snippets.{method}.{rate}": round(value, 4) for rate, value in found.items()}
