"""The report's page: the models of every section, put into the templates."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from pipeline.config import Config
from pipeline.report import changes, charts, funnel, pages, people, removals, stories
from pipeline.report.scope import Scope
from pipeline.report.text import ACTING, visible
from pipeline.stages import STAGES
from pipeline.store import Version

TEMPLATES = Path(__file__).parent / "templates"
SHOWN_OUTLETS = 40  # rows of a table by outlet
SHOWN_REJECTS = 100
SHOWN_PAIRS = 60  # of outlets that copy
CHARTED_OUTLETS = 16
MIN_ARTICLES = 2  # that have one of two spellings, for the pair to be proposed; as `names discover`


def html(version: Version, base: Version | None, config: Config) -> str:
    """The whole page, as `pipeline.report.html`."""
    scope = Scope(version)
    outlets = removals.by_outlet(scope, base)
    told = stories.stories(scope)
    reuse = stories.reuse(scope)
    merged, n_merged = people.merged(scope)
    undecided, n_undecided = people.undecided(scope)
    proposed = people.proposals(scope, config, MIN_ARTICLES)
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    return _environment().get_template("report.html").render(
        style=Markup(style),  # noqa: S704 - our own file
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        run_id=version.run_id,
        base_id=None if base is None else base.run_id,
        is_first=scope.is_batch and len(scope.manifest["batches"]) == 1,
        is_remade=version.is_remade,
        manifest=scope.manifest,
        counts=scope.manifest["counts"],
        is_batch=scope.is_batch,
        lines=scope.lines,
        steps=funnel.steps(scope),
        funnel_chart=charts.parts_of_wholes(funnel.bars(scope), "What became of articles, lines and paragraphs, as "
                                            "parts of a whole; the table below has the figures"),
        rules=removals.by_rule(scope),
        outlets=outlets[:SHOWN_OUTLETS],
        n_outlets=len(outlets),
        outlets_chart=charts.parts_of_wholes(
            [_outlet_bar(row) for row in outlets[:CHARTED_OUTLETS]],
            "Lines in the text, lifted into fields and dropped, by outlet; the table below has the figures",
        ),
        changes=None if base is None else {
            "tables": changes.table_rows(version, base),
            "rates": changes.rates(version, base),
            "settings": changes.settings(version, base),
        },
        pages=pages.pages(scope),
        threshold=scope.manifest["settings"]["clean"]["threshold"],
        stories=[
            (story, charts.spread(story, "Hours between the first printing and the others; the table below has the "
                                  "times")) for story in told
        ],
        reuse=reuse,
        shown_pairs=SHOWN_PAIRS,
        charted_outlets=charts.HEAT_OUTLETS,
        reuse_chart=charts.who_copies_whom(reuse, "Paragraphs copied, by the outlet that prints the copy and the "
                                           "outlet of the first; the table below has the figures"),
        people=merged,
        n_people=n_merged,
        undecided=undecided,
        n_undecided=n_undecided,
        proposals=None if proposed is None else proposed[: people.SHOWN_PROPOSALS],
        n_proposals=len(proposed or ()),
        rejects=funnel.rejects(scope, SHOWN_REJECTS),
        seconds={stage: scope.manifest["measured"]["seconds"][stage] for stage in STAGES},
    )  # fmt: skip


def _outlet_bar(row: dict[str, Any]) -> funnel.Bar:
    return funnel.Bar(row["outlet"] or stories.NO_OUTLET, row["n_kept"], row["n_fields"], row["n_dropped"])


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=_finalized,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"raw": raw, "share": share, "when": when, "hours": hours}
    return environment


def _finalized(value: object) -> object:
    """What a template prints: no text that acts, wherever it comes from."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def raw(text: str | None) -> Markup:
    """Text from the web as markup: escaped, set apart in direction, what would act shown as its code."""
    if text is None:
        return Markup("")
    shown: list[str] = []
    at = 0
    for found in ACTING.finditer(text):
        shown += [escape(text[at : found.start()]), Markup("<i>U+{:04X}</i>").format(ord(found[0]))]
        at = found.end()
    return Markup("<bdi>{}</bdi>").format(Markup("").join([*shown, escape(text[at:])]))


def share(value: float | None) -> Markup:
    """A share as per cent; a dash where there is none."""
    return Markup("–") if value is None else Markup('<data value="{:.6f}">{:.1%}</data>').format(value, value)


def when(moment: datetime | None) -> Markup:
    """A time in UTC; a dash where it is unknown."""
    if moment is None:
        return Markup("–")
    return Markup('<time datetime="{}">{}</time>').format(
        moment.isoformat(), f"{moment.day} {moment:%b %Y, %H:%M}"
    )  # fmt: skip


def hours(value: float) -> Markup:
    """Hours after the first copy, to a tenth."""
    said = f"{value:+.1f}\u00a0h" if value else "the same minute"
    return Markup('<data value="{:.4f}">{}</data>').format(value, said)
