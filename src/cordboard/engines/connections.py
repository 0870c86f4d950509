"""Connections that carry SIP, found again by their flow (RFC 3261 18): who is let in, how long one
may be silent, and what becomes of its flow.

A connection is one :class:`~cordboard.sip.flow.Flow`: what comes over it carries that flow, what is
sent to that flow goes over it, and when it ends the flow is lost. What stands between the messages
on the wire is the business of each kind: :mod:`~cordboard.engines.tcp`,
:mod:`~cordboard.engines.websocket`.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

from cordboard.engines.capacity import USUAL_CAPACITY, Capacity
from cordboard.engines.doors import Doors
from cordboard.engines.streams import flow_of, give_up_in_time
from cordboard.engines.tls import TlsContexts
from cordboard.engines.udp import Receive
from cordboard.sip.flow import Flow
from cordboard.sip.keepalive import Due, Keepalive
from cordboard.sip.rebinding import MAX_EXPIRES

Lost = Callable[[Flow], None]
Holds = Callable[[Flow], bool]
"""Whether a phone is registered over a flow."""

MAX_WAITING_OCTETS: Final = 256 * 1024
"""Of one connection, not yet taken by the peer: hundreds of messages; it reads no more then."""

IDLE_SECONDS: Final = MAX_EXPIRES + 120.0
"""Without a word: longer than any registration, whose phone must be called over its connection."""

FIRST_MESSAGE_SECONDS: Final = 32.0
"""Until a new connection has brought something whole; 64*T1, as for any transaction."""

RELEASED_SECONDS: Final = 2 * FIRST_MESSAGE_SECONDS
"""What is under way over a connection that nobody needs any more has come to its end by then."""

SWEEP_SECONDS: Final = 10.0
"""How exact the two times above are."""

SWEEPS_A_PING: Final = 4
"""How exact pings are: a quarter of the time between two."""


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """What holds for connections of every kind.

    ``capacity`` is of each transport; ``keepalive`` the seconds of silence after which a peer is
    pinged (0: never, but for WebSocket, which has its own default). Where ``origins`` are given,
    browsers are let in from the pages of these sites only.
    """

    capacity: Capacity = USUAL_CAPACITY
    keepalive: float = 0.0
    origins: tuple[str, ...] | None = None


USUAL: Final = ConnectionSettings()


class Connection(asyncio.Protocol, ABC):
    """One connection, whoever opened it."""

    def __init__(self, connections: Connections, flow: Flow | None) -> None:
        self.flow = flow
        self.deadline = 0.0
        self.given_up = False
        self.connections = connections
        self.stream: asyncio.Transport | None = None
        self.trusted = flow is not None
        """Whether the peer has said something sensible, or we have called it."""

        self.keepalive: Keepalive | None = None
        self.network: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        # uvloop's transports have the methods of asyncio.Transport, but do not descend from it.
        made = cast("asyncio.Transport", transport)
        self.stream = made
        if self.flow is None:
            self.flow = flow_of(made, self.connections.transport)
        if self.given_up or not self.connections.take(self, self.flow):
            made.abort()
            return
        if self.connections.keepalive:
            give_up_in_time(made)
        if self.trusted:
            self._begin_pings()
        self.made()

    def made(self) -> None:
        """It is one of ours from now on."""

    def eof_received(self) -> bool:
        """A peer that says no more is gone."""
        return False

    def connection_lost(self, _error: Exception | None) -> None:
        """The connection is gone, and with it the flow."""
        self.stream = None
        self.connections.forget(self)

    @abstractmethod
    def send(self, data: bytes) -> None:
        """Send a message; a peer that takes nothing is cut off."""

    @abstractmethod
    def ping(self) -> None:
        """Ask the peer whether it is there."""

    def write(self, data: bytes) -> None:
        """Hand octets to the system; a peer that takes none is cut off."""
        stream = self.stream
        if stream is not None:
            stream.write(data)
            if stream.get_write_buffer_size() > MAX_WAITING_OCTETS:
                stream.abort()

    def trust(self) -> None:
        """The peer has said something sensible: from now on it is pinged, as strangers are not."""
        if not self.trusted:
            self.trusted = True
            self._begin_pings()

    def look(self, now: float) -> None:
        """Do what is due."""
        due = Due.NOTHING if self.keepalive is None else self.keepalive.due(now)
        if self.deadline <= now or due is Due.CUT:
            self.abort()
        elif due is Due.PING:
            self.ping()

    def abort(self) -> None:
        """Cut the connection."""
        if self.stream is not None:
            self.stream.abort()

    def close(self) -> None:
        """Close the connection after what is still to be sent."""
        if self.stream is not None:
            self.stream.close()

    def _begin_pings(self) -> None:
        every = self.connections.keepalive
        if every:
            now = self.connections.loop.time()
            self.keepalive = Keepalive(every, now, answers=self.connections.answers_pings)


@dataclass(frozen=True, slots=True)
class ConnectionUser:
    """Whom connections are for. ``receive`` is called with each whole message and its flow,
    ``read_all`` once after each batch, ``lost`` with each flow that ends by itself: from the event
    loop, never from within :meth:`Connections.send`; ``holds``: is a phone registered over it?"""

    loop: asyncio.AbstractEventLoop
    receive: Receive
    read_all: Callable[[], None]
    lost: Lost
    holds: Holds
    settings: ConnectionSettings = USUAL


class Connections(ABC):
    """All connections of one transport, and the servers that accept them; with ``tls`` secured.

    Where there is no room left, the oldest connection gives way that a peer has opened and that no
    phone is registered over: strangers can't lock phones and trunks out.
    """

    answers_pings = False
    """Whether the protocol makes every peer answer our pings."""

    def __init__(self, transport: str, user: ConnectionUser, tls: TlsContexts | None) -> None:
        self.transport = transport
        self.loop = loop = user.loop
        self.receive = user.receive
        self.read_all = user.read_all
        self.settings = settings = user.settings
        self.keepalive = settings.keepalive
        self.tls = tls
        self.by_flow: dict[Flow, Connection] = {}
        self._lost = user.lost
        self._holds = user.holds
        self._strange: dict[Flow, Connection] = {}  # opened by peers, the oldest first
        self._doors = Doors(loop, settings.capacity, self.accepted, self.has_room, tls)
        self._sweep: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """How many connections there are, those being made included."""
        return len(self.by_flow)

    def has_room(self, coming: int = 0) -> bool:
        """Whether there is room for one more, by now, beside so many that are on their way."""
        most = self.settings.capacity.connections - coming
        while len(self.by_flow) >= most > 0 and self._strange:
            flow = next(iter(self._strange))
            connection = self._strange.pop(flow)
            if not self._holds(flow):
                connection.abort()
                self.forget(connection)
        return len(self.by_flow) < most

    @abstractmethod
    def accepted(self) -> Connection:
        """A new connection, which a peer has opened."""

    def listen(self, address: tuple[str, int]) -> tuple[str, int]:
        """Accept connections; returns the bound address. Raises :class:`OSError`."""
        return self._doors.open(address)

    def send(self, flow: Flow, data: bytes) -> None:
        """Send over the flow's connection; without one the flow is lost."""
        connection = self.by_flow.get(flow)
        if connection is None:
            self.tell_lost(flow)
        else:
            connection.send(data)

    def release(self, flow: Flow) -> None:
        """Let a connection end soon, unless something comes over it."""
        connection = self.by_flow.get(flow)
        if connection is not None:
            connection.deadline = self.loop.time() + RELEASED_SECONDS

    def tell_lost(self, flow: Flow) -> None:
        """Say soon that a flow has no connection."""
        self.loop.call_soon(self._lost, flow)

    def take(self, connection: Connection, flow: Flow) -> bool:
        """Note a connection that is made; False where there is no room, or it is not wanted."""
        known = self.by_flow.get(flow)
        self._sweep_later()
        if known is connection:
            return True
        if known is not None or not self._doors or not self.has_room():
            return False
        self.by_flow[flow] = self._strange[flow] = connection
        connection.deadline = self.loop.time() + FIRST_MESSAGE_SECONDS
        return True

    def move(self, connection: Connection, flow: Flow) -> None:
        """Know a connection by another flow from now on, unless there is one of that."""
        old = connection.flow
        if old is not None and self.by_flow.get(old) is connection and flow not in self.by_flow:
            del self.by_flow[old]
            self._strange.pop(old, None)
            connection.flow = flow
            self.by_flow[flow] = self._strange[flow] = connection

    def forget(self, connection: Connection) -> None:
        """Note a connection that is gone, and tell of its flow."""
        flow = connection.flow
        self._doors.left(connection)
        if flow is not None and self.by_flow.get(flow) is connection:
            del self.by_flow[flow]
            self._strange.pop(flow, None)
            self.tell_lost(flow)

    async def close(self) -> None:
        """Stop listening and close everything; nobody is told."""
        await self._doors.close()
        if self._sweep is not None:
            self._sweep.cancel()
        connections, self.by_flow, self._strange = tuple(self.by_flow.values()), {}, {}
        for connection in connections:
            connection.close()
        await asyncio.sleep(0)

    def _sweep_later(self) -> None:
        if self._sweep is None:
            often = self.keepalive / SWEEPS_A_PING or SWEEP_SECONDS
            self._sweep = self.loop.call_later(min(often, SWEEP_SECONDS), self._look_at_all)

    def _look_at_all(self) -> None:
        now = self.loop.time()
        for connection in tuple(self.by_flow.values()):
            connection.look(now)
        self._sweep = None
        if self.by_flow:
            self._sweep_later()
