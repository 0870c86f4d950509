from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from cordboard.media import g711
from cordboard.media.audio import AudioParameters
from cordboard.media.bridging import bridge, unbridge
from cordboard.media.dtmf import event_payloads
from cordboard.media.events import Digit, EarlyMedia, MediaEvent, MediaLost, PlayEnded
from cordboard.media.prompts import Prompt
from cordboard.media.recorder import Recorder
from cordboard.media.rtcp import RtcpCompound
from cordboard.media.rtp import RtpPacket
from cordboard.media.sources import Silence, Tone
from cordboard.media.stream import MediaStream
from support.audio import GATEWAY, PHONE, decoded, goertzel, negotiated, parsed, sine, voice

A = (PHONE, 4000)
B = (PHONE, 5000)


def leg(port: int = 4000, codec: str = "PCMU", ssrc: int = 1) -> MediaStream:
    """A stream whose SDP is agreed on."""
    stream = MediaStream(ssrc, sequence=65533, timestamp=2**32 - 300)
    stream.configure(negotiated(port, codec), 0.0)
    return stream


def bridged(codec_a: str = "PCMU", codec_b: str = "PCMU") -> tuple[MediaStream, MediaStream]:
    """Two legs that hear each other."""
    a, b = leg(4000, codec_a, 1), leg(5000, codec_b, 2)
    bridge(a, b)
    return a, b


def relay(stream: MediaStream, data: bytes, now: float = 0.0) -> RtpPacket | None:
    """What becomes of a packet from A's phone."""
    packet = stream.receive_rtp(data, A, now)
    return None if packet is None else parsed(packet)


def digit_packets(digit: str, *, first: int, timestamp: int, ssrc: int = 7) -> list[bytes]:
    """A digit as a phone sends it."""
    return [
        bytes(RtpPacket(101, first + place, timestamp, ssrc, payload, marker=place == 0))
        for place, (payload, _) in enumerate(event_payloads(digit))
    ]


def test_a_bridged_packet_keeps_its_payload_and_gets_our_numbers() -> None:
    a, _ = bridged()
    first = relay(a, voice(0, first=100, start=9000, payload=b"x" * 160))
    assert first == RtpPacket(0, 65534, 2**32 - 300, 2, b"x" * 160, marker=True)
    second = relay(a, voice(1, first=100, start=9000), 0.02)
    assert second is not None
    assert (second.sequence, second.timestamp, second.marker) == (65535, 2**32 - 140, False)
    third = relay(a, voice(2, first=100, start=9000), 0.04)
    assert third is not None
    assert (third.sequence, third.timestamp) == (0, 20)


@pytest.mark.parametrize(("one", "other"), [("PCMU", "PCMA"), ("PCMA", "PCMU")])
def test_legs_of_different_codecs_understand_each_other(one: str, other: str) -> None:
    a, _ = bridged(one, other)
    audio = g711.encode(sine(700, 0.2, 8000), one)
    heard = []
    for index in range(10):
        payload = audio[index * 160 : index * 160 + 160]
        packet = relay(a, voice(index, codec=one, payload=payload), index * 0.02)
        assert packet is not None
        assert packet.payload_type == {"PCMU": 0, "PCMA": 8}[other]
        heard.append(packet.payload)
    assert goertzel(decoded(heard, other), 700) == pytest.approx(8000, rel=0.03)


def test_a_phone_may_change_between_the_codecs_it_was_offered() -> None:
    a, _ = bridged("PCMU", "PCMU")
    packet = relay(a, voice(0, codec="PCMA", payload=b"\xd5" * 160))
    assert packet is not None
    assert packet.payload_type == 0
    assert set(packet.payload) <= {0xFE, 0xFF}


def test_loss_and_late_packets_stay_visible() -> None:
    a, _ = bridged()
    packets = [relay(a, voice(index), index * 0.02) for index in (0, 1, 4, 3, 5)]
    numbers = [packet.sequence for packet in packets if packet is not None]
    assert [(number - numbers[0]) & 0xFFFF for number in numbers] == [0, 1, 4, 3, 5]


def test_a_late_packet_is_passed_on_whatever_else_is_lost_of_a_young_stream() -> None:
    a, _ = bridged()
    packets = [relay(a, voice(index), 0.1) for index in (10, 16, 11, 17, 9)]
    assert packets.pop() is None
    numbers = [packet.sequence for packet in packets if packet is not None]
    assert [(number - numbers[0]) & 0xFFFF for number in numbers] == [0, 6, 1, 7]


def test_what_was_sent_before_the_change_is_not_sent_again_late() -> None:
    a, _ = bridged()
    relay(a, voice(10))
    assert relay(a, voice(9)) is None
    assert relay(a, voice(11)) is not None


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
    assert first.take_events() == [PlayEnded(1, True), PlayEnded(2, True)]


def test_what_is_played_goes_before_whom_the_leg_listens_to() -> None:
    a, b = bridged()
    relay(a, voice(0))
    b.play("beep", Silence(0.04))
    assert relay(a, voice(1), 0.02) is None
    assert [b.tick(now) is not None for now in (0.02, 0.04, 0.06)] == [True, True, False]
    assert b.take_events() == [PlayEnded("beep", False)]
    assert not b.playing
    again = relay(a, voice(2), 0.06)
    assert again is not None
    assert again.marker


def test_a_prompt_is_played_once_and_a_loop_for_ever() -> None:
    prompt = Prompt(g711.decode(bytes(480), "PCMU"))
    stream = leg()
    stream.play(1, prompt)
    assert [stream.tick(0.02 * n) is not None for n in range(5)] == [True] * 3 + [False] * 2
    assert stream.take_events() == [PlayEnded(1, False)]
    stream.play(2, prompt, loop=True)
    assert all(stream.tick(1 + 0.02 * n) is not None for n in range(50))
    stream.stop_play()
    stream.stop_play()
    assert stream.take_events() == [PlayEnded(2, True)]


def test_a_loop_of_nothing_ends() -> None:
    stream = leg()
    stream.play(1, Silence(0), loop=True)
    assert stream.tick(0.0) is None
    assert stream.take_events() == [PlayEnded(1, False)]


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


def test_a_leg_that_may_not_send_is_not_heard() -> None:
    a, _ = bridged()
    a.configure(negotiated(4000, direction="sendonly"), 0.0)
    assert relay(a, voice(0)) is None
    assert a.figures().packets_received == 1


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


def test_strangers_are_dropped_and_counted() -> None:
    a, _ = bridged()
    assert a.receive_rtp(voice(0), (GATEWAY, 4000), 0.0) is None
    assert a.receive_rtp(b"x", (GATEWAY, 4000), 0.0) is None
    a.receive_rtcp(bytes(RtcpCompound(1)), (GATEWAY, 4001), 0.0)
    figures = a.figures()
    assert (figures.wrong_source, figures.packets_received) == (3, 0)
    assert a.destination == A


def test_the_audio_follows_the_phone_until_it_is_certain() -> None:
    a, b = bridged()
    nat = (PHONE, 61000)
    b.receive_rtp(voice(0), nat, 0.0)
    assert b.destination == nat
    for index in range(1, 5):
        b.receive_rtp(voice(index), nat, index * 0.02)
    thief = (PHONE, 62000)
    for index in range(50):
        assert b.receive_rtp(voice(index, ssrc=9), thief, 1.0) is None
    assert b.destination == nat
    assert b.figures().wrong_source == 50
    assert a.heard is b


def test_what_was_not_agreed_on_is_dropped_and_counted() -> None:
    a, _ = bridged()
    assert a.receive_rtp(bytes(RtpPacket(13, 1, 1, 1, b"\x40")), A, 0.0) is None
    assert a.receive_rtp(b"\x80", A, 0.0) is None
    assert a.receive_rtp(b"\x00" + voice(0)[1:], A, 0.0) is None
    figures = a.figures()
    assert (figures.not_negotiated, figures.malformed, figures.packets_received) == (1, 2, 0)


def test_an_extension_header_is_not_relayed() -> None:
    a, _ = bridged()
    data = voice(0, payload=b"x" * 160)
    extended = b"\x90" + data[1:12] + bytes.fromhex("bede000110ff0000") + data[12:]
    packet = relay(a, extended)
    assert packet is not None
    assert packet.payload == b"x" * 160


def early_events(stream: MediaStream, packets: int, begin: float = 0.0) -> list[MediaEvent]:
    """What a run of packets tells."""
    for index in range(packets):
        stream.receive_rtp(voice(index, first=round(begin * 50)), A, begin + index * 0.02)
    return stream.take_events()


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


def test_reports_go_to_where_the_peers_come_from() -> None:
    stream = leg()
    assert stream.rtcp_destination == (PHONE, 4001)
    stream.receive_rtcp(bytes(RtcpCompound(7)), (PHONE, 61001), 1.0)
    assert stream.rtcp_destination == (PHONE, 61001)
    assert MediaStream(1).report(0.0) is None


def test_rtcp_on_the_port_of_the_audio() -> None:
    stream = MediaStream(1)
    stream.configure(negotiated(rtcp_mux=True), 0.0)
    stream.answered(0.0)
    assert stream.receive_rtp(bytes(RtcpCompound(7)), A, 50.0) is None
    stream.handle_timer(70.0)
    assert stream.take_events() == []
    assert stream.rtcp_destination == A


def test_figures_of_a_leg() -> None:
    a, b = bridged()
    for index in range(100):
        if index not in (20, 21):
            relay(a, voice(index), index * 0.02)
    received, sent = a.figures(), b.figures()
    assert (received.packets_received, received.octets_received) == (98, 98 * 160)
    assert received.packets_lost == 2
    assert received.loss == pytest.approx(0.02)
    assert received.jitter_ms == pytest.approx(0, abs=0.01)
    assert received.last_received == pytest.approx(1.98)
    assert (sent.packets_sent, sent.octets_sent) == (98, 98 * 160)
    assert received.heard
    assert not sent.heard


def test_sending_into_silence_is_seen() -> None:
    stream = leg()
    stream.play(1, Silence())
    for number in range(50):
        stream.tick(number * 0.02)
    assert stream.figures().one_way_silence == 0
    for number in range(50, 400):
        stream.tick(number * 0.02)
    assert stream.figures().one_way_silence == pytest.approx(7.98)


def test_a_recorder_has_what_is_received() -> None:
    stream = leg()
    stream.recorder = Recorder()
    relay(stream, voice(0))
    relay(stream, voice(1, codec="PCMA"))
    assert stream.recorder.seconds == 0.04


def test_who_listens_to_whom() -> None:
    a, b, c = leg(4000), leg(5000), leg(6000)
    bridge(a, b)
    c.listen_to(a)
    assert b.heard is None
    assert a.listener is c
    unbridge(a, b)
    assert a.heard is None
    assert b.listener is None
    assert a.listener is c
    bridge(a, b)
    unbridge(b, a)
    assert [stream for stream in (a.heard, a.listener, b.heard, b.listener) if stream] == []
    assert relay(a, voice(0)) is None


def test_ipv6_sources_with_scope_and_flow() -> None:
    a, b = MediaStream(1), MediaStream(2)
    a.configure(negotiated(4000, host="2001:DB8::1", signalling="2001:db8::1"), 0.0)
    b.configure(negotiated(5000), 0.0)
    bridge(a, b)
    source = cast("tuple[str, int]", ("2001:db8::1", 4002, 0, 0))  # as a socket gives it
    for index in range(10):
        assert a.receive_rtp(voice(index), source, index * 0.02) is not None
    assert a.destination == ("2001:db8::1", 4002)


# Hold


def sends(stream: MediaStream) -> bool:
    """Whether it has anything to send of its own."""
    return stream.playing


def test_the_held_party_is_sent_silence_where_the_holder_sends_nothing() -> None:
    a, b = bridged()
    relay(a, voice(0))
    a.configure(negotiated(4000, direction="inactive"), 0.02)
    assert sends(b)
    packets = [parsed(b.tick(0.02 * n)) for n in range(1, 6)]
    assert {packet.payload for packet in packets} == {g711.silence("PCMU")}
    assert {packet.ssrc for packet in packets} == {2}
    b.configure(negotiated(5000, direction="inactive"), 0.2)
    assert not sends(b), "both hold"
    b.configure(negotiated(5000), 0.3)
    assert sends(b)
    a.configure(negotiated(4000), 0.4)
    assert not sends(b)
    after = relay(a, voice(20), 0.4)
    assert after is not None
    assert after.marker
    assert (after.sequence - packets[-1].sequence) & 0xFFFF == 1
    assert (after.timestamp - packets[-1].timestamp) & 0xFFFFFFFF == 2400


def test_the_held_party_hears_the_music_of_the_holder() -> None:
    a, b = bridged()
    a.configure(negotiated(4000, direction="recvonly", held=True), 0.0)
    for index in range(50):
        assert relay(a, voice(index), index * 0.02) is not None
        assert b.tick(index * 0.02) is None
    assert b.receive_rtp(voice(0), B, 0.0) is None, "the holder is sent nothing"


def test_silence_takes_the_place_of_music_that_does_not_come() -> None:
    a, b = bridged()
    a.configure(negotiated(4000, direction="recvonly", held=True), 0.0)
    assert b.tick(0.0) is not None
    relay(a, voice(0), 1.0)
    assert [b.tick(1.001 + n * 0.02) is not None for n in range(12)] == [False] * 10 + [True] * 2


def test_silence_ends_with_the_bridge() -> None:
    a, b = bridged()
    a.configure(negotiated(4000, direction="inactive"), 0.0)
    assert sends(b)
    c = leg(6000)
    c.listen_to(a)
    assert sends(c)
    assert not sends(b)
    c.listen_to(None)
    assert not sends(c)


@pytest.mark.parametrize(
    "hold",
    [
        negotiated(direction="recvonly", held=True),
        negotiated(direction="inactive", held=True),
        negotiated(direction="sendonly"),
        negotiated(host="0.0.0.0", held=True),  # noqa: S104 - RFC 2543's way to hold
    ],
)
def test_media_is_not_lost_while_held_and_is_again_after_it(hold: AudioParameters) -> None:
    stream = leg()
    stream.answered(0.0)
    for begin in (10.0, 1000.0):
        stream.configure(hold, begin)
        stream.handle_timer(begin + 500.0)
        assert stream.take_events() == []
        stream.configure(negotiated(), begin + 600.0)
        stream.handle_timer(begin + 659.0)
        assert stream.take_events() == []
        stream.handle_timer(begin + 660.0)
        assert stream.take_events() == [MediaLost()]


def test_nothing_is_sent_to_the_address_of_nobody() -> None:
    a, b = bridged()
    relay(a, voice(0))
    b.configure(negotiated(5000, host="0.0.0.0", held=True), 0.02)  # noqa: S104
    assert relay(a, voice(1), 0.02) is None
    b.play(1, Silence(10.0))
    assert b.tick(0.03) is None
    assert b.destination == B
    assert b.rtcp_destination == (PHONE, 5001), "reports go to where they went"
    begun = MediaStream(3)
    begun.configure(negotiated(host="0.0.0.0", held=True), 0.0)  # noqa: S104
    assert begun.report(1.0) is None


# Packets that are none


def test_what_is_too_long_is_dropped_and_counted() -> None:
    a, _ = bridged()
    for index in range(10):
        relay(a, voice(index), index * 0.02)
    assert relay(a, voice(10, payload=bytes(1500)), 0.2) is None
    assert a.receive_rtp(voice(11, payload=bytes(2036)), (GATEWAY, 4000), 0.2) is None
    figures = a.figures()
    assert (figures.malformed, figures.wrong_source, figures.packets_received) == (1, 1, 10)


def test_a_stun_request_is_junk_like_any_other() -> None:
    a, _ = bridged()
    stun = bytes.fromhex("000100002112a442") + bytes(12)
    assert a.receive_rtp(stun, A, 0.0) is None
    assert a.figures().malformed == 1


# Early media


def test_packets_of_a_phone_that_says_it_sends_none_are_no_early_media() -> None:
    stream = leg()
    stream.configure(negotiated(direction="sendonly"), 0.0)
    assert early_events(stream, 20) == []


# Packets of another length


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


# Other codecs


def opus(port: int, *, payload_type: int = 111, events: int | None = 110) -> AudioParameters:
    """Opus, as one phone numbers it."""
    return AudioParameters(
        (PHONE, port),
        "OPUS/48000/2",
        payload_type,
        {payload_type: "OPUS/48000/2"},
        events,
        events,
        signalling_host=PHONE,
        rate=48000,
        event_rate=48000,
    )


def test_what_both_have_is_passed_on_untouched_under_the_others_number() -> None:
    a, b = leg(4000), leg(5000, ssrc=2)
    bridge(a, b)
    relay(a, voice(0))
    a.configure(opus(4000, payload_type=111), 1.0)
    b.configure(opus(5000, payload_type=96), 1.0)
    sent = []
    for index in range(5):
        data = bytes(RtpPacket(111, 10 + index, 960 * index, 9, b"opus%d" % index))
        packet = relay(a, data, 1.0 + index * 0.02)
        assert packet is not None
        sent.append(packet)
    assert [packet.payload for packet in sent] == [b"opus%d" % index for index in range(5)]
    assert {packet.payload_type for packet in sent} == {96}
    assert [packet.timestamp - sent[0].timestamp for packet in sent] == [
        960 * index for index in range(5)
    ]
    assert len({packet.ssrc for packet in sent} - {2}) == 1, "another clock is another SSRC"
    assert a.figures().jitter_ms < 0.1
    assert a.figures().packets_lost == 0


def test_what_the_other_leg_does_not_have_is_not_sent_to_it() -> None:
    a, _ = bridged()
    before = relay(a, voice(0))
    g722 = replace(negotiated(), codec="G722/8000", receive_payload_types={9: "G722/8000"})
    a.configure(g722, 0.02)
    assert relay(a, bytes(RtpPacket(9, 1, 160, 7, bytes(160))), 0.02) is None
    a.configure(negotiated(), 0.04)
    after = relay(a, voice(2), 0.04)
    assert before is not None
    assert after is not None
    assert (after.sequence - before.sequence) & 0xFFFF == 1


def test_sounds_wait_while_a_leg_has_a_codec_that_we_cannot_make() -> None:
    stream = leg()
    stream.configure(opus(4000), 0.0)
    stream.play(1, Silence(0.02))
    assert stream.tick(0.0) is None
    assert stream.take_events() == []
    stream.configure(negotiated(), 0.1)
    assert parsed(stream.tick(0.1)).payload_type == 0


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
