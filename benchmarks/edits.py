"""Three paragraphs and what newsrooms do to a paragraph they take over, by severity.

0: typography. 1: also spelling, house style, dateline or credit. 2: also another attribution, a figure, a slip of the
keyboard, and other words for one in twelve.
"""

from __future__ import annotations

import re
from random import Random

TEXTS = (
    "LINDHAVEN, Norway (AP) — The harbor authority said Tuesday it would close the northern terminal of Lindhaven for"
    " at least 11 weeks after engineers found cracks in 23 of the 40 pillars that carry the main pier, a decision "
    "that cuts off ferry service to four islands and leaves about 6,200 people dependent on a supply boat that runs "
    "twice a week. “We have looked at every other way and there is none,” said Marit Solberg, the authority’s "
    "director.",
    "A court in the coastal city of Port Alder ordered the mining company Norvane on Thursday to pay $48 million to "
    "the families of 17 workers who died when a storage hall collapsed during a storm in 2019, ruling that managers "
    "had ignored three separate warnings about the roof. Lawyers for the company said they would appeal the decision,"
    " while relatives who had waited outside since early morning began to sing when the news reached the street.",
    "Health officials in the Tarrow valley have asked residents to boil their drinking water until further notice "
    "after tests showed traces of a solvent in 9 of 31 wells near the former airfield at Kestrel Point. The ministry "
    "said that children and pregnant women should use bottled water, which the army will begin to hand out on "
    "Saturday at 14 schools, and that nobody had been treated for poisoning so far. The source of the spill is still "
    "being sought.",
)

_SPELLINGS = (
    ("harbor", "harbour"), ("center", "centre"), ("labor", "labour"), ("neighbor", "neighbour"),
    ("program", "programme"), ("organize", "organise"), ("defense", "defence"), ("traveled", "travelled"),
)  # fmt: skip
_STYLES = (
    (r"\bsaid (\w+day)\b", r"said on \1"), (r"\bon (\w+day)\b", r"\1"), (r"\$(\d+) million\b", r"$\1m"),
    (r"\bthree\b", "3"), (r"\bfour\b", "4"), (r"\btwice a week\b", "two times a week"), (r"(\d),(\d{3})\b", r"\1\2"),
    (r"\babout\b", "some"), (r"\bNorway\b", "NORWAY"),
)  # fmt: skip
_SYNONYMS = {
    "said": "stated", "began": "started", "begin": "start", "about": "around", "after": "following",
    "found": "discovered", "decision": "ruling", "people": "residents", "residents": "people", "while": "whereas",
    "asked": "urged", "showed": "revealed", "company": "firm", "pay": "hand over", "main": "principal",
    "during": "amid", "died": "perished", "warnings": "alerts", "children": "youngsters", "use": "drink",
    "hand": "give", "treated": "admitted", "still": "yet", "near": "close to", "former": "old", "close": "shut",
    "service": "traffic", "looked": "searched", "decided": "chose", "ordered": "told", "families": "relatives",
    "relatives": "families", "ignored": "disregarded", "morning": "dawn", "carry": "support", "until": "till",
    "further": "additional", "nobody": "no one", "leaves": "makes", "early": "the early",
}  # fmt: skip
_CITIES = ("LINDHAVEN", "PORT ALDER", "TARROW", "OSTMARK", "VELLINGE", "KIRKBY")
_AGENCIES = ("AP", "Reuters", "AFP", "dpa", "UPI")
_CREDITS = ("{}, {} reported.", "{} ({})")
_ATTRIBUTIONS = ("said in a statement", "told reporters", "added", "told a news conference")


def edited(text: str, severity: int, chance: Random) -> str:
    """The text as another newsroom of that severity, 0 to 2, prints it."""
    if severity >= 1:
        text = _in_house_style(_with_new_frame(text, chance), chance)
    if severity >= 2:
        text = _rewritten(text, chance)
    return _in_other_type(text, chance)


def _in_other_type(text: str, chance: Random) -> str:
    if chance.random() < 0.5:
        text = text.translate(str.maketrans("“”’", '""\''))
    if chance.random() < 0.5:
        text = text.replace("—", "--")
    if chance.random() < 0.4:
        text = text.replace(" ", "\u00a0", chance.randrange(1, 4))
    return text + ("\u200b" if chance.random() < 0.2 else "")


def _with_new_frame(text: str, chance: Random) -> str:
    bare = re.sub(r"^[A-Z][A-Za-z, ]+ \(\w+\) — ", "", text)
    frame = chance.randrange(4)
    if frame == 0:
        return f"{chance.choice(_CITIES)} ({chance.choice(_AGENCIES)}) — {bare}"
    if frame == 1:
        return chance.choice(_CREDITS).format(bare.rstrip("."), chance.choice(_AGENCIES))
    return bare if frame == 2 else text


def _in_house_style(text: str, chance: Random) -> str:
    for one, other in _SPELLINGS:
        if chance.random() < 0.5:
            text = re.sub(rf"\b{one}", other, text)
    for pattern, replacement in _STYLES:
        if chance.random() < 0.4:
            text = re.sub(pattern, replacement, text)
    return text


def _rewritten(text: str, chance: Random) -> str:
    if chance.random() < 0.6:
        text = re.sub(r"\bsaid\b", chance.choice(_ATTRIBUTIONS), text, count=1)
    if chance.random() < 0.5:
        figures = list(re.finditer(r"\b\d+\b", text))
        changed = chance.choice(figures)
        text = f"{text[: changed.start()]}{int(changed[0]) + chance.choice((-1, 1, 2))}{text[changed.end() :]}"
    words = text.split(" ")
    places = [n for n, word in enumerate(words) if word in _SYNONYMS]
    for n in chance.sample(places, min(len(places), len(words) // 12)):
        words[n] = _SYNONYMS[words[n]]
    if chance.random() < 0.6:
        n = chance.randrange(len(words) - 1)
        slip = chance.randrange(3)
        if slip == 0:
            words[n : n + 2] = [words[n] + words[n + 1]]
        elif slip == 1 and len(words[n]) > 3:
            words[n] = words[n][0] + words[n][2] + words[n][1] + words[n][3:]
        else:
            del words[n]
    return " ".join(words)
