import gzip
import json

import polars as pl
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json

from pipeline.kernels.hashing import content_hash
from pipeline.readers import REASONS, Document, Limits, Refusal, key_of, read, reader_of
from pipeline.readers.records import TOLD
from pipeline.readers.records import document as document_of
from pipeline.readers.unpack import UnpackError, opened

RECORDS = [
    {"text": f"The council met for the {number}th time this year.", "id": f"c-{number}", "outlet": "arle.example"}
    for number in range(40)
]


def lines_of(records):
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def all_of(path, raw=None, limits=None):
    if raw is not None:
        path.write_bytes(raw)
    return list(read(path, path.name, limits or Limits()))


@pytest.mark.parametrize("suffix", [".jsonl", ".ndjson.gz", ".jsonl.zst"])
def test_every_line_is_a_document_with_its_place(tmp_path, suffix):
    raw = lines_of(RECORDS)
    packed = {"l": raw, "z": gzip.compress(raw), "t": zstandard.ZstdCompressor().compress(raw)}[suffix[-1]]
    documents = all_of(tmp_path / f"feed{suffix}", packed)
    assert [document.source_id for document in documents] == [record["id"] for record in RECORDS]
    assert [document.record_no for document in documents] == list(range(40))
    for document in documents:
        line = raw[document.source_offset :].split(b"\n", 1)[0]
        assert json.loads(line)["text"] == document.content


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"not json", "bad_record"),
        (b"[1, 2]", "bad_record"),
        (b'{"url": "https://arle.example/"}', "bad_record"),
        (b'{"text": 17}', "bad_record"),
        (b'{"text": "a", "title": ["b"]}', "bad_record"),
        (b'{"text": "a", "id": true}', "bad_record"),
        (b'{"text": "caf\xe9"}', "bad_encoding"),
        (b'{"text": "half \\ud83d"}', "bad_encoding"),
        (b'{"text": "' + b"a" * 2_000 + b'"}', "too_large"),
        (b"[" * 1_500, "bad_record"),
        (b'{"text": "a", "id": ' + b"9" * 1_900 + b"e}", "bad_record"),
    ],
)
def test_a_bad_line_is_one_refusal_and_the_others_go_on(tmp_path, line, reason):
    good = b'{"text": "The bridge is closed."}\n'
    first, bad, last = all_of(tmp_path / "a.jsonl", good + line + b"\n" + good, Limits(max_document_bytes=2_000))
    assert isinstance(first, Document)
    assert isinstance(last, Document)
    assert (bad.reason, bad.source_offset, last.source_offset) == (reason, len(good), len(good) + len(line) + 1)
    assert bad.sha256 is not None
    assert bad.reason in dict(REASONS)


def test_blank_lines_and_a_byte_order_mark_are_passed_over(tmp_path):
    documents = all_of(tmp_path / "a.jsonl", b'\xef\xbb\xbf{"text": "a"}\r\n\n  \n{"text": "b"}')
    assert [(document.content, document.record_no) for document in documents] == [("a", 0), ("b", 1)]


def test_a_last_line_that_its_writer_did_not_finish_is_truncated(tmp_path):
    *whole, cut = all_of(tmp_path / "a.jsonl", lines_of(RECORDS)[:-9])
    assert len(whole) == 39
    assert (cut.reason, cut.source_offset) == ("truncated", len(lines_of(RECORDS[:39])))


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_a_cut_stream_gives_what_is_whole_and_one_refusal_at_the_rest(tmp_path, suffix):
    # Text that does not pack well, so that the cut takes some lines and leaves some.
    records = [{"text": content_hash(b"%d" % number), "id": str(number)} for number in range(8_000)]
    raw = lines_of(records)
    packed = gzip.compress(raw) if suffix == "gz" else zstandard.ZstdCompressor().compress(raw)
    *whole, cut = all_of(tmp_path / f"a.jsonl.{suffix}", packed[: len(packed) // 2])
    assert 0 < len(whole) < 8_000
    assert [document.source_id for document in whole] == [str(number) for number in range(len(whole))]
    assert cut.reason == "truncated"
    assert cut.source_offset == len(lines_of(records[: len(whole)]))


def test_garbage_after_a_gzip_stream_is_damage_behind_whole_records(tmp_path):
    *whole, tail = all_of(tmp_path / "a.jsonl.gz", gzip.compress(lines_of(RECORDS)) + b"garbage")
    assert (len(whole), tail.reason, tail.source_offset) == (40, "damaged", len(lines_of(RECORDS)))
    assert tail.sha256 == content_hash(lines_of(RECORDS))


def test_a_line_far_over_the_cap_is_not_held_in_memory_and_keeps_its_hash(tmp_path):
    limits = Limits(max_document_bytes=1_000)
    raw = b'{"text": "' + b"a" * 3_000_000 + b'"}\n{"text": "b"}\n'
    refusal, document = all_of(tmp_path / "a.jsonl", raw, limits)
    longer, _ = all_of(tmp_path / "b.jsonl", raw.replace(b'a"}', b'aa"}'), limits)
    assert (refusal.reason, document.content) == ("too_large", "b")
    assert refusal.sha256 != longer.sha256


def test_the_same_record_has_the_same_hash_in_both_formats_whatever_its_spelling(tmp_path):
    record = {"html": "<p>Caf\u00e9</p>", "url": "https://arle.example/a", "title": "Caf\u00e9"}
    spelled = b'{"title": "Caf\\u00e9", "extra": 1, "url":"https://arle.example/a", "html": "<p>Caf\xc3\xa9</p>"}'
    pl.DataFrame([record, record | {"title": None}]).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame([record | {"html": record["html"].encode()}]).write_parquet(tmp_path / "b.parquet")
    (line,) = all_of(tmp_path / "a.jsonl", spelled)
    first, second = all_of(tmp_path / "a.parquet")
    (binary,) = all_of(tmp_path / "b.parquet")
    assert first.sha256 == line.sha256 == binary.sha256 != second.sha256
    assert (second.source_offset, second.record_no, second.title) == (1, 1, None)
    assert binary.content == record["html"].encode()


def test_parquet_times_and_numbers_become_strings(tmp_path):
    frame = pl.DataFrame({"text": ["a"], "id": [17], "published_at": ["2026-11-17T06:00:00"]})
    frame.with_columns(pl.col("published_at").str.to_datetime()).write_parquet(tmp_path / "a.parquet")
    (document,) = all_of(tmp_path / "a.parquet")
    assert (document.source_id, document.published_at) == ("17", "2026-11-17T06:00:00")


def test_a_bad_row_of_parquet_is_one_refusal(tmp_path):
    pl.DataFrame({"text": ["a", None, "c" * 500]}).write_parquet(tmp_path / "a.parquet")
    good, empty, long = all_of(tmp_path / "a.parquet", limits=Limits(max_document_bytes=100))
    assert isinstance(good, Document)
    assert [(refusal.source_offset, refusal.reason) for refusal in (empty, long)] == [
        (1, "bad_record"),
        (2, "too_large"),
    ]


@pytest.mark.parametrize("raw", [b"", b"PAR1", b"PAR1" + b"x" * 100, b"PAR1" + b"x" * 50 + b"\xff\xff\xff\x7fPAR1"])
def test_what_is_no_parquet_is_damaged(tmp_path, raw):
    (refusal,) = all_of(tmp_path / "a.parquet", raw)
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.source_offset) == ("damaged", 0)


def test_a_column_whose_name_is_not_utf8_is_damage(tmp_path):
    pl.DataFrame({"text": ["a"] * 9, "named": ["b"] * 9}).write_parquet(tmp_path / "a.parquet")
    raw = (tmp_path / "a.parquet").read_bytes()
    (refusal,) = all_of(tmp_path / "a.parquet", raw.replace(b"named", b"n\xff\xfeed"))
    assert refusal.reason == "damaged"


def test_the_footer_is_looked_at_before_the_rows(tmp_path):
    pl.DataFrame({"text": ["a" * 1_000] * 50_000}).write_parquet(tmp_path / "a.parquet")
    (refusal,) = all_of(tmp_path / "a.parquet", limits=Limits(max_records=10_000))
    assert refusal.reason == "too_large"
    pl.DataFrame({"body": ["a"]}).write_parquet(tmp_path / "b.parquet")
    assert [item.reason for item in all_of(tmp_path / "b.parquet")] == ["bad_record"]


def test_a_record_without_id_and_address_is_called_by_its_content(tmp_path):
    first, second = all_of(tmp_path / "a.jsonl", b'{"text": "a"}\n{"text": "b"}\n')
    (alone,) = all_of(tmp_path / "a.jsonl", b'{"text": "b"}\n')

    assert key_of(first).startswith("a.jsonl#")
    assert key_of(first) != key_of(second) == key_of(alone)


def test_where_a_record_has_page_and_text_the_page_is_read(tmp_path):
    (page,) = all_of(tmp_path / "a.jsonl", b'{"text": "a", "html": "<p>b</p>"}\n')

    assert (page.format, page.content) == ("html", "<p>b</p>")


def test_a_record_that_is_no_document_says_what_it_has(tmp_path):
    (refusal,) = all_of(tmp_path / "a.jsonl", b'{"ID": 1, "body": "a"}\n')

    assert refusal.detail == "neither 'html' nor 'text'; it has 'ID', 'body'"


SIGNS = st.sampled_from('\\"/\n\r\t\f\b\0\x01\x1f\x7f\u2028é語😀 a')


@given(st.text(SIGNS), st.dictionaries(st.sampled_from(TOLD), st.text(SIGNS).map(str.strip).filter(bool)))
def test_a_record_is_known_by_the_hash_of_its_canonical_json(text, told):
    canonical = json.dumps({"text": text, **told}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    assert document_of({"text": text, **told}, "a.jsonl", 0, 0).sha256 == content_hash(canonical.encode())


@given(st.binary())
def test_bytes_that_are_no_utf8_are_hashed_as_halves_of_surrogate_pairs(raw):
    canonical = json.dumps({"html": raw.decode("utf-8", "surrogateescape")}, separators=(",", ":"), ensure_ascii=False)

    assert document_of({"html": raw}, "a.parquet", 0, 0).sha256 == content_hash(
        canonical.encode("utf-8", "surrogatepass")
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abé"), inner, max_size=4),
    max_leaves=8,
).map(json.dumps)
PIECES = st.sampled_from(
    ["{", "}", "[", ",", '"', ":", "\\", "\\u", "d83d", "0", "-", "1e", ".", " ", "NaN", "\0", "\n", '"a":1,']
)


@given(JSON, st.lists(st.tuples(st.integers(0, 40), PIECES), max_size=3))
def test_what_the_quick_parser_takes_json_reads_the_same(text, mutations):
    for place, piece in mutations:
        text = text[:place] + piece + text[place:]
    try:
        read = from_json(text.encode(), cache_strings="none")
    except ValueError:
        return

    assert repr(read) == repr(json.loads(text))


@pytest.mark.parametrize(
    "line", [b'{"text": "a", "x": "\\ud800"}', b'{"text": "a", "x": ' + b"[" * 300 + b"]" * 300 + b"}"]
)
def test_what_only_json_reads_is_read(tmp_path, line):
    (found,) = all_of(tmp_path / "a.jsonl", line + b"\n")

    assert found.content == "a"


def test_a_name_no_reader_takes_is_an_error():
    with pytest.raises(ValueError, match="no reader"):
        reader_of("photo.jpg")


def test_a_file_that_cannot_be_read_on_is_unreadable_wherever_it_is_read(tmp_path):
    path = tmp_path / "page.txt"
    path.write_text("x")

    with pytest.raises(UnpackError) as refused, opened(path):
        raise OSError(5, "Input/output error")

    assert (refused.value.reason, refused.value.detail) == ("unreadable", "Input/output error")
