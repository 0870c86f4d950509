"""Legs with codecs that we pass on and cannot make."""

from __future__ import annotations

from dataclasses import replace

from cordboard.media.bridging import bridge
from cordboard.media.rtp import RtpPacket
from cordboard.media.sources import Silence
from support.audio import negotiated, parsed, voice
from support.legs import bridged, leg, opus, relay


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
