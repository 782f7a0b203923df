"""The line model's network fitted in numpy: AdamW, cosine rate, the mean of the weights over the second half.

Averaged weights differ less from seed to seed than the last ones: +.0005 F1 by cross-validation, more on other pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.kernels.line_features import Bools, Ints, Layout, layout
from pipeline.kernels.line_model import CLIP, DILATIONS, Network, spread, summaries

Singles = NDArray[np.float32]

BATCH_LINES = 1000
MAX_LINES = 1500  # of a longer page, this many at a random place
RATE, DECAY = 3e-3, 0.01  # step size at its highest; weight decay per step, relative to it
WARM_UP = 100  # steps
KEEP = 0.98  # share of the running mean kept in each step
LEFT_OUT = 0.1  # probability that a page lacks a group of columns
DROPPED = 0.2  # probability that what a layer adds at one place is left out
MAX_NORM = 1.0  # of the gradient
LINE_SHARE = 4.0  # lines of a page count 1 / (this x root of their number), its words 1 in all


@dataclass(frozen=True)
class Lesson:
    """Pages to learn from, end to end."""

    values: Singles  # (lines, columns), standardised
    is_story: Bools  # (lines,)
    is_told: Bools  # (lines,): the label is known
    n_words: Singles  # (lines,)
    where: Layout
    importance: Singles  # (pages,)


def standardised(values: Singles, rows: NDArray[np.bool_]) -> tuple[Singles, Singles, Singles]:
    """The values with mean 0 and deviation 1 over `rows`, clipped; and the mean and the scale."""
    mean = values[rows].mean(axis=0)
    scale = 1.0 / (values[rows].std(axis=0) + 1e-6)
    out = (values - mean) * scale
    np.clip(out, -CLIP, CLIP, out=out)
    return out, mean, scale


def fitted(
    lesson: Lesson, pages: Ints, *, channels: int, epochs: int, seed: int, groups: Sequence[Sequence[int]] = ()
) -> list[Singles]:
    """The network's weights learnt from some pages, in the order of `_started`.

    `groups` of columns are left out of pages at random.
    """
    random = np.random.default_rng(seed)
    parameters = started(random, lesson.values.shape[1], channels)
    first_moments = [np.zeros_like(parameter) for parameter in parameters]
    second_moments = [np.zeros_like(parameter) for parameter in parameters]
    means = [parameter.copy() for parameter in parameters]
    n_steps = sum(len(list(_batches(lesson, pages, np.random.default_rng((seed, epoch))))) for epoch in range(epochs))
    step = 0
    for epoch in range(epochs):
        for batch in _batches(lesson, pages, np.random.default_rng((seed, epoch))):
            slopes = gradients(parameters, _taken(lesson, batch, groups, random), random)
            norm = np.sqrt(sum(float((gradient.astype(np.float64) ** 2).sum()) for gradient in slopes))
            shrink = np.float32(min(1.0, MAX_NORM / (norm + 1e-9)))
            step += 1
            rate = RATE * min(1.0, step / WARM_UP) * 0.5 * (1 + np.cos(np.pi * step / n_steps))
            for place, parameter in enumerate(parameters):
                gradient = slopes[place] * shrink
                first_moments[place] += 0.1 * (gradient - first_moments[place])
                second_moments[place] += 0.001 * (gradient**2 - second_moments[place])
                parameter *= 1 - rate * DECAY
                parameter -= (
                    rate * (first_moments[place] / (1 - 0.9**step))
                    / (np.sqrt(second_moments[place] / (1 - 0.999**step)) + 1e-8)
                ).astype(np.float32)  # fmt: skip
            for mean, parameter in zip(means, parameters, strict=True):
                share = 1.0 if step <= n_steps // 2 else 1.0 - KEEP
                mean += share * (parameter - mean)
    return means


def started(random: np.random.Generator, n_columns: int, channels: int) -> list[Singles]:
    """Weights before the first step, in the order of `Network.weights`."""

    def drawn(rows: int, columns: int, gain: float) -> Singles:
        return (random.standard_normal((rows, columns)) * np.sqrt(gain / rows)).astype(np.float32)

    parameters = [drawn(n_columns, channels, 2.0), np.zeros(channels, np.float32)]
    for _ in DILATIONS:
        parameters += [drawn(3 * channels, channels, 0.7), np.zeros(channels, np.float32)]
    parameters += [drawn(channels, 1, 0.3), drawn(channels, channels, 0.7), drawn(channels, channels, 0.7)]
    return [*parameters, np.zeros(channels, np.float32), drawn(channels, 1, 0.5), np.zeros(1, np.float32)]


def _batches(lesson: Lesson, pages: Ints, random: np.random.Generator) -> Iterator[Ints]:
    """Numbers of the pages of each batch, about BATCH_LINES lines."""
    batch: list[int] = []
    n_lines = 0
    for page in random.permutation(pages).tolist():
        batch.append(page)
        n_lines += min(MAX_LINES, int(lesson.where.sizes[page]))
        if n_lines >= BATCH_LINES:
            yield np.array(batch)
            batch, n_lines = [], 0
    if batch:
        yield np.array(batch)


def _taken(lesson: Lesson, batch: Ints, groups: Sequence[Sequence[int]], random: np.random.Generator) -> Lesson:
    """The pages of a batch, long ones cut, each without the groups of columns that fate leaves out."""
    rows = []
    for page in batch.tolist():
        start, end = int(lesson.where.first[page]), int(lesson.where.first[page + 1])
        if end - start > MAX_LINES:
            start = int(random.integers(start, end - MAX_LINES + 1))
        rows.append(np.arange(start, min(end, start + MAX_LINES)))
    chosen = np.concatenate(rows)
    where = layout([len(row) for row in rows])
    values = lesson.values[chosen]
    for columns in groups:
        hit = np.flatnonzero((random.random(len(batch)) < LEFT_OUT)[where.page])
        values[np.ix_(hit, columns)] = 0
    return Lesson(
        values, lesson.is_story[chosen], lesson.is_told[chosen], lesson.n_words[chosen], where, lesson.importance[batch]
    )


def gradients(parameters: Sequence[Singles], lesson: Lesson, random: np.random.Generator) -> list[Singles]:
    """Of the loss, for each parameter."""
    where, values = lesson.where, lesson.values
    n_layers = len(DILATIONS)
    entered = values @ parameters[0] + parameters[1]
    rows, n_rows = spread(where)
    channels = entered.shape[1]
    state = np.zeros((n_rows, channels), np.float32)
    state[rows] = np.maximum(entered, 0)
    live = np.zeros((n_rows, 1), np.float32)
    live[rows] = 1.0
    seen, kept = [], []
    for number, dilation in enumerate(DILATIONS):
        around = beside(state, dilation)
        reached = around @ parameters[2 + 2 * number] + parameters[3 + 2 * number]
        open_ = _kept(reached > 0, random) * live[dilation:-dilation]
        seen.append(around)
        kept.append(open_)
        state[dilation:-dilation] += reached * open_
    attention, of_line, of_page, bias, leaving, leaving_bias = parameters[-6:]
    lines = state[rows]
    shares, summary = summaries(lines, attention, where)
    reached = lines @ of_line + (summary @ of_page)[where.page] + bias
    open_ = _kept(reached > 0, random)
    left = lines + reached * open_
    back = _loss_slope((left @ leaving + leaving_bias)[:, 0], lesson)[:, None]
    slopes: list[Singles] = [left.T @ back, back.sum(axis=0)]
    over = back @ leaving.T
    inner = over * open_
    of_summary = np.add.reduceat(inner, where.first[:-1])
    to_summary = (of_summary @ of_page.T)[where.page]
    heard = (lines * to_summary).sum(axis=1, keepdims=True)
    said = shares * (heard - np.add.reduceat(shares * heard, where.first[:-1])[where.page])
    slopes = [lines.T @ said, lines.T @ inner, summary.T @ of_summary, inner.sum(axis=0), *slopes]
    slope = np.zeros_like(state)
    slope[rows] = over + inner @ of_line.T + shares * to_summary + said @ attention.T
    for number in range(n_layers - 1, -1, -1):
        dilation = DILATIONS[number]
        inner = slope[dilation:-dilation] * kept[number]
        slopes = [seen[number].T @ inner, inner.sum(axis=0), *slopes]
        spilled = inner @ parameters[2 + 2 * number].T
        n = len(slope)
        slope[: n - 2 * dilation] += spilled[:, :channels]
        slope[dilation : n - dilation] += spilled[:, channels : 2 * channels]
        slope[2 * dilation :] += spilled[:, 2 * channels :]
    entering = slope[rows] * (entered > 0)
    return [values.T @ entering, entering.sum(axis=0), *slopes]


def beside(state: Singles, dilation: int) -> Singles:
    """(rows - 2 dilation, 3 channels): for each row but the outermost, the row above, itself, the row below."""
    return np.hstack([state[: -2 * dilation], state[dilation:-dilation], state[2 * dilation :]])


def _kept(is_open: Bools, random: np.random.Generator) -> Singles:
    """1 / (1 - DROPPED) at most of the places that are open, 0 elsewhere."""
    return np.asarray((is_open & (random.random(is_open.shape, np.float32) >= DROPPED)) / np.float32(1 - DROPPED))


def _loss_slope(out: Singles, lesson: Lesson) -> Singles:
    """(lines,): slope of the loss at the log odds `out`.

    The loss of a page: cross-entropy of its lines, and 1 less the mean of precision and recall of its words, where a
    line counts with its probability. Pages by importance.
    """
    where = lesson.where
    n_pages = len(where.sizes)

    def summed(each: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.bincount(where.page, each, n_pages))

    told = 1 / (1 + np.exp(-out.astype(np.float64)))
    counts = lesson.is_told.astype(np.float64)
    story = lesson.is_story * counts
    words = np.maximum(1.0, lesson.n_words) * counts
    right, said, wanted = summed(told * story * words), summed(told * words) + 1, summed(story * words) + 1
    page = where.page
    of_words = -0.5 * words * (story * (1 / said + 1 / wanted)[page] - (right / said**2)[page])
    of_lines = (told - story) * counts / (LINE_SHARE * np.sqrt(np.maximum(1, where.sizes)))[page]
    importance = lesson.importance / lesson.importance.sum()
    return np.asarray((of_lines + of_words * told * (1 - told)) * importance[page], np.float32)


def network(mean: Singles, scale: Singles, parameters: Sequence[Singles]) -> Network:
    """The network as the model runs it: in float64, with weights that fit float16, as they are stored."""
    stored = [np.asarray(values.astype(np.float16), np.float64) for values in parameters]
    return Network(
        np.asarray(mean.astype(np.float32), np.float64),
        np.asarray(scale.astype(np.float32), np.float64),
        tuple(stored),
    )
