"""Pages per CPU second, ours through `extract.apply` beside the other tools on the same pages, turn by turn.

CPU seconds of this process, one thread of work. What is compared is the ratio of neighbouring turns: a busy machine
slows both. The others are given decoded text, and jusText its stop list; ours begins with bytes and ends with rows.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal

import polars as pl

from benchmarks import peers
from benchmarks.markup import page_text
from pipeline.kernels.html import parsed, visible_lines
from pipeline.readers import Document
from pipeline.stages import extract
from training.pages import MAX_LINES

N_PAGES = 120  # of chrome-dev, at even distances
BATCH = 64
TURNS = 3
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
Work = Callable[[], object]


def figures(pages: pl.DataFrame) -> dict[str, float]:
    """`speed.<what>_pages_per_cpu_second`, medians of the turns, and `speed.<ours>_against_<other>`, of the ratios."""
    texts = [page_text(html) for html in pages["html"]]
    lines: list[list[str]] = pages["lines"].to_list()
    html_tasks = [_task(number, "html", html) for number, html in enumerate(pages["html"])]
    text_tasks = [_task(number, "text", "\n".join(some).encode()) for number, some in enumerate(lines)]
    work: dict[str, Work] = {
        "html_walk": lambda: [visible_lines(parsed(text), MAX_LINES) for text in texts],
        "html_fast": lambda: _extracted(html_tasks, extract.Settings(html="fast")),
        "html_auto": lambda: _extracted(html_tasks, extract.Settings(html="auto")),
        "trafilatura_with_metadata": lambda: [_trafilatura(text, with_metadata=True) for text in texts],
        "trafilatura": lambda: [_trafilatura(text, with_metadata=False) for text in texts],
        "text": lambda: _extracted(text_tasks, extract.Settings()),
    }
    if "text_justext" not in peers.missing():
        stops = [peers.stop_words(some) for some in lines]
        work["justext"] = lambda: [
            list(peers.justext_text(some, stop)) for some, stop in zip(lines, stops, strict=True)
        ]
    turns = [{name: _seconds(do) for name, do in work.items()} for _ in range(TURNS)]
    found = {
        f"speed.{name}_pages_per_cpu_second": round(pages.height / statistics.median(turn[name] for turn in turns), 1)
        for name in work
    }
    found["speed.html_walk_ms"] = round(1e3 / found.pop("speed.html_walk_pages_per_cpu_second"), 2)
    for name, (ours, other) in {
        "fast_against_trafilatura": ("html_fast", "trafilatura_with_metadata"),
        "auto_against_trafilatura": ("html_auto", "trafilatura_with_metadata"),
        "fast_against_trafilatura_text_only": ("html_fast", "trafilatura"),
        "text_against_justext": ("text", "justext"),
    }.items():
        if other in work:
            found[f"speed.{name}"] = round(statistics.median(turn[other] / turn[ours] for turn in turns), 2)
    return found


def _task(number: int, form: Literal["html", "text"], content: bytes) -> extract.Task:
    document = Document(f"{number}.{form}", 0, None, form, content, sha256(content).hexdigest())
    return extract.Task(f"{number:024}", None, str(number), 1, AS_OF, document)


def _extracted(tasks: Sequence[extract.Task], settings: extract.Settings) -> list[extract.Extracted]:
    return [extract.apply(tasks[start : start + BATCH], settings, AS_OF) for start in range(0, len(tasks), BATCH)]


def _trafilatura(text: str, *, with_metadata: bool) -> object:
    from trafilatura import bare_extraction

    return bare_extraction(text, include_comments=False, with_metadata=with_metadata)


def _seconds(do: Work) -> float:
    started = time.process_time()
    do()
    return time.process_time() - started
