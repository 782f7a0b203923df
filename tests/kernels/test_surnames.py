"""Bare family names: one bearer named in full before, or nobody."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels import surnames as surname_module
from pipeline.kernels.aliases import Alias, alias_table, full_mentions
from pipeline.kernels.surnames import Passage, surname_mentions

PEOPLE = {
    "kim-jong-un": ("Kim Jong Un", "Kim"),
    "kim-yo-jong": ("Kim Yo Jong", "Kim"),
    "fumio-kishida": ("Fumio Kishida", "Kishida"),
    "recep-erdogan": ("Recep Tayyip Erdogan", "Erdogan"),
    "moon-jae-in": ("Moon Jae-in", "Moon"),
    "donald-trump": ("Donald Trump", "Trump"),
    "osama-bin-laden": ("Osama bin Laden", "bin Laden"),
    "bashar-assad": ("Bashar Assad", "Assad"),
    "aung-san": ("Aung San", ""),
    "hillary-clinton": ("Hillary Clinton", "Clinton"),
    "theresa-may": ("Theresa May", "May"),
}
TABLE = alias_table(
    [Alias(person, name, family=family) for person, (name, family) in PEOPLE.items()]
    + [Alias("bashar-assad", "Bashar al-Assad", family="Assad"), Alias("kim-jong-un", "김정은", "native", "Kim")],
    {person: name for person, (name, _) in PEOPLE.items()},
)
FAMILIES = {person: frozenset({family.replace(" ", "").lower()}) for person, (_, family) in PEOPLE.items() if family}


def surnames(*texts: str, byline: str = "", byline_passage: str = "") -> list[tuple[str, str | None, tuple[str, ...]]]:
    """Surface, person, issues of every bare family name of an article."""
    written = [byline_passage, *texts] if byline_passage else list(texts)
    full = full_mentions(written, TABLE)
    passages = [
        Passage(text, found, is_byline=bool(byline_passage) and place == 0)
        for place, (text, found) in enumerate(zip(written, full, strict=True))
    ]
    bare = surname_mentions(passages, FAMILIES, byline)
    for text, found in zip(written, bare, strict=True):
        assert [mention.surface for mention in found] == [text[mention.start : mention.end] for mention in found]
    return [(mention.surface, mention.person_id, mention.issues) for found in bare for mention in found]


@pytest.mark.parametrize(
    "text",
    [
        "Kishida told reporters he was ready.",
        "The visit was over. Kishida left.",
        "However, Kishida left.",
        "Prime Minister Kishida said as much at the quay.",
        "Japanese Prime Minister Kishida left.",
        "Mr. Kishida left.",
        "Critics of Kishida’s plan left.",
        "The Kishida-led government left.",
        "But Kishida Monday left.",
        "“Kishida lost,” she said.",
        "Yet Kishida expressed doubts.",
        "Dann reiste Regierungschef Kishida ab.",
    ],
)
def test_the_only_bearer_is_meant(text):
    assert surnames("Fumio Kishida spoke.", text) == [("Kishida", "fumio-kishida", ())]


def test_two_bearers_settle_nothing():
    found = surnames(
        "Kim Jong-un’s sister Kim Yo Jong spoke.",
        "Nobody in the harbour office expects Kim to write.",
        "Kim’s letter is late.",
    )

    assert found == [("Kim", None, ("ambiguous",))] * 2


@pytest.mark.parametrize(
    "text",
    [
        "The clerk Daniel Kim agreed.",
        "Daniel Kim agreed.",
        "Lawmaker Kim Tae-ho agreed.",
        "Then J. Kim agreed.",
    ],
)
def test_a_stranger_of_the_same_name_blocks_it(text):
    assert surnames("Kim Jong Un spoke.", text, "Kim left.") == [("Kim", None, ("ambiguous",))]


def test_a_byline_blocks_it_and_names_nobody():
    article = ("Kim Jong Un spoke in Wonsan.", "Kim left.")

    assert surnames(*article) == [("Kim", "kim-jong-un", ())]
    assert surnames(*article, byline="Daniel Kim and Mara Voss") == [("Kim", None, ("ambiguous",))]
    assert surnames(*article, byline_passage="By DANIEL KIM") == [("Kim", None, ("ambiguous",))]
    assert surnames(*article, byline="Mara Voss") == [("Kim", "kim-jong-un", ())]


def test_a_full_name_that_goes_on_is_a_stranger():
    assert surnames("Donald Trump spoke.", "Donald Trump III agreed.", "Then Trump left.") == [
        ("Trump", None, ("ambiguous",))
    ]


def test_before_the_full_name_nothing_is_settled():
    assert surnames("Ministers expect Kishida to go.", "Fumio Kishida spoke.") == [("Kishida", None, ("early",))]


def test_nobody_is_named_without_a_full_name():
    assert surnames("Lee opens the new ferry terminal.", "Kishida was there.") == []


def test_a_native_name_is_a_full_name():
    assert surnames("조선의 김정은.", "Then Kim left.") == [("Kim", "kim-jong-un", ())]


@pytest.mark.parametrize(
    "text",
    [
        "They met at Trump Tower on Monday.",
        "See https://herald.example/Trump and desk@Trump.example and @Trump.",
        "The Trump-Putin meeting was short.",
        "The Trump family came.",
        "The Trumps came.",
        "Voters Punish Trump Allies Across Midwest",
        "The trump card was played.",
        "She won the Trump Prize twice.",
    ],
)
def test_other_names_families_addresses_and_headlines_are_nobody(text):
    assert surnames("Donald Trump spoke.", text) == []


@pytest.mark.parametrize("text", ["Another Trump will come.", "Voters saw Mrs. Trump there."])
def test_relatives_and_eponyms_are_left_open(text):
    assert surnames("Donald Trump spoke.", text) == [("Trump", None, ("ambiguous",))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A full moon rose.", []),
        ("Moon landings were not discussed.", []),
        ("The Moon was bright.", []),
        ("Moon said the talks were useful.", ["moon-jae-in"]),
        ("The Moon administration agreed.", ["moon-jae-in"]),
        ("Then aides to Moon agreed.", ["moon-jae-in"]),
        ("Moon’s aides agreed.", ["moon-jae-in"]),
    ],
)
def test_family_names_that_are_words_need_more(text, expected):
    assert [person for _, person, _ in surnames("Moon Jae-in spoke.", text)] == expected


def test_the_spelling_of_the_article_is_followed():
    assert surnames("Recep Tayyip Erdoğan spoke.", "Then Erdoğan left.") == [("Erdoğan", "recep-erdogan", ())]
    assert surnames("KISHIDA was out. FUMIO KISHIDA spoke to the press today.", "Then Kishida left.") == [
        ("KISHIDA", None, ("early",)),
        ("Kishida", "fumio-kishida", ()),
    ]
    assert surnames("Fumio Kis hida spoke.", "Then Kishida left.") == [("Kishida", "fumio-kishida", ())]


def test_family_names_of_two_words_and_with_an_article():
    assert surnames("Osama bin Laden spoke.", "Bin Laden left; bin Laden is gone.") == [
        ("Bin Laden", "osama-bin-laden", ()),
        ("bin Laden", "osama-bin-laden", ()),
    ]
    assert surnames("Bashar al-Assad spoke.", "Troops of al-Assad left.") == [("Assad", "bashar-assad", ())]


def test_names_that_are_never_shortened():
    assert surnames("Aung San spoke.", "Then San left, and Aung too.") == []


def test_a_name_inside_an_institution_bears_nothing():
    assert surnames("Students of Donald Trump University spoke.", "Then Trump left.") == []


@pytest.mark.parametrize(
    ("text", "persons"),
    [
        ("May said she would go.", ["theresa-may"]),
        ("Prime Minister May left.", ["theresa-may"]),
        ("Then May’s letter came.", ["theresa-may"]),
        ("The vote was in May.", []),
        ("On Thursday, May 11, the vote was lost.", []),
        ("The next debate, early May was told, would be short.", []),
        ("It rained all May long.", []),
    ],
)
def test_a_family_name_that_is_a_month_needs_a_cue_anywhere(text, persons):
    assert [person for _, person, _ in surnames("Theresa May spoke.", text)] == persons


def test_before_or_anywhere():
    texts = ["Kishida gave no date.", "Prime Minister Fumio Kishida left."]
    passages = [Passage(text, found) for text, found in zip(texts, full_mentions(texts, TABLE), strict=True)]

    assert [m.issues for m in surname_mentions(passages, FAMILIES)[0]] == [("early",)]
    assert [m.person_id for m in surname_mentions(passages, FAMILIES, before=False)[0]] == ["fumio-kishida"]


@given(
    st.lists(st.sampled_from(["Kim", "KIM", "bin Laden", "Laden", "Bin", "al-", "-", "'", "’s", ".", " ", "a", "–B"])),
    st.sets(st.sampled_from(["Kim", "KIM", "bin Laden", "Laden", "Bin", "Kim Bin"]), min_size=1),
)
def test_names_stand_where_one_pattern_of_all_finds_them(pieces, spellings):
    text = "".join(pieces)
    longest_first = "|".join(sorted(spellings, key=len, reverse=True))
    pattern = re.compile(f"{surname_module.BEFORE.pattern}(?:{longest_first}){surname_module.AFTER.pattern}")

    assert surname_module._places(text, frozenset(spellings)) == [found.span() for found in pattern.finditer(text)]
