"""HTML -> visible lines with what the markup says about each: one parse, one walk, no layout.

A line is what stands between two block borders or `<br>`; text that style sheets hide stays, with the hint `hidden`.
Parsing is lexbor's (the WHATWG tree, as browsers build it); the walk is linear in the nodes.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

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
# The words of `Markup.hints`, and what in class and id (in lower case) says them.
# Patterns are flat: linear in the attribute's length.
HINTS = (
    ("navigation", re.compile(r"nav|menu|breadcrumb|topbar|toolbar|skip-?link")),
    ("footer", re.compile(r"foot|copyright|legal|disclaimer|imprint|impressum")),
    (
        "related",
        re.compile(
            r"related|recommend|more-|read-?next|read-?more|trending|popular|most-read|teaser|promo|outbrain|taboola|"
            r"latest|you-?may",
        ),
    ),
    ("share", re.compile(r"share|sharing|social|follow")),
    ("newsletter", re.compile(r"newsletter|subscri|sign-?up|paywall|cookie|consent|gdpr|donat")),
    ("comments", re.compile(r"comment|kommentar|comentari|discuss|reply|disqus")),
    ("sidebar", re.compile(r"sidebar|widget|rail")),
    ("ad", re.compile(r"\bads?[_-]|\badvert|sponsor|\bdfp|banner")),
    ("caption", re.compile(r"caption|credit")),
    ("byline", re.compile(r"byline|author|writer|contributor")),
    ("date", re.compile(r"date|time(?!line)|publish")),
    ("tags", re.compile(r"\btags?\b|tag-|topic|keyword")),
    ("story", re.compile(r"article|story|content|post|entry|body|text")),
    (
        "article_body",
        re.compile(r"article[-_]{0,2}(?:body|text|content)|(?:story|post|entry)[-_]{0,2}(?:body|content|text)"),
    ),
    ("list", re.compile(r"card|tile|\blist|item|grid|feed")),
    ("overlay", re.compile(r"modal|popup|pop-up|overlay")),
    ("hidden", re.compile(r"hidden|visually|sr-only|screen-?reader")),
)
ATTRIBUTE_LENGTH = 400  # characters of class and id that are looked at: on 80 pages 0.35 % of 47,154 are longer
_WITHIN_BIT = {word: 1 << place for place, word in enumerate(WITHIN)}
_HINT_BIT = {word: 1 << place for place, (word, _) in enumerate(HINTS)}


OWN_TAGS = (
    "p", "div", "span", "li", "h1", "h2", "h3", "h4", "td", "figcaption", "blockquote", "button", "label", "section",
    "dd", "br",
)  # fmt: skip
_OWN_TAG = {tag: number for number, tag in enumerate(OWN_TAGS, start=1)}
_LEVEL = {f"h{level}": level for level in range(1, 7)}


# What holds for everything inside an element: bits of WITHIN and of HINTS, the nearest block, whether in a link, depth,
# path group (blocks with the same path of tags and classes have the same), numbers of the nearest block and the three
# above it, number of the nearest <article> and level of the nearest heading, 0 outside. A plain tuple: the walk makes
# one for every element, and a NamedTuple takes a third of its time.
_Place = tuple[int, int, str, bool, int, int, tuple[int, int, int, int], int, int]


def parsed(html: str) -> LexborHTMLParser:
    """The page's tree, with scripting on, so that `<noscript>` in the head does not end the head."""
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
    place: _Place = (0, 0, "body", False, 0, 0, (0, 0, 0, 0), 0, 0)
    above = [(body.mem_id, "body", place)]
    above_id = body.mem_id
    nodes = body.traverse(include_text=True)
    next(nodes)  # body itself
    pieces = walk.pieces
    for node in nodes:
        tag = node.tag
        if tag in VOID or (parent := node.parent) is None:
            continue
        parent_id = parent.mem_id
        while above_id != parent_id and len(above) > 1:
            left = above.pop()[1]
            if pieces:
                walk.leave(left)
            above_id, _, place = above[-1]
        if tag == "-text":
            text = node.text_content
            if text and not text.isspace():
                walk.take(text, place)
            elif pieces:
                pieces.append(" ")
        elif tag is not None and tag[0] not in "-!":  # no comment, no document type
            if pieces and tag in BLOCKS:
                walk.flush()
                if len(walk.lines) >= max_lines:
                    return walk.lines[:max_lines]
            place = walk.inside(place, tag, node.attributes)
            above_id = node.mem_id
            above.append((above_id, tag, place))
    walk.flush()
    return walk.lines[:max_lines]


class _Walk:
    """The lines so far, the pieces of the one under way, and what was seen of each class and id."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.pieces: list[str] = []  # always the same list
        self._n_signs = self._n_linked = 0
        self._place: _Place | None = None  # of the line's first text
        self._seen: dict[tuple[str | None, ...], tuple[int, int]] = {}
        self._words: dict[int, frozenset[str]] = {}
        self._hint_words: dict[int, frozenset[str]] = {}
        self._groups: dict[tuple[int, str, str | None], int] = {}
        self._n_blocks = 0

    def take(self, text: str, place: _Place) -> None:
        """Text, more than white space, inside the line under way."""
        n_signs = len("".join(text.split()))
        if self._place is None:
            self._place = place
        self._n_signs += n_signs
        if place[3]:
            self._n_linked += n_signs
        self.pieces.append(text)

    def leave(self, tag: str) -> None:
        """The end of an element inside the line under way."""
        if tag in BLOCKS:
            self.flush()
        elif tag in CELLS:
            self.pieces.append(" ")

    def flush(self) -> None:
        """The line under way is complete."""
        if self.pieces:
            text = " ".join("".join(self.pieces).split()).strip(EDGE)
            if text and self._place is not None:
                self.lines.append(Line(len(self.lines) + 1, text, markup=self._markup(self._place)))
            self.pieces.clear()
            self._n_signs = self._n_linked = 0
            self._place = None

    def _markup(self, place: _Place) -> Markup:
        within, hints, block, _, depth, group, blocks, article, level = place
        words = self._words.get(within)
        if words is None:
            words = self._words[within] = frozenset(word for word, bit in _WITHIN_BIT.items() if within & bit)
        hinted = self._hint_words.get(hints)
        if hinted is None:
            hinted = self._hint_words[hints] = frozenset(word for word, bit in _HINT_BIT.items() if hints & bit)
        facts = (self._n_linked, self._n_signs, depth, within, hints, _OWN_TAG.get(block, 0), group, *blocks[1:],
                 article, level)  # fmt: skip
        return Markup(block, round(self._n_linked / self._n_signs, 4), words, hinted, facts)

    def inside(self, place: _Place, tag: str, attributes: dict[str, str | None]) -> _Place:
        """What holds inside an element."""
        within, hints, block, in_link, depth, group, blocks, article, level = place
        name = None
        if attributes:
            get = attributes.get
            name, identity = get("class"), get("id")
            key: tuple[str | None, ...]
            if len(attributes) == (name is not None) + (identity is not None):
                key = (tag, name, identity)
            else:
                key = (tag, name, identity, get("role"), get("itemprop"), get("style"), get("aria-hidden"),
                       "hidden" if "hidden" in attributes else None)  # fmt: skip
            found = self._seen.get(key)
            if found is None:
                found = self._seen[key] = _own_bits(tag, attributes)
            within |= found[0]
            hints |= found[1]
        else:
            within |= _WITHIN_BIT.get(SAME_AS.get(tag, tag), 0)
        if tag == "a":
            in_link = True
        elif tag in BLOCKS or tag in CELLS:
            self._n_blocks += 1
            block = tag
            step = (group, tag, name)
            group = self._groups.setdefault(step, len(self._groups) + 1)
            blocks = (self._n_blocks, *blocks[:3])
            if tag == "article":
                article = self._n_blocks
            level = _LEVEL.get(tag, level)
        return within, hints, block, in_link, depth + 1, group, blocks, article, level


def _own_bits(tag: str, attributes: dict[str, str | None]) -> tuple[int, int]:
    """What an element itself adds: bits of WITHIN, bits of HINTS."""
    landmark = LANDMARKS.get((attributes.get("role") or "").lower(), "")
    within = _WITHIN_BIT.get(SAME_AS.get(tag, tag), 0) | _WITHIN_BIT.get(landmark, 0)
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
    hints = 0 if tag == "body" else _named_bits(names[:ATTRIBUTE_LENGTH].lower())
    style = (attributes.get("style") or "")[:ATTRIBUTE_LENGTH].replace(" ", "").lower()
    if "hidden" in attributes or attributes.get("aria-hidden") == "true" or "display:none" in style:
        hints |= _HINT_BIT["hidden"]
    if attributes.get("itemprop") == "articleBody":
        hints |= _HINT_BIT["article_body"]
    return within, hints


def _named_bits(names: str) -> int:
    """The hints that class and id give."""
    bits = 0
    for name in names.split():
        bits |= _name_bits(name)
    return bits


@lru_cache(maxsize=50_000)  # pages of an outlet, and of one publishing system, share their class names
def _name_bits(name: str) -> int:
    """The hints that one class name gives."""
    return sum(_HINT_BIT[word] for word, pattern in HINTS if pattern.search(name))
