"""Why a line is in the text or not: everything the tables say of one article."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from pipeline import schemas
from pipeline.errors import UsageError
from pipeline.stages import clean
from pipeline.store import Version

SHOWN = 90  # characters of a line shown in the terminal
SHOWN_ARTICLES = 5  # articles listed where a word names several


def article_id_of(version: Version, wanted: str) -> str:
    """The article that `wanted` names: its id, its path, its url, or a part of its title that no other has.

    Raises UsageError when it is none or several.
    """
    articles = version.scan(schemas.ARTICLES).select("article_id", "source_path", "url", "title").collect()
    exact = articles.filter(
        (pl.col("article_id") == wanted) | (pl.col("source_path") == wanted) | (pl.col("url") == wanted)
    )
    found = exact if exact.height else articles.filter(
        pl.col("title").str.to_lowercase().str.contains(wanted.lower(), literal=True)
        | pl.col("source_path").str.contains(wanted, literal=True)
    )  # fmt: skip
    if found.height == 1:
        return str(found["article_id"][0])
    if found.is_empty():
        for row in version.read(schemas.REJECTS).filter(pl.col("source_path") == wanted).iter_rows(named=True):
            raise UsageError(f"{wanted} was refused: {row['reason']}: {row['detail']}")
        raise UsageError(f"no article has the id, path (below --in), url or a title with '{wanted}'")
    some = [f"\n  {row[0]} {row[1]}: {row[3]}" for row in found.sort("source_path").head(SHOWN_ARTICLES).iter_rows()]
    more = f"\n  and {found.height - SHOWN_ARTICLES:,} more" if found.height > SHOWN_ARTICLES else ""
    raise UsageError(f"'{wanted}' names {found.height} articles; name one by its id:{''.join(some)}{more}")


def explained(version: Version, wanted: str, line_no: int | None = None) -> dict[str, Any]:
    """The article's row, its lines (or the one line), paragraphs, their clusters that name an agency, and mentions."""
    article = article_id_of(version, wanted)
    own = pl.col("article_id") == article
    record: dict[str, Any] = {"article": version.scan(schemas.ARTICLES).filter(own).collect().row(0, named=True)}
    lines = version.scan(schemas.LINES).filter(own).sort("line_no").collect()
    if line_no is not None:
        lines = lines.filter(pl.col("line_no") == line_no)
        if lines.is_empty():
            raise UsageError(f"article {article} has no line {line_no} with text on it")
    paragraphs = version.scan(schemas.PARAGRAPHS).filter(own).sort("paragraph_no").collect()
    mentions = version.scan(schemas.MENTIONS).filter(own).collect().sort(list(schemas.MENTIONS.key)[1:])
    if line_no is not None:
        paragraph_no = lines["paragraph_no"][0]
        paragraphs = paragraphs.filter(
            pl.col("paragraph_no").eq_missing(paragraph_no) & pl.lit(paragraph_no is not None)
        )
        mentions = mentions.filter(
            (pl.col("line_no") == line_no) | pl.col("paragraph_no").is_in(paragraphs["paragraph_no"].implode())
        )
    record["lines"] = lines.to_dicts()
    if line_no is not None:
        made_with = {
            name: value
            for name, value in version.manifest["settings"]["clean"].items()
            if name in clean.Settings.model_fields
        }
        record["would_keep"] = clean.would_keep(record["lines"][0], clean.Settings.model_validate(made_with))
    record["paragraphs"] = _with_matches(version, paragraphs).to_dicts()
    record["clusters"] = _agency_clusters(version, paragraphs).to_dicts()
    record["mentions"] = mentions.to_dicts()
    return record


def _agency_clusters(version: Version, paragraphs: pl.DataFrame) -> pl.DataFrame:
    """The clusters of these paragraphs that come from a news agency or cite one, with the paragraphs' numbers."""
    own = paragraphs.select("cluster_id", "paragraph_no").drop_nulls()
    return (
        version.scan(schemas.CLUSTERS)
        .filter(pl.any_horizontal(pl.col("wire_source", "cited_agency").is_not_null()))
        .join(own.lazy(), on="cluster_id")
        .select(
            "paragraph_no", "cluster_id", "n_paragraphs", "n_outlets", "wire_source", "wire_evidence", "cited_agency"
        )
        .sort("paragraph_no")
        .collect()
    )


def _with_matches(version: Version, paragraphs: pl.DataFrame) -> pl.DataFrame:
    """The paragraphs with outlet, article and text of the copy they matched."""
    matched = paragraphs["matched_id"].drop_nulls().unique().implode()
    others = (
        version.scan(schemas.PARAGRAPHS)
        .filter(pl.col("paragraph_id").is_in(matched))
        .select(
            pl.col("paragraph_id").alias("matched_id"),
            pl.col("outlet").alias("matched_outlet"),
            pl.col("article_id").alias("matched_article_id"),
            pl.col("text").alias("matched_text"),
        )
        .collect()
    )
    return paragraphs.join(others, on="matched_id", how="left", maintain_order="left")


def verdict(line: dict[str, Any]) -> str:
    """What became of a line, in a few words."""
    if line["dropped_by"]:
        return f"dropped by {line['dropped_by']}"
    return f"paragraph {line['paragraph_no']}" if line["paragraph_no"] else f"field {line['role']}"


def page(record: dict[str, Any]) -> Iterator[str]:
    """The article for a terminal: what it is, every line with its verdict, its copies, its names."""
    article = record["article"]
    yield f"{article['title'] or '(no title)'}"
    yield (
        f"{article['article_id']}  {article['outlet'] or '(no outlet)'}  {article['published_at'] or '(no date)'}  "
        f"{article['source_path']}"
    )
    yield (
        f"{article['n_lines']} lines = {article['n_kept']} in the text + {article['n_fields']} fields "
        f"+ {article['n_dropped']} dropped; read as {article['extractor']}, doubt {article['doubt']}"
    )
    if article["wire_source"]:
        yield f"from {article['wire_source']}: {article['wire_evidence']}"
    elif article["cited_agency"]:
        yield f"cites {article['cited_agency']}"
    yield ""
    yield f"{'line':>5}  {'role':<10} {'score':>6}  {'verdict':<34} text"
    for line in record["lines"]:
        mark = "-" if line["dropped_by"] else " "
        yield (
            f"{mark}{line['line_no']:>4}  {line['role']:<10} {line['score']:>6.4f}  {verdict(line):<34} "
            f"{_short(line['text'], SHOWN)}"
        )
    copies = [paragraph for paragraph in record["paragraphs"] if paragraph["matched_id"]]
    if copies:
        yield ""
        yield "copies of earlier paragraphs"
        for copy in copies:
            yield (
                f"  paragraph {copy['paragraph_no']}: {copy['link_type']}, containment {copy['containment']:.2f}, "
                f"jaccard {copy['jaccard']:.2f}, of {copy['matched_outlet'] or '(no outlet)'} "
                f"{copy['matched_id']}: {_short(copy['matched_text'] or '', 60)}"
            )
    if record["clusters"]:
        yield ""
        yield "copies that come from a news agency or cite one"
        for cluster in record["clusters"]:
            yield f"  paragraph {cluster['paragraph_no']}: {_agency_of(cluster)}"
    if record["mentions"]:
        yield ""
        yield "people"
        for mention in record["mentions"]:
            place = f"paragraph {mention['paragraph_no']}" if mention["paragraph_no"] else f"line {mention['line_no']}"
            name = mention["name"] or f"undecided: {', '.join(mention['candidates'])}"
            issues = f" ({', '.join(mention['issues'])})" if mention["issues"] else ""
            yield (
                f"  {place} {mention['start']}-{mention['end']}: '{mention['surface']}' -> {name} "
                f"[{mention['kind']}, {mention['method']}]{issues}{', rewritten' if mention['rewritten'] else ''}"
            )


def line_story(record: dict[str, Any]) -> Iterator[str]:
    """One line's whole story for a terminal."""
    line = record["lines"][0]
    yield f"line {line['line_no']} of {record['article']['article_id']}: {verdict(line)}"
    yield f"  text      {line['text']}"
    yield f"  role      {line['role']}"
    yield f"  score     {line['score']:.4f}"
    yield f"  evidence  {line['evidence'] or '-'}"
    yield f"  in_main   {'not asked' if line['in_main'] is None else line['in_main']}"
    yield f"  also by   {line['also_by'] or '-'}"
    for way in record["would_keep"]:
        yield f"  to keep   {way}"
    for paragraph in record["paragraphs"]:
        if paragraph["matched_id"]:
            yield f"  copy of   {paragraph['matched_id']} ({paragraph['link_type']}, {paragraph['matched_outlet']})"
    for cluster in record["clusters"]:
        yield f"  agency    {_agency_of(cluster)}"
    for mention in record["mentions"]:
        yield f"  names     '{mention['surface']}' -> {mention['name'] or 'undecided'} ({mention['method']})"


def _agency_of(cluster: dict[str, Any]) -> str:
    """Where a cluster comes from, in words."""
    if cluster["wire_source"]:
        return f"from {cluster['wire_source']}: {cluster['wire_evidence']}"
    return f"cites {cluster['cited_agency']}"


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
