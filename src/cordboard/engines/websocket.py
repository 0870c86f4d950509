"""SIP over WebSocket (RFC 7118): browser phones, which connect to us and are called over that.

The handshake and the frames are the library's (RFC 6455, sans-IO); what is here is whom to let in
and what a message means. One WebSocket message is one SIP message, text or binary. Nothing is
compressed: a message is small, and what a compressed one grows to would have to be watched.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Origin, Subprotocol

from cordboard.addresses import canonical, family_of, is_address
from cordboard.engines.connections import (
    IDLE_SECONDS,
    Connection,
    Connections,
    ConnectionUser,
)
from cordboard.engines.tls import HANDSHAKE_SECONDS, TlsContexts
from cordboard.sip.framing import PING, PONG
from cordboard.sip.message import MAX_MESSAGE_SIZE

SIP: Final = Subprotocol("sip")
"""What a client has to offer and gets (RFC 7118 4.1)."""

MAX_REQUEST_OCTETS: Final = 16 * 1024
"""Of a handshake, cookies included: twice what nginx takes in a header line."""

MAX_PROXIES: Final = 8
"""In a row: no site has more, and what a phone itself has put before them is not looked at."""

PING_SECONDS: Final = 30.0
"""Without ``keepalive``: below the 60 s after which nginx and others cut a silent connection."""

DATA: Final = frozenset({Opcode.TEXT, Opcode.BINARY, Opcode.CONT})

_library_log = logging.getLogger("cordboard.engines.websocket")
_library_log.setLevel(logging.ERROR)  # below that it would show handshakes, cookies and all


class WebSocketConnection(Connection):
    """One WebSocket connection, which a phone has opened."""

    def __init__(self, connections: WebSocketConnections) -> None:
        super().__init__(connections, None)
        origins = connections.settings.origins
        self._protocol = ServerProtocol(
            origins=None if origins is None else [Origin(origin) for origin in origins],
            subprotocols=[SIP],
            max_size=MAX_MESSAGE_SIZE,
            logger=_library_log,
        )
        self._request_octets = 0
        self._message = bytearray()
        self._opening: asyncio.TimerHandle | None = None

    def made(self) -> None:
        """Wait for the handshake, not for long."""
        self._opening = self.connections.loop.call_later(HANDSHAKE_SECONDS, self.abort)

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone, and with it the flow."""
        self._opened()
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Go on with the handshake; then hand on the messages that are whole now."""
        protocol = self._protocol
        if protocol.state is State.CONNECTING:
            self._request_octets += len(data)
            if self._request_octets > MAX_REQUEST_OCTETS:
                self.abort()
                return
        protocol.receive_data(data)
        whole = False
        for event in protocol.events_received():
            if isinstance(event, Request):
                protocol.send_response(protocol.accept(event))
                self._opened()
                self._look_behind_proxy(event)
            elif isinstance(event, Frame) and self._take(event):
                whole = True
        self._flush()
        if whole:
            self.connections.read_all()

    def send(self, data: bytes) -> None:
        """Send a message, as text unless it is none (RFC 7118 4.2)."""
        protocol = self._protocol
        if protocol.state is not State.OPEN:
            return  # it is on its way out, which will be told
        try:
            data.decode()
        except UnicodeDecodeError:
            protocol.send_binary(data)
        else:
            protocol.send_text(data)
        self._flush()

    def ping(self) -> None:
        """A ping frame, which every peer has to answer (RFC 6455 5.5.2)."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_ping(b"")
            self._flush()

    def close(self) -> None:
        """Say goodbye, and close the connection after what is still to be sent."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(CloseCode.GOING_AWAY)
            self._flush()
        super().close()

    def _opened(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None

    def _look_behind_proxy(self, request: Request) -> None:
        """Where a proxy of ours has passed a phone on, the phone is where that says it is: each
        proxy puts whom it was asked by at the end. Of the other family we might have no address."""
        flow, proxies = self.flow, self.connections.settings.capacity.proxies
        if flow is None or flow.remote[0] not in proxies:
            return
        passed_by = ",".join(request.headers.get_all("X-Forwarded-For")).split(",")
        hosts = (canonical(host.strip()) for host in reversed(passed_by[-MAX_PROXIES:]))
        host = next((host for host in hosts if host not in proxies), "")
        if is_address(host) and family_of(host) is family_of(flow.remote[0]):
            self.connections.move(self, flow._replace(remote=(host, flow.remote[1])))

    def _take(self, frame: Frame) -> bool:
        """Take in a frame; whether it was the last one of a SIP message."""
        if frame.opcode is Opcode.PONG and self.keepalive is not None:
            self.keepalive.pong(self.connections.loop.time())
        elif frame.opcode in DATA:
            self._message += frame.data
            if frame.fin:
                message = bytes(self._message)
                self._message.clear()
                return self._take_message(message)
        return False

    def _take_message(self, message: bytes) -> bool:
        """Hand on a SIP message. Some phones ping as over TCP, and mean it (SIP.js)."""
        assert self.flow is not None
        if message == PING:
            self.send(PONG)
            return False
        if not _is_sip(message):
            return False
        now = self.connections.loop.time()
        self.deadline = now + IDLE_SECONDS
        self.trust()
        if self.keepalive is not None:
            self.keepalive.message(now)
        self.connections.receive(message, self.flow)
        return True

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self.write(data)
            else:
                super().close()


class WebSocketConnections(Connections):
    """All WebSocket connections, with ``tls`` the secured ones. All were opened by phones: a flow
    whose connection has gone is lost."""

    answers_pings = True

    def __init__(self, user: ConnectionUser, tls: TlsContexts | None = None) -> None:
        super().__init__("ws" if tls is None else "wss", user, tls)
        self.keepalive = user.settings.keepalive or PING_SECONDS

    def accepted(self) -> WebSocketConnection:
        """A new connection, which a peer has opened."""
        return WebSocketConnection(self)


def _is_sip(message: bytes) -> bool:
    """Whether the first line is one of SIP, well formed or not."""
    line = message.lstrip(b"\r\n").partition(b"\n")[0]
    return b"SIP/" in line
