"""Every pattern and every rule on its worst 100 kB: twice the input takes at most two and a half times as long.

The strings are made from the patterns themselves: each repeated part of a pattern is pumped behind what leads to it,
and ends in a sign that lets the match fail. CPU time of this process, the best of several turns, so that other work on
the machine does not count; what takes under 50 ms is fast whatever its shape. What is quadratic takes longer for
12 kB, which is where `make test` ends; `make torture` goes on to 100 kB.
"""

import importlib
import math
import pkgutil
import re
import time
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from re import _constants as codes
from re import _parser as parser
from unittest.mock import patch

import polars as pl
import pytest
import regex

import pipeline
from pipeline.kernels import (
    aliases,
    charset,
    dates,
    fold,
    forms,
    html,
    identity,
    json_ld,
    language,
    main_text,
    metadata,
    name_spans,
    neighbours,
    normalise,
    surnames,
    text,
    wire,
    words,
)
from pipeline.readers import html as html_reader
from pipeline.readers import warc
from tests.world import configured

SIZES = (3_000, 12_000, 100_000)  # characters: what is quadratic shows before it takes minutes
UPTO = pytest.mark.parametrize("upto", [SIZES[1], pytest.param(SIZES[2], marks=pytest.mark.torture)])
MAX_RATIO = 2.5
FAST = 0.05  # seconds of CPU time
# What the patterns of a module see of a text, where that is not all of it; and those that are tried at one place only.
CAPPED = {
    "pipeline.kernels.authors": metadata.FIELD_LENGTH,
    "pipeline.kernels.dates": dates.LOOK_AT,
    "pipeline.kernels.forms": forms.PATTERN_CHARS,
    "pipeline.kernels.neighbours": neighbours.CONTEXT,
    "pipeline.kernels.variants": metadata.FIELD_LENGTH,
}
AT_ONE_PLACE = {
    "pipeline.kernels.metadata.STARTS_WITH_DAY",
    "pipeline.kernels.surnames.ACTS",
    "pipeline.kernels.surnames.DATE",
    "pipeline.kernels.surnames.FAMILY",
    "pipeline.kernels.surnames.OFFICE",
    "pipeline.people.FORMULA",
    "pipeline.readers.warc.CHUNK",
    "pipeline.remote._FILE",
    "pipeline.remote._NAME",
}
ROUNDS, TURNS = 5, 2  # the least ratio of up to five, each of the least times of two: noise only adds
TAIL = "\x00!"  # no pattern of ours ends in it
PLAIN = ("a", "A", " ", "\n", "1", ".", ",", "-", "'", '"', "<", "(", "é", "中", "a ", "A ", "Aa ", "1 ", "a.", "a, ",
         "A. ", "By A ", "a@a.", "\t", "http://", "<a ", "&#1", "\\", "\u0301", " – ", "| ", "2024-01-")  # fmt: skip


def compiled():
    """Every compiled pattern of the package, by name."""
    found = {}
    for info in pkgutil.walk_packages(pipeline.__path__, "pipeline."):
        if info.name == "pipeline.engines.spark" and not find_spec("pyspark"):
            continue  # `make test-spark` has it
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            for number, pattern in enumerate(_patterns(value, 4)):
                found.setdefault(pattern, f"{info.name}.{name}{f'[{number}]' if number else ''}")
    forms = (*dates.FORMS, dates.CLOCK, dates.CLOCK_BEFORE)  # compiled when they are first looked for
    for number, form in enumerate(forms):
        found.setdefault(dates._compiled(form), f"pipeline.kernels.dates.FORMS[{number}]")
    return sorted((name, pattern) for pattern, name in found.items())


def _patterns(value, depth):
    if isinstance(value, re.Pattern | regex.Pattern):
        yield value
    elif depth and isinstance(value, tuple | list | frozenset | set):
        for part in value:
            yield from _patterns(part, depth - 1)
    elif depth and isinstance(value, dict):
        yield from _patterns(list(value.values()), depth)


def pumps(pattern):
    """(what leads to a repeated part, the part) for every repetition of the pattern; none that sre cannot parse."""
    try:
        tree = parser.parse(pattern.pattern, pattern.flags)
    except re.error:
        return []  # \p{...} of the regex module: PLAIN has to do
    found = []
    _collect(list(tree), "", found)
    return found


def _collect(nodes, before, found):
    for code, value in nodes:
        if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            low, _, body = value
            part = _sample(body)
            found.append((before, part or "a"))
            _collect(list(body), before, found)
            before += part * max(low, 1)
        elif code is codes.SUBPATTERN:
            _collect(list(value[-1]), before, found)
            before += _sample(value[-1])
        elif code is codes.BRANCH:
            for branch in value[1]:
                _collect(list(branch), before, found)
            before += _sample(value[1][0])
        else:
            before += _sample([(code, value)])


def _sample(nodes):
    """A string that the nodes match, near enough."""
    made = ""
    for code, value in nodes:
        if code is codes.LITERAL:
            made += chr(value)
        elif code is codes.NOT_LITERAL:
            made += "a" if value != ord("a") else "b"
        elif code is codes.ANY:
            made += "a"
        elif code is codes.IN:
            made += _one_of(value)
        elif code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            made += _sample(value[2]) * max(value[0], 1)
        elif code in (codes.SUBPATTERN, codes.ATOMIC_GROUP):
            made += _sample(value[-1] if code is codes.SUBPATTERN else value)
        elif code is codes.BRANCH:
            made += _sample(value[1][0])
    return made


def _one_of(members):
    code, value = members[0]
    if code is codes.NEGATE:
        banned = re.compile(_sample_class(members[1:])) if len(members) > 1 else None
        return next((sign for sign in 'a 1.-<\n"é中' if banned is None or not banned.match(sign)), "")
    if code is codes.LITERAL:
        return chr(value)
    if code is codes.RANGE:
        return chr(value[0])
    return {codes.CATEGORY_DIGIT: "1", codes.CATEGORY_SPACE: " ", codes.CATEGORY_NOT_SPACE: "a"}.get(value, "a")


def _sample_class(members):
    signs = ""
    for code, value in members:
        if code is codes.LITERAL:
            signs += re.escape(chr(value))
        elif code is codes.RANGE:
            signs += f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
        elif code is codes.CATEGORY:
            signs += {
                codes.CATEGORY_DIGIT: r"\d", codes.CATEGORY_SPACE: r"\s", codes.CATEGORY_WORD: r"\w",
                codes.CATEGORY_NOT_DIGIT: r"\D", codes.CATEGORY_NOT_SPACE: r"\S", codes.CATEGORY_NOT_WORD: r"\W",
            }[value]  # fmt: skip
    return f"[{signs}]"


def hostile(before, part, size):
    """`before`, the part over and over, and an end that no match has; as long as `size`."""
    room = max(0, size - len(before) - len(TAIL))
    return before + (part * (room // len(part) + 1))[:room] + TAIL


def seconds(work, given):
    started = time.process_time()
    work(given)
    return time.process_time() - started


def growth(work, make, upto):
    """How many times longer the double takes, at the first size that takes long; 1 where none up to `upto` does."""
    size = next((size for size in SIZES if size <= upto and seconds(work, make(size)) >= FAST), None)
    if size is None:
        return 1.0
    least = math.inf
    for _ in range(ROUNDS):
        least = min(least, _ratio(work, make, size))
        if least < MAX_RATIO:
            break
    return least


def _ratio(work, make, size):
    """Of one doubling, measured over two: half the noise."""
    quarter, whole = (min(seconds(work, make(length)) for _ in range(TURNS)) for length in (size // 4, size))
    return math.sqrt(whole / quarter)


def scan(pattern, given):
    """Every match: what search, sub, split and findall do."""
    for _ in pattern.finditer(given):
        pass
    pattern.match(given)


@UPTO
@pytest.mark.parametrize(("name", "pattern"), compiled(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_pattern_takes_time_in_proportion_to_its_input(name, pattern, upto):
    is_bytes = isinstance(pattern.pattern, bytes)
    longest = CAPPED.get(name.rpartition(".")[0], SIZES[-1])
    for before, part in {*pumps(pattern), *(("", part) for part in PLAIN)}:

        def make(size, before=before, part=part):
            made = hostile(before, part, min(size, longest))
            return made.encode("latin-1", "replace") if is_bytes else made

        ratio = growth(pattern.match if name in AT_ONE_PLACE else partial(scan, pattern), make, upto)
        assert ratio < MAX_RATIO, f"{name}: {ratio:.1f} times as long for {before!r} + {part!r} over and over"


def wire_signs(given):
    """What names an agency in an article of one paragraph, and what it cites."""
    lines = [wire.WireLine(1, given, "body", 0), wire.WireLine(2, given, "chrome", None)]
    wire.signs("herald.example", given, lines, configured().wire_rules)
    wire.citations(lines, configured().wire_rules)


def mentions(given):
    """Full names, then bare ones, in a text that names somebody first."""
    named = f"Kim Jong-un, Kim, {given}"
    people = configured().people
    (found,) = aliases.full_mentions([named], people.table)
    surnames.surname_mentions([surnames.Passage(named, found)], people.families, given)


@patch.object(main_text, "MAX_WORDS", 1_000)
def votes(given):
    """Up to MAX_WORDS the alignment takes quadratic time, 0.3 s for 20,000 words; beyond them there is none."""
    main_text.votes(text.text_lines(given), given)


NOW = datetime(2026, 11, 18, tzinfo=UTC)
RULES = {
    "text_lines": text.text_lines,
    "decoded": lambda given: charset.decoded(given.encode("cp1252", "replace")),
    "decoded_damaged": lambda given: charset.decoded(given.encode() + b"\xff", markup=True),
    "visible_lines": lambda given: html.visible_lines(html.parsed(f"<p>{given}"), 50_000),
    "metadata": lambda given: metadata.metadata(
        html.parsed(f"<title>{given}</title><meta name=author content='{given}'><p>{given}")
    ),
    "json_ld": lambda given: json_ld.objects('{"@type": "NewsArticle", "author": "' + given),
    "published": lambda given: dates.published(given, NOW, "en"),
    "author_names": lambda given: forms.author_names(given),
    "line_language": lambda given: language.line_language(given, "en"),
    "words": lambda given: words.word_count(given, words.words(given)),
    "votes": votes,
    "own_url": lambda given: html_reader.own_url(given.encode("utf-8", "replace")),
    "bare_url": lambda given: identity.bare_url(f"https://a.example/?{given}"),
    "host_of": lambda given: identity.host_of(f"https://{given}"),
    "wire": wire_signs,
    "names": mentions,
    "name_spans": lambda given: name_spans.name_spans(given, frozenset()),
    "folded": fold.folded,
    "normal_forms": lambda given: normalise.normal_forms(pl.Series([given])),
    "http_fields": lambda given: warc._fields(given.encode().splitlines()),
}
LONGER = ("By Ana Petrova and ", "17 November 2026 ", "Kim Jong-un ", "(Reuters) - ", "a\n", "a\n\n", "<p>a", "<b>a",
          "https://a.example/a ", "Mr. ", "“a” ", "word, ", "a&a=", "a/", '"name": "', "// ", "/* ", "},{")  # fmt: skip


@UPTO
@pytest.mark.parametrize("name", RULES)
def test_a_rule_takes_time_in_proportion_to_its_input(name, upto):
    for part in PLAIN + LONGER:
        ratio = growth(RULES[name], partial(hostile, "", part), upto)
        assert ratio < MAX_RATIO, f"{name}: {ratio:.1f} times as long for {part!r} over and over"


def test_a_pattern_that_is_quadratic_is_found():
    bad = re.compile(r"\s+$")
    before, part = pumps(bad)[0]

    assert growth(partial(scan, bad), partial(hostile, before, part), SIZES[1]) > MAX_RATIO
