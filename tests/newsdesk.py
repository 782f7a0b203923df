"""A desk to disturb: an output, the input of one more run, and what that run makes when left alone."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.check import problems
from pipeline.errors import WriteError
from pipeline.store import Store, Version
from tests.faults import ERRORS, STEPS, Faults, injected
from tests.world import EDITED, FIRST, LOCAL, SECOND, WIRE, bytes_of, current, inline, newsroom, page, put, ran

KEEP = ("run.keep_versions=1",)  # so that the second run is built in an old version, and sets one aside, too


@dataclass(frozen=True)
class Desk:
    """`made` is the output after two runs, `wanted` the files of the next, called the second, run undisturbed."""

    source: Path
    made: Path
    wanted: dict[str, bytes]
    manifest: dict[str, Any]
    n_calls: int  # that change the output folder, in the undisturbed second run
    calls: list[tuple[str, str]]

    @classmethod
    def set_up(cls, root: Path) -> Desk:
        """The desk, in a folder of its own."""
        source, made, whole = newsroom(root / "raw"), root / "made", root / "whole"
        with inline():
            ran(source, made, FIRST - timedelta(days=1), KEEP)
            put(source, "island.example/morning.txt", page("Morning ferries", LOCAL[1], LOCAL[2]))
            ran(source, made, FIRST, KEEP)
            put(source, "island.example/night.txt", page("Night ferries", *WIRE[:2], LOCAL[2]))
            put(source, "herald.example/2026-11-17/ferry.txt", page("Five night sailings", *WIRE[:2], LOCAL[1]))
            copied(made, whole)
            with injected(whole) as counted:
                ran(source, whole, SECOND, KEEP)
        return cls(source, made, bytes_of(whole), written_manifest(whole), len(counted.calls), counted.calls)

    def copy(self, out: Path) -> Path:
        """The output, to be disturbed."""
        return copied(self.made, out)

    def second(self, out: Path) -> None:
        """The second run."""
        ran(self.source, out, SECOND, KEEP)

    def fails(self, out: Path, at: int) -> str | None:
        """Fail the n-th call of the second run; what is wrong afterwards, None when nothing is."""
        error = ERRORS[at % len(ERRORS)]
        said = ""
        with inline(), injected(out, at, error) as faults:
            try:
                self.second(out)
            except WriteError as failure:
                said = str(failure)
        if os.strerror(error) not in said and not self._is_harmless(faults):
            return f"call {at} {faults.calls[at - 1]}: failed with '{said}'"
        return self.wrong(out)

    def wrong(self, out: Path) -> str | None:
        """What is wrong with a disturbed output: the version that readers see, and what the next run makes of it."""
        left = list(problems(current(out), deep=True))
        if left:
            return f"the version left is not sound: {left}"
        with inline():
            self.second(out)
        if bytes_of(out) != self.wanted:
            return "the next run gives other bytes"
        if written_manifest(out) != self.manifest:
            return "the next run writes another manifest"
        return None

    def command(self, out: Path, *words: str) -> list[str]:
        """The second run as a process of its own."""
        sets = [word for one in KEEP for word in ("--set", one)]
        return [*command(self.source, out, SECOND), *sets, *words]

    def killed_at(self, out: Path, at: int) -> str | None:
        """kill -9 at the n-th call of the second run; what is wrong afterwards."""
        code = (
            "import sys; from pathlib import Path; from tests import newsdesk, world; "
            "from tests.faults import injected\n"
            "source, out, at = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])\n"
            "with newsdesk.inline(), injected(out, at):\n"
            "    world.ran(source, out, world.SECOND, newsdesk.KEEP)"
        )
        words = [sys.executable, "-c", code, str(self.source), str(out), str(at)]
        died = subprocess.run(words, check=False, capture_output=True)
        return self.wrong(out) if died.returncode == -signal.SIGKILL else f"not killed: {died.stderr.decode()}"

    def killed_after(self, out: Path, seconds: float) -> tuple[bool, str | None]:
        """kill -9 so long after the start; whether the run was still going, and what is wrong afterwards."""
        was_running = killed(self.command(out), seconds)
        return was_running, self.wrong(out)

    def pair(self, out: Path) -> str | None:
        """Two runs started together; what is wrong with how they ended."""
        both = [subprocess.Popen(self.command(out), stderr=subprocess.DEVNULL) for _ in range(2)]
        codes = sorted(running.wait() for running in both)
        return self.wrong(out) if codes == [0, 75] else f"they ended with {codes}"

    def flipped(self, out: Path, chance: np.random.Generator) -> str | None:
        """One bit of a committed file turned over; what a deep check fails to say of it."""
        version = current(out)
        files = sorted(file for file in version.path.rglob("*") if file.is_file())
        file = files[chance.integers(len(files))]
        raw = bytearray(file.read_bytes())
        raw[chance.integers(len(raw))] ^= 1 << int(chance.integers(8))
        file.unlink()  # other versions have the same inode
        file.write_bytes(raw)
        name = str(file.relative_to(version.path))
        said = list(problems(Version(version.path), deep=True))
        return None if any(name in sentence for sentence in said) else f"{name}: {said}"

    def _is_harmless(self, faults: Faults) -> bool:
        """The run may go on: the folder was there already, or an old version is set aside after the new one is out."""
        before = faults.calls[: faults.at]
        operation, place = before[-1]
        if operation == "mkdir":
            is_made = ("mkdir", place) in before[:-1]
            return is_made or place == str(faults.root) or (self.made / place).is_dir()
        is_published = any(done == "replace" and path == ".tmp-current" for done, path in before[:-1])
        return is_published and operation in ("rename", "unlink", "rmdir") and "stage" not in place

    def step(self, name: str) -> int:
        """The number of the call at which a named step is taken."""
        operation, place = STEPS[name]
        return next(
            number
            for number, (done, path) in enumerate(self.calls, 1)
            if done == operation and fnmatchcase(path, f"*{place}*")
        )


@dataclass
class Series:
    """Three batches, one after the other: the input of each with all before it, and the outputs, undisturbed."""

    sources: list[Path]
    after: list[Path]
    cut: int = 0  # runs cut short so far

    @classmethod
    def set_up(cls, root: Path) -> Series:
        """The series, in a folder of its own."""
        series = cls([root / f"raw-{n}" for n in range(3)], [root / f"after-{n}" for n in range(3)])
        for source in series.sources:
            newsroom(source)
        for source in series.sources[1:]:
            put(source, "island.example/night.txt", page("Night ferries", *WIRE[:2], LOCAL[2]))
        put(series.sources[2], "coast.example/dock.txt", page("Dock workers to vote", WIRE[2], LOCAL[0], LOCAL[1]))
        put(series.sources[2], "island.example/morning.txt", page("Morning ferries", *EDITED))
        out = root / "out"
        with inline():
            for number in range(3):
                series.run(out, number)
                copied(out, series.after[number])
        return series

    def run(self, out: Path, number: int) -> None:
        """The run of one batch."""
        ran(self.sources[number], out, FIRST + timedelta(days=number))

    def disturbed(self, out: Path, cut_short: Callable[[Path, int], None]) -> str | None:
        """All batches, each run cut short and started again; what is wrong afterwards, None when nothing is."""
        for number, wanted in enumerate(self.after):
            cut_short(out, number)
            if (out / "current").exists() and list(problems(current(out), deep=True)):
                return f"batch {number + 1}: the version left is not sound"
            with inline():
                self.run(out, number)
            if (bytes_of(out), written_manifest(out)) != (bytes_of(wanted), written_manifest(wanted)):
                return f"batch {number + 1}: other bytes than undisturbed"
        return None

    def killed(self, out: Path, seconds: Iterator[float]) -> str | None:
        """The same with each run killed (-9) so long after its start."""

        def cut_short(out: Path, number: int) -> None:
            as_of = FIRST + timedelta(days=number)
            self.cut += killed(command(self.sources[number], out, as_of), next(seconds))

        return self.disturbed(out, cut_short)


def command(source: Path, out: Path, as_of: datetime) -> list[str]:
    """A run as a process of its own."""
    return [sys.executable, "-m", "pipeline.cli", "run", "-q", "--jobs", "1", "--in", str(source), "--out", str(out),
            "--as-of", as_of.isoformat()]  # fmt: skip


def killed(words: list[str], seconds: float) -> bool:
    """Kill -9 a command and all it started so long after its start; whether it was still running."""
    with subprocess.Popen(words, start_new_session=True, stderr=subprocess.DEVNULL) as running:
        time.sleep(seconds)
        os.killpg(running.pid, signal.SIGKILL)
        return running.wait() == -signal.SIGKILL


def copied(source: Path, target: Path) -> Path:
    """A copy of a folder in which names of one file are names of one file again."""
    there: dict[int, str] = {}

    def copy(file: str, place: str) -> None:
        inode = Path(file).stat().st_ino
        if inode in there:
            Path(place).hardlink_to(there[inode])
        else:
            shutil.copy2(file, place)
            there[inode] = place

    shutil.copytree(source, target, symlinks=True, copy_function=copy)
    return target


def written_manifest(out: Path) -> dict[str, Any]:
    """The manifest without durations and memory."""
    manifest: dict[str, Any] = json.loads((out / "current" / "manifest.json").read_text(encoding="utf-8"))
    manifest.pop("measured")
    return manifest


def leftovers(out: Path) -> list[str]:
    """Names that a killed run may leave and the next must clear."""
    return sorted(str(path.relative_to(out)) for path in out.rglob(".tmp-*"))


def kept(out: Path) -> list[str]:
    """Ids of the versions kept."""
    return [version.run_id for version in Store(out).versions()]
