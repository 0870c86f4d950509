"""What a leg hears of us: ringback, prompts, early media of the other."""

from __future__ import annotations

import gc
import weakref

import pytest

from cordboard.media import g711
from cordboard.media.bridging import bridge
from cordboard.media.events import PlayEnded
from cordboard.media.prompts import Prompt
from cordboard.media.rtp import RtpPacket
from cordboard.media.sources import Silence, Tone
from cordboard.media.stream import MediaStream
from support.audio import negotiated, parsed, voice
from support.legs import B, bridged, leg, relay


def test_ringback_early_media_and_bridge_are_one_stream_to_the_phone() -> None:
    first, second = leg(4000, "PCMU", 1), leg(5000, "PCMA", 2)
    heard: list[tuple[float, RtpPacket]] = []
    now = 0.0

    def ticks(count: int) -> None:
        nonlocal now
        for _ in range(count):
            heard.append((now, parsed(first.tick(now))))
            now += 0.02

    def media(count: int, *, ssrc: int, start: int) -> None:
        nonlocal now
        for index in range(count):
            data = voice(index, codec="PCMA", ssrc=ssrc, first=start, start=start)
            packet = second.receive_rtp(data, B, now)
            if packet is not None:
                heard.append((now, parsed(packet)))
            now += 0.02

    first.play(1, Tone("us", "ringback"))
    ticks(10)
    first.listen_to(second)
    media(10, ssrc=70, start=5000)
    first.play(2, Tone("us", "ringback"))
    ticks(10)
    now += 0.5  # a silence
    bridge(first, second)
    media(10, ssrc=70, start=40000)  # begins anew under its SSRC: known by the second packet
    media(10, ssrc=71, start=123)

    assert {packet.ssrc for _, packet in heard} == {1}
    assert {packet.payload_type for _, packet in heard} == {0}
    sequences = [packet.sequence for _, packet in heard]
    assert sequences == [(65534 + place) & 0xFFFF for place in range(len(heard))]
    begin, origin = heard[0]
    for at, packet in heard:
        passed = (packet.timestamp - origin.timestamp) & 0xFFFFFFFF
        assert passed == pytest.approx((at - begin) * 8000, abs=2)
    marked = [place for place, (_, packet) in enumerate(heard) if packet.marker]
    assert marked == [0, 10, 20, 30, 39]
    assert len(heard) == 49
    assert first.take_events() == []


def test_what_is_played_goes_before_whom_the_leg_listens_to() -> None:
    a, b = bridged()
    relay(a, voice(0))
    b.play("beep", Silence(0.04))
    assert relay(a, voice(1), 0.02) is None
    assert [b.tick(now) is not None for now in (0.02, 0.04, 0.06)] == [True, True, False]
    assert b.take_events() == [PlayEnded("beep")]
    assert not b.playing
    again = relay(a, voice(2), 0.06)
    assert again is not None
    assert again.marker


def test_a_prompt_is_played_once_and_a_loop_for_ever() -> None:
    prompt = Prompt(g711.decode(bytes(480), "PCMU"))
    stream = leg()
    stream.play(1, prompt)
    assert [stream.tick(0.02 * n) is not None for n in range(5)] == [True] * 3 + [False] * 2
    assert stream.take_events() == [PlayEnded(1)]
    stream.play(2, prompt, loop=True)
    assert all(stream.tick(1 + 0.02 * n) is not None for n in range(50))
    stream.stop_play()
    assert not stream.playing
    stream.stop_play()
    assert stream.take_events() == []


def test_a_loop_of_nothing_ends() -> None:
    stream = leg()
    stream.play(1, Silence(0), loop=True)
    assert stream.tick(0.0) is None
    assert stream.take_events() == [PlayEnded(1)]


def test_nothing_is_sent_before_sdp_and_the_sound_waits() -> None:
    stream = MediaStream(1)
    stream.play(1, Silence(0.02))
    assert stream.tick(0.0) is None
    stream.configure(negotiated(), 0.0)
    assert stream.tick(0.02) is not None


def test_a_leg_on_hold_is_sent_nothing_and_hears_again_without_a_gap() -> None:
    a, b = bridged()
    before = relay(a, voice(0))
    b.configure(negotiated(5000, direction="inactive"), 0.02)
    assert relay(a, voice(1), 0.02) is None
    b.play(1, Silence(10.0))
    assert b.tick(0.03) is None
    b.stop_play()
    b.configure(negotiated(5000), 0.04)
    after = relay(a, voice(2), 0.04)
    assert before is not None
    assert after is not None
    assert (after.sequence - before.sequence) & 0xFFFF == 1
    assert (after.timestamp - before.timestamp) & 0xFFFFFFFF == 320


@pytest.mark.parametrize(
    ("ptime", "counts"),
    [
        (10, [2, 2, 2, 2, 2, 2]),
        (20, [1, 1, 1, 1, 1, 1]),
        (30, [0, 1, 1, 0, 1, 1]),
        (40, [0, 1, 0, 1, 0, 1]),
        (60, [0, 0, 1, 0, 0, 1]),
    ],
)
def test_our_own_sounds_come_in_packets_that_the_phone_can_take(
    ptime: int, counts: list[int]
) -> None:
    stream = MediaStream(1)
    stream.configure(negotiated(ptime=ptime), 0.0)
    stream.play(1, Tone("us", "busy"))
    sent: list[RtpPacket] = []
    made: list[int] = []
    for number in range(6):
        before = len(sent)
        packet = stream.tick(number * 0.02)
        while packet is not None:
            sent.append(parsed(packet))
            packet = stream.further_packet(number * 0.02)
        made.append(len(sent) - before)
    assert made == counts
    assert {len(packet.payload) for packet in sent} == {ptime * 8}
    stamps = [packet.timestamp - sent[0].timestamp for packet in sent]
    assert stamps == [place * ptime * 8 for place in range(len(sent))]
    busy = b"".join(Tone("us", "busy").frame("PCMU", index) or b"" for index in range(6))
    assert b"".join(packet.payload for packet in sent) == busy


def test_a_stream_that_played_leaves_nothing_to_the_garbage_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        stream = leg()
        stream.play(1, Tone("us", "ringback"))
        stream.tick(0.0)
        stream.stop_play()
        gone = weakref.ref(stream)
        del stream
        assert gone() is None
    finally:
        gc.enable()
