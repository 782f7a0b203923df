"""Parquet: a record a row, in columns named like the keys of a JSON record. `html` and `text` may be binary."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.kernels.hashing import content_hash
from pipeline.readers.base import Document, Limits, Refusal
from pipeline.readers.records import KEYS, RecordError, document
from pipeline.readers.unpack import UnpackError, most_unpacked, opened

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

SUFFIXES = (".parquet",)
BATCH_ROWS = 32  # a 4 kB file may hold 2,000,000 equal rows of 1 kB: never unfold many at once


def read(path: Path, source_path: str, limits: Limits) -> Iterator[Document | Refusal]:
    """The documents of the file in row order; the offset is the row's number.

    The footer is looked at first: too many rows or bytes refuse the file. Damage in a row group refuses the rest, and
    so does a ratio of unpacked to packed bytes above the limit, whatever the footer says of itself.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    row_no = 0
    try:
        with opened(path) as raw, pq.ParquetFile(raw) as file:
            if trouble := _trouble(file, limits):
                yield Refusal(source_path, 0, *trouble, _file_mark(path))
                return
            columns = [key for key in KEYS if key in file.schema_arrow.names]
            most = most_unpacked(os.fstat(raw.fileno()).st_size, limits)
            unpacked_bytes = 0
            for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=columns):
                unpacked_bytes += batch.nbytes
                if unpacked_bytes > most:
                    raise UnpackError("too_large", f"unpacks to more than {limits.max_unpack_ratio} times its size")
                for index in range(batch.num_rows):
                    yield _row(batch, index, source_path, row_no, limits)
                    row_no += 1
    except UnpackError as error:
        yield Refusal(source_path, row_no, error.reason, error.detail, _file_mark(path))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:  # the last: a column's name is not UTF-8
        yield Refusal(source_path, row_no, "damaged", f"Parquet: {_first_line(error)}", _file_mark(path))


def _trouble(file: pq.ParquetFile, limits: Limits) -> tuple[str, str] | None:
    footer = file.metadata
    if footer.num_rows > limits.max_records:
        return "too_large", f"{footer.num_rows:,} rows, more than {limits.max_records:,}"
    unpacked = sum(footer.row_group(number).total_byte_size for number in range(footer.num_row_groups))
    if unpacked > limits.max_file_bytes:
        return "too_large", f"{unpacked:,} bytes unpacked, more than {limits.max_file_bytes:,}"
    if not {"html", "text"} & set(file.schema_arrow.names):
        return "bad_record", "no column 'html' or 'text'"
    return None


def _row(batch: pa.RecordBatch, index: int, source_path: str, row_no: int, limits: Limits) -> Document | Refusal:
    values: dict[str, object] = {}
    try:
        for key, column in zip(batch.schema.names, batch.columns, strict=True):
            values[key] = _cell(column[index], key, limits)
        return document(values, source_path, row_no, row_no)
    except RecordError as error:
        mark = content_hash(repr(sorted(values.items())).encode("utf-8", "surrogatepass"))
        return Refusal(source_path, row_no, error.reason, error.detail, mark)


def _cell(cell: pa.Scalar, key: str, limits: Limits) -> object:
    try:
        value = cell.as_py()
    except UnicodeDecodeError:
        raise RecordError("bad_encoding", f"'{key}' is not UTF-8") from None
    except (ValueError, OverflowError, LookupError) as error:  # a time out of range, a zone nobody knows
        raise RecordError("bad_record", f"'{key}': {error}") from None
    if isinstance(value, (str, bytes)) and len(value) > limits.max_document_bytes:
        raise RecordError("too_large", f"'{key}' has more than {limits.max_document_bytes:,} bytes")
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    return value


def _file_mark(path: Path) -> str | None:
    try:
        with opened(path) as file:
            return content_hash(file.read(1 << 26))  # 64 MB tell a broken file from any other
    except UnpackError:
        return None


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]
