import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipeline import schemas
from pipeline.errors import PipelineError


def test_conform_gives_the_columns_in_the_declared_order():
    frame = schemas.OUTLET_LINES.empty().select("n_articles", "outlet", "line_hash")

    assert schemas.conform(frame, schemas.OUTLET_LINES, at="clean").columns == ["outlet", "line_hash", "n_articles"]


def test_conform_names_a_missing_column():
    with pytest.raises(PipelineError, match=r"clean: missing column 'outlet' of table outlet_lines"):
        schemas.conform(schemas.OUTLET_LINES.empty().drop("outlet"), schemas.OUTLET_LINES, at="clean")


def test_conform_names_an_unknown_column():
    frame = schemas.OUTLET_LINES.empty().with_columns(pl.lit("x").alias("outlets"))

    with pytest.raises(PipelineError, match=r"unknown column 'outlets'"):
        schemas.conform(frame, schemas.OUTLET_LINES, at="clean")


def test_conform_never_casts():
    frame = schemas.OUTLET_LINES.empty().cast({"n_articles": pl.Int64})

    with pytest.raises(PipelineError, match=r"'n_articles' of table outlet_lines is Int64, not Int32"):
        schemas.conform(frame, schemas.OUTLET_LINES, at="clean")


def test_rows_are_ordered_by_the_tables_key():
    frame = pl.DataFrame([("b", "1", 1), ("a", "2", 1), (None, "0", 1), ("a", "1", 1)],
                         schema=schemas.OUTLET_LINES.schema, orient="row")  # fmt: skip

    ordered = schemas.ordered(frame, schemas.OUTLET_LINES)

    assert ordered.select("outlet", "line_hash").rows() == [("a", "1"), ("a", "2"), ("b", "1"), (None, "0")]


KEYS = st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from(["1", "2", None])), max_size=6)


@given(KEYS, KEYS)
def test_rows_in_any_order_and_pieces_become_one_piece_in_order(first, then):
    schema = {"outlet": pl.String, "line_hash": pl.String}
    pieces = [pl.DataFrame(rows, schema=schema, orient="row") for rows in (first, then)]

    ordered = schemas.ordered(pl.concat(pieces), schemas.OUTLET_LINES)

    last = ("c", "3")  # nulls come after
    assert ordered.rows() == sorted(
        first + then, key=lambda row: [part or end for part, end in zip(row, last, strict=True)]
    )
    assert ordered.n_chunks() == 1


@pytest.mark.parametrize("table", [*schemas.TABLES, *schemas.STATE_TABLES], ids=lambda table: table.name)
def test_every_table_has_its_key_among_its_columns_and_a_note_for_each(table):
    assert set(table.key) <= set(table.names)
    assert len(set(table.names)) == len(table.names)
    assert all(column.note for column in table.columns)
    assert_frame_equal(schemas.conform(table.empty(), table, at="test"), table.empty())
