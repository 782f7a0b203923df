from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels.word_diff import MAX_WORDS, word_diff

WORDS = st.lists(st.sampled_from(["the", "ferry", "said", "[/b]", "밤", "港の", "3月", "火災", "เรือ"]), max_size=12)


def joined(pieces, *kinds):
    """The words of the pieces of some kinds, spaced as in their text."""
    return "".join(("" if piece.is_glued else " ") + piece.text for piece in pieces if piece.kind in kinds).strip()


def told(before, after):
    return [(kind, text) for kind, text, _ in word_diff(before, after)]


def test_a_changed_word_is_gone_and_added():
    pieces = told("The ferry sailed at night, police said.", "The ferry sailed at night, police reported.")

    assert pieces == [
        ("same", "The ferry sailed at night, police"),
        ("gone", "said."),
        ("added", "reported."),
    ]


@pytest.mark.parametrize(
    ("before", "after", "pieces"),
    [
        ("夜行便を4便増やす", "夜の便を4便増やす", [
            ("same", "夜"), ("gone", "行"), ("added", "の"), ("same", "便を4便増やす"),
        ]),
        ("码头改造计划。", "码头改造方案。", [
            ("same", "码头改造"), ("gone", "计划"), ("added", "方案"), ("same", "。"),
        ]),
        ("เรือออกทุกคืน", "เรือออกคืนนี้", [
            ("same", "เรือออก"), ("gone", "ทุก"), ("same", "คืน"), ("added", "นี้"),
        ]),
    ],
)  # fmt: skip
def test_without_spaces_characters_are_compared(before, after, pieces):
    assert told(before, after) == pieces
    assert joined(word_diff(before, after), "same", "gone") == before
    assert joined(word_diff(before, after), "same", "added") == after


def test_equal_texts_are_one_piece_and_no_text_none():
    assert told("The ferry  sailed", "The ferry sailed") == [("same", "The ferry sailed")]
    assert word_diff("2020 東京", "2020東 京") == [("same", "2020東 京", False)]
    assert word_diff("", "") == []


def test_long_texts_are_not_compared_word_by_word():
    before, after = "a " * MAX_WORDS, "a " * MAX_WORDS + "b"

    assert [piece.kind for piece in word_diff(before, after)] == ["gone", "added"]
    assert [piece.kind for piece in word_diff(before, before)] == ["same"]


@given(before=WORDS.map(" ".join), after=WORDS.map(" ".join))
def test_the_pieces_hold_both_texts(before, after):
    pieces = word_diff(before, after)

    assert joined(pieces, "same", "added") == after
    assert joined(pieces, "same", "gone").replace(" ", "") == before.replace(" ", "")
    assert all(left.kind != right.kind for left, right in pairwise(pieces))


@given(before=WORDS.map("".join), after=WORDS.map("".join))
def test_what_has_no_spaces_gets_none(before, after):
    pieces = word_diff(before, after)

    assert "".join(piece.text for piece in pieces if piece.kind != "gone") == after
    assert not any(piece.is_glued for piece in pieces[:1])
