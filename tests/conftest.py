"""What holds for every test."""

import gc
import os
import shutil

import pytest
from filelock import FileLock
from hypothesis import settings

from pipeline.cli import NEW_OBJECTS
from tests.world import FIRST, LOCAL, SAMPLE, SAMPLED, SECOND, WIRE, inline, newsroom, page, put, ran

# Time is the benchmarks' affair: on a busy machine a deadline fails a test that shows nothing.
settings.register_profile("copydesk", deadline=None)
settings.load_profile("copydesk")
gc.set_threshold(NEW_OBJECTS)  # as the command does


@pytest.fixture(scope="session", autouse=True)
def nothing_waits_for_the_disk():
    """No test cuts the power, and 125 calls of fsync take .6 of the 2.3 s of a small run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="session")
def made_once(tmp_path_factory):
    """Folders by name, each filled by the first test process that asks for it. Read only; copy before you change."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def folder(name, fill):
        place, whole = shared / f"once-{name}", shared / f"once-{name}.whole"
        with FileLock(f"{place}.lock"):
            if not whole.exists():
                shutil.rmtree(place, ignore_errors=True)  # what a failure left
                fill(place)
                whole.touch()
        return place

    return folder


@pytest.fixture(scope="session")
def day_one(made_once):
    """The newsroom after its first run: (input, output)."""

    def fill(root):
        ran(newsroom(root / "raw"), root / "clean", FIRST)

    root = made_once("day-one", fill)
    return root / "raw", root / "clean"


@pytest.fixture(scope="session")
def two_days(made_once, day_one):
    """The newsroom after two runs, the second of which adds a third copy of the wire story: (input, output)."""

    def fill(root):
        shutil.copytree(day_one[0].parent, root, symlinks=True)
        put(root / "raw", "island.example/night.txt", page("Night ferries", *WIRE[:2], LOCAL[2]))
        ran(root / "raw", root / "clean", SECOND)

    root = made_once("two-days", fill)
    return root / "raw", root / "clean"


@pytest.fixture
def workshop(two_days, tmp_path):
    """A copy of both to work on."""
    for folder, name in zip(two_days, ("raw", "clean"), strict=True):
        shutil.copytree(folder, tmp_path / name, symlinks=True)
    with inline():
        yield tmp_path / "raw", tmp_path / "clean"


@pytest.fixture(scope="session")
def sampled(made_once):
    """The output of one run over the sample, read in processes of their own as a user's is."""
    return made_once("sampled", lambda out: ran(SAMPLE, out, SAMPLED, jobs=2))
