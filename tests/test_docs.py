import re
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from docs import generate, sessions
from pipeline.cli import app
from pipeline.config import Settings
from tests.world import at_hand

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("name", generate.PAGES)
def test_reference_pages_are_those_of_the_code(name):
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == generate.PAGES[name](), "run `make docs`"


@pytest.mark.parametrize("page", sessions.pages(), ids=lambda page: page.name)
def test_a_page_shows_what_its_commands_print(page, sampled, monkeypatch):
    monkeypatch.setattr(sessions, "sample_output", lambda: sampled)
    with at_hand():
        assert page.read_text(encoding="utf-8") == sessions.replayed(page), "run `make docs`"


def test_what_is_not_run_says_why():
    """The blocks of commands that no test runs: these, and no others."""
    told = {(block.page, block.language, block.not_run) for page in PAGES for block in sessions.blocks(page)}

    assert {block for block in told if block[2]} == {
        ("README.md", "sh", "installs"),
        ("README.md", "sh", "the tutorial does, on a folder of its own"),
        ("add-a-reader.md", "python", "the beginning of a file of yours"),
        ("past-one-machine.md", "sh", "installs"),
        ("past-one-machine.md", "sh", "needs a cluster"),
        ("review-names.md", "sparql", "asks Wikidata"),
        ("read-the-output.md", "r", "needs R with the packages arrow and dplyr"),
        ("read-the-output.md", "python", "needs Spark"),
        ("read-a-bucket.md", "sh", "needs a bucket"),
        ("read-a-bucket.md", "python", "needs a bucket"),
        ("read-a-bucket.md", "sql", "needs a bucket"),
        ("try-it-at-scale.md", "sh", "makes thousands of pages"),
    }
    replayed = {page.name for page in sessions.pages()}
    assert {page for page, language, why in told if language not in sessions.DATA and not why} <= replayed


def test_no_command_hides_in_a_block_that_does_not_say_what_it_holds():
    for page in PAGES:
        fences = re.findall(r"^```.*$", page.read_text(encoding="utf-8"), re.MULTILINE)
        unnamed = [fence for fence in fences[::2] if fence == "```"]
        assert not unnamed or page.name == "cli.md", page.name  # which the code writes


def test_a_block_that_prints_something_else_or_fails_is_found(tmp_path):
    page = tmp_path / "page.md"
    good = "<!-- begins with: nothing -->\n\n```python\nprint(1 + 1)\n```\n\n```text\n2\n```\n"

    page.write_text(good.replace("\n2\n", "\n3\n"), encoding="utf-8")
    assert sessions.replayed(page) == good
    for wrong in ("print(1 / 0)", "x = 1\n```\n\n```ruby\nputs 1", "print(1)\n```\n\ntext\n\n```text"):
        page.write_text(good.replace("print(1 + 1)", wrong), encoding="utf-8")
        with pytest.raises(sessions.SessionError, match=r"page\.md"):
            sessions.replayed(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_named_on_a_page_are_commands(page):
    known = [" ".join(words) for words in generate.command_words()]
    for named in re.findall(r"\bcopydesk ((?:[a-z]+ ?)+[^`\n|#]*)", "\n".join(code_of(page))):
        command = max((words for words in known if f"{named} ".startswith(f"{words} ")), key=len, default=None)
        assert command is not None, f"{page.name}: copydesk {named}"
        help_text = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "200"}).stdout
        for flag in re.findall(r"(?<=\s)--?[a-z][a-z-]*", named):
            assert re.search(rf"(?<![\w-]){flag}(?![\w-])", help_text), f"{page.name}: copydesk {command} has no {flag}"


def code_of(page):
    """The code on a page: lines of blocks and spans between backticks."""
    text = page.read_text(encoding="utf-8")
    for block in re.findall(r"^```\w*\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        yield from block.splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE))


def test_the_index_of_the_site_lists_every_page():
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^[a-z-]+$", index, re.MULTILINE))

    assert {page.stem for page in (ROOT / "docs").glob("*.md")} - {"index"} == listed


@pytest.mark.parametrize("command", list(generate.command_words()), ids=" ".join)
def test_every_command_has_help(command):
    result = CliRunner().invoke(app, [*command, "--help"])

    assert result.exit_code == 0
    assert len(result.stdout) > 200


def test_the_default_configuration_names_every_setting_with_its_default():
    written = tomllib.loads((ROOT / "configs" / "default.toml").read_text(encoding="utf-8"))
    defaults = Settings().model_dump(mode="json")

    assert {section: set(values) for section, values in written.items()} == {
        section: set(values) for section, values in defaults.items()
    }
    for section, values in written.items():
        for key, value in values.items():
            if key not in ("people", "outlets"):  # files lie beside the configuration file
                assert value == defaults[section][key], f"{section}.{key}"


def test_every_setting_has_a_comment():
    for line in (ROOT / "configs" / "default.toml").read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            assert re.search(r"  # \S", line), line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
