"""What earlier runs took in: which inputs are known, and which article a new one revises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, TypeVar

import polars as pl

from pipeline import schemas
from pipeline.store import Version

Status = Literal["written", "replaced", "superseded", "rejected", "forgotten"]
InputKey = tuple[str | None, str]  # outlet and content hash: what makes an input known
Place = tuple[str, int]  # source path and offset
Key = TypeVar("Key")


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

    @property
    def place(self) -> Place:
        """Where it lay."""
        return self.source_path, self.source_offset


class File(NamedTuple):
    """One file read to its end: a row of `schemas.FILES` without its batch."""

    source_path: str
    sha256: str
    n_inputs: int
    n_rejected: int


class _Rows(Mapping[Key, Input]):
    """Inputs by key, each made when it is asked for: of a month's inputs a day asks for few."""

    def __init__(self, rows: pl.DataFrame, keys: Iterable[Key]) -> None:
        self._rows = rows  # INPUTS without batch_id
        self._places = {key: place for place, key in enumerate(keys)}

    def __getitem__(self, key: Key) -> Input:
        return Input(*self._rows.row(self._places[key]))

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def __iter__(self) -> Iterator[Key]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


@dataclass
class Ledger:
    """The inputs and files of all batches so far."""

    inputs: Mapping[InputKey, Input] = field(default_factory=dict)
    files: Mapping[tuple[str, str], File] = field(default_factory=dict)  # by source path and hash
    live: Mapping[str, Input] = field(default_factory=dict)  # article_id -> the input it stands on
    forgotten: Set[str] = frozenset()  # article_ids that are not taken in again

    @classmethod
    def of(cls, version: Version | None) -> Ledger:
        """The ledger of a version; an empty one before the first."""
        if version is None:
            return cls()
        rows = version.read(schemas.INPUTS, state=True).drop("batch_id")
        files = [File(*row) for row in version.read(schemas.FILES, state=True).drop("batch_id").rows()]
        articles = rows.drop_nulls("article_id")
        live, forgotten = (articles.filter(pl.col("status") == status) for status in ("written", "forgotten"))
        return cls(
            _Rows(rows, zip(rows["outlet"].to_list(), rows["sha256"].to_list(), strict=True)),
            {(file.source_path, file.sha256): file for file in files},
            _Rows(live, live["article_id"].to_list()),
            frozenset(forgotten["article_id"]),
        )

    def known(self, key: InputKey, place: Place, *, retry: bool) -> Input | None:
        """The entry of that content of that outlet, where it was taken in before and need not be again.

        Refused content is taken again with `retry`. Content that a revision replaced is taken again where it lies in
        the revision's own place: the input went back to what it was.
        """
        entry = self.inputs.get(key)
        if entry is None or (retry and entry.status == "rejected"):
            return None
        if entry.status == "replaced":
            live = self.live.get(entry.article_id or "")
            if live is not None and live.place == place:
                return None
        return entry

    def file(self, source_path: str, sha256: str, *, retry: bool) -> int | None:
        """How many inputs the file holds when all of them are known, else None."""
        known = self.files.get((source_path, sha256))
        return None if known is None or (retry and known.n_rejected) else known.n_inputs


def forgotten_articles(entries: Iterable[Input]) -> frozenset[str]:
    """The articles of these that `copydesk forget` took out."""
    return frozenset(entry.article_id for entry in entries if entry.status == "forgotten" and entry.article_id)


def input_rows(inputs: Iterable[Input], batch_id: str) -> pl.DataFrame:
    """Rows of `schemas.INPUTS`."""
    rows = [(*entry, batch_id) for entry in inputs]
    return schemas.ordered(pl.DataFrame(rows, schema=schemas.INPUTS.schema, orient="row"), schemas.INPUTS)


def file_rows(files: Iterable[File], batch_id: str) -> pl.DataFrame:
    """Rows of `schemas.FILES`."""
    rows = [(*entry, batch_id) for entry in files]
    return schemas.ordered(pl.DataFrame(rows, schema=schemas.FILES.schema, orient="row"), schemas.FILES)
