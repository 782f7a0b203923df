"""Taking an article out of every kept version and out of the state, so that no later run takes it in again."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pipeline import publish, schemas
from pipeline.errors import UsageError
from pipeline.explain import article_id_of
from pipeline.files import remove_folder
from pipeline.kernels.hashing import run_hash
from pipeline.store import VERSIONS, Draft, Store, Version


def forget(store: Store, wanted: str) -> tuple[str, Sequence[Version]]:
    """The article's id, and the versions that stand in the place of those that were kept. The caller holds the lock.

    A version is never changed in place: one without the article is made beside it, under its id and a hash of what was
    forgotten, `current` is pointed to it, and when all are made the old ones go. Stopped half-way, done again.
    Raises UsageError when no kept version has the article.
    """
    kept = store.versions()
    article, inputs = _named(kept, wanted)
    current = store.version(None).run_id
    made: dict[str, Version] = {}
    for version in kept:
        if not _is_forgotten(version, article):
            made[version.run_id] = _without(store, version, article, inputs, made)
    if current in made:
        store.point_to(made[current])
    remove_folder(store.stage)  # what the last run worked with holds the text, too
    for run_id in made:
        remove_folder(store.root / VERSIONS / run_id)
    return article, list(made.values())


def _named(kept: Sequence[Version], wanted: str) -> tuple[str, pl.DataFrame]:
    """The article's id and its INPUTS in the newest version that has it."""
    failure = UsageError("no version yet; `copydesk run` makes one")
    for version in reversed(kept):
        try:
            article = article_id_of(version, wanted)
        except UsageError as error:
            failure = error
        else:
            inputs = version.read(schemas.INPUTS, state=True)
            return article, inputs.filter(pl.col("article_id") == article)
    raise failure


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
