import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.kernels import line_features
from pipeline.kernels.line_features import (
    TEXT_NAMES,
    WORD_SLOTS,
    layout,
    text_features,
)
from pipeline.kernels.words import fold

NO_WORDS = np.zeros(WORD_SLOTS, bool)
STORY = [
    "The ferry Aurora ran aground outside Lindholm harbour early on Tuesday, and 212 passengers were taken ashore.",
    "Nobody was hurt, the coast guard said, but two crew members were treated for shock at the county hospital.",
    "“We felt a long scraping sound and then everything stopped,” said Marta Lind, who was on her way to work.",
]
MENU = ["Home", "News", "Log in", "© 2024 The Herald. All rights reserved."]

texts = st.lists(
    st.one_of(st.sampled_from(STORY + MENU), st.text(min_size=1, max_size=40).map(lambda text: text.strip() or "x")),
    max_size=12,
)


def features(*pages):
    return text_features(pages, NO_WORDS)


def column(found, name):
    return found.values[:, TEXT_NAMES.index(name)].tolist()


def test_words_sentences_and_repeats_are_counted():
    found = features(["By Jane Holm", STORY[0], "火曜日の早朝、座礁した。", "BY JANE HOLM", "* * *"])

    assert found.n_words.tolist() == [3, 17, 5, 3, 0]
    assert found.is_sentence.tolist() == [False, True, True, False, False]
    assert found.is_prose.tolist() == [False, True, False, False, False]
    assert found.repeats.tolist() == [1, 0, 0, 1, 0]


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("He said it.”", "end of a sentence", 1.0),
        ("Ends so.') ", "end of a sentence", 0.0),
        ("She left. Then he did!", "sentences inside", np.log1p(1)),
        ("Related:", "colon end", 1.0),
        ("a, b、c", "commas", np.log1p(2)),
        ("Jane Holm wrote", "capitalised words", 2 / 3),
        ("ABc", "capital letters", 2 / 3),
        ("call 555", "figures", 3 / 8),
        ("• First point", "bullet", 1.0),
        ("1. First point", "bullet", 1.0),
        ("1.5 million", "bullet", 0.0),
        ("News » Sport", "symbols", 1.0),
        ("Mar 4, 2024", "short date", 1.0),
        ("at 10:28", "short date", 1.0),
        ("Room 12", "short date", 0.0),
        ("desk@herald.example", "address", 1.0),
        ("https://herald.example", "address", 1.0),
        ("“Never,” she said", "opening quote", 1.0),
        ("and then", "lower start", 1.0),
    ],
)
def test_form_of_a_line(line, name, value):
    assert column(features([line]), name) == [pytest.approx(value)]


def test_story_block_is_the_run_of_prose_and_what_holds_it_together():
    found = features([*MENU, *STORY[:2], "Fined twice", STORY[2], *MENU])

    assert column(found, "in the story block") == [0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0]
    assert column(found, "distance from the story block")[:5] == pytest.approx([-np.log1p(n) for n in (4, 3, 2, 1, 0)])


def best_run(gains):
    """(first, end) of the run with the largest sum, the shortest and first of those alike; (0, 0) for none above 0."""
    best, found = 0.0, (0, 0)
    for end in range(1, len(gains) + 1):
        for first in range(end - 1, -1, -1):
            if sum(gains[first:end]) > best:
                best, found = sum(gains[first:end]), (first, end)
    return best, found


@given(st.lists(st.lists(st.tuples(st.integers(0, 90), st.booleans()), max_size=10), max_size=5))
def test_story_block_has_the_largest_sum_of_all_runs_of_its_page(pages):
    where = layout([len(page) for page in pages])
    n_words = np.array([words for page in pages for words, _ in page], np.int64)
    is_prose = np.array([prose for page in pages for _, prose in page], bool)
    inside, distance = line_features._story_block(where, n_words, is_prose)

    for number, page in enumerate(pages):
        start, end = where.first[number : number + 2]
        gains = [min(words, 80) if prose else -8.0 if words <= 2 else -6.0 for words, prose in page]
        marked = np.flatnonzero(inside[start:end])
        assert sum(gains[i] for i in marked) == best_run(gains)[0]
        assert list(marked) == list(range(marked[0], marked[-1] + 1)) if len(marked) else True
        assert (distance[start:end][inside[start:end]] == 0).all()


def test_words_of_the_story_speak_for_a_line_elsewhere():
    found = features([*STORY, "Aurora stood outside Lindholm harbour", "Buy cheap garden furniture today"])

    assert column(found, "on topic")[3] == pytest.approx(4 / 5)
    assert column(found, "on topic")[4] == 0.0


def test_function_words_are_no_topic_and_count_as_such():
    slots = text_features([["outside"]], NO_WORDS).word_slots
    marks = NO_WORDS.copy()
    marks[slots] = True

    found = text_features([[*STORY, "Outside Lindholm"]], marks)

    assert column(found, "function words")[3] == 0.5
    assert column(found, "on topic")[3] == 1.0


def test_cues_are_first_words_pairs_last_words_and_short_lines():
    found = features(["Read more now", "read MORE now"])
    slots = [sorted(found.cue_slots[found.cue_lines == line].tolist()) for line in (0, 1)]

    assert slots[0] == slots[1]
    assert len(slots[0]) == 3 + 2 + 3 + 1 + 1


@settings(max_examples=60, deadline=None)
@given(st.lists(texts, min_size=1, max_size=5))
def test_a_page_has_the_same_features_alone_and_among_others(pages):
    together = features(*pages)

    for number, page in enumerate(pages):
        rows = slice(*together.layout.first[number : number + 2])
        alone = features(page)
        assert np.array_equal(alone.values, together.values[rows])
        cues = together.cue_slots[(together.cue_lines >= rows.start) & (together.cue_lines < rows.stop)]
        assert sorted(alone.cue_slots) == sorted(cues)


@given(texts)
def test_every_number_is_finite(page):
    assert np.isfinite(features(page).values).all()


def test_pages_without_lines_are_no_trouble():
    found = features([], STORY, [])

    assert found.values.shape == (3, len(TEXT_NAMES))
    assert features([]).values.shape == (0, len(TEXT_NAMES))


def test_pages_of_many_words_have_the_same_features_alone_and_among_others():
    random = np.random.default_rng(5)
    syllables = ["ka", "lo", "mir", "tan", "ves", "dor", "pul", "sey"]
    many = [
        [" ".join("".join(random.choice(syllables, 3)) for _ in range(60)) + "." for _ in range(40)] for _ in range(12)
    ]
    together = features(*many)

    for number, page in enumerate(many):
        rows = slice(*together.layout.first[number : number + 2])
        assert np.array_equal(features(page).values, together.values[rows])


@given(st.text(st.sampled_from("ab'0_- .\x7f"), min_size=1))
def test_a_line_in_ascii_has_no_more_words_when_folded(text):
    assert len(fold(text).split()) <= features([text]).n_words[0]
