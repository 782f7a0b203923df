"""What people and log collectors see on stderr: events, warnings, progress, and the funnel at the end of a run.

Text from the web never reaches a terminal raw: control characters are shown as their code.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Literal, TextIO

PROGRESS_EVERY = 50  # documents between two updates of the progress line


UNPRINTABLE = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")  # Unicode categories of characters that act instead of showing
JOINERS = "\u200c\u200d"  # without which names in Persian or Hindi are misspelled


def printable(text: str, kept: str = "") -> str:
    """The text with control, format and surrogate characters as hex codes, so that none acts on a terminal.

    Characters of `kept` stay.
    """
    return "".join(
        character
        if character in kept or unicodedata.category(character) not in UNPRINTABLE
        else f"\\u{ord(character):04x}"
        for character in text
    )


def printable_json(text: str) -> str:
    """JSON, whose line ends are its own, with such characters of its strings as JSON's escapes."""
    return "".join(
        character
        if character == "\n" or unicodedata.category(character) not in UNPRINTABLE
        else json.dumps(character)[1:-1]
        for character in text
    )


class Console:
    """Reports a run on stderr: as text, or as one JSON object a line. `level`: -1 quiet, 0 normal, 1 verbose."""

    def __init__(
        self, log_format: Literal["text", "json"] = "text", level: int = 0, stream: TextIO | None = None
    ) -> None:
        self.log_format = log_format
        self.level = level
        self.stream = stream or sys.stderr
        self._live = level >= 0 and log_format == "text" and self.stream.isatty()
        self._drawn = False

    def __enter__(self) -> Console:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clear()

    def event(self, name: str, message: str, **figures: Any) -> None:
        """Something happened: shown when verbose, always in a JSON log."""
        if self.log_format == "json":
            self._json("info", name, message, figures)
        elif self.level > 0:
            self._print(message)

    def warning(self, name: str, message: str, **figures: Any) -> None:
        """Something a reader should look at: shown unless quiet."""
        if self.log_format == "json":
            self._json("warning", name, message, figures)
        elif self.level >= 0:
            self._print(f"warning: {message}")

    def say(self, message: str) -> None:
        """A line for people: not shown when quiet, nor in a JSON log."""
        if self.log_format == "text" and self.level >= 0:
            self._print(message)

    def error(self, message: str, exit_code: int) -> None:
        """Why the command fails: always shown."""
        if self.log_format == "json":
            self._json("error", "failed", message, {"exit_code": exit_code})
        else:
            self._print(f"error: {message}")

    def progress(self, done: int, what: str) -> None:
        """A line that is drawn over: on a terminal only."""
        if self._live and done % PROGRESS_EVERY == 0:
            self.stream.write(f"\r{done:,} {what} ")
            self.stream.flush()
            self._drawn = True

    def _print(self, message: str) -> None:
        self._clear()
        print("\n".join(printable(line) for line in message.split("\n")), file=self.stream)

    def _clear(self) -> None:
        if self._drawn:
            self.stream.write("\r\x1b[K")
            self._drawn = False

    def _json(self, level: str, name: str, message: str, figures: Mapping[str, Any]) -> None:
        record = {"level": level, "event": name, "message": message, **figures}
        print(json.dumps(record, ensure_ascii=True, sort_keys=True, default=str), file=self.stream)


def counted(count: int, one: str, many: str = "") -> str:
    """The count with its word, in singular or plural: 1 line, 2 lines."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def funnel(counts: Mapping[str, Mapping[str, Any]]) -> str:
    """The run as a few lines: inputs, lines, paragraphs, names, and the balance."""
    taken = counts["extract"]
    rows = [f"inputs      {taken['n_inputs']:>8,}   {_detail(taken['rejected_by_reason'], 'rejected')}".rstrip()]
    if "clean" in counts:
        judged = counts["clean"]
        left = judged["characters_in"] - judged["characters_kept"]
        share = left / max(1, judged["characters_in"])
        revised = counted(taken["n_revised"], "of them a revision", "of them revisions")
        rows += [
            f"articles    {taken['n_written']:>8,}   {revised}",
            f"lines       {judged['n_lines']:>8,}   {judged['n_kept']:,} in the text, "
            f"{counted(judged['n_fields'], 'field')}, "
            f"{judged['n_dropped']:,} dropped ({share:.0%} of the characters left the text)",
            f"dropped by  {judged['n_dropped']:>8,}   {_detail(judged['dropped_by_rule'], '')}".rstrip(),
        ]
    if "dedup" in counts:
        reuse = counts["dedup"]
        rows.append(
            f"paragraphs  {reuse['n_paragraphs']:>8,}   "
            f"{counted(reuse['n_copied'], 'copy of an earlier one', 'copies of earlier ones')}; "
            f"links: {_detail(reuse['links_by_type'], '') or 'none'}"
        )
    if "names" in counts:
        named = counts["names"]
        rows.append(
            f"mentions    {named['n_mentions']:>8,}   of {counted(named['n_persons'], 'person', 'people')}, "
            f"{named['n_rewritten']:,} rewritten, {named['n_undecided']:,} undecided"
        )
    if counts.get("clean", {}).get("n_without_text"):
        rows.append(
            f"no text     {counts['clean']['n_without_text']:>8,}   articles of which no line was taken for story"
        )
    rows.append(balance(taken))
    return "\n".join(rows)


def balance(taken: Mapping[str, Any]) -> str:
    """The balance line: every input is accounted for."""
    return (
        f"balance     {counted(taken['n_inputs'], 'input')} = {taken['n_written']:,} written + "
        f"{taken['n_rejected']:,} rejected + {taken['n_unchanged']:,} unchanged"
        + (f" ({taken['n_repeated']:,} twice in the input)" if taken["n_repeated"] else "")
        + (f" ({taken['n_forgotten']:,} to be forgotten)" if taken.get("n_forgotten") else "")  # not in older versions
    )


def _detail(by: Mapping[str, int], word: str) -> str:
    parts = ", ".join(f"{count:,} {name}" for name, count in sorted(by.items(), key=lambda item: (-item[1], item[0])))
    return f"{word}: {parts}" if parts and word else parts
