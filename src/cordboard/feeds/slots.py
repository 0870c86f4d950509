"""How many requests may be in flight to one host, so that a dead one delays nobody else.

A host that answers has :data:`HEALTHY_SLOTS`. One whose last request got no answer is ailing and
has :data:`AILING_SLOTS` until it answers again: enough to notice that, too few to matter. There is
room for some to wait; who comes then is sent away, so as not to stand in others' way.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import AbstractAsyncContextManager
from types import TracebackType

HEALTHY_SLOTS = 64
"""At 100 ms an answer that is 640 callbacks a second to one receiver."""

AILING_SLOTS = 2

HEALTHY_WAITING = 936
"""With those that have a slot it is half of the callbacks that may be under way."""

AILING_WAITING = 6


class NoRoom(Exception):
    """Too many wait for the host already."""


class _Host:
    """The slots of one host; holds one as long as an ``async with`` of it lasts."""

    __slots__ = ("active", "ailing", "waiting")

    def __init__(self) -> None:
        self.active = 0
        self.ailing = False
        self.waiting: deque[asyncio.Future[None]] = deque()

    async def __aenter__(self) -> None:
        if self.waiting or self.active >= self._limit():
            await self._wait()
        else:
            self.active += 1

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.active -= 1
        if self.waiting:
            self.let_in()

    def let_in(self) -> None:
        """Give slots that are free to those who wait."""
        while self.waiting and self.active < self._limit():
            turn = self.waiting.popleft()
            if not turn.done():
                self.active += 1
                turn.set_result(None)

    def send_away(self) -> None:
        """Leave no more waiting than there is room for."""
        while len(self.waiting) > self._room():
            turn = self.waiting.pop()
            if not turn.done():
                turn.set_exception(NoRoom())

    async def _wait(self) -> None:
        if len(self.waiting) >= self._room():
            raise NoRoom
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the slot was given in the same moment
                self.active -= 1
                self.let_in()
            raise

    def _limit(self) -> int:
        return AILING_SLOTS if self.ailing else HEALTHY_SLOTS

    def _room(self) -> int:
        return AILING_WAITING if self.ailing else HEALTHY_WAITING


class HostSlots:
    """The slots of all hosts; first come, first served at each of them.

    Of at most ``remembered`` hosts it is known how they are; when there are more, those are
    forgotten to which nothing is under way.
    """

    def __init__(self, remembered: int = 10_000) -> None:
        self._hosts: dict[str, _Host] = {}
        self._remembered = remembered

    def slot(self, host: str) -> AbstractAsyncContextManager[None]:
        """Hold a slot of a host for the time of an ``async with``, waiting for one first. Raises
        :class:`NoRoom` where too many wait, also later, when the host falls silent."""
        entry = self._hosts.get(host)
        if entry is None:
            if len(self._hosts) >= self._remembered:
                self._forget()
            entry = self._hosts[host] = _Host()
        return entry

    def answered(self, host: str) -> None:
        """A request to the host got an answer."""
        entry = self._hosts.get(host)
        if entry is not None and entry.ailing:
            entry.ailing = False
            entry.let_in()

    def silent(self, host: str) -> None:
        """A request to the host got none."""
        entry = self._hosts.get(host)
        if entry is not None:
            entry.ailing = True
            entry.send_away()

    def waiting(self, host: str) -> int:
        """How many wait for a slot of a host."""
        entry = self._hosts.get(host)
        return len(entry.waiting) if entry is not None else 0

    def _forget(self) -> None:
        self._hosts = {
            host: entry for host, entry in self._hosts.items() if entry.active or entry.waiting
        }
