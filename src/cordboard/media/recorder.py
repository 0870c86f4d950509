"""Recording what was received, as a mono WAV file in memory."""

from __future__ import annotations

import io
import wave
from typing import Final, Protocol

from cordboard.media import g711

MAX_RECORDING_S: Final = 3600  # 57.6 MB of memory; recording to disk is another thing's task
MAX_GAP_S: Final = 10  # a longer jump of the timestamp is a new beginning, not lost audio
MAX_OVERTAKEN_S: Final = 1  # so long after the beginning, what is before it was overtaken by it

_SAMPLE_OCTETS = 2
_ZERO = b"\0" * _SAMPLE_OCTETS


class AudioSink(Protocol):
    """What a stream hands what it receives to."""

    def write(self, payload: bytes, codec: str, timestamp: int) -> None:
        """Take one packet's audio."""


class BothSinks:
    """Two of them at once."""

    __slots__ = ("_first", "_second")

    def __init__(self, first: AudioSink, second: AudioSink) -> None:
        self._first = first
        self._second = second

    def write(self, payload: bytes, codec: str, timestamp: int) -> None:
        """Let both take one packet's audio."""
        self._first.write(payload, codec, timestamp)
        self._second.write(payload, codec, timestamp)


def both_of(first: AudioSink | None, second: AudioSink | None) -> AudioSink | None:
    """What takes audio for as many of two as there are."""
    if first is None:
        return second
    return first if second is None else BothSinks(first, second)


class Recorder:
    """Lays payloads out by their timestamps; what is missing becomes silence.

    :param max_seconds: what comes after so much audio is left out.
    """

    def __init__(self, max_seconds: float = MAX_RECORDING_S) -> None:
        self._audio = bytearray()
        self._first: int | None = None  # timestamp of the place where the audio begins
        self._limit = int(max_seconds * g711.SAMPLE_RATE)

    @property
    def seconds(self) -> float:
        """How long the recording is by now."""
        return len(self._audio) / _SAMPLE_OCTETS / g711.SAMPLE_RATE

    def write(self, payload: bytes, codec: str, timestamp: int) -> None:
        """Put one packet's audio in its place (also one that comes late or twice).

        :raises KeyError: the codec is neither ``PCMU`` nor ``PCMA``.
        """
        start = self._place_of(timestamp)
        samples = g711.decode(payload, codec)[: max(self._limit - start, 0)]
        if not samples:
            return
        end = (start + len(samples)) * _SAMPLE_OCTETS
        missing = start - len(self._audio) // _SAMPLE_OCTETS
        if missing > 0:
            self._audio += _ZERO * missing
        self._audio[start * _SAMPLE_OCTETS : end] = g711.to_little_endian(samples)

    def wav(self) -> bytes:
        """Give the file: 8 kHz, mono, 16 bit."""
        file = io.BytesIO()
        with wave.open(file, "wb") as writer:
            writer.setnchannels(1)
            writer.setsampwidth(_SAMPLE_OCTETS)
            writer.setframerate(g711.SAMPLE_RATE)
            writer.writeframes(bytes(self._audio))
        return file.getvalue()

    def _place_of(self, timestamp: int) -> int:
        length = len(self._audio) // _SAMPLE_OCTETS
        if self._first is None:
            self._first = timestamp
        place = (timestamp - self._first) & 0xFFFFFFFF
        before = 2**32 - place
        if before + length <= min(MAX_OVERTAKEN_S * g711.SAMPLE_RATE, self._limit):
            self._first = timestamp
            self._audio[:0] = _ZERO * before
            return 0
        furthest = MAX_GAP_S * g711.SAMPLE_RATE
        if place > length + furthest:  # a jump, or (after wrapping) before the beginning
            self._first = (timestamp - length) & 0xFFFFFFFF
            return length
        return place
