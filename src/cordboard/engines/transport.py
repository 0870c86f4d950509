"""The network side of SIP: listeners and connections, and what we are called from outside."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Final, NamedTuple

from cordboard.engines.tcp import MAX_CONNECTIONS, TcpConnections
from cordboard.engines.tls import TlsContexts
from cordboard.engines.udp import UdpListener, route_address
from cordboard.sip.flow import Flow

TRANSPORTS: Final = ("udp", "tcp", "tls")

MAX_KNOWN_ROUTES: Final = 4096
"""Peers whose route is remembered; then all are asked for anew (a look costs about 20 us)."""


class Listen(NamedTuple):
    """Where to listen: ``udp``, ``tcp`` or ``tls``, an IP address, a port (0: any free one)."""

    transport: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.transport}:{host}:{self.port}"


class ListenError(Exception):
    """An address can't be listened at; the message says which and why."""


class SipTransport:
    """Carries SIP messages to and from the network.

    ``receive`` is called with each whole message and its flow, ``read_all`` once after each batch,
    ``lost`` with each connection's flow that has ended. ``advertised_host`` is what peers are told
    in place of the address we are bound to. Without ``tls`` there is no such transport.
    """

    def __init__(
        self,
        receive: Callable[[bytes, Flow], None],
        read_all: Callable[[], None],
        lost: Callable[[Flow], None],
        *,
        advertised_host: str | None = None,
        max_connections: int = MAX_CONNECTIONS,
        tls: TlsContexts | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._loop = loop or asyncio.get_running_loop()
        self._receive = receive
        self._read_all = read_all
        self._lost = lost
        self._udp: dict[tuple[str, int], UdpListener] = {}
        self._streams = {
            "tcp": TcpConnections(
                self._loop, receive, read_all, lost, max_connections=max_connections
            )
        }
        if tls is not None:
            self._streams["tls"] = TcpConnections(
                self._loop, receive, read_all, lost, max_connections=max_connections, tls=tls
            )
        self._stream_local: dict[str, list[tuple[str, int]]] = {name: [] for name in self._streams}
        self._advertised_host = advertised_host
        self._advertised: dict[Flow, tuple[str, int]] = {}

    async def listen(self, where: Listen) -> tuple[str, int]:
        """Listen at an address; returns it with the port that was bound.

        Raises :class:`ListenError`.
        """
        address = (where.host.strip("[]"), where.port)
        try:
            if where.transport == "udp":
                listener = UdpListener(self._loop, address, self._receive, self._read_all)
                self._udp[listener.local] = listener
                return listener.local
            stream = self._streams.get(where.transport)
            if stream is not None:
                local = await stream.listen(address)
                self._stream_local[where.transport].append(local)
                return local
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ListenError(f"cannot listen at {where}: {reason}") from error
        if where.transport == "tls":
            raise ListenError(f"cannot listen at {where}: there is no certificate")
        raise ListenError(f"no transport {where.transport!r}; known are {', '.join(TRANSPORTS)}")

    @property
    def listening(self) -> tuple[Listen, ...]:
        """Where we listen."""
        udp = (Listen("udp", host, port) for host, port in self._udp)
        streams = (
            Listen(name, *local)
            for name, locals_ in self._stream_local.items()
            for local in locals_
        )
        return (*udp, *streams)

    def flow_to(self, transport: str, remote: tuple[str, int], name: str | None = None) -> Flow:
        """A flow to a peer that has none yet: over a listener of ours, or a new connection.

        ``name`` is how the address was found, and what its certificate has to be for. Raises
        :class:`ListenError` where there is no such transport to that kind of address.
        """
        stream = self._streams.get(transport)
        if stream is not None:
            if name is not None:
                stream.remember_name(remote, name)
            return Flow(transport, ("", 0), remote)
        family = socket.AF_INET6 if ":" in remote[0] else socket.AF_INET
        if transport == "udp":
            for listener in self._udp.values():
                if listener.family == family:
                    return Flow("udp", listener.local, remote)
        raise ListenError(f"no way to {transport}:{remote[0]}:{remote[1]}")

    def send(self, messages: Iterable[tuple[Flow, bytes]]) -> None:
        """Send messages, each over its flow; failures of connections are told to ``lost``."""
        udp = self._udp
        for flow, data in messages:
            if flow.transport == "udp":
                listener = udp.get(flow.local)
                if listener is None:
                    listener = self._any_udp(flow)
                if listener is not None:
                    listener.send(data, flow.remote)
            else:
                stream = self._streams.get(flow.transport)
                if stream is not None:
                    stream.send(flow, data)
                else:
                    self._loop.call_soon(self._lost, flow)

    def advertised(self, flow: Flow) -> tuple[str, int]:
        """Host and port that the peer of a flow finds us at (Via, Contact; the host for SDP)."""
        known = self._advertised.get(flow)
        if known is None:
            if len(self._advertised) >= MAX_KNOWN_ROUTES:
                self._advertised.clear()
            known = self._advertised[flow] = self._look_up(flow)
        return known

    @property
    def connections(self) -> int:
        """How many connections there are."""
        return sum(map(len, self._streams.values()))

    async def close(self) -> None:
        """Stop listening and close every connection."""
        for listener in self._udp.values():
            listener.close()
        self._udp.clear()
        for stream in self._streams.values():
            await stream.close()

    def _any_udp(self, flow: Flow) -> UdpListener | None:
        try:
            return self._udp[self.flow_to("udp", flow.remote).local]
        except ListenError:
            return None

    def _look_up(self, flow: Flow) -> tuple[str, int]:
        host, port = flow.local
        streams = self._stream_local.get(flow.transport)
        listeners = list(self._udp) if streams is None else streams
        if streams is not None or not port:
            # A connection's own port takes no connections: peers are told the listener's.
            same = [local for local in listeners if local[0] == host] or listeners
            port = same[0][1] if same else (port or 5060)
            host = host or (same[0][0] if same else "")
        if self._advertised_host is not None:
            return self._advertised_host, port
        if not host or is_wildcard(host):
            host = route_address(flow.remote) or host or "127.0.0.1"
        return host, port


def is_wildcard(host: str) -> bool:
    """Whether a host means "every address of ours"."""
    try:
        return ip_address(host.strip("[]")).is_unspecified
    except ValueError:
        return False
