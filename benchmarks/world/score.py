"""What a run made of a world against the world's gold: `python -m benchmarks.world.score WORLD CLEAN [--json FILE]`.

CLEAN is the output of `copydesk run -c WORLD/config.toml -i WORLD/html (or text) -o CLEAN`. The world is made up: the
figures show what a change moves and what breaks, not how well real pages are read.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path

import polars as pl

from benchmarks import OUT, write_figures
from benchmarks.metrics import Counts, gram_counts, summed_rates
from benchmarks.world.gold import gold_table
from pipeline.errors import NoInputError

NAME = r"(a\d{7})(?:\.\w+)?$"  # at the end of the source path, or the record's own id
MATCHED = 0.5  # share of a printed paragraph's words found in one of the gold, from which it is that one
GoldParagraph = tuple[int, str, str | None, list[int], str | None]  # number, text, story, sources, agency
TEXT_ROLES = ("deck", "body", "subheading")
MIN_WORDS = 8  # shorter paragraphs are nobody's copies; dedup.min_tokens


class Output:
    """The tables of the current version, with what the world calls each article."""

    def __init__(self, clean: Path) -> None:
        self._current = clean / "current"
        if not self._current.is_dir():
            raise NoInputError(f"{clean}: no output of copydesk")
        articles = self.table("articles")
        source = pl.coalesce("source_id", "source_path").str.extract(NAME)
        self.ids = articles.select("article_id", article=source)
        self.articles = self.named(articles)

    def table(self, name: str) -> pl.DataFrame:
        """A table as it is."""
        return pl.read_parquet(self._current / name / "**" / "*.parquet", missing_columns="insert")

    def named(self, table: pl.DataFrame) -> pl.DataFrame:
        """The table with the column `article`."""
        return table.join(self.ids, on="article_id", how="left", maintain_order="left")


def scores(world: Path, clean: Path) -> dict[str, float]:
    """All figures by name; `.n` of something is how many there are in the gold."""
    output = Output(clean)
    gold = {
        table: gold_table(world, table).filter(pl.col("article").is_in(output.ids["article"].implode()))
        for table in ("articles", "lines", "paragraphs", "mentions")
    }
    paragraphs = output.named(output.table("paragraphs")).sort("article", "paragraph_no")
    matched = matched_paragraphs(paragraphs, gold["paragraphs"])
    return {
        **text_figures(as_printed(output.articles, paragraphs), gold["paragraphs"]),
        **role_figures(output.named(output.table("lines")), gold["lines"]),
        **field_figures(output.articles, gold["articles"]),
        **copy_figures(matched),
        **wire_figures(output.articles, gold["articles"]),
        **credit_figures(matched, output.table("clusters")),
        **name_figures(output.named(output.table("mentions")), matched, gold["mentions"]),
    }


def as_printed(articles: pl.DataFrame, paragraphs: pl.DataFrame) -> pl.DataFrame:
    """Article and text, with names as they stood: `articles.text` has them as configured."""
    texts = paragraphs.group_by("article", maintain_order=True).agg(pl.col("text").str.join("\n\n"))
    return articles.select("article").join(texts, on="article", how="left").with_columns(pl.col("text").fill_null(""))


def text_figures(articles: pl.DataFrame, paragraphs: pl.DataFrame) -> dict[str, float]:
    """`text.*`: word 4-grams of the texts, summed; `text.exact`: share of the articles without one wrong."""
    wanted = dict(paragraphs.group_by("article", maintain_order=True).agg(pl.col("text").str.join("\n\n")).iter_rows())
    pages = [gram_counts(text, wanted[article]) for article, text in articles.select("article", "text").iter_rows()]
    rates = summed_rates(pages)
    exact = sum(page.kept_wrongly == page.lost == 0 for page in pages)
    return {
        "text.n": len(pages), "text.precision": _share(rates.precision), "text.recall": _share(rates.recall),
        "text.f1": _share(rates.f1), "text.exact": _share(exact, len(pages)),
    }  # fmt: skip


def role_figures(lines: pl.DataFrame, gold: pl.DataFrame) -> dict[str, float]:
    """`roles.<role>`: share of the lines of a role that got it; of HTML lines are found again by their text.

    `lines.f1`: kept lines against those of TEXT_ROLES.
    """
    form = "html" if lines["start"].null_count() else "text"
    key = ["article", "text"] if form == "html" else ["article", "line_no"]
    wanted = gold.filter(pl.col("form") == form)
    if form == "html":  # a line that a page prints twice is looked for in order
        wanted, lines = (
            table.sort("article", "line_no").with_columns(nth=pl.int_range(pl.len()).over(key))
            for table in (wanted, lines)
        )
        key = [*key, "nth"]
    both = wanted.join(lines, on=key, how="full", suffix="_found", coalesce=True)
    lost = both["role_found"].is_null() & both["role"].is_not_null()
    both = both.filter(pl.col("role").is_not_null()).with_columns(
        right=pl.col("role") == pl.col("role_found"),
        kept=pl.col("paragraph_no").is_not_null(),
        story=pl.col("role").is_in(TEXT_ROLES),
    )
    right = int((both["kept"] & both["story"]).sum())
    rates = summed_rates([Counts(right, int(both["kept"].sum()) - right, int(both["story"].sum()) - right)])
    by_role = both.group_by("role").agg(pl.col("right").fill_null(False).mean()).sort("role")
    return {
        "lines.n": wanted.height, "lines.not_found": int(lost.sum()), "lines.f1": _share(rates.f1),
        **{f"roles.{role}": _share(share) for role, share in by_role.iter_rows()},
    }  # fmt: skip


def field_figures(articles: pl.DataFrame, gold: pl.DataFrame) -> dict[str, float]:
    """`fields.*`: shares of articles with the right title, byline, day and language."""
    both = gold.join(articles, on="article", suffix="_found")
    day = pl.col("published_at").dt.date() == pl.col("published_at_found").dt.date()
    found = both.select(
        title=pl.col("title") == pl.col("title_found"),
        byline=pl.col("byline") == pl.col("byline_found"),
        day=day,
        language=pl.col("language") == pl.col("language_found"),
        outlet=pl.col("outlet") == pl.col("outlet_found"),
    )
    return {f"fields.{field}": _share(found[field].fill_null(False).mean()) for field in found.columns}


def matched_paragraphs(paragraphs: pl.DataFrame, gold: pl.DataFrame) -> pl.DataFrame:
    """The paragraphs with the gold paragraph each is: gold_no, story, sources, agency, `whole` (to the letter),
    n_words; null where none.

    An equal text is the same one; else the one of the article with which it shares the larger part of its words.
    """
    by_article: dict[str, list[GoldParagraph]] = {}
    columns = ("paragraph_no", "text", "story", "sources", "agency")
    for article, *rest in gold.sort("article", "paragraph_no").select("article", *columns).iter_rows():
        by_article.setdefault(article, []).append(tuple(rest))
    rows = []
    for article, text in paragraphs.select("article", "text").iter_rows():
        rows.append(_same_paragraph(text, by_article.get(article, [])))
    told = {"gold_no": pl.Int32, "story": pl.String, "sources": pl.List(pl.Int32), "agency": pl.String}
    found = pl.DataFrame(rows, schema=told | {"whole": pl.Boolean, "n_words": pl.Int32}, orient="row")
    return pl.concat([paragraphs, found], how="horizontal")


def _same_paragraph(text: str, candidates: Sequence[GoldParagraph]) -> tuple[object, ...]:
    words = text.split()  # white space as one: a page's reader has no thin spaces
    counts = Counter(words)
    best, best_share, whole = None, MATCHED, False
    for candidate in candidates:
        its_words = candidate[1].split()
        if its_words == words:
            best, whole = candidate, True
            break
        share = (counts & Counter(its_words)).total() / len(words)
        if share > best_share:
            best, best_share = candidate, share
    if best is None:
        return None, None, [], None, False, len(words)
    number, _, story, sources, agency = best
    return number, story, sources, agency, whole, len(words)


def copy_figures(matched: pl.DataFrame) -> dict[str, float]:
    """`pairs.*`: pairs of one cluster against pairs from one paragraph of a story; `bcubed.*`: the same by paragraph.

    Only paragraphs of MIN_WORDS or more that are in the gold. One that was merged from two counts with the first for
    B-cubed, and makes a true pair with the copies of either.
    """
    of_stories = matched.filter(pl.col("story").is_not_null(), pl.col("n_words") >= MIN_WORDS)
    truths = [
        [(story, number) for number in sources] for story, sources in of_stories.select("story", "sources").iter_rows()
    ]
    clusters = [cluster or f"alone {n}" for n, cluster in enumerate(of_stories["cluster_id"])]
    true, found = _pairs(truths), _pairs([[cluster] for cluster in clusters])
    right = len(true & found)
    pairs = summed_rates([Counts(right, len(found) - right, len(true) - right)])
    labels = [truth[0] for truth in truths]
    precision, recall = _bcubed(clusters, labels), _bcubed(labels, clusters)
    return {
        "pairs.n": len(true), "pairs.precision": _share(pairs.precision), "pairs.recall": _share(pairs.recall),
        "pairs.f1": _share(pairs.f1), "bcubed.precision": _share(precision), "bcubed.recall": _share(recall),
        "bcubed.f1": _share(2 * precision * recall / (precision + recall) if precision + recall else 0.0),
    }  # fmt: skip


def _pairs(labels: Sequence[Iterable[object]]) -> set[tuple[int, int]]:
    """Positions that share a label."""
    members: dict[object, list[int]] = {}
    for position, some in enumerate(labels):
        for label in some:
            members.setdefault(label, []).append(position)
    return {pair for positions in members.values() for pair in combinations(positions, 2)}


def _bcubed(groups: Sequence[object], labels: Sequence[object]) -> float:
    """Mean over items of the share of its group that has its label (Bagga and Baldwin 1998)."""
    sizes, shared = Counter(groups), Counter(zip(groups, labels, strict=True))
    total = sum(count * count / sizes[group] for (group, _), count in shared.items())
    return total / len(groups) if groups else 0.0


def wire_figures(articles: pl.DataFrame, gold: pl.DataFrame) -> dict[str, float]:
    """`wire.*`: articles with a wire_source against those that credit an agency; `cited.*`: the same of cited_agency.

    Articles with an agency's text that do not say so are left out: nothing on their page tells.
    """
    both = gold.join(articles, on="article", suffix="_found").filter(
        pl.col("credit").is_not_null() | pl.col("agency").is_null()
    )
    right_agency = both.filter(pl.col("wire_source").is_not_null() & pl.col("credit").is_not_null())
    same = (right_agency["wire_source"] == right_agency["agency"]).mean()
    return {
        **_presence("wire", both["credit"].is_not_null(), both["wire_source"].is_not_null()),
        "wire.right_agency": _share(same if same is not None else 1.0),
        **_presence("cited", both["cited"].is_not_null(), both["cited_agency"].is_not_null()),
    }


def credit_figures(matched: pl.DataFrame, clusters: pl.DataFrame) -> dict[str, float]:
    """`clusters.wire_*`: clusters with a wire_source against those whose members are an agency's text."""
    members = (
        matched.filter(pl.col("gold_no").is_not_null())
        .group_by("cluster_id")
        .agg(pl.col("agency").drop_nulls().first())
    )
    both = clusters.join(members, on="cluster_id")
    return _presence("clusters.wire", both["agency"].is_not_null(), both["wire_source"].is_not_null())


def _presence(name: str, wanted: pl.Series, found: pl.Series) -> dict[str, float]:
    right = int((wanted & found).sum())
    return {
        f"{name}.n": int(wanted.sum()),
        f"{name}.precision": _share(right, int(found.sum())),
        f"{name}.recall": _share(right, int(wanted.sum())),
    }


def name_figures(mentions: pl.DataFrame, matched: pl.DataFrame, gold: pl.DataFrame) -> dict[str, float]:
    """`names.<kind>.*`: mentions with the right person and exact offsets, in paragraphs kept to the letter."""
    whole = matched.filter("whole").select("article", "paragraph_no", "gold_no")
    found = mentions.filter(pl.col("field") == "text").join(whole, on=["article", "paragraph_no"])
    wanted = gold.join(whole.drop("paragraph_no"), left_on=["article", "paragraph_no"], right_on=["article", "gold_no"])
    key = ["article", "paragraph_no", "start", "end"]
    figures: dict[str, float] = {}
    spans = {row[:4]: row[4] for row in found.select("article", "gold_no", "start", "end", "person_id").iter_rows()}
    for kind in ("full", "surname"):
        some = wanted.filter(pl.col("kind") == kind)
        of_kind = found.filter(pl.col("kind") == kind, pl.col("person_id").is_not_null()).height
        right = sum(spans.get(row[:4]) == row[4] for row in some.select(*key, "person_id").iter_rows())
        figures[f"names.{kind}.n"] = some.height
        figures[f"names.{kind}.precision"] = _share(right, of_kind)
        figures[f"names.{kind}.recall"] = _share(right, some.height)
    return figures


def _share(part: float | None, whole: float = 1.0) -> float:
    """4 decimals; 1 of nothing."""
    return round((part or 0.0) / whole, 4) if whole else 1.0


def printed(figures: Mapping[str, float]) -> str:
    """One figure a line."""
    return "\n".join(f"{name:28}{value:>12g}" for name, value in figures.items())


def main(argv: Sequence[str] | None = None) -> int:
    """Score, print, write; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.world.score", description=__doc__)
    parser.add_argument("world", type=Path)
    parser.add_argument("clean", type=Path)
    parser.add_argument("--json", type=Path, default=OUT / "world.json")
    given = parser.parse_args(argv)
    try:
        figures = scores(given.world, given.clean)
    except NoInputError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(printed(figures))
    write_figures(given.json, "world", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
