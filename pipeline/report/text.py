"""Text from the web as a reader may see it: what acts instead of showing is shown as its code."""

from __future__ import annotations

import regex

KEPT = "\t\u00ad\u200c\u200d"  # tab, soft hyphen, the joiners that Persian, Hindi and emoji are spelled with
ACTING = regex.compile(
    rf"(?V1)[[\p{{Cc}}\p{{Cf}}\p{{Cs}}\p{{Co}}\p{{Zl}}\p{{Zp}}\p{{Noncharacter_Code_Point}}]--[{KEPT}]]"
)
SHORT = 26  # characters of a name in a chart


def visible(text: str) -> str:
    """The text with controls, direction marks and their like as `U+202E`: they can neither hide nor turn what is read.

    HTML would read a carriage return as a line end and NUL as U+FFFD; a chart's XML allows neither.
    """
    return str(ACTING.sub(lambda found: f"U+{ord(found[0]):04X}", text))


def short(text: str) -> str:
    """The text visible and short, for a place that cannot grow."""
    shown = visible(text.replace("\t", " "))
    return shown if len(shown) <= SHORT else f"{shown[: SHORT - 1]}…"
