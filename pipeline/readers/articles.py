"""Files that hold one article, and the sidecar `<file>.meta.json` that may tell where it came from."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pipeline.kernels.hashing import content_hash
from pipeline.readers.base import Document, Limits, Refusal
from pipeline.readers.records import RecordError, field
from pipeline.readers.unpack import UnpackError, opened, pieces

SIDECAR = ".meta.json"
SIDECAR_BYTES = 1 << 20  # five short strings need far less than 1 MB


def article(
    path: Path, source_path: str, limits: Limits, form: Literal["text", "html"]
) -> Iterator[Document | Refusal]:
    """The one document of the file, or its one refusal."""
    raw = b""
    try:
        for piece in pieces(path, limits):
            raw += piece
            if len(raw) > limits.max_document_bytes:
                raise UnpackError("too_large", f"more than {limits.max_document_bytes:,} bytes")
    except UnpackError as error:
        yield Refusal(source_path, 0, error.reason, error.detail, content_hash(raw) if raw else None)
        return
    document = Document(source_path, 0, None, form, raw, content_hash(raw))
    sidecar = path.with_name(path.name + SIDECAR)
    if not os.path.lexists(sidecar):
        yield document
        return
    said = b""
    try:
        with opened(sidecar) as file:
            said = file.read(SIDECAR_BYTES + 1)
        yield _described(document, said)
    except (UnpackError, RecordError) as error:
        yield _bad_sidecar(document, said, error.detail)


def _bad_sidecar(document: Document, said: bytes, detail: str) -> Refusal:
    # The sidecar is part of the hash: once it is mended, the input counts as new.
    mark = content_hash(document.sha256.encode() + said)
    return Refusal(document.source_path, 0, "bad_sidecar", f"{SIDECAR}: {detail}", mark)


def _described(document: Document, said: bytes) -> Document:
    if len(said) > SIDECAR_BYTES:
        raise RecordError("bad_sidecar", f"more than {SIDECAR_BYTES:,} bytes")
    try:
        values = json.loads(said)
    except UnicodeDecodeError:
        raise RecordError("bad_sidecar", "not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise RecordError("bad_sidecar", f"not JSON: {error}") from None
    if not isinstance(values, dict):
        raise RecordError("bad_sidecar", "no JSON object")
    return replace(
        document,
        source_id=field(values, "id"),
        url=field(values, "url"),
        outlet=field(values, "outlet"),
        title=field(values, "title"),
        published_at=field(values, "published_at"),
    )
