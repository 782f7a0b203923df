"""A world on disk: pages as files or JSON lines, the settings that know its people and agencies, the gold."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TextIO

from benchmarks.world.gold import Gold
from benchmarks.world.newsroom import Article, World
from benchmarks.world.outlets import wire_file
from benchmarks.world.people import names_file

FORMS = ("html", "text")
SUFFIX = {"html": ".html", "text": ".txt"}
CONFIG = "# The default settings, and beside this file the people and the news agencies of this world.\n"


def written(world: World, out: Path, forms: Sequence[str], layout: str) -> Iterator[Article]:
    """Write the world below `out`, article by article, in the FORMS asked for; the articles as they are done.

    `files`: `<form>/<day>/<outlet>/<title>.html`. `jsonl`: `<form>/<day>.jsonl`, records with id, url and outlet. With
    hours a folder, or a file, for each.
    """
    (out / "names").mkdir(parents=True, exist_ok=True)
    (out / "config.toml").write_text(CONFIG, encoding="utf-8")
    (out / "wire.toml").write_text(wire_file(), encoding="utf-8")
    (out / "names" / "invented.toml").write_text(names_file(world.people), encoding="utf-8")
    gold = Gold(out / "gold")
    write = _written_record if layout == "jsonl" else _written_file
    with closing(_Records()) as records:
        for article in world.articles():
            dump = None
            if "text" in forms:
                text, dump = article.text()
                write(out / "text", article, "text", text, records)
            if "html" in forms:
                write(out / "html", article, "html", article.html(), records)
            gold.add(article, dump, html="html" in forms)
            yield article
    gold.close()


class _Records:
    """The JSONL file that is being written, of each form."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[Path, TextIO]] = {}

    def file(self, form: str, path: Path) -> TextIO:
        """The file at that path; the form's file before it is closed."""
        held = self._open.get(form)
        if held is None or held[0] != path:
            if held is not None:
                held[1].close()
            path.parent.mkdir(parents=True, exist_ok=True)
            self._open[form] = held = (path, path.open("w", encoding="utf-8"))
        return held[1]

    def close(self) -> None:
        for _, file in self._open.values():
            file.close()


def _written_file(root: Path, article: Article, form: str, content: str, records: _Records) -> None:
    file = root / (article.path + SUFFIX[form])
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, encoding="utf-8")


def _written_record(root: Path, article: Article, form: str, content: str, records: _Records) -> None:
    path = root / (article.path.rpartition("/" + article.outlet.host)[0] + ".jsonl")
    record = {"id": article.name, "url": article.url, "outlet": article.outlet.host, form: content}
    records.file(form, path).write(json.dumps(record, ensure_ascii=False) + "\n")
