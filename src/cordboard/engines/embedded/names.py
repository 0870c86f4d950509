"""Addresses of host names, asked of the system without making anybody wait."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Final

from cordboard.addresses import is_address

Then = Callable[[tuple[str, ...]], None]

REMEMBER_SECONDS: Final = 60.0
"""A trunk that moves is found after a minute; the system tells no time to live."""

REMEMBER_FAILURE_SECONDS: Final = 5.0

LOOKUP_SECONDS: Final = 5.0
"""As long as one attempt of the usual resolver lasts (resolv.conf(5): timeout)."""

MAX_NAMES: Final = 512
"""Names are those of trunks, which operators write by hand."""


class Names:
    """Host name to IP addresses, remembered for a while."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._known: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._waiting: dict[str, list[Then]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def look_up(self, host: str, then: Then) -> None:
        """Call ``then`` with the addresses of ``host``, at once where they are known.

        There are none for a name that can't be resolved.
        """
        if is_address(host):
            then((host,))
            return
        known = self._known.get(host)
        if known is not None and known[0] > self._loop.time():
            then(known[1])
            return
        waiting = self._waiting.get(host)
        if waiting is not None:
            waiting.append(then)
            return
        self._waiting[host] = [then]
        task = self._loop.create_task(self._ask(host))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def addresses(self) -> set[str]:
        """All addresses of names that were asked for."""
        return {address for _, addresses in self._known.values() for address in addresses}

    async def close(self) -> None:
        """Ask no more; nobody is called back."""
        self._waiting.clear()
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _ask(self, host: str) -> None:
        addresses: tuple[str, ...] = ()
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                found = await self._loop.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
                addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
        except (OSError, TimeoutError, UnicodeError):
            addresses = ()
        if len(self._known) >= MAX_NAMES:
            self._known.clear()
        lasts = REMEMBER_SECONDS if addresses else REMEMBER_FAILURE_SECONDS
        self._known[host] = (self._loop.time() + lasts, addresses)
        for then in self._waiting.pop(host, ()):
            then(addresses)
