"""Ports that are free on the loopback address just now, and stay this process's own.

The range is cut into blocks. A process takes one when it first needs a port, and more where that
is full: it holds the block by having its first port bound, which the system gives up for it
however it ends. So neither the lanes of one run of the tests (:mod:`support.lanes`) nor two runs
on one machine are given each other's ports.
"""

from __future__ import annotations

import socket
import weakref
from collections import deque
from contextlib import closing
from functools import cache
from pathlib import Path
from threading import Lock

LOOPBACK, LOOPBACK_V6 = "127.0.0.1", "::1"
FIRST, LAST = 10000, 32000
"""Below the range from which the system takes the ports of outgoing connections (ip(7)): one of
those may come by just the port that is to be listened at, and even connect to itself."""

BLOCK = 1000
"""More than any one server has for media, and enough for what a few tests have at the same time."""


LATEST = 6
"""Those given last are not given again: they may be for one and the same program, which is yet to
use them."""


class PortBook:
    """Which ports this process has been given, and which of them are still in use.

    A port is not given twice soon: the search goes on where the last one ended.
    """

    def __init__(self, first: int = FIRST, last: int = LAST, block: int = BLOCK) -> None:
        self._blocks = [range(start, start + block) for start in range(first, last, block)]
        self._own: list[range] = []
        self._locks: list[socket.socket] = []
        self._next = 0
        self._held: set[int] = set()
        self._one_at_a_time = Lock()
        self._latest: deque[range] = deque(maxlen=LATEST)

    def take(self, how_many: int, owner: object | None = None) -> int:
        """The first, an even one, of so many neighbouring ports that neither UDP nor TCP uses; they
        are not given again while there is an ``owner``. Raises :class:`OSError` if all are used."""
        with self._one_at_a_time:
            return self._take(how_many, owner)

    def _take(self, how_many: int, owner: object | None) -> int:
        first = self._found_in_own(how_many)
        while first is None and self._takes_another_block():
            first = self._found_in_own(how_many)
        if first is None:
            raise OSError(f"no {how_many} neighbouring free ports in {len(self._own)} blocks")
        ports = range(first, first + how_many)
        self._next = ports.stop
        self._latest.append(ports)
        if owner is not None:
            self._held.update(ports)
            weakref.finalize(owner, self._held.difference_update, ports)
        return first

    def _found_in_own(self, how_many: int) -> int | None:
        starts = [
            start for block in self._own for start in block[2 : len(block) - how_many + 1 : 2]
        ]
        later = [start for start in starts if start >= self._next]
        return next((one for one in later + starts if self._are_free(one, how_many)), None)

    def _are_free(self, first: int, how_many: int) -> bool:
        ports = range(first, first + how_many)
        if any(first < one.stop and one.start < ports.stop for one in self._latest):
            return False
        return self._held.isdisjoint(ports) and all(is_free(port) for port in ports)

    def _takes_another_block(self) -> bool:
        for block in self._blocks:
            if block not in self._own and self._locks_block(block):
                self._own.append(block)
                self._next = block.start
                return True
        return False

    def _locks_block(self, block: range) -> bool:
        lock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            lock.bind((LOOPBACK, block.start))
        except OSError:
            lock.close()
            return False
        self._locks.append(lock)
        return True

    def close(self) -> None:
        """Leave all blocks to others."""
        for lock in self._locks:
            lock.close()


@cache
def port_book() -> PortBook:
    """That of this process."""
    return PortBook()


def free_ports(how_many: int = 1, owner: object | None = None) -> int:
    """The first of so many neighbouring free ports (:meth:`PortBook.take`)."""
    return port_book().take(how_many, owner)


def free_range(how_many: int, owner: object | None = None) -> tuple[int, int]:
    """The first and the last of so many, as settings have media ports."""
    first = free_ports(how_many, owner)
    return first, first + how_many - 1


def is_free(port: int) -> bool:
    """Whether both UDP and TCP can be bound, over IPv6 too."""
    kinds = (socket.SOCK_DGRAM, socket.SOCK_STREAM)
    return all(is_free_at(host, kind, port) for host in loopbacks() for kind in kinds)


def is_free_at(host: str, kind: socket.SocketKind, port: int) -> bool:
    """Whether a port of an address can be bound."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, kind)) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def is_listened_at(kind: socket.SocketKind, port: int) -> bool:
    """Whether somebody has a port, as the system tells: to try it ourselves would for a moment keep
    a program from it that is about to begin."""
    name, listening = ("tcp", "0A") if kind == socket.SOCK_STREAM else ("udp", "07")
    for table in (Path(f"/proc/net/{name}"), Path(f"/proc/net/{name}6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            _number, local, _remote, state, *_ = line.split()
            if state == listening and local.endswith(f":{port:04X}"):
                return True
    return False


@cache
def loopbacks() -> tuple[str, ...]:
    """The loopback addresses that this machine has: some have no IPv6."""
    return (LOOPBACK, *(LOOPBACK_V6,) * is_free_at(LOOPBACK_V6, socket.SOCK_DGRAM, 0))
