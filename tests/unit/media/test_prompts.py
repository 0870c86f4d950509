from __future__ import annotations

from array import array

import pytest

from cordboard.media.prompts import MAX_FILE_OCTETS, Prompt, PromptError
from support.audio import decoded, goertzel, rms, sine, wav


def heard(prompt: Prompt, codec: str = "PCMU") -> array[int]:
    """All that a prompt plays."""
    frames: list[bytes] = []
    while (frame := prompt.frame(codec, len(frames))) is not None:
        assert len(frame) == 160
        frames.append(frame)
    return decoded(frames, codec)


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000])
def test_any_rate_keeps_pitch_length_and_level(rate: int, codec: str) -> None:
    prompt = Prompt.from_wav(wav(sine(1000, 0.5, rate), rate))
    assert prompt.seconds == pytest.approx(0.5, abs=0.001)
    audio = heard(prompt, codec)
    assert goertzel(audio[400:3600], 1000) == pytest.approx(8000, rel=0.03)
    assert rms(audio[400:3600]) == pytest.approx(8000 / 2**0.5, rel=0.03)


@pytest.mark.parametrize(("rate", "hertz"), [(16000, 6000), (48000, 5500), (44100, 11000)])
def test_what_lies_above_4_khz_does_not_come_back(rate: int, hertz: float) -> None:
    audio = heard(Prompt.from_wav(wav(sine(hertz, 0.3, rate), rate)))
    assert rms(audio[400:2000]) < 80  # 40 dB below


def test_stereo_is_mixed() -> None:
    left, right = sine(500, 0.2, 8000), sine(1500, 0.2, 8000)
    both = array("h", [sample for pair in zip(left, right, strict=True) for sample in pair])
    audio = heard(Prompt.from_wav(wav(both, 8000, channels=2)))
    assert goertzel(audio, 500) == pytest.approx(4000, rel=0.05)
    assert goertzel(audio, 1500) == pytest.approx(4000, rel=0.05)


def test_8_bit_samples() -> None:
    audio = heard(Prompt.from_wav(wav(sine(1000, 0.2, 8000), 8000, width=1)))
    assert goertzel(audio, 1000) == pytest.approx(8000, rel=0.05)


def test_the_last_frame_is_filled_with_silence() -> None:
    prompt = Prompt(array("h", [1000] * 170))
    frame = prompt.frame("PCMA", 1)
    assert frame is not None
    assert frame[10:] == b"\xd5" * 150
    assert prompt.frame("PCMA", 2) is None


GOOD = wav(sine(1000, 0.01, 8000), 8000)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "not a PCM WAV file", id="empty"),
        pytest.param(b"ID3\x03" + bytes(100), "not a PCM WAV file", id="MP3"),
        pytest.param(GOOD[:30], "not a PCM WAV file", id="cut off"),
        pytest.param(GOOD[:20] + b"\x06\x00" + GOOD[22:], "not a PCM WAV file", id="A-law"),
        pytest.param(wav(array("h"), 8000), "no audio", id="no samples"),
        pytest.param(wav(array("h", [0] * 4), 8000, channels=4), "4 channels", id="channels"),
        pytest.param(wav(array("h", [0] * 4), 2000), "2000 Hz", id="slow"),
        pytest.param(wav(array("h", [0] * 4), 192000), "192000 Hz", id="fast"),
        pytest.param(GOOD[:32] + b"\x03\x00\x18\x00" + GOOD[36:], "24 bit", id="24 bit"),
        pytest.param(bytes(MAX_FILE_OCTETS + 1), "longer than", id="large"),
        pytest.param(wav(array("h", bytes(2 * 8000 * 121)), 8000), "longer than 120 s", id="long"),
    ],
)
def test_what_cannot_be_played_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(PromptError, match=reason):
        Prompt.from_wav(data)
