"""JSON lines: a record a line. A bad line is one refusal; the others go on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pydantic_core import from_json

from pipeline.kernels.hashing import content_hash
from pipeline.readers.base import Document, Limits, Refusal
from pipeline.readers.records import RecordError, document
from pipeline.readers.unpack import UnpackError, pieces, with_packing

SUFFIXES = with_packing(".jsonl", ".ndjson")
BOM = b"\xef\xbb\xbf"
BLANK = b" \t\r\n"


def read(path: Path, source_path: str, limits: Limits) -> Iterator[Document | Refusal]:
    """The documents of the file in line order. Offsets are bytes of the unpacked stream; blank lines are skipped.

    A line above `max_document_bytes` is refused without being held in memory. Where the stream itself is cut or
    damaged, the whole lines before it are given, then one refusal at the first byte that is not.
    """
    record_no = 0
    for offset, line, whole in _lines(path, limits):
        if isinstance(line, UnpackError):
            yield Refusal(source_path, offset, line.reason, line.detail, whole)
            return
        body = line.removeprefix(BOM) if offset == 0 else line
        if not body.strip(BLANK):
            continue
        try:
            if len(line) > limits.max_document_bytes:
                raise RecordError("too_large", f"a line of more than {limits.max_document_bytes:,} bytes")
            yield document(_record(body), source_path, offset, record_no)
        except RecordError as error:
            yield Refusal(source_path, offset, error.reason, error.detail, whole or content_hash(line))
        record_no += 1


def _record(line: bytes) -> dict[str, object]:
    try:
        values = from_json(line, cache_strings="none")  # in less than half of json's time, and refuses more than it
    except ValueError:
        values = _read_again(line)
    if not isinstance(values, dict):
        raise RecordError("bad_record", "no JSON object")
    return values


def _read_again(line: bytes) -> object:
    """What json makes of it: half a surrogate pair, deep nesting; where it is no JSON, it says why."""
    try:
        return json.loads(line.decode())
    except UnicodeDecodeError as error:
        raise RecordError("bad_encoding", f"not UTF-8 at byte {error.start} of the line") from None
    except RecursionError:
        raise RecordError("bad_record", "nested too deep") from None
    except ValueError as error:
        # A line without an end is the last one: its writer was stopped.
        reason = "bad_record" if line.endswith(b"\n") else "truncated"
        raise RecordError(reason, f"not JSON: {error}") from None


def _lines(path: Path, limits: Limits) -> Iterator[tuple[int, bytes | UnpackError, str | None]]:
    """(offset, line with its end, None); a line over the cap is cut just above it and comes with its sha256.

    Last, where the stream breaks: (offset of the first byte not given, the error, sha256 of all that was unpacked).
    """
    cap = limits.max_document_bytes + 1
    start = 0
    held: list[bytes] = []
    n_held = 0
    rest: tuple[hashlib._Hash, int] | None = None  # hash and length of a line that is over the cap
    try:
        for piece in pieces(path, limits):
            at = 0
            while at < len(piece):
                end = piece.find(b"\n", at) + 1 or len(piece)
                part, at = piece[at:end], end
                if rest is None and n_held + len(part) >= cap:
                    held = [b"".join([*held, part])]
                    rest = (hashlib.sha256(held[0]), len(held[0]))
                    held, n_held = [held[0][:cap]], cap
                elif rest is not None:
                    rest[0].update(part)
                    rest = (rest[0], rest[1] + len(part))
                else:
                    held.append(part)
                    n_held += len(part)
                if part.endswith(b"\n"):
                    yield start, b"".join(held), None if rest is None else rest[0].hexdigest()
                    start += n_held if rest is None else rest[1]
                    held, n_held, rest = [], 0, None
    except UnpackError as error:
        yield start, error, _unpacked_hash(path, limits)
        return
    if held:
        yield start, b"".join(held), None if rest is None else rest[0].hexdigest()


def _unpacked_hash(path: Path, limits: Limits) -> str:
    """sha256 of all that a broken stream unpacks to, read again: whole ones have none."""
    everything = hashlib.sha256()
    with suppress(UnpackError):
        for piece in pieces(path, limits):
            everything.update(piece)
    return everything.hexdigest()
