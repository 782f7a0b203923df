"""Golden values: whatever is stored under these hashes must be found again by every later version."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels import hashing


def test_golden_values():
    assert hashing.article_id("herald.example", "https://herald.example/a") == "942d7d28ce778b5ba140410f"
    assert hashing.article_id(None, "a.txt") == "7b1b2219c098d1f40193aad9"
    assert hashing.paragraph_id("0" * 24, "the ferry sailed", 0) == "255cc67d0d33d335f5383c59"
    assert hashing.text_hash("the ferry sailed") == "543f3563a8f63991c98485f8991f5091"
    assert hashing.run_hash(("a", "b")) == "175d3a81"
    assert hashing.content_hash(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(st.lists(st.text(st.characters(exclude_categories=()))))
def test_many_texts_are_hashed_as_one_is(texts):
    assert hashing.text_hashes(texts) == [hashing.text_hash(text) for text in texts]


def test_no_outlet_is_not_an_empty_outlet():
    assert hashing.article_id(None, "a") != hashing.article_id("", "a")


def test_parts_are_kept_apart():
    assert hashing.run_hash(("ab", "c")) != hashing.run_hash(("a", "bc"))


@pytest.mark.parametrize("text", ["", "\ud800", "최선희", "a" * 10_000])
def test_any_text_has_a_hash_of_32_hex_characters(text):
    assert len(hashing.text_hash(text)) == 32
