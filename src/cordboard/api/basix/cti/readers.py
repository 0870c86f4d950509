"""Who reads a tenant's CTI frames, and what waits for each."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from enum import Enum
from typing import Final

from cordboard.api.basix.cti.deltas import Delta

MAX_BEHIND: Final = 2_000
"""Frames that may wait for a reader, some 1 MB: at 50 calls a second those of 4 s. Who does not
read for so long is cut off, for only a new connection can show him how things are."""

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
    """A connection: whom it watches (None: everybody), the frames that wait for it, and why it
    comes to its end."""

    def __init__(self, app: str, user: int | None) -> None:
        self.app = app
        self.user = user
        self.parting: Parting | None = None
        self._frames: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._parted = asyncio.Event()

    def tell(self, frames: Iterable[bytes]) -> None:
        """Have frames wait for it. What it is told at first may be as much as there is."""
        if self.parting is None:
            self._frames.extend(frames)
            self._news.set()

    def tell_one(self, frame: bytes) -> None:
        """Have one more frame wait, unless too many do."""
        if self.parting is None:
            if len(self._frames) >= MAX_BEHIND:
                self.part(Parting.TOO_SLOW)
            else:
                self._frames.append(frame)
                self._news.set()

    def part(self, why: Parting, word: bytes | None = None) -> None:
        """Let it come to its end: what waits is told no more, only a last word."""
        if self.parting is None:
            self.parting = why
            self._frames.clear()
            if word is not None:
                self._frames.append(word)
            self._news.set()
            self._parted.set()

    async def parted(self) -> None:
        """Wait for its end."""
        await self._parted.wait()

    async def frames(self) -> list[bytes]:
        """All that waits, as soon as there is any; nothing more than that at its end."""
        await self._news.wait()
        if self.parting is None:
            self._news.clear()
        taken = list(self._frames)
        self._frames.clear()
        return taken


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

    def wanted_by(self, delta: Delta) -> Iterable[CtiReader]:
        """Who is to be told of a change: everybody, or who watches one of its users, or all."""
        if delta.users is None:
            return self.all()
        users: list[int | None] = [None, *delta.users]
        return [one for user in users for one in self._of.get(user, ())]
