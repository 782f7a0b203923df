"""Person names: fold -> aliases found -> bare surnames settled -> names in one spelling, every change reversible.

A table of people, checked when it is loaded, decides alone; nothing is guessed from similarity. Mentions are always
written down, also where the text is left as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import groupby
from typing import Literal

import polars as pl

from pipeline import schemas
from pipeline.errors import ConfigError
from pipeline.kernels.aliases import Alias, AliasTable, Mention, alias_table, form_key, full_mentions, rewritten
from pipeline.kernels.fold import fold_key
from pipeline.kernels.surnames import Passage, surname_mentions
from pipeline.stages.base import StageSettings

MENTIONS = schemas.MENTIONS.without("batch_id")
READS = (schemas.DOCUMENTS, schemas.JUDGED_LINES, schemas.LINKED_PARAGRAPHS)
WRITES = (schemas.NAMED_PARAGRAPHS, MENTIONS)

FIELDS = ("title", "deck", "caption", "byline")  # roles whose lines are looked at where they are not in the text
KOREAN = ("kp", "kr")  # nations whose three-part names the styles `hyphen` and `words` spell by rule
RULED_STYLES = ("hyphen", "words")  # Kim Jong-un; Kim Jong Un
ARTICLES = ("al", "el")  # Bashar al-Assad, Bashar Assad
MIN_NATIVE_CHARS = 2  # a single Han or Hangul character is a word more often than a name


class Settings(StageSettings):
    """How persons are found and spelled."""

    enabled: bool = True  # false: the text stays as it is, no mentions
    rewrite: Literal["none", "full"] = "full"  # what is put in the configured spelling in text_out: nothing, full names
    style: str = "default"  # canonical.<style> of a person, else canonical.default; `hyphen`, `words`: Korean by rule
    surnames: Literal["off", "record"] = "record"  # bare family names: left alone, or recorded as mentions
    # files of people, relative to the configuration file; `packaged:` = those copydesk brings along
    people: tuple[str, ...] = ("packaged:names/*.toml", "names/*.toml")


class Person(StageSettings):
    """One `[[person]]`: who it is, how the name is spelled, and whom it must never be taken for."""

    id: str  # stable word for the person
    wikidata: str = ""  # Q-number, where certain
    family: str  # family name as in canonical.default; "" = the name is never shortened
    canonical: Mapping[str, str]  # style -> spelling; `default` is required
    aliases: tuple[str, ...] = ()  # respellings; case, accents, hyphens and spaces are known by themselves
    native: tuple[str, ...] = ()  # other scripts: recorded, never rewritten
    never_merge: tuple[str, ...] = ()  # ids of people with similar names
    nation: str = ""  # two letters; for the styles that follow a rule
    source: str = ""  # where the spellings come from; the file's, where empty
    allow_single: bool = False  # aliases of one word are allowed
    veto: tuple[str, ...] = ()  # words after the name that make it something else's: University is known by itself


class PeopleFile(StageSettings):
    """A file of people."""

    source: str = ""  # where the spellings come from, for every person that does not say
    person: tuple[Person, ...] = ()


@dataclass(frozen=True)
class People:
    """Everybody the run knows, checked."""

    table: AliasTable
    families: Mapping[str, frozenset[str]] = field(default_factory=dict)  # person id -> fold keys of the family name


def people_table(files: Sequence[tuple[str, PeopleFile]], style: str) -> People:
    """The people of the files, named in the style.

    Raises ConfigError, naming file and entry, for a fold key that two persons own, an id given twice, an alias that
    breaks a never_merge or has one word without allow_single, a never_merge or style that nobody has, a person without
    source or canonical.default, a family name that is not in it.
    """
    people = [(f"{path} {person.id}", person, file) for path, file in files for person in file.person]
    _check_ids(people)
    _check_style([person for _, person, _ in people], style)
    owners: dict[str, tuple[str, Person]] = {}
    aliases: list[Alias] = []
    for where, person, file in people:
        _check_person(where, person, file)
        for alias in _person_aliases(person):
            key, _ = form_key(alias.form)
            _check_form(where, alias, key, person)
            owner = owners.setdefault(key, (where, person))
            if owner[1].id != person.id:
                raise ConfigError(_clash(where, person, alias.form, *owner))
            aliases.append(alias)
    names = {person.id: _spelled(person, style) for _, person, _ in people}
    veto = {person.id: frozenset(word.casefold() for word in person.veto) for _, person, _ in people if person.veto}
    families: dict[str, set[str]] = {person.id: set() for _, person, _ in people if person.family}
    for alias in aliases:
        if alias.family:
            families[alias.person_id].add(fold_key(alias.family))
    return People(alias_table(aliases, names, veto), {person: frozenset(keys) for person, keys in families.items()})


def _check_ids(people: Sequence[tuple[str, Person, PeopleFile]]) -> None:
    seen: dict[str, str] = {}
    for where, person, _ in people:
        if person.id in seen:
            raise ConfigError(f"{where}: this id is taken by {seen[person.id]}")
        seen[person.id] = where
    for where, person, _ in people:
        for other in person.never_merge:
            if other not in seen:
                close = get_close_matches(other, seen, n=1)
                hint = f"; did you mean '{close[0]}'?" if close else ""
                raise ConfigError(f"{where}: never_merge names '{other}', whom no file knows{hint}")
            if other == person.id:
                raise ConfigError(f"{where}: never_merge names the person itself")


def _check_style(people: Sequence[Person], style: str) -> None:
    known = {"default", *RULED_STYLES}.union(*(person.canonical for person in people))
    if people and style not in known:
        raise ConfigError(f"names.style: nobody has the style '{style}'; there are {', '.join(sorted(known))}")


def _check_person(where: str, person: Person, file: PeopleFile) -> None:
    if "default" not in person.canonical:
        raise ConfigError(f"{where}: canonical has no 'default'")
    if not (person.source or file.source):
        raise ConfigError(f"{where}: no source; give one for the person, or for the file")
    if person.family and not _family_in(person.canonical["default"], person.family):
        raise ConfigError(f"{where}: family '{person.family}' is no part of '{person.canonical['default']}'")


def _check_form(where: str, alias: Alias, key: str, person: Person) -> None:
    if not key:
        raise ConfigError(f"{where}: '{alias.form}' has no letters")
    if alias.kind == "native":
        if len(alias.form) < MIN_NATIVE_CHARS:
            raise ConfigError(f"{where}: native '{alias.form}' is shorter than {MIN_NATIVE_CHARS} characters")
    elif len(_tokens(alias.form)) < 2 and not person.allow_single:
        raise ConfigError(f"{where}: '{alias.form}' is one word; write allow_single = true if that is meant")


def _clash(where: str, person: Person, form: str, other_where: str, other: Person) -> str:
    if other.id in person.never_merge or person.id in other.never_merge:
        return f"{where}: '{form}' breaks never_merge: it is a spelling of {other_where} as well"
    return f"{where}: '{form}' is a spelling of {other_where} as well; one spelling, one person"


def _person_aliases(person: Person) -> list[Alias]:
    """Every form of the name, each with the family name as that form spells it."""
    spelled = [*person.canonical.values(), *(_spelled(person, style) for style in RULED_STYLES), *person.aliases]
    forms = [Alias(person.id, form, family=_family_of(form, person)) for form in spelled]
    return forms + [Alias(person.id, form, "native", person.family) for form in person.native]


def _tokens(form: str) -> list[str]:
    """The words of a form; the article al, which spellings have or have not, is none."""
    return [token for token in form.replace("-", " ").split() if token.casefold() not in ARTICLES]


def _family_in(form: str, family: str) -> bool:
    tokens = [fold_key(token) for token in _tokens(form)]
    wanted = [fold_key(token) for token in _tokens(family)]
    return any(tokens[at : at + len(wanted)] == wanted for at in range(len(tokens) - len(wanted) + 1))


def _family_of(form: str, person: Person) -> str:
    """The family name in a form: the person's own, or the word in its place where the form has as many words."""
    if not person.family or _family_in(form, person.family):
        return person.family
    tokens, own = _tokens(form), _tokens(person.canonical["default"])
    families = [at for at, token in enumerate(own) if fold_key(token) == fold_key(person.family)]
    return tokens[families[0]] if families and len(tokens) == len(own) else ""


def _spelled(person: Person, style: str) -> str:
    """The name in a style: as given, else by the style's rule for Korean names, else the default."""
    default = person.canonical["default"]
    if style in person.canonical:
        return person.canonical[style]
    tokens = _tokens(default)
    if style not in RULED_STYLES or person.nation not in KOREAN or len(tokens) != 3:
        return default
    family, first, second = tokens
    return f"{family} {first}-{second.lower()}" if style == "hyphen" else f"{family} {first} {second.capitalize()}"


@dataclass(frozen=True, slots=True)
class Replacement:
    """A span of a text and the name that takes its place."""

    start: int
    surface: str
    name: str | None


def apply(
    documents: pl.DataFrame, lines: pl.DataFrame, paragraphs: pl.DataFrame, people: People, settings: Settings
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The paragraphs with `text_out`, and the mentions in their order.

    A batch holds whole articles; the answer for one never depends on the others. `text_out` differs from `text` only
    where a mention says `rewritten`, and `aliases.undone` takes it back. A name inside an institution's (Kim Il Sung
    University) is a mention with the issue in_name and a candidate, but without a person: it does not count as one.
    """
    documents = schemas.conform(documents, schemas.DOCUMENTS, at="names")
    lines = schemas.conform(lines, schemas.JUDGED_LINES, at="names")
    paragraphs = schemas.conform(paragraphs, schemas.LINKED_PARAGRAPHS, at="names")
    if not settings.enabled:
        unchanged = paragraphs.with_columns(pl.col("text").alias("text_out"))
        return schemas.conform(unchanged, schemas.NAMED_PARAGRAPHS, at="names"), MENTIONS.empty()
    passages = _passages(lines, paragraphs)
    texts = passages["text"].to_list()
    found = full_mentions(texts, people.table)
    if settings.surnames == "record":
        bylines = dict(documents.select("article_id", "byline").iter_rows())
        found = _with_surnames(passages, found, people, lambda article: bylines.get(article) or "")
    rows: dict[str, list[object]] = {name: [] for name in MENTIONS.names}
    texts_out = list(texts)
    keys = passages.select("article_id", "field", "paragraph_no", "line_no").rows()
    for passage_no, mentions in enumerate(found):
        spans: list[Replacement] = []
        for mention in mentions:
            name = None if mention.person_id is None else people.table.names[mention.person_id]
            in_text = keys[passage_no][1] == "text"
            is_rewritten = in_text and settings.rewrite == "full" and mention.may_rewrite and name != mention.surface
            if is_rewritten:
                spans.append(Replacement(mention.start, mention.surface, name))
            values = (
                *keys[passage_no], mention.start, mention.end, mention.surface, name, mention.person_id, mention.kind,
                mention.method, list(mention.issues), list(mention.candidates), is_rewritten,
            )  # fmt: skip
            for column, value in zip(MENTIONS.names, values, strict=True):
                rows[column].append(value)
        texts_out[passage_no] = rewritten(texts[passage_no], spans)
    mentions_table = schemas.ordered(pl.DataFrame(rows, schema=MENTIONS.schema), MENTIONS)
    spelled = passages.with_columns(pl.Series("text_out", texts_out, dtype=pl.String)).filter(pl.col("field") == "text")
    named = paragraphs.join(
        spelled.select("article_id", "paragraph_no", "text_out"),
        on=["article_id", "paragraph_no"],
        how="left",
        maintain_order="left",
    )
    return schemas.conform(named.select(schemas.NAMED_PARAGRAPHS.names), schemas.NAMED_PARAGRAPHS, at="names"), (
        schemas.conform(mentions_table, MENTIONS, at="names")
    )


def _passages(lines: pl.DataFrame, paragraphs: pl.DataFrame) -> pl.DataFrame:
    """Everything that is searched, in reading order: article_id, field, paragraph_no, line_no, text."""
    first_lines = (
        lines.filter(pl.col("paragraph_no").is_not_null())
        .group_by("article_id", "paragraph_no")
        .agg(pl.col("line_no").min().alias("place"))
    )
    in_text = paragraphs.join(first_lines, on=["article_id", "paragraph_no"], how="left").select(
        "article_id",
        pl.lit("text").alias("field"),
        "paragraph_no",
        pl.lit(None, dtype=pl.Int32).alias("line_no"),
        "text",
        "place",
    )
    in_fields = lines.filter(
        pl.col("role").is_in(FIELDS) & pl.col("paragraph_no").is_null() & pl.col("dropped_by").is_null()
    ).select(
        "article_id",
        pl.col("role").alias("field"),
        pl.lit(None, dtype=pl.Int32).alias("paragraph_no"),
        "line_no",
        "text",
        pl.col("line_no").alias("place"),
    )
    order = ["article_id", "place", "paragraph_no", "line_no"]
    return pl.concat([in_text, in_fields]).sort(order, nulls_last=True).drop("place")


def _with_surnames(
    passages: pl.DataFrame, found: Sequence[Sequence[Mention]], people: People, byline: Callable[[str], str]
) -> list[list[Mention]]:
    """The mentions, and those of bare family names, article by article."""
    both: list[list[Mention]] = []
    rows = enumerate(passages.select("article_id", "field", "text").iter_rows())
    for article, members in groupby(rows, key=lambda numbered: numbered[1][0]):
        article_passages = [
            Passage(text, found[passage_no], is_byline=field_name == "byline")
            for passage_no, (_, field_name, text) in members
        ]
        bare = surname_mentions(article_passages, people.families, byline(article))
        both += [
            sorted([*passage.mentions, *extra], key=lambda mention: mention.start)
            for passage, extra in zip(article_passages, bare, strict=True)
        ]
    return both
