"""The suite's own parts on pages we made up."""

from collections import Counter

import numpy as np

from benchmarks import clean, folds, parts, peers, roles
from pipeline.kernels.line_model import packaged_model
from pipeline.kernels.scorer import PageLines, scored_pages
from pipeline.kernels.text import text_lines
from training.fit import FOLDS, fold_of
from training.pages import LabelledPage

STORY = (
    "The council voted on Monday to close the old iron bridge over the river for three weeks, and that is that.",
    "Residents said they had been given no notice of the detour, which adds twenty minutes to the way to the school.",
)


def page(name, gold, source="fundus", lines=STORY, labels=(1, 1)):
    return LabelledPage(name, f"{name}.example", source, gold, list(lines), np.array(labels, np.int8), None, [])


def test_every_page_is_in_a_part_of_each_cut():
    long = " ".join(STORY * 6)
    pages = [
        page("prose", long),
        page("german", "Der Rat hat die Brücke am Montag für drei Wochen gesperrt. " * 20, source="guide"),
        page("list", long, lines=["Two eggs", "Flour", STORY[0]], labels=(1, 1, 1)),
        page("short", STORY[0]),
    ]

    assert parts.parts(pages) == {
        "all": [0, 1, 2, 3], "news": [0, 2, 3], "guides": [1], "english": [0, 2, 3], "not_english": [1],
        "prose_story": [0, 1], "list_story": [2], "short_story": [3],
    }  # fmt: skip


def test_rates_are_the_mean_of_the_seeds():
    pages = [page("one", " ".join(STORY)), page("two", " ".join(STORY))]
    right, empty = [" ".join(STORY)] * 2, [""] * 2

    found = parts.rates("ours", pages, [right, empty], [[[True, True]] * 2, [[False, False]] * 2])

    assert found["all.ours.gram_recall"] == found["all.ours.exact"] == found["all.ours.line_f1"] == 0.5
    assert found["all.ours.gram_f1_sd"] == 0.0


def test_a_host_is_scored_by_weights_that_have_not_seen_it():
    hosts = [f"host{number}.example" for number in range(40)]

    assert folds.unseen_folds(hosts, set(hosts[:20])) == [fold_of(host) for host in hosts[:20]] + [0] * 20


def test_scores_come_back_in_the_order_of_the_pages(monkeypatch):
    """Each page by the weights of its fold, and in turn by each seed."""
    pages = [PageLines(text_lines(f"Page {number}")) for number in range(7)]
    of = [number % FOLDS for number in range(7)]
    monkeypatch.setattr(folds, "BATCH", 2)
    monkeypatch.setattr(folds, "scored_pages", lambda some, model: [(page.lines[0].text, model) for page in some])
    models = [[f"seed {seed}, fold {fold}" for fold in range(FOLDS)] for seed in range(2)]

    assert folds.fold_scores(pages, of, models[1]) == [
        (f"Page {number}", f"seed 1, fold {number % FOLDS}") for number in range(7)
    ]
    assert folds.scores_in_turn(pages, of, models) == [
        (f"Page {number}", f"seed {number % 2}, fold {number % FOLDS}") for number in range(7)
    ]


def test_kept_lines_and_kept_text_agree():
    pages = [PageLines(text_lines("\n".join(["Home", "", *STORY])))]
    scores = scored_pages(pages, packaged_model())

    assert folds.texts(pages, scores) == ["\n".join(STORY)]
    assert folds.keeps(pages, scores, [5]) == [[False, False, True, True, False]]


def test_answers_are_kept_until_pages_change(tmp_path, monkeypatch):
    monkeypatch.setattr(peers, "KEPT", tmp_path / "peers")
    file = tmp_path / "pages.parquet"
    file.write_bytes(b"one")
    asked = []
    tools = {"shouting": ("pytest", lambda text: asked.append(text) or text.upper()), "absent": ("no-such-tool", str)}

    for pages in ({"a": "x"}, {"a": "x"}, {"a": "x", "b": "y"}):
        assert peers.answers(tools, file, pages) == {"shouting": {name: text.upper() for name, text in pages.items()}}

    assert asked == ["x", "x", "y"]


def test_justext_is_given_the_stop_list_of_the_language():
    assert "der" in peers.stop_words(["Der Rat hat die Brücke am Montag für drei Wochen gesperrt, sagte der Sprecher."])
    assert len(peers.stop_words(["市長は木曜日、橋を三週間閉鎖すると発表した。" * 4])) > 10_000


def test_justext_keeps_prose_and_drops_menus():
    prose = " ".join([*STORY, "The fare was < 3 crowns & is now five."])

    assert list(peers.justext_text(["Home", "News", prose], peers.stop_words([prose]))) == [prose]


def test_lines_are_counted_by_where_they_belong_and_where_they_went():
    seeds = Counter({("body", "body"): 3, ("body", "chrome"): 1, ("byline", "date"): 1, ("date", "date"): 2})

    found = roles.figures({"seeds": seeds, "sample": Counter({("body", "body"): 1})})

    assert (found["seeds.text_as_text"], found["seeds.text_as_chrome"], found["seeds.field_as_field"]) == (3, 1, 3)
    assert found["seeds.fields_in_role"] == 2
    assert (found["roles.seeds.body"], found["roles.seeds.byline"], found["roles.sample.all"]) == (0.75, 0.0, 1.0)


def test_the_sample_is_read_line_by_line():
    found = roles.sample_roles()

    assert sum(n_lines for (want, _), n_lines in found.items() if want == "body") == 91
    assert sum(n_lines for (want, got), n_lines in found.items() if want == got) > 0.98 * found.total()


def test_the_report_says_what_is_missing_and_what_falls_short():
    figures = {"html_auto.asked_share": 0.1, "seeds.text_as_text": 85.0, "shape.worst_loss": 0.01}
    lines = list(clean.report(figures, {"seeds": Counter({("body", "body"): 2}), "sample": Counter()}))
    told = {line.split()[0]: line for line in lines if line}

    assert told["seeds.text_as_text"].endswith("short by 1")
    assert told["shape.worst_loss"].endswith("reached")
    assert told["news.text.gram_f1"].endswith("not measured")
    assert told["trafilatura"].endswith("not run")


def test_a_peer_that_is_not_installed_is_said_to_be(monkeypatch):
    monkeypatch.setattr(peers, "HTML_PEERS", {"html_resiliparse": ("no-such-tool", str)})
    lines = list(clean.report({"html_auto.asked_share": 0.1}, {}))

    assert [line.strip() for line in lines if line.endswith("not installed")] == [
        f"{'resiliparse main content':26} not installed"
    ]


def test_without_the_data_the_command_says_where_it_looked(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("benchmarks.DATA", tmp_path)
    monkeypatch.setattr("sys.argv", ["benchmarks.clean"])

    assert clean.main() == 66
    assert str(tmp_path) in capsys.readouterr().err
