"""What runs took: time, memory and throughput of each stage, beside what it made, from the manifests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

from pipeline.console import balance, printable
from pipeline.stages import STAGES
from pipeline.store import Version

MADE = {  # stage -> counts of its card that say what it made
    "extract": {"n_written": "articles", "n_rejected": "rejected", "n_lines": "lines"},
    "clean": {"n_kept": "in the text", "n_fields": "fields", "n_dropped": "dropped"},
    "dedup": {"n_paragraphs": "paragraphs", "n_copied": "copied", "n_links": "links"},
    "names": {"n_mentions": "mentions", "n_persons": "people", "n_rewritten": "rewritten"},
    "export": {"n_articles": "articles", "n_paragraphs": "paragraphs", "n_lines": "lines"},
}


def listed(versions: list[Version], current: Version) -> list[dict[str, Any]]:
    """One record per version kept, oldest first."""
    return [_record(version, is_current=version.run_id == current.run_id) for version in versions]


def _record(version: Version, *, is_current: bool) -> dict[str, Any]:
    manifest = version.manifest
    taken, measured = manifest["counts"]["extract"], manifest["measured"]
    seconds = sum(measured["seconds"].values())
    return {
        "run_id": version.run_id,
        "current": is_current,
        "as_of": manifest["as_of"],
        "base": manifest["base"],
        **{name: taken[name] for name in ("n_inputs", "n_written", "n_rejected", "n_unchanged")},
        "seconds": round(seconds, 3),
        "articles_per_second": _rate(taken["n_written"], seconds),
        "peak_memory_mb": measured["peak_memory_mb"],
        "bytes": sum((version.path / output["path"]).stat().st_size for output in manifest["outputs"]),
    }


def figures(version: Version) -> dict[str, Any]:
    """One run: its record, and of every stage seconds, articles per second, peak memory so far, and counts.

    A stage's peak is of the process until then, in MB; export's is the run's.
    """
    manifest = version.manifest
    measured, counts = manifest["measured"], manifest["counts"]
    peaks = {**measured["peaks_mb"], "export": measured["peak_memory_mb"]}
    n_articles = counts["extract"]["n_written"]
    return {
        "run_id": version.run_id,
        "as_of": manifest["as_of"],
        "base": manifest["base"],
        "versions": manifest["versions"],
        "jobs": measured["jobs"],
        "counts": counts,
        "stages": [
            {
                "stage": stage,
                "seconds": measured["seconds"][stage],
                "articles_per_second": _rate(n_articles, measured["seconds"][stage]),
                "peak_memory_mb": peaks[stage],
                "made": {word: counts[stage][name] for name, word in MADE[stage].items()},
            }
            for stage in STAGES
        ],
    }


def _rate(n_articles: int, seconds: float) -> float | None:
    return round(n_articles / seconds, 1) if seconds else None


# ------------------------------------------------------------------------------------------------------ for a terminal


def table(records: list[dict[str, Any]]) -> Iterator[Text]:
    """The versions, a row each; the current one is marked."""
    yield _text(
        f"  {'run':<25} {'written':>9} {'rejected':>9} {'unchanged':>9} {'seconds':>8} {'articles/s':>10} "
        f"{'peak MB':>8} {'disk MB':>8}"
    )
    for record in records:
        yield _text(
            f"{'*' if record['current'] else ' '} {record['run_id']:<25} {record['n_written']:>9,} "
            f"{record['n_rejected']:>9,} {record['n_unchanged']:>9,} {record['seconds']:>8,.1f} "
            f"{record['articles_per_second'] or 0:>10,.1f} {record['peak_memory_mb']:>8,.0f} "
            f"{record['bytes'] / 1e6:>8,.1f}"
        )


def page(run: Mapping[str, Any]) -> Iterator[Text]:
    """One run: the stages, a row each, and the balance."""
    yield _text(f"{run['run_id']}  as of {run['as_of']}, made beside {run['base'] or 'nothing'}, {run['jobs']} jobs")
    yield _text(f"{'stage':<10} {'seconds':>8} {'articles/s':>10} {'peak MB':>8}  made")
    for stage in run["stages"]:
        made = ", ".join(f"{count:,} {word}" for word, count in stage["made"].items())
        yield _text(
            f"{stage['stage']:<10} {stage['seconds']:>8,.2f} {stage['articles_per_second'] or 0:>10,.1f} "
            f"{stage['peak_memory_mb']:>8,.0f}  {made}"
        )
    yield _text(balance(run["counts"]["extract"]))


def _text(text: str) -> Text:
    return Text(printable(text))
