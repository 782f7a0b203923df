"""Line scores: does a line belong to the story, what is it, and why.

The line model says how likely each line is story (line_model.py); rules say which kind of line it is, and may raise or
lower a score where they know better (roles.py). No word of any language is required. Linear in the number of lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from pipeline.kernels.line_model import (
    NEAR_NAMES,
    Model,
    Scored,
    model_scores,
    near_scores,
    own_names,
    packaged_model,
)
from pipeline.kernels.lines import Line, Unit, units
from pipeline.kernels.roles import Page, Roles

Floats = NDArray[np.float64]

CHARACTERS = 60_000  # of a batch that the model sees at once: its arrays stay in the cache
REASONS = 2  # features named as evidence
SAYS = 0.05  # a feature that says less is no reason


@dataclass(frozen=True, slots=True)
class Scores:
    """What the scorer says of each line of a page, in their order, and of the page."""

    role: list[str]  # one of schemas.ROLES
    score: list[float]  # probability of belonging to the story, 4 decimals
    evidence: list[str]  # what weighed most
    doubt: float  # words that could go either way against words kept: 0 sure, 1 not at all; 4 decimals


@dataclass(frozen=True, slots=True)
class PageLines:
    """A page to be scored, with what is known of it; each but the lines may be None."""

    lines: Sequence[Line]
    title: str | None = None  # the page's own, or the record's
    byline: str | None = None
    votes: Sequence[bool] | None = None  # for each line, whether trafilatura's text has it; then that text decides


def scored(lines: Sequence[Line], *, title: str | None, byline: str | None, votes: Sequence[bool] | None) -> Scores:
    """`scored_pages` for one page."""
    return scored_pages([PageLines(lines, title, byline, votes)])[0]


def scored_pages(pages: Sequence[PageLines], model: Model | None = None) -> list[Scores]:
    """Role, score and evidence of every line, and the doubt about each page.

    Same page, same answer, whatever pages come with it; a page without lines has doubt 1. `model` is the packaged
    one unless another is given.
    """
    model = model or packaged_model()
    found: list[Scores] = [Scores([], [], [], 1.0)] * len(pages)
    all_units = [units(page.lines) for page in pages]
    texts = [[unit.text for unit in page_units] for page_units in all_units]
    for numbers, facts in batches(all_units):
        batch = model_scores([texts[number] for number in numbers], facts, model)
        evidence = why(batch, model, html=facts is not None)
        first = batch.text.layout.first.tolist()
        for number, start, end in zip(numbers, first, first[1:], strict=False):
            found[number] = page_scores(pages[number], all_units[number], batch, evidence, start, end)
    return found


def batches(all_units: Sequence[Sequence[Unit]]) -> Iterator[tuple[list[int], NDArray[np.int64] | None]]:
    """Numbers of pages of one kind and about one length, no empty ones, with the markup facts of their units."""
    kinds: dict[bool, list[int]] = {False: [], True: []}
    for number, page_units in enumerate(all_units):
        if page_units:
            kinds[all(unit.first.markup and unit.first.markup.facts for unit in page_units)].append(number)
    for is_html, numbers in kinds.items():
        batch: list[int] = []
        size = 0
        for number in sorted(numbers, key=lambda number: (len(all_units[number]), number)):
            batch.append(number)
            size += sum([len(unit.text) for unit in all_units[number]])
            if size >= CHARACTERS:
                yield batch, facts_of([all_units[number] for number in batch]) if is_html else None
                batch, size = [], 0
        if batch:
            yield batch, facts_of([all_units[number] for number in batch]) if is_html else None


def facts_of(pages: Sequence[Sequence[Unit]]) -> NDArray[np.int64]:
    """(units, 12): lines.Markup.facts of all units."""
    rows = [unit.first.markup.facts for page in pages for unit in page if unit.first.markup]
    return np.fromiter(chain.from_iterable(rows), np.int64).reshape(len(rows), -1)


def page_scores(
    page: PageLines, page_units: Sequence[Unit], batch: Scored, evidence: Sequence[str], start: int, end: int
) -> Scores:
    """The answer for the page whose units are rows `start` to `end` of the batch."""
    scores, reasons, told = batch.scores[start:end], evidence[start:end], batch.text
    doubt = page_doubt(scores, told.n_words[start:end])
    if page.votes is not None:
        scores, reasons = voted(page_units, page.votes, scores, reasons)
    facts = Page(
        page_units,
        told.n_words[start:end].tolist(),
        told.is_sentence[start:end].tolist(),
        told.is_prose[start:end].tolist(),
        told.repeats[start:end].tolist(),
        (told.n_known[start:end] / (told.n_topics[start:end] + 1.0)).tolist(),
    )
    guess = Roles(facts, scores.tolist(), reasons)
    guess.decide(page.title, page.byline)
    if len(page_units) == len(page.lines):
        return Scores(guess.roles, guess.scores, guess.evidence, doubt)
    of_line = [index for index, unit in enumerate(page_units) for _ in unit.lines]
    return Scores(
        [guess.roles[index] for index in of_line],
        [guess.scores[index] for index in of_line],
        [guess.evidence[index] for index in of_line],
        doubt,
    )


def voted(
    page_units: Sequence[Unit], votes: Sequence[bool], scores: Floats, reasons: Sequence[str]
) -> tuple[Floats, list[str]]:
    """Scores on the side of the votes, in the order of the model's: half of them, with 0.5 for a line in the text."""
    inside = np.array([votes[unit.lines[0]] for unit in page_units], bool)
    said = ["in trafilatura's text" if vote else "not in trafilatura's text" for vote in inside.tolist()]
    sided = np.where(inside, 0.5 + scores / 2, np.minimum(scores / 2, 0.4999))
    return (
        np.asarray(np.round(sided, 4), np.float64),
        [f"{vote}; {reason}" for vote, reason in zip(said, reasons, strict=True)],
    )


def why(batch: Scored, model: Model, *, html: bool) -> list[str]:
    """For each unit the features that speak most for the side its score came out on."""
    weights = model.html if html else model.text
    values = np.vstack([batch.own.T, near_scores(batch.scores, batch.text.layout).T])
    weight = values - weights.usual[:, None]
    weight *= weights.reasons[:, None]
    weight *= np.where(batch.scores < 0.5, -1.0, 1.0)
    weight = np.ascontiguousarray(weight.T)  # the largest of a line are looked for in order
    rows = np.arange(len(weight))
    names = (*own_names(html=html), *NEAR_NAMES)
    phrases = ["", *(f"{much}{name}" for name in names for much in ("", "no ", "little "))]
    code = np.zeros(len(weight), np.int64)  # the phrases of a line as one number
    for _ in range(REASONS):
        column = weight.argmax(axis=1)
        value = values[column, rows]
        phrase = 1 + 3 * column + np.where(value > weights.usual[column], 0, np.where(value == 0.0, 1, 2))
        code = code * len(phrases) + np.where(weight[rows, column] > SAYS, phrase, 0)
        weight[rows, column] = -np.inf
    codes, number = np.unique(code, return_inverse=True)
    told = []
    for spoken in np.stack(np.unravel_index(codes, (len(phrases),) * REASONS), axis=1).tolist():
        told.append(", ".join(phrases[phrase] for phrase in spoken if phrase) or "nothing speaks for it")
    return [told[place] for place in number.tolist()]


def page_doubt(scores: Floats, n_words: NDArray[np.int64]) -> float:
    """Words times min(p, 1 - p), as a share of words times p; at most 1, 4 decimals."""
    kept = float((n_words * scores).sum())
    unsure = float((n_words * np.minimum(scores, 1 - scores)).sum())
    return round(min(1.0, unsure / kept), 4) if kept > 0 else 1.0
