"""Voices that are added: when each is heard, and by how much, to the sample."""

from __future__ import annotations

from array import array

import pytest

from cordboard.media import g711
from cordboard.media.g711 import MOST_SUMMED, PCMA, PCMU
from cordboard.media.mixing import FRAME, KEPT_BACK, MOST_KEPT, Mix, PlayoutBuffer, Voice


def ramp(first: int, count: int = FRAME) -> array[int]:
    """Samples that can be told from each other."""
    return array("h", range(first, first + count))


def level(value: int, codec: str = PCMU) -> bytes:
    """A packet's payload whose samples are all alike."""
    return g711.encode(array("h", [value]) * FRAME, codec)


def heard(mix: Mix, frames: int, codec: str = PCMU) -> list[int]:
    """The first sample of each of the next frames."""
    return [g711.decode(mix.frame(codec), codec)[0] for _ in range(frames)]


# One voice on its way


def test_a_voice_begins_forty_milliseconds_late() -> None:
    buffer = PlayoutBuffer()
    assert buffer.take() is None
    buffer.put(5000, ramp(1))
    assert [buffer.take() for _ in range(2)] == [array("h", [0] * FRAME)] * (KEPT_BACK // FRAME)
    assert buffer.take() == ramp(1)
    assert buffer.take() is None


def test_packets_that_come_in_bursts_are_heard_evenly() -> None:
    buffer = PlayoutBuffer()
    buffer.put(0, ramp(1))
    assert buffer.take() is not None
    buffer.put(160, ramp(161))
    buffer.put(320, ramp(321))
    assert buffer.take() is not None
    assert [buffer.take() for _ in range(3)] == [ramp(1), ramp(161), ramp(321)]


def test_what_has_overtaken_is_put_in_its_place() -> None:
    buffer = PlayoutBuffer()
    buffer.put(0, ramp(1))
    buffer.put(320, ramp(321))
    buffer.put(160, ramp(161))
    assert [buffer.take() for _ in range(5)][2:] == [ramp(1), ramp(161), ramp(321)]


def test_what_is_lost_is_silence() -> None:
    buffer = PlayoutBuffer()
    buffer.put(0, ramp(1))
    buffer.put(320, ramp(321))
    assert [buffer.take() for _ in range(5)][2:] == [ramp(1), array("h", [0] * FRAME), ramp(321)]


def test_packets_may_be_of_any_length() -> None:
    buffer = PlayoutBuffer()
    buffer.put(0, ramp(1, 240))
    buffer.put(240, ramp(241, 80))
    assert [buffer.take() for _ in range(4)][2:] == [ramp(1), ramp(161)]


def test_a_last_packet_is_filled_up_with_silence() -> None:
    buffer = PlayoutBuffer()
    buffer.put(0, ramp(1, 80))
    taken = [buffer.take() for _ in range(3)][2]
    assert taken == ramp(1, 80) + array("h", [0] * 80)


def test_timestamps_may_begin_anew_from_zero() -> None:
    buffer = PlayoutBuffer()
    buffer.put(2**32 - 160, ramp(1))
    buffer.put(0, ramp(161))
    assert [buffer.take() for _ in range(4)][2:] == [ramp(1), ramp(161)]


def test_what_comes_too_late_is_left_out_while_others_wait() -> None:
    buffer = PlayoutBuffer()
    buffer.put(160, ramp(161))
    buffer.put(320, ramp(321))
    assert [buffer.take() for _ in range(3)][2] == ramp(161)
    buffer.put(0, ramp(1))
    assert buffer.take() == ramp(321)


def test_what_comes_late_by_half_is_heard_from_there_on() -> None:
    buffer = PlayoutBuffer()
    buffer.put(160, ramp(161))
    buffer.put(320, ramp(321))
    for _ in range(3):
        buffer.take()
    buffer.put(240, ramp(1))  # 80 samples of it are over
    assert buffer.take() == ramp(81, 80) + ramp(401, 80)


def test_who_was_silent_is_kept_back_anew() -> None:
    buffer = PlayoutBuffer()
    buffer.put(0, ramp(1))
    for _ in range(10):
        buffer.take()
    buffer.put(160, ramp(161))  # ten frames late
    assert buffer.waiting == KEPT_BACK + FRAME
    assert [buffer.take() for _ in range(3)][2] == ramp(161)


@pytest.mark.parametrize("jump", [MOST_KEPT + 1, 10**6, 2**31 + 5])
def test_another_source_is_kept_back_anew(jump: int) -> None:
    buffer = PlayoutBuffer()
    buffer.put(0, ramp(1))
    for _ in range(3):
        buffer.take()
    buffer.put(KEPT_BACK + jump, ramp(161))
    assert [buffer.take() for _ in range(3)][2] == ramp(161)


def test_a_clock_that_runs_ahead_makes_nothing_grow() -> None:
    buffer = PlayoutBuffer()
    for number in range(1000):
        buffer.put(number * 160, ramp(1))
        assert buffer.waiting <= MOST_KEPT + FRAME
        if number % 10:
            buffer.take()


# Several at once


def test_nobody_is_silence() -> None:
    mix = Mix()
    assert (mix.frame(PCMU), mix.frame(PCMA)) == (g711.silence(PCMU), g711.silence(PCMA))


@pytest.mark.parametrize("codec", [PCMU, PCMA])
def test_one_voice_is_heard_as_it_is(codec: str) -> None:
    voice, mix = Voice(), Mix()
    mix.hear([voice])
    for number in range(3):
        voice.write(level(1000 * number, codec), codec, number * 160)
    frames = [mix.frame(codec) for _ in range(6)]
    assert frames[2:5] == [level(1000 * number, codec) for number in range(3)]
    assert frames[5] == g711.silence(codec)


@pytest.mark.parametrize("codec", [PCMU, PCMA])
def test_voices_are_added_to_the_sample(codec: str) -> None:
    one, other, mix = Voice(), Voice(), Mix()
    mix.hear([one, other])
    said = array("h", range(-8000, 8000, 100))
    answered = array("h", [3000, -3000] * 80)
    one.write(g711.encode(said, PCMU), PCMU, 0)
    other.write(g711.encode(answered, PCMA), PCMA, 77_000)
    frames = [mix.frame(codec) for _ in range(3)]
    parts = (g711.decode(g711.encode(said, PCMU), PCMU), g711.encode(answered, PCMA))
    sums = array("h", map(sum, zip(parts[0], g711.decode(parts[1], PCMA), strict=True)))
    assert frames[2] == g711.encode(sums, codec)


def test_six_voices_are_added() -> None:
    voices, mix = [Voice() for _ in range(MOST_SUMMED)], Mix()
    mix.hear(voices)
    for voice in voices:
        voice.write(level(500), PCMU, 0)
    each = g711.decode(level(500), PCMU)[0]
    sums = array("h", [each * MOST_SUMMED] * FRAME)
    assert [mix.frame(PCMU) for _ in range(3)][2] == g711.encode(sums, PCMU)


@pytest.mark.parametrize("codec", [PCMU, PCMA])
@pytest.mark.parametrize("sign", [1, -1])
def test_what_is_too_loud_is_as_loud_as_it_can_be(codec: str, sign: int) -> None:
    voices, mix = [Voice() for _ in range(MOST_SUMMED)], Mix()
    mix.hear(voices)
    for voice in voices:
        voice.write(level(32767 * sign, codec), codec, 0)
    assert [mix.frame(codec) for _ in range(3)][2] == level(32767 * sign, codec)


def test_every_sum_has_the_code_of_its_place() -> None:
    for codec in (PCMU, PCMA):
        inside = array("h", range(-32768, 32768))
        assert g711.encode_sums(inside, codec) == g711.encode(inside, codec)
        lowest, highest = -32768 * MOST_SUMMED, 32767 * MOST_SUMMED
        assert g711.encode_sums([lowest, highest], codec) == g711.encode(
            array("h", [-32768, 32767]), codec
        )


def test_more_than_a_sum_has_room_for_is_refused() -> None:
    with pytest.raises(ValueError, match="7 voices"):
        Mix().hear([Voice() for _ in range(MOST_SUMMED + 1)])


def test_a_voice_is_in_several_mixes_each_at_its_own_pace() -> None:
    voice, early, late = Voice(), Mix(), Mix()
    early.hear([voice])
    late.hear([voice])
    voice.write(level(1000), PCMU, 0)
    told = g711.decode(level(1000), PCMU)[0]
    assert heard(early, 4) == [0, 0, told, 0]
    assert heard(late, 4) == [0, 0, told, 0]


def test_who_is_heard_on_goes_on_as_he_was() -> None:
    one, other, mix = Voice(), Voice(), Mix()
    mix.hear([one])
    one.write(level(1000), PCMU, 0)
    assert heard(mix, 1) == [0]
    mix.hear([one, other])
    other.write(level(200), PCMU, 0)
    thousand, two_hundred = (g711.decode(level(value), PCMU)[0] for value in (1000, 200))
    assert heard(mix, 3) == [0, thousand, two_hundred]
    mix.hear([other])
    one.write(level(1000), PCMU, 160)
    assert heard(mix, 3) == [0, 0, 0]


def test_what_is_no_g711_is_heard_by_nobody() -> None:
    voice, mix = Voice(), Mix()
    mix.hear([voice])
    voice.write(b"\x01" * 160, "G722/8000", 0)
    assert [mix.frame(PCMU) for _ in range(3)] == [g711.silence(PCMU)] * 3
