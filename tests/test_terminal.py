"""Whatever an input or a list holds, no command prints a character that acts on a terminal."""

import shutil
import unicodedata
from contextlib import chdir
from pathlib import Path

import pytest

from docs.generate import command_words
from pipeline.console import UNPRINTABLE
from tests.world import EDITED, FIRST, LOCAL, SECOND, WIRE, copydesk, page, put, record

HOSTILE = "Dock fire [/b] \x1b[31mred\x07 \u202etxt.exe\u202c \x9b2J {0} %s =1+1"
PEOPLE = r"""
[[person]]
id = "mara"
family = ""
source = "a list [/b] \u001b[2J"
canonical.default = "Mara \u202eVoss [/b]"
aliases = ["Mara \u001b[31m Foss"]
"""
LIST = "id,canonical,alias\nq1,Ida\x1b[2J Lind,Lind\u202e [/b]\nq\x07,,Ada\x1b[2J [/b]\n"
DECIDED = "left,right,decision\nIda\u202e Lind [/b],Ada \x1b[31mLind,yes\nIda Lint,Ida Lynd [/b],no\n"
ONE, TWO = (moment.strftime("%Y%m%d") for moment in (FIRST, SECOND))

# Words of a command, how it ends, whether it quotes what an input or a list says.
SAID = [
    ("run -v --as-of 2026-11-19T06:00Z", 0, True),
    ("run --rebuild --dry-run --as-of 2026-11-19T06:00Z --set clean.threshold=0.01", 3, True),
    ("explain fire.jsonl", 0, True),
    ("explain fire", 2, True),
    ("explain quay.example/fire.html", 0, True),
    ("explain quay.example/fire.html --json", 0, True),
    ("explain quay.example/fire.html --line 1", 0, True),
    ("explain broken", 2, False),
    ("explain [/b]\x1b[31m\u202e", 2, True),
    ("runs", 0, False),
    (f"runs {TWO}", 0, False),
    (f"runs {TWO} --json", 0, False),
    (f"diff {ONE} {TWO}", 0, True),
    (f"diff {ONE} {TWO} --json", 0, True),
    ("rejects", 0, False),
    ("rejects --json", 0, False),
    ("rejects retry --as-of 2026-11-19T06:00Z", 3, False),
    ("check --deep", 0, False),
    ("report", 0, False),
    ("report --run \x1b[31m[/b]", 2, True),
    ("state info", 0, False),
    ("state rebuild", 0, False),
    ("rollback", 0, False),
    ("rollback \u202e[/b]", 2, True),
    ("forget quay.example/fire.html", 0, True),
    ("names discover --to proposals.csv", 0, False),
    ("names export", 0, True),
    ("names import list.csv --into names/own.toml --left-out left.csv", 0, True),
    ("names accept decided.csv --into names/own.toml", 0, True),
    ("config check", 0, False),
    ("config show", 0, False),
    ("config check --set \x1b[2J[/b]=1", 78, True),
]
STAGES = ("extract", "clean", "dedup", "names", "export")


def acting(text):
    return {character for character in text if character != "\n" and unicodedata.category(character) in UNPRINTABLE}


@pytest.fixture(scope="module")
def ran_twice(tmp_path_factory):
    """A folder after two runs over articles whose every field tries to act on a terminal, and what the runs said."""
    root = tmp_path_factory.mktemp("terminal")
    put(root, "names/people.toml", PEOPLE)
    put(root, "list.csv", LIST)
    put(root, "decided.csv", DECIDED)
    put(root, "configs/default.toml", '[names]\npeople = ["../names/*.toml"]\n')
    head = f"<title>{HOSTILE}</title><h1>{HOSTILE}</h1><p>{HOSTILE}<p>"
    put(root, "data/raw/quay.example/fire.html", head + "<p>".join(WIRE))
    put(root, "data/raw/odd\u202e[b].example/night.txt", page(HOSTILE, f"{EDITED[0]} Mara \x1b[31m Foss", *EDITED))
    put(root, "data/raw/odd\u202e[b].example/broken.jsonl", '{"text": \n')
    put(root, "data/raw/red\x1b[31m[b]/skipped.txt", page("Never read", *LOCAL))
    with chdir(root):
        said = [copydesk("run", "-v", "--as-of", FIRST.isoformat())]
        fields = {"id": HOSTILE, "url": f"https://coast.example/{HOSTILE}", "outlet": f"coast.example {HOSTILE}"}
        put(root, "data/raw/fire.jsonl", record(text=page(HOSTILE, *LOCAL), title=HOSTILE, **fields))
        put(root, "data/raw/quay.example/fire.html", head + "<p>".join([*WIRE[:2], LOCAL[2]]))
        said.append(copydesk("run", "-v", "--as-of", SECOND.isoformat()))
    return root, said


@pytest.fixture
def desk(ran_twice, tmp_path, monkeypatch):
    """A copy of that folder to work in."""
    monkeypatch.chdir(shutil.copytree(ran_twice[0], tmp_path / "desk", symlinks=True))


def test_what_the_two_runs_say(ran_twice):
    first, second = ran_twice[1]

    assert (first.exit_code, second.exit_code) == (3, 0), first.output + second.output
    for result in (first, second):
        assert "\\u001b" in result.output
        assert not acting(result.output)


@pytest.mark.parametrize(("words", "exit_code", "quotes"), SAID, ids=[ascii(words) for words, *_ in SAID])
def test_nothing_acts(desk, words, exit_code, quotes):
    result = copydesk(*words.split(" "))

    assert result.exit_code == exit_code, result.output
    assert isinstance(result.exception, SystemExit | None)
    assert not acting(result.output)
    assert not quotes or "\\u" in result.output


def test_the_stages_one_by_one_say_nothing_that_acts(desk):
    for stage in STAGES:
        result = copydesk(
            stage, "-v", *(("--as-of", "2026-11-19T06:00Z", "--in", "data/raw") if stage == "extract" else ())
        )
        assert result.exit_code in (0, 3), result.output
        assert not acting(result.output)


def test_files_for_a_person_to_look_at_do_not_act(desk):
    copydesk("names", "discover", "--to", "proposals.csv")
    copydesk("names", "import", "list.csv", "--into", "names/own.toml", "--left-out", "left.csv")

    for name in ("proposals.csv", "left.csv"):
        assert not acting(Path(name).read_text("utf-8"))
    assert "\\u001b" in Path("left.csv").read_text("utf-8")


def test_no_command_is_left_out():
    told = {" ".join(words.split(" ")[:2]) for words, *_ in SAID} | {words.split(" ")[0] for words, *_ in SAID}

    assert {" ".join(words) for words in command_words()} <= told | set(STAGES)
