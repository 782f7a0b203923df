"""The language of a page and of a line that is in another: two-letter codes, None where undecided."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.kernels.lines import Line
from pipeline.kernels.patterns import deferred

CODE = deferred(r"([a-z]{2})(?:[-_][a-z0-9]{2,8}){0,3}", re.IGNORECASE)
MIN_CHARACTERS = 40  # of a line: shorter ones are menus, names and dates, which mislead
# To classify, at 1 ms for each 1,000. Of 1,408 pages that declare a language 98.8 % agree, with 4,000 98.9 %.
ENOUGH_CHARACTERS = 1_000
# Scripts that one language writes alone, or nearly so in news. Japanese writes Han too, but no line without kana.
SCRIPTS = (
    ("ko", deferred(r"[\uac00-\ud7a3\u1100-\u11ff]")),
    ("ja", deferred(r"[\u3041-\u30ff\u3400-\u9fff]")),
    ("zh", deferred(r"[\u3400-\u9fff]")),
    ("th", deferred(r"[\u0e01-\u0e5b]")),
    ("he", deferred(r"[\u05d0-\u05ea]")),
    ("el", deferred(r"[\u0370-\u03ff\u1f00-\u1fff]")),
)
OWN_SCRIPT = deferred("|".join(script.pattern for _, script in SCRIPTS))
KANA = deferred(r"[\u3041-\u30ff]")
LETTER = deferred(r"[^\W\d_]")
MIN_LETTERS = 4  # of a line in another script
OTHER_SCRIPT_SHARE = 0.5  # of the line's letters


def language(declared: str | None, lines: Sequence[Line]) -> str | None:
    """The declared language, else the one the prose is in; None with no line of 40 characters to judge by."""
    if declared and (code := CODE.fullmatch(declared.strip())):
        return code[1].lower()
    prose = [line.text for line in lines if len(line.text) >= MIN_CHARACTERS and not line.text.isupper()]
    if not prose:
        return None
    # The longest lines: a page's menus may be in the language of the site's makers.
    longest = sorted(prose, key=lambda text: (-len(text), text))
    sample, size = [], 0
    for text in longest:
        sample.append(text)
        size += len(text)
        if size >= ENOUGH_CHARACTERS:
            break
    from py3langid import classify

    code_found: str = classify("\n".join(sample)[:ENOUGH_CHARACTERS])[0]
    return code_found


def line_language(text: str, article: str | None) -> str | None:
    """The language of a line in a script the article's language does not use; None where it does not differ."""
    if OWN_SCRIPT.search(text) is None:
        return None
    for code, script in SCRIPTS:
        n_own = len(script.findall(text))
        is_written = n_own >= MIN_LETTERS and (code != "ja" or KANA.search(text) is not None)
        if is_written and n_own > OTHER_SCRIPT_SHARE * len(LETTER.findall(text)):
            return None if code == article or (article == "ja" and code == "zh") else code
    return None
