"""The five dumps the project began with, labelled line by line and name by name; they are not part of the project."""

import json

import polars as pl
import pytest

from benchmarks import DATA
from pipeline import schemas
from pipeline.check import problems
from pipeline.config import load
from tests.world import current, ran, rows

BENCH = DATA
SEEDS = BENCH / "seeds"

pytestmark = [pytest.mark.bench, pytest.mark.skipif(not SEEDS.is_dir(), reason="needs COPYDESK_BENCH/seeds")]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """One run over the seeds: (outcome, output folder)."""
    out = tmp_path_factory.mktemp("seeds") / "clean"
    return ran(SEEDS, out), out


def test_five_articles_and_every_other_file_is_named(outcome):
    result, out = outcome

    assert result.counts["extract"]["n_written"] == 5
    assert [path for path, _ in result.skipped] == ["lines.json", "names.json", "pairs.json"]
    assert list(problems(current(out), deep=True)) == []


def test_the_story_is_kept_the_chrome_dropped_and_fields_are_fields(outcome):
    _, out = outcome
    lines = rows(out, schemas.LINES).join(rows(out, schemas.ARTICLES, "article_id", "source_path"), on="article_id")
    verdicts = {(row["source_path"], row["line_no"]): row for row in lines.iter_rows(named=True)}
    gold = {(file, int(number)): role
            for file, roles in json.loads((SEEDS / "lines.json").read_text(encoding="utf-8")).items()
            for number, role in roles.items()}  # fmt: skip

    assert set(verdicts) == set(gold)
    story = [place for place, role in gold.items() if role in ("body", "subheading")]
    chrome = [place for place, role in gold.items() if role == "chrome"]
    fields = {place: role for place, role in gold.items() if role in ("byline", "date", "caption", "source")}
    assert (len(story), len(chrome), len(fields)) == (86, 86, 13)
    assert [place for place in story if verdicts[place]["paragraph_no"] is None] == []
    assert sum(verdicts[place]["dropped_by"] is not None for place in chrome) >= 83
    assert {place: verdicts[place]["role"] for place in fields} == fields


def test_no_outlet_copied_another(outcome):
    _, out = outcome

    assert rows(out, schemas.LINKS).is_empty()


def test_kim_jong_un_is_one_man_and_kim_yo_jong_his_sister(outcome):
    _, out = outcome
    mentions = rows(out, schemas.MENTIONS).filter(pl.col("surface").str.starts_with("Kim"))
    people = {surface: set(rows["person_id"]) for (surface,), rows in mentions.group_by("surface")}

    assert people["Kim Jong Un"] == people["Kim Jong-un"] == {"kim-jong-un"}
    assert people["Kim Yo Jong"] == {"kim-yo-jong"}
    assert people["Kim"] == {None}


def marked_names():
    """(file, start, end) -> person of every full name that a reader marked, of people of the table."""
    known = load().people.table.names
    return {
        (mark["file"], mark["start"], mark["end"]): mark["person"]
        for mark in json.loads((SEEDS / "names.json").read_text(encoding="utf-8"))
        if mark["kind"].partition(":")[0] == "full" and mark["person"] in known
    }


def found_names(out):
    """(file, start, end) in the document -> person of every full name in the tables."""
    lines = rows(out, schemas.LINES).join(rows(out, schemas.ARTICLES, "article_id", "source_path"), on="article_id")
    first_lines = lines.sort("line_no").unique(["article_id", "paragraph_no"], keep="first").drop_nulls("paragraph_no")
    mentions = rows(out, schemas.MENTIONS).filter(pl.col("kind") != "surname", pl.col("person_id").is_not_null())
    columns = ["source_path", "start", "end", "start_line", "person_id"]
    in_text = mentions.join(
        first_lines.select("article_id", "paragraph_no", "source_path", start_line="start"),
        on=["article_id", "paragraph_no"],
    )
    in_fields = mentions.join(
        lines.select("article_id", "line_no", "source_path", start_line="start"), on=["article_id", "line_no"]
    )
    found = pl.concat([in_text.select(columns), in_fields.select(columns)])
    assert found.height == mentions.height
    return {(file, line + start, line + end): person for file, start, end, line, person in found.iter_rows()}


def test_every_full_name_is_found_where_a_reader_marked_it(outcome, tmp_path):
    marked, (_, out) = marked_names(), outcome
    whole = tmp_path / "clean"
    ran(SEEDS, whole, sets=("clean.enabled=false",))

    found, found_in_all = found_names(out), found_names(whole)

    assert (len(marked), found_in_all) == (48, marked)
    assert len(found) == 47  # one stands in a teaser
    assert found.items() <= marked.items()
