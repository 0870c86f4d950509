"""What one leg is sent: one SSRC whose numbers go on whatever the audio comes from.

A leg hears ringback, then early media, then the bridged party: sources that know nothing of each
other. To the phone they are one stream. Its sequence numbers go on by one at each change and its
timestamps by the time that passed, with the marker set. While one source lasts, its own gaps and
late packets are passed on as they are, so that the phone's jitter buffer sees what we saw. Only
another clock is another SSRC (RFC 7160, 4.1), and so another stream that begins anew.
"""

from __future__ import annotations

from typing import Final

from cordboard.media.g711 import FRAME_MS, FRAME_OCTETS, SAMPLE_RATE
from cordboard.media.rtp import HEADER, MARKER, PLAIN

_PACK: Final = HEADER.pack
_SPREAD: Final = 2654435761  # Knuth's multiplier: odd, so that no two streams meet
_OWN: Final = object()  # stands for the run of frames that we make ourselves

LastSent = tuple[int, int, int, int, int, float]
"""SSRC, number and timestamp of the last packet, what is added to the number (16 bit) and the
timestamp (32 bit) of a received one, and when the timestamp last moved."""


class Outgoing:
    """Numbers the packets that one leg is sent.

    :param ssrc: random 32 bit; so are ``sequence`` (16 bit) and ``timestamp`` at the beginning
        (RFC 3550, section 5.1).
    """

    __slots__ = (
        "_frame_units",
        "_octets_of_others",
        "_packets_before",
        "_packets_of_others",
        "_run",
        "_run_begins_at",
        "_sequence_offset",
        "_stamped_at",
        "_timestamp_offset",
        "octets",
        "packets",
        "rate",
        "sent_at",
        "sequence",
        "ssrc",
        "started_at",
        "timestamp",
    )

    def __init__(self, ssrc: int, sequence: int, timestamp: int) -> None:
        self.ssrc = ssrc
        self.sequence = sequence  # of the packet sent last (highest)
        self.timestamp = timestamp
        self.started_at: float | None = None  # of the first packet
        self.sent_at = 0.0  # of the last
        self.packets = 0
        self.octets = 0
        self.rate = SAMPLE_RATE  # Hz
        self._packets_of_others = 0  # sent under earlier SSRCs
        self._octets_of_others = 0
        self._frame_units = FRAME_OCTETS  # of the last packet of our own
        self._run: object = None  # what the offsets below are for
        self._sequence_offset = 0
        self._timestamp_offset = 0
        self._packets_before = 0  # the run began
        self._run_begins_at = 0  # number of its first packet
        self._stamped_at = 0.0  # when ``timestamp`` was the present

    def relay(
        self,
        run: object,
        payload_type: int,
        sequence: int,
        timestamp: int,
        payload: bytes,
        now: float,
    ) -> bytes | None:
        """Make the packet that passes on a received one; None if it came before its run began.

        :param payload_type: ours, with the marker bit of the received packet.
        """
        if run is not self._run:
            self._sequence_offset = self.sequence + 1 - sequence
            self._timestamp_offset = self._due(now) - timestamp
            self._run = run
            self._packets_before = self.packets
            self._run_begins_at = self.sequence + 1
            payload_type |= MARKER
        number = (sequence + self._sequence_offset) & 0xFFFF
        units = (timestamp + self._timestamp_offset) & 0xFFFFFFFF
        if (number - self.sequence) & 0xFFFF < 0x8000:
            self.sequence = number
            if units != self.timestamp:  # it stands still during a telephone event
                self.timestamp = units
                self._stamped_at = now
        elif self._is_before_run(number):
            return None  # its number was used for what was sent before
        if self.started_at is None:
            self.started_at = now
        self.sent_at = now
        self.packets += 1
        self.octets += len(payload)
        return _PACK(PLAIN, payload_type, number, units, self.ssrc) + payload

    def last(self, run: object) -> LastSent | None:
        """How the next packet of a run is numbered; None if it would be the first."""
        if run is not self._run:
            return None
        offsets = self._sequence_offset & 0xFFFF, self._timestamp_offset & 0xFFFFFFFF
        return self.ssrc, self.sequence, self.timestamp, *offsets, self._stamped_at

    def catch_up(
        self, packets: int, octets: int, sequence: int, timestamp: int, at: float, stamped_at: float
    ) -> None:
        """Take over what somebody else has sent in this run, the last of it at this time."""
        self.packets += packets
        self.octets += octets
        self.sequence = sequence
        self.timestamp = timestamp
        self.sent_at = at
        self._stamped_at = stamped_at

    def skip(self, run: object, sequence: int) -> None:
        """Leave one packet of the run out without a gap: it was not meant for this leg.

        One that others have overtaken leaves its gap, for their numbers are given.
        """
        ahead = (sequence + self._sequence_offset - self.sequence) & 0xFFFF
        if run is self._run and 0 < ahead < 0x8000:
            self._sequence_offset -= 1

    def frame(self, payload_type: int, payload: bytes, now: float) -> bytes:
        """Make the packet of the next frame (or frames) of our own."""
        if self._run is not _OWN:
            self.timestamp = self._due(now)
            self._run = _OWN
            payload_type |= MARKER
        else:
            self.timestamp = (self.timestamp + self._frame_units) & 0xFFFFFFFF
        self._frame_units = len(payload)
        self._stamped_at = now
        return self._next(payload_type, payload, now)

    def event(self, payload_type: int, payload: bytes, begins: bool, now: float) -> bytes:
        """Make a packet of a telephone event; ``begins``: it is the first.

        The packets of one event share a timestamp, and the audio after it goes on at its end.
        """
        if begins:
            self.timestamp = self._due(now)
            self._stamped_at = now
            payload_type |= MARKER
        self._run = None
        return self._next(payload_type, payload, now)

    def pause(self) -> None:
        """Take whatever comes next as a change of source."""
        self._run = None

    def clock(self, now: float) -> int:
        """The timestamp that audio of this moment would have, for sender reports."""
        passed = round((now - self._stamped_at) * self.rate)
        return (self.timestamp + passed) & 0xFFFFFFFF

    def set_rate(self, rate: int) -> None:
        """Go on under another clock (Hz), where it is another: with numbers that begin anew."""
        if rate == self.rate:
            return
        self.rate = rate
        if self.started_at is None:
            return
        # As random as the first ones were, which nobody outside could foresee.
        self.ssrc = (self.ssrc * _SPREAD + 1) & 0xFFFFFFFF
        self.sequence = (self.sequence * _SPREAD + 1) & 0xFFFF
        self.timestamp = (self.timestamp * _SPREAD + 1) & 0xFFFFFFFF
        self._packets_of_others, self._octets_of_others = self.packets, self.octets
        self._run = None

    @property
    def of_ssrc(self) -> tuple[int, int]:
        """Packets and octets sent under the present SSRC, as sender reports give them."""
        return self.packets - self._packets_of_others, self.octets - self._octets_of_others

    def _next(self, payload_type: int, payload: bytes, now: float) -> bytes:
        if self.started_at is None:
            self.started_at = now
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.sent_at = now
        self.packets += 1
        self.octets += len(payload)
        return _PACK(PLAIN, payload_type, self.sequence, self.timestamp, self.ssrc) + payload

    def _is_before_run(self, number: int) -> bool:
        """Whether a late number is from before the run; one that has lasted for half of all
        numbers has nothing late from then."""
        young = self.packets - self._packets_before < 0x8000
        return young and (number - self._run_begins_at) & 0xFFFF >= 0x8000

    def _due(self, now: float) -> int:
        """The timestamp of a new source's first packet: the old one's, and the time since."""
        if self.started_at is None:
            return self.timestamp
        least = self._frame_units if self._run is _OWN else self.rate * FRAME_MS // 1000
        passed = max(least, round((now - self._stamped_at) * self.rate))
        return (self.timestamp + passed) & 0xFFFFFFFF
