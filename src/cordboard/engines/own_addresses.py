"""Our own addresses: from which of them a peer is reached, and which one it is told.

Where we listen at several, a peer is reached from that of its family which the system's route to it
leaves from. What it is told (Via, Contact) is the advertised address of its family, or else that
one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from cordboard.addresses import Family, Hosts, family_of, is_wildcard
from cordboard.engines.udp import route_address
from cordboard.sip.flow import Flow

MAX_KNOWN_ROUTES: Final = 4096
"""Peers whose route is remembered; then all are asked for anew (a look costs about 20 us)."""

ROUTE_SECONDS: Final = 60.0
"""After that routes are asked for anew: leases and IPv6 prefixes change while a server runs."""

SIP_PORT: Final = 5060

_LOOPBACK: Final = {Family.IPV4: "127.0.0.1", Family.IPV6: "::1"}

Address = tuple[str, int]


class OwnAddresses:
    """Where we listen, by transport. ``advertised`` are told in place of what we are bound to."""

    def __init__(self, advertised: Hosts, clock: Callable[[], float]) -> None:
        self._advertised = advertised
        self._clock = clock
        self._good_until = 0.0
        self._bound: dict[str, list[Address]] = {}
        self.families = frozenset(Family)
        """The families in which we listen; both for who listens nowhere and only calls."""
        self._told: dict[Flow, Address] = {}
        self._udp: dict[str, Address | None] = {}

    def add(self, transport: str, local: Address) -> None:
        """Take note of an address that is listened at."""
        self._bound.setdefault(transport, []).append(local)
        hosts = [host for locals_ in self._bound.values() for host, _ in locals_]
        self.families = frozenset(map(family_of, hosts))
        self._forget()

    def of(self, transport: str) -> Sequence[Address]:
        """Where we listen for a transport."""
        return self._bound.get(transport, ())

    def udp_towards(self, peer: str) -> Address | None:
        """The UDP address of ours that a peer is reached from; None where there is none."""
        if self._clock() >= self._good_until:
            self._forget()
        if peer not in self._udp:
            if len(self._udp) >= MAX_KNOWN_ROUTES:
                self._udp.clear()
            self._udp[peer] = self._choose("udp", peer)
        return self._udp[peer]

    def advertised(self, flow: Flow) -> Address:
        """Host and port that the peer of a flow finds us at."""
        if self._clock() >= self._good_until:
            self._forget()
        told = self._told.get(flow)
        if told is None:
            if len(self._told) >= MAX_KNOWN_ROUTES:
                self._told.clear()
            told = self._told[flow] = self._look_up(flow)
        return told

    def _forget(self) -> None:
        self._good_until = self._clock() + ROUTE_SECONDS
        self._told.clear()
        self._udp.clear()

    def _look_up(self, flow: Flow) -> Address:
        host, port = flow.local
        peer = flow.remote[0]
        if flow.transport != "udp" or not port:
            # A connection's own port takes no connections: peers are told the listener's.
            listener = self._choose(flow.transport, peer, host)
            if listener is not None:
                host, port = host or listener[0], listener[1]
        port = port or SIP_PORT
        advertised = self._advertised.towards(peer)
        if advertised is not None:
            return advertised, port
        if not host or is_wildcard(host):
            host = route_address(flow.remote) or host or _LOOPBACK[family_of(peer)]
        return host, port

    def _choose(self, transport: str, peer: str, host: str = "") -> Address | None:
        """The listener at ``host``, or on the route to a peer."""
        family = family_of(peer)
        listeners = [one for one in self.of(transport) if family_of(one[0]) is family]
        if len(listeners) > 1:
            host = host or route_address((peer, SIP_PORT)) or ""
            for fits in (lambda one: one == host, is_wildcard):
                for listener in listeners:
                    if fits(listener[0]):
                        return listener
        return listeners[0] if listeners else None
