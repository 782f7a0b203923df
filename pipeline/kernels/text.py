"""Plain text -> lines with offsets, and which lines are one paragraph that was broken to fit a column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate, pairwise

from pipeline.kernels.lines import Line

# What goes from a line's edges: Unicode's white space, and signs without width that pages leave behind.
EDGE = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000" + "\u200b\u200e\u200f\u2060\ufeff\xad"
)
ENDS_SENTENCE = re.compile(r"[.!?…:;。！？।۔؟][\"'”’»›)\]]*$")
STARTS_ITEM = re.compile(r"[-–—*•·‣▪●■►»>|#+]\s|\(?[0-9]{1,3}[.)]\s|[A-Za-z][.)]\s")

MIN_COLUMN, MAX_COLUMN = 45, 130  # characters: typewriters broke at 60, mail at 72, terminals at 80, editors at 120
MIN_BREAKS = 4  # at one column: of 961 pages with a line a paragraph, 3 would join lines of one page, 4 of none
MIN_BREAK_SHARE = 0.75  # of the long lines that have a line below and end no sentence; in a text with a longer line
# The same where no line is longer than the column, teasers among wrapped paragraphs: of 317 pages wrapped at 72 without
# a blank line 4 are then not seen as wrapped, 13 at 0.75; of 1,942 dumps with a line a paragraph none is taken for one.
MIN_BREAK_SHARE_FITTING = 0.5
MAX_CAPITAL_SHARE = 0.7  # of the breaks, before a capital: in a list of headlines it is all of them
MAX_SENTENCE_SHARE = 0.6  # of the breaks, after a sentence: in a list of whole sentences it is all of them
MAX_WORD = 25  # characters
MIN_SPACES = 3  # in a line that may be a broken one
LONG_SHARE = 0.6  # of the column: what is shorter is a heading, the end of a paragraph, a menu


def text_lines(text: str) -> list[Line]:
    """The non-blank lines, split on line feeds only, with `text[line.start:line.end] == line.text` for each."""
    lines: list[Line] = []
    start = 0
    blank_before = False
    for line_no, raw in enumerate(text.split("\n"), 1):
        body = raw.strip(EDGE)
        if body:
            first = start + raw.index(body)
            lines.append(Line(line_no, body, first, first + len(body), blank_before=blank_before))
        blank_before = not body
        start += len(raw) + 1
    return _unwrapped(lines)


def _unwrapped(lines: list[Line]) -> list[Line]:
    """The lines, those marked that go on with the line above: only in a document that was broken at one column."""
    column = _column(lines)
    if column is None:
        return lines
    joined = lines[:1]
    for above, line in pairwise(lines):
        goes_on = above.line_no + 1 == line.line_no and _breaks_at(above.text, line.text, column)
        joined.append(line._replace(continues=goes_on and not STARTS_ITEM.match(line.text)))
    return joined


def _column(lines: Sequence[Line]) -> int | None:
    """The column the document was broken at; None for text with a line a paragraph.

    A break made by a column shows itself: the line fits, and would not with the first word of the next.
    """
    pairs = [(above.text, below.text) for above, below in pairwise(lines) if above.line_no + 1 == below.line_no]
    longest = max((len(line.text) for line in lines if _is_spaced(line.text)), default=0)
    does_fit = longest <= MAX_COLUMN
    # Lines that some column may have broken, with the columns that explain it.
    broken = [
        (above, below, len(above), len(above) + _first_word(below))
        for above, below in pairs
        if MIN_COLUMN - MAX_WORD <= len(above) <= MAX_COLUMN and _is_spaced(above)
    ]
    steps = [0] * (MAX_COLUMN + 2)  # how many breaks each column explains, as differences
    for _, _, size, reach in broken:
        low, high = max(size, MIN_COLUMN), min(reach, MAX_COLUMN)
        if low <= high:
            steps[low] += 1
            steps[high + 1] -= 1
    explained = list(accumulate(steps))
    shortest = max(longest, MIN_COLUMN) if does_fit else MIN_COLUMN  # column that is believed
    n_breaks = max(explained[shortest : MAX_COLUMN + 1])
    column = explained.index(n_breaks, shortest)
    if n_breaks < MIN_BREAKS:
        return None
    breaks = [(above, below) for above, below, size, reach in broken if size <= column <= reach]
    n_ended = sum(bool(ENDS_SENTENCE.search(above)) for above, _ in breaks)
    n_capital = sum(below[0].isupper() for _, below in breaks)
    if n_ended > MAX_SENTENCE_SHARE * n_breaks or n_capital > MAX_CAPITAL_SHARE * n_breaks:
        return None
    # A line short of the column may be the last of its paragraph; without the end of a sentence it should not be.
    long = [above for above, _ in pairs if len(above) >= LONG_SHARE * column and not ENDS_SENTENCE.search(above)]
    n_short = len(long) - sum(
        len(above) >= LONG_SHARE * column and not ENDS_SENTENCE.search(above) for above, _ in breaks
    )
    is_wrapped = n_breaks >= (MIN_BREAK_SHARE_FITTING if does_fit else MIN_BREAK_SHARE) * (n_breaks + n_short)
    return column if is_wrapped else None


def _breaks_at(above: str, below: str, column: int) -> bool:
    return len(above) <= column <= len(above) + _first_word(below) and _is_spaced(above)


def _first_word(line: str) -> int:
    """Length of the line's first word; an address without end says nothing of the column."""
    end = line.find(" ", 0, MAX_WORD + 1)
    return end if end >= 0 else min(len(line), MAX_WORD)


def _is_spaced(line: str) -> bool:
    """Chinese and Japanese have no words to break at."""
    return line.count(" ") >= MIN_SPACES
