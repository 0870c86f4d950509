"""Counting what one stream receives: loss and jitter (RFC 3550, A.1, A.3 and A.8).

Sequence numbers are followed without wrapping: each packet moves the highest number by its
distance. A distance that no network makes (``MAX_DROPOUT`` forwards, ``MAX_MISORDER`` back) is
a new beginning if the next packet goes on from there, else one stray packet. After a change of the
source what is still under way from the one before is stray: else each such packet would change it.
"""

from __future__ import annotations

from typing import Final

from cordboard.media.g711 import SAMPLE_RATE

# The values of RFC 3550, A.1: a minute of lost packets, two seconds of late ones.
MAX_DROPOUT: Final = 3000
MAX_MISORDER: Final = 100
# s: a timestamp further on is a restarted clock; longer silence is sent as a new talkspurt.
MAX_TIMESTAMP_STEP: Final = 60

FORMER_SECONDS: Final = 0.3
"""For how long: more than any jitter that can be talked over (ITU-T G.114)."""

LATE: Final = 0  # came after one that was sent later, or twice
IN_ORDER: Final = 1
RESTARTED: Final = 2  # the first of a new source, or of a new beginning
STRAY: Final = 3  # to be dropped

LastReceived = tuple[int, int, int, int, float, float]
"""SSRC, number and timestamp of the last packet, by how far the timestamp of the next may go on
(clock units), the jitter (likewise), and when the last one came."""


class Reception:
    """Follows the sequence numbers and timestamps of one stream.

    ``run`` changes identity with each new beginning, so that whoever rewrites numbers can see by
    one comparison that its offsets hold no more.
    """

    __slots__ = (
        "_arrived",
        "_bad_sequence",
        "_base",
        "_began_at",
        "_former",
        "_furthest",
        "_highest",
        "_lost_before",
        "_received_before",
        "_reported_expected",
        "_reported_received",
        "_sequence",
        "_timestamp",
        "jitter",
        "octets",
        "packets",
        "rate",
        "run",
        "ssrc",
    )

    def __init__(self) -> None:
        self.packets = 0
        self.octets = 0
        self.jitter = 0.0  # clock units
        self.ssrc: int | None = None
        self.run: object = None
        self.rate = SAMPLE_RATE  # Hz
        self._former: int | None = None  # the SSRC before
        self._began_at = 0.0
        self._furthest = MAX_TIMESTAMP_STEP * SAMPLE_RATE
        self._sequence = 0  # highest, as sent
        self._highest = 0  # highest, without wrapping
        self._base = 0
        self._bad_sequence: int | None = None
        self._timestamp = 0
        self._arrived = 0.0
        self._received_before = 0  # packets of earlier runs
        self._lost_before = 0
        self._reported_expected = 0
        self._reported_received = 0

    def note(self, ssrc: int, sequence: int, timestamp: int, octets: int, now: float) -> int:
        """Count a packet of audio and say how it fits: IN_ORDER, LATE, RESTARTED or STRAY."""
        if ssrc != self.ssrc:
            if ssrc == self._former and now - self._began_at < FORMER_SECONDS:
                return STRAY
            return self._begin(ssrc, sequence, timestamp, octets, now)
        step = (sequence - self._sequence) & 0xFFFF
        if not 0 < step < MAX_DROPOUT:
            return self._out_of_order(step, sequence, timestamp, octets, now)
        elapsed = (timestamp - self._timestamp) & 0xFFFFFFFF
        if elapsed > self._furthest:
            return self._begin(ssrc, sequence, timestamp, octets, now)
        self._sequence = sequence
        self._highest += step
        self.packets += 1
        self.octets += octets
        deviation = (now - self._arrived) * self.rate - elapsed
        if deviation < 0:
            deviation = -deviation
        self.jitter += (deviation - self.jitter) * 0.0625
        self._timestamp = timestamp
        self._arrived = now
        return IN_ORDER

    def catch_up(
        self,
        packets: int,
        octets: int,
        steps: int,
        sequence: int,
        timestamp: int,
        jitter: float,
        at: float,
    ) -> None:
        """Take over what somebody else has noted of packets that were all in order; ``steps`` is by
        how much their numbers went on."""
        self.packets += packets
        self.octets += octets
        self._highest += steps
        self._sequence = sequence
        self._timestamp = timestamp
        self.jitter = jitter
        self._arrived = at

    @property
    def last(self) -> LastReceived:
        """What the next packet is judged by."""
        ssrc, furthest = self.ssrc or 0, self._furthest
        return ssrc, self._sequence, self._timestamp, furthest, self.jitter, self._arrived

    def set_rate(self, rate: int) -> None:
        """Take what follows as of another clock (Hz), where it is another."""
        if rate != self.rate:
            self.rate = rate
            self._furthest = MAX_TIMESTAMP_STEP * rate
            self.jitter = 0.0
            self._lost_before += self._expected() - self._received()
            self._received_before = self.packets
            self.ssrc = self._former = None  # whatever comes is a new beginning

    @property
    def jitter_ms(self) -> float:
        """The smoothed jitter in milliseconds."""
        return self.jitter * 1000 / self.rate

    def note_event(self, ssrc: int, sequence: int, octets: int) -> int:
        """Count a packet whose timestamp stands still (RFC 4733), which has no jitter."""
        if ssrc == self.ssrc:
            step = (sequence - self._sequence) & 0xFFFF
            if 0 < step < MAX_DROPOUT:
                self._sequence = sequence
                self._highest += step
                self.packets += 1
                self.octets += octets
                return IN_ORDER
            if step == 0 or step >= 0x10000 - MAX_MISORDER:
                self.packets += 1
                self.octets += octets
                return LATE
        return STRAY

    @property
    def lost(self) -> int:
        """How many packets did not come; those that came twice make up for others (A.3)."""
        return max(0, self._lost_before + self._expected() - self._received())

    @property
    def extended_highest(self) -> int:
        """The highest sequence number with its wraps, as reports give it."""
        return self._highest & 0xFFFFFFFF

    def fraction_lost(self) -> int:
        """The loss since the last call in 256ths (A.3)."""
        expected = self._expected() - self._reported_expected
        received = self._received() - self._reported_received
        self._reported_expected = self._expected()
        self._reported_received = self._received()
        if expected <= 0 or received >= expected:
            return 0
        return min(255, (expected - received) * 256 // expected)

    def _expected(self) -> int:
        return self._highest - self._base + 1 if self.ssrc is not None else 0

    def _received(self) -> int:
        return self.packets - self._received_before

    def _begin(self, ssrc: int, sequence: int, timestamp: int, octets: int, now: float) -> int:
        self._lost_before += self._expected() - self._received()
        self._received_before = self.packets
        self._reported_expected = self._reported_received = 0
        self.packets += 1
        self.octets += octets
        if ssrc != self.ssrc:
            self._former, self._began_at = self.ssrc, now
        self.ssrc = ssrc
        self.run = object()
        self._sequence = self._highest = self._base = sequence
        self._bad_sequence = None
        self._timestamp = timestamp
        self._arrived = now
        return RESTARTED

    def _out_of_order(
        self, step: int, sequence: int, timestamp: int, octets: int, now: float
    ) -> int:
        if step == 0 or step >= 0x10000 - MAX_MISORDER:
            self.packets += 1
            self.octets += octets
            return LATE
        if sequence == self._bad_sequence:
            return self._begin(self.ssrc or 0, sequence, timestamp, octets, now)
        self._bad_sequence = (sequence + 1) & 0xFFFF
        return STRAY
