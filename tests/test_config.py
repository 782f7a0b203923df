from pathlib import Path

import pytest

from pipeline.config import load, packaged_configs
from pipeline.errors import ConfigError

MINIMAL = '[dedup]\nstrictness = "strict"\n'
OUTLET = 'outlet = "herald.example"\ndrop_lines = ["^Read more:"]\n'
PERSON = '[[person]]\nid = "ana-petrova"\nfamily = "Petrova"\ncanonical = {default = "Ana Petrova"}\nsource = "own"\n'


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_what_the_file_leaves_out_has_its_default(tmp_path):
    config = load(written(tmp_path, "my.toml", MINIMAL))

    assert config.settings.dedup.strictness == "strict"
    assert config.settings.dedup.window_days == 30
    assert config.n_people >= 100
    assert list(config.outlet_rules) == ["herald.example"]


def test_set_wins_over_the_file(tmp_path):
    file = written(tmp_path, "my.toml", MINIMAL)

    settings = load(file, ["dedup.strictness=loose", "names.rewrite='none'", "clean.keep_roles=['body']"]).settings

    assert settings.dedup.strictness == "loose"
    assert settings.names.rewrite == "none"
    assert settings.clean.keep_roles == ("body",)


def test_a_property_of_spark_is_set_by_its_own_name(tmp_path):
    file = written(tmp_path, "my.toml", '[spark]\nmaster = "yarn"\nconf = {"spark.executor.cores" = 4}\n')

    spark = load(file, ["spark.conf.spark.executor.memory=4g", "spark.work_dir=/shared"]).settings.spark

    assert (spark.master, spark.work_dir) == ("yarn", "/shared")
    assert spark.conf == {"spark.executor.cores": 4, "spark.executor.memory": "4g"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[dedup]\nmin_sharde = 3\n", r"my.toml \[dedup\]: unknown setting 'min_sharde'; did you mean 'min_shared'\?"),
        ("[dedupp]\n", r"my.toml: unknown section 'dedupp'; did you mean 'dedup'\?"),
        ("[clean]\nzzz = 1\n", r"unknown setting 'zzz'; known here: enabled, threshold"),
        ("[clean]\nthreshold = 2\n", r"my.toml \[clean\]: 'threshold'"),
        ("[clean\n", "not valid TOML"),
        ('[clean]\noutlets = ["rules/*.toml"]\n', r"clean.outlets: no file matches 'rules/\*.toml'"),
    ],
)
def test_a_wrong_file_says_where_what_and_what_instead(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        load(written(tmp_path, "my.toml", text))


def test_all_mistakes_are_told_at_once(tmp_path):
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, "my.toml", "[clean]\nthresold = 0.5\n[dedup]\nwindow = 3\n"))

    assert "'threshold'" in str(caught.value)
    assert "'window_days'" in str(caught.value)


def test_rules_and_people_lie_beside_the_file(tmp_path):
    written(tmp_path, "outlets/herald.toml", OUTLET)
    written(tmp_path, "people/own.toml", PERSON)
    file = written(tmp_path, "my.toml", '[clean]\noutlets = ["outlets/*.toml"]\n[names]\npeople = ["people/*.toml"]\n')

    config = load(file)

    assert list(config.outlet_rules) == ["herald.example"]
    assert config.n_people == 1


def test_packaged_files_are_asked_for_by_name(tmp_path):
    written(tmp_path, "people/own.toml", PERSON)
    file = written(tmp_path, "my.toml", '[names]\npeople = ["people/*.toml", "packaged:names/korea.toml"]\n')

    assert load(file).n_people > 1


def test_own_files_come_beside_the_packaged_ones(tmp_path, monkeypatch):
    packaged = load(packaged_configs() / "default.toml")
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "configs/names/own.toml", 'source = "own work"\n')

    beside_names = load()
    assert beside_names.outlet_rules == packaged.outlet_rules
    assert beside_names.wire_rules.agencies == packaged.wire_rules.agencies
    assert beside_names.n_people == packaged.n_people

    written(tmp_path, "configs/outlets/herald.toml", OUTLET)
    written(tmp_path, "configs/outlets/varga.toml", OUTLET.replace("herald", "varga"))
    assert load().outlet_rules["herald.example"].drop_lines == ("^Read more:",)
    assert set(load().outlet_rules) == {*packaged.outlet_rules, "varga.example"}


def test_two_files_for_one_outlet_are_an_error(tmp_path):
    written(tmp_path, "outlets/a.toml", OUTLET)
    written(tmp_path, "outlets/b.toml", OUTLET)
    file = written(tmp_path, "my.toml", '[clean]\noutlets = ["outlets/*.toml"]\n')

    with pytest.raises(ConfigError, match=r"b.toml: outlet 'herald.example' has rules in .*a.toml already"):
        load(file)


def test_a_failing_example_names_file_and_line(tmp_path):
    example = '[[examples]]\nraw = "The harbour will read more."\ndrop = "herald.example:drop_lines[0]"\n'
    written(tmp_path, "outlets/a.toml", OUTLET + example)
    file = written(tmp_path, "my.toml", '[clean]\noutlets = ["outlets/*.toml"]\n')

    with pytest.raises(ConfigError, match=r"outlets/a.toml.*The harbour will read more"):
        load(file)


def test_the_people_hash_changes_with_the_people(tmp_path):
    file = written(tmp_path, "my.toml", '[names]\npeople = ["people/*.toml"]\n')
    written(tmp_path, "people/own.toml", PERSON)
    before = load(file).people_hash
    written(tmp_path, "people/own.toml", PERSON + 'aliases = ["Anna Petrova"]\n')

    assert load(file).people_hash != before


def test_the_packaged_configuration_is_the_one_in_the_checkout():
    assert (packaged_configs() / "default.toml").is_file()
    assert load().path == Path("configs/default.toml")


WIRE = """
[[agency]]
id = "Varga Wire"
names = ["Varga Wire"]
outlets = ["varga.example"]

[[form]]
kind = "dateline"
where = ["opening"]
like = ["{place} ({agency}) {end}"]
"""


def test_news_agencies_come_with_copydesk_and_from_ones_own_file(tmp_path):
    written(tmp_path, "wire.toml", WIRE)

    config = load(written(tmp_path, "my.toml", MINIMAL))

    assert config.wire_rules.agency_of_outlet("varga.example") == "Varga Wire"
    assert config.wire_rules.agency_of_outlet("reuters.com") == "Reuters"


def test_only_the_named_files_of_agencies_are_read(tmp_path):
    written(tmp_path, "own/agencies.toml", WIRE)
    config = load(written(tmp_path, "my.toml", '[dedup]\nwire = ["own/agencies.toml"]\n'))

    assert list(config.wire_rules.agencies) == ["Varga Wire"]
    assert load(written(tmp_path, "my.toml", "[dedup]\nwire = []\n")).wire_rules.agencies == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (WIRE.replace("{end}", "{ende}"), r"wire.toml: form '{place} \({agency}\) {ende}': no slot or list of words"),
        (WIRE.replace('"opening"', '"top"'), r"wire.toml \[form.0.where\]"),
        (WIRE.replace("names", "nmaes"), r"wire.toml \[agency.0\]: unknown setting 'nmaes'; did you mean 'names'\?"),
        (WIRE.replace("Varga Wire", "Reuters"), r"wire.toml: agency 'Reuters': stands twice"),
        (WIRE.replace('["Varga Wire"]', '["EFE"]'), r"wire.toml: agency 'Varga Wire': 'EFE' belongs to agency 'EFE'"),
    ],
)
def test_a_wrong_file_of_agencies_names_file_and_entry(tmp_path, text, message):
    written(tmp_path, "wire.toml", text)

    with pytest.raises(ConfigError, match=message):
        load(written(tmp_path, "my.toml", MINIMAL))


def test_the_wire_hash_changes_with_the_agencies(tmp_path):
    file = written(tmp_path, "my.toml", MINIMAL)
    before = load(file).wire_hash
    written(tmp_path, "wire.toml", WIRE)

    assert load(file).wire_hash != before
