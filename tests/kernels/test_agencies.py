"""The short list of agencies, and the one that users change."""

import polars as pl

from pipeline.config import load, packaged_configs
from pipeline.kernels.agencies import AGENCIES
from pipeline.kernels.authors import is_person
from pipeline.kernels.normalise import exact_key, normal_forms

SENTENCE = "The ferry operator added four night sailings after a fire closed the southern terminal"


def test_every_agency_has_a_name_in_the_wire_file():
    agencies = load(packaged_configs() / "default.toml").wire_rules.agencies.values()
    named = {name.casefold() for agency in agencies for name in (*agency.names, *agency.doubtful)}

    assert AGENCIES - named == set()


def test_no_agency_is_a_person_and_its_closing_credit_is_no_part_of_the_exact_key():
    credits = [*(name.title() for name in sorted(AGENCIES)), "Reuters/Yonhap"]
    keys = normal_forms(pl.Series([f"{SENTENCE}. ({credit})" for credit in credits]))["exact_key"]

    assert [name for name in AGENCIES if is_person(name.title())] == []
    assert dict(zip(credits, keys, strict=True)) == dict.fromkeys(credits, exact_key(f"{SENTENCE}."))
    assert exact_key(f"{SENTENCE}. (Varga)") != exact_key(f"{SENTENCE}.")
