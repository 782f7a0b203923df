"""How well copied paragraphs are found: `python -m benchmarks.dedup [--json FILE]`.

Paragraphs: reuse-dev, 8,368 with known origin, each copy an article of its own. All are judged together, in two
orders (the source before its copies of the same day; by hash of the article). Gold: two paragraphs that carry at
least 8 words of the same source sentences; near from half of all their source words, contained from .6 of the
shorter one's, else the pair counts neither way. Pairs scored: the links, each standing for all exact copies of its
two texts, and all pairs of exact copies. Figures without prefix are of the half of the source articles that nothing
is tuned on (odd first byte of the name's sha256); `all.` is everything, `tune.` the other half. Beside it datasketch's
MinHashLSH, word 5-grams, 128 permutations, threshold 0.8; and benchmarks/dedup_peers.py: what our kernels and other
tools make of 5-grams in 16 bands of 8, of that half. `equal.` counts pairs in which the kernels and datasketch differ
when both hash a shingle alike. The data is not part of the project; COPYDESK_BENCH names the folder that holds bench/
and seeds/.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import polars as pl

from benchmarks import OUT, data_folder, dedup_peers, write_figures
from benchmarks.dedup_peers import Found, Pair, encoded, shingles, words
from benchmarks.edits import TEXTS, edited
from benchmarks.metrics import Rates
from pipeline import schemas
from pipeline.errors import NoInputError
from pipeline.kernels import hashing
from pipeline.kernels.normalise import exact_key, normal_forms
from pipeline.stages import dedup

AS_OF = datetime(2024, 5, 1, tzinfo=UTC)  # after every date of the data
NEGATIVES = ("template", "series", "background", "quote")
ORDERS = ("source_first", "by_hash")
PARTS = ("", "all.", "tune.")

VIRAL_COPIES = 300
REPLAYED = 7  # batches

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"”’')]*\s+(?=[\"“‘'(]?[A-Z0-9])")
_ABBREVIATION = re.compile(
    r"\b(Mr|Mrs|Ms|Dr|Sen|Rep|Gov|Gen|Lt|St|Jr|Sr|No|Inc|Co|Corp|vs|U\.S|U\.N|U\.K|D\.C|[A-Z]|Jan|Feb|Aug|Sept|Oct|Nov"
    r"|Dec|Calif|Tex|Pa|Fla)\.$"
)


def sentence_lengths(text: str) -> list[int]:
    """Words of each sentence, cut as the data was."""
    sentences: list[str] = []
    for piece in _SENTENCE_END.split(text):
        if sentences and _ABBREVIATION.search(sentences[-1]):
            sentences[-1] += " " + piece
        else:
            sentences.append(piece)
    return [len(sentence.split()) for sentence in sentences]


@dataclass(frozen=True)
class Gold:
    """What the data says, by row number: near and contained pairs, those that count neither way, and more."""

    near: frozenset[Pair]
    contained: frozenset[Pair]
    ignored: frozenset[Pair]
    severity: Mapping[Pair, int]  # of pairs of a source and its copy
    negatives: Mapping[str, frozenset[Pair]]  # pairs of one family that are no copies
    clusters: Sequence[str]
    held_out: Sequence[bool]


def gold_of(rows: pl.DataFrame) -> Gold:
    """The gold of the benchmark's rows."""
    records = rows.to_dicts()
    lengths = {
        row["pid"]: [len(row["text"].split())] if row["kind"].startswith("neg") else sentence_lengths(row["text"])
        for row in records
        if row["kind"] != "copy"
    }
    carried: list[dict[str, list[int]]] = [json.loads(row["gold_src"]) for row in records]
    by_source: dict[str, list[int]] = defaultdict(list)
    families: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, row in enumerate(records):
        for source in carried[number]:
            by_source[source].append(number)
        if row["kind"].startswith("neg_"):
            families[row["kind"].removeprefix("neg_"), row["edits"]].append(number)
    kinds: dict[Pair, str] = {}
    for numbers in by_source.values():
        for pair in combinations(numbers, 2):
            if pair not in kinds:
                kinds[pair] = pair_kind(carried[pair[0]], carried[pair[1]], lengths)
    of_kind = {kind: frozenset(pair for pair, found in kinds.items() if found == kind) for kind in set(kinds.values())}
    negatives: dict[str, set[Pair]] = {kind: set() for kind in NEGATIVES}
    for (kind, _), numbers in families.items():
        negatives[kind].update(combinations(numbers, 2))
    return Gold(
        near=of_kind["near"],
        contained=of_kind["contained"],
        ignored=of_kind["ignored"],
        severity={
            (one, other): max(records[one]["severity"], records[other]["severity"])
            for one, other in of_kind["near"] | of_kind["contained"]
            if {records[one]["kind"], records[other]["kind"]} == {"orig", "copy"}
        },
        negatives={kind: frozenset(pairs) for kind, pairs in negatives.items()},
        clusters=[row["gold_cluster"] for row in records],
        held_out=[sha256(row["aid"].split("~")[0].encode()).digest()[0] % 2 == 1 for row in records],
    )


def pair_kind(
    one: Mapping[str, Sequence[int]], other: Mapping[str, Sequence[int]], lengths: Mapping[str, Sequence[int]]
) -> str:
    """near, contained, ignored or none, from the source sentences that the two carry."""
    n_one, n_other = (sum(lengths[source][n] for source in of for n in of[source]) for of in (one, other))
    both = sum(lengths[source][n] for source in one if source in other for n in set(one[source]) & set(other[source]))
    if not both:
        return "none"
    if both < 8:
        return "ignored"
    if both / (n_one + n_other - both) >= 0.5:
        return "near"
    return "contained" if both / min(n_one, n_other) >= 0.6 else "ignored"


# -------------------------------------------------------------------------------------------------------- methods


def copydesk(rows: pl.DataFrame, order: str) -> Found:
    """dedup.apply on all rows as one batch, without a window."""
    articles = rows["aid"].to_list()
    if order == "by_hash":
        articles = [hashing.text_hash(article) for article in articles]
    started = time.process_time()
    reuse = dedup.apply(plain(rows, articles), dedup.Memory.empty(), dedup.Settings(window_days=0))
    seconds = time.process_time() - started
    print(f"dedup: {order}: {reuse.report}", file=sys.stderr)
    number = {pid: n for n, pid in enumerate(rows["pid"])}
    keys = dict(reuse.fingerprints.select("paragraph_id", "exact_key").iter_rows())
    printings: dict[str, list[int]] = defaultdict(list)
    for pid, key in keys.items():
        printings[key].append(number[pid])
    pairs = {pair for numbers in printings.values() for pair in combinations(sorted(numbers), 2)}
    for left, right in reuse.links.filter(pl.col("link_type") != "exact").select("left_id", "right_id").iter_rows():
        pairs |= {
            (min(one, other), max(one, other)) for one in printings[keys[left]] for other in printings[keys[right]]
        }
    cluster = dict(reuse.paragraphs.select("paragraph_id", "cluster_id").iter_rows())
    return Found(frozenset(pairs), [cluster[pid] or pid for pid in rows["pid"]], seconds)


def plain(rows: pl.DataFrame, articles: Sequence[str]) -> pl.DataFrame:
    """PLAIN_PARAGRAPHS of the rows, which keep their own ids."""
    table = schemas.PLAIN_PARAGRAPHS
    paragraphs = rows.select(
        pl.col("pid").alias("paragraph_id"),
        pl.Series("article_id", articles, dtype=pl.String),
        (pl.col("pos") + 1).cast(pl.Int32).alias("paragraph_no"),
        "outlet",
        pl.col("date").str.to_datetime("%Y-%m-%d", time_unit="us", time_zone="UTC").alias("published_at"),
        "text",
        normal_forms(rows["text"])["n_words"].alias("n_tokens"),
        pl.lit(AS_OF).cast(schemas.TIME).alias("first_seen_at"),
    )
    return schemas.conform(paragraphs, table, at="benchmark")


def datasketch_lsh(rows: pl.DataFrame) -> Found:
    """MinHashLSH as its examples set it up: what shares a bucket is a pair, connected pairs a cluster."""
    from datasketch import MinHash, MinHashLSH

    started = time.process_time()
    index = MinHashLSH(threshold=0.8, num_perm=128)
    pairs: set[Pair] = set()
    for number, text in enumerate(rows["text"]):
        sketch = MinHash(num_perm=128, scheme="affine32")
        sketch.update_batch(encoded(shingles(words(text))))
        pairs.update((earlier, number) for earlier in index.query(sketch))
        index.insert(number, sketch)
    return Found(frozenset(pairs), connected(rows.height, pairs), time.process_time() - started)


def connected(count: int, pairs: Iterable[Pair]) -> list[str]:
    """The lowest number of each row's connected component."""
    parent = list(range(count))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for one, other in sorted(pairs):
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    return [str(root(number)) for number in range(count)]


# -------------------------------------------------------------------------------------------------------- figures


def figures_of(found: Found, gold: Gold, part: str) -> dict[str, float]:
    """Pair rates, recall by kind and severity, hard negatives linked, and cluster scores of one part of the rows."""
    from sklearn.metrics import adjusted_rand_score

    inside = [part == "all." or held == (part == "") for held in gold.held_out]

    def within(pairs: Iterable[Pair]) -> set[Pair]:
        return {pair for pair in pairs if inside[pair[0]] and inside[pair[1]]}

    copies = within(gold.near | gold.contained)
    linked = within(found.pairs) - gold.ignored
    rates = rates_of(len(linked & copies), len(linked), len(copies))
    figures = {f"pair_{name}": value for name, value in rates._asdict().items()}
    for kind, pairs in (("near", within(gold.near)), ("contained", within(gold.contained))):
        figures[f"recall_{kind}"] = len(linked & pairs) / len(pairs)
    for severity in range(5):
        pairs = within(pair for pair, found in gold.severity.items() if found == severity)
        figures[f"recall_severity_{severity}"] = len(linked & pairs) / len(pairs)
    for kind, negatives in gold.negatives.items():
        pairs = within(negatives)
        figures[f"linked_{kind}"] = len(linked & pairs) / max(1, len(pairs))
    rows = [number for number, is_inside in enumerate(inside) if is_inside]
    truth, labels = [gold.clusters[row] for row in rows], [found.labels[row] for row in rows]
    figures["bcubed_f1"] = bcubed(truth, labels).f1
    figures["ari"] = float(adjusted_rand_score(truth, labels))
    figures["largest_cluster"] = float(max(Counter(labels).values()))
    return {name: round(value, 4) for name, value in figures.items()}


def rates_of(right: float, found: float, wanted: float) -> Rates:
    """Precision, recall, F1 from counts."""
    precision, recall = right / found if found else 0.0, right / wanted if wanted else 0.0
    return Rates(precision, recall, 2 * precision * recall / (precision + recall) if right else 0.0)


def bcubed(truth: Sequence[str], labels: Sequence[str]) -> Rates:
    """B-cubed precision, recall and F1 (Bagga and Baldwin 1998): means over rows."""
    both, in_truth, in_labels = Counter(zip(truth, labels, strict=True)), Counter(truth), Counter(labels)
    precision = sum(n * n / in_labels[label] for (_, label), n in both.items()) / len(truth)
    recall = sum(n * n / in_truth[name] for (name, _), n in both.items()) / len(truth)
    return Rates(precision, recall, 2 * precision * recall / (precision + recall))


def seed_figures(folder: Path) -> dict[str, float]:
    """Links between the seed pages, which hold no copy of each other."""
    roles: dict[str, dict[str, str]] = json.loads((folder / "lines.json").read_text(encoding="utf-8"))
    rows: list[dict[str, Any]] = []
    for name, wanted in roles.items():
        lines = (folder / name).read_text(encoding="utf-8").split("\n")
        for number, text in enumerate(lines, start=1):
            if wanted.get(str(number)) == "body":
                pid = hashing.paragraph_id(name, exact_key(text), number)
                rows.append(
                    {"pid": pid, "aid": name, "pos": number, "outlet": name, "date": "2024-03-29", "text": text}
                )
    table = pl.DataFrame(rows)
    reuse = dedup.apply(plain(table, table["aid"].to_list()), dedup.Memory.empty(), dedup.Settings())
    return {"seeds.paragraphs": float(table.height), "seeds.cross_outlet_links": float(reuse.links.height)}


def viral_figures(rows: pl.DataFrame) -> dict[str, float]:
    """Share of 300 edited copies of one paragraph that ends up in one cluster, among all rows; three paragraphs."""
    shares = []
    for seed, text in enumerate(TEXTS, start=1):
        chance = Random(seed)  # noqa: S311 - copies, not secrets
        copies = pl.DataFrame([
            {"pid": f"viral {n:03}", "aid": f"viral {n:03}", "pos": 0, "outlet": f"outlet {n:03}",
             "date": f"2024-03-{chance.randrange(1, 29):02}", "text": edited(text, n % 3, chance)}
            for n in range(VIRAL_COPIES)
        ])  # fmt: skip
        every = pl.concat([rows.select(copies.columns), copies], how="vertical_relaxed")
        found = copydesk(every, "by_hash")
        shares.append(max(Counter(found.labels[rows.height :]).values()) / VIRAL_COPIES)
    named = {f"viral.seed_{seed}": round(share, 4) for seed, share in enumerate(shares, start=1)}
    return {**named, "viral.share": round(sum(shares) / len(shares), 4)}


def replay_figures(rows: pl.DataFrame) -> dict[str, float]:
    """Share of paragraphs with other cluster members when the days come in seven batches and not in one.

    Once as a run counts, document frequencies growing batch by batch, and once with the frequencies of all rows.
    """
    settings = dedup.Settings(window_days=0)
    whole = dedup.apply(plain(rows, rows["aid"].to_list()), dedup.Memory.empty(), settings)
    one = _members(whole.paragraphs)
    shares = {}
    for name, frequencies in (("other_members", None), ("other_members_fixed", [whole.frequencies.lazy()])):
        seven = _members(_in_batches(rows, settings, frequencies))
        shares[f"replay.{name}"] = round(sum(one[pid] != seven[pid] for pid in one) / len(one), 4)
    return shares


def _in_batches(
    rows: pl.DataFrame, settings: dedup.Settings, frequencies: Sequence[pl.LazyFrame] | None
) -> pl.DataFrame:
    """LINKED_PARAGRAPHS of the rows, whose days come in REPLAYED batches."""
    days = rows["date"].unique().sort().to_list()
    batch_of = {day: number * REPLAYED // len(days) for number, day in enumerate(days)}
    numbers = rows["date"].replace_strict(batch_of, return_dtype=pl.Int64)
    memory = dedup.Memory.empty()
    parts: list[pl.DataFrame] = []
    for number in range(REPLAYED):
        batch = rows.filter(numbers == number)
        seen = pl.lit(AS_OF + timedelta(days=number)).cast(schemas.TIME).alias("first_seen_at")
        paragraphs = plain(batch, batch["aid"].to_list()).with_columns(seen)
        reuse = dedup.apply(paragraphs, memory, settings, frequencies)
        memory = memory.plus(reuse)
        parts.append(reuse.paragraphs)
    return pl.concat(parts)


def _members(paragraphs: pl.DataFrame) -> dict[str, frozenset[str]]:
    """Of each paragraph, all that are in its cluster."""
    clusters: dict[str, list[str]] = defaultdict(list)
    for pid, cluster in paragraphs.select("paragraph_id", "cluster_id").iter_rows():
        clusters[cluster or pid].append(pid)
    return {pid: whole for members in clusters.values() for whole in [frozenset(members)] for pid in members}


def print_tables(figures: Mapping[str, float], peers: Iterable[str]) -> None:
    """One column per method and part, one line per figure; then one line per peer."""
    methods = (*ORDERS, "datasketch")
    columns = [f"{part}{method}" for part in PARTS for method in methods]
    print(f"{'':22}" + "".join(f"{column:>18}" for column in columns))
    for name in [name.removeprefix("source_first.") for name in figures if name.startswith("source_first.")]:
        print(f"{name:22}" + "".join(f"{figures[f'{column}.{name}']:18.3f}" for column in columns))
    for name in figures:
        if name.startswith(("seeds.", "viral.", "replay.", "equal.", "seconds.")):
            print(f"{name:32}{figures[name]:8.3f}")
    shown = ("pair_precision", "pair_recall", "pair_f1", "bcubed_f1", "ari")
    print(f"{'5-grams, 16 bands of 8':24}" + "".join(f"{name:>16}" for name in shown))
    for peer in peers:
        print(f"{peer:24}" + "".join(f"{figures[f'{peer}.{name}']:16.3f}" for name in shown))


def main() -> int:
    """Measure, print, write; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dedup", description=__doc__)
    parser.add_argument("--json", type=Path, default=OUT / "dedup.json")
    arguments = parser.parse_args()
    try:
        folder = data_folder("bench/reuse-dev.parquet")
    except NoInputError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    rows = pl.read_parquet(folder / "bench" / "reuse-dev.parquet")
    gold = gold_of(rows)
    methods = {order: copydesk(rows, order) for order in ORDERS}
    print("dedup: datasketch MinHashLSH", file=sys.stderr)
    methods["datasketch"] = datasketch_lsh(rows)
    figures = {
        f"{part}{method}.{name}": value
        for part in PARTS
        for method, found in methods.items()
        for name, value in figures_of(found, gold, part).items()
    }
    peers = {"kernels": dedup_peers.kernels, **dedup_peers.installed()}
    if dedup_peers.missing():
        print(f"dedup: not installed: {', '.join(dedup_peers.missing())}", file=sys.stderr)
    for name, method in peers.items():
        print(f"dedup: {name}", file=sys.stderr)
        methods[name] = method(rows["text"])
        figures |= {f"{name}.{key}": value for key, value in figures_of(methods[name], gold, "").items()}
    same = dedup_peers.datasketch_with_our_hash(rows["text"])
    figures["equal.different_pairs"] = float(len(same.pairs ^ methods["kernels"].pairs))
    figures["equal.pairs"] = float(len(same.pairs))
    figures |= seed_figures(folder / "seeds") | viral_figures(rows) | replay_figures(rows)
    seconds = {f"seconds.{method}": round(found.seconds, 1) for method, found in methods.items()}
    print_tables(figures | seconds, peers)
    write_figures(arguments.json, "dedup", figures, cpu_seconds=seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
