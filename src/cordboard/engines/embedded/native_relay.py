"""The native part of the relay (``_relay.c``), where there is one.

It reads all media sockets at one call and passes on by itself what streams have lent it
(:mod:`cordboard.media.passage`). It is made where a C compiler is at hand when the package is
installed, and nothing depends on it: without it every packet goes the same way through
``receive_rtp``, which costs several times as much.
"""

from __future__ import annotations

import socket
from typing import Final

from cordboard.media.lending import lend, terms_of
from cordboard.media.passage import Passed
from cordboard.media.rtp import PAYLOAD_TYPE
from cordboard.media.stream import MediaStream

try:
    from cordboard.engines.embedded import _relay
except ImportError:
    _built = False
else:
    _built = _relay.REVISION == 1  # not one that is left of another version of ours

NATIVE: Final = _built
"""Whether it was built."""


class NativeRelay:
    """Reads the sockets of one epoll set.

    Only where :data:`NATIVE`.
    """

    __slots__ = ("_relay", "look")

    def __init__(self, epoll: int) -> None:
        self._relay = _relay.Relay(epoll)
        self.look = self._relay.look
        """Given the time, reads one datagram from each socket that has any, and passes on what is
        lent; gives how many those were, and of the others the socket's number, data and source."""

    def go_on(
        self,
        packet: bytes,
        stream: MediaStream,
        receiving: socket.socket,
        listener: MediaStream,
        sending: socket.socket,
    ) -> None:
        """Pass on what follows a packet that was passed on from one stream to its listener, as far
        as it need not be looked at."""
        terms = terms_of(stream, packet[1] & PAYLOAD_TYPE)
        if terms is None:
            return
        number = receiving.fileno()
        if self._relay.lend(number, sending.fileno(), terms, listener.destination):
            lend(stream, NativeCarrier(self._relay, number))

    @property
    def passed(self) -> int:
        """How many packets it has passed on."""
        return self._relay.passed


class NativeCarrier:
    """What is lent of one socket."""

    __slots__ = ("_number", "_relay")

    def __init__(self, relay: _relay.Relay, number: int) -> None:
        self._relay = relay
        self._number = number

    def collect(self) -> Passed:
        """Say what was passed on, and go on with it."""
        return self._relay.collect(self._number)

    def end(self) -> Passed:
        """Say it for the last time."""
        return self._relay.end(self._number)
