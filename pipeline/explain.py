"""Why a line is in the text or not: everything the tables say of one article."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl
from rich.text import Text

from pipeline import schemas
from pipeline.console import counted, printable
from pipeline.errors import UsageError
from pipeline.kernels.forms import has_cue_word
from pipeline.kernels.word_diff import Piece, word_diff
from pipeline.kernels.words import SENTENCE_END, words
from pipeline.stages import clean
from pipeline.store import Version

MIN_SHOWN = 40  # columns of a line's text in the narrowest window
BEFORE_TEXT = 60  # columns of number, role, score and verdict before it
SHOWN_ARTICLES = 5  # articles listed where a word names several
HEADLINE_WORDS = (4, 20)  # fewer is a menu's entry, more a sentence
PARTS = ("title", "deck", "source_path", "url")  # where a word is looked for that is no id, path or url itself


def article_id_of(version: Version, wanted: str) -> str:
    """The article that `wanted` names: its id, path or url, or what stands in one article's title, deck, path or url.

    Raises UsageError when it names none or several, and says what of each it matches.
    """
    articles = version.scan(schemas.ARTICLES).select("article_id", *PARTS).collect()
    whole = [pl.when(pl.col(name) == wanted).then(pl.lit(name)) for name in ("article_id", "source_path", "url")]
    parts = [
        pl.when(pl.col(name).str.to_lowercase().str.contains(wanted.lower(), literal=True)).then(pl.lit(name))
        for name in PARTS
    ]
    for looked_at in (whole, parts):
        found = articles.with_columns(pl.coalesce(looked_at).alias("match")).drop_nulls("match")
        if found.height == 1:
            return str(found["article_id"][0])
        if found.height:
            raise UsageError(_several(wanted, found.sort("source_path", "article_id")))
    for row in version.read(schemas.REJECTS).filter(pl.col("source_path") == wanted).iter_rows(named=True):
        raise UsageError(f"{wanted} was refused: {row['reason']}: {row['detail']}")
    raise UsageError(f"no article has the id, path (below --in), url or a title with '{wanted}'")


def _several(wanted: str, found: pl.DataFrame) -> str:
    what = {"article_id": "id", "source_path": "path"}
    some = [
        f"\n  {row['article_id']} by its {what.get(row['match'], row['match'])}: {row['source_path']}: {row['title']}"
        for row in found.head(SHOWN_ARTICLES).iter_rows(named=True)
    ]
    more = f"\n  and {found.height - SHOWN_ARTICLES:,} more" if found.height > SHOWN_ARTICLES else ""
    return f"'{wanted}' names {found.height} articles; name one by its id:{''.join(some)}{more}"


def explained(version: Version, wanted: str, line_no: int | None = None, *, where: str = "") -> dict[str, Any]:
    """The article's row, its lines (or the one line), paragraphs, their clusters that name an agency, and mentions.

    Lines that are not in the text have `would_keep` beside them: what would put them there. Paragraphs that are copies
    have the canonical copy, and `edits`: what was done to it, word by word. `where` is the option that names the output
    folder in commands.
    """
    article = article_id_of(version, wanted)
    own = pl.col("article_id") == article
    record: dict[str, Any] = {"article": version.scan(schemas.ARTICLES).filter(own).collect().row(0, named=True)}
    lines = version.scan(schemas.LINES).filter(own).sort("line_no").collect()
    ways = _ways_back(version, record["article"]["outlet"], lines, where)
    paragraphs = version.scan(schemas.PARAGRAPHS).filter(own).sort("paragraph_no").collect()
    mentions = version.scan(schemas.MENTIONS).filter(own).collect().sort(list(schemas.MENTIONS.key)[1:])
    if line_no is not None:
        _refuse_unknown(version, article, lines, line_no)
        lines = lines.filter(pl.col("line_no") == line_no)
        paragraphs = paragraphs.join(lines.select("paragraph_no"), on="paragraph_no", how="semi")
        mentions = mentions.filter(
            (pl.col("line_no") == line_no) | pl.col("paragraph_no").is_in(paragraphs["paragraph_no"].implode())
        )
    record["lines"] = [{**line, "would_keep": ways.get(line["line_no"])} for line in lines.iter_rows(named=True)]
    record["paragraphs"] = [_with_edits(row) for row in _with_canonical(version, paragraphs).iter_rows(named=True)]
    record["clusters"] = _agency_clusters(version, paragraphs).to_dicts()
    record["mentions"] = mentions.to_dicts()
    return record


def _refuse_unknown(version: Version, article: str, lines: pl.DataFrame, line_no: int) -> None:
    if line_no not in lines["line_no"]:
        kept = version.manifest["settings"]["export"]["lines"]
        reason = "" if kept == "all" else f", or the version does not keep it (export.lines = '{kept}')"
        raise UsageError(f"article {article} has no line {line_no} with text on it{reason}")


def _ways_back(version: Version, outlet: str | None, lines: pl.DataFrame, where: str) -> dict[int, dict[str, Any]]:
    """Line number -> what would put the line into the text: settings, the command that previews them, a rule."""
    made_with = {
        name: value
        for name, value in version.manifest["settings"]["clean"].items()
        if name in clean.Settings.model_fields
    }
    ways = clean.ways_back(lines, clean.Settings.model_validate(made_with), _n_articles(version, outlet))
    headlines = _headlines_above(lines)
    return {
        line_no: {
            "settings": dict(way.settings),
            "why_not": way.why_not,
            "command": _preview(way.settings, where) if way.settings else None,
            "is_headline": line_no in headlines,
            "rule": {"outlet": outlet, "keep_lines": way.keep_lines} if outlet else None,
        }
        for line_no, way in ways.items()
    }


def _headlines_above(lines: pl.DataFrame) -> set[int]:
    """Numbers of the dropped lines above the story that are like a headline: some words, no sentence's end, no cue."""
    story = lines.filter(pl.col("paragraph_no").is_not_null())["line_no"].min()
    above = lines.filter(pl.col("dropped_by").is_not_null() & (pl.col("line_no") < story)) if story else lines.clear()
    return {line_no for line_no, text in above.select("line_no", "text").iter_rows() if _is_like_a_headline(text)}


def _is_like_a_headline(text: str) -> bool:
    n_words = len(words(text))
    is_long_enough = HEADLINE_WORDS[0] <= n_words <= HEADLINE_WORDS[1]
    return is_long_enough and not SENTENCE_END.search(text) and not has_cue_word(text, n_words)


def _preview(settings: Mapping[str, Any], where: str) -> str:
    sets = [f"--set {shlex.quote(f'{name}={json.dumps(value)}')}" for name, value in settings.items()]
    return " ".join([f"copydesk run --rebuild --dry-run{where}", *sets])


def _n_articles(version: Version, outlet: str | None) -> int:
    """Articles of the outlet: none of its lines can be printed on more."""
    own = version.scan(schemas.ARTICLES).filter(pl.col("outlet") == outlet)
    return int(own.select(pl.len()).collect().item())


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


def _with_canonical(version: Version, paragraphs: pl.DataFrame) -> pl.DataFrame:
    """The paragraphs with outlet, article and text of their canonical copy, where that is another."""
    wanted = paragraphs.filter(pl.col("canonical_id") != pl.col("paragraph_id"))["canonical_id"].unique().implode()
    others = (
        version.scan(schemas.PARAGRAPHS)
        .filter(pl.col("paragraph_id").is_in(wanted))
        .select(
            pl.col("paragraph_id").alias("canonical_id"),
            pl.col("outlet").alias("canonical_outlet"),
            pl.col("article_id").alias("canonical_article_id"),
            pl.col("text").alias("canonical_text"),
        )
        .collect()
    )
    return paragraphs.join(others, on="canonical_id", how="left", maintain_order="left")


def _with_edits(paragraph: Mapping[str, Any]) -> dict[str, Any]:
    before = paragraph["canonical_text"]
    edits = None if before is None else [piece._asdict() for piece in word_diff(before, paragraph["text"])]
    return {**paragraph, "edits": edits}


def verdict(line: Mapping[str, Any]) -> str:
    """What became of a line, in a few words: every rule that would drop it, the one that did first."""
    if line["dropped_by"]:
        return "; ".join(["dropped by " + line["dropped_by"], *([line["also_by"]] if line["also_by"] else [])])
    return f"paragraph {line['paragraph_no']}" if line["paragraph_no"] else f"field {line['role']}"


# ------------------------------------------------------------------------------------------------- for a terminal

STYLES = {"dropped": "dim", "field": "cyan", "gone": "red strike", "added": "green", "head": "bold"}


def page(record: Mapping[str, Any], width: int) -> Iterator[Text]:
    """The article in rows of about `width` columns: what it is, every line with its verdict, its copies, its names."""
    article = record["article"]
    yield _text(article["title"] or "(no title)", "head")
    yield _text(
        f"{article['article_id']}  {article['outlet'] or '(no outlet)'}  {article['published_at'] or '(no date)'}  "
        f"{article['source_path']}"
    )
    yield _text(
        f"{counted(article['n_lines'], 'line')} = {article['n_kept']} in the text "
        f"+ {counted(article['n_fields'], 'field')} "
        f"+ {article['n_dropped']} dropped; read as {article['extractor']}, doubt {article['doubt']}"
    )
    if article["wire_source"] or article["cited_agency"]:
        yield _text(_agency_of(article))
    yield _text("")
    yield _text(f"{'line':>5}  {'role':<10} {'score':>6}  {'verdict':<34} text", "head")
    for line in record["lines"]:
        yield _line_row(line, max(MIN_SHOWN, width - BEFORE_TEXT))
    yield from _copies(record["paragraphs"])
    if record["clusters"]:
        yield from _heading("copies that come from a news agency or cite one")
        for cluster in record["clusters"]:
            yield _text(f"  paragraph {cluster['paragraph_no']}: {_agency_of(cluster)}")
    if record["mentions"]:
        yield from _heading("people")
        for mention in record["mentions"]:
            yield _mention_row(mention)


def _line_row(line: Mapping[str, Any], width: int) -> Text:
    style = "dropped" if line["dropped_by"] else "" if line["paragraph_no"] else "field"
    row = _text(
        f"{'-' if line['dropped_by'] else ' '}{line['line_no']:>4}  {line['role']:<10} {line['score']:>6.4f}  "
        f"{verdict(line):<34} ",
        style,
    )
    shown = _text(line["text"], style)
    shown.truncate(width, overflow="ellipsis")
    return row.append_text(shown)


def _copies(paragraphs: list[dict[str, Any]]) -> Iterator[Text]:
    """The paragraphs that are copies, each against the canonical one: [-gone-] and {+added+} words."""
    copies = [paragraph for paragraph in paragraphs if paragraph["matched_id"]]
    if not copies:
        return
    yield from _heading("copies, and what was done to the first one: [-words gone-] {+words added+}")
    for copy in copies:
        nearer = "" if copy["matched_id"] == copy["canonical_id"] else f", nearer to {copy['matched_id']}"
        yield _text(
            f"  paragraph {copy['paragraph_no']}: {copy['link_type']}, containment {copy['containment']:.2f}, "
            f"jaccard {copy['jaccard']:.2f}, of {_first_outlet(copy)} "
            f"{copy['canonical_id']}{nearer}"
        )
        if copy["edits"] is not None:
            yield _edited([Piece(**edit) for edit in copy["edits"]])


def _first_outlet(copy: Mapping[str, Any]) -> str:
    """The outlet of a copy's canonical one, which a revision or `forget` may have taken away."""
    return "(gone)" if copy["canonical_article_id"] is None else copy["canonical_outlet"] or "(no outlet)"


def _edited(pieces: list[Piece]) -> Text:
    marks = {"same": ("", ""), "gone": ("[-", "-]"), "added": ("{+", "+}")}
    row = _text("   ")
    for piece in pieces:
        left, right = marks[piece.kind]
        gap = "" if piece.is_glued else " "
        row.append_text(_text(f"{gap}{left}{piece.text}{right}", "" if piece.kind == "same" else piece.kind))
    return row


def _mention_row(mention: Mapping[str, Any]) -> Text:
    place = f"paragraph {mention['paragraph_no']}" if mention["paragraph_no"] else f"line {mention['line_no']}"
    name = mention["name"] or f"undecided: {', '.join(mention['candidates'])}"
    issues = f" ({', '.join(mention['issues'])})" if mention["issues"] else ""
    return _text(
        f"  {place} {mention['start']}-{mention['end']}: '{mention['surface']}' -> {name} "
        f"[{mention['kind']}, {mention['method']}]{issues}{', rewritten' if mention['rewritten'] else ''}"
    )


def line_story(record: Mapping[str, Any]) -> Iterator[Text]:
    """One line's whole story."""
    line = record["lines"][0]
    yield _text(f"line {line['line_no']} of {record['article']['article_id']}: {verdict(line)}", "head")
    yield _text(f"  text      {line['text']}")
    yield _text(f"  role      {line['role']}")
    yield _text(f"  score     {line['score']:.4f}")
    yield _text(f"  evidence  {line['evidence'] or '-'}")
    yield _text(f"  in_main   {'not asked' if line['in_main'] is None else line['in_main']}")
    yield _text(f"  also by   {line['also_by'] or '-'}")
    if line["would_keep"]:
        yield from _ways(line["would_keep"])
    for paragraph in record["paragraphs"]:
        if paragraph["matched_id"]:
            yield _text(
                f"  copy of   {paragraph['canonical_id']} ({paragraph['link_type']}, {_first_outlet(paragraph)})"
            )
            if paragraph["edits"] is not None:
                yield _text("  edits    ").append_text(_edited([Piece(**edit) for edit in paragraph["edits"]])[3:])
    for cluster in record["clusters"]:
        yield _text(f"  agency    {_agency_of(cluster)}")
    for mention in record["mentions"]:
        yield _text(f"  names     '{mention['surface']}' -> {mention['name'] or 'undecided'} ({mention['method']})")


def _ways(would_keep: Mapping[str, Any]) -> Iterator[Text]:
    """What would put a line into the text, the surer way first: for a headline the outlet's rule, else the settings."""
    ways = [_by_settings(would_keep), _by_rule(would_keep["rule"])]
    if would_keep["is_headline"] and would_keep["rule"]:
        ways.reverse()
    for label, way in zip(("to keep", "or"), ways, strict=True):
        first, *rest = way
        yield _text(f"  {label:<9} {first}")
        yield from (_text(f"            {row}") for row in rest)


def _by_settings(would_keep: Mapping[str, Any]) -> list[str]:
    if not would_keep["command"]:
        return [f"no setting does it: {would_keep['why_not']}"]
    rows = [would_keep["command"], "with your own --in and -c shows what that would do; without --dry-run it does it"]
    threshold = would_keep["settings"].get("clean.threshold")
    return rows if threshold is None else [*rows, f"it lets in every line that scores {threshold} or more"]


def _by_rule(rule: Mapping[str, Any] | None) -> list[str]:
    if rule is None:
        return ["no rule does it: the article has no outlet"]
    return [
        f"keep_lines = [{json.dumps(rule['keep_lines'], ensure_ascii=False)}]",
        f"in configs/outlets/{rule['outlet']}.toml, the file of that outlet; it wins over every other verdict",
    ]


def _agency_of(source: Mapping[str, Any]) -> str:
    """Where an article or a cluster comes from, in words."""
    if source["wire_source"]:
        return f"from {source['wire_source']}: {source['wire_evidence']}"
    return f"cites {source['cited_agency']}"


def _heading(text: str) -> Iterator[Text]:
    yield _text("")
    yield _text(text, "head")


def _text(text: str, kind: str = "") -> Text:
    return Text(printable(text), STYLES.get(kind, ""))
