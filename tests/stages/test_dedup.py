import json
import re
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate, combinations, pairwise
from pathlib import Path
from random import Random

import polars as pl
import pytest
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from pydantic import ValidationError

from benchmarks import DATA
from pipeline import schemas
from pipeline.engines import local
from pipeline.errors import PipelineError
from pipeline.kernels.hashing import paragraph_id
from pipeline.kernels.normalise import normal_forms
from pipeline.kernels.shingles import shingle_hash
from pipeline.stages import counts, dedup, pairs, texts

DAY = timedelta(days=1)
MARCH = datetime(2026, 3, 2, 8, tzinfo=UTC)
AS_OF = datetime(2026, 3, 20, tzinfo=UTC)
SETTINGS = dedup.Settings()

WIRE = (
    "LINDHAVEN, Norway (AP) — The port of Lindhaven will stay closed until dock workers and the harbour board settle "
    "their dispute over night shifts, a spokesman said on Tuesday, warning that fresh fish worth millions could spoil."
)
EDITED = (
    "The port of Lindhaven will remain closed until dockers and the harbor board settle their dispute over night "
    "shifts, a spokeswoman said Tuesday, warning that fresh fish worth millions might spoil in the sheds."
)
TRIMMED = "Dock workers and the harbour board must first settle their dispute over night shifts."
LOCAL = (
    "Anna Lund, who runs a fish stall at the old market, said her regulars had begun to buy frozen cod from the "
    "supermarket, and that she would have to let her only assistant go by the end of the month."
)
SERIES = (
    "The Lindhaven index rose {} points, or {} percent, to close at {} on Monday, while the krone was quoted at {} "
    "to the dollar in late trading, according to figures from the exchange."
)


@cache
def forms(text):
    """Exact key and words."""
    return normal_forms(pl.Series([text])).select("exact_key", "n_words").row(0)


def article(name, *texts, outlet=None, published=MARCH, seen=AS_OF):
    """Rows of PLAIN_PARAGRAPHS of one article; ids as the stage makes them."""
    keys = [forms(text)[0] for text in texts]
    return [
        {
            "paragraph_id": paragraph_id(name, key, keys[:n].count(key)),
            "article_id": name,
            "paragraph_no": n + 1,
            "outlet": outlet,
            "published_at": published,
            "text": text,
            "n_tokens": forms(text)[1],
            "first_seen_at": seen,
        }
        for n, (text, key) in enumerate(zip(texts, keys, strict=True))
    ]


def table(*articles):
    return pl.DataFrame([row for rows in articles for row in rows], schema=schemas.PLAIN_PARAGRAPHS.schema)


def judged(*articles, memory=None, settings=SETTINGS):
    return dedup.apply(table(*articles), memory or dedup.Memory.empty(), settings)


def after(*batches, memory=None):
    """The memory after these batches."""
    memory = memory or dedup.Memory.empty()
    for batch in batches:
        memory = memory.plus(batch)
    return memory


def rows_of(tables):
    """The rows of a state table of all days."""
    return pl.concat(tables).collect()


def of(reuse, name, number=1):
    """The judged paragraph as a dict."""
    row = reuse.paragraphs.filter((pl.col("article_id") == name) & (pl.col("paragraph_no") == number))
    return row.row(0, named=True)


# ---------------------------------------------------------------------------------------------------- what is a copy


def test_an_edited_wire_copy_joins_the_cluster_of_the_first():
    reuse = judged(
        article("wire", WIRE, outlet="agency.example"),
        article("copy", EDITED, outlet="herald.example", published=MARCH + DAY),
        article("own", LOCAL, outlet="post.example"),
    )

    first, copy, own = of(reuse, "wire"), of(reuse, "copy"), of(reuse, "own")
    assert (copy["cluster_id"], copy["canonical_id"], copy["matched_id"]) == (first["paragraph_id"],) * 3
    assert (copy["link_type"], copy["is_canonical"], copy["repost"]) == ("near", False, False)
    assert (first["is_canonical"], first["matched_id"], own["is_canonical"]) == (True, None, True)
    assert own["cluster_id"] == own["paragraph_id"]
    assert dedup.clusters(reuse.members).select("cluster_id", "n_paragraphs", "n_outlets").rows() == [
        (first["paragraph_id"], 2, 2)
    ]


def test_house_style_alone_makes_an_exact_copy():
    reuse = judged(article("wire", WIRE), article("copy", WIRE.split("— ")[1].replace("harbour", "harbor")))

    link = reuse.links.row(0, named=True)
    assert (link["link_type"], link["jaccard"], link["containment"], link["direction"]) == ("exact", 1.0, 1.0, None)
    assert link["shared_shingles"] > 20
    assert link["number_overlap"] is None


def test_a_trimmed_copy_is_contained_and_says_which_side_lies_inside():
    reuse = judged(article("wire", WIRE), article("trim", TRIMMED, published=MARCH + DAY))
    assert [(row["link_type"], row["direction"]) for row in reuse.links.to_dicts()] == [("contained", "right")]

    reuse = judged(article("trim", TRIMMED), article("wire", WIRE, published=MARCH + DAY))
    assert [(row["link_type"], row["direction"]) for row in reuse.links.to_dicts()] == [("contained", "left")]


def test_a_daily_series_does_not_link():
    rows = [("12.5", "0.4", "3,101.2", "10.61"), ("31.0", "1.1", "3,132.2", "10.58"), ("8.8", "0.3", "3,141.0", "10.7")]

    reuse = judged(*(article(f"day {n}", SERIES.format(*row)) for n, row in enumerate(rows)))

    assert reuse.links.is_empty()
    assert reuse.report["n_candidates"] == 3


GAME = (
    "{0} FC came from behind to beat {1} United {2} on {3}, with {4} scoring in the {5}th minute and {6} adding a late "
    "winner. The result lifts {0} to {7} in the table, {8} points behind the leaders."
)


def test_a_report_of_another_game_in_the_same_words_does_not_link():
    one = GAME.format("Lindhaven", "Ostmark", "3-1", "Sunday", "Berg", "12", "Lund", "sixth", "two")
    other = GAME.format("Vellinge", "Kirkby", "3-1", "Friday", "Okafor", "88", "Weber", "third", "two")

    reuse = judged(article("one", one), article("other", other), article("copy", one.replace("lifts", "takes")))

    articles = dict(reuse.paragraphs.select("paragraph_id", "article_id").iter_rows())
    links = reuse.links.select("left_id", "right_id").rows()
    assert [(articles[left], articles[right]) for left, right in links] == [("copy", "one")]


def test_an_idiom_makes_no_copy_of_a_short_paragraph():
    reuse = judged(
        article("one", "How much does it cost to repair a quay?"),
        article("other", "How much does it cost to insure fishing boats?"),
    )

    assert reuse.links.is_empty()


@pytest.mark.parametrize("n_before", [0, 100])
def test_what_two_copies_share_is_more_than_the_pattern_of_a_sentence(n_before):
    chance = Random(1)  # noqa: S311 - no secret is drawn
    firms = [first + last for first in ("Ard", "Bel", "Cor", "Dun", "Els") for last in ("by", "ham", "ley", "ton")]
    verbs, places = ("closed", "opened", "sold", "mended", "left"), ("harbour", "old mill", "school", "north pier")

    def sentence():
        named = f"{chance.choice(firms)} {chance.choice(verbs)} the {chance.choice(places)}"
        return f"{named}, {chance.randint(2, 60)} per cent more than in {chance.randint(1950, 2020)}."

    texts = [" ".join(sentence() for _ in range(chance.randint(1, 3))) for _ in range(200)]
    articles = [article(f"a{number:03}", text) for number, text in enumerate(texts)]

    def links(min_shared_rare):
        settings = SETTINGS.model_copy(update={"max_frequency": 10, "min_shared_rare": min_shared_rare})
        before = dedup.apply(table(*articles[:n_before]), dedup.Memory.empty(), settings)
        found = judged(*articles[n_before:], memory=after(before) if n_before else None, settings=settings)
        return set(found.links.select("left_id", "right_id").iter_rows())

    assert len(links(1)) > len(links(3)) > 0
    assert links(3) < links(1)


def test_the_same_series_with_the_same_figures_does():
    same = SERIES.format("12.5", "0.4", "3,101.2", "10.61")

    reuse = judged(article("one", same), article("two", same.replace("rose", "gained").replace("late", "afternoon")))

    assert reuse.links["number_overlap"].to_list() == [1.0]


def test_captions_that_share_only_latin_words_do_not_link():
    reuse = judged(
        article("one", "사진은 지난 화요일 평양에서 열린 회의 모습이다 (AP Photo, March 29, 2024, file)"),
        article("two", "서울 시청 앞 광장에 모인 시민들이 노래를 부르고 있다 (AP Photo, March 29, 2024, file)"),
    )

    assert reuse.links.is_empty()


def test_copies_are_found_in_scripts_without_spaces():
    text = "港湾委員会は火曜日、夜間勤務の争議が解決するまで港を閉鎖し続けると発表した。鮮魚への影響が懸念される。"

    reuse = judged(article("one", text), article("two", text.replace("発表した", "明らかにした")))

    assert reuse.links["link_type"].to_list() == ["near"]


def test_paragraphs_of_one_article_are_never_linked():
    reuse = judged(article("own", WIRE, EDITED, WIRE))

    assert reuse.links.is_empty()
    assert reuse.paragraphs["cluster_id"].n_unique() == 3


def test_a_copy_of_a_repeated_paragraph_is_linked_to_the_first_of_them():
    reuse = judged(article("a", WIRE, WIRE), article("b", WIRE, published=MARCH + DAY))

    assert reuse.links["left_id"].to_list() == [of(reuse, "a", 1)["paragraph_id"]]


def test_a_copy_in_the_same_outlet_is_a_repost():
    reuse = judged(
        article("a", WIRE, outlet="herald.example"),
        article("b", EDITED, outlet="herald.example", published=MARCH + DAY),
    )
    assert of(reuse, "b")["repost"] is True

    nameless = judged(article("a", WIRE), article("b", EDITED, published=MARCH + DAY))
    assert of(nameless, "b")["repost"] is False
    assert dedup.clusters(nameless.members)["n_outlets"].to_list() == [2]


def test_short_paragraphs_have_no_cluster_and_are_their_own_canonical():
    reuse = judged(article("a", "Read more here"), article("b", "Read more here"))

    assert reuse.paragraphs["cluster_id"].to_list() == [None, None]
    assert reuse.paragraphs["is_canonical"].to_list() == [True, True]
    assert (reuse.paragraphs["canonical_id"] == reuse.paragraphs["paragraph_id"]).all()
    assert reuse.fingerprints.is_empty()


def test_from_five_words_exact_copies_count_from_eight_near_ones():
    short, edited = "The inquiry will open on a Monday", "The inquiry will open on a Tuesday"

    reuse = judged(article("a", short), article("b", short), article("c", edited))

    assert [row["link_type"] for row in reuse.links.to_dicts()] == ["exact"]


def test_strictness_moves_the_containment_that_links():
    pair = (article("wire", WIRE), article("copy", EDITED.replace("a spokeswoman said Tuesday, warning that ", "and ")))
    score = judged(*pair).links["containment"].item()
    assert score > 0.44

    loose, strict = (judged(*pair, settings=dedup.Settings(strictness=word)) for word in ("loose", "strict"))

    assert (loose.links.height, strict.links.height) == (1, int(score >= 0.5))


# ------------------------------------------------------------------------------------------------- order and window


def test_the_earlier_publication_is_canonical_and_an_agency_at_equal_time():
    settings = dedup.Settings(agency_outlets=("agency.example",))
    reuse = judged(
        article("a herald", WIRE, outlet="herald.example"),
        article("z agency", WIRE, outlet="agency.example"),
        article("m late", WIRE, outlet="post.example", published=MARCH + DAY),
        settings=settings,
    )

    assert reuse.paragraphs.filter("is_canonical")["article_id"].to_list() == ["z agency"]


def test_without_publication_time_the_time_it_was_seen_counts():
    reuse = judged(article("a", WIRE, published=None), article("b", WIRE, published=AS_OF - DAY))

    assert reuse.paragraphs.filter("is_canonical")["article_id"].to_list() == ["b"]


def test_copies_further_apart_than_the_window_are_not_linked():
    rows = [article(f"day {n}", WIRE, published=MARCH + n * DAY) for n in (0, 20, 40)]

    reuse = judged(*rows, settings=dedup.Settings(window_days=25))
    ids = reuse.paragraphs["paragraph_id"].to_list()

    assert reuse.links.select("left_id", "right_id").rows() == sorted(pairwise(ids))
    assert judged(*rows, settings=dedup.Settings(window_days=19)).links.is_empty()
    assert judged(*rows, settings=dedup.Settings(window_days=0)).links["left_id"].to_list() == [ids[0]] * 2


def test_a_copy_at_the_edge_of_the_window_is_compared_by_what_an_earlier_one_of_its_day_says():
    day = MARCH.replace(hour=0)
    early, late = (article(str(hour), WIRE, published=day + timedelta(hours=hour)) for hour in (1, 20))
    memory = after(judged(early, late))

    reuse = judged(
        article("edited", EDITED, published=day + timedelta(days=25, hours=10)),
        memory=memory,
        settings=dedup.Settings(window_days=25),
    )

    assert of(reuse, "edited")["matched_id"] == late[0]["paragraph_id"]


def test_a_text_whose_first_copy_is_gone_is_still_compared():
    first, second, other_day = (article(f"a{n}", WIRE, published=MARCH + n // 2 * DAY) for n in range(3))
    memory = after(judged(first, second, other_day))

    without = memory.without(pl.Series([first[0]["paragraph_id"]]))
    reuse = judged(article("edited", EDITED, published=MARCH), memory=without)

    assert of(reuse, "edited")["matched_id"] == second[0]["paragraph_id"]
    left = pl.concat([piece.collect() for piece in without.pieces()]).sort("paragraph_no", "article_id")
    assert left["article_id"].to_list() == ["a1", "a2"]
    told = rows_of(memory.fingerprints).filter(pl.col("article_id") == "a0").select(dedup.SETS)
    for row in (0, 1):
        assert_frame_equal(left.select(dedup.SETS)[row], told)


PIECES = st.lists(
    st.tuples(st.sampled_from([WIRE, EDITED, TRIMMED, LOCAL, "Photo by the harbour board"]), st.integers(0, 3)),
    min_size=1,
    max_size=8,
)


@settings(max_examples=10)
@given(PIECES, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(pieces, chance):
    rows = table(*(article(f"a{n}", text, LOCAL, published=MARCH + day * DAY) for n, (text, day) in enumerate(pieces)))
    shuffled = rows.with_columns(pl.Series("place", [chance.random() for _ in range(rows.height)])).sort("place")

    one, other = (dedup.apply(some, dedup.Memory.empty(), SETTINGS) for some in (rows, shuffled.drop("place")))

    for name in ("paragraphs", "links", "fingerprints", "frequencies", "members"):
        assert_frame_equal(getattr(one, name), getattr(other, name))


@settings(max_examples=10)
@given(PIECES)
def test_every_link_and_canonical_copy_points_back_in_time_to_another_article(pieces):
    reuse = judged(
        *(article(f"a{n}", text, LOCAL, published=MARCH + day * DAY) for n, (text, day) in enumerate(pieces))
    )
    place = {
        row["paragraph_id"]: (row["published_at"], row["article_id"], row["paragraph_no"])
        for row in reuse.paragraphs.to_dicts()
    }

    for link in reuse.links.to_dicts():
        assert place[link["left_id"]] < place[link["right_id"]]
        assert place[link["left_id"]][1] != place[link["right_id"]][1]
        assert 0 <= link["jaccard"] <= link["containment"] <= 1
    for row in reuse.paragraphs.to_dicts():
        assert row["is_canonical"] == (row["canonical_id"] == row["paragraph_id"])
        assert row["cluster_id"] is None or row["cluster_id"] == row["canonical_id"]  # no member has gone
        assert place[row["canonical_id"]] <= place[row["paragraph_id"]]
        assert (row["matched_id"] is None) == (row["link_type"] is None) == (row["repost"] is None)


# ------------------------------------------------------------------------------------------------ the oracle of pairs


def test_bands_link_what_judging_every_pair_links():
    """All pairs through the same verification, by plain sets, against what the bands let through."""
    words = WIRE.split("— ")[1].split()
    texts = [WIRE, EDITED, TRIMMED, LOCAL, SERIES.format(1, 2, 3, 4)]
    texts += [" ".join(words[n:] + LOCAL.split()[: 2 * n]) for n in range(2, 14, 2)]
    texts += [" ".join(reversed(words)), " ".join(words[::2]), " ".join(LOCAL.split()[9:])]
    reuse = judged(*(article(f"a{n:02}", text) for n, text in enumerate(texts)))
    name = dict(reuse.paragraphs.select("paragraph_id", "article_id").iter_rows())
    found = {(name[left], name[right]) for left, right in reuse.links.select("left_id", "right_id").iter_rows()}

    tokens = [re.findall(r"\w+", text.casefold()) for text in texts]
    bigrams = [set(pairwise(row)) for row in tokens]
    trigrams = [set(zip(row, row[1:], row[2:], strict=False)) for row in tokens]
    count = {gram: sum(gram in row for row in bigrams) for gram in set().union(*bigrams)}
    weight = {gram: pl.Series([1001 / n]).log().item() for gram, n in count.items()}
    expected = set()
    for one, other in combinations(range(len(texts)), 2):
        totals = [sum(weight[gram] for gram in bigrams[row]) for row in (one, other)]
        containment = sum(weight[gram] for gram in bigrams[one] & bigrams[other]) / min(totals)
        shared = len(trigrams[one] & trigrams[other])
        enough = 0.65 if shared < 6 and min(len(tokens[one]), len(tokens[other])) < 12 else 0.45 if shared < 6 else 0.44
        if containment >= (0.36 if shared >= 12 else enough) and shared >= 4:
            expected.add((f"a{one:02}", f"a{other:02}"))
    assert found == expected
    assert len(expected) > 10


# ---------------------------------------------------------------------------------------------------------- batches


def test_a_later_batch_joins_old_clusters_and_changes_no_row_of_them():
    first = judged(article("wire", WIRE), article("own", LOCAL))
    second = judged(
        article("copy", EDITED, published=MARCH + DAY, seen=AS_OF + DAY),
        article("same", LOCAL, published=MARCH - DAY, seen=AS_OF + DAY),  # an earlier date, seen later: a copy
        memory=after(first),
    )

    copy, same = of(second, "copy"), of(second, "same")
    assert copy["cluster_id"] == copy["matched_id"] == of(first, "wire")["paragraph_id"]
    assert same["canonical_id"] == of(first, "own")["paragraph_id"]
    assert same["link_type"] == "exact"
    assert set(second.paragraphs["article_id"]) == {"copy", "same"}
    clusters = dedup.clusters(rows_of(after(first, second).members))
    assert clusters["cluster_id"].to_list() == clusters["canonical_id"].to_list()
    assert clusters.sort("cluster_id")["n_paragraphs"].to_list() == [2, 2]
    assert clusters.filter(pl.col("cluster_id") == same["cluster_id"])["first_published_at"].item() == MARCH - DAY


def test_three_batches_give_the_clusters_of_one():
    texts = [WIRE, EDITED, WIRE.replace("Tuesday", "a Tuesday"), LOCAL, LOCAL.replace("old market", "fish market")]
    rows = [article(f"a{n}", text, published=MARCH + n * DAY) for n, text in enumerate(texts)]
    whole = judged(*rows)

    memory, parts = dedup.Memory.empty(), []
    for part in (rows[:1], rows[1:3], rows[3:]):
        parts.append(judged(*part, memory=memory))
        memory = after(parts[-1], memory=memory)

    together = pl.concat([part.paragraphs for part in parts])
    columns = ["paragraph_id", "cluster_id", "is_canonical", "matched_id", "link_type"]
    assert_frame_equal(together.select(columns), whole.paragraphs.select(columns), check_row_order=False)
    assert whole.paragraphs["cluster_id"].n_unique() == 2
    counted = rows_of(memory.frequencies).group_by("words", "shingle").agg(pl.col("n_paragraphs").sum())
    assert set(counted["shingle"]) == set(whole.frequencies["shingle"])


def in_batches(parts, frequencies=None):
    """What all batches add, one after the other, each remembering those before."""
    memory, found = dedup.Memory.empty(), []
    for part in parts:
        found.append(dedup.apply(table(*part), memory, SETTINGS, frequencies))
        memory = memory.plus(found[-1])
    return found


@settings(max_examples=10)
@given(PIECES, st.lists(st.integers(1, 4), min_size=1, max_size=2))
def test_with_frequencies_given_the_cut_into_batches_does_not_matter(pieces, sizes):
    ordered = sorted(pieces, key=lambda piece: piece[1])
    rows = [article(f"a{n}", text, LOCAL, published=MARCH + day * DAY) for n, (text, day) in enumerate(ordered)]
    given_counts = [judged(*rows).frequencies.lazy()]
    cuts = [0, *accumulate(sizes), len(rows)]

    whole = in_batches([rows], given_counts)[0]
    parts = in_batches([rows[first:last] for first, last in pairwise(cuts)], given_counts)

    for name in ("paragraphs", "links", "members"):
        assert_frame_equal(pl.concat([getattr(part, name) for part in parts]), getattr(whole, name),
                           check_row_order=False)  # fmt: skip


IN_PIECES = (
    (dedup, "_TEXTS_AT_ONCE", 3), (dedup, "_ROWS_AT_ONCE", 1), (texts, "_RANGE", 4), (texts, "_SAMPLED", ""),
    (counts, "_COUNTS_AT_ONCE", 40), (pairs, "_SETS_AT_ONCE", 3), (pairs, "_PAIRS_AT_ONCE", 5),
    (pairs, "_TILE", 4), (local, "GROUP_BYTES", 3_000),
)  # fmt: skip


def edits_in_three_batches():
    words = WIRE.split("— ")[1].split()
    edited = [" ".join([*words[:n], "then", *words[n:]]) for n in range(0, 24, 2)]
    rows = [
        article(f"a{n:02}", text, LOCAL, published=MARCH + n * DAY)
        for n, text in enumerate([*edited, WIRE, EDITED, TRIMMED, LOCAL, WIRE])
    ]
    return [rows[:7], rows[7:12], rows[12:]]


@pytest.fixture(scope="module")
def whole():
    return in_batches(edits_in_three_batches())


@pytest.mark.parametrize("at_once", [1 << 21, 6, 1])  # texts that meet in one place; else under a part of the shingles
def test_working_in_pieces_changes_nothing(whole, monkeypatch, at_once):
    monkeypatch.setattr(pairs, "_TEXTS_AT_ONCE", at_once)
    for module, limit, value in IN_PIECES:
        monkeypatch.setattr(module, limit, value)
    pieces = in_batches(edits_in_three_batches())

    assert whole[2].links.height > 20
    for one, other in zip(whole, pieces, strict=True):
        for name in ("paragraphs", "links", "fingerprints", "frequencies", "members", "report"):
            left, right = getattr(one, name), getattr(other, name)
            assert left == right if name == "report" else left.equals(right, null_equal=True), name


def test_of_the_memory_only_the_clusters_that_are_met_are_held():
    first = judged(article("wire", WIRE, LOCAL), article("other", SERIES.format(1, 2, 3, 4)))

    second = judged(article("copy", EDITED, published=MARCH + DAY, seen=AS_OF + DAY), memory=after(first))

    assert second.report["n_met"] == 1


def test_versions_of_one_text_are_counted_once():
    reuse = judged(article("a", WIRE), article("b", WIRE.replace("Tuesday", "Monday")), article("c", LOCAL))

    counts = dict(reuse.frequencies.filter(pl.col("words") == 3).select("shingle", "n_paragraphs").iter_rows())
    assert set(counts.values()) == {1}
    assert reuse.frequencies.filter(pl.col("words") == 0)["n_paragraphs"].to_list() == [2]


def test_an_exact_copy_seen_before_is_not_counted_again():
    first = judged(article("wire", WIRE))
    second = judged(article("copy", WIRE, seen=AS_OF + DAY), memory=after(first))

    assert second.frequencies.rows() == [(0, 0, 0)]


def test_near_copies_of_an_exact_copy_are_found_when_its_original_is_forgotten():
    old = judged(article("wire", WIRE), article("copy", WIRE, published=MARCH + 20 * DAY))
    memory = after(old)
    lately = [day.filter(pl.col("published_at") > MARCH + DAY) for day in memory.fingerprints]
    kept = dedup.Memory(lately, memory.frequencies, memory.members)

    new = judged(article("late", EDITED, published=MARCH + 40 * DAY, seen=AS_OF + 20 * DAY), memory=kept)

    assert of(new, "late")["matched_id"] == of(old, "copy")["paragraph_id"]


def test_sets_are_stored_once_per_text_and_day():
    reuse = judged(
        article("a", WIRE), article("b", WIRE), article("c", WIRE, published=MARCH + DAY), article("d", LOCAL)
    )

    stored = reuse.fingerprints.select("article_id", (pl.col("shingles").bin.size() > 0).alias("stored"))
    assert dict(stored.iter_rows()) == {"a": True, "b": False, "c": True, "d": True}


def test_a_revised_article_forgets_its_old_paragraphs_and_keeps_its_name():
    first = judged(article("wire", WIRE, LOCAL), article("copy", WIRE, published=MARCH + DAY))
    again = judged(article("wire", WIRE, EDITED, seen=AS_OF), memory=after(first))

    kept, new = of(again, "wire", 1), of(again, "wire", 2)
    assert kept["paragraph_id"] == of(first, "wire", 1)["paragraph_id"]
    assert kept["cluster_id"] == kept["paragraph_id"]
    assert kept["matched_id"] == of(first, "copy")["paragraph_id"]  # what remains of the cluster came before it
    assert new["matched_id"] == of(first, "copy")["paragraph_id"]
    positions = again.members.filter(pl.col("cluster_id") == kept["cluster_id"])["position"].to_list()
    assert positions == [2, 3]


def test_when_the_founder_is_gone_the_next_member_is_canonical_and_the_name_stays():
    first = judged(article("wire", WIRE), article("copy", WIRE, published=MARCH + DAY))
    founder = of(first, "wire")["paragraph_id"]
    memory = after(first).without(pl.Series([founder]))

    late = of(judged(article("late", EDITED, published=MARCH + 2 * DAY), memory=memory), "late")

    assert late["cluster_id"] == founder
    assert late["canonical_id"] == of(first, "copy")["paragraph_id"]
    assert dedup.clusters(memory.members_of(pl.Series([founder]))).is_empty()


def test_a_state_whose_tables_do_not_fit_is_refused():
    memory = after(judged(article("wire", WIRE)))
    broken = dedup.Memory(memory.fingerprints, memory.frequencies, ())

    with pytest.raises(PipelineError, match="in no cluster of the members table"):
        judged(article("copy", WIRE, published=MARCH + DAY), memory=broken)


# ------------------------------------------------------------------------------------------------------ viral, limits


def test_a_viral_paragraph_is_one_cluster_and_costs_one_link_each():
    rows = [article(f"a{n:04}", WIRE if n % 2 else WIRE.replace("’", "'").upper(), LOCAL) for n in range(1500)]

    reuse = judged(*rows)

    assert reuse.paragraphs["cluster_id"].n_unique() == 2
    assert reuse.links.height == 2 * 1499
    assert reuse.report["n_candidates"] == 0


def test_128_versions_of_a_viral_paragraph_stay_together():
    edits = [("remain", "stay"), ("closed", "shut"), ("dispute", "row"), ("said", "reported"), ("worth", "valued at"),
             ("might", "could"), ("sheds", "stores")]  # fmt: skip
    rows = []
    for version in range(2 ** len(edits)):
        text = EDITED
        for bit, (old, new) in enumerate(edits):
            text = text.replace(old, new) if version >> bit & 1 else text
        rows.append(article(f"a{version:03}", text))

    reuse = judged(*rows)

    assert dedup.clusters(reuse.members)["n_paragraphs"].to_list() == [128]


def test_crowded_shingles_are_reported():
    words = WIRE.split("— ")[1].split()
    rows = [article(f"a{n}", " ".join([*words, f"extra{n}"])) for n in range(12)]

    reuse = judged(*rows, settings=dedup.Settings(max_band_size=5))

    assert reuse.report["n_crowded"] > 0
    assert reuse.paragraphs["cluster_id"].n_unique() == 1


def test_an_empty_batch_gives_empty_tables():
    reuse = judged()

    for frame, expected in (
        (reuse.paragraphs, schemas.LINKED_PARAGRAPHS),
        (reuse.links, schemas.LINKS.without("batch_id")),
        (reuse.fingerprints, schemas.FINGERPRINTS),
        (reuse.members, schemas.MEMBERS),
    ):
        assert_frame_equal(frame, expected.empty())
    assert reuse.frequencies.rows() == [(0, 0, 0)]
    assert dedup.clusters(reuse.members).is_empty()


def test_switched_off_every_paragraph_is_its_own():
    reuse = judged(article("a", WIRE, "Read more"), article("b", WIRE), settings=dedup.Settings(enabled=False))

    assert reuse.links.is_empty()
    assert reuse.paragraphs["is_canonical"].all()
    assert reuse.paragraphs["cluster_id"].null_count() == 1
    schemas.conform(reuse.paragraphs, schemas.LINKED_PARAGRAPHS, at="test")


def test_more_slots_in_bands_than_in_the_signature_are_refused():
    with pytest.raises(ValidationError, match="128 bands of 3 rows need more than 128 permutations"):
        dedup.Settings(rows=3)


def test_the_scheme_names_what_signatures_were_made_with():
    assert dedup.scheme(SETTINGS) == {
        "scheme": "affine32", "permutations": 128, "seed": 1, "bands": 128, "rows": 1, "agreeing_bands": 5,
        "shingle_words": 3,
    }  # fmt: skip


# -------------------------------------------------------------------------------------------- paragraphs and articles


def documents(*names):
    rows = [
        {"article_id": name, "outlet": "herald.example", "published_at": MARCH, "first_seen_at": AS_OF}
        for name in names
    ]
    return pl.DataFrame(rows, schema_overrides=dict(schemas.DOCUMENTS.schema)).join(
        schemas.DOCUMENTS.empty(), on=["article_id", "outlet", "published_at", "first_seen_at"], how="left"
    )


def lines(*rows):
    return pl.DataFrame(
        [
            {"article_id": name, "line_no": no, "text": text, "paragraph_no": paragraph}
            for name, no, text, paragraph in rows
        ],
        schema_overrides=dict(schemas.JUDGED_LINES.schema),
    )


def test_lines_of_a_paragraph_are_joined_by_one_space_in_order():
    found = dedup.plain_paragraphs(
        documents("a"),
        lines(("a", 5, "night shifts, officials said.", 1), ("a", 4, "The port stays closed over", 1),
              ("a", 2, "Home | Sport", None), ("a", 7, "More on Friday.", 2)),
    )  # fmt: skip

    schemas.conform(found.drop(dedup.FORMS), schemas.PLAIN_PARAGRAPHS, at="test")
    assert found["text"].to_list() == ["The port stays closed over night shifts, officials said.", "More on Friday."]
    assert found["n_tokens"].to_list() == [9, 3]
    assert found["outlet"].to_list() == ["herald.example"] * 2


def test_an_inserted_paragraph_renames_none():
    before = dedup.plain_paragraphs(documents("a"), lines(("a", 1, WIRE, 1), ("a", 2, LOCAL, 2), ("a", 3, WIRE, 3)))
    grown = dedup.plain_paragraphs(
        documents("a"), lines(("a", 1, EDITED, 1), ("a", 2, WIRE, 2), ("a", 3, LOCAL, 3), ("a", 4, WIRE, 4))
    )

    assert before["paragraph_id"].n_unique() == 3
    assert grown["paragraph_id"].to_list()[1:] == before["paragraph_id"].to_list()


def test_lines_of_an_unknown_article_are_an_error():
    with pytest.raises(PipelineError, match="lines of 1 articles that no document has"):
        dedup.plain_paragraphs(documents("a"), lines(("b", 1, WIRE, 1)))


MORE = (
    "Union leaders will meet the board again on Thursday in the presence of a mediator from the capital.",
    "Two earlier rounds of talks broke up without result, and the board has since hired guards for the gates.",
    "Ferries to the outer islands sail as usual, since they use the old quay on the far side of the bay.",
)


def test_an_article_copied_whole_is_a_duplicate_of_the_other():
    reuse = judged(
        article("wire", WIRE, *MORE),
        article("copy", EDITED, *MORE, "Photo: harbour board", published=MARCH + DAY),
        article("half", MORE[0], MORE[1], LOCAL, published=MARCH + DAY),
        article("two", MORE[0], MORE[1], published=MARCH + DAY),
    )

    copies = dedup.article_copies(reuse.paragraphs, schemas.MEMBERS.empty())

    assert copies.rows() == [("copy", 4, "wire"), ("half", 2, None), ("two", 2, None), ("wire", 0, None)]


def test_a_duplicate_of_an_article_in_memory_is_found():
    first = judged(article("wire", WIRE, *MORE))
    second = judged(article("copy", EDITED, *MORE, published=MARCH + DAY, seen=AS_OF + DAY), memory=after(first))

    assert dedup.article_copies(second.paragraphs, first.members).rows() == [("copy", 4, "wire")]


def test_of_two_articles_with_as_many_copies_the_first_by_name_is_the_source():
    numbers = ["1", "2", "3"]
    copies = pl.DataFrame({
        "article_id": ["copy"] * 3,
        "paragraph_id": numbers,
        "canonical_id": [f"late {number}" for number in numbers],
        "matched_id": [f"early {number}" for number in numbers],
        "cluster_id": numbers,
    })  # fmt: skip
    ids = copies["canonical_id"].to_list() + copies["matched_id"].to_list()
    elsewhere = pl.DataFrame({"paragraph_id": ids, "article_id": ["late"] * 3 + ["early"] * 3})

    assert dedup.article_copies(copies, elsewhere).rows() == [("copy", 3, "early")]
    assert dedup.article_copies(copies, elsewhere.head(5)).rows() == [("copy", 3, "late")]
    assert dedup.article_copies(copies, elsewhere.tail(3)).rows() == [("copy", 0, "early")]
    assert dedup.article_copies(copies, elsewhere.slice(1, 4)).rows() == [("copy", 2, None)]


def test_the_documented_lines_turn_the_state_into_datasketch_signatures(tmp_path, monkeypatch):
    state = tmp_path / "data/clean/current/state/fingerprints/day=2026-03-20"
    state.mkdir(parents=True)
    first = judged(article("wire", WIRE), article("own", LOCAL))
    first.fingerprints.write_parquet(state / "part-0.parquet")
    page = Path(__file__).parents[2] / "docs" / "state-in-datasketch.md"
    monkeypatch.chdir(tmp_path)
    names = {}

    exec(page.read_text(encoding="utf-8").split("```python")[1].split("```")[0], names)  # noqa: S102 - our own page

    sketch = MinHash(num_perm=128, seed=1, scheme="affine32", hashfunc=shingle_hash)
    words = re.findall(r"\w+", EDITED.casefold())
    sketch.update_batch([" ".join(words[n : n + 3]).encode() for n in range(len(words) - 2)])
    assert names["index"].query(sketch) == [of(first, "wire")["paragraph_id"]]


# ------------------------------------------------------------------------------------------------------------- bench


@pytest.mark.bench
@pytest.mark.skipif(not (DATA / "seeds" / "lines.json").is_file(), reason="needs COPYDESK_BENCH/seeds")
def test_seed_pages_of_different_outlets_share_no_copy():
    folder = DATA / "seeds"
    roles = json.loads((folder / "lines.json").read_text(encoding="utf-8"))
    pages = []
    for name, wanted in roles.items():
        texts = (folder / name).read_text(encoding="utf-8").split("\n")
        body = [texts[int(number) - 1] for number, role in wanted.items() if role == "body"]
        pages.append(article(name, *body, outlet=name))

    reuse = judged(*pages, settings=dedup.Settings(strictness="default"))

    assert reuse.paragraphs.height > 50
    assert reuse.links.is_empty()
