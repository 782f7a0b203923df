"""Stretches that may be names: whole, without titles, none in headlines and addresses."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels.name_spans import MAY_HOLD_NAMES, SPAN, name_spans

COMMON = frozenset({"ferry", "harbour"})


def surfaces(text: str) -> list[str]:
    return [span.surface for span in name_spans(text, COMMON)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("On Monday President Han Mi-rae met Tanabe Kohei’s aide.", ["Han Mi-rae", "Tanabe Kohei"]),
        ("However, Omar bin Rahmani and Omar al-Rahmani left early.", ["Omar bin Rahmani", "Omar al-Rahmani"]),
        ("Then George H.W. Harland and Ida Lind Jr. came to the quay.", ["George H.W. Harland", "Ida Lind Jr."]),
        ("The Ferry Harland Company said so; Sean O'Neill did not.", ["Sean O'Neill"]),
        ("Read https://herald.example/Ida-Lind and write to Ida.Lind@herald.example now.", []),
        ("The Port Alma University opened, and Ida Lind came.", ["Ida Lind"]),
        ("Ida Lind Visits Port Alma With Mara Voss", []),
        ("By Ana Petrova, who was at the quay.", ["Ana Petrova"]),
        ("BY ANA PETROVA, who was at the quay.", ["ANA PETROVA"]),
        ("PORT ALMA Ida Lind left the quay on Monday.", ["Ida Lind"]),
        ("PORT ALMA, where ferries are late.", []),
        ("KIM Mi Rae left the quay on Monday.", ["KIM Mi Rae"]),
        ("So Varga Governor Ida Lind left early.", ["Ida Lind"]),
        ("Auch Luxemburgs Außenminister Jens Kowal und AfD-Spitzenkandidat Bo Lind kamen.", ["Jens Kowal", "Bo Lind"]),
        ("The book of Martin Luther King was there.", ["Martin Luther King"]),
    ],
)
def test_names_in_sentences(text, found):
    assert surfaces(text) == found


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Critics Ida Lind named were absent.", "Ida Lind"),
        ("Then critics saw Karin Ida Lind there.", ""),
        ("Die lange Hochzeit von Ida Lind war teuer.", "Ida Lind"),
        ("Ida Lind was absent.", ""),
    ],
)
def test_what_may_stand_before_a_name_is_told_apart(text, rest):
    (span,) = name_spans(text, COMMON)

    assert span.rest == rest


@given(st.text(st.sampled_from("ABab .-’'\nÉé1@/Jr")))
def test_offsets_point_at_the_surface(text):
    for span in name_spans(text, COMMON):
        assert text[span.start : span.end] == span.surface
        assert span.surface.endswith(span.rest)


PIECES = st.sampled_from(
    [*"Aaeéßl.'’-–\u2011 \t\u00a0\u2003\x1c\x85\n9_", "al", "El", "Kim", "Jong-un", "O'Neill", "H.W.", "bin", "van der"]
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_every_text_with_a_stretch_may_hold_names(text):
    assert SPAN.search(text) is None or pl.Series([text]).str.contains(MAY_HOLD_NAMES).item()


@pytest.mark.parametrize(
    "text", ["Ida\u00a0Lind", "Omar al-Rahmani", "El-Sayed  Lind", "Ida\x1cvan der Lind", "É. Ünal"]
)
def test_a_stretch_may_have_any_space_and_particle(text):
    assert SPAN.search(text)
    assert pl.Series([text]).str.contains(MAY_HOLD_NAMES).item()
