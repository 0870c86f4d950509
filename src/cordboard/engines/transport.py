"""The network side of SIP: listeners and connections, and what we are called from outside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from cordboard.addresses import NO_HOSTS, Family, Hosts, canonical, family_of, written
from cordboard.engines.connections import (
    USUAL,
    Connections,
    ConnectionSettings,
    ConnectionUser,
    Holds,
)
from cordboard.engines.own_addresses import OwnAddresses
from cordboard.engines.tcp import TcpConnections
from cordboard.engines.tls import TlsContexts
from cordboard.engines.udp import Lost, UdpListener
from cordboard.engines.websocket import WebSocketConnections
from cordboard.sip.flow import Flow

TRANSPORTS: Final = ("udp", "tcp", "tls", "ws", "wss")
SECURED: Final = frozenset({"tls", "wss"})


class Listen(NamedTuple):
    """Where to listen: one of :data:`TRANSPORTS`, an IP address, a port (0: any free one)."""

    transport: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.transport}:{written(self.host, self.port)}"


class ListenError(Exception):
    """An address can't be listened at; the message says which and why."""


class SipTransport:
    """Carries SIP messages to and from the network.

    ``receive`` is called with each whole message and its flow, ``read_all`` once after each batch,
    ``lost`` with each connection's flow that has ended. ``advertised`` are the hosts that peers
    are told in place of the address we are bound to. Without ``tls`` no transport is secured.
    ``holds`` says whether a phone is registered over a flow.
    ``undelivered`` gets the beginning of each datagram that did not get there.
    """

    def __init__(
        self,
        receive: Callable[[bytes, Flow], None],
        read_all: Callable[[], None],
        lost: Callable[[Flow], None],
        *,
        advertised: Hosts = NO_HOSTS,
        connections: ConnectionSettings = USUAL,
        holds: Holds = lambda _: False,
        tls: TlsContexts | None = None,
        undelivered: Lost | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._loop = loop or asyncio.get_running_loop()
        self._receive = receive
        self._undelivered = undelivered
        self._read_all = read_all
        self._lost = lost
        self._udp: dict[tuple[str, int], UdpListener] = {}
        user = ConnectionUser(self._loop, receive, read_all, lost, holds, connections)
        made: list[Connections] = [TcpConnections(user), WebSocketConnections(user)]
        if tls is not None:
            made += [TcpConnections(user, tls), WebSocketConnections(user, tls)]
        self._streams = {one.transport: one for one in made}
        self._own = OwnAddresses(advertised, self._loop.time)
        self.advertised = self._own.advertised
        """Host and port that the peer of a flow finds us at (Via, Contact; the host for SDP)."""

    async def listen(self, where: Listen) -> tuple[str, int]:
        """Listen at an address; returns it with the port that was bound.

        Raises :class:`ListenError`.
        """
        address = (where.host.strip("[]"), where.port)
        try:
            if where.transport == "udp":
                listener = UdpListener(
                    self._loop, address, self._receive, self._read_all, self._undelivered
                )
                self._udp[listener.local] = listener
                self._own.add("udp", listener.local)
                return listener.local
            stream = self._streams.get(where.transport)
            if stream is not None:
                local = stream.listen(address)
                self._own.add(where.transport, local)
                return local
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ListenError(f"cannot listen at {where}: {reason}") from error
        if where.transport in SECURED:
            raise ListenError(f"cannot listen at {where}: there is no certificate")
        raise ListenError(f"no transport {where.transport!r}; known are {', '.join(TRANSPORTS)}")

    @property
    def listening(self) -> tuple[Listen, ...]:
        """Where we listen."""
        transports = ("udp", *self._streams)
        return tuple(Listen(name, *local) for name in transports for local in self._own.of(name))

    def flow_to(self, transport: str, remote: tuple[str, int], name: str | None = None) -> Flow:
        """A flow to a peer that has none yet: over a listener of ours, or a new connection.

        ``name`` is how the address was found, and what its certificate has to be for. Raises
        :class:`ListenError` where there is no such transport to that kind of address.
        """
        remote = (canonical(remote[0]), remote[1])
        family = family_of(remote[0])
        if family not in self._own.families:
            to = written(*remote)
            raise ListenError(f"no way to {to}: nothing is listened at over {family.value}")
        stream = self._streams.get(transport)
        if isinstance(stream, TcpConnections):
            named = name if name is not None and transport in SECURED else ""
            return Flow(transport, ("", 0), remote, named)
        local = self._own.udp_towards(remote[0]) if transport == "udp" else None
        if local is None:
            raise ListenError(f"no way to {transport}:{written(*remote)}")
        return Flow("udp", local, remote)

    def fault(self, flow: Flow) -> str:
        """Why a flow of ours was lost, as far as that is known."""
        stream = self._streams.get(flow.transport)
        known = stream.fault(flow) if isinstance(stream, TcpConnections) else None
        return known or ("connection lost" if flow.reliable else "unreachable")

    @property
    def families(self) -> frozenset[Family]:
        """The kinds of addresses that peers may have: those at which we listen."""
        return self._own.families

    def send(self, messages: Iterable[tuple[Flow, bytes]]) -> None:
        """Send messages, each over its flow; ``lost`` is told of connections that fail, and of
        flows for which there is no socket."""
        udp = self._udp
        for flow, data in messages:
            listener = udp.get(flow.local) if flow.transport == "udp" else None
            if listener is None:
                self._send_elsewhere(flow, data)
                continue
            try:
                listener.sendto(data, flow.remote)
            except (OSError, UnicodeError) as error:
                listener.send_again(data, flow.remote, error)

    def _send_elsewhere(self, flow: Flow, data: bytes) -> None:
        """Send over a connection, or where we listen no longer over what we do listen at."""
        stream = self._streams.get(flow.transport)
        if stream is not None:
            stream.send(flow, data)
            return
        local = self._own.udp_towards(flow.remote[0]) if flow.transport == "udp" else None
        listener = None if local is None else self._udp.get(local)
        if listener is not None:
            listener.send(data, flow.remote)
        else:
            self._loop.call_soon(self._lost, flow)

    def release(self, flow: Flow) -> None:
        """Keep a flow's connection only for a short while, unless it is used."""
        stream = self._streams.get(flow.transport)
        if stream is not None:
            stream.release(flow)

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
