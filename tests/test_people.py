"""Files of people: lists in, the table out, proposals decided; through the command line where it is one."""

import csv
import io
import json
import tomllib

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import people
from pipeline.config import load
from pipeline.errors import UsageError
from pipeline.kernels.aliases import form_key, full_mentions
from pipeline.stages.names import PeopleFile, people_table
from tests.world import copydesk, page, put

TABLE = PeopleFile.model_validate(
    {
        "source": "own work",
        "person": [
            {"id": "han-mi-rae", "family": "Han", "canonical": {"default": "Han Mi Rae"}, "native": ["한미래"]},
            {"id": "ida-lind", "family": "Lind", "canonical": {"default": "Ida Lind"}, "aliases": ["Ida Lindh"]},
        ],
    }
)
FILES = [("own.toml", TABLE)]
HEADER = "id,canonical,alias,lang,source\n"


def imported(rows: str, *, join: bool = False) -> people.Import:
    return people.imported(people.csv_names(HEADER + rows, "list.csv"), FILES, join=join, source="a list")


def reasons(made: people.Import) -> list[tuple[str, str]]:
    return [(row.spelling, row.reason) for row in made.left_out]


def test_a_list_becomes_people_with_their_spellings():
    made = imported("q1,Mara Voss,Mara Voss,en,x\nq1,Mara Voss,Mara Foss,de,x\nq1,Mara Voss,Мара Восс,ru,x\n")

    (person,) = made.file.person
    assert (person.id, person.canonical, person.aliases, person.native) == (
        "q1", {"default": "Mara Voss"}, ("Mara Foss",), ("Мара Восс",)
    )  # fmt: skip
    assert (person.family, person.source, made.left_out, made.n_taken, made.n_known) == ("", "x", [], 2, 1)


def test_what_the_fold_key_knows_is_no_alias():
    made = imported("q1,Mara Voss,MARA-VOSS,en,\nq1,Mara Voss,Mara Voß,en,\n")

    assert made.file.person[0].aliases == ()
    assert (made.n_taken, made.n_known, made.left_out) == (0, 2, [])


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("q1,Mara Voss,Voss,en,", "one word alone"),
        ("q1,Mara Voss,—,en,", "no letters"),
        ("q1,Mara Voss,馬拉,zh,", "2 characters or fewer"),
        ("q1,Mara Voss,Ida Lindh,en,", "somebody else's in the table"),
        (",Mara Voss,Mara Foss,en,", "the row has no id"),
        ("q1,,Mara Foss,en,", "the row has no canonical name"),
        ("q1,Han Mi-rae,Han Mee-rae,en,", "its person is in the table (see --join)"),
        ("q1,Voss,Mara Voss,en,", "its canonical name: one word alone"),
    ],
)
def test_what_could_be_somebody_else_is_left_out_with_its_reason(row, reason):
    made = imported(row + "\n")

    assert [left.reason for left in made.left_out] == [reason]
    assert [left.row for left in made.left_out] == [2]


def test_a_spelling_of_two_people_is_nobodys_and_two_of_one_name_are_homonyms():
    made = imported(
        "q1,Mara Voss,M. Voss,,\nq2,Mira Voss,M. Voss,,\nq3,Mira Voss,Mira Foss,,\nq2,Mira Voss,Mara Voss,,\n"
    )
    table = people_table([*FILES, ("list.toml", made.file)], "default").table
    found = full_mentions(["Mara Voss met Mira Voss."], table)[0]

    assert reasons(made) == [
        ("M. Voss", "two people's in the list"),
        ("M. Voss", "two people's in the list"),
        ("Mara Voss", "the canonical name of another person of the list"),
    ]
    assert [(m.person_id, m.candidates) for m in found] == [("q1", ()), (None, ("q2", "q3"))]


def test_people_of_the_table_take_more_spellings_when_asked():
    made = imported("q1,Han Mi-rae,Han Mee-rae,,\nq1,Han Mi-rae,韓美來,,\nq1,Han Mi-rae,Ida Lind,,\n", join=True)

    assert made.file.person == ()
    assert [(more.person, more.forms, more.native) for more in made.file.alias] == [
        ("han-mi-rae", ("Han Mee-rae",), ("韓美來",))
    ]
    assert reasons(made) == [("Ida Lind", "somebody else's in the table")]
    assert [row.person for row in made.left_out] == ["ida-lind"]


def test_the_columns_of_wikidata_and_jrc_names():
    wikidata = people.wikidata_names(
        "item,label,alias,lang\nhttp://www.wikidata.org/entity/Q42,Mara Voss,M. A. Voss,en\n", "w"
    )
    jrc = people.jrc_names("# JRC-Names\n7\tP\tu\tMara+Voss\n7\tP\tde\tMara+Foss\n8\tO\tu\tPort+Alma+Bank\n", "j")

    assert [(name.person, name.canonical, name.spelling, name.wikidata) for name in wikidata] == [
        ("q42", "Mara Voss", "M. A. Voss", "Q42")
    ]
    assert [(name.row, name.person, name.canonical, name.spelling) for name in jrc] == [
        (2, "jrc-7", "Mara Voss", "Mara Voss"), (3, "jrc-7", "Mara Voss", "Mara Foss"),
    ]  # fmt: skip


def test_a_list_of_other_columns_is_refused():
    with pytest.raises(UsageError, match=r"list\.csv: no column 'alias'; needed are id, canonical, alias"):
        list(people.csv_names("id,canonical\nq1,Mara Voss\n", "list.csv"))
    with pytest.raises(UsageError, match="j row 1: 1 columns"):
        list(people.jrc_names("Mara Voss\n", "j"))


NAMES = st.sampled_from(
    ["Mara Voss", "MARA-VOSS", "Mara Foss", "Voss", "Ida Lind", "Han Mi-rae", "韓美來", "馬", "—", ""]
)


@given(st.lists(st.tuples(st.sampled_from(["q1", "q2", ""]), NAMES, NAMES), max_size=12), st.booleans())
def test_every_row_of_a_list_is_taken_known_or_left_out(rows, join):
    names = [people.ListedName(row, *values) for row, values in enumerate(rows, start=2)]
    made = people.imported(names, FILES, join=join, source="a list")

    assert made.n_taken + made.n_known + len(made.left_out) == len(rows)


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PEOPLE_FILES = st.builds(
    lambda source, pairs, forms, names: PeopleFile.model_validate(
        {
            "source": source,
            "never_merge": pairs,
            "person": [
                {"id": f"p{n}", "family": "", "canonical": {"default": name}, "aliases": forms, "wikidata": source}
                for n, name in enumerate(names)
            ],
            "alias": [{"person": "p0", "forms": forms, "native": forms}],
        }
    ),
    WORDS,
    st.lists(st.tuples(WORDS, WORDS), max_size=2),
    st.lists(WORDS, max_size=3),
    st.lists(WORDS, max_size=3),
)  # fmt: skip


@given(PEOPLE_FILES)
def test_written_toml_says_what_the_file_said(file):
    assert PeopleFile.model_validate(tomllib.loads(people.toml_text(file, "a comment"))) == file


def test_characters_that_act_are_escaped_in_toml():
    file = PeopleFile.model_validate({"source": "Ida\u202e\x7f\n\U000e0001 L\u200cind"})

    assert people.toml_text(file, "a comment").splitlines()[1] == (
        r'source = "Ida\U0000202e\U0000007f\n\U000e0001 L' + "\u200c" + 'ind"'
    )
    assert tomllib.loads(people.toml_text(file, "a comment"))["source"] == file.source


# Decisions


def accepted(rows: str, before: PeopleFile | None = None) -> people.Accepted:
    files = [*FILES, ("accepted.toml", before)] if before else FILES
    return people.accepted("left,right,decision\n" + rows, "p.csv", files, before or PeopleFile())


def test_yes_adds_to_the_table_or_makes_a_person_and_no_keeps_apart():
    made = accepted(
        "Han Mi Rae,Han Mee-rae,yes\nSeo Do-yun,Seo Do Yun,yes\nSeo Do-yun,Seo Toyun,YES\n"
        "Ida Lind,Ada Lind,no\nA B,C D,\n"
    )

    assert (made.n_yes, made.n_no, made.n_open) == (3, 1, 1)
    assert [(more.person, more.forms) for more in made.file.alias] == [("han-mi-rae", ("Han Mee-rae",))]
    assert [(p.id, p.canonical["default"], p.aliases) for p in made.file.person] == [
        ("seo-do-yun", "Seo Do-yun", ("Seo Toyun",))
    ]
    assert made.file.never_merge == (("Ida Lind", "Ada Lind"),)
    assert set(made.spelled) == {
        ("Han Mee-rae", "Han Mi Rae", "han-mi-rae"),
        ("Seo Do Yun", "Seo Do-yun", "seo-do-yun"),
        ("Seo Toyun", "Seo Do-yun", "seo-do-yun"),
    }
    assert made.apart == [("Ida Lind", "Ada Lind")]


def test_accepting_twice_changes_nothing():
    rows = "Han Mi Rae,Han Mee-rae,yes\nSeo Do-yun,Seo Toyun,yes\nIda Lind,Ada Lind,no\n"
    once = accepted(rows).file

    assert accepted(rows, once).file == once


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("A B,C D,perhaps\n", "row 2: decision 'perhaps'; write yes, no, or nothing"),
        ("Han Mi Rae,Ida Lind,yes\n", "row 2: .* would make one person of han-mi-rae and ida-lind"),
        ("Han Mi Rae,Ida Lend,yes\nIda Lend,Ida Lind,yes\n", "row 3: .* one person of han-mi-rae and ida-lind"),
    ],
)
def test_decisions_that_cannot_be_are_refused(rows, message):
    with pytest.raises(UsageError, match=message):
        accepted(rows)


# The commands


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """An empty working folder, people of the package and of ./configs/names."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_exported_table_comes_back_whole(desk):
    exported = copydesk("names", "export")
    put(desk, "list.csv", exported.stdout)
    put(desk, "c.toml", '[names]\npeople = ["names/*.toml"]\n')
    result = copydesk("names", "import", "list.csv", "-c", "c.toml", "--json")

    assert exported.exit_code == result.exit_code == 0
    assert json.loads(result.stdout)["left_out"] == sum(
        len(row["alias"]) == 2 for row in csv.DictReader(io.StringIO(exported.stdout))
    )
    (target,) = (desk / "names").glob("*.toml")
    file = PeopleFile.model_validate(tomllib.loads(target.read_text("utf-8")))
    entries = people_table([("imported", file)], "default").table.entries
    for row in csv.DictReader(io.StringIO(exported.stdout)):
        if len(row["alias"]) > 2:
            entry = entries[form_key(row["alias"])[0]]
            assert row["id"] in (entry.person_id, *entry.homonyms)


@given(st.lists(st.text(st.sampled_from("=+-@＝' 'aé\u200c\"\n,1")), min_size=1, max_size=5))
def test_no_cell_is_a_formula_and_every_text_comes_back(texts):
    rows = [{"id": "q1", "canonical": "Mara Voss", "alias": text} for text in texts]
    written = people.written_rows(rows, people.COLUMNS)
    cells = [row["alias"] for row in csv.DictReader(io.StringIO(written, newline=""))]

    assert not any(cell.lstrip()[:1] in tuple("=+-@＝") for cell in cells)
    assert [name.spelling for name in people.csv_names(written, "list.csv")] == [
        text.replace("\n", "\\u000a").strip() for text in texts
    ]


def test_what_people_write_does_not_act_in_a_csv(desk):
    person = '[[person]]\nid = "x"\nfamily = ""\nsource = "s"\n'
    put(desk, "names/x.toml", person + r"""canonical.default = '=HYPERLINK("http://x.example") Voss'
aliases = ["Mara\u001b[31m Voss", "Mara \u202eVoss", "+49 Voss", "پیمان\u200cنامه نو"]""")  # fmt: skip
    put(desk, "c.toml", '[names]\npeople = ["names/*.toml"]\n')

    exported = copydesk("names", "export", "-c", "c.toml").stdout

    assert not {"\x1b", "\u202e"} & set(exported)
    aliases = [row["alias"] for row in csv.DictReader(io.StringIO(exported))]
    assert aliases == [
        "'=HYPERLINK(\"http://x.example\") Voss", "Mara\\u001b[31m Voss", "Mara \\u202eVoss", "'+49 Voss",
        "پیمان\u200cنامه نو",
    ]  # fmt: skip


def test_a_list_that_is_missing_or_of_another_kind(desk):
    put(desk, "bad.csv", "name\nMara Voss\n")

    assert copydesk("names", "import", "none.csv").exit_code == 66
    assert copydesk("names", "import", "bad.csv").exit_code == 2
    assert not (desk / "configs").exists()


def test_what_is_left_out_is_listed(desk):
    put(desk, "list.csv", HEADER + "q1,Mara Voss,Voss,,\nq1,Mara Voss,Mara Foss,,\n")
    result = copydesk("names", "import", "list.csv", "--left-out", "left.csv")

    assert "2 rows = 1 spellings taken + 0 known" in result.stderr
    assert "1 left out   one word alone (row 2: Voss)" in result.stderr
    assert (desk / "left.csv").read_text("utf-8") == "row,spelling,reason,person\n2,Voss,one word alone,\n"


def test_from_articles_to_proposals_to_the_next_run(desk):
    story = (
        "The lawmaker {} told the council on Monday that the harbour inspection would take until the end of the month."
    )
    other = "The envoy {} spoke to reporters at the quay in the evening and said that talks had begun in a good mood."
    put(
        desk,
        "raw/herald.example/a.txt",
        page("Inspection of the harbour goes on", story.format("Seo Do-yun"), other.format("Bashir Ramani")),
    )
    put(
        desk,
        "raw/coast.example/b.txt",
        page("Harbour to stay shut for weeks", story.format("Seo Do Yun"), other.format("Basheer Ramani")),
    )
    first = copydesk("run", "-i", "raw", "-o", "clean", "--json")
    found = copydesk("names", "discover", "-o", "clean", "--json")
    rows = list(csv.DictReader(io.StringIO((desk / "proposals.csv").read_text("utf-8"))))
    decisions = {"fold": "yes", "respelling": "no"}
    decided = people.written_rows(
        ({**row, "decision": decisions[row["reason"]]} for row in rows), people.PROPOSAL_COLUMNS
    )
    put(desk, "proposals.csv", decided)

    assert json.loads(first.stdout)["counts"]["names"]["n_to_review"] == 2
    assert (
        "2   pairs of spellings in the new articles may be one person's; `copydesk names discover --out clean`"
        in first.stderr
    )
    assert json.loads(found.stdout)["reasons"] == {"fold": 1, "respelling": 1}
    assert copydesk("names", "discover", "-o", "clean").exit_code == 2  # the file exists
    taken = copydesk("names", "accept", "proposals.csv")
    assert taken.exit_code == 0
    assert "Seo Do-yun is Seo Do Yun (new: seo-do-yun)" in taken.stderr
    assert "Basheer Ramani is not Bashir Ramani" in taken.stderr
    again = copydesk("names", "discover", "-o", "clean", "--to", "more.csv", "--json")
    assert json.loads(again.stdout)["pairs"] == 0
    rebuilt = copydesk("run", "-i", "raw", "-o", "clean", "--rebuild", "--json")
    counts = json.loads(rebuilt.stdout)["counts"]["names"]
    assert (counts["n_persons"], counts["n_to_review"]) == (1, 0)
    assert "may be one person's" not in rebuilt.stderr


def test_what_awaits_review_hangs_neither_on_the_order_of_paragraphs_nor_on_the_rest_of_a_long_batch(monkeypatch):
    texts = [f"Nobody saw {name} at the quay." for name in ("Seo Do-yun", "Seo Do Yun", "Bashir Ramani", "Mara Voss")]
    batch = pl.DataFrame(
        {"article_id": list("abcd"), "paragraph_no": [1] * 4, "text": texts},
        schema_overrides={"paragraph_no": pl.Int32},
    )
    config = load()

    assert people.n_to_review(batch, config) == people.n_to_review(batch.reverse(), config) == 1
    assert people.n_to_review(batch.clear(), config) == 0
    assert people.n_to_review(batch, load(None, ["names.enabled=false"])) == 0
    monkeypatch.setattr(people, "REVIEW_CHARS", len(texts[0]))
    assert people.n_to_review(batch, config) == 0


def test_a_file_that_no_run_reads_is_not_written_over(desk):
    put(desk, "elsewhere.toml", "source = 'x'\n")
    put(desk, "list.csv", HEADER + "q1,Mara Voss,Mara Foss,,\n")
    result = copydesk("names", "import", "list.csv", "--into", "elsewhere.toml")

    assert result.exit_code == 2
    assert "no run would read it" in result.stderr
    assert (desk / "elsewhere.toml").read_text("utf-8") == "source = 'x'\n"


FORMS = st.lists(
    st.sampled_from(["J", "Lo", "will", "i", "am", "Voss", "Ida Lind", "—", "é", "한미래", "馬"]),
    min_size=1,
    max_size=4,
)
SPELLINGS = st.builds(lambda words, gap: gap.join(words), FORMS, st.sampled_from([" ", ".", "-", ", ", "–", "’", ""]))


@given(st.lists(st.tuples(st.sampled_from(["q1", "q2", "q3"]), SPELLINGS, SPELLINGS), max_size=8), st.booleans())
def test_what_is_imported_always_loads(rows, join):
    names = [people.ListedName(row, *values) for row, values in enumerate(rows, start=2)]
    made = people.imported(names, FILES, join=join, source="a list")

    people_table([*FILES, ("list.toml", made.file)], "default")


def test_a_name_without_a_gap_is_left_out_and_the_rest_of_the_list_is_taken():
    made = imported("q1,Mara Voss,M.Voss,,\nq1,Mara Voss,Mara Foss,,\nq2,will.i.am,Will Adams,,\n")

    assert made.file.person[0].aliases == ("Mara Foss",)
    assert reasons(made) == [("M.Voss", "one word alone"), ("Will Adams", "its canonical name: one word alone")]


@pytest.mark.parametrize(
    "broken", ['q1,"Mara Voss,Mara Foss,en,x\n' + "y" * 200_000, 'q1,"Mara" Voss,Mara Foss,en,x\n']
)
def test_a_list_with_a_quote_that_is_not_closed_is_refused_by_row(broken):
    with pytest.raises(UsageError, match=r"list\.csv row 3: "):
        imported("q2,Ada Holm,Ada Holms,en,x\n" + broken)
