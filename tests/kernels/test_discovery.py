"""Names seen in articles, and the pairs a reader should decide."""

import re
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels import discovery
from pipeline.kernels.discovery import common_words, proposals, seen_names
from pipeline.kernels.fold import fold_key
from pipeline.kernels.variants import relation

ARTICLES = [
    ("a1", "The lawmaker Seo Do-yun spoke of the harbour. Oleksandr Varenko met him, and so did Kim Mee-rae."),
    ("a2", "The lawmaker Seo Do Yun left the harbour with Olexandr Varenko."),
    ("a3", "The lawmaker Seo Do-yun was there; Mara Voss and Mario Voss were not."),
]
TABLE = [("kim-mi-rae", "Kim Mi-rae"), ("kim-mi-rae", "Kim Mirae"), ("mara-voss", "Mara Voss")]


def found(min_articles: int = 2, apart: frozenset[frozenset[str]] = frozenset()) -> list[tuple[str, str, str, str]]:
    seen = seen_names(ARTICLES, common_words(text for _, text in ARTICLES))
    return [(p.left, p.right, p.reason, p.person) for p in proposals(seen, TABLE, apart, min_articles=min_articles)]


# Letters that Python and polars know: not those of a later Unicode than one of them has.
KNOWN = st.characters(exclude_categories=["Cs", "Cn"])


@given(st.lists(st.text(st.one_of(KNOWN, st.sampled_from("abAB1½_ '’-–.İßΣ")), max_size=30), max_size=8))
def test_common_words_are_the_first_of_each_compound(texts):
    words = Counter(word for text in texts for word in re.findall(r"(?<![\w'’‐‑‒–−﹣－-])[^\W\d_]+", text))
    capital = Counter(word.lower() for word in words.elements() if word[0].isupper())

    assert common_words(texts) == {word for word, n in words.items() if word.islower() and n > capital[word]}


def test_spellings_are_proposed_with_the_reason_and_the_person_of_the_table():
    assert found() == [
        ("Seo Do-yun", "Seo Do Yun", "fold", ""),
        ("Oleksandr Varenko", "Olexandr Varenko", "respelling", ""),
        ("Kim Mi-rae", "Kim Mee-rae", "romanisation", "kim-mi-rae"),
    ]
    assert [left for left, *_ in found(min_articles=3)] == ["Seo Do-yun"]


def test_counts_articles_and_contexts_come_along():
    seen = seen_names(ARTICLES, frozenset())
    fold = proposals(seen, [], frozenset(), min_articles=2)[0]

    assert (fold.left_count, fold.right_count, fold.left_articles, fold.right_articles, fold.both_articles) == (
        2,
        1,
        2,
        1,
        0,
    )
    assert fold.left_context.startswith("… The lawmaker Seo Do-yun spoke")
    assert "Seo Do Yun left" in fold.right_context


def test_a_word_that_opens_a_sentence_is_no_first_name_where_the_rest_is_a_name_elsewhere():
    texts = [("a1", "Critics Ida Lind named were absent."), ("a2", "Karin Mara Voss was absent.")]

    assert [name.usual for name in seen_names(texts, frozenset()).values()] == ["Critics Ida Lind", "Karin Mara Voss"]
    assert list(seen_names(texts, frozenset(), ["Ida Lind"])) == ["idalind", "karinmaravoss"]
    elsewhere = seen_names([*texts, ("a3", "Nobody saw Ida Lind there.")], frozenset())
    assert elsewhere["idalind"].spellings.total() == 2


def test_capitals_and_genitives_are_no_spellings_of_their_own():
    texts = [
        ("a1", "Nobody saw Ida Lind there."),
        ("a2", "Then IDA LIND left the quay."),
        ("a3", "Er las Ida Linds Brief."),
        ("a4", "Nobody saw Ida LInd there, or Ida Lind."),
    ]
    seen = seen_names(texts, frozenset())

    assert [(p.left, p.right) for p in proposals(seen, [], frozenset(), min_articles=1)] == [("Ida Lind", "Ida LInd")]


def test_what_a_reader_has_kept_apart_is_not_asked_again():
    pair = frozenset({fold_key("Oleksandr Varenko"), fold_key("Olexandr Varenko")})

    assert [reason for _, _, reason, _ in found(apart=frozenset({pair}))] == ["fold", "romanisation"]


def test_blocks_lose_no_pair_of_a_small_table_and_few_of_a_cut_one(monkeypatch):
    names = [f"{first} {last}" for first in ("Kim Mi", "Kim Mee", "Omar", "Umar", "Ida", "Ida K.")
             for last in ("Rahmani", "Rachmani", "Lind", "Lindh", "Ho", "Hoh")]  # fmt: skip
    seen = seen_names([(str(n), f"Then {name} left early.") for n, name in enumerate(names)], frozenset())
    keys = {fold_key(name): name for name in names}
    expected = {frozenset((a, b)) for a in keys for b in keys if a < b and relation(keys[a], keys[b])}

    def pairs() -> set[frozenset[str]]:
        rows = proposals(seen, [], frozenset(), min_articles=1)
        return {frozenset((fold_key(row.left), fold_key(row.right))) for row in rows}

    assert pairs() == expected
    monkeypatch.setattr(discovery, "MAX_BLOCK", 5)
    assert pairs() <= expected
    assert len(pairs()) >= 0.9 * len(expected)
