import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels import code_points
from pipeline.kernels.words import fold, folds_and_counts, word_count, words

# What decides where a word ends, and what grows or depends on its neighbours in lower case (İ, Σ).
CHARS = st.one_of(st.characters(), st.sampled_from("aZ9_ '’-\n\u0301İΣσ港กé𝒜😀"))
ASCII = st.characters(codec="ascii")


def plainly(texts: list[str]) -> tuple[list[str], list[int]]:
    return [fold(text) for text in texts], [word_count(text, words(text)) for text in texts]


@given(st.one_of(st.lists(st.text(chars, max_size=30), max_size=8) for chars in (CHARS, ASCII)))
def test_many_texts_are_folded_and_counted_as_one_is(texts: list[str]) -> None:
    assert folds_and_counts(texts) == plainly(texts)


@pytest.mark.parametrize("chars", [1, 20, 1_000])
def test_groups_never_change_the_answer(chars: int, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["", "The ferry’s captain", "", "DON''T 'wait' for o'clock's", "ΟΔΟΣ", "最高 裁判所、東京", "...", ""]
    monkeypatch.setattr(code_points, "GROUP_CHARS", chars)

    assert folds_and_counts(texts) == plainly(texts)


def test_words_are_joined_by_one_space_in_lower_case() -> None:
    folds, counts = folds_and_counts(["  Breaking — The ferry’s 2nd_mate: “don't”", "港で船が"])

    assert folds == ["breaking the ferry’s 2nd mate don't", "港で船が"]
    assert counts == [6, 3]
