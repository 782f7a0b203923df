import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels.authors import chosen_authors, house_key, looks_like_name, names_in

HOUSE = frozenset(map(house_key, ["The Arle Courier", "Courier", "courier.example", "MDR"]))


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("By Ana Petrova", ["Ana Petrova"]),
        ("VON ANA PETROVA", ["ANA PETROVA"]),
        ("Ein Kommentar von Ana Petrova", ["Ana Petrova"]),
        ("Text: Ana Petrova", ["Ana Petrova"]),
        ("Written by: Ana Petrova", ["Ana Petrova"]),
        ("Ana Petrova and Li Wei", ["Ana Petrova", "Li Wei"]),
        ("Ana Petrova, Li Wei & Jan Kowal", ["Ana Petrova", "Li Wei", "Jan Kowal"]),
        ("Ana Petrova og Li Wei", ["Ana Petrova", "Li Wei"]),
        ("Ana Petrova y Li Wei", ["Ana Petrova", "Li Wei"]),
        ("José Ortega y Gasset", ["José Ortega y Gasset"]),
        ("Ana Petrova, Li Wei, Nairobi", ["Ana Petrova", "Li Wei"]),
        ("Ana Petrova in Valencia", ["Ana Petrova"]),
        ("Ana Petrova, Redakteurin", ["Ana Petrova"]),
        ("Ana Petrova, Chief Political Correspondent", ["Ana Petrova"]),
        ("Ana Petrova | Reuters", ["Ana Petrova"]),
        ("Ana Petrova - Associated Press", ["Ana Petrova", "Associated Press"]),
        ("Ana Petrova/AFP", ["Ana Petrova"]),
        ("Ana Petrova (ana@courier.example)", ["Ana Petrova"]),
        ("Ana Petrova @anapet", ["Ana Petrova"]),
        ('<a href="/ana">Ana Petrova</a>', ["Ana Petrova"]),
        ("Petrova, Ana", ["Ana Petrova"]),
        ("Martin Luther King, Jr.", ["Martin Luther King Jr"]),
        ("Arle Verlag und Druck GmbH & Co. KG", ["Arle Verlag und Druck GmbH & Co. KG"]),
        ("Ana", ["Ana"]),
        ("松岡大地、小池和樹", ["松岡大地", "小池和樹"]),
        ("松岡大地記者", ["松岡大地"]),
        ("Foto: Ana Petrova", []),
        ("(dpa)", ["dpa"]),
        ("By AFP", ["AFP"]),
        ("dpa/lno", ["dpa"]),
        ("Agence France-Presse (AFP)", ["Agence France-Presse"]),
        ("(Port Alma)", []),
        ("https://social.example/arle", []),
        ("@arle", []),
        ("105092", []),
        ("", []),
    ],
)
def test_the_names_in_a_byline(byline, names):
    assert names_in(byline) == names


@pytest.mark.parametrize(
    ("sources", "names"),
    [
        ([["Ana Petrova"], ["Li Wei"]], ["Ana Petrova"]),
        ([["The Arle Courier"], ["Ana Petrova"]], ["Ana Petrova"]),
        ([["Courier staff reporter"], ["Reuters"]], ["Reuters"]),
        ([["MDR SACHSEN"], ["Deutsche Presse-Agentur"]], ["Deutsche Presse-Agentur"]),
        ([["Ana Petrova", "Deutsche Presse-Agentur"]], ["Ana Petrova"]),
        ([["dpa", "AC-Redaktion"], ["courier.example"]], ["dpa", "AC-Redaktion"]),
        ([[], ["courier.example"]], ["courier.example"]),
        ([["ana petrova", "Ana Petrova"]], ["Ana Petrova"]),
        ([["ANA PETROVA"]], ["ANA PETROVA"]),
        ([], []),
    ],
)
def test_persons_before_desks_before_the_house(sources, names):
    assert chosen_authors(sources, HOUSE) == names


def test_later_sources_are_not_asked_when_a_person_is_named():
    def sources():
        yield ["Ana Petrova"]
        raise AssertionError("asked")

    assert chosen_authors(sources(), HOUSE) == ["Ana Petrova"]


@pytest.mark.parametrize("name", ["Ana Petrova", "Philipp von Ditfurth", "Seán O'Brien", "J. R. Ewing", "松岡大地"])
def test_names_look_like_names(name):
    assert looks_like_name(name)


@pytest.mark.parametrize(
    "text", ["Ana", "Read more", "Published 1 day ago", "Political Editor", "the harbour", "Arle News Desk", "Li wei"]
)
def test_other_lines_do_not(text):
    assert not looks_like_name(text)


@given(st.text(max_size=200))
def test_any_text_is_safe(text):
    assert all(name == name.strip() for name in names_in(text))
