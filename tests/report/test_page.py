"""What the page is made of: whole texts, sound markup, nothing that runs or loads."""

import base64
import hashlib
import importlib.util
import re
import shutil
from itertools import pairwise

import polars as pl
import pytest

from pipeline import report, schemas
from pipeline.errors import UsageError
from pipeline.report.text import visible
from tests.report.conftest import HOSTILE, reported
from tests.report.reading import ACTING, parsed, shown
from tests.world import configured, copydesk, current

ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "header", "nav", "main", "footer", "section", "article", "h1",
    "h2", "h3", "h4", "h5", "p", "a", "ol", "li", "div", "span", "small", "code", "b", "i", "em", "br", "bdi", "data",
    "time", "del", "ins", "mark", "blockquote", "figure", "figcaption", "table", "caption", "thead", "tbody", "tr",
    "th", "td", "details", "summary", "svg", "g", "path", "line", "rect", "text",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "href", "class", "id", "aria-label", "aria-labelledby", "role",
    "tabindex", "scope", "colspan", "value", "open", "datetime", "viewbox", "d", "x1", "x2", "y1", "y2", "transform",
    "fill", "fill-opacity", "stroke", "stroke-width", "text-anchor", "font-size", "font-weight", "xmlns",
}  # fmt: skip


@pytest.fixture(params=["sample", "hostile"])
def any_report(request):
    return request.getfixturevalue(request.param)


def test_the_page_has_only_known_elements_and_attributes(any_report):
    nodes = parsed(any_report.page).css("*")

    assert {node.tag for node in nodes} <= ELEMENTS
    assert {name.lower() for node in nodes for name in node.attributes} <= ATTRIBUTES
    assert {node.attributes["href"][0] for node in nodes if "href" in node.attributes} == {"#"}


def test_the_policy_allows_the_pages_own_style_and_nothing_else(any_report):
    page = parsed(any_report.page)
    style = page.css_first("style").text()
    hashed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert page.css_first("meta[http-equiv]").attributes["content"] == (
        f"default-src 'none'; style-src 'sha256-{hashed}'; base-uri 'none'; form-action 'none'"
    )
    assert not re.search(r"url\(|@import|@font-face", style)


def test_hostile_text_is_shown_and_never_acts(hostile):
    assert not any(character in hostile.page for character in ACTING)
    for name in ("outlet", "title", "reason", "detail", "surface", "name", "dropped_by", "wire_evidence"):
        assert name in {column for table in schemas.TABLES for column in table.names}
    texts = {shown(node) for node in parsed(hostile.page).css("bdi")}
    assert sum(text.endswith(visible(HOSTILE)) for text in texts) > 100
    assert "{{ 7 * 7 }}" in hostile.page


def test_the_same_version_gives_the_same_bytes(sample):
    assert report.html(sample.version, None, configured()) == sample.page


def test_every_line_of_a_page_is_the_tables_and_stands_where_it_says(any_report):
    lines = any_report.version.read(schemas.LINES)
    pages = parsed(any_report.page).css("#pages ~ details")

    assert len(pages) >= 8
    for page in pages:
        own = lines.filter(pl.col("article_id") == page.css_first(".note .id").text()).sort("line_no")
        items = page.css("ol.page > li")
        assert [int(item.attributes["value"]) for item in items] == own["line_no"].to_list()
        assert [shown(item.css_first("bdi")) for item in items] == [visible(text) for text in own["text"]]
        struck = [int(item.attributes["value"]) for item in items if item.css_first("del") is not None]
        kept = [int(item.attributes["value"]) for item in items if item.attributes["class"] == "text"]
        assert struck == own.filter(pl.col("dropped_by").is_not_null())["line_no"].to_list()
        assert kept == own.filter(pl.col("paragraph_no").is_not_null())["line_no"].to_list()
        for item, row in zip(items, own.iter_rows(named=True), strict=True):
            if row["dropped_by"]:
                assert shown(item.css_first("b")).startswith(f"dropped: {visible(row['dropped_by'])}")
                assert shown(item.css_first("b")).endswith(f"; score {row['score']:.4f}")
        figures = [int(data.attributes["value"]) for data in page.css_first(".note").css("data")[:4]]
        assert figures[0] == own.height == sum(figures[1:])
        assert figures[1] == len(kept)
        assert figures[3] == len(struck)


def test_a_copys_words_are_the_canonical_with_its_edits(sample):
    texts = dict(sample.ask("select paragraph_id, text from paragraphs"))
    members = sample.ask("select canonical_id, paragraph_id from paragraphs where not is_canonical")
    pairs = {(unspaced(texts[first]), unspaced(texts[copy])) for first, copy in members}
    clusters = parsed(sample.page).css("article.cluster")

    assert len(clusters) >= 10
    for cluster in clusters:
        canonical = unspaced(shown(cluster.css_first("blockquote")))
        for copy in cluster.css("p.copy"):
            pieces = copy.css("del, ins, span")
            pieces = [piece for piece in pieces if piece.attributes.get("class") != "none"]
            before = "".join(shown(piece) for piece in pieces if piece.tag != "ins")
            after = "".join(shown(piece) for piece in pieces if piece.tag != "del")
            if not pieces:
                assert shown(copy.css_first("em")) == "word for word"
                assert (canonical, canonical) in pairs
                continue
            assert unspaced(before) == canonical
            assert (canonical, unspaced(after)) in pairs


def unspaced(text):
    return "".join(text.split())


def test_headings_tables_and_regions_are_named_and_in_order(any_report):
    page = parsed(any_report.page)
    levels = [int(node.tag[1]) for node in page.css("h1, h2, h3, h4, h5")]
    ids = [node.attributes["id"] for node in page.css("[id]")]

    assert levels.count(1) == 1
    assert all(deeper <= level + 1 for level, deeper in pairwise(levels))
    assert len(ids) == len(set(ids))
    assert {link.attributes["href"][1:] for link in page.css("nav a, .skip")} <= set(ids)
    assert {node.attributes["aria-labelledby"] for node in page.css("[aria-labelledby]")} <= set(ids)
    for table in page.css("table"):
        assert table.css_first("caption") is not None
        assert all(head.attributes["scope"] == "col" for head in table.css("thead th"))
        assert all(row.css_first("th[scope=row], td[colspan]") is not None for row in table.css("tbody tr"))
    names = [shown(page.css_first(f"#{node.attributes['aria-labelledby']}")) for node in page.css("[role=region]")]
    assert len(names) == len(set(names))
    assert all(chart.attributes["aria-label"] for chart in page.css("svg"))


def test_a_page_that_is_long_is_cut_and_says_how_much_is_missing(two_days, monkeypatch):
    from pipeline.report import pages, stories

    monkeypatch.setattr(pages, "SHOWN_LINES", 5)
    monkeypatch.setattr(pages, "SHOWN_CHARACTERS", 40)
    monkeypatch.setattr(stories, "SHOWN_CHARACTERS", 60)
    one = reported(current(two_days))
    first = parsed(one.page).css_first("#pages ~ details")
    n_lines = int(first.css_first(".note data").attributes["value"])

    assert len(first.css("ol.page > li")) == 5
    assert f"{n_lines - 5} more lines" in shown(first.css_first(".more"))
    assert all(len(shown(node)) <= 40 for node in first.css("ol.page bdi"))
    texts = dict(one.ask("select text, length(text) - 60 from paragraphs"))
    quote = parsed(one.page).css_first("blockquote")
    left = next(left for text, left in texts.items() if text.startswith(shown(quote.css_first("bdi"))))
    assert int(quote.css_first("data").attributes["value"]) == left


def test_a_large_version_is_not_searched_for_proposals(two_days, monkeypatch):
    from pipeline.report import people

    monkeypatch.setattr(people, "MAX_SEARCHED", 100)

    assert "This version has too much text to look for them here" in reported(current(two_days)).page


def test_without_the_extra_the_command_says_what_to_install(two_days, monkeypatch):
    known = importlib.util.find_spec
    monkeypatch.setattr(report, "find_spec", lambda name: None if name == "altair" else known(name))

    with pytest.raises(UsageError, match=r"the report needs altair; `pip install 'copydesk\[report\]'`"):
        report.html(current(two_days), None, configured())


def test_the_command_writes_the_report_of_the_run_asked_for(two_days, tmp_path):
    first = current(two_days).manifest["base"]

    result = copydesk("report", "-o", two_days, "--run", first, "--file", tmp_path / "r.html")
    unknown = copydesk("report", "-o", two_days, "--run", "none")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith(f"{tmp_path / 'r.html'}: the report of run {first}, ")
    assert (tmp_path / "r.html").read_text(encoding="utf-8").count(first) > 2
    assert unknown.exit_code == 2


def test_the_command_writes_beside_the_tables_and_again(two_days, tmp_path):
    out = shutil.copytree(two_days, tmp_path / "clean", symlinks=True)

    for _ in range(2):
        assert copydesk("report", "-o", out, "-q").output == ""

    assert (out / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
