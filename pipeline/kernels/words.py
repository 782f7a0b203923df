"""Words of a text, where a word ends and a sentence does."""

from __future__ import annotations

import re
from collections.abc import Sequence

import regex

WORD = regex.compile(r"[^\W_]++(?:['’][^\W_]++)*+")
ASCII_WORD = re.compile(WORD.pattern)  # the same for ASCII, in half the time
UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
SENTENCE_END = regex.compile(r"[.!?…。！？।۔؟][\"'”’»›)\]）」』]*\s*$")


def words(text: str) -> list[str]:
    """The words, in order."""
    found: list[str] = (ASCII_WORD if text.isascii() else WORD).findall(text)
    return found


def word_count(text: str, words: Sequence[str]) -> int:
    """Words, two characters counting as one in scripts that write without spaces."""
    return len(words) if text.isascii() else len(words) + len(UNSPACED.findall(text)) // 2


def fold(text: str) -> str:
    """The words in lower case: what two printings of a headline share."""
    return " ".join(words(text)).lower()
