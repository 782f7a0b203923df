from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels.word_diff import MAX_WORDS, word_diff

WORDS = st.lists(st.sampled_from(["the", "ferry", "sailed", "said", "[/b]", "밤"]), max_size=12).map(" ".join)


def test_a_changed_word_is_gone_and_added():
    pieces = word_diff("The ferry sailed at night, police said.", "The ferry sailed at night, police reported.")

    assert pieces == [
        ("same", "The ferry sailed at night, police"),
        ("gone", "said."),
        ("added", "reported."),
    ]


def test_equal_texts_are_one_piece_and_no_text_none():
    assert word_diff("The ferry  sailed", "The ferry sailed") == [("same", "The ferry sailed")]
    assert word_diff("", "") == []


def test_long_texts_are_not_compared_word_by_word():
    before, after = "a " * MAX_WORDS, "a " * MAX_WORDS + "b"

    assert [piece.kind for piece in word_diff(before, after)] == ["gone", "added"]


@given(before=WORDS, after=WORDS)
def test_the_pieces_hold_both_texts(before, after):
    pieces = word_diff(before, after)

    assert " ".join(piece.text for piece in pieces if piece.kind != "added") == before
    assert " ".join(piece.text for piece in pieces if piece.kind != "gone") == after
    assert all(left.kind != right.kind for left, right in pairwise(pieces))
