from datetime import UTC, datetime

import pytest

from pipeline.kernels.html import parsed
from pipeline.kernels.metadata import Metadata, guessed_day, metadata, tidy

AS_OF = datetime(2026, 11, 22, tzinfo=UTC)
LD = """<script type="application/ld+json">{"@graph": [{"@type": "WebPage", "headline": "No"},
{"@type": ["NewsArticle"], "headline": "Bridge to close", "author": [{"@type": "Person", "name": "Ana Petrova"},
{"name": "Li Wei"}, {"name": "Ana Petrova"}], "datePublished": "2026-11-17T06:30:00+01:00",
"publisher": {"name": "Arle Courier"}, "inLanguage": "en-GB"}]}</script>"""


def said(html):
    return metadata(parsed(html))


def test_json_ld_tells_everything():
    assert said(LD) == Metadata(
        title="Bridge to close",
        byline="Ana Petrova, Li Wei",
        published="2026-11-17T06:30:00+01:00",
        site="Arle Courier",
        language="en-GB",
    )


def test_meta_tags_tell_it_too_in_their_order_of_trust():
    page = """<html lang="de"><head><meta name="date" content="2020-01-01">
    <meta property="article:published_time" content="2026-11-17T06:30"><meta name="twitter:title" content="Twitter">
    <meta property="og:title" content="Br&uuml;cke gesperrt"><meta name="author" content="Von Ana Petrova und Li Wei">
    <meta property="og:site_name" content=" Arle  Bote "></head>"""
    assert said(page) == Metadata("Brücke gesperrt", "Ana Petrova, Li Wei", "2026-11-17T06:30", "Arle Bote", "de")


def test_json_ld_goes_before_meta_for_authors_and_time_and_after_it_for_the_title():
    tags = """<meta property="og:title" content="Bridge shut | Arle"><meta name=author content="Desk">
    <meta name="date" content="2020-01-01">"""
    found = said(tags + LD)
    assert (found.title, found.byline, found.published) == (
        "Bridge shut | Arle",
        "Ana Petrova, Li Wei",
        "2026-11-17T06:30:00+01:00",
    )


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("<meta property=og:title content='Bridge to close - Courier'><h1>Bridge to close</h1>", "Bridge to close"),
        ("<meta property=og:title content='Bridge to close'><h1>Arle Courier</h1>", "Bridge to close"),
        ("<title>Bridge to close | Arle Courier</title><h1>One</h1><h1>Two</h1>", "Bridge to close"),
        ("<title>Arle-on-Sea to close</title>", "Arle-on-Sea to close"),
        ("<title>Courier</title><h1>Bridge <b>to</b> close</h1>", "Bridge to close"),
        ("<title>Courier - English - Bridge to close</title><h2>Port</h2><h2>Bridge to close</h2>", "Bridge to close"),
        ("<title>Courier - Bridge to close</title>", "Bridge to close"),
        ("<title>Arle Courier - Bridge to close</title><meta property=og:site_name content='Arle Courier'>",
         "Bridge to close"),
        ("<title>Fire | Arle Courier</title>", "Fire"),
        ("<title>橋が閉鎖 | アーレ新聞電子版</title>", "橋が閉鎖"),
        ("<title>Bridge to close - May to July | Courier</title><h2>Bridge to close - May to July</h2>",
         "Bridge to close - May to July"),
        ("<meta property=og:title content=Courier><meta property=og:site_name content=Courier>"
         "<title>Bridge to close | Courier</title>", "Bridge to close"),
        ("<h1>Courier</h1><meta property=og:site_name content=Courier><title>Bridge to close | Courier</title>",
         "Bridge to close"),
        ("<title>Courier</title><meta property=og:site_name content=Courier>", "Courier"),
        ("<p>No title</p>", None),
    ],
)  # fmt: skip
def test_the_title_comes_without_the_sites_name(page, title):
    assert said(page).title == title


@pytest.mark.parametrize(
    "script", ["{", "[" * 50_000, '{"@type": 7}', '{"@type": "Recipe", "author": "No"}', "null", '"a"']
)
def test_broken_or_foreign_json_ld_leaves_the_meta_tags(script):
    page = f'<meta name=author content="Ana Petrova"><script type="application/ld+json">{script}</script>'
    assert said(page).byline == "Ana Petrova"


def test_addresses_are_no_authors_and_the_first_dated_time_counts():
    page = """<meta name=author content="https://social.example/arle"><time datetime="soon">x</time>
    <time datetime="2026-11-17">Monday</time>"""
    assert (said(page).byline, said(page).published) == (None, "2026-11-17")


def test_values_are_on_one_line_without_control_characters():
    assert tidy(" Bridge\x00 &amp;\n ferry\x1b[31m\u200b ") == "Bridge & ferry [31m"
    assert tidy("  ") is tidy(17) is None
    assert len(tidy("a" * 10_000)) == 500


def test_a_day_is_guessed_from_the_markup_alone():
    page = '<html><body><div class="date">Published: 2026-11-17</div><p>Text of the day.</p></body></html>'
    assert guessed_day(page, AS_OF) == "2026-11-17"
    assert guessed_day("<html><body><p>Nothing said</p></body></html>", AS_OF) is None
    assert guessed_day("", AS_OF) is None


def test_what_looks_like_an_address_is_never_fetched(monkeypatch):
    def fetched(*_, **__):
        raise AssertionError("the network was asked")

    monkeypatch.setattr("socket.socket.connect", fetched)
    assert guessed_day("http://127.0.0.1:9/", AS_OF) is None
