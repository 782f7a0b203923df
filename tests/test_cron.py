"""What a cron job relies on: the lock, silence, one JSON event a line, bounded disk, and catching up."""

import json
import threading
from datetime import timedelta

import pytest

from pipeline import schemas
from pipeline.check import problems
from pipeline.errors import LockedError
from pipeline.store import Store
from tests.newsdesk import kept
from tests.world import FIRST, LOCAL, WIRE, copydesk, current, inline, newsroom, page, put, ran, rows

TEXT = "four night sailings between Port Alma"


def held(root, seconds):
    """A thread that holds the lock for so long."""
    has_it = threading.Event()

    def hold():
        with Store(root).locked():
            has_it.set()
            threading.Event().wait(seconds)

    holder = threading.Thread(target=hold)
    holder.start()
    has_it.wait()
    return holder


def test_a_run_waits_for_the_lock_as_long_as_it_is_told(tmp_path):
    holder = held(tmp_path, 0.5)
    try:
        with pytest.raises(LockedError), Store(tmp_path).locked(timeout=0.05):
            pass
        with Store(tmp_path).locked(timeout=60):
            assert not holder.is_alive() or holder.join(5) is None
    finally:
        holder.join()


def test_a_json_log_has_one_event_a_line_no_control_character_and_no_text(tmp_path):
    source = newsroom(tmp_path / "raw")
    put(source, "herald.example/two\nlines\x1b[31m.json", "{}")
    put(source, "herald.example/empty.txt", "")

    ended = copydesk("run", "--in", source, "--out", tmp_path / "clean", "--log-format", "json", "-v")

    events = [json.loads(line) for line in ended.stderr.splitlines()]
    assert ended.exit_code == 3
    assert {"extract", "clean", "dedup", "names", "export", "skipped", "rejected", "published"} <= {
        event["event"] for event in events
    }
    published = next(event for event in events if event["event"] == "published")
    assert published["run_id"] == current(tmp_path / "clean").run_id
    assert not [character for character in ended.stderr if ord(character) < 32 and character != "\n"]
    assert TEXT not in ended.stderr


def test_the_record_of_a_run_says_how_it_ended(tmp_path):
    source = newsroom(tmp_path / "raw")

    done = json.loads(copydesk("run", "--in", source, "--out", tmp_path / "clean", "-q", "--json").stdout)
    failed = copydesk("run", "--in", tmp_path / "nowhere", "--out", tmp_path / "clean", "-q", "--json")

    assert (done["exit_code"], done["run_id"]) == (0, current(tmp_path / "clean").run_id)
    record = json.loads(failed.stdout)
    assert (record["exit_code"], record["run_id"]) == (66, None) == (failed.exit_code, None)
    assert "nowhere: no such file or folder" in record["error"]


def test_days_that_were_missed_are_caught_up_with(tmp_path):
    source = newsroom(tmp_path / "raw")
    with inline():
        ran(source, tmp_path / "clean", FIRST)
        for day in (1, 2, 3):
            put(source, f"island.example/{day}.txt", page(f"Day {day}", LOCAL[day - 1], WIRE[day - 1]))

        taken = ran(source, tmp_path / "clean", FIRST + timedelta(days=4)).counts["extract"]

    assert (taken["n_written"], taken["n_unchanged"]) == (3, 3)
    assert list(problems(current(tmp_path / "clean"), deep=True)) == []


def test_disk_use_is_bounded_by_the_versions_kept_and_the_window(tmp_path):
    source, out = tmp_path / "raw", tmp_path / "clean"
    sets = ("run.keep_versions=2", "clean.window_days=2", "dedup.window_days=2")
    with inline():
        for day in range(5):
            put(source, f"island.example/{day}.txt", page(f"Day {day}", LOCAL[day % 3], f"{WIRE[day % 3]} Day {day}."))
            ran(source, out, FIRST + timedelta(days=day), sets)

    assert len(kept(out)) == 2
    assert rows(out, schemas.ARTICLES).height == 5
    for table in (schemas.OUTLET_LINES, schemas.OUTLET_SIZES, schemas.FINGERPRINTS):
        assert len(current(out).files(table, state=True)) == 4, table.name  # today, the window, and the day it ends in
