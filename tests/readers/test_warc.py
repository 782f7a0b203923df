import base64
import gzip
import hashlib
import zlib

import pytest
import zstandard

from pipeline.readers import REASONS, Document, Limits, Refusal, Skipped, key_of, outlet_of, read

PAGE = b"<!doctype html><title>Bridge</title><p>The bridge over the Arle is closed for three weeks.</p>"


def record(body, kind="response", url="https://www.arle.example/bridge", **fields):
    head = {"WARC-Type": kind, "WARC-Target-URI": url, "WARC-Date": "2026-11-17T06:00:00Z"}
    head |= {name.replace("_", "-"): value for name, value in fields.items()}
    head.setdefault("Content-Length", str(len(body)))
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items() if value is not None)
    return f"WARC/1.1\r\n{lines}\r\n".encode() + body + b"\r\n\r\n"


def answer(body=PAGE, status="200 OK", **fields):
    head = {"Content-Type": "text/html; charset=utf-8"} | {name.replace("_", "-"): v for name, v in fields.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items() if value is not None)
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


def chunked(body, size=40):
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x;x=y\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def numbered(count):
    return [record(answer(PAGE + b"%d" % n), url=f"https://arle.example/{n}") for n in range(count)]


def all_of(tmp_path, raw, name="crawl.warc", limits=None):
    path = tmp_path / name
    path.write_bytes(raw)
    return list(read(path, name, limits or Limits()))


def test_a_page_comes_with_its_address_the_servers_charset_and_the_time_of_its_fetch(tmp_path):
    first = record(b"software: ours\r\n", "warcinfo")
    skipped_first, page = all_of(tmp_path, first + record(answer(Content_Type="text/html; charset=EUC-KR")))[::-1]

    assert isinstance(page, Document)
    assert (page.content, page.charset, page.fetched_at) == (PAGE, "EUC-KR", "2026-11-17T06:00:00Z")
    assert (page.source_offset, page.record_no, page.published_at) == (len(first), 0, None)
    assert (outlet_of(page), key_of(page)) == ("arle.example", "https://www.arle.example/bridge")
    assert skipped_first == Skipped("crawl.warc", "no response: 1 of its records")


@pytest.mark.parametrize(
    ("pack", "suffix"),
    [
        (gzip.compress, ".gz"),
        (zstandard.ZstdCompressor().compress, ".zst"),
    ],
)
def test_packed_record_by_record_or_whole_the_pages_are_the_same(tmp_path, pack, suffix):
    records = numbered(5)
    plain = all_of(tmp_path, b"".join(records))

    for raw in (b"".join(map(pack, records)), pack(b"".join(records))):
        packed = all_of(tmp_path, raw, f"crawl.warc{suffix}")
        assert [(page.content, page.source_offset, page.sha256) for page in packed] == [
            (page.content, page.source_offset, page.sha256) for page in plain
        ]


def test_a_page_is_the_same_input_in_an_archive_and_as_a_record(tmp_path):
    (archived,) = all_of(tmp_path, record(answer()))
    line = b'{"url": "https://www.arle.example/bridge", "html": "%s"}\n' % PAGE
    (recorded,) = all_of(tmp_path, line, "a.jsonl")

    assert archived.sha256 == recorded.sha256


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (chunked(PAGE), {"Transfer_Encoding": "chunked"}),
        (gzip.compress(PAGE, mtime=0), {"Content_Encoding": "gzip"}),
        (zstandard.ZstdCompressor().compress(PAGE), {"Content_Encoding": "zstd"}),
        (zlib.compress(PAGE), {"Content_Encoding": "deflate"}),
        (zlib.compress(PAGE)[2:-4], {"Content_Encoding": "deflate"}),
        (chunked(gzip.compress(PAGE, mtime=0)), {"Content_Encoding": "gzip", "Transfer_Encoding": "chunked"}),
        (gzip.compress(zlib.compress(PAGE), mtime=0), {"Content_Encoding": "deflate, gzip"}),
        # The archive took them off and left the fields:
        (PAGE, {"Transfer_Encoding": "chunked", "Content_Encoding": "gzip", "Content_Length": "31"}),
        (PAGE, {"Content_Encoding": "br"}),
        (PAGE, {"Content_Encoding": "deflate"}),
    ],
)
def test_transfer_and_content_encodings_are_taken_off(tmp_path, body, fields):
    (page,) = all_of(tmp_path, record(answer(body, **fields)))

    assert page.content == PAGE


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (record(answer(b"\xff\xd8", Content_Type="image/jpeg")), "no HTML"),
        (record(answer(b"{}", Content_Type=None)), "no HTML"),
        (record(answer(status="404 Not Found")), "status other than 200"),
        (record(answer(status="301 Moved")), "status other than 200"),
        (record(b"GET / HTTP/1.1\r\n\r\n", "request"), "no response"),
        (record(b"", "revisit"), "no response"),
        (record(b"a picture", "resource", Content_Type="image/png"), "no HTML"),
    ],
)
def test_what_is_no_page_is_skipped_and_counted(tmp_path, raw, why):
    assert all_of(tmp_path, raw * 3) == [Skipped("crawl.warc", f"{why}: 3 of its records")]


def test_a_page_without_a_type_and_one_that_never_was_a_response_are_pages(tmp_path):
    first, second = all_of(
        tmp_path, record(answer(Content_Type=None)) + record(PAGE, "resource", Content_Type="text/html")
    )

    assert first.content == second.content == PAGE


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (record(b"no answer"), "bad_record"),
        (record(b"HTTP/1.1 200 OK\r\nContent-Type: text/html"), "bad_record"),
        (record(answer(b"\x0b\x02\x80<", Content_Encoding="br")), "bad_record"),
        (record(answer(b"a" * 5_000)), "too_large"),
        (record(answer(gzip.compress(b"a" * 5_000_000, mtime=0), Content_Encoding="gzip")), "too_large"),
        (record(answer(zlib.compress(b"a" * 500_000), Content_Encoding="deflate")), "too_large"),
        (record(answer(gzip.compress(PAGE, mtime=0)[:-9], Content_Encoding="gzip")), "truncated"),
        (record(answer(zlib.compress(PAGE)[:-9], Content_Encoding="deflate")), "truncated"),
        (record(answer(b"\x78\x9c" + b"\xff" * 40, Content_Encoding="deflate")), "damaged"),
        (record(answer(chunked(PAGE)[:70], Transfer_Encoding="chunked")), "truncated"),
        (record(answer(chunked(PAGE).replace(b"28;", b"27;"), Transfer_Encoding="chunked")), "damaged"),
        (record(answer(PAGE, Content_Length="4000")), "truncated"),
        (record(answer(), WARC_Truncated="length"), "truncated"),
        (record(answer(), WARC_Block_Digest="sha1:" + "A" * 32), "damaged"),
    ],
)
def test_a_bad_page_is_one_refusal_and_the_others_go_on(tmp_path, raw, reason):
    good = record(answer())
    first, bad, last = all_of(tmp_path, good + raw + good, limits=Limits(max_document_bytes=2_000))

    assert (first.content, last.content) == (PAGE, PAGE)
    assert (bad.reason, bad.source_offset, bad.sha256 is None) == (reason, len(good), False)
    assert reason in dict(REASONS)


def test_a_digest_that_fits_is_believed(tmp_path):
    digest = base64.b32encode(hashlib.sha1(answer(), usedforsecurity=False).digest()).decode()
    (page,) = all_of(tmp_path, record(answer(), WARC_Block_Digest=f"sha1:{digest}"))

    assert page.content == PAGE


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda raw: raw[:-60], "truncated"),
        (lambda raw: raw.replace(b"Content-Length: 1", b"Content-Length: 2"), "truncated"),
        (lambda raw: raw.replace(b"Content-Length: 1", b"Content-Length: x"), "damaged"),
        (lambda raw: raw.replace(b"over the Arle", b"") + numbered(1)[0], "damaged"),
        (lambda raw: raw.replace(b"WARC/1.1", b"WORC/1.1"), "damaged"),
        (lambda raw: raw.replace(b"WARC/1.1", b"WARC/1.1" + b"x" * 99_999), "damaged"),
    ],
)
def test_damage_gives_the_records_before_it_and_one_refusal(tmp_path, harm, reason):
    records = numbered(4)
    found = all_of(tmp_path, b"".join(records[:3]) + harm(records[3]))

    pages, last = found[:-1], found[-1]
    assert [page.content[-1:] for page in pages] == [b"0", b"1", b"2"][: len(pages)]
    assert len(pages) >= 2  # where no record begins, the one before has no certain end
    assert (last.reason, last.source_offset) == (reason, len(b"".join(records[: len(pages)])))


@pytest.mark.parametrize("harm", ["cut", "flip"])
def test_a_packed_archive_is_read_up_to_its_damage(tmp_path, harm):
    members = [gzip.compress(raw) for raw in numbered(20)]
    raw = bytearray(b"".join(members))
    at = len(b"".join(members[:12])) + 60
    if harm == "flip":
        raw[at] ^= 0x10
    found = all_of(tmp_path, bytes(raw[:at] if harm == "cut" else raw), "crawl.warc.gz")

    *pages, last = found
    assert [page.content for page in pages] == [PAGE + b"%d" % n for n in range(len(pages))]
    assert 11 <= len(pages) <= 12
    assert (type(last), last.reason) == (Refusal, "truncated" if harm == "cut" else "damaged")


def test_what_is_no_archive_is_damaged_and_a_bomb_is_stopped(tmp_path):
    (foreign,) = all_of(tmp_path, PAGE)
    bomb = record(answer(b"a" * 40_000_000))
    (large,) = all_of(tmp_path, gzip.compress(bomb), "crawl.warc.gz")

    assert (foreign.reason, foreign.source_offset) == ("damaged", 0)
    assert large.reason == "too_large"
    assert all_of(tmp_path, b"") == []


def test_blank_lines_without_end_are_damage_and_looked_at_a_piece_at_a_time(tmp_path):
    page, refusal = all_of(tmp_path, b"".join(numbered(2)) + b"\r\n" * 2_000_000 + numbered(1)[0])

    assert isinstance(page, Document)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "damaged"
    assert all_of(tmp_path, b"\r\n" + numbered(1)[0] + b"\r\n" * 20 + numbered(1)[0])[-1].record_no == 1
