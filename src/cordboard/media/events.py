"""What a media stream tells whoever runs the call, and the times after which it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PlayId = int | str  # whatever the caller numbers or names its plays by

EARLY_MEDIA_AFTER: Final = 0.1  # s of packets: a single stray one must not cut the ringback
EARLY_MEDIA_GAP: Final = 0.1  # s without a packet begin those anew (five lost frames of 20 ms)
EARLY_MEDIA_GONE_AFTER: Final = 1.0  # s without a packet
MEDIA_LOST_AFTER: Final = 60.0  # s without RTP or RTCP; a phone that suppresses silence has RTCP


@dataclass(frozen=True, slots=True)
class EarlyMedia:
    """Audio before the answer has begun, or has been silent for a second."""

    started: bool


@dataclass(frozen=True, slots=True)
class Digit:
    """A key was pressed (RFC 4733, or SIP INFO)."""

    digit: str  # one of 0123456789*#ABCD
    duration_ms: int
    by_info: bool = False  # whoever listens to the leg has not heard it in its audio


@dataclass(frozen=True, slots=True)
class PlayEnded:
    """What was played has ended by itself; who stops or replaces it knows."""

    play_id: PlayId


@dataclass(frozen=True, slots=True)
class MediaLost:
    """Neither RTP nor RTCP came for the stream's media timeout."""


MediaEvent = EarlyMedia | Digit | PlayEnded | MediaLost
