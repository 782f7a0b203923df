import pytest

from benchmarks.metrics import Counts, mean_f1_deviation, mean_rates, snippet_counts, summed_f1_deviation

GOOD, EMPTY, HALF = Counts(10, 0, 0), Counts(0, 0, 10), Counts(5, 5, 5)


def test_snippets_are_found_across_line_breaks_and_spaces():
    counts = snippet_counts("The  bridge\nis closed. Subscribe", ["bridge is", "ferry"], ["Subscribe", "Log in"])

    assert counts == Counts(1, 1, 1)


def test_an_empty_page_has_recall_and_no_precision():
    assert mean_rates([GOOD, EMPTY]).precision == 1.0
    assert mean_rates([GOOD, EMPTY]).recall == 0.5


@pytest.mark.parametrize("deviation", [mean_f1_deviation, summed_f1_deviation])
def test_pages_that_are_all_alike_do_not_deviate(deviation):
    assert deviation([[HALF] * 30]) == 0.0
    assert deviation([[HALF]]) == 0.0


@pytest.mark.parametrize("deviation", [mean_f1_deviation, summed_f1_deviation])
def test_deviation_falls_with_the_root_of_the_pages(deviation):
    few, many = deviation([[GOOD, HALF] * 20]), deviation([[GOOD, HALF] * 320])

    assert 3 < few / many < 5.3


def test_deviation_is_that_of_the_mean_rates():
    pages = [GOOD, HALF, HALF, GOOD, Counts(3, 0, 7)] * 10
    values = [mean_rates(pages[start::5]).f1 for start in range(5)]

    assert mean_f1_deviation([pages]) < max(values) - min(values)
    assert mean_f1_deviation([pages, pages]) == pytest.approx(mean_f1_deviation([pages]))
