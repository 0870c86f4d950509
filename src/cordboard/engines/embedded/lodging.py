"""Where media sessions are met: at pairs of ports of one plane, for as long as they stay there."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass

from cordboard.engines.embedded.rtp_ports import PortPair


@dataclass(frozen=True, slots=True)
class Lodgings:
    """Pairs of ports of one address, which are lent to sessions.

    ``host`` is what phones are told, ``taken`` are the ports of all sessions at this address: none
    of them can be a peer's. ``lend`` raises
    :class:`~cordboard.engines.embedded.rtp_ports.MediaPortsExhausted` where no pair is free.
    """

    host: str
    taken: Container[int]
    lend: Callable[[], PortPair]
    take_back: Callable[[PortPair], None]
