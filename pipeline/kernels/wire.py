"""Who wrote the words: the news agency an article comes from, by evidence that says where it stands.

The name of an agency alone says little: of the pages that print one, 36 % have their text from it. Position and form
decide: a dateline opens a paragraph, a byline or a credit is a line of its own near the story, a close ends a
paragraph. The rules are plain values (configs/wire.toml), compiled once; docs/design/0009-wire-source.md has the
figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import groupby, islice
from typing import NamedTuple

import polars as pl
import regex

from pipeline import schemas
from pipeline.kernels.forms import has_day_or_time

# In this order the first says where the text comes from; `shared` is own copy with an agency's in it.
KINDS = ("dateline", "byline", "credit", "outlet", "shared")
PLACES = ("opening", "head", "byline", "tail", "close", "page")
UNHEARD = ("caption", "title")  # roles whose lines say nothing about the text

OPENING_PARAGRAPHS = 3  # a dateline opens one of these: summaries stand above the first of an agency
HEAD_LINES = 25  # bylines stand no further above the first paragraph, as in roles.HEAD_LINES
TAIL_PARAGRAPHS = 3  # credits stand among the last of these
NEXT_LINES = 2  # above and below the text in which a paragraph may stand that was taken for chrome
TAIL_LINES = 12  # or so many lines below
PAGE_LINES = 40  # what a page says of itself stands no further below the text: other stories follow
BESIDE = 2  # lines above and below in which a date makes the line of an agency a byline
FORM_CHARS = 300  # a line of its own is no longer
LABEL_CHARS = 120  # nor is a line with a date beside it
CLOSE_CHARS = 100  # the close of a paragraph is among its last characters
MIN_ALONE = 3  # characters of a line of nothing but a name: "AA" is larger type before it is an agency
CUE_CHARS = 60  # words that make a name a source stand no further from it
LOOKED_AT = 50  # names of a line; with more it is a list
SHOWN = 80  # characters of a line kept as evidence

MARK = "\ue000"  # a name of an agency while forms are looked for; of the private use area
_LETTER = "[0-9A-Za-z_$\u00aa-\u024f\u0370-\u052f]"  # of scripts that put a space between words
_NO_LETTER_BEFORE, _NO_LETTER_AFTER = f"(?<!{_LETTER})", f"(?!{_LETTER})"
_CAPITAL = r"\p{Lu}[\p{L}'’.\-]*"
_PARTICLE = r"(?:am|an|auf|da|de|del|der|di|do|du|el|en|im|la|las|le|les|los|of|on|the|upon|van|von)"
_FIGURES = r"[\p{Nd}\s.,:/|–-]*+"
_SLOTS = {
    "agency": rf"(?:(?i:the|der|die|la)\s+|(?i:l['’]))?"
    rf"(?P<agency>{MARK}(?:(?:\s?[/,&+|-]\s?|\s[–—]\s|\s(?:and|et|och|og|und|y|e)\s){MARK})*+)",
    "place": rf"{_CAPITAL}(?:[\s/,]{{1,2}}(?:{_CAPITAL}|{_PARTICLE}(?=[\s/]))){{0,5}}",
    "names": rf"{_CAPITAL}(?:,?\s(?:{_CAPITAL}|(?:\p{{Ll}}{{1,4}}|&)(?=\s\p{{Lu}}))){{0,14}}",
    "initials": r"(?:\p{Ll}{1,4}|\p{Lu}{2,3})",
    "outlet": r"[\p{L}\p{N}][\p{L}\p{N}.'’& \-]{1,40}",
    "date": r"(?:\p{L}{1,10}[.,]?\s){0,3}\p{Nd}[^()（）]{0,24}",
    "when": r"(?=.*(?:(?:19|20)\d\d|\d[:.]\d\d))(?:\p{L}{1,12}[.,:]?\s){0,3}"
    rf"\p{{Nd}}{_FIGURES}(?:\p{{L}}{{1,10}}[.,]?)?{_FIGURES}(?:\p{{L}}{{1,5}}\.?)?",
    "year": r"(?:19|20)\d\d",
    "digits": r"\d{1,9}",
    "dash": r"[-–—―•·]{1,2}",
    "end": r"[-–—―:.]{1,3}",
    "stop": r"[.!?…。\"”“»’)]",
    "near": r"[^。.!?()（）【】=]{0,24}",
    "rest": r".{0,240}",
}
_TOKEN = re.compile(r"\{(?P<slot>\w+)(?P<optional>\?)?\}|(?P<space>\s+)|(?P<literal>[^{}\s]+)")
_SPACED = frozenset(("names", "place", "agency", "outlet", "initials", "stop"))  # slots that need a space beside a word
_ADVERB = r"[^\W\d_]{2,12}"  # "also", "on Monday"
_BRACKET = re.compile(rf"\({MARK}\)")
_NOTHING = r"(?!)"  # matches nowhere
_FRAME = r"[\s|•·–—-]*+"  # what designs put before a line


@dataclass(frozen=True, slots=True)
class Agency:
    """A news agency."""

    agency_id: str
    names: tuple[str, ...]  # sure wherever they stand
    doubtful: tuple[str, ...] = ()  # that mean other things too
    outlets: tuple[str, ...] = ()  # hosts or names of outlets that are the agency
    closes: bool = True  # in brackets at the end of a paragraph it is the text's, not a picture's
    nameless: bool = False  # "agencies": counts only beside the newsroom's own copy


@dataclass(frozen=True, slots=True)
class Form:
    """Forms in which an agency is named, and where on the page they mean the text."""

    kind: str  # of KINDS, without outlet
    where: tuple[str, ...]  # of PLACES
    like: tuple[str, ...]  # templates of literals and {slots}
    agency_id: str | None = None  # whose own form it is; None = the one that {agency} names
    beside: bool = False  # only with a date or byline near it, no picture and no other agency
    closing: bool = False  # only of agencies that close a text so


@dataclass(frozen=True, slots=True)
class Citing:
    """Words that make a name in prose a source."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()  # before it, where a sign, the end or one of `follow` comes next
    follow: tuple[str, ...] = ()
    between: tuple[str, ...] = ()  # may stand between those and the name
    agency: tuple[str, ...] = ()  # "news agency"

    def plus(self, other: Citing) -> Citing:
        """The words of both."""
        return Citing(
            self.before + other.before,
            self.after + other.after,
            self.weak + other.weak,
            self.follow + other.follow,
            self.between + other.between,
            self.agency + other.agency,
        )


class WireLine(NamedTuple):
    """A non-blank line of a page, as `clean` leaves it."""

    line_no: int
    text: str
    role: str
    paragraph_no: int | None
    may_match: bool = True  # false: no rule can match it


class Sign(NamedTuple):
    """Something that names an agency as the text's source."""

    kind: str  # of KINDS
    agency_id: str
    where: str  # "paragraph 3", "line 12", "byline", "outlet"
    surface: str  # what stands there


class Citation(NamedTuple):
    """An agency that a paragraph names as its source."""

    paragraph_no: int
    agency_id: str


class Verdict(NamedTuple):
    """Where an article comes from; None where nothing says so."""

    wire_source: str | None
    wire_kind: str | None  # of KINDS, of the first sign
    wire_evidence: str | None  # an agency at each place once, the strongest first


class Masked(NamedTuple):
    """A text, the same with MARK for each name of an agency, and those names in order."""

    whole: str
    text: str
    names: list[str]

    def named(self, start: int, end: int) -> list[str]:
        """The names that stand in the stretch."""
        first = self.text.count(MARK, 0, start)
        return self.names[first : first + self.text.count(MARK, start, end)]

    def surface(self, start: int, end: int) -> str:
        """The stretch as it stood, up to SHOWN characters."""
        names = iter(self.named(start, end))
        return "".join(next(names) if char == MARK else char for char in self.text[start:end]).strip()[:SHOWN]


class _Shape(NamedTuple):
    """One template of a form, at a place."""

    form: Form
    pattern: str  # compiled when a text first has what is needed: all of them take a quarter of a second
    needed: Sequence[Sequence[str]]  # of each some word, case-folded, is in every text that the pattern matches

    def found_in(self, text: str, folded: str, start: int) -> regex.Match[str] | None:
        """The first match in the text, whose case-folded form is `folded`, from `start` on."""
        if all(any(word in folded for word in words) for words in self.needed):
            return _compiled(self.pattern).search(text, start)
        return None


class _Cues(NamedTuple):
    before: re.Pattern[str]
    after: re.Pattern[str]
    weak: re.Pattern[str]
    follow: re.Pattern[str]
    agency_before: re.Pattern[str]
    agency_after: re.Pattern[str]


@dataclass(frozen=True)
class WireRules:
    """The rules; what is compiled of them is compiled when it is first asked for."""

    agencies: Mapping[str, Agency]
    by_name: Mapping[str, str]  # name -> agency_id
    by_outlet: Mapping[str, str]  # host or name of an outlet in lower case -> agency_id
    shapes: Mapping[str, Sequence[_Shape]]  # by place
    pictures: Sequence[str]  # words of pictures
    citing: Citing
    own_words: tuple[str, ...]  # literals of the forms that name no agency

    @cached_property
    def named(self) -> re.Pattern[str]:
        """Any name of an agency."""
        return re.compile(_any_of(self.by_name))

    @cached_property
    def pictured(self) -> re.Pattern[str]:
        """A word of pictures."""
        return re.compile(_any_of(self.pictures), re.IGNORECASE)

    @cached_property
    def cues(self) -> _Cues:
        """The words that make a name a source."""
        return _cues(self.citing)

    @cached_property
    def needles(self) -> str:
        """Pattern for polars, found in every line that a rule can match."""
        return _needles(self.by_name, self.own_words)

    def masked(self, text: str) -> Masked | None:
        """The text with its names masked; None where no form can match it."""
        text = text.replace(MARK, " ")
        names = [found.group() for found in self.named.finditer(text)]
        if not names and not any(word in text for word in self.own_words):
            return None
        return Masked(text, self.named.sub(MARK, text), names)

    def agency_of(self, name: str) -> Agency:
        """The agency of a name."""
        return self.agencies[self.by_name[name]]

    def agency_of_outlet(self, outlet: str | None) -> str | None:
        """The agency whose outlet this is: its own host, one below it, or its name."""
        parts = (outlet or "").lower().split(".")
        hosts = (".".join(parts[start:]) for start in range(len(parts)))
        return next((self.by_outlet[host] for host in hosts if host in self.by_outlet), None)


def compiled(
    agencies: Sequence[Agency],
    forms: Sequence[Form],
    words: Mapping[str, Sequence[str]],
    pictures: Sequence[str],
    citing: Citing,
) -> WireRules:
    """The rules from plain values. Raises ValueError that names the agency, form or slot that is wrong."""
    by_id: dict[str, Agency] = {}
    by_name: dict[str, str] = {}
    by_outlet: dict[str, str] = {}
    for agency in agencies:
        if by_id.setdefault(agency.agency_id, agency) is not agency:
            raise ValueError(f"agency '{agency.agency_id}': stands twice")
        for name in (*agency.names, *agency.doubtful):
            for written in dict.fromkeys((name, _in_capitals(name))):
                _own(by_name, written, agency.agency_id)
        for outlet in (*agency.outlets, *(() if agency.nameless else agency.names)):
            _own(by_outlet, outlet.lower(), agency.agency_id)
    lists = {**words, "newsagency": citing.agency}
    slots = {name: _slot(listed) for name, listed in lists.items()} | _SLOTS
    shapes: dict[str, list[_Shape]] = {place: [] for place in PLACES}
    own_words: set[str] = set()
    for form in forms:
        for template in form.like:
            _check(form, template, by_id)
            pattern = _pattern(template, slots)
            if form.agency_id is not None:
                own_words.add(max(_literals(template), key=len))
            needed = _needed(template, {name: listed for name, listed in lists.items() if name not in _SLOTS})
            for place in form.where:
                shapes[place].append(_Shape(form, _anchored(pattern, place), needed))
    return WireRules(
        agencies=by_id,
        by_name=by_name,
        by_outlet=by_outlet,
        shapes=shapes,
        pictures=tuple(pictures),
        citing=citing,
        own_words=tuple(sorted(own_words)),
    )


@cache
def _compiled(pattern: str) -> regex.Pattern[str]:
    """The pattern, compiled once a process."""
    return regex.compile(pattern)


def _own(owners: dict[str, str], name: str, agency_id: str) -> None:
    owner = owners.setdefault(name, agency_id)
    if owner != agency_id:
        raise ValueError(f"agency '{agency_id}': '{name}' belongs to agency '{owner}'")


def _in_capitals(name: str) -> str:
    """The name as headlines print it; capitals of a short one may be a word of their own."""
    return name.upper() if len(name) > 5 else name


def _check(form: Form, template: str, agencies: Mapping[str, Agency]) -> None:
    kinds = [kind for kind in KINDS if kind != "outlet"]
    if form.kind not in kinds:
        raise ValueError(f"form '{template}': kind '{form.kind}' is none of {', '.join(kinds)}")
    for place in form.where:
        if place not in PLACES:
            raise ValueError(f"form '{template}': where '{place}' is none of {', '.join(PLACES)}")
    if form.agency_id is not None and form.agency_id not in agencies:
        raise ValueError(f"form '{template}': there is no agency '{form.agency_id}'")
    if (form.agency_id is None) != ("{agency}" in template):
        raise ValueError(f"form '{template}': write {{agency}} in it, or an `agency` beside it, and not both")


def _any_of(words: Iterable[str]) -> str:
    """An alternative for each word, longest first, with no letter next to one of a script that has spaces."""
    return "|".join(_bounded(words)) or _NOTHING


def _bounded(words: Iterable[str], left: str = _NO_LETTER_BEFORE, right: str = _NO_LETTER_AFTER) -> list[str]:
    """Alternatives that any of the words is in, longest first, with the bounds that its own letters ask for.

    One for all words with the same bounds: with bounds for each, a look for all names took five times as long.
    """
    alike: dict[tuple[str, str], list[str]] = {}
    for word in sorted(words, key=lambda word: (-len(word), word)):
        alike.setdefault(_bounds(word, left, right), []).append(re.escape(word))
    return [f"{left}(?:{'|'.join(parts)}){right}" for (left, right), parts in alike.items()]


def _bounds(word: str, left: str = _NO_LETTER_BEFORE, right: str = _NO_LETTER_AFTER) -> tuple[str, str]:
    """What must hold before and after a word: no letter next to one of a script that has spaces."""
    return left if re.match(_LETTER, word[0]) else "", right if re.match(_LETTER, word[-1]) else ""


def _needles(names: Iterable[str], own_words: Iterable[str]) -> str:
    """The names as `_any_of` has them, or the words, in polars' syntax, which has no look-around."""
    other = f"[^{_LETTER[1:]}"
    parts = [*map(re.escape, sorted(own_words)), *_bounded(names, rf"(?:^|{other})", rf"(?:$|{other})")]
    return "|".join(parts) or r"[^\s\S]"


def _literals(template: str) -> list[str]:
    """The stretches of a template that stand in every line it matches."""
    return re.split(r"\{\w+\??\}", template)


def _pattern(template: str, slots: Mapping[str, str]) -> str:
    """The template as a pattern. Raises ValueError for a slot that is neither built in nor a list of words."""
    tokens = [found.groupdict() for found in _TOKEN.finditer(template)]
    if "".join(found.group() for found in _TOKEN.finditer(template)) != template:
        raise ValueError(f"form '{template}': a brace opens or closes nothing")
    parts: list[str] = []
    for place, token in enumerate(tokens):
        if token["space"]:
            sides = tokens[place - 1 : place + 2 : 2]
            parts.append(r"\s+" if all(_needs_space(side) for side in sides) else r"\s*")
        elif token["literal"]:
            parts.append("".join(r"\s?/\s?" if char == "/" else _folded(char) for char in token["literal"]))
        else:
            if token["slot"] not in slots:
                raise ValueError(
                    f"form '{template}': no slot or list of words '{{{token['slot']}}}'; "
                    f"known: {', '.join(sorted(slots))}"
                )
            slot = slots[token["slot"]]
            parts.append(f"(?:{slot})?" if token["optional"] else slot)
    return "".join(parts)


def _needed(template: str, lists: Mapping[str, Sequence[str]]) -> list[Sequence[str]]:
    """What stands in every text that the template matches: of each some word, case-folded."""
    needed: list[Sequence[str]] = []
    for token in _TOKEN.finditer(template):
        if token["literal"]:
            needed += [(part.casefold(),) for part in token["literal"].split("/") if part]
        elif token["slot"] == "agency" and not token["optional"]:
            needed.append((MARK,))
        elif token["slot"] in lists and not token["optional"]:
            needed.append([max(word.split(), key=len).casefold() for word in lists[token["slot"]]])
    return [words for words in needed if words]


def _needs_space(token: Mapping[str, str | None]) -> bool:
    return token["slot"] in _SPACED if token["literal"] is None else token["literal"].isalpha()


def _folded(char: str) -> str:
    return f"(?i:{char})" if char.isalpha() else re.escape(char)


def _slot(listed: Sequence[str]) -> str:
    """The pattern of a list of words."""
    longest_first = sorted(listed, key=lambda word: (-len(word), word))
    alternatives = []
    for (left, right), alike in groupby(longest_first, key=_bounds):  # one for each word took twice as long
        parts = (r"\s+".join(re.escape(part) for part in word.split()) for word in alike)
        alternatives.append(f"{left}(?:{'|'.join(parts)}){right}")
    return rf"(?i:{'|'.join(alternatives)})\s*"


def _anchored(pattern: str, place: str) -> str:
    if place == "opening":
        return rf"^\s*{pattern}"
    if place == "close":
        above = "" if pattern.startswith(_SLOTS["stop"]) else rf"(?:^|{_SLOTS['stop']}|\p{{L}}(?=\s[(/]))\s*"
        return rf"{above}(?P<close>{pattern})\.?\s*$"
    return rf"^{_FRAME}{pattern}[\s.,;:|]*$"


def _cues(citing: Citing) -> _Cues:
    agency = f"(?:{_any_of(citing.agency)})"
    between = rf"(?:(?:{_any_of(citing.between)})\s*){{0,3}}"
    between = rf"\s*{between}(?:{agency}\s*)?{between}$"
    aside = r"(?:\([^()]{1,12}\)\s?)?"  # (AFP)
    patterns = {
        "before": rf"(?:{_any_of(citing.before)}){between}",
        "after": rf"(?:['’]s)?,?\s?(?:{agency}\s?)?{aside}(?:{_ADVERB}\s){{0,2}}?(?:{_any_of(citing.after)})",
        "weak": rf"(?:{_any_of(citing.weak)}){between}",
        "follow": rf"\s*(?:$|[,.;:!?)\"”“»]|(?:{_any_of(citing.follow)}))",
        "agency_before": rf"{agency}(?:\s{_ADVERB}){{0,2}}\s*$",
        "agency_after": rf",?\s?{agency}",
    }
    return _Cues(**{name: re.compile(pattern, re.IGNORECASE) for name, pattern in patterns.items()})


# ------------------------------------------------------------------------------------------------------- one article


class _Regions(NamedTuple):
    """The rows of a page in which a line may mean the text."""

    opening: range  # with lines right above that `clean` may have taken for chrome
    head: range
    close: range  # with lines right below
    tail: range
    page: range


def _regions(lines: Sequence[WireLine]) -> _Regions | None:
    """The regions of a page; None for a page without text."""
    text = [row for row, line in enumerate(lines) if line.paragraph_no is not None]
    if not text:
        return None
    body = [row for row in text if lines[row].role == "body"] or text
    first, end = text[0], text[-1] + 1
    start = max(0, first - HEAD_LINES)
    opened = body[:OPENING_PARAGRAPHS][-1] + 1
    return _Regions(
        opening=range(first - NEXT_LINES, opened),
        head=range(start, opened),
        close=range(first + 1, end + NEXT_LINES),
        tail=range(body[-TAIL_PARAGRAPHS:][0], end + TAIL_LINES),
        page=range(start, min(len(lines), end + PAGE_LINES)),
    )


def signs(outlet: str | None, byline: str | None, lines: Sequence[WireLine], rules: WireRules) -> list[Sign]:
    """Everything that names an agency as the article's source, strongest kind first, then down the page.

    `lines` are all non-blank lines of the page, in order.
    """
    found: list[Sign] = []
    others = _other_meanings(lines, rules)
    agency_id = rules.agency_of_outlet(outlet)
    if agency_id is not None:
        found.append(Sign("outlet", agency_id, "outlet", outlet or ""))
    byline = (byline or "")[:FORM_CHARS]
    masked = rules.masked(byline)
    if byline.lower() in rules.by_outlet:
        found.append(Sign("byline", rules.by_outlet[byline.lower()], "byline", byline))
    elif masked is not None:
        found += (sign for _, sign in _form_signs(masked, "byline", "byline", rules, others))
    regions = _regions(lines)
    if regions is not None:
        for row in regions.page:
            found += _line_signs(row, lines, regions, rules, others)
    return sorted(found, key=lambda sign: (KINDS.index(sign.kind), rules.agencies[sign.agency_id].nameless))


def _line_signs(
    row: int, lines: Sequence[WireLine], regions: _Regions, rules: WireRules, others: frozenset[str]
) -> Iterator[Sign]:
    line = lines[row]
    masked = rules.masked(line.text) if line.may_match and line.role not in UNHEARD else None
    if masked is None:
        return
    is_text = line.paragraph_no is not None
    where = f"paragraph {line.paragraph_no}" if is_text else f"line {line.line_no}"
    if row in regions.opening:
        yield from (sign for _, sign in _form_signs(masked, "opening", where, rules, others))
    if row in regions.close:
        # above the tail it closes a part of the text
        for _, sign in _form_signs(masked, "close", where, rules, others):
            yield sign if row in regions.tail else sign._replace(kind="shared")
    if len(line.text) > FORM_CHARS:
        return
    yield from (sign for _, sign in _form_signs(masked, "page", where, rules, others))
    if rules.pictured.search(line.text) is None:
        for place, region in (("head", regions.head), ("tail", regions.tail)):
            for form, sign in _form_signs(masked, place, where, rules, others) if row in region else ():
                if not form.beside or _is_beside(row, lines, sign, rules):
                    yield sign


def _form_signs(
    masked: Masked, place: str, where: str, rules: WireRules, others: frozenset[str]
) -> Iterator[tuple[Form, Sign]]:
    """For each form that the text has at this place, the agencies it names; `others` are names of something else."""
    texts = [(text, text.casefold()) for text in (masked.text, masked.whole)]
    for shape in rules.shapes[place]:
        form = shape.form
        text, folded = texts[form.agency_id is not None]
        found = shape.found_in(text, folded, max(0, len(text) - CLOSE_CHARS) if place == "close" else 0)
        if found is None:
            continue
        if form.agency_id is not None:
            yield form, Sign(form.kind, form.agency_id, where, found.group().strip()[:SHOWN])
            continue
        surface = masked.surface(*found.span("close" if place == "close" else 0))
        names = [name for name in masked.named(*found.span("agency")) if name not in others]
        for agency_id in dict.fromkeys(rules.by_name[name] for name in names):
            agency = rules.agencies[agency_id]
            if (agency.closes or not form.closing) and (not agency.nameless or form.kind == "shared"):
                yield form, Sign(form.kind, agency_id, where, surface)


def _is_abbreviation(before: str, letters: str) -> bool:
    """The letters in brackets shorten the words before them: "The Port Trade Initiative (PTI) –"."""
    initials = "".join(word[0] for word in regex.findall(r"\p{L}+", before))
    capitals = "".join(char for char in initials if char.isupper())
    return any(text.endswith(letters.upper()) for text in (initials.upper(), capitals))


def _other_meanings(lines: Sequence[WireLine], rules: WireRules) -> frozenset[str]:
    """Names that the page explains as something else: "Armed Forces of the Philippines (AFP)"."""
    found: set[str] = set()
    for line in lines:
        masked = rules.masked(line.text) if line.may_match and "(" in line.text else None
        if masked is not None:
            for bracket in islice(_BRACKET.finditer(masked.text), LOOKED_AT):
                name = masked.named(*bracket.span())[0]
                before = masked.text[max(0, bracket.start() - CUE_CHARS) : bracket.start()]
                if _is_abbreviation(before, name):
                    found.add(name)
    return frozenset(found)


def _is_beside(row: int, lines: Sequence[WireLine], sign: Sign, rules: WireRules) -> bool:
    """A date or byline within two lines, no picture next to it, and no line of another agency: those are menus."""
    near = [other for other in range(row - BESIDE, row + BESIDE + 1) if 0 <= other < len(lines) and other != row]
    owners = {rules.by_name.get(lines[other].text.strip(), sign.agency_id) for other in near}
    if len(sign.surface) < MIN_ALONE or owners != {sign.agency_id}:
        return False
    if any(
        lines[other].role == "caption" and not rules.named.search(lines[other].text)
        for other in (row - 1, row + 1)
        if other in near
    ):
        return False
    return any(
        lines[other].role in ("byline", "date")
        or (len(lines[other].text) <= LABEL_CHARS and has_day_or_time(lines[other].text))
        for other in (row, *near)
    )


def citations(lines: Sequence[WireLine], rules: WireRules) -> list[Citation]:
    """Agencies that the text names as the source of something, down the page, each once for a paragraph."""
    found: dict[Citation, None] = {}
    others = _other_meanings(lines, rules)
    for line in lines:
        if line.paragraph_no is None or line.role in UNHEARD or not line.may_match:
            continue
        for name in islice(rules.named.finditer(line.text), LOOKED_AT):
            if name.group() in others:
                continue
            agency = rules.agency_of(name.group())
            before = line.text[max(0, name.start() - CUE_CHARS) : name.start()]
            after = line.text[name.end() : name.end() + CUE_CHARS]
            if not agency.nameless and _is_cited(before, after, rules.cues, sure=name.group() not in agency.doubtful):
                found[Citation(line.paragraph_no, agency.agency_id)] = None
    return list(found)


def _is_cited(before: str, after: str, cues: _Cues, *, sure: bool) -> bool:
    if cues.agency_before.search(before):
        return True
    is_source = (
        cues.before.search(before) is not None
        or cues.after.match(after) is not None
        or (cues.weak.search(before) is not None and cues.follow.match(after) is not None)
    )
    return is_source and (sure or cues.agency_after.match(after) is not None)


def verdict(found: Sequence[Sign]) -> Verdict:
    """What the signs of an article, in their order, come to."""
    if not found:
        return Verdict(None, None, None)
    told: dict[tuple[str, str], str] = {}
    for kind, agency_id, where, surface in found:
        told.setdefault((agency_id, where), f"{agency_id}, {kind}, {where}: {surface}")
    return Verdict(found[0].agency_id, found[0].kind, "; ".join(told.values()))


# ------------------------------------------------------------------------------------------------ batches, clusters


def sources(documents: pl.DataFrame, lines: pl.DataFrame, rules: WireRules) -> tuple[pl.DataFrame, pl.DataFrame]:
    """schemas.SOURCES, and schemas.CITATIONS with the first agency of each paragraph, for a batch of articles.

    `documents` have article_id, outlet, byline; `lines` article_id, line_no, text, role, paragraph_no. An article's
    cited_agency is null where it has a wire_source: agencies name themselves as a source.
    """
    looked_at = lines.with_columns(pl.col("text").str.contains(rules.needles).alias("may_match"))
    pages = _pages(looked_at.filter(pl.col("may_match").any().over("article_id")))
    articles: list[tuple[str | None, ...]] = []
    cited: list[tuple[str, int, str]] = []
    for article_id, outlet, byline in documents.select("article_id", "outlet", "byline").iter_rows():
        page = pages.get(article_id, [])
        found = verdict(signs(outlet, byline, page, rules))
        told = citations(page, rules)
        if found.wire_source is not None or told:
            articles.append((article_id, *found, told[0].agency_id if found.wire_source is None else None))
        cited += [
            (article_id, paragraph_no, next(group).agency_id)
            for paragraph_no, group in groupby(told, key=lambda citation: citation.paragraph_no)
        ]
    return (
        pl.DataFrame(articles, schema=schemas.SOURCES.schema, orient="row"),
        pl.DataFrame(cited, schema=schemas.CITATIONS.schema, orient="row"),
    )


def _pages(lines: pl.DataFrame) -> dict[str, list[WireLine]]:
    in_order = lines.sort("article_id", "line_no")
    sizes = in_order.group_by("article_id", maintain_order=True).len()
    columns = (in_order[name].to_list() for name in WireLine._fields)
    rows = map(WireLine, *columns)  # row by row takes half as long again
    return {article: [*islice(rows, size)] for article, size in sizes.iter_rows()}


# What a member's article must have to name the cluster's source: dateline, credit and outlet are the agency's own work;
# a byline may be an editor's, and own copy beside an agency's needs a second outlet that says the same.
_STRONG = ("dateline", "credit", "outlet")
_AGREEING = 2


def cluster_sources(members: pl.DataFrame) -> pl.DataFrame:
    """cluster_id, wire_source, wire_evidence, cited_agency: a row for each cluster of the MEMBERS that has one of them.

    The agency of the earliest member whose article has dateline, credit or outlet; else of the earliest with a byline;
    else one that the articles of two outlets share. cited_agency is the earliest member's that cites one, null beside
    a wire_source.
    """
    outlet = pl.coalesce("outlet", pl.concat_str(pl.lit("\0"), "article_id"))  # without outlet: each its own
    told = (
        members.filter(pl.col("wire_source").is_not_null())
        .with_columns(
            outlet.n_unique().over("cluster_id", "wire_source").alias("n_outlets"),
            pl.len().over("cluster_id", "wire_source").alias("n_members"),
            pl.when(pl.col("wire_kind").is_in(_STRONG))
            .then(0)
            .when(pl.col("wire_kind") == "byline")
            .then(1)
            .otherwise(2)
            .alias("weakness"),
        )
        .filter((pl.col("weakness") < 2) | (pl.col("n_outlets") >= _AGREEING))
        .sort("cluster_id", "weakness", "position", "paragraph_id")
        .unique("cluster_id", keep="first", maintain_order=True)
        .select(
            "cluster_id",
            "wire_source",
            pl.format(
                "{} {}: {} (of {} members in {} outlets)",
                pl.coalesce("outlet", pl.lit("(no outlet)")), "article_id", "wire_evidence", "n_members", "n_outlets",
            ).alias("wire_evidence"),
        )
    )  # fmt: skip
    cited = (
        members.filter(pl.col("cited_agency").is_not_null())
        .sort("cluster_id", "position", "paragraph_id")
        .unique("cluster_id", keep="first", maintain_order=True)
        .select("cluster_id", "cited_agency")
    )
    both = told.join(cited, on="cluster_id", how="full", coalesce=True)
    only = pl.when(pl.col("wire_source").is_null()).then("cited_agency").alias("cited_agency")
    return both.with_columns(only).sort("cluster_id")
