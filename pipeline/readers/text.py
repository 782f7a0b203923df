"""Plain text: one article a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.readers.articles import article
from pipeline.readers.base import Document, Limits, Refusal
from pipeline.readers.unpack import with_packing

SUFFIXES = with_packing(".txt")


def read(path: Path, source_path: str, limits: Limits) -> Iterator[Document | Refusal]:
    """The one document of the file, or its one refusal."""
    return article(path, source_path, limits, "text")
