import tomllib
from pathlib import Path

import pytest

from pipeline.stages.clean import OutletRules, failed_examples, rule_name

FILES = sorted((Path(__file__).parent.parent / "configs" / "outlets").glob("*.toml"))


@pytest.fixture(params=FILES, ids=[file.stem for file in FILES])
def rules(request: pytest.FixtureRequest) -> OutletRules:
    return OutletRules.model_validate(tomllib.loads(request.param.read_text(encoding="utf-8")))


def test_there_are_outlet_files_to_try() -> None:
    assert FILES


def test_every_example_comes_out_as_it_says(rules: OutletRules) -> None:
    assert failed_examples(rules) == []


def test_every_drop_rule_has_a_line_it_drops_and_the_file_a_near_miss(rules: OutletRules) -> None:
    dropped = {example.drop for example in rules.examples}
    wanted = {rule_name(rules.outlet, "drop_lines", position) for position in range(len(rules.drop_lines))}

    assert wanted <= dropped
    assert not rules.drop_lines or False in dropped


def test_the_file_is_called_like_its_outlet(rules: OutletRules) -> None:
    assert rules.outlet in [file.stem for file in FILES]
