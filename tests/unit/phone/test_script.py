"""A script that means nothing is refused; a voice is the tone it says it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cordboard.media import g711
from cordboard.phone.recording import Recordings
from cordboard.phone.script import Script
from cordboard.phone.voice import AMPLITUDE, Sine
from support.audio import decoded, goertzel


@pytest.mark.parametrize(
    "wrong",
    [{"answer_after": -1.0}, {"hang_up_after": -0.1}, {"reject": 200}, {"reject": 700}],
)
def test_a_script_that_means_nothing(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"negative|400 to 699"):
        Script(**wrong)


@pytest.mark.parametrize("codec", g711.CODECS)
@pytest.mark.parametrize("hertz", [300, 1000, 3400])
def test_a_voice_is_its_tone_without_a_seam(codec: str, hertz: int) -> None:
    voice = Sine(hertz)
    # Across the place where it begins anew, frame 50.
    samples = decoded((voice.frame(codec, index) for index in range(40, 60)), codec)
    assert goertzel(samples, hertz) == pytest.approx(AMPLITUDE, rel=0.05)
    assert goertzel(samples, hertz / 2) < AMPLITUDE / 50


@pytest.mark.parametrize("hertz", [0, 49, 3401])
def test_a_voice_outside_the_telephone_band(hertz: int) -> None:
    with pytest.raises(ValueError, match="Hz"):
        Sine(hertz)


def test_recordings_of_further_calls_are_numbered() -> None:
    recordings = Recordings(Path("calls/heard.wav"))
    assert [str(recordings.next_place()) for _ in range(3)] == [
        "calls/heard.wav",
        "calls/heard-2.wav",
        "calls/heard-3.wav",
    ]
