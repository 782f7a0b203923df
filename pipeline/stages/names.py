"""Person names: fold -> aliases found -> bare surnames settled -> names in one spelling, every change reversible.

A table of people, checked when it is loaded, decides alone; nothing is guessed from similarity. Mentions are always
written down, also where the text is left as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from typing import Literal

import polars as pl

from pipeline import schemas
from pipeline.errors import ConfigError
from pipeline.kernels.aliases import (
    Alias,
    AliasTable,
    Mention,
    SharedSpellingError,
    alias_table,
    form_key,
    full_mentions,
    rewritten,
)
from pipeline.kernels.fold import fold_key
from pipeline.kernels.surnames import Passage, surname_mentions
from pipeline.stages.base import StageSettings

MENTIONS = schemas.MENTIONS.without("batch_id")
READS = (schemas.DOCUMENTS, schemas.JUDGED_LINES, schemas.LINKED_PARAGRAPHS)
WRITES = (schemas.NAMED_PARAGRAPHS, MENTIONS)

KEY = ("article_id", "field", "paragraph_no", "line_no")  # of a passage
FIELDS = ("title", "deck", "caption", "byline")  # roles whose lines are looked at where they are not in the text
KOREAN = ("kp", "kr")  # nations whose three-part names the styles below spell by rule, where none is given
RULED_STYLES: Mapping[str, Callable[[str, str, str], str]] = {
    "kp": lambda family, first, second: f"{family} {first} {second.capitalize()}",  # as the North writes: Kim Jong Un
    "kr": lambda family, first, second: f"{family} {first}-{second.lower()}",  # as the South writes: Moon Jae-in
    "hyphen": lambda family, first, second: f"{family} {first}-{second.lower()}",  # the same under its other name
    "joined": lambda family, first, second: f"{family} {first}{second.lower()}",  # Moon Jaein
}
ARTICLES = ("al", "el")  # Bashar al-Assad, Bashar Assad
MIN_NATIVE_CHARS = 2  # a single Han or Hangul character is a word more often than a name


class Settings(StageSettings):
    """How persons are found and spelled."""

    enabled: bool = True  # false: the text stays as it is, no mentions
    # what is put in the configured spelling in text_out: nothing, full names, or settled family names too
    rewrite: Literal["none", "full", "full+surname"] = "full"
    style: str = (
        "default"  # canonical.<style> of a person, else canonical.default; kp, kr, hyphen, joined: Korean by rule
    )
    surnames: Literal["off", "record"] = "record"  # bare family names: left alone, or recorded as mentions
    bearers: Literal["before", "anywhere"] = (
        "before"  # where in the article the full name stands that settles a bare one
    )
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
    homonyms: tuple[str, ...] = ()  # ids of people with the very same name: who is meant stays undecided
    nation: str = ""  # two letters; for the styles that follow a rule
    source: str = ""  # where the spellings come from; the file's, where empty
    allow_single: bool = False  # aliases of one word are allowed
    veto: tuple[str, ...] = ()  # words after the name that make it something else's: University is known by itself


class MoreSpellings(StageSettings):
    """One `[[alias]]`: further spellings of a person whom another file lists."""

    person: str  # id
    forms: tuple[str, ...] = ()
    native: tuple[str, ...] = ()


class PeopleFile(StageSettings):
    """A file of people."""

    source: str = ""  # where the spellings come from, for every person that does not say
    never_merge: tuple[tuple[str, str], ...] = ()  # pairs of spellings that mean two persons, known or not
    person: tuple[Person, ...] = ()
    alias: tuple[MoreSpellings, ...] = ()


@dataclass(frozen=True)
class People:
    """Everybody the run knows, checked."""

    table: AliasTable
    families: Mapping[str, frozenset[str]] = field(default_factory=dict)  # person id -> fold keys of the family name
    family_names: Mapping[str, str] = field(
        default_factory=dict
    )  # person id -> family name in the style, '' where none
    apart: frozenset[frozenset[str]] = frozenset()  # pairs of fold keys that never are one person


def people_table(files: Sequence[tuple[str, PeopleFile]], style: str) -> People:
    """The people of the files, named in the style.

    Raises ConfigError, naming file and entry, for a fold key that two persons own who are no homonyms, an id given
    twice, an alias that breaks a never_merge or has one word without allow_single, an id or style that nobody has, a
    person without source or canonical.default, a family name that is not in it.
    """
    people = [(f"{path} {person.id}", person, file) for path, file in files for person in file.person]
    more = [(f"{path} alias", more, file) for path, file in files for more in file.alias]
    _check_ids(people, more)
    _check_style([person for _, person, _ in people], style)
    aliases: list[tuple[str, Person, Alias]] = []
    by_id: dict[str, Person] = {}
    for where, person, file in people:
        _check_person(where, person, file)
        by_id[person.id] = person
        aliases += [(where, person, alias) for alias in _person_aliases(person)]
    for where, spellings, file in more:
        if not file.source:
            raise ConfigError(f"{where}: no source; give one for the file")
        person = by_id[spellings.person]
        aliases += [(where, person, alias) for alias in _forms(person, spellings.forms, spellings.native)]
    for where, person, alias in aliases:
        _check_form(where, alias, person)
    homonyms = {frozenset((person.id, other)) for _, person, _ in people for other in person.homonyms}
    usual = {person.id: person.canonical["default"] for _, person, _ in people}
    names = {person.id: _spelled(person, style) for _, person, _ in people}
    veto = {person.id: frozenset(word.casefold() for word in person.veto) for _, person, _ in people if person.veto}
    families: dict[str, set[str]] = {person.id: set() for _, person, _ in people if person.family}
    for _, _, alias in aliases:
        if alias.family:
            families[alias.person_id].add(fold_key(alias.family))
    try:
        table = alias_table([alias for _, _, alias in aliases], names, veto, homonyms, usual)
    except SharedSpellingError as error:
        raise ConfigError(_clash(error, aliases)) from None
    return People(
        table,
        {person: frozenset(keys) for person, keys in families.items()},
        {person.id: _family_of(names[person.id], person) for _, person, _ in people},
        _apart(files, table),
    )


def _apart(files: Sequence[tuple[str, PeopleFile]], table: AliasTable) -> frozenset[frozenset[str]]:
    """The pairs of spellings that mean two persons, as fold keys."""
    pairs: set[frozenset[str]] = set()
    for path, file in files:
        for left, right in file.never_merge:
            keys = fold_key(left), fold_key(right)
            shared = table.owners(keys[0]) & table.owners(keys[1])
            if shared or keys[0] == keys[1]:
                whose = f"spellings of {min(shared)}" if shared else "one spelling"
                raise ConfigError(f"{path} never_merge: '{left}' and '{right}' are both {whose}")
            pairs.add(frozenset(keys))
    return frozenset(pairs)


def _check_ids(
    people: Sequence[tuple[str, Person, PeopleFile]], more: Sequence[tuple[str, MoreSpellings, PeopleFile]]
) -> None:
    seen: dict[str, str] = {}
    for where, person, _ in people:
        if person.id in seen:
            raise ConfigError(f"{where}: this id is taken by {seen[person.id]}")
        seen[person.id] = where
    named = [(where, "never_merge", person.id, other) for where, person, _ in people for other in person.never_merge]
    named += [(where, "homonyms", person.id, other) for where, person, _ in people for other in person.homonyms]
    named += [(where, "person", "", spellings.person) for where, spellings, _ in more]
    for where, key, person_id, other in named:
        if other not in seen:
            close = get_close_matches(other, seen, n=1)
            hint = f"; did you mean '{close[0]}'?" if close else ""
            raise ConfigError(f"{where}: {key} names '{other}', whom no file knows{hint}")
        if other == person_id:
            raise ConfigError(f"{where}: {key} names the person itself")


def _check_style(people: Sequence[Person], style: str) -> None:
    known = {"default", *RULED_STYLES}.union(*(person.canonical for person in people))
    if people and style not in known:
        raise ConfigError(f"names.style: nobody has the style '{style}'; there are {', '.join(sorted(known))}")


def _check_person(where: str, person: Person, file: PeopleFile) -> None:
    if "default" not in person.canonical:
        raise ConfigError(f"{where}: canonical has no 'default'")
    if not (person.source or file.source):
        raise ConfigError(f"{where}: no source; give one for the person, or for the file")
    if person.family and _family_at(person.canonical["default"], person.family) is None:
        raise ConfigError(f"{where}: family '{person.family}' is no part of '{person.canonical['default']}'")


def _check_form(where: str, alias: Alias, person: Person) -> None:
    if not fold_key(alias.form):
        raise ConfigError(f"{where}: '{alias.form}' has no letters")
    if alias.kind == "native":
        if len(alias.form) < MIN_NATIVE_CHARS:
            raise ConfigError(f"{where}: native '{alias.form}' is shorter than {MIN_NATIVE_CHARS} characters")
    elif is_one_word(alias.form) and not person.allow_single:
        raise ConfigError(f"{where}: '{alias.form}' is one word; write allow_single = true if that is meant")


def is_one_word(form: str) -> bool:
    """Whether a form has one word with letters or none, cut at spaces and hyphens: J.Lo has one, Jae-in two."""
    return sum(map(bool, _token_keys(form))) < 2


def _clash(error: SharedSpellingError, aliases: Sequence[tuple[str, Person, Alias]]) -> str:
    """Where both spellings stand, and what that breaks."""
    key, _ = form_key(error.alias.form)
    where, person = next((where, person) for where, person, alias in aliases if alias is error.alias)
    other_where, other = next(
        (where, person)
        for where, person, alias in aliases
        if person.id == error.owner and form_key(alias.form)[0] == key
    )
    if other.id in person.never_merge or person.id in other.never_merge:
        return f"{where}: '{error.alias.form}' breaks never_merge: it is a spelling of {other_where} as well"
    return f"{where}: '{error.alias.form}' is a spelling of {other_where} as well; one spelling, one person"


def _person_aliases(person: Person) -> list[Alias]:
    """Every form of the name, each with the family name as that form spells it."""
    ruled = [_spelled(person, style) for style in RULED_STYLES] if person.nation in KOREAN else []
    return _forms(person, [*person.canonical.values(), *ruled, *person.aliases], person.native)


def _forms(person: Person, forms: Sequence[str], native: Sequence[str]) -> list[Alias]:
    latin = [Alias(person.id, form, family=_family_of(form, person)) for form in forms]
    return latin + [Alias(person.id, form, "native", person.family) for form in native]


@lru_cache(maxsize=4_096)  # every form is asked about four times
def _tokens(form: str) -> tuple[str, ...]:
    """The words of a form; the article al, which spellings have or have not, is none. Al Gore is two words."""
    words = form.replace("-", " ").split()
    return tuple(word for place, word in enumerate(words) if not place or word.casefold() not in ARTICLES)


@lru_cache(maxsize=4_096)
def _token_keys(form: str) -> tuple[str, ...]:
    """The fold keys of its words."""
    return tuple(map(fold_key, _tokens(form)))


def _family_at(form: str, family: str) -> int | None:
    """Which word of the form the family name begins with; None where it is not in it."""
    keys, wanted = _token_keys(form), _token_keys(family)
    places = range(len(keys) - len(wanted) + 1)
    return next((at for at in places if keys[at : at + len(wanted)] == wanted), None)


def _family_of(form: str, person: Person) -> str:
    """The family name in a form: the person's own, or the words in its place where the form has as many words."""
    if not person.family:
        return ""
    if _family_at(form, person.family) is not None:
        return person.family
    default = person.canonical["default"]
    tokens, at = _tokens(form), _family_at(default, person.family)
    if at is None or len(tokens) != len(_tokens(default)):
        return ""
    return " ".join(tokens[at : at + len(_tokens(person.family))])


def _spelled(person: Person, style: str) -> str:
    """The name in a style: as given, else by the style's rule for Korean names, else the default."""
    default = person.canonical["default"]
    if style in person.canonical:
        return person.canonical[style]
    if style not in RULED_STYLES or person.nation not in KOREAN:
        return default
    tokens = _tokens(default)
    return RULED_STYLES[style](*tokens) if len(tokens) == 3 else default


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
    where a mention says `rewritten`, has its `name` there, and `aliases.undone` takes it back. A name inside an
    institution's (Kim Il Sung University) is a mention with the issue in_name and a candidate, but without a person:
    it does not count as one.
    """
    documents = schemas.conform(documents, schemas.DOCUMENTS, at="names")
    lines = schemas.conform(lines, schemas.JUDGED_LINES, at="names")
    paragraphs = schemas.conform(paragraphs, schemas.LINKED_PARAGRAPHS, at="names")
    if not settings.enabled:
        unchanged = paragraphs.with_columns(pl.col("text").alias("text_out"))
        return schemas.conform(unchanged, schemas.NAMED_PARAGRAPHS, at="names"), MENTIONS.empty()
    passages = _passages(lines, paragraphs)
    texts = passages["text"].to_list()
    found: Sequence[Sequence[Mention]] = full_mentions(texts, people.table)
    if settings.surnames == "record":
        bylines = dict(documents.select("article_id", "byline").iter_rows())
        found = _with_surnames(passages, found, people, lambda article: bylines.get(article) or "", settings)
    rows: dict[str, list[object]] = {name: [] for name in MENTIONS.names}
    changed: list[tuple[str, int, str]] = []  # article_id, paragraph_no, text_out
    named = [passage_no for passage_no, mentions in enumerate(found) if mentions]  # 130 of 38,000
    for passage_no, key in zip(named, passages[named].select(KEY).rows(), strict=True):
        article, field_name, paragraph_no, _ = key
        spans: list[Replacement] = []
        for mention in found[passage_no]:
            name = None if mention.person_id is None else people.table.names[mention.person_id]
            family = _family_out(mention, people) if settings.rewrite == "full+surname" else ""
            may_rewrite = mention.may_rewrite and settings.rewrite != "none"
            is_rewritten = field_name == "text" and bool(family or (may_rewrite and name != mention.surface))
            if is_rewritten:
                name = family or name
                spans.append(Replacement(mention.start, mention.surface, name))
            values = (
                *key, mention.start, mention.end, mention.surface, name, mention.person_id, mention.kind,
                mention.method, list(mention.issues), list(mention.candidates), is_rewritten,
            )  # fmt: skip
            for column, value in zip(MENTIONS.names, values, strict=True):
                rows[column].append(value)
        if spans:
            changed.append((article, paragraph_no, rewritten(texts[passage_no], spans)))
    mentions_table = schemas.ordered(pl.DataFrame(rows, schema=MENTIONS.schema), MENTIONS)
    columns = ["article_id", "paragraph_no", "text_out"]
    spelled = pl.DataFrame(changed, schema=schemas.NAMED_PARAGRAPHS.empty().select(columns).schema, orient="row")
    out = paragraphs.join(spelled, on=["article_id", "paragraph_no"], how="left", maintain_order="left")
    out = out.with_columns(pl.coalesce("text_out", "text").alias("text_out"))
    return (
        schemas.conform(out.select(schemas.NAMED_PARAGRAPHS.names), schemas.NAMED_PARAGRAPHS, at="names"),
        schemas.conform(mentions_table, MENTIONS, at="names"),
    )


def _family_out(mention: Mention, people: People) -> str:
    """The family name that takes the place of a bare one; '' where it stays."""
    if mention.kind != "surname" or mention.person_id is None or mention.surface.isupper():
        return ""
    family = people.family_names[mention.person_id]
    if family.casefold() == mention.surface.casefold():
        return ""
    return family[:1].upper() + family[1:] if mention.surface[:1].isupper() else family


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
    passages: pl.DataFrame,
    found: Sequence[Sequence[Mention]],
    people: People,
    byline: Callable[[str], str],
    settings: Settings,
) -> list[Sequence[Mention]]:
    """The mentions, and those of bare family names, article by article; an article that names nobody has none."""
    both = list(found)
    texts, fields = passages["text"].to_list(), passages["field"].to_list()
    first = 0
    for n_passages, article in passages["article_id"].rle().struct.unnest().rows():
        after = first + n_passages
        if any(found[first:after]):
            article_passages = [
                Passage(texts[passage_no], found[passage_no], is_byline=fields[passage_no] == "byline")
                for passage_no in range(first, after)
            ]
            before = settings.bearers == "before"
            bare = surname_mentions(article_passages, people.families, byline(article), before=before)
            both[first:after] = [
                sorted([*passage.mentions, *extra], key=lambda mention: mention.start)
                for passage, extra in zip(article_passages, bare, strict=True)
            ]
        first = after
    return both
