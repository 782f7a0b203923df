"""From what was found to what is original: documents, lines, characters and paragraphs through the stages."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipeline import schemas
from pipeline.report.scope import Scope


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the funnel; None where nothing of the kind is counted there."""

    name: str
    note: str
    documents: int | None = None
    lines: int | None = None
    characters: int | None = None
    paragraphs: int | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """A whole and what became of it: the part that stays, the part lifted into fields, the part left out."""

    label: str
    stays: int
    lifted: int
    left_out: int

    @property
    def total(self) -> int:
        """The whole."""
        return self.stays + self.lifted + self.left_out


def steps(scope: Scope) -> list[Step]:
    """The funnel's rows, from the manifest; of original text from the articles."""
    taken, judged, reuse = scope.counts("extract"), scope.counts("clean"), scope.counts("dedup")
    own = _original(scope)
    return [
        Step("Inputs found", "articles in the files of the input folder", documents=taken["n_inputs"]),
        Step("Unchanged", "taken by an earlier run and not read again", documents=taken["n_unchanged"]),
        Step("Rejected", "could not be read; each is listed below", documents=taken["n_rejected"]),
        Step(
            "Written",
            "articles of this run",
            documents=taken["n_written"],
            lines=judged["n_lines"],
            characters=judged["characters_in"],
        ),
        Step("Lifted into fields", "headline, byline, date, caption, source", lines=judged["n_fields"]),
        Step("Dropped", "by a rule, each line with its reason", lines=judged["n_dropped"]),
        Step(
            "In the text",
            "what is left to read",
            documents=taken["n_written"] - judged["n_without_text"],
            lines=judged["n_kept"],
            characters=judged["characters_kept"],
            paragraphs=reuse["n_paragraphs"],
        ),
        Step("Copied", "paragraphs that stood in an earlier article", paragraphs=reuse["n_copied"]),
        Step(
            "Original text",
            "first copies that are no agency's",
            documents=own["n_articles"],
            characters=own["n_characters"],
        ),
    ]


def bars(scope: Scope) -> list[Bar]:
    """What became of articles, lines and paragraphs."""
    taken, judged, reuse = scope.counts("extract"), scope.counts("clean"), scope.counts("dedup")
    return [
        Bar("articles", taken["n_written"], 0, taken["n_rejected"]),
        Bar("lines", judged["n_kept"], judged["n_fields"], judged["n_dropped"]),
        Bar("paragraphs", reuse["n_paragraphs"] - reuse["n_copied"], 0, reuse["n_copied"]),
    ]


def _original(scope: Scope) -> dict[str, int]:
    text = pl.col("original_text")
    return (
        scope.scan(schemas.ARTICLES)
        .select((text != "").sum().alias("n_articles"), text.str.len_chars().sum().alias("n_characters"))
        .collect()
        .row(0, named=True)
    )


def rejects(scope: Scope, shown: int) -> list[dict[str, object]]:
    """The first `shown` inputs refused, by path."""
    return (
        scope.scan(schemas.REJECTS)
        .sort(list(schemas.REJECTS.key), nulls_last=True)
        .head(shown)
        .select("source_path", "source_offset", "stage", "reason", "detail")
        .collect()
        .to_dicts()
    )
