"""How right titles, dates and authors of news pages are: `python -m benchmarks.metadata [--json FILE]`.

Titles: the column `title` of the 173 publisher pages of chrome-dev.parquet; the publishers chose it from their own
page, now the heading, now the title for search engines. Days and authors: `page_facts.csv`, 95 of these pages, the
first in the order of the SHA-256 of their ids, read by one person before our code for authors was written:

- day: the day of publication as the page prints it for its readers, not that of a change; where it prints none, that
  of the time in its markup, in the zone that stands there.
- authors: the persons whom byline or markup names as the writers, as the page names them, without titles and places.
  An agency, a desk or the house itself only where no person is named; then the one the byline prints, else the one
  the markup gives. Names inside the story (a dateline), of editors and of photographers do not count.

Compared as NFKC text with single spaces, without invisible signs and the site's name at the end; authors as sets,
whatever their case. Trafilatura's `extract_metadata`, which `with_metadata` calls, gets the same pages.
Milliseconds are CPU time for a page of the pass over a parsed tree, and of trafilatura's over its own.
The pages are not part of the project; COPYDESK_BENCH names the folder that holds bench/.
"""

from __future__ import annotations

import argparse
import copy
import csv
import re
import sys
import time
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
from trafilatura.metadata import extract_metadata

from benchmarks import OUT, data_folder, write_figures
from pipeline.errors import NoInputError
from pipeline.kernels.charset import Undecodable, decoded
from pipeline.kernels.dates import stated_time
from pipeline.kernels.html import lxml_tree, parsed
from pipeline.kernels.metadata import metadata
from pipeline.kernels.text import EDGE

FACTS = Path(__file__).parent / "page_facts.csv"
LATEST = datetime(2026, 11, 22)  # htmldate wants no zone; later than every page
INVISIBLE = re.compile("[\xad\u200b\u200e\u200f\u2060\ufeff]")
SITE_TAIL = re.compile(r"\s[|*–—·-]\s[^|*–—·]{2,40}$|--\S{2,12}$")


@dataclass(frozen=True)
class Facts:
    """What a page is known, or was read, to say."""

    title: str | None
    day: str | None
    authors: frozenset[str]


def folded(text: str | None) -> str:
    """NFKC, single spaces, nothing invisible."""
    shown = INVISIBLE.sub("", unicodedata.normalize("NFKC", text or ""))
    return " ".join(shown.split()).strip(EDGE)


def same_title(found: str | None, gold: str, site: str | None) -> bool:
    """The two are equal, or one is the other and the site's name behind it."""
    ours, theirs = folded(found), folded(gold)
    return ours == theirs or _without_tail(ours, site) == _without_tail(theirs, site)


def _without_tail(title: str, site: str | None) -> str:
    tail = SITE_TAIL.search(title)
    if tail is None or site is None:
        return title
    is_site = folded(site).casefold() in tail[0].casefold()
    return title[: tail.start()].rstrip() if is_site else title


def name_set(names: Iterable[str]) -> frozenset[str]:
    """The names, folded, whatever their case."""
    return frozenset(name for name in (folded(name).casefold() for name in names) if name)


def read_facts() -> dict[str, tuple[str, frozenset[str]]]:
    """Day and authors by page."""
    with FACTS.open(encoding="utf-8", newline="") as file:
        return {row["page"]: (row["day"], name_set(row["authors"].split(";"))) for row in csv.DictReader(file)}


def pages(folder: Path) -> pl.DataFrame:
    """The publisher pages: id, title, html."""
    return (
        pl.read_parquet(folder / "bench" / "chrome-dev.parquet")
        .filter(pl.col("set") == "fundus")
        .select("id", "title", "html")
        .sort("id")
    )


def measured(folder: Path) -> dict[str, float]:
    """All figures, by name."""
    table = pages(folder)
    facts = read_facts()
    counts = dict.fromkeys(
        (f"{who}.{what}" for who in ("ours", "trafilatura") for what in ("title", "day", "authors", "any_author")), 0
    )
    spent = {"ours": 0.0, "trafilatura": 0.0}
    n_named = 0
    for page, title, html in table.rows():
        found = decoded(html, markup=True)
        if isinstance(found, Undecodable):
            raise NoInputError(f"page {page} cannot be decoded")
        ours, seconds, site = read_by_us(found.text)
        spent["ours"] += seconds
        theirs, seconds = read_by_trafilatura(found.text)
        spent["trafilatura"] += seconds
        for who, said in (("ours", ours), ("trafilatura", theirs)):
            counts[f"{who}.title"] += same_title(said.title, title, site)
            if page in facts:
                day, authors = facts[page]
                counts[f"{who}.day"] += said.day == day
                counts[f"{who}.authors"] += said.authors == authors
                counts[f"{who}.any_author"] += bool(said.authors & authors)
        n_named += bool(page in facts and facts[page][1])
    figures: dict[str, float] = {"pages": table.height, "pages.read": len(facts), "pages.with_authors": n_named}
    n_of = {"title": table.height, "day": len(facts), "authors": len(facts), "any_author": n_named}
    figures |= {name: round(count / n_of[name.partition(".")[2]], 4) for name, count in counts.items()}
    return figures | {f"{who}.ms_a_page": round(1000 * total / table.height, 3) for who, total in spent.items()}


def read_by_us(html: str) -> tuple[Facts, float, str | None]:
    """What our pass finds, the CPU seconds it took, and the site's name."""
    tree = parsed(html)
    start = time.process_time()
    said = metadata(tree)
    seconds = time.process_time() - start
    moment = stated_time(said.published) if said.published else None
    day = None if moment is None else moment.date().isoformat()
    return Facts(said.title, day, name_set((said.byline or "").split(", "))), seconds, said.site


def read_by_trafilatura(html: str) -> tuple[Facts, float]:
    """What trafilatura's metadata say, and the CPU seconds they took on a tree of its own."""
    tree = copy.deepcopy(lxml_tree(html))
    start = time.process_time()
    said = extract_metadata(tree, date_config={"original_date": True, "max_date": LATEST, "extensive_search": True})
    seconds = time.process_time() - start
    return Facts(said.title, said.date, name_set((said.author or "").split(";"))), seconds


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, write; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.metadata", description=__doc__)
    parser.add_argument("--json", type=Path, default=OUT / "metadata.json")
    arguments = parser.parse_args(argv)
    try:
        figures = measured(data_folder("bench/chrome-dev.parquet"))
    except NoInputError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    for name, value in figures.items():
        print(f"{name:32}{value:>10g}")
    write_figures(arguments.json, "metadata", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
