"""How many persons are found, and whether the right ones: `python -m benchmarks.names [--json FILE]`.

Seeds: every mention marked by hand in five real pages, offsets exact. hand: 16 small articles with the traps marked.
kim: every Latin spelling of nine members of the Kim family, in a sentence; one crossing over is one too many.
mutants: every name of the tracked table in 17 orthographic disguises and 12 frames. pairs: written names, one person or
not, by the table's fold key alone (auto) and with what discovery would propose; the rules were tuned on the half that
is not counted here. speed: page dumps, megabytes per CPU second with 10,000 and 100,000 aliases, beside flashtext and
polars' replace_many on the same text; traps_wrong: of ten sentences, where each misses the name or finds what is none.
The data is not part of the project; COPYDESK_BENCH names the folder that holds bench/ and seeds/.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import sys
import time
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks import OUT, data_folder, write_figures
from pipeline.errors import NoInputError
from pipeline.kernels.aliases import Alias, AliasTable, Mention, alias_table, full_mentions
from pipeline.kernels.fold import fold_key
from pipeline.kernels.surnames import Passage, surname_mentions
from pipeline.kernels.variants import relation
from pipeline.stages.names import People, PeopleFile, people_table

REPOSITORY = Path(__file__).resolve().parent.parent
SPEED_CHARS = 3_000_000
SPEED_ROUNDS = 3
SPEED_ALIASES = (10_000, 100_000)
KIMS = (
    "kim-jong-un", "kim-jong-il", "kim-yo-jong", "kim-jong-chol", "kim-jong-nam", "kim-jong-suk", "kim-il-sung",
    "kim-ju-ae", "kim-kyong-hui",
)  # fmt: skip

Gold = list[tuple[int, int, str, str]]  # start, end, person, kind: full, surname, undecidable, in_name
FRAMES = (
    "{} said so.", "He met {}.", "“{}’s aides left,” she said.", "the {}-led delegation", "{}, 40, spoke", "({})",
    "…{}…", "{}'s sister", '"{}"', "with {}; then", "{}'", "TALKS: {}!",
)  # fmt: skip


def disguises(name: str) -> Iterator[tuple[str, str]]:
    """The name as typewriters, databases and scrapers write it."""
    first, *rest = name.split()
    changes: dict[str, Callable[[], str]] = {
        "as is": lambda: name,
        "capitals": name.upper,
        "hyphens": lambda: f"{first} {'-'.join(rest)}",
        "hyphens, lower": lambda: f"{first} {'-'.join([rest[0], *(word.lower() for word in rest[1:])])}",
        "no-break hyphen": lambda: f"{first} {chr(0x2011).join(rest)}",
        "en dash": lambda: f"{first} {'–'.join(rest)}",
        "no-break space": lambda: name.replace(" ", "\u00a0"),
        "thin space": lambda: name.replace(" ", "\u2009"),
        "zero-width space": lambda: name.replace(" ", " \u200b"),
        "line break": lambda: name.replace(" ", "\n", 1),
        "soft hyphen": lambda: f"{name[:3]}\u00ad{name[3:]}",
        "decomposed": lambda: unicodedata.normalize("NFD", name),
        "two spaces": lambda: name.replace(" ", "  "),
        "family in capitals": lambda: " ".join([first.upper(), *rest]),
        "joined": lambda: f"{first} {rest[0]}{''.join(word.lower() for word in rest[1:])}",
        "full width": lambda: "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in name),
        "split": lambda: f"{name[:-3]} {name[-3:]}",
    }
    yield from ((kind, change()) for kind, change in changes.items())


def tracked_people() -> People:
    """The people of configs/names."""
    files = sorted((REPOSITORY / "configs" / "names").glob("*.toml"))
    read = [(str(file), PeopleFile.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))) for file in files]
    return people_table(read, "default")


def found_in(texts: Sequence[str], people: People) -> list[list[Mention]]:
    """Full names and bare surnames of one article, by paragraph."""
    full = full_mentions(texts, people.table)
    passages = [Passage(text, mentions) for text, mentions in zip(texts, full, strict=True)]
    bare = surname_mentions(passages, people.families)
    return [[*mentions, *extra] for mentions, extra in zip(full, bare, strict=True)]


def scored(gold: Gold, found: Sequence[Mention]) -> Counter[str]:
    """Marked mentions by what became of them, and decided ones that nobody marked."""
    counts: Counter[str] = Counter()
    by_span = {(mention.start, mention.end): mention for mention in found}
    for start, end, person, kind in gold:
        mention = by_span.pop((start, end), None)
        if kind in ("full", "surname"):
            if mention and mention.person_id == person:
                counts[f"{kind}_right"] += 1
            elif mention and mention.person_id:
                counts[f"{kind}_wrong"] += 1
            else:
                counts[f"{kind}_{'abstained' if mention else 'missed'}"] += 1
        else:
            counts[f"{kind}_{'wrong' if mention and mention.person_id else 'right'}"] += 1
    for mention in by_span.values():
        if mention.person_id:
            counts["surname_wrong" if mention.kind == "surname" else "full_wrong"] += 1
    return counts


def seed_counts(folder: Path, people: People) -> Counter[str]:
    """The five real pages, each whole, line by line as one article."""
    marked = json.loads((folder / "names.json").read_text(encoding="utf-8"))
    counts: Counter[str] = Counter()
    for name in sorted({mention["file"] for mention in marked}):
        lines = (folder / name).read_text(encoding="utf-8").split("\n")
        found: list[Mention] = []
        offset = 0
        for line, mentions in zip(lines, found_in(lines, people), strict=True):
            found += [_shifted(mention, offset) for mention in mentions]
            offset += len(line) + 1
        gold: Gold = []
        for mention in marked:
            person, (kind, _, note) = mention["person"], mention["kind"].partition(":")
            if mention["file"] != name or (kind == "full" and person not in people.table.names):
                continue
            settled = kind == "full" or note == ""
            gold.append((mention["start"], mention["end"], person, kind if settled else "undecidable"))
        counts += scored(gold, found)
    return counts


def _shifted(mention: Mention, offset: int) -> Mention:
    return Mention(
        mention.start + offset, mention.end + offset, mention.surface, mention.person_id, mention.kind, mention.method
    )


def hand_counts(file: Path, people: People) -> Counter[str]:
    """The articles with marks in them: `[[surface|person]]`, `[[surface|?]]`, `{{surface}}` inside other names."""
    counts: Counter[str] = Counter()
    kept = [line for line in file.read_text(encoding="utf-8").split("\n") if not line.startswith("#")]
    for block in re.split(r"\n\s*\n", "\n".join(kept)):
        paragraphs = [_unmarked(paragraph) for paragraph in _whole(block.strip("\n").split("\n"))]
        found = found_in([text for text, _ in paragraphs], people)
        for (_, gold), mentions in zip(paragraphs, found, strict=True):
            counts += scored(gold, mentions)
    return counts


def _whole(lines: Sequence[str]) -> Iterator[str]:
    """Lines, those put together that cut a mark in two."""
    held = ""
    for line in lines:
        held = f"{held}\n{line}" if held else line
        if held.count("[[") == held.count("]]"):
            yield held
            held = ""


def _unmarked(paragraph: str) -> tuple[str, Gold]:
    text, gold, read = "", Gold(), 0
    for mark in re.finditer(r"\[\[(.*?)\]\]|\{\{(.*?)\}\}", paragraph, re.DOTALL):
        text += paragraph[read : mark.start()]
        read = mark.end()
        surface, person, kind = [*(mark.group(1) or f"{mark.group(2)}|-|in_name").split("|"), "full"][:3]
        gold.append((len(text), len(text) + len(surface), person, "undecidable" if person == "?" else kind))
        text += surface
    return text + paragraph[read:], gold


def kim_counts(file: Path, people: People) -> Counter[str]:
    """Spellings of the family: found as their owner, as nobody, or as somebody else."""
    counts: Counter[str] = Counter()
    for line in file.read_text(encoding="utf-8").split("\n"):
        person, *rest = line.split("\t")
        if person in KIMS:
            for spelling in [rest[0], *rest[1].split("|")]:
                name = spelling.removesuffix("’s")
                mentions = full_mentions([f"Officials said {name} was present."], people.table)[0]
                for mention in mentions:
                    counts["right" if mention.person_id == person else "crossed"] += 1
                counts["not_found"] += not mentions
    return counts


def negative_merges(file: Path, people: People) -> int:
    """Pairs of different persons with similar names that are taken for one."""
    pairs = [line.split("\t") for line in file.read_text(encoding="utf-8").split("\n") if "\t" in line]
    merged = 0
    for pair in pairs:
        found = full_mentions([f"A spokesman said {name} was there." for name in pair], people.table)
        owners = [{mention.person_id for mention in mentions if mention.person_id} for mentions in found]
        merged += bool(owners[0] & owners[1])
    return merged


def mutant_counts(people: People) -> tuple[Counter[str], Counter[str]]:
    """Names in disguise: found with exact offsets, and lost, by disguise."""
    right: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    for person, name in people.table.names.items():
        if len(name.split()) < 2:
            continue
        for kind, written in disguises(name):
            texts = [frame.format(written) for frame in FRAMES]
            for text, mentions in zip(texts, full_mentions(texts, people.table), strict=True):
                span = (text.index(written), text.index(written) + len(written))
                hit = any((m.start, m.end) == span and person in (m.person_id, *m.candidates) for m in mentions)
                (right if hit else lost)[kind] += 1
    return right, lost


def pair_figures(file: Path, *, tuned: bool) -> dict[str, float]:
    """Precision and recall on pairs of written names; `tuned`: of the half that the rules were made on."""
    counts: Counter[tuple[str, str]] = Counter()
    with file.open(encoding="utf-8", newline="") as opened:
        for row in csv.DictReader(opened):
            if (int(sha256(f"{row['left']}|{row['right']}".encode()).hexdigest(), 16) % 2 == 0) != tuned:
                continue
            reason = relation(row["left"], row["right"])
            tier = "auto" if reason == "fold" else "proposed" if reason else "none"
            counts[tier, row["same"]] += 1
            counts[f"ortho {tier}", row["same"]] += row["category"] == "ortho"
    same = sum(counts[tier, "1"] for tier in ("auto", "proposed", "none"))
    auto, auto_wrong = counts["auto", "1"], counts["auto", "0"]
    both, both_wrong = auto + counts["proposed", "1"], auto_wrong + counts["proposed", "0"]
    ortho = [counts[f"ortho {tier}", "1"] for tier in ("auto", "proposed", "none")]
    return {
        "pairs": float(same + sum(counts[tier, "0"] for tier in ("auto", "proposed", "none"))),
        "auto_precision": round(auto / max(1, auto + auto_wrong), 4),
        "auto_orthographic_recall": round(ortho[0] / max(1, sum(ortho)), 4),
        "precision": round(both / max(1, both + both_wrong), 4),
        "recall": round(both / max(1, same), 4),
    }


def kim_proposals(file: Path) -> Counter[str]:
    """Latin spellings of different members of the family that would be merged or proposed as one person."""
    spelled: list[tuple[str, str]] = []
    for line in file.read_text(encoding="utf-8").split("\n"):
        person, *rest = line.split("\t")
        if person in KIMS:
            names = (name.removesuffix("’s") for name in [rest[0], *rest[1].split("|")])
            spelled += [(person, name) for name in names if name[0] < "\u0250"]
    counts: Counter[str] = Counter()
    for (person, name), (other, other_name) in combinations(spelled, 2):
        if person != other:
            counts["pairs"] += 1
            counts["related"] += relation(name, other_name) is not None
    return counts


def speed_pages(file: Path) -> list[list[str]]:
    """Pages of lines, SPEED_CHARS of them in all."""
    pages: list[list[str]] = []
    n_chars = 0
    for (lines,) in pl.read_parquet(file, columns=["lines"]).iter_rows():
        pages.append(lines)
        n_chars += sum(map(len, lines))
        if n_chars >= SPEED_CHARS:
            break
    return pages


def widened(people: People, pages: Sequence[Sequence[str]], n_aliases: int) -> People:
    """The people with made-up ones, of words that the pages have, so that many keys are nearly found."""
    words = sorted({word for page in pages for line in page for word in re.findall(r"\b[A-Z][a-z]{2,9}\b", line)})
    chosen = random.Random(1)  # noqa: S311 - the same names in every run
    aliases = [Alias(person, name) for person, name in people.table.names.items() if len(name.split()) > 1]
    names = dict(people.table.names)
    keys: dict[str, str] = {}
    while len(keys) < n_aliases - len(aliases):
        name = f"{chosen.choice(words)} {chosen.choice(words)}"
        keys.setdefault(fold_key(name), name)
    for number, name in enumerate(keys.values()):
        names[f"made-{number}"] = name
        aliases.append(Alias(f"made-{number}", name))
    shared = {fold_key(name) for name in people.table.names.values()}
    table = alias_table(
        [alias for alias in aliases if not (alias.person_id.startswith("made-") and fold_key(alias.form) in shared)],
        names,
        homonyms=AnyPair(),
    )
    return People(table, people.families)


class AnyPair:
    """Holds every pair: homonyms of the tracked table may stay."""

    def __contains__(self, pair: object) -> bool:
        return True


def finding_seconds(pages: Sequence[Sequence[str]], people: People) -> float:
    """CPU seconds of both kernels, each page an article; the automaton and the tables built before."""
    full_mentions(["warm"], people.table)
    start = time.process_time()
    full = iter(full_mentions([line for page in pages for line in page], people.table))
    for page in pages:
        surname_mentions([Passage(line, next(full)) for line in page], people.families)
    return time.process_time() - start


TRAPS = (  # text, what a replacer of `Kim Jong Un` must find in it
    ("He met Kim Jong Un.", 1), ("He met Kim Jong-un.", 1), ("He met KIM JONG UN there.", 1),
    ("He met Kim\u00a0Jong Un.", 1), ("He met Kim Jŏng-ŭn.", 1), ("He met Kim Jong\nUn.", 1),
    ("The skim Jong Unit.", 0), ("Akim Jong Un left.", 0), ("See /Kim Jong Un/ here", 0), ("é Kim Jong Unx", 0),
)  # fmt: skip


def speed_figures(pages: Sequence[Sequence[str]], people: People, n_aliases: int) -> dict[str, float]:
    """Megabytes per CPU second of copydesk, flashtext and polars' replace_many with the same names, and how many times
    as fast as the others copydesk is: the best of SPEED_ROUNDS in which they take turns.
    """
    finder, names = keyword_finder(people.table)
    lines = pl.Series([line for page in pages for line in page])
    megabytes = sum(len(line.encode()) for line in lines) / 1e6

    def timed(work: Callable[[], object]) -> float:
        start = time.process_time()
        work()
        return time.process_time() - start

    rounds = [
        (
            finding_seconds(pages, people),
            timed(lambda: [finder.extract_keywords(line) for line in lines]),
            timed(lambda: lines.str.replace_many(names, names, ascii_case_insensitive=True)),
        )
        for _ in range(SPEED_ROUNDS)
    ]
    ours, flashtext, polars = (min(seconds) for seconds in zip(*rounds, strict=True))
    return {
        f"speed.{n_aliases}": round(megabytes / ours, 2),
        f"speed.{n_aliases}.flashtext": round(megabytes / flashtext, 2),
        f"speed.{n_aliases}.polars": round(megabytes / polars, 2),
        f"speed.{n_aliases}.times_flashtext": round(flashtext / ours, 2),
        f"speed.{n_aliases}.times_polars": round(polars / ours, 3),
    }


def keyword_finder(table: AliasTable) -> tuple[Any, list[str]]:
    """A flashtext processor of the people's names of two words and more, and those names."""
    import flashtext

    names = sorted({name for name in table.names.values() if len(name.split()) > 1})
    finder = flashtext.KeywordProcessor()
    for name in names:
        finder.add_keyword(name)
    return finder, names


def traps_wrong(table: AliasTable) -> dict[str, float]:
    """Of how many TRAPS each gets the number of names wrong."""
    finder, names = keyword_finder(table)

    def found_by_polars(text: str) -> int:
        return len(pl.Series([text]).str.extract_many(names, ascii_case_insensitive=True).to_list()[0])

    def found_by_us(text: str) -> int:
        return sum(mention.person_id == "kim-jong-un" for mention in full_mentions([text], table)[0])

    counts = {
        "copydesk": found_by_us,
        "flashtext": lambda text: len(finder.extract_keywords(text)),
        "polars": found_by_polars,
    }
    return {
        f"traps_wrong.{name}": float(sum(count(text) != wanted for text, wanted in TRAPS))
        for name, count in counts.items()
    }


def measured(folder: Path) -> dict[str, float]:
    """All figures, by name."""
    people = tracked_people()
    hand = folder / "bench" / "names"
    figures: dict[str, float] = {"people": len(people.table.names), "keys": len(people.table.entries)}
    kinds = [f"{kind}_{fate}" for kind in ("full", "surname") for fate in ("right", "wrong", "abstained", "missed")]
    kinds += [f"{kind}_{fate}" for kind in ("undecidable", "in_name") for fate in ("right", "wrong")]
    for suite, counts in (
        ("seeds", seed_counts(folder / "seeds", people)),
        ("hand", hand_counts(hand / "hand_text.txt", people)),
    ):
        figures |= {f"{suite}.{kind}": counts[kind] for kind in kinds}
    kim = kim_counts(hand / "hand_people.tsv", people)
    figures |= {f"kim.{fate}": kim[fate] for fate in ("right", "crossed", "not_found")}
    figures["negatives.merged"] = negative_merges(hand / "hand_negatives.tsv", people)
    right, lost = mutant_counts(people)
    figures["mutants.found_share"] = round(right.total() / (right.total() + lost.total()), 5)
    figures |= {f"mutants.lost {kind}": count for kind, count in sorted(lost.items())}
    pairs = pair_figures(hand / "pairs-dev.csv", tuned=False)
    figures |= {f"pairs.{name}": figure for name, figure in pairs.items()}
    proposed = kim_proposals(hand / "hand_people.tsv")
    figures |= {"kim.pairs": proposed["pairs"], "kim.proposed": proposed["related"]}
    figures |= traps_wrong(people.table)
    dumps = folder / "bench" / "chrome-dev.parquet"
    if dumps.is_file():
        pages = speed_pages(dumps)
        for n_aliases in SPEED_ALIASES:
            figures |= speed_figures(pages, widened(people, pages, n_aliases), n_aliases)
    return figures


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, write; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.names", description=__doc__)
    parser.add_argument("--json", type=Path, default=OUT / "names.json")
    arguments = parser.parse_args(argv)
    try:
        figures = measured(data_folder("bench/names/hand_text.txt", "seeds/names.json"))
    except NoInputError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    for name, value in figures.items():
        print(f"{name:32}{value:>10g}")
    write_figures(arguments.json, "names", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
