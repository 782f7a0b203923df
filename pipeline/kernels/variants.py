"""Two written names: the same spelling, perhaps one person, or no reason to think so.

`fold` alone is certain enough to act on: one fold key, and the words cut at the same places. All else only proposes:
on 9 members of the Kim family every edit distance that finds the variants merges brothers (Jaro-Winkler .92: 90 of
1,216 cross pairs). The rules ask every word of the shorter name to have its counterpart in the longer one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rapidfuzz.distance import OSA

from pipeline.kernels.aliases import form_key
from pipeline.kernels.fold import fold_key
from pipeline.kernels.neighbours import POSSESSIVE, RELATIVES, SUFFIXES, TITLES
from pipeline.kernels.romanisation import korean_readings

Reason = Literal["fold", "romanisation", "respelling", "middle", "order", "joined", "particle"]

MIN_ONE_EDIT = 5  # letters of the shorter word from which one edit is a respelling: Nadal, but not Lee, Lei
MIN_TWO_EDITS = 8  # from which two are: Zaluzhnyi, Saluschnyj
MIN_JOINED = 9  # letters of a whole name that may be cut elsewhere and differ by one edit
PARTICLES = frozenset(
    [
        "al", "el", "bin", "ibn", "ben", "bint", "von", "van", "der", "den", "de", "da", "das", "do", "dos", "di",
        "del", "della", "la", "le", "ter", "abu", "ould",
    ]
)  # fmt: skip
HONORIFICS = TITLES | RELATIVES | frozenset(["haji", "hajji", "mullah", "maulana", "sayyid", "sayyed", "shaikh", "hon"])
SUFFIX_FORMS = {"junior": "jr", "senior": "sr"}
NICKNAMES = (
    "william bill will billy", "robert bob bobby rob", "richard rick dick rich", "james jim jimmy jamie",
    "joseph joe joey", "john jack johnny", "thomas tom tommy", "michael mike mick mikey", "charles charlie chuck",
    "edward ed eddie ted", "theodore ted teddy", "elizabeth liz beth betty", "katherine kate kathy katie kat",
    "catherine cathy kate", "bernard bernie", "benjamin binyamin benyamin ben bibi", "daniel dan danny",
    "david dave", "donald don", "gerald jerry", "jerrold jerry", "gregory greg", "jeffrey jeff", "joshua josh",
    "kenneth ken", "lawrence larry", "matthew matt", "nicholas nick nicolas", "patrick pat", "peter pete",
    "randall randy", "raymond ray", "ronald ron", "samuel sam", "stephen steve", "steven steve", "timothy tim",
    "zachary zach", "anthony tony", "andrew andy drew", "christopher chris", "douglas doug", "frederick fred",
    "alexander alex", "susan sue suzanne", "deborah debbie", "margaret maggie peggy", "henry hank", "eugene gene",
    "francis frank", "philip phil", "leonard len", "rudolph rudy", "valerie val", "jennifer jen", "clayton clay",
    "melanie mel", "abraham abe", "vladimir volodymyr", "nathaniel nate", "bradley brad", "cynthia cindy",
    "debra deb", "pamela pam", "barbara barb", "victoria vicky", "jonathan jon", "maximilian max", "salvatore sal",
    "lucille lucy", "augustus gus", "harold harry hal", "terence terry", "terrance terry", "leslie les",
    "russell russ",
)  # fmt: skip
# One sound as German, French and English write it in names from other scripts; longest first, then single letters.
SOUNDS = (
    ("schtsch", "sh"), ("shch", "sh"), ("tsch", "ch"), ("dsch", "j"), ("tch", "ch"), ("sch", "sh"), ("dzh", "j"),
    ("dj", "j"), ("zh", "j"), ("kh", "h"), ("gh", "g"), ("dh", "d"), ("th", "t"), ("ph", "f"), ("ck", "k"),
    ("ou", "u"), ("oo", "u"), ("ee", "i"), ("ei", "i"), ("ey", "i"), ("ai", "i"), ("ay", "i"),
)  # fmt: skip
SOUNDS_WITHOUT_H = tuple(pair for pair in SOUNDS if "h" not in pair[0])  # all that a word without h can have
LETTERS = str.maketrans({"q": "k", "x": "ks", "w": "v", "z": "s", "c": "k", "y": "i", "j": "i"})
DOUBLE = re.compile(r"(.)\1+")
NOT_VOWEL_H = re.compile(r"(?<=[^aiu])h")
QUOTED = re.compile(r"[\"“”][^\"“”]*[\"“”]|\([^)]*\)")
REVERSED = re.compile(r"([^,]+),\s*(.+)")
WORD_GAP = re.compile(r"[\s.,\-\u2010-\u2015\u2212]+")
PLAIN = re.compile(r"[A-Za-z .-]+")  # nine names in ten
PLAIN_GAPS = str.maketrans(".-", "  ")


@dataclass(frozen=True, slots=True)
class WrittenName:
    """A name taken apart: folded words without titles, the suffix, where the words were cut."""

    tokens: tuple[str, ...]
    suffix: str
    breaks: frozenset[int]  # letters before each gap
    is_turned: bool  # written with a comma, family name first
    script: str  # of its first letter: latin, or something else
    joined: str  # the words without gaps
    bare: tuple[str, ...]  # the words without particles, but for one that begins the name


@lru_cache(maxsize=200_000)
def written_name(name: str) -> WrittenName:
    """The parts of a name as a text or a list has it: `Smith, John`, `President Kim Jong-un’s`."""
    words, is_turned = (name.lower().translate(PLAIN_GAPS).split(), False) if PLAIN.fullmatch(name) else _words(name)
    while len(words) > 2 and words[0] in HONORIFICS:
        words.pop(0)
    suffix = SUFFIX_FORMS.get(words[-1], words[-1]) if len(words) > 2 and words[-1] in SUFFIXES else ""
    tokens = tuple(words[:-1] if suffix else words)
    _, breaks = form_key(" ".join(tokens))
    first = tokens[0][0] if tokens else ""
    bare = tuple(token for place, token in enumerate(tokens) if token not in PARTICLES or not place)
    return WrittenName(
        tokens, suffix, breaks, is_turned, "latin" if first < "\u0250" else "other", "".join(tokens), bare
    )


def _words(name: str) -> tuple[list[str], bool]:
    """The folded words, first name first, without possessive and nickname; whether the last was written first."""
    text = name.strip()
    cut = next((found.start() for found in POSSESSIVE.finditer(text) if found.end() == len(text)), len(text))
    text = QUOTED.sub(" ", text[:cut]) if QUOTED.sub("", text[:cut]).strip() else text[:cut]
    turned = REVERSED.fullmatch(text)
    is_turned = turned is not None and fold_key(turned.group(2)) not in SUFFIXES
    if turned and is_turned:
        text = f"{turned.group(2)} {turned.group(1)}"
    return [key for word in WORD_GAP.split(text) if (key := fold_key(word))], is_turned


def relation(left: str, right: str) -> Reason | None:
    """Why two written names may be one person's; None where nothing says so.

    `fold`: one fold key, no word cut across another. Names of different suffixes or scripts are never related.
    """
    one, other = written_name(left), written_name(right)
    if not one.tokens or not other.tokens or one.suffix != other.suffix or one.script != other.script:
        return None
    if one.joined == other.joined:
        if one.is_turned != other.is_turned:
            return "order"
        return "fold" if one.breaks <= other.breaks or other.breaks <= one.breaks else None
    if len(one.tokens) < 2 or len(other.tokens) < 2:
        return None
    if len(one.joined) == len(other.joined) and _are_turned(one.tokens, other.tokens):
        return "order" if ENGLISH.isdisjoint(one.tokens) else None
    if one.script != "latin":
        return None
    return _latin_relation(one, other)


def _latin_relation(one: WrittenName, other: WrittenName) -> Reason | None:
    korean = korean_readings(one.tokens)
    if korean and (other_korean := korean_readings(other.tokens)):
        return None if korean.isdisjoint(other_korean) else "romanisation"
    bare, other_bare = one.bare, other.bare
    if bare == other_bare:
        return "particle"
    if len(bare) < 2 or len(other_bare) < 2:
        return None
    if len(bare) == len(other_bare):
        alike = map(is_respelling, bare, other_bare)
        return "respelling" if all(alike) else None
    shorter, longer = (bare, other_bare) if len(bare) < len(other_bare) else (other_bare, bare)
    if _is_shortened(shorter, longer):
        return "middle"
    joined, other_joined = rough("".join(shorter)), rough("".join(longer))
    is_long = min(len(joined), len(other_joined)) >= MIN_JOINED
    return "joined" if is_long and OSA.distance(joined, other_joined, score_cutoff=1) <= 1 else None


def _are_turned(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether the family name goes from one end to the other: Kishida Fumio, Fumio Kishida; Jong Un Kim."""
    joined = "".join(other)
    return (
        sorted(one) == sorted(other) or "".join(one[1:] + one[:1]) == joined or "".join(one[-1:] + one[:-1]) == joined
    )


def _is_shortened(shorter: tuple[str, ...], longer: tuple[str, ...]) -> bool:
    """Whether the longer name has more middle names after those of the shorter one, or a first name before it."""
    if rough(shorter[-1]) != rough(longer[-1]):
        return False
    if longer[-len(shorter) :] == shorter:  # Hunter Biden, Robert Hunter Biden
        return True
    return all(is_respelling(left, right) for left, right in zip(shorter[:-1], longer, strict=False))


@lru_cache(maxsize=200_000)
def rough(token: str) -> str:
    """How a folded word of a name sounds, roughly: Schtschukin and Shchukin, Yevgeny and Jewgeni come close."""
    for letters, sound in SOUNDS if "h" in token else SOUNDS_WITHOUT_H:
        token = token.replace(letters, sound)
    token = DOUBLE.sub(r"\1", token.translate(LETTERS)).replace("o", "u").replace("e", "i")
    if "h" in token:
        token = NOT_VOWEL_H.sub("", token)
    return DOUBLE.sub(r"\1", token)


@lru_cache(maxsize=200_000)
def is_respelling(left: str, right: str) -> bool:
    """Whether two folded words may be one: equal, an initial, a nickname, or a few letters apart in sound."""
    if left == right:
        return True
    if len(left) == 1 or len(right) == 1:
        return left[0] == right[0]
    if right in NICKNAMES_OF.get(left, ()):
        return True
    return _sound_alike(left, right) and not _is_other_gender(left, right)


def _sound_alike(left: str, right: str) -> bool:
    sound, other_sound = rough(left), rough(right)
    if sound == other_sound:
        return True
    length = min(len(left), len(right))
    allowed = 2 if length >= MIN_TWO_EDITS else 1 if length >= MIN_ONE_EDIT else 0
    return allowed > 0 and OSA.distance(sound, other_sound, score_cutoff=allowed) <= allowed


def _is_other_gender(left: str, right: str) -> bool:
    """Mario and Maria, Petrov and Petrova, Navalny and Navalnaya."""
    if left[:-1] == right[:-1] and {left[-1], right[-1]} <= set("aeoi"):
        return not left[:-1].endswith("nk")  # Lukashenka is Lukashenko in Belarusian
    shorter, longer = sorted((left, right), key=len)
    return longer == f"{shorter}a" or (longer.endswith("aya") and longer[:-3] in (shorter[:-1], shorter[:-2]))


# First names of languages that never write the family name first: Paul Ryan is not Ryan Paul.
ENGLISH = frozenset(name for group in NICKNAMES for name in group.split()) | frozenset(
    [
        "adam", "alan", "brian", "bruce", "craig", "eric", "george", "jason", "justin", "karen", "keith", "kevin",
        "laura", "linda", "mark", "mary", "nancy", "paul", "ryan", "sarah", "scott", "sean",
    ]
)  # fmt: skip
NICKNAMES_OF: dict[str, set[str]] = {}  # a name and all of its groups
for _group in NICKNAMES:
    for _name in _group.split():
        NICKNAMES_OF.setdefault(_name, set()).update(_group.split())
