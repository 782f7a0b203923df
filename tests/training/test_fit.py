"""The training on a few pages we made up: it runs, learns, and never scores a page by weights that saw its host."""

import json

import numpy as np
import polars as pl
import pytest

from pipeline.kernels.line_model import model_of, model_scores
from training.fit import FOLDS, fit, fold_of
from training.networks import fitted
from training.pages import MASKED, STORY, cropped, html_pages, rows_of, text_pages

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


def test_network_learns_what_one_number_cannot_say(monkeypatch):
    monkeypatch.setattr("training.networks.BATCH", 64)
    random = np.random.default_rng(3)
    values = random.standard_normal((4096, 2)).astype(np.float32)
    labels = values[:, 0] * values[:, 1] > 0
    layers, biases = fitted(values, labels, np.ones(4096, np.float32), hidden=(16,), epochs=20, seed=0)
    told = np.maximum(values @ layers[0] + biases[0], 0) @ layers[1] + biases[1]

    assert ((told[:, 0] > 0) == labels).mean() > 0.95


def test_whole_training_writes_weights_that_run(pages_file, tmp_path, monkeypatch):
    monkeypatch.setattr("training.networks.BATCH", 16)
    figures = fit([pages_file], tmp_path, 1, ("text", "html"))

    assert figures == json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))
    assert figures["text"]["f1"] > 0.95
    assert len(list((tmp_path / "folds").iterdir())) == FOLDS
    with np.load(tmp_path / "line_model.npz", allow_pickle=False) as stored:
        model = model_of(dict(stored))
    scores = model_scores([[*MENU, *SENTENCES, *MENU]], None, model).scores
    assert scores[6:10].min() > scores[[0, 1, 2, -1]].max()


def test_pages_of_a_host_are_scored_together():
    assert {fold_of(f"host{number}.example") for number in range(40)} == set(range(FOLDS))
