import codecs
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipeline import schemas
from pipeline.kernels.hashing import article_id, content_hash
from pipeline.readers import REASONS, Document, key_of, outlet_of
from pipeline.stages.extract import Settings, Task, answers, apply, refused

AS_OF = datetime(2026, 11, 22, tzinfo=UTC)
SEEN = datetime(2026, 11, 21, tzinfo=UTC)
STATED = "2026-11-17T06:30:00+01:00"
STORY = """Skip to content

Bridge over the Arle to close

By Ana Petrova

The county council voted on Monday night to close the old iron bridge over the Arle for at least three weeks.

Residents of the east bank said they had been given no notice of the detour, which adds twenty minutes.

다리 위의 시장(사진=아를 신문)
"""
PAGE = """<html lang="en"><head><meta property="og:title" content="Bridge over the Arle to close">
<meta name="author" content="Ana Petrova"><meta property="article:published_time" content="2026-11-17T06:30:00+01:00">
</head><body><nav><a href="/">Home</a></nav><article><h1>Bridge over the Arle to close</h1>
<p>The county council voted on Monday night to close the old iron bridge over the Arle for at least three weeks.</p>
<p>Residents of the east bank said they had been given no notice of the detour, which adds twenty minutes.</p>
<p>A spokesman said the work could not wait for the holidays and that a ferry would take walkers across.</p>
</article><footer>All rights reserved</footer></body></html>"""


def task(content, form="text", number=0, **said):
    raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    document = Document(f"arle.example/{number}.{form}", 0, None, form, content, content_hash(raw), **said)
    outlet, key = outlet_of(document), key_of(document)
    return Task(article_id(outlet, key), outlet, key, 0, SEEN, document)


def read(*tasks, **changed):
    return apply(tasks, Settings(**changed), AS_OF)


def test_text_becomes_one_document_and_its_lines_with_offsets():
    answer = read(task(STORY.encode()))
    schemas.conform(answer.documents, schemas.DOCUMENTS, at="extract")
    schemas.conform(answer.lines, schemas.SCORED_LINES, at="extract")
    (document,) = answer.documents.to_dicts()
    assert (document["extractor"], document["language"], document["charset"]) == ("text", "en", "utf-8")
    assert (document["outlet"], document["title"], document["first_seen_at"]) == ("arle.example", None, SEEN)
    assert answer.lines["line_no"].to_list() == [1, 3, 5, 7, 9, 11]
    assert answer.lines["language"].to_list() == [None] * 5 + ["ko"]
    assert answer.lines["in_main"].null_count() == 6
    for line in answer.lines.to_dicts():
        assert STORY[line["start"] : line["end"]] == line["text"]
        assert line["role"] in schemas.ROLES
        assert 0 <= line["score"] <= 1


@pytest.mark.parametrize(
    ("way", "extractor"),
    [
        ({"html": "trafilatura"}, "trafilatura"),
        ({"html": "fast"}, "fast"),
        ({"html": "auto"}, "fast"),
        ({"html": "auto", "max_doubt": 0.0}, "trafilatura"),
        ({"html": "auto", "min_words": 500}, "trafilatura"),
    ],
)
def test_a_page_brings_its_metadata_and_trafilatura_decides_where_asked(way, extractor):
    answer = read(task(PAGE.encode(), "html"), **way)
    (document,) = answer.documents.to_dicts()
    assert (document["title"], document["byline"]) == ("Bridge over the Arle to close", "Ana Petrova")
    assert document["published_at"] == datetime(2026, 11, 17, 5, 30, tzinfo=UTC)
    assert document["published_text"] == "2026-11-17T06:30:00+01:00"
    assert (document["extractor"], document["format"]) == (extractor, "html")
    assert answer.lines["start"].null_count() == answer.lines.height == 6
    story = answer.lines.filter(pl.col("text").str.len_chars() > 80)
    assert story["in_main"].to_list() == [True if extractor == "trafilatura" else None] * 3
    assert story["role"].to_list() == ["body"] * 3


def test_the_fast_result_stands_where_trafilatura_fails():
    deep = "<div>" * 300 + PAGE + "</div>" * 300  # deeper than libxml2 reads
    (document,) = read(task(deep, "html"), html="trafilatura").documents.to_dicts()
    assert (document["extractor"], document["doubt"] < 1) == ("fast", True)


def test_what_the_record_says_goes_before_what_the_page_says():
    said = {"title": "Bridge\x00 shut &amp; closed", "published_at": "16 November 2026", "source_id": "c-7"}
    (document,) = read(task(PAGE, "html", url="https://coast.example/b", **said)).documents.to_dicts()
    assert (document["title"], document["published_text"]) == ("Bridge shut & closed", "16 November 2026")
    assert document["published_at"] == datetime(2026, 11, 16, tzinfo=UTC)
    assert (document["source_id"], document["outlet"], document["key"]) == ("c-7", "coast.example", "c-7")


@pytest.mark.parametrize(("stated", "kept"), [("yesterday", "yesterday"), ("2031-01-01", "2031-01-01")])
def test_a_date_that_cannot_be_read_or_believed_is_kept_as_text(stated, kept):
    (document,) = read(task(STORY, published_at=stated)).documents.to_dicts()
    assert (document["published_at"], document["published_text"]) == (None, kept)


def test_the_day_in_the_address_counts_only_where_the_page_states_none():
    url = "https://coast.example/2026/11/16/bridge"
    silent = PAGE.replace("article:published_time", "nothing")
    answer = read(task(silent, "html", url=url), task(PAGE, "html", number=1, url=url), task(silent, "html", number=2))
    assert answer.documents["published_text"].to_list() == ["2026-11-16", STATED, None]


def test_a_date_of_two_readings_is_read_by_the_language_of_the_page():
    pages = [PAGE.replace(STATED, "03/04/2026").replace('lang="en"', f'lang="{code}"') for code in ("es", "en")]
    answer = read(*(task(page, "html", number=number) for number, page in enumerate(pages)))
    assert answer.documents["published_text"].to_list() == ["03/04/2026", "03/04/2026"]
    assert answer.documents["published_at"].to_list() == [datetime(2026, 4, 3, tzinfo=UTC), None]


@pytest.mark.parametrize(
    ("content", "form", "reason"),
    [
        (b"", "text", "empty"),
        ("", "html", "empty"),
        (b" \n\t\n", "text", "no_text"),
        (b"<html><script>var a = 1;</script></html>", "html", "no_text"),
        (codecs.BOM_UTF8, "text", "no_text"),
        (b"%PDF-1.7 and so on", "text", "binary"),
        ("The mayor\x00 said", "text", "binary"),
        ("Le maire a annonc\u00e9".encode() + b"\xff jeudi", "text", "bad_encoding"),
        (b"one\ntwo\n" * 60, "text", "too_large"),
        (b"<p>one<p>two" * 60, "html", "too_large"),
    ],
)
def test_a_document_that_cannot_be_read_is_one_reject_and_the_others_go_on(content, form, reason):
    bad = task(content, form, number=1)
    answer = read(task(STORY), bad, task(PAGE, "html", number=2), max_lines=100)
    schemas.conform(answer.rejects, schemas.REJECTS.without("batch_id"), at="extract")
    (reject,) = answer.rejects.to_dicts()
    assert (reject["reason"], reject["stage"], reject["article_id"]) == (reason, "extract", bad.article_id)
    assert reject["source_path"] == bad.document.source_path
    assert answer.documents.height == 2
    assert reason in dict(REASONS)


def test_a_page_by_itself_is_answered_without_trafilatura_first():
    alone = [task(PAGE, "html")]
    first, last = answers(alone, Settings(html="trafilatura"), AS_OF)

    assert (first.documents["extractor"][0], last.documents["extractor"][0]) == ("fast", "trafilatura")
    assert len(list(answers([*alone, task(STORY, number=2)], Settings(), AS_OF))) == 1


def test_a_line_beyond_the_limit_refuses_its_document():
    answer = read(task(f"{STORY}\n{'word ' * 50}"), max_line_characters=200)
    (reject,) = answer.rejects.to_dicts()
    assert reject["reason"] == "too_large"
    assert reject["detail"].endswith("has more than 200 characters")


def test_what_the_server_said_of_the_charset_counts_before_the_page():
    raw = "<meta charset=windows-1252><p>Привет из Порт-Альмы, сказал мэр города.</p>".encode("cp1251")
    answer = read(task(raw, "html", charset="windows-1251"))
    assert answer.documents["charset"].to_list() == ["cp1251"]


def test_a_task_that_crashed_or_hung_elsewhere_is_one_reject():
    answer = refused(task(STORY), "timeout", "more than 20 s")
    assert answer.documents.height == answer.lines.height == 0
    assert answer.rejects["reason"].to_list() == ["timeout"]


def test_no_tasks_give_empty_tables_of_the_right_form():
    answer = read()
    schemas.conform(answer.documents, schemas.DOCUMENTS, at="extract")
    schemas.conform(answer.lines, schemas.SCORED_LINES, at="extract")
    schemas.conform(answer.rejects, schemas.REJECTS.without("batch_id"), at="extract")


contents = st.sampled_from([
    (STORY, "text"), (STORY.encode("utf-16"), "text"), (PAGE, "html"), (PAGE.encode(), "html"), (b"", "text"),
    (b"caf\xe9 au lait", "text"), (b"\x00", "html"), ("<p>Closed</p>", "html"), (STORY.replace("\n\n", "\n"), "text"),
])  # fmt: skip


@settings(max_examples=15)
@given(st.lists(contents, max_size=6), st.integers(0, 6))
def test_cutting_the_tasks_into_other_batches_changes_nothing(chosen, cut):
    tasks = [task(content, form, number) for number, (content, form) in enumerate(chosen)]
    whole, parts = read(*tasks), [read(*tasks[:cut]), read(*tasks[cut:])]
    assert whole.documents.height + whole.rejects.height == len(tasks)
    for table in ("documents", "lines", "rejects"):
        assert_frame_equal(getattr(whole, table), pl.concat(getattr(part, table) for part in parts))


@pytest.mark.parametrize("suffix", [".txt", ".html.gz", ".jsonl.zst", ".parquet"])
def test_every_format_is_included_unless_the_settings_say_otherwise(suffix):
    assert f"*{suffix}" in Settings().include


def test_the_limits_of_the_readers_are_settings():
    assert Settings(max_document_bytes=7, max_records=8).limits.max_document_bytes == 7
    assert Settings(max_document_bytes=7, max_records=8).limits.max_records == 8
