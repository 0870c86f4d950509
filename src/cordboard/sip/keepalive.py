"""Whether the far end of a connection is still there (RFC 5626 3.5.1, 4.4; RFC 6455 5.5.2).

Theory of operation. After ``every`` seconds in which the peer has said nothing whole a ping is due.
An answer within :data:`PONG_SECONDS`, or any message, shows that it lives. No answer shows that it
is gone, but only of a peer that has answered before: over TCP many never do (RFC 5626 has phones
ping and servers answer; RFC 3261 7.5 has everybody else pass line breaks over). Those get their
pings all the same, which keep the way through NATs open and let the system notice a peer that is
gone. A peer whose protocol makes it answer, as WebSocket does, begins as one that has answered.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

PONG_SECONDS: Final = 10.0
"""How long an answer may take: RFC 5626 4.4.1 gives a flow ten seconds."""


class Peer(StrEnum):
    """What is known of the peer."""

    UNPROVEN = "has never answered a ping"
    PROVEN = "answers pings"
    DOUBTED = "owes an answer"
    GONE = "gone"


class Input(StrEnum):
    """What may happen."""

    MESSAGE = "a message came"
    PONG = "an answer to a ping came"
    TIME = "the time of the state is over"


class Due(StrEnum):
    """What is to be done."""

    NOTHING = "nothing"
    PING = "ping"
    CUT = "cut"


TABLE: Final[dict[Peer, dict[Input, tuple[Peer, Due]]]] = {
    Peer.UNPROVEN: {
        Input.MESSAGE: (Peer.UNPROVEN, Due.NOTHING),
        Input.PONG: (Peer.PROVEN, Due.NOTHING),
        Input.TIME: (Peer.UNPROVEN, Due.PING),
    },
    Peer.PROVEN: {
        Input.MESSAGE: (Peer.PROVEN, Due.NOTHING),
        Input.PONG: (Peer.PROVEN, Due.NOTHING),
        Input.TIME: (Peer.DOUBTED, Due.PING),
    },
    Peer.DOUBTED: {
        Input.MESSAGE: (Peer.PROVEN, Due.NOTHING),
        Input.PONG: (Peer.PROVEN, Due.NOTHING),
        Input.TIME: (Peer.GONE, Due.CUT),
    },
    Peer.GONE: {},
}


class Keepalive:
    """The pings of one connection, every so many seconds of silence. ``answers`` says that the
    peer's protocol makes it answer."""

    __slots__ = ("_due_at", "_every", "peer")

    def __init__(self, every: float, now: float, *, answers: bool = False) -> None:
        self._every = every
        self._due_at = now + every
        self.peer = Peer.PROVEN if answers else Peer.UNPROVEN

    def message(self, now: float) -> None:
        """A whole message came from the peer."""
        self._happen(Input.MESSAGE, now)

    def pong(self, now: float) -> None:
        """An answer to a ping came."""
        self._happen(Input.PONG, now)

    def due(self, now: float) -> Due:
        """What is to be done by now; each is said once."""
        return Due.NOTHING if now < self._due_at else self._happen(Input.TIME, now)

    def _happen(self, what: Input, now: float) -> Due:
        row = TABLE[self.peer].get(what)
        if row is None:
            return Due.NOTHING
        self.peer, due = row
        self._due_at = now + (PONG_SECONDS if self.peer is Peer.DOUBTED else self._every)
        return due
