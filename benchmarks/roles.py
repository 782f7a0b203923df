"""Which role each line got, against the role it has: the five seed pages, and the text pages of the tracked sample."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from benchmarks.folds import TEXT_ROLES
from pipeline.kernels.scorer import scored
from pipeline.kernels.text import text_lines
from pipeline.schemas import FIELD_ROLES, ROLES

ROOT = Path(__file__).resolve().parent.parent
DESTINATIONS = ("text", "field", "chrome")

Confusion = Counter[tuple[str, str]]  # (role it has, role it got): lines


def seed_roles(folder: Path) -> Confusion:
    """The seed pages, labelled in `lines.json`."""
    return _confusion(json.loads((folder / "lines.json").read_text(encoding="utf-8")), folder)


def sample_roles() -> Confusion:
    """The sample's text pages, labelled in `tests/sample_gold.json`; of its HTML pages that names paragraphs only."""
    articles = json.loads((ROOT / "tests" / "sample_gold.json").read_text(encoding="utf-8"))["articles"]
    labels = {name: article["lines"] for name, article in articles.items() if "lines" in article}
    return _confusion(labels, ROOT / "data" / "raw")


def _confusion(labels: dict[str, dict[str, str]], folder: Path) -> Confusion:
    """By the packaged weights."""
    found: Confusion = Counter()
    for name, wanted in labels.items():
        lines = text_lines((folder / name).read_text(encoding="utf-8"))
        roles = scored(lines, title=None, byline=None, votes=None).role
        found.update((wanted[str(line.line_no)], role) for line, role in zip(lines, roles, strict=True))
    return found


def figures(confusions: Mapping[str, Confusion]) -> dict[str, float]:
    """Lines by where they belong and where they went, and by role.

    `seeds.<belongs>_as_<went>`; `seeds.fields_in_role`: bylines, dates, captions, sources that got their role;
    `roles.<set>.<role>` and `.all`: share of the lines that got their role.
    """
    went: Counter[tuple[str, str]] = Counter()
    for (want, got), n_lines in confusions["seeds"].items():
        went[destination(want), destination(got)] += n_lines
    found = {f"seeds.{want}_as_{got}": float(went[want, got]) for want in DESTINATIONS for got in DESTINATIONS}
    found["seeds.fields_in_role"] = float(
        sum(confusions["seeds"][role, role] for role in FIELD_ROLES if role != "title")
    )
    for name, confusion in confusions.items():
        found[f"roles.{name}.all"] = _right_share(confusion, ROLES)
        for role in ROLES:
            if any(want == role for want, _ in confusion):
                found[f"roles.{name}.{role}"] = _right_share(confusion, (role,))
    return found


def _right_share(confusion: Confusion, roles: tuple[str, ...]) -> float:
    some = {pair: n_lines for pair, n_lines in confusion.items() if pair[0] in roles}
    return round(sum(n_lines for (want, got), n_lines in some.items() if want == got) / sum(some.values()), 4)


def destination(role: str) -> str:
    """Where a line with this role goes: text, field or chrome."""
    return "text" if role in TEXT_ROLES else "field" if role in FIELD_ROLES else "chrome"
