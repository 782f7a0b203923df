"""Two written names: one spelling, perhaps one person, or nothing."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels import variants
from pipeline.kernels.variants import relation, rough, written_name


@pytest.mark.parametrize(
    ("left", "right", "reason"),
    [
        ("Mara Voß", "MARA VOSS", "fold"),
        ("Han Mi-rae", "Han Mirae", "fold"),
        ("President Han Mi-rae’s", "Han Mi Rae", "fold"),
        ("Han Mir-ae", "Han Mi-rae", None),
        ("Voss, Mara", "Mara Voss", "order"),
        ("Tanabe Kohei", "Kohei Tanabe", "order"),
        ("Paul Ryanson", "Ryanson Paul", None),
        ("Han Mi-rae", "Hahn Mee-rae", None),
        ("Kim Mi-rae", "Kim Mee-rae", "romanisation"),
        ("Choi Gyung-ho", "Choe Kyong Ho", "romanisation"),
        ("Kim Mi-rae", "Kim Mi-ran", None),
        ("Yevgeny Shchukin", "Jewgeni Schtschukin", "respelling"),
        ("Mohammed Karimi", "Muhammad Karimi", "respelling"),
        ("William Harland", "Bill Harland", "respelling"),
        ("J. Harland", "Jane Harland", "respelling"),
        ("Mario Conti", "Maria Conti", None),
        ("Ivan Petrov", "Ivana Petrova", None),
        ("Alexei Ornalny", "Julia Ornalnaya", None),
        ("Ida Lind", "Ida Maria Lind", "middle"),
        ("Ida Lind", "Karin Ida Lind", "middle"),
        ("Ida M. Lind", "Ida Maria Greta Lind", "middle"),
        ("George Walker Harland", "George H.W. Harland", None),
        ("Omar Rahmani", "Omar al-Rahmani", "particle"),
        ("Ida Lind Jr.", "Ida Lind", None),
        ("Ida Lind Jr.", "Ida Lind Junior", "fold"),
        ("Ida Lind", "Ида Линд", None),
        ("Lind", "Lindh", None),
        ("", "Ida Lind", None),
    ],
)
def test_relations(left, right, reason):
    assert relation(left, right) == reason
    assert relation(right, left) == reason


NAMES = st.lists(
    st.sampled_from(
        ["Kim", "Jong", "Un", "Il", "Mara", "Maria", "Voss", "al-", "bin", "Jr.", "H.", "ß", "김", ",", "’s"]
    ),
    max_size=5,
).map(" ".join)


@given(NAMES, NAMES)
def test_relations_have_no_side_and_every_name_is_itself(left, right):
    assert relation(left, right) == relation(right, left)
    assert relation(left, left) in ("fold", None)


@given(st.from_regex(r"[A-Za-z .-]{0,30}", fullmatch=True))
def test_a_plain_name_is_read_as_every_other_is(name):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(variants, "PLAIN", re.compile("(?!)"))
        expected = written_name.__wrapped__(name)

    assert written_name.__wrapped__(name) == expected


@given(st.from_regex(r"[a-z]{0,12}", fullmatch=True))
def test_a_word_without_h_sounds_as_if_all_sounds_were_looked_for(word):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(variants, "SOUNDS_WITHOUT_H", variants.SOUNDS)
        expected = rough.__wrapped__(word)

    assert rough.__wrapped__(word) == expected
