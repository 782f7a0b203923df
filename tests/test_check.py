import shutil

import polars as pl
import pytest

from pipeline import schemas
from pipeline.check import problems
from pipeline.files import read_table, write_table
from tests.world import current


@pytest.fixture
def version(day_one, tmp_path):
    """A version to damage."""
    shutil.copytree(day_one[1], tmp_path / "clean", symlinks=True)
    return current(tmp_path / "clean")


def rewrite(version, table, change, *, state=False):
    """Change a table of the version behind its manifest's back."""
    (file,) = version.files(table, state=state).values()
    frame = change(read_table(file))
    file.unlink()
    write_table(frame, file)


def drop_first(frame):
    return frame.slice(1)


def test_a_sound_version_has_no_problems(version):
    assert list(problems(version, deep=True)) == []


@pytest.mark.parametrize(
    ("table", "change", "said"),
    [
        (schemas.PARAGRAPHS, drop_first, "another n_paragraphs than rows in paragraphs"),
        (schemas.ARTICLES, drop_first, "belong to no article"),
        (schemas.ARTICLES, lambda frame: pl.concat([frame, frame]), "stand more than once"),
        (schemas.ARTICLES, lambda frame: frame.with_columns(pl.col("n_kept") + 1), "other than n_kept"),
        (schemas.LINKS, lambda frame: frame.with_columns(pl.lit("0" * 24).alias("left_id")), "left_id are no"),
        (schemas.CLUSTERS, drop_first, "clusters of paragraphs are not listed"),
        (schemas.MENTIONS, lambda frame: frame.with_columns(pl.col("start") + 1), "do not stand at their offsets"),
        (schemas.LINES, lambda frame: frame.with_columns(pl.col("end") + 1), "an end that does not fit"),
    ],
)  # fmt: skip
def test_what_does_not_add_up_is_named(version, table, change, said):
    rewrite(version, table, change)

    found = " | ".join(problems(version, deep=False))

    assert said in found


def test_a_file_that_is_missing_or_foreign_is_named(version):
    (file,) = version.files(schemas.LINKS).values()
    file.rename(file.with_name("part-7.parquet"))

    found = list(problems(version, deep=False))

    assert "links/day=2026-11-17/part-0.parquet: listed in the manifest, not there" in found
    assert "links/day=2026-11-17/part-7.parquet: there, not listed in the manifest" in found


def test_a_ledger_that_knows_other_articles_is_named(version):
    rewrite(version, schemas.INPUTS, drop_first, state=True)

    assert "articles: 1 differ from the inputs written in the ledger" in list(problems(version, deep=False))


def test_a_changed_manifest_is_named(version):
    manifest = version.path / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8") + " ", encoding="utf-8")

    assert "manifest.json: does not match manifest.sha256" in list(problems(version, deep=False))


def test_a_changed_byte_is_named_by_a_deep_check(version):
    rewrite(version, schemas.LINES, drop_first)

    assert "lines/day=2026-11-17/part-0.parquet: its sha256 is not the manifest's" in list(problems(version, deep=True))
