import json
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import DATA
from pipeline import schemas
from pipeline.kernels.html import parsed, visible_lines
from pipeline.kernels.lines import Line, Markup, units
from pipeline.kernels.roles import Page, Roles
from pipeline.kernels.scorer import PageLines, Scores, page_doubt, scored, scored_pages

STORY = [
    "The ferry Aurora ran aground outside Lindholm harbour early on Tuesday, and 212 passengers were taken ashore.",
    "Nobody was hurt, the coast guard said, but two crew members were treated for shock at the county hospital.",
    "“We felt a long scraping sound and then everything stopped,” said Marta Lind, who was on her way to work.",
    "The company that owns the Aurora has been fined twice for skipping inspections of its radar equipment.",
    "Divers will look at the hull before the ship is towed to the yard, which may take until the weekend.",
]
MENU = ["Home", "News", "Sport", "Weather", "Log in", "Subscribe"]
FOOTER = ["Related articles", "Most read", "Share this", "Privacy policy", "© 2024 The Herald. All rights reserved."]


def page(*texts: str, markup: Markup | None = None) -> list[Line]:
    return [Line(number, text, markup=markup) for number, text in enumerate(texts, start=1)]


def roles(*texts: str, title: str | None = None, byline: str | None = None) -> list[str]:
    return scored(page(*texts), title=title, byline=byline, votes=None).role


def markup(
    tag: str = "p", link_share: float = 0.0, within: tuple[str, ...] = (), hints: tuple[str, ...] = ()
) -> Markup:
    return Markup(tag, link_share, frozenset(within), frozenset(hints))


def test_story_is_kept_and_menu_and_footer_are_not() -> None:
    found = roles(*MENU, "Ferry Aurora runs aground outside Lindholm", *STORY, *FOOTER)

    assert found == ["chrome"] * 6 + ["title"] + ["body"] * 5 + ["chrome"] * 5


def test_headline_printed_again_is_a_title_too() -> None:
    headline = "Ferry Aurora runs aground outside Lindholm"

    assert roles(headline, "By Jane Holm", headline.upper(), *STORY)[:3] == ["title", "byline", "title"]


def test_a_masthead_whose_words_the_story_has_is_no_headline() -> None:
    found = roles(
        "Harbour Daily",
        "Home | News | Sport | Opinion | Obituaries",
        "Sign in",
        "Ministers offer fresh talks on closed border line, union says",
        "By Jane Holm and Staff Reporters",
        "The transport minister wants to reopen talks on the border railway, the union said in the capital on Tuesday.",
        "The line was cut two years ago after a flood took the bridge at the harbour, and trains turn back since.",
        "“We have been waiting for this call for two years,” the union’s secretary told the Harbour Daily on Tuesday.",
        "The ministry of the neighbouring country said in a daily briefing at the harbour that it had read the offer.",
        "Jane Holm covers rail for the Harbour Daily. She was a conductor for nine years before she came to the paper.",
    )

    assert found[0] != "title"
    assert found[3] == "title"


def test_headline_printed_twice_wins_over_the_longer_line_below_it() -> None:
    headline, deck = (
        "Ferry aground at Lindholm",
        "Divers, tugs and 212 passengers met the coast guard outside Lindholm harbour",
    )

    found = roles(*MENU, headline, headline, deck, "By Jane Holm", *STORY)

    assert found[6:10] == ["title", "title", "deck", "byline"]


def test_headline_stands_above_byline_and_date_and_captions_below_them() -> None:
    found = roles(
        *MENU,
        "Divers look at a hull",
        "By Jane Holm",
        "4 March 2024",
        "The ferry Aurora and passengers outside Lindholm harbour on Tuesday",
        "Share",
        *STORY,
    )

    assert found[6:9] == ["title", "byline", "date"]
    assert found[9] != "title"


@pytest.mark.parametrize("credit", ["Photo: Jane Holm", "Photograph by Jane Holm", "Foto: Holm/The Herald"])
def test_a_line_with_a_credit_is_no_headline(credit: str) -> None:
    found = roles(*MENU, "Aground at dawn", f"The ferry Aurora outside Lindholm harbour. {credit}", *STORY)

    assert found[7] != "title"


@pytest.mark.parametrize(
    "line", ["Lindholm Press/The Herald - [email protected]", "Lindholm Press/The Herald - news@herald.example"]
)
def test_a_line_with_an_address_or_what_hides_one_is_no_headline(line: str) -> None:
    found = roles("Ferry aground", line, "Published: 28 Apr, 2020 CET", *STORY)

    assert found[1] != "title"


def test_headline_wins_over_the_longer_deck_that_has_more_of_the_storys_words() -> None:
    deck = "Divers of the coast guard will look at the hull of the Aurora before the ship is towed"

    found = roles(*MENU, "Ferry Aurora runs aground outside Lindholm", deck, "By Jane Holm", "4 March 2024", *STORY)

    assert found[6:8] == ["title", "deck"]


def test_a_headline_may_hold_a_cue_word() -> None:
    found = roles(*MENU, "The ferry Aurora will not sail home on Tuesday", "4 March 2024", *STORY)

    assert found[6] == "title"


def test_menu_printed_again_far_below_is_no_headline() -> None:
    again = ["All about the Aurora", *["Sport", "Tides", "Letters", "Ports", "Weather", "Jobs"]] * 2

    found = roles(*again, "Ferry Aurora runs aground outside Lindholm", *STORY)

    assert found[len(again)] == "title"


@pytest.mark.parametrize(
    "menu",
    [
        "News | Sport | Weather",
        "Home / News / Harbour",
        "Home » Local » Ferry Aurora runs aground",
        "Ports · Ships · Tides",
    ],
)
def test_short_parts_joined_by_signs_are_a_menu(menu: str) -> None:
    found = scored(page(menu, "Ferry Aurora runs aground", *STORY), title=None, byline=None, votes=None)

    assert found.role[:2] == ["chrome", "title"]
    assert found.evidence[0] == "form of a menu"


def test_headline_of_the_metadata_is_found_without_the_outlets_name() -> None:
    found = roles("Herald", "Ferry runs aground", *STORY, title="Ferry runs aground | The Herald")

    assert found[:3] == ["chrome", "title", "body"]


@pytest.mark.parametrize(
    ("line", "role"),
    [
        ("By Jane Holm and Peter Berg", "byline"),
        ("Von Anna Müller", "byline"),
        ("Editor : Jane Holm", "byline"),
        ("Jane Holm Views", "byline"),
        ("Mon Mar 4 2024", "date"),
        ("Mar 4, 2024 10:28 AM", "date"),
        ("Veröffentlicht am 4. März 2024, 10:28 Uhr", "date"),
        ("2024年3月4日", "date"),
        ("The Aurora in Lindholm harbour (Photo = Harbour Today)", "caption"),
        ("오로라호가 항구에 있다(사진=항구일보)", "caption"),
        ("Photo: Jane Holm / The Herald", "caption"),
        ("The Aurora on the rocks, seen from the pier. Photograph: Jane Holm/Harbour Herald", "caption"),
        ("Die Aurora liegt auf den Felsen. Foto: Malte Berg / Küstenbote", "caption"),
        ("Passengers wait on the quay. Picture by J. R. Holm", "caption"),
        ("Map: the way of the Aurora on Tuesday. Graphic: Herald", "caption"),
        ("by Jane Holm March 4, 2024 at 3:30 PM 1 min read", "date"),
    ],
)
def test_field_below_the_headline_gets_its_role(line: str, role: str) -> None:
    assert roles("Ferry Aurora runs aground outside Lindholm", line, *STORY)[1] == role


@pytest.mark.parametrize(
    ("line", "role"),
    [
        ("Source: Newsroom", "source"),
        ("Quelle: Küstenwache", "source"),
        ("Last updated: March 5, 2024 08:10", "date"),
        ("newsdesk@herald.example", "byline"),
        ("With reporting by Northern Press Agency", "source"),
        ("Coastal Press contributed to this report.", "source"),
        ("Mit Material von Küstenpresse", "source"),
    ],
)
def test_field_below_the_story_gets_its_role(line: str, role: str) -> None:
    assert roles("Ferry Aurora runs aground outside Lindholm", *STORY, line)[-1] == role


@pytest.mark.parametrize(
    "line",
    [
        "She put the picture by the window and left for Lindholm.",
        "The town said so in reporting by its own clerks, which nobody had asked for, and in three letters.",
        "Material from the wreck was brought to Lindholm",
        "Copyright law does not cover the plans of the hull, a judge in Lindholm ruled on Monday after two days.",
        "Three of the crew had contributed to the report of 2019, which the company never published.",
    ],
)
def test_sentence_with_a_credits_words_is_no_field(line: str) -> None:
    assert roles("Ferry Aurora runs aground", *STORY[:3], line, *STORY[3:])[4] in ("body", "subheading")


def test_line_above_a_credit_of_its_own_is_its_caption() -> None:
    picture = "Volunteers hold a rope on Tuesday night."

    found = roles("Ferry Aurora runs aground", "By Jane Holm", picture, "(Peter Berg / Harbour Herald)", *STORY)

    assert found[2:4] == ["caption", "caption"]


def test_desk_above_a_date_is_a_byline() -> None:
    assert roles("Ferry Aurora runs aground", "Herald harbour desk", "4 March 2024, 10:28", *STORY)[1:3] == [
        "byline",
        "date",
    ]


@pytest.mark.parametrize("label", ["Advertisement", "ADVERTISEMENT", "– Anzeige –", "Publicidad", "Publicité"])
def test_label_of_an_advertisement_goes_even_where_the_main_text_has_it(label: str) -> None:
    lines = page("Ferry Aurora runs aground", *STORY[:3], label, *STORY[3:])

    found = scored(lines, title=None, byline=None, votes=[True] * len(lines))

    assert (found.role[4], found.score[4] < 0.5) == ("chrome", True)


def test_note_of_rights_is_a_source_where_it_would_be_story_and_chrome_elsewhere() -> None:
    note = "© 2024 Northern Press Agency. All rights reserved. The Herald added reporting from Lindholm harbour."
    body = markup(within=("article",), hints=("story", "article_body"))
    lines = page("Ferry Aurora runs aground", *STORY, note, markup=body)

    voted = scored(lines, title=None, byline=None, votes=[True] * len(lines))

    assert voted.role[-1] == "source"
    assert roles("Ferry Aurora runs aground", *STORY, *MENU, "Copyright 2024 The Herald")[-1] == "chrome"


def test_name_above_an_address_closes_the_story() -> None:
    found = roles("Ferry Aurora runs aground", *STORY, "Jane Holm", "jane.holm@herald.example", "Comments0")

    assert found[-3:] == ["byline", "byline", "chrome"]


def test_sentence_between_headline_and_byline_is_the_deck() -> None:
    deck = "More than 200 passengers were taken ashore after the ship hit a rock in the harbour mouth"

    found = scored(page("Ferry Aurora runs aground", deck, "By Jane Holm", *STORY), title=None, byline=None, votes=None)

    assert found.role[:4] == ["title", "deck", "byline", "body"]
    assert found.score[1] >= 0.5


def test_sentence_below_the_headline_of_an_article_is_the_deck_though_it_shares_no_word() -> None:
    deck, article = "What a summer without swimmers does to a seaside town.", markup(within=("article", "header"))
    body = page(*STORY, markup=markup(within=("article",), hints=("story",)))

    def role(line: Line) -> str:
        lines = [Line(8, "Ferry Aurora runs aground", markup=markup("h1", 0.0, ("article",))), line, *body]
        return scored(lines, title=None, byline=None, votes=[False, False, *[True] * 5]).role[1]

    assert role(Line(9, deck, markup=article)) == "deck"
    assert role(Line(9, deck, markup=markup(within=("article", "header"), hints=("newsletter",)))) == "chrome"


def test_short_line_between_paragraphs_is_a_subheading() -> None:
    found = scored(
        page("Ferry runs aground", *STORY[:3], "Fined twice before", *STORY[3:]), title=None, byline=None, votes=None
    )

    assert found.role[4] == "subheading"
    assert found.score[4] >= 0.5


def test_comment_rules_below_the_source_line_are_chrome() -> None:
    rules = "WARNING: Comments that contain insults or are written in capital letters are not approved."

    assert roles("Ferry Aurora runs aground", *STORY, "Source: Newsroom", rules)[-1] == "chrome"


@pytest.mark.parametrize(
    "box",
    [
        "READ MORE: Cannery on Quay Road to close in spring",
        "Lesen Sie auch: Fähre läuft auf Grund",
        "Our weekend letter: one long read, one short walk. Sign up",
    ],
)
def test_box_that_leads_away_from_the_story_is_chrome(box: str) -> None:
    assert roles("Ferry runs aground", *STORY[:3], box, *STORY[3:])[4] == "chrome"


@pytest.mark.parametrize(
    "sentence",
    [
        "The harbour master asked the crews to read more: charts, tide tables and the notes of the pilots before them.",
        "The company asked its passengers to subscribe.",
    ],
)
def test_sentence_with_the_words_of_such_a_box_is_body(sentence: str) -> None:
    assert roles("Ferry runs aground", *STORY[:3], sentence, *STORY[3:])[4] == "body"


def test_last_paragraph_that_begins_with_the_authors_name_is_a_note() -> None:
    about = "Jane Holm covers the harbour and the fishing fleet and has lived in Lindholm since she was a child."

    assert roles("By Jane Holm and Peter Berg", *STORY, about)[-1] == "chrome"
    assert roles(*STORY, about)[-1] == "body"
    assert scored(page(*STORY, about), title=None, byline="Jane Holm", votes=None).role[-1] == "chrome"


def test_unsure_paragraph_above_the_note_of_rights_is_the_last_one() -> None:
    texts = ["Ferry runs aground", *STORY, "© 2024 The Herald"]
    found = scored(page(*texts), title=None, byline=None, votes=None)
    facts = Page(units(page(*texts)), [15] * 7, [True] * 7, [True] * 7, [0] * 7, [0.0] * 7)
    guess = Roles(facts, [0.1, 0.9, 0.9, 0.9, 0.9, 0.35, 0.0], ["form"] * 7)
    guess.decide(None, None)

    assert found.role[-2:] == ["body", "chrome"]
    assert (guess.roles[5], guess.scores[5]) == ("body", 0.5)


def decided(texts: list[str], scores: list[float], is_sentence: list[bool]) -> list[str]:
    size = len(texts)
    facts = Page(units(page(*texts)), [15] * size, is_sentence, is_sentence, [0] * size, [0.0] * size)
    told = Roles(facts, scores, ["form"] * size)
    told.decide(None, None)
    return told.roles


def test_sentence_scored_just_below_one_half_between_sure_paragraphs_stays() -> None:
    six = [STORY[0], *STORY]

    assert decided(six, [0.97, 0.97, 0.42, 0.96, 0.97, 0.97], [True] * 6)[2] == "body"
    assert decided(six, [0.97, 0.97, 0.38, 0.96, 0.97, 0.97], [True] * 6)[2] == "chrome"
    assert decided(six, [0.97, 0.97, 0.42, 0.60, 0.60, 0.97], [True] * 6)[2] == "chrome"


def test_unsure_line_parted_from_the_story_goes() -> None:
    lines = [*STORY[:2], "Our archive is printed on recycled paper", "1 crown = 0.09 dollars"]
    forms = [True, True, False, False]

    assert decided(lines, [0.97, 0.96, 0.2, 0.55], forms)[-1] == "chrome"
    assert decided(lines, [0.97, 0.96, 0.2, 0.95], forms)[-1] == "body"


def test_sentence_that_only_mentions_a_photo_agency_is_body() -> None:
    sentence = "The harbour company bought the archive from Getty Images in 2019, said a spokeswoman for the town."

    assert roles("Ferry Aurora runs aground", *STORY[:2], sentence, *STORY[2:])[3] == "body"


def test_page_in_a_language_no_cue_knows_is_told_apart() -> None:
    story = [
        "Паром «Аврора» сел на мель у входа в гавань Линдхольма рано утром во вторник, пассажиров вывезли на берег.",
        "Никто не пострадал, сообщила береговая охрана, но двум членам экипажа понадобилась помощь врачей больницы.",
        "Компания, которой принадлежит паром, дважды платила штраф за пропуск проверок радиолокационного оборудования.",
    ]

    assert roles("Главная", "Спорт", "Погода", "Паром «Аврора» сел на мель", *story, "Карта сайта", "Архив") == (
        ["chrome"] * 3 + ["title"] + ["body"] * 3 + ["chrome"] * 2
    )


def test_page_without_spaces_between_words_is_told_apart() -> None:
    story = [
        "火曜日の早朝、フェリー「オーロラ」号がリンドホルム港の入り口で座礁し、乗客二百十二人が岸に運ばれた。",
        "沿岸警備隊によると、けが人はいなかったが、乗組員二人が病院で手当てを受けたという。",
        "所有する会社は、レーダー装置の検査を怠ったとして過去に二度、罰金を科されている。",
    ]

    assert roles("ホーム", "天気", "フェリーが座礁", *story, "サイトマップ") == (
        ["chrome"] * 2 + ["title"] + ["body"] * 3 + ["chrome"]
    )


def test_hard_wrapped_lines_share_role_and_score() -> None:
    half = len(STORY[0]) // 2
    wrapped = [
        *page("Ferry Aurora runs aground"),
        Line(2, STORY[0][:half].strip()),
        Line(3, STORY[0][half:].strip(), continues=True),
        *[Line(number, text) for number, text in enumerate(STORY[1:], start=4)],
    ]

    found = scored(wrapped, title=None, byline=None, votes=None)

    assert found.role[1:3] == ["body", "body"]
    assert found.score[1] == found.score[2]


def test_votes_of_the_main_text_decide_a_close_case() -> None:
    teaser = "The harbour museum shows how ships were repaired a hundred years ago, every day until Sunday."
    lines = page("Ferry Aurora runs aground", *STORY, teaser)
    inside = [False, *[True] * 6]
    outside = [False, *[True] * 5, False]

    kept, dropped = (scored(lines, title=None, byline=None, votes=votes) for votes in (inside, outside))

    assert kept.role[-1] == "body"
    assert dropped.role[-1] == "chrome"


def test_markup_of_a_link_list_speaks_against_its_lines() -> None:
    teaser = "Harbour museum shows how ships were repaired a hundred years ago."
    story = "".join(f"<p>{text}</p>" for text in STORY)
    linked = f"<article>{story}</article><aside class=related><ul><li><a href=/m>{teaser}</a></ul></aside>"
    told = f"<article>{story}<p>{teaser}</p></article>"

    assert scored(visible_lines(parsed(linked), 100), title=None, byline=None, votes=None).role[-1] == "chrome"
    assert scored(visible_lines(parsed(told), 100), title=None, byline=None, votes=None).role[-1] == "body"


def test_pages_are_scored_together_as_they_are_alone() -> None:
    html = "".join(f"<p>{text}</p>" for text in [*MENU, *STORY])
    pages = [
        PageLines(page(*MENU, *STORY)),
        PageLines([]),
        PageLines(visible_lines(parsed(html), 100), title="Ferry runs aground"),
        PageLines(page(*STORY, "By Jane Holm"), byline="Jane Holm"),
        PageLines(page(*MENU * 40), votes=[False] * 240),
    ]

    assert scored_pages(pages) == [scored_pages([one])[0] for one in pages]
    assert scored_pages(pages[::-1]) == scored_pages(pages)[::-1]


def test_trafilaturas_text_decides_what_is_story_and_the_model_in_which_order() -> None:
    lines = page(*MENU, *STORY)
    votes = [False] * 7 + [True] * 3 + [False]
    alone, decided = (scored(lines, title=None, byline=None, votes=said) for said in (None, votes))

    assert [score >= 0.5 for score in decided.score] == votes
    assert decided.doubt == alone.doubt
    assert decided.evidence[6].startswith("not in trafilatura's text; ")


def test_figcaption_is_a_caption() -> None:
    lines = page(*STORY, markup=markup())
    lines.insert(2, Line(9, "Passengers on the quay", markup=markup("figcaption", 0.0, ("figure",))))

    assert scored(lines, title=None, byline=None, votes=None).role[2] == "caption"


def test_table_in_a_figure_is_no_caption() -> None:
    lines = page(*STORY, markup=markup(within=("article",)))
    row = Line(
        9, "Lindholm harbour to Varga Saturday 9:30 a.m.", markup=markup("td", 0.0, ("article", "figure", "table"))
    )
    lines.insert(2, row)

    assert scored(lines, title=None, byline=None, votes=[True] * 6).role[2] == "body"


def test_figcaption_stays_a_caption_where_the_main_text_has_it() -> None:
    lines = page(*STORY, markup=markup(within=("article",)))
    lines.insert(2, Line(9, STORY[0], markup=markup("figcaption", 0.0, ("article", "figure"))))

    assert scored(lines, title=None, byline=None, votes=[True] * 6).role[2] == "caption"


def test_heading_without_a_story_below_is_chrome() -> None:
    lines = page(*STORY, markup=markup(within=("article",)))
    heading = markup("h4", 0.0, ("article", "heading"), ("story",))
    lines = [
        *lines[:2],
        Line(8, "Fined twice before", markup=heading),
        *lines[2:],
        Line(9, "Lindholm today", markup=heading),
    ]

    found = scored(lines, title=None, byline=None, votes=[True] * 7)

    assert [found.role[2], found.role[-1]] == ["subheading", "chrome"]


def test_page_without_lines_has_nothing_and_full_doubt() -> None:
    assert scored([], title=None, byline=None, votes=None) == Scores([], [], [], 1.0)


def test_single_line_is_scored() -> None:
    found = scored(page(STORY[0]), title=None, byline=None, votes=None)

    assert len(found.role) == len(found.score) == len(found.evidence) == 1


def test_fifty_thousand_lines_take_seconds() -> None:
    texts = (MENU + STORY) * 4546
    started = time.process_time()

    found = scored(page(*texts[:50_000]), title="Ferry runs aground", byline=None, votes=None)

    assert len(found.role) == 50_000
    assert time.process_time() - started < 30  # 4 s where this was written; quadratic code takes minutes


LINES = st.lists(
    st.one_of(st.text(min_size=1, max_size=60), st.sampled_from(STORY + MENU + FOOTER)), min_size=0, max_size=25
)


@settings(max_examples=60)
@given(LINES, st.one_of(st.none(), st.text(max_size=30), st.sampled_from(STORY)), st.booleans())
def test_any_page_gets_known_roles_probabilities_and_reasons(texts: list[str], title: str | None, vote: bool) -> None:
    lines = page(*[text.strip() or "x" for text in texts])
    votes = [vote] * len(lines) if vote else None

    found = scored(lines, title=title, byline=title, votes=votes)

    assert len(found.role) == len(found.score) == len(found.evidence) == len(lines)
    assert set(found.role) <= set(schemas.ROLES)
    assert all(0 <= score <= 1 and score == round(score, 4) for score in found.score)
    assert all(score >= 0.5 for role, score in zip(found.role, found.score, strict=True) if role in ("body", "deck"))
    assert all(score < 0.5 for role, score in zip(found.role, found.score, strict=True) if role == "chrome")
    assert all(found.evidence)
    assert 0 <= found.doubt <= 1
    assert found == scored(lines, title=title, byline=title, votes=votes)


def test_doubt_is_nothing_when_every_score_is_certain_and_full_when_none_is() -> None:
    words = np.array([10.0, 20.0])

    assert page_doubt(np.array([1.0, 0.0]), words) == 0.0
    assert page_doubt(np.array([0.5, 0.5]), words) == 1.0
    assert page_doubt(np.array([0.8, 0.0]), words) == 0.25


SEEDS = DATA / "seeds"


@pytest.mark.bench
@pytest.mark.skipif(not (SEEDS / "lines.json").is_file(), reason="needs the benchmark data: COPYDESK_BENCH")
def test_every_story_line_of_the_seed_pages_is_kept_and_nearly_all_chrome_dropped() -> None:
    kept_story, dropped_chrome, n_story, n_chrome = 0, 0, 0, 0
    for name, wanted in json.loads((SEEDS / "lines.json").read_text(encoding="utf-8")).items():
        texts = (SEEDS / name).read_text(encoding="utf-8").split("\n")
        lines = [Line(number, text.strip()) for number, text in enumerate(texts, start=1) if text.strip()]
        found = scored(lines, title=None, byline=None, votes=None)
        for line, role in zip(lines, found.role, strict=True):
            is_story = wanted[str(line.line_no)] in ("deck", "body", "subheading")
            is_chrome = wanted[str(line.line_no)] == "chrome"
            n_story, n_chrome = n_story + is_story, n_chrome + is_chrome
            kept_story += is_story and role in ("deck", "body", "subheading")
            dropped_chrome += is_chrome and role == "chrome"

    assert (n_story, n_chrome) == (86, 86)
    assert kept_story == 86
    assert dropped_chrome >= 83


@pytest.mark.parametrize(
    "texts",
    [
        ["The ferry returned to the harbour on Monday after nine weeks of repairs, the operator said in a note."],
        [
            "The ferry returned to the harbour on Monday.",
            "Passengers cheered as it docked, and the captain rang the bell.",
        ],
        ["El ferry volvió al puerto el lunes tras nueve semanas de reparaciones, dijo el operador en una nota."],
    ],
)
def test_a_record_of_a_few_sentences_keeps_them(texts):
    lines = [Line(number, text) for number, text in enumerate(texts, 1)]

    scores = scored(lines, title=None, byline=None, votes=None)

    assert scores.role == ["body"] * len(texts)
    assert min(scores.score) >= 0.5


def test_a_few_lines_of_chrome_are_not_a_record():
    lines = [
        Line(1, "Skip to content"),
        Line(2, "News | Sport | Weather"),
        Line(3, "© 2026 Herald Ltd. All rights reserved."),
    ]

    assert max(scored(lines, title=None, byline=None, votes=None).score) < 0.5
