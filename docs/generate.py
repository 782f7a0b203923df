"""The reference pages made from the code: `python -m docs.generate` writes them, a test compares them."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from typer.testing import CliRunner

from pipeline import schemas
from pipeline.cli import app

ROOT = Path(__file__).parent
DEFAULT = ROOT.parent / "configs" / "default.toml"
HEAD = "<!-- Made by `make docs` from the code; do not edit. -->"


def tables_page() -> str:
    """`docs/tables.md`: every published table and every state table."""
    return "\n".join([HEAD, "", "# The tables", "", *_tables()])


def _tables() -> Iterator[str]:
    yield "Under `data/clean/current/`, all Parquet: a folder per table, in it `day=<day of the run>/part-*.parquet`."
    yield ""
    for table in schemas.TABLES:
        yield from _table(table)
    yield "## What a run remembers"
    yield ""
    yield "Under `current/state/`, for the next run; they may change in any release."
    yield ""
    for table in schemas.STATE_TABLES:
        yield from _table(table)


def _table(table: schemas.Table) -> Iterator[str]:
    yield f"### `{table.name}`"
    yield ""
    yield f"One row per {table.row}; sorted by {', '.join(f'`{name}`' for name in table.key)}."
    yield ""
    yield "| column | type | what it holds |"
    yield "|---|---|---|"
    for column in table.columns:
        yield f"| `{column.name}` | {_type(str(column.dtype))} | {column.note.replace('|', chr(92) + '|')} |"
    yield ""


def _type(dtype: str) -> str:
    return dtype.replace("Datetime(time_unit='us', time_zone='UTC')", "timestamp, UTC")


def config_page() -> str:
    """`docs/config.md`: every setting with its default, from the comments of `configs/default.toml`."""
    return "\n".join([HEAD, "", "# The settings", "", *_settings()])


def _settings() -> Iterator[str]:
    yield "In a TOML file (`-c`; else `./configs/default.toml`, else the packaged one) or as `--set section.key=value`."
    yield "A key that no setting names is an error. File patterns are relative to the file; with the prefix `packaged:`"
    yield "they are looked for among the files copydesk brings along."
    yield ""
    section = ""
    for line in DEFAULT.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[] ")
            yield from ["", f"## [{section}]", "", "| setting | default | meaning |", "|---|---|---|"]
        elif section and "=" in line and not line.startswith("#"):
            setting, _, comment = line.partition("  # ")
            key, _, value = setting.partition("=")
            yield f"| `{key.strip()}` | `{value.strip()}` | {comment.strip()} |"
    yield ""


def cli_page() -> str:
    """`docs/cli.md`: the help of every command."""
    return "\n".join([HEAD, "", "# The command line", "", *_commands()])


def command_words() -> Iterator[list[str]]:
    """Every command as it is typed, those of a group after the group."""
    for command in app.registered_commands:
        yield [str(command.name)]
    for group in app.registered_groups:
        yield [str(group.name)]
        for command in group.typer_instance.registered_commands if group.typer_instance else ():
            yield [str(group.name), str(command.name)]


def _commands() -> Iterator[str]:
    for words in ([], *command_words()):
        yield f"## `{' '.join(['copydesk', *words])}`"
        yield ""
        yield "```"
        result = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "100", "TERM": "dumb"})
        yield "\n".join(line.rstrip() for line in result.stdout.strip().splitlines())
        yield "```"
        yield ""
    yield "## Exit codes"
    yield ""
    yield "| code | meaning |"
    yield "|---|---|"
    for code, meaning in EXIT_CODES.items():
        yield f"| {code} | {meaning} |"
    yield ""


EXIT_CODES = {
    0: "done",
    1: "a mistake in copydesk",
    2: "the call is wrong",
    3: "done, some inputs rejected; a later run that meets only known rejects ends with 0",
    65: "nothing published: more inputs rejected than `run.max_reject_share`, an outlet that lost more than "
    "`run.max_outlet_loss`, a balance that does not add up, a damaged state, or a rebuild that would lose articles "
    "whose input is gone; of `check`: something is wrong",
    66: "no input",
    73: "the output cannot be written",
    75: "another run holds the lock",
    78: "the settings are wrong, or a stage does not fit the one before it",
    130: "interrupted",
    141: "the reader of our output left: `copydesk explain ... | head`",
    143: "terminated",
}

PAGES = {"tables.md": tables_page, "config.md": config_page, "cli.md": cli_page}


README = ROOT.parent / "README.md"
CONSOLE = re.compile(r"(?<=```console\n).*?(?=```)", re.DOTALL)


def readme() -> str:
    """The README with the output of every command in its `console` blocks as it is now, run on the sample in order."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "data").mkdir()
        for name in ("data/raw", "configs"):
            (Path(folder) / name).symlink_to(ROOT.parent / name)
        return CONSOLE.sub(lambda block: "".join(_session(block[0], folder)), README.read_text(encoding="utf-8"))


def _session(block: str, folder: str) -> Iterator[str]:
    for line in block.splitlines():
        if line.startswith("$ "):
            command, _, head = line.removeprefix("$ ").partition(" | head -n ")
            words = shlex.split(command)
            run = [sys.executable, "-m", "pipeline.cli", *words[1:]]
            shown = subprocess.run(
                run, cwd=folder, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            output = [text.rstrip() for text in shown.stdout.splitlines()][: int(head) if head else None]
            yield "\n".join([line, *output, ""]) + "\n"


if __name__ == "__main__":
    for name, page in PAGES.items():
        (ROOT / name).write_text(page(), encoding="utf-8")
    README.write_text(readme(), encoding="utf-8")
