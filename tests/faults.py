"""Faults on the way to the disk: the n-th call that changes the output folder fails, or is where the process dies.

Counted are the calls that `pipeline/files.py` and `pipeline/store.py` make there, in the order in which they come.
"""

from __future__ import annotations

import errno
import io
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES)
BY_PATH = ("mkdir", "link", "symlink", "rename", "replace", "unlink", "rmdir")  # functions of os
STEPS = {  # the named steps of a run: what is being done when it dies
    "card of extract": ("replace", "extract/.tmp-*-stage.json"),
    "card of clean": ("replace", "clean/.tmp-*-stage.json"),
    "card of dedup": ("replace", "dedup/.tmp-*-stage.json"),
    "card of names": ("replace", "names/.tmp-*-stage.json"),
    "folder of the version": ("rename", "versions/.spare"),
    "unchanged file linked": ("link", "part-0.parquet"),
    "manifest written": ("write", "manifest.json"),
    "hash of the manifest written": ("write", "manifest.sha256"),
    "version renamed": ("rename", "versions/.tmp-2"),
    "pointer made": ("symlink", ".tmp-current"),
    "pointer swapped": ("replace", ".tmp-current"),
    "old version set aside": ("rename", "versions/2"),
    "card of export": ("replace", "export/.tmp-*-stage.json"),
}


@dataclass
class Faults:
    """The calls counted so far, and what happens at the n-th."""

    root: Path
    at: int | None = None  # counted from 1; None: nothing happens, calls are only counted
    error: int | None = None  # errno of the failure; None: the process is killed
    calls: list[tuple[str, str]] = field(default_factory=list)

    def meet(self, operation: str, place: object) -> None:
        """Count a call, and fail or die if it is the one."""
        path = os.fsdecode(place) if isinstance(place, str | bytes | os.PathLike) else str(place)
        if not Path(path).is_absolute():  # shutil.rmtree names what it removes relative to an open folder
            path = str(self.root / "..." / path)
        if not path.startswith(str(self.root)):
            return
        self.calls.append((operation, path.removeprefix(f"{self.root}/")))
        if len(self.calls) == self.at:
            if self.error is None:
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(self.error, os.strerror(self.error or 0), path)


class _Counted(io.FileIO):
    """A file whose writes are counted."""

    faults: Faults

    def write(self, raw: Any) -> int:
        self.faults.meet("write", self.name)
        return super().write(raw)


@contextmanager
def injected(root: Path, at: int | None = None, error: int | None = None) -> Iterator[Faults]:
    """The faults, in force for every call below `root` made by this process."""
    faults = Faults(root, at, error)
    originals: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in (*BY_PATH, "fsync")}
    plain_open = io.open

    def by_path(name: str) -> Callable[..., Any]:
        def call(path: Any, *rest: Any, **named: Any) -> Any:
            faults.meet(name, rest[0] if name in ("link", "symlink") else path)
            return originals[name](path, *rest, **named)

        return call

    def fsync(descriptor: int) -> None:
        faults.meet("fsync", Path(f"/proc/self/fd/{descriptor}").readlink())
        originals["fsync"](descriptor)

    def opened(path: Any, mode: str = "r", *rest: Any, **named: Any) -> Any:
        if not isinstance(path, int) and "x" in mode and "b" in mode and Path(path).is_relative_to(root):
            faults.meet("open", path)
            raw = _Counted(path, mode.replace("b", ""))
            raw.faults = faults
            return io.BufferedWriter(raw)
        return plain_open(path, mode, *rest, **named)

    patches = {name: by_path(name) for name in BY_PATH} | {"fsync": fsync}
    try:
        for name, patch in patches.items():
            setattr(os, name, patch)
        io.open = opened
        yield faults
    finally:
        for name, original in originals.items():
            setattr(os, name, original)
        io.open = plain_open
