"""SIP over TCP and TLS: connections in both directions.

Sending to a flow without connection opens one; what is sent meanwhile waits, bounded.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from typing import Any, Final

import structlog

from cordboard.engines.connections import (
    FIRST_MESSAGE_SECONDS,
    IDLE_SECONDS,
    MAX_WAITING_OCTETS,
    Connection,
    Connections,
    ConnectionUser,
)
from cordboard.engines.tls import TlsContexts, TlsError
from cordboard.sip.errors import SipParseError
from cordboard.sip.flow import Flow
from cordboard.sip.framing import PING, PONG, StreamFramer

_log = structlog.get_logger(__name__)

CONNECT_SECONDS: Final = 5.0
"""Well below 64*T1 = 32 s, so that a dead trunk fails over while the caller still listens."""

MAX_FAULTS: Final = 256
"""Peers of which it is known why no connection to them could be made."""


class TcpConnection(Connection):
    """One TCP connection, whoever opened it."""

    def __init__(self, connections: TcpConnections, flow: Flow | None) -> None:
        super().__init__(connections, flow)
        self._framer = StreamFramer()
        self._waiting: list[bytes] = []
        self._in_the_middle = False

    def made(self) -> None:
        """Send what waited."""
        if self._waiting:
            self.write(b"".join(self._waiting))
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
            elif message != PONG:
                self.trust()
                self.connections.receive(message, self.flow)
            elif self.keepalive is not None:
                self.keepalive.pong(self.connections.loop.time())
        if messages:
            self.connections.read_all()
        self._note(whole=bool(messages))

    def _note(self, *, whole: bool) -> None:
        """A peer that has said something sensible may be silent for long, but not in the middle of
        a message; keep-alives alone are nothing sensible."""
        now = self.connections.loop.time()
        in_the_middle = self._framer.waiting
        if in_the_middle:
            if whole or not self._in_the_middle:
                self.deadline = now + FIRST_MESSAGE_SECONDS
        elif whole and self.trusted:
            self.deadline = now + IDLE_SECONDS
        self._in_the_middle = in_the_middle
        if whole and self.keepalive is not None:
            self.keepalive.message(now)

    def send(self, data: bytes) -> None:
        """Send, or keep until the connection is made; a peer that takes nothing is cut off."""
        if self.stream is not None:
            self.write(data)
            return
        self._waiting.append(data)
        if sum(map(len, self._waiting)) > MAX_WAITING_OCTETS:
            self.given_up = True
            self.connections.forget(self)

    def ping(self) -> None:
        """Two line breaks, which a peer that knows RFC 5626 answers with one."""
        self._framer.expects_pong = True
        self.send(PING)


class TcpConnections(Connections):
    """All connections of TCP, or with ``tls`` of TLS."""

    def __init__(self, user: ConnectionUser, tls: TlsContexts | None = None) -> None:
        super().__init__("tcp" if tls is None else "tls", user, tls)
        self._faults: dict[Flow, str] = {}
        self._connecting: set[asyncio.Task[None]] = set()

    def accepted(self) -> TcpConnection:
        """A new connection, which a peer has opened."""
        return TcpConnection(self, None)

    def send(self, flow: Flow, data: bytes) -> None:
        """Send over the flow's connection, which is opened if it is not there.

        A flow that a peer opened can't be opened by us: it is lost.
        """
        connection = self.by_flow.get(flow)
        if connection is None:
            if flow.local[1] or not self.has_room():
                self.tell_lost(flow)
                return
            connection = self.by_flow[flow] = TcpConnection(self, flow)
            connection.deadline = self.loop.time() + IDLE_SECONDS
            task = self.loop.create_task(self._connect(connection, flow))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)
        connection.send(data)

    def fault(self, flow: Flow) -> str | None:
        """Why the latest connection of a flow could not be made, where none was since."""
        return self._faults.get(flow)

    async def close(self) -> None:
        """Stop listening and close everything; nobody is told."""
        connecting = tuple(self._connecting)
        for task in connecting:
            task.cancel()
        await super().close()
        if connecting:
            await asyncio.wait(connecting)

    async def _connect(self, connection: Connection, flow: Flow) -> None:
        how: dict[str, Any] = {}
        try:
            if self.tls is not None:
                how = {"ssl": self.tls.client, "server_hostname": flow.name or flow.remote[0]}
            async with asyncio.timeout(CONNECT_SECONDS):
                await self.loop.create_connection(lambda: connection, *flow.remote, **how)
            self._faults.pop(flow, None)
        except (
            OSError,
            TimeoutError,
            TlsError,
            ValueError,
        ) as error:  # among them SSLError, UnicodeError
            self._take_fault(flow, _reason(error))
            self.forget(connection)

    def _take_fault(self, flow: Flow, reason: str) -> None:
        if len(self._faults) >= MAX_FAULTS:
            del self._faults[next(iter(self._faults))]
        self._faults[flow] = reason
        if self.tls is not None:
            _log.warning("no TLS connection", to=str(flow), reason=reason)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.errno and not isinstance(error, ssl.SSLError):
        return os.strerror(error.errno).lower()
    return getattr(error, "verify_message", None) or getattr(error, "reason", None) or str(error)
