"""Where a text comes from: the forms that say so, and everything that looks like one and is none."""

import re
import time
import tomllib
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import schemas
from pipeline.config import packaged_configs
from pipeline.kernels import wire
from pipeline.kernels.wire import Agency, Citing, Form, WireLine, cluster_sources, compiled
from pipeline.stages.wire import WireFile, wire_rules

FILE = packaged_configs() / "wire.toml"
RULES = wire_rules([(str(FILE), WireFile.model_validate(tomllib.loads(FILE.read_text(encoding="utf-8"))))])

STORY = (
    "The bridge over the Varga was closed on Monday after an inspector found cracks in two of its pillars.",
    "Drivers will have to take the ferry at Port Alma until the spring, the county council wrote in a statement.",
    "The council had put off repairs three times since the flood, most recently in September.",
    "A tender for the work will be opened next week.",
)


def page(*story, head=(), tail=(), dated=True):
    """A headline, perhaps a date, lines of their own, the story, further lines; `(text, role)` for another role."""
    lines = [("Cracks close bridge over the Varga", "title", False)]
    lines += [("17 November 2026", "date", False)] if dated else []
    lines += [placed(line, "chrome", in_text=False) for line in head]
    lines += [placed(line, "body", in_text=True) for line in (story or STORY)]
    lines += [placed(line, "chrome", in_text=False) for line in tail]
    number = 0
    rows = []
    for line_no, (text, role, in_text) in enumerate(lines, start=1):
        number += in_text
        rows.append(WireLine(line_no, text, role, number if in_text else None))
    return rows


def placed(line, role, *, in_text):
    """Text, role, whether it is in the text."""
    return (*line, False) if isinstance(line, tuple) else (line, role, in_text)


def told(*story, outlet=None, byline=None, **page_lines):
    """(agency, kind) of the article, None without one."""
    found = wire.verdict(wire.signs(outlet, byline, page(*story, **page_lines), RULES))
    return None if found.wire_source is None else (found.wire_source, found.wire_kind)


def cited(*story):
    """Agencies that the text cites, in order."""
    return [citation.agency_id for citation in wire.citations(page(*story), RULES)]


def opened(start):
    """The story with something before its first word."""
    return (f"{start}{STORY[0]}", *STORY[1:])


def ended(end):
    """The story with something after its last word."""
    return (*STORY[:-1], f"{STORY[-1]}{end}")


@pytest.mark.parametrize(
    ("start", "agency"),
    [
        ("PORT ALMA (AP) — ", "AP"),
        ("ST. ANSGAR, Minn. (AP) -- ", "AP"),
        ("PORT ALMA, November 17 (Reuters) - ", "Reuters"),
        ("(Reuters) — ", "Reuters"),
        ("Hamburg (dpa/lno) – ", "dpa"),
        ("Hamburg. (dpa) ", "dpa"),
        ("Wien (APA) – ", "APA"),
        ("Zürich (sda) - ", "Keystone-SDA"),
        ("Madrid, 17 nov (EFE).- ", "EFE"),
        ("(ANSA) - ROMA, 17 NOV - ", "ANSA"),
        ("ANKARA (AA) - ", "Anadolu"),
        ("NEW DELHI (PTI): ", "PTI"),
        ("New Delhi, Nov 17 (PTI) ", "PTI"),
        ("MOSCOW, November 17. /TASS/. ", "TASS"),
        ("МОСКВА, 17 ноя - РИА Новости. ", "RIA Novosti"),
        ("SEOUL, Nov. 17 (Yonhap) -- ", "Yonhap"),
        ("(서울=연합뉴스) ", "Yonhap"),
        ("【ソウル共同】", "Kyodo"),
        ("新华社北京11月17日电", "Xinhua"),
    ],
)
def test_a_dateline_names_the_source(start, agency):
    assert told(*opened(start)) == (agency, "dateline")


OWN = compiled(
    [Agency("AFP", ("AFP",))],
    [Form("credit", ("tail",), ("{said} {agency}/Straße {on?}",))],
    {"said": ("Words from", "Quelle"), "on": ("Monday",)},
    [],
    Citing(),
)


@pytest.mark.parametrize("line", ["words  FROM AFP / STRAßE", "quelle AFP/straße Monday"])
def test_what_a_form_needs_is_looked_for_in_any_case_and_spacing(line):
    found = wire.signs(None, None, page(tail=[line]), OWN)

    assert [(sign.kind, sign.agency_id) for sign in found] == [("credit", "AFP")]


@pytest.mark.parametrize("line", ["Words by AFP/Straße", "Quelle AFP", "Quelle DPA/Straße"])
def test_a_line_without_what_a_form_needs_does_not_have_it(line):
    assert wire.signs(None, None, page(tail=[line]), OWN) == []


def test_a_dateline_below_the_summary_still_counts():
    assert told("The bridge is closed until spring.", *opened("Berlin (dpa) - ")) == ("dpa", "dateline")


def test_a_dateline_that_was_taken_for_chrome_counts_right_above_the_text():
    assert told(head=["Wiesbaden (KNA). Die Brücke über die Varga ist seit Montag gesperrt, teilte der Kreis mit."])


def test_datelines_of_other_stories_below_do_not_count():
    teasers = [f"Bremen (dpa) – Ein Mann ist in Haus {number} gestürzt...Mehr lesen" for number in range(4)]

    assert told(tail=["Mehr zum Thema", "Aus der Region", *teasers]) is None


@pytest.mark.parametrize(
    ("line", "agency"),
    [
        ("By Associated Press", "AP"),
        ("REUTERS", "Reuters"),
        ("SID", "SID"),
        ("Von dpa 17.11.2026, 18:58", "dpa"),
        ("Por Agencia EFE", "EFE"),
        ("Par l'AFP", "AFP"),
        ("dpa am 17.11.2026", "dpa"),
        ("Associated Press November 17, 2026 9:02 AM", "AP"),
        ("AFP, MANILA", "AFP"),
        ("Reuters, Port Alma,", "Reuters"),
        ("Ana Petrova and Bo Lind, Associated Press", "AP"),
        ("Anna Weber und Bernd Klein, dpa", "dpa"),
        ("By ANA PETROVA, Associated Press", "AP"),
        ("By Ana Petrova - Associated Press - Tuesday, November 17, 2026", "AP"),
        ("Haberler - Anadolu Ajansı", "Anadolu"),
        ("PTI | Updated: Nov 17, 2026", "PTI"),
        ("| Periodista Digital: EFE", "EFE"),
    ],
)
def test_a_byline_names_the_source(line, agency):
    assert told(head=[line]) == (agency, "byline")


@pytest.mark.parametrize(
    ("byline", "answer"),
    [
        ("AFP", ("AFP", "byline")),
        ("ap", ("AP", "byline")),
        ("The Associated Press", ("AP", "byline")),
        ("Reuters Staff", ("Reuters", "byline")),
        ("Ana Petrova, Associated Press", ("AP", "byline")),
        ("Anna Weber mit dpa", ("dpa", "shared")),
        ("Harald avec AFP", ("AFP", "shared")),
        ("Agencias", ("agencies", "shared")),
        ("Ana Petrova", None),
        ("Ernst Reuter", None),
    ],
)
def test_the_byline_of_the_page_names_the_source(byline, answer):
    assert told(byline=byline) == answer


@pytest.mark.parametrize(
    ("line", "agency"),
    [
        ("© 2026 The Associated Press. All rights reserved.", "AP"),
        ("© Thomson Reuters 2026", "Reuters"),
        ("© dpa-infocom, dpa:261117-99-53606/3", "dpa"),
        ("Quelle: dpa", "dpa"),
        ("(Quelle: APA/sda/dpa)", "APA"),
        ("Fuente: EFE", "EFE"),
        ("Źródło: PAP", "PAP"),
        ("(SID)", "SID"),
        ("(Reporting by Ana Petrova; Editing by Bo Lind)", "Reuters"),
        ("Our Standards: The Thomson Reuters Trust Principles.", "Reuters"),
        ("This report by The Canadian Press was first published Nov. 17, 2026.", "CP"),
        ("Ana Petrova und Bo Lind, dpa", "dpa"),
    ],
)
def test_a_credit_below_the_text_names_the_source(line, agency):
    assert told(tail=[line]) == (agency, "credit")


@pytest.mark.parametrize(
    ("end", "agency"),
    [(" (dpa)", "dpa"), (" PTI", "PTI"), (" (ANSA)", "ANSA"), (" /ritzau/", "Ritzau"), (" — AFP", "AFP")],
)
def test_the_close_of_the_text_names_the_source(end, agency):
    assert told(*ended(end)) == (agency, "credit")


@pytest.mark.parametrize(
    ("where", "line", "agency"),
    [
        ("head", "Ana Petrova and AP", "AP"),
        ("head", "Von Ana Petrova mit AP", "AP"),
        ("head", "Le Héraut et AFP", "AFP"),
        ("head", "AFP/The Herald - [email protected]", "AFP"),
        ("head", "Von: ap/dpa", "dpa"),
        ("head", "By Herald with Agencies", "agencies"),
        ("head", "Redaktion/dpa", "dpa"),
        ("tail", "mit dpa", "dpa"),
        ("tail", "abc/Reuters", "Reuters"),
        ("tail", "(Agenturen) | Stand: 17.11.2026, 5:30", "agencies"),
        ("tail", "Weitere Quellen • AP", "AP"),
        ("tail", "(KNA, HR)", "KNA"),
        ("tail", "With files from The Canadian Press", "CP"),
        ("tail", "(Con información de AFP, EFE y Reuters)", "AFP"),
        ("tail", "The Associated Press contributed to this report.", "AP"),
        ("tail", "Herald reporter Bo Lind and The Associated Press contributed to this report.", "AP"),
        ("tail", "© dpa/herald.example", "dpa"),
    ],
)
def test_own_copy_beside_an_agencys_is_shared(where, line, agency):
    assert told(**{where: [line]}) == (agency, "shared")


def test_initials_beside_an_agency_at_the_close_are_shared():
    assert told(*ended(" (dpa/abc)")) == ("dpa", "shared")


def test_a_close_in_the_middle_of_the_text_is_shared():
    story = (*ended(" (dpa)"), *STORY, "One more thing.")

    assert told(*story) == ("dpa", "shared")


@pytest.mark.parametrize(
    ("outlet", "agency"),
    [
        ("reuters.com", "Reuters"),
        ("uk.reuters.com", "Reuters"),
        ("Europa Press", "Europa Press"),
        ("legal.thomsonreuters.com", None),
        ("notreuters.com", None),
        (None, None),
    ],
)
def test_an_agencys_own_outlet_is_the_source(outlet, agency):
    assert told(outlet=outlet) == ((agency, "outlet") if agency else None)


# ------------------------------------------------------------------------------------------------------------- traps


@pytest.mark.parametrize(
    "credit",
    [
        ("The bridge on Monday. (AP Photo/Bo Lind)", "caption"),
        ("Bo Lind, Associated Press", "caption"),
        ("Bo Lind / Reuters", "caption"),
        ("AP", "caption"),
        "Foto: Bo Lind/dpa",
        "Bildrechte: Reuters",
        "© picture alliance/dpa | Bo Lind",
        "Copyright Bo Lind/Copyright 2026 The AP. All rights reserved",
        "The bridge on Monday.Bo Lind/dpa",
        "Bo Lind/Anadolu Agency via Getty Images",
    ],
)
@pytest.mark.parametrize("where", ["head", "tail"])
def test_the_credit_of_a_picture_says_nothing(where, credit):
    assert told(**{where: [credit]}) is None


def test_a_bare_name_right_below_a_picture_is_its_credit():
    assert told(head=[("The bridge on Monday.", "caption"), "AP"]) is None


def test_a_bare_name_below_a_picture_that_has_its_credit_is_a_byline():
    assert told(head=[("The bridge on Monday / AFP", "caption"), "AFP"]) == ("AFP", "byline")


def test_a_source_line_under_the_lead_picture_says_nothing():
    assert told(STORY[0], ("Quelle: AFP", "source"), *STORY[1:], *STORY, dated=False) is None


@pytest.mark.parametrize("name", ["AP", "AFP", "Reuters"])
def test_a_closing_bracket_is_a_pictures_for_agencies_that_sell_pictures(name):
    assert told(*ended(f" ({name})")) is None


@pytest.mark.parametrize(
    "words",
    [
        "Pupils who take AP classes in Varga county may keep their laptops. ",
        "The EPA said the river was safe to swim in. ",
        "The PTI won four seats in the county, and AAP said it would appeal. ",
        "AFP pension funds lost three percent, and CNA insured half of the losses. ",
        "The APA said stress was common; SID found no cause, UPI payments failed. ",
        "He lives in Reuterstrasse, next to a shop of Thomson Reuters, in KANSAS. ",
        "A$AP Varga will play at the harbour on Friday with AP Dhillon. ",
        "Mayor Reuter said the council would vote. ",
    ],
)
def test_letters_that_mean_something_else_are_no_agency(words):
    assert told(f"{words}{STORY[0]}", *STORY[1:]) is None
    assert cited(f"{words}{STORY[0]}", *STORY[1:]) == []


@pytest.mark.parametrize(
    "words",
    ["The Port Traders Initiative (PTI) – ", "Die Demokratische Partei der Alten (DPA) - ", "Port Alma Pilots (PAP). "],
)
def test_letters_that_shorten_the_words_before_them_are_no_dateline(words):
    assert told(*opened(words)) is None


def test_letters_that_the_page_explains_mean_that_on_the_whole_page():
    story = ("The Armed Force of Philae (AFP) has closed the bridge.", "The AFP said so, and told AFP families.")

    assert cited(*story, *STORY) == []
    assert cited("The bridge is closed.", "The AFP said so.", *STORY) == ["AFP"]


def test_an_agency_explained_by_its_own_letters_stays_an_agency():
    assert cited("The Associated Press (AP) said the bridge was closed.", *STORY) == ["AP"]


@pytest.mark.parametrize(
    "line",
    [
        "© 2026 Herald LLC. Reproduction without permission is prohibited. AP articles: Copyright © 2026 The AP.",
        "The Herald takes copy from AFP, AP, dpa, KNA and Reuters.",
        "Thomson Reuters Products",
        "Follow AP on the web",
        "Reuters: Gazprom pays 1,5 bn to Varga",
        "REKLAM advertisement3ndparty",
    ],
)
@pytest.mark.parametrize("where", ["head", "tail"])
def test_what_a_site_says_of_itself_is_no_evidence(where, line):
    assert told(**{where: [line]}) is None


def test_a_menu_of_agencies_is_no_byline():
    assert told(head=["AP", "Reuters", "AFP"]) is None


def test_two_letters_alone_are_no_byline():
    assert told(head=["AA"]) is None


def test_a_bare_name_far_from_a_date_is_no_byline():
    assert told(head=["Reuters", "Varga", "Sport", "Weather"], dated=False) is None


def test_credits_far_below_the_text_are_of_other_stories():
    assert told(tail=[*(f"Other story {number}" for number in range(20)), "Quelle: dpa"]) is None


def test_a_citation_neither_makes_nor_denies_a_source():
    assert told(*STORY[:2], 'The inspector told AFP: "I had warned them."', STORY[3]) is None
    assert told(*opened("PORT ALMA (AFP) - "), "The inspector told AFP he had warned them.") == ("AFP", "dateline")


def test_the_dateline_comes_before_the_note_of_rights():
    found = wire.verdict(
        wire.signs(None, None, page(*opened("OTTAWA (AP) — "), tail=["© 2026 The Canadian Press"]), RULES)
    )

    assert (found.wire_source, found.wire_kind) == ("AP", "dateline")
    assert "CP, credit" in found.wire_evidence


def test_an_authors_life_is_no_evidence():
    life = "Bo Lind is a journalist with twenty years at the Varga Herald and the Associated Press behind him."

    assert told(tail=[life]) is None
    assert told(*STORY, life) is None
    assert cited(*STORY, life) == []


# ---------------------------------------------------------------------------------------------------------- citations


@pytest.mark.parametrize(
    ("words", "agency"),
    [
        ("according to the Associated Press news agency.", "AP"),
        ("she told AFP.", "AFP"),
        ("a memo seen by Reuters says.", "Reuters"),
        ("KCNA said on Monday.", "KCNA"),
        ("sagte er gegenüber der APA nichts, aber der Nachrichtenagentur APA alles.", "APA"),
        ("sagte die Ministerin der dpa.", "dpa"),
        ("wie die Nachrichtenagentur Reuters berichtete.", "Reuters"),
        ("Nach dpa-Informationen ist sie zu.", "dpa"),
        ("a-t-elle dit à l'AFP.", "AFP"),
        ("pour l'agence de presse tchèque ČTK.", "CTK"),
        ("según informa Europa Press.", "Europa Press"),
        ("confirmó a EFE.", "EFE"),
        ("ha detto all'agenzia ANSA.", "ANSA"),
        ("aldus persbureau ANP.", "ANP"),
        ("säger polisen till TT Nyhetsbyrån.", "TT"),
        ("skriver Ritzau.", "Ritzau"),
        ("podała agencja PAP.", "PAP"),
        ("сообщает ТАСС.", "TASS"),
        ("据新华社报道。", "Xinhua"),
        ("AP通信によると。", "AP"),
    ],
)
def test_prose_cites_an_agency(words, agency):
    story = (STORY[0], f"The bridge is closed, {words}", *STORY[2:])

    assert cited(*story) == [agency]
    assert told(*story) is None


def test_a_doubtful_name_is_cited_only_as_a_news_agency():
    assert cited("The PTI said it would win the seat.", *STORY) == []
    assert cited("The news agency PTI said it had won the seat.", *STORY) == ["PTI"]


def test_agencies_without_a_name_are_not_cited():
    assert cited("According to agencies of the county, the bridge is closed.", *STORY) == []


# -------------------------------------------------------------------------------------------------- batches, clusters


def documents(**articles):
    """article_id -> (outlet, byline), as the columns `sources` reads."""
    rows = [(name, *about) for name, about in articles.items()]
    return pl.DataFrame(rows, schema={"article_id": pl.String, "outlet": pl.String, "byline": pl.String}, orient="row")


def lines_of(**articles):
    """article_id -> lines, as the columns `sources` reads."""
    rows = [(name, *line[:4]) for name, lines in articles.items() for line in lines]
    schema = {
        "article_id": pl.String,
        "line_no": pl.Int32,
        "text": pl.String,
        "role": pl.String,
        "paragraph_no": pl.Int32,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_every_article_of_a_batch_gets_its_own_answer():
    about = documents(a=("herald.example", None), b=("reuters.com", None), c=(None, "Anna Weber"), d=(None, "AFP"))
    lines = lines_of(
        a=page(*opened("PORT ALMA (AP) — "), "She told AFP so."), b=page(), c=page("She told AFP so.", *STORY), d=[]
    )

    found, quoted = wire.sources(about, lines, RULES)

    assert found.select("article_id", "wire_source", "wire_kind", "cited_agency").rows() == [
        ("a", "AP", "dateline", None),
        ("b", "Reuters", "outlet", None),
        ("c", None, None, "AFP"),
        ("d", "AFP", "byline", None),
    ]
    assert quoted.rows() == [("a", 5, "AFP"), ("c", 1, "AFP")]
    assert found.schema == schemas.SOURCES.schema
    assert found["wire_evidence"][0] == "AP, dateline, paragraph 1: PORT ALMA (AP) —"


@given(st.text(max_size=60), st.sampled_from([*RULES.by_name, *RULES.own_words]), st.text(max_size=60))
def test_the_lines_that_are_looked_at_are_those_that_name_an_agency(before, name, after):
    text = f"{before}{name}{after}"

    looked_at = pl.select(pl.lit(text).str.contains(RULES.needles)).item()

    assert looked_at or RULES.masked(text) is None


TEXT = st.lists(st.sampled_from([*"AB .,()/-—\n© ", wire.MARK, "AP", "dpa", "Reuters", "2026", "By ", " mit "])).map(
    "".join
)


@given(st.lists(TEXT | st.text(max_size=200), max_size=8), TEXT | st.text(max_size=80), st.text(max_size=40))
def test_no_page_is_too_strange(texts, byline, outlet):
    lines = [WireLine(number, text, "body", number) for number, text in enumerate(texts, start=1)]

    for sign in wire.signs(outlet, byline, lines, RULES):
        assert sign.kind in wire.KINDS
    wire.citations(lines, RULES)


@pytest.mark.parametrize(
    "words", ["Aa ", "A. ", "AP ", "AP/", "(AP) ", "by AP ", "mit AP, ", "Aa Bb, ", "1.1 ", "Aa and "], ids=str.strip
)
def test_no_line_takes_long(words):
    lines = page(*([words * (300 // len(words)), words * 3000] * 4), head=[words * (300 // len(words))] * 4)
    wire.signs(None, words * 100, lines, RULES)
    started = time.process_time()

    wire.signs(None, words * 100, lines, RULES)
    wire.citations(lines, RULES)

    assert time.process_time() - started < 2


def member(position, source=None, kind=None, outlet=None, cites=None, cluster="c"):
    """A row of MEMBERS."""
    name = f"{cluster}{position}"
    row = dict.fromkeys(schemas.MEMBERS.names)
    return row | {
        "cluster_id": cluster,
        "paragraph_id": name,
        "article_id": f"article-{name}",
        "outlet": outlet,
        "position": position,
        "wire_source": source,
        "wire_kind": kind,
        "wire_evidence": f"{source}, {kind}, paragraph 1" if source else None,
        "cited_agency": cites,
    }


def voted(*members):
    """wire_source and cited_agency of the cluster of these members."""
    table = pl.DataFrame(list(members), schema=schemas.MEMBERS.schema)
    rows = cluster_sources(table).select("wire_source", "cited_agency").rows()
    assert len(rows) <= 1
    return rows[0] if rows else None


def test_a_cluster_has_the_agency_of_its_earliest_member_with_strong_evidence():
    silent, byline = member(0, outlet="herald.example"), member(1, "dpa", "byline", "coast.example")
    dateline, later = member(2, "AFP", "dateline", "bay.example"), member(3, "AP", "credit", "isle.example")

    assert voted(silent, byline, dateline, later) == ("AFP", None)
    assert voted(silent, later) == ("AP", None)
    assert voted(silent, byline) == ("dpa", None)
    assert voted(silent) is None


def test_shared_copy_needs_two_outlets_that_agree():
    one = member(0, "AP", "shared", "herald.example")

    assert voted(one, member(1, "AP", "shared", "herald.example")) is None
    assert voted(one, member(1, "AFP", "shared", "coast.example")) is None
    assert voted(one, member(1, "AP", "shared", "coast.example")) == ("AP", None)


def test_a_cluster_cites_what_its_earliest_citing_member_cites():
    assert voted(member(0), member(1, cites="KCNA"), member(2, cites="AFP")) == (None, "KCNA")
    assert voted(member(0, "AP", "dateline"), member(1, cites="KCNA")) == ("AP", None)


def test_the_evidence_of_a_cluster_says_which_article_and_how_many_agree():
    table = pl.DataFrame(
        [member(0, "AP", "dateline", "herald.example"), member(1, "AP", "byline", "coast.example"), member(2)],
        schema=schemas.MEMBERS.schema,
    )

    assert cluster_sources(table)["wire_evidence"].to_list() == [
        "herald.example article-c0: AP, dateline, paragraph 1 (of 2 members in 2 outlets)"
    ]


# -------------------------------------------------------------------------------------------------------------- rules

NEWS = Agency("News", ("Varga News",), ("VN",), ("varga.example",))


def rules(*forms, agencies=(NEWS,), words=None):
    """Rules of few forms."""
    return compiled(agencies, forms, words or {}, [], Citing())


def test_a_form_of_ones_own_is_found():
    own = rules(Form("credit", ("tail",), ("taken from {agency} {rest}",)))

    assert wire.signs(None, None, page(tail=["Taken from Varga News on Monday"]), own)[0].agency_id == "News"


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (Form("credit", ("tail",), ("from {agncy}",)), "write {agency} in it, or an `agency` beside it"),
        (Form("credit", ("tail",), ("from {agency} {wth}",)), "no slot or list of words '{wth}'; known: agency, dash"),
        (Form("credit", ("tail",), ("from {agency",)), "write {agency} in it"),
        (Form("credit", ("tail",), ("from {agency} {",)), "a brace opens or closes nothing"),
        (Form("outlet", ("tail",), ("{agency}",)), "kind 'outlet' is none of dateline, byline, credit, shared"),
        (Form("credit", ("foot",), ("{agency}",)), "where 'foot' is none of opening"),
        (Form("credit", ("tail",), ("Varga",), "Vargo"), "there is no agency 'Vargo'"),
        (Form("credit", ("tail",), ("{agency}",), "News"), "and not both"),
    ],
)
def test_a_wrong_form_is_named(form, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        rules(form)


def test_a_name_belongs_to_one_agency():
    with pytest.raises(ValueError, match="agency 'Other': 'VN' belongs to agency 'News'"):
        rules(agencies=(NEWS, Agency("Other", ("VN",))))


def test_an_agency_stands_once():
    with pytest.raises(ValueError, match="agency 'News': stands twice"):
        rules(agencies=(NEWS, Agency("News", ("Varga Wire",))))


def test_without_rules_nothing_comes_from_anywhere():
    empty = compiled([], [], {}, [], Citing())

    assert wire.signs("reuters.com", "AFP", page(*opened("OSLO (AP) — ")), empty) == []
    found, quoted = wire.sources(documents(a=(None, None)), lines_of(a=page()), empty)
    assert (found.height, quoted.height) == (0, 0)


def test_the_packaged_file_has_its_twenty_agencies():
    assert len(RULES.agencies) >= 20
    assert Path(FILE).is_file()
