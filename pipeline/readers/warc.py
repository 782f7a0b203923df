"""WARC (ISO 28500): every web page among the responses of a crawl is a document, called by its address.

Read are the records `response` and `resource` whose status is 200 and whose type is HTML; all others (requests,
pictures, redirects, pages that are gone, `revisit`) are skipped and counted. The server's charset goes along, and the
time of the fetch: of two captures of a page in one batch the later stands. A page's own date stays what it says itself.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.kernels.hashing import content_hash
from pipeline.readers.base import Document, Limits, Refusal, Skipped
from pipeline.readers.records import RecordError, document
from pipeline.readers.unpack import UnpackError, pieces, unpacked, with_packing

SUFFIXES = with_packing(".warc")
HEAD_BYTES = 1 << 16  # of a record's head, and of a response's: servers send 1 kB, browsers stop at 256 kB
HEAD_END = re.compile(rb"\r?\n\r?\n")
VERSION = b"WARC/"
TYPES = ("response", "resource")
PAGE_TYPES = ("text/html", "application/xhtml+xml")
PAGE_START = re.compile(rb"\s{0,99}<(?:!doctype html|html)\b", re.IGNORECASE)  # where no type is given
STATUS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})\b")
CHARSET = re.compile(r"""charset\s{0,9}=\s{0,9}["']?([\w.:-]{2,40})""", re.IGNORECASE)
CHUNK = re.compile(rb"[ \t]{0,9}([0-9a-fA-F]{1,8})[ \t]{0,9}(?:;[^\r\n]{0,999})?\r?\n")
BLANK_BYTES = 1_000  # of blank lines between records; ISO 28500 has 4
FETCHED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z")  # the form that ISO 28500 asks for

Head = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Record:
    """A record that may hold a page; its block is cut just above the limit."""

    offset: int
    head: Head
    block: bytes


class _NoPageError(Exception):
    """A sound record that holds no page; the message is why."""


def read(path: Path, source_path: str, limits: Limits) -> Iterator[Document | Refusal | Skipped]:
    """The pages of the file in order, offsets being bytes of the unpacked stream; last, what was skipped.

    A page that cannot be read is one refusal. Where the stream is cut or damaged, or a record does not end where it
    says, the records before it are given, then one refusal at its first byte.
    """
    skipped: Counter[str] = Counter()
    stream = _Stream(pieces(path, limits))
    record_no = 0
    try:
        for record in _records(stream, limits.max_document_bytes, skipped):
            try:
                found: Document | Refusal = _document(record, source_path, record_no, limits)
            except _NoPageError as error:
                skipped[str(error)] += 1
                continue
            except (RecordError, UnpackError) as error:
                found = Refusal(source_path, record.offset, error.reason, error.detail, content_hash(record.block))
            yield found
            record_no += 1
    except UnpackError as error:
        yield Refusal(source_path, stream.record_at, error.reason, error.detail, stream.seen.hexdigest())
    for why, count in sorted(skipped.items()):
        yield Skipped(source_path, f"{why}: {count:,} of its records")


class _Stream:
    """Bytes that come in pieces, taken by line and by number."""

    def __init__(self, source: Iterator[bytes]) -> None:
        self.record_at = 0  # offset of the record under way
        self.seen = hashlib.sha256()  # of all that was unpacked
        self._source = source
        self._held = bytearray()
        self._gone = 0  # bytes before those held

    def starts_record(self) -> bool:
        """Whether a record follows the blank lines, now gone. Raises UnpackError where anything else does."""
        n_blank = 0
        while self._more(1) and self._held[0] in b"\r\n" and n_blank <= BLANK_BYTES:
            blank = len(self._held) - len(self._held.lstrip(b"\r\n"))
            self._drop(blank)
            n_blank += blank
        if self._more(1) and not (self._more(len(VERSION)) and self._held.startswith(VERSION)):
            raise UnpackError("damaged", f"no WARC record at byte {self._gone:,}")
        return bool(self._held)

    def head(self) -> Head:
        """The fields up to the blank line, names in small letters. Raises UnpackError."""
        self.record_at = self._gone
        while (end := HEAD_END.search(self._held, 0, HEAD_BYTES)) is None:
            if len(self._held) >= HEAD_BYTES:
                raise UnpackError("damaged", "a record's head without an end")
            if not self._more(len(self._held) + 1):
                raise UnpackError("truncated", "the file ends inside a record's head")
        lines = self.take(end.end()).splitlines()
        return _fields(lines[1:])

    def take(self, wanted: int) -> bytes:
        """The next bytes. Raises UnpackError where there are fewer."""
        if not self._more(wanted):
            raise UnpackError("truncated", "the file ends inside a record")
        taken = bytes(self._held[:wanted])
        self._drop(wanted)
        return taken

    def skip(self, unwanted: int) -> None:
        """Pass over the next bytes, held in memory a piece at a time. Raises UnpackError where there are fewer."""
        while unwanted:
            if not self._more(1):
                raise UnpackError("truncated", "the file ends inside a record")
            step = min(unwanted, len(self._held))
            self._drop(step)
            unwanted -= step

    def _more(self, wanted: int) -> bool:
        while len(self._held) < wanted:
            piece = next(self._source, None)
            if piece is None:
                return False
            self.seen.update(piece)
            self._held += piece
        return True

    def _drop(self, n_bytes: int) -> None:
        del self._held[:n_bytes]
        self._gone += n_bytes


def _records(stream: _Stream, most: int, skipped: Counter[str]) -> Iterator[_Record]:
    """The records that may hold a page, each looked at once its end has been seen where it must be."""
    more = stream.starts_record()
    while more:
        head = stream.head()
        length = head.get("content-length", "")
        if not (length.isascii() and length.isdigit() and len(length) < 16):
            raise UnpackError("damaged", "a record without a length")
        kind = head.get("warc-type", "")
        block = stream.take(min(int(length), most + 1)) if kind in TYPES else b""
        stream.skip(int(length) - len(block))
        more = stream.starts_record()
        if kind in TYPES:
            yield _Record(stream.record_at, head, block)
        else:
            skipped["no response"] += 1


def _document(record: _Record, source_path: str, record_no: int, limits: Limits) -> Document:
    """The page. Raises _NoPageError, RecordError or UnpackError."""
    head, body = record.head, record.block
    if head["warc-type"] == "response":
        head, body = _answer(body)
    kind = head.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in PAGE_TYPES and (kind or not PAGE_START.match(body)):
        raise _NoPageError("no HTML")
    if len(record.block) > limits.max_document_bytes:
        raise RecordError("too_large", f"more than {limits.max_document_bytes:,} bytes")
    _check_whole(record)
    charset = CHARSET.search(head.get("content-type", ""))
    values = {
        "html": _decoded(head, body, limits.max_document_bytes) if head is not record.head else body,
        "url": record.head.get("warc-target-uri", "").strip("<> "),  # wget puts it in angle brackets
    }
    fetched_at = FETCHED.fullmatch(record.head.get("warc-date", ""))
    return replace(
        document(values, source_path, record.offset, record_no),
        charset=charset[1] if charset else None,
        fetched_at=fetched_at[0] if fetched_at else None,
    )


def _answer(block: bytes) -> tuple[Head, bytes]:
    """The fields and the body of an HTTP response with a page: status 200."""
    status = STATUS.match(block)
    if status is None:
        raise RecordError("bad_record", "a response that is no HTTP")
    if status[1] != b"200":
        raise _NoPageError("status other than 200")
    end = HEAD_END.search(block, 0, HEAD_BYTES)
    if end is None:
        raise RecordError("bad_record", "an HTTP head without an end")
    return _fields(block[: end.start()].splitlines()[1:]), block[end.end() :]


def _check_whole(record: _Record) -> None:
    """Raises RecordError where the archive cut the page, or its own digest says that it changed."""
    if cut := record.head.get("warc-truncated"):
        raise RecordError("truncated", f"the archive kept the beginning only: {cut[:40]}")
    name, _, digest = record.head.get("warc-block-digest", "").partition(":")
    if name.lower() == "sha1" and len(digest) == 32:
        found = base64.b32encode(hashlib.sha1(record.block, usedforsecurity=False).digest()).decode()
        if found != digest.upper():
            raise RecordError("damaged", "the block is not what its digest says")


def _decoded(head: Head, body: bytes, most: int) -> bytes:
    """The body without transfer and content encodings; where the archive has taken them off already, as it is."""
    stated = head.get("content-length", "")
    if "chunked" in head.get("transfer-encoding", "").lower():
        body = _dechunked(body)
    elif stated.isascii() and stated.isdigit() and len(body) < int(stated[:15]):
        raise RecordError("truncated", f"{len(body):,} of {stated[:15]} bytes came")
    for encoding in reversed(head.get("content-encoding", "").lower().replace(" ", "").split(",")):
        body = _unpacked(encoding, body, most)
    return body


def _dechunked(body: bytes) -> bytes:
    """The body without the sizes of its chunks (RFC 9112, 7.1)."""
    chunks: list[bytes] = []
    at = 0
    while size := CHUNK.match(body, at):
        start, length = size.end(), int(size[1], 16)
        if not length:
            return b"".join(chunks)
        chunks.append(body[start : start + length])
        at = start + length
        at += 2 if body.startswith(b"\r\n", at) else body.startswith(b"\n", at)
    if at:
        raise RecordError("truncated" if at >= len(body) else "damaged", "the chunks do not end with their end mark")
    return body


def _unpacked(encoding: str, body: bytes, most: int) -> bytes:
    if encoding in ("", "identity"):
        return body
    if encoding in ("gzip", "x-gzip"):
        source = unpacked(".gz", io.BytesIO(body)) if body.startswith(b"\x1f\x8b") else iter((body,))
    elif encoding == "zstd":
        source = unpacked(".zst", io.BytesIO(body)) if body.startswith(b"\x28\xb5\x2f\xfd") else iter((body,))
    elif encoding == "deflate":
        source = iter((_inflated(body, most),))
    elif PAGE_START.match(body):
        source = iter((body,))
    else:
        raise RecordError("bad_record", f"content encoding {encoding[:20]!r} is not read")
    found = bytearray()
    for piece in source:
        found += piece
        if len(found) > most:
            raise RecordError("too_large", f"unpacks to more than {most:,} bytes")
    return bytes(found)


def _inflated(body: bytes, most: int) -> bytes:
    """The body without `deflate`, with zlib's head or, as some servers send it, without (RFC 9110, 8.4.1.2)."""
    if PAGE_START.match(body):
        return body
    has_head = len(body) > 1 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    inflater = zlib.decompressobj(zlib.MAX_WBITS if has_head else -zlib.MAX_WBITS)
    try:
        found = inflater.decompress(body, most + 1)
    except zlib.error as error:
        raise RecordError("damaged", f"deflate: {error}") from None
    if len(found) <= most and not inflater.eof:
        raise RecordError("truncated", "deflate data ends before its end mark")
    return found


def _fields(lines: list[bytes]) -> Head:
    """Header fields by name in small letters; of a repeated one the first. A line that is none is passed over."""
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.decode("utf-8", "replace").partition(":")
        if colon:
            found.setdefault(name.strip().lower(), value.strip())
    return found
