"""Fit the line model: `python -m training.fit --pages FILE... [--silver FILE...] --out DIR`.

Any Parquet file will do that has the columns id, host, set, html, lines, labels (1 story, 0 chrome, 2 neither), gold
and gold_coverage; pages of `--silver` files (`training.silver` makes them) are learnt from at half weight and never
scored on. Writes `line_model.npz` (the weights the package carries), `folds/<seed>-<fold>.npz` (weights that have not
seen a third of the hosts), and `metrics.json` (scores of pages by the weights that have not seen their host, mean of
the seeds). One seed takes about 5 minutes on 2 cores.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import polars as pl
import scipy.sparse as sparse
from numpy.typing import NDArray

from benchmarks import metrics
from pipeline.kernels.line_features import (
    CUE_SLOTS,
    WORD_SLOTS,
    Bools,
    Floats,
    Layout,
    TextFeatures,
    layout,
    text_features,
)
from pipeline.kernels.line_model import (
    NEAR_NAMES,
    Model,
    Network,
    Weights,
    arrays,
    averaged,
    cue_scores,
    near_scores,
    own_features,
    own_names,
)
from pipeline.kernels.markup_features import GROUPS
from training.networks import Lesson, Singles, fitted, network, standardised
from training.pages import MASKED, STORY, LabelledPage, cropped, html_pages, reshaped, rows_of, text_pages

FOLDS = 3
BATCH_PAGES = 16
FUNCTION_WORDS = 500  # the most widespread words of story lines
NEWS_WEIGHT = 3.0  # of a page of fundus (news of 40 countries) against one of WCXB
AID_WEIGHT = 0.5  # of a part of a page, a dump in another shape, a page with silver labels
CHANNELS = 32  # of the network
EPOCHS = 10
NETWORKS = 2  # averaged
UNTOLD = (
    "length in characters", "share of prose on the page", "edge of the page", "place on the page", "depth", "deeper",
    "line below is deeper", "articles on the page", "prose of the main article", "lines ", "number of siblings",
    "word length", "class of story", "class of list",
)  # fmt: skip
KINDS = ("text", "html")
RATES = ("f1", "news_f1", "exact", "line_f1")
STARTED = time.monotonic()


def say(text: str) -> None:
    """A line of progress."""
    print(f"[{time.monotonic() - STARTED:5.0f} s] {text}", file=sys.stderr, flush=True)


def fold_of(host: str) -> int:
    """The fold a host's pages are scored in."""
    return sha256(host.encode()).digest()[0] % FOLDS


@dataclass(frozen=True)
class Material:
    """All pages of one kind as features, in batches, with what is wanted of them."""

    pages: list[LabelledPage]
    batches: list[tuple[TextFeatures, NDArray[np.int64] | None]]  # text features, markup facts
    where: Layout  # of all pages
    labels: NDArray[np.int8]
    fold: NDArray[np.int64]  # of each line
    importance: Singles  # of each page
    n_words: NDArray[np.int64]

    @property
    def is_html(self) -> bool:
        """Whether the pages have markup."""
        return self.batches[0][1] is not None


def function_words(pages: Sequence[LabelledPage]) -> Bools:
    """Marks at the slots of the FUNCTION_WORDS words that stand in the stories of most pages."""
    counts = np.zeros(WORD_SLOTS, np.int64)
    nothing = np.zeros(WORD_SLOTS, bool)
    for page in pages:
        story = [line for line, label in zip(page.lines, page.labels, strict=True) if label == STORY]
        counts[np.unique(text_features([story], nothing).word_slots)] += 1
    marks = nothing.copy()
    marks[np.argsort(-counts, kind="stable")[:FUNCTION_WORDS]] = True
    return marks


def material(pages: list[LabelledPage], words: Bools) -> Material:
    """The features of the pages."""
    batches = []
    for start in range(0, len(pages), BATCH_PAGES):
        some = pages[start : start + BATCH_PAGES]
        facts = (
            np.vstack([page.facts for page in some if page.facts is not None]) if some[0].facts is not None else None
        )
        # every second batch of parts as if in a language whose words are not known
        is_foreign = all(page.is_crop for page in some) and start // BATCH_PAGES % 2 == 0
        found = text_features([page.lines for page in some], np.zeros_like(words) if is_foreign else words)
        if is_foreign:
            found = replace(found, cue_lines=found.cue_lines[:0], cue_slots=found.cue_slots[:0])
        batches.append((found, facts))
    sizes = [len(page.lines) for page in pages]
    importance = [
        (NEWS_WEIGHT if page.source == "fundus" else 1.0) * (AID_WEIGHT if page.is_aid else 1.0) for page in pages
    ]
    return Material(
        pages,
        batches,
        layout(sizes),
        np.concatenate([page.labels for page in pages]),
        np.repeat([fold_of(page.host) for page in pages], sizes),
        np.array(importance, np.float32),
        np.concatenate([text.n_words for text, _ in batches]),
    )


def cue_weights(data: Material, rows: Bools) -> tuple[Floats, float]:
    """Log odds of every hashed cue and their base, learnt from some lines."""
    from sklearn.linear_model import SGDClassifier

    lines, slots, offset = [], [], 0
    for text, _ in data.batches:
        lines.append(text.cue_lines + offset)
        slots.append(text.cue_slots)
        offset += text.layout.n_lines
    places = (np.concatenate(lines), np.concatenate(slots))
    hashed = sparse.csr_matrix((np.ones(len(places[0]), np.float32), places), shape=(offset, CUE_SLOTS))
    page_weight = np.repeat(1 / np.sqrt(np.maximum(1, data.where.sizes)), data.where.sizes)
    learner = SGDClassifier(loss="log_loss", alpha=2e-6, max_iter=12, tol=None, random_state=0)
    learner.fit(hashed[rows], data.labels[rows] == STORY, sample_weight=(page_weight / page_weight.mean())[rows])
    weights = learner.coef_[0].astype(np.float16).astype(np.float64)
    return weights, float(np.float32(learner.intercept_[0]))


@dataclass
class Fits:
    """What one seed learns: weights for each fold left out, and the scores of its lines."""

    weights: list[Weights]
    scores: Floats  # (lines,) by weights that have not seen the host
    whole: Weights | None  # learnt from all pages


def with_cues(data: Material) -> tuple[list[tuple[Floats, float]], Singles]:
    """Cue weights for each fold left out, then for none; and each line's features, its cues by weights of its fold."""
    known = data.labels != MASKED
    cues = [cue_weights(data, known & (data.fold != part)) for part in (*range(FOLDS), FOLDS)]
    own = np.empty((data.where.n_lines, len(own_names(html=data.is_html))), np.float32)
    start = 0
    for text, facts in data.batches:
        end = start + text.layout.n_lines
        scores = np.zeros(end - start)
        for part in range(FOLDS):
            inside = data.fold[start:end] == part
            scores[inside] = cue_scores(text, *cues[part])[inside]
        own[start:end] = own_features(text, scores, facts)
        start = end
    return cues, own


def learnt(data: Material, cues: Sequence[tuple[Floats, float]], own: Singles, seed: int, *, whole: bool) -> Fits:
    """Everything learnt once with this seed, from what `with_cues` gives."""
    known = data.labels != MASKED
    parts = [*range(FOLDS), *([FOLDS] if whole else [])]  # the last: no fold left out
    networks, scores = _networks(own, data, parts, seed)
    usual, reasons = _reasons(np.hstack([own, near_scores(scores, data.where)]), scores, known, is_html=data.is_html)
    weights = [Weights(*cues[part], networks[part], usual, reasons) for part in parts]
    return Fits(weights[:FOLDS], scores, weights[FOLDS] if whole else None)


def _dropped_groups(data: Material) -> list[list[int]]:
    """Columns of the markup's groups: each is left out of some pages."""
    if not data.is_html:
        return []
    names = own_names(html=True)
    return [[names.index(name) for name in group] for group in GROUPS.values()]


def _networks(
    values: Singles, data: Material, parts: Sequence[int], seed: int
) -> tuple[dict[int, tuple[Network, ...]], Floats]:
    """Networks for every part left out, and the score of each line by those that have not seen its host."""
    fold = np.array([fold_of(page.host) for page in data.pages])
    scores = np.zeros(len(values))
    networks: dict[int, tuple[Network, ...]] = {}
    for part in parts:
        learns = data.fold != part
        normal, mean, scale = standardised(values, learns)
        lesson = Lesson(
            normal, data.labels == STORY, data.labels != MASKED, data.n_words.astype(np.float32), data.where,
            data.importance,
        )  # fmt: skip
        pages = np.flatnonzero((fold != part) & (data.where.sizes > 0))
        networks[part] = tuple(
            network(
                mean,
                scale,
                fitted(
                    lesson,
                    pages,
                    channels=CHANNELS,
                    epochs=EPOCHS,
                    seed=1000 * seed + number,
                    groups=_dropped_groups(data),
                ),
            )
            for number in range(NETWORKS)
        )
        say(f"  {'html' if data.is_html else 'text'}, seed {seed}, part {part}")
        for start in range(0, len(data.pages), BATCH_PAGES) if part < FOLDS else ():
            batch = [n for n in range(start, min(len(data.pages), start + BATCH_PAGES)) if fold[n] == part]
            if batch:
                rows = np.concatenate([np.arange(*data.where.first[[n, n + 1]]) for n in batch])
                scores[rows] = averaged(
                    networks[part], values[rows].astype(np.float64), layout(data.where.sizes[batch])
                )
    return networks, scores


def _reasons(values: Floats, scores: Floats, rows: Bools, *, is_html: bool) -> tuple[Floats, Floats]:
    """The mean of each feature, and how much it says per unit: a ridge regression of the scores' log odds on them.

    Features that explain nothing to a reader, or repeat what others say, are left out (weight 0).
    """
    normal, mean, scale = standardised(values.astype(np.float32), rows)
    names = (*own_names(html=is_html), *NEAR_NAMES)
    told = [index for index, name in enumerate(names) if not name.startswith(UNTOLD)]
    clipped = np.clip(scores[rows], 0.001, 0.999)
    odds = np.log(clipped / (1 - clipped))
    part = normal[rows][:, told].astype(np.float64)
    solved = np.linalg.solve(part.T @ part + 0.01 * len(part) * np.eye(len(told)), part.T @ (odds - odds.mean()))
    reasons = np.zeros(len(names))
    reasons[told] = solved * scale[told]
    return np.asarray(mean, np.float64), np.asarray(reasons.astype(np.float16), np.float64)


gram_counts = lru_cache(maxsize=None)(metrics.gram_counts)  # seeds keep the same of most pages


@dataclass(frozen=True)
class Figures:
    """Rates over pages that the weights have not seen."""

    f1: float  # of 4-grams
    news_f1: float  # the same, pages of fundus
    exact: float  # share of pages without a wrong 4-gram
    line_f1: float


def figures(data: Material, scores: Floats) -> Figures:
    """The rates when lines of 0.5 or more are kept; pages that are aids are not counted."""
    grams, lines, news = [], [], []
    for number, page in enumerate(data.pages):
        if page.is_aid:
            continue
        keeps = (scores[data.where.first[number] : data.where.first[number + 1]] >= 0.5).tolist()
        kept = "\n".join(line for line, is_kept in zip(page.lines, keeps, strict=True) if is_kept)
        grams.append(gram_counts(kept, page.gold))
        lines.append(metrics.line_counts(keeps, page.labels.tolist()))
        news.append(page.source == "fundus")
    return Figures(
        metrics.mean_rates(grams).f1,
        metrics.mean_rates([count for count, is_news in zip(grams, news, strict=True) if is_news]).f1,
        metrics.exact_share(grams),
        metrics.summed_rates(lines).f1,
    )


def fit(
    files: Sequence[Path], silver: Sequence[Path], out: Path, n_seeds: int, kinds: Sequence[str], jobs: int
) -> dict[str, dict[str, float]]:
    """Fit, measure, write; the figures of each kind of page. `jobs` processes, a kind each."""
    rows = rows_of(files)
    extra = rows_of(silver) if silver else rows.clear()
    say(f"{rows.height} pages, {extra.height} with silver labels")
    words = function_words([*text_pages(rows), *text_pages(extra)])
    job = partial(_kind_learnt, rows=rows, extra=extra, words=words, n_seeds=n_seeds)
    if jobs > 1:
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
            found = dict(zip(kinds, pool.map(job, kinds), strict=True))
    else:
        found = dict(zip(kinds, map(job, kinds), strict=True))
    report = {kind: learnt_kind.figures for kind, learnt_kind in found.items()}
    out.mkdir(parents=True, exist_ok=True)
    (out / "metrics.json").write_text(json.dumps(report, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    if set(kinds) == set(KINDS):
        whole = Model(words, found["text"].whole, found["html"].whole)
        np.savez_compressed(out / "line_model.npz", **arrays(whole))
        (out / "folds").mkdir(exist_ok=True)
        for seed in range(n_seeds):
            for fold in range(FOLDS):
                model = Model(words, found["text"].folds[seed][fold], found["html"].folds[seed][fold])
                np.savez_compressed(out / "folds" / f"{seed}-{fold}.npz", **arrays(model))
    return report


@dataclass(frozen=True)
class KindLearnt:
    """What came of one kind of page."""

    figures: dict[str, float]
    folds: list[list[Weights]]  # for each seed, for each fold: learnt without its hosts
    whole: Weights


def _kind_learnt(kind: str, rows: pl.DataFrame, extra: pl.DataFrame, words: Bools, n_seeds: int) -> KindLearnt:
    """Fit one kind of page with every seed, and measure."""
    read = text_pages if kind == "text" else html_pages
    pages = read(rows)
    aids = [replace(page, is_aid=True) for page in read(extra)]
    aids += reshaped(pages[::2], seed=0) if kind == "text" else []
    data = material([*pages, *cropped(pages, seed=0), *aids], words)
    say(f"{kind}: {data.where.n_lines} lines")
    cues, own = with_cues(data)
    say(f"{kind}: features")
    fits = [learnt(data, cues, own, seed, whole=seed == 0) for seed in range(n_seeds)]
    found = [figures(data, fit.scores) for fit in fits]
    say(f"{kind}: {means(found)}")
    report: dict[str, float] = means(found) | {"pages": len(pages), "silver_pages": extra.height}
    report |= {f"f1_of_seed_{seed}": round(value.f1, 4) for seed, value in enumerate(found)}
    return KindLearnt(report, [fit.weights for fit in fits], fits[0].whole or fits[0].weights[0])


def means(values: Sequence[Figures]) -> dict[str, float]:
    """Each rate's mean."""
    return {name: round(statistics.fmean(getattr(value, name) for value in values), 4) for name in RATES}


def main() -> int:
    """Fit from the command line; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.fit", description=__doc__)
    parser.add_argument("--pages", type=Path, nargs="+", required=True, help="Parquet files of labelled pages")
    parser.add_argument("--silver", type=Path, nargs="*", default=[], help="Parquet files of pages with silver labels")
    parser.add_argument("--out", type=Path, required=True, help="folder for the weights and the figures")
    parser.add_argument("--seeds", type=int, default=3, help="runs whose figures are averaged; the first is packaged")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--jobs", type=int, default=2, help="processes; a kind is learnt in one")
    given = parser.parse_args()
    fit(given.pages, given.silver, given.out, given.seeds, given.kinds, given.jobs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
