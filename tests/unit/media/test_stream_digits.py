"""Digits as telephone events, through a bridge and of our own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cordboard.media.bridging import bridge
from cordboard.media.dtmf import event_payloads
from cordboard.media.events import Digit, EarlyMedia
from cordboard.media.rtp import RtpPacket
from support.audio import PHONE, negotiated, parsed, voice
from support.legs import bridged, digit_packets, leg, opus, relay


def test_digits_pass_the_bridge_and_are_told_once() -> None:
    a, _ = bridged()
    relay(a, voice(0))
    passed = [relay(a, data, 0.02) for data in digit_packets("5", first=1, timestamp=160)]
    assert all(packet is not None and packet.payload_type == 101 for packet in passed)
    assert len({packet.timestamp for packet in passed if packet}) == 1
    assert a.take_events() == [Digit("5", 100)]


def test_digits_for_a_phone_that_takes_none_leave_no_gap() -> None:
    a, b = bridged()
    b.configure(negotiated(5000, events=False), 0.0)
    before = relay(a, voice(0))
    packets = digit_packets("5", first=1, timestamp=160)
    assert [relay(a, data, 0.02) for data in packets] == [None] * len(packets)
    after = relay(a, voice(len(packets) + 1), 0.2)
    assert before is not None
    assert after is not None
    assert (after.sequence - before.sequence) & 0xFFFF == 1
    assert not b.send_digit("1")


def test_a_digit_left_out_late_takes_no_number_twice() -> None:
    a, b = bridged()
    b.configure(negotiated(5000, events=False), 0.0)
    digit = digit_packets("5", first=1, timestamp=160)[0]
    packets = [relay(a, data, 0.1) for data in (voice(0), voice(2), digit, voice(3))]
    numbers = [packet.sequence for packet in packets if packet is not None]
    assert [(number - numbers[0]) & 0xFFFF for number in numbers] == [0, 2, 3]


def test_audio_that_a_digit_has_overtaken_does_not_end_it() -> None:
    stream = leg()
    first, *others = digit_packets("5", first=4, timestamp=640)
    for data in (voice(0), voice(2), first, voice(1), voice(3), *others):
        relay(stream, data, 0.1)
    assert stream.take_events() == [Digit("5", 100)]


def test_a_digit_whose_end_is_lost_is_told_by_audio_or_by_time() -> None:
    stream = leg()
    relay(stream, voice(0))
    for data in digit_packets("1", first=1, timestamp=160)[:2]:
        relay(stream, data, 0.1)
    assert stream.attention
    assert stream.impatient
    relay(stream, voice(10), 0.2)
    assert stream.take_events() == [EarlyMedia(started=True), Digit("1", 40)][1:]
    for data in digit_packets("2", first=11, timestamp=5000)[:2]:
        relay(stream, data, 0.3)
    deadline = stream.get_timer()
    assert deadline == pytest.approx(0.45)
    stream.handle_timer(0.46)
    assert stream.take_events() == [Digit("2", 40)]


def test_digits_are_sent_one_after_the_other_and_hold_back_the_audio() -> None:
    a, b = bridged()
    before = relay(a, voice(0))
    assert b.send_digit("1", 60)
    assert b.send_digit("2", 60)
    sent: list[RtpPacket] = []
    now = 0.0
    while b.playing:
        now += 0.02
        made = b.tick(now)
        if made is not None:
            sent.append(parsed(made))
        elif b.playing:
            assert relay(a, voice(round(now / 0.02)), now) is None
    assert [packet.payload[0] for packet in sent] == [1] * 5 + [2] * 5
    assert [packet.marker for packet in sent] == [True, *[False] * 4] * 2
    assert len({packet.timestamp for packet in sent}) == 2
    receiver = leg(6000)
    receiver.receive_rtp(voice(0, ssrc=2, first=sent[0].sequence - 1), (PHONE, 6000), 0.0)
    for packet in sent:
        receiver.receive_rtp(bytes(packet), (PHONE, 6000), 0.1)
    assert receiver.take_events() == [Digit("1", 60), Digit("2", 60)]
    after = relay(a, voice(round(now / 0.02) + 1), now + 0.02)
    assert before is not None
    assert after is not None
    assert (after.sequence - before.sequence) & 0xFFFF == 11
    passed = (after.timestamp - before.timestamp) & 0xFFFFFFFF
    assert passed == pytest.approx((now + 0.02) * 8000, abs=2)


def test_too_many_digits_are_refused() -> None:
    stream = leg()
    assert all(stream.send_digit("1") for _ in range(64))
    assert not stream.send_digit("1")


def test_digits_at_the_clock_of_the_audio() -> None:
    a, b = leg(4000), leg(5000, ssrc=2)
    bridge(a, b)
    a.configure(opus(4000), 0.0)
    b.configure(opus(5000, events=97), 0.0)
    relay(a, bytes(RtpPacket(111, 1, 0, 9, b"opus")))
    for place, (payload, _) in enumerate(event_payloads("7", 100, 48000)):
        data = bytes(RtpPacket(110, 2 + place, 960, 9, payload, marker=place == 0))
        packet = relay(a, data, 0.02)
        assert packet is not None
        assert (packet.payload_type, packet.payload) == (97, payload)
    assert a.take_events() == [Digit("7", 100)]
    assert b.send_digit("1", 60)
    sent = [parsed(b.tick(0.1 + n * 0.02)) for n in range(5)]
    assert [int.from_bytes(packet.payload[2:], "big") for packet in sent] == [
        960,
        1920,
        2880,
        2880,
        2880,
    ]
    assert sent[0].marker


def test_digits_of_another_clock_than_the_others_are_rescaled() -> None:
    a, b = leg(4000), leg(5000, ssrc=2)
    bridge(a, b)
    a.configure(opus(4000), 0.0)
    b.configure(replace(opus(5000, events=101), event_rate=8000), 0.0)
    relay(a, bytes(RtpPacket(111, 1, 0, 9, b"opus")))
    payload, _ = next(iter(event_payloads("7", 100, 48000)))
    packet = relay(a, bytes(RtpPacket(110, 2, 960, 9, payload, marker=True)), 0.02)
    assert packet is not None
    assert int.from_bytes(packet.payload[2:], "big") == 160
    assert relay(a, bytes(RtpPacket(110, 3, 960, 9, b"\x07")), 0.02) is not None


def test_the_pause_between_two_digits_may_be_said() -> None:
    _, b = bridged()
    assert b.send_digit("1", 60, 200)
    assert b.send_digit("2", 60, 40)
    sent = []
    for beat in range(40):
        made = b.tick(beat * 0.02)
        if made is not None:
            sent.append((beat, parsed(made).payload[0]))
    ones, twos = ([beat for beat, digit in sent if digit == one] for one in (1, 2))
    assert ones == list(range(5))
    assert twos[0] - ones[-1] == 200 // 20 + 1
