"""The stage: tables in, tables out, people checked, the tracked files of people sound."""

import tomllib
from itertools import permutations
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from benchmarks import DATA
from pipeline import schemas
from pipeline.errors import ConfigError, PipelineError
from pipeline.kernels.aliases import form_key, full_mentions, undone
from pipeline.stages import names
from pipeline.stages.names import People, PeopleFile, Person, Settings, people_table

REPOSITORY = Path(__file__).resolve().parents[2]
FILES = [
    (str(file), PeopleFile.model_validate(tomllib.loads(file.read_text(encoding="utf-8"))))
    for file in sorted((REPOSITORY / "configs" / "names").glob("*.toml"))
]
PEOPLE = people_table(FILES, "default")
KIMS = [
    "kim-jong-un", "kim-jong-il", "kim-yo-jong", "kim-jong-chol", "kim-jong-nam", "kim-jong-suk", "kim-il-sung",
    "kim-ju-ae", "kim-kyong-hui",
]  # fmt: skip
Tables = tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]


def table(rows: list[dict[str, object]], declared: schemas.Table) -> pl.DataFrame:
    """Rows with the columns that matter; the others are null, or 0."""
    full = [{name: row.get(name) for name in declared.names} for row in rows]
    return pl.DataFrame(full, schema=declared.schema, orient="row")


def article(article_id: str, *lines: tuple[str, str], byline: str | None = None) -> Tables:
    """An article of lines `(role, text)`; deck, body and subheading lines are paragraphs."""
    line_rows: list[dict[str, object]] = []
    paragraph_rows: list[dict[str, object]] = []
    for line_no, (role, text) in enumerate(lines, start=1):
        in_text = role in ("deck", "body", "subheading")
        paragraph_no = len(paragraph_rows) + 1 if in_text else None
        dropped_by = "clean:chrome" if role == "chrome" else None
        line_rows.append(
            {"article_id": article_id, "line_no": line_no, "text": text, "role": role, "dropped_by": dropped_by,
             "paragraph_no": paragraph_no}
        )  # fmt: skip
        if in_text:
            paragraph_rows.append({"article_id": article_id, "paragraph_no": paragraph_no, "text": text})
    return (
        table([{"article_id": article_id, "byline": byline}], schemas.DOCUMENTS),
        table(line_rows, schemas.JUDGED_LINES),
        table(paragraph_rows, schemas.LINKED_PARAGRAPHS),
    )


def batch(*articles: Tables) -> Tables:
    documents, lines, paragraphs = (pl.concat(frames) for frames in zip(*articles, strict=True))
    return documents, lines, paragraphs


def named(*articles: Tables, people: People = PEOPLE, **chosen: object) -> tuple[pl.DataFrame, pl.DataFrame]:
    return names.apply(*batch(*articles), people, Settings.model_validate(chosen))


SUMMIT = article(
    "a1",
    ("title", "Kishida Vows To Meet Kim Jong-un"),
    ("byline", "By Mara Voss"),
    ("deck", "The premier repeats his offer, which Kim Jong-un has not answered."),
    ("caption", "Kim Yo-jong at a parade in Wonsan last autumn."),
    ("body", "Prime Minister Kishida Fumio said on Monday he would meet Kim Jong‑un without conditions."),
    ("body", "Kishida gave no date. The leader Kim Jong-unexpressed no interest."),
    ("body", "A statement by 최선희 followed; Kim’s sister was not named."),
    ("chrome", "Kim Jong Un in pictures"),
)
UNIVERSITY = article(
    "a2", ("title", "Students Gather"), ("body", "Students of Kim Il-sung University met Vladimir Poutine.")
)


def test_full_names_are_spelled_in_the_configured_style_and_everything_is_recorded():
    paragraphs, mentions = named(SUMMIT)

    assert paragraphs["text_out"].to_list() == [
        "The premier repeats his offer, which Kim Jong Un has not answered.",
        "Prime Minister Fumio Kishida said on Monday he would meet Kim Jong Un without conditions.",
        "Kishida gave no date. The leader Kim Jong-unexpressed no interest.",
        "A statement by 최선희 followed; Kim’s sister was not named.",
    ]
    columns = ["field", "paragraph_no", "line_no", "surface", "name", "kind", "method", "issues", "rewritten"]
    assert mentions.select(columns).rows() == [
        ("caption", None, 4, "Kim Yo-jong", "Kim Yo Jong", "full", "fold", [], False),
        ("text", 1, None, "Kim Jong-un", "Kim Jong Un", "full", "fold", [], True),
        ("text", 2, None, "Kishida Fumio", "Fumio Kishida", "full", "alias", [], True),
        ("text", 2, None, "Kim Jong‑un", "Kim Jong Un", "full", "fold", [], True),
        ("text", 3, None, "Kishida", "Fumio Kishida", "surname", "surname", [], False),
        ("text", 3, None, "Kim Jong-un", "Kim Jong Un", "full", "fold", ["glued"], False),
        ("text", 4, None, "최선희", "Choe Son Hui", "native", "alias", [], False),
        ("text", 4, None, "Kim", None, "surname", "surname", ["ambiguous"], False),
        ("title", None, 1, "Kim Jong-un", "Kim Jong Un", "full", "fold", [], False),
    ]
    assert mentions["candidates"].to_list()[-2] == ["kim-jong-un", "kim-yo-jong"]


def test_a_deck_in_the_text_is_mentioned_once_and_dropped_lines_never():
    _, mentions = named(SUMMIT)

    assert "deck" not in mentions["field"].to_list()
    assert mentions.filter(pl.col("line_no") == 8).is_empty()


def test_a_deck_outside_the_text_is_a_field():
    documents, lines, paragraphs = article("a1", ("deck", "Kim Jong-un has not answered the letter."))
    lines = lines.with_columns(pl.lit(None, dtype=pl.Int32).alias("paragraph_no"))

    _, mentions = names.apply(documents, lines, paragraphs.clear(), PEOPLE, Settings())

    assert mentions.select("field", "line_no", "surface").rows() == [("deck", 1, "Kim Jong-un")]


def test_bylines_block_bare_surnames_wherever_they_are_known_from():
    story = (("body", "Kim Jong Un spoke in Wonsan on Monday."), ("body", "Then Kim left."))

    def kim(*lines: tuple[str, str], byline: str | None = None) -> str | None:
        _, mentions = named(article("a", *lines, byline=byline))
        (person,) = mentions.filter(pl.col("kind") == "surname")["person_id"].to_list()
        return person

    assert kim(*story) == "kim-jong-un"
    assert kim(("byline", "Daniel Kim"), *story) is None
    assert kim(*story, byline="Daniel Kim") is None


def test_a_person_of_the_table_in_a_byline_is_a_mention():
    _, mentions = named(article("a", ("byline", "By Ban Ki Moon"), ("body", "The harbour froze over on Sunday.")))

    assert mentions.select("field", "person_id", "rewritten").rows() == [("byline", "ban-ki-moon", False)]


def test_a_name_inside_another_is_recorded_for_nobody_and_stays():
    paragraphs, mentions = named(UNIVERSITY)

    assert paragraphs["text_out"].to_list() == ["Students of Kim Il-sung University met Vladimir Putin."]
    assert mentions.select("surface", "person_id", "issues", "candidates").rows() == [
        ("Kim Il-sung", None, ["in_name"], ["kim-il-sung"]),
        ("Vladimir Poutine", "vladimir-putin", [], []),
    ]


def test_settings_switch_off_one_thing_each():
    off, none = named(SUMMIT, enabled=False)
    kept, kept_mentions = named(SUMMIT, rewrite="none")
    _, all_mentions = named(SUMMIT)
    _, full = named(SUMMIT, surnames="off")

    assert off["text_out"].to_list() == off["text"].to_list()
    assert none.is_empty()
    assert kept["text_out"].to_list() == kept["text"].to_list()
    assert_frame_equal(kept_mentions.drop("rewritten"), all_mentions.drop("rewritten"))
    assert not kept_mentions["rewritten"].any()
    assert_frame_equal(full, all_mentions.filter(pl.col("kind") != "surname"))


def test_an_empty_batch_gives_empty_tables():
    paragraphs, mentions = names.apply(
        schemas.DOCUMENTS.empty(), schemas.JUDGED_LINES.empty(), schemas.LINKED_PARAGRAPHS.empty(), PEOPLE, Settings()
    )

    assert paragraphs.schema == schemas.NAMED_PARAGRAPHS.schema
    assert mentions.schema == names.MENTIONS.schema
    assert paragraphs.is_empty()
    assert mentions.is_empty()


def test_a_missing_column_is_named():
    documents, lines, paragraphs = SUMMIT

    with pytest.raises(PipelineError, match="names: missing column 'role'"):
        names.apply(documents, lines.drop("role"), paragraphs, PEOPLE, Settings())


SENTENCES = st.sampled_from(
    [
        "Kim Jong-un met Fumio Kishida in Wonsan.", "Kim left early.", "Kishida said so.",
        "The clerk Daniel Kim agreed.", "Kim Yo-jong spoke; so did Kim.", "Students of Kim Il Sung University waited.",
        "KIM JONG UN VISITS RUSSIA", "Ice closed the harbour of Port Alma.",
        "Recep Tayyip Erdoğan called. Then Erdoğan left.", "김정은은 떠났다.",
        "Trump Tower is tall. Donald Trump said so, and Trump left.", "😀 Fumio Kis hida é Moammar Qaddafi",
        "Muammar Qaddafi left; Qaddafi’s son stayed, and QADDAFI too.",
        "Aung San, Ri Yong Ho and Kim Jong-unexpressed.",
    ]
)  # fmt: skip
ARTICLES = st.lists(
    st.lists(
        st.tuples(st.sampled_from(["body", "title", "caption", "byline", "deck", "chrome"]), SENTENCES), max_size=5
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=40)
@given(
    ARTICLES,
    st.randoms(use_true_random=False),
    st.fixed_dictionaries(
        {"rewrite": st.sampled_from(["full", "full+surname"]), "bearers": st.sampled_from(["before", "anywhere"])}
    ),
)
def test_batching_and_order_never_change_the_answer_and_every_change_can_be_undone(written, random, chosen):
    articles = [article(f"a{number}", *lines) for number, lines in enumerate(written)]
    whole_text, whole_mentions = named(*articles, **chosen)
    alone = [named(one, **chosen) for one in articles]
    documents, lines, paragraphs = batch(*articles)
    rows = list(range(paragraphs.height))
    random.shuffle(rows)
    under = Settings.model_validate(chosen)
    shuffled_text, shuffled_mentions = names.apply(documents, lines.reverse(), paragraphs[rows], PEOPLE, under)

    assert_frame_equal(pl.concat([text for text, _ in alone]), whole_text)
    assert_frame_equal(schemas.ordered(pl.concat([found for _, found in alone]), names.MENTIONS), whole_mentions)
    assert_frame_equal(shuffled_text, whole_text[rows])
    assert_frame_equal(shuffled_mentions, whole_mentions)
    texts = {(row["article_id"], row["paragraph_no"]): row for row in whole_text.iter_rows(named=True)}
    spans: dict[tuple[str, int], list[names.Replacement]] = {key: [] for key in texts}
    for row in whole_mentions.filter(pl.col("field") == "text").iter_rows(named=True):
        key = (row["article_id"], row["paragraph_no"])
        assert texts[key]["text"][row["start"] : row["end"]] == row["surface"]
        if row["rewritten"]:
            assert row["name"] != row["surface"]
            spans[key].append(names.Replacement(row["start"], row["surface"], row["name"]))
    for key, row in texts.items():
        assert undone(row["text_out"], spans[key]) == row["text"]
        assert (row["text_out"] == row["text"]) == (not spans[key])


def test_naming_twice_equals_naming_once():
    once, _ = named(SUMMIT, UNIVERSITY)
    again = once.with_columns(pl.col("text_out").alias("text")).drop("text_out")
    documents, lines, _ = batch(SUMMIT, UNIVERSITY)

    twice, mentions = names.apply(documents, lines, again, PEOPLE, Settings())

    assert twice["text_out"].to_list() == once["text_out"].to_list()
    assert not mentions["rewritten"].any()


# People files


def person(identity: str, name: str, **more: object) -> Person:
    return Person.model_validate({"id": identity, "family": "", "canonical": {"default": name}} | more)


def load(*people: Person, style: str = "default", source: str = "own work") -> People:
    return people_table([("configs/names/test.toml", PeopleFile(source=source, person=people))], style)


@pytest.mark.parametrize(
    ("people", "message"),
    [
        (
            [person("a", "Mara Voss"), person("b", "Mara Voß", aliases=["MARA VOSS"])],
            "b: 'Mara Voß' is a spelling of configs/names/test.toml a as well",
        ),
        ([person("a", "Mara Voss"), person("a", "Ida Lind")], "test.toml a: this id is taken by .*test.toml a"),
        (
            [person("a", "Mara Voss", never_merge=["b"]), person("b", "Ida Lind", aliases=["Mara-Voss"])],
            "test.toml b: 'Mara-Voss' breaks never_merge",
        ),
        ([person("a", "Mara Voss", never_merge=["c"]), person("cc", "Ida Lind")], "names 'c', whom no file knows"),
        ([person("a", "Mara Voss", never_merge=["a"])], "names the person itself"),
        ([person("a", "Mara Voss", homonyms=["c"])], "homonyms names 'c', whom no file knows"),
        ([person("a", "Mara Voss", aliases=["Voss"])], "test.toml a: 'Voss' is one word; write allow_single"),
        ([person("a", "Mara Voss", aliases=["—"])], "'—' has no letters"),
        ([person("a", "Mara Voss", native=["馬"])], "native '馬' is shorter"),
        ([person("a", "Mara Voss", family="Foss")], "family 'Foss' is no part of 'Mara Voss'"),
        ([person("a", "Mara Voss", canonical={"ap": "Mara Voss"})], "canonical has no 'default'"),
    ],
)
def test_people_who_contradict_each_other_are_refused(people, message):
    with pytest.raises(ConfigError, match=message):
        load(*people)


def test_a_style_nobody_has_is_refused_and_a_person_without_it_keeps_the_default():
    people = [person("a", "Mara Voss", canonical={"default": "Mara Voss", "ap": "M. Voss"}), person("b", "Ida Lind")]

    assert load(*people, style="ap").table.names == {"a": "M. Voss", "b": "Ida Lind"}
    with pytest.raises(ConfigError, match="nobody has the style 'apa'; there are ap, default, hyphen, joined, kp, kr"):
        load(*people, style="apa")
    assert people_table([], "anything").table.names == {}


def test_every_name_has_a_source():
    with pytest.raises(ConfigError, match=r"test\.toml a: no source"):
        load(person("a", "Mara Voss"), source="")
    assert load(person("a", "Mara Voss", source="the town's gazette"), source="").table.names


def test_one_word_names_need_leave():
    people = load(person("a", "Mara Voss", aliases=["Vossinha"], allow_single=True))

    assert [mention.person_id for mention in full_mentions(["Then Vossinha sang."], people.table)[0]] == ["a"]


def test_korean_styles_follow_the_rule_unless_the_style_is_given():
    people = [
        person("a", "Han Mi Rae", nation="kp"),
        person("b", "Seo Do-yun", nation="kr"),
        person("c", "Ida Mia Lind"),
        person("d", "Ryu A Ram", nation="kp", canonical={"default": "Ryu A Ram", "hyphen": "Ryu Aram"}),
    ]

    spelled = {
        style: list(load(*people, style=style).table.names.values()) for style in ("kp", "kr", "hyphen", "joined")
    }
    assert spelled == {
        "kp": ["Han Mi Rae", "Seo Do Yun", "Ida Mia Lind", "Ryu A Ram"],
        "kr": ["Han Mi-rae", "Seo Do-yun", "Ida Mia Lind", "Ryu A-ram"],
        "hyphen": ["Han Mi-rae", "Seo Do-yun", "Ida Mia Lind", "Ryu Aram"],
        "joined": ["Han Mirae", "Seo Doyun", "Ida Mia Lind", "Ryu Aram"],
    }


@pytest.mark.parametrize("style", ["british", "kp", "kr", "hyphen", "joined"])
def test_another_style_changes_what_is_written_and_nothing_that_was_found(style):
    told = (
        SUMMIT,
        UNIVERSITY,
        article("a3", ("body", "President Moon Jae-in left. Moon Jaein and Kim Chong-un agreed.")),
    )
    text, mentions = named(*told)
    other_text, other_mentions = named(*told, people=people_table(FILES, style))

    assert_frame_equal(other_text.drop("text_out"), text.drop("text_out"))
    assert_frame_equal(other_mentions.drop("name", "rewritten"), mentions.drop("name", "rewritten"))
    assert other_text["text_out"].to_list() != text["text_out"].to_list()
    assert other_mentions["name"].to_list() != mentions["name"].to_list()


def test_two_people_of_one_name_stay_undecided():
    people = load(
        person("a", "Han Do-yun", homonyms=["b"], native=["한도윤"]), person("b", "Han Do-yun", native=["한도윤"])
    )
    _, mentions = named(article("x", ("body", "The lawmaker Han Do-yun (한도윤) agreed.")), people=people)

    assert (
        mentions.select("person_id", "name", "issues", "candidates", "rewritten").rows()
        == [(None, None, ["ambiguous"], ["a", "b"], False)] * 2
    )


def test_another_file_may_add_spellings_and_keep_spellings_apart():
    files = [
        ("people.toml", PeopleFile(source="own work", person=(person("a", "Ida Lind", family="Lind"),))),
        ("more.toml", PeopleFile.model_validate(
            {"source": "a reader", "never_merge": [["Ida Lind", "Ada Lind"]],
             "alias": [{"person": "a", "forms": ["Ida Lindh"], "native": ["이다 린드"]}]}
        )),
    ]  # fmt: skip
    people = people_table(files, "default")

    assert [m.person_id for m in full_mentions(["Ida Lindh and 이다 린드 left."], people.table)[0]] == ["a", "a"]
    assert people.families == {"a": frozenset({"lind", "lindh"})}
    assert people.apart == {frozenset({"idalind", "adalind"})}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"source": "x", "alias": [{"person": "b", "forms": ["Ida Lind"]}]}, "more.toml alias: person names 'b', whom"),
        ({"alias": [{"person": "a", "forms": ["Ida Lind"]}]}, "more.toml alias: no source"),
        ({"source": "x", "alias": [{"person": "a", "forms": ["Lind"]}]}, "more.toml alias: 'Lind' is one word"),
        ({"never_merge": [["Ada Lind", "ADA-LIND"]]}, "more.toml never_merge: 'Ada Lind' and 'ADA-LIND' are both one"),
        ({"never_merge": [["Mara Voss", "Mara Foss"]]}, "'Mara Voss' and 'Mara Foss' are both spellings of a"),
    ],
)
def test_a_file_that_adds_to_people_is_checked_too(more, message):
    files = [
        ("people.toml", PeopleFile(source="own work", person=(person("a", "Mara Voss", aliases=["Mara Foss"]),))),
        ("more.toml", PeopleFile.model_validate(more)),
    ]

    with pytest.raises(ConfigError, match=message):
        people_table(files, "default")


def test_a_settled_family_name_is_rewritten_when_asked_and_taken_back():
    told = article(
        "a",
        ("body", "Muammar Qaddafi spoke on Monday."),
        ("body", "Qaddafi left; the police saw QADDAFI. Then Usama bin Ladin called."),
        ("body", "Bin Ladin wrote to Qaddafi’s son."),
    )
    text, mentions = named(told, rewrite="full+surname")

    assert text["text_out"].to_list() == [
        "Moammar Gadhafi spoke on Monday.",
        "Gadhafi left; the police saw QADDAFI. Then Osama bin Laden called.",
        "Bin Laden wrote to Gadhafi’s son.",
    ]
    written = mentions.filter(pl.col("rewritten") & (pl.col("kind") == "surname"))
    assert written["name"].to_list() == ["Gadhafi", "Bin Laden", "Gadhafi"]
    for row in text.iter_rows(named=True):
        own = mentions.filter((pl.col("paragraph_no") == row["paragraph_no"]) & pl.col("rewritten"))
        spans = [names.Replacement(*values) for values in own.select("start", "surface", "name").iter_rows()]
        assert undone(row["text_out"], spans) == row["text"]


def test_the_full_name_may_come_after_when_asked():
    told = article("a", ("body", "Kishida gave no date."), ("body", "Prime Minister Fumio Kishida left."))
    _, before = named(told)
    _, anywhere = named(told, bearers="anywhere")

    assert before["person_id"].to_list() == [None, "fumio-kishida"]
    assert before["issues"].to_list()[0] == ["early"]
    assert anywhere["person_id"].to_list() == ["fumio-kishida"] * 2


def test_the_family_name_follows_the_spelling_of_the_alias():
    people = load(person("a", "Moammar Gadhafi", family="Gadhafi", aliases=["Muammar al-Qaddafi", "Colonel of Sirte"]))
    told = article("a", ("body", "Muammar al-Qaddafi spoke on Monday."), ("body", "Then Qaddafi left, not Gadhafi."))
    _, mentions = named(told, people=people)

    assert people.families == {"a": frozenset({"gadhafi", "qaddafi"})}
    assert mentions.filter(pl.col("kind") == "surname").select("surface", "person_id").rows() == [("Qaddafi", "a")]


# The files that come with copydesk


def test_900_people_each_found_by_every_spelling_as_themselves():
    assert len(PEOPLE.table.names) > 900
    for _, file in FILES:
        for listed in file.person:
            forms = [*listed.canonical.values(), *listed.aliases, *listed.native]
            for form, found in zip(forms, full_mentions([f"… {form}, …" for form in forms], PEOPLE.table), strict=True):
                persons = [mention.person_id or mention.candidates for mention in found]
                assert persons == [tuple(sorted([listed.id, *listed.homonyms])) if listed.homonyms else listed.id], form


def test_no_listed_alias_says_what_the_fold_key_knows():
    for _, file in FILES:
        for listed in file.person:
            known = [form_key(form) for form in listed.canonical.values()]
            for alias in listed.aliases:
                key, breaks = form_key(alias)
                assert not any(key == other and breaks <= others for other, others in known), alias
                known.append((key, breaks))


def test_the_kim_family_never_crosses():
    spellings: dict[str, set[str]] = {}
    for _, file in FILES:
        for listed in file.person:
            if listed.id in KIMS:
                forms = {*listed.canonical.values(), *listed.aliases, *listed.native}
                three = [form.replace("-", " ").split() for form in forms if len(form.replace("-", " ").split()) == 3]
                forms |= {f"{family} {first}{join}{last}" for family, first, last in three for join in ("-", " ", "")}
                spellings[listed.id] = forms | {form.upper() for form in forms}
                assert set(listed.never_merge) >= set(KIMS) - {listed.id}
    assert sorted(spellings) == sorted(KIMS)
    for left, right in permutations(KIMS, 2):
        for form in spellings[left]:
            text = f"The agency said that {form} had met {sorted(spellings[right])[0]}, and nobody else."
            (found,) = full_mentions([text], PEOPLE.table)
            decided = [mention.person_id for mention in found if mention.person_id]
            assert decided in ([left, right], [right]), text


@pytest.mark.bench
@pytest.mark.skipif(not (DATA / "seeds" / "names.json").is_file(), reason="needs COPYDESK_BENCH/seeds")
def test_real_pages_every_full_name_right_no_surname_wrong():
    from benchmarks.names import seed_counts

    counts = seed_counts(DATA / "seeds", PEOPLE)

    assert (counts["full_right"], counts["full_wrong"]) == (48, 0)
    assert counts["surname_right"] >= 27
    assert (counts["surname_wrong"], counts["undecidable_wrong"]) == (0, 0)
