"""Where articles come from: `python -m benchmarks.wire [--json FILE]`.

Pages: 169 that name a news agency, labelled by one reader: wire (the agency's text), mixed (own text with an agency's
in it), cites (an agency is a source in own text), own. Each goes through extract and clean, once as HTML and once as
the text dump of it. wire_source should be there for wire and mixed and for no other, cited_agency for cites alone.
Rates on all pages and on two halves of hosts: the rules were first made on `first`; both halves were then looked at
(docs/design/0009-wire-source.md has the figures of `second` before that). `checked`: with other labels for two pages
(CHECKED). others: pages of the same sets without a label, of which nearly none names an agency.
The data is not part of the project; COPYDESK_BENCH names the folder that holds bench/.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import polars as pl

from benchmarks import OUT, data_folder, write_figures
from pipeline import schemas
from pipeline.config import load
from pipeline.errors import NoInputError
from pipeline.kernels.hashing import text_hash
from pipeline.readers import Document
from pipeline.stages import clean, extract, wire

FILES = ("chrome-dev.parquet", "snippets-dev.parquet")
AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
BATCH = 50  # pages in a batch
WIRE = ("wire", "mixed")
# The first is printed under "dpa" and the paper's own desk; the second says five times where its facts are from.
CHECKED = {"MallorcaMagazin_2025_04_16": "mixed", "ElDiario_2025_05_29": "cites"}


class Answer(NamedTuple):
    """What a page was labelled, and what was found."""

    page_id: str
    host: str
    label: str
    agencies: Sequence[str]
    wire_source: str | None
    cited_agency: str | None


def judged(pages: pl.DataFrame, kind: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """DOCUMENTS and JUDGED_LINES of the pages, as `html` or as `text`."""
    documents, lines = [schemas.DOCUMENTS.empty()], [schemas.JUDGED_LINES.empty()]
    settings, rules = extract.Settings(), clean.Settings()
    for start in range(0, pages.height, BATCH):
        tasks = [task(row, kind) for row in pages.slice(start, BATCH).iter_rows(named=True)]
        read = extract.apply(tasks, settings, AS_OF)
        own_documents, own_lines = clean.apply(
            read.documents, clean.measured(read.lines), schemas.OUTLET_LINES.empty(), {}, rules, AS_OF
        )
        documents.append(own_documents)
        lines.append(own_lines)
    return pl.concat(documents), pl.concat(lines)


def task(row: Mapping[str, object], kind: str) -> extract.Task:
    """The page as an input."""
    content = row["html"] if kind == "html" else "\n".join(row["lines"])
    name, host = str(row["id"]), str(row["host"])
    document = Document(name, 0, None, kind, content, text_hash(name), url=row["url"], outlet=host)
    return extract.Task(name, host, name, 0, AS_OF, document)


def answers(pages: pl.DataFrame, labels: Mapping[str, Mapping[str, object]], kind: str) -> tuple[list[Answer], float]:
    """What is found on the labelled pages, and the CPU milliseconds a page took, without extract and clean."""
    documents, lines = judged(pages, kind)
    rules = load().wire_rules
    wire.sources(documents.head(BATCH), lines, rules)  # the patterns are compiled when they are first looked for
    started = time.process_time()
    found, _ = wire.sources(documents, lines, rules)
    milliseconds = 1e3 * (time.process_time() - started) / pages.height
    said = {row["article_id"]: row for row in found.iter_rows(named=True)}
    rows = []
    for page_id, host in pages.select("id", "host").iter_rows():
        label, row = labels.get(page_id, {"label": "own", "agency": []}), said.get(page_id, {})
        source, cites = row.get("wire_source"), row.get("cited_agency")
        rows.append(Answer(page_id, host, label["label"], label["agency"], source, cites))
    return rows, milliseconds


def half_of(host: str) -> str:
    """`first` or `second`, by a hash of the host."""
    return "second" if hashlib.sha256(host.encode()).digest()[0] % 2 else "first"


def rates(rows: Sequence[Answer]) -> dict[str, float]:
    """Precision and recall of wire_source and of cited_agency, and the share of sources that are the right agency."""
    wanted = [row for row in rows if row.label in WIRE]
    given = [row for row in rows if row.wire_source is not None]
    hits = [row for row in given if row.label in WIRE]
    cites = [row for row in rows if row.label == "cites"]
    cited = [row for row in rows if row.cited_agency is not None]
    right = sum(row.label == "cites" for row in cited)
    return {
        "wire_precision": share(len(hits), len(given)),
        "wire_recall": share(len(hits), len(wanted)),
        "right_agency": share(sum(row.wire_source in row.agencies for row in hits), len(hits)),
        "cited_precision": share(right, len(cited)),
        "cited_recall": share(right, len(cites)),
        "wire_pages": len(wanted),
        "cites_pages": len(cites),
    }


def share(part: int, whole: int) -> float:
    """Share of the whole, 4 decimals; 1 of nothing."""
    return round(part / whole, 4) if whole else 1.0


def checked(rows: Sequence[Answer]) -> list[Answer]:
    """The answers with the labels of CHECKED."""
    return [row._replace(label=CHECKED.get(row.page_id, row.label)) for row in rows]


def figures_of(rows: Sequence[Answer], kind: str) -> dict[str, float]:
    """`<kind>.<part>.<rate>` for all pages, both halves, and all with checked labels."""
    parts = {
        "all": list(rows),
        "first": [row for row in rows if half_of(row.host) == "first"],
        "second": [row for row in rows if half_of(row.host) == "second"],
        "checked": checked(rows),
    }
    return {f"{kind}.{part}.{name}": value for part, some in parts.items() for name, value in rates(some).items()}


def measured(folder: Path, *, show: bool, with_others: bool) -> dict[str, float]:
    """All figures, by name; `show` prints every page that came out otherwise than labelled."""
    listed = json.loads((folder / "wire" / "labels-dev.json").read_text(encoding="utf-8"))["labels"]
    labels = {label["id"]: label for label in listed}
    columns = ["id", "host", "url", "html", "lines"]
    every = pl.concat([pl.read_parquet(folder / name, columns=columns) for name in FILES])
    pages = every.filter(pl.col("id").is_in(list(labels)))
    figures: dict[str, float] = {}
    for kind in ("html", "text"):
        rows, milliseconds = answers(pages, labels, kind)
        figures |= figures_of(rows, kind)
        figures[f"speed.{kind}_ms_per_page"] = round(milliseconds, 2)
        for row in rows if show else ():
            if (row.label in WIRE) != (row.wire_source is not None) or (row.label == "cites") != (
                row.cited_agency is not None
            ):
                print(f"{kind:5}{row.label:6} {row.page_id}: from {row.wire_source}, cites {row.cited_agency}")
    if with_others:
        others = every.filter(~pl.col("id").is_in(list(labels))).unique("id", keep="first", maintain_order=True)
        rows, _ = answers(others, {}, "html")
        fired = [row for row in rows if row.wire_source is not None]
        figures["others.pages"] = len(rows)
        figures["others.wire"] = len(fired)
        figures["others.cited"] = sum(row.cited_agency is not None for row in rows)
        for row in fired if show else ():
            print(f"other {row.page_id}: from {row.wire_source}")
    return figures


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, write; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.wire", description=__doc__)
    parser.add_argument("--json", type=Path, default=OUT / "wire.json")
    parser.add_argument("--show", action="store_true", help="print the pages that came out otherwise than labelled")
    parser.add_argument("--others", action="store_true", help="the pages without a label too: some 5 minutes more")
    arguments = parser.parse_args(argv)
    try:
        figures = measured(
            data_folder(*(f"bench/{name}" for name in FILES), "bench/wire/labels-dev.json") / "bench",
            show=arguments.show,
            with_others=arguments.others,
        )
    except NoInputError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    for name, value in figures.items():
        print(f"{name:36}{value:>10g}")
    write_figures(arguments.json, "wire", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
