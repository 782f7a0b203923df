import shutil
from datetime import timedelta

import polars as pl
import pytest

from pipeline import explain, schemas
from pipeline.check import problems
from pipeline.errors import UsageError, WriteError
from pipeline.forget import forget
from pipeline.store import REPORT, Store
from tests.faults import injected
from tests.world import (
    EDITED,
    FIRST,
    LOCAL,
    THIRD,
    WIRE,
    bytes_of,
    copydesk,
    current,
    page,
    put,
    ran,
    rebuilt,
    record,
    rows,
)

FERRY = "herald.example/2026-11-17/ferry.txt"


def forgotten(out, wanted=FERRY):
    with Store(out).locked():
        return forget(Store(out), wanted).article_id


def test_a_forgotten_article_is_in_no_version_and_each_is_sound(workshop):
    _, out = workshop
    article = forgotten(out)

    versions = Store(out).versions()
    assert len(versions) == 2
    for version in versions:
        assert list(problems(version, deep=True)) == []
        for file in version.path.rglob("*"):
            if file.is_file():
                raw = file.read_bytes()
                assert b"ferry.txt" not in raw, file
        for table in (schemas.ARTICLES, schemas.LINES, schemas.PARAGRAPHS, schemas.MENTIONS):
            assert article not in version.read(table)["article_id"].to_list()
        assert WIRE[2] not in version.read(schemas.LINES)["text"].to_list()
    assert versions[1].manifest["base"] == versions[0].run_id
    assert current(out).run_id == versions[1].run_id


def test_a_cluster_whose_canonical_copy_is_forgotten_passes_to_the_next_member(workshop):
    _, out = workshop
    of_wire = pl.col("n_paragraphs") == 3
    before = rows(out, schemas.CLUSTERS).sort("cluster_id")

    forgotten(out)

    after = rows(out, schemas.CLUSTERS).sort("cluster_id")
    assert after["cluster_id"].to_list() == before["cluster_id"].to_list()
    assert after["n_paragraphs"].to_list() == [2, 2, 2]
    passed = after.filter(before.select(of_wire).to_series())["canonical_id"].implode()
    heads = rows(out, schemas.PARAGRAPHS).filter(pl.col("paragraph_id").is_in(passed))
    assert heads["outlet"].to_list() == ["coast.example", "coast.example"]


def test_a_later_run_meets_a_forgotten_article_and_leaves_it(workshop):
    source, out = workshop
    forgotten(out)
    put(source, "herald.example/2026-11-18/name.txt", (source / FERRY).read_text(encoding="utf-8"))
    put(source, FERRY, page("Another state of the article", *EDITED, LOCAL[0]))
    put(source, "island.example/new.txt", page("Traders", LOCAL[1]))

    taken = ran(source, out, THIRD).counts["extract"]

    assert (taken["n_written"], taken["n_forgotten"], taken["n_unchanged"]) == (1, 2, 5)
    assert list(problems(current(out), deep=True)) == []
    assert ran(source, out, THIRD).counts["extract"]["n_forgotten"] == 2


def test_a_version_from_before_the_article_blocks_it_too(workshop):
    source, out = workshop
    forgotten(out, "island.example/night.txt")
    Store(out).point_to(Store(out).versions()[0])

    assert ran(source, out, THIRD).version is None


def test_a_rebuild_does_not_bring_it_back(workshop):
    source, out = workshop
    forgotten(out)

    taken = rebuilt(source, out, THIRD).counts["extract"]

    assert taken["n_written"] == 3
    assert list(problems(current(out), deep=True)) == []
    assert ran(source, out, THIRD).version is None


def test_an_attempt_that_was_cut_off_is_gone_on_with(workshop, two_days):
    _, out = workshop
    shutil.copytree(two_days[1], out.parent / "whole", symlinks=True)
    forgotten(out.parent / "whole")

    with injected(out) as counted:
        forgotten(out)
    steps = [number for number, (done, _) in enumerate(counted.calls, 1) if done in ("rename", "symlink", "replace")]
    for at in steps:
        shutil.rmtree(out)
        shutil.copytree(two_days[1], out, symlinks=True)
        with injected(out, at, 5), pytest.raises(WriteError):
            forgotten(out)
        assert list(problems(current(out), deep=True)) == []
        if any("ferry.txt" in path for path in (rows(out, schemas.ARTICLES)["source_path"])):
            forgotten(out)
        assert bytes_of(out) == bytes_of(out.parent / "whole")


def test_a_version_no_longer_kept_keeps_nothing_of_it_either(workshop):
    source, out = workshop
    for day in (20, 21):
        put(source, f"herald.example/2026-11-{day}/more.txt", page(f"More of {day}", f"Nothing but the {day}th of it."))
        ran(source, out, FIRST + timedelta(days=day), sets=("run.keep_versions=1",))
    spare = out / "versions" / ".spare"
    assert FERRY in pl.read_parquet(spare / "articles" / "**" / "*.parquet")["source_path"].to_list()

    forgotten(out)

    assert not spare.exists()
    assert [version.run_id for version in Store(out).versions()] == [current(out).run_id]


def test_what_no_version_has_cannot_be_forgotten(workshop):
    _, out = workshop

    with pytest.raises(UsageError, match="no article has the id"):
        forgotten(out, "zeppelin")


def test_only_a_whole_id_path_or_url_is_forgotten(workshop):
    source, out = workshop
    put(source, "quay.example/again.txt", page("Night ferries", LOCAL[0], LOCAL[1]))
    ran(source, out, THIRD)
    before = {version.run_id for version in Store(out).versions()}

    for words in ("Night ferries", "Norlinje adds", "ferry.txt"):
        with pytest.raises(UsageError, match="no article has the id"):
            forgotten(out, words)

    assert {version.run_id for version in Store(out).versions()} == before


def test_a_path_of_several_articles_names_none(tmp_path):
    source, out = tmp_path / "raw", tmp_path / "clean"
    records = [record(text=page(title, text), title=title) for title, text in (("Quay", LOCAL[0]), ("Pier", LOCAL[1]))]
    put(source, "quay.example/stories.jsonl", "".join(records))
    ran(source, out)

    with pytest.raises(UsageError, match="names 2 articles; name one by its id"):
        forgotten(out, "quay.example/stories.jsonl")
    assert rows(out, schemas.ARTICLES).height == 2


def test_the_command_says_what_it_forgot_and_removes_the_report(workshop):
    _, out = workshop
    (out / REPORT).write_text("quotes the article", encoding="utf-8")

    said = copydesk("forget", FERRY, "--out", out)

    assert said.exit_code == 0
    assert f"({FERRY}: Norlinje adds night sailings after harbour fire) is in no version" in said.stderr
    assert f"{out / REPORT}: removed" in said.stderr
    assert not (out / REPORT).exists()


def test_a_copy_of_a_forgotten_article_is_one_of_what_is_gone(workshop):
    _, out = workshop
    forgotten(out)
    version = current(out)
    copies = version.read(schemas.PARAGRAPHS).filter(~pl.col("is_canonical"))

    shown = "\n".join(str(row) for row in explain.page(explain.explained(version, copies["article_id"][0]), 100))

    assert ", of (gone) " in shown
    assert "(no outlet)" not in shown
