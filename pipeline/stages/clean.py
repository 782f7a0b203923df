"""Clean: scores, repeats and outlet rules -> one role and one verdict for every line.

Every line ends in exactly one of three places:
  in the text   role in `keep_roles`, `paragraph_no` set, `dropped_by` null
  a field       role title (first printing), byline, date, caption or source; both null
  dropped       `dropped_by` set, role chrome (a repeated headline stays role title)

The verdicts, in the order in which one of them becomes `dropped_by`; the others that apply go to `also_by`:
  <outlet>:drop_lines[0]   a pattern of the outlet's own file
  repeat:title             the headline again
  line_score               score below `threshold`
  keep_roles               role deck, body or subheading, but the settings do not keep that role (it stays the role)
  repeat:outlet            the outlet prints the line on many articles
  repeat:page              the line stands in the text already
A keep_lines pattern wins over all of them and puts the line in the text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import polars as pl
from pydantic import Field, field_validator, model_validator

from pipeline import schemas
from pipeline.kernels import dates
from pipeline.kernels.authors import chosen_authors
from pipeline.kernels.forms import author_names, dated_authors
from pipeline.kernels.hashing import text_hashes
from pipeline.kernels.words import folds_and_counts
from pipeline.schemas import conform, ordered
from pipeline.stages.base import StageSettings

READS = (schemas.DOCUMENTS, schemas.SCORED_LINES)
WRITES = (schemas.DOCUMENTS, schemas.JUDGED_LINES)

TextRole = Literal["deck", "body", "subheading", "caption", "title", "byline", "date", "source"]
VERDICTS = ("repeat:title", "line_score", "keep_roles", "repeat:outlet", "repeat:page")
STORY_ROLES: tuple[TextRole, ...] = ("deck", "body", "subheading")
PATTERN_CHARS = 60  # of a line, in a keep_lines pattern made for it: enough to find hardly another


class Settings(StageSettings):
    """What counts as the story, and from when on a repeated line is site chrome."""

    enabled: bool = True  # false: every line is a paragraph
    threshold: float = Field(0.5, ge=0, le=1)  # lines that score less are dropped; probability
    keep_roles: tuple[TextRole, ...] = Field(STORY_ROLES, min_length=1)  # roles that make up the text
    # files of outlet rules, relative to the configuration file; `packaged:` = those copydesk brings along
    outlets: tuple[str, ...] = ("packaged:outlets/*.toml", "outlets/*.toml")
    window_days: int = Field(
        30, ge=0, le=36_500
    )  # days back over which an outlet's printed lines are counted; 0 = no limit
    min_outlet_articles: int = Field(3, ge=2)  # articles of an outlet that print a line, from which it is chrome
    min_sure_articles: int = Field(10, ge=2)  # the same for a line that scores sure_score or more
    sure_score: float = Field(0.9, ge=0, le=1)  # a line is surely story from here on; probability
    max_sure_words: int = Field(25, ge=1)  # words from which a sure line is never chrome, however often it is printed
    min_repeat_words: int = Field(4, ge=1)  # words from which a line printed twice in the text is kept once


class Example(StageSettings):
    """A line, and the rule that drops it or false: the rule's own test."""

    raw: str  # the line as it stands in the dump
    drop: str | Literal[False]  # name of the rule, or false where the line stays


class OutletRules(StageSettings):
    """What one outlet prints around its stories: the file configs/outlets/<outlet>.toml.

    Patterns are in polars' (Rust's) regex syntax: no look-around, no back-references, so every search is linear in
    the line. They are searched for anywhere in the line without white space at its edges.
    """

    outlet: str = Field(min_length=1)  # as in articles.outlet
    drop_lines: tuple[str, ...] = ()  # regexes of lines that are chrome
    keep_lines: tuple[str, ...] = ()  # regexes of lines that are story, whatever else says
    examples: tuple[Example, ...] = ()  # lines that show what the rules do; the near misses too

    @field_validator("drop_lines", "keep_lines")
    @classmethod
    def compile_patterns(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        """The patterns themselves, each of which must compile; ValueError names the first that does not."""
        for position, pattern in enumerate(patterns):
            try:
                matches_empty = pl.Series([""]).str.contains(pattern, strict=True)[0]
            except pl.exceptions.ComputeError as error:
                reason = str(error).strip().splitlines()[-1].removeprefix("error: ")
                raise ValueError(f"[{position}] '{pattern}' is no linear regex: {reason}") from error
            if matches_empty:
                raise ValueError(f"[{position}] '{pattern}' matches every line")
        return patterns

    @model_validator(mode="after")
    def try_examples(self) -> OutletRules:
        """Itself, when each example comes out as it says; ValueError tells the first that does not."""
        for failed in failed_examples(self):
            raise ValueError(failed)
        return self


def rule_name(outlet: str, kind: str, position: int) -> str:
    """How a rule of an outlet's file is called in `dropped_by`."""
    return f"{outlet}:{kind}[{position}]"


def failed_examples(rules: OutletRules) -> list[str]:
    """One sentence for each example that does not come out as it says; empty when all hold."""
    texts = pl.DataFrame({"text": [example.raw.strip() for example in rules.examples]}, schema={"text": pl.String})
    lines = texts.with_row_index("row")
    verdicts = outlet_verdicts(lines, rules).sort("row")
    failed = []
    for example, drops, keep in zip(rules.examples, verdicts["rules"], verdicts["kept_by"], strict=True):
        answer = list(drops) if keep is None else []
        if (example.drop is False and answer) or (example.drop is not False and example.drop not in answer):
            wanted = example.drop or "kept"
            failed.append(f"example '{example.raw}' should be {wanted}, is {', '.join(answer) or 'kept'}")
    return failed


def outlet_verdicts(lines: pl.DataFrame, rules: OutletRules) -> pl.DataFrame:
    """`row`, `rules` (list of the drop rules that hit) and `kept_by` (first keep rule, null) for lines row, text."""
    text = pl.col("text")
    drops = [
        pl.when(text.str.contains(pattern)).then(pl.lit(rule_name(rules.outlet, "drop_lines", position)))
        for position, pattern in enumerate(rules.drop_lines)
    ]
    keeps = [
        pl.when(text.str.contains(pattern)).then(pl.lit(rule_name(rules.outlet, "keep_lines", position)))
        for position, pattern in enumerate(rules.keep_lines)
    ]
    none = pl.lit(None, dtype=pl.String)
    return lines.select(
        "row",
        pl.concat_list(*drops, none).list.drop_nulls().alias("rules"),
        pl.coalesce(*keeps, none).alias("kept_by"),
    )


def measured(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines with `line_hash` (equal where the words are, whatever case, punctuation and spaces) and `n_words`.

    Measured once, they are surveyed and judged.
    """
    # An outlet prints most of its lines on every page; those in ASCII are measured together.
    distinct = lines.select(pl.col("text").unique())
    texts = distinct.sort(pl.col("text").str.len_bytes() > pl.col("text").str.len_chars())["text"].to_list()
    folds, counts = folds_and_counts(texts)
    found = pl.DataFrame(
        {
            "text": texts,
            "line_hash": text_hashes(fold or text for fold, text in zip(folds, texts, strict=True)),
            "n_words": counts,
        },
        schema={"text": pl.String, "line_hash": pl.String, "n_words": pl.Int32},
    )
    return lines.join(found, on="text", how="left", maintain_order="left")


def survey(documents: pl.DataFrame, lines: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """schemas.OUTLET_LINES of the batch: on how many of these articles each outlet prints each measured line.

    Articles without outlet are not counted, each is an outlet of its own; nor are lines that no count would drop.
    """
    new = documents.filter(pl.col("outlet").is_not_null()).select("article_id", "outlet")
    counts = (
        lines.filter(~_is_out_of_reach(settings))
        .select("article_id", "line_hash")
        .join(new, on="article_id")
        .group_by("outlet", "line_hash")
        .agg(pl.col("article_id").n_unique().cast(pl.Int32).alias("n_articles"))
    )
    return ordered(conform(counts, schemas.OUTLET_LINES, at="clean"), schemas.OUTLET_LINES)


def apply(
    documents: pl.DataFrame,
    lines: pl.DataFrame,
    printed: pl.DataFrame,
    rules: Mapping[str, OutletRules],
    settings: Settings,
    as_of: datetime,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The documents with what their lines say of them, and every line with its role and verdict.

    `documents` (schemas.DOCUMENTS) get title, deck, byline and publication time from the lines where the page's own
    metadata had none; `lines` (schemas.MEASURED_LINES, all of these documents) become schemas.JUDGED_LINES. `printed`
    is schemas.OUTLET_LINES summed over the window, this batch included, as far as a count decides anything; `rules` are
    found by outlet. A batch may hold any number of whole articles: how they are batched never changes the answer.
    """
    conform(documents, schemas.DOCUMENTS, at="clean")
    conform(lines, schemas.MEASURED_LINES, at="clean")
    placed = lines.sort("article_id", "line_no").with_row_index("row")
    placed = placed.join(documents.select("article_id", "outlet"), on="article_id", how="left", maintain_order="left")
    judged = _judged(placed, printed, rules, settings) if settings.enabled else _all_kept(placed)
    judged = _numbered(judged)
    return (
        ordered(_with_fields(documents, judged, as_of), schemas.DOCUMENTS),
        conform(judged.select(schemas.JUDGED_LINES.names), schemas.JUDGED_LINES, at="clean"),
    )


@dataclass(frozen=True)
class WayBack:
    """What would put a line into the text that is not in it."""

    settings: Mapping[str, Any]  # settings and values to change together; empty where no setting does it
    why_not: str | None  # why no setting does it
    keep_lines: str  # a pattern for the outlet's file that does it, whatever else says


def ways_back(lines: pl.DataFrame, settings: Settings, n_articles: int) -> dict[int, WayBack]:
    """Line number -> the way back into the text, for the lines of an article that are not in it.

    `lines` are all of the article, as published (schemas.LINES), `settings` those they were judged by. `n_articles`:
    on so many articles its outlet prints a line at most.
    """
    ways: dict[int, WayBack] = {}
    above: dict[str, list[Mapping[str, Any]]] = {}  # lines of the same words, by line_hash
    for line in measured(lines.sort("line_no")).iter_rows(named=True):
        printed = above.setdefault(line["line_hash"], [])
        if line["paragraph_no"] is None:
            ways[line["line_no"]] = _way_back(line, printed, settings, n_articles)
        printed.append(line)
    return ways


def _way_back(
    line: Mapping[str, Any], above: Sequence[Mapping[str, Any]], settings: Settings, n_articles: int
) -> WayBack:
    hits = _hits(line)
    pattern = f"^{pl.escape_regex(line['text'][:PATTERN_CHARS])}{'$' if len(line['text']) <= PATTERN_CHARS else ''}"
    fixed = [hit for hit in hits if hit == "repeat:title" or hit not in VERDICTS]
    if fixed:
        is_title = fixed[0] == "repeat:title"
        why = "the headline is told once, in articles.title" if is_title else f"the outlet's file has {fixed[0]}"
        return WayBack({}, why, pattern)
    changed: dict[str, Any] = {}
    threshold = line["score"] if "line_score" in hits else settings.threshold
    if "line_score" in hits:
        changed["clean.threshold"] = threshold
    roles = _roles_to_keep(line, hits)
    if not roles <= set(settings.keep_roles):
        changed["clean.keep_roles"] = [*settings.keep_roles, *sorted(roles - set(settings.keep_roles))]
    if "repeat:outlet" in hits:
        if line["score"] < settings.sure_score:
            changed["clean.min_outlet_articles"] = n_articles + 1
        if line["n_words"] < settings.max_sure_words and n_articles >= settings.min_sure_articles:
            changed["clean.min_sure_articles"] = n_articles + 1
    is_again = "repeat:page" in hits or ("line_score" in hits and any(_would_stay(row, threshold) for row in above))
    if is_again and line["n_words"] >= settings.min_repeat_words:
        changed["clean.min_repeat_words"] = line["n_words"] + 1
    return WayBack(changed, None, pattern)


def _hits(line: Mapping[str, Any]) -> list[str]:
    """All verdicts on a published line."""
    return [hit for hit in (line["dropped_by"], *(line["also_by"] or "").split("; ")) if hit]


def _roles_to_keep(line: Mapping[str, Any], hits: Sequence[str]) -> set[str]:
    """Roles that `keep_roles` must have for the line; several where its verdict has covered its own."""
    if line["role"] != "chrome":
        return {line["role"]}
    return set(STORY_ROLES) if "keep_roles" in hits else {"body"} if "line_score" in hits else set()


def _would_stay(line: Mapping[str, Any], threshold: float) -> bool:
    """Whether a line would be in the text or a field if lines that score `threshold` were."""
    is_field = line["role"] not in (*STORY_ROLES, "chrome")
    others = set(_hits(line)) - {"line_score", "repeat:page"}
    return not others and (is_field or line["score"] >= threshold)


def _is_out_of_reach(settings: Settings) -> pl.Expr:
    """Lines that are surely story and long: wire copy and stock paragraphs, which outlets do print again."""
    return (pl.col("score") >= settings.sure_score) & (pl.col("n_words") >= settings.max_sure_words)


def _all_kept(lines: pl.DataFrame) -> pl.DataFrame:
    null = pl.lit(None, dtype=pl.String)
    return lines.with_columns(null.alias("dropped_by"), null.alias("also_by"), pl.lit(True).alias("in_text"))


def _judged(
    lines: pl.DataFrame, printed: pl.DataFrame, rules: Mapping[str, OutletRules], settings: Settings
) -> pl.DataFrame:
    """Lines with role, dropped_by, also_by, in_text; `lines` in the order of article and line."""
    role, article, keep_roles = pl.col("role"), pl.col("article_id"), settings.keep_roles
    lines = _with_outlet_verdicts(lines, rules).with_columns(
        # the lines of one hard-wrapped paragraph are dropped together or not at all
        (~pl.col("continues") | article.ne_missing(article.shift())).cum_sum().alias("unit"),
        # the score decides what is story; the role only which kind
        pl.when((role == "chrome") & (pl.col("score") >= settings.threshold))
        .then(pl.lit("body"))
        .otherwise(role)
        .alias("role"),
    )
    lines = lines.join(printed, on=["outlet", "line_hash"], how="left", maintain_order="left").with_columns(
        pl.col("n_articles").fill_null(0)
    )
    is_story = role.is_in([*STORY_ROLES, "chrome"])
    often = (pl.col("n_articles") >= settings.min_outlet_articles) & (pl.col("score") < settings.sure_score)
    often |= (pl.col("n_articles") >= settings.min_sure_articles) & (pl.col("n_words") < settings.max_sure_words)
    lines = lines.with_columns(
        _rule("repeat:title", (role == "title") & ((role == "title").cum_sum().over("article_id") > 1)),
        _rule("line_score", is_story & ((role == "chrome") | (pl.col("score") < settings.threshold))),
        _rule("keep_roles", role.is_in(list(STORY_ROLES)) & ~role.is_in(list(keep_roles))),
        _rule("repeat:outlet", is_story & often.all().over("unit")),
    )
    before = ("repeat:title", "line_score", "keep_roles", "repeat:outlet")
    lines = lines.with_columns(pl.all_horizontal(pl.col("outlet_rules", *before).is_null()).alias("stays"))
    # lines that would stay are counted among themselves: a teaser above the story does not cost it its paragraph
    seen = ~pl.struct("article_id", "line_hash", "stays").is_first_distinct()
    lines = lines.with_columns((seen & (pl.col("n_words") >= settings.min_repeat_words)).alias("again"))
    lines = lines.with_columns(_rule("repeat:page", is_story & pl.col("again").all().over("unit")))
    return _decided(lines, keep_roles)


def _rule(name: str, holds: pl.Expr) -> pl.Expr:
    return pl.when(holds).then(pl.lit(name)).alias(name)


def _decided(lines: pl.DataFrame, keep_roles: Sequence[str]) -> pl.DataFrame:
    """One verdict from all hits: the first drops, unless the outlet keeps the line."""
    kept_by, role = pl.col("kept_by"), pl.col("role")
    # as columns and joined: lists of them took 20 times as long
    first = pl.coalesce("outlet_rule", *VERDICTS)
    every = pl.concat_str("outlet_rules", *VERDICTS, separator="; ", ignore_nulls=True)
    others = pl.when(kept_by.is_null()).then(every.str.slice(first.str.len_chars() + 2)).otherwise(every)
    stays_named = pl.col("dropped_by").is_in(["repeat:title", "keep_roles"])
    return (
        lines.with_columns(
            pl.when(kept_by.is_null()).then(first).alias("dropped_by"),
            pl.when(others != "").then(others).alias("also_by"),
            pl.when(kept_by.is_not_null())
            .then(pl.format("kept by {}; {}", kept_by, pl.col("evidence")))
            .otherwise(pl.col("evidence"))
            .alias("evidence"),
        )
        .with_columns(
            pl.when(kept_by.is_not_null() & ~role.is_in(list(keep_roles)))
            .then(pl.lit("body" if "body" in keep_roles else keep_roles[0]))
            .when(pl.col("dropped_by").is_not_null() & ~stays_named)
            .then(pl.lit("chrome"))
            .otherwise(role)
            .alias("role")
        )
        .with_columns((pl.col("dropped_by").is_null() & role.is_in(list(keep_roles))).alias("in_text"))
    )


def _with_outlet_verdicts(lines: pl.DataFrame, rules: Mapping[str, OutletRules]) -> pl.DataFrame:
    """Lines with `outlet_rule` and `outlet_rules` (the first of the drop rules that hit and all, joined by "; ", null)
    and `kept_by` (a keep rule, null).
    """
    verdicts = [
        outlet_verdicts(lines.filter(pl.col("outlet") == outlet).select("row", "text"), rules[outlet])
        for outlet in sorted(set(lines["outlet"].drop_nulls().unique()) & set(rules))
    ]
    rules_hit = pl.col("rules")
    found = pl.concat([_NO_VERDICTS, *verdicts]).select(
        "row",
        rules_hit.list.first().alias("outlet_rule"),
        pl.when(rules_hit.list.len() > 0).then(rules_hit.list.join("; ")).alias("outlet_rules"),
        "kept_by",
    )
    return lines.join(found, on="row", how="left", maintain_order="left")


_NO_VERDICTS = pl.DataFrame(
    schema=pl.Schema([("row", pl.get_index_type()), ("rules", pl.List(pl.String())), ("kept_by", pl.String())])
)


def _numbered(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines with `paragraph_no`: one line one paragraph, lines that go on with the one before share its number."""
    follows = pl.col("continues") & pl.col("in_text").shift(1, fill_value=False).over("article_id")
    starts = pl.col("in_text") & ~follows
    return lines.with_columns(
        pl.when("in_text").then(starts.cum_sum().over("article_id")).cast(pl.Int32).alias("paragraph_no")
    )


def _with_fields(documents: pl.DataFrame, lines: pl.DataFrame, as_of: datetime) -> pl.DataFrame:
    """Documents with title, deck, byline and publication time filled where they were null."""
    shown = lines.filter(pl.col("dropped_by").is_null())
    no_time = pl.col("published_at").is_null() & pl.col("published_text").is_null()
    first_title = shown.filter(pl.col("role") == "title").group_by("article_id", maintain_order=True)
    decks = shown.filter(pl.col("role") == "deck").group_by("article_id", maintain_order=True)
    found = (
        documents.select("article_id")
        .join(first_title.agg(pl.col("text").first().alias("line_title")), on="article_id", how="left")
        .join(decks.agg(pl.col("text").str.join(" ").alias("line_deck")), on="article_id", how="left")
        .join(_bylines(shown, documents.filter(pl.col("byline").is_null())), on="article_id", how="left")
        .join(_publication_times(shown, documents.filter(no_time), as_of), on="article_id", how="left")
    )
    return (
        documents.join(found, on="article_id", how="left", maintain_order="left")
        .with_columns(
            pl.coalesce("title", "line_title").alias("title"),
            pl.coalesce("deck", "line_deck").alias("deck"),
            pl.coalesce("byline", "line_byline").alias("byline"),
            pl.when(no_time).then("line_published_at").otherwise("published_at").alias("published_at"),
            pl.when(no_time).then("line_published_text").otherwise("published_text").alias("published_text"),
        )
        .select(schemas.DOCUMENTS.names)
    )


def _bylines(shown: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    """article_id, line_byline of the documents: of the first byline, or date beside one, that names somebody."""
    bylines = (
        shown.filter(pl.col("role").is_in(["byline", "date"]))
        .select("article_id", "role", "text")
        .join(documents, on="article_id", how="semi", maintain_order="left")
    )
    names = [
        _named(author_names(text) if role == "byline" else dated_authors(text)) for _, role, text in bylines.rows()
    ]
    return (
        bylines.with_columns(pl.Series("line_byline", names, dtype=pl.String))
        .drop_nulls("line_byline")
        .group_by("article_id", maintain_order=True)
        .agg(pl.col("line_byline").first())
    )


def _named(names: str | None) -> str | None:
    """The persons a byline names, else its desks and agencies, joined by ", " as kernels.metadata does; or None."""
    return ", ".join(chosen_authors([[names]], ())) or None if names is not None else None


def _publication_times(shown: pl.DataFrame, documents: pl.DataFrame, as_of: datetime) -> pl.DataFrame:
    """article_id, line_published_at, line_published_text of the documents: of the first date line that can be read,
    else the first.
    """
    languages = documents.select("article_id", pl.col("language").alias("page_language"))
    dated = (
        shown.filter(pl.col("role") == "date")
        .select("article_id", "line_no", "text")
        .join(languages, on="article_id", maintain_order="left")
    )
    read = [dates.published(text, as_of, language) for text, language in dated["text", "page_language"].rows()]
    return (
        dated.with_columns(
            pl.Series("line_published_at", [when for when, _ in read], dtype=schemas.TIME),
            pl.Series("line_published_text", [text for _, text in read], dtype=pl.String),
        )
        .sort("article_id", pl.col("line_published_at").is_null(), "line_no")
        .group_by("article_id", maintain_order=True)
        .agg(pl.col("line_published_at", "line_published_text").first())
    )
