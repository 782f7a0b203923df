"""Stretches of a text that may be a person's name: two to five capitalised words in a row, titles left out.

A finder for proposals: it need not be right. On GUM 11 such a rule finds 91 % of the full names, and half of what it
finds is none; comparing spellings and asking for two documents leaves what a reader can go through. Headlines are
skipped (capitals say nothing there), so are addresses and what a word of an institution makes no person.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pipeline.kernels.aliases import DASHES, INVISIBLE
from pipeline.kernels.fold import fold_key
from pipeline.kernels.neighbours import (
    DAYS,
    INSTITUTIONS,
    NATIONS,
    OPENERS,
    RELATIVES,
    SUFFIXES,
    is_address,
    is_headline,
    is_title,
    opens_sentence,
)
from pipeline.kernels.patterns import deferred

Place = tuple[int, int]  # where a word begins and ends

MIN_DATELINE = 4  # letters of a word in capitals that is a place: OSLO; shorter ones are as often a family's, KIM
MAX_WORDS = 5  # Luiz Inácio Lula da Silva; particles do not count
CAPITAL = "A-ZÀ-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽȘȚ"
SMALL = r"[^\W\d_]"
DASH = "[" + re.escape(DASHES) + "]"
INITIALS = rf"[{CAPITAL}]\.(?:[{CAPITAL}]\.)?"  # H.W.
WITH_ARTICLE = rf"(?:al|el|Al|El){DASH}[{CAPITAL}]{SMALL}+"  # al-Assad
PLAIN = rf"[{CAPITAL}](?:['’][{CAPITAL}])?{SMALL}*(?:{DASH}{SMALL}+)*"  # Kim, Jong-un, O'Neill, McConnell
WORD = rf"(?:{INITIALS}|{WITH_ARTICLE}|{PLAIN})"
PARTICLE = r"(?:al|el|bin|ibn|bint|von|van|der|den|de|da|dos|del|la|le)"
SPACE = r"[^\S\n]"
SPAN = deferred(rf"(?<![\w'’.@#/])(?<!{DASH}){WORD}(?:{SPACE}{{1,2}}(?:{PARTICLE}{SPACE}){{0,2}}{WORD}){{1,7}}(?!\w)")
WHITE = r"[\s\x1c-\x1f]"  # what Python's \s is, for polars
# What every text with a stretch has, for polars: 12,000 paragraphs take 6 ms, and fewer than half have it.
MAY_HOLD_NAMES = rf"[{CAPITAL}][^\s\x1c-\x1f]*{WHITE}{{1,2}}(?:{PARTICLE}{WHITE}){{0,2}}(?:[aeAE]l{DASH})?[{CAPITAL}]"
# For polars, which takes half of the time of `re`: a stretch of words, and its first, since the un of Jong-un is none.
COMPOUND = rf"[\p{{L}}\p{{N}}_'’{re.escape(DASHES)}]+"
FIRST_WORD = r"^[\p{L}\p{Nl}\p{No}]+"
GAPS = deferred(r"[^\S\n]+")
# Capitalised words that no person's name has: what is left of headlines, agencies, parties.
NO_PERSON = frozenset(
    [
        "agency", "news", "times", "post", "daily", "party", "ministry", "department", "council", "court", "office",
        "state", "states", "united", "republic", "nations", "union", "federation", "kingdom", "parliament", "senate",
        "congress", "government", "police", "army", "navy", "force", "forces", "bank", "press", "radio", "tv", "media",
        "photo", "image", "images", "getty", "read", "world", "cup", "league", "championship", "festival", "war", "act",
        "treaty", "summit", "conference", "association", "society", "club", "island", "islands", "sea", "ocean", "gulf",
        "river", "lake", "valley", "city", "new", "san", "santa", "los", "las", "st", "saint", "red", "green", "white",
        "blue", "black", "house", "day", "week", "year", "street", "inc", "ltd", "corp", "gmbh", "vereinten",
        "vereinigten", "nationen", "staaten", "haus", "hauses", "bundesamt", "ministerium",
    ]
)  # fmt: skip
# Of German nouns that say what somebody is; as titles beside a full name they would let too much pass.
ROLE_ENDINGS = (
    "kandidat", "kandidaten", "kandidatin", "sprecher", "sprechers", "sprecherin", "vorsitzende", "vorsitzenden",
    "vorsitzender", "gouverneur", "gouverneurs", "abgeordnete", "abgeordneten", "abgeordneter", "inhaber", "läuferin",
    "kollege", "kollegen", "kollegin",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NameSpan:
    """A stretch that may be a name: code points [start, end) of the text, and what stands there.

    `rest` is the stretch without its first word, where that opens a sentence or a particle follows it, and two words
    are left: only other places can tell `Critics Ida Lind` and `Hochzeit von Ida Lind` from `Karin Ida Lind`.
    """

    start: int
    end: int
    surface: str
    rest: str = ""


def name_spans(text: str, common: Container[str]) -> list[NameSpan]:
    """What may be persons' names in a text, in order; `common` has the words that are mostly written in lower case."""
    if is_headline(text):
        return []
    found: list[NameSpan] = []
    for match in SPAN.finditer(text):
        words = _without_title(text, _without_dateline(text, _words(text, match.start(), match.end())))
        while words and _is_outside(text[slice(*words[0])], common):
            words.pop(0)
        if not _is_name(text, words, common):
            continue
        start, end = words[0][0], words[-1][1]
        if fold_key(text[slice(*words[-1])]) in SUFFIXES and text[end : end + 1] == ".":
            end += 1
        if not is_address(text, start, end):
            rest = _rest(text, words)
            found.append(
                NameSpan(start, end, text[start:end], text[rest[0][0] : end] if _is_name(text, rest, common) else "")
            )
    return found


def _rest(text: str, words: Sequence[Place]) -> Sequence[Place]:
    """The words after the first and the particles behind it, where the first may be none of the name; else none."""
    place = 1
    while text[words[place][0]].islower() and place < len(words) - 1:
        place += 1
    return words[place:] if place > 1 or opens_sentence(text, words[0][0]) else ()


def _is_name(text: str, words: Sequence[Place], common: Container[str]) -> bool:
    """Whether words may make a name: two to MAX_WORDS with a capital, none of them common or an institution's."""
    surfaces = [text[start:end] for start, end in words]
    keys = [fold_key(surface) for surface in surfaces]
    n_names = sum(surface[0].isupper() or "-" in surface for surface in surfaces)
    return (
        2 <= n_names <= MAX_WORDS
        and surfaces[0][0].isupper()
        and any(len(key) > 1 for key in keys[1:])
        and not any(key in NO_PERSON or key in INSTITUTIONS or key in NATIONS or key in DAYS for key in keys)
        and not any(surface.casefold() in common for surface in surfaces if surface[0].isupper())
    )


def _without_dateline(text: str, words: Sequence[Place]) -> Sequence[Place]:
    """The words without those in capitals that open the text (`PORT ALMA Ida Lind`), where the others are not."""
    if text[: words[0][0]].strip():
        return words
    place = 0
    while (
        place < len(words)
        and words[place][1] - words[place][0] >= MIN_DATELINE
        and text[slice(*words[place])].isupper()
    ):
        place += 1
    return words[place:] if place < len(words) - 1 or place == len(words) else words


def _without_title(text: str, words: Sequence[Place]) -> list[Place]:
    """The words after the last title that has two words behind it: Florida Governor | Ida Lind."""
    titles = [place for place, (start, end) in enumerate(words[:-2]) if _is_title(text[start:end])]
    return list(words[titles[-1] + 1 :] if titles else words)


@lru_cache(maxsize=16_384)  # a few words make up most of what is asked
def _is_title(word: str) -> bool:
    key = _plain(word)
    return is_title(key) or key in RELATIVES or key.endswith(ROLE_ENDINGS) or is_title(key.rpartition("-")[2])


def _words(text: str, start: int, end: int) -> list[Place]:
    """Where each word of text[start:end] begins and ends."""
    words, at = [], start
    for gap in GAPS.finditer(text, start, end):
        words.append((at, gap.start()))
        at = gap.end()
    return [*words, (at, end)]


def _is_outside(word: str, common: Container[str]) -> bool:
    """Whether the first word of a stretch is a title, opens the sentence, or is a particle left alone."""
    key = _plain(word)
    return word[0].islower() or _is_title(word) or key in OPENERS or (len(key) > 1 and key in common)


def _plain(word: str) -> str:
    return INVISIBLE.sub("", word).rstrip(".").casefold()
