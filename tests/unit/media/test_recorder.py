from __future__ import annotations

import io
import wave
from array import array

from cordboard.media import g711
from cordboard.media.recorder import Recorder

LOUD = b"\x80" * 160  # µ-law 32124


def samples(recorder: Recorder) -> array[int]:
    """What the file holds."""
    with wave.open(io.BytesIO(recorder.wav()), "rb") as reader:
        assert (reader.getnchannels(), reader.getsampwidth(), reader.getframerate()) == (1, 2, 8000)
        return g711.from_little_endian(reader.readframes(reader.getnframes()))


def test_gaps_become_silence_and_late_packets_find_their_place() -> None:
    recorder = Recorder()
    recorder.write(LOUD, "PCMU", 1000)
    recorder.write(LOUD, "PCMU", 1000 + 3 * 160)
    recorder.write(LOUD, "PCMU", 1000 + 160)
    assert list(samples(recorder)) == [32124] * 320 + [0] * 160 + [32124] * 160
    assert recorder.seconds == 0.08


def test_what_the_first_packet_has_overtaken_comes_before_it() -> None:
    recorder = Recorder()
    recorder.write(LOUD, "PCMU", 1000)
    recorder.write(LOUD, "PCMU", 1000 - 320)
    recorder.write(LOUD, "PCMU", 1000 + 160)
    assert list(samples(recorder)) == [32124] * 160 + [0] * 160 + [32124] * 320


def test_a_clock_that_runs_backwards_does_not_make_it_grow() -> None:
    recorder = Recorder()
    for index in range(10_000):
        recorder.write(LOUD, "PCMU", 2_000_000 - 8 * index)
    assert recorder.seconds < 60


def test_timestamps_wrap() -> None:
    recorder = Recorder()
    recorder.write(LOUD, "PCMU", 2**32 - 160)
    recorder.write(LOUD, "PCMU", 0)
    assert len(samples(recorder)) == 320


def test_a_jump_goes_on_at_the_end() -> None:
    recorder = Recorder()
    recorder.write(LOUD, "PCMU", 100_000)
    recorder.write(b"\xaa" * 160, "PCMA", 5)
    recorder.write(LOUD, "PCMU", 165)
    assert list(samples(recorder)) == [32124] * 160 + [32256] * 160 + [32124] * 160


def test_what_comes_after_the_limit_is_left_out() -> None:
    recorder = Recorder(max_seconds=0.03)
    for index in range(5):
        recorder.write(LOUD, "PCMU", index * 160)
    assert len(samples(recorder)) == 240


def test_an_empty_recording_is_a_file() -> None:
    assert len(samples(Recorder())) == 0
