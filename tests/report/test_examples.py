"""The examples answer what they ask, on the sample."""

import re
import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def answer(sample, tmp_path, monkeypatch, capsys):
    """What a script prints, once it has drawn its picture."""

    def of(script):
        picture = tmp_path / "picture.svg"
        monkeypatch.setattr(sys, "argv", [script, str(sample.version.path), str(picture)])
        runpy.run_module(f"examples.{script}", run_name="__main__")
        assert picture.read_text(encoding="utf-8").startswith("<svg")
        return [re.split(r"\s{2,}", line) for line in capsys.readouterr().out.splitlines()]

    return of


def test_original_reporting_is_what_the_paragraphs_say(sample, answer):
    shown = answer("original_reporting")

    own = {outlet: int(count) for outlet, kind, count, _ in shown if kind == "own"}
    assert own == dict(sample.ask(
        "select p.outlet, count(*) from paragraphs p left join clusters c using (cluster_id) "
        "join articles a using (article_id) where is_canonical and c.wire_source is null and a.wire_source is null "
        "group by 1"
    ))  # fmt: skip
    total = sum(int(count) for _, _, count, _ in shown)
    assert total == sample.version.manifest["counts"]["dedup"]["n_paragraphs"]


def test_people_are_counted_in_articles(sample, answer):
    shown = answer("named_by_whom")

    expected = sample.ask(
        "select outlet, count(distinct article_id) from mentions join articles using (article_id) "
        "where person_id = 'kim-jong-un' group by 1"
    )
    assert {outlet: int(count) for person, outlet, count in shown if person == "Kim Jong Un"} == dict(expected)
    assert len({person for person, _, _ in shown}) == 15


@pytest.mark.parametrize("script", sorted(path.stem for path in (ROOT / "examples").glob("[!_]*.py")))
def test_every_example_says_how_to_run_it(script):
    text = (ROOT / "examples" / f"{script}.py").read_text(encoding="utf-8")

    assert f"python -m examples.{script} data/clean/current " in text
