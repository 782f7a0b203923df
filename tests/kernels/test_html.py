import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import DATA
from pipeline.kernels.charset import decoded
from pipeline.kernels.html import HINTS, WITHIN, lxml_tree, parsed, visible_lines

BENCH = DATA / "bench"

PAGE = """<!doctype html><html lang="en"><head><title>Bridge</title><script>var a = "<p>no</p>";</script></head>
<body class="article-page">
<nav class="site-menu"><ul><li><a href="/">Home</a></li><li><a href="/sport">Sport</a> today</li></ul></nav>
<main><article>
 <h1>Bridge over the Arle
     to close</h1>
 <p class="byline">By <b>Ana</b> Petrova<br>17 November 2026</p>
 <figure><img src="x.jpg" alt="no"><figcaption>The bridge on Monday</figcaption></figure>
 <div itemprop="articleBody"><p>The council <a href="/v">voted</a> to&nbsp;close it.</p><!-- no --><p> </p>
 <table><tr><td>East</td><td>12</td></tr><tr><td>West</td><td>9</td></tr></table></div>
 <aside class="related-stories"><a href="/f">Ferry adds sailings</a></aside>
 <div style="display: none">Hidden note</div>
</article></main>
<noscript>no</noscript><template><p>no</p></template><svg><text>no</text></svg><textarea>no</textarea>
<footer role="contentinfo">© Arle Courier</footer></body></html>"""


def lines_of(html, max_lines=1_000):
    return visible_lines(parsed(html), max_lines)


def by_text(html):
    return {line.text: line for line in lines_of(html)}


def test_visible_text_becomes_lines_in_document_order():
    assert [line.text for line in lines_of(PAGE)] == [
        "Home", "Sport today", "Bridge over the Arle to close", "By Ana Petrova", "17 November 2026",
        "The bridge on Monday", "The council voted to close it.", "East 12", "West 9", "Ferry adds sailings",
        "Hidden note", "© Arle Courier",
    ]  # fmt: skip
    assert [line.line_no for line in lines_of(PAGE)] == list(range(1, 13))
    assert all(line.start is None and line.end is None and not line.continues for line in lines_of(PAGE))


@pytest.mark.parametrize(
    ("text", "tag", "link_share", "within", "hints"),
    [
        ("Home", "li", 1.0, {"nav", "li"}, {"navigation"}),
        ("Sport today", "li", 0.5, {"nav", "li"}, {"navigation"}),
        ("Bridge over the Arle to close", "h1", 0.0, {"main", "article", "heading"}, set()),
        ("By Ana Petrova", "p", 0.0, {"main", "article", "p"}, {"byline"}),
        ("17 November 2026", "p", 0.0, {"main", "article", "p"}, {"byline"}),
        ("The bridge on Monday", "figcaption", 0.0, {"main", "article", "figure"}, set()),
        ("The council voted to close it.", "p", 0.2, {"main", "article", "p"}, {"article_body"}),
        ("East 12", "td", 0.0, {"main", "article", "table"}, {"article_body"}),
        ("Ferry adds sailings", "aside", 1.0, {"main", "article", "aside"}, {"related"}),
        ("Hidden note", "div", 0.0, {"main", "article"}, {"hidden"}),
        ("© Arle Courier", "footer", 0.0, {"footer"}, set()),
    ],
)
def test_every_line_carries_what_the_markup_says(text, tag, link_share, within, hints):
    markup = by_text(PAGE)[text].markup
    assert (markup.tag, markup.link_share, markup.within) == (tag, link_share, within)
    assert markup.hints == hints


@pytest.mark.parametrize(
    ("attributes", "hint"),
    [
        ('class="main-nav"', "navigation"), ('id="footer"', "footer"), ('class="read-more-list"', "related"),
        ('class="social-links"', "share"), ('class="newsletter"', "newsletter"), ('id="disqus_thread"', "comments"),
        ('class="right-rail"', "sidebar"), ('class="ad-slot"', "ad"), ('class="photo-credit"', "caption"),
        ('class="author"', "byline"), ('class="dateline"', "date"),
        ('class="tags"', "tags"), ('class="story"', "story"),
        ('class="post__content"', "article_body"), ('class="card"', "list"), ('class="modal"', "overlay"),
        ('class="sr-only"', "hidden"), ("hidden", "hidden"), ('aria-hidden="true"', "hidden"),
    ],
)  # fmt: skip
def test_class_and_id_give_hints_to_everything_inside(attributes, hint):
    assert hint in by_text(f"<div {attributes}><p>The council voted.</p></div>")["The council voted."].markup.hints


def test_words_of_within_and_hints_come_from_the_documented_lists():
    for line in lines_of(PAGE):
        assert line.markup.within <= set(WITHIN)
        assert line.markup.hints <= {word for word, _ in HINTS}


@pytest.mark.parametrize(
    "html", ["", "   ", "<html></html>", "<frameset><frame src=x></frameset>", "<script>a</script>"]
)
def test_a_page_without_visible_text_has_no_lines(html):
    assert lines_of(html) == []


def test_the_walk_stops_at_the_most_lines_wanted():
    html = "<p>The council voted again.</p>" * 500
    assert len(lines_of(html, max_lines=20)) == 20


def test_a_very_deep_page_is_read_and_libxml_is_not_trusted_with_it():
    html = "<div>" * 5_000 + "Deep inside" + "</div>" * 5_000 + "<p>After it</p>"
    assert [line.text for line in lines_of(html)] == ["Deep inside", "After it"]
    assert lxml_tree(html) is None
    assert lxml_tree('<?xml version="1.0" encoding="cp1252"?><p>Café</p>').text_content() == "Café"


words = st.text(alphabet="abé語 \n\t<&", max_size=8)
pages = st.recursive(
    words.map(lambda text: text.replace("<", "&lt;")),
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag} class=nav>{''.join(parts)}</{tag}>",
        st.sampled_from(["p", "div", "b", "a", "li", "td", "nav", "br", "script", "h2", "unknown-tag"]),
        st.lists(inner, max_size=4),
    ),
    max_leaves=25,
)


@given(pages)
def test_no_line_is_invented_blank_or_out_of_order(html):
    lines = lines_of(html)
    assert all(line.text == " ".join(line.text.split()) != "" for line in lines)
    assert all(0.0 <= line.markup.link_share <= 1.0 for line in lines)
    tree = parsed(html)
    tree.strip_tags(["script"])
    everything = "".join((tree.body.text() if tree.body else "").split())
    assert "".join("".join(line.text.split()) for line in lines) == everything


@pytest.mark.bench
@pytest.mark.skipif(not (BENCH / "chrome-dev.parquet").is_file(), reason="no benchmark data")
def test_lines_agree_with_the_naive_dump_of_the_benchmark():
    from difflib import SequenceMatcher

    import polars as pl

    rows = pl.read_parquet(BENCH / "chrome-dev.parquet", columns=["html", "lines"]).sample(30, seed=7)
    n_lines = n_equal = 0
    for html, wanted in rows.iter_rows():
        own = [line.text for line in lines_of(decoded(html, markup=True).text, 100_000)]
        n_equal += sum(block.size for block in SequenceMatcher(None, own, wanted, autojunk=False).get_matching_blocks())
        n_lines += max(len(own), len(wanted))
    assert n_equal >= 0.99 * n_lines


@given(st.text(alphabet="-_ :", max_size=2), st.sampled_from(HINTS), st.data())
def test_a_name_has_every_hint_one_of_whose_forms_it_holds(border, hint, data):
    word, forms = hint
    form = data.draw(st.sampled_from(forms.split()))
    name = data.draw(st.from_regex(re.compile(form, re.ASCII), fullmatch=True)) + border.replace(" ", "")
    wanted = {word for word, forms in HINTS if any(re.search(form, name) for form in forms.split())}

    assert word in wanted or "_" in border  # a letter to \b: `tag_` is not the word tag
    assert by_text(f'<div class="{name}">Bridge</div>')["Bridge"].markup.hints == wanted
