"""Who reads a tenant's CTI frames."""

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
    """A connection: whom it watches (None: everybody), and why it comes to its end."""

    def __init__(self, app: str, user: int | None) -> None:
        self.app = app
        self.user = user
        self.parting: Parting | None = None
        self._outlet: Outlet | None = None
        self._first: list[bytes] = []
        self._most = MAX_BEHIND
        self._parted = asyncio.Event()

    def greet(self, frames: Iterable[bytes]) -> None:
        """Tell what it is told at first, which may be as much as there is."""
        self._first = list(frames)
        self._most = MAX_BEHIND + sum(map(len, self._first))

    def open(self, outlet: Outlet) -> None:
        """Write from now on; what it was told so far at once."""
        self._outlet = outlet
        outlet.write(b"".join(self._first))
        self._first.clear()

    def write(self, frames: bytes) -> None:
        """Tell it these, unless too much waits."""
        if self.parting is not None:
            return
        behind = sum(map(len, self._first)) if self._outlet is None else self._outlet.waiting()
        if behind + len(frames) > self._most:
            self.part(Parting.TOO_SLOW)
        elif self._outlet is None:
            self._first.append(frames)
        else:
            self._outlet.write(frames)

    def part(self, why: Parting, word: bytes = b"") -> None:
        """Let it come to its end: it is told no more, only a last word."""
        if self.parting is None:
            self.parting = why
            if self._outlet is None:
                self._first = [word]
            else:
                self._outlet.write(word)
            self._parted.set()

    async def parted(self) -> None:
        """Wait for its end."""
        await self._parted.wait()


class Audience:
    """All who watch the same, and are told the same: one user, or everybody. ``told`` is what is to
    be written to them."""

    __slots__ = ("readers", "told")

    def __init__(self) -> None:
        self.readers: dict[CtiReader, None] = {}
        self.told: list[bytes] = []


class Readers:
    """The readers of one tenant."""

    def __init__(self) -> None:
        self._of: dict[int | None, Audience] = {}

    def __len__(self) -> int:
        return sum(len(one.readers) for one in self._of.values())

    def join(self, reader: CtiReader) -> None:
        """Tell it from now on."""
        self._of.setdefault(reader.user, Audience()).readers[reader] = None

    def leave(self, reader: CtiReader) -> None:
        """Tell it no longer."""
        audience = self._of.get(reader.user)
        if audience is not None:
            audience.readers.pop(reader, None)
            if not audience.readers:
                del self._of[reader.user]

    def of_app(self, app: str, user: int | None) -> list[CtiReader]:
        """The connections of an app for a user, the oldest first."""
        audience = self._of.get(user)
        some = () if audience is None else audience.readers
        return [one for one in some if one.app == app and one.parting is None]

    def all(self) -> list[CtiReader]:
        """Every one of them."""
        return [one for audience in self._of.values() for one in audience.readers]

    def watching(self, user: int | None) -> Audience | None:
        """Who watches a user, or everybody."""
        return self._of.get(user)

    def wanted_by(self, delta: Delta) -> list[Audience]:
        """Who is to be told of a change: everybody, or who watches one of its users, or all."""
        if delta.users is None:
            return list(self._of.values())
        of = self._of
        return [of[user] for user in (None, *delta.users) if user in of]
