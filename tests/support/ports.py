"""Ports that are free on the loopback address just now."""

from __future__ import annotations

import socket
from contextlib import closing
from functools import cache

LOOPBACK, LOOPBACK_V6 = "127.0.0.1", "::1"
FIRST, LAST = 10000, 20000
"""Below the range from which the system takes the ports of outgoing connections (ip(7)): one of
those may come by just the port that is to be listened at, and even connect to itself. And below
the media ports that a server has by default."""

PROBES = 4000


class _Cursor:
    """Goes through the range, from a place of the system's choice: a port is not given twice soon,
    and two runs of the tests at once begin at different places."""

    def __init__(self) -> None:
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
            probe.bind((LOOPBACK, 0))
            self._next = FIRST + int(probe.getsockname()[1]) % (LAST - FIRST)

    def take(self, how_many: int) -> int:
        if self._next + how_many > LAST:
            self._next = FIRST
        first, self._next = self._next, self._next + how_many
        return first


_cursor = _Cursor()


def free_ports(how_many: int = 1) -> int:
    """The first of so many neighbouring ports that neither UDP nor TCP uses; an even one."""
    for _ in range(PROBES):
        first = _cursor.take(how_many + how_many % 2)
        first += first % 2
        if all(is_free(port) for port in range(first, first + how_many)):
            return first
    raise OSError(f"no {how_many} neighbouring free ports between {FIRST} and {LAST}")


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


@cache
def loopbacks() -> tuple[str, ...]:
    """The loopback addresses that this machine has: some have no IPv6."""
    return (LOOPBACK, *(LOOPBACK_V6,) * is_free_at(LOOPBACK_V6, socket.SOCK_DGRAM, 0))
