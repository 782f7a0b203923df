"""Dumps in other shapes: the same words, a label for every line, and text that unwraps to what it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels.text import text_lines
from training.shapes import COLUMN, SHAPES, shaped

MENU = ["Home", "News", "Sport", "Log in"]
STORY = [
    "The county council voted on Monday night to close the old iron bridge over the Arle for at least three weeks "
    "after engineers found cracks in two of its main supports. A ferry will take walkers across.",
    "Residents of the east bank said they had been given no notice, and that the detour through Millbrook would add "
    "twenty minutes to the school run, which many of them make on foot.",
    "“The work could not wait,” a spokesman said. “The ferry leaves every half hour from the lower quay, and the fare "
    "of two crowns goes to the school.”",
]
PAGE = [*MENU, "Bridge to close", *STORY, "Share", "Comments"]
LABELS = [0, 0, 0, 0, 2, 1, 1, 1, 0, 0]


def lines_of(shape):
    return text_lines(shaped(shape, PAGE, LABELS).text)


@pytest.mark.parametrize("shape", SHAPES)
@given(data=st.data())
def test_words_stay_and_every_line_has_a_label(shape, data):
    words = st.text(alphabet="ab.|é語\xa0\u200b\x0b“ A", max_size=20)
    page = [line for line in data.draw(st.lists(words, max_size=12)) if line.strip()]
    labels = data.draw(st.lists(st.integers(0, 2), min_size=len(page), max_size=len(page)))

    found = shaped(shape, page, labels)

    assert len(found.labels) == len(text_lines(found.text))
    signs = "|•\u200b"
    assert set("".join(found.text.split())) - set(signs) == set("".join("".join(page).split())) - set(signs)


def test_a_wrapped_page_fits_its_column_and_is_put_together_again():
    for shape in ("wrapped", "wrapped_spaced"):
        lines = lines_of(shape)
        paragraphs = []
        for line in lines:
            if line.continues:
                paragraphs[-1] += " " + line.text
            else:
                paragraphs.append(line.text)

        assert max(len(line.text) for line in lines) <= COLUMN
        assert set(STORY) <= set(paragraphs)


@pytest.mark.parametrize(("shape", "sign"), [("by_bar", " | "), ("by_bullet", " • "), ("by_space", " ")])
def test_a_run_of_short_lines_becomes_a_menu(shape, sign):
    found = shaped(f"menus_{shape}", ["Home", "News", "Log in", *STORY, "Share", "Comments"], [0, 0, 0, 1, 1, 1, 0, 0])

    assert found.text.split("\n") == [sign.join(["Home", "News", "Log in"]), *STORY, "Share", "Comments"]
    assert found.labels == (0, 1, 1, 1, 0, 0)


def test_a_menu_that_takes_the_headline_along_is_neither():
    assert shaped("menus_by_bar", PAGE, LABELS).labels[0] == 2


def test_each_sentence_has_its_line():
    lines = [line.text for line in lines_of("sentences")]

    assert "A ferry will take walkers across." in lines
    assert "“The work could not wait,” a spokesman said." in lines
    assert shaped("sentences", PAGE, LABELS).labels == (0, 0, 0, 0, 2, 1, 1, 1, 1, 1, 0, 0)


def test_a_figure_with_a_point_is_no_end_of_a_sentence():
    page = ["The ferry takes 4.5 minutes, St. james said, and 1.200 walkers a day."]

    assert shaped("sentences", page, [1]).text == page[0]


def test_a_section_is_one_block_between_its_headings():
    page = ["Home", *STORY[:2], "The ferry", STORY[2]]

    assert shaped("blocks", page, [0, 1, 1, 1, 1]).text.split("\n") == [
        "Home", " ".join(STORY[:2]), "The ferry", STORY[2],
    ]  # fmt: skip
    assert shaped("blocks", STORY, [1, 0, 1]).labels == (2,)


def test_blank_lines_stand_between_all_lines():
    assert shaped("spaced", PAGE, LABELS).text == "\n\n".join(PAGE)
    assert shaped("plain", PAGE, LABELS).text == "\n".join(PAGE)
