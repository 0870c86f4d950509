"""Which media sockets have something to be read, asked for many of them at once.

A phone sends a packet each 20 ms, so that sockets hardly ever have two: what can be shared between
packets is not the reading but the waking up for it, and that costs twice as much as relaying one.
So all media sockets are in a set of the kernel's own (epoll(7)), which the event loop sees as one
file. While little comes each packet wakes the loop. While much comes the loop looks into the set
every two milliseconds instead, and reads all that has come by then, one from each socket. What
phones add and even out by themselves is ten times as much.

Where the system has no epoll each socket is the event loop's own. Where the native part of the
relay is there (:mod:`~cordboard.engines.embedded.native_relay`) that reads the set, and hands over
only what it has not passed on.
"""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cordboard.engines.embedded.native_relay import NATIVE, NativeRelay
from cordboard.engines.embedded.rtp_ports import DATAGRAM_OCTETS
from cordboard.media.latch import Address

PAUSE: Final = 0.002
"""Seconds between two looks while much comes."""

MUCH: Final = 4
"""Sockets that have something at one look: 2,000 packets a second are the voices of 20 calls."""

MOST_ROUNDS: Final = 8
"""After a stall sockets have several packets; then the rest of the loop gets its turn."""

MOST_OF_A_ROUND: Final = 256
"""Sockets that are read in one round; the others have their turn in the next."""


@dataclass(frozen=True, slots=True)
class RelayFigures:
    """How audio is relayed: natively or not, how many packets were passed on natively, and how many
    datagrams were taken in Python."""

    native: bool
    passed: int
    taken: int


Receive = Callable[[int], tuple[bytes, Address]]
Taker = Callable[[bytes, Address, float], None]
"""Takes a datagram: data, source, and the time."""


class MediaPoll:
    """Reads the sockets that have something, one datagram at a time: they hardly ever have two, and
    reading on until a socket is empty would cost a failing call per packet. Measured, that was a
    third of the whole relay.

    :param native: whether native code may do it, where it was built.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, *, native: bool = True) -> None:
        self._loop = loop
        self._clock = loop.time
        self._sockets: dict[int, tuple[Receive, Taker]] = {}
        self._set = select.epoll() if hasattr(select, "epoll") else None
        self.relay: NativeRelay | None = None
        self._read_round = self._read_here
        if native and NATIVE and self._set is not None:
            self.relay = NativeRelay(self._set.fileno())
            self._read_round = self._read_natively
        self._taken = 0
        self._looking: asyncio.TimerHandle | None = None
        self._watched = False

    def add(self, opened: socket.socket, taker: Taker) -> None:
        """Have a socket read from now on."""
        number = opened.fileno()
        self._sockets[number] = opened.recvfrom, taker
        if self._set is None:
            self._loop.add_reader(number, self._read_alone, number)
            return
        self._set.register(number, select.EPOLLIN)
        if self._looking is None and not self._watched:
            self._watch()

    def remove(self, opened: socket.socket) -> None:
        """Have it read no more; it is still open."""
        number = opened.fileno()
        if self._sockets.pop(number, None) is None:
            return
        if self._set is None:
            self._loop.remove_reader(number)
        else:
            self._set.unregister(number)

    @property
    def figures(self) -> RelayFigures:
        """What was done so far."""
        passed = 0 if self.relay is None else self.relay.passed
        return RelayFigures(self.relay is not None, passed, self._taken)

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

    def _read_here(self, now: float) -> int:
        """Read one datagram from each socket that has something; how many those were."""
        assert self._set is not None  # whoever looks has one
        found = self._set.poll(0, MOST_OF_A_ROUND)
        sockets = self._sockets
        for number, _ in found:
            if number in sockets:
                self._read_one(*sockets[number], now)
        return len(found)

    def _read_natively(self, now: float) -> int:
        """Likewise; what is passed on is not seen here."""
        assert self.relay is not None
        found, others = self.relay.look(now)
        self._taken += len(others)
        sockets = self._sockets
        for number, data, source in others:
            if number in sockets:
                sockets[number][1](data, source, now)
        return found

    def _read_alone(self, number: int) -> None:
        self._read_one(*self._sockets[number], self._clock())

    def _read_one(self, receive: Receive, taker: Taker, now: float) -> None:
        try:
            data, source = receive(DATAGRAM_OCTETS)
        except OSError:
            return  # nothing there after all, or an ICMP error of an earlier packet
        self._taken += 1
        taker(data, source, now)

    def _read_all(self) -> int:
        """Read from each socket that has something; how many those were at first."""
        now = self._clock()
        first = found = self._read_round(now)
        for _ in range(MOST_ROUNDS - 1):
            if found < MUCH:
                break
            found = self._read_round(now)
        return first
