"""Stories as filed, before any desk has seen them. People stand in them as marks, so that each desk spells them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from benchmarks.world.languages import Language
from benchmarks.world.people import N_INVENTED, N_LISTED

PERSON = "\ue000{}\ue001"  # of the private use area: the person's number stands in it
PARAGRAPHS = (12, 30)  # below the lead
GUEST_SHARE = 0.3  # of stories that name somebody of configs/names, who only comes and goes in them


@dataclass(frozen=True, slots=True)
class Story:
    """A story as filed: paragraphs of sentences, most important first."""

    story_id: str
    title: str
    deck: str
    place: str
    caption: str
    subheading: str
    paragraphs: tuple[tuple[str, ...], ...]


def story(story_id: str, language: Language, chance: Random, *, brief: bool = False) -> Story:
    """The story of that id, of one paragraph where it is `brief`; the same `chance` gives the same story."""
    draw, grammar = chance.random, language.grammar
    named = [PERSON.format(number) for number in chance.sample(range(N_INVENTED), 3)]
    own: dict[str, Sequence[str]] = {**chance.choice(language.topics)}
    place = grammar.sentence("place", own, draw)
    jobs = chance.sample(language.jobs, 2)
    own["place"] = [place, place, *(grammar.sentence("place", {}, draw) for _ in range(3))]
    own["P"] = [*named, *(f"{job} {name}" for job, name in zip(jobs, named, strict=False))]
    paragraphs = [(grammar.sentence("lead", own, draw),)]
    for _ in range(0 if brief else chance.randint(*PARAGRAPHS)):
        paragraphs.append(tuple(grammar.sentence("body", own, draw) for _ in range(chance.choice((1, 1, 2, 2, 3)))))
    if not brief and draw() < GUEST_SHARE:
        own["guest_name"] = [PERSON.format(N_INVENTED + int(draw() * N_LISTED))]
        for _ in range(chance.randint(1, 2)):
            at = chance.randrange(1, len(paragraphs))
            paragraphs[at] = (*paragraphs[at], grammar.sentence("guest", own, draw))
    return Story(
        story_id,
        *(grammar.sentence(part, own, draw) for part in ("title", "deck")),
        place,
        *(grammar.sentence(part, own, draw) for part in ("caption", "subheading")),
        tuple(paragraphs),
    )
