"""HTML: one page a file. Where no sidecar gives an address, the page's own is taken."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pipeline.kernels.identity import folder_outlet, host_of
from pipeline.readers.articles import article
from pipeline.readers.base import Document, Limits, Refusal
from pipeline.readers.unpack import with_packing

SUFFIXES = with_packing(".html", ".htm")
HEAD_BYTES = 1 << 18  # the address stands in the head: 256 kB holds even those with inline styles

# Tags and values are bounded, so a page of `<link` without end costs no more than its length.
TAG = re.compile(rb"<(?:link|meta)\b([^<>]{1,2000})>", re.IGNORECASE)
CANONICAL = re.compile(rb"""\brel\s{0,9}=\s{0,9}["']?\s{0,9}canonical\b""", re.IGNORECASE)
OG_URL = re.compile(rb"""\b(?:property|name)\s{0,9}=\s{0,9}["']?\s{0,9}og:url\b""", re.IGNORECASE)
ADDRESS = re.compile(
    rb"""\b(?:href|content)\s{0,9}=\s{0,9}["']?\s{0,9}(https?://[^\s"'<>\x00-\x20\x80-\xff]{3,1500})""", re.IGNORECASE
)


def read(path: Path, source_path: str, limits: Limits) -> Iterator[Document | Refusal]:
    """The one page of the file, or its one refusal."""
    for found in article(path, source_path, limits, "html"):
        if isinstance(found, Document) and found.url is None and isinstance(found.content, bytes):
            yield replace(found, url=_believable(own_url(found.content), folder_outlet(source_path)))
        else:
            yield found


def _believable(url: str | None, folder: str | None) -> str | None:
    """The page's own address, unless it lies in the folder of another host: partners name the origin as canonical."""
    foreign = folder is not None and "." in folder and host_of(url) != host_of(f"https://{folder}")
    return None if foreign else url


def own_url(raw: bytes) -> str | None:
    """The absolute http(s) address of `<link rel=canonical>`, else of og:url, in the first 256 kB of a page."""
    by_rank: dict[int, str] = {}
    for tag in TAG.finditer(raw[:HEAD_BYTES]):
        rank = 0 if CANONICAL.search(tag[1]) else 1 if OG_URL.search(tag[1]) else None
        if rank is not None and (address := ADDRESS.search(tag[1])):
            by_rank.setdefault(rank, html.unescape(address[1].decode("ascii")))
    return by_rank[min(by_rank)] if by_rank else None
