"""What holds for every test."""

import shutil

import pytest
from hypothesis import settings

from tests.world import FIRST, LOCAL, SECOND, WIRE, inline, newsroom, page, put, ran

# Time is the benchmarks' affair: on a busy machine a deadline fails a test that shows nothing.
settings.register_profile("copydesk", deadline=None)
settings.load_profile("copydesk")


@pytest.fixture(scope="module")
def two_days(tmp_path_factory):
    """The newsroom after two runs, the second of which adds a third copy of the wire story: (input, output)."""
    root = tmp_path_factory.mktemp("two-days")
    source, out = newsroom(root / "raw"), root / "clean"
    with inline():
        ran(source, out, FIRST)
        put(source, "island.example/night.txt", page("Night ferries", *WIRE[:2], LOCAL[2]))
        ran(source, out, SECOND)
    return source, out


@pytest.fixture
def workshop(two_days, tmp_path):
    """A copy of both to work on."""
    for folder, name in zip(two_days, ("raw", "clean"), strict=True):
        shutil.copytree(folder, tmp_path / name, symlinks=True)
    with inline():
        yield tmp_path / "raw", tmp_path / "clean"
