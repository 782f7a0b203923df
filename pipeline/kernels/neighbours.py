"""What stands beside a name: words that make it part of another name, a title, the start of a sentence, an address.

The word lists are English, with the commonest institution words of other languages; where they know nothing, a name
is left as it is. They only ever take a reading away, never add one.
"""

from __future__ import annotations

import re


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# A person's name before one of these is the name of something else: Kim Il Sung University, Shaw Prize.
INSTITUTIONS = _words(
    "university universität universite université universidad università universiteit square stadium airport academy "
    "institute institut foundation fundación prize award awards street road avenue boulevard bridge center centre "
    "library hospital museum mausoleum park memorial monument statue college school academie highway expressway "
    "county city doctrine mountain mount peak medal order cup trophy hall house tower towers plaza place district "
    "province ship carrier class cemetery committee guard corps league union company group organization organisation "
    "hotel hotels resort resorts theatre theater stadion flughafen platz straße strasse preis stiftung fellowship "
    "chair lecture lectures presidential intercontinental international elementary"
)
# ... and after one of these: USS George Washington, Université Pierre Curie.
INSTITUTIONS_BEFORE = _words(
    "uss hms université universidad università universidade aeropuerto aéroport plaza piazza place rue calle via lycée "
    "instituto institut hospital estadio stade fort mount"
)
TITLES = _words(
    "president prime minister premier foreign chairman chairwoman chair leader king queen emperor prince general gen "
    "marshal admiral senator sen representative rep congressman congresswoman mr dr prof professor sir lord pope "
    "chancellor secretary governor gov mayor ambassador envoy comrade capt captain col colonel lt major ayatollah "
    "sheikh imam reverend rev cardinal bishop judge justice candidate spokesman spokeswoman vice former late director "
    "chief defence defense finance daw bogyoke u presidente président präsident kanzler bundeskanzler ministro "
    "ministre pm fm mp ceo mep republican democrat democratic conservative president-elect secretary-general"
)
# Titles of languages that put them together and decline them: US-Präsidenten, Kremlchef, Außenministerin.
TITLE_ENDINGS = (
    "minister", "ministerin", "ministern", "ministers", "präsident", "präsidenten", "präsidentin", "kanzler",
    "kanzlers", "kanzlerin", "chef", "chefs", "chefin", "sekretär", "-president",
)  # fmt: skip
# Titles that say which of several bearers is meant, or speak of a relative: the table of people cannot follow them.
RELATIVES = _words("mrs ms miss madam madame lady princess mme frau señora")
DAYS = _words(
    "monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun january february march april "
    "may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec"
)
SUFFIXES = _words("jr sr junior senior ii iii iv")
# Words that open a sentence and are nobody's first name.
OPENERS = _words(
    "a about according after again against ahead all also although although amid among an and another any as asked at "
    "back because before behind below besides beyond both but by can could despite did does during each earlier even "
    "ever every few finally first following for from further given had has have he hence her here his how however if "
    "in indeed instead is it its just last later like many may meanwhile more moreover most much my nearly neither "
    "never nevertheless next no none nonetheless nor not now of off often on once one only or other our out outside "
    "over perhaps rather recently said second separately several she should since so some soon still such tell than "
    "that the their then there these they this those though three through thus to today together tomorrow tonight too "
    "toward towards two under unless unlike until up upon was we were what when where whereas whether which while who "
    "whom whose why will with within without would yesterday yet you"
)
# Adjectives of nation, and names of countries used as such: no first name when they stand before a name.
NATIONS = _words(
    "korean korea japanese japan chinese china american america us russian russia british britain uk french france "
    "german germany italian italy israeli israel palestinian iranian iran iraqi iraq syrian syria turkish turkey "
    "ukrainian ukraine belarusian belarus indian india pakistani pakistan indonesian vietnamese vietnam thai burmese "
    "taiwanese taiwan singaporean singapore egyptian egypt saudi libyan libya brazilian brazil mexican mexico "
    "venezuelan venezuela canadian canada australian australia european spanish spain polish poland dutch greek "
    "south north east west southern northern western eastern african asian"
)

SPACE = r"[^\S\n]"
NEXT = re.compile(rf"{SPACE}{{1,2}}([^\W\d_](?:[\w’'-]*\w)?)")
BEFORE = re.compile(rf"((?:[^\W\d_]\.)|(?:[^\W\d_][\w’'-]*\.?)){SPACE}{{1,2}}$")
SENTENCE_START = re.compile(r"(?:^|[.!?:;…]|[“”\"‘«(\[|–—•*>-])\s*[“\"‘«(\[]?$")
SENTENCE_END = re.compile(r"[.!?…。！？]['\"”’»)\]]*\s*$")
LONG_WORD = re.compile(r"[^\W\d_]{4,}")
POSSESSIVE = re.compile(r"['’ʼ´`＇](?:s|S)?(?!\w)")
ADDRESS = re.compile(r"://|www\.|[@#\\_]|\w/|=|\.(?:html?|php|aspx?|jpe?g|png|gif|webp|txt|pdf|com|org|net)\b")
ELIDED = re.compile(r"^\w{1,2}['’]")  # l’Université
HYPHENATED = re.compile(r"[-\u2010\u2011]([^\W\d_]+)")
ADDRESS_CHARS = 500  # of an address looked at on each side
CONTEXT = 80  # characters looked at on each side; longer than any title and first name


def next_words(text: str, end: int) -> list[str]:
    """Up to 4 words that follow at `end` with nothing but a space between; none after a possessive."""
    words: list[str] = []
    while len(words) < 4 and (found := NEXT.match(text, end)):
        words.append(found.group(1))
        end = found.end()
    return words


def word_before(text: str, start: int) -> tuple[str, bool]:
    """The word before `start` with only a space between, '' where none; and whether it opens a sentence.

    A full stop ends a sentence unless the word is an initial or a title: Mr. Moon, J. Moon, but `saw Hui. Moon`.
    """
    left = text[max(0, start - CONTEXT) : start]
    found = BEFORE.search(left)
    if not found:
        return "", False
    word = found.group(1)
    if len(word) > 2 and word.endswith(".") and not is_title(word) and word.rstrip(".").casefold() not in RELATIVES:
        return "", False
    return word, SENTENCE_START.search(left[: found.start()]) is not None


def opens_sentence(text: str, start: int) -> bool:
    """Whether a sentence, a quotation or a line starts at `start`."""
    return SENTENCE_START.search(text[max(0, start - CONTEXT) : start]) is not None


def is_headline(text: str) -> bool:
    """Whether capitals say nothing here: more than 60 % of the longer words have one, and no full stop at the end."""
    if text.isupper():
        return LONG_WORD.search(text) is not None
    if SENTENCE_END.search(text[-40:]):
        return False
    words: list[str] = LONG_WORD.findall(text)
    n_capital = sum(word[0].isupper() for word in words)
    return n_capital > 0.6 * len(words)


def is_title(word: str) -> bool:
    """Whether the word before a name is a title, a day or an adjective of nation, and not a part of the name."""
    key = word.rstrip(".").casefold().removesuffix("’s").removesuffix("'s")
    return key in TITLES or key in DAYS or key in NATIONS or key.endswith(TITLE_ENDINGS)


def is_address(text: str, start: int, end: int) -> bool:
    """Whether text[start:end] lies in a URL, an e-mail address, a handle, a tag, a file name or a slug."""
    left, right = start, end
    while left > 0 and not text[left - 1].isspace() and start - left < ADDRESS_CHARS:
        left -= 1
    while right < len(text) and not text[right].isspace() and right - end < ADDRESS_CHARS:
        right += 1
    before, after = text[left:start], text[end:right]
    if ADDRESS.search(before) or ADDRESS.search(after) or after.startswith("/") or before.endswith("/"):
        return True
    is_one_token = not any(char.isspace() for char in text[start:end])
    if not is_one_token or "-" not in text[start:end]:
        return False
    follows = HYPHENATED.match(after)
    return before.endswith("-") or (follows is not None and follows.group(1).casefold() not in INSTITUTIONS)


def names_institution(text: str, start: int, end: int, veto: frozenset[str], *, headline: bool) -> bool:
    """Whether the name in text[start:end] is part of an institution's or a place's name.

    The words after it are looked at as long as they are capitalised, in headlines only the first; `veto` adds to the
    list. `-Universität` counts, and a ship's `USS` before it.
    """
    before, _ = word_before(text, start)
    before = ELIDED.sub("", before)
    if before[:1].isupper() and before.casefold() in INSTITUTIONS_BEFORE:
        return True
    hyphenated = HYPHENATED.match(text, end)
    words = [hyphenated.group(1)] if hyphenated else next_words(text, end)
    for count, word in enumerate(words):
        if not word[0].isupper() or (headline and count):
            return False
        key = word.casefold()
        if key in INSTITUTIONS or key in veto:
            return True
        if key in DAYS:
            return False
    return False
