"""Spellings that may be one person's: names seen -> blocks -> related pairs, for a reader to decide.

Blocks are cheap to share and hard to miss: the first three sounds of any word of the name, the class of a Korean
syllable. Inside a block every pair is asked; of two people of the table never, of a person and an unknown spelling, of
two unknown ones yes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress, islice
from typing import TypeVar

import polars as pl

from pipeline.kernels.fold import fold_key
from pipeline.kernels.name_spans import COMPOUND, FIRST_WORD, MAY_HOLD_NAMES, NameSpan, name_spans
from pipeline.kernels.romanisation import korean_readings
from pipeline.kernels.variants import Reason, relation, rough, written_name

MIN_BLOCK_WORD = 3  # letters of a word that makes a block: Li and Bo are in the blocks of their other words
BLOCK_SOUNDS = 3
MAX_BLOCK = 400  # names under one word (80,000 pairs, 1.2 s); a larger block is cut by the first letters of the others
CONTEXT = 45  # characters on each side
READ_TOGETHER = 10_000  # paragraphs, some 2 MB

Text = TypeVar("Text", str, tuple[str, str])  # alone, or behind its article


@dataclass(slots=True)
class SeenName:
    """A fold key in a corpus: how it was spelled, in which articles, and one place of each spelling."""

    spellings: Counter[str] = field(default_factory=Counter)
    articles: dict[str, set[str]] = field(default_factory=dict)  # spelling -> articles
    contexts: dict[str, str] = field(default_factory=dict)  # spelling -> where it stood first

    @property
    def usual(self) -> str:
        """The most frequent spelling that is not in capitals; of several, the first in order."""
        return min(self.spellings, key=lambda spelling: (spelling.isupper(), -self.spellings[spelling], spelling))

    @property
    def all_articles(self) -> set[str]:
        """The articles that have the name in some spelling."""
        return set().union(*self.articles.values())


@dataclass(frozen=True, slots=True)
class Proposal:
    """Two spellings and why they may be one person's; `person` is the id where the table has the left one."""

    left: str
    right: str
    reason: Reason
    person: str
    left_count: int
    right_count: int
    left_articles: int
    right_articles: int
    both_articles: int  # that have both: more likely two persons
    left_context: str
    right_context: str


def common_words(texts: Iterable[str]) -> frozenset[str]:
    """The words that the texts write in lower case more often than with a capital."""
    counts: Counter[str] = Counter()
    for some in _together(texts):
        compounds = pl.Series("word", some, dtype=pl.String).str.extract_all(COMPOUND).explode().value_counts()
        words = compounds.select(pl.col("word").str.extract(FIRST_WORD, 0), "count").drop_nulls()
        for word, count in words.iter_rows():
            counts[word] += count
    capital: Counter[str] = Counter()
    for word, count in counts.items():
        if word[0].isupper():
            capital[word.lower()] += count
    return frozenset(word for word, count in counts.items() if word.islower() and count > capital[word])


def seen_names(
    texts: Iterable[tuple[str, str]], common: Container[str], known: Iterable[str] = ()
) -> dict[str, SeenName]:
    """What may be names in the texts `(article, text)`, by fold key.

    A stretch that opens a sentence is taken without its first word where the rest is a name elsewhere, in the texts or
    among the `known` spellings.
    """
    seen: dict[str, SeenName] = {}
    opening: list[tuple[str, NameSpan, str]] = []
    for article, text in _worth_reading(texts):
        for span in name_spans(text, common):
            around = text[max(0, span.start - CONTEXT) : span.end + CONTEXT]
            if span.rest:
                opening.append((article, span, around))
            else:
                _see(seen, article, span.surface, around)
    keys = {*seen, *map(fold_key, known)}
    for article, span, around in opening:
        _see(seen, article, span.rest if fold_key(span.rest) in keys else span.surface, around)
    return seen


def _worth_reading(texts: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Those of the texts that may hold names, looked at READ_TOGETHER at a time."""
    for some in _together(texts):
        yield from compress(some, pl.Series([text for _, text in some]).str.contains(MAY_HOLD_NAMES))


def _together(texts: Iterable[Text]) -> Iterator[list[Text]]:
    """The texts, READ_TOGETHER at a time."""
    rows = iter(texts)
    while some := list(islice(rows, READ_TOGETHER)):
        yield some


def _see(seen: dict[str, SeenName], article: str, surface: str, around: str) -> None:
    name = seen.setdefault(fold_key(surface), SeenName())
    spelling = " ".join(surface.split())
    name.spellings[spelling] += 1
    name.articles.setdefault(spelling, set()).add(article)
    name.contexts.setdefault(spelling, f"… {' '.join(around.split())} …")


def proposals(
    seen: Mapping[str, SeenName],
    known: Sequence[tuple[str, str]],
    apart: Container[frozenset[str]],
    *,
    min_articles: int,
) -> list[Proposal]:
    """The pairs a reader should decide, the most frequent first.

    `known` are the spellings of the table `(person, spelling)`, each person's usual one first; `apart` the pairs of
    fold keys that a reader has decided are two persons. Left out are pairs in fewer than `min_articles` articles, a
    person of the table counted as one more.
    """
    owners: dict[str, str] = {}
    usual: dict[str, str] = {}
    for person, spelling in known:
        owners[fold_key(spelling)] = person
        usual.setdefault(person, spelling)
    unknown = {key: name for key, name in seen.items() if key not in owners}
    found = [*_fold_groups(unknown), *_related(unknown, seen, known, owners, usual, apart)]
    frequent = [
        proposal
        for proposal in found
        if proposal.left_articles + proposal.right_articles - proposal.both_articles + bool(proposal.person)
        >= min_articles
    ]
    return sorted(frequent, key=lambda found: (-found.left_count - found.right_count, found.left, found.right))


def _fold_groups(unknown: Mapping[str, SeenName]) -> Iterator[Proposal]:
    """Names of one fold key that are spelled in several ways; `Kim Jon-gun` is not spelled like `Kim Jong-un`."""
    for name in unknown.values():
        usual = name.usual
        for spelling in sorted(name.spellings):
            if not _is_shouted(spelling, usual) and relation(usual, spelling) == "fold":
                yield _proposal(usual, name, spelling, name, "fold")


def _is_shouted(spelling: str, usual: str) -> bool:
    """Whether a spelling is the usual one, or that in capitals: no spelling of its own."""
    return spelling == usual or (spelling.casefold() == usual.casefold() and spelling.isupper())


def _related(
    unknown: Mapping[str, SeenName],
    seen: Mapping[str, SeenName],
    known: Sequence[tuple[str, str]],
    owners: Mapping[str, str],
    usual: Mapping[str, str],
    apart: Container[frozenset[str]],
) -> Iterator[Proposal]:
    spellings = {key: name.usual for key, name in unknown.items()}
    blocks = _blocks(spellings)
    for _, spelling in known:  # only where an unknown name is
        for block in _block_keys(spelling):
            if block in blocks:
                blocks[block].setdefault(fold_key(spelling), spelling)
    asked: set[tuple[str, str]] = set()
    proposed: set[tuple[str, str]] = set()
    for members in _cut(blocks):
        for one, other in _pairs(members, owners):
            if (one, other) in asked or frozenset((one, other)) in apart:
                continue
            asked.add((one, other))
            reason = relation(members[one], members[other])
            if reason is None or f"{one}s" == other:  # a genitive: Ida Linds Brief
                continue
            left, right = sorted((one, other), key=lambda key: (key not in owners, -_count(seen.get(key)), key))
            person = owners.get(left, "")
            shown = usual[person] if person else spellings[left]
            if (person or left, right) in proposed or frozenset((fold_key(shown), right)) in apart:
                continue
            proposed.add((person or left, right))
            left_name = seen.get(fold_key(shown) if person else left)
            yield _proposal(shown, left_name, spellings[right], unknown[right], reason, person, whole=True)


def _pairs(members: Iterable[str], owners: Container[str]) -> Iterator[tuple[str, str]]:
    """The pairs of members, in order, of which one at least nobody of the table owns."""
    ordered = sorted(members)
    unknown = [place for place, key in enumerate(ordered) if key not in owners]
    for place in unknown:
        yield from ((other, ordered[place]) for other in ordered[:place] if other in owners)
        yield from ((ordered[place], other) for other in ordered[place + 1 :])


def _blocks(spellings: Mapping[str, str]) -> dict[str, dict[str, str]]:
    blocks: dict[str, dict[str, str]] = {}
    for key, spelling in spellings.items():
        for block in _block_keys(spelling):
            blocks.setdefault(block, {})[key] = spelling
    return blocks


def _block_keys(spelling: str) -> set[str]:
    name = written_name(spelling)
    keys = {rough(token)[:BLOCK_SOUNDS] for token in name.tokens if len(token) >= MIN_BLOCK_WORD}
    return keys | {f"{family} {given[0]}" for family, given in korean_readings(name.tokens)}


def _cut(blocks: Mapping[str, Mapping[str, str]]) -> Iterator[Mapping[str, str]]:
    """The blocks, large ones cut by the first letters of the names' words."""
    for members in blocks.values():
        if len(members) <= MAX_BLOCK:
            yield members
            continue
        smaller: dict[str, dict[str, str]] = {}
        for key, spelling in members.items():
            for token in written_name(spelling).tokens:
                smaller.setdefault(rough(token)[:2], {})[key] = spelling
        yield from (part for part in smaller.values() if len(part) < len(members))


def _count(name: SeenName | None) -> int:
    return name.spellings.total() if name else 0


def _proposal(
    left: str, left_name: SeenName | None, right: str, right_name: SeenName, reason: Reason, person: str = "",
    *, whole: bool = False,
) -> Proposal:  # fmt: skip
    """A row; `whole` counts every spelling of the keys, else only these two."""
    left_articles = _articles(left_name, left, whole=whole)
    right_articles = _articles(right_name, right, whole=whole)
    return Proposal(
        left=left,
        right=right,
        reason=reason,
        person=person,
        left_count=_count(left_name) if whole else left_name.spellings[left] if left_name else 0,
        right_count=_count(right_name) if whole else right_name.spellings[right],
        left_articles=len(left_articles),
        right_articles=len(right_articles),
        both_articles=len(left_articles & right_articles),
        left_context=_context(left_name, left),
        right_context=_context(right_name, right),
    )


def _articles(name: SeenName | None, spelling: str, *, whole: bool) -> set[str]:
    if name is None:
        return set()
    return name.all_articles if whole else name.articles[spelling]


def _context(name: SeenName | None, spelling: str) -> str:
    if name is None:
        return ""
    return name.contexts.get(spelling) or name.contexts[name.usual]
