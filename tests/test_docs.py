import re
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from docs import generate
from pipeline.cli import app
from pipeline.config import Settings

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("name", generate.PAGES)
def test_reference_pages_are_those_of_the_code(name):
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == generate.PAGES[name](), "run `make docs`"


def test_the_readme_shows_what_the_commands_print():
    assert generate.README.read_text(encoding="utf-8") == generate.readme(), "run `make docs`"


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
