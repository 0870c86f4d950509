"""Tones in WAV files: made for phones to play, and found again in what phones recorded."""

from __future__ import annotations

import wave
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cordboard.media import g711
from support.audio import goertzel, rms, sine, wav

RATE = 8000
WAV_HEAD = 44
WINDOW = 0.05
"""s that are judged at a time: 20 Hz of resolution."""

AUDIBLE = 200.0
"""Amplitude (of 32767) below which a tone counts as not there; phones' tones have 8000, ringback
about 2000."""

SPOKEN = 3000.0
"""Amplitude from which on a tone is a phone's, though others are heard with it."""

PURE = 0.5
"""A tone's part of the window's power from which on it is the tone and not something else."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A tone from one time of a recording to another, in seconds."""

    hertz: float
    start: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.end - self.start


def write_tone(path: Path, hertz: float, seconds: float) -> None:
    """Write a mono 8 kHz WAV file of one tone."""
    path.write_bytes(wav(sine(hertz, seconds, RATE), RATE))


def write_ulaw(path: Path, hertz: float, seconds: float) -> None:
    """Write the bare µ-law octets of one tone, as SIPp's ``rtp_stream`` takes them."""
    path.write_bytes(g711.encode(sine(hertz, seconds, RATE), "PCMU"))


def recorded_seconds(path: Path) -> float:
    """How much audio a mono 8 kHz file holds that is perhaps still being written."""
    return max(path.stat().st_size - WAV_HEAD, 0) / 2 / RATE


def read_samples(path: Path) -> tuple[array[int], int]:
    """The samples of a 16-bit WAV file (the left ones of several channels), and their rate."""
    with wave.open(str(path)) as file:
        assert file.getsampwidth() == 2, f"{path} has samples of {8 * file.getsampwidth()} bit"
        samples = array("h", file.readframes(file.getnframes()))
        return samples[:: file.getnchannels()], file.getframerate()


def heard(path: Path, candidates: Iterable[float]) -> list[Heard]:
    """When which of the candidate frequencies is heard, in order of their beginnings."""
    samples, rate = read_samples(path)
    size = int(rate * WINDOW)
    found: list[Heard] = []
    for hertz in candidates:
        start: float | None = None
        for place in range(0, len(samples) - size + 1, size):
            there = _is_there(samples[place : place + size], hertz, rate)
            if there and start is None:
                start = place / rate
            elif not there and start is not None:
                found.append(Heard(hertz, start, place / rate))
                start = None
        if start is not None:
            found.append(Heard(hertz, start, len(samples) / rate))
    return sorted(found, key=lambda tone: tone.start)


def seconds_of(path: Path, hertz: float) -> float:
    """How long a frequency is heard altogether."""
    return sum(tone.seconds for tone in heard(path, [hertz]))


def heard_last(path: Path, candidates: Iterable[float], seconds: float) -> set[float] | None:
    """Which of the candidate frequencies are heard, all at once, throughout the last seconds of a
    mono 8 kHz file that is perhaps still being written; None where some come or go meanwhile."""
    octets = path.read_bytes()[WAV_HEAD:]
    samples = array("h", octets[: len(octets) & ~1][-round(seconds * RATE) * 2 :])
    if len(samples) < round(seconds * RATE):
        return None
    size = int(RATE * WINDOW)
    windows = [samples[at : at + size] for at in range(0, len(samples) - size + 1, size)]
    there: set[float] = set()
    for hertz in candidates:
        found = [goertzel(window, hertz, RATE) > SPOKEN for window in windows]
        if any(found) and not all(found):
            return None
        if all(found):
            there.add(hertz)
    return there


def first_sound(path: Path) -> float | None:
    """When anything audible begins, in seconds; None for silence."""
    samples, rate = read_samples(path)
    size = int(rate * 0.01)
    for place in range(0, len(samples) - size + 1, size):
        if rms(samples[place : place + size]) > AUDIBLE / 2:
            return place / rate
    return None


def _is_there(window: array[int], hertz: float, rate: int) -> bool:
    amplitude = goertzel(window, hertz, rate)
    level = rms(window)
    return amplitude > AUDIBLE and amplitude * amplitude / 2 >= PURE * level * level
