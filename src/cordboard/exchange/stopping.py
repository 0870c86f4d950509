"""How the exchange comes to its end: nothing new is taken, what lives may end by itself for a set
time, and is ended then."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Stopping:
    """How far that has come. To be told whenever there are live calls, and when there are none."""

    def __init__(self) -> None:
        self._idle = asyncio.Event()
        self._idle.set()
        self._patience: asyncio.Timeout | None = None
        self.begun = False
        """Whether what comes is refused."""
        self.drained = False
        """Whether what lives is ended: the time is over, or nothing lived any more."""

    def busy(self) -> None:
        """There are live calls."""
        self._idle.clear()

    def idle(self) -> None:
        """There are none."""
        self._idle.set()

    async def drain(self, seconds: float) -> None:
        """Begin to stop, and leave live calls so much time."""
        self.begun = True
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds) as self._patience:
                await self._idle.wait()
        self._patience = None
        self.drained = True

    def hurry(self) -> None:
        """Leave them no more time."""
        if self._patience is not None and not self._patience.expired():
            self._patience.reschedule(asyncio.get_running_loop().time())

    async def until_idle(self) -> None:
        """Wait for the last of them."""
        await self._idle.wait()
