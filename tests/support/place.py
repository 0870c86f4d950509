"""Where a program under test runs: on this machine's loopback, or in a network of its own."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass

from support.ports import LOOPBACK, LOOPBACK_V6

Connect = Callable[[tuple[str, int], float], socket.socket]


@dataclass(frozen=True, slots=True)
class Place:
    """An IP address, the words before a command that has it run there, and a way to connect to
    what listens there (address and seconds; raises :class:`OSError`)."""

    host: str
    prefix: tuple[str, ...] = ()
    connect_to: Connect = socket.create_connection

    def connect(self, port: int, seconds: float) -> socket.socket:
        """A connection to a port of it."""
        return self.connect_to((self.host, port), seconds)


HERE, HERE_V6 = Place(LOOPBACK), Place(LOOPBACK_V6)
