"""Bare family names in an article: whose they are where one bearer is named in it, else undecided.

Decided only after a full mention, when nobody else in the article has the name: not a second person of the table, not
`Daniel Kim` or `Kim Tae-ho` outside it, not a byline. On GUM 11 with the full names given, a rule like it was right
301 times, wrong 17 times; the checks here that it did not have (bylines, relatives, families, `a Warhol`) only abstain.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.kernels.aliases import Mention
from pipeline.kernels.fold import fold_key
from pipeline.kernels.neighbours import (
    DAYS,
    INSTITUTIONS,
    OPENERS,
    POSSESSIVE,
    RELATIVES,
    SUFFIXES,
    is_address,
    is_headline,
    is_title,
    next_words,
    opens_sentence,
    word_before,
)

# Family names that are English words too: at the start of a sentence the capital proves nothing.
WORDS = frozenset(
    [
        "abe", "an", "baker", "ball", "ban", "banks", "barrow", "bell", "best", "bishop", "black", "brown", "bush",
        "can", "cook", "day", "do", "field", "ford", "fox", "good", "gore", "grant", "gray", "green", "hill", "ho",
        "hope", "hunt", "in", "king", "lay", "long", "love", "ma", "magyar", "major", "marsh", "mason", "may", "moon",
        "no", "noon", "north", "oh", "page", "park", "pence", "power", "price", "rice", "rose", "rush", "sharp",
        "short", "so", "son", "song", "stone", "strong", "summer", "sun", "swift", "west", "white", "will", "winter",
        "wolf", "wood", "woods", "young",
    ]
)  # fmt: skip
ACTS = re.compile(
    r",?\s+(?:also\s+|later\s+|then\s+)?(?:said|says|told|tells|added|adds|met|vowed|warned|urged|called|visited|flew|was|"
    r"is|has|had|will|would|who|declined|denied|argued|insisted|promised|wrote|asked|noted|stressed|signed)\b"
)
OFFICE = re.compile(r"\s+(?:administration|government|campaign|cabinet|presidency|era)\b")
# The family, or everybody of that name: never one person.
FAMILY = re.compile(
    r"['’]?s?\s+(?:famil(?:y|ies)|dynast(?:y|ies)|clan|brothers|sisters|siblings|twins|couple|children|household)\b"
)
DATE = re.compile(r",?\s+\d")
DATE_WORDS = frozenset(
    [
        "in", "of", "by", "since", "until", "till", "from", "to", "through", "early", "late", "mid", "last", "next",
        "this", "before", "after", "during", "every", "each",
    ]
)  # fmt: skip
DETERMINERS = frozenset(["the", "a", "an", "this", "that", "no", "another", "every", "each", "any", "some", "one"])
EPONYMS = DETERMINERS - {"the", "this", "that"}  # a Warhol, another Putin: somebody like him, or a work of his


BEFORE = re.compile(r"(?<![\w.@#/\\])(?<!\w['’])(?:(?<=\b[ae]l-)|(?<=\b[AE]l-)|(?<!-))")  # al-Assad, but not Park-Kim
AFTER = re.compile(r"(?!\w|[-\u2010-\u2013]\w*[A-Z])")


class Passage(NamedTuple):
    """A paragraph or a field of an article, with the full names in it, in order."""

    text: str
    mentions: Sequence[Mention]
    is_byline: bool = False


@dataclass(frozen=True, slots=True)
class _Bare:
    """A family name that stands alone, before anything is known of its bearers."""

    passage_no: int
    start: int
    end: int
    is_doubtful: bool


def surname_mentions(
    passages: Sequence[Passage], families: Mapping[str, frozenset[str]], byline: str = "", *, before: bool = True
) -> Sequence[Sequence[Mention]]:
    """For each passage of one article, in reading order, its bare family names of persons named in full.

    `families` maps a person id to the fold keys of every spelling of the family name, `byline` is the byline where no
    passage holds it. Undecided ones have no person but candidates, and an issue: ambiguous, or early (the full name
    comes later; not with `before` off). Names inside longer names, institutions, addresses and headlines are not
    mentioned at all.
    """
    if not any(passage.mentions for passage in passages):
        return [()] * len(passages)
    bearers, first_named, spellings = _bearers(passages, families)
    if not spellings:
        return [()] * len(passages)
    lower_words = _LowerWords(passages)
    strangers = _byline_strangers(passages, byline, spellings)
    for passage in passages:
        for mention in passage.mentions:
            if "longer" in mention.issues:  # Donald Trump III is not Donald Trump
                strangers |= {fold_key(mention.family)}
    bares: list[_Bare] = []
    for passage_no, passage in enumerate(passages):
        if not passage.is_byline:
            alone, others = _occurrences(passage_no, passage, spellings, lower_words)
            bares += alone
            strangers |= others
    found: list[list[Mention]] = [[] for _ in passages]
    for bare in bares:
        surface = passages[bare.passage_no].text[bare.start : bare.end]
        family = fold_key(surface)
        candidates = sorted(person for person, keys in bearers.items() if family in keys)
        known = [person for person in candidates if person in first_named]
        if len(candidates) > 1 or not known or family in strangers or bare.is_doubtful:
            issue = "ambiguous"
        elif before and first_named[known[0]] > (bare.passage_no, bare.start):
            issue = "early"
        else:
            issue = ""
        found[bare.passage_no].append(
            Mention(
                bare.start,
                bare.end,
                surface,
                None if issue else known[0],
                "surname",
                "surname",
                (issue,) if issue else (),
                tuple(candidates) if issue else (),
                surface,
            )
        )
    return found


def _bearers(
    passages: Sequence[Passage], families: Mapping[str, frozenset[str]]
) -> tuple[dict[str, frozenset[str]], dict[str, tuple[int, int]], frozenset[str]]:
    """Persons named with the fold keys of their family names, where they are first named in full, spellings seen."""
    bearers: dict[str, frozenset[str]] = {}
    first_named: dict[str, tuple[int, int]] = {}
    spellings: set[str] = set()
    for passage_no, passage in enumerate(passages):
        for mention in passage.mentions:
            if "in_name" in mention.issues:
                continue
            for person in (mention.person_id, *mention.candidates):
                if person and families.get(person):
                    bearers[person] = families[person]
            if mention.person_id and mention.family:
                spellings |= _cased(mention.family)
                if not passage.is_byline:
                    first_named.setdefault(mention.person_id, (passage_no, mention.start))
    return bearers, first_named, frozenset(spelling for spelling in spellings if len(spelling) > 1)


def _cased(family: str) -> set[str]:
    """The spelling, as it opens a sentence, and out of capitals: bin Laden, Bin Laden; KIM, Kim."""
    spellings = {family, family[:1].upper() + family[1:]}
    return spellings | {family.title()} if family.isupper() else spellings


class _LowerWords:
    """Words that the article writes in lower case somewhere: `Did Kim know` names nobody called Did."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._texts = [passage.text for passage in passages]
        self._words: frozenset[str] | None = None

    def __contains__(self, word: str) -> bool:
        if self._words is None:
            self._words = frozenset(re.findall(r"\b[^\W\d_]+\b", " ".join(self._texts)))
        return word.lower() in self._words


def _byline_strangers(passages: Sequence[Passage], byline: str, spellings: frozenset[str]) -> set[str]:
    """Fold keys of family names that a byline gives to somebody who is not in the table."""
    keys = {fold_key(spelling) for spelling in spellings}
    strangers: set[str] = set()
    for text, mentions in [(passage.text, passage.mentions) for passage in passages if passage.is_byline] + [
        (byline, ())
    ]:
        for word in re.finditer(r"[^\W\d_]+", text):
            if fold_key(word.group()) in keys and not _is_inside(mentions, word.start(), word.end()):
                strangers.add(fold_key(word.group()))
    return strangers


def _is_inside(mentions: Sequence[Mention], start: int, end: int) -> bool:
    """Whether [start, end) touches one of the mentions, which are in order and do not overlap."""
    place = bisect_left(mentions, end, key=lambda mention: mention.start)
    return place > 0 and mentions[place - 1].end > start


def _occurrences(
    passage_no: int, passage: Passage, spellings: frozenset[str], lower_words: _LowerWords
) -> tuple[list[_Bare], set[str]]:
    """Family names standing alone in a passage, and the fold keys of those that a stranger bears there."""
    text = passage.text
    alone: list[_Bare] = []
    strangers: set[str] = set()
    headline = None
    for start, end in _places(text, spellings):
        if _is_inside(passage.mentions, start, end):
            continue
        if headline is None:
            headline = is_headline(text)
        if headline or is_address(text, start, end):
            continue
        reading = _reading(text, start, end, lower_words)
        if reading == "stranger":
            strangers.add(fold_key(text[start:end]))
        elif reading != "other":
            alone.append(_Bare(passage_no, start, end, reading == "doubtful"))
    return alone, strangers


def _places(text: str, spellings: frozenset[str]) -> list[tuple[int, int]]:
    """Where [start, end) family names stand as words, in order; of two that overlap the first, then the longer.

    Searched one by one: a pattern of all was another one for nearly every article, at 1 ms each.
    """
    found = []
    for spelling in spellings:
        start = text.find(spelling)
        while start >= 0:
            end = start + len(spelling)
            if BEFORE.match(text, start) and AFTER.match(text, end):
                found.append((start, -end))
            start = text.find(spelling, start + 1)
    places: list[tuple[int, int]] = []
    reached = 0
    for start, minus_end in sorted(found):
        if start >= reached:
            reached = -minus_end
            places.append((start, reached))
    return places


def _reading(text: str, start: int, end: int, lower_words: _LowerWords) -> str:
    """How a family name reads in its place: bare, doubtful, stranger (a part of somebody's name), other (no person)."""
    before, opens = word_before(text, start)
    after = [] if POSSESSIVE.match(text, end) else next_words(text, end)
    if after and after[0][0].isupper():
        return _followed(after)
    key = before.rstrip(".").casefold()
    if before[:1].isupper() and not before.endswith(("’s", "'s")):
        if key in RELATIVES:
            return "doubtful"
        is_opener = opens and (key in OPENERS or before in lower_words)
        if not is_title(before) and not is_opener:
            return "stranger"
    if FAMILY.match(text, end):
        return "other"
    if fold_key(text[start:end]) in WORDS:
        return _word_reading(text, start, end, key)
    return "doubtful" if key in EPONYMS else "bare"


def _followed(after: Sequence[str]) -> str:
    """How a family name reads when a capitalised word follows."""
    key = after[0].casefold()
    if key in DAYS:
        return "bare"
    capitalised = [word.casefold() for word in after if word[0].isupper()]
    if any(word in INSTITUTIONS for word in capitalised) or after[0].isupper():
        return "stranger" if key in SUFFIXES else "other"
    return "stranger"


def _word_reading(text: str, start: int, end: int, key: str) -> str:
    """How a family name that is a word too reads: a title, a deed or an office must speak for the person."""
    if key in DETERMINERS:
        return "bare" if OFFICE.match(text, end) else "other"
    if fold_key(text[start:end]) in DAYS:  # in May, May 11: no place in a sentence proves a person
        if DATE.match(text, end) or key in DATE_WORDS or key in DAYS:
            return "other"
    elif not opens_sentence(text, start):
        return "bare"
    if is_title(key):
        return "bare"
    return "bare" if ACTS.match(text, end) or re.match(r"['’]s\s", text[end : end + 3]) else "other"
