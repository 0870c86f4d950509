"""A bounded log in memory and the readers that follow it.

The log is a ring: a reader is no more than a position in it, so there is no queue per reader, any
number of them costs the writer nothing but a wake-up, and one that falls behind by the length of
the ring is told so instead of slowing anybody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from cordboard.calls.events import Recorded
from cordboard.journal.port import ResyncNeeded

BREATHER_EVENTS = 256
"""A reader that catches up lets others run after so many events (about 1 ms of work)."""


class Log:
    """The last ``capacity`` entries of a sequence whose positions count from 1, or go on behind
    ``last``."""

    __slots__ = ("_capacity", "_first", "_ring", "_waiters", "last")

    def __init__(self, capacity: int, last: int = 0) -> None:
        self._capacity = capacity
        self._ring: list[Recorded] = []
        self._waiters: list[asyncio.Future[None]] = []
        self.last = last
        self._first = last

    @property
    def oldest(self) -> int:
        """The position of the oldest entry kept; one past the last where there is none."""
        return self.last - len(self._ring) + 1

    def put(self, entries: Sequence[Recorded]) -> None:
        """Append, in place of the oldest where the ring is full; :meth:`wake` tells the readers."""
        while entries:
            place = (self.last - self._first) % self._capacity
            some = entries[: self._capacity - place]
            self._ring[place : place + len(some)] = some
            self.last += len(some)
            entries = entries[len(some) :]

    def at(self, position: int) -> Recorded:
        """The entry at a position from :attr:`oldest` to :attr:`last`."""
        return self._ring[(position - 1 - self._first) % self._capacity]

    def some(self, first: int, most: int) -> list[Recorded]:
        """The entries from a position on, as many as there are, and lie side by side."""
        begin = (first - 1 - self._first) % self._capacity
        return self._ring[begin : begin + min(most, self.last + 1 - first)]

    def wake(self) -> None:
        """Let the readers that wait go on."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def news(self, position: int) -> None:
        """Wait until there is an entry behind ``position``."""
        while self.last <= position:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                if waiter in self._waiters:
                    self._waiters.remove(waiter)
                raise


class LogReader:
    """Follows a :class:`Log` behind a position. A cancelled wait loses no entry."""

    __slots__ = ("_breath", "_closed", "_log", "_position")

    def __init__(self, log: Log, position: int) -> None:
        self._log = log
        self._position = position
        self._breath = 0
        self._closed = False

    def __aiter__(self) -> LogReader:
        return self

    async def __anext__(self) -> Recorded:
        if self._closed:
            raise StopAsyncIteration
        if self._log.last <= self._position:
            self._breath = 0
            await self._log.news(self._position)
        elif self._breath >= BREATHER_EVENTS:
            self._breath = 0
            await asyncio.sleep(0)
        if self._position + 1 < self._log.oldest:
            raise ResyncNeeded("the reader is too far behind")
        self._breath += 1
        self._position += 1
        return self._log.at(self._position)

    def at_hand(self, most: int) -> list[Recorded]:
        """The next entries, so many of them as are there; none where the next is gone, of which
        waiting for it tells."""
        first = self._position + 1
        if self._closed or first < self._log.oldest:
            return []
        found = self._log.some(first, most)
        self._position += len(found)
        return found

    async def aclose(self) -> None:
        """Follow no longer."""
        self._closed = True


class Unreadable:
    """What is handed out for a cursor that can't be continued: reading says so."""

    __slots__ = ("_reason",)

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def __aiter__(self) -> Unreadable:
        return self

    async def __anext__(self) -> Recorded:
        raise ResyncNeeded(self._reason)

    def at_hand(self, most: int) -> list[Recorded]:  # noqa: ARG002 - as the port has it
        """Nothing is."""
        return []

    async def aclose(self) -> None:
        """There is nothing to close."""
