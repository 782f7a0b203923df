"""A world: outlets, agencies and people, and every article they print, one after the other, with its gold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from random import Random
from typing import NamedTuple

from benchmarks.world.desk import Named, Passage, named, passages, quoted, spelled, taken_over
from benchmarks.world.languages import Language, languages
from benchmarks.world.outlets import TEASERS, Outlet, outlet
from benchmarks.world.page import DumpLine, Part, chrome, html_page, text_dump
from benchmarks.world.people import Person, cast
from benchmarks.world.stories import Story, story

FIRST_DAY = datetime(2026, 11, 1, tzinfo=UTC)
WIRE, QUOTING, CITING = (
    0.4,
    0.06,
    0.08,
)  # shares of articles: an agency's, own with a part of an agency's, own that cites one
UNCREDITED = 0.2  # of an agency's articles say nothing of it
COPIES = 5  # of an agency's story, in the mean
HEADLINES = TEASERS  # that an outlet links to on a day
KEPT = 4_096  # stories and front pages, which are made anew when they are asked for again


class Paragraph(NamedTuple):
    """A paragraph of an article's text, as printed."""

    text: str
    role: str
    passage: Passage | None  # None: deck and subheadings, which are the outlet's own
    names: list[Named]


@dataclass(frozen=True)
class Article:
    """An article as printed, and what is true of it."""

    name: str
    kind: str  # wire, quoting, citing, own
    outlet: Outlet
    url: str
    path: str  # below the root of a form, without suffix
    title: str
    byline: str
    published_at: datetime
    agency: str | None  # whose text is in it
    credit: str | None  # of CREDITS: how the page says so
    cited: str | None
    paragraphs: Sequence[Paragraph]
    parts: Sequence[Part] = field(repr=False)

    def text(self) -> tuple[str, list[DumpLine]]:
        """The plain-text dump of the page, and its lines."""
        return text_dump(self.parts, self.outlet)

    def html(self) -> str:
        """The page."""
        return html_page(self.parts, self.outlet, self.url, self.title, self.byline, self.published_at)


@dataclass(frozen=True)
class World:
    """Everything that is printed in so many days by so many outlets; the same for the same numbers."""

    n_articles: int
    n_days: int
    n_outlets: int
    seed: int = 1
    hours: bool = False  # a folder for each hour of a day

    def articles(self) -> Iterator[Article]:
        """All articles by time."""
        return map(self._article, range(self.n_articles))

    @cached_property
    def people(self) -> list[Person]:
        """The people that stories name; the number of a person is the position here."""
        return cast(self._chance("people"))

    @cached_property
    def outlets(self) -> list[Outlet]:
        """The newsrooms."""
        known = languages(self._chance("languages"))
        return [outlet(number, known, self._chance("outlet", number)) for number in range(self.n_outlets)]

    def _chance(self, *what: object) -> Random:
        return Random("/".join(map(str, (self.seed, *what))))  # noqa: S311 - the same in every run

    def _article(self, number: int) -> Article:
        chance = self._chance("article", number)
        house = self.outlets[int(chance.random() ** 1.5 * self.n_outlets)]  # the first print most
        days = number * self.n_days / self.n_articles
        published = FIRST_DAY + timedelta(minutes=int(days * 1440))
        name, agency = f"a{number:07}", chance.choice(house.agencies)
        kind, own, texts = self._told(name, house, agency, days, chance)
        credit = house.credit if kind == "wire" and chance.random() >= UNCREDITED else None
        author = agency if credit == "byline" else chance.choice(house.reporters)
        paragraphs = self._printed(own, texts, house, published, agency if credit == "dateline" else None, chance)
        title = spelled(own.title, british=house.british, straight=house.straight)
        parts = self._parts(house, own, title, author, published, paragraphs, agency, credit, chance)
        slug = re.sub("[^a-z0-9]+", "-", title.lower()).strip("-")[:60].strip("-")
        hour = f"{published:%H}/" if self.hours else ""
        return Article(
            name, kind, house, f"https://{house.host}/{published:%Y/%m/%d}/{slug}-{name}",
            f"{published:%Y-%m-%d}/{hour}{house.host}/{slug}-{name}", title, author, published,
            agency if kind in ("wire", "quoting") else None, credit, agency if kind == "citing" else None, paragraphs,
            parts,
        )  # fmt: skip

    def _told(
        self, name: str, house: Outlet, agency: str, days: float, chance: Random
    ) -> tuple[str, Story, list[Passage]]:
        """What kind of article it is, the outlet's own part of it, and its text."""
        drawn = chance.random()
        own = story(name, house.language, chance, brief=drawn < WIRE)
        if drawn < WIRE:
            filed = self._filed(agency, house.language, days, chance)
            return "wire", replace(own, title=filed.title, place=filed.place), taken_over(filed, own, chance)
        texts = passages(own, wire=False)
        if drawn < WIRE + QUOTING:
            texts[2:2] = quoted(self._filed(agency, house.language, days, chance), chance)
            return "quoting", own, texts
        if drawn < WIRE + QUOTING + CITING and house.language.code == "en":
            texts[1] = _citing(texts[1], agency, chance)
            return "citing", own, texts
        return "own", own, texts

    def _filed(self, agency: str, language: Language, days: float, chance: Random) -> Story:
        """One of the agency's stories of the last 24 hours, the newest most often."""
        per_day = max(2, round(self.n_articles * WIRE / self.n_days / COPIES / self._n_desks(language)))
        newest = days * per_day
        return self._stories(agency, max(0, int(newest - chance.random() ** 2 * per_day)), language)

    @cached_property
    def _stories(self) -> Callable[[str, int, Language], Story]:
        """The agency's story of that number; those asked for last are kept."""

        def filed(agency: str, number: int, language: Language) -> Story:
            return story(f"{agency}/{number}", language, self._chance("story", agency, number))

        return lru_cache(KEPT)(filed)

    @cached_property
    def _teasers(self) -> Callable[[Outlet, date], list[tuple[str, str, str]]]:
        """What an outlet links to on a day: sections, each with a headline and its summary."""

        def shown(house: Outlet, day: date) -> list[tuple[str, str, str]]:
            chance, grammar = self._chance("headlines", house.host, day), house.language.grammar
            draw, sections = chance.random, house.chrome["menu"]
            return [
                (chance.choice(sections), grammar.sentence("title", {}, draw), grammar.sentence("deck", {}, draw) + ".")
                for _ in range(HEADLINES)
            ]

        return lru_cache(KEPT)(shown)

    def _n_desks(self, language: Language) -> int:
        """Agencies of all languages for one of this: so that stories of each are copied as often as of the others."""
        n_agencies = {agency for house in self.outlets if house.language is language for agency in house.agencies}
        share = sum(house.language is language for house in self.outlets) / self.n_outlets
        return max(1, round(len(n_agencies) / share))

    def _printed(
        self,
        own: Story,
        texts: Sequence[Passage],
        house: Outlet,
        published: datetime,
        agency: str | None,
        chance: Random,
    ) -> list[Paragraph]:
        """The paragraphs as the house prints them; `agency` opens them with a dateline."""
        printed: list[Paragraph] = []
        known: set[int] = set()
        first_wire = next((number for number, passage in enumerate(texts) if passage.wire), None)
        form = chance.choice(house.language.datelines)
        if "deck" in house.has:
            deck = spelled(own.deck, british=house.british, straight=house.straight)
            printed.append(Paragraph(deck, "deck", None, []))
        for number, passage in enumerate(texts):
            if "subheading" in house.has and number == 4:
                heading = spelled(own.subheading, british=house.british, straight=house.straight)
                printed.append(Paragraph(heading, "subheading", None, []))
            text = spelled(" ".join(passage.sentences), british=house.british, straight=house.straight)
            if agency is not None and number == first_wire:
                text = _filled(form, house, published, place=own.place.upper(), agency=agency) + text
            text, names = named(text, self.people, house.style, known)
            printed.append(Paragraph(text, "body", passage, names))
        return printed

    def _parts(
        self, house: Outlet, own: Story, title: str, author: str, published: datetime, paragraphs: Sequence[Paragraph],
        agency: str, credit: str | None, chance: Random,
    ) -> list[Part]:  # fmt: skip
        """The page from top to bottom."""
        prints, has, teasers = house.chrome, house.has, self._teasers(house, published.date())
        headlines = [headline for _, headline, _ in teasers]
        parts = [chrome(kind, prints[kind]) for kind in ("skip", "cookie", "account") if kind in has]
        parts += [chrome("brand", [house.name]), chrome("menu", prints["menu"])]
        parts.append(chrome("sections", house.sections))
        if "crumbs" in has:
            parts.append(chrome("crumbs", prints["menu"][:2]))
        parts.append(Part("title", [(title, "title")]))
        body = list(paragraphs)
        if body[0].role == "deck":
            parts.append(Part("deck", [(body.pop(0).text, "deck")]))
        parts.append(Part("byline", [(house.by.replace("{name}", author), "byline")]))
        parts.append(Part("date", [(_filled(house.date, house, published), "date")]))
        if "share" in has:
            parts.append(chrome("share", prints["share"]))
        parts.append(Part("opened", []))
        if "caption" in has:
            credit_of_photo = prints["photo"][0].replace("{photographer}", chance.choice(house.reporters))
            parts.append(Part("caption", [(f"{own.caption} {credit_of_photo}", "caption")]))
        for number, paragraph in enumerate(body):
            kind = "paragraph" if paragraph.role == "body" else "subheading"
            parts.append(Part(kind, [(paragraph.text, paragraph.role)]))
            if number == 1 and "advert" in has:
                parts.append(chrome("advert", prints["advert"]))
            if number == 2 and "inline" in has:
                parts.append(chrome("inline", [prints["inline"][0].replace("{headline}", chance.choice(headlines))]))
        if credit in ("credit", "shared"):
            forms = house.language.credits if credit == "credit" else house.language.shared_credits
            parts.append(Part("credit", [(_filled(chance.choice(forms), house, published, agency=agency), "source")]))
        if "tags" in has:
            parts.append(chrome("tags", [*prints["tags"], *chance.sample(prints["menu"], 2), own.place]))
        parts.append(Part("closed", []))
        if "related" in has:
            parts.append(chrome("related", [*prints["related"], *chance.sample(headlines, 3)]))
        parts += [chrome(kind, prints[kind]) for kind in ("newsletter", "comments") if kind in has]
        if "popular" in has:
            parts.append(chrome("popular", [*prints["popular"], *headlines[:5]]))
        if "river" in has:
            parts.append(chrome("river", [text for teaser in teasers[: house.n_teasers] for text in teaser]))
        parts.append(chrome("footer", prints["footer"]))
        parts.append(chrome("copyright", [_filled(prints["copyright"][0], house, published)]))
        return parts


def _citing(passage: Passage, agency: str, chance: Random) -> Passage:
    """With a sentence that names an agency as its source."""
    sentence = chance.choice((
        f"The figures were first reported by {agency}.",
        f"Officials told {agency} that a decision was due within days.",
        f"A second person confirmed the account to reporters, according to {agency}.",
    ))  # fmt: skip
    return replace(passage, sentences=(*passage.sentences, sentence))


def _filled(form: str, house: Outlet, published: datetime, **more: str) -> str:
    month = house.language.months[published.month - 1]
    return form.format(day=published.day, month=month, year=published.year, time=f"{published:%H:%M}", **more)
