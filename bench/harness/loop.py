"""The one loop of the harness: sockets that can be read, and moments that come.

Driver, callback receiver, feed reader and packet capture share it, on sockets as the system gives
them: whatever the harness costs is taken from the same machine as what is measured.
"""

from __future__ import annotations

import heapq
import select
import time
from collections.abc import Callable
from itertools import count
from typing import Protocol

LONGEST_WAIT_SECONDS = 0.05
"""How long a condition that no socket tells of goes unnoticed."""


class Readable(Protocol):
    """Whatever has a file descriptor."""

    def fileno(self) -> int:
        """Its descriptor."""


class Loop:
    """Waits for sockets and moments, and calls who asked for them."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._readers: dict[int, Callable[[], object]] = {}
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()

    def watch(self, source: Readable, readable: Callable[[], object]) -> None:
        """Call ``readable`` whenever ``source`` can be read, until :meth:`forget`."""
        self._readers[source.fileno()] = readable
        self._poll.register(source.fileno(), select.EPOLLIN)

    def forget(self, source: Readable) -> None:
        """Do so no longer."""
        if self._readers.pop(source.fileno(), None) is not None:
            self._poll.unregister(source.fileno())

    def at(self, when: float, what: Callable[[], None]) -> None:
        """Call ``what`` at a moment of :func:`time.monotonic`."""
        heapq.heappush(self._due, (when, next(self._numbers), what))

    def run(self, until: Callable[[], bool], seconds: float) -> bool:
        """Run until a condition holds, at most so long; whether it held."""
        deadline = time.monotonic() + seconds
        while not until():
            now = time.monotonic()
            if now >= deadline:
                return False
            self._turn(now, deadline)
        return True

    def _turn(self, now: float, deadline: float) -> None:
        due = self._due
        while due and due[0][0] <= now:
            heapq.heappop(due)[2]()
        soonest = min(deadline, due[0][0]) if due else deadline
        wait = min(LONGEST_WAIT_SECONDS, max(0.0, soonest - time.monotonic()))
        for descriptor, _ in self._poll.poll(wait):
            reader = self._readers.get(descriptor)
            if reader is not None:
                reader()
