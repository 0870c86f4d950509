"""How many requests may be in flight to one host, so that a dead one delays nobody else.

A host that answers has :data:`HEALTHY_SLOTS`. One whose last request got no answer is ailing and
has :data:`AILING_SLOTS` until it answers again: enough to notice that, too few to matter. There is
room for some to wait; who comes then is sent away, so as not to stand in others' way.
"""

from __future__ import annotations

import asyncio
from collections import deque
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
    __slots__ = ("active", "ailing", "waiting")

    def __init__(self) -> None:
        self.active = 0
        self.ailing = False
        self.waiting: deque[asyncio.Future[None]] = deque()

    @property
    def limit(self) -> int:
        return AILING_SLOTS if self.ailing else HEALTHY_SLOTS

    @property
    def room(self) -> int:
        return AILING_WAITING if self.ailing else HEALTHY_WAITING

    @property
    def forgettable(self) -> bool:
        return not (self.active or self.ailing or self.waiting)


class HostSlots:
    """The slots of all hosts; first come, first served at each of them.

    At most ``remembered`` ailing hosts are remembered when nothing is under way to them.
    """

    def __init__(self, remembered: int = 10_000) -> None:
        self._hosts: dict[str, _Host] = {}
        self._remembered = remembered

    def slot(self, host: str) -> _Slot:
        """Hold a slot of a host for the time of an ``async with``, waiting for one first. Raises
        :class:`NoRoom` where too many wait, also later, when the host falls silent."""
        return _Slot(self, host)

    async def take(self, host: str) -> _Host:
        """Wait for a slot, to be given back by :meth:`give`; raises like :meth:`slot`."""
        entry = self._hosts.setdefault(host, _Host())
        if entry.active < entry.limit and not entry.waiting:
            entry.active += 1
        else:
            await self._wait(entry)
        return entry

    def give(self, host: str, entry: _Host) -> None:
        """Give a slot back."""
        entry.active -= 1
        self._let_in(entry)
        self._forget(host, entry)

    def answered(self, host: str) -> None:
        """A request to the host got an answer."""
        entry = self._hosts.get(host)
        if entry is not None and entry.ailing:
            entry.ailing = False
            self._let_in(entry)

    def silent(self, host: str) -> None:
        """A request to the host got none."""
        entry = self._hosts.get(host)
        if entry is not None:
            entry.ailing = True
            while len(entry.waiting) > entry.room:
                turn = entry.waiting.pop()
                if not turn.done():
                    turn.set_exception(NoRoom())

    def waiting(self, host: str) -> int:
        """How many wait for a slot of a host."""
        entry = self._hosts.get(host)
        return len(entry.waiting) if entry is not None else 0

    async def _wait(self, entry: _Host) -> None:
        if len(entry.waiting) >= entry.room:
            raise NoRoom
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the slot was given in the same moment
                entry.active -= 1
                self._let_in(entry)
            raise

    @staticmethod
    def _let_in(entry: _Host) -> None:
        while entry.waiting and entry.active < entry.limit:
            turn = entry.waiting.popleft()
            if not turn.done():
                entry.active += 1
                turn.set_result(None)

    def _forget(self, host: str, entry: _Host) -> None:
        if entry.forgettable or (
            not entry.active and not entry.waiting and len(self._hosts) > self._remembered
        ):
            self._hosts.pop(host, None)


class _Slot:
    """A slot as long as its ``async with`` lasts."""

    __slots__ = ("_entry", "_host", "_slots")

    def __init__(self, slots: HostSlots, host: str) -> None:
        self._slots = slots
        self._host = host

    async def __aenter__(self) -> None:
        self._entry = await self._slots.take(self._host)

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._slots.give(self._host, self._entry)
