import itertools
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.kernels.html import parsed, visible_lines
from pipeline.kernels.line_features import CUE_SLOTS, SCORE_NAMES, layout
from pipeline.kernels.line_model import (
    STAY,
    arrays,
    model_of,
    model_scores,
    own_names,
    packaged_model,
    posterior,
)

STORY = [
    "The ferry Aurora ran aground outside Lindholm harbour early on Tuesday, and 212 passengers were taken ashore.",
    "Nobody was hurt, the coast guard said, but two crew members were treated for shock at the county hospital.",
    "“We felt a long scraping sound and then everything stopped,” said Marta Lind, who was on her way to work.",
    "The company that owns the Aurora has been fined twice for skipping inspections of its radar equipment.",
]
PAGE = ["Home", "News", "Log in", "Ferry runs aground", *STORY, "Related articles", "Share this", "Privacy policy"]
HTML = (
    "<nav><ul><li><a>Home</a><li><a>News</a></ul></nav><article><h1>Ferry runs aground</h1>"
    + "".join(f"<p>{text}</p>" for text in STORY)
    + "</article><aside><h3>Related articles</h3><ul><li><a>Seal in the laundromat delights town</a></ul></aside>"
)


def html_scores(*pages):
    lines = [visible_lines(parsed(page), 1_000) for page in pages]
    facts = np.array([line.markup.facts for page in lines for line in page], np.int64).reshape(-1, 12)
    return model_scores([[line.text for line in page] for page in lines], facts, packaged_model())


def test_story_is_told_from_chrome_in_text_and_html():
    text = model_scores([PAGE], None, packaged_model()).scores
    html = html_scores(HTML).scores

    assert (text[4:8] >= 0.5).all()
    assert (text[[0, 1, 2, 8, 9, 10]] < 0.5).all()
    assert (html[3:7] >= 0.5).all()
    assert (html[[0, 1, 7, 8]] < 0.5).all()


def test_scores_are_the_same_on_every_machine():
    """Golden: rewrite when the weights are new, and only then."""
    assert model_scores([PAGE], None, packaged_model()).scores.tolist() == GOLDEN_TEXT
    assert html_scores(HTML).scores.tolist() == GOLDEN_HTML


GOLDEN_TEXT = [0.0023, 0.0064, 0.0192, 0.1959, 0.9279, 0.9795, 0.9684, 0.8473, 0.0568, 0.0248, 0.0127]  # fmt: skip
GOLDEN_HTML = [0.0001, 0.0003, 0.5597, 0.9932, 0.9949, 0.9932, 0.9135, 0.0003, 0.0001]  # fmt: skip

pages = st.lists(st.sampled_from([*PAGE, "", "x", "1 2 3", "日本語の一行。"]).filter(bool), max_size=14)


@settings(max_examples=40, deadline=None)
@given(st.lists(pages, min_size=1, max_size=6))
def test_a_page_scores_the_same_alone_and_among_others(many):
    together = model_scores(many, None, packaged_model())

    for number, page in enumerate(many):
        rows = slice(*together.text.layout.first[number : number + 2])
        assert model_scores([page], None, packaged_model()).scores.tolist() == together.scores[rows].tolist()


def test_html_pages_score_the_same_alone_and_among_others():
    others = [HTML.replace("article", "div"), f"<p>{STORY[0]}</p>" * 30, "<p>x</p>"]
    together = html_scores(HTML, *others)

    for number, page in enumerate([HTML, *others]):
        rows = slice(*together.text.layout.first[number : number + 2])
        assert html_scores(page).scores.tolist() == together.scores[rows].tolist()


def by_enumeration(scores, weight, bias):
    """The posterior by summing over every way a page may be told apart."""
    clipped = np.clip(scores, 1e-4, 1 - 1e-4)
    odds = np.log(clipped / (1 - clipped)) + bias
    story = 1 / (1 + np.exp(-odds))
    sums = np.zeros((len(scores), 2))
    for states in itertools.product((0, 1), repeat=len(scores)):
        chance = np.prod([p if state else 1 - p for p, state in zip(story, states, strict=True)])
        chance *= np.exp(weight * sum(STAY[pair] for pair in itertools.pairwise(states)))
        sums[np.arange(len(scores)), list(states)] += chance
    return sums[:, 1] / sums.sum(axis=1)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.lists(st.floats(0, 1), min_size=1, max_size=6), min_size=1, max_size=3),
    st.sampled_from([0.0, 0.3, 1.0]),
    st.sampled_from([-0.4, 0.0, 0.4]),
)
def test_chain_sums_over_every_way_to_tell_a_page_apart(many, weight, bias):
    where = layout([len(page) for page in many])
    found = posterior(np.array([score for page in many for score in page]), where, weight, bias)

    for number, page in enumerate(many):
        rows = slice(*where.first[number : number + 2])
        assert found[rows] == pytest.approx(by_enumeration(np.array(page), weight, bias), abs=6e-5)


def test_scores_have_four_decimals_and_no_line_is_certain():
    scores = model_scores([PAGE * 30], None, packaged_model()).scores

    assert scores.tolist() == [round(score, 4) for score in scores.tolist()]
    assert (scores >= 0).all()
    assert (scores <= 1).all()


def test_pages_without_lines_have_no_scores():
    assert model_scores([], None, packaged_model()).scores.tolist() == []
    assert model_scores([[], []], None, packaged_model()).scores.tolist() == []


def test_weights_are_small_read_once_and_survive_storing():
    model = packaged_model()
    again = model_of(arrays(model))

    assert packaged_model() is model
    assert (files("pipeline.kernels") / "line_model.npz").stat().st_size < 300_000
    assert model_scores([PAGE], None, again).scores.tolist() == model_scores([PAGE], None, model).scores.tolist()


def test_weights_fit_the_features():
    model = packaged_model()

    for pair, is_html in ((model.text, False), (model.html, True)):
        n_columns = len(own_names(html=is_html)) + len(SCORE_NAMES)
        assert pair.cues.shape == (CUE_SLOTS,)
        assert pair.reasons.shape == pair.second[0].mean.shape == (n_columns,)
