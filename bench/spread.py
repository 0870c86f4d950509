"""The same thing measured several times."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Spread:
    """Least, middle and most of what was measured; no number where nothing was."""

    least: float
    middle: float
    most: float
    count: int

    def __str__(self) -> str:
        return f"{self.least:.2f} / {self.middle:.2f} / {self.most:.2f}"


def spread(values: Iterable[float]) -> Spread:
    """Of values in any order; those that are no numbers do not count."""
    ordered = sorted(value for value in values if not math.isnan(value))
    if not ordered:
        return Spread(math.nan, math.nan, math.nan, 0)
    return Spread(ordered[0], median(ordered), ordered[-1], len(ordered))


def table(head: list[str], rows: list[list[str]]) -> str:
    """Columns as wide as what is in them; the first one to the left."""
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
    lines = []
    for row in [head, *rows]:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
