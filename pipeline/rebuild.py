"""Every input again under the present settings, replayed batch by batch in the old order: one new version."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from pipeline import diff, losses, people, publish, schemas
from pipeline.errors import NoInputError, RefusedError
from pipeline.files import reset_folder
from pipeline.intake import located
from pipeline.ledger import Input
from pipeline.readers.folder import found
from pipeline.run import Bench, Order, Outcome, Reporter, all_stages, prune, run_id_of
from pipeline.stages import STAGES
from pipeline.state import time_of
from pipeline.store import Draft, Store, Version

WORK = ".rebuild"  # folder of the replayed batches


def rebuild(order: Order, reporter: Reporter, *, lock_timeout: float = 0.0) -> Outcome:
    """Every input again under the present settings, batch by batch in the old order: one new version.

    The batches are replayed into a store of their own beside the versions; the last of its versions is then
    committed under a new id. Raises RefusedError when an input that stands in the current version is gone, when an
    outlet loses most of its text, or when too much of what is new is rejected, unless `force_publish`.
    """
    if not order.source.exists():
        raise NoInputError(f"{order.source}: no such file or folder")
    store = Store(order.out)
    with store.locked(lock_timeout):
        base = store.sound()
        if base is None:
            return all_stages(Bench.set_up(order, reporter))
        replayed = Store(reset_folder(order.out / WORK))
        try:
            return _replay(order, reporter, store, base, replayed)
        finally:
            shutil.rmtree(replayed.root, ignore_errors=True)


def _replay(order: Order, reporter: Reporter, store: Store, base: Version, replayed: Store) -> Outcome:
    entries = [Input(*row[:-1]) for row in base.read(schemas.INPUTS, state=True).rows()]
    batches = base.read(schemas.INPUTS, state=True)["batch_id"]
    origin = {(entry.outlet, entry.sha256): entry for entry in entries}
    took = {
        (entry.outlet, entry.sha256): batch
        for entry, batch in zip(entries, batches, strict=True)
        if entry.status != "forgotten"
    }
    settings = order.config.settings.extract
    inputs = found(order.source, settings.include, settings.exclude, without=store.root)
    places = located(inputs.paths, settings.limits, took)
    outcomes = []
    for batch_id in base.manifest["batches"]:
        one = replace(
            order,
            out=replayed.root,
            as_of=time_of(batch_id),
            dry_run=False,
            force_publish=True,
            run_id=batch_id,
            wanted=frozenset(key for key, batch in took.items() if batch == batch_id),
            paths=frozenset(places.get(batch_id, ())),
            origin=origin,
            guarded=store.root,
        )
        if one.paths:
            outcomes.append(all_stages(Bench.set_up(one, reporter)))
    new = replace(order, out=replayed.root, dry_run=False, origin=origin, guarded=store.root)
    outcomes.append(_only_new(all_stages(Bench.set_up(new, reporter))))
    made = replayed.current()
    if made is None:
        raise NoInputError(f"{order.source}: none of the inputs of the current version is there any more")
    if not order.force_publish:
        _refuse_to_lose(base, made)
        _refuse_losses(order, base, made)
    counts = {stage: _total([outcome.counts.get(stage, {}) for outcome in outcomes]) for stage in STAGES}
    counts["names"]["n_to_review"] = people.n_to_review(made.read(schemas.PARAGRAPHS), order.config)
    counts["names"]["n_persons"] = made.read(schemas.MENTIONS)["person_id"].drop_nulls().n_unique()
    seconds = {stage: round(sum(outcome.seconds.get(stage, 0) for outcome in outcomes), 3) for stage in STAGES}
    if order.dry_run:
        return Outcome(None, counts, outcomes[-1].skipped, seconds, diff.previewed(base, made))
    manifest = {**made.manifest, "measured": {**made.manifest["measured"], "seconds": seconds}}
    settings = manifest["settings"]
    run_id = run_id_of(
        order.as_of,
        [base.run_id, made.run_id, str(sorted(settings.items())), str(sorted(manifest["versions"].items()))],
    )
    manifest = {**manifest, "run_id": run_id, "base": base.run_id, "as_of": order.as_of.isoformat(), "counts": counts}
    draft = Draft(run_id, made)
    publish.block(draft, base.read(schemas.INPUTS, state=True).filter(pl.col("status") == "forgotten"))
    version = store.commit(draft, manifest)
    prune(store, order.config.settings.run.keep_versions, reporter)
    return Outcome(version, counts, outcomes[-1].skipped, seconds)


def _only_new(last: Outcome) -> Outcome:
    """The outcome of the last batch without the inputs that the replayed batches counted."""
    taken = dict(last.counts["extract"])
    taken["n_inputs"] -= taken["n_unchanged"]
    taken["n_unchanged"] = 0
    return replace(last, counts={**last.counts, "extract": taken})


def _total(counts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    total: dict[str, Any] = {}
    for batch in counts:
        for name, value in batch.items():
            if isinstance(value, int):
                total[name] = total.get(name, 0) + value
            elif isinstance(value, dict):
                total[name] = _total([total.get(name, {}), value])
    return total


def _refuse_to_lose(base: Version, made: Version) -> None:
    before, after = (version.scan(schemas.ARTICLES).select("article_id", "source_path") for version in (base, made))
    lost = before.join(after, on="article_id", how="anti").sort("source_path").collect()
    if lost.height:
        raise RefusedError(
            f"{lost.height:,} articles of the current version cannot be made again, their input is gone or refused "
            f"(the first: {lost['source_path'][0]}): nothing is published; --force-publish goes on without them"
        )


def _refuse_losses(order: Order, base: Version, made: Version) -> None:
    limits = order.config.settings.run
    before, after = (losses.summed(version.read(schemas.OUTLET_SIZES, state=True)) for version in (base, made))
    lost = losses.losses(after, before, limits.max_outlet_loss, limits.min_outlet_articles)
    if lost.height:
        articles = made.scan(schemas.ARTICLES).filter(pl.col("outlet").is_in(lost["outlet"].implode()))
        articles = articles.select("article_id", "outlet")
        is_whole = order.config.settings.export.lines == "all"
        lines = made.scan(schemas.LINES) if is_whole else schemas.LINES.empty().lazy()
        lines = lines.join(articles, on="article_id", how="semi")
        raise losses.refusal(
            lost, articles.collect(), lines.select("article_id", "text", "dropped_by").collect(), limits.max_outlet_loss
        )
