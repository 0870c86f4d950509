"""All timers of a stack in one heap: no task and no system timer per transaction.

Nearly every SIP timer is cancelled long before it is due, so cancelling is only a mark; marked
entries leave the heap when they come up or when they make up more than half of it.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush

Action = Callable[[float], None]

# Below this many cancelled entries a sweep saves nothing worth its cost.
MIN_SWEEP = 256


class Timer:
    """One scheduled action; ``action`` is None once it ran or was cancelled."""

    __slots__ = ("action",)

    def __init__(self, action: Action) -> None:
        self.action: Action | None = action


class TimerWheel:
    """Runs actions by deadline, those of one deadline in the order of their scheduling."""

    __slots__ = ("_cancelled", "_heap", "_order")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = 0
        self._cancelled = 0

    def __len__(self) -> int:
        """How many timers are running."""
        return len(self._heap) - self._cancelled

    def schedule(self, deadline: float, action: Action) -> Timer:
        """Run ``action(now)`` as soon as ``now`` has reached ``deadline``."""
        timer = Timer(action)
        self._order += 1
        heappush(self._heap, (deadline, self._order, timer))
        return timer

    def cancel(self, timer: Timer | None) -> None:
        """Forget a timer; one that ran, was cancelled before or is None is no matter."""
        if timer is None or timer.action is None:
            return
        timer.action = None
        self._cancelled += 1
        if self._cancelled > MIN_SWEEP and self._cancelled * 2 > len(self._heap):
            self._sweep()

    def _sweep(self) -> None:
        self._heap = [entry for entry in self._heap if entry[2].action is not None]
        heapify(self._heap)
        self._cancelled = 0

    def next_deadline(self) -> float | None:
        """When the earliest running timer is due."""
        heap = self._heap
        while heap:
            if heap[0][2].action is not None:
                return heap[0][0]
            heappop(heap)
            self._cancelled -= 1
        return None

    def run_due(self, now: float) -> None:
        """Run all that is due at ``now``, including what the actions themselves schedule for it."""
        while self._heap and self._heap[0][0] <= now:
            _, _, timer = heappop(self._heap)
            action = timer.action
            if action is None:
                self._cancelled -= 1
            else:
                timer.action = None
                action(now)
