"""Connections to HTTP servers: opened when they are needed, kept for a while for the next request.

Where a connection may lead is not decided here: sockets come from who asks for them.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Final

from aiohappyeyeballs import pop_addr_infos_interleave, start_connection

from cordboard.feeds.http_connection import HttpConnection
from cordboard.feeds.names import Names, Resolved

CONNECT_TIMEOUT: Final = 3.0
"""Seconds for one TCP connection: a second SYN (1 s) and a third (3 s) have been tried by then."""

EYEBALLS_DELAY: Final = 0.25
"""Seconds after which the next address is tried beside one that is silent (RFC 8305)."""

KEEP_SECONDS: Final = 15.0
"""How long an idle connection is kept; most servers close theirs later."""

MAX_IDLE: Final = 1_024
"""Connections that are kept in all."""

MakeSocket = Callable[[Resolved], socket.socket]
"""Makes the socket that is then connected to this very address, or raises OSError."""

Where = tuple[str, str, int]
"""Scheme, host, port."""


class HttpConnections:
    """Connections by way of sockets that ``make`` gives, whose answers have at most ``most``
    octets."""

    def __init__(self, names: Names, make: MakeSocket, most: int) -> None:
        self._names = names
        self._make = make
        self._most = most
        self._idle: dict[Where, list[HttpConnection]] = {}
        self._kept = 0
        self._sweeping: asyncio.TimerHandle | None = None
        self._ssl: ssl.SSLContext | None = None

    def idle(self, where: Where) -> HttpConnection | None:
        """The connection that was used last, if any is left; it is the caller's from then on."""
        waiting = self._idle.get(where)
        while waiting:
            found = waiting.pop()
            self._kept -= 1
            if found.is_open:
                return found
        return None

    def keep(self, where: Where, connection: HttpConnection) -> None:
        """Take one back whose request is answered."""
        if not connection.is_open:
            return
        if self._kept >= MAX_IDLE:
            connection.close()
            return
        loop = asyncio.get_running_loop()
        connection.idle_until = loop.time() + KEEP_SECONDS
        self._idle.setdefault(where, []).append(connection)
        self._kept += 1
        if self._sweeping is None:
            self._sweeping = loop.call_later(KEEP_SECONDS, self._sweep)

    async def open(self, where: Where) -> HttpConnection:
        """Connect; raises OSError and ValueError (of what is no host name)."""
        scheme, host, port = where
        reached = await self._reached(await self._names.addresses(host, port))
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: HttpConnection(self._most),
                sock=reached,
                ssl=self._tls() if scheme == "https" else None,
                server_hostname=host.rstrip(".") if scheme == "https" else None,
            )
        except BaseException:
            reached.close()
            raise
        return connection

    def close(self) -> None:
        """Close those that are idle."""
        idle, self._idle, self._kept = self._idle, {}, 0
        for waiting in idle.values():
            for one in waiting:
                one.close()
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None

    async def _reached(self, addresses: list[Resolved]) -> socket.socket:
        """A socket connected to one of some addresses."""
        while True:
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT):
                    return await start_connection(
                        addresses,
                        happy_eyeballs_delay=EYEBALLS_DELAY,
                        interleave=1,
                        socket_factory=self._make,
                    )
            except TimeoutError:
                pop_addr_infos_interleave(addresses, 1)
                if not addresses:
                    raise

    def _tls(self) -> ssl.SSLContext:
        if self._ssl is None:
            self._ssl = ssl.create_default_context()
            self._ssl.set_alpn_protocols(["http/1.1"])
        return self._ssl

    def _sweep(self) -> None:
        """Close what was not used for so long, and look again as long as there are others."""
        now = asyncio.get_running_loop().time()
        for where, waiting in tuple(self._idle.items()):
            staying = [one for one in waiting if one.is_open and one.idle_until > now]
            for one in waiting:
                if one.idle_until <= now:
                    one.close()
            self._kept -= len(waiting) - len(staying)
            if staying:
                self._idle[where] = staying
            else:
                del self._idle[where]
        again = asyncio.get_running_loop().call_later
        self._sweeping = again(KEEP_SECONDS, self._sweep) if self._idle else None
