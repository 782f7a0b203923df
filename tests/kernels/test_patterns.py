"""A pattern that is compiled late answers as one that is compiled at once."""

import re

import pytest
import regex

from pipeline.kernels.patterns import deferred, deferred_regex


@pytest.mark.parametrize(
    ("made", "library", "pattern"),
    [(deferred, re, r"(?P<word>[a-z]+)\s\1"), (deferred_regex, regex, r"(?P<word>\p{L}+)\s\1")],
)
def test_every_question_has_the_answer_of_the_pattern(made, library, pattern):
    late, at_once, text = (
        made(pattern, library.IGNORECASE),
        library.compile(pattern, library.IGNORECASE),
        "so That that",
    )

    assert late.pattern == at_once.pattern
    assert late.flags == at_once.flags
    for _ in range(2):
        assert late.search(text).span("word") == at_once.search(text).span("word") == (3, 7)
        assert late.sub("-", text) == at_once.sub("-", text) == "so -"
        assert late.fullmatch(text) is None


def test_a_pattern_that_is_wrong_says_so_when_it_is_asked():
    late = deferred("(")

    with pytest.raises(re.error):
        late.search("")
