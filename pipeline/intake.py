"""From the input folder to what is new in it, and, after extraction, what became of each input."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import polars as pl

from pipeline import schemas
from pipeline.engines.base import Batch
from pipeline.files import digest
from pipeline.kernels.hashing import article_id
from pipeline.kernels.identity import folder_outlet
from pipeline.ledger import File, Input, InputKey, Ledger, Status
from pipeline.readers import Document, Limits, Refusal, key_of, outlet_of, read
from pipeline.stages.extract import Extracted, Task

GROUP_DOCUMENTS = 16  # documents handed to a process at once
GROUP_BYTES = 4_000_000  # and their bytes
PART_ARTICLES = 2_000  # articles in one part of a stage's tables: about 100 MB in memory
RIVAL = "~"  # marks the id of a second input for one article, until it is settled which of them stands
EARLIEST = datetime(1, 1, 1, tzinfo=UTC)

_REJECTS = schemas.REJECTS.without("batch_id")


@dataclass
class Intake:
    """One pass over the input: iterate `groups()` once, pass the answers through `parts()`, then ask the rest.

    `wanted` names the inputs to take (a rebuild takes one old batch at a time), None = all; `origin` gives
    first_seen_at and revision of inputs that were taken in before; `retry` takes refused inputs again.
    """

    ledger: Ledger
    limits: Limits
    as_of: datetime
    retry: bool = False
    wanted: Set[InputKey] | None = None
    origin: Mapping[InputKey, tuple[datetime, int]] = field(default_factory=dict)
    n_inputs: int = 0
    n_unchanged: int = 0
    files: list[File] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    issued: dict[str, Task] = field(default_factory=dict)  # by id, without content
    published: dict[str, datetime | None] = field(default_factory=dict)  # of the documents that were read, by id
    rejects: list[pl.DataFrame] = field(default_factory=list)
    _taken: set[InputKey] = field(default_factory=set)
    _left_some: bool = False  # the file at hand holds inputs that are not wanted now

    def groups(self, paths: Iterable[tuple[Path, str]]) -> Iterator[list[Task]]:
        """New documents in groups, each with its id."""
        group: list[Task] = []
        size = 0
        for path, source_path in paths:
            for task in self._new_in(path, source_path):
                group.append(task)
                size += len(task.document.content)
                if len(group) >= GROUP_DOCUMENTS or size >= GROUP_BYTES:
                    yield group
                    group, size = [], 0
        if group:
            yield group

    def _new_in(self, path: Path, source_path: str) -> Iterator[Task]:
        try:
            whole = _file_hash(path)
        except OSError as error:
            self._refuse(Refusal(source_path, 0, "unreadable", error.strerror or str(error), None))
            return
        known = self.ledger.file(folder_outlet(source_path), whole, retry=self.retry)
        if known is not None:
            if self.wanted is None:
                self.n_inputs += known
                self.n_unchanged += known
            return
        n_inputs = n_rejected = 0
        self._left_some = False
        for item in read(path, source_path, self.limits):
            n_inputs += 1
            if isinstance(item, Refusal):
                n_rejected += 1
                self._refuse(item)
            elif self._take(outlet_of(item), item.sha256):
                yield self._issue(item)
        if not self._left_some:
            self.files.append(File(folder_outlet(source_path), whole, n_inputs, n_rejected))

    def _issue(self, document: Document) -> Task:
        outlet, key = outlet_of(document), key_of(document)
        article = article_id(outlet, key)
        seen_before = self.ledger.live.get(article)
        first_seen_at, revision = (seen_before[0], seen_before[1] + 1) if seen_before else (self.as_of, 0)
        first_seen_at, revision = self.origin.get((outlet, document.sha256), (first_seen_at, revision))
        rivals = sum(other == article or other.startswith(article + RIVAL) for other in self._ids_of(article))
        task = Task(f"{article}{RIVAL}{rivals}" if rivals else article, outlet, key, revision, first_seen_at, document)
        self.issued[task.article_id] = replace(task, document=replace(document, content=b""))
        return task

    def _ids_of(self, article: str) -> Iterator[str]:
        number, name = 0, article
        while name in self.issued:
            yield name
            number += 1
            name = f"{article}{RIVAL}{number}"

    def _refuse(self, refusal: Refusal) -> None:
        if self._take(None, _refusal_hash(refusal)):
            self.refusals.append(refusal)

    def _take(self, outlet: str | None, content: str) -> bool:
        """Count an input; True when it is new."""
        known = (outlet, content) in self._taken or self.ledger.knows(outlet, content, retry=self.retry)
        if self.wanted is not None and (outlet, content) not in self.wanted:
            self._left_some |= not known
            return False
        self.n_inputs += 1
        if known:
            self.n_unchanged += 1
            return False
        self._taken.add((outlet, content))
        return True

    def parts(self, answers: Iterable[Extracted], progress: Callable[[int], None]) -> Iterator[Batch]:
        """The answers as batches of whole articles, at least one; what they say of each input is kept here."""
        documents: list[pl.DataFrame] = []
        lines: list[pl.DataFrame] = []
        n_documents = n_parts = 0
        for answer in answers:
            self.published.update(answer.documents.select("article_id", "published_at").iter_rows())
            self.rejects.append(answer.rejects)
            documents.append(answer.documents)
            lines.append(answer.lines)
            n_documents += answer.documents.height
            progress(len(self.published))
            if n_documents >= PART_ARTICLES:
                yield {"documents": pl.concat(documents), "lines": pl.concat(lines)}
                documents, lines, n_documents, n_parts = [], [], 0, n_parts + 1
        if documents or not n_parts:
            yield {
                "documents": pl.concat([schemas.DOCUMENTS.empty(), *documents]),
                "lines": pl.concat([schemas.SCORED_LINES.empty(), *lines]),
            }

    def superseded(self) -> dict[str, str]:
        """Inputs that lost to another input for the same article: their id -> the id of the one that stands.

        The later published_at stands, else the later in (path, offset).
        """
        contests: dict[str, list[str]] = {}
        for name in self.published:
            contests.setdefault(name.partition(RIVAL)[0], []).append(name)
        losers: dict[str, str] = {}
        for names in contests.values():
            winner = max(names, key=self._standing)
            losers |= {name: winner for name in names if name != winner}
        return losers

    def _standing(self, name: str) -> tuple[datetime, str, int]:
        document = self.issued[name].document
        return self.published[name] or EARLIEST, document.source_path, document.source_offset

    def settled(self, batch: Batch) -> Batch:
        """The batch without superseded documents, every document under its own id."""
        losers = pl.Series(list(self.superseded()), dtype=pl.String).implode()
        own_id = pl.col("article_id").str.split(RIVAL).list.first()
        kept = ~pl.col("article_id").is_in(losers)
        return {name: frame.filter(kept).with_columns(own_id.alias("article_id")) for name, frame in batch.items()}

    def rejected(self) -> pl.DataFrame:
        """All refusals: rows of `schemas.REJECTS` without their batch, sorted."""
        rows: list[tuple[str, int, str | None, str, str, str]] = [
            (refusal.source_path, refusal.source_offset, None, "extract", refusal.reason, refusal.detail)
            for refusal in self.refusals
        ]
        for loser, winner in self.superseded().items():
            document, stands = self.issued[loser].document, self.issued[winner].document
            detail = f"{stands.source_path} at {stands.source_offset} is a later state of the same article"
            rows.append((document.source_path, document.source_offset, _own(loser), "extract", "superseded", detail))
        refused = pl.DataFrame(rows, schema=_REJECTS.schema, orient="row")
        own_id = pl.col("article_id").str.split(RIVAL).list.first().alias("article_id")
        return schemas.ordered(pl.concat([refused, *self.rejects]).with_columns(own_id), _REJECTS)

    def inputs(self) -> list[Input]:
        """Every input taken, with what became of it."""
        losers = self.superseded()
        entries = []
        for name, task in self.issued.items():
            status: Status = "superseded" if name in losers else "written" if name in self.published else "rejected"
            document = task.document
            entries.append(Input(
                task.outlet, document.sha256, _own(name), task.key, status,
                document.source_path, document.source_offset, task.first_seen_at, task.revision,
            ))  # fmt: skip
        for refusal in self.refusals:
            place = (refusal.source_path, refusal.source_offset)
            entries.append(Input(None, _refusal_hash(refusal), None, None, "rejected", *place, None, None))
        return entries

    def written(self) -> Sequence[Input]:
        """The inputs that became an article."""
        return [entry for entry in self.inputs() if entry.status == "written"]


def _own(name: str) -> str:
    return name.partition(RIVAL)[0]


def _refusal_hash(refusal: Refusal) -> str:
    """What makes a refusal known: the refused bytes, or, where they could not be had, where and why."""
    if refusal.sha256 is not None:
        return refusal.sha256
    place = f"{refusal.source_path}\0{refusal.source_offset}\0{refusal.reason}"
    return sha256(place.encode("utf-8", "surrogatepass")).hexdigest()


def _file_hash(path: Path) -> str:
    """sha256 of a file, together with its sidecar where it has one."""
    whole = digest(path)
    sidecar = path.with_name(f"{path.name}.meta.json")
    return sha256((whole + digest(sidecar)).encode()).hexdigest() if sidecar.is_file() else whole
