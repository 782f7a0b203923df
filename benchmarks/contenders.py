"""What a user would write instead of copydesk: `python -m benchmarks.contenders NAME FORM INPUT OUT [--jobs N]`.

Each takes the JSONL files of a made-up world (benchmarks.world) below INPUT and leaves three Parquet files in OUT:
articles, paragraphs, mentions. What OUT has of a run before is not read again, but for datatrove.
benchmarks.end_to_end starts them as processes of their own; requirements-bench.lock names what they need.

documented   trafilatura with metadata (jusText for text), datasketch's MinHash and LSH, a regex of all names:
             as each library's own documentation shows it
datatrove    its readers, Trafilatura, MinHash steps and cluster ids, on paragraphs, words cut at spaces: spaCy, which
             it would use, takes longer than all of it; it has nothing for text dumps, and no names
fastest      resiliparse, rensa, ahocorasick-rs: the fastest of each kind; nothing for text dumps
parse        what any of them must do: read, parse with lexbor, write the visible text; no names, copies are equal lines
"""

from __future__ import annotations

import argparse
import json
import logging
import re
import shutil
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from benchmarks.world.people import NAMES

SHINGLE = 3  # words, as in copydesk: the five of datatrove's default find half of the pairs
THRESHOLD = 0.5  # of datasketch's own first example
PERMUTATIONS = 128
BANDS = 32  # of 4 slots, for datatrove and rensa: a pair at THRESHOLD is found 87 % of the time
# name: distribution
NEEDS = {"documented": "datasketch", "datatrove": "datatrove", "fastest": "rensa", "parse": "selectolax"}
FORMS = {"documented": ("html", "text"), "datatrove": ("html",), "fastest": ("html",), "parse": ("html", "text")}


class Article(NamedTuple):
    """What a contender made of an article; None where the library does not say."""

    article: str
    text: str
    title: str | None = None
    byline: str | None = None
    published_at: str | None = None


class Mention(NamedTuple):
    """A name found: the paragraph, code points, whose it is."""

    article: str
    field: str
    paragraph_no: int
    start: int
    end: int
    kind: str
    person_id: str


TABLES: dict[str, dict[str, type[pl.DataType]]] = {
    "articles": dict.fromkeys(Article._fields, pl.String),
    "paragraphs": {"article": pl.String, "paragraph_no": pl.Int32, "text": pl.String, "cluster_id": pl.String},
    "mentions": {
        "article": pl.String, "field": pl.String, "paragraph_no": pl.Int32, "start": pl.Int64, "end": pl.Int64,
        "kind": pl.String, "person_id": pl.String,
    },
}  # fmt: skip
Records = Iterable[dict[str, str]]
Paragraphs = Sequence[tuple[str, int, str]]  # article, number, text


def scripted(
    source: Path,
    out: Path,
    read: Callable[[Records], Iterator[Article]],
    named: Callable[[Paragraphs, dict[str, str]], Iterator[Mention]],
    clustered: Callable[[Sequence[str]], list[str]],
) -> None:
    """Read the articles that are new, find the names in them, cluster all paragraphs there are, write."""
    before = {
        name: pl.read_parquet(file) if (file := out / f"{name}.parquet").is_file() else pl.DataFrame(schema=columns)
        for name, columns in TABLES.items()
    }
    articles = list(read(records(source, before["articles"]["article"])))
    if not articles:
        return
    paragraphs = in_paragraphs((article.article, article.text) for article in articles)
    mentions = named(paragraphs, people(source))
    texts = [*before["paragraphs"]["text"], *(text for *_, text in paragraphs)]
    clusters = clustered(texts)
    old = before["paragraphs"].with_columns(
        cluster_id=pl.Series(clusters[: before["paragraphs"].height], dtype=pl.String)
    )
    rows = [(*row, cluster) for row, cluster in zip(paragraphs, clusters[old.height :], strict=True)]
    written = {
        "articles": pl.concat([before["articles"], _table("articles", articles)]),
        "paragraphs": pl.concat([old, _table("paragraphs", rows)]),
        "mentions": pl.concat([before["mentions"], _table("mentions", mentions)]),
    }
    for name, table in written.items():
        table.write_parquet(out / f"{name}.parquet")


def records(source: Path, known: Iterable[str]) -> Iterator[dict[str, str]]:
    """The records of the JSONL files that are not known by id."""
    done = set(known)
    for file in sorted(source.rglob("*.jsonl")):
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                if record["id"] not in done:
                    yield record


def people(source: Path) -> dict[str, str]:
    """Name: person, of those copydesk knows in the same run: the people it comes with, and the world's."""
    found: dict[str, str] = {}
    for file in [*sorted(NAMES.glob("*.toml")), source.parent / "names" / "invented.toml"]:
        for person in tomllib.loads(file.read_text(encoding="utf-8"))["person"]:
            spellings = [*person["canonical"].values(), *person.get("aliases", ())]
            found |= dict.fromkeys(spellings, person["id"])
    return found


def in_paragraphs(texts: Iterable[tuple[str, str]]) -> Paragraphs:
    """The lines of each article's text that are not blank."""
    return [
        (article, number, line)
        for article, text in texts
        for number, line in enumerate((line for line in map(str.strip, text.split("\n")) if line), 1)
    ]


def _table(name: str, rows: Iterable[Sequence[object]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=TABLES[name], orient="row")


def _shingles(text: str) -> set[str]:
    words = text.lower().split()
    return {" ".join(words[at : at + SHINGLE]) for at in range(len(words) - SHINGLE + 1)}


def trafilatura_articles(read: Records) -> Iterator[Article]:
    """trafilatura, with metadata."""
    from trafilatura import bare_extraction

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it warns of every page it finds nothing in
    for record in read:
        found = bare_extraction(record["html"], with_metadata=True, include_comments=False)
        if found is not None:
            yield Article(record["id"], found.text or "", found.title, found.author, found.date)


def justext_articles(read: Records) -> Iterator[Article]:
    """The lines that jusText calls good, each wrapped in `<p>`."""
    from justext import get_stoplist, justext

    stop = get_stoplist("English")
    for record in read:
        page = "".join(f"<p>{escape(line)}</p>" for line in record["text"].split("\n") if line.strip())
        kept = (paragraph.text for paragraph in justext(page, stop) if not paragraph.is_boilerplate)
        yield Article(record["id"], "\n".join(kept))


def resiliparse_articles(read: Records) -> Iterator[Article]:
    """The main content as resiliparse sees it, and the title of the page."""
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.html import HTMLTree

    for record in read:
        tree = HTMLTree.parse(record["html"])
        text = extract_plain_text(tree, main_content=True, alt_texts=False, list_bullets=False)
        yield Article(record["id"], text, tree.title)


def visible_articles(read: Records) -> Iterator[Article]:
    """The visible text of a page, or the text as it is."""
    from selectolax.lexbor import LexborHTMLParser

    for record in read:
        if "text" in record:
            yield Article(record["id"], record["text"])
            continue
        tree = LexborHTMLParser(record["html"])
        tree.strip_tags(["script", "style"])
        yield Article(record["id"], tree.text(separator="\n"))


def no_mentions(paragraphs: Paragraphs, names: dict[str, str]) -> Iterator[Mention]:
    """None."""
    return iter(())


def regex_mentions(paragraphs: Paragraphs, names: dict[str, str]) -> Iterator[Mention]:
    """All names in one regular expression, the longest first."""
    pattern = re.compile(r"\b(?:" + "|".join(map(re.escape, sorted(names, key=len, reverse=True))) + r")\b")
    for article, number, text in paragraphs:
        for found in pattern.finditer(text):
            yield Mention(article, "text", number, found.start(), found.end(), "full", names[found[0]])


def automaton_mentions(paragraphs: Paragraphs, names: dict[str, str]) -> Iterator[Mention]:
    """All names in one Aho-Corasick automaton, words whole."""
    from ahocorasick_rs import AhoCorasick, MatchKind

    persons = list(names.values())
    automaton = AhoCorasick(list(names), matchkind=MatchKind.LeftmostLongest)
    for article, number, text in paragraphs:
        for which, start, end in automaton.find_matches_as_indexes(text):
            if not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum()):
                yield Mention(article, "text", number, start, end, "full", persons[which])


def datasketch_clusters(texts: Sequence[str]) -> list[str]:
    """For each text the cluster of the first that MinHashLSH finds, its own number where it finds none."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    clusters: list[str] = []
    for number, text in enumerate(texts):
        signature = MinHash(num_perm=PERMUTATIONS)
        shingles = _shingles(text)
        for shingle in shingles:
            signature.update(shingle.encode())
        similar = index.query(signature) if shingles else ()  # empty sets are alike
        clusters.append(clusters[min(similar)] if similar else str(number))
        if shingles:
            index.insert(number, signature)
    return clusters


def equal_clusters(texts: Sequence[str]) -> list[str]:
    """For each text the number of the first that is equal."""
    first: dict[str, str] = {}
    return [first.setdefault(text, str(number)) for number, text in enumerate(texts)]


def rensa_clusters(texts: Sequence[str]) -> list[str]:
    """The same with rensa, whose candidates are verified by its estimate."""
    from rensa import RMinHash, RMinHashLSH

    sets = [_shingles(text) for text in texts]
    signatures = RMinHash.from_token_sets([list(shingles) for shingles in sets], PERMUTATIONS, 1)
    index = RMinHashLSH(THRESHOLD, PERMUTATIONS, BANDS)
    clusters: list[str] = []
    for number, (signature, shingles) in enumerate(zip(signatures, sets, strict=True)):
        found = index.query(signature) if shingles else ()
        similar = [other for other in found if signature.jaccard(signatures[other]) >= THRESHOLD]
        clusters.append(clusters[min(similar)] if similar else str(number))
        if shingles:
            index.insert(number, signature)
    return clusters


def datatrove(source: Path, out: Path, jobs: int) -> None:
    """Its own steps, on paragraphs. Every run takes all input: an index of its own drops, but does not cluster."""
    from datatrove.data import Document
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import MinhashDedupCluster, MinhashDedupSignature
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupBuckets
    from datatrove.pipeline.extractors import Trafilatura
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter
    from datatrove.utils.hashing import HashConfig

    work = out / "datatrove"
    shutil.rmtree(work, ignore_errors=True)
    minhash = MinhashConfig(
        n_grams=SHINGLE,
        num_buckets=BANDS,
        hashes_per_bucket=PERMUTATIONS // BANDS,
        hash_config=HashConfig(precision=32),
    )

    def cut(data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        for article, number, text in in_paragraphs((page.id, page.text) for page in data):
            yield Document(text=text, id=f"{article}:{number}")

    def done(step: str, tasks: int, *steps: object) -> None:
        LocalPipelineExecutor(list(steps), tasks=tasks, workers=jobs, logging_dir=str(work / "logs" / step)).run()

    folders = {name: str(work / name) for name in ("paragraphs", "signatures", "buckets", "clusters")}
    extractor = Trafilatura(favour_precision=False, deduplicate=False, timeout=30)
    done("read", jobs, JsonlReader(str(source), text_key="html"), extractor, cut,
         JsonlWriter(folders["paragraphs"], compression=None))  # fmt: skip
    done("signatures", jobs, JsonlReader(folders["paragraphs"]),
         MinhashDedupSignature(folders["signatures"], minhash, spaces()))  # fmt: skip
    done("buckets", BANDS, MinhashDedupBuckets(folders["signatures"], folders["buckets"], config=minhash))
    done("clusters", 1, MinhashDedupCluster(folders["buckets"], folders["clusters"], minhash, save_cluster_id=True))
    rows = list(_trove_rows(work))
    texts = pl.DataFrame(rows, schema=TABLES["paragraphs"], orient="row")
    articles = texts.group_by("article").agg(pl.col("text").str.join("\n"))
    _table("articles", (Article(*row) for row in articles.iter_rows())).write_parquet(out / "articles.parquet")
    texts.write_parquet(out / "paragraphs.parquet")
    _table("mentions", ()).write_parquet(out / "mentions.parquet")


def spaces() -> Any:
    """What stands between spaces, for datatrove, whose own normalisation has taken punctuation out.

    spaCy, which it would use, takes longer than all its steps together.
    """
    from datatrove.utils.word_tokenizers import WordTokenizer

    class Spaces(WordTokenizer):  # type: ignore[misc]  # datatrove has no types
        def word_tokenize(self, text: str) -> list[str]:
            return text.split()

        def sent_tokenize(self, text: str) -> list[str]:
            return [text]

        def span_tokenize(self, text: str) -> list[tuple[int, int]]:
            return [(0, len(text))]

    return Spaces()


def _trove_rows(work: Path) -> Iterator[tuple[str, int, str, str]]:
    """The paragraphs with the clusters that MinhashDedupCluster left: pairs of uint32, one file a task."""
    import numpy as np

    for task, file in enumerate(sorted((work / "paragraphs").glob("*.jsonl"))):
        saved = work / "clusters" / f"{task:06d}.clusters"
        clusters = dict(np.fromfile(saved, "<u4").reshape(-1, 2).tolist()) if saved.is_file() else {}
        for position, line in enumerate(file.read_text(encoding="utf-8").split("\n")[:-1]):
            record = json.loads(line)
            article, _, number = record["id"].rpartition(":")
            yield article, int(number), record["text"], str(clusters.get(position, record["id"]))


def main(argv: Sequence[str] | None = None) -> None:
    """Run one."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.contenders", description=__doc__)
    parser.add_argument("name", choices=NEEDS)
    parser.add_argument("form", choices=("html", "text"))
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--jobs", type=int, default=1, help="of datatrove; the others have one process")
    given = parser.parse_args(argv)
    given.out.mkdir(parents=True, exist_ok=True)
    if given.name == "datatrove":
        datatrove(given.source, given.out, given.jobs)
    elif given.name == "parse":
        scripted(given.source, given.out, visible_articles, no_mentions, equal_clusters)
    elif given.name == "fastest":
        scripted(given.source, given.out, resiliparse_articles, automaton_mentions, rensa_clusters)
    else:
        read = trafilatura_articles if given.form == "html" else justext_articles
        scripted(given.source, given.out, read, regex_mentions, datasketch_clusters)


if __name__ == "__main__":
    main()
