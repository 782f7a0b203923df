"""Every table that flows, declared once: what a row is, its columns and types, the order of its rows.

`conform` guards each border between stages: exact columns, exact types, no silent cast.
`docs/tables.md` is generated from this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from pipeline.errors import PipelineError

_FIRST = 1_000  # rows: where they are in no order, these mostly show it

SCHEMA_VERSION = 4  # of the tables and the state: 4 keeps sets of hashes as bytes
TIME = pl.Datetime("us", "UTC")
ROLES = ("title", "deck", "body", "subheading", "byline", "date", "caption", "source", "chrome")
FIELD_ROLES = ("title", "byline", "date", "caption", "source")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, its polars type, and what it holds in one line."""

    name: str
    dtype: pl.DataType | type[pl.DataType]
    note: str


@dataclass(frozen=True)
class Table:
    """A table: what one row is, the columns its rows are sorted by, and its columns in order."""

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @cached_property
    def schema(self) -> pl.Schema:
        """Column names and polars types, in order."""
        return pl.Schema({column.name: column.dtype for column in self.columns})

    @cached_property
    def names(self) -> list[str]:
        """Column names, in order."""
        return [column.name for column in self.columns]

    def empty(self) -> pl.DataFrame:
        """No rows, the right columns."""
        return pl.DataFrame(schema=self.schema)

    def without(self, *dropped: str) -> Table:
        """The same table before some stage has added its columns."""
        return Table(self.name, self.row, self.key, tuple(c for c in self.columns if c.name not in dropped))

    def plus(self, *added: Column) -> Table:
        """The same table with columns that only travel between stages."""
        return Table(self.name, self.row, self.key, self.columns + added)


def conform(frame: pl.DataFrame, table: Table, *, at: str) -> pl.DataFrame:
    """The frame itself, when it has exactly the table's columns and types, in the table's column order.

    Raises PipelineError naming the first missing, unknown or wrongly typed column.
    """
    have, want = frame.schema, table.schema
    for name in want:
        if name not in have:
            raise PipelineError(f"{at}: missing column '{name}' of table {table.name}")
    for name in have:
        if name not in want:
            raise PipelineError(f"{at}: unknown column '{name}' in table {table.name}")
    for name, dtype in want.items():
        if have[name] != dtype:
            raise PipelineError(f"{at}: column '{name}' of table {table.name} is {have[name]}, not {dtype}")
    return frame.select(list(want))


def ordered(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """The frame sorted by the table's key, nulls last, so that equal rows give equal bytes.

    Most rows come in order: they are not sorted again, which took 0.14 GB for 2.8 million counts.
    """
    if _is_ordered(frame.head(_FIRST), table.key) and _is_ordered(frame, table.key):
        return frame.rechunk()
    return frame.sort(list(table.key), nulls_last=True)


def _is_ordered(frame: pl.DataFrame, key: Sequence[str]) -> bool:
    """Whether no row stands before one with a lesser key."""
    if frame.is_empty():
        return True
    follows = pl.lit(value=True)
    for name in reversed(key):
        here, before = pl.col(name).slice(1), pl.col(name).slice(0, pl.len() - 1)
        is_more = (before < here).fill_null(before.is_not_null() & here.is_null())
        follows = is_more | (before.eq_missing(here) & follows)
    return bool(frame.select(follows.all()).item())


_ARTICLE_ID = Column("article_id", pl.String, "stable id of the article: 24 hex characters, hash of outlet and key")
_PARAGRAPH_ID = Column("paragraph_id", pl.String, "hash of article_id, exact key of the text, n-th occurrence")
_BATCH_ID = Column("batch_id", pl.String, "the run that wrote the row: `<as_of>-<8 hex>`")

ARTICLES = Table(
    "articles",
    "article",
    ("article_id",),
    (
        _ARTICLE_ID,
        Column("source_id", pl.String, "the record's own id; null where it has none"),
        Column("source_path", pl.String, "path of the input relative to the input root"),
        Column(
            "source_offset",
            pl.Int64,
            "byte offset of the record in its (unpacked) file, row number in Parquet, 0 for one-article files",
        ),
        Column("url", pl.String, "address as given"),
        Column("outlet", pl.String, "who published it; null where nothing says so"),
        Column("title", pl.String, "headline"),
        Column("deck", pl.String, "standfirst below the headline (it is in the text too)"),
        Column("byline", pl.String, "authors, without 'By'"),
        Column(
            "published_at",
            TIME,
            "publication time in UTC; 00:00 where only the day is known; null where unknown or not believable",
        ),
        Column("published_text", pl.String, "publication time as printed, with its zone"),
        Column("first_seen_at", TIME, "`as_of` of the first run that wrote the article"),
        Column("revision", pl.Int32, "0, and 1 more each time its input came with other content"),
        Column("language", pl.String, "two-letter code; null where undecided"),
        Column("charset", pl.String, "encoding the input was read with"),
        Column("extractor", pl.String, "what read the lines: text, fast, trafilatura"),
        Column("doubt", pl.Float64, "how unsure the line scores of the page are: 0 sure, 1 not at all"),
        Column("text", pl.String, "the paragraphs, names as configured, joined by a blank line"),
        Column("original_text", pl.String, "only the paragraphs that are canonical and not wire copy"),
        Column("n_lines", pl.Int32, "non-blank lines of the raw document = n_kept + n_fields + n_dropped"),
        Column("n_kept", pl.Int32, "lines in the text"),
        Column("n_fields", pl.Int32, "lines that became title, byline, date, caption or source"),
        Column("n_dropped", pl.Int32, "lines dropped by a rule"),
        Column("n_paragraphs", pl.Int32, "paragraphs of the text"),
        Column("n_copied", pl.Int32, "paragraphs that are copies of another article's"),
        Column("duplicate_of", pl.String, "the article of which nearly all paragraphs are copies"),
        Column("wire_source", pl.String, "news agency the article comes from; null where there is no evidence"),
        Column("wire_evidence", pl.String, "what says so, and where it stands"),
        Column("cited_agency", pl.String, "news agency the article only cites"),
        Column("sha256", pl.String, "of the input's bytes (of the record, in files of records)"),
        _BATCH_ID,
    ),
)

LINES = Table(
    "lines",
    "non-blank line of a raw document",
    ("article_id", "line_no"),
    (
        _ARTICLE_ID,
        Column("line_no", pl.Int32, "from 1, blank lines counted; for HTML, in its visible text"),
        Column(
            "start",
            pl.Int64,
            "first code point of the line without edge white space in the decoded document; null for HTML",
        ),
        Column("end", pl.Int64, "code point after the last; null for HTML"),
        Column("text", pl.String, "the line without edge white space"),
        Column("language", pl.String, "two-letter code where it differs from the article's"),
        Column("role", pl.String, "title, deck, body, subheading, byline, date, caption, source or chrome"),
        Column("score", pl.Float64, "probability of belonging to the story, 4 decimals"),
        Column("evidence", pl.String, "what weighed most in the score"),
        Column("in_main", pl.Boolean, "whether trafilatura's text has it; null where that did not decide"),
        Column("dropped_by", pl.String, "the rule that dropped the line; null = not dropped"),
        Column("also_by", pl.String, "further rules that would have dropped it, joined by `; `"),
        Column("paragraph_no", pl.Int32, "paragraph of the text the line is in, from 1; null = not in the text"),
        _BATCH_ID,
    ),
)

PARAGRAPHS = Table(
    "paragraphs",
    "paragraph of the text",
    ("article_id", "paragraph_no"),
    (
        _PARAGRAPH_ID,
        _ARTICLE_ID,
        Column("paragraph_no", pl.Int32, "from 1"),
        Column("outlet", pl.String, "outlet of the article"),
        Column("published_at", TIME, "publication time of the article"),
        Column("text", pl.String, "as it stood"),
        Column("text_out", pl.String, "with names as configured"),
        Column("n_tokens", pl.Int32, "words after normalisation"),
        Column(
            "cluster_id", pl.String, "paragraph_id of the cluster's founder, its own while alone; null below 5 tokens"
        ),
        Column("is_canonical", pl.Boolean, "first in the order of its cluster, or alone"),
        Column("canonical_id", pl.String, "paragraph_id of the canonical copy; its own where it is canonical"),
        Column("matched_id", pl.String, "paragraph_id of the earlier paragraph it matched best; null where none"),
        Column("link_type", pl.String, "exact, near or contained, against matched_id"),
        Column("jaccard", pl.Float64, "IDF-weighted bigram Jaccard against matched_id"),
        Column("containment", pl.Float64, "IDF-weighted share of the lighter paragraph's bigrams found in the other"),
        Column("repost", pl.Boolean, "matched_id is of the same outlet"),
        _BATCH_ID,
    ),
)

LINKS = Table(
    "links",
    "verified pair of paragraphs (exact copies: only to the first)",
    ("left_id", "right_id"),
    (
        Column("left_id", pl.String, "paragraph_id that comes first in the order"),
        Column("right_id", pl.String, "paragraph_id that comes later"),
        Column("link_type", pl.String, "exact, near or contained"),
        Column("direction", pl.String, "for contained: which side lies inside the other, left or right; else null"),
        Column("jaccard", pl.Float64, "IDF-weighted bigram Jaccard"),
        Column("containment", pl.Float64, "IDF-weighted share of the lighter paragraph's bigrams found in the other"),
        Column("shared_shingles", pl.Int32, "word trigrams both have"),
        Column(
            "number_overlap",
            pl.Float64,
            "share of the smaller set of figures found in the other; null below 2 figures on a side",
        ),
        _BATCH_ID,
    ),
)

CLUSTERS = Table(
    "clusters",
    "cluster of 2 or more paragraphs",
    ("cluster_id",),
    (
        Column("cluster_id", pl.String, "paragraph_id of the founder: a name that stays"),
        Column("canonical_id", pl.String, "paragraph_id of the first member still there"),
        Column("n_paragraphs", pl.Int32, "members"),
        Column("n_outlets", pl.Int32, "outlets of the members; an article without one counts as its own"),
        Column("first_published_at", TIME, "earliest known publication time of a member"),
        Column("last_seen_at", TIME, "`as_of` of the newest member's run"),
        Column("wire_source", pl.String, "news agency the copy comes from; null where there is no evidence"),
        Column("wire_evidence", pl.String, "what says so, and where it stands"),
        Column("cited_agency", pl.String, "news agency the copy only cites"),
        _BATCH_ID,
    ),
)

MENTIONS = Table(
    "mentions",
    "mention of a person",
    ("article_id", "field", "paragraph_no", "line_no", "start", "end"),
    (
        _ARTICLE_ID,
        Column("field", pl.String, "text, title, deck, caption or byline"),
        Column("paragraph_no", pl.Int32, "for field = text; else null"),
        Column("line_no", pl.Int32, "for the other fields; else null"),
        Column("start", pl.Int64, "first code point in paragraphs.text, or in that line's text"),
        Column("end", pl.Int64, "code point after the last"),
        Column("surface", pl.String, "the name as it stood"),
        Column(
            "name",
            pl.String,
            "the person's name in the configured style, of a rewritten surname the family name; null where undecided",
        ),
        Column("person_id", pl.String, "id in the table of people; null where undecided"),
        Column("kind", pl.String, "full, surname or native (script)"),
        Column("method", pl.String, "exact, fold, alias or surname"),
        Column("issues", pl.List(pl.String), "split, glued, ambiguous, ..."),
        Column("candidates", pl.List(pl.String), "person ids it could be, where undecided"),
        Column("rewritten", pl.Boolean, "text_out has `name` in its place"),
        _BATCH_ID,
    ),
)

REJECTS = Table(
    "rejects",
    "input refused",
    ("source_path", "source_offset", "stage", "reason", "detail"),
    (
        Column("source_path", pl.String, "path of the input relative to the input root"),
        Column(
            "source_offset", pl.Int64, "byte offset where the trouble is, in the unpacked file; row number in Parquet"
        ),
        Column("article_id", pl.String, "where the input got as far as having one"),
        Column("stage", pl.String, "stage that refused it"),
        Column("reason", pl.String, "one of a fixed list of words"),
        Column("detail", pl.String, "what exactly"),
        _BATCH_ID,
    ),
)

TABLES = (ARTICLES, LINES, PARAGRAPHS, LINKS, CLUSTERS, MENTIONS, REJECTS)
BY_ARTICLE = (ARTICLES, LINES, PARAGRAPHS, MENTIONS)  # whose rows are of one article each, and sorted by it first

# Between stages: what `extract` knows of a document, and what `clean` still has to decide.
DOCUMENTS = ARTICLES.without(
    "text", "original_text", "n_lines", "n_kept", "n_fields", "n_dropped", "n_paragraphs", "n_copied",
    "duplicate_of", "wire_source", "wire_evidence", "cited_agency", "batch_id",
).plus(
    Column("key", pl.String, "what article_id is the hash of, beside the outlet"),
    Column("format", pl.String, "text or html"),
)  # fmt: skip
SCORED_LINES = LINES.without("dropped_by", "also_by", "paragraph_no", "batch_id").plus(
    Column("continues", pl.Boolean, "the line goes on with the sentence of the line before: hard-wrapped text"),
)
MEASURED_LINES = SCORED_LINES.plus(
    Column("line_hash", pl.String, "equal where the words are, whatever case, punctuation and spaces"),
    Column("n_words", pl.Int32, "words of the line"),
)
JUDGED_LINES = LINES.without("batch_id")
PLAIN_PARAGRAPHS = PARAGRAPHS.without(
    "text_out", "cluster_id", "is_canonical", "canonical_id", "matched_id", "link_type", "jaccard", "containment",
    "repost", "batch_id",
).plus(
    Column("first_seen_at", TIME, "of the article"),
)  # fmt: skip
SOURCES = Table(
    "sources",
    "article that comes from a news agency or cites one",
    ("article_id",),
    (
        _ARTICLE_ID,
        Column("wire_source", pl.String, "news agency the article comes from; null where it only cites one"),
        Column("wire_kind", pl.String, "dateline, byline, credit, outlet or shared (own copy beside an agency's)"),
        Column("wire_evidence", pl.String, "what says so, and where it stands"),
        Column("cited_agency", pl.String, "news agency the article only cites"),
    ),
)
CITATIONS = Table(
    "citations",
    "paragraph that cites a news agency",
    ("article_id", "paragraph_no"),
    (
        _ARTICLE_ID,
        Column("paragraph_no", pl.Int32, "from 1"),
        Column("cited_agency", pl.String, "the first agency it cites"),
    ),
)
LINKED_PARAGRAPHS = PARAGRAPHS.without("text_out", "batch_id")
NAMED_PARAGRAPHS = PARAGRAPHS.without("batch_id")

# In `state/`: what a run must remember of the runs before it.
INPUTS = Table(
    "inputs",
    "input seen (one article, or one refusal)",
    ("outlet", "sha256", "article_id"),
    (
        Column("outlet", pl.String, "outlet of the input; null where nothing says so"),
        Column("sha256", pl.String, "of the input's content; with outlet, what makes it known"),
        Column("article_id", pl.String, "null where it got no id"),
        Column("key", pl.String, "what article_id is the hash of, beside the outlet"),
        Column(
            "status",
            pl.String,
            "written, replaced (by a revision), superseded (in its own batch), rejected, forgotten (on demand: only "
            "outlet, sha256 and article_id are left of what it was)",
        ),
        Column("source_path", pl.String, "where it lay"),
        Column("source_offset", pl.Int64, "where in the file"),
        Column("first_seen_at", TIME, "of a written article"),
        Column("revision", pl.Int32, "of a written article"),
        _BATCH_ID,
    ),
)
FILES = Table(
    "files",
    "file read to its end",
    ("source_path", "sha256"),
    (
        Column("source_path", pl.String, "where it lay"),
        Column("sha256", pl.String, "of the file as it lies, with its .meta.json"),
        Column("n_inputs", pl.Int64, "inputs found in it"),
        Column("n_rejected", pl.Int64, "of these, refused"),
        _BATCH_ID,
    ),
)
OUTLET_LINES = Table(
    "outlet_lines",
    "line text of an outlet, in one batch",
    ("outlet", "line_hash"),
    (
        Column("outlet", pl.String, "outlet"),
        Column("line_hash", pl.String, "hash of the line's folded text"),
        Column("n_articles", pl.Int32, "articles of the batch that print it"),
    ),
)
FINGERPRINTS = Table(
    "fingerprints",
    "paragraph of 5 tokens or more, as later paragraphs are compared with it",
    ("article_id", "paragraph_no"),
    (
        _PARAGRAPH_ID,
        _ARTICLE_ID,
        Column("paragraph_no", pl.Int32, "from 1"),
        Column("outlet", pl.String, "outlet of the article"),
        Column("published_at", TIME, "of the article; the window is between these, or first_seen_at where unknown"),
        Column("first_seen_at", TIME, "of the article"),
        Column("n_tokens", pl.Int32, "words after normalisation"),
        Column("exact_key", pl.String, "hash of the normalised text: equal for exact copies"),
        Column(
            "shingles",
            pl.Binary,
            "hashes of its word trigrams: 32-bit numbers, little end first, ascending; empty where an earlier row of "
            "the batch and the same day of publication has the same exact_key",
        ),
        Column("bigrams", pl.Binary, "hashes of its word bigrams, so too; empty where shingles is"),
        Column("numbers", pl.Binary, "hashes of its figures, as above"),
        Column("contexts", pl.Binary, "hashes of the words around its names and figures, as above"),
        Column("fillings", pl.Binary, "the same with the name or figure between them"),
        Column("cluster_id", pl.String, "paragraph_id of the cluster's founder, its own while alone"),
        Column("position", pl.Int32, "how many joined the cluster before it"),
    ),
)
FREQUENCIES = Table(
    "frequencies",
    "shingle, in one batch",
    ("words", "shingle"),
    (
        Column("words", pl.Int8, "words of the shingle: 3 or 2; 0 for the row that counts the paragraphs themselves"),
        Column("shingle", pl.UInt32, "hash of the shingle; 0 in the row that counts the paragraphs"),
        Column("n_paragraphs", pl.UInt32, "paragraphs of the batch that hold it, exact copies counted once"),
    ),
)
MEMBERS = Table(
    "members",
    "paragraph in its cluster, alone or not",
    ("cluster_id", "position"),
    (
        Column("cluster_id", pl.String, "paragraph_id of the founder: a name that stays"),
        _PARAGRAPH_ID,
        _ARTICLE_ID,
        Column("outlet", pl.String, "outlet of the article"),
        Column("published_at", TIME, "publication time of the article"),
        Column("first_seen_at", TIME, "of the article"),
        Column("position", pl.Int32, "how many joined the cluster before it"),
        Column("wire_source", pl.String, "news agency its article comes from"),
        Column("wire_kind", pl.String, "what says so: dateline, byline, credit, outlet, shared"),
        Column("wire_evidence", pl.String, "what says so, and where it stands"),
        Column("cited_agency", pl.String, "news agency the paragraph cites"),
    ),
)
OUTLET_SIZES = Table(
    "outlet_sizes",
    "outlet, in the batches of one day",
    ("outlet",),
    (
        Column("outlet", pl.String, "outlet"),
        Column("n_articles", pl.Int64, "articles that were new"),
        Column("n_characters", pl.Int64, "characters of their lines in the text"),
    ),
)
GONE = Table(
    "gone",
    "paragraph that a revision or `forget` took away",
    ("paragraph_id",),
    (
        Column("paragraph_id", pl.String, "its id, which rows of other articles may still name"),
        _BATCH_ID,
    ),
)
STATE_TABLES = (INPUTS, FILES, OUTLET_LINES, OUTLET_SIZES, FINGERPRINTS, FREQUENCIES, MEMBERS, GONE)
