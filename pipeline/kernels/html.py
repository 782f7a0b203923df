"""HTML -> visible lines with what the markup says about each: one parse, one walk, no layout.

A line is what stands between two block borders or `<br>`; text that style sheets hide stays, with the hint `hidden`.
Parsing is lexbor's (the WHATWG tree, as browsers build it); the walk is linear in the nodes.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from ahocorasick_rs import AhoCorasick, MatchKind
from selectolax.lexbor import LexborHTMLParser

from pipeline.kernels.lines import Line, Markup
from pipeline.kernels.text import EDGE

if TYPE_CHECKING:
    from lxml.html import HtmlElement  # type: ignore[import-untyped]  # lxml ships no types

INVISIBLE = [
    "script", "style", "noscript", "template", "svg", "iframe", "object", "math", "canvas", "textarea",
]  # fmt: skip
BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "br", "button", "caption", "center", "dd", "details",
    "dialog", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4",
    "h5", "h6", "header", "hgroup", "hr", "label", "legend", "li", "main", "menu", "nav", "ol", "option", "p",
    "pre", "section", "select", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul", "video", "audio",
))  # fmt: skip
CELLS = frozenset(("td", "th"))
VOID = frozenset((  # neither text nor children
    "area", "base", "col", "embed", "img", "input", "link", "meta", "param", "source", "track",
))  # fmt: skip

# The words of `Markup.within`: elements above a line (or their ARIA role), headings and captions under one name.
WITHIN = (
    "nav", "header", "footer", "aside", "article", "main", "figure", "li", "table", "form", "button", "select",
    "blockquote", "p", "heading", "section", "label", "dialog",
)  # fmt: skip
SAME_AS = {"h1": "heading", "h2": "heading", "h3": "heading", "h4": "heading", "h5": "heading", "h6": "heading",
           "figcaption": "figure"}  # fmt: skip
LANDMARKS = {"navigation": "nav", "banner": "header", "contentinfo": "footer", "complementary": "aside",
             "article": "article", "main": "main", "form": "form", "button": "button", "dialog": "dialog"}  # fmt: skip
# The words of `Markup.hints`, and what in class and id (in lower case) says them: forms apart by a space. Each begins
# with letters of its own, its stem; forms are flat: linear in the attribute's length.
HINTS = (
    ("navigation", r"nav menu breadcrumb topbar toolbar skip-?link"),
    ("footer", r"foot copyright legal disclaimer imprint impressum"),
    (
        "related",
        r"related recommend more- read-?next read-?more trending popular most-read teaser promo outbrain taboola latest"
        r" you-?may",
    ),
    ("share", r"share sharing social follow"),
    ("newsletter", r"newsletter subscri sign-?up paywall cookie consent gdpr donat"),
    ("comments", r"comment kommentar comentari discuss reply disqus"),
    ("sidebar", r"sidebar widget rail"),
    ("ad", r"\bads?[_-] \badvert sponsor \bdfp banner"),
    ("caption", r"caption credit"),
    ("byline", r"byline author writer contributor"),
    ("date", r"date time(?!line) publish"),
    ("tags", r"\btags?\b tag- topic keyword"),
    ("story", r"article story content post entry body text"),
    (
        "article_body",
        r"article[-_]{0,2}(?:body|text|content) story[-_]{0,2}(?:body|content|text) post[-_]{0,2}(?:body|content|text)"
        r" entry[-_]{0,2}(?:body|content|text)",
    ),
    ("list", r"card tile \blist item grid feed"),
    ("overlay", r"modal popup pop-up overlay"),
    ("hidden", r"hidden visually sr-only screen-?reader"),
)
STEM = re.compile(r"(?:\\b)?([a-z]+)(?!\?)")
WORDS = re.compile(r"[a-z]+(?:-\??[a-z]*)*")  # forms of letters and hyphens: no pattern is needed to find them
ATTRIBUTE_LENGTH = 400  # characters of class, and of id, that are looked at: on 80 pages 0.35 % of 47,154 are longer
TELLING = frozenset(("role", "itemprop", "style", "aria-hidden", "hidden"))  # further attributes that are looked at
_WITHIN_BIT = {word: 1 << place for place, word in enumerate(WITHIN)}
_TAG_BIT = _WITHIN_BIT | {tag: _WITHIN_BIT[word] for tag, word in SAME_AS.items()}
_HINT_BIT = {word: 1 << place for place, (word, _) in enumerate(HINTS)}


OWN_TAGS = (
    "p", "div", "span", "li", "h1", "h2", "h3", "h4", "td", "figcaption", "blockquote", "button", "label", "section",
    "dd", "br",
)  # fmt: skip
_OWN_TAG = {tag: number for number, tag in enumerate(OWN_TAGS, start=1)}
TELLING_TAGS = BLOCKS | CELLS | _TAG_BIT.keys() | {"a"}  # inside which other things hold, without an attribute too
_LEVEL = {f"h{level}": level for level in range(1, 7)}


# What holds for everything inside a block: its tag, its path group (blocks with the same path of tags and classes have
# the same), the level of the nearest heading, 0 outside, the numbers of the block itself, of the three above it and of
# the nearest <article>. And inside any element: bits of WITHIN and of HINTS, whether in a link, its block. They are
# plain tuples: the walk makes one for most elements, and NamedTuples would add a third to its time.
_Block = tuple[str, int, int, int, int, int, int, int]
_Place = tuple[int, int, bool, _Block]


def parsed(html: str | bytes) -> LexborHTMLParser:
    """The page's tree, bytes being UTF-8, with scripting on, so that `<noscript>` in the head does not end the head."""
    return LexborHTMLParser(html, scripting=True)


def lxml_tree(html: str) -> HtmlElement | None:
    """The page as lxml reads it, for libraries that want that.

    None where nothing is in it, or where libxml2 stopped at a limit: it drops all the rest without an error.
    """
    from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types
    from lxml import html as lxml_html

    parser = lxml_html.HTMLParser(remove_comments=True, remove_pis=True, encoding="utf-8")
    try:
        # Bytes, since lxml refuses a str that begins with an XML declaration of its charset.
        tree = lxml_html.document_fromstring(html.encode(), parser=parser)
    except etree.LxmlError:
        return None
    is_cut = any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log)
    return None if is_cut else tree


def visible_lines(tree: LexborHTMLParser, max_lines: int) -> list[Line]:
    """The first `max_lines` visible lines in document order.

    Takes scripts and the like out of the tree: read the metadata first.
    """
    tree.strip_tags(INVISIBLE)
    body = tree.body
    walk = _Walk()
    if body is None:
        return walk.lines
    place: _Place = (0, 0, False, ("body", 0, 0, 0, 0, 0, 0, 0))
    above_id = body.mem_id
    above = [(above_id, "body", place)]  # the open elements
    nodes = body.traverse(include_text=True)
    next(nodes)  # body itself
    pieces = walk.pieces
    for node in nodes:
        text = node.text_content
        if text is not None and (not text or text.isspace()):  # two texts of three
            if pieces:
                pieces.append(" ")
            continue
        if (parent := node.parent) is None:
            continue
        parent_id = parent.mem_id
        while above_id != parent_id and len(above) > 1:
            left = above.pop()[1]
            if pieces:
                if left in BLOCKS:
                    walk.end_line()
                elif left in CELLS:
                    pieces.append(" ")
            above_id, _, place = above[-1]
        if text is not None:
            walk.take(text, place, len(above) - 1)
        elif (tag := node.tag) is not None and tag not in VOID and tag[0] not in "-!":  # no comment, no document type
            if pieces and tag in BLOCKS:
                walk.end_line()
                if len(walk.lines) >= max_lines:
                    return walk.lines[:max_lines]
            attributes = node.attributes
            if attributes or tag in TELLING_TAGS:
                place = walk.inside(place, tag, attributes)
            above_id = node.mem_id
            above.append((above_id, tag, place))
    walk.end_line()
    return walk.lines[:max_lines]


class _Walk:
    """The lines so far, the pieces of the one under way, and the path groups."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.pieces: list[str] = []  # always the same list
        self._n_linked = 0
        self._place: _Place | None = None  # of the line's first text
        self._depth = 0
        self._groups: dict[tuple[int, str, str | None], int] = {}
        self._n_blocks = 0

    def take(self, text: str, place: _Place, depth: int) -> None:
        """Text, more than white space, inside the line under way and so many elements below the body."""
        if self._place is None:
            self._place, self._depth = place, depth
        if place[2]:
            self._n_linked += len("".join(text.split()))
        self.pieces.append(text)

    def end_line(self) -> None:
        """The line under way, if any, is complete."""
        words = "".join(self.pieces).split()
        spaced = " ".join(words)
        text = spaced if spaced.isascii() else spaced.strip(EDGE)  # `split` took what ASCII has of EDGE
        if text and self._place is not None:
            markup = _markup(self._place, self._depth, self._n_linked, len(spaced) - len(words) + 1)
            self.lines.append(Line(len(self.lines) + 1, text, None, None, False, False, markup))
        self.pieces.clear()
        self._n_linked = 0
        self._place = None

    def inside(self, place: _Place, tag: str, attributes: dict[str, str | None]) -> _Place:
        """What holds inside an element that has attributes, or one of TELLING_TAGS."""
        within, hints, is_linked, block = place
        if tag in _TAG_BIT:
            within |= _TAG_BIT[tag]
        name = None
        if attributes:
            name, identity = attributes.get("class"), attributes.get("id")
            if name:
                hints |= _named_bits(name[:ATTRIBUTE_LENGTH])
            if identity:
                hints |= _named_bits(identity[:ATTRIBUTE_LENGTH])
            if not TELLING.isdisjoint(attributes):
                within |= _landmark_bit(attributes.get("role"))
                hints |= _stated_bits(attributes)
        if tag == "a":
            is_linked = True
        elif tag in BLOCKS or tag in CELLS:
            _, group, level, one, two, three, _, article = block
            self._n_blocks = number = self._n_blocks + 1
            group = self._groups.setdefault((group, tag, name), len(self._groups) + 1)
            level = _LEVEL.get(tag, level)
            block = (tag, group, level, number, one, two, three, number if tag == "article" else article)
        return within, hints, is_linked, block


def _markup(place: _Place, depth: int, n_linked: int, n_signs: int) -> Markup:
    within, hints, _, (tag, group, level, _, block_1, block_2, block_3, article) = place
    facts = (n_linked, n_signs, depth, within, hints, _OWN_TAG.get(tag, 0), group, block_1, block_2, block_3, article,
             level)  # fmt: skip
    link_share = round(n_linked / n_signs, 4) if 0 < n_linked < n_signs else float(n_linked > 0)  # most are 0 or 1
    return Markup(tag, link_share, _within_words(within), _hint_words(hints), facts)


@lru_cache(maxsize=10_000)  # pages have some dozens of each
def _within_words(bits: int) -> frozenset[str]:
    return frozenset(word for word, bit in _WITHIN_BIT.items() if bits & bit)


@lru_cache(maxsize=10_000)
def _hint_words(bits: int) -> frozenset[str]:
    return frozenset(word for word, bit in _HINT_BIT.items() if bits & bit)


def _landmark_bit(role: str | None) -> int:
    return _WITHIN_BIT.get(LANDMARKS.get((role or "").lower(), ""), 0)


def _stated_bits(attributes: dict[str, str | None]) -> int:
    """The hints that attributes other than class and id give."""
    bits = 0
    style = (attributes.get("style") or "")[:ATTRIBUTE_LENGTH].replace(" ", "").lower()
    if "hidden" in attributes or attributes.get("aria-hidden") == "true" or "display:none" in style:
        bits |= _HINT_BIT["hidden"]
    if attributes.get("itemprop") == "articleBody":
        bits |= _HINT_BIT["article_body"]
    return bits


@lru_cache(maxsize=50_000)  # pages of an outlet, and of one publishing system, share their classes
def _named_bits(names: str) -> int:
    """The hints that a class or an id gives: its words, and the forms whose stem it holds that it has."""
    lowered = names.lower()
    finder, told = _hint_forms()
    bits = 0
    for number, _, _ in finder.find_matches_as_indexes(lowered, overlapping=True):
        of_words, forms = told[number]
        bits |= of_words
        for bit, form in forms:
            if not bits & bit and form.search(lowered):
                bits |= bit
    return bits


@lru_cache(maxsize=1)
def _hint_forms() -> tuple[AhoCorasick, list[tuple[int, list[tuple[int, re.Pattern[str]]]]]]:
    """A finder of words and stems; for each of them the hints it gives as a word, and the forms it is the stem of.

    No form fits across white space: all names of an attribute are looked at together, in half the time of one by one.
    """
    words: dict[str, int] = {}
    forms: dict[str, list[tuple[int, re.Pattern[str]]]] = {}
    for hint, listed in HINTS:
        for form in listed.split():
            if WORDS.fullmatch(form):
                for word in (form.replace("-?", ""), form.replace("?", "")):
                    words[word] = words.get(word, 0) | _HINT_BIT[hint]
            elif stem := STEM.match(form):
                forms.setdefault(stem[1], []).append((_HINT_BIT[hint], re.compile(form)))
            else:
                raise ValueError(f"hint {hint}: the form {form!r} does not begin with letters")
    found = sorted(words.keys() | forms.keys())
    finder = AhoCorasick(found, matchkind=MatchKind.Standard)
    return finder, [(words.get(text, 0), forms.get(text, [])) for text in found]
