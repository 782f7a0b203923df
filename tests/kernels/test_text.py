import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels.text import EDGE, text_lines

PARAGRAPHS = [
    "The county council voted on Monday night to close the old iron bridge over the Arle for at least three weeks "
    "after engineers found cracks in two of its main supports.",
    "Residents of the east bank said they had been given no notice, and that the detour through Millbrook would add "
    "twenty minutes to the school run. “We only heard about it from the radio,” said one shop owner, who asked not "
    "to be named because she is a tenant of the council.",
    "A spokesman said the work could not wait for the holidays, and that a ferry would take walkers across from "
    "seven in the morning until nine at night for as long as the bridge stays shut.",
]
TEASERS = """Council closes bridge over the Arle for three weeks
Ferry operator adds night sailings after harbour fire
Market traders fault council over new parking scheme
School run to take twenty minutes longer, say parents
Shipyard wins order for two icebreakers from Varga
Dock workers ask for holiday rate on extra shifts"""


def joined(lines):
    paragraphs = []
    for line in lines:
        if line.continues:
            paragraphs[-1] += " " + line.text
        else:
            paragraphs.append(line.text)
    return paragraphs


@given(
    st.text(alphabet=st.one_of(st.sampled_from("ab \t\r\n\x0b\x0c\x1c\x85\u2028\xa0\u200b\ufeffé語"), st.characters()))
)
def test_offsets_point_at_the_line_and_nothing_but_edges_is_left_out(text):
    lines = text_lines(text)
    for line in lines:
        assert text[line.start : line.end] == line.text
        assert line.text == line.text.strip(EDGE) != ""
        assert line.line_no == text.count("\n", 0, line.start) + 1
    left = text
    for line in reversed(lines):
        left = left[: line.start] + left[line.end :]
    assert set(left) <= set(EDGE)


def test_only_a_line_feed_ends_a_line():
    lines = text_lines("one\x0bstill one\x85still\u2028still\r\n\r\n  two\t\r\n")
    assert [(line.line_no, line.text, line.blank_before) for line in lines] == [
        (1, "one\x0bstill one\x85still\u2028still", False),
        (3, "two", True),
    ]


@pytest.mark.parametrize("width", [50, 60, 72, 80, 100])
def test_text_broken_at_a_column_is_put_together_again(width):
    page = "\n\n".join(textwrap.fill(paragraph, width) for paragraph in PARAGRAPHS)
    assert joined(text_lines("Bridge to close\n\n" + page)) == ["Bridge to close", *PARAGRAPHS]


@pytest.mark.parametrize("width", [72, 80, 100])
def test_a_short_last_line_ends_a_paragraph_where_no_blank_line_does(width):
    page = "\n".join(textwrap.fill(paragraph, width) for paragraph in PARAGRAPHS)
    assert joined(text_lines("Bridge to close\n\n" + page)) == ["Bridge to close", *PARAGRAPHS]


def test_list_items_menus_and_headings_in_wrapped_text_stay_apart():
    page = "\n".join([
        "Home", "News", "Sport", "",
        *textwrap.wrap(PARAGRAPHS[0], 72), "",
        "The detour", "",
        *textwrap.wrap(PARAGRAPHS[1], 72), "",
        "- " + "Walkers take the ferry from the lower quay, which leaves every"[:70],
        "- " + "Lorries of more than seven tonnes go round by the motorway at",
        "- Buses stop at the mill", "",
        *textwrap.wrap(PARAGRAPHS[2], 72),
    ])  # fmt: skip
    assert joined(text_lines(page)) == [
        "Home", "News", "Sport", PARAGRAPHS[0], "The detour", PARAGRAPHS[1],
        "- Walkers take the ferry from the lower quay, which leaves every",
        "- Lorries of more than seven tonnes go round by the motorway at",
        "- Buses stop at the mill", PARAGRAPHS[2],
    ]  # fmt: skip


@pytest.mark.parametrize(
    "page",
    [
        "\n".join(PARAGRAPHS),
        TEASERS,
        TEASERS + "\n" + "\n".join(PARAGRAPHS),
        "\n".join(f"Reader {number} wrote that the ferry was late again on Monday." for number in range(20)),
        "市長は木曜日、橋を三週間閉鎖すると発表した。住民からは不満の声が上がっている\n" * 6,
        "",
    ],
)
def test_a_line_a_paragraph_is_never_joined(page):
    assert not any(line.continues for line in text_lines(page))


def test_teasers_among_wrapped_paragraphs_hide_no_column():
    """No line is longer than the column: half of the long lines that end no sentence may break elsewhere."""
    wrapped = "\n".join(textwrap.fill(paragraph, 72) for paragraph in PARAGRAPHS)

    assert joined(text_lines(f"{TEASERS}\n\n{wrapped}")) == [*TEASERS.split("\n"), *PARAGRAPHS]


def test_one_longer_line_and_teasers_speak_against_a_column():
    page = "\n".join([TEASERS, *(textwrap.fill(paragraph, 72) for paragraph in PARAGRAPHS), PARAGRAPHS[0]])

    assert not any(line.continues for line in text_lines(page))


def test_the_column_is_no_narrower_than_the_longest_line():
    """A list whose entries happen to fit a narrow column says nothing of a page with longer lines, all below 130."""
    menu = [f"{name} walkers take the ferry from the lower quay" for name in ("Ten", "Six", "Two", "Old", "New", "All")]
    wrapped = "\n".join(textwrap.fill(paragraph, 100) for paragraph in PARAGRAPHS)

    assert joined(text_lines("\n".join([*menu, "", wrapped]))) == [*menu, *PARAGRAPHS]


def test_a_blank_line_always_ends_a_paragraph():
    page = "\n\n".join(textwrap.fill(paragraph, 60) for paragraph in PARAGRAPHS)
    for line in text_lines(page):
        assert not (line.blank_before and line.continues)
