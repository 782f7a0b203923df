"""A line of a page, and what the markup says about it: the one form in which text and HTML go on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from operator import attrgetter
from typing import NamedTuple


class Markup(NamedTuple):
    """What the page's markup says about a line. `within` and `hints` hold words of fixed small vocabularies."""

    tag: str  # nearest block element: p, h1 to h6, li, td, figcaption, blockquote, div, ...
    link_share: float  # share of its non-space characters inside <a>, 0 to 1
    within: frozenset[str]  # elements and landmarks above it: nav, header, footer, aside, article, main, figure, ...
    hints: frozenset[str]  # what class and id words suggest: navigation, footer, related, share, comments, ...
    # What only the line model reads, () if unknown: letters in links, letters, depth, bits of html.WITHIN and of
    # html.HINTS, number in html.OWN_TAGS, path group, numbers of the three blocks above, of <article>, heading level.
    facts: tuple[int, ...] = ()


class Line(NamedTuple):  # a page has hundreds: a dataclass takes three times as long to make
    """A non-blank line, without white space at its edges."""

    line_no: int  # from 1; blank lines count
    text: str
    start: int | None = None  # code points in the decoded document; None for HTML
    end: int | None = None
    continues: bool = False  # goes on with the sentence of the line before: hard-wrapped text
    blank_before: bool = False  # a blank line stands above it
    markup: Markup | None = None  # None for plain text


class Unit(NamedTuple):
    """A line, or the lines of one hard-wrapped paragraph joined by a space."""

    lines: tuple[int, ...]
    text: str
    first: Line


_unit: partial[Unit] = partial(tuple.__new__, Unit)  # of its three values; through no function of Python, by hundreds


def units(lines: Sequence[Line]) -> list[Unit]:
    """The lines, each with those that go on with its sentence."""
    if not any(map(attrgetter("continues"), lines)):
        texts = map(attrgetter("text"), lines)
        return list(map(_unit, zip(zip(range(len(lines))), texts, lines, strict=False)))
    groups: list[list[int]] = []
    for index, line in enumerate(lines):
        if line.continues and groups:
            groups[-1].append(index)
        else:
            groups.append([index])
    return [Unit(tuple(group), " ".join(lines[i].text for i in group), lines[group[0]]) for group in groups]
