"""The made-up world: the same for the same numbers, gold that says what is there, and what a run makes of it."""

import json
import re
from collections import Counter
from datetime import UTC, datetime

import polars as pl
import pytest

from benchmarks.world import score, words
from benchmarks.world.__main__ import main
from benchmarks.world.desk import named, spelled
from benchmarks.world.gold import gold_table
from benchmarks.world.grammar import Grammar
from benchmarks.world.newsroom import World
from benchmarks.world.people import Person
from benchmarks.world.stories import PERSON
from pipeline.config import load
from pipeline.kernels.html import parsed, visible_lines
from pipeline.run import Order, run
from pipeline.schemas import ROLES
from tests.world import Silent, inline

N_ARTICLES = 60


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world") / "world"
    assert main(["--out", str(folder), "--articles", str(N_ARTICLES), "--days", "2"]) == 0
    return folder


@pytest.fixture(scope="module")
def articles():
    return list(World(N_ARTICLES, 2, 12).articles())


def test_the_same_numbers_give_the_same_bytes_and_another_seed_others(world, tmp_path):
    again, other = tmp_path / "again", tmp_path / "other"
    main(["--out", str(again), "--articles", str(N_ARTICLES), "--days", "2"])
    main(["--out", str(other), "--articles", str(N_ARTICLES), "--days", "2", "--seed", "2"])

    files = {path.relative_to(world): path.read_bytes() for path in world.rglob("*") if path.is_file()}
    assert files == {path.relative_to(again): path.read_bytes() for path in again.rglob("*") if path.is_file()}
    assert files.keys() != {path.relative_to(other) for path in other.rglob("*") if path.is_file()}


def test_files_and_records_hold_the_same_pages(world, tmp_path):
    main(
        ["--out", str(tmp_path / "world"), "--articles", str(N_ARTICLES), "--days", "2", "--format", "jsonl", "--hours"]
    )

    records = [
        json.loads(line)
        for file in sorted((tmp_path / "world" / "html").rglob("*.jsonl"))
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    pages = {path.stem[-8:]: path.read_text(encoding="utf-8") for path in (world / "html").rglob("*.html")}
    assert {record["id"]: record["html"] for record in records} == pages


def test_a_folder_that_is_not_empty_is_refused(world, capsys):
    with pytest.raises(SystemExit):
        main(["--out", str(world)])

    assert "is not empty" in capsys.readouterr().err


def test_lines_of_the_gold_are_those_of_the_dump(articles):
    for article in articles:
        text, lines = article.text()

        assert [text[line.start : line.end] for line in lines] == [line.text for line in lines]
        numbered = enumerate(text.split("\n"), 1)
        assert [(number, line) for number, line in numbered if line] == [(line.line_no, line.text) for line in lines]
        assert {line.role for line in lines} <= set(ROLES)


def test_lines_of_the_gold_are_those_a_reader_of_the_page_sees(articles):
    for article in articles:
        seen = [line.text for line in visible_lines(parsed(article.html()), 1_000)]

        assert seen == [" ".join(text.split()) for part in article.parts for text, _ in part.lines]


def test_mentions_of_the_gold_stand_where_they_say(articles):
    found = [(paragraph.text[name.start : name.end], name.surface) for article in articles
             for paragraph in article.paragraphs for name in paragraph.names]  # fmt: skip

    assert len(found) > N_ARTICLES
    assert all(text == surface for text, surface in found)
    assert not any(
        re.search("[\ue000\ue001]", paragraph.text) for article in articles for paragraph in article.paragraphs
    )


def test_copies_of_a_paragraph_differ_only_where_the_gold_names_an_edit(world):
    paragraphs = gold_table(world, "paragraphs").filter(pl.col("agency").is_not_null())
    untouched = paragraphs.filter(pl.col("edits").list.len() == 0)
    n_words = {
        (story, *sources): Counter()
        for story, sources in untouched.select("story", "sources").iter_rows()
    }  # fmt: skip
    for story, sources, text in untouched.select("story", "sources", "text").iter_rows():
        n_words[story, *sources][
            len(re.sub(r"^[^()]{3,60} \([^)]+\) [—–-] |^[^()]+\. \([^)]+\) ", "", text).split())
        ] += 1

    assert paragraphs.select("story", "sources").n_unique() < paragraphs.height  # there are copies
    # Names are one word or two and "per cent" is two, so a copy may be longer by a few.
    assert all(max(counts) - min(counts) <= 4 for counts in n_words.values())
    assert {edit for edits in paragraphs["edits"] for edit in edits} >= {"reworded", "shortened"}


def test_the_vocabulary_is_that_of_a_newsroom():
    stems = [*words.NOUNS, *(noun for nouns in words.TOPICS.values() for noun in nouns)]
    forms = {form for noun in stems for form in (noun, words.plural(noun))}
    forms |= {form for verb in words.VERBS for form in (verb, words.past(verb), words.going_on(verb))}
    forms |= {*words.ADJECTIVES, *words.ADVERBS}
    printed = Counter(
        word
        for article in World(400, 2, 12).articles()
        for paragraph in article.paragraphs
        for word in re.findall(r"\w+", paragraph.text)
    )

    assert len(forms) > 2_300
    assert len(printed) > 5_000
    by_rank = sorted(printed.values(), reverse=True)
    assert by_rank[0] > 8 * by_rank[30] > 40 * by_rank[1_000]  # Zipf: falls steadily


@pytest.mark.parametrize(
    ("word", "form", "written"),
    [("city", words.plural, "cities"), ("child", words.plural, "children"), ("supply", words.past, "supplied"),
     ("plan", words.going_on, "planning"), ("close", words.going_on, "closing"), ("build", words.past, "built")],
)  # fmt: skip
def test_forms_of_words(word, form, written):
    assert form(word) == written


def test_a_story_finds_its_own_words_before_those_of_the_language():
    grammar = Grammar({"body": ["a {noun} in {place}. “{noun}.”"]}, {"noun": ["harbor"], "place": ["Norvik"]})

    assert grammar.sentence("body", {"noun": ["owl"]}, iter([0.0] * 9).__next__) == "An owl in Norvik. “Owl.”"


def test_a_person_is_named_in_full_once_then_by_surname_in_the_houses_spelling():
    person = Person("p", True, ("Ana Paló", "Ana Palo", "Ana Paló", "Ana PALÓ"), ("Paló", "Palo", "Paló", "Paló"))
    mark = PERSON.format(0)

    text, names = named(f"{mark} spoke. {mark} left.", [person], 1, set())

    assert text == "Ana Palo spoke. Palo left."
    assert [(name.start, name.end, name.surface, name.kind) for name in names] == [
        (0, 8, "Ana Palo", "full"), (16, 20, "Palo", "surname"),
    ]  # fmt: skip


def test_houses_spell():
    assert spelled("“The harbor labor”", british=True, straight=True) == '"The harbour labour"'


def test_a_merged_paragraph_makes_pairs_with_the_copies_of_both():
    matched = pl.DataFrame({
        "story": ["s", "s", "s", None], "sources": [[1], [2], [1, 2], []], "n_words": [20, 20, 40, 20],
        "cluster_id": ["a", "b", "a", "a"],
    })  # fmt: skip

    found = score.copy_figures(matched)

    assert (found["pairs.n"], found["pairs.precision"], found["pairs.recall"]) == (2, 1.0, 0.5)


def test_bcubed_counts_each_paragraph():
    assert score._bcubed(["a", "a", "b"], ["x", "y", "y"]) == pytest.approx(2 / 3)


@pytest.mark.parametrize("form", ["text", "html"])
def test_a_run_over_a_small_world_makes_of_it_what_it_is(world, tmp_path, form):
    order = Order(
        config=load(world / "config.toml", ()), source=world / form, out=tmp_path / "clean",
        as_of=datetime(2026, 11, 10, tzinfo=UTC),
    )  # fmt: skip
    with inline():
        run(order, Silent())

    found = score.scores(world, tmp_path / "clean")

    floors = {
        "text.f1": 0.88, "lines.f1": 0.88, "roles.body": 0.97, "roles.chrome": 0.94, "pairs.precision": 0.9,
        "pairs.recall": 0.8, "bcubed.f1": 0.95, "wire.precision": 0.95, "wire.recall": 0.9, "wire.right_agency": 1.0,
        "names.full.precision": 0.98, "names.full.recall": 0.98, "names.surname.recall": 0.85,
    }  # fmt: skip
    assert found["text.n"] == N_ARTICLES
    assert {name: found[name] for name, floor in floors.items() if found[name] < floor} == {}
