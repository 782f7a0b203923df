"""Charts as SVG made here and now: altair describes, vl-convert draws, and only shapes and words are let through.

Nothing in them depends on the fonts of the machine: all places are computed, no legend is drawn. Colours are the page's
own custom properties, so that a chart follows the reader's light or dark. Every chart has a table beside it.

vl-convert aborts the whole process on a control character in a label: words go through `text.short` first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

import altair as alt
import polars as pl
import vl_convert
from markupsafe import Markup

from pipeline.report.funnel import Bar
from pipeline.report.stories import NO_OUTLET, Reuse, Story
from pipeline.report.text import short

WIDTH = 420  # units of the drawing: letters of 13 units are 11 pixels on a phone
FONT_SIZE, ROW = 13, 30
NARROW_NAMES, WIDE_NAMES, NARROW_CHARACTERS = 96, 212, 12  # room for names, and the longest in the narrow one
ROOM_TO_SAY = 0.35  # of the time line, for the words after its last point
_LABELS: dict[str, Any] = {"labelFontSize": FONT_SIZE, "labelColor": "currentColor", "labelLimit": 0}
SHAPES = {"svg", "g", "path", "line", "rect", "text"}
ATTRIBUTES = {
    "d", "x1", "x2", "y1", "y2", "transform", "fill", "fill-opacity", "stroke", "stroke-width", "text-anchor",
    "font-size", "font-weight",
}  # fmt: skip
SVG = "{http://www.w3.org/2000/svg}"
PARTS = ("var(--first)", "var(--second)", "var(--third)")  # fills of the parts of a bar, in their order
ON_PARTS = ("var(--on-first)", "var(--on-second)", "var(--on-third)")
HEAT_OUTLETS = 16  # on each side of the heat map
LIGHTEST, DEEPEST = 0.06, 0.5  # opacity of its cells: the figure stays readable on both
MIN_LABELLED = 0.16  # share of a bar that its own figure fits into


def parts_of_wholes(bars: Sequence[Bar], says: str) -> Markup:
    """A bar a row, all of one length, cut into its parts; the figure stands in a part that is wide enough."""
    rows: list[dict[str, Any]] = []
    for row, bar in enumerate(bars):
        at = 0.0
        for part, count in enumerate((bar.stays, bar.lifted, bar.left_out)):
            share = count / bar.total if bar.total else 0.0
            if not count:
                continue
            figure = f"{count:,}" if share >= MIN_LABELLED else ""
            rows.append({"row": row, "from": at, "to": at + share, "middle": at + share / 2,
                         "fill": PARTS[part], "ink": ON_PARTS[part], "figure": figure})  # fmt: skip
            at += share
    names = [short(bar.label) for bar in bars]
    left = WIDE_NAMES if max(map(len, names), default=0) > NARROW_CHARACTERS else NARROW_NAMES
    scale = alt.Scale(domain=[0, 1])
    base = alt.Chart(pl.DataFrame(rows)).encode(y=_row())
    parts = base.mark_bar(height=ROW - 8).encode(
        x=alt.X("from:Q", scale=scale, axis=None), x2="to:Q", fill=alt.Fill("fill:N", scale=None, legend=None)
    )
    figures = base.mark_text(fontSize=FONT_SIZE).encode(
        x=alt.X("middle:Q", scale=scale), text="figure:N", fill=alt.Fill("ink:N", scale=None)
    )
    return _drawing(parts + figures + _names(names), WIDTH - left, ROW * len(bars), says, left=left)


def who_copies_whom(reuse: Reuse, says: str) -> Markup:
    """The busiest outlets down the side, the same numbered along the top; the more copies, the deeper the cell."""
    outlets = reuse.outlets[:HEAT_OUTLETS]
    counts = {(copying, first): count for copying, first, count in reuse.pairs}
    most = max(counts.values(), default=1)
    rows = []
    for row, copying in enumerate(outlets):
        for number, first in enumerate(outlets, 1):
            count = counts.get((copying, first), 0)
            depth = LIGHTEST + (DEEPEST - LIGHTEST) * count / most if count else 0.0
            rows.append({"row": row, "first": number, "figure": f"{count:,}" if count else "", "depth": depth})
    numbers = alt.Axis(orient="top", labelAngle=0, title=None, domain=False, ticks=False, **_LABELS)
    base = alt.Chart(pl.DataFrame(rows)).encode(x=alt.X("first:O", axis=numbers), y=_row())
    cells = base.mark_rect(fill="var(--first)", stroke="var(--line)").encode(
        fillOpacity=alt.FillOpacity("depth:Q", scale=None)
    )
    figures = base.mark_text(fontSize=FONT_SIZE, fill="currentColor").encode(text="figure:N")
    names = _names([f"{number} {short(outlet)}" for number, outlet in enumerate(outlets, 1)])
    side = max(28, min(40, (WIDTH - WIDE_NAMES) // max(1, len(outlets))))
    size = (side * len(outlets), ROW * len(outlets))
    return _drawing(cells + figures + names, *size, says, left=WIDE_NAMES, top=24)


def spread(story: Story, says: str) -> Markup:
    """One row an article, hours after the first along the bottom."""
    hours = [article["hours"] for article in story.articles]
    said = ["first" if article["is_first"] else f"{article['hours']:+.1f} h" for article in story.articles]
    rows = [
        {
            "row": row,
            "start": min(hours),
            "hours": article["hours"],
            "shape": "square" if article["is_first"] else "circle",
            "said": f"{said[row]} (seen)" if article["is_seen"] else said[row],
        }
        for row, article in enumerate(story.articles)
    ]
    names = [short(article["outlet"] or NO_OUTLET) for article in story.articles]
    latest = max(*hours, 1.0)
    scale = alt.Scale(domain=[min(hours), latest + ROOM_TO_SAY * (latest - min(hours))], nice=False)
    axis = alt.Axis(title=None, grid=False, tickCount=4, domainColor="var(--line)", tickColor="var(--line)", **_LABELS)
    base = alt.Chart(pl.DataFrame(rows)).encode(x=alt.X("hours:Q", axis=axis, scale=scale), y=_row())
    threads = base.mark_rule(stroke="var(--line)").encode(x="start:Q", x2="hours:Q")
    points = base.mark_point(size=90, filled=True, fill="var(--first)", opacity=1).encode(
        shape=alt.Shape("shape:N", scale=None, legend=None)
    )
    words = base.mark_text(align="left", dx=10, fontSize=FONT_SIZE, fill="currentColor").encode(text="said:N")
    drawn = threads + points + words + _names(names)
    return _drawing(drawn, WIDTH - WIDE_NAMES, ROW * len(rows), says, left=WIDE_NAMES, bottom=26)


def _row() -> alt.Y:
    return alt.Y("row:O", axis=None)


def _names(names: Sequence[str]) -> alt.Chart:
    """What the rows are called, on the left of the drawing."""
    rows = pl.DataFrame({"row": range(len(names)), "name": list(names)})
    words: alt.Chart = alt.Chart(rows).mark_text(align="right", dx=-8, fontSize=FONT_SIZE, fill="currentColor")
    named: alt.Chart = words.encode(x=alt.value(0), y=_row(), text="name:N")
    return named


def _drawing(
    chart: alt.LayerChart, width: int, height: int, says: str, *, left: int, top: int = 0, bottom: int = 0
) -> Markup:
    """The chart as SVG markup that says in one sentence what it shows."""
    placed = chart.properties(
        width=width,
        height=height,
        autosize=alt.AutoSizeParams(type="none"),
        padding={"left": left, "top": top, "right": 0, "bottom": bottom},
    ).configure_view(stroke=None)
    svg = vl_convert.vegalite_to_svg(placed.to_dict())
    return harmless(svg, f"0 0 {left + width + 8} {top + height + bottom + 4}", says, is_wide=left + width > WIDTH)


def harmless(svg: str, view_box: str, says: str, *, is_wide: bool = False) -> Markup:
    """The drawing with nothing but SHAPES, ATTRIBUTES and words. Raises ValueError for any other element."""
    root = ElementTree.fromstring(svg)  # noqa: S314 - vl-convert wrote it; it holds no entity
    for element in root.iter():
        if element.tag.removeprefix(SVG) not in SHAPES:
            raise ValueError(f"a chart holds <{element.tag}>")
        element.tag = element.tag.removeprefix(SVG)
        element.attrib = {name: value for name, value in element.attrib.items() if name in ATTRIBUTES}
    _prune(root)
    root.attrib = {"viewBox": view_box, "role": "img", "aria-label": says, **({"class": "wide"} if is_wide else {})}
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704 - shapes, and words it escaped


def _prune(element: ElementTree.Element) -> None:
    """Leave out groups and paths that draw nothing."""
    for child in list(element):
        _prune(child)
        is_empty = child.tag == "g" and not len(child)
        is_blank = child.tag == "path" and not ({"fill", "stroke"} & set(child.attrib) and child.get("d"))
        is_silent = child.tag == "text" and not child.text
        if is_empty or is_blank or is_silent:
            element.remove(child)
