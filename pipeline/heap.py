"""Memory that was freed, given back to the system."""

from __future__ import annotations

import ctypes


def give_back() -> None:
    """Give the system the pages of freed memory that the C library keeps, where it can (malloc_trim(3), glibc).

    NumPy's arrays leave them behind, and what polars makes next would come on top of them.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
