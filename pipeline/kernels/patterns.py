"""Regular expressions that are compiled when they are first asked for: half of a run's processes never ask."""

from __future__ import annotations

import re
from typing import Any, cast

import regex


class _Deferred:
    """Stands for a pattern; what is asked of it once is its own from then on."""

    def __init__(self, library: Any, pattern: str, flags: int) -> None:
        self.pattern = pattern
        self._library, self._flags = library, flags

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._library.compile(self.pattern, self._flags), name)  # the libraries keep what they compiled
        setattr(self, name, value)
        return value


def deferred(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """As `re.compile`."""
    return cast("re.Pattern[str]", _Deferred(re, pattern, flags))


def deferred_regex(pattern: str, flags: int = 0) -> regex.Pattern[str]:
    """As `regex.compile`."""
    return _Deferred(regex, pattern, flags)
