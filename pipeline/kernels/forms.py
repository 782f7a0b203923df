"""Forms of lines: what a byline, a date, a credit, a menu or a note of rights looks like; and cheap signs of them.

No word of any language is required: a form that knows none of a page's words says nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

import regex
from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from pipeline.kernels.patterns import deferred, deferred_regex
from pipeline.kernels.words import SENTENCE_END, words

BULLET = deferred_regex(r"(?:[•·‣▪●○*–—►▶›»>-]|\d{1,2}[.)])\s")
SYMBOL = deferred_regex(r"[|›»©®→▾•]")
ADDRESS = deferred_regex(r"https?://|\bwww\.|\w@\w|\.(?:com|org|net)\b")
EMAIL = deferred_regex(r"(?:[\p{L}-]{1,12}\s?:\s?)?[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,4}")
HIDDEN_EMAIL = "[email protected]"  # what Cloudflare shows in place of one

# Phrases that site chrome uses. A feature, never a verdict on their own; looked for in the first 200 characters, in
# lower case. `re`, since it takes 11 µs for a line here and `regex`, ignoring case, 28.
CUE = deferred(
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
SHORT_CUE = deferred_regex(
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
DAY = deferred_regex("|".join(rf"(?<!\d)(?:{form})(?!\d)" for form in DAY_FORMS))
TIME = deferred_regex(r"(?<!\d)\d{1,2}[:.h]\d{2}(?::\d{2})?(?:\.\d+)?(?:Z|\s?[ap]\.?m\b\.?)?(?!\d)", regex.IGNORECASE)

DIGIT = deferred_regex(r"\d")

NAME = r"\p{Lu}[\p{L}.'’-]*+(?:\s(?:(?:de|da|di|van|von|der|den|el|al|bin|la|le|y|e)\s)?\p{Lu}[\p{L}.'’-]*+){0,3}"
FULL_NAME = NAME.replace("{0,3}", "{1,3}")  # two words at least
NAMES = rf"{NAME}(?:(?:,|\s&|\s\p{{Ll}}{{1,3}}|,\s\p{{Ll}}{{1,3}})\s{NAME}){{0,4}}"
BY = deferred_regex(
    rf"(?:(?i:by|von|por|par|di|da|door|av|af|oleh|written\sby|reported\sby|text|texte|texto)\s*:?\s+(?P<names>{NAMES})"
    r"|(?i:editor|author|autor|autore|auteur|reporter|writer|redakteur|editör|muhabir)s?\s?[:：]\s?(?P<names>\S.{1,60}?))"
    r"(?:\s?[|,–—-].{0,60})?"
)
NAME_COUNT = deferred_regex(
    rf"(?P<names>{FULL_NAME})\s(?i:views?|reads?|hits|posts|followers|vues|aufrufe|visitas)(?:\s?:?\s?[\d.,]+)?"
)
NATIVE_BY = deferred_regex(
    r"(?P<names>\p{Hangul}{2,4})\s(?:\S{1,6}\s)?(?:기자|특파원)(?:\s.{0,40})?"
    r"|(?:记者|記者|文)\s?[/:：]?\s?(?P<names>\p{Han}{2,4})"
)
BARE_NAME = deferred_regex(NAME)

PICTURE = (
    r"(?:photos?|images?|pictures?|fotos?|fotografie|bild(?:er)?|video|credits?|사진|제공|写真|摄影|攝影|图片?|圖)"
)
CREDIT = deferred_regex(
    rf"[(（\[]\s?(?:[\w.]{{1,12}}\s){{0,3}}?{PICTURE}\b[^()（）\[\]]{{0,60}}[)）\]]\W{{0,3}}$"  # (Photo = The Herald)
    r"|[(（][^()（）=]{1,40}=[^()（）=]{1,40}[)）]$"  # a credit in a script the list does not know
    rf"|^(?:(?:file|stock|crédit)\s)?{PICTURE}(?:\scredits?|\sby|\scourtesy(?:\sof)?|\svon|\sde)?\s?[:：=/©]"
    r"|^photo\s(?:by|courtesy)\s"
    r"|\b(?:getty\simages|ap\sphoto|shutterstock|istock|picture\salliance|afp\svia\sgetty)\W{0,3}$",
    regex.IGNORECASE,
)
# "... in the old harbour. Photograph: Jane Holm/The Herald"; the words in any case, the name with a capital.
SAID_CREDIT = deferred_regex(
    r"(?:^|[.!?…:)”\"»]\s+)(?i:(?:file|stock|archive)\s)?"
    r"(?i:photo(?:s|graphs?|graphy)?|pictures?|images?|graphics?|illustrations?|fotos?|fotografie|fotografía|bild(?:er)?"
    r"|grafik|crédit|credit|imagen|imagem|immagine)(?i:\scredits?)?"
    r"\s?(?:[:：/©]\s?(?:©\s?)?|(?i:by|courtesy\sof|von|de|par|di)\s)\p{Lu}(?:(?<=\b\p{Lu})\.|[^.!?…]){1,60}\.?$"
)
NAMES_CREDIT = deferred_regex(
    r"[(（]\p{Lu}[^()（）/|]{1,40}\s?[/|]\s?\p{Lu}[^()（）]{1,40}[)）]"
)  # a line: (Holm / The Herald)
TAIL_CREDIT = deferred_regex(
    r"\S\s+[:|/©]\s*+(?:©\s*)?(?:\p{Lu}{2,6}|\p{Lu}[\p{L}.]{1,14}(?:\s\p{Lu}[\p{L}.]{1,14})?)$"
)
SOURCE = deferred_regex(
    r"(?:sources?|quellen?|fuentes?|fonte|fonti|kaynak|bron|kilde|källa|źródło|источник|출처|来源|來源|ソース)\s?[:：=]\s?\S.{0,60}",
    regex.IGNORECASE,
)

CONTRIBUTED = deferred_regex(
    r"\(?(?i:(?:with\s)?(?:additional\s)?reporting\sby|with\s(?:additional\s)?(?:files|material)\s(?:by|from)"
    r"|mit\smaterial(?:\s(?:von|der|des))?|con\sinformación\sde|com\sinformações\sd[aeo])"
    r"\s(?:\p{Ll}{1,3}\s)?\p{Lu}[^.!?]{1,100}[.)]*"
    r"|\(?(?i:avec)\s(?:l['’])?\p{Lu}{2,6}\)?"
    r"|\p{Lu}[^.!?]{1,100}\scontributed\s(?:to\sthis\s(?:report|story|article)|reporting)\."
)
RIGHTS = deferred_regex(
    r"[©ⓒ]|\(c\)\s?(?:19|20)\d\d|copyright\s*+(?:[©ⓒ:]|\(c\)|(?:19|20)\d\d|by\b|$)", regex.IGNORECASE
)
AD_LABEL = deferred_regex(
    r"\W*(?:advertisements?|advertising|sponsored|anzeige|werbung|publicidad|anuncio|publicité|pubblicità|publicidade"
    r"|advertentie|annons|reklame?|reklama|реклама|広告|광고|广告"
    r"|(?:story|article)\scontinues\s(?:below|after)(?:\s(?:this\s)?(?:advertisement|ad))?)\W*",
    regex.IGNORECASE,
)
# A box in the story that leads away from it: "READ MORE: Cannery to close", "One long read a week. Sign up".
AWAY = deferred_regex(
    r"(?i:read\s(?:more|also|next)|related(?:\s\p{L}+)?|see\salso|also\sread|don['’]t\smiss|lesen\ssie\s(?:auch|mehr)"
    r"|mehr\szum\sthema|(?:à\s)?lire\saussi|lea\stambién|te\spuede\sinteresar|leia\s(?:mais|também)|leggi\sanche"
    r"|lees\sook|läs\sockså|читайте\s(?:также|ещё))\s?[:：]\s?\S.*"
    r"|(?:.*[.!?…:|]\s+)?(?:Sign\sup|Subscribe|Read\smore|Jetzt\sabonnieren|Abonnez-vous|Suscríbete|Iscriviti|Inscreva-se)"
    r"(?:\s(?i:now|here|today))?\W{0,3}"
)
# What stands below a story and is none of it: who wrote it, where to write to, whose views they are, calls to follow.
NOTE = deferred_regex(
    rf"(?:.{{0,200}}[.!?…]\s+)?(?i:(?:you\scan\s)?(?:reach|contact|e-?mail|follow|write\sto))\s"
    rf"(?:(?i:him|her|them|us|me|the\s(?:author|reporter|writer|newsroom))|@\w+|(?:the\s)?{NAME})\s"
    r"(?i:at|on|by|via|for)\b.{0,160}"
    r"|(?i:the\s)?(?i:views|opinions)\s(?i:and\sopinions\s|expressed\s){0,2}(?i:in|here|are|by)\b.{0,240}"
    rf"|{FULL_NAME}\s(?:is|was)\s(?:an?|the)\s(?:[\p{{L}}-]+\s){{0,6}}"
    r"(?:reporter|writer|columnist|correspondent|journalist|editor|freelancer)\b.{0,240}"
    r"|(?i:this\s(?:story|article|column|report)\s(?:was\s(?:first|originally)|first|originally)\s(?:appeared|published|ran))\b.{0,160}"
    rf"|{FULL_NAME}\s(?:ist|war|est|es|è|é|är|er|jest)\s(?:[\p{{L}}-]+\s){{0,4}}"
    r"(?i:redakteur(?:in)?|reporter(?:in)?|korrespondent(?:in)?|journalist(?:in|en)?|volontär(?:in)?|journaliste"
    r"|rédact(?:eur|rice)|correspondante?|redactora?|periodista|corresponsal|giornalista|redat(?:tore|trice)"
    r"|corrispondente|jornalista|repórter|redatora?|correspondente|verslaggever|redacteur|dziennikar(?:z|ka)"
    r"|korrespondenten|reportern)\b.{0,240}"
    r"|(?:.{0,200}[.!?…]\s+)?(?i:schreiben\ssie|mailen\ssie|kontaktieren\ssie|écrivez|contactez|envoyez|escríba\p{L}*"
    rf"|escribe|contacte|scrivi\p{{L}}*|contatta\p{{L}}*|escreva|envie|mail\snaar)\b.{{0,160}}{EMAIL.pattern}\W{{0,3}}"
)
MENU_SIGN = deferred_regex(r"[|»›•▸→/>·]")
MENU_JOIN = deferred_regex(r"\s*+[|»›•▸→]\s*+|\s++[/>·]\s++")
DESK = deferred_regex(r"\p{Lu}.*\b(?i:desk|staff|newsroom|reporters?|correspondents?|redaktion|redacción|rédaction)")

TITLE_WORDS = 30  # a headline has no more
PATTERN_CHARS = 300  # role patterns look at lines up to this long
MENU_WORDS = 4  # an entry of a menu has no more; the last part of a breadcrumb, the page itself, may


def has_day(text: str) -> bool:
    """Prints a day."""
    return DIGIT.search(text) is not None and DAY.search(text) is not None


def has_day_or_time(text: str) -> bool:
    """Prints a day or a time of day."""
    return DIGIT.search(text) is not None and (DAY.search(text) or TIME.search(text)) is not None


def has_cue_word(text: str, n_words: float) -> bool:
    """Says something that site chrome says."""
    if CUE.search(text[:200].lower()) is not None:
        return True
    return n_words < 8 and SHORT_CUE.search(text[:200]) is not None


# What a line in lower case must hold for a form to fit it. A page is searched once for all of them, at a tenth of the
# cost of asking every form of every line; most lines of a page hold none. Signs stand apart by a space.
SIGNS = {
    "cue": (
        "abone abonn about advertis also anmelden app assine click close comentario comment compart condividi "
        "contact cookies copyright datenschutz facebook follow home icon- impressum inbox inicia inscri instagram "
        "iscriviti jump kommentar latest leggi leia lesen linkedin lire loading log mail main mehr mentions menu "
        "miss more must newsletter next partager pinterest podcast popular print privacy publicid publicit "
        "pubblicit puede recent recommended register registrieren related reserved search share sign skip subscri "
        "suscr también tap teilen telegram terms tiktok top trending twitter view whatsapp yorum youtube "
        "комментар подпис реклама читайте © 공유 구독 댓글 무단 저작권 ログイン 無断転載 版权所有 相关阅读 関連記事"
    ),
    "credit": (
        "afp bild credit crédit foto getty grafik graphi illustration imag immagin istock photo pictur "
        "shutterstock video = 사진 제공 写真 图 圖 摄影 攝影"
    ),
    "tail credit": ": | / ©",
    "source": "bron fonte fonti fuente kaynak kilde källa quelle source źródło источник 출처 ソース 来源 來源",
    "contributed": "avec contributed files informa material reporting",
    "rights": "copyright © ⓒ (c)",
    "label": "advert annons anunci anzeige continues publici pubblicit reklam sponsor werbung реклама 広告 광고 广告",
    "away": (
        "abonn also inscrev iscriv lea lees leggi leia lesen lire läs mehr miss puede read related see sign "
        "subscri suscr читайте"
    ),
    "menu": "| » › • ▸ → / > ·",
}


def signed_lines(texts: Sequence[str]) -> dict[str, set[int]]:
    """For each of SIGNS the numbers of the lines that hold one of them: no other line has the form."""
    finder, names = _finder()
    joined = "\n".join(texts)
    lowered = joined.lower()
    if len(lowered) != len(joined):  # "İ" in lower case is two signs
        texts = [text.lower() for text in texts]
        lowered = "\n".join(texts)
    ends = list(accumulate([len(text) + 1 for text in texts]))
    signed: dict[str, set[int]] = {name: set() for name in SIGNS}
    for sign, start, _ in finder.find_matches_as_indexes(lowered, overlapping=True):
        line = bisect_right(ends, start)
        for name in names[sign]:
            signed[name].add(line)
    return signed


@lru_cache(maxsize=1)
def _finder() -> tuple[AhoCorasick, list[list[str]]]:
    """A finder of all signs, and for each of them the forms it is a sign of."""
    names: dict[str, list[str]] = {}
    for name, signs in SIGNS.items():
        for sign in signs.split():
            names.setdefault(sign, []).append(name)
    finder = AhoCorasick(list(names), matchkind=MatchKind.Standard, implementation=Implementation.DFA)
    return finder, list(names.values())


def lower_share(text: str) -> float:
    """Share of the words after the first, of those that have a case, that begin in lower case; 0.5 of one or none."""
    cased = [word for word in words(text)[1:200] if word[0].isupper() or word[0].islower()]
    return sum(word[0].islower() for word in cased) / len(cased) if len(cased) > 1 else 0.5


def has_short_date(text: str, n_words: float) -> bool:
    """A line of less than 16 words with a day or a time of day."""
    head = text[:PATTERN_CHARS]
    return n_words < 16 and DIGIT.search(head) is not None and (has_day(head) or TIME.search(head) is not None)


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
    day = DAY.search(text[:PATTERN_CHARS]) if DIGIT.search(text) is not None else None
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
    if DIGIT.search(text) is None:
        return False
    rest, n_days = DAY.subn(" ", text)
    return n_days > 0 and len(words(TIME.sub(" ", rest))) <= 5
