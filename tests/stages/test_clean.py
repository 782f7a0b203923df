from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from pydantic import ValidationError

from pipeline import schemas
from pipeline.stages import clean
from pipeline.stages.clean import OutletRules, Settings

AS_OF = datetime(2024, 3, 5, 12, tzinfo=UTC)
LEAD = "The ferry Aurora ran aground outside Lindholm harbour early on Tuesday."
SECOND = "Nobody was hurt, the coast guard said, but two crew members were treated for shock."
THIRD = "Divers will look at the hull before the ship is towed to the yard."
CALL = "Get the harbour letter every Friday."
LONG = " ".join(["The company that owns the Aurora has been fined twice for skipping inspections"] * 3) + "."

Row = tuple[str, str, float]  # text, role, score


def document(article_id: str = "a1", outlet: str | None = "herald.example", **known: object) -> dict[str, object]:
    values = dict.fromkeys(schemas.DOCUMENTS.names) | {
        "article_id": article_id, "source_path": f"{article_id}.txt", "source_offset": 0, "outlet": outlet,
        "first_seen_at": AS_OF, "revision": 0, "charset": "utf-8", "extractor": "text", "doubt": 0.1,
        "sha256": "0" * 64, "key": article_id, "format": "text",
    }  # fmt: skip
    return values | known


def documents(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=schemas.DOCUMENTS.schema)


def scored_lines(article_id: str, *rows: Row, continues: tuple[int, ...] = ()) -> pl.DataFrame:
    lines = [
        {
            "article_id": article_id, "line_no": number, "start": None, "end": None, "text": text, "language": None,
            "role": role, "score": score, "evidence": "form of the line", "in_main": None,
            "continues": number in continues,
        }
        for number, (text, role, score) in enumerate(rows, start=1)
    ]  # fmt: skip
    return pl.DataFrame(lines, schema=schemas.SCORED_LINES.schema)


def judged(
    *rows: Row, printed: dict[str, int] | None = None, rules: OutletRules | None = None,
    continues: tuple[int, ...] = (), **chosen: object,
) -> pl.DataFrame:  # fmt: skip
    return applied(document(), *rows, printed=printed, rules=rules, continues=continues, **chosen)[1]


def applied(
    known: dict[str, object], *rows: Row, printed: dict[str, int] | None = None, rules: OutletRules | None = None,
    continues: tuple[int, ...] = (), **chosen: object,
) -> tuple[pl.DataFrame, pl.DataFrame]:  # fmt: skip
    by_outlet = {} if rules is None else {rules.outlet: rules}
    lines = scored_lines("a1", *rows, continues=continues)
    return clean.apply(
        documents(known), clean.measured(lines), outlet_lines(printed or {}), by_outlet,
        Settings.model_validate(chosen), AS_OF,
    )  # fmt: skip


def outlet_lines(counts: dict[str, int], outlet: str = "herald.example") -> pl.DataFrame:
    texts = pl.DataFrame({"text": list(counts)}, schema={"text": pl.String})
    return clean.measured(texts).select(
        pl.lit(outlet).alias("outlet"),
        "line_hash",
        pl.Series("n_articles", list(counts.values()), dtype=pl.Int32),
    )


def verdicts(lines: pl.DataFrame) -> list[tuple[str, str | None, int | None]]:
    return lines.select("role", "dropped_by", "paragraph_no").rows()


def test_every_line_is_in_the_text_a_field_or_dropped() -> None:
    lines = judged(
        ("Ferry runs aground", "title", 0.4),
        ("By Jane Holm", "byline", 0.2),
        (LEAD, "body", 0.9),
        ("Fined before", "subheading", 0.6),
        ("Passengers on the quay (Photo: Holm)", "caption", 0.3),
        (SECOND, "body", 0.8),
        ("Share this", "chrome", 0.01),
    )

    assert verdicts(lines) == [
        ("title", None, None),
        ("byline", None, None),
        ("body", None, 1),
        ("subheading", None, 2),
        ("caption", None, None),
        ("body", None, 3),
        ("chrome", "line_score", None),
    ]


def test_headline_printed_again_is_dropped_and_stays_a_title() -> None:
    lines = judged(("Ferry runs aground", "title", 0.4), ("FERRY RUNS AGROUND", "title", 0.3), (LEAD, "body", 0.9))

    assert verdicts(lines)[:2] == [("title", None, None), ("title", "repeat:title", None)]


def test_threshold_decides_against_the_role() -> None:
    rows = (LEAD, "body", 0.6), (CALL, "chrome", 0.45)

    assert judged(*rows, threshold=0.7)["dropped_by"].to_list() == ["line_score", "line_score"]
    assert verdicts(judged(*rows, threshold=0.4)) == [("body", None, 1), ("body", None, 2)]


def test_role_the_settings_do_not_keep_is_dropped_by_name() -> None:
    lines = judged(("Hundreds taken ashore", "deck", 0.7), (LEAD, "body", 0.9), keep_roles=("body",))

    assert verdicts(lines) == [("deck", "keep_roles", None), ("body", None, 1)]


def test_line_an_outlet_prints_on_many_articles_is_dropped() -> None:
    lines = judged((LEAD, "body", 0.8), (CALL, "body", 0.7), printed={CALL.upper(): 3, LEAD: 2})

    assert verdicts(lines) == [("body", None, 1), ("chrome", "repeat:outlet", None)]


def test_sure_line_is_dropped_only_when_short_and_printed_very_often() -> None:
    rows = (CALL, "body", 0.95), (LONG, "body", 0.95)

    assert judged(*rows, printed={CALL: 9, LONG: 99})["dropped_by"].to_list() == [None, None]
    assert judged(*rows, printed={CALL: 10, LONG: 99})["dropped_by"].to_list() == ["repeat:outlet", None]


def test_byline_of_a_busy_reporter_stays_a_byline() -> None:
    assert verdicts(judged(("By Jane Holm", "byline", 0.2), printed={"By Jane Holm": 50})) == [("byline", None, None)]


def test_line_printed_twice_in_the_text_is_kept_once() -> None:
    lines = judged((LEAD, "body", 0.9), (SECOND, "body", 0.9), (LEAD.upper(), "body", 0.9), ("Yes.", "body", 0.9),
                   ("Yes.", "body", 0.9))  # fmt: skip

    assert lines["dropped_by"].to_list() == [None, None, "repeat:page", None, None]
    assert lines["paragraph_no"].to_list() == [1, 2, None, 3, 4]


def test_teaser_above_the_story_does_not_cost_the_story_its_line() -> None:
    lines = judged((LEAD, "chrome", 0.2), (LEAD, "body", 0.9))

    assert lines["dropped_by"].to_list() == ["line_score", None]


def test_all_rules_that_apply_are_named() -> None:
    lines = judged((CALL, "chrome", 0.1), (CALL, "chrome", 0.1), printed={CALL: 5})

    assert lines["dropped_by"].to_list() == ["line_score", "line_score"]
    assert lines["also_by"].to_list() == ["repeat:outlet", "repeat:outlet; repeat:page"]


def test_outlet_rule_drops_a_line_and_is_named_first() -> None:
    rules = OutletRules(outlet="herald.example", drop_lines=("^Never", "^Get the harbour letter"))
    lines = judged((LEAD, "body", 0.9), (CALL, "body", 0.99), (CALL, "chrome", 0.1), rules=rules)

    assert lines["dropped_by"].to_list() == [None, *["herald.example:drop_lines[1]"] * 2]
    assert lines["also_by"].to_list() == [None, None, "line_score; repeat:page"]
    assert lines["role"].to_list() == ["body", "chrome", "chrome"]


def test_keep_rule_wins_over_every_other() -> None:
    rules = OutletRules(outlet="herald.example", drop_lines=("letter",), keep_lines=("^Get the harbour",))
    lines = judged((CALL, "chrome", 0.1), rules=rules, printed={CALL: 99})

    assert verdicts(lines) == [("body", None, 1)]
    assert lines["also_by"].to_list() == ["herald.example:drop_lines[0]; line_score; repeat:outlet"]
    assert lines["evidence"].to_list() == ["kept by herald.example:keep_lines[0]; form of the line"]


def test_what_would_keep_a_line_does_keep_it() -> None:
    rows = ("Hundreds taken ashore", "deck", 0.7), (LEAD, "body", 0.9), (CALL, "chrome", 0.45), (LEAD, "body", 0.9)
    settings = Settings(keep_roles=("body",))
    lines = judged(*rows, printed={CALL: 3}, keep_roles=("body",))

    ways = clean.ways_back(lines, settings, 3)

    assert set(ways) == {1, 3, 4}
    for line_no, way in ways.items():
        changed = {name.removeprefix("clean."): value for name, value in way.settings.items()}
        after = judged(*rows, printed={CALL: 3}, **{"keep_roles": ("body",), **changed})
        assert after["paragraph_no"][line_no - 1] is not None, way
    assert set(ways[3].settings) == {"clean.threshold", "clean.min_outlet_articles"}


def test_a_line_printed_twice_needs_more_than_its_score() -> None:
    rows = (LEAD, "body", 0.9), (CALL, "chrome", 0.3), (CALL, "chrome", 0.2)
    ways = clean.ways_back(judged(*rows), Settings(), 1)
    way = ways[3].settings

    assert set(ways[2].settings) == {"clean.threshold"}
    assert set(way) == {"clean.threshold", "clean.min_repeat_words"}
    assert judged(*rows, threshold=0.2)["dropped_by"].to_list() == [None, None, "repeat:page"]
    changed = {name.removeprefix("clean."): value for name, value in way.items()}
    assert judged(*rows, **changed)["dropped_by"].to_list() == [None, None, None]


def test_a_field_is_kept_by_its_role_and_a_rule_of_the_outlet_by_a_pattern_alone() -> None:
    rules = OutletRules(outlet="herald.example", drop_lines=("letter",))
    lines = judged(("By Jane Holm", "byline", 0.2), (CALL, "body", 0.9), rules=rules)

    ways = clean.ways_back(lines, Settings(), 1)
    way = ways[2]

    assert ways[1].settings == {"clean.keep_roles": ["deck", "body", "subheading", "byline"]}
    assert (way.settings, way.why_not) == ({}, "the outlet's file has herald.example:drop_lines[0]")
    keeping = OutletRules(outlet="herald.example", drop_lines=("letter",), keep_lines=(way.keep_lines,))
    assert judged((CALL, "body", 0.9), rules=keeping)["paragraph_no"].to_list() == [1]


def test_rules_of_one_outlet_leave_another_alone() -> None:
    rules = OutletRules(outlet="courier.example", drop_lines=("letter",))

    assert judged((CALL, "body", 0.9), rules=rules)["dropped_by"].to_list() == [None]


@pytest.mark.parametrize(
    ("pattern", "complaint"), [("(", "no linear regex"), (r"(?=a)b", "no linear regex"), ("x*", "matches every line")]
)
def test_pattern_that_does_not_compile_in_linear_syntax_is_refused(pattern: str, complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        OutletRules(outlet="herald.example", drop_lines=(pattern,))


def test_example_that_comes_out_otherwise_is_refused() -> None:
    values = {
        "outlet": "herald.example",
        "drop_lines": ["^Read more"],
        "examples": [{"raw": "Read more books", "drop": False}],
    }

    with pytest.raises(ValidationError, match=r"should be kept, is herald.example:drop_lines\[0\]"):
        OutletRules.model_validate(values)


def test_hard_wrapped_lines_share_a_paragraph_and_are_dropped_together() -> None:
    rows = (LEAD, "body", 0.9), ("Nobody was hurt, the coast", "body", 0.8), ("guard said on the radio.", "body", 0.8)

    assert judged(*rows, continues=(3,))["paragraph_no"].to_list() == [1, 2, 2]
    one_of_two = judged(*rows, continues=(3,), printed={"guard said on the radio.": 9})
    both = judged(*rows, continues=(3,), printed={"guard said on the radio.": 9, "Nobody was hurt, the coast": 9})
    assert one_of_two["dropped_by"].to_list() == [None, None, None]
    assert both["dropped_by"].to_list() == [None, "repeat:outlet", "repeat:outlet"]


def test_line_that_goes_on_after_a_dropped_one_begins_a_paragraph() -> None:
    rules = OutletRules(outlet="herald.example", drop_lines=("^Nobody",))
    rows = (LEAD, "body", 0.9), ("Nobody was hurt, the coast", "body", 0.8), ("guard said on the radio.", "body", 0.8)

    assert judged(*rows, continues=(3,), rules=rules)["paragraph_no"].to_list() == [1, None, 2]


def test_switched_off_keeps_every_line_as_a_paragraph() -> None:
    lines = judged(("Ferry runs aground", "title", 0.4), (LEAD, "body", 0.9), ("Share this", "chrome", 0.0),
                   enabled=False)  # fmt: skip

    assert verdicts(lines) == [("title", None, 1), ("body", None, 2), ("chrome", None, 3)]


def test_fields_fill_what_the_metadata_left_open() -> None:
    rows: list[Row] = [
        ("Ferry runs aground", "title", 0.4),
        ("Hundreds taken ashore", "deck", 0.7),
        ("By Jane Holm", "byline", 0.2),
        ("Mar 4, 2024 10:28 AM", "date", 0.1),
        (LEAD, "body", 0.9),
        ("holm@herald.example", "byline", 0.1),
    ]

    filled = applied(document(), *rows)[0].row(0, named=True)
    known = applied(document(title="Aurora aground", byline="J. Holm", published_text="today"), *rows)[0]

    assert (filled["title"], filled["deck"], filled["byline"]) == (
        "Ferry runs aground", "Hundreds taken ashore", "Jane Holm"
    )  # fmt: skip
    assert filled["published_at"] == datetime(2024, 3, 4, 10, 28, tzinfo=UTC)
    assert filled["published_text"] == "Mar 4, 2024 10:28 AM"
    assert known.select("title", "byline", "published_at", "published_text").row(0) == (
        "Aurora aground", "J. Holm", None, "today"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "byline"),
    [
        ("By Jane Holm, Staff Writer", "Jane Holm"),
        ("By Jane Holm and Peter Berg", "Jane Holm, Peter Berg"),
        ("Von Anna Müller, Redakteurin", "Anna Müller"),
        ("By Staff Reporters", "Staff Reporters"),
    ],
)
def test_byline_field_names_persons_as_metadata_does(line: str, byline: str) -> None:
    found, _ = applied(document(), (line, "byline", 0.2), (LEAD, "body", 0.9))

    assert found["byline"].to_list() == [byline]


def test_byline_in_the_line_of_the_date_fills_the_byline() -> None:
    rows: list[Row] = [
        ("Ferry runs aground", "title", 0.4),
        ("by Jane Holm Mar 4, 2024 10:28 AM 1 min read", "date", 0.1),
        (LEAD, "body", 0.9),
        ("Peter Berg", "byline", 0.1),
    ]

    filled = applied(document(), *rows)[0].row(0, named=True)

    assert (filled["byline"], filled["published_at"]) == ("Jane Holm", datetime(2024, 3, 4, 10, 28, tzinfo=UTC))


def test_survey_counts_articles_that_print_a_line() -> None:
    table = documents(document("a1"), document("a2"), document("a4", outlet=None), document("a5"))
    lines = pl.concat(
        [scored_lines(name, (CALL, "body", 0.6), (CALL.lower(), "chrome", 0.1), (LONG, "body", 0.95))
         for name in ("a1", "a2", "a4")] + [scored_lines("a5", (SECOND, "body", 0.95))]
    )  # fmt: skip

    counts = clean.survey(table, clean.measured(lines), Settings())

    assert_frame_equal(counts, schemas.ordered(outlet_lines({CALL: 2, SECOND: 1}), schemas.OUTLET_LINES))


def test_empty_batch_is_a_batch() -> None:
    nothing = schemas.DOCUMENTS.empty(), clean.measured(schemas.SCORED_LINES.empty())

    after, lines = clean.apply(*nothing, schemas.OUTLET_LINES.empty(), {}, Settings(), AS_OF)

    assert_frame_equal(after, schemas.DOCUMENTS.empty())
    assert_frame_equal(lines, schemas.JUDGED_LINES.empty())
    assert_frame_equal(clean.survey(*nothing, Settings()), schemas.OUTLET_LINES.empty())


TEXTS = st.sampled_from([LEAD, SECOND, THIRD, CALL, CALL.upper(), LONG, "Ferry runs aground", "Share this", "3", "|"])
ROWS = st.lists(
    st.tuples(TEXTS, st.sampled_from(schemas.ROLES), st.sampled_from([0.0, 0.2, 0.49, 0.5, 0.89, 0.95])), max_size=8
)
PAGES = st.lists(st.tuples(ROWS, st.sampled_from(["herald.example", "courier.example", None])), max_size=5)
RULES = {
    "herald.example": OutletRules(outlet="herald.example", drop_lines=("^Share", "harbour"), keep_lines=("^Divers",))
}


def corpus(pages: list[tuple[list[Row], str | None]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    names = [f"a{position}" for position in range(len(pages))]
    table = documents(*[document(name, outlet) for name, (_, outlet) in zip(names, pages, strict=True)])
    lines = [
        scored_lines(name, *rows, continues=tuple(n for n in range(1, len(rows) + 1) if rows[n - 1][0] == "3"))
        for name, (rows, _) in zip(names, pages, strict=True)
    ]
    return table, clean.measured(pl.concat([schemas.SCORED_LINES.empty(), *lines]))


@settings(max_examples=40)
@given(PAGES, st.integers(0, 5), st.booleans())
def test_batching_never_changes_the_answer(pages: list[tuple[list[Row], str | None]], cut: int, on: bool) -> None:
    table, lines = corpus(pages)
    chosen = Settings(enabled=on, min_outlet_articles=2, min_sure_articles=3)
    printed = clean.survey(table, lines, chosen)

    whole = clean.apply(table, lines, printed, RULES, chosen, AS_OF)
    parts = [
        clean.apply(part, lines.join(part.select("article_id"), on="article_id"), printed, RULES, chosen, AS_OF)
        for part in (table[cut:].reverse(), table[:cut])
    ]

    for table_no, kind in enumerate((schemas.DOCUMENTS, schemas.JUDGED_LINES)):
        together = schemas.ordered(pl.concat([part[table_no] for part in parts]), kind)
        assert_frame_equal(together, schemas.ordered(whole[table_no], kind))


@settings(max_examples=40)
@given(PAGES)
def test_every_line_ends_in_exactly_one_place(pages: list[tuple[list[Row], str | None]]) -> None:
    table, lines = corpus(pages)
    chosen = Settings()

    out = clean.apply(table, lines, clean.survey(table, lines, chosen), RULES, chosen, AS_OF)[1]

    in_text, dropped = out["paragraph_no"].is_not_null(), out["dropped_by"].is_not_null()
    assert out.select("article_id", "line_no", "text", "score").equals(
        lines.sort("article_id", "line_no").select("article_id", "line_no", "text", "score")
    )
    assert not (in_text & dropped).any()
    assert set(out.filter(in_text)["role"]) <= set(chosen.keep_roles)
    assert set(out.filter(~in_text & ~dropped)["role"]) <= set(schemas.FIELD_ROLES)
    assert set(out.filter(dropped & (out["dropped_by"] != "repeat:title"))["role"]) <= {"chrome"}
    for numbers in out.filter(in_text).group_by("article_id").agg("paragraph_no")["paragraph_no"]:
        assert sorted(set(numbers)) == list(range(1, max(numbers) + 1))


Verdict = tuple[str, str | None, str]  # role, dropped_by, also_by


def is_story(role: str) -> bool:
    return role in (*clean.STORY_ROLES, "chrome")


def plain_verdicts(
    lines: list[dict[str, object]], outlet: str | None, printed: dict[tuple[str, str], int], chosen: Settings
) -> list[Verdict]:
    """The verdicts on the measured lines of one article, as the head of the module says them, line by line."""
    rules = RULES.get(outlet)
    drops = rules.drop_lines if rules else ()
    hits: list[dict[str, bool]] = []
    roles: list[str] = []
    units: list[int] = []
    often: dict[int, bool] = {}  # unit -> all of its lines are
    for line in lines:
        score, n_articles = line["score"], printed.get((outlet, line["line_hash"]), 0)
        role = "body" if line["role"] == "chrome" and score >= chosen.threshold else line["role"]
        is_often = n_articles >= chosen.min_outlet_articles and score < chosen.sure_score
        is_often |= n_articles >= chosen.min_sure_articles and line["n_words"] < chosen.max_sure_words
        units.append(units[-1] + (not line["continues"]) if units else 0)
        often[units[-1]] = often.get(units[-1], True) and is_often
        names = [clean.rule_name(outlet, "drop_lines", number) for number in range(len(drops))]
        found = {name: drop.strip("^") in line["text"] for name, drop in zip(names, drops, strict=True)}
        found["repeat:title"] = role == "title" and "title" in roles
        found["line_score"] = is_story(role) and (role == "chrome" or score < chosen.threshold)
        found["keep_roles"] = role in clean.STORY_ROLES and role not in chosen.keep_roles
        hits.append(found)
        roles.append(role)
    seen: set[tuple[str, bool]] = set()
    again: dict[int, bool] = {}
    for line, found, role, unit in zip(lines, hits, roles, units, strict=True):
        found["repeat:outlet"] = is_story(role) and often[unit]
        mark = line["line_hash"], not any(found.values())
        again[unit] = again.get(unit, True) and mark in seen and line["n_words"] >= chosen.min_repeat_words
        seen.add(mark)
    for found, role, unit in zip(hits, roles, units, strict=True):
        found["repeat:page"] = is_story(role) and again[unit]
    verdicts: list[Verdict] = []
    for line, found, role in zip(lines, hits, roles, strict=True):
        names = [name for name, holds in found.items() if holds]
        if rules and line["text"].startswith("Divers"):
            verdicts.append((role if role in chosen.keep_roles else "body", None, "; ".join(names)))
        elif names:
            stays_named = names[0] in ("repeat:title", "keep_roles")
            verdicts.append((role if stays_named else "chrome", names[0], "; ".join(names[1:])))
        else:
            verdicts.append((role, None, ""))
    return verdicts


@settings(max_examples=60)
@given(PAGES, st.sampled_from([("deck", "body", "subheading"), ("body", "caption")]))
def test_verdicts_are_those_of_a_plain_reading(
    pages: list[tuple[list[Row], str | None]], keep_roles: tuple[clean.TextRole, ...]
) -> None:
    table, lines = corpus(pages)
    chosen = Settings(min_outlet_articles=2, min_sure_articles=3, keep_roles=keep_roles)
    printed = clean.survey(table, lines, chosen)
    counts = {(outlet, line): n_articles for outlet, line, n_articles in printed.rows()}

    out = clean.apply(table, lines, printed, RULES, chosen, AS_OF)[1]

    for article, outlet in table.select("article_id", "outlet").rows():
        own = lines.filter(article_id=article).sort("line_no").to_dicts()
        got = out.filter(article_id=article).select("role", "dropped_by", pl.col("also_by").fill_null("")).rows()
        assert got == plain_verdicts(own, outlet, counts, chosen)
