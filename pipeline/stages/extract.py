"""Documents -> lines: bytes decoded, pages parsed, metadata read, every line scored.

From here on everything is lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

import polars as pl
from pydantic import Field

from pipeline import schemas
from pipeline.engines.base import Fences
from pipeline.kernels.charset import Decoded, Undecodable, checked, decoded
from pipeline.kernels.dates import day_in_address, published
from pipeline.kernels.html import parsed, visible_lines
from pipeline.kernels.language import language, line_language
from pipeline.kernels.lines import Line
from pipeline.kernels.main_text import main_votes
from pipeline.kernels.metadata import Metadata, metadata, tidy
from pipeline.kernels.scorer import PageLines, Scores, scored_pages
from pipeline.kernels.text import text_lines
from pipeline.kernels.words import word_count, words
from pipeline.readers import SUFFIXES, Document, Limits
from pipeline.stages.base import StageSettings

DOCUMENTS = schemas.DOCUMENTS
LINES = schemas.SCORED_LINES
REJECTS = schemas.REJECTS.without("batch_id")
Row = dict[str, object]
Columns = dict[str, list[object]]


class Settings(StageSettings):
    """What is read, how pages are read, and where reading stops."""

    include: tuple[str, ...] = tuple(f"*{suffix}" for suffix in SUFFIXES)  # shell patterns on name or path
    exclude: tuple[str, ...] = ()  # shell patterns on name or path
    html: Literal["auto", "fast", "trafilatura"] = "auto"  # ask trafilatura about doubtful pages, never, or always
    max_doubt: float = Field(0.14, ge=0, le=1)  # auto: a page of more doubt is doubtful; about one in ten is
    min_words: int = Field(40, ge=0)  # auto: so is a page of which fewer words would be kept
    timeout_seconds: float = Field(20.0, gt=0)  # of CPU time for one document, and four times that by the clock
    # Address space of a process that reads documents, libraries included: 1.4 GB is just under 1 GB resident.
    max_memory_bytes: int = Field(1_400_000_000, ge=700_000_000)
    max_file_bytes: int = Field(8_000_000_000, gt=0)  # unpacked bytes of one file of records
    max_document_bytes: int = Field(10_000_000, gt=0)  # of one article, of one JSON line
    max_unpack_ratio: int = Field(300, gt=0)  # unpacked to packed size of a file
    max_records: int = Field(20_000_000, gt=0)  # rows of one Parquet file
    max_lines: int = Field(50_000, gt=0)  # non-blank lines of one document
    # Of one line: the stages after this one are not fenced. Prose of twice that length takes them a second, but
    # ligatures that unfold 18-fold ten seconds at this one.
    max_line_characters: int = Field(500_000, gt=0)
    # Characters of a page that trafilatura is still shown: it takes 1 to 5 seconds per million.
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

    @property
    def fences(self) -> Fences:
        """Where the work on a document ends."""
        return Fences(cpu_seconds=self.timeout_seconds, memory_bytes=self.max_memory_bytes)


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
    html: str | None = field(repr=False)  # of a page that trafilatura may be asked about
    extractor: str  # fast, trafilatura, text
    votes: list[bool] | None = None  # trafilatura's, where it decides


def answers(tasks: Sequence[Task], settings: Settings, as_of: datetime) -> Iterator[Extracted]:
    """What became of the tasks; of a page by itself, first what it is without trafilatura, should that hang or die."""
    if len(tasks) == 1 and tasks[0].document.format == "html" and settings.html != "fast":
        yield apply(tasks, settings.model_copy(update={"html": "fast"}), as_of)
    yield apply(tasks, settings, as_of)


def apply(tasks: Sequence[Task], settings: Settings, as_of: datetime) -> Extracted:
    """Read each document by itself: the answer never depends on what else is in the batch.

    `as_of` bounds believable dates; nothing else of the time or the machine is looked at.
    """
    rejects: list[Row] = []
    read: list[tuple[Task, _Page]] = []
    for task in tasks:
        page = _page(task.document, settings)
        if isinstance(page, Undecodable):
            rejects.append(_reject(task, page.reason, page.detail))
        else:
            read.append((task, page))
    documents: list[Row] = []
    lines: Columns = {name: [] for name in LINES.names}
    for task, page, scores in _scored(read, settings):
        documents.append(_document(task, page, scores.doubt, as_of))
        for name, values in _line_columns(task, page, scores).items():
            lines[name].extend(values)
    return _extracted(documents, lines, rejects)


def _scored(read: Sequence[tuple[Task, _Page]], settings: Settings) -> Iterator[tuple[Task, _Page, Scores]]:
    """The pages with their scores: by the line model, and by trafilatura's text where that was asked and answered."""
    first = scored_pages([_page_lines(task, page) for task, page in read])
    asked: dict[int, _Page] = {}
    for number, ((_, page), scores) in enumerate(zip(read, first, strict=True)):
        if page.html is not None and is_doubtful(page.lines, scores, settings):
            votes = main_votes(page.html, page.lines)
            if votes is not None:
                asked[number] = replace(page, extractor="trafilatura", votes=votes)
    again = scored_pages([_page_lines(read[number][0], page) for number, page in asked.items()])
    by_votes = dict(zip(asked, again, strict=True))
    for number, (task, page) in enumerate(read):
        yield task, asked.get(number, page), by_votes.get(number, first[number])


def _page_lines(task: Task, page: _Page) -> PageLines:
    return PageLines(page.lines, tidy(task.document.title) or page.said.title, page.said.byline, page.votes)


def is_doubtful(lines: Sequence[Line], scores: Scores, settings: Settings) -> bool:
    """The line model is not sure of the page, or would keep next to nothing of it: trafilatura is asked."""
    if settings.html != "auto":
        return settings.html == "trafilatura"
    if scores.doubt > settings.max_doubt:
        return True
    n_words = 0
    for line, score in zip(lines, scores.score, strict=True):
        if score >= 0.5:
            n_words += word_count(line.text, words(line.text))
            if n_words >= settings.min_words:
                break
    return n_words < settings.min_words


def refused(task: Task, reason: str, detail: str) -> Extracted:
    """The answer for a task that could not be done: one reject."""
    return _extracted([], {}, [_reject(task, reason, detail)])


def _extracted(documents: list[Row], lines: Columns, rejects: list[Row]) -> Extracted:
    return Extracted(
        pl.DataFrame(documents, schema=DOCUMENTS.schema),
        pl.DataFrame(lines, schema=LINES.schema),
        pl.DataFrame(rejects, schema=REJECTS.schema),
    )


def _page(document: Document, settings: Settings) -> _Page | Undecodable:
    found = _decoded(document)
    if isinstance(found, Undecodable):
        return found
    said, extractor, html = Metadata(), "text", None
    if document.format == "text":
        lines = text_lines(found.text)
    else:
        tree = parsed(found.utf8)
        said, extractor = metadata(tree), "fast"
        if said.published is None:
            said = replace(said, published=day_in_address(document.url or ""))
        lines = visible_lines(tree, settings.max_lines + 1)
    if not lines:
        return Undecodable("no_text", "no visible line")
    if len(lines) > settings.max_lines:
        return Undecodable("too_large", f"more than {settings.max_lines:,} lines")
    longest = max(lines, key=lambda line: len(line.text))
    if len(longest.text) > settings.max_line_characters:
        detail = f"line {longest.line_no:,} has more than {settings.max_line_characters:,} characters"
        return Undecodable("too_large", detail)
    if document.format == "html" and len(found.text) <= settings.max_voted_characters:
        html = found.text
    return _Page(lines, said, language(said.language, lines), found.charset, html, extractor)


def _decoded(document: Document) -> Decoded | Undecodable:
    if not document.content:
        return Undecodable("empty", "no bytes")
    if isinstance(document.content, str):
        return checked(Decoded(document.content, "utf-8", "record"))
    return decoded(document.content, declared=document.charset, markup=document.format == "html")


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
    published_at, printed = published(stated, as_of, page.language) if stated else (None, None)
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


def _line_columns(task: Task, page: _Page, scores: Scores) -> dict[str, Sequence[object]]:
    """The columns of LINES for the lines of a page, which has at least one."""
    line_no, text, start, end, continues, _, _ = zip(*page.lines, strict=True)
    n_lines = len(page.lines)
    return {
        "article_id": [task.article_id] * n_lines,
        "line_no": line_no,
        "start": start,
        "end": end,
        "text": text,
        "language": [None if line.isascii() else line_language(line, page.language) for line in text],
        "role": scores.role,
        "score": scores.score,
        "evidence": scores.evidence,
        "in_main": page.votes or [None] * n_lines,
        "continues": continues,
    }
