"""Line scores: does a line belong to the story, what is it, and why.

A weighted sum of what a line looks like and where it stands, a second one over the scores around it, a logistic
curve, then rules for the roles. No word of any language is required: cue words are two features of 22, and a page
in a language they do not know loses these only. Linear in the number of lines.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import regex
from numpy.typing import NDArray

from pipeline.kernels.lines import Line

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

WORD = regex.compile(r"[^\W_]++(?:['’][^\W_]++)*+")
UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
SENTENCE_END = regex.compile(r"[.!?…。！？।۔؟][\"'”’»›)\]）」』]*\s*$")
BULLET = regex.compile(r"(?:[•·‣▪●○*–—►▶›»>-]|\d{1,2}[.)])\s")
SYMBOL = regex.compile(r"[|›»©®→▾•]")
ADDRESS = regex.compile(r"https?://|\bwww\.|\w@\w|\.(?:com|org|net)\b")
ADDRESS_SIGNS = ("://", "www.", "@", ".com", ".org", ".net")  # one of them is in whatever ADDRESS finds
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
MENU_SIGN = regex.compile(r"[|»›•▸→/>·]")
MENU_JOIN = regex.compile(r"\s*+[|»›•▸→]\s*+|\s++[/>·]\s++")
DESK = regex.compile(r"\p{Lu}.*\b(?i:desk|staff|newsroom|reporters?|correspondents?|redaktion|redacción|rédaction)")

# Words in a line from which it is prose even without a mark at its end, and with one. Of the tuning pages' lines of
# 30 words or more 87 % are story, of finished sentences of 10 or more 80 %, of other lines of 10 to 29 words 43 %.
PROSE_WORDS, SENTENCE_WORDS = 30, 10
HEADING_WORDS = 16  # a subheading has no more
TITLE_WORDS = 30  # a headline has no more
HEAD_LINES = 25  # headline, deck, byline and date stand no further above the first paragraph
TAIL_LINES = 6  # closing byline, date and source stand no further below the last one
PATTERN_CHARS = 300  # role patterns look at lines up to this long
LABEL_CHARS = 60  # a label of an advertisement is no longer
CREDIT_WORDS = 8  # a line of nothing but a credit has no more
TWICE_LINES = 6  # a headline printed twice stands again within so many lines; a menu for phones is further down
MENU_WORDS = 4  # an entry of a menu has no more; the last part of a breadcrumb, the page itself, may
CHROME_SCORE = 0.1  # furniture scores no more


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


def topic_words(words: Sequence[str]) -> set[str]:
    """Words that may be what the story is about: long or capitalised ones; pairs of characters where no spaces are."""
    topics: set[str] = set()
    for word in words[:400]:
        if not word.isascii() and UNSPACED.match(word):
            topics.update(word[i : i + 2] for i in range(len(word) - 1))
        elif len(word) >= 5 or (len(word) >= 3 and word[0].isupper()):
            topics.add(word.lower())
    return topics


@dataclass(frozen=True, slots=True)
class Page:
    """What is known of each unit of a page before any weight is applied."""

    n_words: Floats
    is_sentence: Bools  # ends as a sentence does
    is_prose: Bools
    has_cue: Bools
    repeats: Floats  # further printings of the same words
    affinity: Floats  # share of its topic words found elsewhere in the best block
    block: tuple[int, int]  # first unit of the best block, and the one after its last
    folded: list[str]
    own: Floats  # (units, len(OWN)): form of the line


OWN = (
    "length", "long", "finished sentence", "colon end", "commas", "lower case", "symbols", "address", "short date",
    "lower start", "repeated", "cue word", "cue in a sentence", "one word",
)  # fmt: skip
PLACE = (
    "in the story block", "short in the block", "below the block", "prose above", "prose below", "prose nearby",
    "on topic", "after the end mark",
)  # fmt: skip
AROUND = ("next lines", "lines nearby", "in the main run", "below the main run")


def own_form(text: str, words: Sequence[str], n_words: int, *, ends: bool, has_cue: bool) -> tuple[float, ...]:
    """The values of OWN for one unit, `repeated` still 0."""
    head, first_part = text[:PATTERN_CHARS], text[:2000]
    cased = [word for word in words[1:200] if word[0].isupper() or word[0].islower()]
    commas = first_part.count(",") + first_part.count("，") + first_part.count("、")
    return (
        float(np.log1p(min(n_words, 120))),
        float(n_words >= 25),
        float(ends and n_words >= 8),
        float(text.endswith((":", "："))),
        float(np.log1p(min(8, commas))),
        sum(word[0].islower() for word in cased) / len(cased) if len(cased) > 1 else 0.5,
        float(SYMBOL.search(head) is not None),
        float(any(sign in head for sign in ADDRESS_SIGNS) and ADDRESS.search(head) is not None),
        float(n_words < 16 and DIGIT.search(head) is not None and has_day_or_time(head)),
        float(text[:1].islower()),
        0.0,
        float(has_cue and n_words < 12),
        float(has_cue and n_words >= 12),
        float(n_words <= 1),
    )


def has_day_or_time(text: str) -> bool:
    """Prints a day or a time of day."""
    return DAY.search(text) is not None or TIME.search(text) is not None


def has_cue_word(text: str, n_words: float) -> bool:
    """Says something that site chrome says."""
    if CUE.search(text[:200].lower()) is not None:
        return True
    return n_words < 8 and SHORT_CUE.search(text[:200]) is not None


def best_block(gains: Floats) -> tuple[int, int]:
    """First index and the one after the last of the run with the largest sum; (0, 0) where nothing is gained."""
    best = current = 0.0
    start = first = end = 0
    for index, gain in enumerate(gains.tolist()):
        if current <= 0:
            current, start = 0.0, index
        current += gain
        if current > best:
            best, first, end = current, start, index + 1
    return first, end


def page_facts(page_units: Sequence[Unit]) -> Page:
    """Form of every unit, prose, best block, topic affinity, repeats."""
    words = [WORD.findall(unit.text) for unit in page_units]
    n_words = np.array([word_count(u.text, w) for u, w in zip(page_units, words, strict=True)], float)
    cue = np.array([has_cue_word(unit.text, count) for unit, count in zip(page_units, n_words, strict=True)], bool)
    is_sentence = np.array([SENTENCE_END.search(unit.text[-40:]) is not None for unit in page_units], bool)
    own = np.array(
        [
            own_form(unit.text, unit_words, int(count), ends=bool(ends), has_cue=bool(has))
            for unit, unit_words, count, ends, has in zip(page_units, words, n_words, is_sentence, cue, strict=True)
        ]
    )
    folded = [fold(unit.text) for unit in page_units]
    printings = Counter(folded)
    repeats = np.array([printings[text] - 1 if text else 0 for text in folded], float)
    own[:, OWN.index("repeated")] = np.log1p(np.minimum(repeats, 20))
    is_prose = ((n_words >= SENTENCE_WORDS) & is_sentence) | (n_words >= PROSE_WORDS)
    weighed = np.minimum(n_words, 80.0) / (1.0 + repeats) * np.where(cue, 0.3, 1.0)
    # a short line costs 6 to 8 words: two paragraphs hold together over a teaser box of about ten lines
    block = best_block(np.where(is_prose, weighed, -6.0 - 2.0 * (n_words <= 2)))
    return Page(
        n_words, is_sentence, is_prose, cue, repeats, topic_affinity(words, is_prose, block), block, folded, own
    )


def topic_affinity(words: Sequence[Sequence[str]], is_prose: Bools, block: tuple[int, int]) -> Floats:
    """Share of each unit's topic words that other prose of the block has too."""
    inside = [is_prose[i] and block[0] <= i < block[1] for i in range(len(words))]
    vocabulary: Counter[str] = Counter()
    topics = [topic_words(unit_words) for unit_words in words]
    for unit_topics, is_inside in zip(topics, inside, strict=True):
        if is_inside:
            vocabulary.update(unit_topics)
    return np.array(
        [
            sum(vocabulary[word] > is_inside for word in unit_topics) / len(unit_topics) if unit_topics else 0.0
            for unit_topics, is_inside in zip(topics, inside, strict=True)
        ],
        float,
    )


def distance_since(marks: Bools) -> Floats:
    """Units since the last mark above (0 on it), 12 where there is none or it is further away."""
    index = np.arange(len(marks))
    last = np.maximum.accumulate(np.where(marks, index, -13))
    return np.minimum(index - last, 12).astype(float)


def mean_around(values: Floats, reach: int) -> Floats:
    """Mean of the values up to `reach` places before and after each, its own left out; 0 where it is alone."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    index = np.arange(len(values))
    start, end = np.maximum(0, index - reach), np.minimum(len(values), index + reach + 1)
    return np.asarray((sums[end] - sums[start] - values) / np.maximum(1, end - start - 1))


def place(page: Page, after_end: Bools) -> Floats:
    """(units, len(PLACE)): where a line stands."""
    index = np.arange(len(page.n_words))
    first, end = page.block
    short = page.n_words < SENTENCE_WORDS
    inside = (index >= first) & (index < end)
    below = np.log1p(np.maximum(0, index - end + 1)) if end else np.full(len(index), 3.0)
    above_it = np.concatenate([[False], page.is_prose[:-1]])
    below_it = np.concatenate([page.is_prose[1:], [False]])
    return np.column_stack(
        [
            inside,
            inside & short,
            below,
            np.log1p(distance_since(above_it)),
            np.log1p(distance_since(below_it[::-1])[::-1]),
            mean_around(page.is_prose.astype(float), 10),
            page.affinity,
            after_end,
        ]
    ).astype(float)


def around(logits: Floats, n_words: Floats) -> Floats:
    """(units, len(AROUND)): what the first scores say of the lines around each one."""
    scores = logistic(logits)
    likely = scores > 0.4
    index = np.arange(len(scores))
    # runs of likely lines, gaps of up to 2 lines bridged
    run = np.cumsum(likely & (distance_since(np.concatenate([[False], likely[:-1]])) > 2))
    mass = np.bincount(run, np.where(likely, scores * np.minimum(n_words, 120), 0))
    members = np.flatnonzero(likely & (run == mass.argmax()))
    first, last = (int(members[0]), int(members[-1])) if len(members) else (0, -1)
    return np.column_stack(
        [
            (np.concatenate([[0.0], scores[:-1]]) + np.concatenate([scores[1:], [0.0]])) / 2,
            mean_around(scores, 10),
            (index >= first) & (index <= last),
            np.log1p(np.maximum(0, index - last)),
        ]
    ).astype(float)


def logistic(logits: Floats) -> Floats:
    """Probabilities of log odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -30, 30))))


def after_end_mark(page_units: Sequence[Unit], page: Page) -> Bools:
    """Below a line that closes a story: a source line or an address of its own, with no large part of it to come."""
    marks = np.zeros(len(page_units), bool)
    prose_below = np.cumsum((page.is_prose * page.n_words)[::-1])[::-1]
    total = float(prose_below[0]) if len(page_units) else 0.0
    closed = False
    for index, unit in enumerate(page_units):
        marks[index] = closed
        if not closed and len(unit.text) <= PATTERN_CHARS and prose_below[index] < 0.3 * total:
            closed = SOURCE.fullmatch(unit.text) is not None or EMAIL.fullmatch(unit.text) is not None
    return marks


# Log odds, rounded from a logistic fit with signs held to what each feature means: on 487 text dumps of article pages
# (WCXB development pages, CC-BY-4.0; fundus test pages, MIT), each once whole and twice cut down to a short story in a
# short page. 4-gram F1 on 474 pages of other hosts .904, the rule of 8 words and a sentence end .837.
BASE = -3.27
WEIGHTS = {
    "length": 0.52,
    "long": 0.38,
    "finished sentence": 0.53,
    "colon end": 1.00,
    "commas": 0.32,
    "lower case": 0.88,
    "symbols": -0.45,
    "address": -0.52,
    "short date": -0.89,
    "lower start": 0.12,
    "repeated": -0.40,
    "cue word": -1.90,
    "cue in a sentence": -1.57,
    "one word": -0.41,
    "in the story block": 1.20,
    "short in the block": 1.00,
    "below the block": -0.04,
    "prose above": -0.20,
    "prose below": -0.37,
    "prose nearby": 0.45,
    "on topic": 1.55,
    "after the end mark": -1.23,
    # markup and votes: fitted on the same hosts' HTML, with the weights above held
    "markup": -0.5,
    "link text": -1.9,
    "heading": 1.1,
    "site frame": -3.1,
    "in the article": 0.4,
    "chrome class": -1.3,
    "story class": 1.1,
    "in the main text": 1.5,
    "not in the main text": -2.0,
}
AROUND_BASE, OWN_WEIGHT = -0.78, 0.78
AROUND_WEIGHTS = {
    "next lines": 1.23,
    "lines nearby": 0.23,
    "in the main run": 0.07,
    "below the main run": -0.04,
}

MARKUP = (
    "markup", "link text", "heading", "site frame", "in the article", "chrome class", "story class",
    "in the main text", "not in the main text",
)  # fmt: skip
FRAME = frozenset(("nav", "header", "footer", "aside", "form", "button", "select"))
CHROME_HINTS = frozenset(
    ("navigation", "footer", "related", "share", "comments", "sidebar", "overlay", "newsletter", "ad")
)
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
STORY_HINTS = frozenset(("story", "article_body"))


def markup_form(page_units: Sequence[Unit], votes: Sequence[bool] | None) -> Floats:
    """(units, len(MARKUP)): what markup and trafilatura's votes say; zeros for plain text."""
    form = np.zeros((len(page_units), len(MARKUP)))
    for index, unit in enumerate(page_units):
        vote = None if votes is None else votes[unit.lines[0]]
        form[index, 7:] = vote is True, vote is False
        markup = unit.first.markup
        if markup is not None:
            form[index, :7] = (
                1.0,
                markup.link_share,
                markup.tag in ("h2", "h3", "h4"),
                bool(markup.within & FRAME),
                bool(markup.within & {"article", "main"}),
                bool(markup.hints & CHROME_HINTS),
                bool(markup.hints & STORY_HINTS),
            )
    return form


def scored(lines: Sequence[Line], *, title: str | None, byline: str | None, votes: Sequence[bool] | None) -> Scores:
    """Role, score and evidence of every line, and the doubt about the page.

    `title` and `byline` are what the page's own metadata says, `votes` whether trafilatura has each line in its text;
    each may be None. Same lines, same answer; a page without lines has doubt 1.
    """
    page_units = units(lines)
    if not page_units:
        return Scores([], [], [], 1.0)
    page = page_facts(page_units)
    form = np.hstack([page.own, place(page, after_end_mark(page_units, page)), markup_form(page_units, votes)])
    contributions = form * np.array([WEIGHTS[name] for name in OWN + PLACE + MARKUP])
    own_logits = BASE + contributions.sum(axis=1)
    surroundings = around(own_logits, page.n_words) * np.array([AROUND_WEIGHTS[name] for name in AROUND])
    # rounded before anything decides, so that the last bit of a float never does
    scores = np.round(logistic(AROUND_BASE + OWN_WEIGHT * own_logits + surroundings.sum(axis=1)), 4)
    contributions = np.hstack([OWN_WEIGHT * contributions, surroundings])
    guess = Roles(page_units, page, scores, why(contributions, scores))
    guess.decide(title, byline)
    doubt = page_doubt(guess.scores, page.n_words)
    of_line = [index for index, unit in enumerate(page_units) for _ in unit.lines]
    return Scores(
        [guess.roles[index] for index in of_line],
        [round(float(guess.scores[index]), 4) for index in of_line],
        [guess.evidence[index] for index in of_line],
        doubt,
    )


def page_doubt(scores: Floats, n_words: Floats) -> float:
    """Words times min(p, 1 - p), as a share of words times p; at most 1, 4 decimals."""
    kept = float((n_words * scores).sum())
    unsure = float((n_words * np.minimum(scores, 1 - scores)).sum())
    return round(min(1.0, unsure / kept), 4) if kept > 0 else 1.0


def why(contributions: Floats, scores: Floats) -> list[str]:
    """For each unit the two features that weighed most on the side its score came out."""
    names = OWN + PLACE + MARKUP + AROUND
    sided = np.where((scores >= 0.5)[:, None], contributions, -contributions)
    top = np.argsort(-sided, axis=1, kind="stable")[:, :2]
    return [
        ", ".join(names[column] for column in columns if sided[row, column] > 0.05) or "nothing speaks for it"
        for row, columns in enumerate(top.tolist())
    ]


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
            elif self.scores[index] < 0.5 and len(unit.text) <= PATTERN_CHARS and is_menu(unit.text):
                self.set(index, "chrome", "form of a menu", ceiling=CHROME_SCORE)
            else:
                continue
            self.furniture.add(index)

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
        for index, folded in enumerate(self.page.folded):
            if folded == text:
                self.set(index, "title", evidence if index == headline else "the headline again")
        return headline

    def metadata_title(self, title: str) -> int | None:
        """First unit above the story's end that prints the metadata's title, or all of it but the outlet's name."""
        wanted = fold(title)
        n_wanted = len(wanted.split())
        for exact in (True, False):
            for index in range(min(len(self.units), self.last + 1 if self.last >= 0 else len(self.units))):
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
            above = self.page.folded[: self.first + 6].count(self.page.folded[index])
            markup = self.units[index].first.markup
            points = (
                2.0 * self.page.affinity[index]
                + 0.5 * min(2, above - 1)
                + 1.0 * (n_words >= 4 and self.is_printed_twice(index))
                + 0.5 * (n_words >= 4)
                + 2.0 * (markup is not None and markup.tag == "h1")
                + 0.3 * (index == 0)
                - 0.15 * np.log1p(self.first - index)
                - 0.5 * (n_words > 20)
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
        form = dict(zip(OWN, page.own[index], strict=True))
        markup = self.units[index].first.markup
        return bool(
            page.n_words[index] >= 6
            and (form["lower case"] >= 0.5 or page.is_sentence[index])
            and not (page.has_cue[index] or BULLET.match(text) or form["symbols"] or form["short date"])
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
