"""The people of the world: invented ones, and some of those that configs/names lists, each in several spellings."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from benchmarks.world import words

NAMES = Path(__file__).parents[2] / "configs" / "names"
N_INVENTED = 400
N_LISTED = 120
STYLES = ("default", "british", "other", "capitals")  # house styles of names


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody stories name: how each house style writes the full name and the family name."""

    person_id: str
    invented: bool
    full: tuple[str, ...]  # by position in STYLES
    family: tuple[str, ...]


def cast(chance: Random) -> list[Person]:
    """N_INVENTED invented people with different family names, then N_LISTED of configs/names; the same for a seed."""
    families = words.made_names(words.SYLLABLES, words.SURNAME_ENDS, N_INVENTED, chance)
    invented = [_invented(number, family, chance) for number, family in enumerate(families)]
    listed = sorted(_listed(), key=lambda person: person.person_id)
    return [*invented, *chance.sample(listed, N_LISTED)]


def _invented(number: int, family: str, chance: Random) -> Person:
    given = chance.choice(words.GIVEN if chance.random() < 0.8 else words.DOUBLE_GIVEN)
    accented = family
    for plain, marked in words.ACCENTED:
        if family.endswith(plain):
            accented = family.removesuffix(plain) + marked
    full = (
        f"{given} {accented}",
        f"{given} {family}",
        f"{given.replace('-', ' ')} {accented}",
        f"{given} {accented.upper()}",
    )
    return Person(f"world-{number:03}", True, full, (accented, family, accented, accented))


def _listed() -> Iterator[Person]:
    """Those of configs/names with a family name in Latin script that their name has too."""
    for file in sorted(NAMES.glob("*.toml")):
        for person in tomllib.loads(file.read_text(encoding="utf-8"))["person"]:
            canonical, family = person["canonical"], person.get("family")
            name = canonical["default"]
            if family and family in name.split():
                british = canonical.get("british", name)
                other = next((alias for alias in person.get("aliases", ()) if family in alias.split()), name)
                capitals = name.replace(family, family.upper(), 1)
                yield Person(person["id"], False, (name, british, other, capitals), (family,) * len(STYLES))


def names_file(people: Sequence[Person]) -> str:
    """TOML of the invented people, for `names.people`; the listed ones come with copydesk."""
    entries = ['source = "benchmarks.world"\n']
    quoted = partial(json.dumps, ensure_ascii=False)
    for person in people:
        if person.invented:
            others = [name for name in dict.fromkeys(person.full[1:3]) if name != person.full[0]]
            entries.append(
                f'\n[[person]]\nid = "{person.person_id}"\nfamily = {quoted(person.family[0])}\n'
                f"canonical = {{ default = {quoted(person.full[0])} }}\n"
                f"aliases = {quoted(others)}\n"
            )
    return "".join(entries)
