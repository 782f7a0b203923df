import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.charts import harmless, parts_of_wholes
from pipeline.report.funnel import Bar
from pipeline.report.page import raw
from pipeline.report.text import KEPT, SHORT, short, visible
from tests.report.conftest import HOSTILE
from tests.report.reading import parsed, shown

ACTS = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def every_kind():
    """A character of every Unicode category, all controls and format characters, the ends of the planes."""
    kinds = {unicodedata.category(chr(code)): chr(code) for code in range(0x3100)}
    acting = [chr(code) for code in range(0x20000) if unicodedata.category(chr(code)) in {"Cc", "Cf", "Zl", "Zp"}]
    return [*kinds.values(), *acting, "\ue000", "\ufdd0", "\ufffe", "\uffff", "\U0001ffff", "\U0010ffff", "밤", "🦭"]


def words_of(svg):
    return [node.text() for node in parsed(str(svg)).css("text")]


@given(st.text())
def test_visible_text_does_not_act_and_plain_text_stays(text):
    shown_text = visible(text)

    assert not any(unicodedata.category(c) in ACTS for c in shown_text if c not in KEPT)
    if all(c.isprintable() for c in text):
        assert shown_text == text or any(unicodedata.category(c) == "Cn" for c in text)


@given(st.text().filter(lambda text: text.strip(" \n") == text))
def test_raw_text_comes_back_from_the_page(text):
    assert shown(parsed(f"<p>{raw(text)}</p>").css_first("bdi")) == visible(text)


def test_a_chart_survives_any_character_in_a_label():
    labels = [f"a{character}b" for character in every_kind()]

    svg = parts_of_wholes([Bar(label, 3, 1, 1) for label in labels], "all labels")

    assert [word for word in words_of(svg) if word.startswith("a") and word.endswith("b")] == [
        short(label) for label in labels
    ]


def test_a_label_is_escaped_and_short():
    svg = parts_of_wholes([Bar(HOSTILE, 3, 1, 1), Bar("<b>", 1, 0, 0)], 'says "<this>"')

    assert "<b>" not in svg
    assert "<script" not in svg
    assert max(len(word) for word in words_of(svg)) == SHORT
    assert parsed(str(svg)).css_first("svg").attributes["aria-label"] == 'says "<this>"'


def test_bars_are_as_long_as_their_shares_and_equal_names_stay_apart():
    svg = parts_of_wholes([Bar("same", 1, 0, 3), Bar("same", 2, 2, 0)], "two")
    paths = [node.attributes["d"] for node in parsed(str(svg)).css("path[fill^=var]")]
    widths = [float(path.partition("h")[2].partition("v")[0]) for path in paths]

    assert words_of(svg).count("same") == 2
    total = sum(widths) / 2
    assert [round(width / total, 3) for width in widths] == [0.25, 0.75, 0.5, 0.5]


def test_a_run_with_nothing_in_it_still_has_its_chart():
    assert words_of(parts_of_wholes([Bar("lines", 0, 0, 0)], "none")) == ["lines"]
    assert words_of(parts_of_wholes([], "no outlet")) == []


@pytest.mark.parametrize("element", ["script", "image", "a", "foreignObject"])
def test_an_element_that_is_no_shape_is_refused(element):
    svg = f'<svg xmlns="http://www.w3.org/2000/svg"><g><{element}/></g></svg>'

    with pytest.raises(ValueError, match=f"a chart holds <.*{element}>"):
        harmless(svg, "0 0 1 1", "bad")


def test_attributes_that_are_no_shape_are_left_out():
    svg = '<svg xmlns="http://www.w3.org/2000/svg" onload="x"><path d="M0" fill="#000" style="x" onclick="x"/></svg>'

    assert harmless(svg, "0 0 1 1", "good") == (
        '<svg viewBox="0 0 1 1" role="img" aria-label="good"><path d="M0" fill="#000" /></svg>'
    )


def test_the_highest_code_point_is_looked_at():
    assert visible(chr(sys.maxunicode)) == "U+10FFFF"
