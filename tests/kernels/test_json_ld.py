import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels.json_ld import DEPTH, ITEMS, objects


def headlines(text):
    return [found.get("headline") for found in objects(text)]


@pytest.mark.parametrize(
    "text",
    [
        '{"headline": "Bridge to close"}',
        '\n {"headline": "Bridge to close"};',
        '{"headline": "Bridge to close",}',
        '<!-- {"headline": "Bridge to close"} -->',
        '//<![CDATA[\n{"headline": "Bridge to close"}\n//]]>',
        "{&quot;headline&quot;: &quot;Bridge to close&quot;}",
        '{"headline": "Bridge to close", // the front page\n "image": ["a",]}',
        '/* ours */ {"headline": "Bridge to close"}',
        '{"headline": "Bridge to close", "image": "a\\_b"}',
        '{"headline": "Bridge to close", "image": "<img src="a.png">"}',
        '{"headline": "Bridge to close", "image": Bridge}',
        '{"headline": "Bridge to close",\n "datePublished"',
    ],
)
def test_what_is_not_quite_json_is_read_all_the_same(text):
    assert headlines(text) == ["Bridge to close"]


def test_strings_stay_as_they_are_when_a_block_is_repaired():
    text = '{"headline": "Bridge, ] // to \\"close\\" /* now */", "url": "https://arle.example/b",}'
    assert objects(text) == [{"headline": 'Bridge, ] // to "close" /* now */', "url": "https://arle.example/b"}]


def test_line_breaks_in_strings_are_kept():
    assert headlines('{"headline": "Bridge\nto close"}') == ["Bridge\nto close"]


def test_several_objects_in_one_block_and_objects_in_objects():
    assert headlines('{"headline": "One"}\n{"headline": "Two"}') == ["One", "Two"]
    assert headlines('[{"headline": "One", "hasPart": [{"headline": "Two"}]}, {"headline": "Three"}]') == [
        "One", "Two", "Three",
    ]  # fmt: skip


def test_of_a_hopeless_block_author_and_time_are_picked():
    text = """{"@type": "NewsArticle", "headline": "Bridge "to" close", "datePublished": "2026-11-17",
    "author": [{"@type": "Person", "url": "a", "name": "Ana Petrova"}], "image": }"""
    assert objects(text) == [{"@type": "NewsArticle", "datePublished": "2026-11-17", "author": "Ana Petrova"}]


@pytest.mark.parametrize("text", ["", "  ", "null", '"a"', "[1, 2]", "no json", "[" * 100_000, "{" * 100_000])
def test_what_describes_nothing_gives_nothing(text):
    assert objects(text) == []


def test_depth_width_and_length_end():
    deep = "[" * (DEPTH + 1) + '{"headline": "x"}' + "]" * (DEPTH + 1)
    assert headlines(deep) == []
    assert len(objects(json.dumps([{"headline": "x"}] * (ITEMS + 1)))) == ITEMS
    assert objects('{"headline": "' + "x" * 2_000_000 + '"}') == []


@given(st.text(max_size=200) | st.text('{}[]",:/*\\ab\n', max_size=60))
def test_any_text_is_safe(text):
    assert isinstance(objects(text), list)
