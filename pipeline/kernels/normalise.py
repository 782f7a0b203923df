"""Paragraphs without what newsrooms change in passing: one strict form for exact copies, one plain form for near ones.

The strict form is the exact key: dateline, credit, house style and typography gone. The plain form only folds
Unicode and splits into words, in every script.
"""

from __future__ import annotations

import re

import polars as pl

from pipeline.kernels.agencies import AGENCIES

# A combining run beyond 30 marks is no text of any language, and normalising it was quadratic in CPython.
_LONG_MARKS = r"(\p{M}{30})\p{M}+"

_FOLDS: dict[str, str] = {
    **dict.fromkeys("“”„‟«»″〝〞", '"'),
    **dict.fromkeys("‘’‚‛`´′ʼ", "'"),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    # soft hyphen, zero-width characters, direction marks
    **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff\u200e\u200f\u202a\u202b\u202c\u202d\u202e", ""),
    **dict.fromkeys("\u2066\u2067\u2068\u2069", ""),
}

_AGENCIES = rf"(?:the )?(?:{'|'.join(map(re.escape, sorted(AGENCIES)))})"
_PLACE = r"\p{Lu}[\p{Lu} .'/-]{2,30}(?:, ?\p{Lu}[\p{L}. ]{1,24})?"
_ANY_PLACE = r"\p{Lu}[\p{L} .'/-]{2,40}(?:, ?\p{Lu}[\p{L}. ]{1,24})?"
_DAY = r"(?:, ?\p{L}{3,9}\.? \p{Nd}{1,2})?"
_IN_BRACKETS = r"\([\p{L}/. -]{2,30}\)"
# Both only where 60 characters remain: the places of a list ("DENVER - Sunny, 71") are its content.
_DATELINE = (
    rf"(?s)^\s*(?:{_PLACE}{_DAY}\s*(?:{_IN_BRACKETS})?\s*-{{1,2}}"
    rf"|(?:{_ANY_PLACE}{_DAY}\s*)?{_IN_BRACKETS}\.?\s*(?:-{{1,2}}|:))\s+(.{{60,}})$"
)
_CREDIT = rf"(?s)^(.{{60,}}?)\s*\((?i:{_AGENCIES}(?:[/,& -]+{_AGENCIES})*)\)\.?\s*$"
# What every text with a dateline has, and every one with a credit: looked for first, since few have it, and the
# patterns themselves take .1 CPU-s to compile.
_MAY_BE_DATED = r"(?s)^(?:\s*\p{Lu}[\p{Lu} .'/-]{2}.*-\s|[^(]*\([^()]*\)\.?\s*(?:-{1,2}|:)\s)"
_MAY_BE_CREDITED = r"\)\.?\s*$"

# House style: two desks print one sentence in these two ways. On case-folded text, in this order.
_HOUSE_STYLE = (
    (r"\b(\p{L})\.(\p{L})\.(?:(\p{L})\.)?", "${1}${2}${3}"),  # U.S. and US, a.m. and am
    (r"\bunited states\b", "us"),
    (r"\bunited nations\b", "un"),
    (r"\bunited kingdom\b", "uk"),
    (r"\beuropean union\b", "eu"),
    (r"(\p{Nd}) ?(?:%|per cent\b)", "${1} percent"),
    (r"\b(?:mr|mrs|ms|dr|sen|rep|gov|senator|representative|governor)\b\.?", " "),
    (r"(\p{Nd}),(\p{Nd}{3})", "${1}${2}"),  # twice: every second comma of 1,234,567 is taken in each pass
    (r"(\p{Nd}),(\p{Nd}{3})", "${1}${2}"),
    (r"\b(?:(jan)uary|(feb)ruary|(aug)ust|(sep)t(?:ember)?|(oct)ober|(nov)ember|(dec)ember)\b", "$1$2$3$4$5$6$7"),
    (r"\b(arm|behavi|col|endeav|fav|flav|glam|harb|hon|hum|lab|neighb|od|rum|sav|savi|tum|vap|vig)our", "${1}or"),
    (r"\b((?:centi|kilo|milli)?(?:cent|fib|lit|met|theat))re(s?)\b", "${1}er${2}"),
    (r"\b(def|off|lic)ence", "${1}ense"),
    (r"\bprogramme", "program"),
    (r"\b(cance|coun[cs]e|labe|mode|trave)ll(ed|ing|or|er)", "${1}l${2}"),
    (r"(\w{4,})is(e[ds]?|ing|ations?)\b", "${1}iz${2}"),
    (r"'", ""),
)
_NUMBER_WORDS = {
    "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
}  # fmt: skip
# "One" is an article or a pronoun as often as a figure.
_COUNTED_WORDS = {word: value for word, value in _NUMBER_WORDS.items() if value not in ("0", "1")}

# Scripts written without spaces between words.
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}ー\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_WORD = rf"[{_UNSPACED}]+|[[\p{{L}}\p{{M}}\p{{N}}]--[{_UNSPACED}]]+"
_KEY_WORD = r"[\p{L}\p{M}\p{N}]+(?:\.\p{Nd}+)*"
_FIGURE = r"\p{Nd}+(?:[.:]\p{Nd}+)*"


def exact_key(text: str) -> str:
    """The words of `text` as all desks would print them, joined by a space; equal for exact copies.

    >>> exact_key("SEOUL (AP) — The U.S. labour minister, Mr. Park, rejected 5 per cent of the 1,200 claims on Friday.")
    'the us labor minister park rejected 5 percent of the 1200 claims on friday'
    """
    key: str = normal_forms(pl.Series([text], dtype=pl.String))["exact_key"].item()
    return key


def normal_forms(texts: pl.Series) -> pl.DataFrame:
    """One row per text: exact_key, words (list), n_words, figures (list, ascending, each once).

    `words` are the runs of letters, marks and digits after NFKC, in the case of the text; a run of a script without
    spaces is cut into overlapping pairs of characters, and two of its characters count as one word in `n_words`.
    `figures` are numbers in digits, thousands without commas, and the English words two to twelve.
    """
    folded = _folded(texts)
    words = folded.str.extract_all(_WORD)
    n_words = words.list.len().cast(pl.Int32)
    beyond = _beyond_ascii(folded)
    unspaced = _put(beyond, beyond, folded.filter(beyond).str.contains(rf"[{_UNSPACED}]"))
    if unspaced.any():
        words, n_words = _in_pairs(words, unspaced)
    bare = _casefolded(_without_frame(folded))
    return pl.DataFrame(
        {"exact_key": _keys(bare), "words": words, "n_words": n_words, "figures": _figures(bare)},
        schema={
            "exact_key": pl.String,
            "words": pl.List(pl.String),
            "n_words": pl.Int32,
            "figures": pl.List(pl.String),
        },
    )


def _folded(texts: pl.Series) -> pl.Series:
    """The texts with one form of each character: marks capped, NFKC, typography as in ASCII."""
    marks, plain = list(_FOLDS), list(_FOLDS.values())
    folded = texts.rename("text").str.replace_many(marks, plain)
    beyond = _beyond_ascii(folded)
    others = folded.filter(beyond).str.replace_all(_LONG_MARKS, "${1}").str.normalize("NFKC")
    return _put(folded, beyond, others.str.replace_many(marks, plain))


def _beyond_ascii(texts: pl.Series) -> pl.Series:
    return texts.str.len_bytes() != texts.str.len_chars()


def _put(values: pl.Series, where: pl.Series, others: pl.Series) -> pl.Series:
    """The values with the others in the rows of `where`."""
    return values.clone().scatter(where.arg_true(), others)


def _without_frame(folded: pl.Series) -> pl.Series:
    """The texts without dateline and credit."""
    bare = folded
    for may_have, frame in ((_MAY_BE_DATED, _DATELINE), (_MAY_BE_CREDITED, _CREDIT)):
        framed = bare.str.contains(may_have)
        if framed.any():
            bare = _put(bare, framed, bare.filter(framed).str.replace(frame, "${1}"))
    return bare


def _casefolded(texts: pl.Series) -> pl.Series:
    beyond = _beyond_ascii(texts)  # polars folds no case; in ASCII that is to write small
    others = pl.Series([text.casefold() for text in texts.filter(beyond)], dtype=pl.String)
    return _put(texts.str.to_lowercase(), beyond, others)


def _keys(bare: pl.Series) -> pl.Series:
    for pattern, replacement in _HOUSE_STYLE:
        bare = bare.str.replace_all(pattern, replacement)
    words = bare.str.extract_all(_KEY_WORD)
    return words.list.eval(pl.element().replace(_NUMBER_WORDS)).list.join(" ")


def _figures(bare: pl.Series) -> pl.Series:
    plain = bare
    for _ in range(2):
        plain = plain.str.replace_all(r"(\p{Nd}),(\p{Nd}{3})", "${1}${2}")
    rows = pl.DataFrame({"row": pl.int_range(len(plain), eager=True)})
    counted = rf"\b(?:{'|'.join(_COUNTED_WORDS)})\b"
    found = [rows.with_columns(figure=plain.str.extract_all(pattern)) for pattern in (_FIGURE, counted)]
    # One sort of them all takes a tenth of the time of list.sort.
    figures = (
        pl.concat([lists.explode("figure").drop_nulls() for lists in found])
        .with_columns(pl.col("figure").replace(_COUNTED_WORDS))
        .unique()
        .sort("row", "figure")
        .group_by("row", maintain_order=True)
        .agg("figure")
    )
    return rows.join(figures, on="row", how="left", maintain_order="left")["figure"].fill_null([])


def _in_pairs(words: pl.Series, unspaced: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Word lists and counts, where the rows marked in `unspaced` have runs of unspaced script cut into pairs."""
    runs = words.filter(unspaced)
    every = runs.explode().drop_nulls().unique()
    to_cut = set(every.filter(every.str.contains(rf"[{_UNSPACED}]")))
    cut: list[list[str]] = []
    counts: list[int] = []
    for row in runs.to_list():
        pieces: list[str] = []
        count = 0
        for word in row:
            if word in to_cut:
                pieces += [word[i : i + 2] for i in range(max(1, len(word) - 1))]
                count += (len(word) + 1) // 2
            else:
                pieces.append(word)
                count += 1
        cut.append(pieces)
        counts.append(count)
    places = unspaced.arg_true()
    whole = pl.DataFrame({"words": words, "n_words": words.list.len().cast(pl.Int32)}).with_row_index("place")
    pairs = pl.DataFrame(
        {"place": places, "words": cut, "n_words": counts},
        schema={"place": pl.UInt32, "words": pl.List(pl.String), "n_words": pl.Int32},
    )
    merged = pl.concat([whole.filter(~unspaced), pairs]).sort("place")
    return merged["words"], merged["n_words"]
