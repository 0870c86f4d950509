"""What can be played on a leg: anything that gives a 20 ms frame by its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cordboard.media import g711
from cordboard.media.tone_plans import ToneKind, tone_plan
from cordboard.media.tones import tone_frames


class FrameSource(Protocol):
    """Something to play; it serves every codec, and several legs at once."""

    def frame(self, codec: str, index: int) -> bytes | None:
        """Give the 160 octets of the 20 ms at this place (from 0), None after the end."""


@dataclass(frozen=True, slots=True)
class Tone:
    """A call progress tone, for ever or for a time.

    :raises ValueError: the country or the kind is not known.
    """

    country: str
    kind: ToneKind
    seconds: float | None = None  # None: until it is stopped

    def __post_init__(self) -> None:
        tone_plan(self.country, self.kind)

    def frame(self, codec: str, index: int) -> bytes | None:
        """Give one frame of the tone."""
        if self.seconds is not None and index * g711.FRAME_MS >= self.seconds * 1000:
            return None
        frames = tone_frames(self.country, self.kind, codec)
        return frames[index % len(frames)]


@dataclass(frozen=True, slots=True)
class Silence:
    """Silence that is sent, which keeps the way through a NAT open, for ever or for a time."""

    seconds: float | None = None

    def frame(self, codec: str, index: int) -> bytes | None:
        """Give one frame of silence."""
        if self.seconds is not None and index * g711.FRAME_MS >= self.seconds * 1000:
            return None
        return g711.silence(codec)
