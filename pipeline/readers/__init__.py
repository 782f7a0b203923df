"""Raw formats, one file each: bytes on disk -> documents and refusals.

A reader is a module with `SUFFIXES` and `read(path, source_path, limits)`; a new one joins `READERS`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from pipeline.readers import html, jsonl, parquet, text, warc
from pipeline.readers.base import REASONS, Document, Limits, Refusal, Skipped, key_of, outlet_of

__all__ = ["READERS", "REASONS", "Document", "Limits", "Refusal", "Skipped", "key_of", "outlet_of", "read", "reader_of"]


READERS = (text, html, jsonl, parquet, warc)
SUFFIXES = tuple(suffix for reader in READERS for suffix in reader.SUFFIXES)


def reader_of(name: str) -> ModuleType:
    """The reader that takes a file of this name; raises ValueError where none does."""
    for reader in READERS:
        if name.lower().endswith(reader.SUFFIXES):
            return reader
    raise ValueError(f"{name}: no reader for this name")


def read(path: Path, source_path: str, limits: Limits) -> Iterator[Document | Refusal | Skipped]:
    """The documents of a file and the refusals among them, in file order; last what was skipped. Lazy, bounded memory.

    Raises ValueError for a name no reader takes.
    """
    found: Iterator[Document | Refusal | Skipped] = reader_of(source_path).read(path, source_path, limits)
    return found
