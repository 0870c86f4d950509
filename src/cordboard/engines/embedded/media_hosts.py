"""The host of our own end in SDP, as a peer is told it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cordboard.addresses import Hosts, is_wildcard
from cordboard.sip.flow import Flow

MAX_KNOWN: Final = 4096
"""Peers whose host is remembered; then all are looked up anew."""


class MediaHosts:
    """``advertised`` are told before ``bound``; where that is none, or a wildcard, it is the host
    by which the peer of a flow finds us for SIP, which ``for_sip`` gives."""

    def __init__(
        self, advertised: Hosts, bound: Hosts, for_sip: Callable[[Flow], tuple[str, int]]
    ) -> None:
        self._advertised = advertised
        self._bound = bound
        self._for_sip = for_sip
        self._set: dict[str, str] = {}  # by the peer; empty: it goes by the route

    def towards(self, flow: Flow) -> str:
        """The one for the peer of a flow, of that one's own family."""
        peer = flow.remote[0]
        host = self._set.get(peer)
        if host is None:
            if len(self._set) >= MAX_KNOWN:
                self._set.clear()
            host = self._advertised.towards(peer) or self._bound.towards(peer) or ""
            if is_wildcard(host):
                host = ""
            self._set[peer] = host
        return host or self._for_sip(flow)[0]
