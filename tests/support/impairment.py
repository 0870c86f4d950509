"""What a bad network does to packets, as pure computation: seeded, without socket and clock.

A packet is lost, or comes out after ``delay`` and up to ``jitter`` more, once or twice. Since each
copy has a delay of its own, packets that follow each other closer than the jitter overtake.
"""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from itertools import count
from random import Random

MOST_UNDER_WAY = 10_000
"""Packets that a line holds; beyond, it loses: a router's queue is bounded too."""


@dataclass(frozen=True, slots=True)
class Impairment:
    """How bad a network is, each way. Times in seconds, the others are parts of all packets."""

    loss: float = 0.0
    delay: float = 0.0
    jitter: float = 0.0
    duplication: float = 0.0

    def __post_init__(self) -> None:
        if not (0 <= self.loss <= 1 and 0 <= self.duplication <= 1):
            raise ValueError("a part is between 0 and 1")
        if self.delay < 0 or self.jitter < 0:
            raise ValueError("a time is not negative")

    def netem(self) -> list[str]:
        """The same for the kernel's own emulation (tc-netem(8)), whose jitter goes both ways."""
        half = self.jitter / 2
        words = ["delay", f"{(self.delay + half) * 1000:g}ms", f"{half * 1000:g}ms"]
        words += ["loss", f"{self.loss * 100:g}%", "duplicate", f"{self.duplication * 100:g}%"]
        return [*words, "limit", str(MOST_UNDER_WAY)]


class Fate(Enum):
    """What became of packets, for counting."""

    CAME = "came"
    LOST = "lost"
    CAME_TWICE = "came twice"
    OVERTOOK = "overtook"


class BadLine:
    """One way through a bad network: packets go in with the time, and come out when they are due.

    The same seed and the same number of packets give the same fates.
    """

    def __init__(self, impairment: Impairment, seed: int) -> None:
        self.impairment = impairment
        self.fates: Counter[Fate] = Counter()
        self._dice = Random(seed)
        self._under_way: list[tuple[float, int, bytes]] = []
        self._order = count()
        self._latest_out = -1

    def put(self, packet: bytes, now: float) -> None:
        """Take a packet in."""
        for delay in self._delays():
            if len(self._under_way) >= MOST_UNDER_WAY:
                self.fates[Fate.LOST] += 1
                return
            heapq.heappush(self._under_way, (now + delay, next(self._order), packet))

    def take(self, now: float) -> list[bytes]:
        """Give what is due by now, in the order in which it is due."""
        due: list[bytes] = []
        while self._under_way and self._under_way[0][0] <= now:
            _, order, packet = heapq.heappop(self._under_way)
            due.append(packet)
            self.fates[Fate.CAME] += 1
            if order < self._latest_out:
                self.fates[Fate.OVERTOOK] += 1
            self._latest_out = max(self._latest_out, order)
        return due

    def next_time(self) -> float | None:
        """When there is something to take next."""
        return self._under_way[0][0] if self._under_way else None

    def _delays(self) -> list[float]:
        """One for each copy that arrives. As many dice whatever they say, so that fates do not
        depend on the figures of earlier ones."""
        lost, doubled, one, other = (self._dice.random() for _ in range(4))
        bad = self.impairment
        if lost < bad.loss:
            self.fates[Fate.LOST] += 1
            return []
        if doubled >= bad.duplication:
            return [bad.delay + one * bad.jitter]
        self.fates[Fate.CAME_TWICE] += 1
        return [bad.delay + one * bad.jitter, bad.delay + other * bad.jitter]
