"""Sources of articles as dedup, export and publish carry them."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipeline import explain, schemas
from pipeline.config import load
from pipeline.stages import wire
from tests.world import FIRST, LOCAL, SECOND, THIRD, WIRE, bytes_of, current, page, put, ran, rebuilt, rows

COLUMNS = ("source_path", "wire_source", "wire_evidence", "cited_agency", "original_text")
AGENCY = (WIRE[0].replace("PORT ALMA — ", "PORT ALMA (AP) — "), *WIRE[1:])
SILENT = (WIRE[0].removeprefix("PORT ALMA — "), *WIRE[1:])
OWN = "Anglers on the northern quay expect the night ferries to scare the cod away, and will ask for a meeting."
CITING = (f"{LOCAL[1]} The owner of the largest stall told AFP that he would leave.", *LOCAL[2:], LOCAL[0])


def articles(out):
    """The articles' rows, by path."""
    return {row[0]: row[1:] for row in rows(out, schemas.ARTICLES, *COLUMNS).iter_rows()}


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Three articles: an agency's, a silent copy of it with a paragraph of its own, one that cites an agency."""
    root = tmp_path_factory.mktemp("wire")
    put(root / "in", "herald.example/ferry.txt", page("Norlinje adds night sailings after fire", *AGENCY))
    put(root / "in", "bay.example/ferry.txt", page("Ferries by night", *SILENT, OWN, date="16 November 2026"))
    put(root / "in", "herald.example/stalls.txt", page("Traders fault council over parking", *CITING))
    ran(root / "in", root / "out")
    return root / "out"


def test_an_article_says_where_it_comes_from(out):
    assert articles(out)["herald.example/ferry.txt"] == ("AP", "AP, dateline, paragraph 1: PORT ALMA (AP) —", None, "")


def test_an_article_that_only_cites_an_agency_stays_original(out):
    source, evidence, cites, original = articles(out)["herald.example/stalls.txt"]

    assert (source, evidence, cites) == (None, None, "AFP")
    assert original.count("\n\n") == len(CITING) - 1


def test_a_silent_copy_is_not_original_where_another_outlet_names_the_agency(out):
    source, _, _, original = articles(out)["bay.example/ferry.txt"]

    assert (source, original) == (None, OWN)
    clusters = rows(out, schemas.CLUSTERS, "wire_source", "wire_evidence")
    assert clusters["wire_source"].to_list() == ["AP"] * 3
    assert clusters["wire_evidence"].str.starts_with("herald.example ").all()


def test_explain_shows_what_an_article_and_its_clusters_say(out):
    told, silent = (
        "\n".join(map(str, explain.page(explain.explained(current(out), path), 300)))
        for path in ("herald.example/ferry.txt", "bay.example/ferry.txt")
    )
    cites = "\n".join(map(str, explain.page(explain.explained(current(out), "herald.example/stalls.txt"), 300)))
    line_no = next(
        line["line_no"]
        for line in explain.explained(current(out), "bay.example/ferry.txt")["lines"]
        if line["text"] == SILENT[1]
    )

    assert "\nfrom AP: AP, dateline, paragraph 1: PORT ALMA (AP) —\n" in told
    assert "\nfrom AP" not in silent
    assert "  paragraph 2: from AP: herald.example " in silent
    assert "\ncites AFP\n" in cites
    assert "  agency    from AP: herald.example " in "\n".join(
        map(str, explain.line_story(explain.explained(current(out), "bay.example/ferry.txt", line_no)))
    )


def test_the_manifest_knows_the_rules_of_agencies(out):
    manifest = current(out).manifest

    assert manifest["settings"]["dedup"]["wire_hash"] == load().wire_hash
    assert (manifest["counts"]["dedup"]["n_wire"], manifest["counts"]["dedup"]["n_cited"]) == (1, 1)


def test_sources_do_not_depend_on_the_batch(out):
    rules = load().wire_rules
    documents = current(out).read(schemas.ARTICLES).select("article_id", "outlet", "byline").sort("article_id")
    lines = current(out).read(schemas.LINES)

    whole = wire.sources(documents, lines, rules)
    alone = [wire.sources(documents.slice(place, 1), lines, rules) for place in range(documents.height)]

    assert whole[0].height == 2
    for table in (0, 1):
        assert_frame_equal(pl.concat([one[table] for one in alone]), whole[table])


def test_a_later_batch_names_the_agency_of_a_cluster_and_leaves_old_rows_alone(tmp_path):
    put(tmp_path / "in", "bay.example/ferry.txt", page("Ferries by night", *SILENT))
    ran(tmp_path / "in", tmp_path / "out")
    before = articles(tmp_path / "out")["bay.example/ferry.txt"]
    put(tmp_path / "in", "herald.example/ferry.txt", page("Norlinje adds night sailings after fire", *AGENCY))

    ran(tmp_path / "in", tmp_path / "out", SECOND)

    assert articles(tmp_path / "out")["bay.example/ferry.txt"] == before
    assert before[3].count("\n\n") == 2
    assert rows(tmp_path / "out", schemas.CLUSTERS)["wire_source"].to_list() == ["AP"] * 3
    tables = bytes_of(tmp_path / "out")
    rebuilt(tmp_path / "in", tmp_path / "out", THIRD)
    assert bytes_of(tmp_path / "out") == tables


def test_a_revision_that_adds_or_takes_a_credit_changes_its_clusters(tmp_path):
    def sources(as_of, paragraphs):
        put(tmp_path / "in", "herald.example/ferry.txt", page("Norlinje adds night sailings after fire", *paragraphs))
        ran(tmp_path / "in", tmp_path / "out", as_of)
        return rows(tmp_path / "out", schemas.CLUSTERS, "wire_source", "n_paragraphs").rows()

    put(tmp_path / "in", "bay.example/ferry.txt", page("Ferries by night", *SILENT))

    assert sources(FIRST, SILENT) == [(None, 2)] * 3
    assert sources(SECOND, AGENCY) == [("AP", 2)] * 3
    assert articles(tmp_path / "out")["herald.example/ferry.txt"][0] == "AP"
    assert sources(THIRD, SILENT) == [(None, 2)] * 3


def test_at_equal_time_the_agencys_own_copy_is_canonical(tmp_path):
    put(tmp_path / "in", "bay.example/ferry.txt", page("Ferries by night", *SILENT))
    put(tmp_path / "in", "apnews.com/ferry.txt", page("Norlinje adds night sailings after fire", *SILENT))

    ran(tmp_path / "in", tmp_path / "out")

    paragraphs = rows(tmp_path / "out", schemas.PARAGRAPHS, "outlet", "is_canonical")
    assert set(paragraphs.filter("is_canonical")["outlet"]) == {"apnews.com"}


def test_without_agencies_nothing_is_said_of_them(tmp_path):
    put(tmp_path / "in", "herald.example/ferry.txt", page("Norlinje adds night sailings after fire", *AGENCY))

    ran(tmp_path / "in", tmp_path / "out", sets=("dedup.wire=[]",))

    source, evidence, cites, original = articles(tmp_path / "out")["herald.example/ferry.txt"]
    assert (source, evidence, cites) == (None, None, None)
    assert original.count("\n\n") == 2


def test_a_revision_elsewhere_in_the_article_leaves_what_is_an_agencys_out(tmp_path):
    source, out = tmp_path / "in", tmp_path / "out"
    put(source, "bay.example/ferry.txt", page("Ferries by night", *SILENT, OWN))
    ran(source, out, FIRST)
    put(source, "herald.example/ferry.txt", page("Norlinje adds night sailings after fire", *AGENCY))
    ran(source, out, SECOND)
    put(source, "bay.example/ferry.txt", page("Ferries by night", *SILENT, LOCAL[1]))
    ran(source, out, THIRD)

    assert rows(out, schemas.CLUSTERS, "wire_source")["wire_source"].unique().to_list() == ["AP"]
    assert articles(out)["bay.example/ferry.txt"][3] == LOCAL[1]
