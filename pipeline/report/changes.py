"""What is otherwise than in the run before: rows of the tables, rates, settings, libraries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline import schemas
from pipeline.store import Version


def table_rows(version: Version, base: Version) -> list[dict[str, Any]]:
    """Each table's rows in the two versions, from their manifests."""
    before, after = _rows(base.manifest), _rows(version.manifest)
    return [
        {"table": table.name, "before": before.get(table.name, 0), "after": after.get(table.name, 0)}
        for table in schemas.TABLES
    ]


def _rows(manifest: Mapping[str, Any]) -> dict[str, int]:
    rows: dict[str, int] = {}
    for output in manifest["outputs"]:
        table = output["path"].partition("/")[0]
        rows[table] = rows.get(table, 0) + output["rows"]
    return rows


def rates(version: Version, base: Version) -> list[dict[str, Any]]:
    """Shares that say whether a run went as the run before: None where a run had nothing to take a share of."""
    before, after = (dict(_rates(one.manifest["counts"])) for one in (base, version))
    return [{"rate": name, "before": before[name], "after": after[name]} for name in after]


def _rates(counts: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    taken, judged, reuse, named = (counts[stage] for stage in ("extract", "clean", "dedup", "names"))
    new = taken["n_written"] + taken["n_rejected"]
    yield "new inputs rejected", _share(taken["n_rejected"], new)
    yield "characters that left the text", _share(judged["characters_in"] - judged["characters_kept"],
                                                  judged["characters_in"])  # fmt: skip
    yield "articles without text", _share(judged["n_without_text"], taken["n_written"])
    yield "paragraphs copied", _share(reuse["n_copied"], reuse["n_paragraphs"])
    yield "mentions rewritten", _share(named["n_rewritten"], named["n_mentions"])
    yield "mentions undecided", _share(named["n_undecided"], named["n_mentions"])


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def settings(version: Version, base: Version) -> list[dict[str, str]]:
    """Settings and library versions that differ, by name, as JSON-like text."""
    before, after = (dict(_flat({**one.manifest["settings"], "version of": one.manifest["versions"]}))
                     for one in (base, version))  # fmt: skip
    return [
        {"name": name, "before": before.get(name, "not there"), "after": after.get(name, "not there")}
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]


def _flat(values: Mapping[str, Any], stem: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{stem}{key}.")
        else:
            yield f"{stem}{key}", str(value)
