import gzip
import json
import os
from pathlib import Path

import polars as pl
import pytest
import zstandard

from pipeline.kernels.hashing import content_hash
from pipeline.readers import Document, Limits, key_of, outlet_of, read

STORY = "Bridge over the Arle to close for three weeks\n\nThe county council voted on Monday night.\n"
PAGE = (
    b'<html><head><link rel="canonical" href="https://www.arle.example/bridge?utm_source=x#top"></head><p>Closed.</p>'
)


def only(path, limits=None, source_path=None):
    (item,) = read(path, source_path or path.name, limits or Limits())
    return item


def put(path, raw):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    return path


def test_a_text_file_is_one_document_of_undecoded_bytes(tmp_path):
    document = only(put(tmp_path / "bridge.txt", STORY.encode()))
    assert document == Document("bridge.txt", 0, None, "text", STORY.encode(), content_hash(STORY.encode()))


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_packing_changes_neither_content_nor_hash(tmp_path, pack):
    suffix = ".gz" if pack is gzip.compress else ".zst"
    plain, packed = put(tmp_path / "a.txt", STORY.encode()), put(tmp_path / f"a.txt{suffix}", pack(STORY.encode()))
    assert only(packed).content == only(plain).content
    assert only(packed).sha256 == only(plain).sha256


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor(write_checksum=True).compress])
@pytest.mark.parametrize(("harm", "reason"), [("cut", "truncated"), ("flip", "damaged"), ("empty", "truncated")])
def test_a_cut_or_damaged_packing_refuses_the_file(tmp_path, pack, harm, reason):
    raw = pack(STORY.encode() * 50)
    raw = {
        "cut": raw[:-3],
        "flip": raw[:20] + bytes([raw[20] ^ 0x55]) + raw[21:-1] + bytes([raw[-1] ^ 1]),
        "empty": b"",
    }[harm]
    refusal = only(put(tmp_path / ("a.txt.gz" if pack is gzip.compress else "a.txt.zst"), raw))
    assert (refusal.reason, refusal.source_offset) == (reason, 0)


def test_gzip_members_and_zstd_frames_that_follow_each_other_are_read_to_the_end(tmp_path):
    compress = zstandard.ZstdCompressor().compress
    two = put(tmp_path / "a.txt.gz", gzip.compress(b"one ") + gzip.compress(b"two") + b"\0\0")
    frames = put(tmp_path / "a.txt.zst", compress(b"one ") + compress(b"two"))
    assert only(two).content == only(frames).content == b"one two"


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_a_document_above_the_limit_is_refused_before_it_is_held(tmp_path, suffix):
    raw = b"a" * 5_000_000
    packed = {"": raw, ".gz": gzip.compress(raw), ".zst": zstandard.ZstdCompressor().compress(raw)}[suffix]
    refusal = only(put(tmp_path / f"a.txt{suffix}", packed), Limits(max_document_bytes=100_000))
    assert refusal.reason == "too_large"


def test_a_file_that_unpacks_far_beyond_its_size_is_refused(tmp_path):
    bomb = put(tmp_path / "a.txt.gz", gzip.compress(bytes(40_000_000)))
    refusal = only(bomb, Limits(max_document_bytes=100_000_000))
    assert (refusal.reason, "times its size" in refusal.detail) == ("too_large", True)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
@pytest.mark.parametrize("name", ["a.txt", "a.jsonl.gz", "a.warc", "a.parquet"])
def test_what_is_no_file_is_unreadable_and_never_waited_for(tmp_path, name, make):
    make(tmp_path / name)
    refusal = only(tmp_path / name)
    assert (refusal.source_offset, refusal.reason, refusal.detail) == (0, "unreadable", "no regular file")


def test_a_file_that_is_gone_is_unreadable(tmp_path):
    assert only(tmp_path / "a.txt").detail == "No such file or directory"


def test_a_sidecar_that_is_a_pipe_is_not_waited_for(tmp_path):
    path = put(tmp_path / "a.txt", STORY.encode())
    os.mkfifo(tmp_path / "a.txt.meta.json")
    refusal = only(path)
    assert (refusal.reason, refusal.detail) == ("bad_sidecar", ".meta.json: no regular file")


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.parquet"])
def test_a_file_that_is_written_to_while_it_is_read_is_refused(tmp_path, name, monkeypatch):
    path = put(tmp_path / name, b'{"text": "a"}\n')
    if name == "a.parquet":
        pl.DataFrame({"text": ["a"]}).write_parquet(path)
    looks = []

    def looked(descriptor):
        if len(looks) == 1:
            os.utime(path, ns=(1, 1))
        looks.append(descriptor)
        return fstat(descriptor)

    fstat = os.fstat
    monkeypatch.setattr(os, "fstat", looked)

    *before, last = read(path, name, Limits())

    assert (last.reason, len(before)) == ("changed", 0 if name == "a.txt" else 1)


def test_the_sidecar_tells_where_a_file_comes_from(tmp_path):
    path = put(tmp_path / "a.txt", STORY.encode())
    said = {"url": "https://arle.example/bridge", "outlet": "Arle Courier", "title": "Bridge", "id": 17, "other": [1]}
    put(tmp_path / "a.txt.meta.json", json.dumps(said | {"published_at": "2026-11-17"}).encode())
    document = only(path)
    assert (document.source_id, document.outlet, document.title, document.published_at) == (
        "17",
        "Arle Courier",
        "Bridge",
        "2026-11-17",
    )


@pytest.mark.parametrize(
    "said",
    [b"{", b"[]", b'{"url": 1.5}', b"\xff{}", b'{"title": "\\ud800"}', b"[" * 100_000, b'{"a": "' + b"b" * 2_000_000],
)
def test_a_broken_sidecar_refuses_its_document_until_it_is_mended(tmp_path, said):
    path = put(tmp_path / "a.txt", STORY.encode())
    sound = only(path)
    put(tmp_path / "a.txt.meta.json", said)
    refusal = only(path)
    assert refusal.reason == "bad_sidecar"
    assert refusal.sha256 != sound.sha256


def test_a_page_names_its_own_address_where_nothing_else_does(tmp_path):
    document = only(put(tmp_path / "x.html", PAGE))
    assert document.url == "https://www.arle.example/bridge?utm_source=x#top"
    assert outlet_of(document) == "arle.example"
    assert key_of(document) == "https://www.arle.example/bridge"


@pytest.mark.parametrize(
    ("page", "url"),
    [
        (b'<meta property=og:url content="https://arle.example/a?x=1&amp;y=2">', "https://arle.example/a?x=1&y=2"),
        (b"<meta content='https://b.example/og' property='og:url'><link href=https://b.example/c rel=canonical>",
         "https://b.example/c"),
        (b'<link rel="canonical" href="/bridge">', None),
        (b'<link rel="canonical" href="javascript:alert(1)">', None),
        (b'<link rel="stylesheet" href="https://b.example/x.css">', None),
        (b" " * 300_000 + b'<link rel="canonical" href="https://late.example/">', None),
    ],
)  # fmt: skip
def test_only_an_absolute_web_address_in_the_head_counts(tmp_path, page, url):
    assert only(put(tmp_path / "x.html", page)).url == url


def test_outlet_and_key_fall_back_on_the_path(tmp_path):
    path = put(tmp_path / "coast.example/2026-11-17/a.txt", STORY.encode())
    document = only(path, source_path="coast.example/2026-11-17/a.txt")
    assert (outlet_of(document), key_of(document)) == ("coast.example", "coast.example/2026-11-17/a.txt")
