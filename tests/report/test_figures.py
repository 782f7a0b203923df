"""Every number of the page is the manifest's or a table's: DuckDB counts again from the files."""

import json
import re
import shutil
from collections import Counter

import pytest

from pipeline import schemas, state
from pipeline.forget import forget
from pipeline.people import discovered
from pipeline.report.charts import HEAT_OUTLETS, MIN_LABELLED
from pipeline.report.page import CHARTED_OUTLETS, SHOWN_PAIRS, SHOWN_REJECTS
from pipeline.report.pages import MIN_LONG
from pipeline.report.people import SHOWN_PEOPLE, SHOWN_SPELLINGS, SHOWN_UNDECIDED
from pipeline.report.stories import SHOWN_ARTICLES, SHOWN_CLUSTERS, SHOWN_COPIES, SHOWN_STORIES
from pipeline.stages import STAGES
from pipeline.store import Store
from tests.report.conftest import reported
from tests.report.reading import column, parsed, shown, table
from tests.world import LOCAL, SECOND, THIRD, WIRE, configured, current, newsroom, put, ran, rebuilt
from tests.world import page as page_of

CHECKED = {
    "funnel-table", "rules-table", "outlets-table", "reuse-table", "undecided-table", "proposals-table",
    "rejects-table", "seconds-table", "tables-table", "rates-table", "settings-table",
}  # fmt: skip
PLACES = (  # of numbers; those of pages' lines and notes are looked at in test_page.py
    "table", "figure", ".lead", ".reason", ".note", "ol.page", "#pages + p", "article.cluster", ".more", "#people + p",
    "#about ~ p", "footer",
)  # fmt: skip


@pytest.fixture(params=["sample", pytest.param("thousand", marks=pytest.mark.browser)])
def whole(request):
    """A first run, of which every row of its version is."""
    return request.getfixturevalue(request.param)


def texts(rows):
    return [tuple("–" if value is None else str(value) for value in row) for row in rows]


def figures(page, selector):
    """The exact values of the figures in the elements."""
    return [data.attributes["value"] for node in parsed(page).css(selector) for data in node.css("data")]


def n_more(page, name):
    """What the page says of the rows of a table that it does not show."""
    after = parsed(page).css_first(f"div:has(> #{name}) + .more data")
    return int(after.attributes["value"]) if after else 0


def figures_in_chart(page, caption):
    """The numbers in a drawing, sorted: those of its bars, cells and points."""
    words = [node.text() for node in parsed(page).css(f"figure:has(> #{caption}) svg text")]
    return sorted(word for word in words if re.fullmatch(r"[+-]?[\d,.]+(?: h)?(?: \(seen\))?", word))


def labelled(rows):
    """The figures that parts of bars are wide enough for, sorted."""
    return sorted(f"{part:,}" for row in rows for part in row if part and part / sum(row) >= MIN_LABELLED)


def test_the_lead_and_the_funnel_are_the_manifest(whole):
    counts = whole.version.manifest["counts"]
    own = whole.ask("select count(*) filter (original_text <> ''), sum(length(original_text)) from articles")[0]
    taken, judged, reuse, named = (counts[stage] for stage in ("extract", "clean", "dedup", "names"))

    assert [int(value) for value in figures(whole.page, ".lead")] == [
        taken["n_written"], judged["n_kept"], judged["n_lines"], reuse["n_copied"], reuse["n_paragraphs"],
        named["n_mentions"], named["n_persons"], named["n_rewritten"], taken["n_rejected"],
    ]  # fmt: skip
    assert column(whole.page, "funnel-table", "articles", "lines", "characters", "paragraphs") == texts([
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
    assert figures_in_chart(whole.page, "funnel-chart") == labelled([
        (taken["n_written"], taken["n_rejected"]),
        (judged["n_kept"], judged["n_fields"], judged["n_dropped"]),
        (reuse["n_paragraphs"] - reuse["n_copied"], reuse["n_copied"]),
    ])  # fmt: skip


def test_the_rules_took_what_the_lines_say(whole):
    expected = whole.ask(
        "select dropped_by, count(*) n, sum(length(l.text)), count(distinct l.article_id), count(distinct outlet) "
        "from lines l join articles a using (article_id) where dropped_by is not null group by 1 order by n desc, 1"
    )

    assert column(whole.page, "rules-table", "rule", "lines", "characters", "articles", "outlets") == texts(expected)
    for rule, example in column(whole.page, "rules-table", "rule", "most frequent line"):
        most = whole.ask(
            "select text from lines where dropped_by = $1 group by 1 order by count(*) desc, 1 limit 1", rule
        )
        assert most[0][0].startswith(example.removesuffix("…"))


def test_the_outlets_lost_what_the_lines_say(whole):
    expected = whole.ask(
        "select outlet, count(distinct a.article_id), count(*), count(paragraph_no), "
        "count(*) filter (paragraph_no is null and dropped_by is null), count(dropped_by) d, "
        "printf('%.6f', 1 - sum(length(l.text)) filter (paragraph_no is not null) / sum(length(l.text))) "
        "from lines l join articles a using (article_id) group by 1 order by d desc, 1"
    )
    by_rule = whole.ask(
        "select outlet, dropped_by, count(*) n from lines join articles using (article_id) "
        "where dropped_by is not null group by 1, 2 order by n desc, 2"
    )
    heads = ("outlet", "articles", "lines", "in the text", "fields", "dropped", "left the text")

    assert column(whole.page, "outlets-table", *heads) == texts(expected)
    assert figures_in_chart(whole.page, "outlets-chart") == labelled(row[3:6] for row in expected[:CHARTED_OUTLETS])
    for outlet, most_by in column(whole.page, "outlets-table", "outlet", "most by"):
        own = [f"{rule} {count:,}" for name, rule, count in by_rule if name == outlet]
        assert most_by.split(", ") == own[:3]


def test_who_copies_whom_adds_up_to_the_copies(whole):
    expected = whole.ask(
        "select p.outlet, f.outlet, count(*) n from paragraphs p join paragraphs f on f.paragraph_id = p.canonical_id "
        "where not p.is_canonical group by 1, 2 order by n desc, 1, 2"
    )
    busy = Counter()
    for copying, first, count in expected:
        busy.update({copying: count})
        busy.update({first: count})
    outlets = sorted(busy, key=lambda outlet: (-busy[outlet], outlet))[:HEAT_OUTLETS]
    charted = [count for copying, first, count in expected if {copying, first} <= set(outlets)]

    assert column(whole.page, "reuse-table", "prints the copy", "printed the first", "paragraphs") == texts(
        expected[:SHOWN_PAIRS]
    )
    assert n_more(whole.page, "reuse-table") == max(0, len(expected) - SHOWN_PAIRS)
    assert sum(count for *_, count in expected) == whole.version.manifest["counts"]["dedup"]["n_copied"]
    assert figures_in_chart(whole.page, "reuse-chart") == sorted(
        [*(f"{count:,}" for count in charted), *(str(number + 1) for number in range(len(outlets)))]
    )
    busiest = f"The {HEAT_OUTLETS} busiest of {len(busy)} outlets."
    assert (busiest in whole.page) == (len(busy) > HEAT_OUTLETS)


def founders(one):
    """The articles that founded the stories shown, with the copies and the paragraphs of each."""
    return one.ask(
        "select f.article_id, sum(n_paragraphs - 1) c, count(*), max(n_outlets) o from clusters "
        "join paragraphs f on f.paragraph_id = clusters.canonical_id group by 1 order by o desc, c desc, 1 limit $1",
        SHOWN_STORIES,
    )


def test_the_stories_hold_the_articles_of_their_clusters(whole):
    stories = [name for name in names_of_tables(whole.page) if name.startswith("story-")]
    summaries = parsed(whole.page).css("#stories ~ details > summary")

    assert len(stories) == len(founders(whole))
    for number, (founder, n_copies, n_clusters, _) in enumerate(founders(whole), 1):
        expected = whole.ask(
            "with own as (select c.cluster_id from clusters c join paragraphs f on f.paragraph_id = c.canonical_id "
            "where f.article_id = $1), timed as (select *, coalesce(published_at, first_seen_at) time from articles) "
            "select a.outlet, count(distinct p.cluster_id), a.n_paragraphs, a.title, "
            "printf('%.4f', (epoch(a.time) - epoch(f.time)) / 3600) "
            "from timed f, paragraphs p join own using (cluster_id) join timed a using (article_id) "
            "where f.article_id = $1 group by a.article_id, a.outlet, a.n_paragraphs, a.title, a.time, f.time "
            "order by a.article_id <> $1, a.time, a.article_id",
            founder,
        )
        some = expected[:SHOWN_ARTICLES]
        name = f"story-{number}"
        assert column(whole.page, name, "outlet", "shared", "of its paragraphs", "headline") == texts(
            row[:4] for row in some
        )
        assert n_more(whole.page, name) == max(0, len(expected) - SHOWN_ARTICLES)
        after = [hours for (hours,) in column(whole.page, name, "after the first")]
        assert after == ["first", *(row[4] for row in some[1:])]
        in_chart = figures_in_chart(whole.page, f"spread-{number}")
        assert sorted(word for word in in_chart if word.endswith(" h")) == sorted(
            f"{float(row[4]):+.1f} h" for row in some[1:]
        )
        summary = [int(data.attributes["value"]) for data in summaries[number - 1].css("data")]
        assert summary == [n_copies, n_clusters, len(expected)]


def test_the_copies_of_a_paragraph_have_the_scores_of_the_table(whole):
    details = parsed(whole.page).css("#stories ~ details")

    for story, (founder, _, n_clusters, _) in zip(details, founders(whole), strict=True):
        clusters = whole.ask(
            "select f.paragraph_no, c.n_paragraphs, c.n_outlets, c.cluster_id, c.canonical_id from clusters c "
            "join paragraphs f on f.paragraph_id = c.canonical_id where f.article_id = $1 order by 1",
            founder,
        )
        assert len(clusters) == n_clusters
        elements = story.css("article.cluster")
        for element, (*numbers, cluster_id, canonical_id) in zip(elements, clusters[:SHOWN_CLUSTERS], strict=True):
            copies = whole.ask(
                "select a.outlet, printf('%.4f', (epoch(coalesce(a.published_at, a.first_seen_at)) - "
                "epoch(coalesce(f.published_at, f.first_seen_at))) / 3600), p.containment, p.jaccard "
                "from paragraphs p join articles a using (article_id), articles f "
                "where p.cluster_id = $1 and p.paragraph_id <> $2 and f.article_id = $3 "
                "order by coalesce(a.published_at, a.first_seen_at), a.article_id, p.paragraph_no",
                cluster_id, canonical_id, founder,
            )  # fmt: skip
            heading = [int(data.attributes["value"]) for data in element.css("h5 data")]
            assert heading == numbers
            said = [
                (shown(copy.css_first("b")), *(data.attributes["value"] for data in copy.css("small data")))
                for copy in element.css("p.copy")
            ]
            assert said == texts(copies[:SHOWN_COPIES])
            more = element.css_first("p.more data")
            assert (int(more.attributes["value"]) if more else 0) == max(0, len(copies) - SHOWN_COPIES)


def test_the_reasons_to_look_at_a_page_are_its_figures(whole):
    measured = {
        row[0]: row[1:]
        for row in whole.ask(
            "with own as (select article_id, 1 - coalesce(sum(length(text)) filter (paragraph_no is not null), 0) / "
            "sum(length(text)) as share, sum(length(text)) filter (dropped_by is not null) as dropped, "
            "max(score) filter (dropped_by = 'line_score' and length(text) >= $1) as highest, "
            "min(score) filter (paragraph_no is not null) as lowest from lines group by 1) "
            "select article_id, n_lines, dropped, 100 * (share - median(share) over (partition by outlet)), "
            "highest, lowest, doubt from articles join own using (article_id)",
            MIN_LONG,
        )
    }
    pages = parsed(whole.page).css("#pages ~ details")

    assert len(pages) >= 8
    for page in pages:
        n_lines, dropped, points, highest, lowest, doubt = measured[page.css_first(".note .id").text()]
        possible = {
            f"no text: none of its {n_lines:,} lines was taken for story",
            f"largest removal: {dropped or 0:,} characters dropped",
            f"unusual for its outlet: {points:+.0f} points off the usual share left out",
            f"a close call: a long line dropped with score {highest or 0:.4f}",
            f"lowest score kept: {lowest or 0:.4f}",
            f"doubtful page: doubt {doubt:.4f}",
        }
        reasons = [shown(node) for node in page.css(".reason")]
        assert reasons
        assert set(reasons) <= possible
    assert figures(whole.page, "#pages + p") == [str(whole.version.manifest["settings"]["clean"]["threshold"])]


def test_the_people_have_the_spellings_of_the_mentions(whole):
    expected = whole.ask(
        "select person_id, count(distinct surface) s, count(*) n, count(distinct article_id), count(*) filter "
        "(rewritten) from mentions where kind <> 'surname' and person_id is not null group by 1 "
        "having count(distinct surface) > 1 order by s desc, n desc, 1"
    )
    counted = whole.version.manifest["counts"]["names"]
    people = [
        (node.css_first("summary code").text(), *(int(data.attributes["value"]) for data in node.css("summary data")))
        for node in parsed(whole.page).css("#people ~ details")
    ]
    more = parsed(whole.page).css_first("#people ~ details ~ .more data")

    assert people == expected[:SHOWN_PEOPLE]
    assert (int(more.attributes["value"]) if more else 0) == max(0, len(expected) - SHOWN_PEOPLE)
    assert [int(value) for value in figures(whole.page, "#people + p")] == [
        counted[name] for name in ("n_mentions", "n_persons", "n_rewritten", "n_undecided")
    ]
    for number, (person, *_) in enumerate(expected[:SHOWN_PEOPLE], 1):
        spellings = whole.ask(
            "select surface, count(*) n, count(distinct article_id) from mentions where kind <> 'surname' and "
            "person_id = $1 group by 1 order by n desc, 1",
            person,
        )
        assert column(whole.page, f"person-{number}", "spelling", "mentions", "articles") == texts(
            spellings[:SHOWN_SPELLINGS]
        )
        assert n_more(whole.page, f"person-{number}") == max(0, len(spellings) - SHOWN_SPELLINGS)


def test_each_name_stands_in_the_words_beside_it(whole):
    examples = [
        row for name in names_of_tables(whole.page) if name.startswith("person-") for row in table(whole.page, name)
    ] + [{"spelling": row["as it stood"], **row} for row in table(whole.page, "undecided-table")]  # fmt: skip

    assert len(examples) > 10
    for row in examples:
        words = row["for example"].removeprefix("… ").removesuffix(" …")
        assert row["spelling"] in words
        assert whole.ask("select count(*) from lines where contains(text, $1)", words.strip())[0][0] > 0


def test_proposals_are_what_discovery_finds(second_day):
    found = discovered(second_day.version, configured(), 2)

    assert [(row.left, row.right) for row in found] == [("Marta Lindqvist", "Marta Lindquist")]
    assert column(second_day.page, "proposals-table", "spelling", "other spelling", "articles with both") == texts(
        (row.left, row.right, row.both_articles) for row in found
    )


def test_undecided_names_and_rejects_are_the_tables(whole):
    undecided = whole.ask(
        "select surface, count(*) n, count(distinct article_id) from mentions where person_id is null "
        "group by 1 order by n desc, 1"
    )
    rejects = whole.ask(
        "select source_path, source_offset, stage, reason, detail from rejects order by all limit $1", SHOWN_REJECTS
    )

    assert column(whole.page, "undecided-table", "as it stood", "mentions", "articles") == texts(
        undecided[:SHOWN_UNDECIDED]
    )
    assert n_more(whole.page, "undecided-table") == max(0, len(undecided) - SHOWN_UNDECIDED)
    assert column(whole.page, "rejects-table", "file", "at byte or row", "stage", "reason", "what exactly") == texts(
        rejects
    )


def test_what_the_run_took_is_the_manifests(whole):
    measured = whole.version.manifest["measured"]

    assert dict(column(whole.page, "seconds-table", "stage", "seconds")) == {
        stage: str(seconds) for stage, seconds in measured["seconds"].items()
    }
    assert figures(whole.page, "#about ~ p") == [str(measured["peak_memory_mb"]), str(measured["jobs"])]


def test_changes_are_between_the_two_manifests(two_days, second_day):
    version, page = second_day.version, second_day.page
    base = Store(two_days).version(version.manifest["base"])
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


def test_a_run_tells_of_its_own_articles_and_of_earlier_ones_they_copy(second_day):
    page = second_day.page

    assert [row["outlet"] for row in table(page, "outlets-table")] == ["quay.example"]
    assert {row["prints the copy"] for row in table(page, "reuse-table")} == {"quay.example"}
    assert {row["outlet"] for row in table(page, "story-1")} == {"herald.example", "coast.example", "quay.example"}


def test_a_rebuild_tells_of_every_article(day_one, tmp_path):
    source, out = day_one[0], shutil.copytree(day_one[1], tmp_path / "clean", symlinks=True)
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

    page = reported(version).page

    by_rule = version.manifest["counts"]["clean"]["dropped_by_rule"]
    assert {rule: int(count) for rule, count in column(page, "rules-table", "rule", "lines")} == by_rule
    assert "its pages cannot be shown" in page
    assert {row["left the text"] for row in table(page, "outlets-table")} == {"–"}


def test_no_number_of_the_page_is_unchecked(sample, second_day, hostile):
    """Every table, every figure and every other place with a digit outside quoted text has its test."""
    pages = [sample.page, hostile.page, second_day.page]
    names = {name for page in pages for name in names_of_tables(page)}
    places = {place for page in pages for place in places_of_numbers(page)}

    assert {name for name in names if not name.startswith(("story-", "person-"))} == CHECKED
    assert places == set(PLACES)


def places_of_numbers(page):
    """The places in which a number stands that is not quoted; markup where it stands in none."""
    held = {place: {node.mem_id for node in parsed(page).css(f"{place}, {place} *")} for place in PLACES}
    for node in parsed(page).css("body *"):
        own = "".join(child.text(deep=False) for child in node.iter(include_text=True) if child.tag == "-text")
        if re.search(r"\d", own) and not is_quoted(node):
            yield next((place for place, nodes in held.items() if node.mem_id in nodes), node.html[:200])


def is_quoted(node):
    """Whether an element holds text from the web, or an id or a time that a run gave."""
    while node.tag != "body":
        if node.tag in ("bdi", "code", "time") or node.attributes.get("class") == "id":
            return True
        node = node.parent
    return False


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


def test_after_a_rebuild_of_the_state_the_run_is_compared_with_the_run_before(three_days, second_day):
    before, plain = current(three_days), second_day.page
    with Store(three_days).locked():
        state.rebuild(Store(three_days), configured())
    version = current(three_days)

    page = reported(version, Store(three_days).before(version)).page

    assert Store(three_days).before(before).run_id == before.manifest["base"]
    assert version.manifest["base"] == before.run_id
    for name in ("tables-table", "rates-table", "outlets-table", "reuse-table"):
        assert table(page, name) == table(plain, name)


def test_a_first_run_with_its_state_rebuilt_is_still_the_first(day_one, tmp_path):
    out = shutil.copytree(day_one[1], tmp_path / "clean", symlinks=True)
    with Store(out).locked():
        state.rebuild(Store(out), configured())
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
