"""DTMF digits as telephone events (RFC 4733): reading them and sending them.

An event is a run of packets with one RTP timestamp and a growing duration; the last ones, sent
three times, carry the end bit. A digit is reported once: at the first end packet, or, where all
three were lost, when something else follows or nothing comes any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Final

from cordboard.media.events import Digit
from cordboard.media.g711 import FRAME_MS, SAMPLE_RATE

DIGITS: Final = "0123456789*#ABCD"  # the place is the event code (section 3.2, table 3)

DIGIT_MS: Final = 100  # as common phones send
MIN_DIGIT_MS: Final = 40  # below this receivers may take it for noise (ITU-T Q.24)
MAX_DIGIT_MS: Final = 8000  # what 16 bits of duration hold at 8 kHz without a second segment
END_PACKETS: Final = 3  # section 2.5.1.4
EVENT_SILENT_AFTER: Final = 0.15  # s: three update intervals of 50 ms, the slowest in use

_EVENT: Final = Struct("!BBH")  # event, E R volume, duration
_END: Final = 0x80
_VOLUME: Final = 10  # -10 dBm0
_SEGMENT: Final = 0xFFFF  # a longer event goes on under a timestamp this much later (2.5.1.3)


class DtmfReceiver:
    """Reads the telephone events of one stream."""

    __slots__ = ("_duration", "_earlier", "_heard_at", "_timestamp", "digit", "pending", "rate")

    def __init__(self) -> None:
        self.rate = SAMPLE_RATE  # Hz, the clock of durations
        self.digit = ""  # the one that has begun, or was the last
        self.pending = False  # a digit has begun and is not reported yet
        self._timestamp: int | None = None  # of the present or last event
        self._duration = 0
        self._earlier = 0  # duration of segments before the present one
        self._heard_at = 0.0

    def receive(self, payload: bytes, timestamp: int, now: float) -> tuple[Digit, ...]:
        """Take one packet and give the digits that it completes (none, one, at most two)."""
        if len(payload) < _EVENT.size:
            return ()
        event, flags, duration = _EVENT.unpack_from(payload)
        if event >= len(DIGITS):
            return ()
        completed: tuple[Digit, ...] = ()
        if timestamp != self._timestamp:
            if self._is_older(timestamp):
                return ()
            if not self._goes_on(DIGITS[event], timestamp):
                completed = self.flush()
                self._begin(DIGITS[event])
            self._timestamp = timestamp
            self._duration = 0
        elif not self.pending:
            return completed  # one more end packet of a digit already reported
        self._duration = max(self._duration, duration)
        self._heard_at = now
        if flags & _END:
            completed += self.flush()
        return completed

    def flush(self) -> tuple[Digit, ...]:
        """Report the digit that has begun, because its end packets will not come."""
        if not self.pending:
            return ()
        self.pending = False
        return (Digit(self.digit, (self._earlier + self._duration) * 1000 // self.rate),)

    def expire(self, now: float) -> tuple[Digit, ...]:
        """Report the digit whose packets have stopped coming without an end."""
        if self.pending and now - self._heard_at >= EVENT_SILENT_AFTER:
            return self.flush()
        return ()

    def forget(self) -> None:
        """Begin with a new source, whose timestamps say nothing about those before."""
        self.pending = False
        self._timestamp = None

    def _begin(self, digit: str) -> None:
        self.pending = True
        self.digit = digit
        self._earlier = 0

    def _is_older(self, timestamp: int) -> bool:
        if self._timestamp is None:
            return False
        return (timestamp - self._timestamp) & 0xFFFFFFFF > 0x7FFFFFFF

    def _goes_on(self, digit: str, timestamp: int) -> bool:
        if not self.pending or digit != self.digit or self._timestamp is None:
            return False
        if (timestamp - self._timestamp) & 0xFFFFFFFF != _SEGMENT:
            return False
        self._earlier += _SEGMENT
        return True


def event_payloads(
    digit: str, duration_ms: int = DIGIT_MS, rate: int = SAMPLE_RATE
) -> Iterator[tuple[bytes, int]]:
    """Give the payload of each 20 ms of a digit, and how many clock units it has lasted by then.

    All go out under the timestamp at which the digit began, the first with the marker.
    ``rate`` is the clock in Hz, at which the longest digit still fits into one segment.

    :raises ValueError: the digit is not one of ``0123456789*#ABCD``.
    """
    event = DIGITS.find(digit.upper())
    if event < 0 or len(digit) != 1:
        raise ValueError(f"{digit!r} is not one of {DIGITS}")
    longest = min(MAX_DIGIT_MS, _SEGMENT * 1000 // rate // FRAME_MS * FRAME_MS)
    lasting = max(MIN_DIGIT_MS, min(duration_ms, longest))
    return _event_payloads(event, -(-lasting // FRAME_MS), rate * FRAME_MS // 1000)


def rescaled(payload: bytes, rate: int, other_rate: int) -> bytes:
    """Give an event whose duration is in units of another clock; a malformed one stays as it is."""
    if len(payload) < _EVENT.size:
        return payload
    event, flags, duration = _EVENT.unpack_from(payload)
    return _EVENT.pack(event, flags, min(duration * other_rate // rate, _SEGMENT))


def _event_payloads(event: int, frames: int, frame: int) -> Iterator[tuple[bytes, int]]:
    for units in range(frame, frames * frame, frame):
        yield _EVENT.pack(event, _VOLUME, units), units
    units = frames * frame
    for _ in range(END_PACKETS):
        yield _EVENT.pack(event, _END | _VOLUME, units), units
