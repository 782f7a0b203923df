import pytest

from pipeline.kernels.html import parsed
from pipeline.kernels.metadata import Metadata, metadata, tidy

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


def test_json_ld_goes_before_meta_for_authors_and_time():
    found = said('<meta name=author content="Someone Else"><meta name="date" content="2020-01-01">' + LD)
    assert (found.byline, found.published) == ("Ana Petrova, Li Wei", "2026-11-17T06:30:00+01:00")


OG = "<meta property=og:title content='Iron bridge shut for weeks'>"
HEADLINE = '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Bridge to close"}</script>'


@pytest.mark.parametrize(
    ("rest", "title"),
    [
        ("<h1>Iron bridge shut for weeks</h1><title>Bridge to close</title>", "Iron bridge shut for weeks"),
        ("<h1>Bridge to close</h1><title>Bridge to close | Courier</title>", "Iron bridge shut for weeks"),
        ("<h1>Bridge to close</h1><title>Iron bridge shut for weeks</title>", "Bridge to close"),
        ("<h1>Arle in shock</h1><title>Bridge to close</title>", "Bridge to close"),
        ("<h1>One</h1><h1>Two</h1>", "Bridge to close"),
    ],
)
def test_headline_and_og_title_differ(rest, title):
    assert said(OG + HEADLINE + rest).title == title


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
        ("<meta property=og:title content='Bridge to close - Arle Courier'>"
         "<link rel=canonical href='https://www.arlecourier.example/b'>", "Bridge to close"),
        ("<meta property=og:title content='Courier | Bridge to close - May to July | Courier | News'>"
         "<meta property=og:site_name content='The Courier'>", "Bridge to close - May to July"),
        ("<meta property=og:title content='Bridge to close • Courier'><h1>Bridge to close</h1>", "Bridge to close"),
        ("<meta property=og:title content='Traffic: Bridge to close'><h1>Bridge to close</h1>",
         "Traffic: Bridge to close"),
        ("<meta property=og:title content='Bridge - a history'><h1>Bridge</h1><h1>Ferry</h1>", "Bridge - a history"),
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


def test_an_author_may_be_the_id_of_somebody_described_elsewhere():
    page = """<script type="application/ld+json">{"@graph": [
    {"@type": "Article", "headline": "Bridge to close", "author": {"@id": "#ana"}, "publisher": {"@id": "#paper"}},
    {"@type": "Person", "@id": "#ana", "name": "Ana Petrova"},
    {"@type": "Organization", "@id": "#paper", "name": "Arle Courier"}]}</script>"""
    assert (said(page).byline, said(page).site) == ("Ana Petrova", "Arle Courier")


def test_another_article_on_the_page_lends_neither_author_nor_time():
    page = """<script type="application/ld+json">[{"@type": "NewsArticle", "headline": "Bridge to close"},
    {"@type": "NewsArticle", "headline": "Ferry fire", "author": "Li Wei", "datePublished": "2026-11-01"}]</script>"""
    assert (said(page).byline, said(page).published) == (None, None)


def test_persons_go_before_the_house_wherever_they_are_named():
    page = """<meta property=og:site_name content="Arle Courier"><meta name=author content="Arle Courier">
    <meta name=twitter:label1 content="{}"><meta name=twitter:data1 content="Ana Petrova">"""
    assert said(page.format("Written by")).byline == "Ana Petrova"
    assert said(page.format("Reading time")).byline == "Arle Courier"


def byline_page(byline):
    return f"<p class=author>Li Wei</p><h1>Bridge to close</h1>{byline}<p>The council met.</p>"


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("<div class=byline>By <a rel=author href=/a>Ana Petrova</a></div>", "Ana Petrova"),
        ("<div class=byline>By <b>Ana Petrova</b> and <b>Li Wei</b> <i>17 November 2026</i></div>",
         "Ana Petrova, Li Wei"),
        ("<p><a rel=author>Ana Petrova</a> · <a rel=author>Li Wei</a></p><p><a rel=author>Jan Kowal</a></p>",
         "Ana Petrova, Li Wei"),
        ("<span itemprop=author><span itemprop=name>Ana Petrova</span></span>", "Ana Petrova"),
        ("<div class=author-box>Follow us</div><div class=author>Ana Petrova, Political Editor</div>", "Ana Petrova"),
        ("<div class=related><p class=author>Jan Kowal</p></div>", None),
        ("<aside><p class=byline>Jan Kowal</p></aside>", None),
        ("<p class=byline>By AFP</p>", "AFP"),
        ("<p class=byline>(dpa/lno)</p>", "dpa"),
        ("<p class=byline>AFP</p><div><p class=byline>Ana Petrova</p></div>", "Ana Petrova"),
        ("<p class=byline>Courier staff</p>", None),
        ("<div class=author>" + "Ana Petrova writes about bridges and ferries. " * 6 + "</div>", None),
        ("<p>Ana Petrova</p>", None),
    ],
)  # fmt: skip
def test_a_printed_byline_is_read_where_no_field_names_a_person(byline, names):
    assert said(byline_page(byline)).byline == names
    assert said("<meta name=author content='Maria Ruiz'>" + byline_page(byline)).byline == "Maria Ruiz"


@pytest.mark.parametrize(
    ("page", "published"),
    [
        ("<time class=updated datetime=2026-11-19>x</time><time datetime=2026-11-17>x</time>", "2026-11-17"),
        ("<aside><time datetime=2026-11-19>x</time></aside><time datetime=2026-11-17T06:30>x</time>",
         "2026-11-17T06:30"),
        ("<link rel=canonical href=https://arle.example/2026/11/17/b>", "2026-11-17"),
        ("<link rel=canonical href=https://arle.example/2026/11/17/b><li><time datetime=2026-11-19>x</time></li>",
         "2026-11-17"),
        ("<li><time datetime=2026-11-19>x</time></li>", "2026-11-19"),
        ("<meta name=date content=1970-01-01><time datetime=2026-11-17>x</time>", "2026-11-17"),
        ("<meta property=article:modified_time content=2026-11-19>", None),
        ("<meta name=date content=soon>", "soon"),
    ],
)  # fmt: skip
def test_the_day_of_publication_and_not_of_a_change(page, published):
    assert said(page).published == published


def test_the_address_is_the_canonical_one_where_it_is_absolute():
    assert said("<link rel=canonical href=https://arle.example/b>").address == "https://arle.example/b"
    page = "<link rel=canonical href=/b><meta property=og:url content=https://arle.example/b>"
    assert said(page).address == "https://arle.example/b"
    assert said("<link rel=canonical href=javascript:alert(1)>").address is None
    assert said("<link rel=canonical href='http://[x'>").address is None


@pytest.mark.parametrize("identity", ['["a"]', '{"b": "c"}', "null", "7"])
def test_an_id_that_is_no_string_names_nobody(identity):
    who = f'{{"@id": {identity}}}'
    block = f'{{"@type": "NewsArticle", "headline": "Ferry", "author": {who}, "publisher": {who}}}'

    assert metadata(parsed(f'<script type="application/ld+json">{block}</script>')).byline is None


def test_half_a_surrogate_pair_is_no_part_of_a_headline():
    block = '{"@type": "NewsArticle", "headline": "Ferry \\ud83d aground"}'

    assert metadata(parsed(f'<script type="application/ld+json">{block}</script>')).title == "Ferry aground"
