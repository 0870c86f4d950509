"""All timers of a stack in one heap: no task and no system timer per transaction.

Nearly every SIP timer is cancelled, or put off, long before it is due. Neither touches the heap: a
timer's entry stays where it is, and when that comes up it goes to where the timer belongs by then,
or nowhere. What is left of cancelled ones is swept out whenever the heap has doubled.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush, heapreplace
from math import inf
from typing import Final

Action = Callable[[float], None]

NEVER: Final = inf

MIN_SWEEP: Final = 512
"""Below so many entries a sweep saves nothing worth its cost."""


class Timer:
    """What happens at a time that may be put off (:meth:`TimerWheel.start`) and cancelled, again
    and again. ``due`` is :data:`NEVER` where it is not running."""

    __slots__ = ("due", "entered")

    def __init__(self) -> None:
        self.due = NEVER
        self.entered = NEVER
        """When the heap will come to it."""

    def cancel(self) -> None:
        """Be due no more; no matter if it is not running."""
        self.due = NEVER

    def ring(self, now: float) -> None:
        """It is due."""
        raise NotImplementedError


class Alarm(Timer):
    """A timer that rings once, by calling a function."""

    __slots__ = ("_action",)

    def __init__(self, action: Action) -> None:
        super().__init__()
        self._action: Action | None = action

    def cancel(self) -> None:
        """Be due no more, and let go of what was to be called."""
        self.due = NEVER
        self._action = None

    def ring(self, now: float) -> None:
        """Call the function."""
        action, self._action = self._action, None
        if action is not None:
            action(now)


class TimerWheel:
    """Rings timers by deadline, those of one deadline in the order in which they were begun.

    ``earliest`` is when :meth:`run_due` has to be called. It is too early where the timer that it
    was for has been cancelled or put off since: that costs one idle call.
    """

    __slots__ = ("_begun", "_heap", "_sweep_at", "earliest")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._begun = 0
        self._sweep_at = MIN_SWEEP
        self.earliest = NEVER

    def __len__(self) -> int:
        """How many timers are running."""
        return sum(
            entered == timer.entered and timer.due < NEVER for entered, _, timer in self._heap
        )

    def start(self, timer: Timer, due: float) -> None:
        """Have a timer ring as soon as ``now`` has reached ``due``, whatever it was set to."""
        timer.due = due
        if due >= timer.entered:
            return
        timer.entered = due
        self._begun = begun = self._begun + 1
        heappush(self._heap, (due, begun, timer))
        if due < self.earliest:
            self.earliest = due
        if len(self._heap) > self._sweep_at:
            self._sweep()

    def schedule(self, due: float, action: Action) -> Alarm:
        """Run ``action(now)`` as soon as ``now`` has reached ``due``."""
        alarm = Alarm(action)
        self.start(alarm, due)
        return alarm

    def cancel(self, timer: Timer | None) -> None:
        """Forget a timer; one that rang, was cancelled before or is None is no matter."""
        if timer is not None:
            timer.cancel()

    def next_deadline(self) -> float | None:
        """When the earliest running timer is due."""
        self._look_ahead()
        return self.earliest if self.earliest < NEVER else None

    def run_due(self, now: float) -> None:
        """Ring all that are due at ``now``, including what they themselves start for it."""
        self._look_ahead()
        while self.earliest <= now:
            _, _, timer = heappop(self._heap)
            timer.due = timer.entered = NEVER
            timer.ring(now)
            self._look_ahead()

    def _look_ahead(self) -> None:
        """Bring a running timer to the top, and everything that is in its way to its place."""
        heap = self._heap
        while heap:
            entered, begun, timer = heap[0]
            if timer.entered != entered:  # it has another entry, or none
                heappop(heap)
            elif timer.due == entered:
                break
            elif timer.due < NEVER:
                timer.entered = timer.due
                heapreplace(heap, (timer.due, begun, timer))
            else:
                timer.entered = NEVER
                heappop(heap)
        self.earliest = heap[0][0] if heap else NEVER

    def _sweep(self) -> None:
        kept = []
        for entry in self._heap:
            entered, _, timer = entry
            if timer.entered == entered:
                if timer.due < NEVER:
                    kept.append(entry)
                else:
                    timer.entered = NEVER
        self._heap[:] = kept
        heapify(self._heap)
        self._sweep_at = max(MIN_SWEEP, 2 * len(kept))
