"""Where articles come from: a part of `dedup`, per article, that needs no other article.

It has no command, no section of settings and no folder of its own: its answers are columns of what dedup and export
write. It stands apart from dedup.py because it looks at pages and their lines, and dedup at paragraphs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import polars as pl
from pydantic import Field

from pipeline import schemas
from pipeline.errors import ConfigError
from pipeline.kernels import wire
from pipeline.kernels.wire import WireRules
from pipeline.stages.base import StageSettings

READS = (schemas.DOCUMENTS, schemas.JUDGED_LINES)
WRITES = (schemas.SOURCES, schemas.CITATIONS)


class Agency(StageSettings):
    """One `[[agency]]`; see kernels.wire.Agency."""

    id: str = Field(min_length=1)  # what wire_source and cited_agency say
    names: tuple[str, ...] = Field(min_length=1)  # mean the agency wherever they stand
    doubtful: tuple[str, ...] = ()  # mean other things too: count where a form fixes their place
    outlets: tuple[str, ...] = ()  # hosts or names of outlets that are the agency
    closes: bool = True  # false: in brackets at the end of a paragraph it is the credit of a picture
    nameless: bool = False  # true: "agencies", which the page does not name


class Form(StageSettings):
    """One `[[form]]`; see kernels.wire.Form."""

    kind: Literal["dateline", "byline", "credit", "shared"]
    where: tuple[Literal["opening", "head", "byline", "tail", "close", "page"], ...] = Field(min_length=1)
    like: tuple[str, ...] = Field(min_length=1)  # templates
    agency: str | None = None  # id of the agency whose own form it is
    beside: bool = False  # only beside a date or a byline
    closing: bool = False  # only of agencies that close a text so


class Citing(StageSettings):
    """`[citing]`: words that make a name in prose a source."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    follow: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    agency: tuple[str, ...] = ()  # "news agency"


class WireFile(StageSettings):
    """A file of news agencies, configs/wire.toml or one's own; several are read as one."""

    source: str = ""  # where the facts come from
    pictures: tuple[str, ...] = ()  # words of lines that credit a picture
    words: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)  # slot -> its words
    agency: tuple[Agency, ...] = ()
    form: tuple[Form, ...] = ()
    citing: Citing = Citing()


def wire_rules(files: Sequence[tuple[str, WireFile]]) -> WireRules:
    """The rules of (path, file) pairs together. Raises ConfigError that names the file and the entry that is wrong."""
    agencies: list[wire.Agency] = []
    forms: list[wire.Form] = []
    words: dict[str, tuple[str, ...]] = {}
    pictures: tuple[str, ...] = ()
    citing = wire.Citing()
    rules = wire.compiled([], [], {}, [], citing)
    for path, file in files:
        agencies += [wire.Agency(*entry.model_dump().values()) for entry in file.agency]
        forms += [wire.Form(*entry.model_dump().values()) for entry in file.form]
        words |= {slot: (*words.get(slot, ()), *added) for slot, added in file.words.items()}
        pictures += file.pictures
        citing = citing.plus(wire.Citing(*file.citing.model_dump().values()))
        try:
            rules = wire.compiled(agencies, forms, words, pictures, citing)
        except ValueError as error:
            raise ConfigError(f"{path}: {error}") from None
    return rules


def sources(documents: pl.DataFrame, lines: pl.DataFrame, rules: WireRules) -> tuple[pl.DataFrame, pl.DataFrame]:
    """SOURCES and CITATIONS of a batch of DOCUMENTS and their JUDGED_LINES; no article's answer depends on another."""
    found, cited = wire.sources(documents, lines, rules)
    return (
        schemas.ordered(schemas.conform(found, schemas.SOURCES, at="dedup"), schemas.SOURCES),
        schemas.ordered(schemas.conform(cited, schemas.CITATIONS, at="dedup"), schemas.CITATIONS),
    )


def agency_outlets(outlets: pl.Series, rules: WireRules) -> tuple[str, ...]:
    """Those of the outlets that are news agencies, ascending."""
    return tuple(sorted(outlet for outlet in outlets.drop_nulls().unique() if rules.agency_of_outlet(outlet)))


def told_members(
    members: pl.DataFrame, paragraphs: pl.DataFrame, found: pl.DataFrame, cited: pl.DataFrame
) -> pl.DataFrame:
    """Those MEMBERS that are among the paragraphs, with what SOURCES say of their articles and CITATIONS of themselves.

    `paragraphs` have paragraph_id, article_id and paragraph_no.
    """
    numbered = paragraphs.select("paragraph_id", "article_id", "paragraph_no")
    citing = numbered.join(cited, on=["article_id", "paragraph_no"], how="left").select("paragraph_id", "cited_agency")
    told = (
        members.drop("wire_source", "wire_kind", "wire_evidence", "cited_agency")
        .join(citing, on="paragraph_id")
        .join(found.drop("cited_agency"), on="article_id", how="left")
    )
    return schemas.ordered(schemas.conform(told, schemas.MEMBERS, at="dedup"), schemas.MEMBERS)
