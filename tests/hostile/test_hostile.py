"""What harms, in one input folder with good copy: the good comes out as if it were alone.

The slow cases are in `benchmarks.poison` with all others; those that run into the limit of time in test_limits.py too.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipeline import schemas
from pipeline.check import problems
from tests.hostile.cases import CASES, SKIPPED, put_case, put_oddities
from tests.world import FIRST, current, inline, newsroom, ran

ROOT = Path(__file__).parents[2]
QUICK = [case for case in CASES if not case.is_slow]
SETS = ("run.max_reject_share=1.0",)
GIGABYTE = 1_000_000  # in the unit of ru_maxrss
NO_NETWORK = """
import os, sys
def refuse(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.bind"):
        with open(os.environ["CALLS"], "a", encoding="utf-8") as file:
            file.write(f"{event} {args}\\n")
        raise OSError("no network here")
sys.addaudithook(refuse)
"""


def run_alone(source, out, scratch):
    """copydesk in a process of its own without network: exit code, largest process in kB."""
    scratch.mkdir()
    (scratch / "sitecustomize.py").write_text(NO_NETWORK)
    (scratch / "calls").write_text("")
    paths = f"{scratch}{os.pathsep}{ROOT}"
    words = ["run", "--in", str(source), "--out", str(out), "--as-of", FIRST.isoformat(), "--jobs", "2", "--json"]
    with (scratch / "stdout").open("w") as stdout, (scratch / "stderr").open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", *words, *(word for pair in SETS for word in ("--set", pair))],
            env={**os.environ, "PYTHONPATH": paths, "CALLS": str(scratch / "calls")},
            cwd=scratch,
            stdout=stdout,
            stderr=stderr,
        )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, used.ru_maxrss


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory):
    """A run over good copy and the cases: (its folder, exit code, largest process in kB)."""
    root = tmp_path_factory.mktemp("poisoned")
    newsroom(root / "raw")
    for case in QUICK:
        put_case(case, root / "raw/poison.example")
    put_oddities(root / "raw/odd.example")
    code, largest = run_alone(root / "raw", root / "clean", root / "scratch")
    return root, code, largest


def test_every_case_ends_as_the_table_says(poisoned):
    root, code, _ = poisoned
    assert code == 3, (root / "scratch/stderr").read_text()
    version = current(root / "clean")
    ends = {case.name: ([], 0) for case in QUICK}
    for table in (schemas.ARTICLES, schemas.REJECTS):
        for row in version.read(table).iter_rows(named=True):
            name = row["source_path"].removeprefix("poison.example/")
            if name in ends:
                refused, n_written = ends[name]
                is_refused = table is schemas.REJECTS
                ends[name] = ([*refused, row["reason"]] if is_refused else refused, n_written + (not is_refused))

    wrong = {}
    for case in QUICK:
        refused, n_written = ends[case.name]
        if n_written == case.n_written + 1 and not refused:
            refused, n_written = ["written"], case.n_written
        if n_written != case.n_written or len(refused) != 1 or not case.outcomes.issuperset(refused):
            wrong[case.name] = ends[case.name]
    assert wrong == {}


def test_the_balance_is_exact_and_the_version_sound(poisoned):
    root, _, _ = poisoned
    version = current(root / "clean")
    taken = version.manifest["counts"]["extract"]

    assert taken["n_inputs"] == taken["n_written"] + taken["n_rejected"] + taken["n_unchanged"]
    assert taken["n_rejected"] == version.read(schemas.REJECTS).height
    assert list(problems(version, deep=True)) == []


def test_good_copy_comes_out_as_if_it_were_alone(poisoned, tmp_path):
    root, _, _ = poisoned
    with_poison = current(root / "clean")
    written = set(with_poison.read(schemas.ARTICLES)["source_path"])
    for path in written:
        target = tmp_path / "raw" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / "raw" / path, target)
    with inline():
        ran(tmp_path / "raw", tmp_path / "clean", FIRST, SETS)
    alone = current(tmp_path / "clean")

    good = alone.read(schemas.ARTICLES).filter(pl.col("source_path").str.contains("herald|coast"))["article_id"]
    assert len(good) == 3
    for table in (schemas.ARTICLES, schemas.LINES, schemas.PARAGRAPHS, schemas.MENTIONS):
        left, right = (
            version.read(table).filter(pl.col("article_id").is_in(good.implode())).drop("batch_id")
            for version in (with_poison, alone)
        )
        assert left.height
        assert_frame_equal(left, right)


def test_no_process_grows_beyond_a_gigabyte_and_none_asks_the_network(poisoned):
    root, _, largest = poisoned

    assert 50_000 < largest < GIGABYTE
    assert (root / "scratch/calls").read_text() == ""


def test_names_that_are_no_files_of_ours_are_passed_over_with_a_reason(poisoned):
    root, _, _ = poisoned
    shown = (root / "scratch/stdout").read_text()

    passed = {entry["path"] for entry in json.loads(shown)["skipped"]}
    assert passed == {f"odd.example/{name.encode('utf-8', 'backslashreplace').decode()}" for name in SKIPPED}
    articles = current(root / "clean").read(schemas.ARTICLES)
    assert not articles.filter(pl.col("source_path").str.starts_with("odd.example")).height
    assert not articles.filter(pl.col("text").str.contains("root:")).height


def test_ids_and_outlets_never_become_paths(poisoned):
    root, _, _ = poisoned

    made = {path.relative_to(root / "clean").as_posix() for path in (root / "clean").rglob("*")}
    assert not [path for path in made if any(word in path for word in ("evil", "CON", "poison", "..", "%"))]
    assert not list(root.glob("**/evil*"))
    assert not Path("/tmp/evil").exists()  # noqa: S108  # what a case asks for
    assert not Path("/etc/cron.d/evil").exists()


def test_nesting_is_never_cut_in_silence(poisoned):
    root, _, _ = poisoned
    version = current(root / "clean")
    for name in ("nested-div-1k.html", "nested-b-50k.html", "nested-table-2k.html"):
        article = version.read(schemas.ARTICLES).filter(pl.col("source_path") == f"poison.example/{name}")
        lines = version.read(schemas.LINES).filter(pl.col("article_id") == article["article_id"][0])["text"]
        assert any("deep words here" in line for line in lines), name
        assert lines[-1] == "That is all for this Friday, said the board.", name
