"""What the report costs: CPU seconds, peak memory and size of its page for a made-up run.

The version is written straight from made-up rows, in a process of its own so that its memory does not count: articles
of 40 outlets, 60 lines each, a tenth of them paragraphs of `workload`, three in ten of these copies in clusters of two
to five, a name in every second paragraph.

    python -m benchmarks.report --articles 10000
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks import OUT, workload, write_figures
from pipeline import __version__, report, schemas
from pipeline.config import load
from pipeline.schemas import Table
from pipeline.stages import STAGES
from pipeline.store import Draft, Store

AS_OF = datetime(2026, 1, 2, tzinfo=UTC)
RUN_ID = "20260102T000000Z-00000000"
OUTLETS, LINES, PARAGRAPHS, PEOPLE, SPELLINGS = 40, 60, 6, 300, 4
SEED = 7


def made_up(out: Path, n_articles: int) -> None:
    """Commit a version of `n_articles` made-up articles."""
    chance = np.random.default_rng(SEED)
    articles = pl.DataFrame({"article": np.arange(n_articles)}).with_columns(
        pl.format("{}", pl.col("article")).str.pad_start(24, "0").alias("article_id"),
        pl.Series("outlet", [f"outlet-{n}.example" for n in chance.integers(0, OUTLETS, n_articles)]),
        pl.Series("published_at", [AS_OF - timedelta(minutes=int(m)) for m in chance.integers(0, 2880, n_articles)]),
        pl.Series("doubt", chance.random(n_articles).round(4)),
    )
    paragraphs = _paragraphs(articles, chance)
    lines = _lines(articles, paragraphs, chance)
    mentions = _mentions(paragraphs, chance)
    clusters = paragraphs.group_by("cluster_id").agg(
        pl.first("canonical_id"),
        pl.len().cast(pl.Int32).alias("n_paragraphs"),
        pl.col("outlet").n_unique().cast(pl.Int32).alias("n_outlets"),
        pl.col("published_at").min().alias("first_published_at"),
    )
    texts = paragraphs.group_by("article").agg(pl.col("text").str.join("\n\n"))
    copied = paragraphs.group_by("article").agg((~pl.col("is_canonical")).sum().cast(pl.Int32).alias("n_copied"))
    whole = articles.join(texts, on="article").join(copied, on="article").with_columns(
        title=pl.format("Headline {}", "article"),
        original_text="text",
        n_lines=pl.lit(LINES, pl.Int32),
        n_kept=pl.lit(PARAGRAPHS, pl.Int32),
        n_fields=pl.lit(0, pl.Int32),
        n_dropped=pl.lit(LINES - PARAGRAPHS, pl.Int32),
        n_paragraphs=pl.lit(PARAGRAPHS, pl.Int32),
    )  # fmt: skip
    draft = Draft(RUN_ID, None)
    frames = {"articles": whole, "lines": lines, "paragraphs": paragraphs, "mentions": mentions,
              "clusters": clusters.filter(pl.col("n_paragraphs") > 1)}  # fmt: skip
    for table in schemas.TABLES:
        draft.write(table, "2026-01-02", _filled(frames.get(table.name, table.empty()), table))
    (out / "versions").mkdir(parents=True)
    Store(out).commit(draft, _manifest(lines, paragraphs, mentions, n_articles))


def _paragraphs(articles: pl.DataFrame, chance: np.random.Generator) -> pl.DataFrame:
    count = articles.height * PARAGRAPHS
    sources = np.arange(count)
    copies = np.flatnonzero(chance.random(count) < workload.COPIED)
    sources[copies] = np.maximum(0, copies - chance.integers(1, 2000, len(copies)))
    sources[copies] = sources[sources[copies]]  # of a copy, what that is a copy of
    texts = workload.paragraphs(count, SEED)
    ids = pl.Series([f"{number:024}" for number in range(count)])
    return articles.select("article", "article_id", "outlet", "published_at").select(
        pl.all().repeat_by(PARAGRAPHS).explode()
    ).with_columns(
        paragraph_no=pl.Series(np.tile(np.arange(1, PARAGRAPHS + 1, dtype=np.int32), articles.height)),
        paragraph_id=ids,
        text=texts.gather(sources) + " " + texts.str.slice(0, 40),
        canonical_id=ids.gather(sources),
        cluster_id=ids.gather(sources),
        is_canonical=pl.Series(sources == np.arange(count)),
        jaccard=pl.lit(0.8),
        containment=pl.lit(0.9),
    ).with_columns(
        matched_id=pl.when(~pl.col("is_canonical")).then("canonical_id"),
            link_type=pl.when(~pl.col("is_canonical")).then(pl.lit("near")),
    )  # fmt: skip


def _lines(articles: pl.DataFrame, paragraphs: pl.DataFrame, chance: np.random.Generator) -> pl.DataFrame:
    count = articles.height * LINES
    grid = articles.select(pl.col("article", "article_id").repeat_by(LINES).explode()).with_columns(
        line_no=pl.Series(np.tile(np.arange(1, LINES + 1, dtype=np.int32), articles.height)),
        score=pl.Series(chance.random(count).round(4)),
    )
    kept = paragraphs.select("article", "paragraph_no", line_no=pl.col("paragraph_no") * 5, story="text")
    rules = pl.Series(chance.choice(["line_score", "repeat:outlet", "repeat:title", "outlet-1.example:drop_lines[0]"],
                                    count, p=[0.9, 0.06, 0.03, 0.01]))  # fmt: skip
    return grid.join(kept, on=["article", "line_no"], how="left", maintain_order="left").with_columns(
        text=pl.coalesce("story", pl.format("Site furniture {} of a made-up page", pl.col("line_no"))),
        dropped_by=pl.when(pl.col("paragraph_no").is_null()).then(rules),
        role=pl.when(pl.col("paragraph_no").is_null()).then(pl.lit("chrome")).otherwise(pl.lit("body")),
    )


def _mentions(paragraphs: pl.DataFrame, chance: np.random.Generator) -> pl.DataFrame:
    person = pl.Series(chance.integers(0, PEOPLE, paragraphs.height))
    spelling = pl.Series(chance.integers(0, SPELLINGS, paragraphs.height))
    return paragraphs.select("article_id", "paragraph_no").with_columns(
        field=pl.lit("text"), start=pl.lit(0, pl.Int64), end=pl.lit(12, pl.Int64), kind=pl.lit("full"),
        surface=pl.format("Person {} {}", person, spelling), name=pl.format("Person {}", person),
        person_id=pl.when(spelling > 0).then(pl.format("person-{}", person)), rewritten=pl.lit(True),
        issues=pl.lit(["ambiguous"]), candidates=pl.lit(["one", "two"]),
    ).gather_every(2)  # fmt: skip


def _filled(rows: pl.DataFrame, table: Table) -> pl.DataFrame:
    """The rows with the table's columns: nulls where nothing was made up."""
    absent = [pl.lit(None, dtype).alias(name) for name, dtype in table.schema.items() if name not in rows.columns]
    return schemas.ordered(
        rows.with_columns(absent).with_columns(batch_id=pl.lit(RUN_ID)).select(table.names).cast(dict(table.schema)),
        table,
    )


def _manifest(lines: pl.DataFrame, paragraphs: pl.DataFrame, mentions: pl.DataFrame, n: int) -> dict[str, Any]:
    dropped, length = lines["dropped_by"].is_not_null(), lines["text"].str.len_chars()
    return {
        "run_id": RUN_ID, "batches": [RUN_ID], "base": None, "as_of": AS_OF.isoformat(),
        "versions": {"copydesk": __version__},
        "settings": load().settings.model_dump(mode="json"),
        "measured": {"seconds": dict.fromkeys(STAGES, 0.0), "peak_memory_mb": 0.0, "jobs": 1, "source": ""},
        "counts": {
            "extract": {"n_inputs": n, "n_written": n, "n_rejected": 0, "n_unchanged": 0, "n_revised": 0},
            "clean": {
                "n_lines": lines.height, "n_kept": int((~dropped).sum()), "n_fields": 0,
                "n_dropped": int(dropped.sum()), "n_without_text": 0, "characters_in": int(length.sum()),
                "characters_kept": int(length.filter(~dropped).sum()),
                "dropped_by_rule": dict(lines["dropped_by"].drop_nulls().value_counts().iter_rows()),
            },
            "dedup": {"n_paragraphs": paragraphs.height, "n_copied": int((~paragraphs["is_canonical"]).sum())},
            "names": {
                "n_mentions": mentions.height, "n_persons": mentions["person_id"].n_unique() - 1,
                "n_rewritten": mentions.height, "n_undecided": int(mentions["person_id"].is_null().sum()),
            },
            "export": {"n_rejects": 0},
        },
    }  # fmt: skip


def main() -> None:
    """Make a version, write its report, print and keep the figures."""
    parser = argparse.ArgumentParser(description="What the report costs.")
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--report", type=Path, help="keep the page here")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        maker = multiprocessing.get_context("spawn").Process(target=made_up, args=(Path(folder) / "o", asked.articles))
        maker.start()
        maker.join()
        version = Store(Path(folder) / "o").version(None)
        started = time.process_time()
        page = report.html(version, None, load())
        seconds = time.process_time() - started
    figures = {
        f"{asked.articles}.cpu_seconds": round(seconds, 1),
        f"{asked.articles}.peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        f"{asked.articles}.page_kb": round(len(page.encode()) / 1000),
    }
    print(f"| {asked.articles:,} articles | |\n|---|---|")
    for name, value in figures.items():
        print(f"| {name} | {value:,} |")
    write_figures(OUT / "report.json", "report", figures, articles=asked.articles)
    if asked.report:
        asked.report.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
