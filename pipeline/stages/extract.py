"""Documents -> lines: bytes decoded, pages parsed, metadata read, every line scored.

From here on everything is lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import polars as pl
from pydantic import Field

from pipeline import schemas
from pipeline.kernels.charset import Decoded, Undecodable, checked, decoded
from pipeline.kernels.dates import published
from pipeline.kernels.html import parsed, visible_lines
from pipeline.kernels.language import language, line_language
from pipeline.kernels.lines import Line
from pipeline.kernels.main_text import main_votes
from pipeline.kernels.metadata import Metadata, guessed_day, metadata, tidy
from pipeline.kernels.scorer import Scores, scored
from pipeline.kernels.text import text_lines
from pipeline.readers import SUFFIXES, Document, Limits
from pipeline.stages.base import StageSettings

DOCUMENTS = schemas.DOCUMENTS
LINES = schemas.SCORED_LINES
REJECTS = schemas.REJECTS.without("batch_id")
Row = dict[str, object]


class Settings(StageSettings):
    """What is read, how pages are read, and where reading stops."""

    include: tuple[str, ...] = tuple(f"*{suffix}" for suffix in SUFFIXES)  # shell patterns on name or path
    exclude: tuple[str, ...] = ()  # shell patterns on name or path
    html: Literal["trafilatura", "fast"] = "trafilatura"  # ask trafilatura for its vote on every page, or never
    timeout_seconds: float = Field(20.0, gt=0)  # for one document
    max_file_bytes: int = Field(8_000_000_000, gt=0)  # unpacked bytes of one file of records
    max_document_bytes: int = Field(10_000_000, gt=0)  # of one article, of one JSON line
    max_unpack_ratio: int = Field(300, gt=0)  # unpacked to packed size of a file
    max_records: int = Field(20_000_000, gt=0)  # rows of one Parquet file
    max_lines: int = Field(50_000, gt=0)  # non-blank lines of one document
    # Characters of a page that trafilatura and htmldate are still shown: they take 1 to 5 seconds per million.
    max_voted_characters: int = Field(2_000_000, ge=0)

    @property
    def limits(self) -> Limits:
        """What the readers may take in."""
        return Limits(
            max_file_bytes=self.max_file_bytes,
            max_document_bytes=self.max_document_bytes,
            max_unpack_ratio=self.max_unpack_ratio,
            max_records=self.max_records,
        )


@dataclass(frozen=True)
class Task:
    """A document that is new, with the id it will have."""

    article_id: str
    outlet: str | None
    key: str
    revision: int
    first_seen_at: datetime
    document: Document


@dataclass(frozen=True)
class Extracted:
    """What became of some tasks: every task is one row of `documents` or one of `rejects`."""

    documents: pl.DataFrame  # schemas.DOCUMENTS
    lines: pl.DataFrame  # schemas.SCORED_LINES
    rejects: pl.DataFrame  # schemas.REJECTS without batch_id


@dataclass(frozen=True, slots=True)
class _Page:
    """A document as lines, with what it says of itself."""

    lines: list[Line]
    said: Metadata
    language: str | None
    charset: str
    extractor: str
    votes: list[bool] | None


def apply(tasks: Sequence[Task], settings: Settings, as_of: datetime) -> Extracted:
    """Read each document by itself: the answer never depends on what else is in the batch.

    `as_of` bounds believable dates; nothing else of the time or the machine is looked at.
    """
    documents: list[Row] = []
    lines: list[Row] = []
    rejects: list[Row] = []
    for task in tasks:
        page = _page(task.document, settings, as_of)
        if isinstance(page, Undecodable):
            rejects.append(_reject(task, page.reason, page.detail))
        else:
            scores = scored(
                page.lines,
                title=tidy(task.document.title) or page.said.title,
                byline=page.said.byline,
                votes=page.votes,
            )
            documents.append(_document(task, page, scores.doubt, as_of))
            lines.extend(_lines(task, page, scores))
    return _extracted(documents, lines, rejects)


def refused(task: Task, reason: str, detail: str) -> Extracted:
    """The answer for a task that could not be done: one reject."""
    return _extracted([], [], [_reject(task, reason, detail)])


def _extracted(documents: list[Row], lines: list[Row], rejects: list[Row]) -> Extracted:
    return Extracted(
        pl.DataFrame(documents, schema=DOCUMENTS.schema),
        pl.DataFrame(lines, schema=LINES.schema),
        pl.DataFrame(rejects, schema=REJECTS.schema),
    )


def _page(document: Document, settings: Settings, as_of: datetime) -> _Page | Undecodable:
    found = _decoded(document)
    if isinstance(found, Undecodable):
        return found
    said, votes, extractor = Metadata(), None, "text"
    if document.format == "text":
        lines = text_lines(found.text)
    else:
        tree = parsed(found.text)
        said, extractor = metadata(tree), "fast"
        lines = visible_lines(tree, settings.max_lines + 1)
    if not lines:
        return Undecodable("no_text", "no visible line")
    if len(lines) > settings.max_lines:
        return Undecodable("too_large", f"more than {settings.max_lines:,} lines")
    if document.format == "html" and len(found.text) <= settings.max_voted_characters:
        if settings.html == "trafilatura" and (votes := main_votes(found.text, lines)) is not None:
            extractor = "trafilatura"
        if said.published is None and document.published_at is None:
            said = replace(said, published=guessed_day(found.text, as_of))
    return _Page(lines, said, language(said.language, lines), found.charset, extractor, votes)


def _decoded(document: Document) -> Decoded | Undecodable:
    if not document.content:
        return Undecodable("empty", "no bytes")
    if isinstance(document.content, str):
        return checked(Decoded(document.content, "utf-8", "record"))
    return decoded(document.content, markup=document.format == "html")


def _reject(task: Task, reason: str, detail: str) -> Row:
    return {
        "source_path": task.document.source_path,
        "source_offset": task.document.source_offset,
        "article_id": task.article_id,
        "stage": "extract",
        "reason": reason,
        "detail": detail,
    }


def _document(task: Task, page: _Page, doubt: float, as_of: datetime) -> Row:
    document = task.document
    stated = tidy(document.published_at) or page.said.published
    published_at, printed = published(stated, as_of) if stated else (None, None)
    return {
        "article_id": task.article_id,
        "source_id": document.source_id,
        "source_path": document.source_path,
        "source_offset": document.source_offset,
        "url": document.url,
        "outlet": task.outlet,
        "title": tidy(document.title) or page.said.title,
        "deck": None,  # a role: `clean` decides
        "byline": page.said.byline,
        "published_at": published_at,
        "published_text": printed or stated,
        "first_seen_at": task.first_seen_at,
        "revision": task.revision,
        "language": page.language,
        "charset": page.charset,
        "extractor": page.extractor,
        "doubt": doubt,
        "sha256": document.sha256,
        "key": task.key,
        "format": document.format,
    }


def _lines(task: Task, page: _Page, scores: Scores) -> Iterator[Row]:
    votes: Sequence[bool | None] = page.votes or [None] * len(page.lines)
    for line, role, score, evidence, vote in zip(
        page.lines, scores.role, scores.score, scores.evidence, votes, strict=True
    ):
        yield {
            "article_id": task.article_id,
            "line_no": line.line_no,
            "start": line.start,
            "end": line.end,
            "text": line.text,
            "language": line_language(line.text, page.language),
            "role": role,
            "score": score,
            "evidence": evidence,
            "in_main": vote,
            "continues": line.continues,
        }
