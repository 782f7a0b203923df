"""Sentences from rules: a symbol stands for one of its forms, a word class for a word drawn from its urn."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

_PART = re.compile(r"\{(\w+)\}|([^{}]+)")
_BEFORE_VOWEL = re.compile(r"\b([Aa]) (?=[aeioAEIO]|[uU](?!ni|se))")
_OPENING = re.compile(r"^[“„«¿]?\s?\w|(?<=[.] [“„«])\w")  # of the text, and of speech that begins a sentence

Part = tuple[bool, str]  # whether it is a symbol, and its name or the words themselves
Own = Mapping[str, Sequence[str]]  # the urns of one story: its people, its places, the nouns of its topic


class Grammar:
    """Rules of one language: `rules` name forms with `{symbol}` in them, `urns` the words of each class."""

    def __init__(self, rules: Mapping[str, Sequence[str]], urns: Mapping[str, Sequence[str]]) -> None:
        self._rules = {symbol: [_parts(form) for form in forms] for symbol, forms in rules.items()}
        self._urns = urns

    def sentence(self, symbol: str, own: Own, draw: Callable[[], float]) -> str:
        """One form of the symbol with capitals where sentences begin; `draw` gives numbers in [0, 1).

        Classes that `own` has are drawn from there. Raises KeyError for a class that nobody knows.
        """
        words: list[str] = []
        self._write(symbol, own, draw, words)
        return _OPENING.sub(lambda found: found[0].upper(), _BEFORE_VOWEL.sub(r"\1n ", "".join(words)))

    def _write(self, symbol: str, own: Own, draw: Callable[[], float], words: list[str]) -> None:
        forms = self._rules.get(symbol)
        if forms is None:
            urn = own.get(symbol) or self._urns[symbol]
            words.append(urn[int(draw() * len(urn))])
            return
        for is_symbol, part in forms[int(draw() * len(forms))]:
            if is_symbol:
                self._write(part, own, draw, words)
            else:
                words.append(part)


def _parts(form: str) -> list[Part]:
    return [(bool(symbol), symbol or words) for symbol, words in _PART.findall(form)]
