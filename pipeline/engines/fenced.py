"""Processes behind fences: what hangs, dies or takes all memory costs its own task, and nothing else.

A child works on one group at a time. The kernel ends it by a signal when a group takes too much CPU time, this process
when it takes four times as long by the clock; its memory ends at its address space. What failed is done again, task by
task; a task that fails again stands with the last answer it gave, or is refused.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection, Pipe, wait
from typing import Generic

from pipeline.engines.base import Fences, Kernel, Refused, Result, Task
from pipeline.engines.nursery import Nursery, nursery

WALL_PER_CPU = 4  # a process that waits for a core or for the disk gets this much longer
START_SECONDS = 1800.0  # to import the libraries: 2 s alone, more than 300 s on a machine under 17 times its load
# Groups under way or waiting for one before them, for each process: while a page runs into its limit, the others work
# on. 32 groups of 4 MB and their answers are 0.4 GB at most.
GROUPS_AHEAD = 32
OUT_OF_MEMORY = 71  # exit code of a child whose address space was full


@dataclass
class _Slot(Generic[Task, Result]):
    """A group's place in the order: its last answer, or the slots of its tasks once they are done again."""

    tasks: Sequence[Task]
    is_again: bool = False
    answer: Result | None = None
    is_done: bool = False
    again: list[_Slot[Task, Result]] = field(default_factory=list)

    def is_complete(self) -> bool:
        return self.is_done or (bool(self.again) and all(slot.is_done for slot in self.again))

    def answers(self) -> Iterator[Result]:
        for slot in self.again or [self]:
            if slot.answer is not None:
                yield slot.answer


class _Child(Generic[Task, Result]):
    """A process that answers groups, and the slot it is at."""

    def __init__(self, nursery: Nursery, kernel: Kernel[Task, Result], fences: Fences) -> None:
        self.connection, theirs = Pipe()
        with theirs:
            self._number = nursery.start(partial(serve, kernel, fences), theirs)
        self._nursery = nursery
        self.fences = fences
        self.slot: _Slot[Task, Result] | None = None
        self.is_ready = False
        self.deadline = time.monotonic() + START_SECONDS

    def give(self, slot: _Slot[Task, Result]) -> None:
        """Let it work on the slot's tasks. Raises OSError where it is dead."""
        self.connection.send(slot.tasks)
        self.slot = slot
        self.deadline = time.monotonic() + WALL_PER_CPU * self.fences.cpu_seconds

    def end(self) -> int:
        """Its exit code, once it is gone."""
        self.connection.close()
        return self._nursery.end(self._number)


class Fenced(Generic[Task, Result]):
    """A kernel behind fences, in up to `jobs` processes."""

    def __init__(self, kernel: Kernel[Task, Result], jobs: int, fences: Fences, refused: Refused[Task, Result]) -> None:
        self._kernel, self._jobs, self._fences, self._refused = kernel, jobs, fences, refused
        self._nursery: Nursery | None = None
        self._children: list[_Child[Task, Result]] = []
        self._waiting: deque[_Slot[Task, Result]] = deque()

    def answers(self, groups: Iterable[Sequence[Task]]) -> Iterator[Result]:
        """The last answer to each group, in order; for a group that was done again, those to its tasks."""
        source = iter(groups)
        order: deque[_Slot[Task, Result]] = deque()
        try:
            while True:
                while len(self._waiting) < self._jobs and len(order) < self._jobs * GROUPS_AHEAD:
                    group = next(source, None)
                    if group is None:
                        break
                    order.append(_Slot(group))
                    self._waiting.append(order[-1])
                if not order:
                    return
                self._set_to_work()
                self._listen()
                while order and order[0].is_complete():
                    yield from order.popleft().answers()
        finally:
            for child in self._children:
                child.connection.close()
            self._children.clear()
            if self._nursery is not None:
                self._nursery.close()
                self._nursery = None

    def _set_to_work(self) -> None:
        for child in [child for child in self._children if child.is_ready and child.slot is None]:
            if self._waiting:
                try:
                    child.give(self._waiting[0])
                except OSError:  # it died of something else while it had nothing to do: the next one takes the group
                    self._bury(child)
                else:
                    self._waiting.popleft()
        n_starting = sum(not child.is_ready for child in self._children)
        for _ in range(min(self._jobs - len(self._children), len(self._waiting) - n_starting)):
            self._nursery = self._nursery or nursery()
            self._children.append(_Child(self._nursery, self._kernel, self._fences))

    def _listen(self) -> None:
        """Take in what the children say next, and end those whose time is over."""
        busy = {child.connection: child for child in self._children if child.slot or not child.is_ready}
        first = min((child.deadline for child in busy.values()), default=time.monotonic())
        heard = wait(list(busy), max(0.0, first - time.monotonic()))
        for connection, child in busy.items():
            if connection in heard:
                self._take(child)
            elif time.monotonic() > child.deadline:
                self._fail(child, "timeout", f"more than {WALL_PER_CPU * self._fences.cpu_seconds:g} s")

    def _take(self, child: _Child[Task, Result]) -> None:
        try:
            kind, said = child.connection.recv()
        except (EOFError, OSError):
            self._fail(child)
            return
        slot = child.slot
        if kind == "ready":
            child.is_ready = True
        elif kind == "answer" and slot is not None:
            slot.answer = said
        elif slot is not None:
            child.slot = None
            if kind == "done":
                slot.is_done, slot.tasks = True, ()
            else:
                self._again(slot, "error", said)

    def _fail(self, child: _Child[Task, Result], reason: str = "", detail: str = "") -> None:
        """The child is dead, or is to be: what it worked on is done again."""
        slot, is_ready = child.slot, child.is_ready
        code = self._bury(child)
        if not is_ready:
            raise RuntimeError(f"a process to read documents did not start (exit code {code})")
        if slot is not None:
            self._again(slot, *((reason, detail) if reason else _cause(code, self._fences)))

    def _bury(self, child: _Child[Task, Result]) -> int:
        self._children.remove(child)
        return child.end()

    def _again(self, slot: _Slot[Task, Result], reason: str, detail: str) -> None:
        if slot.is_again:
            if slot.answer is None:
                slot.answer = self._refused(slot.tasks[0], reason, detail)
            slot.is_done = True
        else:
            slot.answer = None
            slot.again = [_Slot([task], is_again=True) for task in slot.tasks]
            slot.tasks = ()
            self._waiting.extendleft(reversed(slot.again))


def serve(kernel: Kernel[Task, Result], fences: Fences, connection: Connection) -> None:
    """In the child: answer groups until the other side is gone."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # which ends the process
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_AS, fences.memory_bytes)
    # Lines come by the hundred thousand, and none is part of a cycle: to look for cycles among them all the time took
    # 1.1 of 17 CPU-s. What came with a group is looked at once, when it is done; what stays of it never again.
    gc.disable()
    connection.send(("ready", None))
    while True:
        gc.collect(0)
        try:
            tasks = connection.recv()
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_PROF, fences.cpu_seconds)
        try:
            for answer in kernel(tasks):
                connection.send(("answer", answer))
            connection.send(("done", None))
        except MemoryError:
            os._exit(OUT_OF_MEMORY)  # what is left is too torn to work on
        except BaseException as error:  # a panic in Rust is no Exception
            connection.send(("error", _told(error)))
        signal.setitimer(signal.ITIMER_PROF, 0)


def _limit(kind: int, wanted: int) -> None:
    _, most = resource.getrlimit(kind)
    resource.setrlimit(kind, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most))


def _told(error: BaseException) -> str:
    first_line = f"{type(error).__name__}: {error}".partition("\n")[0][:200]
    return first_line.encode("utf-8", "backslashreplace").decode()


def _cause(code: int, fences: Fences) -> tuple[str, str]:
    """Reason and detail of a process that ended with this code."""
    if code == -signal.SIGPROF:
        return "timeout", f"more than {fences.cpu_seconds:g} s of CPU time"
    if code == OUT_OF_MEMORY:
        return "out_of_memory", f"more than {fences.memory_bytes:,} bytes of address space"
    how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
    return "killed", f"the process reading it died: {how}"
