"""Two sides beside each other, laid out by when they came."""

from __future__ import annotations

from array import array

import pytest

from cordboard.media import g711
from cordboard.media.stereo import LATE_S, StereoRecording

LOUD, SOFT = b"\x80" * 160, b"\xff" * 160  # µ-law 32124 and 0
FRAME = 0.02


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def both(pcm: bytes) -> tuple[array[int], array[int]]:
    samples = g711.from_little_endian(pcm)
    return samples[0::2], samples[1::2]


def loud_from(samples: array[int]) -> list[int]:
    """Where it becomes loud, in frames."""
    return [n for n in range(len(samples) // 160) if samples[n * 160 + 80] == 32124]


def test_each_side_is_where_it_came(clock: Clock) -> None:
    recording = StereoRecording(clock)
    for frame in range(50):
        clock.now += FRAME
        recording.left.write(LOUD if frame < 10 else SOFT, "PCMU", 900 + 160 * frame)
        if frame >= 25:
            recording.right.write(LOUD, "PCMU", 2**32 - 320 + 160 * frame)
    left, right = both(recording.take(all_of_it=True))
    assert len(left) == len(right) == 8000
    assert loud_from(left) == list(range(10))
    assert loud_from(right) == list(range(25, 50))
    assert recording.seconds == pytest.approx(1.0)


def test_jitter_is_not_heard_and_order_is_restored(clock: Clock) -> None:
    recording = StereoRecording(clock)
    clock.now += FRAME
    recording.left.write(LOUD, "PCMU", 0)
    clock.now += 4 * FRAME
    for frame in (2, 1, 4, 3):
        recording.left.write(LOUD, "PCMU", 160 * frame)
    left, _ = both(recording.take(all_of_it=True))
    assert set(left) == {32124}


def test_what_is_handed_out_is_complete_and_small(clock: Clock) -> None:
    recording = StereoRecording(clock)
    pieces = []
    for frame in range(100):
        clock.now += FRAME
        recording.left.write(LOUD, "PCMU", 160 * frame)
        if frame % 10 == 9:
            pieces.append(recording.take())
    assert max(len(piece) for piece in pieces) <= 4 * 8000 // 5
    assert len(b"".join(pieces)) // 4 == 16_000 - round(LATE_S * 8000)
    left, _ = both(b"".join(pieces) + recording.take(all_of_it=True))
    assert loud_from(left) == list(range(100))


def test_another_source_is_laid_out_by_its_arrival(clock: Clock) -> None:
    recording = StereoRecording(clock)
    for frame in range(20):
        clock.now += FRAME
        recording.left.write(LOUD, "PCMU", (10 if frame < 10 else 3_000_000_000) + 160 * frame)
    left, _ = both(recording.take(all_of_it=True))
    assert loud_from(left) == list(range(20))


def test_what_comes_too_late_is_left_out(clock: Clock) -> None:
    recording = StereoRecording(clock)
    clock.now += FRAME
    recording.left.write(SOFT, "PCMU", 0)
    clock.now += 1.0
    recording.take()
    recording.left.write(LOUD, "PCMU", 160)
    left, _ = both(recording.take(all_of_it=True))
    assert loud_from(left) == [12 - 1], "by its arrival, for its place is gone"


def test_a_pause_is_not_in_it(clock: Clock) -> None:
    recording = StereoRecording(clock)
    for frame in range(30):
        clock.now += FRAME
        if frame in (10, 20):
            recording.pause(frame == 10)
        recording.left.write(LOUD if not 10 <= frame < 20 else SOFT, "PCMU", 160 * frame)
    recording.pause(False)
    left, _ = both(recording.take(all_of_it=True))
    assert len(left) == 20 * 160
    assert loud_from(left) == list(range(20))


def test_other_codecs_are_left_out(clock: Clock) -> None:
    recording = StereoRecording(clock)
    clock.now += FRAME
    recording.left.write(LOUD, "opus", 0)
    recording.right.write(b"\xaa" * 160, "PCMA", 0)
    left, right = both(recording.take(all_of_it=True))
    assert set(left) == {0}
    assert max(right) > 30_000
