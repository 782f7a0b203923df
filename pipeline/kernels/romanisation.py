"""Korean names in Latin letters: spellings that the romanisations in use could give one Korean name.

Outlets mix Revised Romanisation, McCune-Reischauer and private spellings: Jeong, Chong, Jung, Chung are one syllable.
Syllables are compared by class, never by edit distance: `Kim Jong Un` and `Kim Jong Il` differ by two letters, `Choi
Kyung-hwan` and `Choi Gyung-hwan` are two men of one class. So a class only proposes.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import chain, product

# Family names by the Korean name they stand for; a spelling of two names stands with the commoner one.
FAMILIES = (
    "lee yi ri rhee i li", "park pak bak", "choi choe chwe", "jung jeong chung chong cheong jong", "cho jo",
    "kang gang", "yoon yun", "jang chang", "lim im rim", "oh o", "seo suh so", "shin sin", "kwon gwon", "ahn an",
    "ryu yoo yu", "jeon jun chun chon", "ko go koh", "moon mun", "son sohn", "bae pae", "baek paek back",
    "heo hur ho huh", "roh noh no ro", "sung seong song", "joo chu ju", "woo u wu", "koo ku gu", "jin chin",
    "gil kil", "byun byon pyon", "thae tae", "kim gim", "han", "hwang", "hong", "yang", "nam", "sim shim", "ha",
    "kwak gwak", "cha", "min", "na ra", "ji chi", "um eom om", "chae", "won", "cheon", "bang pang", "kong gong",
    "hyun hyon", "ham", "yom yeom", "ban pan", "pyo", "do to", "hwangbo", "namgung", "ki gi", "myung myong", "ok",
    "eun un",
)  # fmt: skip
FAMILY_CLASS = {spelling: number for number, group in enumerate(FAMILIES) for spelling in group.split()}

SYLLABLE = re.compile(
    r"(kk|gg|kh|k|g|n|tt|dd|d|th|t|r|l|m|pp|bb|ph|p|b|ss|sh|s|jj|j|tch|ch|c|h)?"
    r"(yeo|yae|yoo|you|yu|ya|ye|yo|yi|y|woo|wae|weo|wa|wo|we|wi|eui|eou|eo|eu|ei|ee|ae|ai|oe|oh|oo|ou|oi|ui|uh|u|a|e|i|o)"
    r"(ng|nh|n|lk|ll|l|rn|r|ck|k|g|m|p|b|t|s|h)?"
)
ONSETS = {
    "kk": "k", "gg": "k", "kh": "k", "g": "k", "tt": "t", "dd": "t", "d": "t", "th": "t", "pp": "p", "bb": "p",
    "b": "p", "ph": "p", "ss": "s", "sh": "s", "jj": "c", "j": "c", "tch": "c", "ch": "c", "r": "l",
}  # fmt: skip
# o stands for the vowels eo, o, u and eu, which each romanisation draws elsewhere: Jong, Jeong, Jung.
VOWELS = {
    "eo": "o", "u": "o", "oo": "o", "ou": "o", "eu": "o", "uh": "o", "oh": "o", "eou": "o", "ai": "e", "ae": "e",
    "ei": "e", "oe": "e", "oi": "e", "ee": "i", "ui": "i", "eui": "i",
}  # fmt: skip
CODAS = {"g": "k", "ck": "k", "lk": "k", "b": "p", "r": "l", "ll": "l", "rn": "n", "nh": "n", "h": ""}


Reading = tuple[int, tuple[str, ...]]  # class of the family name, those of the given name's syllables


@lru_cache(maxsize=65_536)
def syllable_class(syllable: str) -> str | None:
    """The class of a folded romanised syllable; None where it is none."""
    found = SYLLABLE.fullmatch(syllable)
    if not found:
        return None
    onset, vowel, coda = found.group(1) or "", found.group(2), found.group(3) or ""
    glide = "y" if vowel[0] == "y" and vowel not in ("y", "yi") else "w" if vowel[0] == "w" and vowel != "woo" else ""
    core = {"woo": "u", "yoo": "u", "you": "u", "y": "i"}.get(vowel) or vowel.lstrip("yw") or "i"
    return ONSETS.get(onset, onset) + glide + VOWELS.get(core, core) + CODAS.get(coda, coda)


def syllable_readings(token: str) -> list[tuple[str, ...]]:
    """The classes of a folded given name of one or two syllables, by every way to cut it: jong-un, jon-gun."""
    whole = syllable_class(token)
    readings: list[tuple[str, ...]] = [] if whole is None else [(whole,)]
    for cut in range(2, len(token) - 1):
        first, second = syllable_class(token[:cut]), syllable_class(token[cut:])
        if first is not None and second is not None:
            readings.append((first, second))
    return readings


@lru_cache(maxsize=65_536)
def korean_readings(tokens: tuple[str, ...]) -> frozenset[Reading]:
    """The folded words of a name read as Korean, family name first or last; none where they cannot be.

    Two names that share a reading may be one.
    """
    readings: set[Reading] = set()
    if not 2 <= len(tokens) <= 3:
        return frozenset()
    for family, given in ((tokens[0], tokens[1:]), (tokens[-1], tokens[:-1])):
        if family in FAMILY_CLASS:
            for parts in product(*map(syllable_readings, given)):
                syllables = tuple(chain.from_iterable(parts))
                if len(syllables) <= 2:
                    readings.add((FAMILY_CLASS[family], syllables))
    return frozenset(readings)
