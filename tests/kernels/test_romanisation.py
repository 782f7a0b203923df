"""Korean names in Latin letters: what may be one name, what is another."""

from itertools import combinations

import pytest

from pipeline.kernels.romanisation import korean_readings, syllable_readings

KIMS = [
    "Jong Un",
    "Jong Il",
    "Yo Jong",
    "Jong Chol",
    "Jong Nam",
    "Jong Suk",
    "Il Sung",
    "Ju Ae",
    "Kyong Hui",
    "Jong Sik",
]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("kim jong un", "kim jeong eun"),
        ("kim jong un", "kim jung un"),
        ("kim jong un", "kim chong un"),
        ("kim jong un", "kim jongun"),
        ("kim jong un", "jong un kim"),
        ("lee sun sin", "yi sun shin"),
        ("park geun hye", "pak kun hye"),
        ("roh tae woo", "no tae u"),
        ("choe son hui", "choi sun hee"),
        ("yoon seok yeol", "yun sok yol"),
    ],
)
def test_one_name_in_two_romanisations(left, right):
    assert korean_readings(tuple(left.split())) & korean_readings(tuple(right.split()))


def test_the_members_of_a_family_are_of_different_classes():
    readings = [korean_readings(tuple(f"kim {given}".lower().split())) for given in KIMS]

    assert all(readings)
    assert all(left.isdisjoint(right) for left, right in combinations(readings, 2))


@pytest.mark.parametrize("name", ["fumio kishida", "kim", "kim campbell", "kim jong un ri", "park street station"])
def test_no_korean_name(name):
    assert not korean_readings(tuple(name.split()))


def test_a_joined_given_name_is_cut_in_every_way():
    assert syllable_readings("jongun") == [("con", "kon"), ("cong", "on")]
    assert syllable_readings("campbell") == []
