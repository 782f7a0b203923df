"""Roles of a page's lines, settled step by step from their scores, their forms and their place.

A step may raise or lower a score and then says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log1p

from pipeline.kernels.authors import names_in
from pipeline.kernels.forms import (
    AD_LABEL,
    ADDRESS,
    AWAY,
    BARE_NAME,
    BULLET,
    BY,
    CONTRIBUTED,
    CREDIT,
    DESK,
    EMAIL,
    HIDDEN_EMAIL,
    NAME_COUNT,
    NAMES_CREDIT,
    NATIVE_BY,
    NOTE,
    PATTERN_CHARS,
    RIGHTS,
    SAID_CREDIT,
    SOURCE,
    SYMBOL,
    TAIL_CREDIT,
    TITLE_WORDS,
    dated_authors,
    has_cue_word,
    has_day,
    has_short_date,
    is_date_line,
    is_menu,
    lower_share,
    signed_lines,
)
from pipeline.kernels.lines import Unit
from pipeline.kernels.words import fold

HEADING_WORDS = 16  # a subheading has no more
HEAD_LINES = 25  # headline, deck, byline and date stand no further above the first paragraph
TAIL_LINES = 6  # closing byline, date and source stand no further below the last one
AWAY_CHARS = 160  # a box of one line is no longer
LABEL_CHARS = 60  # a label of an advertisement is no longer
CREDIT_WORDS = 8  # a line of nothing but a credit has no more
TWICE_LINES = 6  # a headline printed twice stands again within so many lines; a menu for phones is further down
SHORT_TEXT = 5  # lines up to which a text is taken for a record without site chrome: dumps have 30 and more
NOTES = 3  # paragraphs below a story that can be notes
ABOUT_CHARS = 600  # of a last paragraph that begins with its author's name: 5 of 6 kept by score were no story
BYLINE_WORDS = 16  # a byline or a date has no more
DATED_WORDS = 24  # a byline with a date has no more
# A headline is chosen by points: weights of a softmax over the lines above the story, fitted on half of the hosts.
# There it is right on 284 of 356 guides and 67 of 80 news, on the other half on 237 of 309 and 49 of 67.
TITLE_POINTS = 1.0  # a headline has more
BELOW_BYLINE = 8  # lines below a byline stand captions and what the reader may do
ABOVE_DATE = 6  # lines below a headline stands its date
FIELD_SIGNS = ("source", "contributed", "credit", "tail credit")  # of forms.SIGNS: one in each field inside the story
SURE_SCORE = 0.9  # of a paragraph that nobody would doubt
CLOSE_SCORE = 0.4  # from which a sentence between two of these is kept; .3 does no better
LAST_SCORE = 0.3  # a last paragraph above a note of rights or a source scores no less
CHROME_SCORE = 0.1  # furniture scores no more
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
CHROME_HINTS = frozenset(
    ("navigation", "footer", "related", "share", "comments", "sidebar", "overlay", "newsletter", "ad")
)


@dataclass(slots=True)
class Page:
    """What the rules know of each unit of a page."""

    units: Sequence[Unit]
    n_words: Sequence[int]
    is_sentence: Sequence[bool]  # ends as a sentence does
    is_prose: Sequence[bool]
    repeats: Sequence[int]  # further printings of the same words
    affinity: Sequence[float]  # share of its longer words found elsewhere in the story block, as if it had one more
    signed: dict[str, set[int]] = field(init=False)
    _folded: dict[int, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.signed = signed_lines([unit.text for unit in self.units])

    def has_cue(self, index: int) -> bool:
        """Says something that site chrome says."""
        return index in self.signed["cue"] and has_cue_word(self.units[index].text, self.n_words[index])

    def has_credit(self, index: int) -> bool:
        """Holds a picture's credit by form, whoever took it."""
        text = self.units[index].text
        is_said = index in self.signed["credit"] and (CREDIT.search(text) or SAID_CREDIT.search(text)) is not None
        return is_said or (text[0] in "(（" and NAMES_CREDIT.fullmatch(text) is not None)

    def has_tail_credit(self, index: int) -> bool:
        """Ends in a name that a sign sets apart: a picture's credit, or the outlet in a headline."""
        is_signed = self.n_words[index] >= 3 and index in self.signed["tail credit"]
        return is_signed and TAIL_CREDIT.search(self.units[index].text[-60:]) is not None

    def is_source(self, index: int) -> bool:
        """Names a source and nothing else."""
        return index in self.signed["source"] and SOURCE.fullmatch(self.units[index].text) is not None

    def is_address(self, index: int) -> bool:
        """An e-mail address and nothing else."""
        text = self.units[index].text
        return "@" in text and EMAIL.fullmatch(text) is not None

    def folded(self, index: int) -> str:
        """The words in lower case."""
        text = self._folded.get(index)
        if text is None:
            text = self._folded[index] = fold(self.units[index].text)
        return text


class Roles:
    """The roles of one page's units; `scores` and `evidence` are those of the line model."""

    def __init__(self, page: Page, scores: Sequence[float], evidence: Sequence[str]) -> None:
        self.units = page.units
        self.page = page
        self.scores = list(scores)
        self.evidence = list(evidence)
        self.roles = ["body" if score >= 0.5 else "chrome" for score in scores]
        kept = [index for index, score in enumerate(scores) if score >= 0.5 and page.n_words[index] >= 5]
        self.first = kept[0] if kept else len(self.units)  # first line of the text
        self.last = kept[-1] if kept else -1
        self.furniture: set[int] = set()  # menus, labels of advertisements, notes of rights

    def decide(self, title: str | None, byline: str | None) -> None:
        """Settle every role: furniture, headline, fields around and inside the story, then deck and subheadings."""
        self.mark_furniture()
        self.mark_short()
        self.mark_notes(byline)
        self.mark_last()
        self.mark_close_calls()
        self.mark_stranded()
        headline = self.mark_titles(title)
        self.mark_fields(headline, byline)
        if headline is not None:
            self.mark_decks(headline)
        self.mark_subheadings()

    def set(self, index: int, role: str, evidence: str, *, floor: float = 0.0, ceiling: float = 1.0) -> None:
        """Give a unit its role; a `floor` raises its score, a `ceiling` lowers it."""
        self.roles[index] = role
        self.scores[index] = min(max(self.scores[index], floor), ceiling)
        self.evidence[index] = evidence

    def mark_furniture(self) -> None:
        """Mark labels of advertisements and notes of rights, whatever they scored, and menus that no score speaks for.

        A note of rights that scored as story says whose copy it is: a source.
        """
        rights, labels, away, menus = (self.page.signed[name] for name in ("rights", "label", "away", "menu"))
        for index in sorted(rights | labels | away | menus):
            text, is_story = self.units[index].text, self.scores[index] >= 0.5
            if index in rights and RIGHTS.match(text):
                self.set(index, "source" if is_story else "chrome", "note of rights", ceiling=CHROME_SCORE)
            elif index in labels and len(text) <= LABEL_CHARS and AD_LABEL.fullmatch(text):
                self.set(index, "chrome", "label of an advertisement", ceiling=CHROME_SCORE)
            elif is_story and index in away and len(text) <= AWAY_CHARS and AWAY.fullmatch(text):
                self.set(index, "chrome", "leads to another page", ceiling=CHROME_SCORE)
            elif not is_story and index in menus and len(text) <= PATTERN_CHARS and is_menu(text):
                self.set(index, "chrome", "form of a menu", ceiling=CHROME_SCORE)
            else:
                continue
            self.furniture.add(index)

    def mark_short(self) -> None:
        """Keep the sentences of a text of a few lines: a record, not a page with its menus; they have no context."""
        if len(self.units) > SHORT_TEXT or self.units[0].first.markup is not None:
            return
        for index in range(len(self.units)):
            is_story = self.page.is_sentence[index] and self.page.n_words[index] >= 4 and not self.page.has_cue(index)
            if is_story and index not in self.furniture and self.scores[index] < 0.5:
                self.set(index, "body", "a sentence in a text of a few lines", floor=0.5)
                self.first, self.last = min(self.first, index), max(self.last, index)

    def mark_notes(self, byline: str | None) -> None:
        """Mark the last paragraphs that tell of the author or call upon the reader."""
        authors = self.authors(byline)
        for _ in range(NOTES):
            text = self.units[self.last].text if self.last > self.first else ""
            is_note = len(text) <= PATTERN_CHARS and NOTE.fullmatch(text) is not None
            if not (is_note or (text.startswith(authors) and len(text) <= ABOUT_CHARS)):
                return
            self.set(self.last, "chrome", "a note below the story", ceiling=CHROME_SCORE)
            self.furniture.add(self.last)
            while self.roles[self.last] != "body" and self.last > self.first:
                self.last -= 1

    def authors(self, byline: str | None) -> tuple[str, ...]:
        """The full names in the page's own byline and in those printed above the story, each with a space after it."""
        above = range(max(0, self.first - HEAD_LINES), self.first)
        printed = [self.units[index].text for index in above if self.page.n_words[index] <= BYLINE_WORDS]
        bylines = [byline or "", *(text for text in printed if BY.fullmatch(text))]
        return tuple(f"{name} " for line in bylines for name in names_in(line) if " " in name)

    def mark_last(self) -> None:
        """Keep a finished sentence of prose between the text and a note of rights or a source: the last paragraph."""
        rights = [
            index for index in self.furniture & self.page.signed["rights"] if RIGHTS.match(self.units[index].text)
        ]
        for index in sorted([*rights, *filter(self.page.is_source, self.page.signed["source"])]):
            above = index - 1
            if (
                above > 0
                and self.roles[above - 1] == "body"
                and LAST_SCORE <= self.scores[above] < 0.5
                and self.page.is_prose[above]
                and self.page.is_sentence[above]
                and not self.page.has_cue(above)
            ):
                self.set(above, "body", "last paragraph above a note", floor=0.5)
                self.last = max(self.last, above)

    def mark_close_calls(self) -> None:
        """Keep a sentence that scored just below one half between two sure paragraphs, or a line off one of them."""
        sure = [role == "body" and score >= SURE_SCORE for role, score in zip(self.roles, self.scores, strict=True)]
        for index in range(self.first + 1, self.last):
            if (
                CLOSE_SCORE <= self.scores[index] < 0.5
                and any(sure[max(0, index - 2) : index])
                and any(sure[index + 1 : index + 3])
                and index not in self.furniture
                and self.page.is_sentence[index]
                and not self.page.has_cue(index)
            ):
                self.set(index, "body", "sentence between paragraphs", floor=0.5)

    def mark_stranded(self) -> None:
        """Drop an unsure last line that is no sentence and is parted from the story by dropped ones."""
        last = self.last
        if (
            last > self.first
            and self.scores[last] < SURE_SCORE
            and self.roles[last - 1] != "body"
            and not (self.page.is_prose[last] or self.page.is_sentence[last])
        ):
            self.set(last, "chrome", "apart from the story", ceiling=CHROME_SCORE)
            while self.roles[self.last] != "body" and self.last > self.first:
                self.last -= 1

    def mark_titles(self, title: str | None) -> int | None:
        """Mark the headline and every further printing of it; the unit of its first printing, None without one."""
        headline = self.metadata_title(title) if title else None
        evidence = "the page's own title"
        if headline is None:
            headline = self.likely_title()
            evidence = "headline above the story"
        if headline is None:
            return None
        n_words, text = self.page.n_words, self.page.folded(headline)
        for index in range(len(self.units)):
            if n_words[index] == n_words[headline] and self.page.folded(index) == text:
                self.set(index, "title", evidence if index == headline else "the headline again")
        return headline

    def metadata_title(self, title: str) -> int | None:
        """First unit above the story's end that prints the metadata's title, else all of it but the outlet's name."""
        wanted = fold(title)
        if not wanted:
            return None
        n_wanted = len(wanted.split())
        part = None
        for index in range(min(len(self.units), self.last + 1 if self.last >= 0 else len(self.units))):
            n_words = self.page.n_words[index]
            if n_words > max(TITLE_WORDS, 2 * n_wanted):
                continue
            if 2 * n_words < n_wanted and self.units[index].text.isascii():
                continue  # it has no more words when folded: no half of the title
            text = self.page.folded(index)
            if text == wanted:
                return index
            if part is None and n_words <= TITLE_WORDS and is_part_of_title(text, wanted, n_wanted):
                part = index
        return part

    def likely_title(self) -> int | None:
        """The heading-like unit above the story that shares most words with it and stands nearest; None without one."""
        best, best_points = None, TITLE_POINTS
        page, first = self.page, self.first
        head = range(max(0, first - HEAD_LINES), min(first + 4, len(self.units)))
        bylines = [index for index in head if self.is_byline(index)]
        dates = [index for index in head if self.is_date(index)]
        for index in range(max(0, first - 2 * HEAD_LINES), min(first, len(self.units))):
            if index in self.furniture or not self.is_title_like(index):
                continue
            n_words, markup = page.n_words[index], self.units[index].first.markup
            points = (
                5.0 * page.affinity[index]
                + 1.0 * log1p(n_words * page.affinity[index])
                + 2.5 * (n_words >= 4 and self.is_printed_twice(index))
                + 3.0 * (n_words >= 4)  # a masthead is shorter
                - 2.0 * (n_words > 14)  # a deck is longer
                - 1.5 * lower_share(self.units[index].text)
                - 3.8 * any(index - BELOW_BYLINE <= byline < index for byline in bylines)
                + 1.9 * any(index < date <= index + ABOVE_DATE for date in dates)
                - 1.6 * page.has_tail_credit(index)
                - 0.65 * log1p(first - index)
                + 4.0 * (markup is not None and markup.tag == "h1")
            )
            if points > best_points:
                best, best_points = index, points
        return best

    def is_title_like(self, index: int) -> bool:
        """Short, no full stop, list, address, day, byline, credit or source; no cue word among a few."""
        text = self.units[index].text
        return 2 <= self.page.n_words[index] <= TITLE_WORDS and not (
            text.endswith((".", ":", "。", ","))
            or (self.page.n_words[index] < 5 and self.page.has_cue(index))  # 29 of 823 headlines hold a cue word
            or BULLET.match(text)
            or ("@" in text and EMAIL.search(text))
            or HIDDEN_EMAIL in text
            or has_day(text)
            or BY.fullmatch(text)
            or self.page.is_source(index)
            or self.page.has_credit(index)
        )

    def is_byline(self, index: int) -> bool:
        """Has the form of a byline, or of one with a date."""
        text, n_words = self.units[index].text, self.page.n_words[index]
        return (
            n_words <= BYLINE_WORDS
            and (BY.fullmatch(text) or NATIVE_BY.fullmatch(text) or NAME_COUNT.fullmatch(text)) is not None
        ) or (n_words <= DATED_WORDS and dated_authors(text) is not None)

    def is_date(self, index: int) -> bool:
        """Has the form of a date."""
        return self.page.n_words[index] <= BYLINE_WORDS and is_date_line(self.units[index].text)

    def is_printed_twice(self, index: int) -> bool:
        """The unit stands again among the next ones above the story, as a headline below its breadcrumb does."""
        n_words, folded = self.page.n_words, self.page.folded
        near = range(index + 1, min(index + 1 + TWICE_LINES, self.first))
        return any(n_words[other] == n_words[index] and folded(other) == folded(index) for other in near)

    def mark_fields(self, headline: int | None, byline: str | None) -> None:
        """Mark byline, date, caption and source lines around and inside the story."""
        if self.last < 0:
            return
        head = max(0, self.first - HEAD_LINES) if headline is None else max(0, min(headline, self.first) - 3)
        wanted = fold(byline) if byline else ""
        signed = set().union(*(self.page.signed[name] for name in FIELD_SIGNS))
        for index in range(head, min(len(self.units), self.last + TAIL_LINES + 1)):
            text = self.units[index].text
            at_edge = index <= self.first + 3 or index >= self.last - 2
            if not (at_edge or index in signed or text[0] in "(（" or self.is_pictured(index)):
                continue  # no form of a field: most lines of a page
            if self.roles[index] == "title" or index in self.furniture or len(text) > PATTERN_CHARS:
                continue
            field_role = self.field_role(index, text, wanted, at_edge=at_edge)
            if field_role is not None:
                self.set(index, *field_role)
        for index in range(head + 1, min(len(self.units), self.last + TAIL_LINES + 1)):
            is_below_few = self.roles[index - 1] != "title" and self.page.n_words[index - 1] <= 5
            if is_below_few and self.page.is_address(index) and BARE_NAME.fullmatch(self.units[index - 1].text):
                self.set(index - 1, "byline", "name above an address")
        self.mark_pictured()

    def field_role(self, index: int, text: str, byline: str, *, at_edge: bool) -> tuple[str, str] | None:
        """Role and evidence of a line that is a field, None for any other."""
        n_words, signed = self.page.n_words[index], self.page.signed
        if self.is_pictured(index):
            return "caption", "in a figure"
        if (n_words <= 12 and self.page.is_source(index)) or (
            index in signed["contributed"] and CONTRIBUTED.fullmatch(text)
        ):
            return "source", "form of a source line"
        if at_edge:
            if self.is_date(index):
                return "date", "form of a date"
            if self.is_byline(index):
                is_dated = n_words <= DATED_WORDS and dated_authors(text) is not None
                return ("date", "form of a byline and a date") if is_dated else ("byline", "form of a byline")
            if self.page.is_address(index):
                return "byline", "an address of its own"
            below = self.units[index + 1].text if index + 1 < len(self.units) else ""
            if n_words <= 4 and len(below) <= PATTERN_CHARS and is_date_line(below) and DESK.fullmatch(text):
                return "byline", "a desk above a date"
            if byline and n_words <= 8 and f" {self.page.folded(index)} " in f" {byline} ":
                return "byline", "the page's own byline"
        if self.page.has_credit(index):
            return "caption", "credit of a picture"
        if self.page.has_tail_credit(index):
            return "caption", "ends in a credit"
        return None

    def is_pictured(self, index: int) -> bool:
        """Its markup says that it is what a picture shows: in a figure, but in no table there, which the story has."""
        markup = self.units[index].first.markup
        return markup is not None and (
            markup.tag == "figcaption" or ("figure" in markup.within and "table" not in markup.within)
        )

    def mark_pictured(self) -> None:
        """Mark dropped lines of a text dump that stand above a line of nothing but a credit: what the picture shows.

        Markup says it by itself, and there a credit follows decks.
        """
        captions = [index for index, role in enumerate(self.roles) if role == "caption" and index]
        for index in captions:
            text, above = self.units[index].text, self.units[index - 1]
            is_credit = self.page.n_words[index] <= CREDIT_WORDS or NAMES_CREDIT.fullmatch(text) is not None
            if (
                is_credit
                and above.first.markup is None
                and self.roles[index - 1] == "chrome"
                and index - 1 not in self.furniture
                and self.page.is_sentence[index - 1]
                and len(above.text) <= PATTERN_CHARS
            ):
                self.set(index - 1, "caption", "above a picture's credit")

    def mark_decks(self, headline: int) -> None:
        """Mark standfirsts: sentence-like lines between the headline and the first paragraph below byline and date."""
        start = self.first
        for index in range(self.first + 1, min(self.first + 5, self.last + 1)):
            if self.roles[index] in ("title", "byline", "date"):
                start = index + 1
        while start < len(self.units) and self.roles[start] != "body":
            start += 1
        if start >= len(self.units):
            return
        for index in range(max(headline + 1, start - 12), start):
            if self.roles[index] in ("body", "chrome") and index not in self.furniture and self.is_deck_like(index):
                self.set(index, "deck", "sentence between headline and story", floor=0.6)

    def is_deck_like(self, index: int) -> bool:
        """Reads like a sentence: enough words, most of them in lower case, no cue word."""
        page, text = self.page, self.units[index].text
        markup = self.units[index].first.markup
        return bool(
            page.n_words[index] >= 6
            and (page.is_sentence[index] or lower_share(text) >= 0.5)
            and not (
                page.has_cue(index)
                or BULLET.match(text)
                or SYMBOL.search(text[:PATTERN_CHARS])
                or has_short_date(text, page.n_words[index])
            )
            and (markup is None or markup.link_share < 0.5)
            and (page.affinity[index] > 0.2 or self.roles[index] == "body" or self.is_below_headline(index))
        )

    def is_below_headline(self, index: int) -> bool:
        """The next line after a headline, inside the article's own element and of no chrome class."""
        markup = self.units[index].first.markup
        return bool(
            self.roles[index - 1] == "title"
            and markup is not None
            and markup.within & {"article", "main"}
            and not markup.hints & CHROME_HINTS
        )

    def mark_subheadings(self) -> None:
        """Mark short heading-like lines that stand between two kept paragraphs; drop headings that close the text."""
        kept = [role in ("body", "deck") and prose for role, prose in zip(self.roles, self.page.is_prose, strict=True)]
        for index in range(self.first + 1, min(self.last, len(self.units) - 1)):
            is_between, is_beside = kept[index - 1] and kept[index + 1], kept[index - 1] or kept[index + 1]
            is_open = self.roles[index] == "body" or (self.roles[index] == "chrome" and is_between)
            if not is_open or not is_beside or index in self.furniture or not self.is_heading_like(index):
                continue
            if is_between:
                self.set(index, "subheading", "heading between paragraphs", floor=0.55)
            else:
                self.roles[index] = "subheading"
        for index in range(len(self.units) - 1, self.first, -1):
            if self.roles[index] in ("body", "deck", "subheading"):
                markup = self.units[index].first.markup
                if markup is None or markup.tag not in HEADINGS:
                    break
                self.set(index, "chrome", "heading without a story below", ceiling=CHROME_SCORE)

    def is_heading_like(self, index: int) -> bool:
        """Short, no full stop, begins with a capital or a figure, no cue word, no link."""
        page = self.page
        if not 1 <= page.n_words[index] <= HEADING_WORDS:
            return False
        text, markup = self.units[index].text, self.units[index].first.markup
        return bool(
            not text.endswith((".", ":", ",", ";", "。", "…", "”", '"'))
            and not (text[0].islower() or text[0] in '"“‘«„「|[(#' or BULLET.match(text) or page.has_cue(index))
            and not (page.repeats[index] or SYMBOL.search(text) or ADDRESS.search(text))
            and any(char.isalpha() for char in text)
            and (markup is None or markup.link_share < 0.5)
        )


def is_part_of_title(text: str, title: str, n_words: int) -> bool:
    """The folded line is the folded title of so many words but for an outlet's name on either."""
    size = len(text.split())
    return (
        size >= 3
        and 2 * size >= n_words
        and (f" {text} " in f" {title} " or (n_words >= 3 and f" {title} " in f" {text} "))
    )
