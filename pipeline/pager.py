"""Results for people on stdout: as they are in a file or pipe, styled and through the reader's pager on a terminal."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterable
from contextlib import nullcontext

from rich.console import Console
from rich.pager import Pager
from rich.text import Text

PLAIN_WIDTH = 150  # columns where nothing says how wide the reader's window is


class _ReadersPager(Pager):
    """The program that $PAGER names, else less, which leaves a page that fits on the screen there."""

    def show(self, content: str) -> None:
        """Hand the page over; print it where there is no such program."""
        words = shlex.split(os.environ.get("PAGER", "")) or ["less"]
        try:
            subprocess.run(words, input=content.encode(), env={"LESS": "FRX", **os.environ}, check=False)  # noqa: S603 the reader's own program
        except FileNotFoundError:
            sys.stdout.write(content)


def width() -> int:
    """Columns to fill."""
    console = Console()
    return console.width if console.is_terminal else PLAIN_WIDTH


def show(rows: Iterable[Text]) -> None:
    """Print the rows. Their text is printed as it is: escape it first (`console.printable`)."""
    console = Console(highlight=False, markup=False, emoji=False)
    is_paged = console.is_terminal and not console.is_dumb_terminal
    with console.pager(_ReadersPager(), styles=True) if is_paged else nullcontext():
        for row in rows:
            console.print(row, soft_wrap=True)
