import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.store import Store
from tests.world import copydesk, newsroom, put

AS_OF = ("--as-of", "2026-11-17T06:00:00Z")


@pytest.fixture(scope="module")
def first_run(tmp_path_factory):
    """The newsroom, one broken file, and the result of one `copydesk run`."""
    root = tmp_path_factory.mktemp("cli")
    source, out = newsroom(root / "raw"), root / "clean"
    put(source, "herald.example/empty.txt", "")
    put(source, "herald.example/notes.json", "{}")
    return source, out, copydesk("run", "--in", source, "--out", out, *AS_OF)


def test_a_run_ends_with_a_funnel_the_balance_and_the_place(first_run):
    _, out, result = first_run

    assert result.exit_code == 3
    assert result.stdout == ""
    assert "balance     4 inputs = 3 written + 1 rejected + 0 unchanged" in result.stderr
    assert f"output      {out}/current/" in result.stderr
    assert "1 no reader for this name (herald.example/notes.json)" in result.stderr


def test_the_next_run_finds_nothing_new_and_exits_0(first_run):
    source, out, _ = first_run

    result = copydesk("run", "--in", source, "--out", out)

    assert result.exit_code == 0
    assert result.stderr.startswith("skipped")
    assert "nothing new" in result.stderr


def test_quiet_success_prints_nothing(first_run):
    source, out, _ = first_run

    result = copydesk("run", "--in", source, "--out", out, "-q")

    assert (result.exit_code, result.output) == (0, "")


def test_json_goes_to_stdout(first_run, tmp_path):
    source, _, _ = first_run

    result = copydesk("run", "--in", source, "--out", tmp_path / "clean", "--json", "-q", *AS_OF)

    record = json.loads(result.stdout)
    assert record["run_id"] == (tmp_path / "clean" / "current").resolve().name
    assert record["counts"]["extract"]["rejected_by_reason"] == {"empty": 1}
    assert record["skipped"] == [{"path": "herald.example/notes.json", "why": record["skipped"][0]["why"]}]


def test_explain_names_the_rule_of_every_dropped_line(first_run):
    _, out, _ = first_run

    result = copydesk("explain", "ferry.txt", "--out", out)

    assert result.exit_code == 0
    dropped = [line for line in result.stdout.splitlines() if line.startswith("-")]
    assert any("Skip to main content" in line for line in dropped)
    assert all("dropped by " in line for line in dropped)
    record = json.loads(copydesk("explain", "ferry.txt", "--out", out, "--json").stdout)
    assert len(record["lines"]) == record["article"]["n_lines"]


def test_explain_tells_one_lines_story(first_run):
    _, out, _ = first_run

    result = copydesk("explain", "ferries.txt", "--line", 10, "--out", out)

    assert result.exit_code == 0
    assert "paragraph 1" in result.stdout
    assert "copy of" in result.stdout
    assert "herald.example" in result.stdout
    assert "to keep" not in result.stdout


def test_explain_tells_what_would_keep_a_dropped_line(first_run):
    _, out, _ = first_run
    lines = json.loads(copydesk("explain", "ferry.txt", "--out", out, "--json").stdout)["lines"]
    dropped = next(line["line_no"] for line in lines if line["dropped_by"] == "line_score")

    told = copydesk("explain", "ferry.txt", "--line", dropped, "--out", out).stdout

    assert f"to keep   copydesk run --rebuild --dry-run --out {out} --set clean.threshold=" in told
    assert "or        keep_lines = [" in told


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("explain", "zeppelin"), "no article has the id, path (below --in), url or a title with 'zeppelin'"),
        (("explain", ".txt"), "names 3 articles; name one by its id"),
        (("explain", "ferry.txt", "--line", "999"), "has no line 999"),
        (("runs", "no-such-run"), "no version of run 'no-such-run'"),
        (("rollback",), "the current version is the first"),
    ],
)
def test_a_wrong_question_is_answered_with_2(first_run, words, message):
    _, out, _ = first_run

    result = copydesk(*words, "--out", out)

    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--set", "dedup.window_dais=3"), 78, "unknown setting 'window_dais'; did you mean 'window_days'?"),
        (("--set", "dedupe.window_days=3"), 78, "unknown section 'dedupe'; did you mean 'dedup'?"),
        (("--set", "dedup.window_days=-3"), 78, "[dedup]: 'window_days'"),
        (("--set", "nonsense"), 78, "write it as section.key=value"),
        (("--config", "no-such.toml"), 78, "no-such.toml: no such file"),
        (("--in", "no-such-folder"), 66, "no-such-folder"),
        (("--as-of", "yesterday"), 2, "--as-of yesterday"),
        (("--engine", "flink"), 2, "flink"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(first_run, tmp_path, words, code, message):
    source, _, _ = first_run

    result = copydesk("run", "--in", source, "--out", tmp_path, *words)

    assert result.exit_code == code
    assert message in result.stderr


def test_an_engine_that_is_not_installed_is_78(first_run, tmp_path, monkeypatch):
    source, _, _ = first_run
    monkeypatch.setattr("pipeline.run.find_spec", lambda name: None)

    result = copydesk("run", "--in", source, "--out", tmp_path, "--engine", "spark")

    assert result.exit_code == 78
    assert "pip install 'copydesk[spark]'" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_cannot_be_written_is_73(first_run, tmp_path):
    source, _, _ = first_run
    put(tmp_path, "file", "")

    assert copydesk("run", "--in", source, "--out", tmp_path / "file" / "clean").exit_code == 73


def test_a_stage_that_does_not_fit_is_78(first_run, tmp_path):
    source, _, _ = first_run

    result = copydesk("dedup", "--in", source, "--out", tmp_path)

    assert result.exit_code == 78
    assert "run `copydesk extract` first" in result.stderr


def test_rejects_are_listed_with_place_and_reason(first_run):
    _, out, _ = first_run

    assert copydesk("rejects", "--out", out).stdout.startswith("herald.example/empty.txt at 0: empty: ")
    listed = json.loads(copydesk("rejects", "list", "--out", out, "--json").stdout)
    assert [row["reason"] for row in listed] == ["empty"]


def test_check_and_state_and_runs(first_run):
    _, out, _ = first_run

    assert copydesk("check", "--deep", "--out", out).exit_code == 0
    listed = json.loads(copydesk("runs", "--out", out, "--json").stdout)
    assert [(row["n_written"], row["current"]) for row in listed] == [(3, True)]
    assert "balance" in copydesk("runs", listed[0]["run_id"], "--out", out).stdout
    sizes = {row["table"]: row["rows"] for row in json.loads(copydesk("state", "info", "--out", out, "--json").stdout)}
    assert sizes["inputs"] == 4


def test_state_info_says_how_large_the_state_is_per_million_paragraphs(first_run):
    _, out, _ = first_run

    sizes = {row["table"]: row for row in json.loads(copydesk("state", "info", "--out", out, "--json").stdout)}
    shown = copydesk("state", "info", "--out", out).stdout

    for row in sizes.values():
        files = Path(out).glob(f"current/state/{row['table']}/**/*.parquet")
        assert row["bytes"] == sum(file.stat().st_size for file in files)
        assert row["mb_per_million_paragraphs"] == round(row["bytes"] / sizes["fingerprints"]["rows"], 1)
    assert f"{sizes['members']['mb_per_million_paragraphs']:,.1f} MB per million paragraphs" in shown


def test_check_names_what_is_damaged(first_run, tmp_path):
    out = shutil.copytree(first_run[1], tmp_path / "clean", symlinks=True)
    file = next((out / "current").glob("lines/*/*.parquet"))
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 3] ^= 4
    file.write_bytes(raw)

    result = copydesk("check", "--deep", "--out", out)

    assert result.exit_code != 0
    assert "lines/day=2026-11-17/part-0.parquet" in f"{result.stderr}{result.exception}"


def test_rollback_and_back_again(workshop):
    _, out = workshop
    first, second = (version.run_id for version in Store(out).versions())

    assert copydesk("rollback", "--out", out).stderr.strip() == f"current is now {first}"
    assert Store(out).current().run_id == first
    assert copydesk("rollback", second, "--out", out).exit_code == 0
    assert Store(out).current().run_id == second


def test_config_show_check_and_schema():
    assert json.loads(copydesk("config", "show", "--set", "names.style=british").stdout)["names"]["style"] == "british"
    assert "good" in copydesk("config", "check").stderr
    assert "min_tokens" in copydesk("config", "schema").stdout


def test_the_clock_can_come_from_the_environment(first_run, tmp_path):
    source, _, _ = first_run

    copydesk("run", "--in", source, "--out", tmp_path, "-q", env={"SOURCE_DATE_EPOCH": "1763359200"})

    assert Store(tmp_path).current().run_id.startswith("20251117T060000Z-")


def test_a_second_run_at_the_same_time_is_75(first_run, tmp_path):
    source, _, _ = first_run
    with Store(tmp_path).locked():
        command = [sys.executable, "-m", "pipeline.cli", "run", "--in", str(source), "--out", str(tmp_path)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)

    assert result.returncode == 75
    assert "another run holds the lock" in result.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_an_interrupted_run_leaves_with_the_signals_code_and_no_half_version(tmp_path, number, code):
    source = tmp_path / "raw"
    for article in range(60):
        put(
            source,
            f"herald.example/a{article}.html",
            f"<html><body>{'<p>The ferry sailed at night.</p>' * 400}{article}",
        )
    command = [
        sys.executable,
        "-m",
        "pipeline.cli",
        "run",
        "--in",
        str(source),
        "--out",
        str(tmp_path / "clean"),
        "--jobs",
        "1",
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True) as running:
        deadline = time.monotonic() + 30
        while not (tmp_path / "clean" / ".stage" / "extract").is_dir() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        os.kill(running.pid, number)
        assert running.wait(timeout=60) == code
    assert Store(tmp_path / "clean").versions() == []


LOADED = """import sys
from pipeline import cli
try:
    cli.main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


def loaded_by(*words):
    """The modules that a command loads."""
    told = subprocess.run([sys.executable, "-c", LOADED, *map(str, words)], capture_output=True, text=True, check=True)
    return set(told.stderr.split())


def test_help_loads_next_to_nothing():
    loaded = loaded_by("--help")

    assert len(loaded) < 200  # 156: a library of data would bring hundreds
    assert loaded.isdisjoint(("polars", "numpy", "pydantic", "regex"))


def test_a_run_loads_what_it_needs(tmp_path):
    source, out = tmp_path / "raw", tmp_path / "clean"
    put(source, "herald.example/a.html", f"<html lang=en><p>{'The ferry sailed at night. ' * 9}</p>")
    words = ("run", "-q", "-i", source, "-o", out)

    first, again = loaded_by(*words), loaded_by(*words)

    assert first.isdisjoint(("pandas", "rich", "lxml", "trafilatura", "py3langid", "pipeline.rebuild"))
    assert again.isdisjoint(("pandas", "rich", "lxml", "trafilatura", "py3langid", "pyarrow", "datasketch"))
    assert len(again) < 800  # 716, of which polars and pydantic bring 500


def test_the_wheel_carries_the_settings_and_the_sample(tmp_path):
    root = Path(__file__).parents[1]
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*build, "--wheel-dir", str(tmp_path), str(root)], check=True, capture_output=True)
    wheel = next(tmp_path.glob("copydesk-*.whl"))

    listing = subprocess.run(
        [sys.executable, "-m", "zipfile", "-l", str(wheel)], check=True, capture_output=True, text=True
    )

    for name in ("pipeline/configs/default.toml", "pipeline/configs/names/korea.toml", "pipeline/sample/"):
        assert name in listing.stdout
