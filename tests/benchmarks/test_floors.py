import pytest

from benchmarks.floors import compared, raised

FLOORS = {"f1": {"floor": 0.9}, "wrong": {"ceiling": 0}}


def test_a_figure_below_its_floor_fails():
    rows = compared({"f1": 0.89, "wrong": 0}, FLOORS)

    assert [good for *_, good in rows] == [False, True]


def test_a_figure_above_its_ceiling_fails():
    assert [good for *_, good in compared({"f1": 0.95, "wrong": 1}, FLOORS)] == [True, False]


def test_a_missing_figure_is_no_success():
    with pytest.raises(SystemExit, match="no figure 'wrong'"):
        compared({"f1": 0.95}, FLOORS)


def test_floors_are_raised_never_lowered_unless_allowed():
    assert raised({"f1": 0.95, "wrong": 2}, FLOORS, allow_regression=False) == {
        "f1": {"floor": 0.95},
        "wrong": {"ceiling": 0},
    }
    assert raised({"f1": 0.5, "wrong": 2}, FLOORS, allow_regression=True) == {
        "f1": {"floor": 0.5},
        "wrong": {"ceiling": 2},
    }
