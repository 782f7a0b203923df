"""Every number of the page is the manifest's or a table's: DuckDB counts again from the files."""

import json
import re
import shutil

import pytest

from pipeline import report, schemas, state
from pipeline.config import load
from pipeline.forget import forget
from pipeline.people import discovered
from pipeline.report.page import SHOWN_REJECTS
from pipeline.stages import STAGES
from pipeline.store import Store
from tests.report.conftest import reported
from tests.report.reading import column, parsed, shown, table
from tests.world import LOCAL, SECOND, THIRD, WIRE, current, newsroom, put, ran, rebuilt
from tests.world import page as page_of

CHECKED = {
    "funnel-table", "rules-table", "outlets-table", "reuse-table", "undecided-table", "proposals-table",
    "rejects-table", "seconds-table", "tables-table", "rates-table", "settings-table",
}  # fmt: skip


def texts(rows):
    return [tuple("–" if value is None else str(value) for value in row) for row in rows]


def test_the_lead_and_the_funnel_are_the_manifest(sample):
    counts = sample.version.manifest["counts"]
    lead = [node.attributes["value"] for node in parsed(sample.page).css(".lead data")]
    own = sample.ask("select count(*) filter (original_text <> ''), sum(length(original_text)) from articles")[0]
    taken, judged, reuse, named = (counts[stage] for stage in ("extract", "clean", "dedup", "names"))

    assert [int(value) for value in lead] == [
        taken["n_written"], judged["n_kept"], judged["n_lines"], reuse["n_copied"], reuse["n_paragraphs"],
        named["n_mentions"], named["n_persons"], named["n_rewritten"], taken["n_rejected"],
    ]  # fmt: skip
    assert column(sample.page, "funnel-table", "articles", "lines", "characters", "paragraphs") == texts([
        (taken["n_inputs"], None, None, None),
        (taken["n_unchanged"], None, None, None),
        (taken["n_rejected"], None, None, None),
        (taken["n_written"], judged["n_lines"], judged["characters_in"], None),
        (None, judged["n_fields"], None, None),
        (None, judged["n_dropped"], None, None),
        (taken["n_written"] - judged["n_without_text"], judged["n_kept"], judged["characters_kept"],
         reuse["n_paragraphs"]),
        (None, None, None, reuse["n_copied"]),
        (own[0], None, own[1], None),
    ])  # fmt: skip


def test_the_rules_took_what_the_lines_say(sample):
    expected = sample.ask(
        "select dropped_by, count(*) n, sum(length(l.text)), count(distinct l.article_id), count(distinct outlet) "
        "from lines l join articles a using (article_id) where dropped_by is not null group by 1 order by n desc, 1"
    )

    assert column(sample.page, "rules-table", "rule", "lines", "characters", "articles", "outlets") == texts(expected)
    for rule, example in column(sample.page, "rules-table", "rule", "most frequent line"):
        most = sample.ask(
            "select text from lines where dropped_by = $1 group by 1 order by count(*) desc, 1 limit 1", rule
        )
        assert most[0][0].startswith(example.removesuffix("…"))


def test_the_outlets_lost_what_the_lines_say(sample):
    expected = sample.ask(
        "select outlet, count(distinct a.article_id), count(*), count(paragraph_no), "
        "count(*) filter (paragraph_no is null and dropped_by is null), count(dropped_by) d, "
        "printf('%.6f', 1 - sum(length(l.text)) filter (paragraph_no is not null) / sum(length(l.text))) "
        "from lines l join articles a using (article_id) group by 1 order by d desc, 1"
    )
    heads = ("outlet", "articles", "lines", "in the text", "fields", "dropped", "left the text")

    assert column(sample.page, "outlets-table", *heads) == texts(expected)


def test_who_copies_whom_adds_up_to_the_copies(sample):
    expected = sample.ask(
        "select p.outlet, f.outlet, count(*) n from paragraphs p join paragraphs f on f.paragraph_id = p.canonical_id "
        "where not p.is_canonical group by 1, 2 order by n desc, 1, 2"
    )
    shown = column(sample.page, "reuse-table", "prints the copy", "printed the first", "paragraphs")

    assert shown == texts(expected)
    assert sum(int(count) for _, _, count in shown) == sample.version.manifest["counts"]["dedup"]["n_copied"]


def test_the_stories_hold_the_articles_of_their_clusters(sample):
    founders = sample.ask(
        "select f.article_id, max(n_outlets) o, sum(n_paragraphs - 1) c from clusters "
        "join paragraphs f on f.paragraph_id = clusters.canonical_id group by 1 order by o desc, c desc, 1 limit 10"
    )
    stories = [name for name in names_of_tables(sample.page) if name.startswith("story-")]

    assert len(stories) == len(founders)
    for name, (founder, _, _) in zip(stories, founders, strict=True):
        expected = sample.ask(
            "with own as (select c.cluster_id from clusters c join paragraphs f on f.paragraph_id = c.canonical_id "
            "where f.article_id = $1) select a.outlet, count(distinct p.cluster_id), a.n_paragraphs, a.title "
            "from paragraphs p join own using (cluster_id) join articles a using (article_id) group by all "
            "order by any_value(p.article_id) <> $1, any_value(a.published_at), any_value(p.article_id)",
            founder,
        )
        assert column(sample.page, name, "outlet", "shared", "of its paragraphs", "headline") == texts(expected)


def test_the_people_have_the_spellings_of_the_mentions(sample):
    expected = sample.ask(
        "select person_id, count(distinct surface) s, count(*) n, count(distinct article_id), count(*) filter "
        "(rewritten) from mentions where kind <> 'surname' and person_id is not null group by 1 "
        "having count(distinct surface) > 1 order by s desc, n desc, 1"
    )
    people = parsed(sample.page).css("#people ~ details")
    shown = [
        (node.css_first("summary code").text(), *(int(data.attributes["value"]) for data in node.css("summary data")))
        for node in people
    ]

    assert shown == expected
    for number, (person, *_) in enumerate(expected, 1):
        spellings = sample.ask(
            "select surface, count(*) n, count(distinct article_id) from mentions where kind <> 'surname' and "
            "person_id = $1 group by 1 order by n desc, 1",
            person,
        )
        assert column(sample.page, f"person-{number}", "spelling", "mentions", "articles") == texts(spellings)


def test_each_name_stands_in_the_words_beside_it(sample):
    examples = [
        row for name in names_of_tables(sample.page) if name.startswith("person-") for row in table(sample.page, name)
    ] + [{"spelling": row["as it stood"], **row} for row in table(sample.page, "undecided-table")]  # fmt: skip

    assert len(examples) > 10
    for row in examples:
        words = row["for example"].removeprefix("… ").removesuffix(" …")
        assert row["spelling"] in words
        assert sample.ask("select count(*) from lines where contains(text, $1)", words.strip())[0][0] > 0


def test_proposals_are_what_discovery_finds(two_days):
    version = current(two_days)
    found = discovered(version, load(), 2)

    assert [(row.left, row.right) for row in found] == [("Marta Lindqvist", "Marta Lindquist")]
    assert column(
        reported(version).page, "proposals-table", "spelling", "other spelling", "articles with both"
    ) == texts((row.left, row.right, row.both_articles) for row in found)


def test_undecided_names_and_rejects_are_the_tables(sample):
    undecided = sample.ask(
        "select surface, count(*) n, count(distinct article_id) from mentions where person_id is null "
        "group by 1 order by n desc, 1"
    )
    rejects = sample.ask(
        "select source_path, source_offset, stage, reason, detail from rejects order by all limit $1", SHOWN_REJECTS
    )

    assert column(sample.page, "undecided-table", "as it stood", "mentions", "articles") == texts(undecided)
    assert column(sample.page, "rejects-table", "file", "at byte or row", "stage", "reason", "what exactly") == texts(
        rejects
    )


def test_seconds_are_the_manifests(sample):
    measured = sample.version.manifest["measured"]["seconds"]

    assert dict(column(sample.page, "seconds-table", "stage", "seconds")) == {k: str(v) for k, v in measured.items()}


def test_changes_are_between_the_two_manifests(two_days):
    version = current(two_days)
    base = Store(two_days).version(version.manifest["base"])
    page = reported(version, base).page
    rows = {
        one: {
            name: sum(file["rows"] for file in one.manifest["outputs"] if file["path"].startswith(f"{name}/"))
            for name in ("articles", "lines", "paragraphs", "links", "clusters", "mentions", "rejects")
        }
        for one in (base, version)
    }
    rates = {row["share"]: row for row in table(page, "rates-table")}
    counts = [one.manifest["counts"] for one in (base, version)]
    left = [1 - one["clean"]["characters_kept"] / one["clean"]["characters_in"] for one in counts]

    assert column(page, "tables-table", "table", "before", "now", "change") == texts(
        (name, rows[base][name], rows[version][name], rows[version][name] - rows[base][name]) for name in rows[base]
    )
    assert [rates["characters that left the text"][head] for head in ("last run", "this run")] == [
        f"{share:.6f}" for share in left
    ]
    assert rates["new inputs rejected"]["this run"] == f"{1 / 3:.6f}"
    assert "settings-table" not in names_of_tables(page)


def test_a_run_tells_of_its_own_articles_and_of_earlier_ones_they_copy(two_days):
    page = reported(current(two_days)).page

    assert [row["outlet"] for row in table(page, "outlets-table")] == ["quay.example"]
    assert {row["prints the copy"] for row in table(page, "reuse-table")} == {"quay.example"}
    assert {row["outlet"] for row in table(page, "story-1")} == {"herald.example", "coast.example", "quay.example"}


def test_a_rebuild_tells_of_every_article(tmp_path):
    source, out = newsroom(tmp_path / "raw"), tmp_path / "clean"
    ran(source, out, SECOND)
    before = current(out)
    rebuilt(source, out, THIRD, ("clean.threshold=0.4",))

    page = reported(current(out), before).page

    assert sum(int(row["articles"]) for row in table(page, "outlets-table")) == 3
    assert ("clean.threshold", "0.5", "0.4") in column(page, "settings-table", "name", "before", "now")


@pytest.mark.parametrize("lines", ["dropped", "none"])
def test_a_version_without_its_lines_says_so(tmp_path, lines):
    source, out = newsroom(tmp_path / "raw"), tmp_path / "clean"
    ran(source, out, sets=(f"export.lines={lines}",))
    version = current(out)

    page = report.html(version, None, load())

    by_rule = version.manifest["counts"]["clean"]["dropped_by_rule"]
    assert {rule: int(count) for rule, count in column(page, "rules-table", "rule", "lines")} == by_rule
    assert "its pages cannot be shown" in page
    assert {row["left the text"] for row in table(page, "outlets-table")} == {"–"}


def test_no_table_of_the_page_is_unchecked(sample, two_days, hostile):
    version = current(two_days)
    pages = [sample.page, hostile.page, reported(version, Store(two_days).version(version.manifest["base"])).page]
    names = {name for page in pages for name in names_of_tables(page)}

    assert {name for name in names if not name.startswith(("story-", "person-"))} == CHECKED


def names_of_tables(page):
    return [node.attributes["id"] for node in parsed(page).css("table")]


def test_the_manifest_is_read_and_not_the_machine(sample):
    assert json.dumps(sample.version.manifest["measured"]["source"]).strip('"') not in sample.page


def test_a_run_that_wrote_nothing_has_its_report_too(tmp_path):
    put(tmp_path, "raw/quay.example/broken.jsonl", '{"text": \n')
    ran(tmp_path / "raw", tmp_path / "clean")

    page = reported(current(tmp_path / "clean")).page

    assert [row["file"] for row in table(page, "rejects-table")] == ["quay.example/broken.jsonl"]
    assert "No line was dropped." in page
    assert "No article was written." in page


@pytest.fixture
def three_days(two_days, tmp_path):
    """A copy of the newsroom's output to change."""
    return shutil.copytree(two_days, tmp_path / "clean", symlinks=True)


def test_after_an_article_is_forgotten_the_report_is_still_of_the_run(three_days):
    with Store(three_days).locked():
        forget(Store(three_days), "quay.example/2026-11-18/ferry.txt")
    store = Store(three_days)
    version = current(three_days)

    page = reported(version, store.before(version)).page

    assert column(page, "outlets-table", "outlet", "articles") == [("quay.example", "1")]
    assert "The figures are of this run's own articles" in page
    assert "an article was forgotten or the state was rebuilt" in page


def test_after_a_rebuild_of_the_state_the_run_is_compared_with_the_run_before(three_days):
    before = current(three_days)
    plain = reported(before, Store(three_days).before(before)).page
    with Store(three_days).locked():
        state.rebuild(Store(three_days), load())
    version = current(three_days)

    page = reported(version, Store(three_days).before(version)).page

    assert version.manifest["base"] == before.run_id
    for name in ("tables-table", "rates-table", "outlets-table", "reuse-table"):
        assert table(page, name) == table(plain, name)


def test_a_first_run_with_its_state_rebuilt_is_still_the_first(tmp_path):
    out = tmp_path / "clean"
    ran(newsroom(tmp_path / "raw"), out)
    with Store(out).locked():
        state.rebuild(Store(out), load())
    version = current(out)

    assert "This is the first run" in reported(version, Store(out).before(version)).page


def test_the_times_of_undated_articles_are_said_to_be_seen(tmp_path):
    source, out = tmp_path / "raw", tmp_path / "clean"
    put(source, "quay.example/ferry.txt", "\n\n".join(("Night ferries come to Varga", *WIRE)))
    put(source, "coast.example/2026-11-17/ferries.txt", page_of("More night ferries", *WIRE))
    ran(source, out, SECOND)
    version = current(out)

    page = reported(version).page

    times = version.read(schemas.ARTICLES).select("outlet", "published_at").rows()
    assert [outlet for outlet, published in times if published is None] == ["quay.example"]
    assert [("(seen)" in row["after the first"]) for row in table(page, "story-1")] == [False, True]
    assert "Seen: without a date of publication" in page
    assert "seen 18 Nov 2026, 06:00" in " ".join(parsed(page).text().split())


def test_a_copy_whose_first_is_gone_says_so(three_days):
    with Store(three_days).locked():
        forget(Store(three_days), "herald.example/2026-11-17/ferry.txt")
    version = current(three_days)

    page = reported(version, Store(three_days).before(version)).page

    assert {row["printed the first"] for row in table(page, "reuse-table")} >= {"(gone)"}
    assert "(no outlet)" not in page


def test_seconds_stand_in_the_order_of_the_run(sample):
    assert [stage for (stage,) in column(sample.page, "seconds-table", "stage")] == list(STAGES)


def test_one_is_told_in_the_singular(tmp_path):
    put(tmp_path, "raw/quay.example/a.txt", page_of("Traders fault council", LOCAL[1]))
    ran(tmp_path / "raw", tmp_path / "clean")

    lead = shown(parsed(reported(current(tmp_path / "clean")).page).css_first(".lead"))

    assert lead.startswith("1 article was written")
    assert not re.search(r"(?<![\d,])1 (?:articles|lines|paragraphs|mentions|people|inputs)\b", lead)
