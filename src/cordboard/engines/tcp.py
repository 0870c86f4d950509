"""SIP over TCP and TLS: connections in both directions, found again by their flow (RFC 3261 18).

A connection is one :class:`~cordboard.sip.flow.Flow`: what comes over it carries that flow, what is
sent to that flow goes over it, and when it ends the flow is lost. Sending to a flow without
connection opens one; what is sent meanwhile waits, bounded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, cast

import structlog

from cordboard.engines.tls import HANDSHAKE_SECONDS, TlsContexts, TlsError
from cordboard.engines.udp import Receive
from cordboard.sip.errors import SipParseError
from cordboard.sip.flow import Flow
from cordboard.sip.framing import PING, PONG, StreamFramer
from cordboard.sip.rebinding import MAX_EXPIRES

_log = structlog.get_logger(__name__)

Lost = Callable[[Flow], None]

MAX_CONNECTIONS: Final = 4096
"""Kamailio's tcp_max_connections is 2048, OpenSIPS' 2048; a phone has one connection."""

CONNECT_SECONDS: Final = 5.0
"""Well below 64*T1 = 32 s, so that a dead trunk fails over while the caller still listens."""

MAX_WAITING_OCTETS: Final = 256 * 1024
"""Of one connection, not yet taken by the peer: hundreds of messages; it reads no more then."""

IDLE_SECONDS: Final = MAX_EXPIRES + 120.0
"""Without a word: longer than any registration, whose phone must be called over its connection."""

FIRST_MESSAGE_SECONDS: Final = 32.0
"""Until a new connection has brought something whole; 64*T1, as for any transaction."""

SWEEP_SECONDS: Final = 10.0
"""How exact the two times above are."""


class Connection(asyncio.Protocol):
    """One TCP connection, whoever opened it."""

    def __init__(self, connections: TcpConnections, flow: Flow | None) -> None:
        self.flow = flow
        self.deadline = 0.0
        self._connections = connections
        self._framer = StreamFramer()
        self._waiting: list[bytes] = []
        self._given_up = False
        self._trusted = flow is not None
        self._in_the_middle = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there: send what waited."""
        # uvloop's transports have the methods of asyncio.Transport, but do not descend from it.
        made = cast("asyncio.Transport", transport)
        self._transport = made
        if self.flow is None:
            self.flow = _flow_of(made, self._connections.transport)
        if self._given_up or not self._connections.take(self, self.flow):
            made.abort()
            return
        if self._waiting:
            made.write(b"".join(self._waiting))
            self._waiting.clear()

    def data_received(self, data: bytes) -> None:
        """Hand on the messages that are whole now; a stream that makes no sense is cut."""
        assert self.flow is not None
        try:
            messages = self._framer.feed(data)
        except SipParseError:
            self.abort()
            return
        for message in messages:
            if message == PING:
                self.send(PONG)
            else:
                self._trusted = True
                self._connections.receive(message, self.flow)
        if messages:
            self._connections.read_all()
        self._set_deadline(whole=bool(messages))

    def _set_deadline(self, *, whole: bool) -> None:
        """A peer that has said something sensible may be silent for long, but not in the middle of
        a message; pings alone are nothing sensible."""
        now = self._connections.loop.time()
        if self._framer.waiting:
            if whole or not self._in_the_middle:
                self.deadline = now + FIRST_MESSAGE_SECONDS
        elif whole and self._trusted:
            self.deadline = now + IDLE_SECONDS
        self._in_the_middle = self._framer.waiting

    def eof_received(self) -> bool:
        """A peer that says no more is gone."""
        return False

    def connection_lost(self, _error: Exception | None) -> None:
        """The connection is gone, and with it the flow."""
        self._transport = None
        self._connections.forget(self)

    def send(self, data: bytes) -> None:
        """Send, or keep until the connection is made; a peer that takes nothing is cut off."""
        transport = self._transport
        if transport is None:
            self._waiting.append(data)
            if sum(map(len, self._waiting)) > MAX_WAITING_OCTETS:
                self._given_up = True
                self._connections.forget(self)
            return
        transport.write(data)
        if transport.get_write_buffer_size() > MAX_WAITING_OCTETS:
            transport.abort()

    def abort(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """Close the connection after what is still to be sent."""
        if self._transport is not None:
            self._transport.close()


class TcpConnections:
    """All connections of one transport, and the servers that accept them; ``tls`` makes it TLS.

    ``lost`` is told of each flow that ends by itself, from the event loop, never from within
    :meth:`send`.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        receive: Receive,
        read_all: Callable[[], None],
        lost: Lost,
        *,
        max_connections: int = MAX_CONNECTIONS,
        tls: TlsContexts | None = None,
    ) -> None:
        self.transport = "tcp" if tls is None else "tls"
        self._tls = tls
        self._names: dict[tuple[str, int], str] = {}
        self.loop = loop
        self.receive = receive
        self.read_all = read_all
        self._lost = lost
        self._max = max_connections
        self._connections: dict[Flow, Connection] = {}
        self._servers: list[asyncio.Server] = []
        self._connecting: set[asyncio.Task[None]] = set()
        self._sweep: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """How many connections there are, those being made included."""
        return len(self._connections)

    async def listen(self, address: tuple[str, int]) -> tuple[str, int]:
        """Accept connections; returns the bound address. Raises :class:`OSError`."""
        how: dict[str, Any] = {}
        if self._tls is not None:
            if self._tls.server is None:
                raise OSError(0, "there is no certificate")
            how = {"ssl": self._tls.server, "ssl_handshake_timeout": HANDSHAKE_SECONDS}
        server = await self.loop.create_server(
            lambda: Connection(self, None), address[0], address[1], reuse_address=True, **how
        )
        self._servers.append(server)
        name = server.sockets[0].getsockname()
        return name[0], name[1]

    def remember_name(self, remote: tuple[str, int], name: str) -> None:
        """Know by which name an address was found: that is what its certificate has to say."""
        if len(self._names) >= self._max:
            self._names.clear()
        self._names[remote] = name

    def send(self, flow: Flow, data: bytes) -> None:
        """Send over the flow's connection, which is opened if it is not there.

        A flow that a peer opened can't be opened by us: it is lost.
        """
        connection = self._connections.get(flow)
        if connection is None:
            if flow.local[1] or len(self._connections) >= self._max:
                self.loop.call_soon(self._lost, flow)
                return
            connection = self._connections[flow] = Connection(self, flow)
            connection.deadline = self.loop.time() + IDLE_SECONDS
            task = self.loop.create_task(self._connect(connection, flow))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)
        connection.send(data)

    def take(self, connection: Connection, flow: Flow) -> bool:
        """Note a connection that is made; False where there is no room, or it is not wanted."""
        known = self._connections.get(flow)
        if self._sweep is None:
            self._sweep = self.loop.call_later(SWEEP_SECONDS, self._cut_idle)
        if known is connection:
            return True
        if known is not None or len(self._connections) >= self._max or not self._servers:
            return False
        self._connections[flow] = connection
        connection.deadline = self.loop.time() + FIRST_MESSAGE_SECONDS
        return True

    def forget(self, connection: Connection) -> None:
        """Note a connection that is gone, and tell of its flow."""
        flow = connection.flow
        if flow is not None and self._connections.get(flow) is connection:
            del self._connections[flow]
            self.loop.call_soon(self._lost, flow)

    async def close(self) -> None:
        """Stop listening and close everything; nobody is told."""
        for server in self._servers:
            server.close()
        self._servers.clear()
        if self._sweep is not None:
            self._sweep.cancel()
        connections, self._connections = tuple(self._connections.values()), {}
        for task in tuple(self._connecting):
            task.cancel()
        if self._connecting:
            await asyncio.wait(self._connecting)
        for connection in connections:
            connection.close()
        await asyncio.sleep(0)

    async def _connect(self, connection: Connection, flow: Flow) -> None:
        how: dict[str, Any] = {}
        try:
            if self._tls is not None:
                name = self._names.get(flow.remote, flow.remote[0])
                how = {"ssl": self._tls.client, "server_hostname": name}
            async with asyncio.timeout(CONNECT_SECONDS):
                await self.loop.create_connection(lambda: connection, *flow.remote, **how)
        except (
            OSError,
            TimeoutError,
            TlsError,
            ValueError,
        ) as error:  # among them SSLError, UnicodeError
            if self._tls is not None:
                _log.warning("no TLS connection", to=str(flow), reason=_reason(error))
            self.forget(connection)

    def _cut_idle(self) -> None:
        now = self.loop.time()
        for connection in tuple(self._connections.values()):
            if connection.deadline <= now:
                connection.abort()
        self._sweep = None
        if self._connections:
            self._sweep = self.loop.call_later(SWEEP_SECONDS, self._cut_idle)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return getattr(error, "verify_message", None) or getattr(error, "reason", None) or str(error)


def _flow_of(transport: asyncio.Transport, name: str) -> Flow:
    """The flow of a connection that a peer opened."""
    local: Any = transport.get_extra_info("sockname") or ("", 0)
    remote: Any = transport.get_extra_info("peername") or ("", 0)
    return Flow(name, (local[0], local[1]), (remote[0], remote[1]))
