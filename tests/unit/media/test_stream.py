"""A leg of audio: what is relayed, what is dropped, what is counted."""

from __future__ import annotations

from typing import cast

import pytest

from cordboard.media import g711
from cordboard.media.bridging import bridge, unbridge
from cordboard.media.recorder import Recorder
from cordboard.media.rtcp import RtcpCompound
from cordboard.media.rtp import RtpPacket
from cordboard.media.stream import MediaStream
from support.audio import GATEWAY, PHONE, decoded, goertzel, negotiated, sine, voice
from support.legs import A, bridged, leg, relay


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


def test_a_leg_that_may_not_send_is_not_heard() -> None:
    a, _ = bridged()
    a.configure(negotiated(4000, direction="sendonly"), 0.0)
    assert relay(a, voice(0)) is None
    assert a.figures().packets_received == 1


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


def test_a_recorder_has_what_is_received() -> None:
    stream = leg()
    recorder = Recorder()
    stream.record(recorder)
    relay(stream, voice(0))
    relay(stream, voice(1, codec="PCMA"))
    assert recorder.seconds == 0.04


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
