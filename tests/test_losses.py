from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipeline import schemas
from pipeline.config import load
from pipeline.errors import RefusedError
from pipeline.losses import losses
from pipeline.rebuild import rebuild
from tests.world import FIRST, LOCAL, SECOND, WIRE, Silent, current, inline, order, page, put, ran, rows

FEW = ("run.min_outlet_articles=3",)


def counted(*rows_):
    return pl.DataFrame(rows_, schema=schemas.OUTLET_SIZES.schema, orient="row")


@pytest.mark.parametrize(
    ("today", "before", "is_lost"),
    [
        ((20, 20 * 490), (20, 20 * 1000), True),
        ((20, 20 * 510), (20, 20 * 1000), False),
        ((19, 0), (20, 20_000), False),
        ((20, 0), (19, 19_000), False),
    ],
)
def test_an_outlet_is_lost_below_half_of_its_mean_from_20_articles_on_both_sides(today, before, is_lost):
    found = losses(counted(("herald.example", *today)), counted(("herald.example", *before)), 0.5, 20)

    assert (found.height == 1) == is_lost


def test_a_new_outlet_has_lost_nothing():
    assert losses(counted(("new.example", 50, 0)), counted(("old.example", 50, 9)), 0.5, 20).is_empty()


def newsroom(source, number, *paragraphs):
    for article in range(4):
        put(source, f"herald.example/{number}-{article}.txt", page(f"Ferry {number} {article}", *paragraphs))


def test_an_outlet_that_loses_most_of_its_text_is_not_published(tmp_path):
    source, out = tmp_path / "raw", tmp_path / "clean"
    with inline():
        newsroom(source, 1, *WIRE, *LOCAL)
        ran(source, out, FIRST, FEW)
        before = current(out).run_id
        newsroom(source, 2, "Cookies", "Accept all", LOCAL[2])

        with pytest.raises(RefusedError) as refused:
            ran(source, out, SECOND, FEW)
        assert current(out).run_id == before
        published = ran(source, out, SECOND, FEW, force_publish=True).version

    assert refused.value.exit_code == 65
    assert "herald.example keeps" in str(refused.value)
    assert "took most" in str(refused.value)
    assert published is not None


def test_an_outlet_that_a_rebuild_would_cut_down_stays_as_it_is(tmp_path):
    source, out = tmp_path / "raw", tmp_path / "clean"
    put(
        tmp_path,
        "rules/herald.toml",
        """outlet = "herald.example"
drop_lines = ['ferry|company|workers']
[[examples]]
raw = "The ferry sails at night."
drop = "herald.example:drop_lines[0]"
""",
    )
    config = put(tmp_path, "copydesk.toml", '[clean]\noutlets = ["rules/*.toml"]\n')

    def cut_down(*sets, **rest):
        harsh = replace(order(source, out, SECOND, **rest), config=load(config, (*FEW, *sets)))
        return rebuild(harsh, Silent())

    with inline():
        newsroom(source, 1, *WIRE)
        ran(source, out, FIRST, FEW)
        before = current(out).run_id

        with pytest.raises(RefusedError, match=r"herald.example keeps .*drop_lines\[0\] took most.*--force-publish"):
            cut_down()
        with pytest.raises(RefusedError, match="its lines are not there to tell why"):
            cut_down("export.lines=none")
        assert current(out).run_id == before
        assert cut_down(force_publish=True).version is not None


def test_losses_are_held_against_every_day_that_a_batch_looks_back_to(tmp_path):
    source, out = tmp_path / "raw", tmp_path / "clean"
    five_days = (*FEW, "clean.window_days=5")
    with inline():
        newsroom(source, 1, *WIRE, *LOCAL)
        ran(source, out, FIRST, five_days)
        newsroom(source, 2, "Cookies", "Accept all", LOCAL[2])

        with pytest.raises(RefusedError, match=r"herald.example keeps"):
            ran(source, out, FIRST + timedelta(days=6), five_days)
        assert ran(source, out, FIRST + timedelta(days=7), five_days).version is not None


def test_the_state_counts_articles_and_their_kept_characters(tmp_path):
    with inline():
        newsroom(tmp_path / "raw", 1, *WIRE)
        ran(tmp_path / "raw", tmp_path / "clean")

    kept = rows(tmp_path / "clean", schemas.LINES).filter(pl.col("paragraph_no").is_not_null())
    known = current(tmp_path / "clean").read(schemas.OUTLET_SIZES, state=True)
    assert_frame_equal(known, counted(("herald.example", 4, kept["text"].str.len_chars().sum())))
