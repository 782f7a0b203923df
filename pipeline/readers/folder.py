"""What lies in an input folder: the files to read, and every name that is passed over, with why."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from pipeline.readers import SUFFIXES
from pipeline.readers.articles import SIDECAR

UNFINISHED = (".tmp", ".part")
UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # control characters, and bytes that are no UTF-8
UNFIT_NAME = "name is not UTF-8 or holds control characters"


@dataclass(frozen=True, slots=True)
class Found:
    """The inputs and the names passed over, both sorted by source path (posix, relative to the root)."""

    paths: list[tuple[Path, str]]
    skipped: list[tuple[str, str]]
    unlisted: list[tuple[str, str]]  # folders that cannot be listed


def found(root: Path, include: Sequence[str] = (), exclude: Sequence[str] = (), without: Path | None = None) -> Found:
    """Every file under the root (or the root itself) that a reader takes and the patterns let through.

    Patterns are shell patterns on the file's name or on its path under the root, capitals or not; no `include` means
    all. Links to folders are not followed, nor links out of the root; only regular files count. The folder `without`,
    and every folder that looks like an output of copydesk, is passed over. A root that is missing gives nothing.
    """
    paths: list[tuple[Path, str]] = []
    skipped: list[tuple[str, str]] = []
    unlisted: list[tuple[str, str]] = []
    for path, source_path in _entries(root, skipped, unlisted, without):
        why = _why_not(path, source_path, include, exclude) or _no_file(path, root)
        if why is None:
            paths.append((path, source_path))
        elif not path.name.endswith(SIDECAR):  # it goes with its file
            skipped.append((source_path, why))
    return Found(sorted(paths, key=lambda item: item[1]), sorted(skipped), sorted(unlisted))


def _entries(
    root: Path, skipped: list[tuple[str, str]], unlisted: list[tuple[str, str]], without: Path | None
) -> Iterator[tuple[Path, str]]:
    if not root.is_dir():
        if os.path.lexists(root):
            yield root, root.name
        return

    def unreadable(error: OSError) -> None:
        unlisted.append((_relative(Path(str(error.filename)), root), error.strerror or "cannot be listed"))

    output = None if without is None else without.resolve()
    for folder, folders, names in os.walk(root, onerror=unreadable):
        here = Path(folder)
        passed = {name: why for name in folders if (why := _why_not_into(here / name, output)) is not None}
        skipped += [(_relative(here / name, root), why) for name, why in passed.items()]
        folders[:] = [name for name in folders if name not in passed]
        above = "" if here == root else f"{_relative(here, root)}/"
        for name in names:
            yield here / name, above + _printable(name)


def _why_not_into(folder: Path, output: Path | None) -> str | None:
    if folder.is_symlink():
        return "link to a folder"
    if folder.name.startswith("."):
        return "hidden folder"
    if UNFIT.search(folder.name):
        return UNFIT_NAME
    if _is_output(folder) or folder.resolve() == output:
        return "output of copydesk"
    return None


def _is_output(folder: Path) -> bool:
    """Looks like an output; a folder that may not be searched does not (`Path.is_dir` would raise)."""
    return os.path.isdir(folder / "versions") and os.path.islink(folder / "current")  # noqa: PTH112, PTH114 - see above


def _relative(path: Path, root: Path) -> str:
    return _printable(path.relative_to(root).as_posix())


def _printable(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


def _why_not(path: Path, source_path: str, include: Sequence[str], exclude: Sequence[str]) -> str | None:
    name = path.name
    if name.startswith("."):
        return "hidden"
    if name.endswith(SIDECAR):
        return "sidecar"
    if name.endswith(UNFINISHED):
        return "still being written"
    if UNFIT.search(name):
        return UNFIT_NAME
    if not name.lower().endswith(SUFFIXES):
        return "no reader for this name"
    if include and not _matches(name, source_path, include):
        return "not in include"
    if _matches(name, source_path, exclude):
        return "in exclude"
    return None


def _no_file(path: Path, root: Path) -> str | None:
    """Why the name is none of a file in the root; a link into the rest of the machine may lead to what is secret."""
    try:
        seen = path.lstat().st_mode
        is_link = stat.S_ISLNK(seen)
        if not stat.S_ISREG(path.stat().st_mode if is_link else seen):
            return "no regular file"
        is_inside = path == root or not is_link or path.resolve().is_relative_to(root.resolve())
    except OSError as error:
        return error.strerror or "cannot be looked at"
    return None if is_inside else "link out of the input folder"


def _matches(name: str, source_path: str, patterns: Sequence[str]) -> bool:
    lower = (name.lower(), source_path.lower())
    return any(fnmatchcase(candidate, pattern.lower()) for candidate in lower for pattern in patterns)
