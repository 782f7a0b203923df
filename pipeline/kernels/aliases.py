"""Full names in text: fold -> Aho-Corasick over the fold keys of all aliases -> gaps, edges and neighbours checked.

The automaton proposes every place where the letters of an alias stand in a row; what lies between, before and after
them decides. Edit distance is never used: on nine members of the Kim family no threshold keeps them apart
(Jaro-Winkler 0.938 for two brothers, 0.931 for two spellings of one man), the fold key crosses none.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise
from typing import Any, Literal, NamedTuple, Protocol

import ahocorasick_rs

from pipeline.kernels.fold import ASCII, Indexes, fold_key, folded, is_accent
from pipeline.kernels.neighbours import (
    POSSESSIVE,
    SUFFIXES,
    is_address,
    is_headline,
    is_title,
    names_institution,
    next_words,
    word_before,
)

MIN_DAMAGED_KEY = 8  # letters; below, a split or glued name is as likely other words (li qiang, wang yi)
MIN_GLUED_TAIL = 4  # letters; a shorter tail may be the rest of a longer name (Kim Il Sung|ho); a genitive s is none
SCAN_CHARS = 100_000  # code points folded at once: stays in the cache, and a rare character slows its own group only
DFA_KEYS = 3_000  # up to here 198 MB/s against 68; at 10,000 keys both scan 29, and a DFA takes 0.3 s to build

DASHES = "-\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d"
APOSTROPHES = "'\u2018\u2019\u02bb\u02bc\u02be\u02bf`\u00b4\u2032\uff07"
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]"
)
SPACE = r"[^\S\n]"
GAP = re.compile(rf"{SPACE}{{1,3}}|{SPACE}{{0,2}}\n{SPACE}{{0,2}}|{SPACE}?[{DASHES}]|[{DASHES}]{SPACE}")
INITIAL_GAP = re.compile(rf"[.\uff0e](?:{SPACE}{{0,2}}|{SPACE}?\n|[{DASHES}])")  # George H.W. Bush, J.-P. Dupont
SUFFIX_GAP = re.compile(rf"[,\uff0c]{SPACE}{{0,2}}")  # Martin Luther King, Jr.
UNSPACED_GAP = re.compile(r"[\s\u00b7\u30fb\uff65=\uff1d]")  # 岸田 文雄
FORM_GAP = re.compile(rf"[{DASHES}\s.,]+")
# The same for a form in ASCII, folded as it is cut: 2 us against 11.
ASCII_FORM = ASCII | dict.fromkeys(map(ord, " \t\n\r\f\v\x1c\x1d\x1e\x1f-.,"), " ")
SUFFIX_AFTER = re.compile(rf",?{SPACE}(?:{'|'.join(SUFFIXES)})\b", re.IGNORECASE)
SUFFIX_KEYS = tuple(SUFFIXES)
DOTTED = ("jr", "sr")
FULL_STOPS = (".", "\uff0e")
TOKEN_END = re.compile(r"[^\W\d_]+")

Kind = Literal["full", "surname", "native"]
Method = Literal["exact", "fold", "alias", "surname"]


class Alias(NamedTuple):
    """One way to write a person's name. `family` is the family name as this form spells it, '' where it has none."""

    person_id: str
    form: str
    kind: Literal["full", "native"] = "full"
    family: str = ""


class SharedSpellingError(ValueError):
    """Two persons who are no homonyms are spelled alike: `alias`, and the spelling of `owner`, known before."""

    def __init__(self, alias: Alias, owner: str) -> None:
        super().__init__(f"'{alias.form}' of {alias.person_id}: also {owner}")
        self.alias, self.owner = alias, owner


class Entry(NamedTuple):
    """What is known of a fold key: whose it is, and where its written forms have gaps."""

    person_id: str
    kind: Literal["full", "native"]
    spelling: str  # the person's usual one where it has this key; '' for another alias
    breaks: tuple[frozenset[int], ...]  # per form: letters of the key before each gap
    family: str  # as the first form spells it
    family_letters: tuple[int, int] | None  # where in the key it stands
    suffix_at: int | None  # letters of the key before Jr., III
    has_dot: bool  # ends in Jr. or Sr., whose dot belongs to it
    particles: frozenset[int] = frozenset()  # gaps after which some form goes on in lower case: bin, al-, da
    homonyms: tuple[str, ...] = ()  # other persons of the same spelling


@dataclass(frozen=True, slots=True)
class Mention:
    """A person's name found in a text: code points [start, end), the possessive left out.

    `issues` say what keeps it from being rewritten: split (`Kis hida`), joined (`KimJongUn`), glued
    (`Jong-unexpressed`), in_name (`Kim Il Sung University`), longer (a capitalised word or suffix goes on), left_cap
    (a capitalised word that is no title stands before), ambiguous (several persons are spelled so), early (a surname
    before any full name). Undecided, with `candidates` instead of a person: in_name, longer, joined, ambiguous, early,
    split where the key is short, and glued by under 4 letters (but for a genitive s).
    """

    start: int
    end: int
    surface: str
    person_id: str | None
    kind: Kind
    method: Method
    issues: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    family: str = ""  # the family name as the surface spells it
    may_rewrite: bool = False


class Replaced(Protocol):
    """A span of a text and what took its place."""

    @property
    def start(self) -> int: ...  # noqa: D102

    @property
    def surface(self) -> str: ...  # noqa: D102

    @property
    def name(self) -> str | None: ...  # noqa: D102


@dataclass(frozen=True)
class AliasTable:
    """All fold keys of all people, the names in the chosen style, the words that make a name somebody else's.

    It travels between processes without its automaton, which is built again on first use (10,000 keys: 110 ms).
    """

    entries: Mapping[str, Entry]
    names: Mapping[str, str] = field(default_factory=dict)  # person id -> name
    veto: Mapping[str, frozenset[str]] = field(default_factory=dict)  # person id -> words after the name

    @cached_property
    def keys(self) -> list[str]:
        """Fold keys in the automaton's order."""
        return list(self.entries)

    @cached_property
    def automaton(self) -> ahocorasick_rs.AhoCorasick:
        """Finds every fold key, overlapping ones too."""
        kinds = ahocorasick_rs.Implementation
        return ahocorasick_rs.AhoCorasick(
            self.keys,
            matchkind=ahocorasick_rs.MatchKind.Standard,
            implementation=kinds.DFA if len(self.keys) <= DFA_KEYS else kinds.ContiguousNFA,
        )

    def owners(self, key: str) -> frozenset[str]:
        """Everybody who is spelled so: one person, homonyms, or nobody."""
        entry = self.entries.get(key)
        return frozenset() if entry is None else frozenset((entry.person_id, *entry.homonyms))

    def __getstate__(self) -> dict[str, Any]:
        return {"entries": self.entries, "names": self.names, "veto": self.veto}


def alias_table(
    aliases: Iterable[Alias],
    names: Mapping[str, str],
    veto: Mapping[str, frozenset[str]] | None = None,
    homonyms: Container[frozenset[str]] = (),
    usual: Mapping[str, str] | None = None,
) -> AliasTable:
    """The table of the aliases; `homonyms` are pairs of persons who may share a spelling.

    `names` are the persons' names in the style that is written, `usual` those that mentions are compared with to say
    how far they are from them: the same in every style.
    Raises SharedSpellingError when two other persons own one fold key, ValueError when a form has no letters.
    """
    usual = usual or names
    usual_keys = {person: fold_key(spelling) for person, spelling in usual.items()}
    entries: dict[str, Entry] = {}
    for alias in aliases:
        key, breaks = form_key(alias.form)
        known = entries.get(key)
        if not key:
            raise ValueError(f"'{alias.form}' of {alias.person_id}: empty")
        if known:
            entries[key] = _widened(known, alias, breaks, homonyms)
            continue
        suffix = _last_token(alias.form) if key.endswith(SUFFIX_KEYS) else ""
        entries[key] = Entry(
            alias.person_id,
            alias.kind,
            usual[alias.person_id] if usual_keys[alias.person_id] == key else "",
            (breaks,),
            alias.family,
            _family_letters(key, breaks, alias.family),
            max(breaks, default=0) if suffix in SUFFIXES else None,
            suffix in DOTTED,
            _particles(alias.form),
        )
    return AliasTable(entries, dict(names), dict(veto or {}))


def _widened(known: Entry, alias: Alias, breaks: frozenset[int], homonyms: Container[frozenset[str]]) -> Entry:
    """The entry with one more form, or one more person who is spelled so."""
    owners = (known.person_id, *known.homonyms)
    others = known.homonyms
    if alias.person_id not in owners:
        strangers = [owner for owner in owners if frozenset((owner, alias.person_id)) not in homonyms]
        if strangers:
            raise SharedSpellingError(alias, strangers[0])
        others = (*others, alias.person_id)
    return known._replace(
        breaks=known.breaks if breaks in known.breaks else (*known.breaks, breaks),
        particles=known.particles | _particles(alias.form),
        homonyms=others,
    )


def form_key(form: str) -> tuple[str, frozenset[int]]:
    """The fold key of a written form, and how many letters of it stand before each gap."""
    if form.isascii():
        tokens = form.translate(ASCII_FORM).split()
    else:
        tokens = [key for token in FORM_GAP.split(form) if (key := fold_key(token))]
    return "".join(tokens), _gaps_after(tuple(map(len, tokens)))


@lru_cache(maxsize=4096)
def _gaps_after(lengths: tuple[int, ...]) -> frozenset[int]:
    """How many letters stand before each gap between words of these lengths; one object for all forms alike."""
    return frozenset(accumulate(lengths[:-1]))


def _particles(form: str) -> frozenset[int]:
    """Letters of the key before each word of the form that is in lower case."""
    if form.istitle():
        return frozenset()
    letters, found = 0, set()
    for token in FORM_GAP.split(form):
        if letters and token[:1].islower():
            found.add(letters)
        letters += len(fold_key(token))
    return frozenset(found)


def _last_token(form: str) -> str:
    return fold_key(FORM_GAP.split(form.rstrip(" ."))[-1])


def _family_letters(key: str, breaks: frozenset[int], family: str) -> tuple[int, int] | None:
    if not family:
        return None
    letters = fold_key(family)
    edges = {0, len(key)} | breaks
    at = key.find(letters) if letters else -1
    while at >= 0:
        if at in edges and at + len(letters) in edges:
            return at, at + len(letters)
        at = key.find(letters, at + 1)
    return None


@dataclass(frozen=True, slots=True)
class _Hit:
    start: int
    end: int
    entry: Entry
    issues: tuple[str, ...]
    family: str
    is_decided: bool


def full_mentions(texts: Sequence[str], table: AliasTable) -> Sequence[Sequence[Mention]]:
    """For each text, the full and native names of the table's people in it, in order, without overlaps.

    The longest match wins. A text's mentions do not depend on the texts beside it.
    """
    found: list[Sequence[Mention]] = [()] * len(texts)  # most have none, and a list each is work for the collector
    ends = list(accumulate(map(len, texts)))
    first = 0
    while first < len(texts):
        after = max(first + 1, bisect_left(ends, (ends[first - 1] if first else 0) + SCAN_CHARS, lo=first))
        for text_no, hits in _hits(texts[first:after], table).items():
            found[first + text_no] = _decided(texts[first + text_no], hits, table)
        first = after
    return found


def _hits(texts: Sequence[str], table: AliasTable) -> dict[int, list[_Hit]]:
    """Keys whose gaps and edges hold, by text. All texts are scanned as one; what crosses a border is no hit."""
    hits: dict[int, list[_Hit]] = {}
    stream = folded("\n".join(texts))
    matches: list[tuple[int, int, int]] = table.automaton.find_matches_as_indexes(stream.text, overlapping=True)
    borders = list(accumulate((len(text) + 1 for text in texts), initial=0)) if matches else []
    for pattern, first, after in matches:
        begin, last = int(stream.origins[first]), int(stream.origins[after - 1])
        text_no = bisect_right(borders, begin) - 1
        border = borders[text_no]
        if last >= borders[text_no + 1]:
            continue
        cuts_char = (first > 0 and stream.origins[first - 1] == begin) or (
            after < len(stream.origins) and stream.origins[after] == last
        )
        if not cuts_char:
            key = table.keys[pattern]
            origins = stream.origins[first:after] - border
            hit = _checked(texts[text_no], key, table.entries[key], origins)
            if hit:
                hits.setdefault(text_no, []).append(hit)
    return hits


def _checked(text: str, key: str, entry: Entry, origins: Indexes) -> _Hit | None:
    """The hit, where the gaps inside it and the characters at its edges are a name's."""
    start, end = int(origins[0]), int(origins[-1]) + 1
    while end < len(text) and is_accent(text[end]):
        end += 1
    unspaced = _is_unspaced(text[start])
    gaps = _gaps(text, origins, entry, unspaced=unspaced)
    if gaps is None or not _edges_hold(text, start, end, unspaced=unspaced):
        return None
    issues: list[str] = []
    is_decided = True
    if not unspaced:
        damage = _damage(gaps, entry.breaks)
        is_short = len(key) < MIN_DAMAGED_KEY
        if damage is None or (damage == "joined" and is_short) or not _is_capitalised(text, origins, gaps, entry):
            return None
        issues += [damage] if damage else []
        is_decided = not damage or (damage == "split" and not is_short)
        if end < len(text) and text[end].isalnum():
            tail = TOKEN_END.match(text, end)
            if not tail or not text[end].islower() or not gaps or is_short:
                return None
            issues += ["glued"]
            is_decided = is_decided and (tail.group() == "s" or len(tail.group()) >= MIN_GLUED_TAIL)
        elif entry.has_dot and text[end : end + 1] in FULL_STOPS:
            end += 1
    family = entry.family
    if entry.family_letters and not unspaced and "split" not in issues:
        low, high = entry.family_letters
        family = text[int(origins[low]) : int(origins[high - 1]) + 1]
    return _Hit(start, end, entry, tuple(issues), family, is_decided)


def _is_unspaced(char: str) -> bool:
    """Whether the character is of a script that writes names without spaces: Han, kana, Hangul."""
    return (
        "\u2e80" <= char <= "\ud7ff"
        or "\u1100" <= char <= "\u11ff"
        or "\uf900" <= char <= "\ufaff"
        or char > "\U00020000"
    )


def _is_hangul(char: str) -> bool:
    return "\uac00" <= char <= "\ud7ff" or "\u1100" <= char <= "\u11ff" or "\u3130" <= char <= "\u318f"


def _gaps(text: str, origins: Indexes, entry: Entry, *, unspaced: bool) -> frozenset[int] | None:
    """Letters of the key before each gap of the surface; None where something else than a gap lies between two."""
    gaps: set[int] = set()
    places = origins.tolist()
    for letters, (left, right) in enumerate(pairwise(places), 1):
        if right - left < 2:
            continue
        between = "".join(char for char in INVISIBLE.sub("", text[left + 1 : right]) if not is_accent(char))
        if not between or between in APOSTROPHES:
            continue
        if unspaced:
            if not UNSPACED_GAP.fullmatch(between):
                return None
        elif not GAP.fullmatch(between):
            is_initial = left == 0 or not text[left - 1].isalpha()
            before_suffix = letters == entry.suffix_at
            if not (
                (INITIAL_GAP.fullmatch(between) and is_initial) or (before_suffix and SUFFIX_GAP.fullmatch(between))
            ):
                return None
        gaps.add(letters)
    return frozenset(gaps)


def _damage(gaps: frozenset[int], forms: Sequence[frozenset[int]]) -> str | None:
    """'' where the gaps are those of a form or fewer, joined where there is none left, split where there are more.

    None where a gap is missing and another one too many: `Kim Jon-gun` is not `Kim Jong-un`.
    """
    if any(gaps <= form and (gaps or not form) for form in forms):
        return ""
    if not gaps:
        return "joined"
    return "split" if any(gaps > form for form in forms) else None


def _is_capitalised(text: str, origins: Indexes, gaps: frozenset[int], entry: Entry) -> bool:
    """Two words with a capital, the first among them; one is enough for a single word, one with hyphens, and where a
    form has a particle (`Mohammed binsalman`). Scripts without capitals pass.
    """
    first = text[int(origins[0])]
    if first.lower() == first.upper():
        return True
    if not (first.isupper() or first.istitle()):
        return False
    starts = [text[int(origins[letters])] for letters in gaps]
    has_dash = any(char in DASHES for char in text[int(origins[0]) : int(origins[-1])])
    return (
        not starts
        or has_dash
        or not gaps.isdisjoint(entry.particles)
        or any(char.isupper() or char.istitle() for char in starts)
    )


def _edges_hold(text: str, start: int, end: int, *, unspaced: bool) -> bool:
    """Whether the name is not cut out of a longer word, an address or a slug. Letters after it are looked at later."""
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    if unspaced:  # particles may follow a name in Hangul, nothing marks its edges in Han
        return not (_is_hangul(text[start]) and _is_hangul(before)) and not "\u1160" <= after <= "\u11ff"
    if before.isalnum() or before in "_/\\@#" or after in "_@\\/":
        return False
    if before in DASHES and start > 1 and text[start - 2].isalnum():
        word = start - 1
        while word and text[word - 1].isalnum():
            word -= 1
        if before != "\u2013" and not text[word : start - 1].islower():  # Park-Kim Jong Un; but pro-Kim Jong Un
            return False
    if after == "." and end + 1 < len(text) and text[end + 1].isalnum() and not text[end + 1].isupper():
        return False
    return not is_address(text, start, end)


def _decided(text: str, hits: Sequence[_Hit], table: AliasTable) -> list[Mention]:
    """The longest hits without overlap, each with what its neighbours say."""
    chosen: list[_Hit] = []  # in order; a text may hold 100,000 names, so no search through all of them
    for hit in sorted(hits, key=lambda hit: (hit.start - hit.end, hit.start)):
        place = bisect_left(chosen, hit.start, key=lambda other: other.start)
        after_left = place == 0 or chosen[place - 1].end <= hit.start
        if after_left and (place == len(chosen) or hit.end <= chosen[place].start):
            chosen.insert(place, hit)
    starts = {hit.start for hit in hits}
    headline = is_headline(text)
    return [_mention(text, hit, table, starts, headline=headline) for hit in chosen]


def _mention(text: str, hit: _Hit, table: AliasTable, starts: set[int], *, headline: bool) -> Mention:
    entry, surface = hit.entry, text[hit.start : hit.end]
    method: Method = "exact" if surface == entry.spelling else "fold" if entry.spelling else "alias"
    owners = (entry.person_id, *entry.homonyms)
    is_shared = len(owners) > 1
    shared = ("ambiguous",) if is_shared else ()
    if _is_unspaced(surface[0]):
        return Mention(
            hit.start,
            hit.end,
            surface,
            None if is_shared else entry.person_id,
            entry.kind,
            method,
            shared,
            tuple(sorted(owners)) if is_shared else (),
            hit.family,
        )
    veto = table.veto.get(entry.person_id, frozenset())
    beside = _beside(text, hit, veto, starts, headline=headline)
    issues = (*hit.issues, *shared, *beside)
    is_decided = hit.is_decided and not is_shared and not {"in_name", "longer"} & set(beside)
    return Mention(
        hit.start,
        hit.end,
        surface,
        entry.person_id if is_decided else None,
        entry.kind,
        method,
        issues,
        () if is_decided else tuple(sorted(owners)),
        hit.family,
        may_rewrite=is_decided and not issues and entry.kind == "full" and not (headline and surface.isupper()),
    )


def _beside(text: str, hit: _Hit, veto: frozenset[str], starts: set[int], *, headline: bool) -> list[str]:
    """Issues that come from the words before and after."""
    if "glued" in hit.issues or POSSESSIVE.match(text, hit.end):
        return []
    if names_institution(text, hit.start, hit.end, veto, headline=headline):
        return ["in_name"]
    if SUFFIX_AFTER.match(text, hit.end):
        return ["longer"]
    if headline:
        return []
    issues = []
    words = next_words(text, hit.end)
    goes_on = bool(words) and words[0][0].isupper() and not is_title(words[0]) and not words[0].isupper()
    if goes_on and text.index(words[0], hit.end) not in starts:
        issues.append("longer")
    before, opens = word_before(text, hit.start)
    if before[:1].isupper() and not opens and not is_title(before) and not before.endswith(("’s", "'s")):
        issues.append("left_cap")
    return issues


def rewritten(text: str, mentions: Iterable[Replaced]) -> str:
    """The text with each mention's surface replaced by its name; mentions do not overlap."""
    parts: list[str] = []
    read = 0
    for mention in sorted(mentions, key=lambda mention: mention.start):
        if mention.name is not None:
            parts += [text[read : mention.start], mention.name]
            read = mention.start + len(mention.surface)
    return "".join([*parts, text[read:]])


def undone(text_out: str, mentions: Iterable[Replaced]) -> str:
    """The text as it stood before `rewritten` with the same mentions: their offsets are those of that text."""
    parts: list[str] = []
    read = written = 0  # code points of text_out used up, of the text put back
    for mention in sorted(mentions, key=lambda mention: mention.start):
        if mention.name is not None:
            kept = mention.start - written
            parts += [text_out[read : read + kept], mention.surface]
            read += kept + len(mention.name)
            written = mention.start + len(mention.surface)
    return "".join([*parts, text_out[read:]])
