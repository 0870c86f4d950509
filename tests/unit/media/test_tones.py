from __future__ import annotations

import math
from typing import cast

import pytest

from cordboard.media import g711
from cordboard.media.sources import Silence, Tone
from cordboard.media.tone_plans import COUNTRIES, TONE_KINDS, ToneKind, tone_plan
from cordboard.media.tones import prepare_tones, tone_frames
from support.audio import decoded, goertzel, rms


def level_dbm0(samples: list[int]) -> float:
    """The level of a signal: a sine of full scale has 3.14 dBm0."""
    return 20 * math.log10(rms(samples) * math.sqrt(2) / 32767) + 3.14


@pytest.mark.parametrize("codec", g711.CODECS)
@pytest.mark.parametrize("kind", TONE_KINDS)
@pytest.mark.parametrize("country", COUNTRIES)
def test_frequencies_cadence_and_level(country: str, kind: ToneKind, codec: str) -> None:
    audio = decoded(tone_frames(country, kind, codec), codec)
    start = 0
    for burst in tone_plan(country, kind):
        end = start + burst.milliseconds * 8
        heard = list(audio[start:end])
        start = end
        if not burst.hertz:
            assert max(map(abs, heard)) <= 8
            continue
        if not burst.modulated_by:
            assert level_dbm0(heard) == pytest.approx(-13, abs=0.3)
        for hertz in burst.hertz:
            expected = 32767 * 10 ** ((-13 - 3.14) / 20) / math.sqrt(len(burst.hertz))
            share = 0.575 if burst.modulated_by else 1.0
            assert goertzel(heard, hertz) == pytest.approx(expected * share, rel=0.05)
        assert goertzel(heard, max(burst.hertz) * 1.2) < 500


def test_the_japanese_ringback_is_modulated() -> None:
    heard = decoded(tone_frames("jp", "ringback", "PCMU"), "PCMU")[:8000]
    carrier = goertzel(heard, 400)
    assert goertzel(heard, 416) == pytest.approx(goertzel(heard, 384), rel=0.05)
    assert 0.25 < goertzel(heard, 416) / carrier < 0.45


@pytest.mark.parametrize("kind", TONE_KINDS)
@pytest.mark.parametrize("country", COUNTRIES)
def test_frames_hold_whole_periods(country: str, kind: ToneKind) -> None:
    frames = tone_frames(country, kind, "PCMA")
    period = sum(burst.milliseconds for burst in tone_plan(country, kind)) * 8
    assert {len(frame) for frame in frames} == {g711.FRAME_OCTETS}
    assert len(frames) * g711.FRAME_OCTETS % period == 0


def test_a_tone_repeats_for_ever_or_ends_in_time() -> None:
    endless = Tone("us", "busy")
    assert endless.frame("PCMU", 0) == endless.frame("PCMU", 50) == endless.frame("PCMU", 50 * 99)
    short = Tone("us", "busy", seconds=0.1)
    assert short.frame("PCMU", 4) is not None
    assert short.frame("PCMU", 5) is None


def test_silence() -> None:
    assert Silence().frame("PCMA", 10**6) == b"\xd5" * 160
    assert Silence(0.02).frame("PCMU", 0) == b"\xff" * 160
    assert Silence(0.02).frame("PCMU", 1) is None


def test_the_iso_code_of_britain_is_known() -> None:
    assert tone_frames("gb", "busy", "PCMU") == tone_frames("uk", "busy", "PCMU")


def test_unknown_tones_are_named() -> None:
    with pytest.raises(ValueError, match="no tones of 'xx'; known are at, au"):
        Tone("xx", "busy")
    with pytest.raises(ValueError, match="no tone 'howler'"):
        tone_plan("us", cast("ToneKind", "howler"))
    with pytest.raises(ValueError, match="no tones of"):
        prepare_tones("xx")


def test_prepared_tones_are_only_looked_up() -> None:
    prepare_tones("fr")
    assert tone_frames("fr", "busy", "PCMU") is tone_frames("fr", "busy", "PCMU")
