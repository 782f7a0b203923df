"""Pages whose commands are run: each block with what it prints now, in a folder of the page's own, from top to bottom.

    ```console    lines after `$ ` are run one by one, `| head -n N` cuts what they print
    ```python     is run; the ```text block right below it is what it prints
    ```sql        the same, by DuckDB
    ```toml       is written to the file that its first line names (`# configs/daily.toml`), else only parsed

A comment above a block says what is else: `<!-- not run: why -->`, or `<!-- figures vary -->`, where what is printed
may differ from what is shown in its digits. A page says what its folder holds: `<!-- begins with: sample -->` stands
for the output of a run over the sample, `scrapes` for two outlets of the sample in a folder of that name, `nothing` for
the raw sample alone.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path
from unittest.mock import patch

from pipeline.cli import app

DOCS = Path(__file__).parent
ROOT = DOCS.parent
RAW = ROOT / "data" / "raw"
AS_OF = "2026-11-20T06:00Z"
BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>not run: [^>]+|figures vary) -->\n)?^```(?P<language>\w+)\n(?P<body>.*?)^```$"
    r"(?:\n+^```text\n(?P<output>.*?)^```$)?",
    re.DOTALL | re.MULTILINE,
)
BEGINS = re.compile(r"^<!-- begins with: (\w+) -->$", re.MULTILINE)
WIDTH = "110"  # of the terminal
GOOD = (0, 3)  # exit codes of a command that did what it should
RUN = ("console", "python", "sql")
DATA = ("text", "toml", "ini", "crontab", "json")  # blocks that hold no command of ours


class SessionError(Exception):
    """A command on a page fails, or a page is not marked up as it should be."""


@dataclass(frozen=True)
class Block:
    """One block of a page."""

    page: str
    language: str
    body: str
    not_run: str | None


def pages() -> list[Path]:
    """The pages whose blocks are run: the README and every page that says what it begins with."""
    return [ROOT / "README.md", *sorted(page for page in DOCS.glob("*.md") if BEGINS.search(page.read_text("utf-8")))]


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page that are run or say why not."""
    for found in BLOCK.finditer(page.read_text(encoding="utf-8")):
        mark = found["mark"] or ""
        not_run = mark.removeprefix("not run: ") if mark.startswith("not run: ") else None
        yield Block(page.name, found["language"], found["body"], not_run)


def replayed(page: Path) -> str:
    """The page with what its blocks print now. Raises SessionError when one fails."""
    text = page.read_text(encoding="utf-8")
    begins = BEGINS.search(text)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _set_up(folder, begins[1] if begins else "nothing")
        return BLOCK.sub(lambda found: _block(found, folder, page.name), text)


def _set_up(folder: Path, begins_with: str) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "raw").symlink_to(RAW)
    if begins_with == "sample":
        shutil.copytree(sample_output(), folder / "data" / "clean", symlinks=True)
    elif begins_with == "scrapes":
        for outlet in ("kestrelpost.example", "harbourtelegraph.example"):
            shutil.copytree(RAW / outlet, folder / "scrapes" / outlet)
    elif begins_with != "nothing":
        raise SessionError(f"no session begins with '{begins_with}'")


@cache
def sample_output() -> Path:
    """The output of one run over the sample, kept until this process ends."""
    folder = Path(_KEPT.name)
    _printed(["copydesk", "run", "-q", "--as-of", AS_OF, "--in", str(RAW), "--out", str(folder / "clean")], folder)
    return folder / "clean"


_KEPT = tempfile.TemporaryDirectory(prefix="copydesk-docs-")


def _block(found: re.Match[str], folder: Path, page: str) -> str:
    language, body, shown = found["language"], found["body"], found["output"]
    mark = found["mark"] or ""
    if mark.startswith("not run: ") or language in DATA:
        if language == "toml":
            _write_settings(body, folder)
        return found[0]
    if language not in RUN:
        raise SessionError(f"{page}: a block of {language} is neither run nor marked as not run")
    try:
        if language == "console":
            now = "".join(_console(body, folder)).rstrip() + "\n"
            return found[0] if mark and _without_figures(now) == _without_figures(body) else found[0].replace(body, now)
        command = [sys.executable, "-c", body if language == "python" else _duckdb(body)]
        now = "\n".join(_printed(command, folder))
    except SessionError as error:
        raise SessionError(f"{page}: {error}") from None
    if shown is None:
        if now:
            raise SessionError(f"{page}: a block of {language} prints, but no block of text below it shows what")
        return found[0]
    return f"{found[0][: found.start('output') - found.start()]}{now}\n```"


def _console(body: str, folder: Path) -> Iterator[str]:
    for line in body.splitlines():
        if line.startswith("$ "):
            command, _, head = line.removeprefix("$ ").partition(" | head -n ")
            output = _printed(shlex.split(command), folder)[: int(head) if head else None]
            yield "\n".join([line, *output, ""]) + "\n"


def _duckdb(query: str) -> str:
    return f"import duckdb; duckdb.sql({query!r}).show(max_width=110)"


def _printed(words: Sequence[str], folder: Path) -> list[str]:
    """What a command prints, both streams, as lines; `copydesk` is called in this process, anything else started."""
    if words[0] == "copydesk":
        code, printed = _called(words[1:], folder)
    else:
        started = subprocess.run(
            words, cwd=folder, env={**os.environ, "PYTHONWARNINGS": "ignore"}, check=False, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        code, printed = started.returncode, started.stdout
    if code not in GOOD:
        raise SessionError(f"{shlex.join(words)[:80]} ends with {code}: {printed[-600:]}")
    return [line.rstrip() for line in printed.rstrip().splitlines()]


def _called(words: Sequence[str], folder: Path) -> tuple[object, str]:
    """The exit code of `copydesk` and what it prints, as on a terminal of WIDTH."""
    printed, code = StringIO(), None
    with chdir(folder), patch.dict(os.environ, COLUMNS=WIDTH), redirect_stdout(printed), redirect_stderr(printed):
        try:
            app(words, prog_name="copydesk")
        except SystemExit as ended:
            code = ended.code
    return code, printed.getvalue()


def _write_settings(body: str, folder: Path) -> None:
    tomllib.loads(body)
    named = re.match(r"# (\S+\.toml)\n", body)
    if named:
        file = folder / named[1]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(body, encoding="utf-8")


def _without_figures(text: str) -> str:
    return re.sub(r"[\d.,]+", "#", re.sub(r" +", " ", text))
