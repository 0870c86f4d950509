"""Where a media session is met: a pair of ports of one plane, for as long as it stays there."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass

from cordboard.engines.embedded.rtp_ports import PortPair


@dataclass(frozen=True, slots=True)
class Lodging:
    """A pair of ports that is lent to a session.

    ``host`` is what phones are told, ``taken`` are the ports of all sessions at this address: none
    of them can be a peer's.
    """

    host: str
    pair: PortPair
    taken: Container[int]
    give_back: Callable[[PortPair], None]

    @property
    def address(self) -> tuple[str, int]:
        """Host and port for our SDP."""
        return self.host, self.pair.port

    def leave(self) -> None:
        """Give the ports back."""
        self.give_back(self.pair)
