"""Processes that start in a hundredth of a second: forks of one that has imported what they need.

To import the libraries takes more CPU time than to read a page; a nursery has done it once for all its children. It is
a fork of this process where `prepared` made one before anything of polars ran here, else a new interpreter: a fork
after polars has started its threads can hang for good. A nursery imports polars and runs nothing of it.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from multiprocessing.connection import Connection, Pipe
from multiprocessing.reduction import recv_handle, send_handle
from typing import NoReturn

# What the libraries of numpy and polars read when they are loaded. Their threads wait for each other at full load: with
# two, the line model's small products took three times the CPU seconds.
NUMPY_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
THREADS = (*NUMPY_THREADS, "POLARS_MAX_THREADS")
TEND = """import sys
from multiprocessing.connection import Connection
from pipeline.engines.nursery import do, tend
do(tend, Connection(int(sys.argv[1])))
"""
Work = Callable[[Connection], None]  # what a child does, over its connection to this process; picklable


class Nursery:
    """A process that starts and ends children for this one."""

    def __init__(self, started: Callable[[Connection, Connection], int]) -> None:
        self._control, theirs = Pipe()
        self._numbers = count()
        self._code = 0
        # Ctrl-C reaches the whole group, and this process decides: in the others it stays blocked.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
        try:
            with theirs:
                self.pid = started(self._control, theirs)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def start(self, work: Work, connection: Connection) -> int:
        """Start a child that does the work over this end of its connection; its number."""
        number = next(self._numbers)
        with suppress(OSError):  # the nursery is dead: whoever listens to the child hears so
            self._control.send((number, work))
            send_handle(self._control, connection.fileno(), self.pid)
        return number

    def end(self, number: int) -> int:
        """The child's exit code, once it is gone. Raises RuntimeError where the nursery is."""
        try:
            self._control.send((number, None))
            code: int = self._control.recv()
        except (EOFError, OSError):
            raise RuntimeError(f"a process to read documents did not start (exit code {self.close()})") from None
        return code

    def close(self) -> int:
        """End it, and all its children; its exit code."""
        if not self._control.closed:
            self._control.close()
            _, status = os.waitpid(self.pid, 0)
            self._code = os.waitstatus_to_exitcode(status)
        return self._code


_prepared: list[Nursery] = []


@contextmanager
def prepared() -> Iterator[None]:
    """Inside, the first nursery asked for is a fork of this process, made now: nothing of polars may have run here.

    What the children need should be loaded, numpy with NUMPY_THREADS of one. POLARS_MAX_THREADS is that of this
    process, but no page makes polars start them.
    """
    _prepared.append(Nursery(_forked))
    try:
        yield
    finally:
        while _prepared:  # nobody asked
            _prepared.pop().close()


def nursery() -> Nursery:
    """The one that was prepared, else a new one. Who asks closes it."""
    return _prepared.pop() if _prepared else Nursery(_spawned)


def _forked(ours: Connection, theirs: Connection) -> int:
    pid = _fork()
    if pid == 0:
        ours.close()  # else it would not hear that this process is gone
        do(tend, theirs)
    return pid


def _spawned(_: Connection, theirs: Connection) -> int:
    """A new interpreter: it imports from where this process does, but never from the working directory."""
    os.set_inheritable(theirs.fileno(), True)
    command = (sys.executable, "-P", "-c", TEND, str(theirs.fileno()))
    environment = {**dict.fromkeys(THREADS, "1"), **os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return os.posix_spawn(sys.executable, command, environment)


def do(work: Work, connection: Connection) -> NoReturn:
    """Do the work, and end the process: nothing of what it is a fork of goes on."""
    try:
        work(connection)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def tend(control: Connection) -> None:
    """In the nursery: start and end children until the other side is gone."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    children: dict[int, int] = {}
    with suppress(EOFError, ConnectionError):
        while True:
            number, work = control.recv()
            if work is None:
                control.send(_ended(children.pop(number)))
                continue
            theirs = recv_handle(control)
            gc.freeze()  # what the children share stays as it is
            pid = _fork()
            if pid == 0:
                control.close()
                do(work, Connection(theirs))
            os.close(theirs)
            children[number] = pid
    for pid in children.values():
        _ended(pid)


def _ended(pid: int) -> int:
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def _fork() -> int:
    with warnings.catch_warnings():  # Python 3.12 warns of threads: those there are, of jemalloc, are made for forks
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()
