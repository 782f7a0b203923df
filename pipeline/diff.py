"""What differs between two versions: articles by cause, verdicts on lines, copies, clusters, names.

Files that both manifests list with one sha256 are not read: their rows are the same, and a key stands in one file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl
from rich.text import Text

from pipeline import schemas
from pipeline.console import printable
from pipeline.files import scan_tables
from pipeline.schemas import Table
from pipeline.store import Version

EXAMPLES = 3  # shown of each kind of change
SHOWN_MOVES = 8  # kinds of change of a verdict shown with examples
SHOWN_TEXT = 70  # characters of an example


def compared(before: Version, after: Version) -> dict[str, Any]:
    """Everything that differs, from the settings to the names, as plain values with examples."""
    changes = _article_changes(before, after)
    return {
        "before": before.run_id,
        "after": after.run_id,
        "settings": _settings(before.manifest["settings"], after.manifest["settings"]),
        "libraries": _values(before.manifest["versions"], after.manifest["versions"]),
        "batches": _batches(before.manifest["batches"], after.manifest["batches"]),
        "articles": _articles(before, after, changes),
        "lines": _lines(before, after, changes),
        "paragraphs": _paragraphs(before, after),
        "links": _links(before, after),
        "clusters": _clusters(before, after),
        "names": _names(before, after),
    }


def previewed(current: Version, rebuilt: Version) -> dict[str, Any]:
    """The same of a version that is thrown away: it has no name."""
    return {**compared(current, rebuilt), "after": None}


# ---------------------------------------------------------------------------------------------- what they were made of


def _settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Settings of another value; of tables of settings (the rules of outlets) the entries."""
    changed = []
    for stage in sorted(set(before) | set(after)):
        for row in _values(before.get(stage, {}), after.get(stage, {})):
            left, right = row["before"], row["after"]
            if isinstance(left, dict) and isinstance(right, dict):
                changed += [
                    {**entry, "name": f"{stage}.{row['name']}.{entry['name']}"} for entry in _values(left, right)
                ]
            else:
                changed.append({**row, "name": f"{stage}.{row['name']}"})
    return changed


def _values(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"name": name, "before": before.get(name), "after": after.get(name)}
        for name in sorted(set(before) | set(after))
        if before.get(name) != after.get(name)
    ]


def _batches(before: list[str], after: list[str]) -> dict[str, int]:
    return {"added": len(set(after) - set(before)), "gone": len(set(before) - set(after))}


# ------------------------------------------------------------------------------------------------------------- tables


def _differing(version: Version, other: Version, table: Table, *, state: bool = False) -> pl.LazyFrame:
    """The version's rows in the files that the other does not have."""
    known = {(output["path"], output["sha256"]) for output in other.manifest["outputs"]}
    stem = f"state/{table.name}/" if state else f"{table.name}/"
    files = [
        version.path / output["path"]
        for output in version.manifest["outputs"]
        if output["path"].startswith(stem) and (output["path"], output["sha256"]) not in known
    ]
    return scan_tables(files) if files else table.empty().lazy()


def _n_rows(version: Version, table: Table) -> int:
    stem = f"{table.name}/"
    return sum(int(output["rows"]) for output in version.manifest["outputs"] if output["path"].startswith(stem))


def _sides(before: Version, after: Version, table: Table) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    return _differing(before, after, table), _differing(after, before, table)


def _matched(
    before: pl.LazyFrame, after: pl.LazyFrame, key: list[str], compared: list[str], shown: list[str]
) -> pl.DataFrame:
    """The rows that stand on one side only or differ in a column compared, sorted by key.

    Columns: key, `side` (both, before, after), `<name>_differs` for each compared, shown and `<name>_after`.
    """
    names = [*key, *dict.fromkeys([*compared, *shown])]
    left, right = (frame.select(*names, pl.lit(True).alias("is_there")) for frame in (before, after))
    joined = left.join(right, on=key, how="full", coalesce=True, nulls_equal=True, suffix="_after")
    stood, stands = pl.col("is_there").is_not_null(), pl.col("is_there_after").is_not_null()
    side = pl.when(stood & stands).then(pl.lit("both")).when(stood).then(pl.lit("before")).otherwise(pl.lit("after"))
    flags = [pl.col(name).ne_missing(pl.col(f"{name}_after")).alias(f"{name}_differs") for name in compared]
    return (
        joined.with_columns(side.alias("side"), *flags)
        .filter((pl.col("side") != "both") | pl.any_horizontal(pl.col(f"{name}_differs") for name in compared))
        .select(
            *key,
            "side",
            *(f"{name}_differs" for name in compared),
            *(name for shown_name in shown for name in (shown_name, f"{shown_name}_after")),
        )
        .sort(key, nulls_last=True)
        .collect()
    )


def _n(rows: pl.DataFrame, side: str) -> int:
    return rows.filter(pl.col("side") == side).height


def _n_differing(rows: pl.DataFrame, name: str) -> int:
    return rows.filter((pl.col("side") == "both") & pl.col(f"{name}_differs")).height


def _most(rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return rows.group_by(by).agg(pl.len().alias("n")).sort("n", *by, descending=[True, *(False for _ in by)])


# ----------------------------------------------------------------------------------------------------------- articles


def _why_otherwise(before: Version, after: Version) -> str:
    """The cause where an article's own input is the same."""
    named = {"settings": "settings", "versions": "library versions"}
    other = [name for kind, name in named.items() if before.manifest[kind] != after.manifest[kind]]
    return f"other {' or '.join(other) or 'articles beside it'}"


def _article_changes(before: Version, after: Version) -> pl.DataFrame:
    """The articles that differ, as of `_matched`, each with `is_same_input` and the cause.

    An article on one side only is a new input, or one that a rolled back run took; or it was refused or replaced
    (what the ledger says), its run was rolled back, or it was forgotten or its input is gone.
    """
    values = [name for name in schemas.ARTICLES.names if name not in ("article_id", "batch_id", "first_seen_at")]
    shown = ["outlet", "source_path", "title", "batch_id"]
    rows = _matched(*_sides(before, after, schemas.ARTICLES), ["article_id"], values, shown)
    ledger = _differing(after, before, schemas.INPUTS, state=True).filter(pl.col("status") != "written")
    status = ledger.select("article_id", "status").unique("article_id", maintain_order=True).collect()
    is_rolled_back = ~pl.col("batch_id").is_in(after.manifest["batches"])
    is_taken_again = pl.col("batch_id_after").is_in(before.manifest["batches"])
    return rows.join(status, on="article_id", how="left", maintain_order="left").with_columns(
        ((pl.col("side") == "both") & ~pl.col("sha256_differs")).alias("is_same_input"),
        pl.when((pl.col("side") == "both") & pl.col("sha256_differs")).then(pl.lit("revision"))
        .when(pl.col("side") == "both").then(pl.lit(_why_otherwise(before, after)))
        .when((pl.col("side") == "after") & is_taken_again).then(pl.lit("left out before"))
        .when(pl.col("side") == "after").then(pl.lit("new input"))
        .when(is_rolled_back).then(pl.lit("run rolled back"))
        .otherwise(pl.coalesce("status", pl.lit("forgotten or input gone")))
        .alias("cause")
    )  # fmt: skip


def _articles(before: Version, after: Version, changes: pl.DataFrame) -> dict[str, Any]:
    """Counts by cause, columns that differ though the input is the same, and examples."""
    otherwise = changes.filter("is_same_input")
    columns = {
        name.removesuffix("_differs"): int(otherwise[name].sum())
        for name in otherwise.columns
        if name.endswith("_differs")
    }
    named = changes.select(
        "article_id", "cause", *(pl.coalesce(f"{name}_after", name) for name in ("outlet", "source_path", "title"))
    ).rename({f"{name}_after": name for name in ("outlet", "source_path", "title")})
    return {
        "n_before": _n_rows(before, schemas.ARTICLES),
        "n_after": _n_rows(after, schemas.ARTICLES),
        "by_cause": dict(sorted(changes["cause"].value_counts().iter_rows())),
        "columns": {name: count for name, count in columns.items() if count},
        "examples": named.group_by("cause", maintain_order=True).head(EXAMPLES).sort("cause", "article_id").to_dicts(),
    }


# -------------------------------------------------------------------------------------------------------------- lines


def _lines(before: Version, after: Version, changes: pl.DataFrame) -> dict[str, Any]:
    """Lines of the same input with another verdict, by verdicts and by outlet, and those nearest to the threshold."""
    outcome = (
        pl.when(pl.col("dropped_by").is_not_null()).then("dropped_by")
        .when(pl.col("paragraph_no").is_not_null()).then(pl.lit("in the text"))
        .otherwise(pl.format("field {}", "role")).alias("verdict")
    )  # fmt: skip
    other_input = changes.filter(~pl.col("is_same_input"))["article_id"].implode()
    left, right = (
        side.filter(~pl.col("article_id").is_in(other_input)).with_columns(outcome)
        for side in _sides(before, after, schemas.LINES)
    )
    rows = _matched(
        left, right, ["article_id", "line_no"], ["verdict", "score", "role", "also_by"], ["verdict", "score"]
    )
    rows = rows.join(_outlets(after, rows), on="article_id", how="left", maintain_order="left")
    moved = rows.filter((pl.col("side") == "both") & pl.col("verdict_differs"))
    moves = ["verdict", "verdict_after"]
    margin = (pl.col("score_after") - after.manifest["settings"]["clean"]["threshold"]).abs()
    shown = (
        moved.join(_most(moved, moves).head(SHOWN_MOVES), on=moves, how="semi", maintain_order="left")
        .sort(margin, "article_id", "line_no")
        .group_by(moves, maintain_order=True)
        .head(EXAMPLES)
    )
    return {
        "n_before": _n_rows(before, schemas.LINES),
        "n_after": _n_rows(after, schemas.LINES),
        "n_moved": moved.height,
        "n_rescored": _n_differing(rows, "score"),
        "n_only_before": _n(rows, "before"),
        "n_only_after": _n(rows, "after"),
        "moves": _named(_most(moved, moves)),
        "moves_by_outlet": _named(_most(moved, ["outlet", *moves])),
        "margin": _named(_with_line_text(right, shown)),
    }


def _named(rows: pl.DataFrame) -> list[dict[str, Any]]:
    return rows.rename({"verdict": "before", "verdict_after": "after"}).to_dicts()


def _outlets(version: Version, rows: pl.DataFrame) -> pl.DataFrame:
    """article_id, outlet, source_path of the articles of these rows."""
    wanted = rows.select("article_id").unique().lazy()
    found = version.scan(schemas.ARTICLES).select("article_id", "outlet", "source_path")
    return found.join(wanted, on="article_id", how="semi").collect()


def _with_line_text(lines: pl.LazyFrame, rows: pl.DataFrame) -> pl.DataFrame:
    place = ["article_id", "line_no"]
    texts = lines.select(*place, "text").join(rows.select(place).lazy(), on=place, how="semi")
    with_text = rows.join(texts.collect(), on=place, how="left", maintain_order="left")
    return with_text.select(
        "verdict", "verdict_after", "article_id", "source_path", "outlet", "line_no", "score_after", "text"
    ).rename({"score_after": "score"})


# ------------------------------------------------------------------------------------------------------------- copies


def _paragraphs(before: Version, after: Version) -> dict[str, Any]:
    left, right = _sides(before, after, schemas.PARAGRAPHS)
    values = ["is_canonical", "cluster_id", "text", "text_out"]
    rows = _matched(left, right, ["paragraph_id"], values, ["is_canonical"])
    turned = rows.filter((pl.col("side") == "both") & pl.col("is_canonical_differs"))["is_canonical"]
    return {
        "n_before": _n_rows(before, schemas.PARAGRAPHS),
        "n_after": _n_rows(after, schemas.PARAGRAPHS),
        "n_gone": _n(rows, "before"),
        "n_new": _n(rows, "after"),
        "n_flagged": int(turned.sum()),
        "n_unflagged": int((~turned).sum()),
        "n_other_cluster": _n_differing(rows, "cluster_id"),
        "n_other_names": _n_differing(rows.filter(~pl.col("text_differs")), "text_out"),
        "share_flagged": {"before": _share_flagged(left), "after": _share_flagged(right)},
    }


def _share_flagged(paragraphs: pl.LazyFrame) -> float | None:
    """Share of the words that stand in copies of earlier paragraphs; null without words."""
    n_words, n_copied = (
        paragraphs.select(pl.col("n_tokens").sum(), pl.col("n_tokens").filter(~pl.col("is_canonical")).sum().alias("n"))
        .collect()
        .row(0)
    )
    return round(n_copied / n_words, 4) if n_words else None


def _links(before: Version, after: Version) -> dict[str, Any]:
    rows = _matched(*_sides(before, after, schemas.LINKS), ["left_id", "right_id"], ["link_type"], [])
    return {
        "n_before": _n_rows(before, schemas.LINKS),
        "n_after": _n_rows(after, schemas.LINKS),
        "n_gone": _n(rows, "before"),
        "n_new": _n(rows, "after"),
        "n_retyped": _n_differing(rows, "link_type"),
    }


def _clusters(before: Version, after: Version) -> dict[str, Any]:
    values = [name for name in schemas.CLUSTERS.names if name not in ("cluster_id", "batch_id", "last_seen_at")]
    rows = _matched(*_sides(before, after, schemas.CLUSTERS), ["cluster_id"], values, ["n_paragraphs"])
    size = pl.col("n_paragraphs").fill_null(1)
    grown = (pl.col("n_paragraphs_after").fill_null(1) - size).alias("grown")
    most = rows.with_columns(grown).sort(pl.col("grown").abs(), "cluster_id", descending=[True, False])
    return {
        "n_before": _n_rows(before, schemas.CLUSTERS),
        "n_after": _n_rows(after, schemas.CLUSTERS),
        "n_gone": _n(rows, "before"),
        "n_new": _n(rows, "after"),
        "n_grown": most.filter((pl.col("side") == "both") & (pl.col("grown") > 0)).height,
        "n_shrunk": most.filter((pl.col("side") == "both") & (pl.col("grown") < 0)).height,
        "n_other_source": _n_differing(rows, "wire_source"),
        "examples": _with_founder(before, after, most.head(EXAMPLES)).to_dicts(),
    }


def _with_founder(before: Version, after: Version, rows: pl.DataFrame) -> pl.DataFrame:
    """The clusters with outlet and text of their founder, from whichever version has it."""
    wanted = pl.col("paragraph_id").is_in(rows["cluster_id"].implode())
    found = [version.scan(schemas.PARAGRAPHS).filter(wanted).select("paragraph_id", "outlet", "text").collect()
             for version in (after, before)]  # fmt: skip
    founders = pl.concat(found).unique("paragraph_id", keep="first", maintain_order=True)
    return rows.select("cluster_id", "side", "n_paragraphs", "n_paragraphs_after").join(
        founders, left_on="cluster_id", right_on="paragraph_id", how="left", maintain_order="left"
    )


# -------------------------------------------------------------------------------------------------------------- names


def _names(before: Version, after: Version) -> dict[str, Any]:
    """Mentions found on one side only, or taken for somebody else; a paragraph that moved takes its mentions along."""
    place = ["article_id", "field", "place", "start", "end", "surface"]
    left, right = _placed_mentions(before, after), _placed_mentions(after, before)
    rows = _matched(left, right, place, ["name", "person_id", "rewritten"], ["name"])
    changed = rows.filter((pl.col("side") != "both") | pl.col("name_differs"))
    return {
        "n_before": _n_rows(before, schemas.MENTIONS),
        "n_after": _n_rows(after, schemas.MENTIONS),
        "n_gone": _n(rows, "before"),
        "n_new": _n(rows, "after"),
        "n_renamed": _n_differing(rows, "name"),
        "n_rewritten": _n_differing(rows, "rewritten"),
        "changes": _most(changed, ["surface", "name", "name_after", "side"]).head(SHOWN_MOVES).to_dicts(),
    }


def _placed_mentions(version: Version, other: Version) -> pl.LazyFrame:
    """The mentions in files that differ, with `place`: the paragraph's id, or its or the line's number."""
    paragraphs = _differing(version, other, schemas.PARAGRAPHS).select("article_id", "paragraph_no", "paragraph_id")
    number = pl.coalesce("paragraph_no", "line_no").cast(pl.String)
    return (
        _differing(version, other, schemas.MENTIONS)
        .join(paragraphs, on=["article_id", "paragraph_no"], how="left")
        .with_columns(pl.coalesce("paragraph_id", number).alias("place"))
    )


# ------------------------------------------------------------------------------------------------------ for a terminal


def page(difference: Mapping[str, Any]) -> Iterator[Text]:
    """What differs, in rows of a terminal."""
    yield _text(f"{difference['before']} -> {difference['after'] or 'a rebuild'}")
    for kind in ("settings", "libraries"):
        for value in difference[kind]:
            yield _text(f"{kind:<11} {value['name']}: {_short(value['before'])} -> {_short(value['after'])}")
    batches = difference["batches"]
    if batches["added"] or batches["gone"]:
        yield _text(f"batches     {batches['added']:,} more, {batches['gone']:,} gone")
    yield from _article_rows(difference["articles"])
    yield from _line_rows(difference["lines"])
    yield from _copy_rows(difference)
    yield from _name_rows(difference["names"])


def _article_rows(articles: Mapping[str, Any]) -> Iterator[Text]:
    causes = ", ".join(f"{count:,} {cause}" for cause, count in articles["by_cause"].items()) or "the same"
    yield _text(f"articles    {_totals(articles)}   {causes}")
    if articles["columns"]:
        most = sorted(articles["columns"].items(), key=lambda item: (-item[1], item[0]))[:SHOWN_MOVES]
        yield _text(f"            of the same input: {', '.join(f'{name} of {count:,}' for name, count in most)}")
    for example in articles["examples"]:
        yield _text(f"            {example['cause']}: {example['source_path']}: {_cut(example['title'])}")


def _line_rows(lines: Mapping[str, Any]) -> Iterator[Text]:
    yield _text(
        f"lines       {_totals(lines)}   {lines['n_moved']:,} with another verdict, "
        f"{lines['n_rescored']:,} with another score"
    )
    for move in lines["moves"][:SHOWN_MOVES]:
        outlets = [
            f"{row['outlet'] or '(no outlet)'} {row['n']:,}"
            for row in lines["moves_by_outlet"]
            if (row["before"], row["after"]) == (move["before"], move["after"])
        ]
        more = f", {len(outlets) - EXAMPLES} more" if len(outlets) > EXAMPLES else ""
        yield _text(f"  {move['n']:>8,}  {move['before']} -> {move['after']}   ({', '.join(outlets[:EXAMPLES])}{more})")
        for line in lines["margin"]:
            if (line["before"], line["after"]) == (move["before"], move["after"]):
                yield _text(
                    f"            {line['score']:.4f}  {line['source_path']}:{line['line_no']}  {_cut(line['text'])}"
                )


def _copy_rows(difference: Mapping[str, Any]) -> Iterator[Text]:
    paragraphs, links, clusters = (difference[name] for name in ("paragraphs", "links", "clusters"))
    yield _text(
        f"paragraphs  {_totals(paragraphs)}   {_new_and_gone(paragraphs)}; "
        f"{paragraphs['n_flagged']:,} newly flagged as copies, {paragraphs['n_unflagged']:,} no longer"
    )
    share = {side: "none" if value is None else f"{value:.1%}" for side, value in paragraphs["share_flagged"].items()}
    if share["before"] != share["after"]:
        yield _text(f"flagged     {share['before']} -> {share['after']} of the words in the files that differ")
    yield _text(f"links       {_totals(links)}   {_new_and_gone(links)}, {links['n_retyped']:,} of another type")
    yield _text(
        f"clusters    {_totals(clusters)}   {_new_and_gone(clusters)}, {clusters['n_grown']:,} grown, "
        f"{clusters['n_shrunk']:,} shrunk, {clusters['n_other_source']:,} of another source"
    )
    for cluster in clusters["examples"]:
        sizes = f"{cluster['n_paragraphs'] or 0} -> {cluster['n_paragraphs_after'] or 0}"
        yield _text(f"            {sizes}  {cluster['outlet'] or '(no outlet)'}: {_cut(cluster['text'])}")


def _name_rows(names: Mapping[str, Any]) -> Iterator[Text]:
    yield _text(
        f"mentions    {_totals(names)}   {_new_and_gone(names)}, {names['n_renamed']:,} of another name, "
        f"{names['n_rewritten']:,} rewritten on one side only"
    )
    for change in names["changes"]:
        sides = {"before": "no longer found", "after": "now found", "both": f"was {change['name'] or 'undecided'}"}
        name = change["name"] if change["side"] == "before" else change["name_after"]
        yield _text(f"  {change['n']:>8,}  '{change['surface']}' -> {name or 'undecided'}: {sides[change['side']]}")


def _totals(table: Mapping[str, Any]) -> str:
    return f"{table['n_before']:>7,} -> {table['n_after']:<7,}"


def _new_and_gone(table: Mapping[str, Any]) -> str:
    return f"{table['n_new']:,} new, {table['n_gone']:,} gone"


def _short(value: object) -> str:
    return _cut(json.dumps(value, ensure_ascii=False, sort_keys=True))


def _cut(text: str | None) -> str:
    shown = text or "-"
    return shown if len(shown) <= SHOWN_TEXT else f"{shown[: SHOWN_TEXT - 1]}…"


def _text(text: str) -> Text:
    return Text(printable(text))
