"""The model card's tables from figures we made up."""

import json

import pytest

from benchmarks.clean import PARTS
from training import card
from training.card import card as filled
from training.shapes import SHAPES

FIGURES = {
    **{f"{part}.text.gram_{rate}": 0.5 for part in PARTS for rate in ("precision", "recall", "f1", "f1_sd")},
    "all.text.exact": 0.1, "all.text.line_f1": 0.75, "news.text.gram_f1": 0.625,
    **{f"snippets.text.{rate}": 0.9 for rate in ("precision", "recall", "f1", "f1_sd")},
    **{f"shape.{shape}.{of}": 0.25 for shape in SHAPES for of in ("gram_f1", "loss", "news_loss")},
    "speed.text_against_justext": 3.25, "speed.text_pages_per_cpu_second": 40.0,
}  # fmt: skip
METRICS = {"text": {"f1": 0.9, "news_f1": 0.8, "exact": 0.1, "line_f1": 0.7, "f1_of_seed_0": 0.91, "pages": 3}}


def page(name):
    return f"By hand.\n\n<!-- table: {name} -->\n| old |\n<!-- end of table -->\n\nBy hand | too.\n"


def test_only_what_is_between_the_marks_changes():
    text = filled(page("rates"), FIGURES, METRICS)

    assert text.startswith("By hand.\n\n<!-- table: rates -->\n\n| 4-gram | P | R |")
    assert text.endswith("|\n\n<!-- end of table -->\n\nBy hand | too.\n")
    assert "| text dump, copydesk | 0.500 | 0.500 | 0.500 ±0.500 | 0.100 | 0.750 |" in text
    assert "old" not in text


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("parts", "| text dump, copydesk | 0.625 ±0.500 | 0.500 ±0.500 |"),
        ("snippets", "| text dump, copydesk | 0.900 | 0.900 | 0.900 ±0.900 |"),
        ("shapes", "| menus by bar | 0.250 | 0.250 | 0.250 |"),
        ("speed", "| text against justext | 3.2 |"),
        ("model", "| text | 0.9000 | 0.8000 | 0.1000 | 0.7000 | 0.9100 |"),
    ],
)
def test_each_table_has_its_figures(name, row):
    assert row in filled(page(name), FIGURES, METRICS)


def test_a_card_made_twice_is_the_same():
    once = filled(page("rates") + page("model"), FIGURES, METRICS)

    assert filled(once, FIGURES, METRICS) == once


def test_a_table_nobody_makes_is_an_error():
    with pytest.raises(KeyError, match="prices"):
        filled(page("prices"), FIGURES, METRICS)


def test_the_tracked_card_has_every_table_filled(tmp_path, monkeypatch):
    names = [found["name"] for found in card.TABLE.finditer(card.CARD.read_text(encoding="utf-8"))]
    assert names == ["rates", "parts", "snippets", "shapes", "speed", "model"]

    copy = tmp_path / "card.md"
    copy.write_text(card.CARD.read_text(encoding="utf-8"), encoding="utf-8")
    for name, content in {"clean.json": {"figures": FIGURES}, "metrics.json": METRICS}.items():
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    monkeypatch.setattr(card, "CARD", copy)
    given = ["card", "--figures", str(tmp_path / "clean.json"), "--metrics", str(tmp_path / "metrics.json")]
    monkeypatch.setattr("sys.argv", given)

    assert card.main() == 0
    assert "| text against justext | 3.2 |" in copy.read_text(encoding="utf-8")
