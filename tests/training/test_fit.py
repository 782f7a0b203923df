"""The training on a few pages we made up: it runs, learns, and never scores a page by weights that saw its host."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from pipeline.kernels.line_features import layout
from pipeline.kernels.line_model import Network, model_of, model_scores
from training.fit import FOLDS, fit, fold_of
from training.networks import LINE_SHARE, Lesson, fitted, gradients, network, started
from training.pages import MASKED, STORY, cropped, html_pages, reshaped, rows_of, text_pages
from training.silver import silver

SENTENCES = [
    "The council voted on Monday to close the old iron bridge over the river for three weeks.",
    "Residents said they had been given no notice of the detour, which adds twenty minutes to the way.",
    "A spokesman said that the work could not wait and that a ferry would take walkers across.",
    "The ferry will leave every half hour, and the fare of two crowns goes to the school.",
]
MENU = ["Home", "News", "Sport", "Weather", "Log in", "Contact"]


@pytest.fixture(scope="module")
def pages_file(tmp_path_factory):
    """24 pages of 12 hosts."""
    random = np.random.default_rng(0)
    rows = []
    for number in range(24):
        chosen = [SENTENCES[i] for i in random.permutation(4)] * 2
        lines = [*MENU, "Bridge to close", *chosen, *MENU]
        story = "".join(f"<p>{text}</p>" for text in chosen)
        menu = "".join(f"<li><a href=/>{text}</a>" for text in MENU)
        rows.append({
            "id": f"page-{number:02}", "host": f"host{number % 12}.example", "set": "fundus" if number % 3 else "other",
            "html": f"<ul>{menu}</ul><h1>Bridge to close</h1>{story}<ul>{menu}</ul><p>More".encode(),
            "lines": lines, "labels": [0] * 6 + [2] + [1] * 8 + [0] * 6, "gold": "\n".join(chosen),
            "gold_coverage": 1.0 if number else 0.5,
        })  # fmt: skip
    file = tmp_path_factory.mktemp("pages") / "pages.parquet"
    pl.DataFrame(rows).write_parquet(file)
    return file


def test_pages_without_trusted_gold_are_left_out(pages_file):
    assert rows_of([pages_file])["id"].to_list() == [f"page-{number:02}" for number in range(1, 24)]


def test_labels_follow_their_lines_to_the_html(pages_file):
    page = html_pages(rows_of([pages_file]))[0]

    assert page.lines[7] in SENTENCES
    assert page.labels.tolist() == [0] * 6 + [2] + [STORY] * 8 + [0] * 6 + [MASKED]
    assert page.facts.shape == (22, 12)


def test_parts_of_pages_are_story_with_little_around(pages_file):
    pages = text_pages(rows_of([pages_file]))
    parts = cropped(pages, seed=1)

    assert len(parts) == len(pages)
    assert all(part.is_crop and len(part.lines) == len(part.labels) <= 21 for part in parts)
    assert all((part.labels == STORY).sum() >= 2 for part in parts)
    assert min((part.labels == STORY).sum() for part in parts) < 8


def test_a_page_in_another_shape_keeps_its_words_and_labels(pages_file):
    pages = text_pages(rows_of([pages_file]))
    others = reshaped(pages, seed=0)

    assert all(len(page.lines) == len(page.labels) for page in others)
    assert len({len(page.lines) for page in others}) > 2
    for page, other in zip(pages, others, strict=True):
        assert other.is_aid
        words = [word for line in other.lines for word in line.split() if word not in "|•"]
        assert words == [word for line in page.lines for word in line.split()]
        told = " ".join(line for line, label in zip(other.lines, other.labels, strict=True) if label == STORY)
        assert set(told.split()) <= set(page.gold.split())


def lesson(n_pages, n_columns, dtype=np.float32):
    """Pages of 12 lines where a line is story if the first number of the line two above it is positive."""
    random = np.random.default_rng(3)
    values = random.standard_normal((n_pages, 12, n_columns)).astype(dtype)
    is_story = np.zeros((n_pages, 12), bool)
    is_story[:, 2:] = values[:, :-2, 0] > 0
    n_lines = 12 * n_pages
    return Lesson(
        values.reshape(n_lines, n_columns), is_story.ravel(), np.ones(n_lines, bool), np.full(n_lines, 9, dtype),
        layout([12] * n_pages), np.ones(n_pages, dtype),
    )  # fmt: skip


def test_network_learns_what_a_line_alone_cannot_say(monkeypatch):
    monkeypatch.setattr("training.networks.BATCH_LINES", 96)
    known, unseen = lesson(400, 2), lesson(450, 2)
    weights = fitted(known, np.arange(400), channels=16, epochs=12, seed=0)
    told = network(np.zeros(2, np.float32), np.ones(2, np.float32), weights).logits(unseen.values, unseen.where)

    assert ((told > 0) == unseen.is_story)[400 * 12 :].mean() > 0.95


def test_slopes_are_those_of_the_loss(monkeypatch):
    """Each parameter moved a little: the loss moves as its slope says."""
    monkeypatch.setattr("training.networks.DROPPED", 0.0)
    random = np.random.default_rng(0)
    some = lesson(3, 5, np.float64)
    some = replace(some, is_told=random.random(36) < 0.8, importance=np.array([1.0, 3.0, 0.5]))
    weights = [values.astype(np.float64) for values in started(random, 5, 4)]
    slopes = gradients(weights, some, random)

    def loss_moved(place, by):
        moved = [values.copy() for values in weights]
        moved[place].flat[place % moved[place].size] += by
        return page_loss(Network(np.zeros(5), np.ones(5), tuple(moved)).logits(some.values, some.where), some)

    for place, slope in enumerate(slopes):
        measured = (loss_moved(place, 1e-5) - loss_moved(place, -1e-5)) / 2e-5
        assert measured == pytest.approx(slope.flat[place % slope.size], abs=1e-6)


def page_loss(logits, some):
    """The loss as its definition says, a page at a time."""
    total = 0.0
    for page, importance in enumerate(some.importance):
        rows = slice(*some.where.first[page : page + 2])
        known = some.is_told[rows]
        told, story = 1 / (1 + np.exp(-logits[rows][known])), some.is_story[rows][known]
        words = some.n_words[rows][known]
        right = (told * story * words).sum()
        agreement = (right / ((told * words).sum() + 1) + right / ((story * words).sum() + 1)) / 2
        entropy = -np.log(np.where(story, told, 1 - told)).sum() / (LINE_SHARE * np.sqrt(some.where.sizes[page]))
        total += importance * (entropy + 1 - agreement)
    return total / some.importance.sum()


def test_lines_that_two_extractors_agree_about_get_silver_labels(monkeypatch):
    story = "".join(f"<p>{text} {text}</p>" for text in SENTENCES)
    html = f"<ul><li><a href=/>Home</a><li><a href=/>News</a></ul><article>{story}</article><p>Box</p>".encode()
    pages = pl.DataFrame({"id": ["a", "b"], "host": ["herald.example"] * 2, "html": [html, b""]})
    taken = "\n".join(f"{text} {text}" for text in SENTENCES)
    monkeypatch.setattr("training.silver.readable_text", lambda html: taken + "\nBox")
    monkeypatch.setattr("training.silver.main_text", lambda html: taken)
    (row,) = silver(pages)

    assert row["lines"] == ["Home", "News", *taken.split("\n"), "Box"]
    assert row["labels"] == [0, 0, STORY, STORY, STORY, STORY, MASKED]


def test_pages_with_silver_labels_are_learnt_from_and_not_scored(pages_file, tmp_path, monkeypatch):
    monkeypatch.setattr("training.fit.EPOCHS", 1)
    figures = fit([pages_file], [pages_file], tmp_path, 1, ("text",), 1)

    assert figures["text"]["pages"] == figures["text"]["silver_pages"] == 23


def test_whole_training_writes_weights_that_run(pages_file, tmp_path, monkeypatch):
    monkeypatch.setattr("training.networks.BATCH_LINES", 60)
    monkeypatch.setattr("training.fit.EPOCHS", 4)
    figures = fit([pages_file], [], tmp_path, 1, ("text", "html"), 1)

    assert figures == json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))
    assert figures["text"]["f1"] > 0.95
    assert len(list((tmp_path / "folds").iterdir())) == FOLDS
    with np.load(tmp_path / "line_model.npz", allow_pickle=False) as stored:
        model = model_of(dict(stored))
    scores = model_scores([[*MENU, *SENTENCES, *MENU]], None, model).scores
    assert scores[6:10].min() > scores[[0, 1, 2, -1]].max()


def test_pages_of_a_host_are_scored_together():
    assert {fold_of(f"host{number}.example") for number in range(40)} == set(range(FOLDS))
