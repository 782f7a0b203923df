"""Real pages in the place of a made-up world: rows of a Parquet file as the JSONL files that contenders read."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from benchmarks.world.newsroom import World
from benchmarks.world.write import FORMS, written
from pipeline.kernels.charset import Decoded, decoded

COLUMNS = ("html", "lines", "url", "host")  # of the file: bytes of a page, its visible lines, where it is from


def laid_out(file: Path, folder: Path, n_pages: int, n_days: int, seed: int) -> int:
    """Write some pages of the file below `folder` as a world is written, and return how many.

    One file a day in each of the world's forms, a page in both or, where it cannot be decoded, in none; the people and
    settings are a world's. There is no gold.
    """
    for _ in written(World(0, 1, 1, seed), folder, (), "jsonl"):
        raise AssertionError("a world without articles")
    rows = pl.read_parquet(file, columns=list(COLUMNS))
    rows = rows.sample(min(n_pages, rows.height), seed=seed, shuffle=True)
    days = {form: [folder / form / f"{day}.jsonl" for day in range(1, n_days + 1)] for form in FORMS}
    for form in FORMS:
        (folder / form).mkdir()
    n_written = 0
    for number, row in enumerate(rows.iter_rows(named=True)):
        page = decoded(row["html"], markup=True)
        if isinstance(page, Decoded):
            contents = {"html": page.text, "text": "\n".join(row["lines"])}
            for form, content in contents.items():
                record = {"id": f"p{number:06}", "url": row["url"], "outlet": row["host"], form: content}
                with days[form][number * n_days // rows.height].open("a", encoding="utf-8") as lines:
                    lines.write(json.dumps(record, ensure_ascii=False) + "\n")
            n_written += 1
    return n_written
