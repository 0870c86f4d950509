"""Where a channel and its peer meet for audio: our host in SDP, and where the peer signals from.

A phone that takes its call from one network to another says so by an offer that comes over another
flow. Audio is then taken from there, and where that is of the other family of addresses our own
end moves to it as well: an offer that names an IPv4 address can't be answered with an IPv6 one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cordboard.addresses import canonical, family_of, is_address, is_wildcard

if TYPE_CHECKING:
    from cordboard.sip.flow import Flow

Move = Callable[["Flow"], str | None]
"""Has our end of the audio met on the family of a flow; our host there, None if there is none."""


class MeetingPoint:
    """The two ends of one channel's audio; ``peer`` is the IP address of the peer's signalling."""

    __slots__ = ("_heard_over", "_move", "host", "is_elsewhere", "peer")

    def __init__(self, host: str, peer: str, move: Move | None = None) -> None:
        self.host = host
        self.peer = peer
        self._move = move
        self._heard_over: Flow | None = None
        self.is_elsewhere = False
        """Whether the peer signals from another address than the audio was agreed on with."""

    def hear(self, flow: Flow) -> None:
        """Take note of the flow that the peer's offer came over."""
        self.is_elsewhere = flow.remote[0] != self.peer
        self._heard_over = flow if self.is_elsewhere else None

    def follow(self) -> bool:
        """Go with the peer; whether our own end is another by that."""
        flow, self._heard_over, self.is_elsewhere = self._heard_over, None, False
        if flow is None:
            return False
        same_family = family_of(flow.remote[0]) is family_of(self.host)
        if not same_family:
            host = None if self._move is None else self._move(flow)
            if host is None:
                return False
            self.host = host
        self.peer = flow.remote[0]
        return not same_family

    def reachable(self, host: str) -> str:
        """Where the peer's audio is to go. A name, or an address of another family than we said
        ours in, is of no use here: the peer is met where it signals from."""
        host = canonical(host)
        if host == self.peer or not is_address(host):
            return self.peer
        if is_wildcard(host) or family_of(host) is family_of(self.host):
            return host
        return self.peer
