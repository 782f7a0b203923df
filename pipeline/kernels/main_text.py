"""What trafilatura takes for the article, as a vote on each of our lines.

trafilatura gives a text of its own; it is laid back on the lines by the longest common subsequence of words, so that
of two equal lines the one in the right place gets the vote.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Sequence

from pipeline.kernels.alignment import matches
from pipeline.kernels.html import lxml_tree
from pipeline.kernels.lines import Line

WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]|[^\W_]+")  # scripts without spaces: a letter is a word
SHINGLE = 3  # words
MIN_SHARE = 0.6  # of a line's words that must be in the main text, and in order
SHORT = 6  # words: such a line must be there whole
MAX_WORDS = 20_000  # of either side for the alignment: 50 MB at most


def main_votes(html: str, lines: Sequence[Line]) -> list[bool] | None:
    """For each line, whether trafilatura has it in its main text.

    None where it found no text, or the page is nested deeper than libxml2 reads (then it would lose the rest unseen).
    """
    text = main_text(html)
    return None if not text else votes(lines, text)


def votes(lines: Sequence[Line], text: str) -> list[bool]:
    """For each line, whether its words stand in the text, in order: 60 % of them, of a short line all, side by side."""
    wanted = WORD.findall(text.lower())
    tokens = [WORD.findall(line.text.lower()) for line in lines]
    known = [Counter(_shingles(wanted, size)) for size in range(1, SHINGLE + 1)]
    candidates = [index for index, words in enumerate(tokens) if _is_candidate(words, known)]
    inside = [False] * len(lines)
    if len(wanted) > MAX_WORDS or sum(len(tokens[index]) for index in candidates) > MAX_WORDS:
        for index in candidates:
            inside[index] = True
        return _with_signs(inside, tokens)
    owners = [index for index in candidates for _ in tokens[index]]
    places: dict[int, list[int]] = {}
    for left, right in matches([word for index in candidates for word in tokens[index]], wanted):
        places.setdefault(owners[left], []).append(right)
    for index, found in places.items():
        n_words = len(tokens[index])
        if n_words > SHORT:
            inside[index] = len(found) >= MIN_SHARE * n_words
        else:
            inside[index] = len(found) == n_words and found[-1] - found[0] == n_words - 1
    return _with_signs(inside, tokens)


def _with_signs(inside: list[bool], tokens: list[list[str]]) -> list[bool]:
    """A line without words (`* * *`) goes with its neighbours where they agree."""
    for index in range(1, len(inside) - 1):
        if not tokens[index]:
            inside[index] = inside[index - 1] and inside[index + 1]
    return inside


def _shingles(words: Sequence[str], size: int) -> list[tuple[str, ...]]:
    return [tuple(words[start : start + size]) for start in range(len(words) - size + 1)]


def _is_candidate(words: list[str], known: Sequence[Counter[tuple[str, ...]]]) -> bool:
    size = min(SHINGLE, len(words))
    if not size:
        return False
    own = _shingles(words, size)
    n_known = sum(shingle in known[size - 1] for shingle in own)
    return n_known >= (MIN_SHARE * len(own) if len(words) > SHORT else len(own))


def main_text(html: str) -> str | None:
    """The text trafilatura takes for the article; None where it finds none or cannot read the page."""
    tree = lxml_tree(html)
    if tree is None:
        return None
    from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types
    from trafilatura import bare_extraction
    from trafilatura.settings import Document

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it warns of every page it finds nothing in
    try:
        found = bare_extraction(tree, include_comments=False)
    except (etree.LxmlError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return None  # a page that trips trafilatura still has our own lines
    return found.text if isinstance(found, Document) else None
