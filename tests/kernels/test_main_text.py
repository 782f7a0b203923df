from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels.alignment import matches
from pipeline.kernels.html import parsed, visible_lines
from pipeline.kernels.lines import Line
from pipeline.kernels.main_text import main_votes, votes

PARAGRAPHS = [
    "The county council voted on Monday night to close the old iron bridge over the Arle for at least three weeks.",
    "Residents of the east bank said they had been given no notice of the detour, which adds twenty minutes.",
    "A spokesman said the work could not wait for the holidays and that a ferry would take walkers across.",
]
MENU = "".join(f'<li><a href="/{word}">{word}</a></li>' for word in ("Home", "News", "Sport", "Weather"))
PAGE = f"""<html><body><nav><ul>{MENU}</ul></nav><article><h1>Bridge to close</h1>
{"".join(f"<p>{text}</p>" for text in PARAGRAPHS)}</article>
<footer><p>All rights reserved by the Arle Courier</p></footer></body></html>"""


def lines(*texts):
    return [Line(number, text) for number, text in enumerate(texts, 1)]


def longest(left, right):
    """Length of the longest common subsequence, the slow way."""
    row = [0] * (len(right) + 1)
    for mine in left:
        above, row = row, [0]
        for column, theirs in enumerate(right):
            row.append(above[column] + 1 if mine == theirs else max(above[column + 1], row[-1]))
    return row[-1]


words = st.lists(st.sampled_from("abcd"), max_size=15)


@given(words, words)
def test_matches_are_a_longest_common_subsequence(left, right):
    found = matches(left, right)
    assert len(found) == longest(left, right)
    assert all(left[mine] == right[theirs] for mine, theirs in found)
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(found))


def test_the_story_gets_the_votes_and_the_menu_does_not():
    page = visible_lines(parsed(PAGE), 100)
    chosen = [line.text for line, vote in zip(page, main_votes(PAGE, page), strict=True) if vote]
    assert [text for text in chosen if text != "Bridge to close"] == PARAGRAPHS


def test_of_two_equal_lines_the_one_in_the_right_place_is_meant():
    page = lines("The detour", PARAGRAPHS[0], "The detour", PARAGRAPHS[1], "Home")
    assert votes(page, f"{PARAGRAPHS[0]}\nThe detour\n{PARAGRAPHS[1]}") == [False, True, True, True, False]


def test_a_long_line_may_miss_words_and_a_short_one_may_not():
    text = PARAGRAPHS[0].replace("iron ", "").replace("old ", "") + " The ferry."
    assert votes(lines(PARAGRAPHS[0], "The ferry", "The old ferry"), text) == [True, True, False]


def test_a_line_of_signs_goes_with_its_neighbours():
    text = "\n".join(PARAGRAPHS)
    assert votes(lines(*PARAGRAPHS[:2], "* * *", PARAGRAPHS[2], "• • •", "Home"), text) == [
        True, True, True, True, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize("html", ["", "<p></p>", "<div>" * 3_000 + "Deep" + "</div>" * 3_000 + PAGE])
def test_no_text_or_a_page_that_would_be_cut_gives_no_vote(html):
    assert main_votes(html, visible_lines(parsed(html), 100)) is None


@given(
    st.lists(st.sampled_from([*PARAGRAPHS, "Home", "The detour", "* * *", "語"]), max_size=9),
    st.sampled_from(PARAGRAPHS),
)
def test_there_is_one_vote_a_line_and_none_without_text(texts, text):
    page = lines(*texts)
    assert len(votes(page, text)) == len(page)
    assert not any(votes(page, ""))
