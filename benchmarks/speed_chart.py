"""The speeds of benchmarks.end_to_end as a drawing for the README: a bar for each contender, the form above them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, BAR, GAP, LEFT, RIGHT = 640, 18, 8, 130, 130  # pixels
HEADING = 34
OWN, OTHERS = "#1f6f8b", "#a9b4bb"  # bars of copydesk, of the others
RATE = ".first.articles_per_cpu"
TITLES = {"html": "HTML pages per CPU second", "text": "text dumps per CPU second"}


def drawn(figures: Mapping[str, float], forms: Sequence[str]) -> str:
    """An SVG that draws alike on light and dark paper; contenders without a figure are left out."""
    parts: list[str] = []
    top = 0
    for form in forms:
        rates = {
            name.removeprefix(f"{form}.").removesuffix(RATE): rate
            for name, rate in figures.items()
            if name.startswith(f"{form}.") and name.endswith(RATE)
        }
        parts.append(_text(0, top + 22, TITLES[form], weight="bold"))
        top += HEADING
        for name, rate in sorted(rates.items(), key=lambda item: -item[1]):
            times = figures.get(f"{form}.{name}.first.times")
            label = f"{rate:g}" if times is None else f"{rate:g} ({times:g}x)"
            length = round((WIDTH - LEFT - RIGHT) * rate / max(rates.values()), 1)
            colour = OWN if name.startswith("copydesk") else OTHERS
            parts.append(_text(LEFT - 8, top + 14, name, anchor="end"))
            parts.append(f'<rect x="{LEFT}" y="{top}" width="{length}" height="{BAR}" fill="{colour}"/>')
            parts.append(_text(LEFT + length + 6, top + 14, label))
            top += BAR + GAP
        top += GAP
    size = f'width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}"'
    style = "text{font-family:sans-serif;font-size:13px;fill:#777}"
    body = "\n".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"><style>{style}</style>\n{body}\n</svg>\n'


def _text(left: float, base: float, words: str, *, anchor: str = "start", weight: str = "normal") -> str:
    return f'<text x="{left}" y="{base}" text-anchor="{anchor}" font-weight="{weight}">{escape(words)}</text>'
