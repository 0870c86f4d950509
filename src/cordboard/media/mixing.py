"""Several voices heard by one leg at once: each waits in a buffer of its own, and every 20 ms the
next frames of all of them are added.

A relayed packet goes on as it came, and the phone's jitter buffer makes up for its way. Voices that
are added have to be there at the same time, so each one is kept back a little
(:class:`PlayoutBuffer`), once for each leg that hears it, for legs tick on their own. Sums are
saturated and made G.711 by one table (:func:`~cordboard.media.g711.encode_sums`).
"""

from __future__ import annotations

from array import array
from collections.abc import Collection
from operator import add
from typing import Final

from cordboard.media import g711

FRAME: Final = g711.FRAME_OCTETS
"""Samples of 20 ms."""

KEPT_BACK: Final = 2 * FRAME
"""Samples by which a voice is late when it begins: 40 ms make up for the jitter of most lines."""

MOST_KEPT: Final = 10 * FRAME
"""Samples that wait at most: who is further ahead has another clock, or is another source."""

_HALF: Final = 1 << 31
_MASK: Final = (1 << 32) - 1


class PlayoutBuffer:
    """One voice on its way into one mix: laid out by its timestamps, taken 20 ms at a time.

    What is missing when its time comes is silence. A voice is placed anew, ``KEPT_BACK`` from now,
    when it begins, when it is further ahead than :data:`MOST_KEPT`, and when it comes too late
    while nothing is waiting: after a pause, a jump of its timestamps, or a stall of ours.
    """

    __slots__ = ("_due", "_samples")

    def __init__(self) -> None:
        self._samples = array("h")  # from ``_due`` on
        self._due: int | None = None  # the timestamp of the sample that is taken next

    @property
    def waiting(self) -> int:
        """Samples that wait, with the gaps between them."""
        return len(self._samples)

    def put(self, timestamp: int, samples: array[int]) -> None:
        """Keep a packet's samples until their time comes; too late ones are left out."""
        start = self._place(timestamp, len(samples))
        if start < 0:
            samples, start = samples[-start:], 0
        kept = self._samples
        missing = start - len(kept)
        if missing > 0:
            kept.frombytes(bytes(missing * kept.itemsize))
        kept[start : start + len(samples)] = samples

    def take(self) -> array[int] | None:
        """Take the next 20 ms; None where there is nothing."""
        if self._due is None:
            return None
        self._due = (self._due + FRAME) & _MASK
        frame = self._samples[:FRAME]
        if not frame:
            return None
        del self._samples[:FRAME]
        missing = FRAME - len(frame)
        if missing:
            frame.frombytes(bytes(missing * frame.itemsize))
        return frame

    def _place(self, timestamp: int, length: int) -> int:
        """Where a packet belongs, in samples from what is taken next."""
        if self._due is not None:
            ahead = (timestamp - self._due) & _MASK
            if ahead <= MOST_KEPT:
                return ahead
            if ahead >= _HALF and self._samples:  # it was overtaken
                return max(ahead - _MASK - 1, -length)
        self._due = (timestamp - KEPT_BACK) & _MASK
        del self._samples[:]
        return KEPT_BACK


class Voice:
    """What one leg says, for all mixes that it is heard in; its stream writes to it."""

    __slots__ = ("_buffers",)

    def __init__(self) -> None:
        self._buffers: list[PlayoutBuffer] = []

    def write(self, payload: bytes, codec: str, timestamp: int) -> None:
        """Take one packet's audio; what is neither µ-law nor A-law is heard by nobody."""
        if codec not in g711.CODECS or not self._buffers:
            return
        samples = g711.decode(payload, codec)
        for buffer in self._buffers:
            buffer.put(timestamp, samples)

    def enter(self, buffer: PlayoutBuffer) -> None:
        """Be heard there, too."""
        self._buffers.append(buffer)

    def leave(self, buffer: PlayoutBuffer) -> None:
        """Be heard there no longer."""
        self._buffers.remove(buffer)


class Mix:
    """What one leg hears of several voices: a sound without an end, for one leg only."""

    __slots__ = ("_heard",)

    def __init__(self) -> None:
        self._heard: dict[Voice, PlayoutBuffer] = {}

    def hear(self, voices: Collection[Voice]) -> None:
        """Hear these from now on; those that were heard before go on as they are.

        :raises ValueError: more than :data:`~cordboard.media.g711.MOST_SUMMED`.
        """
        if len(voices) > g711.MOST_SUMMED:
            raise ValueError(f"{len(voices)} voices are more than {g711.MOST_SUMMED}")
        for gone in [voice for voice in self._heard if voice not in voices]:
            gone.leave(self._heard.pop(gone))
        for voice in voices:
            if voice not in self._heard:
                buffer = self._heard[voice] = PlayoutBuffer()
                voice.enter(buffer)

    def frame(self, codec: str, _index: int = 0) -> bytes:
        """Go on by 20 ms, which are silent where nobody says anything.

        :raises KeyError: the codec is neither ``PCMU`` nor ``PCMA``.
        """
        frames = [frame for buffer in self._heard.values() if (frame := buffer.take()) is not None]
        if not frames:
            return g711.silence(codec)
        if len(frames) == 1:
            return g711.encode_sums(frames[0], codec)
        if len(frames) == 2:
            return g711.encode_sums(map(add, *frames), codec)
        return g711.encode_sums(map(sum, zip(*frames, strict=True)), codec)
