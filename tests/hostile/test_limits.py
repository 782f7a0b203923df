"""The limit of time holds inside C code, and costs a document no more than it says."""

import resource
import time

import pytest

from pipeline.engines.base import Fences
from pipeline.engines.local import Local
from pipeline.kernels.html import parsed
from pipeline.readers import Document
from pipeline.stages import extract
from tests.hostile.cases import CASES, page
from tests.world import FIRST

LIMIT = 1.0  # seconds of CPU time
SLACK = 2.0  # to notice and to end
PAGES = {case.name: case.make().decode() for case in CASES if case.is_slow and "timeout" in case.outcomes}
ONE, *MORE = PAGES


def idle(tasks):
    yield from tasks


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


@pytest.mark.parametrize("name", [ONE, *(pytest.param(name, marks=pytest.mark.torture) for name in MORE)])
def test_no_attempt_takes_more_cpu_time_than_the_limit_and_two_seconds(name, tmp_path):
    starts = tmp_path / "starts"
    before = cpu_of_children()
    list(Local(1).map_isolated(idle, [[()]], Fences(LIMIT, 2_000_000_000), refused))
    to_start = cpu_of_children() - before  # of what the processes are forks of

    told = list(Local(1).map_isolated(parse, [[(starts, name)]], Fences(LIMIT, 2_000_000_000), refused))

    begun = [float(line) for line in starts.read_text().split()]
    at_work = cpu_of_children() - before - 2 * to_start - sum(begun)
    if told[0] == ("timeout", f"more than {LIMIT:g} s of CPU time"):
        assert len(begun) == 2  # the second time alone
    assert at_work <= len(begun) * LIMIT + SLACK


def hanging(tasks):
    """In the child: as if trafilatura never came back."""
    extract.main_votes = lambda html, lines: next(filter(None, iter(int, 1)))
    return extract.answers(tasks, extract.Settings(html="trafilatura"), FIRST)


def test_a_page_that_trafilatura_hangs_on_keeps_its_fast_result():
    document = Document("a.html", 0, None, "html", page(""), "0" * 64)
    task = extract.Task("a" * 24, None, "a", 0, FIRST, document)

    (told,) = Local(1).map_isolated(hanging, [[task]], Fences(3.0, 2_000_000_000), extract.refused)

    assert told.documents["extractor"].to_list() == ["fast"]
    assert told.lines.height == 7
    assert told.rejects.height == 0
