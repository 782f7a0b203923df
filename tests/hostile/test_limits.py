"""The limit of time holds inside C code, and costs a document no more than it says."""

import resource
import time

import pytest

from pipeline.engines.base import Fences
from pipeline.engines.local import Local
from pipeline.kernels.html import parsed
from tests.hostile.cases import CASES

LIMIT = 1.0  # seconds of CPU time
SLACK = 2.0  # to notice and to end
PAGES = {case.name: case.make().decode() for case in CASES if case.is_slow and "timeout" in case.outcomes}


def parse(tasks):
    for starts, name in tasks:
        with starts.open("a", encoding="utf-8") as file:
            file.write(f"{time.process_time()}\n")
        yield len(parsed(PAGES[name]).html or "")


def refused(task, reason, detail):
    return reason, detail


def cpu_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("name", PAGES)
def test_no_attempt_takes_more_cpu_time_than_the_limit_and_two_seconds(name, tmp_path):
    starts = tmp_path / "starts"
    before = cpu_of_children()

    told = list(Local(1).map_isolated(parse, [[(starts, name)]], Fences(LIMIT, 2_000_000_000), refused))

    begun = [float(line) for line in starts.read_text().split()]
    at_work = cpu_of_children() - before - sum(begun)
    if told[0] == ("timeout", f"more than {LIMIT:g} s of CPU time"):
        assert len(begun) == 2  # the second time alone
    assert at_work <= len(begun) * LIMIT + SLACK
