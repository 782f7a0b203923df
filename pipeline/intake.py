"""From the input folder to what is new in it, and, after extraction, what became of each input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from hashlib import file_digest, sha256
from pathlib import Path

import polars as pl

from pipeline import schemas
from pipeline.engines.base import Batch
from pipeline.kernels.hashing import article_id
from pipeline.ledger import File, Input, InputKey, Ledger, Place, Status, forgotten_articles
from pipeline.readers import Document, Limits, Refusal, Skipped, key_of, outlet_of, read
from pipeline.readers.articles import SIDECAR
from pipeline.readers.unpack import UnpackError, opened
from pipeline.stages.extract import Extracted, Task

GROUP_DOCUMENTS = 16  # documents handed to a process at once
GROUP_BYTES = 4_000_000  # and their bytes
PART_ARTICLES = 2_000  # articles in one part of a stage's tables: about 100 MB in memory
PART_LINES = 1 << 17  # and their lines
RIVAL = "~"  # marks the id of a second input for one article, until it is settled which of them stands
EARLIEST = datetime(1, 1, 1, tzinfo=UTC)

_REJECTS = schemas.REJECTS.without("batch_id")
_OWN_ID = pl.col("article_id").str.split(RIVAL).list.first().alias("article_id")


@dataclass
class Intake:
    """One pass over the input: iterate `groups()` once, pass the answers through `parts()`, then ask the rest.

    `wanted` names the inputs to take (a rebuild takes one old batch at a time), None = all; `origin` gives the entry of
    inputs that were taken in before, whose key, first_seen_at and revision they keep; `retry` takes refused inputs
    again.
    """

    ledger: Ledger
    limits: Limits
    as_of: datetime
    retry: bool = False
    wanted: Set[InputKey] | None = None
    origin: Mapping[InputKey, Input] = field(default_factory=dict)
    n_inputs: int = 0
    n_unchanged: int = 0
    n_repeated: int = 0  # of the unchanged: the same content twice in this input
    n_forgotten: int = 0  # of the unchanged: articles that were to be forgotten
    files: dict[str, File] = field(default_factory=dict)  # by source path
    refusals: list[Refusal] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)  # records that are no article's: path, why
    still_refused: set[Place] = field(default_factory=set)  # known refusals that were met again
    issued: dict[str, Task] = field(default_factory=dict)  # by id, without content
    published: dict[str, datetime | None] = field(default_factory=dict)  # of the documents that were read, by id
    rejects: list[pl.DataFrame] = field(default_factory=list)
    _taken: set[InputKey] = field(default_factory=set)
    _rivals: Counter[str] = field(default_factory=Counter)
    _moved: dict[str, tuple[Path, str]] = field(default_factory=dict)  # article -> file that holds its input now
    _left_some: bool = False  # the file at hand holds inputs that are not wanted now

    def groups(self, paths: Iterable[tuple[Path, str]]) -> Iterator[list[Task]]:
        """New documents in groups, each with its id."""
        group: list[Task] = []
        size = 0
        for task in self._tasks(paths):
            group.append(task)
            size += len(task.document.content)
            if len(group) >= GROUP_DOCUMENTS or size >= GROUP_BYTES:
                yield group
                group, size = [], 0
        if group:
            yield group

    def _tasks(self, paths: Iterable[tuple[Path, str]]) -> Iterator[Task]:
        for path, source_path in paths:
            yield from self._new_in(path, source_path)
        for article in sorted(self._moved.keys() & self.issued.keys()):
            yield from self._homeless(article, *self._moved[article])

    def _new_in(self, path: Path, source_path: str) -> Iterator[Task]:
        before = _state(path)
        try:
            whole = _file_hash(path)
        except UnpackError as error:
            self._refuse(Refusal(source_path, 0, error.reason, error.detail, None))
            return
        known = self.ledger.file(source_path, whole, retry=self.retry)
        if known is not None:
            if self.wanted is None:
                self.n_inputs += known
                self.n_unchanged += known
            return
        n_inputs = 0
        self._left_some = False
        for item in read(path, source_path, self.limits):
            if isinstance(item, Skipped):
                self.skipped.append((item.source_path, item.why))
                continue
            n_inputs += 1
            if self._is_new(item, path):
                if isinstance(item, Refusal):
                    self.refusals.append(item)
                else:
                    yield self._issue(item, key_of(item))
        if not self._left_some and before == _state(path):  # else the hash may be that of another state: read again
            self.files[source_path] = File(source_path, whole, n_inputs, 0)

    def _is_new(self, item: Document | Refusal, path: Path) -> bool:
        """Count an input; True when it is new and wanted."""
        key, place = input_key(item), (item.source_path, item.source_offset)
        entry = self.ledger.known(key, place, retry=self.retry)
        repeated = key in self._taken
        if self.wanted is not None and key not in self.wanted:
            self._left_some |= entry is None and not repeated
            return False
        self.n_inputs += 1
        if self._is_forgotten(item, key):
            self.n_unchanged += 1
            self.n_forgotten += 1
            self._left_some = True
            return False
        if entry is None and not repeated:
            self._taken.add(key)
            return True
        self.n_unchanged += 1
        self.n_repeated += repeated
        if entry is not None and entry.status in ("rejected", "superseded"):
            self.still_refused.add(place)
        if entry is not None and entry.status == "written" and entry.place != place and entry.article_id:
            self._moved[entry.article_id] = path, item.source_path
        return False

    def _is_forgotten(self, item: Document | Refusal, key: InputKey) -> bool:
        """The input is that of an article to be forgotten: the same content, or another state of it."""
        for entry in (self.ledger.inputs.get(key), self.origin.get(key)):
            if entry is not None and entry.status == "forgotten":
                return True
        if not self._forgotten or isinstance(item, Refusal):
            return False
        return article_id(outlet_of(item), key_of(item)) in self._forgotten

    @cached_property
    def _forgotten(self) -> Set[str]:
        return self.ledger.forgotten | forgotten_articles(self.origin.values())

    def _homeless(self, article: str, path: Path, source_path: str) -> Iterator[Task]:
        """Inputs of the file whose article is revised from the place they used to lie in: articles of their own now."""
        for item in read(path, source_path, self.limits):
            if isinstance(item, Document):
                key, entry = key_of(item), self.ledger.inputs.get(input_key(item))
                own = article_id(outlet_of(item), key)
                if entry is not None and entry.article_id == article != own and own not in self.ledger.live:
                    self.n_unchanged -= 1
                    yield self._issue(item, key)

    def _issue(self, document: Document, key: str) -> Task:
        outlet, first_seen_at, revision = outlet_of(document), self.as_of, 0
        origin = self.origin.get(input_key(document))
        if origin is not None and origin.key is not None:
            key = origin.key
        article = article_id(outlet, key)
        live = self.ledger.live.get(article)
        if live is not None:
            first_seen_at, revision = live.first_seen_at or self.as_of, (live.revision or 0) + 1
        if origin is not None:
            first_seen_at, revision = origin.first_seen_at or first_seen_at, origin.revision or 0
        name = f"{article}{RIVAL}{self._rivals[article]}" if article in self.issued else article
        self._rivals[article] += 1
        task = Task(name, outlet, key, revision, first_seen_at, document)
        self.issued[name] = replace(task, document=replace(document, content=b""))
        return task

    def refuse_unreadable(self, source_path: str, detail: str) -> None:
        """A folder that cannot be listed: one refusal, however much it holds."""
        self._refuse(Refusal(source_path, 0, "unreadable", detail, None))

    def _refuse(self, refusal: Refusal) -> None:
        if self._is_new(refusal, Path(refusal.source_path)):
            self.refusals.append(refusal)

    def parts(self, answers: Iterable[Extracted], progress: Callable[[int], None]) -> Iterator[Batch]:
        """The answers as batches of whole articles, at least one; what they say of each input is kept here."""
        documents: list[pl.DataFrame] = []
        lines: list[pl.DataFrame] = []
        n_documents = n_lines = n_parts = 0
        for answer in answers:
            self.published.update(answer.documents.select("article_id", "published_at").iter_rows())
            self.rejects.append(answer.rejects)
            documents.append(answer.documents)
            lines.append(answer.lines)
            n_documents += answer.documents.height
            n_lines += answer.lines.height
            progress(len(self.published))
            if n_documents >= PART_ARTICLES or n_lines >= PART_LINES:
                yield {"documents": pl.concat(documents), "lines": pl.concat(lines)}
                documents, lines, n_documents, n_lines, n_parts = [], [], 0, 0, n_parts + 1
        if documents or not n_parts:
            yield {
                "documents": pl.concat([schemas.DOCUMENTS.empty(), *documents]),
                "lines": pl.concat([schemas.SCORED_LINES.empty(), *lines]),
            }

    @cached_property
    def superseded(self) -> dict[str, str]:
        """Inputs that lost to another input for the same article: their id -> the id of the one that stands.

        The later published_at stands, else the later fetch, else the later in (path, offset). Ask when all answers
        are in.
        """
        contests: dict[str, list[str]] = {}
        for name in self.published:
            contests.setdefault(_own(name), []).append(name)
        losers: dict[str, str] = {}
        for names in contests.values():
            winner = max(names, key=self._standing)
            losers |= {name: winner for name in names if name != winner}
        return losers

    def _standing(self, name: str) -> tuple[datetime, str, str, int]:
        document = self.issued[name].document
        published_at = self.published[name] or EARLIEST
        return published_at, (document.fetched_at or "").removesuffix("Z"), document.source_path, document.source_offset

    def rejected(self) -> pl.DataFrame:
        """All refusals: rows of `schemas.REJECTS` without their batch, sorted."""
        rows: list[tuple[str, int, str | None, str, str, str]] = [
            (refusal.source_path, refusal.source_offset, None, "extract", refusal.reason, refusal.detail)
            for refusal in self.refusals
        ]
        for loser, winner in self.superseded.items():
            document, stands = self.issued[loser].document, self.issued[winner].document
            detail = f"{stands.source_path} at {stands.source_offset} is a later state of the same article"
            rows.append((document.source_path, document.source_offset, _own(loser), "extract", "superseded", detail))
        refused = pl.DataFrame(rows, schema=_REJECTS.schema, orient="row")
        return schemas.ordered(pl.concat([refused, *self.rejects]).with_columns(_OWN_ID), _REJECTS)

    def inputs(self) -> list[Input]:
        """Every input taken, with what became of it."""
        entries = []
        for name, task in self.issued.items():
            status: Status = "superseded" if name in self.superseded else "rejected"
            if status == "rejected" and name in self.published:
                status = "written"
            document = task.document
            entries.append(Input(
                task.outlet, document.sha256, _own(name), task.key, status,
                document.source_path, document.source_offset, task.first_seen_at, task.revision,
            ))  # fmt: skip
        for refusal in self.refusals:
            place = (refusal.source_path, refusal.source_offset)
            entries.append(Input(*input_key(refusal), None, None, "rejected", *place, None, None))
        return entries

    def file_entries(self) -> list[File]:
        """Every file read to its end, with how many of its inputs were refused, by a reader or later."""
        refused = Counter(entry.source_path for entry in self.inputs() if entry.status == "rejected")
        refused.update(path for path, _ in self.still_refused)
        return [file._replace(n_rejected=refused[source_path]) for source_path, file in self.files.items()]

    def written(self) -> Sequence[Input]:
        """The inputs that became an article."""
        return [entry for entry in self.inputs() if entry.status == "written"]


def settled(batch: Batch, losers: Sequence[str]) -> Batch:
    """The batch without the superseded documents, `losers`, every document under its own id."""
    kept = ~pl.col("article_id").is_in(pl.Series(losers, dtype=pl.String).implode())
    return {name: frame.filter(kept).with_columns(_OWN_ID) for name, frame in batch.items()}


def located(paths: Iterable[tuple[Path, str]], limits: Limits, batch_of: Mapping[InputKey, str]) -> dict[str, set[str]]:
    """The source paths in which inputs of each batch lie now: batch id -> paths. Reads every file once."""
    places: dict[str, set[str]] = {}
    for path, source_path in paths:
        for item in read(path, source_path, limits):
            batch = None if isinstance(item, Skipped) else batch_of.get(input_key(item))
            if batch is not None:
                places.setdefault(batch, set()).add(source_path)
    return places


def input_key(item: Document | Refusal) -> InputKey:
    """What makes an input known: outlet and content; of a refusal, where, why and, if it was read, what."""
    if isinstance(item, Document):
        return outlet_of(item), item.sha256
    place = f"{item.source_path}\0{item.source_offset}\0{item.reason}\0{item.sha256}"
    return None, sha256(place.encode("utf-8", "surrogatepass")).hexdigest()


def _own(name: str) -> str:
    return name.partition(RIVAL)[0]


def _file_hash(path: Path) -> str:
    """sha256 of a file, together with its sidecar where it has one. Raises UnpackError."""
    whole = _digest(path)
    sidecar = path.with_name(path.name + SIDECAR)
    return sha256((whole + _digest(sidecar)).encode()).hexdigest() if sidecar.is_file() else whole


def _digest(path: Path) -> str:
    with opened(path) as file:
        return file_digest(file, "sha256").hexdigest()


def _state(path: Path) -> tuple[int, int, int] | None:
    """What changes when the file does; None where it is gone."""
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_ino, seen.st_size, seen.st_mtime_ns
