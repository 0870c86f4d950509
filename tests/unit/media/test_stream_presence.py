"""When early media flows, and when media is lost."""

from __future__ import annotations

import pytest

from cordboard.media.events import EarlyMedia, MediaLost
from cordboard.media.rtcp import RtcpCompound
from cordboard.media.sources import Silence
from support.audio import PHONE, negotiated
from support.legs import early_events, leg


def test_early_media_begins_ceases_and_begins_again() -> None:
    stream = leg()
    assert early_events(stream, 4) == []
    assert early_events(stream, 10, 0.08) == [EarlyMedia(started=True)]
    assert stream.impatient
    assert stream.get_timer() == pytest.approx(1.26)
    stream.handle_timer(1.27)
    assert stream.take_events() == [EarlyMedia(started=False)]
    assert early_events(stream, 10, 2.0) == [EarlyMedia(started=True)]


def test_an_answered_leg_has_no_early_media_but_can_lose_its_media() -> None:
    stream = leg()
    stream.answered(0.0)
    assert early_events(stream, 20) == []
    stream.handle_timer(60.0)
    assert stream.take_events() == []
    stream.handle_timer(60.5)
    assert stream.take_events() == [MediaLost()]


def test_a_report_is_a_sign_of_life() -> None:
    stream = leg()
    stream.answered(0.0)
    stream.receive_rtcp(bytes(RtcpCompound(7)), (PHONE, 4001), 50.0)
    stream.handle_timer(100.0)
    assert stream.take_events() == []
    stream.handle_timer(110.0)
    assert stream.take_events() == [MediaLost()]


def test_a_ringing_leg_does_not_lose_its_media() -> None:
    stream = leg()
    stream.handle_timer(500.0)
    assert stream.take_events() == []


def test_packets_of_a_phone_that_says_it_sends_none_are_no_early_media() -> None:
    stream = leg()
    stream.configure(negotiated(direction="sendonly"), 0.0)
    assert early_events(stream, 20) == []


def test_sending_into_silence_is_seen() -> None:
    stream = leg()
    stream.play(1, Silence())
    for number in range(50):
        stream.tick(number * 0.02)
    assert stream.figures().one_way_silence == 0
    for number in range(50, 400):
        stream.tick(number * 0.02)
    assert stream.figures().one_way_silence == pytest.approx(7.98)
