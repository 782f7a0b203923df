"""Hashes that are stored: ids, keys and fingerprints. Golden values in the tests pin every one of them.

blake2b with an own `person` per use (RFC 7693), so that equal text under two uses gives different ids.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from hashlib import blake2b, sha256

TEXT_BYTES = 16
ID_BYTES = 12  # 96 bits: a collision among 1e9 ids has odds of 6e-12


@cache
def _blank(use: str, size: int) -> blake2b:
    """What every hash of a use begins with: copied, it costs half of one made anew."""
    return blake2b(digest_size=size, person=use.encode())


def _digest(use: str, parts: tuple[str, ...], size: int) -> str:
    hasher = _blank(use, size).copy()
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        hasher.update(len(raw).to_bytes(8, "big") + raw)  # ("ab", "c") and ("a", "bc") differ
    return hasher.hexdigest()


def article_id(outlet: str | None, key: str) -> str:
    """24 hex characters from outlet and key; an article without outlet has its own space."""
    return _digest("article", ("0", key) if outlet is None else ("1", outlet, key), ID_BYTES)


def paragraph_id(article: str, exact_key: str, occurrence: int) -> str:
    """24 hex characters from the article, the exact key of the text and its n-th occurrence there (from 0)."""
    return _digest("paragraph", (article, exact_key, str(occurrence)), ID_BYTES)


def text_hash(text: str) -> str:
    """32 hex characters (128 bits) of a text that counts as equal only to itself."""
    return _digest("text", (text,), TEXT_BYTES)


def text_hashes(texts: Iterable[str]) -> list[str]:
    """`text_hash` of each text, of many in two thirds of the time."""
    fresh = _blank("text", TEXT_BYTES).copy
    hashes = []
    for text in texts:
        raw = text.encode("utf-8", "surrogatepass")
        hasher = fresh()
        hasher.update(len(raw).to_bytes(8, "big") + raw)
        hashes.append(hasher.hexdigest())
    return hashes


def run_hash(parts: tuple[str, ...]) -> str:
    """8 hex characters from everything a run took in."""
    return _digest("run", parts, 4)


def content_hash(raw: bytes) -> str:
    """sha256 of an input's bytes, 64 hex characters."""
    return sha256(raw).hexdigest()
