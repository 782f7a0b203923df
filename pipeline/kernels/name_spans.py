"""Stretches of a text that may be a person's name: two to five capitalised words in a row, titles left out.

A finder for proposals: it need not be right. On GUM 11 such a rule finds 91 % of the full names, and half of what it
finds is none; comparing spellings and asking for two documents leaves what a reader can go through. Headlines are
skipped (capitals say nothing there), so are addresses and what a word of an institution makes no person.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass

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
)

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
SPAN = re.compile(rf"(?<![\w'’.@#/])(?<!{DASH}){WORD}(?:{SPACE}{{1,2}}(?:{PARTICLE}{SPACE}){{0,2}}{WORD}){{1,7}}(?!\w)")
WORDS = re.compile(rf"(?<![\w'’])(?<!{DASH}){SMALL}+")  # the un of Jong-un is no word
GAPS = re.compile(r"[^\S\n]+")
# Capitalised words that no person's name has: what is left of headlines, agencies, parties.
NO_PERSON = frozenset(
    [
        "agency", "news", "times", "post", "daily", "party", "ministry", "department", "council", "court", "office",
        "state", "states", "united", "republic", "nations", "union", "federation", "kingdom", "parliament", "senate",
        "congress", "government", "police", "army", "navy", "force", "forces", "bank", "press", "radio", "tv", "media",
        "photo", "image", "images", "getty", "read", "world", "cup", "league", "championship", "festival", "war", "act",
        "treaty", "summit", "conference", "association", "society", "club", "island", "islands", "sea", "ocean", "gulf",
        "river", "lake", "valley", "city", "new", "san", "santa", "los", "las", "st", "saint", "red", "green", "white",
        "blue", "black", "house", "day", "week", "year", "street", "inc", "ltd", "corp", "gmbh",
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NameSpan:
    """A stretch that may be a name: code points [start, end) of the text, and what stands there."""

    start: int
    end: int
    surface: str


def lower_words(text: str) -> list[str]:
    """The words of a text that are in lower case, for counting."""
    return [word for word in WORDS.findall(text) if word.islower()]


def capital_words(text: str) -> list[str]:
    """The words of a text that begin with a capital, in lower case, for counting."""
    return [word.lower() for word in WORDS.findall(text) if word[0].isupper()]


def name_spans(text: str, common: Container[str]) -> list[NameSpan]:
    """What may be persons' names in a text, in order; `common` has the words that are mostly written in lower case."""
    if is_headline(text):
        return []
    found: list[NameSpan] = []
    for match in SPAN.finditer(text):
        words = _words(text, match.start(), match.end())
        while words and _is_outside(text[slice(*words[0])], common):
            words.pop(0)
        if not words:
            continue
        surfaces = [text[start:end] for start, end in words]
        keys = [fold_key(surface) for surface in surfaces]
        n_names = sum(surface[0].isupper() or "-" in surface for surface in surfaces)
        if not 2 <= n_names <= MAX_WORDS or all(len(key) < 2 for key in keys[1:]):
            continue
        if any(key in NO_PERSON or key in INSTITUTIONS or key in NATIONS or key in DAYS for key in keys):
            continue
        if any(surface.casefold() in common for surface in surfaces if surface[0].isupper()):
            continue
        start, end = words[0][0], words[-1][1]
        if keys[-1] in SUFFIXES and text[end : end + 1] == ".":
            end += 1
        if not is_address(text, start, end):
            found.append(NameSpan(start, end, text[start:end]))
    return found


def _words(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Where each word of text[start:end] begins and ends."""
    words, at = [], start
    for gap in GAPS.finditer(text, start, end):
        words.append((at, gap.start()))
        at = gap.end()
    return [*words, (at, end)]


def _is_outside(word: str, common: Container[str]) -> bool:
    """Whether the first word of a stretch is a title, opens the sentence, or is a particle left alone."""
    key = INVISIBLE.sub("", word).rstrip(".").casefold()
    return word[0].islower() or is_title(word) or key in RELATIVES or key in OPENERS or (len(key) > 1 and key in common)
