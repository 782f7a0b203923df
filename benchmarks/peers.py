"""What other tools make of the same pages: trafilatura, resiliparse and readability-lxml on HTML, jusText on dumps.

Those that are not installed (`requirements-bench.lock` names them) are left out and said to be missing. Answers are
kept in benchmarks/out/peers/, by a hash of the pages, of the code that asks and of the tools' versions.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from html import escape
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks import OUT
from pipeline.kernels import html as html_kernel
from pipeline.kernels import language as language_kernel
from pipeline.kernels.html import parsed, visible_lines
from pipeline.kernels.language import language
from pipeline.kernels.lines import Line
from training.pages import MAX_LINES

KEPT = OUT / "peers"

# The stop list of jusText for a language code; all lists together for any other.
STOP_LISTS = {
    "af": "Afrikaans", "sq": "Albanian", "ar": "Arabic", "hy": "Armenian", "az": "Azerbaijani", "eu": "Basque",
    "be": "Belarusian", "bn": "Bengali", "bs": "Bosnian", "br": "Breton", "bg": "Bulgarian", "ca": "Catalan",
    "hr": "Croatian", "cs": "Czech", "da": "Danish", "nl": "Dutch", "en": "English", "eo": "Esperanto",
    "et": "Estonian", "fi": "Finnish", "fr": "French", "gl": "Galician", "ka": "Georgian", "de": "German",
    "el": "Greek", "gu": "Gujarati", "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian", "is": "Icelandic",
    "id": "Indonesian", "ga": "Irish", "it": "Italian", "jv": "Javanese", "kn": "Kannada", "kk": "Kazakh",
    "ko": "Korean", "ku": "Kurdish", "ky": "Kyrgyz", "la": "Latin", "lv": "Latvian", "lt": "Lithuanian",
    "lb": "Luxembourgish", "mk": "Macedonian", "ms": "Malay", "ml": "Malayalam", "mt": "Maltese", "mr": "Marathi",
    "ne": "Nepali", "nb": "Norwegian_Bokmal", "no": "Norwegian_Bokmal", "nn": "Norwegian_Nynorsk", "oc": "Occitan",
    "fa": "Persian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sr": "Serbian",
    "sk": "Slovak", "sl": "Slovenian", "es": "Spanish", "sw": "Swahili", "sv": "Swedish", "tl": "Tagalog",
    "ta": "Tamil", "te": "Telugu", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "cy": "Welsh",
}  # fmt: skip


def trafilatura(html: str) -> str:
    """The text trafilatura finds, asked as in its own evaluation: the default mode, without comments."""
    return _trafilatura(html, precise=False)


def trafilatura_precision(html: str) -> str:
    """The same with `favor_precision`."""
    return _trafilatura(html, precise=True)


def _trafilatura(html: str, *, precise: bool) -> str:
    import trafilatura as library

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it warns of every page it finds nothing in
    return library.extract(html, include_comments=False, favor_precision=precise) or ""


def resiliparse(html: str) -> str:
    """The main content as resiliparse sees it, without descriptions of pictures and signs of list items."""
    from resiliparse.extract.html2text import extract_plain_text

    text: str = extract_plain_text(html, main_content=True, alt_texts=False, list_bullets=False)
    return text


def readability(html: str) -> str:
    """The visible lines of what readability-lxml cuts out; none where it finds no article."""
    from lxml.etree import LxmlError
    from readability import Document
    from readability.readability import Unparseable

    logging.getLogger("readability").setLevel(logging.CRITICAL)
    try:
        found = Document(html).summary(html_partial=True)
    except (LxmlError, Unparseable, ValueError):
        return ""
    return "\n".join(line.text for line in visible_lines(parsed(found), MAX_LINES))


HTML_PEERS: dict[str, tuple[str, Callable[[str], str]]] = {  # name: (distribution, text of a page)
    "html_trafilatura": ("trafilatura", trafilatura),
    "html_trafilatura_precision": ("trafilatura", trafilatura_precision),
    "html_resiliparse": ("resiliparse", resiliparse),
    "html_readability": ("readability-lxml", readability),
}
TEXT_PEERS: dict[str, tuple[str, Callable[[Sequence[str]], str]]] = {  # name: (distribution, text of a dump's lines)
    "text_justext": ("justext", lambda lines: "\n".join(justext_text(lines, stop_words(lines)))),
}


def justext_text(lines: Sequence[str], stop: frozenset[str]) -> Iterator[str]:
    """The lines that jusText calls good, each wrapped in `<p>`."""
    from justext import justext

    page = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return (paragraph.text for paragraph in justext(f"<html><body>{page}</body></html>", stop)
            if not paragraph.is_boilerplate)  # fmt: skip


def stop_words(lines: Sequence[str]) -> frozenset[str]:
    """The words jusText has for the language of the lines."""
    found = language(None, [Line(number, line) for number, line in enumerate(lines, 1)])
    return _stop_list(STOP_LISTS.get(found or ""))


@cache
def _stop_list(name: str | None) -> frozenset[str]:
    from justext import get_stoplist, get_stoplists

    return get_stoplist(name) if name else frozenset().union(*map(get_stoplist, get_stoplists()))


def missing() -> list[str]:
    """The peers whose package is not installed."""
    wanted = {name: package for name, (package, _) in (HTML_PEERS | TEXT_PEERS).items()}
    return [name for name, package in wanted.items() if _version(package) is None]


def answers(
    peers: Mapping[str, tuple[str, Callable[..., str]]], pages_file: Path, pages: Mapping[str, str | Sequence[str]]
) -> dict[str, dict[str, str]]:
    """For each installed peer its text of every page, by page id."""
    found = {}
    for name, (package, ask) in peers.items():
        if _version(package) is None:
            continue
        file = KEPT / f"{pages_file.stem}-{name}-{_key(pages_file, package, pages)}.json"
        if not file.is_file():
            KEPT.mkdir(parents=True, exist_ok=True)
            told = {page_id: ask(page) for page_id, page in pages.items()}
            file.write_text(json.dumps(told), encoding="utf-8")
        found[name] = json.loads(file.read_text(encoding="utf-8"))
    return found


def _key(pages_file: Path, package: str, pages: Iterable[str]) -> str:
    """What the answers depend on: the pages, the tools, and the code that asks and reads."""
    code = [Path(__file__), Path(html_kernel.__file__), Path(language_kernel.__file__)]
    versions = [f"{name} {_version(name)}" for name in (package, "lxml", "justext", "selectolax", "py3langid")]
    return sha256("\n".join([*versions, *pages, *(_hash(file) for file in (pages_file, *code))]).encode()).hexdigest()[
        :16
    ]


@cache
def _hash(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()


@cache
def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
