"""What every reader gives: documents not decoded yet, and refusals that say where and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.kernels.identity import article_key, outlet_name

# Every word a reject may carry, with its meaning. The first that fits is taken.
REASONS = (
    ("unreadable", "the file cannot be opened or read"),
    ("changed", "the file was written to while it was read; the next run takes it again"),
    ("too_large", "more bytes, records or lines than the limits allow"),
    ("truncated", "the file ends before its format does: a cut gzip, zstd, JSON line or WARC record"),
    ("damaged", "the file contradicts its format: a wrong checksum, no Parquet, no WARC"),
    ("bad_sidecar", "the .meta.json beside the file is no JSON object of strings"),
    ("bad_record", "a record is no JSON object with `html` or `text`, a field is no string, a response no HTTP"),
    ("empty", "no bytes"),
    ("binary", "not text: NUL bytes, control characters, the first bytes of another format"),
    ("bad_encoding", "damaged UTF-8, or bytes that no charset turns into words"),
    ("no_text", "no visible line"),
    ("timeout", "reading it took more time than `timeout_seconds`, twice"),
    ("out_of_memory", "reading it took more memory than `max_memory_bytes`, twice"),
    ("killed", "the process reading it died, twice"),
    ("error", "reading it ran into an error of ours or of a library's, twice"),
    ("superseded", "the same batch holds a later revision of the article"),
)


@dataclass(frozen=True, slots=True)
class Document:
    """One article as it came, with what its record or sidecar says about it."""

    source_path: str  # relative to the input root, posix
    source_offset: int  # byte in the unpacked file, row in Parquet, 0 for one-article files
    record_no: int | None  # from 0 within its file; None for one-article files
    format: Literal["text", "html"]
    content: bytes | str  # bytes are not decoded yet
    sha256: str  # of the unpacked bytes, or of the record's canonical JSON
    source_id: str | None = None
    url: str | None = None
    outlet: str | None = None
    title: str | None = None
    published_at: str | None = None  # as printed
    charset: str | None = None  # as the server declared it
    fetched_at: str | None = None  # by the archive, ISO 8601 in UTC


@dataclass(frozen=True, slots=True)
class Refusal:
    """An input that could not be read; `reason` is a word of REASONS."""

    source_path: str
    source_offset: int
    reason: str
    detail: str
    sha256: str | None  # of what could be read of it; None where nothing could


@dataclass(frozen=True, slots=True)
class Skipped:
    """Records of a file that are none of an article's kind: pictures, redirects, the archive's own notes."""

    source_path: str
    why: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What a reader takes in before it refuses, whatever the file claims about itself."""

    max_file_bytes: int = 8_000_000_000  # unpacked bytes of one file of records
    max_document_bytes: int = 10_000_000  # bytes of a one-article file, of a JSON line, of a cell, of a response
    max_unpack_ratio: int = 300  # unpacked to packed: pages shrink 3- to 20-fold, gzip bombs 1,000-fold
    max_records: int = 20_000_000  # rows a Parquet file may promise


def outlet_of(document: Document) -> str | None:
    """The outlet the document names, else the host of its address, else the folder it lies in."""
    return outlet_name(document.outlet, document.url, document.source_path)


def key_of(document: Document) -> str:
    """The document's own id, else its address without tracking, else its place."""
    record_hash = None if document.record_no is None else document.sha256
    return article_key(document.source_id, document.url, document.source_path, record_hash)
