"""How often what was measured fell where: what a Prometheus histogram is made of."""

from __future__ import annotations

from bisect import bisect_left


class Histogram:
    """Counts of values up to each of some bounds, and above them; a bisection a value."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def cumulative(self) -> list[tuple[str, float]]:
        """How many values were at most each bound, the last of which is ``+Inf``."""
        found: list[tuple[str, float]] = []
        below = 0
        for name, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            below += count
            found.append((name, below))
        return found
