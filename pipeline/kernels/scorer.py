"""Line scores: does a line belong to the story, what is it, and why.

The line model says how likely each line is story (line_model.py); rules here say which kind of line it is, and may
raise or lower a score where they know better. No word of any language is required. Linear in the number of lines.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar, overload

import numpy as np
import regex
from numpy.typing import NDArray

from pipeline.kernels.line_features import SCORE_NAMES
from pipeline.kernels.line_model import Model, Scored, model_scores, own_names, packaged_model
from pipeline.kernels.lines import Line

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Value = TypeVar("Value")

WORD = regex.compile(r"[^\W_]++(?:['’][^\W_]++)*+")
UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
SENTENCE_END = regex.compile(r"[.!?…。！？।۔؟][\"'”’»›)\]）」』]*\s*$")
BULLET = regex.compile(r"(?:[•·‣▪●○*–—►▶›»>-]|\d{1,2}[.)])\s")
SYMBOL = regex.compile(r"[|›»©®→▾•]")
ADDRESS = regex.compile(r"https?://|\bwww\.|\w@\w|\.(?:com|org|net)\b")
EMAIL = regex.compile(r"(?:[\p{L}-]{1,12}\s?:\s?)?[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,4}")

# Phrases that site chrome uses. A feature, never a verdict on their own; looked for in the first 200 characters, in
# lower case. `re`, since it takes 11 µs for a line here and `regex`, ignoring case, 28.
CUE = re.compile(
    r"""\b(?:
      comments?\s?\d*$ | comments?\s(?:that|policy|section|guidelines) | (?:leave|post|add|write)\sa\scomment
      | log\s?in\b | sign\s(?:in|up) | subscribe | newsletters? | unsubscribe | your\sinbox | podcasts?
      | all\srights\sreserved | copyright | privacy\s(?:policy|notice) | cookies
      | terms\s(?:of|and|&)\s(?:use|service|conditions)
      | advertisement | share\s(?:this|on|via) | shares?$ | facebook | twitter | whatsapp | linkedin | pinterest
      | instagram | youtube | telegram | tiktok | follow\sus | contact\sus | our\sapp
      | related\s(?:articles?|stories|news|posts?|topics?|coverage|content)
      | read\s(?:more|also|next) | see\salso | also\sread
      | more\s(?:from|on|stories)
      | (?:latest|trending|recent|popular|top|recommended)\s(?:articles?|stories|news|posts?|now)
      | you\s(?:may|might)\salso | must-?reads? | don['’]t\smiss | up\snext | skip\sto | jump\sto | (?:click|tap)\shere
      | abonn\w* | kommentare? | anmelden | registrieren | datenschutz | impressum | teilen | mehr\szum | lesen\ssie
      | commentaires? | inscri\w* | partager | à\slire | lire\s(?:aussi|plus) | mentions\slégales | publicité
      | suscr\w* | comentarios? | compart\w* | lea\stambién | te\spuede\sinteresar | publicidad | inicia\ssesión
      | leia\s(?:mais|também) | assine | iscriviti | leggi\sanche | condividi | commenti | pubblicità
      | читайте | подпис\w* | комментар\w* | реклама | abone | yorum\w* | 댓글 | 구독 | 공유 | 무단 | 저작권
    )\b | ^icon-\w | © | 無断転載|関連記事|相关阅读|版权所有|ログイン""",
    re.VERBOSE,
)
# Words that say so only in a line of less than 8 words; in a story they are words like any other.
SHORT_CUE = regex.compile(
    r"\b(?:menu|search|home|close|register|subscriptions?|print|share|comments?|latest|trending|popular|recommended"
    r"|related|privacy|advertis(?:e|ing)|loading|main\s(?:page|content|contents|navigation)|view\sall|about\sus|e-?mail)\b",
    regex.IGNORECASE,
)

MONTH = r"[\p{L}]{3,10}\.?"
YEAR = r"(?:19|20)\d\d"
DAY_FORMS = (
    rf"{MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?,?\s{YEAR}",
    rf"\d{{1,2}}(?:st|nd|rd|th|\.|º)?\s(?:de\s)?{MONTH},?\s(?:de\s)?{YEAR}",
    rf"{YEAR}\s?[-./年년]\s?\d{{1,2}}\s?[-./月월]\s?\d{{1,2}}[日일.]?",
    rf"\d{{1,2}}[-./]\d{{1,2}}[-./](?:{YEAR}|\d\d)",
)
DAY = regex.compile("|".join(rf"(?<!\d)(?:{form})(?!\d)" for form in DAY_FORMS))
TIME = regex.compile(r"(?<!\d)\d{1,2}[:.h]\d{2}(?::\d{2})?(?:\.\d+)?(?:Z|\s?[ap]\.?m\b\.?)?(?!\d)", regex.IGNORECASE)

DIGIT = regex.compile(r"\d")

NAME = r"\p{Lu}[\p{L}.'’-]*+(?:\s(?:(?:de|da|di|van|von|der|den|el|al|bin|la|le|y|e)\s)?\p{Lu}[\p{L}.'’-]*+){0,3}"
FULL_NAME = NAME.replace("{0,3}", "{1,3}")  # two words at least
NAMES = rf"{NAME}(?:(?:,|\s&|\s\p{{Ll}}{{1,3}}|,\s\p{{Ll}}{{1,3}})\s{NAME}){{0,4}}"
BY = regex.compile(
    rf"(?:(?i:by|von|por|par|di|da|door|av|af|oleh|written\sby|reported\sby|text|texte|texto)\s*:?\s+(?P<names>{NAMES})"
    r"|(?i:editor|author|autor|autore|auteur|reporter|writer|redakteur|editör|muhabir)s?\s?[:：]\s?(?P<names>\S.{1,60}?))"
    r"(?:\s?[|,–—-].{0,60})?"
)
NAME_COUNT = regex.compile(
    rf"(?P<names>{FULL_NAME})\s(?i:views?|reads?|hits|posts|followers|vues|aufrufe|visitas)(?:\s?:?\s?[\d.,]+)?"
)
NATIVE_BY = regex.compile(
    r"(?P<names>\p{Hangul}{2,4})\s(?:\S{1,6}\s)?(?:기자|특파원)(?:\s.{0,40})?"
    r"|(?:记者|記者|文)\s?[/:：]?\s?(?P<names>\p{Han}{2,4})"
)
BARE_NAME = regex.compile(NAME)

PICTURE = (
    r"(?:photos?|images?|pictures?|fotos?|fotografie|bild(?:er)?|video|credits?|사진|제공|写真|摄影|攝影|图片?|圖)"
)
CREDIT = regex.compile(
    rf"[(（\[]\s?(?:[\w.]{{1,12}}\s){{0,3}}?{PICTURE}\b[^()（）\[\]]{{0,60}}[)）\]]\W{{0,3}}$"  # (Photo = The Herald)
    r"|[(（][^()（）=]{1,40}=[^()（）=]{1,40}[)）]$"  # a credit in a script the list does not know
    rf"|^(?:(?:file|stock|crédit)\s)?{PICTURE}(?:\scredits?|\sby|\scourtesy(?:\sof)?|\svon|\sde)?\s?[:：=/©]"
    r"|^photo\s(?:by|courtesy)\s"
    r"|\b(?:getty\simages|ap\sphoto|shutterstock|istock|picture\salliance|afp\svia\sgetty)\W{0,3}$",
    regex.IGNORECASE,
)
# "... in the old harbour. Photograph: Jane Holm/The Herald"; the words in any case, the name with a capital.
SAID_CREDIT = regex.compile(
    r"(?:^|[.!?…:)”\"»]\s+)(?i:(?:file|stock|archive)\s)?"
    r"(?i:photo(?:s|graphs?|graphy)?|pictures?|images?|graphics?|illustrations?|fotos?|fotografie|fotografía|bild(?:er)?"
    r"|grafik|crédit|credit|imagen|imagem|immagine)(?i:\scredits?)?"
    r"\s?(?:[:：/©]\s?(?:©\s?)?|(?i:by|courtesy\sof|von|de|par|di)\s)\p{Lu}(?:(?<=\b\p{Lu})\.|[^.!?…]){1,60}\.?$"
)
NAMES_CREDIT = regex.compile(
    r"[(（]\p{Lu}[^()（）/|]{1,40}\s?[/|]\s?\p{Lu}[^()（）]{1,40}[)）]"
)  # a line: (Holm / The Herald)
TAIL_CREDIT = regex.compile(r"\S\s+[:|/©]\s*+(?:©\s*)?(?:\p{Lu}{2,6}|\p{Lu}[\p{L}.]{1,14}(?:\s\p{Lu}[\p{L}.]{1,14})?)$")
SOURCE = regex.compile(
    r"(?:sources?|quellen?|fuentes?|fonte|fonti|kaynak|bron|kilde|källa|źródło|источник|출처|来源|來源|ソース)\s?[:：=]\s?\S.{0,60}",
    regex.IGNORECASE,
)

CONTRIBUTED = regex.compile(
    r"\(?(?i:(?:with\s)?(?:additional\s)?reporting\sby|with\s(?:additional\s)?(?:files|material)\s(?:by|from)"
    r"|mit\smaterial(?:\s(?:von|der|des))?|con\sinformación\sde|com\sinformações\sd[aeo])"
    r"\s(?:\p{Ll}{1,3}\s)?\p{Lu}[^.!?]{1,100}[.)]*"
    r"|\(?(?i:avec)\s(?:l['’])?\p{Lu}{2,6}\)?"
    r"|\p{Lu}[^.!?]{1,100}\scontributed\s(?:to\sthis\s(?:report|story|article)|reporting)\."
)
RIGHTS = regex.compile(
    r"[©ⓒ]|\(c\)\s?(?:19|20)\d\d|copyright\s*+(?:[©ⓒ:]|\(c\)|(?:19|20)\d\d|by\b|$)", regex.IGNORECASE
)
AD_LABEL = regex.compile(
    r"\W*(?:advertisements?|advertising|sponsored|anzeige|werbung|publicidad|anuncio|publicité|pubblicità|publicidade"
    r"|advertentie|annons|reklame?|reklama|реклама|広告|광고|广告"
    r"|(?:story|article)\scontinues\s(?:below|after)(?:\s(?:this\s)?(?:advertisement|ad))?)\W*",
    regex.IGNORECASE,
)
# A box in the story that leads away from it: "READ MORE: Cannery to close", "One long read a week. Sign up".
AWAY = regex.compile(
    r"(?i:read\s(?:more|also|next)|related(?:\s\p{L}+)?|see\salso|also\sread|don['’]t\smiss|lesen\ssie\s(?:auch|mehr)"
    r"|mehr\szum\sthema|(?:à\s)?lire\saussi|lea\stambién|te\spuede\sinteresar|leia\s(?:mais|também)|leggi\sanche"
    r"|lees\sook|läs\sockså|читайте\s(?:также|ещё))\s?[:：]\s?\S.*"
    r"|(?:.*[.!?…:|]\s+)?(?:Sign\sup|Subscribe|Read\smore|Jetzt\sabonnieren|Abonnez-vous|Suscríbete|Iscriviti|Inscreva-se)"
    r"(?:\s(?i:now|here|today))?\W{0,3}"
)
MENU_SIGN = regex.compile(r"[|»›•▸→/>·]")
MENU_JOIN = regex.compile(r"\s*+[|»›•▸→]\s*+|\s++[/>·]\s++")
DESK = regex.compile(r"\p{Lu}.*\b(?i:desk|staff|newsroom|reporters?|correspondents?|redaktion|redacción|rédaction)")

HEADING_WORDS = 16  # a subheading has no more
TITLE_WORDS = 30  # a headline has no more
HEAD_LINES = 25  # headline, deck, byline and date stand no further above the first paragraph
TAIL_LINES = 6  # closing byline, date and source stand no further below the last one
PATTERN_CHARS = 300  # role patterns look at lines up to this long
AWAY_CHARS = 160  # a box of one line is no longer
LABEL_CHARS = 60  # a label of an advertisement is no longer
CREDIT_WORDS = 8  # a line of nothing but a credit has no more
TWICE_LINES = 6  # a headline printed twice stands again within so many lines; a menu for phones is further down
MENU_WORDS = 4  # an entry of a menu has no more; the last part of a breadcrumb, the page itself, may
SHORT_TEXT = 5  # lines up to which a text is taken for a record without site chrome: dumps have 30 and more
LAST_SCORE = 0.3  # a last paragraph above a note of rights scores no less
CHROME_SCORE = 0.1  # furniture scores no more
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
CHROME_HINTS = frozenset(
    ("navigation", "footer", "related", "share", "comments", "sidebar", "overlay", "newsletter", "ad")
)


@dataclass(frozen=True, slots=True)
class Scores:
    """What the scorer says of each line of a page, in their order, and of the page."""

    role: list[str]  # one of schemas.ROLES
    score: list[float]  # probability of belonging to the story, 4 decimals
    evidence: list[str]  # what weighed most
    doubt: float  # words that could go either way against words kept: 0 sure, 1 not at all; 4 decimals


@dataclass(frozen=True, slots=True)
class Unit:
    """A line, or the lines of one hard-wrapped paragraph joined by a space."""

    lines: tuple[int, ...]
    text: str
    first: Line


def units(lines: Sequence[Line]) -> list[Unit]:
    """The lines, each with those that go on with its sentence."""
    groups: list[list[int]] = []
    for index, line in enumerate(lines):
        if line.continues and groups:
            groups[-1].append(index)
        else:
            groups.append([index])
    return [Unit(tuple(g), " ".join(lines[i].text.strip() for i in g), lines[g[0]]) for g in groups]


def word_count(text: str, words: Sequence[str]) -> int:
    """Words, two characters counting as one in scripts that write without spaces."""
    return len(words) if text.isascii() else len(words) + len(UNSPACED.findall(text)) // 2


def fold(text: str) -> str:
    """The words in lower case: what two printings of a headline share."""
    return " ".join(WORD.findall(text)).lower()


class Told(Sequence[Value]):
    """What a function says of each unit, asked once, and only of those that are looked at."""

    def __init__(self, ask: Callable[[int], Value], size: int) -> None:
        self._ask = ask
        self._told: list[Value | None] = [None] * size

    def __len__(self) -> int:
        return len(self._told)

    @overload
    def __getitem__(self, index: int) -> Value: ...
    @overload
    def __getitem__(self, index: slice) -> list[Value]: ...
    def __getitem__(self, index: int | slice) -> Value | list[Value]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        told = self._told[index]
        if told is None:
            told = self._told[index] = self._ask(index)
        return told


@dataclass(frozen=True, slots=True)
class Page:
    """What the rules know of each unit of a page."""

    n_words: Floats
    is_sentence: Bools  # ends as a sentence does
    is_prose: Bools
    repeats: Floats  # further printings of the same words
    affinity: Floats  # share of its longer words found elsewhere in the story block, as if it had one more
    has_cue: Sequence[bool]  # says something that site chrome says
    folded: Sequence[str]  # the words in lower case


def has_day_or_time(text: str) -> bool:
    """Prints a day or a time of day."""
    return DAY.search(text) is not None or TIME.search(text) is not None


def has_cue_word(text: str, n_words: float) -> bool:
    """Says something that site chrome says."""
    if CUE.search(text[:200].lower()) is not None:
        return True
    return n_words < 8 and SHORT_CUE.search(text[:200]) is not None


CHARACTERS = 60_000  # of a batch that the model sees at once: its arrays stay in the cache
REASONS = 2  # features named as evidence


@dataclass(frozen=True, slots=True)
class PageLines:
    """A page to be scored, with what is known of it; each but the lines may be None."""

    lines: Sequence[Line]
    title: str | None = None  # the page's own, or the record's
    byline: str | None = None
    votes: Sequence[bool] | None = None  # for each line, whether trafilatura's text has it; then that text decides


def scored(lines: Sequence[Line], *, title: str | None, byline: str | None, votes: Sequence[bool] | None) -> Scores:
    """`scored_pages` for one page."""
    return scored_pages([PageLines(lines, title, byline, votes)])[0]


def scored_pages(pages: Sequence[PageLines], model: Model | None = None) -> list[Scores]:
    """Role, score and evidence of every line, and the doubt about each page.

    Same page, same answer, whatever pages come with it; a page without lines has doubt 1. `model` is the packaged
    one unless another is given.
    """
    model = model or packaged_model()
    found: list[Scores] = [Scores([], [], [], 1.0)] * len(pages)
    all_units = [units(page.lines) for page in pages]
    for numbers, facts in batches(all_units):
        batch = model_scores([[unit.text for unit in all_units[number]] for number in numbers], facts, model)
        reasons = (model.text if facts is None else model.html).reasons
        evidence = why(batch, reasons, model)
        first = batch.text.layout.first.tolist()
        for number, start, end in zip(numbers, first, first[1:], strict=False):
            found[number] = page_scores(pages[number], all_units[number], batch, evidence, start, end)
    return found


def batches(all_units: Sequence[Sequence[Unit]]) -> Iterator[tuple[list[int], NDArray[np.int64] | None]]:
    """Numbers of pages of one kind and about one length, no empty ones, with the markup facts of their units."""
    kinds: dict[bool, list[int]] = {False: [], True: []}
    for number, page_units in enumerate(all_units):
        if page_units:
            kinds[all(unit.first.markup and unit.first.markup.facts for unit in page_units)].append(number)
    for is_html, numbers in kinds.items():
        batch: list[int] = []
        size = 0
        for number in sorted(numbers, key=lambda number: (len(all_units[number]), number)):
            batch.append(number)
            size += sum(len(unit.text) for unit in all_units[number])
            if size >= CHARACTERS:
                yield batch, facts_of([all_units[number] for number in batch]) if is_html else None
                batch, size = [], 0
        if batch:
            yield batch, facts_of([all_units[number] for number in batch]) if is_html else None


def facts_of(pages: Sequence[Sequence[Unit]]) -> NDArray[np.int64]:
    """(units, 12): lines.Markup.facts of all units."""
    return np.array([unit.first.markup.facts for page in pages for unit in page if unit.first.markup], np.int64)


def page_scores(
    page: PageLines, page_units: Sequence[Unit], batch: Scored, evidence: list[str], start: int, end: int
) -> Scores:
    """The answer for the page whose units are rows `start` to `end` of the batch."""
    scores, told = batch.scores[start:end], batch.text
    n_words = told.n_words[start:end].astype(float)
    facts = Page(
        n_words,
        told.is_sentence[start:end],
        told.is_prose[start:end],
        told.repeats[start:end].astype(float),
        told.n_known[start:end] / (told.n_topics[start:end] + 1.0),
        Told(lambda index: has_cue_word(page_units[index].text, n_words[index]), len(page_units)),
        Told(lambda index: fold(page_units[index].text), len(page_units)),
    )
    doubt = page_doubt(scores, n_words)
    reasons = evidence[start:end]
    if page.votes is not None:
        scores, reasons = voted(page_units, page.votes, scores, reasons)
    guess = Roles(page_units, facts, scores, reasons)
    guess.decide(page.title, page.byline)
    of_line = [index for index, unit in enumerate(page_units) for _ in unit.lines]
    return Scores(
        [guess.roles[index] for index in of_line],
        [round(float(guess.scores[index]), 4) for index in of_line],
        [guess.evidence[index] for index in of_line],
        doubt,
    )


def voted(
    page_units: Sequence[Unit], votes: Sequence[bool], scores: Floats, reasons: Sequence[str]
) -> tuple[Floats, list[str]]:
    """Scores on the side of the votes, in the order of the model's: half of them, with 0.5 for a line in the text."""
    inside = np.array([votes[unit.lines[0]] for unit in page_units], bool)
    said = ["in trafilatura's text" if vote else "not in trafilatura's text" for vote in inside.tolist()]
    sided = np.where(inside, 0.5 + scores / 2, np.minimum(scores / 2, 0.4999))
    return (
        np.asarray(np.round(sided, 4), np.float64),
        [f"{vote}; {reason}" for vote, reason in zip(said, reasons, strict=True)],
    )


def why(batch: Scored, reasons: Floats, model: Model) -> list[str]:
    """For each unit the features that speak most for the side its score came out on."""
    values = np.hstack([batch.own, batch.around])
    is_html = reasons.shape[0] == model.html.reasons.shape[0]
    network = (model.html if is_html else model.text).second[0]
    names = (*own_names(html=is_html), *SCORE_NAMES)
    weight = (values - network.mean) * network.scale * reasons
    sided = np.where((batch.scores >= 0.5)[:, None], weight, -weight)
    top = np.argsort(-sided, axis=1, kind="stable")[:, :REASONS]
    above = values > network.mean
    return [
        ", ".join(
            names[column]
            if above[row, column]
            else f"no {names[column]}"
            if not values[row, column]
            else f"little {names[column]}"
            for column in columns
            if sided[row, column] > 0.05
        )
        or "nothing speaks for it"
        for row, columns in enumerate(top.tolist())
    ]


def page_doubt(scores: Floats, n_words: Floats) -> float:
    """Words times min(p, 1 - p), as a share of words times p; at most 1, 4 decimals."""
    kept = float((n_words * scores).sum())
    unsure = float((n_words * np.minimum(scores, 1 - scores)).sum())
    return round(min(1.0, unsure / kept), 4) if kept > 0 else 1.0


class Roles:
    """The roles of one page's units, settled step by step; a step may raise or lower a score and then says why."""

    def __init__(self, page_units: Sequence[Unit], page: Page, scores: Floats, evidence: list[str]) -> None:
        self.units = page_units
        self.page = page
        self.scores = scores.copy()
        self.evidence = evidence
        self.roles = ["body" if score >= 0.5 else "chrome" for score in scores]
        kept = np.flatnonzero((scores >= 0.5) & (page.n_words >= 5))
        self.first = int(kept[0]) if len(kept) else len(page_units)  # first line of the text
        self.last = int(kept[-1]) if len(kept) else -1
        self.furniture: set[int] = set()  # menus, labels of advertisements, notes of rights

    def decide(self, title: str | None, byline: str | None) -> None:
        """Settle every role: furniture, headline, fields around and inside the story, then deck and subheadings."""
        self.mark_furniture()
        self.mark_short()
        self.mark_last()
        headline = self.mark_titles(title)
        self.mark_fields(headline, byline)
        if headline is not None:
            self.mark_decks(headline)
        self.mark_subheadings()

    def set(self, index: int, role: str, evidence: str, *, floor: float = 0.0, ceiling: float = 1.0) -> None:
        """Give a unit its role; a `floor` raises its score, a `ceiling` lowers it."""
        self.roles[index] = role
        self.scores[index] = min(max(float(self.scores[index]), floor), ceiling)
        self.evidence[index] = evidence

    def mark_furniture(self) -> None:
        """Mark labels of advertisements and notes of rights, whatever they scored, and menus that no score speaks for.

        A note of rights that scored as story says whose copy it is: a source.
        """
        for index, unit in enumerate(self.units):
            if RIGHTS.match(unit.text):
                role = "source" if self.scores[index] >= 0.5 else "chrome"
                self.set(index, role, "note of rights", ceiling=CHROME_SCORE)
            elif len(unit.text) <= LABEL_CHARS and AD_LABEL.fullmatch(unit.text):
                self.set(index, "chrome", "label of an advertisement", ceiling=CHROME_SCORE)
            elif self.scores[index] >= 0.5 and len(unit.text) <= AWAY_CHARS and AWAY.fullmatch(unit.text):
                self.set(index, "chrome", "leads to another page", ceiling=CHROME_SCORE)
            elif self.scores[index] < 0.5 and len(unit.text) <= PATTERN_CHARS and is_menu(unit.text):
                self.set(index, "chrome", "form of a menu", ceiling=CHROME_SCORE)
            else:
                continue
            self.furniture.add(index)

    def mark_short(self) -> None:
        """Keep the sentences of a text of a few lines: a record, not a page with its menus; they have no context."""
        if len(self.units) > SHORT_TEXT or self.units[0].first.markup is not None:
            return
        for index in range(len(self.units)):
            is_story = self.page.is_sentence[index] and self.page.n_words[index] >= 4 and not self.page.has_cue[index]
            if is_story and index not in self.furniture and self.scores[index] < 0.5:
                self.set(index, "body", "a sentence in a text of a few lines", floor=0.5)
                self.first, self.last = min(self.first, index), max(self.last, index)

    def mark_last(self) -> None:
        """Keep a finished sentence of prose between the text above and a note of rights below: the last paragraph."""
        for index in sorted(self.furniture):
            above = index - 1
            if (
                above > 0
                and RIGHTS.match(self.units[index].text)
                and self.roles[above - 1] == "body"
                and LAST_SCORE <= self.scores[above] < 0.5
                and self.page.is_prose[above]
                and self.page.is_sentence[above]
                and not self.page.has_cue[above]
            ):
                self.set(above, "body", "last paragraph above a note of rights", floor=0.5)
                self.last = max(self.last, above)

    def mark_titles(self, title: str | None) -> int | None:
        """Mark the headline and every further printing of it; the unit of its first printing, None without one."""
        headline = self.metadata_title(title) if title else None
        evidence = "the page's own title"
        if headline is None:
            headline = self.likely_title()
            evidence = "headline above the story"
        if headline is None:
            return None
        text = self.page.folded[headline]
        for index in np.flatnonzero(self.page.n_words == self.page.n_words[headline]).tolist():
            if self.page.folded[index] == text:
                self.set(index, "title", evidence if index == headline else "the headline again")
        return headline

    def metadata_title(self, title: str) -> int | None:
        """First unit above the story's end that prints the metadata's title, or all of it but the outlet's name."""
        wanted = fold(title)
        n_wanted = len(wanted.split())
        for exact in (True, False):
            for index in range(min(len(self.units), self.last + 1 if self.last >= 0 else len(self.units))):
                if self.page.n_words[index] > max(TITLE_WORDS, 2 * n_wanted):
                    continue
                text = self.page.folded[index]
                if text == wanted and wanted:
                    return index
                size = len(text.split())
                if (
                    not exact
                    and size >= 3
                    and 2 * size >= n_wanted
                    and self.page.n_words[index] <= TITLE_WORDS
                    and (f" {text} " in f" {wanted} " or (n_wanted >= 3 and f" {wanted} " in f" {text} "))
                ):
                    return index
        return None

    def likely_title(self) -> int | None:
        """The heading-like unit above the story that shares most words with it and stands nearest; None without one."""
        best, best_points = None, 0.8
        printed = Counter(self.page.folded[: self.first + 6])
        for index in range(max(0, self.first - 2 * HEAD_LINES), min(self.first, len(self.units))):
            n_words, text = self.page.n_words[index], self.units[index].text
            if index in self.furniture:
                continue
            if not 2 <= n_words <= TITLE_WORDS or self.page.has_cue[index] or text.endswith((".", ":", "。", ",")):
                continue
            if any(form.match(text) for form in (BULLET, EMAIL)) or any(form.search(text) for form in (DAY, CREDIT)):
                continue
            if BY.fullmatch(text) or SOURCE.fullmatch(text):
                continue
            above = printed[self.page.folded[index]]
            markup = self.units[index].first.markup
            points = (
                2.0 * self.page.affinity[index]
                + 2.0 * min(0.2, float(self.scores[index]))
                + 0.5 * min(2, above - 1)
                + 1.0 * (n_words >= 4 and self.is_printed_twice(index))
                + 0.5 * (n_words >= 4)
                + 2.0 * (markup is not None and markup.tag == "h1")
                + 0.3 * (index == 0)
                - 0.15 * np.log1p(self.first - index)
                - 0.5 * (n_words > 14)
            )
            if points > best_points:
                best, best_points = index, float(points)
        return best

    def is_printed_twice(self, index: int) -> bool:
        """The unit stands again among the next ones above the story, as a headline below its breadcrumb does."""
        folded = self.page.folded
        return folded[index] in folded[index + 1 : min(index + 1 + TWICE_LINES, self.first)]

    def mark_fields(self, headline: int | None, byline: str | None) -> None:
        """Mark byline, date, caption and source lines around and inside the story."""
        if self.last < 0:
            return
        head = max(0, self.first - HEAD_LINES) if headline is None else max(0, min(headline, self.first) - 3)
        wanted = fold(byline) if byline else ""
        for index in range(head, min(len(self.units), self.last + TAIL_LINES + 1)):
            text = self.units[index].text
            if self.roles[index] == "title" or index in self.furniture or len(text) > PATTERN_CHARS:
                continue
            at_edge = index <= self.first + 3 or index >= self.last - 2
            field_role = self.field_role(index, text, wanted, at_edge=at_edge)
            if field_role is not None:
                self.set(index, *field_role)
        for index in range(head + 1, min(len(self.units), self.last + TAIL_LINES + 1)):
            is_name = self.page.n_words[index - 1] <= 5 and BARE_NAME.fullmatch(self.units[index - 1].text)
            if is_name and self.roles[index - 1] != "title" and EMAIL.fullmatch(self.units[index].text):
                self.set(index - 1, "byline", "name above an address")
        self.mark_pictured()

    def field_role(self, index: int, text: str, byline: str, *, at_edge: bool) -> tuple[str, str] | None:
        """Role and evidence of a line that is a field, None for any other."""
        n_words = self.page.n_words[index]
        markup = self.units[index].first.markup
        if markup is not None and (markup.tag == "figcaption" or markup.within & {"figure", "table"} == {"figure"}):
            return "caption", "in a figure"  # a table in a figure is part of the story
        if (SOURCE.fullmatch(text) and n_words <= 12) or CONTRIBUTED.fullmatch(text):
            return "source", "form of a source line"
        if at_edge:
            if n_words <= 16 and is_date_line(text):
                return "date", "form of a date"
            if n_words <= 24 and dated_authors(text) is not None:
                return "date", "form of a byline and a date"
            if n_words <= 16 and (BY.fullmatch(text) or NATIVE_BY.fullmatch(text) or NAME_COUNT.fullmatch(text)):
                return "byline", "form of a byline"
            if EMAIL.fullmatch(text):
                return "byline", "an address of its own"
            below = self.units[index + 1].text if index + 1 < len(self.units) else ""
            if n_words <= 4 and DESK.fullmatch(text) and len(below) <= PATTERN_CHARS and is_date_line(below):
                return "byline", "a desk above a date"
            if byline and n_words <= 8 and f" {self.page.folded[index]} " in f" {byline} ":
                return "byline", "the page's own byline"
        if CREDIT.search(text) or SAID_CREDIT.search(text) or NAMES_CREDIT.fullmatch(text):
            return "caption", "credit of a picture"
        if n_words >= 3 and TAIL_CREDIT.search(text[-60:]):
            return "caption", "ends in a credit"
        return None

    def mark_pictured(self) -> None:
        """Mark dropped lines of a text dump that stand above a line of nothing but a credit: what the picture shows.

        Markup says it by itself, and there a credit follows decks.
        """
        for index in range(1, len(self.units)):
            text, above = self.units[index].text, self.units[index - 1]
            is_credit = self.roles[index] == "caption" and (
                self.page.n_words[index] <= CREDIT_WORDS or NAMES_CREDIT.fullmatch(text) is not None
            )
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
                page.has_cue[index]
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
            if (
                self.roles[index] not in ("body", "chrome")
                or index in self.furniture
                or not self.is_heading_like(index)
            ):
                continue
            if kept[index - 1] and kept[index + 1]:
                self.set(index, "subheading", "heading between paragraphs", floor=0.55)
            elif self.roles[index] == "body" and (kept[index - 1] or kept[index + 1]):
                self.roles[index] = "subheading"
        for index in range(len(self.units) - 1, self.first, -1):
            if self.roles[index] in ("body", "deck", "subheading"):
                markup = self.units[index].first.markup
                if markup is None or markup.tag not in HEADINGS:
                    break
                self.set(index, "chrome", "heading without a story below", ceiling=CHROME_SCORE)

    def is_heading_like(self, index: int) -> bool:
        """Short, no full stop, begins with a capital or a figure, no cue word, no link."""
        text, page = self.units[index].text, self.page
        markup = self.units[index].first.markup
        return bool(
            1 <= page.n_words[index] <= HEADING_WORDS
            and not text.endswith((".", ":", ",", ";", "。", "…", "”", '"'))
            and not (text[0].islower() or text[0] in '"“‘«„「|[(#' or BULLET.match(text) or page.has_cue[index])
            and not (page.repeats[index] or SYMBOL.search(text) or ADDRESS.search(text))
            and any(char.isalpha() for char in text)
            and (markup is None or markup.link_share < 0.5)
        )


def lower_share(text: str) -> float:
    """Share of the words after the first, of those that have a case, that begin in lower case; 0.5 of one or none."""
    cased = [word for word in WORD.findall(text)[1:200] if word[0].isupper() or word[0].islower()]
    return sum(word[0].islower() for word in cased) / len(cased) if len(cased) > 1 else 0.5


def has_short_date(text: str, n_words: float) -> bool:
    """A line of less than 16 words with a day or a time of day."""
    head = text[:PATTERN_CHARS]
    return n_words < 16 and DIGIT.search(head) is not None and has_day_or_time(head)


def author_names(text: str) -> str | None:
    """The names in a byline, without "By", role and count; None where the line holds an address only."""
    if EMAIL.fullmatch(text):
        return None
    for form in (BY, NAME_COUNT, NATIVE_BY):
        found = form.fullmatch(text)
        if found is not None:
            return str(found["names"]).strip(" ,|") or None
    return text.strip(" ,|:") or None


def dated_authors(text: str) -> str | None:
    """The names in a line that is a byline and a date, in this order; None for any other."""
    day = DAY.search(text[:PATTERN_CHARS])
    found = BY.fullmatch(text[: day.start()].rstrip(" ,|–—-·")) if day is not None else None
    return str(found["names"]).strip(" ,|") or None if found is not None else None


def is_menu(text: str) -> bool:
    """Three or more short entries, or a breadcrumb: short entries, then the page; no byline, no date, no figures."""
    if MENU_SIGN.search(text) is None:
        return False
    parts = [part for part in MENU_JOIN.split(text) if part]
    return (
        len(parts) >= 3
        and all(part[0].isalpha() and len(part.split()) <= MENU_WORDS for part in parts[:-1])
        and len(parts[-1].split()) <= TITLE_WORDS
        and not SENTENCE_END.search(parts[-1])
        and not (DAY.search(text) or TIME.search(text) or BY.fullmatch(text) or EMAIL.search(text))
    )


def is_date_line(text: str) -> bool:
    """A day, perhaps a time, and at most five words more."""
    rest, n_days = DAY.subn(" ", text)
    return n_days > 0 and len(WORD.findall(TIME.sub(" ", rest))) <= 5
