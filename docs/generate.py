"""The reference pages made from the code, and what the commands on the others print.

`python -m docs.generate` writes them, a test compares them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from typer.testing import CliRunner

from docs import sessions
from pipeline import cli, errors, schemas
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
        yield from _table(table, "##")
    yield "## What a run remembers"
    yield ""
    yield "Under `current/state/`, for the next run; they may change in any release."
    yield ""
    for table in schemas.STATE_TABLES:
        yield from _table(table, "###")


def _table(table: schemas.Table, heading: str) -> Iterator[str]:
    yield f"{heading} `{table.name}`"
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


def exit_codes_page() -> str:
    """`docs/exit-codes.md`: what cron reads, from the errors themselves."""
    rows = [f"| {code} | {meaning} |" for code, meaning in sorted(_exit_codes().items())]
    return "\n".join([HEAD, "", "# Exit codes", "", "| code | meaning |", "|---|---|", *rows, ""])


def _exit_codes() -> dict[int, str]:
    """Every code with its meaning: those of the errors by their docstrings, those of the command line."""
    codes = {error.exit_code: _sentence(error) for error in errors.PipelineError.__subclasses__()}
    return codes | {
        0: "Done.",
        errors.PipelineError.exit_code: "A mistake in copydesk.",
        cli.DONE_WITH_REJECTS: "Done, some inputs rejected. A later run that meets only known rejects ends with 0.",
        cli.INTERRUPTED: "Interrupted; the version before stays current.",
        cli.UNREAD: "Whoever read our output left: `copydesk explain ... | head`.",
        cli.TERMINATED: "Terminated; the version before stays current.",
    }


def _sentence(error: type[errors.PipelineError]) -> str:
    return " ".join((error.__doc__ or "").split("\n\n")[0].split())


PAGES = {
    "tables.md": tables_page,
    "config.md": config_page,
    "cli.md": cli_page,
    "exit-codes.md": exit_codes_page,
}


if __name__ == "__main__":
    for name, page in PAGES.items():
        (ROOT / name).write_text(page(), encoding="utf-8")
    for page_file in sessions.pages():
        page_file.write_text(sessions.replayed(page_file), encoding="utf-8")
