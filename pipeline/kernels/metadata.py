"""What a page says of itself: title, authors, date, site, language, in one look at its tree.

JSON-LD (schema.org `*Article`, `*Posting`), meta tags, `<time>`, `<h1>`, `<html lang>`.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape
from itertools import islice

from selectolax.lexbor import LexborHTMLParser

from pipeline.kernels.html import lxml_tree
from pipeline.kernels.text import EDGE

ARTICLE_TYPE = re.compile(r"(?:Article|BlogPosting|LiveBlogPosting|Report|Review)$")
# Meta names of each field, the most trusted first.
META = {
    "title": ("og:title", "twitter:title", "dc.title", "headline"),
    "byline": (
        "author", "parsely-author", "article:author", "dc.creator", "byl", "cxenseparse:author", "sailthru.author",
    ),
    "published": (
        "article:published_time", "datepublished", "og:article:published_time", "parsely-pub-date", "pubdate",
        "publish-date", "publishdate", "date", "dc.date", "dc.date.issued", "dcterms.created", "sailthru.date",
    ),
    "site": ("og:site_name", "application-name"),
    "language": ("content-language", "og:locale", "language"),
}  # fmt: skip
RANKS = {name: (field, rank) for field, names in META.items() for rank, name in enumerate(names)}
NAMING = ("property", "name", "itemprop", "http-equiv")  # attributes that name a meta tag
ADDRESSES = ("http:", "https:", "@")
AUTHOR_BREAK = re.compile(r"\s*[;,|]\s*|\s+(?:and|und|et|y|e|&)\s+")
BY = re.compile(r"^(?:by|von|par|por|di|af|av)\s+", re.IGNORECASE)
SITE_TAIL = re.compile(r"\s[|–—·»-]\s")
STARTS_WITH_DAY = re.compile(r"\s*\d{4}-?\d\d-?\d\d")
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")

LD_LENGTH = 2_000_000  # characters of one JSON-LD block; the longest on 173 publisher pages has 32,024
LD_DEPTH, LD_ITEMS = 6, 500  # deeper or further is no article's own description
FIELD_LENGTH = 500  # characters of a value
N_AUTHORS = 20
HEADLINE_WORDS = 3  # a part of <title>, or a heading, with fewer may name a site or a section


@dataclass(frozen=True, slots=True)
class Metadata:
    """Each field as printed, without edge white space; None where the page does not say it."""

    title: str | None = None
    byline: str | None = None  # authors joined by ", "
    published: str | None = None
    site: str | None = None
    language: str | None = None


def metadata(tree: LexborHTMLParser) -> Metadata:
    """What the page says of itself; the tree must still hold its scripts.

    JSON-LD goes before meta tags for authors and time, after them for the title; a single `<h1>` that the title
    contains is the title without the site's name.
    """
    tags, described = _from_meta(tree), _from_json(tree)
    root = tree.root
    return Metadata(
        title=_title(tree, tags.get("title") or described.get("title"), tags.get("site") or described.get("site")),
        byline=described.get("byline") or _byline(AUTHOR_BREAK.split(tags.get("byline", ""))),
        published=described.get("published") or tags.get("published") or _from_time(tree),
        site=tags.get("site") or described.get("site"),
        language=(tidy(root.attributes.get("lang")) if root is not None else None)
        or described.get("language")
        or tags.get("language"),
    )


def guessed_day(html: str, as_of: datetime) -> str | None:
    """The day (`2024-03-29`) that htmldate finds in the markup of a page which does not state one.

    htmldate gets a parsed tree, never a string: a string that looks like an address it would fetch.
    """
    tree = lxml_tree(html)
    if tree is None:
        return None
    from htmldate import find_date

    logging.getLogger("htmldate").setLevel(logging.CRITICAL)
    latest = (as_of + timedelta(days=1)).replace(tzinfo=None)  # without it htmldate would look at the clock
    try:
        day: str | None = find_date(tree, extensive_search=False, original_date=True, max_date=latest)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError, OverflowError):
        return None  # a page that trips htmldate has no date
    return day


def tidy(value: object) -> str | None:
    """A string on one line, entities resolved, without control characters; None where nothing is left."""
    if not isinstance(value, str):
        return None
    text = CONTROLS.sub(" ", unescape(value[: 4 * FIELD_LENGTH]))
    return " ".join(text.split()).strip(EDGE)[:FIELD_LENGTH].rstrip() or None


def _from_meta(tree: LexborHTMLParser) -> dict[str, str]:
    best: dict[str, tuple[int, str]] = {}
    for meta in tree.css("meta"):
        attributes = meta.attributes
        name = next((attributes[key] for key in NAMING if attributes.get(key)), None) or ""
        field, rank = RANKS.get(name.lower(), ("", 0))
        value = tidy(attributes.get("content"))
        if field and value and (field not in best or rank < best[field][0]) and not _is_address(field, value):
            best[field] = (rank, value)
    return {field: value for field, (_, value) in best.items()}


def _is_address(field: str, value: str) -> bool:
    """Pages give profile addresses as authors."""
    return field == "byline" and value.startswith(ADDRESSES)


def _from_json(tree: LexborHTMLParser) -> dict[str, str]:
    """The fields of the articles that JSON-LD describes; of several, the first that states a field."""
    found: dict[str, str] = {}
    for item in _descriptions(tree):
        publisher = item.get("publisher")
        said = {
            "title": tidy(item.get("headline")),
            "byline": _byline(_names(item.get("author"))),
            "published": tidy(item.get("datePublished")) or tidy(item.get("dateCreated")),
            "site": tidy(publisher.get("name")) if isinstance(publisher, dict) else None,
            "language": tidy(item.get("inLanguage")),
        }
        found = {field: value for field, value in said.items() if value} | found
    return found


def _descriptions(tree: LexborHTMLParser) -> Iterator[dict[str, object]]:
    """Every schema.org article the page describes, in document order."""
    for script in tree.css('script[type="application/ld+json"]'):
        text = script.text()
        if not text or len(text) > LD_LENGTH:
            continue
        try:
            described = json.loads(text.strip().rstrip(";"), strict=False)
        except (ValueError, RecursionError):
            continue  # broken JSON-LD is common, and the meta tags are there too
        for item in _objects(described, LD_DEPTH):
            if any(isinstance(kind, str) and ARTICLE_TYPE.search(kind) for kind in _as_list(item.get("@type"))):
                yield item


def _objects(value: object, depth: int) -> Iterator[dict[str, object]]:
    if depth and isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _objects(inner, depth - 1)
    elif depth and isinstance(value, list):
        for inner in islice(value, LD_ITEMS):
            yield from _objects(inner, depth - 1)


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _names(authors: object) -> list[str]:
    """The names in an `author`: a string, an object with a name, or a list of either."""
    names: list[str] = []
    for author in _as_list(authors):
        for name in _as_list(author.get("name") if isinstance(author, dict) else author):
            names.append(tidy(name) or "")
    return names


def _byline(names: list[str]) -> str | None:
    kept = [BY.sub("", name).strip() for name in names]
    unique = dict.fromkeys(name for name in kept if name and not name.startswith(ADDRESSES))
    return ", ".join(islice(unique, N_AUTHORS)) or None


def _from_time(tree: LexborHTMLParser) -> str | None:
    """The first `<time>` that states a day."""
    stated = (tidy(time.attributes.get("datetime")) for time in tree.css("time[datetime]"))
    return next((value for value in stated if value and STARTS_WITH_DAY.match(value)), None)


def _title(tree: LexborHTMLParser, stated: str | None, site: str | None) -> str | None:
    """The stated title, or the single `<h1>` it contains, or what `<title>` and the headings agree on."""
    stated = None if stated == site else stated
    headings = [text for heading in tree.css("h1, h2, h3") if (text := tidy(heading.text())) and text != site]
    tops = [text for heading in tree.css("h1") if (text := tidy(heading.text())) and text != site]
    if len(tops) == 1 and (stated is None or tops[0] in stated):
        return tops[0]
    if stated:
        return stated
    element = tree.css_first("title")
    named = tidy(element.text()) if element is not None else None
    if named is None:
        return None
    printed = [text for text in headings if text in named and len(text.split()) >= HEADLINE_WORDS]
    return max(printed, key=len) if printed else _without_site(named, site)


def _without_site(named: str, site: str | None) -> str:
    """The first part of `<title>` that is not the site's name; a longer one where the first is a single word."""
    parts = [part for text in SITE_TAIL.split(named) if (part := text.strip()) and part != site]
    if not parts:
        return named
    longest = max(parts, key=len)
    is_label = len(parts[0].split()) == 1 and len(longest.split()) >= HEADLINE_WORDS
    return longest if is_label else parts[0]
