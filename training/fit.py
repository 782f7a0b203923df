"""Fit the line model: `python -m training.fit --pages FILE... --out DIR`.

Any Parquet file will do that has the columns id, host, set, html, lines, labels (1 story, 0 chrome, 2 neither), gold
and gold_coverage. Writes `line_model.npz` (the weights the package carries), `folds/<seed>-<fold>.npz` (weights that
have not seen a third of the hosts), and `metrics.json` (scores of pages by the weights that have not seen their host,
mean of the seeds). One seed takes about 5 minutes on 2 cores.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from benchmarks import metrics
from pipeline.kernels.line_features import (
    CUE_SLOTS,
    SCORE_NAMES,
    WORD_SLOTS,
    Bools,
    Floats,
    Layout,
    TextFeatures,
    layout,
    score_features,
    text_features,
    windowed,
)
from pipeline.kernels.line_model import (
    Model,
    Network,
    Pair,
    arrays,
    averaged,
    cue_scores,
    key_columns,
    own_features,
    own_names,
    posterior,
)
from pipeline.kernels.markup_features import GROUPS
from training.networks import Singles, fitted, network, standardised
from training.pages import MASKED, STORY, LabelledPage, cropped, html_pages, rows_of, text_pages

FOLDS = 3
BATCH_PAGES = 16
FUNCTION_WORDS = 500  # the most widespread words of story lines
CHROME_LINES = 160  # of a page that are learnt from, about
NEWS_WEIGHT = 3.0  # of a page of fundus (news of 40 countries) against one of WCXB
FIRST, SECOND = (64, 24), (32, 16)  # hidden units
EPOCHS = 8
NETWORKS = 2  # averaged in each stage
CHAINS = ((0.0, 0.0), (0.3, 0.0), (0.3, -0.4))  # weight and bias to choose from
UNTOLD = (
    "score ", "first score", "story above", "story on the page", "share of the main run", "length in characters",
    "share of prose on the page", "edge of the page", "place on the page", "depth", "deeper", "line below is deeper",
    "articles on the page", "prose of the main article", "lines ", "number of siblings", "story in the 20",
    "word length", "class of story", "class of list",
)  # fmt: skip
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
    weights: Floats  # of each line
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
    page_weights = np.array([(NEWS_WEIGHT if p.source == "fundus" else 1.0) / np.sqrt(len(p.lines)) for p in pages])
    return Material(
        pages,
        batches,
        layout(sizes),
        np.concatenate([page.labels for page in pages]),
        np.repeat([fold_of(page.host) for page in pages], sizes),
        np.repeat(page_weights, sizes),
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


def learnt_rows(data: Material, seed: int) -> tuple[Bools, Singles]:
    """Lines that are learnt from, and their weights: every story line, about CHROME_LINES others of a page."""
    random = np.random.default_rng(seed)
    share = np.minimum(1.0, CHROME_LINES / np.maximum(1, data.where.sizes))[data.where.page]
    share = np.where(data.labels == STORY, np.maximum(share, 0.5), share)
    rows = (data.labels != MASKED) & (random.random(len(share)) < share)
    return rows, (data.weights / share).astype(np.float32)


@dataclass
class Fits:
    """What one seed learns: a pair of weights for each fold left out, and the scores of its lines."""

    pairs: list[Pair]
    scores: Floats  # (lines,) second scores by weights that have not seen the host, before the chain
    whole: Pair | None  # learnt from all pages


def learnt(data: Material, seed: int, *, whole: bool) -> Fits:
    """Everything learnt once with this seed."""
    rows, weights = learnt_rows(data, seed)
    is_story = data.labels == STORY
    known = data.labels != MASKED
    parts = [*range(FOLDS), *([FOLDS] if whole else [])]  # the last: no fold left out
    cues = {part: cue_weights(data, known & (data.fold != part)) for part in parts}
    own = np.empty((data.where.n_lines, len(own_names(html=data.is_html))), np.float32)
    wide = np.empty((len(own), own.shape[1] + 11 * len(key_columns(html=data.is_html))), np.float32)
    start = 0
    for text, facts in data.batches:
        end = start + text.layout.n_lines
        scores = np.zeros(end - start)
        for part in range(FOLDS):
            inside = data.fold[start:end] == part
            scores[inside] = cue_scores(text, *cues[part])[inside]
        values = own_features(text, scores, facts)
        own[start:end] = values
        wide[start:end] = windowed(values, text.layout, key_columns(html=data.is_html))
        start = end
    say("  features")
    groups = _dropped_groups(data)
    first, first_scores = _stage(wide, is_story, weights, rows, data, parts, FIRST, seed, groups)
    say("  first networks")
    del wide
    around = score_features(first_scores, data.n_words, data.where).astype(np.float32)
    both = np.hstack([own, around])
    second, scores = _stage(both, is_story, weights, rows, data, parts, SECOND, seed, groups)
    say("  second networks")
    reasons = _reasons(both, scores, rows, is_html=data.is_html)
    pairs = [Pair(*cues[part], first[part], second[part], 0.0, 0.0, reasons) for part in parts]
    return Fits(pairs[:FOLDS], scores, pairs[FOLDS] if whole else None)


def _dropped_groups(data: Material) -> list[list[int]]:
    """Columns of the markup's groups: each is left out of some rows."""
    if not data.is_html:
        return []
    names = own_names(html=True)
    return [[names.index(name) for name in group] for group in GROUPS.values()]


def _stage(
    values: Singles,
    is_story: Bools,
    weights: Singles,
    rows: Bools,
    data: Material,
    parts: Sequence[int],
    hidden: Sequence[int],
    seed: int,
    groups: Sequence[Sequence[int]],
) -> tuple[dict[int, tuple[Network, ...]], Floats]:
    """Networks of one stage for every part left out, and each line's score by those that have not seen its host."""
    normal, mean, scale = standardised(values, rows)
    networks: dict[int, tuple[Network, ...]] = {}
    scores = np.zeros(len(values))
    for part in parts:
        chosen = rows & (data.fold != part)
        networks[part] = tuple(
            network(
                mean,
                scale,
                *fitted(
                    normal[chosen],
                    is_story[chosen],
                    weights[chosen],
                    hidden=hidden,
                    epochs=EPOCHS,
                    seed=1000 * seed + number,
                    groups=groups,
                ),
            )
            for number in range(NETWORKS)
        )
        if part < FOLDS:
            left_out = data.fold == part
            scores[left_out] = averaged(networks[part], values[left_out].astype(np.float64))
    return networks, scores


def _reasons(values: Singles, scores: Floats, rows: Bools, *, is_html: bool) -> Floats:
    """How much each feature says per standard deviation: a ridge regression of the scores' log odds on them.

    Features that explain nothing to a reader, or repeat what others say, are left out (weight 0).
    """
    normal, _, _ = standardised(values, rows)
    normal = normal[rows].astype(np.float64)
    names = (*own_names(html=is_html), *SCORE_NAMES)
    told = [index for index, name in enumerate(names) if not name.startswith(UNTOLD)]
    clipped = np.clip(scores[rows], 0.001, 0.999)
    odds = np.log(clipped / (1 - clipped))
    part = normal[:, told]
    solved = np.linalg.solve(part.T @ part + 0.01 * len(part) * np.eye(len(told)), part.T @ (odds - odds.mean()))
    reasons = np.zeros(values.shape[1])
    reasons[told] = solved
    return np.asarray(reasons.astype(np.float16), np.float64)


gram_counts = lru_cache(maxsize=None)(metrics.gram_counts)  # chains differ on few pages


@dataclass(frozen=True)
class Figures:
    """Rates over pages that the weights have not seen."""

    f1: float  # of 4-grams
    news_f1: float  # the same, pages of fundus
    exact: float  # share of pages without a wrong 4-gram
    line_f1: float


def figures(data: Material, scores: Floats) -> Figures:
    """The rates when lines of 0.5 or more are kept; parts of pages are not counted."""
    grams, lines, news = [], [], []
    for number, page in enumerate(data.pages):
        if page.is_crop:
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


def chained(data: Material, scores: Floats, weight: float, bias: float) -> Floats:
    """The scores after the chain over each page, in batches as the pipeline runs it."""
    out, start = np.empty(len(scores)), 0
    for text, _ in data.batches:
        end = start + text.layout.n_lines
        out[start:end] = posterior(scores[start:end], text.layout, weight, bias)
        start = end
    return out


def fit(files: Sequence[Path], out: Path, n_seeds: int, kinds: Sequence[str]) -> dict[str, dict[str, float]]:
    """Fit, measure, write; the figures of each kind of page."""
    rows = rows_of(files)
    say(f"{rows.height} pages")
    text = text_pages(rows)
    words = function_words(text)
    report: dict[str, dict[str, float]] = {}
    folds: dict[str, list[list[Pair]]] = {}  # kind -> seed -> fold
    whole: dict[str, Pair] = {}
    for kind in kinds:
        pages = text if kind == "text" else html_pages(rows)
        data = material([*pages, *cropped(pages, seed=0)], words)
        say(f"{kind}: {data.where.n_lines} lines")
        fits = [learnt(data, seed, whole=seed == 0) for seed in range(n_seeds)]
        found = {chain: [figures(data, chained(data, fit.scores, *chain)) for fit in fits] for chain in CHAINS}
        best = max(CHAINS, key=lambda chain: statistics.fmean(value.f1 + value.news_f1 for value in found[chain]))
        for chain, values in found.items():
            say(f"  {kind}, chain {chain}: {means(values)}")
        report[kind] = means(found[best]) | {"chain_weight": best[0], "chain_bias": best[1], "pages": len(pages)}
        report[kind] |= {f"f1_of_seed_{seed}": round(value.f1, 4) for seed, value in enumerate(found[best])}
        folds[kind] = [[with_chain(pair, best) for pair in fit.pairs] for fit in fits]
        whole[kind] = with_chain(fits[0].whole or fits[0].pairs[0], best)
    out.mkdir(parents=True, exist_ok=True)
    (out / "metrics.json").write_text(json.dumps(report, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    if set(kinds) == {"text", "html"}:
        np.savez_compressed(out / "line_model.npz", **arrays(Model(words, whole["text"], whole["html"])))
        (out / "folds").mkdir(exist_ok=True)
        for seed in range(n_seeds):
            for fold in range(FOLDS):
                model = Model(words, folds["text"][seed][fold], folds["html"][seed][fold])
                np.savez_compressed(out / "folds" / f"{seed}-{fold}.npz", **arrays(model))
    return report


def with_chain(pair: Pair, chain: tuple[float, float]) -> Pair:
    """The weights with this weight and bias of the chain."""
    return replace(pair, chain_weight=chain[0], chain_bias=chain[1])


def means(values: Sequence[Figures]) -> dict[str, float]:
    """Each rate's mean."""
    return {name: round(statistics.fmean(getattr(value, name) for value in values), 4) for name in RATES}


def main() -> int:
    """Fit from the command line; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.fit", description=__doc__)
    parser.add_argument("--pages", type=Path, nargs="+", required=True, help="Parquet files of labelled pages")
    parser.add_argument("--out", type=Path, required=True, help="folder for the weights and the figures")
    parser.add_argument("--seeds", type=int, default=3, help="runs whose figures are averaged; the first is packaged")
    parser.add_argument("--kinds", nargs="+", choices=("text", "html"), default=["text", "html"])
    given = parser.parse_args()
    fit(given.pages, given.out, given.seeds, given.kinds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
