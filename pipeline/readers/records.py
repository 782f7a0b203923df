"""Records: what an object of a JSONL line or a row of Parquet must be to count as a document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal

from pydantic_core import to_json

from pipeline.kernels.hashing import content_hash
from pipeline.readers.base import Document

TOLD = ("id", "url", "outlet", "title", "published_at")
KEYS = ("html", "text", *TOLD)


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
    _written(value, key)
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
    written = _written(content, form) if isinstance(content, str) else _repaired(content)
    told = {key: field(values, key) for key in TOLD}
    return Document(
        source_path=source_path,
        source_offset=source_offset,
        record_no=record_no,
        format=form,
        content=content,
        sha256=record_hash(
            {form: written, **{key: to_json(value) for key, value in told.items() if value is not None}}
        ),
        source_id=told["id"],
        url=told["url"],
        outlet=told["outlet"],
        title=told["title"],
        published_at=told["published_at"],
    )


def record_hash(values: Mapping[str, bytes]) -> str:
    """sha256 of a record's canonical JSON, from its strings as JSON: keys sorted, no spaces; the same for every format.

    A string as JSON is UTF-8 that escapes what must be escaped and nothing else.
    """
    return content_hash(b"{" + b",".join(b'"%s":%s' % (key.encode(), values[key]) for key in sorted(values)) + b"}")


def _written(value: str, key: str) -> bytes:
    """A string as JSON. Raises RecordError.

    The string keeps its UTF-8 from here on, so that it is sent to another process in a third of the time.
    """
    try:
        return to_json(value)
    except ValueError:
        raise RecordError("bad_encoding", f"'{key}' holds half a surrogate pair") from None


def _repaired(content: bytes) -> bytes:
    """Bytes that may be in any charset, as a string of JSON: a byte that is no UTF-8 becomes half a surrogate pair."""
    text = content.decode("utf-8", "surrogateescape")
    try:
        return to_json(text)
    except ValueError:  # json writes the half pairs, too, in four times the time
        return json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass")
