"""Stretches that may be names: whole, without titles, none in headlines and addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels.name_spans import name_spans

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
    ],
)
def test_names_in_sentences(text, found):
    assert surfaces(text) == found


@given(st.text(st.sampled_from("ABab .-’'\nÉé1@/Jr")))
def test_offsets_point_at_the_surface(text):
    for span in name_spans(text, COMMON):
        assert text[span.start : span.end] == span.surface
