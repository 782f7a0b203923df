"""What earlier runs took in: which inputs are known, and which article a new one revises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

import polars as pl

from pipeline import schemas
from pipeline.store import Version

Status = Literal["written", "replaced", "superseded", "rejected"]
InputKey = tuple[str | None, str]  # outlet and content hash: what makes an input known


class Input(NamedTuple):
    """One input as the ledger keeps it: a row of `schemas.INPUTS` without its batch."""

    outlet: str | None
    sha256: str
    article_id: str | None
    key: str | None
    status: Status
    source_path: str
    source_offset: int
    first_seen_at: datetime | None
    revision: int | None


class File(NamedTuple):
    """One file read to its end: a row of `schemas.FILES` without its batch."""

    folder_outlet: str | None
    sha256: str
    n_inputs: int
    n_rejected: int


@dataclass
class Ledger:
    """The inputs and files of all batches so far."""

    inputs: Mapping[InputKey, Status] = field(default_factory=dict)
    files: Mapping[InputKey, tuple[int, int]] = field(default_factory=dict)  # inputs in the file, refused of them
    live: Mapping[str, tuple[datetime, int]] = field(default_factory=dict)  # article_id -> first_seen_at, revision

    @classmethod
    def of(cls, version: Version | None) -> Ledger:
        """The ledger of a version; an empty one before the first."""
        if version is None:
            return cls()
        inputs = version.read(schemas.INPUTS, state=True)
        files = version.read(schemas.FILES, state=True)
        written = inputs.filter(pl.col("status") == "written")
        return cls(
            {(outlet, sha): status for outlet, sha, status in inputs.select("outlet", "sha256", "status").rows()},
            {
                (outlet, sha): (n_inputs, n_rejected)
                for outlet, sha, n_inputs, n_rejected in files.drop("batch_id").rows()
            },
            {
                article: (first_seen_at, revision)
                for article, first_seen_at, revision in written.select("article_id", "first_seen_at", "revision").rows()
            },
        )

    def knows(self, outlet: str | None, sha256: str, *, retry: bool) -> bool:
        """True when that content of that outlet was taken in before; with `retry`, refused content is not known."""
        status = self.inputs.get((outlet, sha256))
        return status is not None and not (retry and status == "rejected")

    def file(self, folder_outlet: str | None, sha256: str, *, retry: bool) -> int | None:
        """How many inputs the file holds when all of them are known, else None."""
        known = self.files.get((folder_outlet, sha256))
        return None if known is None or (retry and known[1]) else known[0]


def input_rows(inputs: Iterable[Input], batch_id: str) -> pl.DataFrame:
    """Rows of `schemas.INPUTS`."""
    rows = [(*entry, batch_id) for entry in inputs]
    return schemas.ordered(pl.DataFrame(rows, schema=schemas.INPUTS.schema, orient="row"), schemas.INPUTS)


def file_rows(files: Iterable[File], batch_id: str) -> pl.DataFrame:
    """Rows of `schemas.FILES`."""
    rows = [(*entry, batch_id) for entry in files]
    return schemas.ordered(pl.DataFrame(rows, schema=schemas.FILES.schema, orient="row"), schemas.FILES)
