"""Paragraphs of a made-up language, by the million: word frequencies, names, figures and copies as in a day's news.

Words follow Zipf's law over 60,000, 8 % are capitalised names, 3 % figures, lengths are lognormal around 50 words. 30 %
of the paragraphs are copies of another one: a sixth of these exactly, the others with up to 12 words changed.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

COPIED = 0.3
_VOCABULARY, _NAMES, _FIGURES = 60_000, 20_000, 5_000
_SYLLABLES = ("ba", "cor", "den", "el", "fi", "gar", "hol", "in", "jo", "ka", "lum", "mer", "ni", "or", "pas", "qui",
              "ros", "sta", "tir", "un", "ver", "win", "yel", "zo")  # fmt: skip
_LONGEST = 160
_AT_ONCE = 100_000
_EDITS = np.array([0, 1, 2, 4, 8, 12])


def paragraphs(count: int, seed: int, language: int | None = None) -> pl.Series:
    """`count` paragraphs, each copy within 100,000 of its source; of a language of their own, or of the one given."""
    chance = np.random.default_rng(seed)
    words = _words(chance if language is None else np.random.default_rng(language))
    parts = [_part(min(_AT_ONCE, count - begin), words, chance) for begin in range(0, count, _AT_ONCE)]
    return pl.concat(parts)


def _words(chance: np.random.Generator) -> pl.Series:
    """The vocabulary by falling frequency, then names, then figures: numbers written in syllables, short ones first."""
    base = len(_SYLLABLES)
    order = chance.permutation(base)
    syllables = [_SYLLABLES[n] for n in order]
    every = []
    for number in range(_VOCABULARY + _NAMES):
        word, left = syllables[number % base], number // base
        while left:
            word, left = syllables[left % base] + word, left // base
        every.append(word)
    names = [word.capitalize() for word in every[_VOCABULARY:]]
    return pl.Series([*every[:_VOCABULARY], *names, *(str(n) for n in range(_FIGURES))])


def _part(count: int, words: pl.Series, chance: np.random.Generator) -> pl.Series:
    n_sources = max(1, int(count * (1 - COPIED)))
    lengths = np.clip(chance.lognormal(np.log(50), 0.5, count), 8, _LONGEST).astype(np.int64)
    texts = _drawn((count, _LONGEST), chance)
    # The earlier a source, the more copies: most have none, some dozens.
    sources = (n_sources * chance.random(count - n_sources) ** 2).astype(np.int64)
    texts[n_sources:] = texts[sources]
    lengths[n_sources:] = lengths[sources]
    n_edits = chance.choice(_EDITS, size=count - n_sources)
    for edit in range(int(_EDITS[-1])):
        rows = n_sources + np.flatnonzero(n_edits > edit)
        places = (chance.random(len(rows)) * lengths[rows]).astype(np.int64)
        texts[rows, places] = _drawn((len(rows),), chance)
    order = chance.permutation(count)
    texts, lengths = texts[order], lengths[order]
    flat = pl.Series(texts[np.arange(_LONGEST) < lengths[:, None]])
    rows = pl.DataFrame({"row": np.repeat(np.arange(count), lengths), "word": words.gather(flat)})
    return rows.group_by("row", maintain_order=True).agg("word")["word"].list.join(" ")


def _drawn(shape: tuple[int, ...], chance: np.random.Generator) -> NDArray[np.int32]:
    """Numbers of words: Zipf's law by inversion, names and figures strewn in."""
    common = ((_VOCABULARY + 1.0) ** chance.random(shape) - 1).astype(np.int32)
    kind = chance.random(shape)
    named = _VOCABULARY + (_NAMES * chance.random(shape) ** 2).astype(np.int32)
    counted = _VOCABULARY + _NAMES + (_FIGURES * chance.random(shape)).astype(np.int32)
    drawn: NDArray[np.int32] = np.where(kind < 0.08, named, np.where(kind < 0.11, counted, common))
    return drawn
