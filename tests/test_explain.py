"""`copydesk explain` over the tracked sample, and over text that would act on a terminal."""

import json
import os
import pty
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from pipeline import explain, schemas
from pipeline.engines.local import Local
from pipeline.stages import clean
from pipeline.store import Store
from tests.world import (
    LOCAL,
    SAMPLE,
    SAMPLED,
    SECOND,
    WIRE,
    configured,
    copydesk,
    current,
    newsroom,
    page,
    put,
    ran,
    rows,
)

ROOT = Path(__file__).parents[1]
HOSTILE = "Dock fire [/b] \x1b[31mred\x07 \u202etxt.exe\u202c \x9b2J {0} %s"
CONTROLS = ("\x1b", "\x07", "\u202e", "\u202c", "\x9b")


@pytest.fixture(scope="module")
def told(sampled):
    """What explain says of every article of the sample, by id."""
    version = current(sampled)
    return {article: explain.explained(version, article) for article in rows(sampled, schemas.ARTICLES)["article_id"]}


def dropped(told):
    """(article, line) of every line of the sample that a rule dropped."""
    return [(article, line) for article, record in told.items() for line in record["lines"] if line["dropped_by"]]


def test_every_dropped_line_has_its_verdicts_and_a_way_back(told):
    lines = dropped(told)

    assert len(lines) > 700
    for article, line in lines:
        way = line["would_keep"]
        assert explain.verdict(line).startswith(f"dropped by {line['dropped_by']}")
        assert bool(way["settings"]) != bool(way["why_not"]), (article, line["line_no"])
        assert way["rule"] is not None


def test_a_line_with_two_verdicts_shows_both(sampled, told):
    twice = [(article, line) for article, line in dropped(told) if line["also_by"]]
    pages = {article: [row.plain for row in explain.page(record, 150)] for article, record in told.items()}
    article, line = twice[0]

    for other, both in twice:
        (row,) = (row for row in pages[other] if row.startswith(f"-{both['line_no']:>4} "))
        assert f"dropped by {both['dropped_by']}; {both['also_by']}" in row
    assert len(twice) > 20
    assert copydesk("explain", article, "--out", sampled).stdout.splitlines() == [
        row.rstrip() for row in pages[article]
    ]
    story = copydesk("explain", article, "--line", line["line_no"], "--out", sampled).stdout
    assert f"also by   {line['also_by']}" in story


def test_the_settings_suggested_for_a_line_keep_it(sampled, told):
    """Every suggestion, applied to its articles as the stage `clean` of a run does; a rebuild of one is below."""
    documents, scored = (Local(1).gather(sampled / ".stage" / "extract", name) for name in ("documents", "lines"))
    scored = clean.measured(scored)
    printed = current(sampled).read(schemas.OUTLET_LINES, state=True)
    settings = configured().settings.clean
    suggested = {}
    for article, line in dropped(told):
        changed = {name.removeprefix("clean."): value for name, value in line["would_keep"]["settings"].items()}
        if changed:
            suggested.setdefault(json.dumps(changed, sort_keys=True), set()).add((article, line["line_no"]))
    for changed, lines in suggested.items():
        own = pl.col("article_id").is_in({article for article, _ in lines})
        _, judged = clean.apply(
            documents.filter(own), scored.filter(own), printed, {},
            settings.model_validate({**settings.model_dump(), **json.loads(changed)}), SAMPLED,
        )  # fmt: skip
        in_text = judged.filter(pl.col("paragraph_no").is_not_null()).select("article_id", "line_no").rows()
        assert lines - set(in_text) == set(), changed
    assert len(suggested) > 100


def test_a_suggested_command_and_the_suggested_rules_keep_their_lines_in_a_rebuild(sampled, told, tmp_path):
    out = shutil.copytree(sampled, tmp_path / "clean", symlinks=True)  # the others read the version it was made from
    lines = dropped(told)
    article, line = min(lines, key=lambda found: (-len(found[1]["would_keep"]["settings"]), found[1]["score"]))
    patterns = {}
    for _, other in lines:
        rule = other["would_keep"]["rule"]
        patterns.setdefault(rule["outlet"], {})[rule["keep_lines"]] = None
    config = put(tmp_path, "configs/daily.toml", '[clean]\noutlets = ["outlets/*.toml"]\n')
    raw, where = SAMPLE, ("--out", out, "--as-of", SAMPLED.isoformat(), "-q", "--jobs", 1)

    def in_text():
        frame = rows(out, schemas.LINES).filter(pl.col("paragraph_no").is_not_null())
        return set(frame.select("article_id", "line_no").rows())

    words = [word for word in shlex.split(line["would_keep"]["command"])[1:] if word != "--dry-run"]
    assert len(line["would_keep"]["settings"]) > 1
    assert copydesk(*words, "--in", raw, *where).exit_code == 3
    assert (article, line["line_no"]) in in_text()

    for outlet, found in patterns.items():
        rules = f"outlet = {json.dumps(outlet)}\nkeep_lines = {json.dumps(list(found))}\n"
        put(tmp_path, f"configs/outlets/{outlet}.toml", rules)
    assert copydesk("run", "--rebuild", "-c", config, "--in", raw, *where).exit_code == 3
    assert {(article, line["line_no"]) for article, line in lines} <= in_text()


def test_a_copy_is_shown_against_the_first_one(told):
    copies = [paragraph for record in told.values() for paragraph in record["paragraphs"] if paragraph["edits"]]

    assert len(copies) > 30
    for copy in copies:
        before, after = (
            "".join(("" if edit["is_glued"] else " ") + edit["text"] for edit in copy["edits"] if edit["kind"] != other)
            for other in ("added", "gone")
        )
        assert (before.split(), after.split()) == (copy["canonical_text"].split(), copy["text"].split())


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Articles whose every field tries to act on a terminal, and two of one title."""
    root = tmp_path_factory.mktemp("hostile")
    source = newsroom(root / "raw")
    put(source, "odd\u202e.example/fire.txt", page(HOSTILE, *LOCAL, f"{WIRE[2]} \x1b[2J [/b]"))
    put(
        source, "coast.example/2026-11-18/ferries-again.txt", page("More night ferries after harbor fire", "None came.")
    )
    ran(source, root / "clean", SECOND)
    return root / "clean"


@pytest.mark.parametrize("words", [(), ("--json",), ("--line", "5"), ("--line", "5", "--json")])
def test_nothing_reaches_a_terminal_raw(hostile, words):
    result = copydesk("explain", "fire.txt", *words, "--out", hostile)

    assert result.exit_code == 0
    assert "[/b]" in result.stdout
    assert not [character for character in CONTROLS if character in result.stdout]
    if "--json" in words:
        assert any(HOSTILE in line["text"] for line in json.loads(result.stdout)["lines"])


def test_an_article_is_found_by_id_path_url_or_what_only_it_has(hostile):
    version = current(hostile)
    path = "herald.example/2026-11-17/ferry.txt"
    (article_id,) = rows(hostile, schemas.ARTICLES).filter(pl.col("source_path") == path)["article_id"]

    for wanted in (article_id, path, "NORLINJE ADDS", "herald.example/2026-11-17/ferry"):
        assert explain.article_id_of(version, wanted) == article_id


def test_a_word_that_names_several_says_what_of_each_it_matches(hostile):
    result = copydesk("explain", "ferries", "--out", hostile)

    assert result.exit_code == 2
    assert "names 2 articles" in result.stderr
    assert "by its title: coast.example/2026-11-17/ferries.txt" in result.stderr


def test_a_pager_gets_the_page_on_a_terminal(hostile, tmp_path):
    seen = tmp_path / "seen"
    program = put(tmp_path, "page.py", f"import sys; open({str(seen)!r}, 'w').write(sys.stdin.read())")
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "pipeline.cli", "explain", "traders.txt", "--out", str(hostile)]
    environment = {"PATH": "", "TERM": "xterm", "PAGER": f"{sys.executable} {program}", "PYTHONPATH": str(ROOT)}
    subprocess.run(command, stdout=follower, stderr=subprocess.PIPE, env=environment, check=True, cwd=Path(ROOT))
    os.close(follower)
    os.close(leader)

    shown = seen.read_text(encoding="utf-8")
    assert "A spokesman for the mayor" in shown
    assert "\x1b[1m" in shown


@pytest.mark.parametrize("damage", ["cut", "gone", "changed"])
@pytest.mark.parametrize("words", [("explain", "traders.txt"), ("diff",), ("report",)])
def test_a_damaged_table_is_named_and_nothing_else_is_said(workshop, words, damage):
    _, out = workshop
    first, second = (version.run_id for version in Store(out).versions())
    file = next(iter(current(out).files(schemas.PARAGRAPHS).values()))
    raw = file.read_bytes()
    file.unlink()  # a file of its own: the version before has the same by a hard link
    if damage != "gone":
        file.write_bytes(raw[:-40] if damage == "cut" else raw[:4] + bytes(len(raw) // 2) + raw[4 + len(raw) // 2 :])

    result = copydesk(*words, *((first, second) if words == ("diff",) else ()), "--out", out)

    assert result.exit_code == 65
    assert f"paragraphs/{file.parent.name}/part-0.parquet" in result.stderr
    assert isinstance(result.exception, SystemExit)


def test_a_command_that_is_printed_names_the_output_folder(hostile, told):
    shown = copydesk("explain", "fire.txt", "--line", "1", "--out", hostile).stdout

    assert f"copydesk run --rebuild --dry-run --out {shlex.quote(str(hostile))} --set clean." in shown
    assert "with your own --in and -c" in shown
    assert not any("--out" in (line["would_keep"]["command"] or "") for _, line in dropped(told))


def test_a_headline_is_kept_by_a_rule_first_and_a_threshold_says_what_it_lets_in(sampled, told):
    headlines = [
        (article, line)
        for article, line in dropped(told)
        if line["would_keep"]["is_headline"] and line["would_keep"]["why_not"] is None
    ]
    scored = [
        (article, line)
        for article, line in dropped(told)
        if "clean.threshold" in line["would_keep"]["settings"] and not line["would_keep"]["is_headline"]
    ]

    for article, line in headlines[:2]:
        outlet = told[article]["article"]["outlet"]
        shown = copydesk("explain", article, "--line", line["line_no"], "--out", sampled).stdout
        assert line["line_no"] < min(row["line_no"] for row in told[article]["lines"] if row["paragraph_no"])
        assert shown.index("to keep   keep_lines = ") < shown.index(f"in configs/outlets/{outlet}.toml")
        assert shown.index(f"in configs/outlets/{outlet}.toml") < shown.index("or        ")
    article, line = scored[0]
    shown = copydesk("explain", article, "--line", line["line_no"], "--out", sampled).stdout
    assert f"it lets in every line that scores {line['score']} or more" in shown
    assert shown.index("to keep   copydesk run") < shown.index("or        keep_lines = ")
    assert headlines
