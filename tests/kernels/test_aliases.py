"""Full names in text: found in every disguise, left alone where they are not the person."""

import pickle
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels.aliases import Alias, Mention, alias_table, full_mentions, rewritten, undone

NAMES = {
    "kim-jong-un": "Kim Jong Un",
    "kim-jong-il": "Kim Jong Il",
    "kim-yo-jong": "Kim Yo Jong",
    "kim-jong-nam": "Kim Jong Nam",
    "kim-il-sung": "Kim Il Sung",
    "fumio-kishida": "Fumio Kishida",
    "donald-trump": "Donald Trump",
    "donald-trump-jr": "Donald Trump Jr.",
    "george-hw-bush": "George H.W. Bush",
    "mlk": "Martin Luther King Jr.",
    "aung-san": "Aung San",
    "lula": "Luiz Inácio Lula da Silva",
    "wang-yi": "Wang Yi",
    "li-qiang": "Li Qiang",
    "vladimir-putin": "Vladimir Putin",
    "ho-chi-minh": "Ho Chi Minh",
}
OTHERS = [
    Alias("kim-jong-un", "Kim Chong-un"),
    Alias("kim-jong-un", "김정은", "native"),
    Alias("kim-jong-un", "金正恩", "native"),
    Alias("vladimir-putin", "Владимир Путин", "native"),
    Alias("fumio-kishida", "岸田文雄", "native"),
]
FAMILIES = {"kim-jong-un": "Kim", "fumio-kishida": "Kishida", "donald-trump": "Trump"}
TABLE = alias_table(
    [*(Alias(person, name, family=FAMILIES.get(person, "")) for person, name in NAMES.items()), *OTHERS],
    NAMES,
    {"kim-jong-un": frozenset({"missile"})},
)


def mentions(text: str) -> list[Mention]:
    (found,) = full_mentions([text], TABLE)
    return list(found)


def people(text: str) -> list[str | None]:
    return [mention.person_id for mention in mentions(text)]


@pytest.mark.parametrize(
    "surface",
    [
        "Kim Jong Un", "Kim Jong-un", "Kim Jong-Un", "KIM Jong Un", "KIM JONG UN", "Kim Jongun", "Kim Jong‑un",
        "Kim Jong–un", "Kim\u00a0Jong\u00a0Un", "Kim  Jong  Un", "Kim Jong\nUn", "Kim Jo\u00adng Un", "Kim Jŏng-ŭn",
        "Ｋｉｍ Ｊｏｎｇ Ｕｎ", "Kim Jong \u200bUn", unicodedata.normalize("NFD", "Kim Jŏng-ŭn"), "Kim Chong-un",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "frame",
    [
        "{} left by train.", "He met {}.", "“{}’s aides left,” she said.", "the {}-led delegation", "({})",
        "with {}; so",         "a pro-{} crowd", "{}'s sister", "…{}…", "d’{}, ", "{}/",
    ],
)  # fmt: skip
def test_a_name_is_found_with_exact_offsets_in_every_disguise(surface, frame):
    text = frame.format(surface)
    found = mentions(text)

    if frame == "{}/":
        assert found == []
        return
    assert [(mention.person_id, mention.surface, mention.issues) for mention in found] == [("kim-jong-un", surface, ())]
    assert text[found[0].start : found[0].end] == surface


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ("He met Kim Jong Un.", "exact"),
        ("He met Kim Jong-un.", "fold"),
        ("He met Kim Chong-un.", "alias"),
        ("그는 김정은을 만났다.", "alias"),
    ],
)
def test_the_method_says_how_far_the_surface_is_from_the_name(text, method):
    assert [mention.method for mention in mentions(text)] == [method]


@pytest.mark.parametrize(
    "text",
    [
        "See https://herald.example/kim-jong-un/ for more.",
        "See https://herald.example/people/Kim-Jong-Un for more.",
        "See https://herald.example/?who=Kim-Jong-Un",
        "See www.herald.example/visit-Kim-Jong-Un-russia",
        "Write to Kim.Jong.Un@herald.example today.",
        "Write to desk@Kim-Jong-Un.example today.",
        "Follow @KimJongUn and #KimJongUn.",
        "The file kim_jong_un.txt and Kim_Jong_Un.txt",
        "The file Kim-Jong-Un.jpg is gone.",
        "slug: Kim-Jong-Un-meets-delegation",
        "The skim Jong Un pattern, akimjongun and Akim Jong Un.",
        "Dr. Park-Kim Jong Un is somebody else.",
        "kim jong un in lower case",
        "Kim, Jong and Un were among the dogs.",
        "He met Kim. Jong Un was absent.",
        "Kim — Jong Un",
        "Kim Jong Un2 is a user name.",
        "Kim Jon-gun is another man.",
        "Wangyi and Liqiang are towns.",
        "Wang Yingluck said so; Li Qiangsheng too.",
        "They wang yi and li qiang.",
        "an Aung Sanctuary",
    ],
)
def test_never_touched(text):
    assert mentions(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Students at Kim Il Sung University watched.",
        "Workers gathered on Kim Il Sung Square.",
        "They teach at Kim Il Sung Higher Party School today.",
        "Er studierte an der Kim-Il-Sung-Universität in Pjöngjang.",
        "Flights left Ho Chi Minh City late.",
        "The USS Donald Trump was launched.",
        "A Kim Jong Un Missile test",
        "Il étudie à l’Université Kim Il-sung.",
    ],
)
def test_a_name_inside_another_name_counts_for_nobody(text):
    (mention,) = mentions(text)

    assert mention.issues == ("in_name",)
    assert mention.person_id is None
    assert len(mention.candidates) == 1
    assert not mention.may_rewrite


@pytest.mark.parametrize(
    ("text", "surface", "issues", "person"),
    [
        ("Prime Minister Fumio Kis hida spoke.", "Fumio Kis hida", ("split",), "fumio-kishida"),
        ("The leader Kim Jong-unexpressed regret.", "Kim Jong-un", ("glued",), "kim-jong-un"),
        ("The leader Kim Il Sungho left.", "Kim Il Sung", ("glued",), None),
        ("Er las Donald Trumps Brief.", "Donald Trump", ("glued",), "donald-trump"),
        ("A user KimJongUn wrote.", "KimJongUn", ("joined",), None),
        ("Aung San Suu Kyi spoke.", "Aung San", ("longer",), None),
        ("Then Donald Trump III spoke.", "Donald Trump", ("longer",), None),
        ("Then Donald Trump, Sr. spoke.", "Donald Trump", ("longer",), None),
        ("He saw Horace Donald Trump there.", "Donald Trump", ("left_cap",), "donald-trump"),
    ],
)
def test_what_is_doubtful_is_recorded_and_not_rewritten(text, surface, issues, person):
    (mention,) = mentions(text)

    assert (mention.surface, mention.issues, mention.person_id) == (surface, issues, person)
    assert mention.candidates == (() if person else mention.candidates)
    assert bool(mention.candidates) == (person is None)
    assert not mention.may_rewrite


@pytest.mark.parametrize(
    "text",
    [
        "On Monday Korean leader Kim Jong-un left.",
        "Supreme Leader Kim Jong-un left.",
        "Pyongyang’s Kim Jong-un left.",
        "Then Kim Jong-un Monday left for Russia.",
        "Despite Kim Jong-un the talks went on.",
        "Dann traf US-Präsident Kim Jong-un.",
        "It was over. Kim Jong-un left.",
        "KIM JONG-UN Visits Wonsan Again",
    ],
)
def test_titles_days_and_sentence_starts_are_no_part_of_the_name(text):
    (mention,) = mentions(text)

    assert (mention.person_id, mention.issues) == ("kim-jong-un", ())


def test_capitals_of_a_headline_stay_and_capitals_in_a_sentence_go():
    (headline,) = mentions("KIM JONG UN VISITS RUSSIA")
    (sentence,) = mentions("The agency said KIM JONG UN would visit Russia in the spring.")

    assert (headline.person_id, headline.may_rewrite) == ("kim-jong-un", False)
    assert (sentence.person_id, sentence.may_rewrite) == ("kim-jong-un", True)


def test_a_suffix_makes_another_person():
    assert people("Donald Trump and Donald Trump Jr. and Donald Trump, Jr. came.") == [
        "donald-trump",
        "donald-trump-jr",
        "donald-trump-jr",
    ]
    assert [mention.surface for mention in mentions("He quoted Martin Luther King, Jr.")] == ["Martin Luther King, Jr."]


def test_initials_may_have_dots_and_spaces():
    for surface in ("George H.W. Bush", "George H. W. Bush", "George HW Bush", "George H W Bush"):
        assert [mention.surface for mention in mentions(f"Then {surface} spoke.")] == [surface]


def test_native_names_are_found_without_spaces_and_never_rewritten():
    (mention,) = mentions("조선중앙통신은 김정은이 방문했다고 전했다")

    assert (mention.surface, mention.kind, mention.person_id) == ("김정은", "native", "kim-jong-un")
    assert not mention.may_rewrite
    assert [m.surface for m in mentions("岸田 文雄首相と金正恩氏")] == ["岸田 文雄", "金正恩"]
    assert people("Президент Владимир Путин прибыл") == ["vladimir-putin"]
    assert people("이김정은 씨") == []
    assert people(unicodedata.normalize("NFD", "김정은이")) == ["kim-jong-un"]
    assert people(unicodedata.normalize("NFD", "김정읁")) == []


def test_members_of_a_family_never_cross():
    text = "Kim Jong Un, Kim Jong-il, Kim Yo-jong, KIM JONG NAM and Kim Il-sung."

    assert people(text) == ["kim-jong-un", "kim-jong-il", "kim-yo-jong", "kim-jong-nam", "kim-il-sung"]


def test_one_key_belongs_to_one_person():
    with pytest.raises(ValueError, match="also kim-jong-un"):
        alias_table([Alias("kim-jong-un", "Kim Jong Un"), Alias("somebody", "Kim Jong-un")], NAMES | {"somebody": "X"})
    with pytest.raises(ValueError, match="empty"):
        alias_table([Alias("kim-jong-un", "—")], NAMES)


def test_homonyms_share_a_key_and_are_undecided():
    table = alias_table(
        [Alias("a", "Han Do-yun"), Alias("b", "Han Do Yun"), Alias("a", "Han Toyun")],
        {"a": "Han Do-yun", "b": "Han Do-yun"},
        homonyms={frozenset({"a", "b"})},
    )
    (found,) = full_mentions(["Han Do-yun met Han Toyun."], table)

    assert [(m.person_id, m.candidates, m.issues) for m in found] == [(None, ("a", "b"), ("ambiguous",)), ("a", (), ())]
    with pytest.raises(ValueError, match="also a"):
        alias_table([Alias("a", "Han Do-yun"), Alias("b", "Han Do Yun")], {"a": "Han Do-yun", "b": "Han Do Yun"})


@pytest.mark.parametrize(
    "surface", ["Luiz Inácio Lula Da Silva", "Luiz Inácio Lula dasilva", "LUIZ INACIO LULA DA SILVA"]
)
def test_particles_are_found_in_any_case(surface):
    assert [m.surface for m in mentions(f"Then {surface} spoke of the harbour.")] == [surface]


def test_a_short_name_that_is_split_is_recorded_and_undecided():
    (mention,) = mentions("Then Li Qi ang spoke.")

    assert (mention.surface, mention.issues, mention.person_id, mention.candidates) == (
        "Li Qi ang", ("split",), None, ("li-qiang",)
    )  # fmt: skip


def test_the_table_travels_between_processes():
    (found,) = full_mentions(["Kim Jong-un left."], pickle.loads(pickle.dumps(TABLE)))  # noqa: S301

    assert list(found) == mentions("Kim Jong-un left.")


PIECES = st.sampled_from(
    [
        "Kim Jong-un", "Kim Jong Un", "KIM JONG UN", "Fumio Kis hida", "Fumio Kishida", "Donald Trump", " Jr.", "Kim",
        " Il Sung", " University", "’s", " ", " ", ". ", ", ", "-", "\n", "김정은", "expressed", "é", "e\u0301", "😀",
        "\u200b", "the ", "Wang Yi", "@", "/", "ß", "ﬁ", "岸田 文雄", "Aung San", " Suu Kyi", "Ｋｉｍ Jong Un",
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=20).map("".join)


@given(st.lists(TEXTS, max_size=6))
def test_offsets_point_at_the_surface_and_neighbouring_texts_change_nothing(texts):
    found = full_mentions(texts, TABLE)

    assert [list(in_text) for in_text in found] == [mentions(text) for text in texts]
    for text, in_text in zip(texts, found, strict=True):
        assert [m.surface for m in in_text] == [text[m.start : m.end] for m in in_text]
        assert all(left.end <= right.start for left, right in pairwise(in_text))
        assert all((m.person_id is None) == bool(m.candidates) for m in in_text)


class Span:
    def __init__(self, start: int, surface: str, name: str | None) -> None:
        self.start, self.surface, self.name = start, surface, name


@given(TEXTS)
def test_rewriting_is_taken_back_byte_for_byte_and_a_second_run_changes_nothing(text):
    spans = [Span(m.start, m.surface, NAMES[str(m.person_id)]) for m in mentions(text) if m.may_rewrite]
    text_out = rewritten(text, spans)

    assert undone(text_out, spans) == text
    again = [Span(m.start, m.surface, NAMES[str(m.person_id)]) for m in mentions(text_out) if m.may_rewrite]
    assert rewritten(text_out, again) == text_out


@given(st.text(max_size=50), st.data())
def test_any_replacement_of_spans_is_taken_back(text, data):
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8)))
    names = st.none() | st.text(max_size=5)
    spans = [Span(left, text[left:right], data.draw(names)) for left, right in zip(cuts[::2], cuts[1::2], strict=False)]

    assert undone(rewritten(text, spans), spans) == text


@given(
    st.lists(
        st.sampled_from([*NAMES.values(), "Kim", "Jong", "Un", "said", "met", "and", "Donald", "Bush", "."]),
        max_size=15,
    )
)
def test_the_automaton_finds_what_a_plain_scan_finds(words):
    text = "; ".join(words)  # a semicolon ends every name: no neighbours, no gaps but the names' own

    plain = sorted(
        (start, start + len(name), person)
        for person, name in NAMES.items()
        for start in range(len(text))
        if text.startswith(name, start) and text[start + len(name) : start + len(name) + 1] in ("", ";")
    )

    assert [(m.start, m.end, m.person_id) for m in mentions(text)] == plain
