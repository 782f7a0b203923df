"""Rows in order, a range of articles at a time."""

import random

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from pyarrow import parquet

from pipeline import files, ranges, schemas
from pipeline.files import scan_tables, write_fast, write_table
from pipeline.ranges import in_order


def paragraphs(seed: int, n_articles: int) -> pl.DataFrame:
    """Shuffled rows of articles with hashes for ids, each with 0 to 8 paragraphs."""
    draw = random.Random(seed)  # noqa: S311 - ids, not secrets
    rows = [(f"{draw.getrandbits(96):024x}", number) for _ in range(n_articles) for number in range(draw.randrange(9))]
    draw.shuffle(rows)
    return pl.DataFrame(rows, schema=TABLE.schema, orient="row")


TABLE = schemas.CITATIONS.without("cited_agency")


@pytest.fixture(params=[1, 7, 1000])
def range_rows(request, monkeypatch):
    monkeypatch.setattr(ranges, "RANGE_ROWS", request.param)
    return request.param


def test_ranges_put_together_are_the_rows_in_order(range_rows):
    rows = paragraphs(1, 12)

    found = in_order(rows.lazy(), rows.height, TABLE)

    assert_frame_equal(found.collect(), schemas.ordered(rows, TABLE))
    assert_frame_equal(found.collect(), schemas.ordered(rows, TABLE))  # made again


def test_what_is_asked_of_the_rows_is_asked_of_each_range(range_rows):
    rows = paragraphs(2, 40)
    found = in_order(rows.lazy(), rows.height, TABLE)
    second = pl.col("paragraph_no") == 1

    asked = found.filter(second).select("article_id").collect()

    assert_frame_equal(asked, schemas.ordered(rows, TABLE).filter(second).select("article_id"))


def test_ids_that_no_hash_made_are_in_order_too(range_rows):
    rows = pl.DataFrame({"article_id": ["z", "", "a", "00", "a"], "paragraph_no": [1, 1, 2, 1, 1]}, TABLE.schema)

    found = in_order(rows.lazy(), rows.height, TABLE).collect()

    assert found.rows() == [("", 1), ("00", 1), ("a", 1), ("a", 2), ("z", 1)]


def test_a_file_is_the_same_bytes_from_one_part_or_many(tmp_path, monkeypatch):
    monkeypatch.setattr(ranges, "RANGE_ROWS", 50)
    rows = paragraphs(3, 300)
    parts = [tmp_path / f"{number}.parquet" for number in range(4)]
    for part, own in zip(parts, rows.iter_slices(-(-rows.height // 4)), strict=True):
        write_fast(schemas.ordered(own, TABLE), part)

    write_table(in_order(scan_tables(parts), rows.height, TABLE), tmp_path / "parts")
    write_table(in_order(rows.lazy(), rows.height, TABLE), tmp_path / "whole")

    assert (tmp_path / "parts").read_bytes() == (tmp_path / "whole").read_bytes()


@pytest.mark.parametrize(("texts", "in_group"), [(["x" * 100] * 6, 2), (["x"] * 6, 6), (["x" * 500] * 3, 1), ([], 0)])
def test_a_group_of_a_part_has_so_many_bytes_and_a_row_at_least(tmp_path, monkeypatch, texts, in_group):
    rows = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    monkeypatch.setattr(files, "GROUP_BYTES", 260)

    write_fast(rows, tmp_path / "part")

    groups = parquet.ParquetFile(tmp_path / "part").metadata
    assert {groups.row_group(number).num_rows for number in range(groups.num_row_groups)} <= {in_group}
    assert_frame_equal(pl.read_parquet(tmp_path / "part"), rows)


def test_no_rows_are_no_ranges():
    assert in_order(TABLE.empty().lazy(), 0, TABLE).collect().is_empty()
