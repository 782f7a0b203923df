"""Versions to report on: the sample, a newsroom over two days, one whose every text is hostile, a thousand articles."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import duckdb
import polars as pl
import pytest

from benchmarks.world.newsroom import World
from benchmarks.world.write import written
from pipeline import report, schemas
from pipeline.config import Config, load
from pipeline.run import Order, run
from pipeline.store import Draft, Store, Version
from tests.world import EDITED, LOCAL, SAMPLED, SECOND, Silent, configured, current, inline, page, put, ran, record

HOSTILE = (
    "</script></style><script>alert(1)</script><img src=x onerror=alert(1)>\"' onmouseover=alert(1) x='"
    '[/b]\x1b[31m\u202ekcab\u2066\x00=HYPERLINK("http://evil.example")&lt;{{ 7 * 7 }}'
)
RESPELT = "Shop owners near the quay have written to Marta Lindquist, whose ferries fill the car park on most weekends."
# Told apart by the code, or joined on: everything else is text from the web or a person's file.
OURS = {"article_id", "paragraph_id", "cluster_id", "canonical_id", "matched_id", "left_id", "right_id", "batch_id",
        "kind", "sha256"}  # fmt: skip


@dataclass(frozen=True)
class Reported:
    """A version and its report."""

    version: Version
    page: str

    def ask(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows DuckDB answers from the version's tables, each named as in the question; `values` are $1, $2 ..."""
        return _tables(self.version).execute(question, values).fetchall()


@cache
def _tables(version: Version) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for table in schemas.TABLES:
        files = [str(file) for file in version.files(table).values()]
        connection.read_parquet(files, hive_partitioning=False).create(table.name)
    return connection


def reported(version: Version, base: Version | None = None, config: Config | None = None) -> Reported:
    return Reported(version, report.html(version, base, config or configured()))


@pytest.fixture(scope="session")
def sample(sampled):
    """The sample, run and reported."""
    return reported(current(sampled))


@pytest.fixture(scope="session")
def two_days(made_once, day_one):
    """The output folder of a newsroom whose second day has a copy of the first, a new story and a reject."""
    return made_once("reported", partial(_second_day, day_one[0].parent)) / "clean"


def _second_day(first, root):
    source, out = shutil.copytree(first, root, symlinks=True) / "raw", root / "clean"
    put(source, "quay.example/2026-11-18/ferry.txt", page("Night ferries come to Varga", *EDITED, date="18 November"))
    put(
        source,
        "quay.example/2026-11-18/parking.jsonl",
        record(text=page("Parking", *LOCAL[1:], RESPELT), title="Parking"),
    )
    put(source, "quay.example/2026-11-18/broken.jsonl", '{"text": \n')
    ran(source, out, SECOND)


@pytest.fixture(scope="session")
def second_day(two_days):
    """The second day against the first, reported."""
    version = current(two_days)
    return reported(version, Store(two_days).version(version.manifest["base"]))


@pytest.fixture(scope="session")
def hostile(sample, tmp_path_factory):
    """The sample with HOSTILE at the end of every text of every table and of its manifest's rules."""
    store = Store(tmp_path_factory.mktemp("hostile"))
    draft = Draft(sample.version.run_id, None)
    for table in schemas.TABLES:
        rows = sample.version.read(table)
        texts = [name for name, dtype in table.schema.items() if dtype == pl.String and name not in OURS]
        lists = [name for name, dtype in table.schema.items() if dtype == pl.List(pl.String)]
        draft.write(table, "2026-11-20", rows.with_columns(
            pl.col(texts) + HOSTILE,
            *(pl.col(name).list.eval(pl.element() + HOSTILE) for name in lists),
        ))  # fmt: skip
    manifest = {name: value for name, value in sample.version.manifest.items() if name != "outputs"}
    settings = {**manifest["settings"], f"clean{HOSTILE}": {HOSTILE: HOSTILE}}
    (store.root / "versions").mkdir()
    version = store.commit(draft, {**manifest, "settings": settings, "base": "before" + HOSTILE})
    return reported(version, sample.version)


@pytest.fixture(scope="session")
def thousand(tmp_path_factory):
    """A thousand articles of a made-up world, and three inputs that are refused, run and reported."""
    folder = tmp_path_factory.mktemp("thousand")
    for _ in written(World(1_000, 3, 40, 1), folder, ("html",), "files"):
        pass
    for name in ("cut", "empty", "list"):
        put(folder / "html", f"2026-11-03/quay.example/{name}.jsonl", '{"text": \n')
    config, out = load(folder / "config.toml"), folder / "clean"
    with inline():
        run(Order(config, folder / "html", out, SAMPLED), Silent())
    return reported(current(out), None, config)
