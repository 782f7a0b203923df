"""The tracked sample, taken through a whole run, against what was decided by hand (`sample_gold.json`)."""

import json
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from pipeline import schemas
from pipeline.check import problems
from tests.world import current, rows

GOLD = json.loads((Path(__file__).parent / "sample_gold.json").read_text(encoding="utf-8"))
HEAD = 40  # characters by which the gold names a paragraph
# Chrome that stays in the text, by article and first characters, and why. An entry that is no longer true fails too.
MARKETS_NOTE = (
    "whole sentences below the prices; only two articles print it, and an outlet's chrome is counted from three"
)
KNOWN_EXTRAS = {
    "harbourtelegraph.example/2026-11-17/market-close.txt": {"Figures are those of the Port Alma Excha": MARKETS_NOTE},
    "harbourtelegraph.example/2026-11-18/market-close.txt": {"Figures are those of the Port Alma Excha": MARKETS_NOTE},
}
# Articles of the agency that are not taken for it, and why.
KNOWN_OWN = {"elbkurier.example/2026-11-18/grain-train.html": "the byline stands between a date and links, in one line"}


@pytest.fixture(scope="module")
def articles(sampled):
    """Rows of `articles` by the gold's name of the article."""
    found = rows(sampled, schemas.ARTICLES).iter_rows(named=True)
    return {row["source_path"] + (f"#{row['source_id']}" if row["source_id"] else ""): row for row in found}


@pytest.fixture(scope="module")
def paragraphs(sampled, articles):
    """(article name, first characters) of every paragraph, by paragraph id."""
    names = {row["article_id"]: name for name, row in articles.items()}
    return {
        row["paragraph_id"]: (names[row["article_id"]], row["text"][:HEAD])
        for row in rows(sampled, schemas.PARAGRAPHS).iter_rows(named=True)
    }


def test_every_article_is_there_and_the_version_is_sound(sampled, articles):
    assert set(articles) == set(GOLD["articles"])
    assert list(problems(current(sampled), deep=True)) == []


def test_exactly_the_broken_file_is_rejected(sampled):
    rejects = rows(sampled, schemas.REJECTS).select("source_path", "reason").rows()

    assert [list(row) for row in rejects] == GOLD["rejects"]


@pytest.mark.parametrize("name", GOLD["articles"])
def test_the_story_is_whole_and_the_chrome_is_gone(sampled, articles, paragraphs, name):
    gold, article = GOLD["articles"][name], articles[name]
    known = set(KNOWN_EXTRAS.get(name, {}))

    if "body" in gold:
        kept = {head for of, head in paragraphs.values() if of == name}
        story = {*gold["body"], *([gold["deck"][:HEAD]] if gold["deck"] else [])}
        extra = {head for head in kept - story if not is_either(head, gold.get("either", []))}
        assert (story - kept, extra) == (set(), known)
        assert [chrome for chrome in gold["not"] if chrome in article["text"]] == []
    else:
        lines = rows(sampled, schemas.LINES).filter(pl.col("article_id") == article["article_id"])
        verdicts = {row["line_no"]: row for row in lines.iter_rows(named=True)}
        in_text = {number for number, row in verdicts.items() if row["paragraph_no"] is not None}
        story = {int(number) for number, role in gold["lines"].items() if role in ("deck", "body", "subheading")}
        assert {number: verdicts[number]["text"] for number in story - in_text} == {}
        assert {verdicts[number]["text"][:HEAD] for number in in_text - story} == known


def is_either(head, pieces):
    """Whether every word of a paragraph's first characters (the last may be cut) is of the pieces: a row of cells."""
    return all(word in " ".join(pieces) for word in head.split())


@pytest.mark.parametrize("field", ["outlet", "title", "published_at"])
def test_fields(articles, field):
    def told(value):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ") if field == "published_at" and value else value

    wrong = {
        name: (told(articles[name][field]), gold[field])
        for name, gold in GOLD["articles"].items()
        if not (told(articles[name][field]) or "").startswith(gold[field] or "\0" * bool(articles[name][field]))
    }
    assert wrong == {}


def test_copies_are_linked_and_nothing_else_is(sampled, paragraphs):
    links = {
        frozenset((paragraphs[row["left_id"]], paragraphs[row["right_id"]])): row["link_type"]
        for row in rows(sampled, schemas.LINKS).iter_rows(named=True)
    }
    clusters = {
        row["paragraph_id"]: row["cluster_id"] for row in rows(sampled, schemas.PARAGRAPHS).iter_rows(named=True)
    }
    cluster_of = {place: clusters[paragraph] for paragraph, place in paragraphs.items()}

    for copy in GOLD["copies"]:
        left, right = tuple(copy["left"]), tuple(copy["right"])
        assert frozenset((left, right)) in links or cluster_of[left] == cluster_of[right], (left, right)
    groups = [{tuple(place) for place in group} for group in GOLD["copy_groups"]]
    groups.append({(name, head) for name, heads in KNOWN_EXTRAS.items() for head in heads})
    strays = [pair for pair in links if not any(pair <= group for group in groups)]
    assert strays == []
    for pair in GOLD["template_pairs"]:
        assert frozenset((tuple(pair["left"]), tuple(pair["right"]))) not in links


def test_the_earliest_copy_is_the_canonical_one(sampled, paragraphs):
    canonical = {paragraphs[row["canonical_id"]] for row in rows(sampled, schemas.CLUSTERS).iter_rows(named=True)}

    assert {tuple(copy["left"]) for copy in GOLD["copies"]} <= canonical


def test_articles_of_the_agency_are_told_from_those_that_cite_it_and_from_its_pictures(articles):
    gold = GOLD["wire"]
    of_agency = {name: row["wire_evidence"].split(", ")[1] for name, row in articles.items() if row["wire_source"]}
    shared = {name for name, kind in of_agency.items() if kind == "shared"}

    assert {row["wire_source"] for row in articles.values()} == {"Meridian", None}
    assert set(of_agency) - shared == set(gold["wire"])
    assert shared == set(gold["shared"]) - set(KNOWN_OWN)
    assert {name for name, row in articles.items() if row["cited_agency"]} == set(gold["cites"])
    assert all(row["original_text"] == "" for row in articles.values() if row["wire_source"])


def test_people_are_counted_under_one_name(sampled):
    mentions = rows(sampled, schemas.MENTIONS).filter(pl.col("kind") != "surname")
    counted = mentions.filter(~pl.col("issues").list.contains("in_name"))
    in_text = Counter(counted.filter(pl.col("field") == "text")["person_id"].drop_nulls())
    in_fields = Counter(counted.filter(pl.col("field") != "text")["person_id"].drop_nulls())

    assert in_text == Counter({person: gold["count_full"] for person, gold in GOLD["people"].items()} | {})
    assert in_fields == Counter({p: gold["count_fields"] for p, gold in GOLD["people"].items() if gold["count_fields"]})


def test_a_bare_surname_with_two_bearers_stays_undecided(sampled, articles, paragraphs):
    joined = rows(sampled, schemas.MENTIONS).join(
        rows(sampled, schemas.PARAGRAPHS, "article_id", "paragraph_no", "paragraph_id"),
        on=["article_id", "paragraph_no"],
    )
    undecided = {
        (*paragraphs[row["paragraph_id"]], row["surface"])
        for row in joined.filter(pl.col("person_id").is_null()).iter_rows(named=True)
    }

    assert {tuple(entry) for entry in GOLD["undecided"]} <= undecided
