"""A flow: the one way back to a peer, over which its messages came (RFC 5626 3.1)."""

from __future__ import annotations

from typing import Final, NamedTuple

from cordboard.addresses import written

WEBSOCKET: Final = frozenset({"ws", "wss"})
"""Transports of which only the peer can open a connection (RFC 7118)."""


class Flow(NamedTuple):
    """Transport in lower case (``udp``, ``tcp``), our end and the peer's, each (host, port).

    A UDP flow is any pair of addresses; a TCP flow is one connection and dies with it. ``remote``
    of a TCP flow that does not exist yet names where to connect. ``local`` may be ``("", 0)`` in a
    flow that we open: the shell then picks the listening socket of that transport. ``name`` is what
    the certificate of a peer has to be for that we connect to: two names are two connections, be
    they found at one address (RFC 5922 4).
    """

    transport: str
    local: tuple[str, int]
    remote: tuple[str, int]
    name: str = ""

    @property
    def reliable(self) -> bool:
        """Whether the transport retransmits by itself (RFC 3261 17)."""
        return self.transport != "udp"

    def matches(self, other: Flow) -> bool:
        """Whether both mean the same way, where one of them may leave our own end open."""
        return (
            self.remote == other.remote
            and self.transport == other.transport
            and self.name == other.name
            and (self.local == other.local or not self.local[1] or not other.local[1])
        )

    def __str__(self) -> str:
        return f"{self.transport}:{written(*self.remote)}"
