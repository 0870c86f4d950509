"""Two legs recorded beside each other: what each said, laid out by the time at which it came.

Each side's packets follow each other by their own timestamps, so that jitter is not heard. Where
the first of them belongs, and where a side goes on whose timestamps have jumped or run away
(another source, a silence without packets, a clock that drifts), its arrival decides. Audio is
handed out as soon as nothing of it can come any more, so that little is lost whenever the recording
breaks off.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Final

from cordboard.media import g711

LATE_S: Final = 0.25
"""What comes later than that is left out; jitter buffers hold no more."""

MAX_DRIFT_S: Final = 0.2
"""Timestamps further from a packet's arrival are of another clock, or of another source."""

_RATE: Final = g711.SAMPLE_RATE


class Side:
    """One side's audio that was not handed out yet; a stream's recorder."""

    __slots__ = ("_of", "_offset", "samples")

    def __init__(self, of: StereoRecording) -> None:
        self._of = of
        self._offset: int | None = None  # from timestamps to places
        self.samples = array("h")

    def write(self, payload: bytes, codec: str, timestamp: int) -> None:
        """Put one packet's audio in its place; what is neither µ-law nor A-law is left out."""
        if codec not in g711.CODECS or self._of.paused:
            return
        due = self._of.place - len(payload)
        if self._offset is None:
            self._offset = (due - timestamp) & 0xFFFFFFFF
        place = self._place(timestamp)
        if abs(place - due) > MAX_DRIFT_S * _RATE:
            self._offset = (due - timestamp) & 0xFFFFFFFF
            place = due
        self._put(place - self._of.taken, g711.decode(payload, codec))

    def take(self, count: int) -> array[int]:
        """Hand out so many samples; what has not come is silence."""
        taken = self.samples[:count]
        del self.samples[:count]
        if len(taken) < count:
            taken.extend([0] * (count - len(taken)))
        return taken

    def forget_clock(self) -> None:
        """Lay out what comes next by its arrival."""
        self._offset = None

    def _place(self, timestamp: int) -> int:
        assert self._offset is not None
        place = (timestamp + self._offset) & 0xFFFFFFFF
        return place - 2**32 if place >= 2**31 else place

    def _put(self, start: int, audio: array[int]) -> None:
        if start < 0:
            audio, start = audio[-start:], 0
        missing = start - len(self.samples)
        if missing > 0:
            self.samples.extend([0] * missing)
        self.samples[start : start + len(audio)] = audio


class StereoRecording:
    """A recording that begins now. ``clock`` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began = clock()
        self._paused_at: float | None = None
        self.taken = 0
        """Samples that were handed out."""
        self.left = Side(self)
        self.right = Side(self)

    @property
    def paused(self) -> bool:
        """Whether what is said now is left out."""
        return self._paused_at is not None

    @property
    def place(self) -> int:
        """Where the present is, in samples from the beginning."""
        now = self._clock() if self._paused_at is None else self._paused_at
        return round((now - self._began) * _RATE)

    @property
    def seconds(self) -> float:
        """How long it is by now."""
        return self.place / _RATE

    def pause(self, on: bool) -> None:
        """Leave out what is said from now on, or no longer; the pause itself is not in it."""
        if on == self.paused:
            return
        if on:
            self._paused_at = self._clock()
        else:
            assert self._paused_at is not None
            self._began += self._clock() - self._paused_at
            self._paused_at = None
            self.left.forget_clock()
            self.right.forget_clock()

    def take(self, *, all_of_it: bool = False) -> bytes:
        """Hand out what is complete: 16 bit samples, left and right by turns, as WAV has them."""
        until = self.place if all_of_it else self.place - round(LATE_S * _RATE)
        count = until - self.taken
        if count <= 0:
            return b""
        self.taken = until
        both = array("h", bytes(4 * count))
        both[0::2] = self.left.take(count)
        both[1::2] = self.right.take(count)
        return g711.to_little_endian(both)
