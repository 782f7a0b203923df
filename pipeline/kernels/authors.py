"""Who wrote it: names in bylines and author fields, without "By", titles, places, addresses; persons before desks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from itertools import islice

from pipeline.kernels.agencies import AGENCIES
from pipeline.kernels.patterns import deferred

N_AUTHORS = 20
NAME_LENGTH = 80  # characters; what is longer is a sentence
N_WORDS = 6  # in a name; "Xosé Manuel Pereiro de la Torre" has six

MARKUP = deferred(r"<[^<>]{0,300}>")
ASIDE = deferred(r"\([^()]{0,80}\)|\[[^\[\]]{0,80}\]|\S{1,64}@\S{1,80}\.\w{2,10}|(?<!\w)@\w{1,40}|https?:\S{0,200}")
_GENRE = (
    r"(?:(?:ein|eine|an?|un|una|une)\s)?(?:kommentar|kolumne|analyse|interview|gastbeitrag|essay|reportage|bericht|"
    r"analysis|opinion|comment|column|review|words|story|report|written|posted|published|reporting|escrito|publicado|"
    r"écrit|rédigé|geschrieben|verfasst|scritto|skrevet|skriven|geschreven|ditulis|texte?|texto|testo|tekst)"
)
BY = deferred(
    rf"^(?:(?:{_GENRE}\s)?(?:by|von|vom|par|por|di|af|av|door|oleh|przez|от|автор)(?:\s*:\s*|\s+)"
    r"|(?:text|texte|texto|testo|tekst|autor|autora|autorin|autoren|auteur|autore|author|authors|penulis|yazan|"
    r"reporter|reportero|written by|words|文|記者|取材・文|기자)\s*[:：]\s*)",
    re.IGNORECASE,
)
LABEL = deferred(
    r"^(?:foto|photo|picture|bild|video|fotograf|illustration|grafik|redigering|editor|editing)\w*\s*[:：]",
    re.IGNORECASE,
)
# Between names; a slash, a dash and a bar between a name and its agency.
BREAK = deferred(r"\s*[;|•·、，]\s*|\s*/\s*|,\s+|\s+[-–—]\s+|,?\s+(?:and|und|&|og|och|with|mit|avec|ja|ve|dan|и)\s+")
# The same, but in some names too (Ortega y Gasset): they part only what is a name of two words on both sides.
SHORT_BREAK = deferred(r"\s+(?:y|e|et|en|i|a|con)\s+")
INITIALS = deferred(r"[a-zäöü]{2,4}")  # of a writer or a region, beside an agency
HEIRS = deferred(r",\s+(?=(?:Jr|Sr|II|III|IV)\b)")
PLACE = deferred(r"(?<=\w\s)(?:in|aus|from)\s[A-ZÀ-Ý].*$")
NATIVE_ROLE = deferred(r"\s*(?:記者|记者|기자|특파원|特派員|編集委員)$")
WORD = deferred(r"[^\W\d_]+(?:['’.-][^\W\d_]+)*\.?")
CJK = deferred(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
TOP_LEVEL = deferred(
    r"\.(?:com|org|net|de|at|ch|lu|fr|es|it|nl|be|dk|no|se|fi|is|pl|cz|ru|tr|in|jp|cn|vn|id|co|uk|au|za|ca|tv|info|news|online)\b"
)
NOT_SIGNS = deferred(r"[\W_]+")
ARTICLES = deferred(r"^(?:the|der|die|das|el|la|le|il|de|les|los)\s+")

_ROLES = (
    "journalist journalistin redakteur redakteurin reporter reporterin korrespondent korrespondentin "
    "correspondent editor writer columnist kolumnist kolumnistin autor autorin author contributor producer "
    "analyst fotograf photographer volontär volontärin praktikantin chefredakteur ressortleiter redaktionsleiter "
    "corresponsal periodista redactor redactora journaliste correspondant correspondante giornalista inviato "
    "freelance publizist expert director professor skribent journalisten reporterka enviado enviada"
)
ROLES = frozenset(_ROLES.split())
_DESKS = (
    "staff desk team newsroom news agency agencies agenturen agentur agencia agencias agenzie agences ajansı "
    "haber redaktion onlineredaktion redaktionen redaktionsteam redazione redacción redaccion rédaction redactie "
    "redakcja redakce toimitus editorial editors reporters correspondents writers admin administrator webmaster "
    "developer online press presse magazin magazine zeitung verlag gmbh kg ag ltd inc llc media medien group tv "
    "radio service dienst pressestelle network publishing publications newspaper newspapers journal"
)
DESKS = frozenset(_DESKS.split())
LEGAL = frozenset(("gmbh", "kg", "ltd", "inc", "llc", "verlag"))  # of a firm, whose name has "and" in it
CJK_DESK = deferred(
    r"新聞|新闻|通信|通訊|通讯|日報|日报|編集部|编辑部|オンライン|報導|뉴스|신문|편집|Web$|社$|网$|網$|現代$"
)
_PARTICLES = (
    "von van der den de del della di da do dos das du la le el al bin ibn ben bint zu zum zur af av y e i ter ten "
    "und mc mac st san"
)
PARTICLES = frozenset(_PARTICLES.split())
# A line of this begins no name.
_OTHERS = (
    "about all also by contact copyright follow join latest more please posted published read see share show sign "
    "subscribe updated view written mehr alle folgen artikel über zur zum kommentar teilen aktualisiert leer más "
    "ver todos lire voir plus tous leggi altri meer lees läs les last first our this your min minute reading uhr"
)
OTHERS = frozenset(_OTHERS.split())


def chosen_authors(sources: Iterable[Sequence[str]], house: Collection[str]) -> list[str]:
    """The persons of the first source that names any; else its desks and agencies; else the house.

    `sources` are values of author fields or printed bylines, the most trusted first, and are looked at one by one;
    `house` holds the keys (`house_key`) of the site's names.
    """
    seen: list[list[str]] = []
    for values in sources:
        names = list(islice(_unique(name for value in values for name in names_in(value)), N_AUTHORS))
        persons = [name for name in names if is_person(name) and not is_house(name, house)]
        if persons:
            return persons
        seen.append(names)
    others = ([name for name in names if not is_house(name, house)] for names in seen)
    return next((names for names in [*others, *seen] if names), [])


def _unique(names: Iterable[str]) -> Iterable[str]:
    """The names, each in its first writing, or in a later one that is not all capitals or all small letters."""
    by_key: dict[str, str] = {}
    for name in names:
        key = name.casefold()
        held = by_key.setdefault(key, name)
        if (held.isupper() or held.islower()) and not (name.isupper() or name.islower()):
            by_key[key] = name
    return by_key.values()


def names_in(byline: str) -> list[str]:
    """The names in one field or printed line; nothing for addresses, figures and credits of pictures."""
    plain = MARKUP.sub(" ", unicodedata.normalize("NFC", byline))
    alone = plain.strip(" ()[]")
    text = alone if is_agency(alone.partition("/")[0]) else ASIDE.sub(" ", plain)  # (dpa), (dpa/lno)
    text = HEIRS.sub(" ", BY.sub("", " ".join(text.split()).strip(" ,;|/-–—")))
    if LABEL.match(text) or not text:
        return []
    if _has_word(text, LEGAL):
        return [text]
    parts = [part for part in (_name(part) for part in BREAK.split(text)) if part]
    if len(parts) == 2 and text.count(",") == 1 and all(_is_one_word(part) for part in parts) and not _known(parts):
        return [f"{parts[1]} {parts[0]}"]  # You, Xiaoying
    parts = [name for part in parts for name in _parted(part)]
    if any(not _is_one_word(part) and is_person(part) for part in parts):
        parts = [part for part in parts if not _is_one_word(part)]  # a place, a role, an agency beside a full name
    if any(map(is_agency, parts)):
        parts = [part for part in parts if is_agency(part) or not INITIALS.fullmatch(part)]  # dpa/lno
    return [part for part in parts if len(parts) == 1 or not _has_word(part, ROLES)]


def is_agency(name: str) -> bool:
    """It is a news agency as it signs."""
    return name.casefold() in AGENCIES


def _name(part: str) -> str:
    bare = NATIVE_ROLE.sub("", PLACE.sub("", BY.sub("", part.strip(" ,.:;|/-–—'\"")))).strip(" ,:;|/-–—")
    return bare if len(bare) <= NAME_LENGTH and any(char.isalpha() for char in bare) else ""


def _parted(part: str) -> list[str]:
    pieces = SHORT_BREAK.split(part)
    return pieces if len(pieces) > 1 and not any(_is_one_word(piece) for piece in pieces) else [part]


def _is_one_word(name: str) -> bool:
    """Without a space and in an alphabet; Chinese and Japanese names have none."""
    return " " not in name and not CJK.search(name)


def _known(parts: Iterable[str]) -> bool:
    return any(is_agency(part) or _has_word(part, DESKS) or _has_word(part, ROLES) for part in parts)


def _has_word(text: str, words: Collection[str]) -> bool:
    return any(word in words for word in NOT_SIGNS.split(text.casefold()))


def is_person(name: str) -> bool:
    """It may be somebody's name: no desk, no agency, no role by its words."""
    folded = name.casefold()
    return not (
        is_agency(name)
        or folded.startswith(("dpa-", "afp-", "ap-"))
        or _has_word(folded, DESKS)
        or _has_word(folded, ROLES)
        or CJK_DESK.search(name)
        or TOP_LEVEL.search(folded)
    )


def looks_like_name(text: str) -> bool:
    """It has the form of a person's full name: two words or more that begin with capitals, or a few CJK signs."""
    if CJK.search(text):
        return len(text.replace(" ", "")) <= 6 and is_person(text)
    words = text.split()
    return bool(
        2 <= len(words) <= N_WORDS
        and len(text) <= NAME_LENGTH
        and all(WORD.fullmatch(word) for word in words)
        and words[0].casefold() not in OTHERS
        and words[-1][0].isupper()
        and all(word[0].isupper() or word in PARTICLES for word in words)
        and is_person(text)
    )


def house_key(name: str) -> str:
    """What a name of the house is compared by: letters and digits without article, ending and words for desks."""
    bare = ARTICLES.sub("", TOP_LEVEL.sub("", unicodedata.normalize("NFKC", name).casefold()))
    words = [word for word in NOT_SIGNS.split(bare) if word]
    core = "".join(word for word in words if word not in DESKS and word not in ROLES)
    return core or "".join(words)


def is_house(name: str, house: Collection[str]) -> bool:
    """It is a name of the house: all of it, or it begins with it and goes on in capitals (MDR SACHSEN-ANHALT)."""
    key = house_key(name)
    if key in house:
        return True
    first, _, rest = name.partition(" ")
    return house_key(first) in house and (rest.isupper() or _has_word(rest, DESKS))
