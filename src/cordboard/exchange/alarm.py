"""One timer for all live calls: the earliest deadline is armed, the others wait in a heap.

Most deadlines are replaced long before they come: that of a call's longest duration, hours ahead,
at its end. What is replaced leaves the heap when it comes up or makes up more than half of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Final

MIN_SWEEP: Final = 256
"""Entries below which a sweep saves nothing worth its cost."""


class Alarm:
    """Calls ``due(name)`` once the time set for ``name`` has come; a new time replaces the old."""

    def __init__(self, due: Callable[[str], None]) -> None:
        self._due = due
        self._times: dict[str, float] = {}
        self._heap: list[tuple[float, int, str]] = []
        self._order = count()
        self._armed: asyncio.Handle | None = None
        self._armed_for = 0.0

    def set(self, name: str, at: float | None) -> None:
        """Wake ``name`` at a time of the loop's clock, or not at all."""
        if self._times.get(name) == at:
            return
        if at is None:
            del self._times[name]
        else:
            self._times[name] = at
            heappush(self._heap, (at, next(self._order), name))
        if MIN_SWEEP < len(self._heap) > 2 * len(self._times):
            self._sweep()
        if at is not None and (self._armed is None or at < self._armed_for):
            self._arm()

    def close(self) -> None:
        """Wake nobody any more."""
        self._times.clear()
        self._heap.clear()
        if self._armed is not None:
            self._armed.cancel()
            self._armed = None

    def _sweep(self) -> None:
        self._heap = [entry for entry in self._heap if self._times.get(entry[2]) == entry[0]]
        heapify(self._heap)

    def _arm(self) -> None:
        if self._armed is not None:
            self._armed.cancel()
            self._armed = None
        while self._heap and self._times.get(self._heap[0][2]) != self._heap[0][0]:
            heappop(self._heap)
        if self._heap:
            # uvloop gives a handle that knows no time where the time has come already
            self._armed_for = self._heap[0][0]
            self._armed = asyncio.get_running_loop().call_at(self._armed_for, self._ring)

    def _ring(self) -> None:
        self._armed = None
        now = asyncio.get_running_loop().time()
        while self._heap and self._heap[0][0] <= now:
            at, _, name = heappop(self._heap)
            if self._times.get(name) == at:
                del self._times[name]
                self._due(name)
        self._arm()
