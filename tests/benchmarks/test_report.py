from benchmarks.report import OUTLETS, made_up
from pipeline import report
from pipeline.config import load
from pipeline.store import Store
from tests.report.reading import parsed, table


def test_the_made_up_run_fills_every_part_of_the_page(tmp_path):
    made_up(tmp_path / "out", 200)

    page = report.html(Store(tmp_path / "out").version(None), None, load())

    assert sum(int(row["articles"]) for row in table(page, "outlets-table")) == 200
    assert len(table(page, "outlets-table")) == OUTLETS
    for part in ("#pages ~ details", "#stories ~ details", "#people ~ details", "#undecided-table tbody tr"):
        assert len(parsed(page).css(part)) >= 10, part
