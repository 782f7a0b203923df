"""What the line model is told of the lines of many pages, as numbers: their form, their words, where they stand.

No Python runs per line or per word: one array holds every character of a batch, pages lie end to end in it, and
counts are differences of prefix sums. Sums that cross pages are of whole numbers, so they
are exact, and a page gets the same numbers whatever lies beside it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Hashes = NDArray[np.uint64]

CUE_SLOTS = 1 << 14  # slots of hashed cue words; 2^14 and 2^16 slots gave the same F1 in the prototype's runs
WORD_SLOTS = 1 << 16  # slots of the table of function words
CUE_WORDS = 10  # words at a line's start that may be cues
TAIL_WORDS = 3  # and at its end
SHORT_LINE = 4  # words: such a line is a cue as a whole
SENTENCE_WORDS, PROSE_WORDS = 12, 30  # words from which a line is prose: with the end of a sentence, without one
CAPPED_WORDS = 80  # a longer line gains its block no more than this
SHORT_COST, TINY_COST = 6.0, 8.0  # words that a line of no prose, and one of 1 or 2 words, cost a block
FAR = 99  # lines: further than this is all the same

TEXT_NAMES = (
    "length in characters", "length", "end of a sentence", "colon end", "sentences inside", "commas",
    "function words", "capitalised words", "capital letters", "figures", "word length", "bullet", "symbols",
    "short date", "address", "opening quote", "lower start", "repeats", "place on the page", "edge of the page",
    "in the story block", "distance from the story block", "prose above", "prose below", "on topic",
    "share of prose on the page",
)  # fmt: skip

# Classes of characters, one bit each.
WORD, UPPER, DIGIT, UNSPACED, ENDING, CLOSING, COMMA, BULLET, QUOTE, SYMBOL, LOWER = (1 << bit for bit in range(11))
_TABLE = 0x20000  # code points with a class of their own; ideographs above count as one
_IDEOGRAPH = 0x4E00
_SPACE, _SOLIDUS, _COLON, _AT = 32, 47, 58, 64


@dataclass(frozen=True, slots=True)
class Layout:
    """How the pages of a batch lie end to end."""

    sizes: Ints  # (pages,): lines of each page
    page: Ints  # (lines,): the page of each line
    first: Ints  # (pages + 1,): number of each page's first line, and of all lines

    @property
    def n_lines(self) -> int:
        """Lines of the whole batch."""
        return int(self.first[-1])


def layout(sizes: Sequence[int]) -> Layout:
    """The layout of pages with so many lines each."""
    counts = np.asarray(sizes, np.int64)
    return Layout(counts, np.repeat(np.arange(len(counts)), counts), np.concatenate([[0], np.cumsum(counts)]))


@dataclass(frozen=True, slots=True)
class TextFeatures:
    """What the text of a batch's lines says."""

    layout: Layout
    n_words: Ints  # (lines,): two characters are a word in scripts without spaces
    is_sentence: Bools  # (lines,): ends as a sentence does
    is_prose: Bools  # (lines,)
    repeats: Ints  # (lines,): further printings of the line on its page
    n_topics: Ints  # (lines,): longer words, function words apart
    n_known: Ints  # (lines,): those of them that other prose of the story block has
    values: Floats  # (lines, len(TEXT_NAMES)); in memory column after column, as they are made
    cue_lines: Ints  # (cues,): line of each hashed cue word
    cue_slots: Ints  # (cues,): its slot, below CUE_SLOTS
    word_slots: Ints  # (words,): the slot of each word, below WORD_SLOTS


@lru_cache(maxsize=1)
def _characters() -> tuple[NDArray[np.uint16], NDArray[np.uint32]]:
    """Class bits and lower-case form of every code point of the table."""
    classes = np.zeros(_TABLE, np.uint16)
    lower = np.arange(_TABLE, dtype=np.uint32)
    for point in range(_TABLE):
        kind = unicodedata.category(chr(point))
        if kind[0] in "LN" or kind in ("Mn", "Mc"):
            classes[point] = WORD
        if kind == "Lu":
            classes[point] |= UPPER
            small = chr(point).lower()
            if len(small) == 1:
                lower[point] = ord(small)
        elif kind == "Ll":
            classes[point] |= LOWER
        elif kind == "Nd":
            classes[point] |= DIGIT
    for first, end in ((0x3040, 0x3100), (0x3400, 0xA000), (0x0E00, 0x0E80)):
        span = classes[first:end]
        span[(span & WORD) > 0] |= UNSPACED
    for bit, signs in (
        (ENDING, ".!?。！？…।۔؟"), (CLOSING, "\"”’»›)]'）」』"), (COMMA, ",，、،"), (BULLET, "•·‣▪●○*–—-►▶›»>"),
        (QUOTE, "\"“‘'«„「"), (SYMBOL, "|›»©®→▾•"),
    ):  # fmt: skip
        for sign in signs:
            classes[ord(sign)] |= bit
    return classes, lower


_BASE = 0x9E3779B97F4A7C15  # odd, so it has an inverse modulo 2^64
_INVERSE = pow(_BASE, -1, 1 << 64)


@lru_cache(maxsize=4)
def _powers(base: int, size: int) -> Hashes:
    """base^0, base^1, ... modulo 2^64; `size` of them, a power of two."""
    powers = np.ones(size, np.uint64)
    done = 1
    while done < size:
        powers[done : 2 * done] = powers[:done] * np.uint64(pow(base, done, 1 << 64))
        done *= 2
    return powers


def _mixed(values: Hashes) -> Hashes:
    """Every bit spread over all bits (the finish of splitmix64, Steele et al. 2014, one round)."""
    values = (values ^ (values >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return np.asarray(values ^ (values >> np.uint64(32)), np.uint64)


class _Characters:
    """The characters of a batch, its lines and words as places in one array."""

    def __init__(self, pages: Sequence[Sequence[str]]) -> None:
        self.layout = layout([len(page) for page in pages])
        lines = [*chain.from_iterable(pages), ""]
        text = "\n".join(lines)
        if text.count("\n") != self.layout.n_lines:
            text = "\n".join([line.replace("\n", " ") for line in lines])
        points = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32)
        if len(points) and points.max() >= _TABLE:
            points = np.where(points < _TABLE, points, np.uint32(_IDEOGRAPH))
        classes, lower = _characters()
        self.points, self.classes = points, classes[points]
        ends = np.flatnonzero(points == 10)
        self.line_end = ends
        self.line_start = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
        size = 1 << max(16, len(points).bit_length())
        rising, falling = _powers(_BASE, size), _powers(_INVERSE, size)
        sums = np.zeros(len(points) + 1, np.uint64)
        np.cumsum(lower[points].astype(np.uint64) * rising[: len(points)], out=sums[1:])

        in_word = (self.classes & WORD) > 0
        unspaced = (self.classes & UNSPACED) > 0
        before = np.concatenate([[False], in_word[:-1] & ~unspaced[:-1]])
        starts = in_word & (~before | unspaced)
        after = np.concatenate([in_word[1:] & ~unspaced[1:], [False]])
        self.word_start = np.flatnonzero(starts)
        self.word_end = np.flatnonzero(in_word & (~after | unspaced)) + 1
        self.word_hash = _mixed((sums[self.word_end] - sums[self.word_start]) * falling[self.word_start])
        self.line_hash = _mixed((sums[self.line_end] - sums[self.line_start]) * falling[self.line_start])
        self.n_words = self.counted(starts)  # every character of an unspaced script is one
        self.word_line = np.repeat(np.arange(self.layout.n_lines), self.n_words)
        first_word = np.concatenate([[0], np.cumsum(self.n_words)])[:-1]
        self.word_no = np.arange(len(self.word_start)) - first_word[self.word_line]
        self.n_unspaced = self.counted(unspaced)

    def counted(self, marks: Bools) -> Ints:
        """How many of the marked characters each line has."""
        return np.diff(np.searchsorted(np.flatnonzero(marks), self.line_end), prepend=0)  # a line feed has no mark

    def of_words(self, marks: NDArray[np.generic]) -> Floats:
        """Sum over the words of each line."""
        return np.asarray(np.bincount(self.word_line, marks, self.layout.n_lines), np.float64)

    def at(self, offset: int) -> tuple[NDArray[np.uint16], NDArray[np.uint32]]:
        """Class and code point of each line's character `offset`, from 0, or from -1 at its end.

        Of a shorter line: the character nearest to it.
        """
        place = self.line_start + offset if offset >= 0 else self.line_end + offset
        place = np.clip(place, self.line_start, np.maximum(self.line_end - 1, self.line_start))
        return self.classes[place], self.points[place]


def text_features(pages: Sequence[Sequence[str]], function_words: Bools) -> TextFeatures:
    """The features of all lines of some pages, page by page.

    `function_words` has WORD_SLOTS marks: the slots of the words that are most widespread in stories.
    """
    batch = _Characters(pages)
    where = batch.layout
    n_words = batch.n_words - batch.n_unspaced + batch.n_unspaced // 2
    is_sentence = _is_sentence(batch)
    repeats = _repeats(batch)
    word_slots = (batch.word_hash & np.uint64(WORD_SLOTS - 1)).astype(np.int64)
    is_function = function_words[word_slots]
    is_prose = ((n_words >= SENTENCE_WORDS) & is_sentence) | (n_words >= PROSE_WORDS)
    inside, distance = _story_block(where, n_words, is_prose)
    n_topics, n_known = _topics(batch, inside & is_prose, is_function)
    form = _form(batch, n_words, is_sentence, repeats, is_function)
    place = _place(where, n_words, is_prose, inside, distance, n_known / np.maximum(1, n_topics))
    return TextFeatures(
        where, n_words, is_sentence, is_prose, repeats, n_topics, n_known, np.vstack([*form, *place]).T,
        *_cues(batch), word_slots,
    )  # fmt: skip


def _is_sentence(batch: _Characters) -> Bools:
    """Lines that end in a full stop or the like, perhaps with quotes or brackets after it."""
    last, second, third = (batch.at(offset)[0] for offset in (-1, -2, -3))
    closed = ((second & ENDING) > 0) | (((second & CLOSING) > 0) & ((third & ENDING) > 0))
    return np.asarray(((last & ENDING) > 0) | (((last & CLOSING) > 0) & closed))


def _repeats(batch: _Characters) -> Ints:
    """How many other lines of the page print the same characters, in any case."""
    keys = batch.line_hash ^ _mixed(batch.layout.page.astype(np.uint64) + np.uint64(1))
    _, index, counts = np.unique(keys, return_inverse=True, return_counts=True)
    return np.asarray(counts[index] - 1, np.int64)


def _form(
    batch: _Characters, n_words: Ints, is_sentence: Bools, repeats: Ints, is_function: Bools
) -> list[NDArray[np.generic]]:
    """The first 18 columns of TEXT_NAMES: what a line looks like by itself."""
    classes, points, start = batch.classes, batch.points, batch.word_start
    n_signs = np.maximum(1, batch.line_end - batch.line_start)
    n_spans = np.maximum(1, batch.n_words)
    word_length = batch.word_end - start
    ends = (classes & ENDING) > 0
    space = points == _SPACE
    inner = np.zeros(len(points), bool)
    inner[:-1] = ends[:-1] & space[1:]
    inner[:-2] |= ends[:-2] & ((classes[1:-1] & CLOSING) > 0) & space[2:]
    (first, _), (_, second_point), (_, third_point) = (batch.at(offset) for offset in (0, 1, 2))
    numbered = ((second_point == 46) & (third_point == _SPACE)) | (second_point == 41)  # "1. " and "1)"
    is_bullet = ((first & BULLET) > 0) & (second_point == _SPACE) | ((first & DIGIT) > 0) & numbered
    is_figure = (classes[start] & DIGIT) > 0
    is_year = is_figure & (word_length == 4) & ((points[start] == 49) | (points[start] == 50))
    following = points[np.minimum(batch.word_end, len(points) - 1)]
    beyond = classes[np.minimum(batch.word_end + 1, len(points) - 1)]
    is_joint = ((following >= 45) & (following <= 47)) | (following == _COLON)  # - . / :
    is_part = is_figure & (word_length <= 2) & is_joint & ((beyond & DIGIT) > 0)
    slashes = np.zeros(len(points), bool)
    slashes[:-1] = (points[:-1] == _SOLIDUS) & (points[1:] == _SOLIDUS)
    n_upper = batch.counted((classes & UPPER) > 0)
    return [
        np.log1p(n_signs),
        np.log1p(n_words),
        is_sentence,
        batch.at(-1)[1] == _COLON,
        np.log1p(batch.counted(inner)),
        np.log1p(batch.counted((classes & COMMA) > 0)),
        batch.of_words(is_function) / n_spans,
        batch.of_words((classes[start] & UPPER) > 0) / n_spans,
        n_upper / np.maximum(1, n_upper + batch.counted((classes & LOWER) > 0)),
        batch.counted((classes & DIGIT) > 0) / n_signs,
        batch.of_words(word_length) / n_spans,
        is_bullet,
        batch.counted((classes & SYMBOL) > 0) > 0,
        (batch.of_words(is_year | is_part) > 0) & (n_words < 16),
        batch.counted((points == _AT) | slashes) > 0,
        (first & QUOTE) > 0,
        (first & LOWER) > 0,
        np.log1p(repeats),
    ]


def _story_block(where: Layout, n_words: Ints, is_prose: Bools) -> tuple[Bools, Ints]:
    """Whether each line is in its page's best block, and how many lines below it (negative: above) it stands.

    The best block is the run of lines with the largest sum of gains: words of prose, less what other lines cost.
    """
    lines = np.arange(where.n_lines)
    cost = np.where(n_words <= 2, TINY_COST, SHORT_COST)
    gains = np.where(is_prose, np.minimum(n_words, CAPPED_WORDS), -cost)  # whole numbers: sums are exact
    through = np.cumsum(gains)
    before = through - gains
    step = float(2 * (CAPPED_WORDS * max(1, where.n_lines) + 1))  # pushes each page below the one before it
    lowered = before - where.page * step
    lowest = np.minimum.accumulate(lowered)
    start_of = np.maximum.accumulate(np.where(lowered == lowest, lines, 0))
    gained = through - (lowest + where.page * step)
    best = np.zeros(len(where.sizes))
    np.maximum.at(best, where.page, gained)
    hits = np.flatnonzero((gained == best[where.page]) & (gained > 0))
    end = np.zeros(len(where.sizes), np.int64)
    end[where.page[hits[::-1]]] = hits[::-1] + 1  # the first line that reaches the largest sum
    start = np.where(end > 0, start_of[np.maximum(end - 1, 0)] if len(lines) else 0, 0)
    low, high, found = start[where.page], end[where.page], (end > 0)[where.page]
    distance = np.where(lines < low, lines - low, np.where(lines >= high, lines - high + 1, 0))
    return found & (lines >= low) & (lines < high), np.where(found, distance, 0)


def _topics(batch: _Characters, in_story: Bools, is_function: Bools) -> tuple[Ints, Ints]:
    """How many longer words, function words apart, each line has; how many of them the story block has elsewhere."""
    start = batch.word_start
    long = np.flatnonzero((batch.word_end - start > 3) | ((batch.classes[start] & UNSPACED) > 0))
    line = batch.word_line[long]
    # All 64 bits: fewer would make words meet by the page's number in the batch, and scores hang on the batch.
    key = _mixed(batch.word_hash[long] ^ _mixed(batch.layout.page[line].astype(np.uint64) + np.uint64(7)))
    told = in_story[line]
    story, printings = np.unique(key[told], return_counts=True)
    topics = np.flatnonzero(~is_function[long])
    line, key = line[topics], key[topics]
    place = np.searchsorted(story, key).clip(max=max(0, len(story) - 1))
    n_told = np.where(story[place] == key, printings[place], 0) if len(story) else np.zeros(len(key), np.int64)
    n_lines = batch.layout.n_lines
    return np.bincount(line, minlength=n_lines), np.bincount(line[n_told > told[topics]], minlength=n_lines)


def _place(
    where: Layout, n_words: Ints, is_prose: Bools, inside: Bools, distance: Ints, affinity: Floats
) -> list[NDArray[np.generic]]:
    """The last 8 columns of TEXT_NAMES: where a line stands."""
    lines = np.arange(where.n_lines)
    from_top = lines - where.first[where.page]
    size = where.sizes[where.page]
    above = np.maximum.accumulate(np.where(is_prose, lines, -1))
    since = np.where(above >= where.first[where.page], np.minimum(lines - above, FAR), FAR)
    below = np.minimum.accumulate(np.where(is_prose, lines, where.n_lines + FAR)[::-1])[::-1]
    until = np.where(below < where.first[where.page + 1], np.minimum(below - lines, FAR), FAR)
    n_pages = len(where.sizes)
    in_prose = np.bincount(where.page, n_words * is_prose, n_pages)
    in_all = np.bincount(where.page, n_words, n_pages)
    return [
        from_top / np.maximum(1, size - 1),
        np.log1p(np.minimum(from_top, size - 1 - from_top)),
        inside,
        np.sign(distance) * np.log1p(np.abs(distance)),
        np.log1p(since),
        np.log1p(until),
        affinity,
        (np.log1p(in_prose) - np.log1p(in_all))[where.page],
    ]


def _cues(batch: _Characters) -> tuple[Ints, Ints]:
    """(line, slot) of each hashed cue: first words and pairs of them, last words, the very first, short lines whole."""
    words, line, number = batch.word_hash, batch.word_line, batch.word_no
    head = np.flatnonzero(number < CUE_WORDS)
    paired = head[number[head] > 0]
    tail = np.flatnonzero(number >= batch.n_words[line] - TAIL_WORDS)
    opening = np.flatnonzero(number == 0)
    short = np.flatnonzero((batch.n_words > 0) & (batch.n_words <= SHORT_LINE))
    lines = np.concatenate([line[head], line[paired], line[tail], line[opening], short])
    hashes = np.concatenate([
        words[head],
        _mixed(words[paired - 1] * np.uint64(3) + words[paired]),
        _mixed(words[tail] + np.uint64(77)),
        _mixed(words[opening] + np.uint64(991)),
        _mixed(batch.line_hash[short] + np.uint64(5)),
    ])  # fmt: skip
    return lines, (hashes & np.uint64(CUE_SLOTS - 1)).astype(np.int64)
