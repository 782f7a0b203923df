"""The fold: what it makes equal, what it keeps apart, and where each folded character comes from."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels.fold import fold_key, folded

SPELLED = st.text(st.sampled_from("KimJong-un’ŏéßﬁ김정은ᆨ\u0301\u200b\u00ad 😀𝐊ＫİıŁæ\u064e.,\n0"), max_size=40)


@pytest.mark.parametrize(
    "spelling",
    [
        "Kim Jong-un", "KIM JONG UN", "Kim Jong‑un", "Kim Jong–un", "Kim\u00a0Jong\u2009Un", "Kim Jong\u200bUn",
        "Ｋｉｍ Ｊｏｎｇ Ｕｎ", "Kim Jŏng-ŭn", "Kim J\u00adong Un", "𝐊𝐢𝐦 𝐉𝐨𝐧𝐠 𝐔𝐧",
    ],
)  # fmt: skip
def test_spellings_that_differ_in_form_only_have_one_key(spelling):
    assert fold_key(spelling) == "kimjongun"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Kim Jong Un", "Kim Jong Il"), ("Kim Jong-un", "Kim Jung-un"), ("ガ", "カ"), ("김", "기"), ("कि", "क"),
        ("Kishida", "Kishi"), ("Петров", "Петрова"),
    ],
)  # fmt: skip
def test_other_letters_have_another_key(left, right):
    assert fold_key(left) != fold_key(right)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Jun’ichirō", "junichiro"), ("İstanbul", "istanbul"), ("Işık", "isik"), ("Weiß", "weiss"), ("Łódź", "lodz"),
        ("ﬁnance", "finance"), ("Ærø", "aero"), ("Ёлка", "елка"), ("مُحَمَّد", "محمد"), ("-—’ …", ""),
    ],
)  # fmt: skip
def test_folded_forms(text, key):
    assert fold_key(text) == key


@given(st.text(max_size=60) | SPELLED)
def test_the_stream_is_the_key_and_every_character_knows_its_origin(text):
    stream = folded(text)

    assert stream.text == fold_key(text)
    assert len(stream.text) == len(stream.origins)
    assert "".join(fold_key(text[origin]) for origin in dict.fromkeys(stream.origins.tolist())) == stream.text
    assert stream.origins.tolist() == sorted(stream.origins.tolist())


@given(SPELLED)
def test_composed_and_decomposed_text_fold_alike(text):
    assert fold_key(unicodedata.normalize("NFC", text)) == fold_key(unicodedata.normalize("NFD", text))


def test_lone_surrogates_are_dropped():
    assert folded("Kim\ud800 Un").text == "kimun"
