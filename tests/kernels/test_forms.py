import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels import forms
from pipeline.kernels.forms import NOTE, SIGNS, author_names, dated_authors, has_cue_word, is_menu, signed_lines


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("Politik > Ausland > Europa", True),
        ("Start / Sport", False),
        ("By Jane Holm | 4 March 2024 | 10:28", False),
        ("jane.holm@herald.example | Harbour desk | Lindholm", False),
        ("He could go north/south, or wait and/or turn back", False),
        ("Lindholm 2 | Varga 1 | Arle 0", True),
        ("The choice was this | he could stay on the ship with the others or leave | he left.", False),
    ],
)
def test_only_short_entries_make_a_menu(line: str, is_one: bool) -> None:
    assert is_menu(line) is is_one


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("By Jane Holm and Peter Berg", "Jane Holm and Peter Berg"),
        ("By Jane Holm | March 2024", "Jane Holm"),
        ("Editor : Jane Holm", "Jane Holm"),
        ("Jane Holm Views", "Jane Holm"),
        ("Jane Holm", "Jane Holm"),
        ("박서준 기자", "박서준"),
        ("jane.holm@herald.example", None),
    ],
)
def test_byline_gives_its_names(line: str, names: str | None) -> None:
    assert author_names(line) == names


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Von Jana Holm 19. November 2024, 6:45 Uhr", "Jana Holm"),
        ("By Jane Holm and Peter Berg | March 4, 2024", "Jane Holm and Peter Berg"),
        ("March 4, 2024 by Jane Holm", None),
        ("Jane Holm", None),
        ("Published March 4, 2024", None),
    ],
)
def test_byline_beside_a_date_gives_its_names(line: str, names: str | None) -> None:
    assert dated_authors(line) == names


FITTING = [  # (form, a line that fits it)
    ("rights", "© 2024 The Herald"), ("rights", "(C) 2024 The Herald"), ("rights", "COPYRIGHT 2024"),
    ("label", "Advertisement"), ("label", "– Anzeige –"), ("label", "Article continues below this ad"),
    ("away", "Read more: Cannery to close"), ("away", "One long read a week. Sign up here"),
    ("source", "Quelle: Küstenwache"), ("source", "来源：海岸警卫队"),
    ("contributed", "Additional reporting by Jane Holm"), ("contributed", "Con información de Herald"),
    ("contributed", "Jane Holm contributed to this report."), ("contributed", "(avec AFP)"),
    ("credit", "The ferry on Monday (Photo = The Herald)"), ("credit", "(부두의 배=홀름)"),
    ("credit", "Foto: Jana Holm"), ("said credit", "In the old harbour. Photograph: Jane Holm/The Herald"),
    ("credit", "The ferry on Monday Getty Images"),
    ("tail credit", "The ferry on Monday | AFP"), ("tail credit", "The ferry on Monday © Herald"),
    ("menu", "News | Sport | Weather"), ("menu", "Ports · Ships · Tides"),
    *(("cue", line) for line in (
        "Leave a comment", "Login", "Your inbox", "All rights reserved", "Terms and Conditions", "Share on", "Our app",
        "Related stories", "See also", "More from Lindholm", "Recommended posts", "You might also like", "Must-read",
        "Up next", "Skip to content", "Jump to", "Tap here", "Jetzt abonnieren", "3 Kommentare", "Lesen Sie",
        "À lire", "Don't miss", "Lire aussi", "Mentions légales", "Publicité", "Suscríbete", "Lea también",
        "Te puede interesar", "Inicia sesión", "Leia mais", "Assine", "Leggi anche", "Pubblicità", "Читайте",
        "Подписаться", "댓글", "무단", "icon-facebook", "© Herald", "無断転載", "Menu", "Search", "Home", "Register",
        "Print", "Loading", "Main page", "View all", "About us", "E-mail", "Close", "Trending", "Privacy",
    )),
]  # fmt: skip
TESTS = {
    "rights": forms.RIGHTS.match, "label": forms.AD_LABEL.fullmatch, "away": forms.AWAY.fullmatch,
    "source": forms.SOURCE.fullmatch, "contributed": forms.CONTRIBUTED.fullmatch, "credit": forms.CREDIT.search,
    "said credit": forms.SAID_CREDIT.search, "tail credit": forms.TAIL_CREDIT.search, "menu": is_menu,
    "cue": lambda line: has_cue_word(line, 3),
}  # fmt: skip


@pytest.mark.parametrize(("form", "line"), FITTING)
def test_a_line_that_fits_a_form_holds_a_sign_of_it(form: str, line: str) -> None:
    assert TESTS[form](line)
    assert signed_lines(["Lindholm", line])["credit" if form == "said credit" else form] == {1}


def test_a_sign_is_told_of_the_line_that_holds_it() -> None:
    signed = signed_lines(["İstanbul", "Foto: Holm", "", "© Herald", "a\nPHOTO b"])

    assert set(signed) == set(SIGNS)
    assert (signed["credit"], signed["rights"], signed["label"]) == ({1, 4}, {3}, set())
    assert not any(signed_lines([]).values())


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("Jane Holm is a reporter for the Herald.", True),
        ("You can reach Jane Holm at jane.holm@herald.example.", True),
        ("The views expressed in this column are the writer's own.", True),
        ("Jana Friedrichs ist Redakteurin im Ressort Wirtschaft.", True),
        ("Camille Lestrade est journaliste au service Économie du Courrier.", True),
        ("Marta Ibarrola es redactora de Economía en el Diario.", True),
        ("Vous avez une information ? Écrivez-nous à redaction@courrier.example", True),
        ("Schreiben Sie uns an redaktion@nordblatt.example.", True),
        ("Jane Holm is a diver and found the ferry's bell in 1998.", False),
        ("Helene Dauber ist Eignerin des Kutters, der seit 1974 im Hafen liegt.", False),
        ("Die Stadt bat die Fischer, sie sollten ihr schreiben.", False),
        ("Le maire a demandé aux pêcheurs d'écrire à la région avant décembre.", False),
    ],
)
def test_note_below_a_story_is_told_from_its_last_paragraph(line: str, is_one: bool) -> None:
    assert (NOTE.fullmatch(line) is not None) is is_one


@given(
    st.lists(
        st.lists(st.sampled_from(("İ", "ΟΔΟΣ", "Σ", "SHARE", "Foto:", "©", "ΣOURCE", " ", "x")), min_size=1).map(
            "".join
        )
    )
)
def test_lines_in_lower_case_hold_the_same_signs_alone_and_together(lines):
    signed = signed_lines(lines)

    for name, signs in SIGNS.items():
        holding = {number for number, line in enumerate(lines) if any(sign in line.lower() for sign in signs.split())}
        assert signed[name] == holding
