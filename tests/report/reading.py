"""A report as its reader has it: the page parsed, its tables as rows, its texts as shown."""

from __future__ import annotations

from functools import cache

from selectolax.lexbor import LexborHTMLParser, LexborNode

ACTING = ("\x00", "\x1b", "\u202e", "\u2066")


@cache
def parsed(page: str) -> LexborHTMLParser:
    return LexborHTMLParser(page)


def table(page: str, name: str) -> list[dict[str, str]]:
    """The rows of a table, heading -> cell; a figure is its exact value, anything else the text shown."""
    node = parsed(page).css_first(f"#{name}")
    assert node is not None, f"no table {name}"
    heads = [shown(cell) for cell in node.css("thead th")]
    rows = [[cell_value(cell) for cell in row.css("th, td")] for row in node.css("tbody tr")]
    return [dict(zip(heads, row, strict=True)) for row in rows]


def column(page: str, name: str, *heads: str) -> list[tuple[str, ...]]:
    """Some columns of a table."""
    return [tuple(row[head] for head in heads) for row in table(page, name)]


def cell_value(cell: LexborNode) -> str:
    figure, small = cell.css_first("data"), cell.css_first("small")
    if figure is not None and figure.text() == cell.text(strip=True):
        return str(figure.attributes["value"])
    text = shown(cell)
    return text if small is None else text.removesuffix(shown(small)).strip()


def shown(node: LexborNode) -> str:
    """The text of an element as it stands, white space at its edges aside."""
    return str(node.text(deep=True)).strip(" \n")
