"""Files of people beyond one run: extracts read, the table written out, variants proposed and decided.

Everything here makes or reads files that a person looks at: TOML for the table, CSV for lists. A written TOML file is
loaded together with all others before it takes its place, so it never breaks the next run.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import polars as pl

from pipeline import schemas
from pipeline.config import LOCAL_DEFAULT, Config, beside, packaged_configs
from pipeline.console import JOINERS, UNPRINTABLE, printable
from pipeline.errors import ConfigError, NoInputError, UsageError
from pipeline.files import read_table, replace_text
from pipeline.kernels.aliases import FORM_GAP, form_key
from pipeline.kernels.discovery import Proposal, common_words, proposals, seen_names
from pipeline.kernels.fold import fold_key
from pipeline.stages.names import MIN_NATIVE_CHARS, MoreSpellings, PeopleFile, Person, is_one_word, people_table
from pipeline.store import Version

COLUMNS = ("id", "canonical", "alias", "lang", "source")
WIKIDATA_COLUMNS = ("item", "label", "alias", "lang")
PROPOSAL_COLUMNS = (*(column.name for column in fields(Proposal)), "decision")
JRC_PERSON = "P"
MIN_ARTICLES = 2  # that have one of two spellings, for a reader to be asked
REVIEW_CHARS = 1_000_000  # of new paragraphs that a run looks at: 300 articles, .5 CPU seconds
Q_NUMBER = re.compile(r"Q[1-9]\d*")
UNSAFE = re.compile(r"[^a-z0-9]+")
FORMULA = re.compile(r"'*\s*[=+\-@＝＋－＠]")  # begins a cell that a spreadsheet works out; a ' before it says text
SCRIPTS = {
    "HANGUL": "Hang", "CJK": "Hani", "HIRAGANA": "Hira", "KATAKANA": "Kana", "CYRILLIC": "Cyrl", "GREEK": "Grek",
    "ARABIC": "Arab", "HEBREW": "Hebr", "DEVANAGARI": "Deva", "BENGALI": "Beng", "THAI": "Thai", "MYANMAR": "Mymr",
    "ARMENIAN": "Armn", "GEORGIAN": "Geor", "ETHIOPIC": "Ethi",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ListedName:
    """One spelling of a list: whose it is, and the row it stands in (from 1, the header counted)."""

    row: int
    person: str
    canonical: str
    spelling: str
    source: str = ""
    wikidata: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A spelling of a list that the table does not take, why, and the person of the table it would clash with."""

    row: int
    spelling: str
    reason: str
    person: str = ""


@dataclass(frozen=True)
class Import:
    """What becomes of a list: a file of people, the spellings left out, and how many rows say nothing new.

    Every row is a spelling taken, one known without it (a canonical name, a repetition, what the fold key knows), or
    left out.
    """

    file: PeopleFile
    left_out: Sequence[LeftOut]
    n_known: int

    @property
    def n_taken(self) -> int:
        """Spellings taken beside the canonical names."""
        return sum(len(person.aliases) + len(person.native) for person in self.file.person) + sum(
            len(more.forms) + len(more.native) for more in self.file.alias
        )


# Lists in


def csv_names(text: str, where: str) -> Iterator[ListedName]:
    """The spellings of a CSV list with the columns id, canonical, alias, lang, source; lang is not needed.

    Raises UsageError where a column is missing.
    """
    for row, values in _csv_rows(text, where, ("id", "canonical", "alias")):
        yield ListedName(row, values["id"], values["canonical"], values["alias"], values.get("source", ""))


def wikidata_names(text: str, where: str) -> Iterator[ListedName]:
    """The spellings of a Wikidata query's CSV: item (address or Q-number), label, alias, lang."""
    for row, values in _csv_rows(text, where, WIKIDATA_COLUMNS[:3]):
        found = Q_NUMBER.search(values["item"])
        number = found.group() if found else ""
        yield ListedName(row, number.lower() or values["item"], values["label"], values["alias"], "Wikidata", number)


def jrc_names(text: str, where: str) -> Iterator[ListedName]:
    """The spellings of JRC-Names: no header, tab-separated id, type, language, name with + for spaces.

    Only persons (type P) are taken; the first name of an id is the canonical one. Raises UsageError for other columns.
    """
    canonical: dict[str, str] = {}
    for row, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        values = line.rstrip("\r").split("\t")
        if len(values) != 4:
            raise UsageError(f"{where} row {row}: {len(values)} columns; JRC-Names has id, type, language, name")
        number, kind, _, written = values
        if kind == JRC_PERSON:
            name = written.replace("+", " ").strip()
            yield ListedName(row, f"jrc-{number}", canonical.setdefault(number, name), name, "JRC-Names")


FORMATS: Mapping[str, Callable[[str, str], Iterator[ListedName]]] = {
    "csv": csv_names,
    "wikidata": wikidata_names,
    "jrc": jrc_names,
}


def _csv_rows(text: str, where: str, needed: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows with their numbers. Raises UsageError where a column is missing or a quote is not closed."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    row = 0
    try:
        for column in needed:
            if column not in (reader.fieldnames or ()):
                raise UsageError(f"{where}: no column '{column}'; needed are {', '.join(needed)}")
        row = 1
        for row, values in enumerate(reader, start=2):
            yield row, {name: _said(value or "") for name, value in values.items() if isinstance(name, str)}
    except csv.Error as error:
        raise UsageError(f"{where} row {row + 1}: {error}; is a quote not closed, or not doubled?") from None


def _said(cell: str) -> str:
    """What a cell says: the mark of a text that is no formula is no part of it."""
    return (cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell).strip()


def read_list(path: Path) -> str:
    """A list's text. Raises NoInputError where there is none, UsageError where it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NoInputError(f"{path}: no such file") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8: {error.reason} at byte {error.start}") from None


@dataclass
class _Draft:
    """A person of a list while it is put together."""

    canonical: str
    source: str
    wikidata: str
    forms: list[ListedName] = field(default_factory=list)


def imported(
    names: Iterable[ListedName], files: Sequence[tuple[str, PeopleFile]], *, join: bool, source: str
) -> Import:
    """The people of a list beside those of `files`.

    One spelling, one person: what the table has stays with the table's person, what two people of the list share is
    left out, but two of one canonical name stay as homonyms. A person whose canonical name the table has is left out;
    with `join` its spellings go to the table's person. Words alone are left out: Obama is a family.
    """
    drafts: dict[str, _Draft] = {}
    left_out: list[LeftOut] = []
    for name in names:
        if not name.person or not name.canonical:
            missing = "id" if not name.person else "canonical name"
            left_out.append(LeftOut(name.row, name.spelling, f"the row has no {missing}"))
            continue
        draft = drafts.setdefault(name.person, _Draft(name.canonical, name.source, name.wikidata))
        draft.forms.append(name)
    taken = _owners(files)
    ids = {person.id for _, file in files for person in file.person}
    heads: dict[str, list[str]] = {}
    for person, draft in drafts.items():
        if not _head_problem(draft.canonical):
            heads.setdefault(fold_key(draft.canonical), []).append(person)
    shared = _shared_keys(drafts)
    people: list[Person] = []
    more: dict[str, dict[str, list[str]]] = {}
    n_known = 0
    used = set(ids)
    slugs: dict[str, str] = {}
    for person in drafts:
        slugs[person] = _slug(person, used)
        used.add(slugs[person])
    for person, draft in drafts.items():
        head = fold_key(draft.canonical)
        owner = taken.get(head)
        problem = "" if owner else _head_problem(draft.canonical)
        if problem or (owner and not join):
            reason = f"its canonical name: {problem}" if problem else "its person is in the table (see --join)"
            left_out += [LeftOut(form.row, form.spelling, reason, owner or "") for form in draft.forms]
            continue
        forms: list[str] = []
        native: list[str] = []
        keys = {} if owner else {head: form_key(draft.canonical)[1]}
        for form in draft.forms:
            key, breaks = form_key(form.spelling)
            if (key in keys and breaks <= keys[key]) or (owner and taken.get(key) == owner):
                n_known += 1
                continue
            reason = _problem(form.spelling) or _clash(key, owner, taken, shared, heads, head)
            if reason:
                left_out.append(LeftOut(form.row, form.spelling, reason, taken.get(key, "")))
            else:
                keys[key] = breaks
                (forms if _script(form.spelling) == "" else native).append(form.spelling)
        if owner:
            spellings = more.setdefault(owner, {"forms": [], "native": []})
            spellings["forms"] += forms
            spellings["native"] += native
        else:
            people.append(
                Person(
                    id=slugs[person],
                    wikidata=draft.wikidata,
                    family="",
                    canonical={"default": draft.canonical},
                    aliases=tuple(forms),
                    native=tuple(native),
                    homonyms=tuple(slugs[other] for other in heads[head] if other != person),
                    source="" if draft.source == source else draft.source,
                )
            )
    alias = [MoreSpellings(person=owner, **both) for owner, both in sorted(more.items()) if any(both.values())]
    return Import(PeopleFile(source=source, person=tuple(people), alias=tuple(alias)), left_out, n_known)


def _owners(files: Sequence[tuple[str, PeopleFile]]) -> dict[str, str]:
    """The person of every fold key of the files."""
    table = people_table(files, "default").table
    return {key: entry.person_id for key, entry in table.entries.items()}


def _shared_keys(drafts: Mapping[str, _Draft]) -> set[str]:
    """Fold keys that persons of a list have whose canonical names differ."""
    first: dict[str, str] = {}
    shared: set[str] = set()
    for draft in drafts.values():
        head = fold_key(draft.canonical)
        for key in sorted({fold_key(form.spelling) for form in draft.forms} | {head}):
            if first.setdefault(key, head) != head:
                shared.add(key)
    return shared


def _clash(
    key: str, owner: str | None, taken: Mapping[str, str], shared: set[str], heads: Mapping[str, list[str]], head: str
) -> str:
    if taken.get(key, owner) != owner:
        return "somebody else's in the table"
    if key in shared and key != head:
        return "two people's in the list" if key not in heads else "the canonical name of another person of the list"
    return ""


def _head_problem(canonical: str) -> str:
    """Why a canonical name cannot stand in the table, which takes it for a full name in any script; '' where it can."""
    return "no letters" if not fold_key(canonical) else "one word alone" if is_one_word(canonical) else ""


def _problem(spelling: str) -> str:
    """Why a spelling cannot stand in the table; '' where it can."""
    if not fold_key(spelling):
        return "no letters"
    if _script(spelling) == "":
        return "one word alone" if is_one_word(spelling) else ""
    return "" if len(spelling) > MIN_NATIVE_CHARS else f"{MIN_NATIVE_CHARS} characters or fewer"


def _script(spelling: str) -> str:
    """The script of a spelling as ISO 15924 has it, '' for Latin."""
    for char in spelling:
        if char.isalpha():
            name = unicodedata.name(char, "").replace("FULLWIDTH ", "")
            return "" if name.startswith("LATIN") else SCRIPTS.get(name.split(" ")[0].split("-")[0], "Zyyy")
    return "Zyyy"


def _slug(text: str, used: set[str]) -> str:
    """A word for a person made of a name, with a number where it is used."""
    plain = UNSAFE.sub("-", " ".join(fold_key(word) for word in FORM_GAP.split(text))).strip("-")
    base = plain or "person"
    number, slug = 2, base
    while slug in used:
        slug, number = f"{base}-{number}", number + 1
    return slug


def left_out_reasons(left_out: Sequence[LeftOut]) -> list[tuple[str, list[LeftOut]]]:
    """The spellings left out by reason, most first."""
    reasons: dict[str, list[LeftOut]] = {}
    for row in left_out:
        reasons.setdefault(row.reason, []).append(row)
    return sorted(reasons.items(), key=lambda reason: (-len(reason[1]), reason[0]))


# The table out


def exported(config: Config) -> Iterator[dict[str, str]]:
    """Every spelling of every person of the configuration, with the columns of COLUMNS."""
    for file, person, spelling in _spellings(config):
        script = _script(spelling)
        yield {
            "id": person.id,
            "canonical": person.canonical["default"],
            "alias": spelling,
            "lang": f"und-{script}" if script else "",
            "source": person.source or file.source,
        }


def _spellings(config: Config) -> Iterator[tuple[PeopleFile, Person, str]]:
    """The spellings of every person, each once, the canonical ones first."""
    more: dict[str, list[str]] = {}
    for _, file in config.people_files:
        for spellings in file.alias:
            more.setdefault(spellings.person, []).extend([*spellings.forms, *spellings.native])
    for _, file in config.people_files:
        for person in file.person:
            spelled = [*person.canonical.values(), *person.aliases, *person.native, *more.get(person.id, ())]
            for spelling in dict.fromkeys(spelled):
                yield file, person, spelling


def written_rows(rows: Iterable[Mapping[str, object]], columns: Sequence[str]) -> str:
    """Rows as CSV with a header; no text of theirs acts on a terminal, and none is a formula for a spreadsheet."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    shown = printable(value, JOINERS)
    return f"'{shown}" if FORMULA.match(shown) else shown


# Proposals


def discovered(version: Version, config: Config, min_articles: int) -> list[Proposal]:
    """Pairs of spellings in the paragraphs of a version that may be one person's."""
    return proposed(lambda: _paragraphs(version), config, min_articles)


def proposed(paragraphs: Callable[[], Iterable[tuple[str, str]]], config: Config, min_articles: int) -> list[Proposal]:
    """Pairs of spellings in paragraphs `(article, text)`, which are gone through twice, that may be one person's."""
    common = common_words(text for _, text in paragraphs())
    known = [(person.id, spelling) for _, person, spelling in _spellings(config)]
    seen = seen_names(paragraphs(), common, [spelling for _, spelling in known])
    return proposals(seen, known, config.people.apart, min_articles=min_articles)


def _paragraphs(version: Version) -> Iterator[tuple[str, str]]:
    """Article and text of every paragraph, a day's file in memory at a time."""
    for _, file in sorted(version.files(schemas.PARAGRAPHS).items()):
        yield from read_table(file).select("article_id", "text").iter_rows()


def n_to_review(paragraphs: pl.DataFrame, config: Config) -> int:
    """How many pairs `discovered` would propose for these PARAGRAPHS alone; the first REVIEW_CHARS are looked at."""
    if not config.settings.names.enabled:
        return 0
    ordered = paragraphs.sort("article_id", "paragraph_no").select("article_id", "text")
    texts = ordered.filter(pl.col("text").str.len_chars().cum_sum() <= REVIEW_CHARS)
    return len(proposed(texts.iter_rows, config, MIN_ARTICLES))


def proposal_rows(found: Iterable[Proposal]) -> Iterator[dict[str, object]]:
    """The rows of proposals.csv, the decision left blank."""
    for proposal in found:
        yield {**asdict(proposal), "decision": ""}


@dataclass(frozen=True)
class Accepted:
    """What became of decided proposals.

    `spelled` has each spelling said to be a person's, the name it takes and the person's id; `apart` the pairs said to
    be two persons.
    """

    file: PeopleFile
    n_yes: int
    n_no: int
    n_open: int
    spelled: Sequence[tuple[str, str, str]] = ()
    apart: Sequence[tuple[str, str]] = ()


def accepted(text: str, where: str, files: Sequence[tuple[str, PeopleFile]], before: PeopleFile) -> Accepted:
    """The file `before`, which is one of `files`, with the decisions of proposals.

    Yes rows are spellings of one person, no rows are kept apart. A yes row with a person of the table adds a spelling
    to that person; one without makes a new person, named like the left spelling and never shortened. Raises UsageError
    for a decision that is neither yes, no nor blank, or yes rows that make one person of two of the table.
    """
    owners = _owners(files)
    groups = _Groups(owners)
    apart: list[tuple[str, str]] = []
    counts: Counter[str] = Counter()
    for row, values in _csv_rows(text, where, ("left", "right", "decision")):
        decision = values["decision"].casefold()
        if decision not in ("yes", "no", ""):
            raise UsageError(f"{where} row {row}: decision '{values['decision']}'; write yes, no, or nothing")
        counts[decision or "open"] += 1
        if decision == "yes":
            groups.join(values["left"], values["right"], f"{where} row {row}")
        elif decision == "no":
            apart.append((values["left"], values["right"]))
    names = {person.id: person.canonical["default"] for _, file in files for person in file.person}
    used = set(names)
    people: list[Person] = []
    spelled: list[tuple[str, str, str]] = []
    more = {spellings.person: list(spellings.forms) for spellings in before.alias}
    native = {spellings.person: spellings.native for spellings in before.alias}
    for owner, spellings in groups.grouped():
        if owner:
            forms = [spelling for spelling in spellings if owners.get(fold_key(spelling)) != owner]
            more[owner] = list(dict.fromkeys([*more.get(owner, ()), *forms]))
            spelled += [(spelling, names[owner], owner) for spelling in spellings if spelling != names[owner]]
            continue
        slug = _slug(spellings[0], used)
        used.add(slug)
        spelled += [(spelling, spellings[0], slug) for spelling in spellings[1:]]
        people.append(
            Person(
                id=slug, family="", canonical={"default": spellings[0]}, aliases=_distinct(spellings[0], spellings[1:])
            )
        )
    pairs = [pair for pair in apart if fold_key(pair[0]) != fold_key(pair[1])]
    file = PeopleFile(
        source=before.source or "accepted proposals",
        never_merge=tuple(dict.fromkeys([*before.never_merge, *pairs])),
        person=(*before.person, *people),
        alias=tuple(
            MoreSpellings(person=person, forms=tuple(forms), native=native.get(person, ()))
            for person, forms in sorted(more.items())
            if forms or native.get(person)
        ),
    )
    return Accepted(file, counts["yes"], counts["no"], counts["open"], spelled, pairs)


def _distinct(canonical: str, spellings: Sequence[str]) -> tuple[str, ...]:
    """The spellings that the fold key of the ones before does not know."""
    keys = {fold_key(canonical)}
    distinct = []
    for spelling in spellings:
        if fold_key(spelling) not in keys:
            keys.add(fold_key(spelling))
            distinct.append(spelling)
    return tuple(distinct)


class _Groups:
    """Spellings that are said to be one person's, put together pair by pair."""

    def __init__(self, owners: Mapping[str, str]) -> None:
        self._owners = owners
        self._groups: list[list[str]] = []

    def join(self, left: str, right: str, where: str) -> None:
        """Left and right are one person's. Raises UsageError where the table says they are two people's."""
        joined = [group for group in self._groups if left in group or right in group]
        spellings = list(dict.fromkeys([*(spelling for group in joined for spelling in group), left, right]))
        found = sorted({self._owners[key] for spelling in spellings if (key := fold_key(spelling)) in self._owners})
        if len(found) > 1:
            raise UsageError(f"{where}: '{left}' and '{right}' would make one person of {' and '.join(found)}")
        self._groups = [group for group in self._groups if group not in joined] + [spellings]

    def grouped(self) -> Iterator[tuple[str, list[str]]]:
        """The person of the table, '' where it is a new one, and the spellings."""
        for group in self._groups:
            found = [self._owners[key] for spelling in group if (key := fold_key(spelling)) in self._owners]
            yield (found[0] if found else ""), group


# TOML out


def toml_text(file: PeopleFile, head: str) -> str:
    """A file of people as TOML, under a comment."""
    lines = [f"# {head}", f"source = {_quoted(file.source)}"]
    if file.never_merge:
        lines += [
            "never_merge = [",
            *(f"    [{_quoted(left)}, {_quoted(right)}]," for left, right in file.never_merge),
            "]",
        ]
    for person in file.person:
        lines += ["", "[[person]]", f"id = {_quoted(person.id)}"]
        lines += [f"wikidata = {_quoted(person.wikidata)}"] if person.wikidata else []
        lines += [f"family = {_quoted(person.family)}"]
        styles = ", ".join(f"{style} = {_quoted(name)}" for style, name in person.canonical.items())
        lines += [f"canonical = {{ {styles} }}"]
        for key in ("aliases", "native", "never_merge", "homonyms", "veto"):
            lines += _listed(key, getattr(person, key))
        lines += [f"nation = {_quoted(person.nation)}"] if person.nation else []
        lines += [f"source = {_quoted(person.source)}"] if person.source else []
        lines += ["allow_single = true"] if person.allow_single else []
    for more in file.alias:
        lines += ["", "[[alias]]", f"person = {_quoted(more.person)}"]
        lines += [*_listed("forms", more.forms), *_listed("native", more.native)]
    return "\n".join([*lines, ""])


def _listed(key: str, values: Sequence[str]) -> list[str]:
    return [f"{key} = [{', '.join(map(_quoted, values))}]"] if values else []


def _quoted(text: str) -> str:
    """A TOML string, with the escapes of JSON, which are TOML's too, and those of all other characters that act."""
    return "".join(
        char if char in JOINERS or unicodedata.category(char) not in UNPRINTABLE else f"\\U{ord(char):08x}"
        for char in json.dumps(text, ensure_ascii=False)
    )


def own_file(config: Config, into: Path | None, name: str) -> tuple[Path, PeopleFile | None]:
    """Where a file of people is written (`into`, else `names/<name>` beside the configuration), and what it says now.

    Raises UsageError where it exists and no run reads it.
    """
    root = beside(config.path)
    folder = LOCAL_DEFAULT.parent if root.resolve() == packaged_configs().resolve() else root  # the package is not ours
    target = into or folder / "names" / name
    known = next((file for path, file in config.people_files if Path(path).resolve() == target.resolve()), None)
    if known is None and target.exists():
        raise UsageError(f"{target}: it exists, and names.people does not name it; no run would read it")
    return target, known


def others(config: Config, target: Path) -> list[tuple[str, PeopleFile]]:
    """The files of people without the one that is written."""
    return [(path, file) for path, file in config.people_files if Path(path).resolve() != target.resolve()]


def publish(file: PeopleFile, target: Path, config: Config, head: str) -> None:
    """Write the file after loading it with the others. Raises ConfigError, and writes nothing, where they clash."""
    try:
        people_table([*others(config, target), (str(target), file)], config.settings.names.style)
    except ConfigError as error:
        raise ConfigError(f"{target} not written: {error}") from None
    replace_text(toml_text(file, head), target)
