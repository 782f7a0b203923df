"""What a desk does to a story before it prints it, and the record of what it did."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from benchmarks.world import words
from benchmarks.world.people import Person
from benchmarks.world.stories import Story

_MARK = re.compile("\ue000(\\d+)\ue001")
_FIGURE = re.compile(r"(?<![\d.,$\ue000])([1-9]\d{1,2})(?![\d.,])")
_BRITISH = re.compile(rf"\b(?:{'|'.join(words.BRITISH)})\b")
_SYNONYM = re.compile(rf"\b(?:{'|'.join(words.SYNONYMS)})\b")
STRAIGHT = str.maketrans("“”„’", '"""\'')

# Shares of copies or paragraphs that a desk treats so.
CUT, MERGED, OWN_LEAD = 0.6, 0.12, 0.2  # of copies
SHORTENED, REWORDED, UPDATED = 0.15, 0.3, 0.08  # of paragraphs


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph on its way to the page: its sentences, where they come from, what was done to them."""

    sentences: tuple[str, ...]
    story_id: str
    sources: tuple[int, ...]  # paragraphs of the story, from 1
    edits: tuple[str, ...] = ()
    wire: bool = False  # the story is an agency's


@dataclass(frozen=True, slots=True)
class Named:
    """A person named in a text: code points, the words, who it is, full or surname."""

    start: int
    end: int
    surface: str
    person_id: str
    kind: str


def passages(story: Story, *, wire: bool) -> list[Passage]:
    """The story as filed."""
    return [
        Passage(sentences, story.story_id, (number,), wire=wire) for number, sentences in enumerate(story.paragraphs, 1)
    ]


def taken_over(story: Story, own: Story, chance: Random) -> list[Passage]:
    """An agency's story as a newsroom prints it; its own lead, if it adds one, is the first paragraph of `own`."""
    kept = passages(story, wire=True)
    if chance.random() < CUT:
        kept = kept[: chance.randint(3, len(kept))]
    kept = [_edited(passage, chance) for passage in kept]
    if chance.random() < MERGED and len(kept) > 3:
        at = chance.randrange(1, len(kept) - 1)
        one, other = kept[at : at + 2]
        edits = tuple(sorted({*one.edits, *other.edits, "merged"}))
        merged = Passage(one.sentences + other.sentences, story.story_id, one.sources + other.sources, edits, wire=True)
        kept[at : at + 2] = [merged]
    if chance.random() < OWN_LEAD:
        kept.insert(0, passages(own, wire=False)[0])
    return kept


def quoted(story: Story, chance: Random) -> list[Passage]:
    """One or two paragraphs of an agency's story, as a newsroom puts them into its own."""
    whole = passages(story, wire=True)
    start = chance.randrange(0, len(whole) - 1)
    return [_edited(passage, chance) for passage in whole[start : start + chance.randint(1, 2)]]


def _edited(passage: Passage, chance: Random) -> Passage:
    if len(passage.sentences) > 1 and chance.random() < SHORTENED:
        at = chance.randrange(len(passage.sentences))
        rest = passage.sentences[:at] + passage.sentences[at + 1 :]
        passage = replace(passage, sentences=rest, edits=(*passage.edits, "shortened"))
    if chance.random() < REWORDED:
        passage = _changed(passage, "reworded", _SYNONYM, lambda word: words.SYNONYMS[word[0]])
    if chance.random() < UPDATED:
        passage = _changed(
            passage, "updated", _FIGURE, lambda figure: str(int(figure[0]) + chance.choice((-2, -1, 1, 3)))
        )
    return passage


def _changed(passage: Passage, edit: str, pattern: re.Pattern[str], other: Callable[[re.Match[str]], str]) -> Passage:
    """With the first two matches of each sentence replaced; the passage itself where there is none."""
    sentences = tuple(pattern.sub(other, sentence, count=2) for sentence in passage.sentences)
    same = sentences == passage.sentences
    return passage if same else replace(passage, sentences=sentences, edits=(*passage.edits, edit))


def spelled(text: str, *, british: bool, straight: bool) -> str:
    """The text in a house's spelling and quotation marks."""
    if british:
        text = _BRITISH.sub(lambda word: words.BRITISH[word[0]], text)
    return text.translate(STRAIGHT) if straight else text


def named(text: str, people: Sequence[Person], style: int, known: set[int]) -> tuple[str, list[Named]]:
    """The text with the people in it spelled, and where they stand: in full the first time, then by family name.

    `known` are the numbers of those whom the article has named already; those of the text are added.
    """
    parts: list[str] = []
    found: list[Named] = []
    at = read = 0
    for mark in _MARK.finditer(text):
        before = text[read : mark.start()]
        number = int(mark[1])
        person = people[number]
        first = number not in known
        known.add(number)
        surface = (person.full if first else person.family)[style]
        at += len(before)
        found.append(Named(at, at + len(surface), surface, person.person_id, "full" if first else "surname"))
        at += len(surface)
        parts += [before, surface]
        read = mark.end()
    return "".join([*parts, text[read:]]), found
