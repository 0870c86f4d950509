"""Who reads a tenant's CTI frames, and what waits for each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from enum import Enum
from typing import Final

from cordboard.api.basix.cti.deltas import Delta
from cordboard.api.framed import Outlet

MAX_BEHIND: Final = 1_000_000
"""Octets that may wait for a reader: at 50 calls a second the messages of 4 s. Who does not read
for so long is cut off, for only a new connection can show him how things are."""

CONNECTIONS_OF_APP: Final = 2
"""Of one user and ``app_name`` at a time (Basix, ws_cti)."""


class Parting(Enum):
    """Why a reader is not told any more, with the code of its close frame (RFC 6455 7.4.1)."""

    LIMIT_REACHED = 1008
    REPLACED = 4000
    """A code for private use: 1000 would say that all is well."""
    TOO_SLOW = 1013
    NOT_ALLOWED = 4001
    STARTING_ANEW = 1012
    """What it was told can't be gone on from; a new connection begins with all there is."""


class CtiReader:
    """A connection: whom it watches (None: everybody), what it is told next, and why it comes to
    its end. It is told framed messages, which are written all at once."""

    def __init__(self, app: str, user: int | None) -> None:
        self.app = app
        self.user = user
        self.parting: Parting | None = None
        self._outlet: Outlet | None = None
        self._next: list[bytes] = []
        self._size = 0
        self._most = MAX_BEHIND
        self._parted = asyncio.Event()

    def greet(self, frames: Iterable[bytes]) -> None:
        """Tell what it is told at first, which may be as much as there is."""
        self._next.extend(frames)
        self._size = sum(map(len, self._next))
        self._most = MAX_BEHIND + self._size

    def open(self, outlet: Outlet) -> None:
        """Write from now on; what it was told so far at once."""
        self._outlet = outlet
        self.write()

    def tell(self, frame: bytes) -> bool:
        """Have one more message in what is written next, unless too much waits; whether that is
        the first in it."""
        if self.parting is not None:
            return False
        self._size += len(frame)
        if self._size > self._most:
            self.part(Parting.TOO_SLOW)
            return False
        self._next.append(frame)
        return len(self._next) == 1

    def write(self) -> None:
        """Write all that it was told since the last time."""
        if self._outlet is None or not self._next:
            return
        behind = self._outlet.waiting()
        if self.parting is None and behind + self._size > self._most:
            self.part(Parting.TOO_SLOW)
            return
        self._outlet.write(b"".join(self._next))
        self._next.clear()
        self._size = 0

    def part(self, why: Parting, word: bytes | None = None) -> None:
        """Let it come to its end: what waits here is told no more, only a last word."""
        if self.parting is None:
            self.parting = why
            self._next = [] if word is None else [word]
            self.write()
            self._parted.set()

    async def parted(self) -> None:
        """Wait for its end."""
        await self._parted.wait()


class Readers:
    """The readers of one tenant."""

    def __init__(self) -> None:
        self._of: dict[int | None, dict[CtiReader, None]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._of.values()))

    def join(self, reader: CtiReader) -> None:
        """Tell it from now on."""
        self._of.setdefault(reader.user, {})[reader] = None

    def leave(self, reader: CtiReader) -> None:
        """Tell it no longer."""
        some = self._of.get(reader.user, {})
        some.pop(reader, None)
        if not some:
            self._of.pop(reader.user, None)

    def of_app(self, app: str, user: int | None) -> list[CtiReader]:
        """The connections of an app for a user, the oldest first."""
        return [one for one in self._of.get(user, ()) if one.app == app and one.parting is None]

    def all(self) -> list[CtiReader]:
        """Every one of them."""
        return [one for some in self._of.values() for one in some]

    def wanted_by(self, delta: Delta) -> list[CtiReader]:
        """Who is to be told of a change: everybody, or who watches one of its users, or all."""
        if delta.users is None:
            return self.all()
        users: list[int | None] = [None, *delta.users]
        return [one for user in users for one in self._of.get(user, ())]
