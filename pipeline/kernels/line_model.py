"""The line model: the probability that a line belongs to the story, from two small networks and the lines around.

Cue words, hashed and weighed, become one number of a line; a first network scores each line with its neighbours; a
second one sees the first scores around and the runs they form; then the posterior of a chain of two states, story
and chrome, which are likely to go on as they are. One pair of networks for plain text, one for HTML. Weights come
from `python -m training.fit` (docs/model-card.md); scores are rounded to 4 decimals before anything decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from pipeline.kernels.line_features import (
    TEXT_NAMES,
    WORD_SLOTS,
    Bools,
    Floats,
    Ints,
    Layout,
    TextFeatures,
    score_features,
    text_features,
    windowed,
)
from pipeline.kernels.markup_features import MARKUP_NAMES, markup_features

CLIP = 8.0  # standard deviations: no feature counts further out
MAX_CUES = 6.0  # log odds
CUE_NAME = "cue words"
# Columns of which a line's neighbours are seen too.
TEXT_KEYS = (
    "length in characters", "length", "end of a sentence", "colon end", "function words", "capitalised words",
    "short date", "repeats", "on topic", CUE_NAME,
)  # fmt: skip
MARKUP_KEYS = (*TEXT_KEYS, "link text", "prose among siblings", "share of the prose two blocks up")

# Log odds of going on as the line above against any line: of story after story, and of chrome after chrome. Shares
# .93 and .80 of the chrome-dev pages; `chain_weight` scales them.
STAY = np.log(np.array([[0.93, 0.07], [0.20, 0.80]]) / np.array([0.75, 0.25]))


@dataclass(frozen=True, slots=True)
class Network:
    """Layers of weights and biases, rectified between, with one output: log odds."""

    mean: Floats  # (inputs,)
    scale: Floats  # (inputs,)
    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]

    def logits(self, values: Floats) -> Floats:
        """(lines,): log odds for rows of inputs."""
        hidden = np.clip((values - self.mean) * self.scale, -CLIP, CLIP)
        for weights, biases in zip(self.weights[:-1], self.biases[:-1], strict=True):
            hidden = np.maximum(hidden @ weights + biases, 0.0)
        return np.asarray((hidden @ self.weights[-1] + self.biases[-1])[:, 0])


@dataclass(frozen=True, slots=True)
class Pair:
    """The weights for one kind of page, text or HTML: networks of the same stage are averaged."""

    cues: Floats  # (CUE_SLOTS,): log odds of each hashed cue
    cue_base: float
    first: tuple[Network, ...]
    second: tuple[Network, ...]
    chain_weight: float
    chain_bias: float  # added to the log odds of every line
    reasons: Floats  # (own columns + score columns,): how much each says, per standard deviation, to explain a score


@dataclass(frozen=True, slots=True)
class Model:
    """All the model has learnt."""

    function_words: Bools  # (WORD_SLOTS,)
    text: Pair
    html: Pair


@dataclass(frozen=True, slots=True)
class Scored:
    """What the model says of a batch of pages of one kind."""

    text: TextFeatures
    own: Floats  # (lines, columns): the features of each line by itself
    around: Floats  # (lines, columns): what the first scores around it say
    scores: Floats  # (lines,): probability of belonging to the story, 4 decimals


def probability(logits: Floats) -> Floats:
    """Of log odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -30.0, 30.0))))


def averaged(networks: Sequence[Network], values: Floats) -> Floats:
    """(lines,): the mean of the networks' probabilities, 4 decimals."""
    return np.asarray(np.round(np.mean([probability(network.logits(values)) for network in networks], axis=0), 4))


def cue_scores(text: TextFeatures, weights: Floats, base: float) -> Floats:
    """(lines,): log odds that a line's cue words give, at most MAX_CUES either way."""
    total = np.bincount(text.cue_lines, weights[text.cue_slots], text.layout.n_lines) + base
    return np.asarray(np.clip(total, -MAX_CUES, MAX_CUES), np.float64)


def own_features(text: TextFeatures, cues: Floats, facts: Ints | None) -> Floats:
    """(lines, len(own_names)): each line by itself; `facts` (lines, 12) for HTML."""
    columns = [text.values, cues[:, None]]
    if facts is not None:
        columns.append(markup_features(facts, text, cues))
    return np.hstack(columns)


def own_names(*, html: bool) -> tuple[str, ...]:
    """Names of the columns of `own_features`."""
    return (*TEXT_NAMES, CUE_NAME, *(MARKUP_NAMES if html else ()))


def key_columns(*, html: bool) -> list[int]:
    """Columns of `own_features` of which the first network sees the neighbours too."""
    names = own_names(html=html)
    return [names.index(name) for name in (MARKUP_KEYS if html else TEXT_KEYS)]


def model_scores(pages: Sequence[Sequence[str]], facts: Ints | None, model: Model) -> Scored:
    """The scores of the lines of some pages; `facts` (lines, 12) where they are HTML, for all lines of all pages."""
    pair = model.text if facts is None else model.html
    text = text_features(pages, model.function_words)
    own = own_features(text, cue_scores(text, pair.cues, pair.cue_base), facts)
    first = averaged(pair.first, windowed(own, text.layout, key_columns(html=facts is not None)))
    around = score_features(first, text.n_words, text.layout)
    second = averaged(pair.second, np.hstack([own, around]))
    return Scored(text, own, around, posterior(second, text.layout, pair.chain_weight, pair.chain_bias))


def posterior(scores: Floats, where: Layout, weight: float, bias: float) -> Floats:
    """(lines,): probability of story for each line of its page as a whole, 4 decimals: forward and backward sums.

    All pages of the batch step together, each padded to the longest.
    """
    clipped = np.clip(scores, 1e-4, 1.0 - 1e-4)
    odds = np.log(clipped / (1.0 - clipped)) + bias
    n_steps = int(where.sizes.max(initial=0))
    if weight == 0.0 or not n_steps:
        return np.asarray(np.round(probability(odds), 4), np.float64)
    stay = np.exp(weight * STAY)
    step = np.arange(where.n_lines) - where.first[where.page]
    told = np.ones((n_steps, len(where.sizes), 2))
    told[step, where.page, 1] = probability(odds)
    told[step, where.page, 0] = 1.0 - told[step, where.page, 1]
    forward, backward = np.empty_like(told), np.empty_like(told)
    forward[0], backward[-1] = told[0], 1.0
    for place in range(1, n_steps):
        reached = (forward[place - 1] @ stay) * told[place]
        forward[place] = reached / reached.sum(axis=1, keepdims=True)
    live = np.arange(n_steps)[:, None] < where.sizes
    for place in range(n_steps - 2, -1, -1):
        reached = (backward[place + 1] * told[place + 1]) @ stay.T
        reached /= reached.sum(axis=1, keepdims=True)
        backward[place] = np.where(live[place + 1][:, None], reached, 1.0)
    both = forward * backward
    return np.asarray(np.round((both[..., 1] / both.sum(axis=2))[step, where.page], 4), np.float64)


def arrays(model: Model) -> dict[str, NDArray[np.generic]]:
    """The model as named arrays, small enough to store: what `model_of` reads."""
    stored: dict[str, NDArray[np.generic]] = {"function_words": np.flatnonzero(model.function_words).astype(np.uint16)}
    for kind, pair in (("text", model.text), ("html", model.html)):
        stored[f"{kind}.cues"] = pair.cues.astype(np.float16)
        stored[f"{kind}.reasons"] = pair.reasons.astype(np.float16)
        stored[f"{kind}.numbers"] = np.array([pair.cue_base, pair.chain_weight, pair.chain_bias], np.float32)
        for stage, networks in (("first", pair.first), ("second", pair.second)):
            stored[f"{kind}.{stage}.mean"] = networks[0].mean.astype(np.float32)
            stored[f"{kind}.{stage}.scale"] = networks[0].scale.astype(np.float32)
            for number, network in enumerate(networks):
                for layer, (weights, biases) in enumerate(zip(network.weights, network.biases, strict=True)):
                    stored[f"{kind}.{stage}.{number}.weights.{layer}"] = weights.astype(np.float16)
                    stored[f"{kind}.{stage}.{number}.biases.{layer}"] = biases.astype(np.float16)
    return stored


def model_of(stored: Mapping[str, NDArray[np.generic]]) -> Model:
    """The model that `arrays` stored."""
    words = np.zeros(WORD_SLOTS, bool)
    words[np.asarray(stored["function_words"], np.int64)] = True
    return Model(words, _pair(stored, "text"), _pair(stored, "html"))


def _pair(stored: Mapping[str, NDArray[np.generic]], kind: str) -> Pair:
    base, weight, bias = (round(float(number), 6) for number in stored[f"{kind}.numbers"])
    first, second = (tuple(_networks(stored, f"{kind}.{stage}")) for stage in ("first", "second"))
    cues, reasons = (np.asarray(stored[f"{kind}.{name}"], np.float64) for name in ("cues", "reasons"))
    return Pair(cues, base, first, second, weight, bias, reasons)


def _networks(stored: Mapping[str, NDArray[np.generic]], stage: str) -> Iterator[Network]:
    def layers(number: int, what: str) -> tuple[Floats, ...]:
        names = sorted(name for name in stored if name.startswith(f"{stage}.{number}.{what}."))
        return tuple(np.asarray(stored[name], np.float64) for name in names)

    mean, scale = (np.asarray(stored[f"{stage}.{name}"], np.float64) for name in ("mean", "scale"))
    number = 0
    while f"{stage}.{number}.weights.0" in stored:
        yield Network(mean, scale, layers(number, "weights"), layers(number, "biases"))
        number += 1


@lru_cache(maxsize=1)
def packaged_model() -> Model:
    """The model the package carries, read once per process."""
    with (
        (files("pipeline.kernels") / "line_model.npz").open("rb") as stream,
        np.load(stream, allow_pickle=False) as data,
    ):
        return model_of(dict(data))
