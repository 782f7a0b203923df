"""Plain, gzip and zstd files as a stream of byte pieces, with caps, and with an error where the stream is cut.

zstandard's own `stream_reader` gives short data for a cut frame without a word, so frames are walked here.
"""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

import zstandard

from pipeline.readers.base import Limits

PACKED_SUFFIXES = ("", ".gz", ".zst")
PIECE_BYTES = 1 << 18
ZSTD_FEED_BYTES = 1 << 10  # a block of 4 bytes may unpack to 128 kB, so one feed stays under 32 MB
RATIO_FROM_BYTES = 1 << 24  # below 16 MB a high ratio harms nobody


class UnpackError(Exception):
    """The stream cannot be read to its end; `reason` is a word of REASONS."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def with_packing(*suffixes: str) -> tuple[str, ...]:
    """The suffixes as they are and with those of the packings."""
    return tuple(suffix + packed for suffix in suffixes for packed in PACKED_SUFFIXES)


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """The file, open for reading; what is no regular file is never waited for.

    Raises UnpackError: `unreadable`, in the body too, and on leaving `changed` where the file was written to meanwhile.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # without, a pipe would be waited for
    except OSError as error:
        raise UnpackError("unreadable", error.strerror or str(error)) from None
    before = os.fstat(descriptor)
    if not stat.S_ISREG(before.st_mode):
        os.close(descriptor)
        raise UnpackError("unreadable", "no regular file")
    with os.fdopen(descriptor, "rb") as file:
        try:
            yield file
        except OSError as error:
            raise UnpackError("unreadable", error.strerror or str(error)) from None
        after = os.fstat(file.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise UnpackError("changed", "the file was written to while it was read")


def pieces(path: Path, limits: Limits) -> Iterator[bytes]:
    """The unpacked bytes of a file, a piece at a time.

    Raises UnpackError after the last good piece: unreadable, changed, truncated, damaged, too_large.
    """
    unpacked_bytes = 0
    with opened(path) as file:
        most = most_unpacked(os.fstat(file.fileno()).st_size, limits)
        for piece in unpacked(path.suffix.lower(), file):
            unpacked_bytes += len(piece)
            if unpacked_bytes > limits.max_file_bytes:
                raise UnpackError("too_large", f"more than {limits.max_file_bytes:,} bytes")
            if unpacked_bytes > most:
                raise UnpackError("too_large", f"unpacks to more than {limits.max_unpack_ratio} times its size")
            yield piece


def most_unpacked(packed_bytes: int, limits: Limits) -> int:
    """The bytes that a file of that size may unpack to."""
    return max(RATIO_FROM_BYTES, packed_bytes * limits.max_unpack_ratio)


def unpacked(packing: str, file: BinaryIO) -> Iterator[bytes]:
    """The bytes in the file, a piece at a time; `packing` is `.gz`, `.zst`, or anything else for none.

    Raises UnpackError after the last good piece: truncated, damaged.
    """
    if packing == ".gz":
        return _gzip_pieces(file)
    if packing == ".zst":
        return _zstd_pieces(file)
    return iter(lambda: file.read(PIECE_BYTES), b"")


def _gzip_pieces(file: BinaryIO) -> Iterator[bytes]:
    waiting = file.read(PIECE_BYTES)
    if not waiting:
        raise UnpackError("truncated", "an empty file is no gzip")
    while waiting:
        member = zlib.decompressobj(wbits=31)
        more_inside = False  # zlib may hold back output after it took all input
        while not member.eof:
            if not waiting and not more_inside:
                waiting = file.read(PIECE_BYTES)
                if not waiting:
                    raise UnpackError("truncated", "gzip data ends before its end mark")
            try:
                piece = member.decompress(waiting, PIECE_BYTES)
            except zlib.error as error:
                raise UnpackError("damaged", f"gzip: {error}") from None
            waiting = member.unconsumed_tail
            more_inside = len(piece) == PIECE_BYTES
            if piece:
                yield piece
        waiting = member.unused_data.lstrip(b"\0")  # zero padding may follow (RFC 1952)
        while not waiting and (more := file.read(PIECE_BYTES)):
            waiting = more.lstrip(b"\0")


def _zstd_pieces(file: BinaryIO) -> Iterator[bytes]:
    waiting = file.read(ZSTD_FEED_BYTES)
    if not waiting:
        raise UnpackError("truncated", "an empty file is no zstd")
    while waiting:
        frame = zstandard.ZstdDecompressor().decompressobj()
        while not frame.eof:
            if not waiting:
                raise UnpackError("truncated", "zstd frame ends before its last block")
            try:
                piece = frame.decompress(waiting)
            except zstandard.ZstdError as error:
                raise UnpackError("damaged", f"zstd: {error}") from None
            waiting = b"" if frame.eof else file.read(ZSTD_FEED_BYTES)
            if piece:
                yield piece
        waiting = frame.unused_data or file.read(ZSTD_FEED_BYTES)
