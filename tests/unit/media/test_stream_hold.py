"""Legs on hold, and what the held party hears."""

from __future__ import annotations

import pytest

from cordboard.media import g711
from cordboard.media.audio import AudioParameters
from cordboard.media.events import MediaLost
from cordboard.media.sources import Silence
from cordboard.media.stream import MediaStream
from support.audio import PHONE, negotiated, parsed, voice
from support.legs import B, bridged, leg, relay, sends


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
