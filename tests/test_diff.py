import json
import shutil

import pytest

from pipeline import diff, schemas
from pipeline.store import Store
from tests.world import LOCAL, SECOND, THIRD, WIRE, bytes_of, copydesk, current, page, put, ran, rebuilt

NIGHT = "odd\u202e.example/night.txt"  # a name that would act on a terminal
SETS = ("clean.threshold=0.02", "dedup.enabled=false", "names.rewrite=none")


@pytest.fixture(scope="module")
def days(made_once, day_one):
    """Raw folder, output folder and three versions: the newsroom; a new article and a revision; one day without."""

    def fill(root):
        source, out = shutil.copytree(day_one[0].parent, root, symlinks=True) / "raw", root / "clean"
        put(source, NIGHT, page("Night ferries", *WIRE[:2]))
        put(
            source,
            "herald.example/2026-11-17/traders.txt",
            page("Traders win", LOCAL[2], f"{LOCAL[0]} The seller agreed."),
        )
        ran(source, out, SECOND)
        put(source, "island.example/day.txt", page("Day ferries", LOCAL[1]))
        ran(source, out, THIRD)

    root = made_once("diff", fill)
    return root / "raw", root / "clean", Store(root / "clean").versions()


def test_a_version_does_not_differ_from_itself(days):
    _, _, (first, *_) = days

    same = diff.compared(first, first)

    assert (same["articles"]["by_cause"], same["lines"]["moves"], same["settings"]) == ({}, [], [])
    counts = [count for table in ("links", "clusters", "names") for name, count in same[table].items()
              if name not in ("n_before", "n_after", "examples", "changes")]  # fmt: skip
    assert set(counts) == {0}


def test_a_new_input_and_a_revision_are_named(days):
    _, _, (first, second, _) = days

    found = diff.compared(first, second)

    assert found["articles"]["by_cause"] == {"new input": 1, "revision": 1}
    assert (found["articles"]["n_before"], found["articles"]["n_after"]) == (3, 4)
    assert found["lines"]["n_moved"] == 0  # verdicts on other content are no change of mind
    assert found["paragraphs"]["n_new"] > 0
    assert found["clusters"]["n_grown"] + found["clusters"]["n_new"] > 0


def test_the_way_back_is_a_run_rolled_back(days):
    _, _, (first, second, _) = days

    assert diff.compared(second, first)["articles"]["by_cause"] == {"run rolled back": 1, "revision": 1}


def test_files_that_both_have_are_not_read(days, tmp_path):
    _, out, _ = days
    shutil.copytree(out, tmp_path / "clean", symlinks=True)
    _, second, third = Store(tmp_path / "clean").versions()
    known = {(output["path"], output["sha256"]) for output in second.manifest["outputs"]}
    shared = [output["path"] for output in third.manifest["outputs"] if (output["path"], output["sha256"]) in known]
    expected = diff.compared(second, third)

    for name in shared:
        if name.startswith(("lines/", "links/", "state/")):
            for version in (second, third):
                (version.path / name).unlink()
                (version.path / name).write_bytes(b"not read")

    assert any(name.startswith("lines/") for name in shared)
    assert diff.compared(second, third) == expected


@pytest.fixture(scope="module")
def turned(days, tmp_path_factory):
    """A version, the preview of other settings, the version that a rebuild under them makes, what stood before it."""
    source, out, _ = days
    copied = tmp_path_factory.mktemp("turned") / "clean"
    shutil.copytree(out, copied, symlinks=True)
    before, stood = current(copied), bytes_of(copied)
    preview = rebuilt(source, copied, THIRD, SETS, dry_run=True).preview
    untouched = current(copied).run_id == before.run_id and bytes_of(copied) == stood
    return before, preview, untouched, rebuilt(source, copied, THIRD, SETS)


def test_a_preview_is_the_difference_that_the_rebuild_makes_and_publishes_nothing(turned):
    before, preview, untouched, outcome = turned

    assert untouched
    assert {**diff.compared(before, outcome.version), "after": None} == preview
    changed = [f"{change['name']}={change['after']}".lower() for change in preview["settings"]]
    assert changed == list(SETS)
    assert set(preview["articles"]["by_cause"]) == {"other settings"}
    assert preview["names"]["n_rewritten"] > 0
    assert preview["links"] == {**preview["links"], "n_after": 0, "n_gone": preview["links"]["n_before"], "n_new": 0}
    assert preview["paragraphs"]["n_unflagged"] > 0


def test_lines_that_move_are_those_a_plain_comparison_finds(turned):
    before, _, _, outcome = turned
    left, right = (
        {(row["article_id"], row["line_no"]): row for row in version.read(schemas.LINES).iter_rows(named=True)}
        for version in (before, outcome.version)
    )
    moved = {place for place in left if left[place]["dropped_by"] != right[place]["dropped_by"]}

    lines = diff.compared(before, outcome.version)["lines"]

    assert lines["n_moved"] == len(moved) > 0
    assert sum(move["n"] for move in lines["moves"]) == len(moved)
    assert sum(move["n"] for move in lines["moves_by_outlet"]) == len(moved)
    for example in lines["margin"]:
        place = (example["article_id"], example["line_no"])
        assert place in moved
        assert example["text"] == right[place]["text"]


def test_a_rebuild_counts_the_time_of_all_its_batches(turned):
    outcome = turned[3]

    assert outcome.version.manifest["measured"]["seconds"] == outcome.seconds
    assert all(seconds > 0 for seconds in outcome.seconds.values())


def test_what_a_rebuild_lost_is_gone_and_what_it_finds_is_new(days, tmp_path):
    source, out, _ = days
    shutil.copytree(out, tmp_path / "clean", symlinks=True)
    shutil.copytree(source, tmp_path / "raw")
    before = current(tmp_path / "clean")
    (tmp_path / "raw" / NIGHT).unlink()
    put(tmp_path / "raw", "island.example/new.txt", page("A new pier", LOCAL[2]))

    made = rebuilt(tmp_path / "raw", tmp_path / "clean", THIRD, force_publish=True).version

    causes = diff.compared(before, made)["articles"]["by_cause"]
    assert (causes["new input"], causes["forgotten or input gone"]) == (1, 1)
    assert diff.compared(made, before)["articles"]["by_cause"]["left out before"] == 1


def test_the_command_prints_a_table_or_json(days):
    _, out, (first, second, _) = days

    shown = copydesk("diff", first.run_id, second.run_id, "--out", out)
    asked = copydesk("diff", first.run_id, second.run_id, "--out", out, "--json")

    assert "articles          3 -> 4         1 new input, 1 revision" in shown.stdout
    assert "odd\\u202e.example/night.txt" in shown.stdout
    assert json.loads(asked.stdout)["articles"]["by_cause"] == {"new input": 1, "revision": 1}
    assert "\u202e" not in shown.stdout + asked.stdout


def test_runs_tell_time_memory_and_counts_of_each_stage(days):
    _, out, versions = days

    listed = json.loads(copydesk("runs", "--out", out, "--json").stdout)
    run = json.loads(copydesk("runs", versions[1].run_id, "--out", out, "--json").stdout)
    shown = copydesk("runs", versions[1].run_id, "--out", out).stdout

    assert [record["n_written"] for record in listed] == [3, 2, 1]
    assert [record["current"] for record in listed] == [False, False, True]
    assert listed[0]["bytes"] == sum(file.stat().st_size for file in versions[0].path.rglob("*.parquet"))
    assert [stage["stage"] for stage in run["stages"]] == ["extract", "clean", "dedup", "names", "export"]
    for stage in run["stages"]:
        assert stage["seconds"] > 0
        assert stage["peak_memory_mb"] > 10
        assert stage["articles_per_second"] == pytest.approx(2 / stage["seconds"], rel=0.2)
        assert stage["stage"] in shown
    assert run["stages"][2]["made"]["paragraphs"] == run["counts"]["dedup"]["n_paragraphs"]
