"""A run with poison mixed in: `python -m benchmarks.poison [--documents 20000] [--jobs 2] [--json FILE]`.

Good documents are short stories of a made-up language in JSON lines, text files and pages; every case of
`tests/hostile/cases.py` lies among them. Every good document must be written, every case end as its table says, and the
balance be exact; the largest child and the CPU seconds are measured. Exits with 1 where any of this fails.
`tests/hostile/test_hostile.py` shows that the good comes out as if it were alone.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import OUT, write_figures
from benchmarks.workload import paragraphs
from pipeline import schemas
from pipeline.config import load
from pipeline.console import Console
from pipeline.run import Order, run
from pipeline.store import Store, Version
from tests.hostile.cases import CASES, Case, put_case

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
PARAGRAPHS = 6  # of a story
OUTLETS = 20
IN_FILES = 0.1  # of the good documents: half text, half HTML; the others are records
POISON = "poison.example"


def stories(count: int) -> list[str]:
    """That many stories, a title and some paragraphs each."""
    texts = paragraphs(count * PARAGRAPHS, seed=11).to_list()
    return [
        "\n\n".join([texts[at][:60].title(), *texts[at : at + PARAGRAPHS]]) for at in range(0, len(texts), PARAGRAPHS)
    ]


def put_good(root: Path, count: int) -> None:
    """The good documents, in folders of their outlets."""
    n_files = int(count * IN_FILES)
    for number, story in enumerate(stories(count)):
        folder = root / f"outlet-{number % OUTLETS}.example"
        folder.mkdir(parents=True, exist_ok=True)
        if number >= n_files:
            with (folder / "feed.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps({"text": story, "id": str(number)}) + "\n")
        elif number % 2:
            (folder / f"{number}.txt").write_text(story, encoding="utf-8")
        else:
            body = "".join(f"<p>{text}</p>" for text in story.split("\n\n")[1:])
            page = f"<html><body><nav><a href=/>Home</a></nav><h1>{story[:60]}</h1>{body}</body></html>"
            (folder / f"{number}.html").write_text(page, encoding="utf-8")


def version_of(source: Path, out: Path, jobs: int) -> Version:
    """What a run over the folder publishes."""
    order = Order(load(None, ["run.max_reject_share=1.0"]), source, out, AS_OF, jobs=jobs)
    run(order, Console("text", -1))
    version = Store(out).current()
    assert version is not None
    return version


def wrong_cases(version: Version) -> list[str]:
    """The cases that did not end as their table says."""
    refused: dict[str, list[str]] = {}
    for path, reason in version.read(schemas.REJECTS).select("source_path", "reason").iter_rows():
        refused.setdefault(Path(path).name, []).append(reason)
    written = Counter(Path(path).name for path in version.read(schemas.ARTICLES)["source_path"])
    return [case.name for case in CASES if not ends_well(case, refused.get(case.name, []), written[case.name])]


def ends_well(case: Case, refused: list[str], n_written: int) -> bool:
    """Whether the case was refused once for a reason of its own, or passed where it may."""
    passed = not refused and n_written == case.n_written + 1 and "written" in case.outcomes
    return passed or (len(refused) == 1 and n_written == case.n_written and refused[0] in case.outcomes)


def measured(documents: int, jobs: int) -> tuple[dict[str, int], dict[str, int], list[str]]:
    """A run over so many good documents and every case: figures by name, rejects by reason, cases that ended wrong."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        put_good(root / "raw", documents)
        for case in CASES:
            put_case(case, root / "raw" / POISON)
        before = cpu_seconds()
        version = version_of(root / "raw", root / "clean", jobs)
        took = cpu_seconds() - before
        taken = version.manifest["counts"]["extract"]
        wrong = wrong_cases(version)
        paths = version.read(schemas.ARTICLES)["source_path"]
        n_good = paths.len() - int(paths.str.starts_with(POISON).sum())
    figures = {
        "poison.inputs": taken["n_inputs"],
        "poison.cases": len(CASES),
        "poison.cases_wrong": len(wrong),
        "poison.written": taken["n_written"],
        "poison.rejected": taken["n_rejected"],
        "poison.unchanged": taken["n_unchanged"],
        "poison.unaccounted": taken["n_inputs"] - taken["n_written"] - taken["n_rejected"] - taken["n_unchanged"],
        "poison.good_lost": documents - n_good,
        "poison.largest_child_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3),
        "poison.cpu_seconds": round(took),
    }
    return figures, taken["rejected_by_reason"], wrong


def cpu_seconds() -> float:
    """Of this process and its children."""
    return time.process_time() + sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])


def main() -> int:
    """Make the input, run, print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", type=Path, default=OUT / "poison.json")
    given = parser.parse_args()
    figures, by_reason, wrong = measured(given.documents, given.jobs)
    for name, figure in figures.items():
        print(f"{name.removeprefix('poison.'):18} {figure:>10,}")
    for reason, count in by_reason.items():
        print(f"  {reason:16} {count:>10,}")
    if wrong:
        print("wrong:", *wrong)
    write_figures(given.json, "poison", figures, rejected_by_reason=by_reason, wrong=wrong)
    return int(bool(wrong or figures["poison.unaccounted"] or figures["poison.good_lost"]))


if __name__ == "__main__":
    sys.exit(main())
