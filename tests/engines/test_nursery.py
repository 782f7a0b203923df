"""Children forked by a process that has loaded what they need: they have it, they fail alone, none is left."""

import os
import subprocess
import sys
import time
from functools import partial
from multiprocessing.connection import Pipe
from pathlib import Path

import pytest

from pipeline.engines.nursery import nursery

FIRST_THING = """
import sys
import pipeline.run
from pathlib import Path
names = [(task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()]
assert not [name for name in names if name.startswith(("polars-", "tokio")) and "ooc" not in name], names
"""
MAPPED = """
import os, sys
import pipeline.run
from pipeline.engines.base import Fences
from pipeline.engines.local import Local
from pipeline.engines.nursery import prepared
import polars as pl

def summed(numbers):
    if 13 in numbers:
        os._exit(9)
    yield pl.Series(numbers).sort().sum(), "pipeline.run" in sys.modules

def refused(number, reason, detail):
    return number, reason, detail

with prepared():
    pl.Series([2, 1]).sort()  # what runs here from now on is not in the children
    fences = Fences(cpu_seconds=20.0, memory_bytes=2_000_000_000)
    print(list(Local(2).map_isolated(summed, [[1, 2], [13], [3]], fences, refused)))
try:
    os.waitpid(-1, 0)
except ChildProcessError:
    print("nobody is left")
"""


def told_by(code):
    told = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    return told.stdout.splitlines()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for threads in /proc")
def test_what_is_loaded_before_a_fork_has_run_nothing_of_polars():
    assert told_by(FIRST_THING) == []


def test_children_of_a_fork_have_what_was_loaded():
    answers, left = told_by(MAPPED)

    assert answers == "[(3, True), (13, 'killed', 'the process reading it died: exit code 9'), (3, True)]"
    assert left == "nobody is left"


BROKEN = """
import pipeline.run
from pipeline.engines.base import Fences
from pipeline.engines.local import Local
from pipeline.engines.nursery import prepared

class Unreadable:
    def __reduce__(self):
        return int, ("no number",)

with prepared():
    try:
        list(Local(1).map_isolated(Unreadable(), [[1]], Fences(20.0, 2_000_000_000), print))
    except RuntimeError as error:
        print(error)
print("once")
"""


def test_a_fork_that_fails_ends_and_does_not_go_on_as_this_process():
    assert told_by(BROKEN) == ["a process to read documents did not start (exit code 1)", "once"]


def wait_for_the_end(connection):
    connection.send(os.getpid())
    while True:
        time.sleep(1)


def test_an_end_takes_the_children_along():
    found = nursery()
    ours, theirs = Pipe()
    with theirs:
        number = found.start(wait_for_the_end, theirs)
    pid = ours.recv()

    assert found.end(number) == -9
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    found.close()


def test_children_end_with_their_nursery():
    found = nursery()
    ours, theirs = Pipe()
    with theirs:
        found.start(wait_for_the_end, theirs)
    pid = ours.recv()

    assert found.close() == 0

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def exit_with(code, connection):
    os._exit(code)


def test_a_child_that_is_gone_leaves_its_exit_code():
    found = nursery()
    ours, theirs = Pipe()
    with theirs:
        number = found.start(partial(exit_with, 7), theirs)
    with pytest.raises(EOFError):
        ours.recv()

    assert found.end(number) == 7
    found.close()
