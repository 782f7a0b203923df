"""schema.org objects in a page's JSON-LD, also where the JSON is not quite JSON.

Browsers never run these scripts, so nobody sees them break. Of 1,946 pages of two benchmarks 11 have line breaks in a
string or a semicolon behind it, 2 need a repair, 1 puts objects in a row; of 5 only some strings are read, of 1 none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from html import unescape
from itertools import islice

LENGTH = 2_000_000  # characters of one block; the longest on 173 publisher pages has 32,024
DEPTH, ITEMS = 6, 500  # deeper or further is no article's own description

WRAPPING = re.compile(r"<!--|-->|(?://|/\*)?[ \t]{0,8}(?:<!\[CDATA\[|\]\]>)[ \t]{0,8}(?:\*/)?")
BETWEEN = re.compile(r"[\s;,]*")
# A string stays as it is; what stands between strings loses comments and the comma before a closing bracket.
# One that has no end goes on to the end of the text: to look for it from each beginning anew would be quadratic.
STRING_OR_FLAW = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|//[^\n]*|/\*.*?(?:\*/|\Z)|,(?=\s*[}\]])', re.DOTALL)
BAD_ESCAPE = re.compile(r'\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})')
# What is still read of a block that no repair makes whole: these strings, and the name in an author.
TYPE = re.compile(r'"@type"\s*:\s*(?:\[\s*)?"(\w{1,40})"')
PLAIN = re.compile(r'"(headline|datePublished|dateCreated|inLanguage)"\s*:\s*"((?:[^"\\\n]|\\.)*)"\s*[,}\n]')
AUTHOR = re.compile(r'"author"\s*:\s*(?:\[\s*)?(?:\{[^{}]*?"name"\s*:\s*)?"((?:[^"\\\n]|\\.)*)"\s*[\],}\n]')

Object = dict[str, object]


def objects(text: str) -> list[Object]:
    """Every object of a block in document order, nested ones after the one they stand in; none where it is too long.

    Takes line breaks in strings, several values in a row, HTML comments and CDATA around it, entities for quotes,
    comments, commas too many and unknown escapes. Of a block that still does not parse, the strings an article is known
    by, as one object.
    """
    if len(text) > LENGTH:
        return []
    bare = WRAPPING.sub("", text) if "<!" in text else text
    for attempt in (_values, _repaired_values):
        try:
            values = attempt(bare)
        except (ValueError, RecursionError):
            continue
        return [found for value in values for found in _nested(value, DEPTH)]
    return _picked(bare)


def _values(text: str) -> list[object]:
    """The JSON values that the text is a row of; raises ValueError where it is something else."""
    decoder = json.JSONDecoder(strict=False)
    values: list[object] = []
    at = _after_gap(text, 0)
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        values.append(value)
        at = _after_gap(text, at)
    return values


def _after_gap(text: str, at: int) -> int:
    gap = BETWEEN.match(text, at)
    return gap.end() if gap else at


def _repaired_values(text: str) -> list[object]:
    quoted = unescape(text) if "&quot;" in text else text
    sound = STRING_OR_FLAW.sub(lambda hit: hit[0] if hit[0].startswith('"') else " ", quoted)
    return _values(BAD_ESCAPE.sub(r"\\\\", sound))


def _picked(text: str) -> list[Object]:
    found: Object = {}
    for key, value in PLAIN.findall(text):
        found.setdefault(key, value)
    for key, form in (("@type", TYPE), ("author", AUTHOR)):
        hit = form.search(text)
        if hit:
            found[key] = hit[1]
    return [found] if found else []


def _nested(value: object, depth: int) -> Iterator[Object]:
    inner: Iterable[object] = value if isinstance(value, list) else ()
    if isinstance(value, dict):
        yield value
        inner = value.values()
    if depth > 1:
        for item in islice(inner, ITEMS):
            if isinstance(item, (dict, list)):
                yield from _nested(item, depth - 1)
