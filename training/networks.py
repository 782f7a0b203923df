"""A small network fitted in numpy: AdamW, cosine rate, the mean of the weights over the second half of training.

Averaged weights differ less from seed to seed than the last ones: +.0005 F1 by cross-validation, more on other pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.kernels.line_model import CLIP, Network

Singles = NDArray[np.float32]

BATCH = 1024  # rows
RATE, DECAY = 3e-3, 0.01  # step size at its highest; weight decay per step, relative to it
WARM_UP = 100  # steps
KEEP = 0.98  # share of the running mean kept in each step
LEFT_OUT = 0.15  # probability that a row lacks a group of columns


def standardised(values: Singles, rows: NDArray[np.bool_]) -> tuple[Singles, Singles, Singles]:
    """The values with mean 0 and deviation 1 over `rows`, clipped; and the mean and the scale."""
    mean = values[rows].mean(axis=0)
    scale = 1.0 / (values[rows].std(axis=0) + 1e-6)
    out = (values - mean) * scale
    np.clip(out, -CLIP, CLIP, out=out)
    return out, mean, scale


def fitted(
    values: Singles,
    labels: NDArray[np.bool_],
    weights: Singles,
    *,
    hidden: Sequence[int],
    epochs: int,
    seed: int,
    groups: Sequence[Sequence[int]] = (),
) -> tuple[list[Singles], list[Singles]]:
    """Weights and biases of each layer, for standardised values; `groups` of columns are left out at random."""
    random = np.random.default_rng(seed)
    sizes = (values.shape[1], *hidden, 1)
    layers = [
        (random.standard_normal((rows, columns)) * np.sqrt(2 / rows)).astype(np.float32)
        for rows, columns in pairwise(sizes)
    ]
    parameters = layers + [np.zeros(columns, np.float32) for columns in sizes[1:]]
    n_layers = len(layers)
    first_moments = [np.zeros_like(parameter) for parameter in parameters]
    second_moments = [np.zeros_like(parameter) for parameter in parameters]
    means = [parameter.copy() for parameter in parameters]
    targets = labels.astype(np.float32)
    importance = (weights / weights.mean()).astype(np.float32)
    n_batches = len(values) // BATCH
    n_steps, step = epochs * n_batches, 0
    for _ in range(epochs):
        order = random.permutation(len(values))
        for number in range(n_batches):
            rows = order[number * BATCH : (number + 1) * BATCH]
            inputs = values[rows]
            for columns in groups:
                inputs[np.ix_(random.random(len(rows)) < LEFT_OUT, columns)] = 0
            gradients = _gradients(parameters, inputs, targets[rows], importance[rows])
            step += 1
            rate = RATE * min(1.0, step / WARM_UP) * 0.5 * (1 + np.cos(np.pi * step / n_steps))
            for place, parameter in enumerate(parameters):
                first_moments[place] += 0.1 * (gradients[place] - first_moments[place])
                second_moments[place] += 0.001 * (gradients[place] ** 2 - second_moments[place])
                parameter -= (
                    rate * (first_moments[place] / (1 - 0.9**step))
                    / (np.sqrt(second_moments[place] / (1 - 0.999**step)) + 1e-8)
                )  # fmt: skip
                if place < n_layers:
                    parameter *= 1 - rate * DECAY
            for mean, parameter in zip(means, parameters, strict=True):
                share = 1.0 if step <= n_steps // 2 else 1.0 - KEEP
                mean += share * (parameter - mean)
    return means[:n_layers], means[n_layers:]


def _gradients(parameters: Sequence[Singles], inputs: Singles, targets: Singles, importance: Singles) -> list[Singles]:
    """Of the mean weighted cross-entropy, for each parameter."""
    n_layers = len(parameters) // 2
    layers, biases = parameters[:n_layers], parameters[n_layers:]
    seen = [inputs]
    for place in range(n_layers):
        reached = seen[-1] @ layers[place] + biases[place]
        seen.append(np.maximum(reached, 0) if place < n_layers - 1 else reached)
    told = 1 / (1 + np.exp(-seen[-1][:, 0]))
    back = ((told - targets) * importance / len(inputs))[:, None].astype(np.float32)
    of_layers: list[Singles] = []
    of_biases: list[Singles] = []
    for place in range(n_layers - 1, -1, -1):
        of_layers.append(seen[place].T @ back)
        of_biases.append(back.sum(axis=0))
        if place:
            back = (back @ layers[place].T) * (seen[place] > 0)
    return of_layers[::-1] + of_biases[::-1]


def network(mean: Singles, scale: Singles, layers: Sequence[Singles], biases: Sequence[Singles]) -> Network:
    """The network as the model runs it: in float64, with weights that fit float16, as they are stored."""

    def stored(values: Singles) -> NDArray[np.float64]:
        return np.asarray(values.astype(np.float16), np.float64)

    return Network(
        np.asarray(mean.astype(np.float32), np.float64),
        np.asarray(scale.astype(np.float32), np.float64),
        tuple(stored(layer) for layer in layers),
        tuple(stored(bias) for bias in biases),
    )
