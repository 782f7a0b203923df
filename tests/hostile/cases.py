"""Inputs that harm: each with what becomes of it. Made here, never stored; the texts are our own.

Shapes after bug reports and measurements on trafilatura, lxml, lexbor, polars, zlib and zstandard.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import polars as pl
import zstandard

SENTENCE = "The harbour board of Port Alma said on Friday that the talks with the dock workers would go on next week."
STORY = "\n\n".join(f"{SENTENCE} It was the {number}th round." for number in range(8))
P = f"<p>{SENTENCE}</p>"
MB = 1_000_000
NOISE = random.Random(7).randbytes(50_000)  # noqa: S311  # no secret


class Case(NamedTuple):
    """A file that harms: the reasons it may be refused with (`written` where it may pass), and the articles in it."""

    name: str
    make: Callable[[], bytes]
    outcomes: frozenset[str]
    n_written: int = 0  # records beside the bad one, in any case
    n_repeated: int = 0  # records of the same content as one of these
    is_slow: bool = False  # takes a second or more, or runs into the limit of time


def page(body: str, head: str = "") -> bytes:
    """A page with a short story before the body and a line after it."""
    markup = f"<html><head><title>Talks go on in Port Alma</title>{head}</head><body><article><h1>Talks go on</h1>"
    return f"{markup}{P * 5}{body}</article><p>That is all for this Friday, said the board.</p></body></html>".encode()


def json_ld(text: str) -> str:
    """A block of it for the head."""
    return f'<script type="application/ld+json">{text}</script>'


def records(name: str, bad: bytes) -> bytes:
    """Two good records, like those of no other name, and a bad line between them."""
    texts = (f"{STORY}\n\nCopy {number} of {name}." for number in (1, 2))
    good = [json.dumps({"text": text, "outlet": "poison.example"}) for text in texts]
    return good[0].encode() + b"\n" + bad + b"\n" + good[1].encode() + b"\n"


def record(**fields: str) -> bytes:
    """A line of JSON."""
    return json.dumps({"text": STORY, "outlet": "poison.example"} | fields).encode()


def zstd(raw: bytes) -> bytes:
    """Packed with a checksum."""
    return zstandard.ZstdCompressor(write_checksum=True).compress(raw)


def flipped(raw: bytes, at: int) -> bytes:
    """One bit of one byte the other way round."""
    return raw[:at] + bytes([raw[at] ^ 0x10]) + raw[at + 1 :]


def gzip_bomb(n_bytes: int) -> bytes:
    """Gzip data of that many spaces, made without holding them."""
    packer, out = zlib.compressobj(9, zlib.DEFLATED, 31), io.BytesIO()
    for _ in range(n_bytes // MB):
        out.write(packer.compress(b" " * MB))
    return out.getvalue() + packer.flush()


def parquet(**columns: object) -> bytes:
    """A Parquet file."""
    out = io.BytesIO()
    pl.DataFrame(columns).write_parquet(out)
    return out.getvalue()


def entity_bomb() -> str:
    """The billion laughs."""
    steps = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE html [<!ENTITY l0 "lol">{steps}]>'


def warc(name: str, *pages: bytes) -> list[bytes]:
    """Records of an archive, one a page."""
    found = []
    for number, body in enumerate(pages):
        answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body
        head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://poison.example/{name}/{number}\r\n"
        found.append(f"{head}Content-Length: {len(answer)}\r\n\r\n".encode() + answer + b"\r\n\r\n")
    return found


def _text_cases() -> Iterator[Case]:
    wide = STORY.encode("utf-16")
    yield _case("empty.txt", b"", "empty")
    yield _case("blank.txt", b" \n\t\r\n\xc2\xa0\xe2\x80\x8b\n", "no_text")
    yield _case("nul.txt", STORY.encode().replace(b"board", b"bo\0rd"), "binary")
    yield _case("controls.txt", STORY.encode().replace(b"e", b"\x02"), "binary")
    yield _case("pdf.txt", b"%PDF-1.7\n" + STORY.encode(), "binary")
    yield _case("noise.txt", NOISE, "binary", "bad_encoding")
    yield _case("high-noise.txt", bytes(byte | 128 for byte in NOISE), "bad_encoding", "binary")
    yield _case("cut-utf8.txt", "Grüße aus dem Süden. ".encode() * 50 + b"\xc3 ", "bad_encoding")
    yield _case("surrogates.txt", STORY.encode() + b"\xed\xa0\x80 \xed\xb0\x80", "bad_encoding")
    yield _case("overlong.txt", STORY.encode() + b" \xc0\xaf \xe0\x80\xaf", "bad_encoding", "written")
    yield _case("cut-utf16.txt", wide[:-1], "bad_encoding", "binary")
    yield _case("utf16.txt", wide, "written")
    yield _case("unmarked-utf16.txt", wide[2:], "written")
    yield _case("utf8-mark.txt", b"\xef\xbb\xbf" + STORY.encode(), "written")
    yield _case("crlf.txt", STORY.replace("\n", "\r\n").encode(), "written")
    yield _case("old-mac.txt", STORY.replace("\n", "\r").encode(), "written")
    yield _case("separators.txt", STORY.replace(". ", ".\u2028\x85\x0b ").encode(), "written")
    yield _case("directions.txt", STORY.replace(" ", " \u202e\u2066").encode(), "written")
    yield _case("latin.txt", "Der Bürgermeister sagte, die Brücke über die Arle bleibe gesperrt. ".encode("cp1252") * 9,
                "written")  # fmt: skip
    yield _case("markup.txt", (STORY + "<script>alert(1)</script> [/b] \x1b[2J {{ 7*7 }} %s").encode(), "written")
    yield _case("formula.txt", b'=HYPERLINK("http://x.example")\n\n@SUM(A1)\n\n' + STORY.encode(), "written")
    yield _case("marks.txt", (STORY + "a" + "\u0301\u0327" * 50_000).encode(), "written")
    yield _case("ligatures.txt", (STORY + "\n\n" + "\ufdfa" * 50_000).encode(), "written")
    yield _case("long-line.txt", lambda: STORY.encode() + b"word " * 150_000, "too_large")
    yield _case("many-lines.txt", lambda: b"short\n" * 60_000, "too_large")
    yield _case("huge.txt", lambda: b"line of text\n" * 900_000, "too_large")


def _packed_cases() -> Iterator[Case]:
    text = STORY.encode() * 40
    yield _case("bomb.txt.gz", lambda: gzip_bomb(40 * MB), "too_large")
    yield _case("bomb.txt.zst", lambda: zstd(b" " * 40 * MB), "too_large")
    yield _case("nested-bomb.txt.gz", lambda: gzip.compress(gzip_bomb(40 * MB)), "binary")
    for suffix, pack in ((".gz", gzip.compress), (".zst", zstd)):
        yield _case(f"cut.txt{suffix}", pack(text)[:-20], "truncated")
        yield _case(
            f"flipped.txt{suffix}", flipped(pack(text), 60), "damaged", "truncated", "bad_encoding", "too_large"
        )
        yield _case(
            f"flipped-sum.txt{suffix}", flipped(pack(text), len(pack(text)) - (6 if suffix == ".gz" else 2)), "damaged"
        )
        yield _case(f"nothing.txt{suffix}", b"", "truncated")
        yield _case(f"plain.txt{suffix}", text, "damaged")
        yield _case(f"tail.txt{suffix}", pack(text) + b"garbage", "damaged")
    tail, cut, bomb = (records(name, record(id=name)) for name in ("tail", "cut", "bomb"))
    yield _case("tail.jsonl.gz", gzip.compress(tail) + b"garbage", "damaged", n_written=3)
    yield _case("cut.jsonl.zst", zstd(cut) + zstd(records("rest", b""))[:-9], "truncated", n_written=3)
    yield _case("bomb.jsonl.gz", lambda: gzip.compress(bomb) + gzip_bomb(40 * MB), "too_large", n_written=3)


def _record_cases() -> Iterator[Case]:
    for name, line, reason in (
        ("word", b"word", "bad_record"),
        ("list", b"[1, 2]", "bad_record"),
        ("deep", b"[" * 200_000 + b"]" * 200_000, "bad_record"),
        ("deep-object", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "bad_record"),
        ("number", b'{"text": "a", "id": ' + b"9" * 5_000 + b"}", "bad_record"),
        ("no-text", b'{"id": 1}', "bad_record"),
        ("nul-byte", b'{"text": "a\0b"}', "bad_record"),
        ("nul", record(text="a\0b"), "binary"),
        ("latin", '{"text": "café"}'.encode("cp1252"), "bad_encoding"),
        ("surrogate", b'{"text": "half \\ud83d"}', "bad_encoding"),
        ("surrogate-id", b'{"text": "whole", "id": "half \\ud83d"}', "bad_encoding"),
        ("utf16", '{"text": "a"}'.encode("utf-16"), "bad_encoding"),
        ("long", b'{"text": "' + b"a " * 6 * MB + b'"}', "too_large"),
        ("empty", b'{"text": "", "id": "empty"}', "empty"),
    ):
        yield _case(f"{name}.jsonl", records(name, line), reason, n_written=2)
    for name, value in (
        ("up", "../../../../tmp/evil"), ("root", "/etc/cron.d/evil"), ("nul", "a\0b"), ("long", "x" * 3_000),
        ("device", "CON"), ("shell", "$(touch evil); `touch evil`"), ("right-to-left", "\u202etxt.exe"), ("dot", "."),
        ("blank", "day=1/../x"), ("percent", "%2e%2e%2f"),
    ):  # fmt: skip
        yield _case(f"outlet-{name}.jsonl", record(outlet=value, id=value, title=value, url=value) + b"\n", "written")
    yield _case("unfinished.jsonl", records("unfinished", b"")[:-30], "truncated", n_written=1)
    yield _case(
        "twice.jsonl", record(id="twice")[:-1] + b', "text": "Second, ' + STORY[:99].encode() + b'"}\n', "written"
    )
    rows = {"text": [f"{STORY} {number}" for number in range(3)], "outlet": ["poison.example"] * 3}
    yield _case("empty.parquet", b"", "damaged")
    yield _case("cut.parquet", lambda: parquet(**rows)[:-40], "damaged")
    yield _case("footer.parquet", lambda: parquet(**rows)[:-8] + b"\xff\xff\xff\x7fPAR1", "damaged")
    yield _case("foreign.parquet", lambda: parquet(body=["a"]), "bad_record")
    yield _case(
        "bomb.parquet", lambda: parquet(text=["a " * 500] * 40_000), "too_large", n_written=1, n_repeated=16_639
    )
    pages = [page(f"<p>Page {number} of the archive.</p>") for number in range(4)]
    yield _case("cut.warc", b"".join(warc("plain", *pages))[:-50], "truncated", n_written=3)
    yield _case("cut.warc.gz", b"".join(map(gzip.compress, warc("packed", *pages)))[:-50], "truncated", n_written=3)
    yield _case("page.warc", page(""), "damaged")
    endless = b"".join(warc("endless", *pages)).replace(b"Content-Length: ", b"Content-Length: -", 1)
    yield _case("length.warc", endless, "damaged")


def _page_cases() -> Iterator[Case]:
    fine = {
        "nested-div-1k": "<div>" * 1_000 + "deep words here",
        "nested-b-50k": "<p>" + "<b>" * 50_000 + "deep words here",
        "nested-span-5k": "<p>" + "<span>x" * 5_000,
        "nested-table-2k": "<table><tr><td>" * 2_000 + "deep words here",
        "links": '<a href="/x">y</a>' * 30_000,
        "data-uri": '<img src="data:image/png;base64,' + "A" * 4 * MB + '">',
        "colspan": '<table><tr><td colspan="9007199254740991">a</td></tr></table>',
        "digits": "<p>" + "1" * 200_000 + "</p>",
        "dates": "<p>" + "2024-01-" * 30_000 + "</p>",
        "comment": "<!--" * 300_000,
        "entities": "<p>&#0;&#xD800;&#x110000;&#769;&amp;amp;&bogus; after the entities</p>",
        "marks": "<p>a" + "&#769;&#807;" * 20_000 + "</p>",
    }
    for name, body in fine.items():
        yield _case(f"{name}.html", page(body), "written")
    heads = {
        "ld-deep": json_ld("[" * 100_000 + "]" * 100_000),
        "ld-broken": json_ld('{"@type":"NewsArticle","author":' + '"name":"' * 100_000),
        "ld-escapes": json_ld('{"@type":"NewsArticle","headline":"' + "\\" * 300_001 + '"}'),
        "author": f'<meta name="author" content="{"by Ana Petrova and " * 50_000}">',
        "author-spaces": f'<meta name="author" content="a{" " * 200_000}!">',
        "title": f"<title>{'Port Alma - ' * 100_000}</title>",
        "address": f'<link rel="canonical" href="https://poison.example/{"a/" * 200_000}">',
        "bad-address": '<link rel="canonical" href="http://[::1">',
        "charset": '<meta charset="utf-16">',
        "escaped": '<meta property="og:title" content="&lt;img src=x onerror=alert(1)&gt;">',
    }  # fmt: skip
    for name, head in heads.items():
        yield _case(f"{name}.html", page("", head), "written")
    yield _case("laughs.html", entity_bomb().encode() + page("<p>&l9;</p>"), "written")
    yield _case("outside.html", b'<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + page("<p>&x;</p>"),
                "written")  # fmt: skip
    yield _case("nul.html", page("<p>a\0b</p>"), "binary")
    yield _case("script.html", b"<html><script>" + b"a()" * 999 + b"</script></html>", "no_text")
    yield _case("png.html", b"\x89PNG\r\n\x1a\n" + bytes(99), "binary")
    yield _case("short-paragraphs.html", page("<p>short</p>" * 60_000), "too_large")
    yield _case("breaks.html", page("<p>" + "line<br>" * 60_000), "too_large", is_slow=True)
    yield _case("paragraph.html", page("<p>" + "word " * 200_000), "too_large")
    slow = {
        "attributes": "<p " + " ".join(f"a{number}=1" for number in range(90_000)) + ">x</p>",
        "nested-div-100k": "<div>" * 100_000 + "deep words here",
    }
    for name, body in slow.items():
        yield _case(f"{name}.html", page(body), "timeout", "written", is_slow=True)
    yield _case("formatting.html", page("<p>" + "<i>a</i><b>c</b>" * 40_000 + "</p>"), "written")
    yield _case("nested-list.html", page("<ul><li>item" * 5_000), "written", is_slow=True)
    yield _case("close-tags.html", page("</p>" * 300_000), "written", is_slow=True)
    people = ",".join(f'{{"@type":"Person","name":"Ana Petrova {number}"}}' for number in range(20_000))
    authors = json_ld(f'{{"@type":"NewsArticle","author":[{people}]}}')
    yield _case("ld-authors.html", page("", authors), "written", is_slow=True)
    # Few seconds for us, many for trafilatura: the fast result stands.
    dated = (f"<p>Posted {n % 28 + 1} January {1990 + n % 40} at 10:{n % 60:02d}</p>" for n in range(20_000))
    yield _case("thousands-of-dates.html", page("".join(dated)), "written", is_slow=True)


def _case(name: str, raw: bytes | Callable[[], bytes], *outcomes: str, **rest: int) -> Case:
    make = raw if callable(raw) else lambda: raw
    return Case(name, make, frozenset(outcomes), **rest)


CASES = (*_text_cases(), *_packed_cases(), *_record_cases(), *_page_cases())
SKIPPED = (
    "pipe.txt",
    "nowhere.txt",
    "loop.txt",
    "secret.txt",
    "zero.html",
    "two\nlines.txt",
    "caf\udce9.txt",
    "folder-loop",
)


def put_case(case: Case, folder: Path) -> Path:
    """Write the case into a folder of its own outlet."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / case.name
    path.write_bytes(case.make())
    return path


def put_oddities(folder: Path) -> None:
    """Names that are none of a file we may read: SKIPPED; and a folder that is called like a page."""
    (folder / "page.html").mkdir(parents=True)
    os.mkfifo(folder / "pipe.txt")
    (folder / "nowhere.txt").symlink_to("not-there.txt")
    (folder / "loop.txt").symlink_to("loop.txt")
    (folder / "secret.txt").symlink_to("/etc/passwd")
    (folder / "zero.html").symlink_to("/dev/zero")
    (folder / "two\nlines.txt").write_text(STORY)
    (folder / "caf\udce9.txt").write_text(STORY)
    (folder / "folder-loop").symlink_to(folder)
