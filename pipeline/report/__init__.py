"""The report: one HTML file for a run that explains itself without network or script.

Data to model (`funnel`, `removals`, `changes`, `pages`, `stories`, `people`: a version's tables -> plain values, only
what is shown is read), model to page (`charts`, `page` and the templates). The same version and settings give the same
bytes.
"""

from __future__ import annotations

from importlib.util import find_spec

from pipeline.config import Config
from pipeline.errors import UsageError
from pipeline.store import Version

LIBRARIES = ("altair", "jinja2", "vl_convert")  # 95 MB, and of no use to a run: the extra `report` brings them


def html(version: Version, base: Version | None, config: Config) -> str:
    """The report of the run that made `version`; `base` is the version before it, where that is kept.

    `config` says which people are known and which proposals were decided. Raises UsageError where a library is missing.
    """
    missing = [library for library in LIBRARIES if find_spec(library) is None]
    if missing:
        raise UsageError(f"the report needs {', '.join(missing)}; `pip install 'copydesk[report]'` brings them")
    from pipeline.report import page

    return page.html(version, base, config)
