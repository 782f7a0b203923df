"""An article on its page: the parts from top to bottom, as HTML and as the plain text a scraper dumps."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from html import escape
from typing import NamedTuple

from benchmarks.world.outlets import Outlet

WIDTHS = range(160, 1_440, 160)  # pixels of the images a teaser offers
JOINED = ("menu", "account", "share", "crumbs", "footer")  # parts whose items a dump may have on one line


class Part(NamedTuple):
    """A part of the page: what it is, and its lines with the role of each (pipeline.schemas.ROLES)."""

    kind: str
    lines: Sequence[tuple[str, str]]


class DumpLine(NamedTuple):
    """A non-blank line of the text dump: number from 1, code points, role, the paragraph it belongs to."""

    line_no: int
    start: int
    end: int
    text: str
    role: str


def chrome(kind: str, texts: Sequence[str]) -> Part:
    """A part that is no story."""
    return Part(kind, [(text, "chrome") for text in texts])


def text_dump(parts: Sequence[Part], outlet: Outlet) -> tuple[str, list[DumpLine]]:
    """The dump, and where its lines are."""
    lines: list[DumpLine] = []
    written: list[str] = []
    start = 0
    for part in parts:
        for whole, role in _dumped(part, outlet):
            for text in _broken(whole, outlet.column):
                lines.append(DumpLine(len(written) + 1, start, start + len(text), text, role))
                written.append(text)
                start += len(text) + 1
            if outlet.spaced:
                written.append("")
                start += 1
        if part.lines and written[-1]:
            written.append("")
            start += 1
    return "\n".join(written) + "\n", lines


def _dumped(part: Part, outlet: Outlet) -> Iterator[tuple[str, str]]:
    if part.kind in JOINED and outlet.separator:
        yield outlet.separator.join(text for text, _ in part.lines), part.lines[0][1]
        return
    yield from part.lines


def _broken(text: str, column: int) -> list[str]:
    """The text in lines of up to `column` characters."""
    if not column:
        return [text]
    return textwrap.wrap(text, column, break_long_words=False, break_on_hyphens=False)


def html_page(parts: Sequence[Part], outlet: Outlet, url: str, title: str, author: str, published: datetime) -> str:
    """The page as HTML; its visible lines are the lines of the parts in order."""
    outer, inner = outlet.tags
    first, second, third, fourth = outlet.classes
    body: list[str] = []
    for part in parts:
        if part.kind == "title":
            body.append(f'<{outer} class="{first}"><{inner} class="{second}"><header>')
        body.append(_marked_up(part, third, fourth))
        if part.kind == "opened":
            body.append(f'</header><div class="{third}-body">')
        if part.kind == "closed":
            body.append(f"</div></{inner}></{outer}>")
    head = _head(outlet, url, title, author, published)
    opened = "".join(f'<div class="{first}__wrap-{depth}">' for depth in range(outlet.n_wrappers))
    return (
        f'<!DOCTYPE html>\n<html lang="{outlet.language.code}"><head><meta charset="utf-8">{head}</head>\n'
        f"<body>{opened}\n{chr(10).join(body)}\n{'</div>' * outlet.n_wrappers}</body></html>\n"
    )


_FRAMES = {  # of a line, by the part it is in
    "title": "<h1>{}</h1>", "deck": '<p class="deck">{}</p>', "byline": '<div class="byline">{}</div>',
    "date": "<time>{}</time>", "caption": "<figure><img src=\"/i.jpg\" alt=\"\"><figcaption>{}</figcaption></figure>",
    "paragraph": '<div class="text-block"><p>{}</p></div>', "subheading": "<h2>{}</h2>",
    "credit": '<p class="credit">{}</p>', "advert": '<div class="ad">{}</div>',
    "inline": '<p class="more"><a href="/n">{}</a></p>',
    "newsletter": '<form class="newsletter"><p>{}</p></form>', "skip": '<a class="skip" href="#c">{}</a>',
    "cookie": '<div class="consent"><p>{}</p></div>', "comments": '<section class="comments"><h3>{}</h3></section>',
    "copyright": '<p class="legal">{}</p>', "brand": '<div class="brand"><a href="/">{}</a></div>',
}  # fmt: skip
_LISTS = {"menu": "nav", "sections": "div", "account": "nav", "crumbs": "nav", "share": "div", "tags": "div",
          "related": "aside", "popular": "aside", "footer": "footer"}  # fmt: skip


def _marked_up(part: Part, item_class: str, list_class: str) -> str:
    frame = _FRAMES.get(part.kind)
    if frame is not None:
        return "\n".join(frame.format(escape(text, quote=False)) for text, _ in part.lines)
    if part.kind == "river":
        return _cards(tuple(text for text, _ in part.lines))
    if part.kind not in _LISTS:
        return ""
    tag = _LISTS[part.kind]
    items = "".join(
        f'<li class="{item_class}-item"><div class="{item_class}__in"><a class="{item_class}__link" '
        f'href="/section/{number}" data-track="{part.kind}|{list_class}|position-{number}|link" data-state="closed">'
        f"<span>{escape(text, quote=False)}</span></a></div></li>\n"
        for number, (text, _) in enumerate(part.lines)
    )
    return f'<{tag} class="{part.kind} {list_class}-list"><ul>{items}</ul></{tag}>'


@lru_cache(maxsize=256)  # an outlet prints the same all day
def _cards(texts: tuple[str, ...]) -> str:
    """Teasers: section, headline and summary in turn."""
    teasers = zip(texts[::3], texts[1::3], texts[2::3], strict=True)
    return "".join(_card(*teaser, number) for number, teaser in enumerate(teasers))


def _card(section: str, title: str, text: str, number: int) -> str:
    sizes = ", ".join(f"/media/teaser/{number}/crop-16x9/{width}/image-{number}.jpg {width}w" for width in WIDTHS)
    image = f'<picture><source srcset="{sizes}"><img src="/t/{number}.jpg" srcset="{sizes}" alt=""></picture>'
    icon = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 12h16M12 4v16"/></svg>'
    return (
        f'<div class="card card--{number % 3}" data-id="{number}"><a href="/t/{number}"><div class="card__media">'
        f'{image}</div><div class="card__kicker"><span>{escape(section, quote=False)}</span></div>'
        f'<h3 class="card__title"><span class="card__words">{escape(title, quote=False)}</span></h3></a>'
        f'<p class="card__text">{escape(text, quote=False)}</p><div class="card__tools">{icon}{icon}</div></div>\n'
    )


def _head(outlet: Outlet, url: str, title: str, author: str, published: datetime) -> str:
    shown = f"<title>{escape(title)} | {escape(outlet.name)}</title>{outlet.bulk}"
    if outlet.metadata == "none":
        return shown
    link = f'<link rel="canonical" href="{url}">'
    if outlet.metadata == "meta":
        facts = {"og:title": title, "og:site_name": outlet.name, "article:published_time": published.isoformat()}
        tags = "".join(f'<meta property="{name}" content="{escape(value)}">' for name, value in facts.items())
        return f'{shown}{link}<meta name="author" content="{escape(author)}">{tags}'
    said = {
        "@context": "https://schema.org", "@type": "NewsArticle", "headline": title, "url": url,
        "datePublished": published.isoformat(), "author": {"@type": "Person", "name": author},
        "publisher": {"@type": "Organization", "name": outlet.name},
    }  # fmt: skip
    written = json.dumps(said, ensure_ascii=False).replace("<", "\\u003c")
    return f'{shown}{link}<script type="application/ld+json">{written}</script>'
