import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.kernels import normalise
from pipeline.kernels.normalise import exact_key, normal_forms

REST = "the port of Lindhaven will stay closed until the strike over night shifts is settled, officials said"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("“It’s over,” he said.", '"It\'s over," he said.'),
        ("The ferry — built in 1974 — sank.", "The ferry - built in 1974 - sank."),
        ("A co\u00adopera\u200btive of fishers", "A cooperative of fishers"),
        ("Ｔｈｅ ｈａｒｂｏｕｒ　ｂｏａｒｄ", "The harbor board"),
        ("Caf\u00e9 owners met", "Cafe\u0301 owners met"),
        ("The U.S. and the U.N. agreed", "The US and the UN agreed"),
        ("The United States agreed", "The U.S. agreed"),
        ("Prices rose 3.5%", "Prices rose 3.5 per cent"),
        ("Prices rose 3.5 percent", "Prices rose 3.5 %"),
        ("Mr. Okafor met Sen. Vance", "Okafor met Vance"),
        ("labour leaders favour the programme", "labor leaders favor the program"),
        ("They organised a theatre licence", "They organized a theater license"),
        ("The travelling workers were modelled", "The traveling workers were modeled"),
        ("Choi Min-ho spoke", "Choi Min Ho spoke"),
        ("about 1,234,567 people", "about 1234567 people"),
        ("seven ships on Sept. 12", "7 ships on September 12"),
        (f"LINDHAVEN, Norway (AP) — {REST}.", REST),
        (f"LINDHAVEN, March 3 (Reuters) - {REST}", REST),
        (f"Lindhaven (dpa/lno) – {REST}", REST),
        (f"(EFE).- {REST}", REST),
        (f"{REST}. (AP)", REST),
        (f"{REST} (AFP/dpa).", REST),
    ],
)
def test_two_ways_to_print_one_sentence_have_one_key(one, other):
    assert exact_key(one) == exact_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Rates rose 5.25 percent", "Rates rose 525 percent"),
        ("The won fell 12 points", "The won fell 21 points"),
        ("CHICAGO - Sunny, high of 71", "DENVER - Sunny, high of 71"),
        ("사진은 평양에서 찍은 것이다 (AP, 2024)", "서울 시청 앞 광장의 모습이다 (AP, 2024)"),
        ("日本と会談しない", "日本と会談した"),
        (f"{REST} (see map)", REST),
        ("He will go", "He will not go"),
    ],
)
def test_different_words_figures_and_short_lists_keep_their_own_key(one, other):
    assert exact_key(one) != exact_key(other)


def test_words_of_every_script_count():
    forms = normal_forms(
        pl.Series(["Straße Über Müller", "사진은 평양에서 찍은", "Она сказала: «нет»", "نعم، قال الوزير"])
    )

    assert forms["words"].to_list()[0] == ["Straße", "Über", "Müller"]
    assert forms["n_words"].to_list() == [3, 3, 3, 3]


def test_scripts_without_spaces_are_cut_into_pairs_that_count_half():
    forms = normal_forms(pl.Series(["東京で会談 held 2 days", "plain words"]))

    assert forms["words"].to_list() == [["東京", "京で", "で会", "会談", "held", "2", "days"], ["plain", "words"]]
    assert forms["n_words"].to_list() == [6, 2]


def test_figures_are_digits_and_number_words_each_once():
    forms = normal_forms(pl.Series(["One of five boats, 5 crews, 1,200 tons, 3.5 percent at 10:30.", "none"]))

    assert forms["figures"].to_list() == [["10:30", "1200", "3.5", "5"], []]


def test_figures_of_dateline_are_not_counted():
    assert normal_forms(pl.Series([f"LINDHAVEN, March 3 (Reuters) - {REST}"]))["figures"].to_list() == [[]]


def test_no_texts_give_no_rows_of_the_same_columns():
    empty = normal_forms(pl.Series([], dtype=pl.String))

    assert empty.schema == normal_forms(pl.Series(["Ein Satz"])).schema
    assert empty.height == 0


def test_a_long_run_of_combining_marks_is_capped():
    assert len(exact_key("a" + "\u0301" * 200_000)) < 100


@settings(max_examples=25)
@given(st.lists(st.text(max_size=60), max_size=5))
def test_a_text_has_the_same_forms_whatever_stands_beside_it(texts):
    together = normal_forms(pl.Series(texts, dtype=pl.String))

    for row, text in zip(together.iter_rows(), texts, strict=True):
        assert normal_forms(pl.Series([text])).row(0) == row


PIECES = ("LINDHAVEN", "Port Alma", "(AP)", "(dpa/lno)", " ", "  ", "-", "--", ":", ".", ", ", "March 3", "\n", REST)


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
@example(f"LINDHAVEN, Ostland, March 3 (Reuters) - {REST}")
@example(f"(AP): {REST} (Reuters)")
def test_no_dateline_and_no_credit_is_missed_by_the_look_before(text):
    folded = pl.Series("text", [text])

    plainly = folded.str.replace(normalise._DATELINE, "${1}").str.replace(normalise._CREDIT, "${1}")

    assert normalise._without_frame(folded).to_list() == plainly.to_list()


@settings(max_examples=50)
@given(st.text())
def test_keys_are_words_joined_by_single_spaces(text):
    key = exact_key(text)

    assert key == " ".join(key.split())
    assert not set(key) & set("\u200b\u00ad\"'-")
