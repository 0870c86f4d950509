"""The shared timers of a media plane; each runs only while somebody is in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

MAX_LATE_BEATS: Final = 5  # made up for at once after a stall; phones buffer about 100 ms

Member = TypeVar("Member")


class Beat(Generic[Member]):
    """Visits its members at a steady rate, however late the loop calls it.

    :param interval: seconds between two visits.
    :param visit: called with a member and the time; a member it is false for is dropped.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        interval: float,
        visit: Callable[[Member, float], bool],
    ) -> None:
        self._loop = loop
        self._interval = interval
        self._visit = visit
        self.members: dict[Member, None] = {}
        """Whoever is taken out is visited no more."""
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0

    def add(self, member: Member) -> None:
        """Visit a member from the next beat on; the first of all is visited at once."""
        self.members[member] = None
        if self._timer is None:
            self._due = self._loop.time()
            self._timer = self._loop.call_at(self._due, self._strike)

    def stop(self) -> None:
        """Visit nobody any more."""
        self.members.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def running(self) -> bool:
        """Whether the timer is set."""
        return self._timer is not None

    def _strike(self) -> None:
        now = self._loop.time()
        beats = max(1, int((now - self._due) / self._interval) + 1)
        self._due += beats * self._interval
        for _ in range(min(beats, MAX_LATE_BEATS)):
            for member in tuple(self.members):
                if not self._visit(member, now):
                    self.members.pop(member, None)
        self._timer = None
        if self.members:
            self._timer = self._loop.call_at(self._due, self._strike)


@dataclass(frozen=True, slots=True)
class MediaTimers(Generic[Member]):
    """The timers that all sessions of a plane share."""

    ticker: Beat[Member]  # what is played
    brisk: Beat[Member]  # early media, unfinished digits
    slow: Beat[Member]  # reports, lost media

    def remove(self, session: Member) -> None:
        """Visit a session no more."""
        for beat in (self.ticker, self.brisk, self.slow):
            beat.members.pop(session, None)

    def stop(self) -> None:
        """Visit none any more."""
        for beat in (self.ticker, self.brisk, self.slow):
            beat.stop()
