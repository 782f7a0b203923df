"""The gold of a world in Parquet: `gold/<table>/part-*.parquet`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from benchmarks.world.newsroom import Article
from benchmarks.world.page import DumpLine

PART = 2_000  # articles in a file
TABLES: Mapping[str, Mapping[str, pl.DataType | type[pl.DataType]]] = {
    # `article`: id of the record, end of the file's name; `agency`: whose text is in it; `credit`: how the page says
    # so, null: not at all; `cited`: the agency it only names.
    "articles": {
        "article": pl.String, "kind": pl.String, "outlet": pl.String, "language": pl.String, "url": pl.String,
        "title": pl.String, "byline": pl.String, "published_at": pl.Datetime("us", "UTC"), "agency": pl.String,
        "credit": pl.String, "cited": pl.String, "n_paragraphs": pl.Int32,
    },
    # `text`: line_no of the dump from 1, code points; `html`: position among the visible lines from 0, no offsets.
    "lines": {
        "article": pl.String, "form": pl.String, "line_no": pl.Int32, "start": pl.Int64, "end": pl.Int64,
        "text": pl.String, "role": pl.String,
    },
    # `story` and `sources`: the story and its paragraphs, from 1, that it was made from; `edits`: what the desk did.
    "paragraphs": {
        "article": pl.String, "paragraph_no": pl.Int32, "text": pl.String, "role": pl.String, "story": pl.String,
        "sources": pl.List(pl.Int32), "edits": pl.List(pl.String), "agency": pl.String,
    },
    # Code points in the paragraph.
    "mentions": {
        "article": pl.String, "paragraph_no": pl.Int32, "start": pl.Int64, "end": pl.Int64, "surface": pl.String,
        "person_id": pl.String, "kind": pl.String,
    },
}  # fmt: skip

Row = tuple[object, ...]


class Gold:
    """Rows on their way to files; `close` writes the last."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: dict[str, list[Row]] = {table: [] for table in TABLES}
        self._n_parts = 0

    def add(self, article: Article, dump: Sequence[DumpLine] | None, *, html: bool) -> None:
        """Take in an article that was written as a dump with these lines, as HTML, or both."""
        rows, name = self._rows, article.name
        rows["articles"].append((
            name, article.kind, article.outlet.host, article.outlet.language.code, article.url, article.title,
            article.byline, article.published_at, article.agency, article.credit, article.cited,
            len(article.paragraphs),
        ))  # fmt: skip
        rows["lines"] += [(name, "text", no, start, end, text, role) for no, start, end, text, role in dump or ()]
        if html:
            visible = (line for part in article.parts for line in part.lines)
            rows["lines"] += [
                (name, "html", no, None, None, " ".join(text.split()), role) for no, (text, role) in enumerate(visible)
            ]
        for number, (text, role, passage, names) in enumerate(article.paragraphs, 1):
            told = (None, [], [], None)
            if passage is not None:
                agency = article.agency if passage.wire else None
                told = (passage.story_id, list(passage.sources), list(passage.edits), agency)
            rows["paragraphs"].append((name, number, text, role, *told))
            rows["mentions"] += [
                (name, number, one.start, one.end, one.surface, one.person_id, one.kind) for one in names
            ]
        if len(rows["articles"]) == PART:
            self.close()

    def close(self) -> None:
        """Write what is held."""
        for table, rows in self._rows.items():
            folder = self._folder / table
            folder.mkdir(parents=True, exist_ok=True)
            frame = pl.DataFrame(rows, schema=dict(TABLES[table]), orient="row")
            frame.write_parquet(folder / f"part-{self._n_parts:05}.parquet")
            rows.clear()
        self._n_parts += 1


def gold_table(world: Path, table: str) -> pl.DataFrame:
    """A table of the gold of the world in that folder."""
    return pl.read_parquet(world / "gold" / table / "*.parquet")
