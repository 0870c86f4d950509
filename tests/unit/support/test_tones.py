"""The measuring of recordings is itself measured: a test that hears wrongly shows nothing."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest

from support.audio import sine, wav
from support.tones import RATE, first_sound, heard, seconds_of, write_tone

SILENCE = array("h", bytes(2 * RATE // 2))  # half a second


def _file(path: Path, *parts: array[int]) -> Path:
    samples = array("h")
    for part in parts:
        samples.extend(part)
    path.write_bytes(wav(samples, RATE))
    return path


def test_tones_are_found_with_their_times(tmp_path: Path) -> None:
    path = _file(tmp_path / "a.wav", SILENCE, sine(440, 1, RATE), SILENCE, sine(620, 0.5, RATE))
    first, second = heard(path, [440, 620])
    assert (first.hertz, second.hertz) == (440, 620)
    assert first.start == pytest.approx(0.5, abs=0.05)
    assert first.end == pytest.approx(1.5, abs=0.05)
    assert second.seconds == pytest.approx(0.5, abs=0.1)
    assert first_sound(path) == pytest.approx(0.5, abs=0.02)


def test_another_tone_is_not_taken_for_the_one_looked_for(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    write_tone(path, 440, 1.0)
    assert seconds_of(path, 620) == 0
    assert seconds_of(path, 440) == pytest.approx(1.0, abs=0.05)


def test_silence_holds_no_sound(tmp_path: Path) -> None:
    path = _file(tmp_path / "silence.wav", SILENCE)
    assert first_sound(path) is None
    assert heard(path, [440]) == []
