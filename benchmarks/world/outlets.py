"""The newsrooms: what each prints around its stories, how it spells, which agencies it takes and how it says so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from benchmarks.world import words
from benchmarks.world.languages import Language
from benchmarks.world.people import STYLES
from benchmarks.world.words import spaced

LANGUAGES = ("en", "en", "en", "de", "en", "en", "es", "en", "en", "fr", "en", "en")  # of the outlets, over and over
AGENCIES = {
    "en": ("Northwire", "Corvane Press", "Halden News Agency"),
    "de": ("Nordlicht-Nachrichtendienst",),
    "es": ("Agencia Altamar",),
    "fr": ("Agence Grand Littoral",),
}
CREDITS = ("dateline", "dateline", "byline", "credit", "shared")  # how an outlet names the agency
PAPERS = spaced("Courier Herald Post Gazette Tribune Observer Chronicle Mercury Echo Standard Examiner Sentinel Argus")
OPTIONAL = spaced(
    "skip cookie account share advert related inline newsletter comments popular river tags deck caption crumbs"
    " subheading"
)
HAS = 0.65  # of the outlets have an optional part
# Sizes of pages, near those of real ones: 173 of some 130 publishers (fundus) have 893 elements outside scripts in the
# mean, 229 lines, 802 words of story; pages of this world 737, 195 and 580.
SECTIONS = (50, 150)  # links of the menu that unfolds
TEASERS = 40  # below a story, at most
WRAPPERS = (3, 9)  # elements around all that is on the page
BULK = (
    800,
    4_800,
)  # style rules, and as many script entries: pages of 177 kB, where all 961 pages of the dev set have 202
METADATA = ("json-ld", "meta", "json-ld", "none", "json-ld")
WRAPPED = 8  # of the outlets of LANGUAGES, the one whose dumps are broken at a column
CONTAINERS = (("main", "article"), ("div", "article"), ("div", "div"), ("section", "div"))
CLASSES = ("story", "article-body", "content", "text", "entry", "post", "c-article", "page__main", "block", "col-8")


@dataclass(frozen=True, eq=False)
class Outlet:
    """A newsroom and its template."""

    host: str
    name: str
    language: Language
    style: int  # of names, position in STYLES
    british: bool
    straight: bool  # quotation marks
    agencies: Sequence[str]
    credit: str  # of CREDITS
    reporters: Sequence[str]
    by: str
    date: str
    metadata: str  # of METADATA
    tags: tuple[str, str]  # HTML elements around the page's main part and around the story
    classes: Sequence[str]
    sections: Sequence[str]  # of the menu that unfolds
    n_teasers: int  # below the story
    n_wrappers: int  # elements around the page
    bulk: str  # styles and scripts that every page carries
    separator: str  # between the items of a menu in the text dump; "" = a line each
    spaced: bool  # blank lines in the text dump
    column: int  # at which lines are broken in the text dump; 0 = never
    chrome: dict[str, Sequence[str]]  # part of the page -> what it prints there, always the same
    has: frozenset[str]  # parts it has


def outlet(number: int, languages: dict[str, Language], chance: Random) -> Outlet:
    """The outlet of that number."""
    language = languages[LANGUAGES[number % len(LANGUAGES)]]
    place = language.grammar.sentence("place", {}, chance.random)
    name = f"{place} {chance.choice(PAPERS)}"
    printed = language.chrome
    return Outlet(
        host=f"{re.sub('[^a-z]+', '', name.lower())}{number}.example",
        name=name,
        language=language,
        style=number % len(STYLES),
        british=language.code == "en" and chance.random() < 0.4,
        straight=chance.random() < 0.4,
        agencies=chance.sample(AGENCIES[language.code], min(2, len(AGENCIES[language.code]))),
        credit=chance.choice(CREDITS),
        reporters=[
            f"{given} {chance.choice(words.SYLLABLES)}{chance.choice(words.SURNAME_ENDS)}"
            for given in chance.sample(words.GIVEN, 12)
        ],
        by=chance.choice(language.by),
        date=chance.choice(language.dates),
        metadata=METADATA[number % len(METADATA)],
        tags=chance.choice(CONTAINERS),
        classes=chance.sample(CLASSES, 4),
        sections=[language.grammar.sentence("place", {}, chance.random) for _ in range(chance.randint(*SECTIONS))],
        n_teasers=chance.randint(8, TEASERS),
        n_wrappers=chance.randint(*WRAPPERS),
        bulk=_bulk(chance),
        separator=chance.choice(("", "", " | ", "  ", " / ")),
        spaced=chance.random() < 0.7,
        column=72 if number % len(LANGUAGES) == WRAPPED else 0,
        chrome={
            part: _chosen(part, [form.replace("{name}", name) for form in forms], chance)
            for part, forms in printed.items()
        },
        has=frozenset(part for part in OPTIONAL if chance.random() < HAS),
    )


def _chosen(part: str, forms: list[str], chance: Random) -> list[str]:
    """A menu or a footer takes most of the forms, another part one."""
    if part in ("menu", "footer", "share", "account"):
        return chance.sample(forms, max(1, len(forms) * 2 // 3))
    return [chance.choice(forms)]


def _bulk(chance: Random) -> str:
    """Styles and a script's data, as long as pages have them."""
    numbers = range(chance.randint(*BULK))
    rules = "".join(f".c{n}{{margin:{n % 7}px {n % 5}px;color:#{n * 7919 % 4096:03x}}}" for n in numbers)
    entries = ",".join(f'"k{n}":[{n * 31 % 977},"{n * 7919 % 99991}"]' for n in numbers)
    return f"<style>{rules}</style><script>window.state={{{entries}}}</script>"


def wire_file() -> str:
    """TOML of the agencies, for `dedup.wire`; who they are and nothing else."""
    names = [name for some in AGENCIES.values() for name in some]
    entries = (f'\n[[agency]]\nid = "{name}"\nnames = ["{name}"]\n' for name in names)
    return 'source = "benchmarks.world"\n' + "".join(entries)
