from random import Random

import pytest

from benchmarks.edits import TEXTS, edited
from benchmarks.workload import paragraphs
from pipeline.kernels.normalise import exact_key


def chance(seed):
    return Random(seed)  # noqa: S311 - copies, not secrets


def test_typography_alone_leaves_the_exact_key():
    for text in TEXTS:
        copies = {edited(text, 0, chance(seed)) for seed in range(20)}
        assert len(copies) > 4
        assert {exact_key(copy) for copy in copies} == {exact_key(text)}


@pytest.mark.parametrize("severity", [1, 2])
def test_most_words_of_a_copy_are_those_of_the_source(severity):
    for seed in range(20):
        source, copy = (set(exact_key(text).split()) for text in (TEXTS[0], edited(TEXTS[0], severity, chance(seed))))
        assert 0.7 * len(source) < len(source & copy)
        assert severity == 1 or copy - source


def test_the_workload_is_the_same_each_time_and_has_copies():
    texts = paragraphs(2000, 7)

    assert texts.equals(paragraphs(2000, 7))
    assert not texts.equals(paragraphs(2000, 8))
    assert 50 < 2000 - texts.n_unique() < 200
