"""Which media sockets have something to be read, asked for many of them at once.

A phone sends a packet each 20 ms, so that sockets hardly ever have two: what can be shared between
packets is not the reading but the waking up for it, and that costs twice as much as relaying one.
So all media sockets are in a set of the kernel's own (epoll(7)), which the event loop sees as one
file. While little comes each packet wakes the loop. While much comes the loop looks into the set
every two milliseconds instead, and reads all that has come by then, one from each socket. What
phones add and even out by themselves is ten times as much.

Where the system has no epoll each socket is the event loop's own.
"""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import Callable
from typing import Final

PAUSE: Final = 0.002
"""Seconds between two looks while much comes."""

MUCH: Final = 4
"""Sockets that have something at one look: 2,000 packets a second are the voices of 20 calls."""

MOST_ROUNDS: Final = 4
"""After a stall sockets have several packets; then the rest of the loop gets its turn."""

Reader = Callable[[float], None]
"""Reads one datagram; is given the time."""


class MediaPoll:
    """Calls the reader of each socket that has something."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._clock = loop.time
        self._readers: dict[int, Reader] = {}
        self._set = select.epoll() if hasattr(select, "epoll") else None
        self._looking: asyncio.TimerHandle | None = None
        self._watched = False

    def add(self, opened: socket.socket, reader: Reader) -> None:
        """Have a socket read from now on."""
        number = opened.fileno()
        self._readers[number] = reader
        if self._set is None:
            self._loop.add_reader(number, lambda: reader(self._clock()))
            return
        self._set.register(number, select.EPOLLIN)
        if self._looking is None:
            self._watch()

    def remove(self, opened: socket.socket) -> None:
        """Have it read no more; it is still open."""
        number = opened.fileno()
        if self._readers.pop(number, None) is None:
            return
        if self._set is None:
            self._loop.remove_reader(number)
        else:
            self._set.unregister(number)

    def close(self) -> None:
        """Read nothing any more."""
        self._stop_watching()
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        if self._set is not None:
            self._set.close()

    def _watch(self) -> None:
        """Be woken by the next packet."""
        if not self._watched and self._set is not None:
            self._watched = True
            self._loop.add_reader(self._set.fileno(), self._look)

    def _stop_watching(self) -> None:
        if self._watched and self._set is not None:
            self._watched = False
            self._loop.remove_reader(self._set.fileno())

    def _look(self) -> None:
        """Read what there is, and go by how much it was."""
        if self._read_all() >= MUCH:
            self._stop_watching()
            self._looking = self._loop.call_later(PAUSE, self._look)
        else:
            self._looking = None
            self._watch()

    def _read_all(self) -> int:
        """Read from each socket that has something; how many those were at first."""
        readers, ready = self._readers, self._set
        assert ready is not None  # whoever looks has one
        found = ready.poll(0)
        first = len(found)
        now = self._clock()
        for _ in range(MOST_ROUNDS):
            for number, _ in found:
                reader = readers.get(number)
                if reader is not None:
                    reader(now)
            if len(found) < MUCH:
                break
            found = ready.poll(0)
        return first
