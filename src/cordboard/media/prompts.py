"""Prompts: WAV files made into 20 ms frames of G.711.

Whoever plays one reads the file; here only its octets are looked at. Any sampling rate is brought
to 8 kHz through a low-pass filter, so that nothing above 4 kHz comes back as a whistle.
"""

from __future__ import annotations

import io
import math
import wave
from array import array
from functools import lru_cache
from operator import mul
from typing import Final

from cordboard.media import g711

MAX_FILE_OCTETS: Final = 24 * 1024 * 1024  # two minutes of the costliest format taken
MAX_SECONDS: Final = 120
MIN_RATE: Final = 4000  # Hz
MAX_RATE: Final = 96000
MAX_CHANNELS: Final = 2

_PASS_BAND: Final = 0.92  # of half the lower rate; the rest is the filter's slope
_ZERO_CROSSINGS: Final = 12  # on each side of the filter: about 50 dB below at the second alias


class PromptError(ValueError):
    """The octets are not a WAV file that can be played; the message says why."""


class Prompt:
    """A prompt that can be played on a leg of either codec.

    :param samples: 8 kHz, 16 bit linear.
    """

    __slots__ = ("_frames", "_samples")

    def __init__(self, samples: array[int]) -> None:
        self._samples = samples
        self._frames: dict[str, tuple[bytes, ...]] = {}

    @classmethod
    def from_wav(cls, data: bytes) -> Prompt:
        """Read a WAV file: PCM of 8 or 16 bit, mono or stereo, 4 to 96 kHz, at most 120 s.

        :raises PromptError: it is something else.
        """
        rate, samples = _read(data)
        return cls(samples if rate == g711.SAMPLE_RATE else _resampled(samples, rate))

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return len(self._samples) / g711.SAMPLE_RATE

    def frame(self, codec: str, index: int) -> bytes | None:
        """Give the 20 ms at this place, None after the end."""
        frames = self._frames.get(codec)
        if frames is None:
            frames = self._frames[codec] = framed(g711.encode(self._samples, codec), codec)
        return frames[index] if index < len(frames) else None


def check_wav(data: bytes) -> None:
    """Tell whether :meth:`Prompt.from_wav` would take a file, without the work of converting it.

    :raises PromptError: it would not.
    """
    _read(data)


def framed(audio: bytes, codec: str) -> tuple[bytes, ...]:
    """Cut G.711 audio into frames; silence fills up the last one."""
    size = g711.FRAME_OCTETS
    frames = [audio[start : start + size] for start in range(0, len(audio), size)]
    if frames:
        frames[-1] += g711.silence(codec, size - len(frames[-1]))
    return tuple(frames)


def _read(data: bytes) -> tuple[int, array[int]]:
    if len(data) > MAX_FILE_OCTETS:
        raise PromptError(f"the file is longer than {MAX_FILE_OCTETS} octets")
    try:
        with wave.open(io.BytesIO(data), "rb") as reader:
            channels, width = reader.getnchannels(), reader.getsampwidth()
            rate, count = reader.getframerate(), reader.getnframes()
            _check(channels, width, rate, count)
            pcm = reader.readframes(count)
    except (wave.Error, EOFError, RuntimeError) as error:
        reason = str(error) or "it ends too early"
        raise PromptError(f"not a PCM WAV file: {reason}") from error
    pcm = pcm[: len(pcm) - len(pcm) % (channels * width)]
    samples = _from_8_bit(pcm) if width == 1 else g711.from_little_endian(pcm)
    if not samples:
        raise PromptError("the file holds no audio")
    return rate, samples if channels == 1 else _mixed(samples)


def _check(channels: int, width: int, rate: int, count: int) -> None:
    if not 1 <= channels <= MAX_CHANNELS:
        raise PromptError(f"{channels} channels; mono and stereo can be played")
    if width not in (1, 2):
        raise PromptError(f"{8 * width} bit samples; 8 and 16 bit can be played")
    if not MIN_RATE <= rate <= MAX_RATE:
        raise PromptError(f"{rate} Hz; {MIN_RATE} to {MAX_RATE} Hz can be played")
    if count > MAX_SECONDS * rate:
        raise PromptError(f"longer than {MAX_SECONDS} s")


def _from_8_bit(pcm: bytes) -> array[int]:
    return array("h", [(octet - 128) << 8 for octet in pcm])


def _mixed(samples: array[int]) -> array[int]:
    pairs = zip(samples[0::2], samples[1::2], strict=True)
    return array("h", [(left + right) // 2 for left, right in pairs])


def _resampled(samples: array[int], rate: int) -> array[int]:
    """Evaluate the filtered signal at each 1/8000 s (windowed sinc)."""
    reach = _reach(rate)
    padding = array("h", bytes(2 * reach))
    padded = padding + samples + padding
    common = math.gcd(rate, g711.SAMPLE_RATE)
    phases, step = g711.SAMPLE_RATE // common, rate // common
    result = array("h")
    for index in range(len(samples) * phases // step):
        whole, phase = divmod(index * step, phases)
        window = padded[whole + 1 : whole + 1 + 2 * reach]
        value = sum(map(mul, _taps(rate, phase), window))
        result.append(max(-32768, min(32767, round(value))))
    return result


def _reach(rate: int) -> int:
    """How many samples on each side of a point the filter looks at."""
    return math.ceil(_ZERO_CROSSINGS * max(rate / g711.SAMPLE_RATE, 1.0))


@lru_cache(maxsize=4096)
def _taps(rate: int, phase: int) -> tuple[float, ...]:
    """The filter for a point that lies this many phases after a sample."""
    reach = _reach(rate)
    phases = g711.SAMPLE_RATE // math.gcd(rate, g711.SAMPLE_RATE)
    cutoff = _PASS_BAND * min(1.0, g711.SAMPLE_RATE / rate)
    taps = []
    for tap in range(1 - reach, reach + 1):
        distance = tap - phase / phases
        x = math.pi * cutoff * distance
        window = 0.5 + 0.5 * math.cos(math.pi * min(1.0, abs(distance) / reach))
        taps.append(window * (math.sin(x) / x if x else 1.0))
    whole = sum(taps)
    return tuple(tap / whole for tap in taps)
