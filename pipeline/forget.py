"""Taking an article out of every kept version and out of the state, so that no later run takes it in again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline import publish, schemas
from pipeline.errors import UsageError
from pipeline.files import remove_folder
from pipeline.kernels.hashing import run_hash
from pipeline.store import REPORT, VERSIONS, Draft, Store, Version

NAMES = ("article_id", "source_path", "url")  # what names an article for good; titles are not asked


@dataclass(frozen=True)
class Forgotten:
    """The article that was taken out, as its newest version had it, and the versions without it."""

    article_id: str
    title: str | None
    source_path: str
    versions: Sequence[Version]


def forget(store: Store, wanted: str) -> Forgotten:
    """The article of that id, path or url, taken out of every version kept. The caller holds the lock.

    A version is never changed in place: one without the article is made beside it, under its id and a hash of what was
    forgotten, `current` is pointed to it, and when all are made the old ones go, and the report that may quote it.
    Stopped half-way, done again. Raises UsageError when no kept version has the article, or they have several.
    """
    kept = store.versions()
    named = _named(kept, wanted)
    article = str(named["article_id"])
    inputs = _inputs(kept, article)
    current = store.version(None).run_id
    made: dict[str, Version] = {}
    for version in kept:
        if not _is_forgotten(version, article):
            made[version.run_id] = _without(store, version, article, inputs, made)
    if current in made:
        store.point_to(made[current])
    remove_folder(store.stage)  # what the last run worked with holds the text, too
    (store.root / REPORT).unlink(missing_ok=True)
    for run_id in made:
        remove_folder(store.root / VERSIONS / run_id)
    return Forgotten(article, named["title"], named["source_path"], list(made.values()))


def _named(kept: Sequence[Version], wanted: str) -> dict[str, Any]:
    """Id, title and path of the one article that any kept version has by that id, path or url; as the newest says."""
    if not kept:
        raise UsageError("no version yet; `copydesk run` makes one")
    is_named = pl.any_horizontal(pl.col(name) == wanted for name in NAMES)
    found = pl.concat(
        [
            version.scan(schemas.ARTICLES).filter(is_named).select(*NAMES, "title").collect()
            for version in reversed(kept)
        ]
    ).unique("article_id", keep="first", maintain_order=True)
    if found.is_empty():
        raise UsageError(f"no article has the id, path (below --in) or url '{wanted}' in any version kept")
    if found.height > 1:
        rows = found.sort("source_path", "article_id").iter_rows(named=True)
        some = "".join(f"\n  {row['article_id']}: {row['source_path']}: {row['title']}" for row in rows)
        raise UsageError(f"'{wanted}' names {found.height} articles; name one by its id:{some}")
    return found.row(0, named=True)


def _inputs(kept: Sequence[Version], article: str) -> pl.DataFrame:
    """The article's INPUTS in the newest version that has its rows."""
    for version in reversed(kept):
        inputs = version.read(schemas.INPUTS, state=True).filter(pl.col("article_id") == article)
        if inputs.height:
            return inputs
    return schemas.INPUTS.empty()


def _is_forgotten(version: Version, article: str) -> bool:
    inputs = version.read(schemas.INPUTS, state=True).filter(pl.col("article_id") == article)
    return inputs.height > 0 and bool((inputs["status"] == "forgotten").all())


def _without(store: Store, version: Version, article: str, inputs: pl.DataFrame, made: dict[str, Version]) -> Version:
    """The version without the article, made beside it; the one that an attempt cut off made already."""
    run_id = f"{version.run_id.partition('.')[0]}.{run_hash((version.run_id, article))}"
    for there in store.versions():
        if there.run_id == run_id:
            return there
    manifest = version.manifest
    draft = Draft(run_id, version, manifest["settings"]["export"]["compression_level"])
    publish.take_out(draft, article)
    publish.block(draft, publish.forgotten(inputs))
    base = made.get(manifest["base"] or "")
    told = {
        **manifest,
        "run_id": run_id,
        "base": base.run_id if base else manifest["base"],
        "inputs": [entry for entry in manifest["inputs"] if entry["article_id"] != article],
    }
    return store.add(draft, told)
