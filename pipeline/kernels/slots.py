"""Slots: the names and figures of a paragraph between the words around them, which tell a template from a copy.

"Riverton came back to beat Ashford on Sunday" and "Newport came back to beat Dayton on Friday" share most of their
words and fill the same slots ("beat _ on") differently; a copy fills them as its source does, however it was trimmed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.kernels.shingles import HALF, HashSets, Words, mixed_down, sets_of
from pipeline.kernels.similarity import shared_counts

Ints = NDArray[np.int64]

_STEP = np.uint64(0x9E3779B97F4A7C15)
# Of 815 pairs of one template .2 % are left linked, without the check 6.1 %; no pair of copies in 1,000 is lost.
CONFLICTS = 3  # slots filled differently, from which two paragraphs can be one template: a copy changes a figure or two


@dataclass(frozen=True)
class Slots:
    """The slots of each paragraph: hashes of the two words around a name or a figure, and of all three words."""

    contexts: HashSets
    fillings: HashSets

    def take(self, rows: Ints) -> Slots:
        """The slots of the given rows, in that order."""
        return Slots(self.contexts.take(rows), self.fillings.take(rows))


def slots(words: Words) -> Slots:
    """The slots around every word that is printed with a capital or a digit first.

    At an end of the paragraph the missing word counts as one that no other equals. Scripts without capitals have
    slots around figures alone.
    """
    places = np.flatnonzero(words.marked)
    rows = np.repeat(np.arange(len(words)), np.diff(words.offsets))[places]
    around = np.concatenate([[np.uint64(0)], words.hashes, [np.uint64(0)]])
    first, last = places == words.offsets[rows], places == words.offsets[rows + 1] - 1
    before = np.where(first, np.uint64(0), around[places])
    after = np.where(last, np.uint64(0), around[places + 2])
    context = (before * _STEP + after) * _STEP
    row = rows.astype(np.uint64) << HALF
    contexts = sets_of(row | mixed_down(context), len(words))
    return Slots(contexts, sets_of(row | mixed_down(context + words.hashes[places]), len(words)))


def is_one_template(sets: Slots, left: Ints, right: Ints, min_agreement: float) -> NDArray[np.bool_]:
    """True for each pair that has CONFLICTS or more slots filled differently and fewer than `min_agreement` alike."""
    common = shared_counts(sets.contexts, left, right)
    alike = np.minimum(shared_counts(sets.fillings, left, right), common)
    is_template: NDArray[np.bool_] = (common - alike >= CONFLICTS) & (alike < min_agreement * common)
    return is_template
