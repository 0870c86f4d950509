"""What may be passed on from one stream to another without asking: a passage.

Most packets of a call are like the one before: the next one of the same source, for a leg that
hears nothing else, and of interest to nobody. Who reads them may pass them on by himself, by the
``Terms`` of the stream that they come from (:mod:`~cordboard.media.lending`), and counts what he
does. Any packet that is not exactly what the terms say comes to ``receive_rtp`` as ever.

What is counted is the stream's again (``Passed``) before anybody asks it, and before anything is
done that another packet would have to be judged by: the stream *takes it back*.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from cordboard.media.latch import Address
from cordboard.media.outgoing import LastSent, Outgoing
from cordboard.media.reception import LastReceived, Reception


class Terms(NamedTuple):
    """What the next packet has to be, and what becomes of it (native code reads this order)."""

    source: Address
    payload_type: int
    payload_type_out: int
    table: bytes | None  # by which the payload is translated
    rate: float  # Hz
    received: LastReceived
    sent: LastSent


class Passed(NamedTuple):
    """What was passed on since it was told last; the other figures as they are now."""

    packets: int
    octets: int  # of payload
    steps: int  # by how much the sequence numbers went on
    sequence: int
    timestamp: int
    sequence_out: int
    timestamp_out: int
    jitter: float
    at: float
    stamped_at: float


class Carrier(Protocol):
    """Who passes on the packets of one stream."""

    def collect(self) -> Passed:
        """Say what was passed on, and go on with it."""

    def end(self) -> Passed:
        """Say it for the last time: what comes now is for ``receive_rtp``."""


class Passage:
    """One stream's audio while somebody else passes it on."""

    __slots__ = ("_carrier", "_outgoing", "_reception")

    def __init__(self, carrier: Carrier, reception: Reception, outgoing: Outgoing) -> None:
        self._carrier = carrier
        self._reception = reception
        self._outgoing = outgoing

    def collect(self) -> float | None:
        """Bring the figures up to date; give when the last packet came, None where none has."""
        return self._take(self._carrier.collect())

    def end(self) -> float | None:
        """Likewise, and let nothing be passed on any more."""
        return self._take(self._carrier.end())

    def _take(self, passed: Passed) -> float | None:
        if not passed[0]:
            return None
        packets, octets, steps, sequence, timestamp, number, units, jitter, at, stamped_at = passed
        self._reception.catch_up(packets, octets, steps, sequence, timestamp, jitter, at)
        self._outgoing.catch_up(packets, octets, number, units, at, stamped_at)
        return at
