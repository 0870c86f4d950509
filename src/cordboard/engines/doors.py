"""Doors: where peers connect to us, and how many of them are let in.

Connections are turned away right after they were accepted, before anything is said or computed:
when all are taken, when the peer's network has its share already, and with TLS when too many
handshakes are under way, each of which costs us more than its peer.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final, Protocol

import structlog

from cordboard.addresses import network_of
from cordboard.engines.capacity import Capacity
from cordboard.engines.tls import HANDSHAKE_SECONDS, TlsContexts

_log = structlog.get_logger(__name__)

BACKLOG: Final = 512
"""Connections that wait for us in the system: what comes while a directory is read, say."""

ACCEPTED_AT_ONCE: Final = 64
"""Connections taken before calls get their turn again."""

EXHAUSTED_SECONDS: Final = 1.0
"""A pause where the system has no descriptor left (asyncio takes the same)."""

COMPLAINT_SECONDS: Final = 60.0
"""Between two lines in the log about connections turned away."""


class Guest(Protocol):
    """A connection that a peer has opened; ``network`` is where from, as long as it counts."""

    network: str | None


class Doors:
    """The listening sockets of one transport.

    ``make`` makes the protocol of a new connection, ``has_room`` says whether there is room for one
    more, beside so many that are in their handshakes.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        capacity: Capacity,
        make: Callable[[], Any],
        has_room: Callable[[int], bool],
        tls: TlsContexts | None,
    ) -> None:
        self._loop = loop
        self._capacity = capacity
        self._make = make
        self._has_room = has_room
        self._tls = tls
        self._sockets: list[socket.socket] = []
        self._guests: Counter[str] = Counter()
        self._handshakes: set[asyncio.Task[None]] = set()
        self._complained = -COMPLAINT_SECONDS

    def __bool__(self) -> bool:
        """Whether we listen anywhere."""
        return bool(self._sockets)

    def open(self, address: tuple[str, int]) -> tuple[str, int]:
        """Listen at an address; returns it as bound. Raises :class:`OSError`."""
        if self._tls is not None and self._tls.server is None:
            raise OSError(0, "there is no certificate")
        listening = _listening_socket(address)
        self._sockets.append(listening)
        self._loop.add_reader(listening, self._accept, listening)
        name = listening.getsockname()
        return name[0], name[1]

    def left(self, guest: Guest) -> None:
        """A connection is gone; a second time changes nothing."""
        network, guest.network = guest.network, None
        if network is not None:
            self._guests[network] -= 1
            if not self._guests[network]:
                del self._guests[network]

    async def close(self) -> None:
        """Let nobody in any more."""
        for listening in self._sockets:
            self._loop.remove_reader(listening)
            listening.close()
        self._sockets.clear()
        handshakes = tuple(self._handshakes)
        for task in handshakes:
            task.cancel()
        if handshakes:
            await asyncio.wait(handshakes)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                accepted, peer = listening.accept()
            except BlockingIOError:
                return
            except (ConnectionAbortedError, InterruptedError):
                continue
            except OSError as error:
                self._complain("not accepted", error.strerror or "")
                self._loop.remove_reader(listening)
                self._loop.call_later(EXHAUSTED_SECONDS, self._accept_again, listening)
                return
            accepted.setblocking(False)
            self._let_in(accepted, peer[0])

    def _accept_again(self, listening: socket.socket) -> None:
        if listening in self._sockets:
            self._loop.add_reader(listening, self._accept, listening)

    def _let_in(self, accepted: socket.socket, host: str) -> None:
        network = None if host in self._capacity.proxies else network_of(host)
        refused = self._refuses(network)
        if refused is not None:
            self._complain(refused, host if network is None else network)
            accepted.close()
            return
        guest = self._make()
        guest.network = network
        if network is not None:
            self._guests[network] += 1
        task = self._loop.create_task(self._greet(accepted, guest))
        self._handshakes.add(task)
        task.add_done_callback(partial(self._greeted, accepted=accepted, guest=guest))

    def _refuses(self, network: str | None) -> str | None:
        capacity, greeting = self._capacity, len(self._handshakes)
        if network is not None and self._guests[network] >= capacity.of_a_network:
            return "too many connections of one network"
        if self._tls is not None and greeting >= capacity.handshakes:
            return "too many handshakes at once"
        # Without TLS there is no handshake to wait for, and who has come counts already.
        if not self._has_room(0 if self._tls is None else greeting):
            return "no connection is free"
        return None

    async def _greet(self, accepted: socket.socket, guest: Any) -> None:
        how: dict[str, Any] = {}
        if self._tls is not None:
            how = {"ssl": self._tls.server, "ssl_handshake_timeout": HANDSHAKE_SECONDS}
        # A handshake that fails or takes too long is an OSError.
        with suppress(OSError):
            await self._loop.connect_accepted_socket(lambda: guest, accepted, **how)
            return
        self._turn_out(accepted, guest)

    def _greeted(self, task: asyncio.Task[None], accepted: socket.socket, guest: Guest) -> None:
        self._handshakes.discard(task)
        if task.cancelled():  # before it began, perhaps
            self._turn_out(accepted, guest)

    def _turn_out(self, accepted: socket.socket, guest: Guest) -> None:
        self.left(guest)
        accepted.close()

    def _complain(self, reason: str, whom: str) -> None:
        now = self._loop.time()
        if now - self._complained >= COMPLAINT_SECONDS:
            self._complained = now
            _log.warning("connections are turned away", reason=reason, latest=whom)


def _listening_socket(address: tuple[str, int]) -> socket.socket:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setblocking(False)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except BaseException:
        listening.close()
        raise
    return listening
