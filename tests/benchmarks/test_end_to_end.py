"""What a run costs, and what the others are that it is compared with."""

import json
import subprocess
import sys
from xml.etree import ElementTree

import polars as pl
import pytest

from benchmarks.contenders import Article as Found
from benchmarks.contenders import (
    Mention,
    automaton_mentions,
    datasketch_clusters,
    equal_clusters,
    in_paragraphs,
    regex_mentions,
    scripted,
    visible_articles,
)
from benchmarks.end_to_end import RUNS, TWO, Cost, cost, figures_of, filled, stage_figures, tables
from benchmarks.growth import head
from benchmarks.pages import laid_out
from benchmarks.speed_chart import drawn
from pipeline.config import load
from pipeline.stages import STAGES

BUSY = "import time\nend = time.process_time() + 0.4\nwhile time.process_time() < end: pass"
NAMES = {"Kim Jong Un": "kim", "Kim Jong": "other", "Ana Paló": "ana"}
TEXT = [("a", 1, "Kim Jong Un met Ana Paló; Akim Jong did not."), ("a", 2, "Kim Jongs")]


def test_the_cost_of_a_process_is_that_of_its_children_too():
    parent = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BUSY!r}])"

    found = cost([sys.executable, "-c", parent])

    assert 0.4 <= found.cpu < 5
    assert found.memory > 1


def test_a_contender_that_fails_is_an_error_with_its_words():
    with pytest.raises(subprocess.CalledProcessError) as raised:
        cost([sys.executable, "-c", "raise SystemExit('no such thing')"])

    assert b"no such thing" in raised.value.stderr


def test_ratios_are_of_the_same_turn():
    turns = [
        {name: dict.fromkeys(RUNS, Cost(cpu, cpu, 9)) for name, cpu in (("copydesk", own), ("documented", other))}
        for own, other in ((1.0, 2.0), (10.0, 20.0), (1.0, 4.0))
    ]

    figures = figures_of(turns, "html", {"first": 80, "later": 20, "nothing_new": 0})

    assert figures["html.copydesk.first.times"] == 2.0
    assert figures["html.copydesk.first.articles_per_cpu"] == 80.0
    assert "html.copydesk.nothing_new.articles_per_cpu" not in figures
    assert "documented" in tables(figures, "html", ["copydesk", "documented"])


def test_stages_are_measured_by_the_articles_of_the_first_days():
    turns = [{**dict.fromkeys(STAGES, Cost(cpu, cpu, 100)), TWO: Cost(cpu, cpu / 2, 100)} for cpu in (1.0, 2.0, 9.0)]

    figures = stage_figures(turns, "text", 80)

    assert figures["text.stage.clean.articles_per_cpu"] == 40.0
    assert figures["text.stage.clean.megabytes"] == 100
    assert figures["text.stage.extract.two_times"] == 2.0
    assert tables(figures, "text", []).splitlines()[-1].split() == ["export", "2", "40", "100", "-"]


def test_a_command_knows_its_input_its_output_and_its_day(tmp_path):
    words = ("run", "{source}", "{out}", "{config}", "{as_of}", "{jobs}", "{form}")

    command = filled(words, "html", tmp_path, tmp_path / "in", tmp_path / "out", 2, 7)

    config = str(tmp_path / "config.toml")
    assert command == ["run", str(tmp_path / "in"), str(tmp_path / "out"), config, "2026-11-07", "2", "html"]


def test_the_drawing_has_a_bar_for_each_contender_as_long_as_it_is_fast():
    figures = {
        "html.copydesk.first.articles_per_cpu": 80.0,
        "html.copydesk.first.times": 4.0,
        "html.<other>.first.articles_per_cpu": 20.0,
        "html.copydesk.later.articles_per_cpu": 5.0,
        "html.copydesk.first.cpu": 1.0,
    }

    drawing = ElementTree.fromstring(drawn(figures, ["html"]))  # noqa: S314 - our own

    own, other = (float(bar.get("width")) for bar in drawing.findall(".//{*}rect"))
    assert own == 4 * other
    words = [text.text for text in drawing.findall(".//{*}text")]
    assert words == ["HTML pages per CPU second", "copydesk", "80 (4x)", "<other>", "20"]


def test_the_first_lines_of_a_day_are_a_small_input(tmp_path):
    (tmp_path / "day.jsonl").write_text("a\nb\nc\n", encoding="utf-8")

    folder = head(tmp_path / "day.jsonl", 2, tmp_path / "few")

    assert (folder / "day.jsonl").read_text(encoding="utf-8") == "a\nb\n"


def test_the_floor_is_the_visible_text_and_equal_copies():
    page = {"id": "a", "html": "<p>One.</p><script>no</script><p>Two.</p>"}

    read = list(visible_articles([page, {"id": "b", "text": "Three."}]))

    assert [article.text.split() for article in read] == [["One.", "Two."], ["Three."]]
    assert equal_clusters(["a", "b", "a"]) == ["0", "1", "0"]


@pytest.mark.parametrize("find", [regex_mentions, automaton_mentions])
def test_both_ways_to_find_names_find_whole_words(find):
    assert list(find(TEXT, NAMES)) == [
        Mention("a", "text", 1, 0, 11, "full", "kim"), Mention("a", "text", 1, 16, 24, "full", "ana"),
    ]  # fmt: skip


def test_paragraphs_are_lines_with_something_in_them():
    assert in_paragraphs([("a", "One. \n\n Two.")]) == [("a", 1, "One."), ("a", 2, "Two.")]


def test_a_later_run_takes_what_is_new_and_clusters_it_with_what_was(tmp_path):
    (tmp_path / "names").mkdir()
    (tmp_path / "names" / "invented.toml").write_text("person = []\n", encoding="utf-8")
    source, out, read = tmp_path / "text", tmp_path / "out", []
    source.mkdir()
    out.mkdir()

    def reading(records):
        for record in records:
            read.append(record["id"])
            yield Found(record["id"], record["text"])

    def clusters(texts):
        return [str(texts.index(text)) for text in texts]

    for day, name in (("1", "a"), ("2", "b")):
        (source / f"{day}.jsonl").write_text(f'{{"id": "{name}", "text": "The same words."}}\n', encoding="utf-8")
        scripted(source, out, reading, regex_mentions, clusters)

    paragraphs = pl.read_parquet(out / "paragraphs.parquet")
    assert read == ["a", "b"]
    assert paragraphs.rows() == [("a", 1, "The same words.", "0"), ("b", 1, "The same words.", "0")]


def test_the_documented_way_clusters_near_copies_and_not_short_lines():
    text = "the ferry company added four night sailings between the port and the island this week"

    assert datasketch_clusters([text, f"{text} again", "share", "share"]) == ["0", "0", "2", "3"]


def test_real_pages_take_the_place_of_a_world(tmp_path):
    page = "<html><body><p>The ferry sails at noon on Monday from the old quay.</p></body></html>"
    rows = pl.DataFrame(
        {
            "html": [page.encode(), "<p>Café über alles.</p>".encode("cp1252"), b"%PDF-1.7 \x00\x01", page.encode()],
            "lines": [["The ferry sails."], ["Café über alles."], [""], ["The ferry", "sails."]],
            "url": [f"https://arle.example/{number}" for number in range(4)],
            "host": ["arle.example"] * 4,
        }
    )
    rows.write_parquet(tmp_path / "pages.parquet")

    n_pages = laid_out(tmp_path / "pages.parquet", tmp_path / "world", 10, 2, 1)

    records = {
        form: [
            json.loads(line)
            for file in sorted((tmp_path / "world" / form).glob("*.jsonl"))
            for line in file.read_text(encoding="utf-8").splitlines()
        ]
        for form in ("html", "text")
    }
    assert n_pages == 3
    assert {record["id"] for record in records["html"]} == {record["id"] for record in records["text"]}
    assert sorted(record["html"] for record in records["html"]) == sorted([page, page, "<p>Café über alles.</p>"])
    assert sorted(record["text"] for record in records["text"]) == [
        "Café über alles.", "The ferry\nsails.", "The ferry sails.",
    ]  # fmt: skip
    assert load(tmp_path / "world" / "config.toml") is not None
