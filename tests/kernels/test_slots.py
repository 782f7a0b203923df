import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels.normalise import normal_forms
from pipeline.kernels.shingles import Words
from pipeline.kernels.slots import is_one_template, slots

GAME = (
    "{} FC came from behind to beat {} United {} on {}, with {} scoring in the {}th minute and {} adding a late winner."
)
SLOTTED = st.lists(st.lists(st.sampled_from(["Oslo", "beat", "Kim", "on", "3", "late"]), max_size=8), max_size=5)


def of(*texts):
    return slots(Words.from_lists(normal_forms(pl.Series(texts, dtype=pl.String))["words"]))


def judged(one, other, share=0.6):
    return bool(is_one_template(of(one, other), np.array([0]), np.array([1]), share)[0])


def test_a_report_of_another_game_in_the_same_words_is_one_template():
    one = GAME.format("Lindhaven", "Ostmark", "3-1", "Sunday", "Berg", "12", "Lund")
    other = GAME.format("Vellinge", "Kirkby", "2-0", "Friday", "Okafor", "88", "Weber")

    assert judged(one, other)
    assert not judged(
        one, one.replace("came from behind", "recovered").replace("12th", "13th").replace("Sunday", "Saturday")
    )


def test_two_differences_are_an_edit_and_three_among_many_alike_too():
    text = "Kim met Lee in Oslo and Berg in Rome, then Lund in Bonn and Weber in Bern, before Park left for Lima."

    assert not judged("Berg met Lund in Oslo", "Kim met Lund in Rome")
    assert not judged(text, text.replace("Oslo", "Graz").replace("Rome", "Linz").replace("Bonn", "Cork"))


def test_a_merged_paragraph_shares_no_slot_that_it_fills_differently():
    half = "The harbour of Lindhaven stays shut until Friday, said Anna Berg of the port authority."

    assert not judged(half, half + " In Ostmark, Peter Lund of the rival Kirkby line said Weber would sail on Monday.")


def test_text_without_names_or_figures_has_no_slots():
    found = of("", "nothing here is printed large", "사진은 평양에서 찍은 것이다", "2 of 3 wells")

    assert found.contexts.sizes.tolist() == found.fillings.sizes.tolist() == [0, 0, 0, 2]


@given(SLOTTED)
def test_slots_are_the_words_around_every_name_and_figure(rows):
    found = slots(Words.from_lists(pl.Series(rows, dtype=pl.List(pl.String))))

    for row, n_contexts, n_fillings in zip(rows, found.contexts.sizes, found.fillings.sizes, strict=True):
        folded = [None, *(word.casefold() for word in row), None]
        marked = [n for n, word in enumerate(row, start=1) if not word[0].islower()]
        assert n_contexts == len({(folded[n - 1], folded[n + 1]) for n in marked})
        assert n_fillings == len({tuple(folded[n - 1 : n + 2]) for n in marked})
