"""The line model: the probability that a line belongs to the story, from a small network that sees the lines around.

Cue words, hashed and weighed, become one number of a line. A network of dilated convolutions over the lines of a page
(van den Oord et al. 2016, WaveNet, without the gates) reads the features of each line and of up to 31 above and
below; some networks, which differ by their random start, are averaged. One set for plain text, one for HTML. Weights
come from `python -m training.fit` (docs/model-card.md); scores are rounded to 4 decimals before anything decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

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
    text_features,
)
from pipeline.kernels.markup_features import MARKUP_NAMES, markup_features

CLIP = 8.0  # standard deviations: no feature counts further out
MAX_CUES = 6.0  # log odds
CUE_NAME = "cue words"
DILATIONS = (1, 2, 4, 8, 16)  # lines between what a layer sees of a line and of those above and below it
NEAR = 3  # lines above and below whose scores are named in the reasons
NEAR_NAMES = (f"story in the {NEAR} lines above", f"story in the {NEAR} lines below")


@dataclass(frozen=True, slots=True)
class Network:
    """A convolutional network over the lines of a page."""

    mean: Floats  # (inputs,)
    scale: Floats  # (inputs,)
    # Entry (inputs, channels) and bias; for each of DILATIONS a layer (3 channels, channels) and bias, which adds to
    # what there is; attention (channels, 1), and the layers (channels, channels) on the line and on the page, and bias;
    # exit (channels, 1) and bias.
    weights: tuple[Floats, ...]

    def standardised(self, values: Floats) -> Floats:
        """(lines, inputs): rows of features as `logits` wants them."""
        inputs = values - self.mean
        inputs *= self.scale
        return np.asarray(np.clip(inputs, -CLIP, CLIP, out=inputs))

    def logits(self, inputs: Floats, where: Layout) -> Floats:
        """(lines,): log odds for standardised rows of features.

        Inside, lines are columns: what a layer does to a channel runs over memory in order, and the lines above and
        below are copied in as many pieces as there are channels. With lines as rows it took twice the time.
        """
        rows, n_rows = spread(where)
        around = np.delete(np.arange(n_rows), rows)
        entered = self.weights[0].T @ inputs.T
        entered += self.weights[1][:, None]
        n_channels = len(entered)
        seen = np.zeros((3 * n_channels, n_rows))  # of the line above, of the line itself, of the line below
        above, state, below = seen[:n_channels], seen[n_channels:-n_channels], seen[-n_channels:]
        state[:, rows] = np.maximum(entered, 0.0, out=entered)
        reached = np.empty_like(state)
        for number, dilation in enumerate(DILATIONS):
            above[:, dilation:] = state[:, :-dilation]
            below[:, :-dilation] = state[:, dilation:]
            np.matmul(self.weights[2 + 2 * number].T, seen, out=reached)
            reached += self.weights[3 + 2 * number][:, None]
            state += np.maximum(reached, 0.0, out=reached)
            state[:, around] = 0.0
        lines = state.take(rows, axis=1)
        attention, of_line, of_page, bias, leaving, leaving_bias = self.weights[-6:]
        _, summary = summaries(lines.T, attention, where)
        left = of_line.T @ lines
        left += (summary @ of_page + bias).T.take(where.page, axis=1)
        lines += np.maximum(left, 0.0, out=left)
        return np.asarray(leaving[:, 0] @ lines + leaving_bias[0])


def summaries(lines: NDArray[Any], attention: NDArray[Any], where: Layout) -> tuple[NDArray[Any], NDArray[Any]]:
    """(lines, 1): the share of attention each line gets of its page; (pages, channels): the page's lines so weighed."""
    filled = where.sizes > 0
    starts = where.first[:-1][filled]
    said = lines @ attention
    highest = np.zeros((len(where.sizes), 1), lines.dtype)
    totals, summary = np.ones_like(highest), np.zeros((len(where.sizes), lines.shape[1]), lines.dtype)
    if len(starts):
        highest[filled] = np.maximum.reduceat(said, starts)
        told = np.exp(said - highest[where.page])
        totals[filled] = np.add.reduceat(told, starts)
        shares = told / totals[where.page]
        summary[filled] = np.add.reduceat(shares * lines, starts)
        return shares, summary
    return said, summary


def spread(where: Layout) -> tuple[Ints, int]:
    """Row of each line when empty rows lie around every page, as many as the furthest look, and the number of rows."""
    halo = max(DILATIONS)
    return np.arange(where.n_lines) + halo * (where.page + 1), where.n_lines + halo * (len(where.sizes) + 1)


@dataclass(frozen=True, slots=True)
class Weights:
    """What the model has learnt for one kind of page, text or HTML."""

    cues: Floats  # (CUE_SLOTS,): log odds of each hashed cue
    cue_base: float
    networks: tuple[Network, ...]  # averaged
    usual: Floats  # (own columns + 2,): mean of each feature, and of NEAR_NAMES
    reasons: Floats  # (own columns + 2,): how much each says per unit above its mean, to explain a score


@dataclass(frozen=True, slots=True)
class Model:
    """All the model has learnt."""

    function_words: Bools  # (WORD_SLOTS,)
    text: Weights
    html: Weights


@dataclass(frozen=True, slots=True)
class Scored:
    """What the model says of a batch of pages of one kind."""

    text: TextFeatures
    own: Floats  # (lines, columns): the features of each line by itself
    scores: Floats  # (lines,): probability of belonging to the story, 4 decimals


def probability(logits: Floats) -> Floats:
    """Of log odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -30.0, 30.0))))


def averaged(networks: Sequence[Network], values: Floats, where: Layout) -> Floats:
    """(lines,): the mean of the networks' probabilities, 4 decimals; all are fitted to the same mean and scale."""
    inputs = networks[0].standardised(values)
    told = [probability(network.logits(inputs, where)) for network in networks]
    return np.asarray(np.round(np.mean(told, axis=0), 4))


def cue_scores(text: TextFeatures, weights: Floats, base: float) -> Floats:
    """(lines,): log odds that a line's cue words give, at most MAX_CUES either way."""
    total = np.bincount(text.cue_lines, weights[text.cue_slots], text.layout.n_lines) + base
    return np.asarray(np.clip(total, -MAX_CUES, MAX_CUES), np.float64)


def own_features(text: TextFeatures, cues: Floats, facts: Ints | None) -> Floats:
    """(lines, len(own_names)): each line by itself, in memory column after column; `facts` (lines, 12) for HTML."""
    columns = [text.values.T, cues]
    if facts is not None:
        columns.append(markup_features(facts, text, cues).T)
    return np.vstack(columns).T


def own_names(*, html: bool) -> tuple[str, ...]:
    """Names of the columns of `own_features`."""
    return (*TEXT_NAMES, CUE_NAME, *(MARKUP_NAMES if html else ()))


def model_scores(pages: Sequence[Sequence[str]], facts: Ints | None, model: Model) -> Scored:
    """The scores of the lines of some pages; `facts` (lines, 12) where they are HTML, for all lines of all pages."""
    weights = model.text if facts is None else model.html
    text = text_features(pages, model.function_words)
    own = own_features(text, cue_scores(text, weights.cues, weights.cue_base), facts)
    return Scored(text, own, averaged(weights.networks, own, text.layout))


def near_scores(scores: Floats, where: Layout) -> Floats:
    """(lines, 2): the mean score, given to 4 decimals, of the NEAR lines above each line on its page, and below."""
    sums = np.concatenate([[0.0], np.cumsum(np.round(scores * 10_000.0))])  # whole numbers: exact
    lines = np.arange(where.n_lines)
    low = np.maximum(where.first[where.page], lines - NEAR)
    high = np.minimum(where.first[where.page + 1], lines + NEAR + 1)
    above = (sums[lines] - sums[low]) / np.maximum(1, lines - low)
    below = (sums[high] - sums[lines + 1]) / np.maximum(1, high - lines - 1)
    return np.column_stack([above, below]) / 10_000.0


def arrays(model: Model) -> dict[str, NDArray[np.generic]]:
    """The model as named arrays, small enough to store: what `model_of` reads."""
    stored: dict[str, NDArray[np.generic]] = {"function_words": np.flatnonzero(model.function_words).astype(np.uint16)}
    for kind, weights in (("text", model.text), ("html", model.html)):
        stored[f"{kind}.cues"] = weights.cues.astype(np.float16)
        stored[f"{kind}.cue_base"] = np.array([weights.cue_base], np.float32)
        stored[f"{kind}.usual"] = weights.usual.astype(np.float32)
        stored[f"{kind}.reasons"] = weights.reasons.astype(np.float16)
        stored[f"{kind}.mean"] = weights.networks[0].mean.astype(np.float32)
        stored[f"{kind}.scale"] = weights.networks[0].scale.astype(np.float32)
        for number, network in enumerate(weights.networks):
            for layer, values in enumerate(network.weights):
                stored[f"{kind}.{number}.{layer:02}"] = values.astype(np.float16)
    return stored


def model_of(stored: Mapping[str, NDArray[np.generic]]) -> Model:
    """The model that `arrays` stored."""
    words = np.zeros(WORD_SLOTS, bool)
    words[np.asarray(stored["function_words"], np.int64)] = True
    return Model(words, _weights(stored, "text"), _weights(stored, "html"))


def _weights(stored: Mapping[str, NDArray[np.generic]], kind: str) -> Weights:
    cues, usual, reasons = (np.asarray(stored[f"{kind}.{name}"], np.float64) for name in ("cues", "usual", "reasons"))
    base = round(float(stored[f"{kind}.cue_base"][0]), 6)
    return Weights(cues, base, tuple(_networks(stored, kind)), usual, reasons)


def _networks(stored: Mapping[str, NDArray[np.generic]], kind: str) -> Iterator[Network]:
    mean, scale = (np.asarray(stored[f"{kind}.{name}"], np.float64) for name in ("mean", "scale"))
    number = 0
    while f"{kind}.{number}.00" in stored:
        names = sorted(name for name in stored if name.startswith(f"{kind}.{number}."))
        yield Network(mean, scale, tuple(np.asarray(stored[name], np.float64) for name in names))
        number += 1


@lru_cache(maxsize=1)
def packaged_model() -> Model:
    """The model the package carries, read once per process."""
    with (
        (files("pipeline.kernels") / "line_model.npz").open("rb") as stream,
        np.load(stream, allow_pickle=False) as data,
    ):
        return model_of(dict(data))
