from __future__ import annotations

from cordboard.media.events import EarlyMedia, MediaLost
from cordboard.media.presence import EarlyMediaWatch, MediaLossWatch


def test_100_ms_of_packets_are_early_media() -> None:
    watch = EarlyMediaWatch()
    told = [watch.note(number * 0.02) for number in range(6)]
    assert told == [None] * 5 + [EarlyMedia(started=True)]
    assert watch.note(0.12) is None
    assert watch.deadline() == 1.12


def test_stray_packets_are_not() -> None:
    watch = EarlyMediaWatch()
    assert [watch.note(number * 0.5) for number in range(20)] == [None] * 20


def test_a_burst_at_one_moment_is_not() -> None:
    watch = EarlyMediaWatch()
    assert [watch.note(5.0) for _ in range(20)] == [None] * 20


def test_it_is_gone_after_a_second_and_may_come_again() -> None:
    watch = EarlyMediaWatch()
    for number in range(6):
        watch.note(number * 0.02)
    assert watch.expire(1.09) is None
    assert watch.expire(1.11) == EarlyMedia(started=False)
    assert watch.expire(9.0) is None
    told = [watch.note(10 + number * 0.02) for number in range(7)]
    assert told.count(EarlyMedia(started=True)) == 1


def test_media_is_lost_once() -> None:
    watch = MediaLossWatch(60)
    assert watch.expire(1000, None) is None  # not answered yet
    watch.begin(100)
    assert watch.expire(159.9, None) is None
    assert watch.expire(160, None) == MediaLost()
    assert watch.expire(300, None) is None


def test_rtp_and_rtcp_are_life() -> None:
    watch = MediaLossWatch(60)
    watch.begin(0)
    assert watch.expire(70, 30.0) is None
    watch.note(80)
    assert watch.deadline() == 140
    assert watch.expire(139, 30.0) is None
    assert watch.expire(140, 30.0) == MediaLost()
    watch.note(150)
    assert watch.expire(210, 30.0) == MediaLost()  # it had come back


def test_hold_stops_the_watch_and_resuming_starts_it_anew() -> None:
    watch = MediaLossWatch(60)
    watch.begin(0)
    watch.end()
    assert watch.expire(500, None) is None
    watch.begin(500)
    assert watch.expire(559, None) is None
    assert watch.expire(560, None) == MediaLost()


def test_zero_is_never() -> None:
    watch = MediaLossWatch(0)
    watch.begin(0)
    assert watch.deadline() is None
    assert watch.expire(10**6, None) is None
