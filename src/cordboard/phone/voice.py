"""What a phone says: a tone, by which a recording shows who was heard."""

from __future__ import annotations

import math
from array import array
from typing import Final

from cordboard.media import g711
from cordboard.media.prompts import framed

LOWEST_HERTZ: Final = 50
HIGHEST_HERTZ: Final = 3400
"""The telephone band ends here."""

AMPLITUDE: Final = 6000
"""Of 32767: about -12 dBm0, as loud as a dial tone."""


class Sine:
    """A lasting tone of a whole number of Hz; it can be played on a leg of either codec.

    Raises :class:`ValueError` outside the telephone band.
    """

    __slots__ = ("_frames", "hertz")

    def __init__(self, hertz: int) -> None:
        if not LOWEST_HERTZ <= hertz <= HIGHEST_HERTZ:
            raise ValueError(f"a tone must have {LOWEST_HERTZ} to {HIGHEST_HERTZ} Hz")
        self.hertz = hertz
        self._frames = {g711.PCMU: self._rendered(g711.PCMU)}

    def frame(self, codec: str, index: int) -> bytes:
        """Give one frame; a second holds a whole number of periods, so it repeats seamlessly."""
        frames = self._frames.get(codec)
        if frames is None:
            frames = self._frames[codec] = self._rendered(codec)
        return frames[index % len(frames)]

    def _rendered(self, codec: str) -> tuple[bytes, ...]:
        """One second; it takes some 10 ms, so the codec of most calls is made ahead."""
        step = 2 * math.pi * self.hertz / g711.SAMPLE_RATE
        second = (round(AMPLITUDE * math.sin(step * n)) for n in range(g711.SAMPLE_RATE))
        return framed(g711.encode(array("h", second), codec), codec)
