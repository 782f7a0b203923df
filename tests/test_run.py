import gzip
import shutil
from datetime import timedelta
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipeline import publish, schemas
from pipeline.check import problems
from pipeline.errors import ConfigError, DamagedError, NoInputError, RefusedError
from pipeline.run import one_stage, run
from pipeline.stages import STAGES, dedup
from pipeline.store import Draft, Store
from tests import world
from tests.world import (
    FIRST,
    SECOND,
    THIRD,
    Inline,
    bytes_of,
    current,
    inline,
    newsroom,
    order,
    page,
    put,
    ran,
    rebuilt,
    record,
    rows,
)


def sound(out):
    assert list(problems(current(out), deep=True)) == []


@pytest.fixture
def workshop(day_one, tmp_path):
    """A copy of day one to work on."""
    return copy_of(day_one, tmp_path)


def copy_of(folders, root):
    """A copy of an input and its output."""
    for folder, name in zip(folders, ("raw", "clean"), strict=True):
        shutil.copytree(folder, root / name, symlinks=True)
    return root / "raw", root / "clean"


def test_a_run_writes_every_table_and_adds_up(day_one):
    _, out = day_one

    for table in schemas.TABLES:
        assert current(out).read(table).schema == table.schema
    taken = current(out).manifest["counts"]["extract"]
    assert (taken["n_inputs"], taken["n_written"], taken["n_rejected"]) == (3, 3, 0)
    sound(out)


def test_wire_copy_is_found_and_the_local_story_is_not(day_one):
    _, out = day_one
    paragraphs = rows(out, schemas.PARAGRAPHS)

    copied = paragraphs.filter(~pl.col("is_canonical"))
    assert copied.height == 2
    assert set(copied["outlet"]) | set(rows(out, schemas.CLUSTERS)["n_outlets"].cast(pl.String)) >= {"2"}
    assert paragraphs.filter(pl.col("text") == world.LOCAL[1])["is_canonical"].to_list() == [True]


def test_chrome_is_dropped_with_a_rule_and_the_story_is_kept(day_one):
    _, out = day_one
    lines = rows(out, schemas.LINES)

    chrome = lines.filter(
        pl.col("text").is_in(["Skip to main content", "News | Sport | Weather", "Share this article"])
    )
    assert chrome.height == 9
    assert chrome["dropped_by"].null_count() == 0
    text = "\n\n".join(rows(out, schemas.ARTICLES)["text"])
    for paragraph in (*world.WIRE, *world.EDITED, *world.LOCAL[1:]):
        assert paragraph in text


def test_a_name_is_written_as_configured(day_one):
    _, out = day_one

    mention = rows(out, schemas.MENTIONS).filter(pl.col("person_id") == "kim-jong-un").row(0, named=True)
    assert (mention["surface"], mention["name"], mention["rewritten"]) == ("Kim Jong-un", "Kim Jong Un", True)
    assert any("Kim Jong Un received" in text for text in rows(out, schemas.ARTICLES)["text"])


def test_a_second_run_finds_nothing_new(workshop):
    source, out = workshop
    before = current(out).run_id

    outcome = ran(source, out, SECOND)

    assert outcome.version is None
    assert outcome.counts["extract"]["n_unchanged"] == 3
    assert current(out).run_id == before


def test_new_files_leave_every_other_day_the_same_inode(two_days):
    _, out = two_days
    old, new = Store(out).versions()

    for file in old.path.rglob("*.parquet"):
        path = str(file.relative_to(old.path))
        if "day=2026-11-17" in path and not path.startswith(("clusters/", "state/")):
            assert (new.path / path).stat().st_ino == file.stat().st_ino, path
    for table in schemas.TABLES:
        if table is not schemas.CLUSTERS:
            first = old.read(table)
            kept = new.read(table).join(first, on=table.names, how="semi", nulls_equal=True)
            assert kept.height == first.height, table.name
    grown = rows(out, schemas.CLUSTERS).sort("n_paragraphs")
    assert grown["n_paragraphs"].max() == 3
    sound(out)


def test_a_revision_replaces_its_articles_rows(workshop):
    source, out = workshop
    name = "herald.example/2026-11-17/ferry.txt"
    before = rows(out, schemas.ARTICLES).filter(pl.col("source_path") == name).row(0, named=True)
    put(
        source,
        name,
        page(
            "Norlinje adds five night sailings",
            *world.WIRE[:2],
            "The fire is out, the harbour master said on Tuesday evening, and nobody was hurt in it.",
        ),
    )

    outcome = ran(source, out, SECOND)

    after = rows(out, schemas.ARTICLES).filter(pl.col("source_path") == name)
    assert after.height == 1
    article = after.row(0, named=True)
    assert (article["article_id"], article["revision"]) == (before["article_id"], 1)
    assert article["first_seen_at"] == FIRST
    assert article["batch_id"] == outcome.version.run_id
    assert "five night sailings" in article["title"]
    assert rows(out, schemas.LINES).filter(pl.col("text") == world.WIRE[2]).is_empty()
    assert world.WIRE[2] not in article["text"]
    sound(out)
    assert ran(source, out, THIRD).version is None


def test_two_states_of_one_article_in_a_batch_the_later_stands(tmp_path):
    put(tmp_path / "raw", "a.jsonl", "".join(
        record(id="7", outlet="herald.example", title="Ferry", published_at=day, text="\n\n".join(paragraphs))
        for day, paragraphs in (("2026-11-17T10:00:00Z", world.WIRE), ("2026-11-17T08:00:00Z", world.WIRE[:2]))
    ))  # fmt: skip

    outcome = ran(tmp_path / "raw", tmp_path / "clean")

    taken = outcome.counts["extract"]
    assert (taken["n_inputs"], taken["n_written"], taken["n_rejected"]) == (2, 1, 1)
    reject = rows(tmp_path / "clean", schemas.REJECTS).row(0, named=True)
    assert (reject["reason"], reject["stage"]) == ("superseded", "extract")
    article = rows(tmp_path / "clean", schemas.ARTICLES).row(0, named=True)
    assert article["article_id"] == reject["article_id"]
    assert article["published_at"].hour == 10
    assert article["source_offset"] == 0
    sound(tmp_path / "clean")


def test_the_same_article_twice_is_one_article(tmp_path):
    for path in ("herald.example/2026-11-17/a.txt", "herald.example/2026-11-18/b.txt"):
        put(tmp_path / "raw", path, page("Ferry", *world.WIRE))

    taken = ran(tmp_path / "raw", tmp_path / "clean").counts["extract"]

    assert (taken["n_inputs"], taken["n_written"], taken["n_unchanged"]) == (2, 1, 1)


BAD = {"empty.txt": "empty", "binary.txt": "binary", "latin.txt": "bad_encoding", "cut.txt.gz": "truncated",
       "records.jsonl": "bad_record", "blank.html": "no_text"}  # fmt: skip


@pytest.fixture(scope="module")
def bad_day(made_once):
    """The newsroom and every simple kind of bad input, BAD, after a run: (input, output)."""

    def fill(root):
        source = newsroom(root / "raw")
        put_bad_inputs(source)
        ran(source, root / "clean")

    root = made_once("bad-day", fill)
    return root / "raw", root / "clean"


def put_bad_inputs(source):
    put(source, "bad.example/empty.txt", "")
    (source / "bad.example/binary.txt").write_bytes(bytes(range(256)) * 20)
    (source / "bad.example/latin.txt").write_bytes(
        page("Ferry", *world.WIRE).encode() + "Größe".encode() + b"\xff\xfe \xc3"
    )
    whole = gzip.compress(page("Cut", *world.WIRE).encode(), mtime=0)
    (source / "bad.example/cut.txt.gz").write_bytes(whole[: len(whole) // 2])
    put(
        source,
        "bad.example/records.jsonl",
        record(id="1", outlet="good.example", text="\n\n".join(world.LOCAL)) + "{cut\n",
    )
    put(source, "bad.example/blank.html", "<html><head><title>x</title></head><body><script>1</script></body></html>")


def test_bad_inputs_are_rejects_with_place_and_reason_and_the_good_are_written(bad_day, tmp_path):
    source, out = copy_of(bad_day, tmp_path)

    rejects = rows(out, schemas.REJECTS)
    assert {row["source_path"].split("/")[-1]: row["reason"] for row in rejects.iter_rows(named=True)} == BAD
    offset = len(record(id="1", outlet="good.example", text="\n\n".join(world.LOCAL)).encode())
    assert rejects.filter(pl.col("reason") == "bad_record")["source_offset"].to_list() == [offset]
    assert rejects["detail"].null_count() == 0
    assert current(out).manifest["counts"]["extract"]["n_written"] == 4
    again = ran(source, out, SECOND)
    assert (again.version, again.n_rejected, again.counts["extract"]["n_unchanged"]) == (None, 0, 10)
    sound(out)


def test_an_article_whose_revision_is_refused_is_still_copied(tmp_path):
    source, out = tmp_path / "raw", tmp_path / "clean"
    story = "".join(f"<p>{paragraph}</p>" for paragraph in world.WIRE)
    put(source, "island.example/ferry.html", f"<html><body><article><h1>Ferry</h1>{story}</article></body></html>")
    ran(source, out)
    put(source, "island.example/ferry.html", "<html><body><script>1</script></body></html>")
    put(source, "harbour.example/ferry.txt", page("Night sailings", *world.WIRE))
    assert ran(source, out, SECOND).n_rejected == 1
    copies = rows(out, schemas.PARAGRAPHS).filter(pl.col("text").is_in(world.WIRE))
    first, later = copies.filter("is_canonical"), copies.filter(~pl.col("is_canonical"))
    assert (first.height, later.height) == (len(world.WIRE), len(world.WIRE))
    assert set(later["canonical_id"]) == set(first["paragraph_id"])
    sound(out)


def test_rejects_can_be_taken_again(tmp_path):
    source, out = newsroom(tmp_path / "raw"), tmp_path / "clean"
    put(source, "island.example/long.txt", page("Ferry", *world.WIRE))
    assert ran(source, out, sets=("extract.max_document_bytes=400",)).n_rejected == 4

    again = ran(source, out, SECOND, retry=True)

    assert again.counts["extract"]["n_written"] == 4
    assert rows(out, schemas.REJECTS).is_empty()
    assert ran(source, out, THIRD).version is None
    sound(out)


def test_too_many_rejects_publish_nothing(tmp_path):
    source, out = newsroom(tmp_path / "raw"), tmp_path / "clean"
    put(source, "bad.example/empty.txt", "")
    strict = ("run.min_reject_inputs=4", "run.max_reject_share=0.2")

    with pytest.raises(RefusedError, match=r"1 of 4 new inputs rejected \(25.0%\)"):
        ran(source, out, sets=strict)
    assert Store(out).current() is None

    assert ran(source, out, sets=strict, force_publish=True).version is not None


def test_no_input_is_said(tmp_path):
    (tmp_path / "raw").mkdir()

    with pytest.raises(NoInputError, match="no input"):
        ran(tmp_path / "raw", tmp_path / "clean")


def test_names_skipped_by_pattern_are_listed_not_counted(tmp_path):
    source = newsroom(tmp_path / "raw")
    put(source, "herald.example/lines.json", "{}")
    put(source, "herald.example/upload.txt.part", "half")

    outcome = ran(source, tmp_path / "clean")

    assert outcome.counts["extract"]["n_inputs"] == 3
    assert [path for path, _ in outcome.skipped] == ["herald.example/lines.json", "herald.example/upload.txt.part"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_same_input_settings_and_clock_give_the_same_bytes(day_one, tmp_path, jobs):
    source, out = day_one

    ran(source, tmp_path / "clean", jobs=jobs)

    assert bytes_of(tmp_path / "clean") == bytes_of(out)


def test_the_order_in_which_files_were_made_does_not_matter(day_one, tmp_path):
    source, out = day_one
    files = [path for path in source.rglob("*") if path.is_file()]
    files.sort(key=lambda path: path.name[::-1])
    for path in files:
        put(tmp_path / "raw", str(path.relative_to(source)), path.read_text(encoding="utf-8"))

    ran(tmp_path / "raw", tmp_path / "clean")

    assert bytes_of(tmp_path / "clean") == bytes_of(out)


def test_stage_by_stage_is_the_same_as_a_run(day_one, tmp_path):
    source, out = day_one
    with inline():
        for stage in STAGES:
            one_stage(stage, order(source, tmp_path / "clean"), world.Silent())

    assert bytes_of(tmp_path / "clean") == bytes_of(out)
    assert sorted(path.name for path in (tmp_path / "clean" / ".stage").iterdir()) == sorted(STAGES)


def test_a_stage_refuses_what_does_not_fit(day_one, tmp_path):
    source, _ = day_one
    out = tmp_path / "clean"
    with inline():
        with pytest.raises(ConfigError, match="run `copydesk extract` first"):
            one_stage("clean", order(source, out), world.Silent())
        one_stage("extract", order(source, out), world.Silent())
        one_stage("clean", order(source, out), world.Silent())

        with pytest.raises(ConfigError, match=r"other \[clean\] settings"):
            one_stage("dedup", order(source, out, sets=("clean.threshold=0.7",)), world.Silent())
        one_stage("extract", order(source, out, SECOND), world.Silent())
        with pytest.raises(ConfigError, match="run `copydesk clean`"):
            one_stage("dedup", order(source, out), world.Silent())


def test_a_dry_run_publishes_nothing(day_one, tmp_path):
    source, _ = day_one

    outcome = ran(source, tmp_path / "clean", dry_run=True)

    assert outcome.counts["dedup"]["n_links"] == 2
    assert Store(tmp_path / "clean").current() is None
    assert not (tmp_path / "clean" / ".dry-run").exists()


def test_rollback_takes_the_ledger_back_too(two_days, tmp_path):
    source, out = copy_of(two_days, tmp_path)

    Store(out).point_to(Store(out).versions()[0])

    assert ran(source, out, SECOND).counts["extract"]["n_written"] == 1


def test_a_rebuild_under_the_same_settings_gives_the_same_rows(two_days, tmp_path):
    source, out = copy_of(two_days, tmp_path)
    before = bytes_of(out)
    old_id = current(out).run_id

    outcome = rebuilt(source, out, THIRD)

    assert current(out).run_id != old_id
    assert bytes_of(out) == before
    taken = outcome.counts["extract"]
    assert (taken["n_inputs"], taken["n_written"], taken["n_rejected"], taken["n_unchanged"]) == (4, 4, 0, 0)
    sound(out)
    assert not (out / ".rebuild").exists()


def test_a_rebuild_applies_new_settings_to_old_input(workshop):
    source, out = workshop
    assert ran(source, out, SECOND, sets=("clean.enabled=false",)).version is None

    rebuilt(source, out, SECOND, sets=("clean.enabled=false",))

    articles = rows(out, schemas.ARTICLES)
    assert articles["n_dropped"].sum() == 0
    assert all("Skip to main content" in text for text in articles["text"])
    assert set(articles["first_seen_at"]) == {FIRST}
    sound(out)


def test_tables_of_another_form_are_refused_until_a_rebuild(workshop, monkeypatch):
    source, out = workshop
    monkeypatch.setattr("pipeline.schemas.SCHEMA_VERSION", 99)

    with pytest.raises(ConfigError, match=r"this copydesk makes form 99: `copydesk run --rebuild`"):
        ran(source, out, as_of=SECOND)
    rebuilt(source, out, as_of=SECOND)
    ran(source, out, as_of=THIRD)


def test_a_rebuild_keeps_revisions_and_first_seen(workshop):
    source, out = workshop
    put(source, "herald.example/2026-11-17/ferry.txt", page("Norlinje adds five night sailings", *world.WIRE[:2]))
    ran(source, out, SECOND)
    kept = ("article_id", "first_seen_at", "revision", "batch_id", "text")
    before = rows(out, schemas.ARTICLES, *kept)

    rebuilt(source, out, THIRD)

    assert_frame_equal(rows(out, schemas.ARTICLES, *kept), before)


def test_a_rebuild_refuses_to_lose_articles_whose_input_is_gone(workshop):
    source, out = workshop
    (source / "herald.example/2026-11-17/ferry.txt").unlink()

    with pytest.raises(RefusedError, match=r"1 articles of the current version cannot be made again"):
        rebuilt(source, out, SECOND)
    assert rows(out, schemas.ARTICLES).height == 3

    rebuilt(source, out, SECOND, force_publish=True)
    assert rows(out, schemas.ARTICLES).height == 2


def test_a_rebuild_looks_at_what_is_new_as_a_run_does(workshop):
    source, out = workshop
    before = current(out).run_id
    strict = ("run.min_reject_inputs=1", "run.max_reject_share=0.2")
    put(source, "bad.example/empty.txt", "")

    with pytest.raises(RefusedError, match=r"1 of 1 new inputs rejected \(100.0%\)"):
        rebuilt(source, out, SECOND, strict)
    assert current(out).run_id == before

    assert rebuilt(source, out, SECOND, strict, force_publish=True).counts["extract"]["n_rejected"] == 1


def test_a_dry_rebuild_of_nothing_leaves_nothing(day_one, tmp_path):
    source, _ = day_one

    outcome = rebuilt(source, tmp_path / "clean", dry_run=True)

    assert outcome.counts["dedup"]["n_links"] == 2
    assert [path.name for path in (tmp_path / "clean").iterdir()] == [".lock"]


def test_lines_are_counted_without_being_read_again(day_one, tmp_path, monkeypatch):
    source, out = day_one
    gathered, gather = [], Inline.gather

    def noted(engine, batches, table):
        gathered.append((batches.name if isinstance(batches, Path) else "batches", table))
        return gather(engine, batches, table)

    monkeypatch.setattr(Inline, "gather", noted)
    with inline():
        counts = ran(source, tmp_path / "clean").counts["extract"]

    assert ("extract", "rejects") in gathered
    assert [name for name, table in gathered if table == "lines"] == []
    assert counts["n_lines"] == rows(out, schemas.LINES).height


def written(outcome):
    """(inputs, written, rejected, unchanged) of a run."""
    return tuple(outcome.counts["extract"][f"n_{name}"] for name in ("inputs", "written", "rejected", "unchanged"))


def stories(out):
    """Where the current articles come from."""
    return sorted(rows(out, schemas.ARTICLES)["source_path"])


def test_a_rebuild_keeps_the_order_of_batches_of_one_instant(tmp_path):
    source, out, batches = tmp_path / "raw", tmp_path / "clean", []
    for number in (2, 0, 1):
        put(
            source,
            "herald.example/ferry.txt",
            page(f"Ferry, state {number}", *world.WIRE[: 1 + number % 3], world.LOCAL[1]),
        )
        put(
            source, f"herald.example/other{number}.txt", page(f"Other {number}", world.LOCAL[number % 3], world.WIRE[2])
        )
        batches.append(ran(source, out).version.run_id)
    assert batches != sorted(batches)  # their names do not give the order away
    before = rows(out, schemas.ARTICLES, "source_path", "revision")

    rebuilt(source, out, SECOND)

    assert_frame_equal(rows(out, schemas.ARTICLES, "source_path", "revision"), before)
    sound(out)


def test_a_record_put_on_top_takes_nobodys_place(tmp_path):
    source, out = tmp_path / "raw", tmp_path / "clean"
    first, second, third = (
        record(outlet="herald.example", text="\n\n".join([text, world.WIRE[2]])) for text in world.LOCAL
    )
    put(source, "feed.jsonl", first + second)
    ran(source, out)
    put(source, "feed.jsonl", third + first + second)

    assert written(ran(source, out, SECOND)) == (3, 1, 0, 2)
    assert rows(out, schemas.ARTICLES).height == 3
    assert set(rows(out, schemas.ARTICLES)["revision"]) == {0}
    sound(out)


def test_a_file_that_gave_its_name_to_another_is_still_an_article(tmp_path):
    source, out = tmp_path / "raw", tmp_path / "clean"
    put(source, "herald.example/1.txt", page("Ferry", *world.WIRE))
    ran(source, out)
    (source / "herald.example/1.txt").rename(source / "herald.example/0.txt")
    put(source, "herald.example/1.txt", page("Traders", *world.LOCAL))

    assert written(ran(source, out, SECOND)) == (2, 2, 0, 0)
    assert stories(out) == ["herald.example/0.txt", "herald.example/1.txt"]
    assert written(ran(source, out, THIRD)) == (2, 0, 0, 2)
    sound(out)


def test_a_moved_file_is_known_and_a_rebuild_keeps_its_id(workshop):
    source, out = workshop
    before = rows(out, schemas.ARTICLES)["article_id"]
    (source / "herald.example/2026-11-17/ferry.txt").rename(source / "herald.example/moved.txt")

    assert ran(source, out, SECOND).version is None
    rebuilt(source, out, THIRD)

    assert rows(out, schemas.ARTICLES)["article_id"].to_list() == before.to_list()


def test_an_input_may_go_back_to_what_it_was(workshop):
    source, out = workshop
    path = source / "herald.example/2026-11-17/traders.txt"
    old = path.read_text(encoding="utf-8")
    put(source, "herald.example/2026-11-17/traders.txt", page("Traders", *world.WIRE))
    ran(source, out, SECOND)
    path.write_text(old, encoding="utf-8")

    assert ran(source, out, THIRD).counts["extract"]["n_revised"] == 1
    article = rows(out, schemas.ARTICLES).filter(pl.col("source_path").str.ends_with("traders.txt")).row(0, named=True)
    assert article["revision"] == 2
    assert world.LOCAL[2] in article["text"]
    assert world.WIRE[0] not in article["text"]
    assert ran(source, out, THIRD).version is None
    sound(out)


def test_two_files_of_one_article_do_not_take_turns(tmp_path):
    source, out = tmp_path / "raw", tmp_path / "clean"
    put(source, "a.jsonl", record(id="7", outlet="herald.example", text="\n\n".join(world.WIRE)))
    ran(source, out)
    put(source, "b.jsonl", record(id="7", outlet="herald.example", text="\n\n".join(world.LOCAL)))
    ran(source, out, SECOND)

    assert written(ran(source, out, THIRD)) == (2, 0, 0, 2)
    assert rows(out, schemas.ARTICLES)["revision"].to_list() == [1]


def test_a_small_revision_of_the_first_copy_leaves_it_the_first(workshop):
    source, out = workshop
    name = "herald.example/2026-11-17/ferry.txt"
    before = rows(out, schemas.PARAGRAPHS).filter(pl.col("is_canonical"))["paragraph_id"]
    links = rows(out, schemas.LINKS)
    put(
        source,
        name,
        page("Norlinje adds night sailings after harbour fire", *world.WIRE, world.LOCAL[1].replace("old", "new")),
    )

    ran(source, out, SECOND)

    paragraphs = rows(out, schemas.PARAGRAPHS)
    assert set(before) <= set(paragraphs.filter(pl.col("is_canonical"))["paragraph_id"])
    assert rows(out, schemas.LINKS).join(links, on=["left_id", "right_id"], how="semi").height == links.height
    original = rows(out, schemas.ARTICLES).filter(pl.col("source_path") == name)["original_text"][0]
    assert world.WIRE[0] in original
    sound(out)


def test_what_was_published_long_ago_is_compared_across_batches(tmp_path):
    source, out = tmp_path / "raw", tmp_path / "clean"
    for day, (outlet, paragraphs) in enumerate(
        (("herald", world.WIRE), ("coast", world.LOCAL), ("island", world.EDITED)), 1
    ):
        put(source, f"{outlet}.example/old.txt", page("Night ferries", *paragraphs, date=f"{day} March 2024"))
        ran(source, out, FIRST if day == 1 else SECOND if day == 2 else THIRD)

    assert rows(out, schemas.CLUSTERS)["n_outlets"].to_list() == [2, 2]
    sound(out)


def test_the_state_forgets_with_the_window_and_what_is_published_stays(workshop):
    source, out = workshop
    put(source, "island.example/2026-11-17/night.txt", page("Night ferries for Varga", *world.WIRE[:2]))
    ran(source, out, FIRST)
    before = rows(out, schemas.CLUSTERS)
    put(source, "herald.example/2026-11-28/fish.txt", page("Fish market", world.LOCAL[1], date="28 November 2026"))

    ran(source, out, FIRST + timedelta(days=11), sets=("dedup.window_days=5",))

    days = {table.name: list(current(out).files(table, state=True)) for table in dedup.STATE}
    assert days == {name: ["2026-11-28"] for name in ("fingerprints", "frequencies", "members")}
    assert_frame_equal(rows(out, schemas.CLUSTERS), before)
    assert rows(out, schemas.PARAGRAPHS).filter(pl.col("text") == world.LOCAL[1])["cluster_id"].n_unique() == 2
    sound(out)


def test_a_revision_leaves_clusters_that_the_state_has_forgotten(workshop):
    source, out = workshop
    put(source, "island.example/2026-11-17/night.txt", page("Night ferries for Varga", *world.WIRE[:2]))
    ran(source, out, FIRST)
    of_three = rows(out, schemas.CLUSTERS).sort("cluster_id").row(0, named=True)
    first = rows(out, schemas.PARAGRAPHS).filter(pl.col("paragraph_id") == of_three["canonical_id"])["article_id"][0]
    name = rows(out, schemas.ARTICLES).filter(pl.col("article_id") == first)["source_path"][0]
    put(source, name, page("Norlinje adds night sailings", world.LOCAL[2], world.LOCAL[0]))

    ran(source, out, FIRST + timedelta(days=11), sets=("dedup.window_days=5",))

    clusters = rows(out, schemas.CLUSTERS)
    assert of_three["n_paragraphs"] == 3
    assert clusters["n_paragraphs"].to_list() == [2, 2]
    left = clusters.filter(pl.col("cluster_id") == of_three["cluster_id"]).row(0, named=True)
    assert left["canonical_id"] != of_three["canonical_id"]
    assert left["canonical_id"] in rows(out, schemas.PARAGRAPHS)["paragraph_id"]
    sound(out)


@pytest.fixture
def shared(tmp_path):
    """Two outlets with the same wire story: input, output, and the outlet and article that hold its shingles."""
    source, out = tmp_path / "raw", tmp_path / "clean"
    put(source, "north.example/ferry.txt", page("Norlinje adds night sailings", world.LOCAL[1], *world.WIRE[1:]))
    put(source, "south.example/ferry.txt", page("More night ferries", world.LOCAL[2], *world.WIRE[1:]))
    with inline():
        ran(source, out)
        known = current(out).read(schemas.FINGERPRINTS, state=True)
        twice = known.filter(pl.col("exact_key").is_duplicated() & (pl.col("shingles").bin.size() > 0))
        yield source, out, twice.row(0, named=True)


def takes_out(out, source, holder):
    draft = Draft("20261117T070000Z-00000000", current(out))
    publish.take_out(draft, holder["article_id"])
    Store(out).commit(draft, {**current(out).manifest, "run_id": draft.run_id, "base": current(out).run_id})


def revises(out, source, holder):
    put(source, f"{holder['outlet']}/ferry.txt", page("Another story altogether", world.LOCAL[0]))
    ran(source, out)


def revises_with_the_copy(out, source, holder):
    put(source, f"{holder['outlet']}/ferry.txt", page("Another story altogether", world.LOCAL[0]))


@pytest.mark.parametrize("goes", [takes_out, revises, revises_with_the_copy])
def test_a_later_copy_is_found_though_the_first_article_of_its_text_is_gone(shared, goes):
    source, out, holder = shared
    goes(out, source, holder)
    put(source, "island.example/night.txt", page("Night ferries after fire", world.EDITED[1]))

    ran(source, out, SECOND)

    paragraphs = rows(out, schemas.PARAGRAPHS)
    copy = paragraphs.filter(pl.col("outlet") == "island.example").row(0, named=True)
    matched = paragraphs.filter(pl.col("paragraph_id") == copy["matched_id"])
    assert matched["outlet"].to_list() == [{"north.example": "south.example"}.get(holder["outlet"], "north.example")]
    sound(out)


def test_a_run_with_an_earlier_day_leaves_a_state_that_later_runs_can_read(workshop):
    source, out = workshop
    put(source, "island.example/night.txt", page("Night ferries", *world.EDITED))
    ran(source, out, FIRST - timedelta(days=20))
    members = current(out).read(schemas.MEMBERS, state=True)
    put(source, "north.example/night.txt", page("Night ferries north", *world.WIRE))

    ran(source, out, FIRST + timedelta(days=15))

    copied = rows(out, schemas.PARAGRAPHS).filter(pl.col("outlet") == "north.example")
    assert set(copied["cluster_id"]) <= set(members["cluster_id"])
    assert copied["is_canonical"].to_list() == [False, False, False]
    sound(out)


@pytest.mark.parametrize("table", schemas.BY_ARTICLE, ids=lambda table: table.name)
def test_a_revision_of_a_day_whose_rows_are_damaged_is_refused_and_changes_nothing(workshop, table):
    source, out = workshop
    before = current(out).run_id
    file = next(iter(current(out).files(table).values()))
    raw = file.read_bytes()
    file.unlink()
    file.write_bytes(raw[:4] + bytes(len(raw) // 2) + raw[4 + len(raw) // 2 :])
    put(source, "herald.example/2026-11-17/ferry.txt", page("Norlinje adds night sailings", world.LOCAL[2]))

    with pytest.raises(DamagedError, match="`copydesk check --deep` names"):
        ran(source, out, FIRST + timedelta(days=9))

    assert current(out).run_id == before


def test_a_revision_reads_the_days_that_its_forgotten_clusters_stand_in_and_no_others(workshop, monkeypatch):
    source, out = workshop
    for days in (11, 22):
        put(source, f"fish.example/{days}.txt", page(f"Fish market {days}", f"{world.LOCAL[1]} This was day {days}."))
        ran(source, out, FIRST + timedelta(days=days), sets=("dedup.window_days=5",))
    name = "herald.example/2026-11-17/ferry.txt"
    put(source, name, page("Norlinje adds night sailings", world.LOCAL[2], world.LOCAL[0]))
    read = []

    def noted(way):
        def reading(draft, table, day, **kwargs):
            read.append((table.name, day))
            return way(draft, table, day, **kwargs)

        return reading

    monkeypatch.setattr(Draft, "read", noted(Draft.read))
    monkeypatch.setattr(Draft, "scan", noted(Draft.scan))
    ran(source, out, FIRST + timedelta(days=33), sets=("dedup.window_days=5",))

    assert {day for name, day in read if name == "clusters"} == {"2026-11-17", "2026-12-20"}
    assert {day for name, day in read if name == "paragraphs"} == {"2026-11-17", "2026-12-20"}


def test_a_partners_page_is_not_taken_for_the_origins(tmp_path):
    html = "<html><head><link rel=canonical href='https://origin.example/n/1'></head><body>{}</body></html>"
    body = "".join(f"<p>{paragraph}</p>" for paragraph in world.WIRE)
    for outlet in ("origin", "partner"):
        put(tmp_path / "raw", f"{outlet}.example/1.html", html.format(body + f"<p>{outlet}</p>"))

    ran(tmp_path / "raw", tmp_path / "clean")

    assert sorted(rows(tmp_path / "clean", schemas.ARTICLES)["outlet"]) == ["origin.example", "partner.example"]


def test_the_output_is_never_input(tmp_path):
    root = newsroom(tmp_path)

    assert written(ran(root, root / "clean")) == (3, 3, 0, 0)
    again = ran(root, root / "clean", SECOND)
    assert written(again) == (3, 0, 0, 3)
    assert ("clean", "output of copydesk") in again.skipped
    assert written(ran(root, root / "other")) == (3, 3, 0, 0)


def test_the_same_bytes_under_another_suffix_are_read_again(tmp_path):
    lines = "".join(record(id=str(n), outlet="herald.example", text=text) for n, text in enumerate(world.LOCAL))
    file = put(tmp_path / "raw", "feed.txt", lines)
    ran(tmp_path / "raw", tmp_path / "clean")
    file.rename(file.with_suffix(".jsonl"))

    assert written(ran(tmp_path / "raw", tmp_path / "clean", SECOND))[1] == 3


def test_what_extraction_refused_is_tried_again_too(bad_day, tmp_path):
    source, out = copy_of(bad_day, tmp_path)

    again = ran(source, out, SECOND, retry=True)

    assert again.n_rejected == 6
    assert again.version is None


def test_a_mended_input_is_no_longer_a_reject(bad_day, tmp_path):
    source, out = copy_of(bad_day, tmp_path)
    put(source, "bad.example/empty.txt", page("Ferry", *world.WIRE))
    put(source, "bad.example/records.jsonl", record(id="1", outlet="good.example", text="\n\n".join(world.LOCAL)))

    ran(source, out, SECOND)

    assert sorted(rows(out, schemas.REJECTS)["reason"]) == ["bad_encoding", "binary", "no_text", "truncated"]
    sound(out)


def test_other_settings_than_before_are_said(workshop):
    source, out = workshop
    reporter = world.Silent()

    with inline():
        run(order(source, out, SECOND, ("clean.threshold=0.4", "dedup.strictness=loose")), reporter)

    assert any("clean.threshold, dedup.strictness" in warning for warning in reporter.warnings)
    put(source, "island.example/night.txt", page("Night ferries", *world.WIRE[:2]))
    with pytest.raises(ConfigError, match=r"remembers shingles of 3 words; `copydesk run --rebuild`"):
        ran(source, out, SECOND, sets=("dedup.shingle_words=4",))
    assert rebuilt(source, out, THIRD, sets=("dedup.shingle_words=4",)).version is not None


def test_an_input_that_disappears_changes_nothing(workshop):
    source, out = workshop
    (source / "herald.example/2026-11-17/ferry.txt").unlink()

    assert ran(source, out, SECOND).version is None
    assert rows(out, schemas.ARTICLES).height == 3


def test_the_tables_are_read_by_polars_duckdb_and_pandas(day_one):
    _, out = day_one
    pattern = f"{out}/current/articles/**/*.parquet"

    by_polars = pl.read_parquet(pattern, hive_partitioning=False).sort("article_id")
    by_duckdb = duckdb.sql(f"select article_id, outlet from read_parquet('{pattern}') order by article_id").fetchall()  # noqa: S608
    by_pandas = pd.read_parquet(out / "current" / "articles").sort_values("article_id")

    assert by_polars.height == 3
    assert by_duckdb == by_polars.select("article_id", "outlet").rows()
    assert by_pandas["text"].to_list() == by_polars["text"].to_list()


def test_lines_can_be_left_out(tmp_path):
    source = newsroom(tmp_path / "raw")

    ran(source, tmp_path / "clean", sets=("export.lines=none",))

    assert rows(tmp_path / "clean", schemas.LINES).is_empty()
    assert rows(tmp_path / "clean", schemas.ARTICLES)["n_lines"].sum() > 0
