"""Who published a document, and what it is called: outlet and key, the two halves of an article's id."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import urlsplit

FRONT_LABELS = ("www", "m", "amp", "mobile")  # the same paper on another screen
TRACKING = re.compile(
    r"utm_\w+|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|twclid|igshid|mc_cid|mc_eid|_ga|_gl|ns_campaign|"
    r"ns_mchannel|ns_source|cmpid|ocid|at_medium|at_campaign|wt_mc|wt_zmc|xtor|mkt_tok|spm|ref_src",
    re.IGNORECASE,
)
SHELF = re.compile(r"[\d_-]+")  # a folder that only counts or dates: 2024, 03, 2024-03-29


def host_of(url: str | None) -> str | None:
    """The host of an http(s) address in lower case, without `www.`, `m.`, `amp.`; None where there is none."""
    if not url:
        return None
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname if parts.scheme in ("http", "https") else None
    except ValueError:  # "http://[": no valid address
        return None
    labels = (host or "").rstrip(".").split(".")
    while len(labels) > 2 and labels[0] in FRONT_LABELS:
        labels = labels[1:]
    return ".".join(labels) or None


def bare_url(url: str) -> str:
    """The address without fragment and tracking parameters; every other byte stays."""
    address, question, query = url.strip().partition("#")[0].partition("?")
    kept = [part for part in query.split("&") if part and not TRACKING.fullmatch(part.partition("=")[0])]
    return address + (question + "&".join(kept) if kept else "")


def folder_outlet(source_path: str) -> str | None:
    """The nearest parent folder under the input root that is not only digits, `-` and `_`."""
    folders = PurePosixPath(source_path).parts[:-1]
    return next((folder for folder in reversed(folders) if not SHELF.fullmatch(folder)), None)


def outlet_name(given: str | None, url: str | None, source_path: str) -> str | None:
    """The outlet a record names, else the host of its address, else the folder it lies in."""
    return (given or "").strip() or host_of(url) or folder_outlet(source_path)


def article_key(source_id: str | None, url: str | None, source_path: str, record_hash: str | None) -> str:
    """The record's own id, else its bare address, else the path (for a record, with `#` and the hash of its content).

    A record's number in its file would not do: a record put on top of a feed would take over its neighbour's article.
    """
    if source_id:
        return source_id
    if url:
        return bare_url(url)
    return source_path if record_hash is None else f"{source_path}#{record_hash}"
