"""The figures of one leg's audio, as they stand at a moment."""

from __future__ import annotations

from typing import Final

from cordboard.values import often_made

ONE_WAY_SILENCE_AFTER: Final = 5.0  # s of sending without an answer; silence suppression is shorter


@often_made(frozen=True, slots=True)
class MediaFigures:
    """What one leg sent and received. Octets are of payload; times are seconds."""

    packets_sent: int = 0
    octets_sent: int = 0
    packets_received: int = 0
    octets_received: int = 0
    packets_lost: int = 0  # expected by sequence number and not come
    jitter_ms: float = 0.0  # the smoothed estimate of RFC 3550, A.8
    wrong_source: int = 0  # dropped: from an address that may not send to this leg
    not_negotiated: int = 0  # dropped: a payload type that was not agreed on
    malformed: int = 0  # dropped: no RTP
    one_way_silence: float = 0.0  # the longest time of sending into silence, 0 if never over 5 s
    last_received: float | None = None  # monotonic
    remote_lost: int = 0  # what the peer's reports say that it lost of ours
    round_trip: float | None = None  # by the peer's last report

    @property
    def loss(self) -> float:
        """The share of expected packets that did not come, 0 to 1."""
        expected = self.packets_received + self.packets_lost
        return self.packets_lost / expected if expected else 0.0

    @property
    def heard(self) -> bool:
        """Whether anything was received at all."""
        return self.packets_received > 0
