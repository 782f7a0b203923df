"""Markup of any kind: a page is lines or a refusal, never an error, and the same whatever is read beside it."""

import json
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipeline import schemas
from pipeline.kernels.hashing import article_id, content_hash
from pipeline.kernels.html import parsed, visible_lines
from pipeline.kernels.text import EDGE
from pipeline.readers import Document, key_of, outlet_of
from pipeline.stages.extract import Settings, Task, apply

AS_OF = datetime(2026, 11, 22, tzinfo=UTC)
TAGS = (
    "a", "article", "aside", "b", "base", "body", "br", "button", "caption", "dd", "details", "div", "dl", "figcaption",
    "figure", "footer", "form", "frameset", "h1", "h3", "head", "header", "html", "iframe", "image", "isindex", "li",
    "main", "marquee", "math", "meta", "nav", "nobr", "noframes", "noscript", "object", "option", "p", "plaintext",
    "pre", "rb", "rp", "script", "section", "select", "span", "style", "svg", "table", "tbody", "td", "template",
    "textarea", "th", "time", "title", "tr", "ul", "wbr", "xmp", "x-card", "foreignObject", "mi",
)  # fmt: skip
NAMES = ("class", "id", "href", "role", "itemprop", "style", "hidden", "aria-hidden", "datetime", "name", "property",
         "content", "lang", "charset", "type", "CLASS", "on", "\x00", "é", "'", "<")  # fmt: skip
VALUES = (
    "", "nav-menu", "article-body", "byline author", "byline__date", "contentinfo", "banner", "articleBody", "author",
    "display: none", "true", "2026-11-17T06:30:00+01:00", "17 November 2026", "og:title", "article:published_time",
    "application/ld+json", "utf-16", "ko", "en-", "\x00", "\ufffe", "é" * 500, "a " * 300, '"', "'", ">",
)  # fmt: skip
TEXTS = (
    " ", "\n\t", "&nbsp;", "&#0;", "&#xD800;", "&#1114112;", "&amp", "&notit;", "\x00", "\ufeff", "\u2028", "\u200b",
    "e" + "\u0301" * 40, "ﷺ" * 20, "By Ana Petrova", "17 November 2026", "Share", "(Reuters)", "다리 위의 시장",
    "The council voted on Monday to close the old iron bridge over the Arle for at least three weeks.",
    "مجلس المدينة يغلق الجسر", "橋が三週間閉鎖される。", "🛳️🛳️", "]]>", "-->", "</", "<", "<!", "<?", "&", "{}",
    "A" * 3_000,
)  # fmt: skip
RAW = (
    "<!doctype html>", "<!DOCTYPE", "<!-- ", "<!-->", "--!>", "<![CDATA[", "]]>", "<?xml version='1.0'?>", "<%", "</p",
    "</>", "< p>", "<p/", "<p a='", "</body>", "</html>", "</table>", "</script", "</title>", "</svg>", "</template>",
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from((*VALUES, *TEXTS)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("@type", "@graph", "@id", "author", "headline", "datePublished", "name", "publisher")),
            inner | st.sampled_from(("NewsArticle", "Person")),
            max_size=4,
        )
    ),
    max_leaves=8,
)


def tag(name, attributes):
    told = "".join(f" {key}={value}" for key, value in attributes)
    return f"<{name}{told}>"


quoted = st.sampled_from(VALUES).map(lambda value: f'"{value}"')
attributes = st.lists(st.tuples(st.sampled_from(NAMES), st.one_of(quoted, st.sampled_from(VALUES))), max_size=3)
pieces = st.one_of(
    st.builds(tag, st.sampled_from(TAGS), attributes),
    st.sampled_from(TAGS).map(lambda name: f"</{name}>"),
    st.sampled_from(TEXTS),
    st.sampled_from(RAW),
    st.text(max_size=12),
    JSON.map(lambda value: f'<script type="application/ld+json">{json.dumps(value)}</script>'),
)
pages = st.lists(pieces, max_size=40).map("".join)


def task(html, number=0):
    raw = html.encode("utf-8", "surrogatepass")
    document = Document(f"arle.example/{number}.html", 0, None, "html", raw, content_hash(raw))
    outlet, key = outlet_of(document), key_of(document)
    return Task(article_id(outlet, key), outlet, key, 0, AS_OF, document)


def read(*tasks, html="fast"):
    return apply(tasks, Settings(html=html), AS_OF)


@settings(max_examples=150)
@given(pages)
@example("<plaintext>The ferry sailed.</p>")
@example("<table><p>The ferry sailed.<td></table>")
@example("<svg><foreignObject><p>The ferry sailed.</svg>")
def test_any_markup_is_lines_or_a_refusal(html):
    answer = read(task(html))

    assert answer.documents.height + answer.rejects.height == 1
    lines = schemas.conform(answer.lines, schemas.SCORED_LINES, at="extract")
    assert (answer.documents.height == 1) == (lines.height > 0)
    assert lines["line_no"].to_list() == list(range(1, lines.height + 1))
    assert all(text == text.strip(EDGE) != "" for text in lines["text"])
    assert lines["score"].is_between(0, 1).all()
    assert set(lines["role"]) <= set(schemas.ROLES)


@settings(max_examples=40)
@given(st.lists(pages, min_size=2, max_size=4))
def test_a_page_is_read_alike_whatever_is_read_beside_it(batch):
    tasks = [task(html, number) for number, html in enumerate(batch)]

    together, apart = read(*tasks), [read(one) for one in tasks]

    for table in ("documents", "lines", "rejects"):
        assert_frame_equal(getattr(together, table), pl.concat(getattr(answer, table) for answer in apart))


@settings(max_examples=100)
@given(pages, st.integers(1, 5))
def test_fewer_lines_are_the_first_of_all(html, most):
    every = visible_lines(parsed(html), 10_000)

    assert visible_lines(parsed(html), most) == every[:most]


@pytest.mark.torture
@settings(max_examples=400)
@given(pages)
def test_any_markup_is_read_with_trafilatura_too(html):
    answer = read(task(html), html="trafilatura")

    assert answer.documents.height + answer.rejects.height == 1
    assert set(answer.documents["extractor"]) <= {"fast", "trafilatura"}
