"""Records: what an object of a JSONL line or a row of Parquet must be to count as a document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal

from pipeline.kernels.hashing import content_hash
from pipeline.readers.base import Document

KEYS = ("html", "text", "id", "url", "outlet", "title", "published_at")


class RecordError(Exception):
    """The record is no document; `reason` is a word of REASONS."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def field(values: Mapping[str, object], key: str) -> str | None:
    """The string under the key without edge white space, None where it is missing, null or blank.

    A whole number counts as its digits, since ids often are. Raises RecordError for any other type.
    """
    value = values.get(key)
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise RecordError("bad_record", f"'{key}' is no string")
    _encodable(value, key)
    return value.strip() or None


def document(values: Mapping[str, object], source_path: str, source_offset: int, record_no: int) -> Document:
    """The document a record holds.

    Where a record has both, `html` is read: a text beside it was made from it. Raises RecordError when it has neither,
    or a field is no string or no Unicode text.
    """
    form: Literal["text", "html"] = "html" if values.get("html") is not None else "text"
    content = values.get(form)
    if content is None:
        there = ", ".join(repr(key) for key in list(values)[:8]) or "nothing"
        raise RecordError("bad_record", f"neither 'html' nor 'text'; it has {there}")
    if not isinstance(content, (str, bytes)):
        raise RecordError("bad_record", f"'{form}' is no string")
    if isinstance(content, str):
        _encodable(content, form)
    told = {key: field(values, key) for key in ("id", "url", "outlet", "title", "published_at")}
    return Document(
        source_path=source_path,
        source_offset=source_offset,
        record_no=record_no,
        format=form,
        content=content,
        sha256=record_hash({form: content, **told}),
        source_id=told["id"],
        url=told["url"],
        outlet=told["outlet"],
        title=told["title"],
        published_at=told["published_at"],
    )


def record_hash(values: Mapping[str, object]) -> str:
    """sha256 of the canonical JSON (sorted keys, no spaces, UTF-8) of the keys we read: the same for every format."""
    used = {key: values[key] for key in KEYS if values.get(key) is not None}
    for key in ("html", "text"):
        content = used.get(key)
        if isinstance(content, bytes):
            used[key] = content.decode("utf-8", "surrogateescape")
    canonical = json.dumps(used, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return content_hash(canonical.encode("utf-8", "surrogatepass"))


def _encodable(value: str, key: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise RecordError("bad_encoding", f"'{key}' holds half a surrogate pair") from None
