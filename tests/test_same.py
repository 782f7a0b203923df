"""Same input, settings and --as-of: the same bytes, however the work is cut up, and however often it was cut short."""

import os
import subprocess
import sys

import numpy as np
import pytest

from pipeline import schemas
from pipeline.errors import WriteError
from tests.faults import ERRORS, injected
from tests.newsdesk import Series, written_manifest
from tests.world import EDITED, FIRST, LOCAL, WIRE, bytes_of, inline, newsroom, page, put, ran, rows

SAMPLE = "data/raw"
WAYS = [  # PYTHONHASHSEED, threads of polars, --jobs
    ("0", "1", "1"),
    ("1", "2", "2"),
    ("2", "4", "1"),
    ("random", "3", "3"),
]


def run_by_command(source, out, seed, threads, jobs):
    told = {"PYTHONHASHSEED": seed, "POLARS_MAX_THREADS": threads, "OMP_NUM_THREADS": threads}
    words = ["run", "-q", "--in", str(source), "--out", str(out), "--as-of", FIRST.isoformat(), "--jobs", jobs]
    ended = subprocess.run([sys.executable, "-m", "pipeline.cli", *words], env=os.environ | told, check=False)
    assert ended.returncode in (0, 3)
    return bytes_of(out), written_manifest(out)


def test_hash_seed_threads_and_jobs_do_not_matter(day_one, tmp_path):
    """A command of its own against a run of this process, in its threads and with its seed; one job: test_run.py."""
    source, out = day_one

    assert run_by_command(source, tmp_path, *WAYS[-1]) == (bytes_of(out), written_manifest(out))


@pytest.mark.torture
def test_hash_seed_threads_and_jobs_do_not_matter_to_the_sample(tmp_path):
    first, *others = (run_by_command(SAMPLE, tmp_path / "-".join(way), *way) for way in WAYS)

    assert all(other == first for other in others)


@pytest.fixture(scope="module")
def larger(made_once):
    """The newsroom and eight articles more after a run: (input, output)."""

    def fill(root):
        source = newsroom(root / "raw")
        for number, text in enumerate((*WIRE, *EDITED, *LOCAL)):
            put(source, f"island.example/{number}.txt", page(f"Number {number}", text, WIRE[number % 3]))
        ran(source, root / "clean")

    root = made_once("larger", fill)
    return root / "raw", root / "clean"


@pytest.mark.parametrize(("documents", "articles", "lines"), [(1, 2_000, 40), (5, 3, 1 << 17), (16, 1, 1 << 17)])
def test_how_much_is_read_and_kept_together_does_not_matter(larger, tmp_path, monkeypatch, documents, articles, lines):
    source, whole = larger

    monkeypatch.setattr("pipeline.intake.GROUP_DOCUMENTS", documents)
    monkeypatch.setattr("pipeline.intake.PART_ARTICLES", articles)
    monkeypatch.setattr("pipeline.intake.PART_LINES", lines)
    monkeypatch.setattr("pipeline.ranges.RANGE_ROWS", lines)
    monkeypatch.setattr("pipeline.ranges.RANGE_ARTICLES", articles)
    ran(source, tmp_path / "cut")

    assert bytes_of(tmp_path / "cut") == bytes_of(whole)
    assert written_manifest(tmp_path / "cut") == written_manifest(whole)


def test_the_order_in_which_a_folder_is_listed_does_not_matter(day_one, tmp_path, monkeypatch):
    source, out = day_one
    listed = os.scandir

    class Backwards:
        """A folder's entries in an order no file system gives: by name, from the last letter of it."""

        def __init__(self, folder):
            self.entries = sorted(listed(folder), key=lambda entry: entry.name[::-1])

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.entries.clear()

        def __iter__(self):
            return self

        def __next__(self):
            if not self.entries:
                raise StopIteration
            return self.entries.pop()

    monkeypatch.setattr("os.scandir", Backwards)
    ran(source, tmp_path / "backwards")

    assert bytes_of(tmp_path / "backwards") == bytes_of(out)


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    return Series.set_up(tmp_path_factory.mktemp("series"))


def test_three_batches_cut_short_anywhere_give_the_same_bytes(series, tmp_path):
    chance = np.random.default_rng(3)

    def cut_short(out, number):
        at = int(chance.integers(1, 400))
        try:
            with inline(), injected(out, at, ERRORS[number % len(ERRORS)]):
                series.run(out, number)
        except WriteError:
            series.cut += 1

    series.cut = 0
    assert series.disturbed(tmp_path / "out", cut_short) is None
    assert series.cut > 0


def test_later_batches_leave_the_rows_of_earlier_ones(series):
    tables = (schemas.ARTICLES, schemas.LINES, schemas.PARAGRAPHS, schemas.LINKS, schemas.MENTIONS)
    before = {table.name: rows(series.after[1], table) for table in tables}
    assert before["links"].height

    for table in tables:
        last = rows(series.after[2], table)
        assert last.join(before[table.name], on=table.names, how="semi", nulls_equal=True).height == (
            before[table.name].height
        )
        assert last.height > before[table.name].height
