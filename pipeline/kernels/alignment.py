"""Which words of one text are which words of another, in order: the longest common subsequence of tokens.

Bit-parallel (Hyyrö, "Bit-parallel LCS-length computation revisited", 2004): a row of the table is one integer.
"""

from __future__ import annotations

from collections.abc import Sequence


def matches(left: Sequence[str], right: Sequence[str]) -> list[tuple[int, int]]:
    """(index in left, index in right) of a longest common subsequence, both rising.

    Time and memory: len(left) * len(right) / 8 bytes.
    """
    n_right = len(right)
    places: dict[str, int] = {}
    for index, token in enumerate(right):
        places[token] = places.get(token, 0) | 1 << index
    every = (1 << n_right) - 1
    row = every
    rows = [row]  # bit j of row i is 0 where right[j] lengthens the longest match of left[:i]
    for token in left:
        used = row & places.get(token, 0)
        row = ((row + used) | (row - used)) & every
        rows.append(row)
    found: list[tuple[int, int]] = []
    above, column = len(left), n_right
    while above and column:
        if rows[above] >> column - 1 & 1:
            column -= 1
        elif not rows[above - 1] >> column - 1 & 1:
            above -= 1
        else:
            above -= 1
            column -= 1
            found.append((above, column))
    return found[::-1]
