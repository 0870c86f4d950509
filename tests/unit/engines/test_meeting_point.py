"""Where audio meets a peer that takes its call from one network to another."""

from __future__ import annotations

from typing import Any, cast

import pytest

from cordboard.engines.embedded.channel_audio import ChannelAudio
from cordboard.engines.embedded.meeting_point import MeetingPoint
from cordboard.media.audio import AudioParameters
from cordboard.sip.errors import SipParseError
from cordboard.sip.flow import Flow
from cordboard.sip.sdp import parse_sdp

OURS, OURS_V6 = "198.51.100.1", "2001:db8::1"
HOME = "192.0.2.10"
MOBILE = Flow("udp", (OURS, 5060), ("203.0.113.9", 40_000))
MOBILE_V6 = Flow("udp", (OURS_V6, 5060), ("2001:db8:9::9", 5060))


class Session:
    """A media session that takes notes and moves when it is told to."""

    own_ports = frozenset({20000, 20002})

    def __init__(self) -> None:
        self.address = (OURS, 20000)
        self.configured: list[AudioParameters] = []

    def configure(self, audio: AudioParameters) -> None:
        self.configured.append(audio)

    def move(self, _flow: Flow) -> str:
        self.address = (OURS_V6, 24000)
        return OURS_V6


def call() -> tuple[ChannelAudio, Session]:
    """An answered call with a phone behind NAT."""
    session = Session()
    audio = ChannelAudio(cast("Any", session), OURS, HOME, 1, strict=False, move=session.move)
    audio.offer()
    audio.take_answer(sdp("IP4 10.0.0.5"))
    return audio, session


def sdp(connection: str, payload_type: int = 0) -> bytes:
    return (
        f"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN {connection}\r\nt=0 0\r\n"
        f"m=audio 4000 RTP/AVP {payload_type}\r\n"
    ).encode()


def test_audio_is_taken_from_where_the_phone_signals_from_now() -> None:
    audio, session = call()
    audio.heard_over(MOBILE)
    answer = audio.answer(sdp("IP4 10.99.0.7"))
    agreed = session.configured[-1]
    assert (agreed.remote[0], agreed.signalling_host) == ("10.99.0.7", MOBILE.remote[0])
    assert b"c=IN IP4 198.51.100.1\r\n" in answer
    assert session.address == (OURS, 20000)


def test_our_end_goes_to_the_other_family_with_the_phone() -> None:
    audio, session = call()
    audio.heard_over(MOBILE_V6)
    (media,) = parse_sdp(audio.answer(sdp("IP6 2001:db8:9::9"))).media
    assert (media.host, media.port) == (OURS_V6, 24000)
    agreed = session.configured[-1]
    assert (agreed.remote[0], agreed.signalling_host) == ("2001:db8:9::9", "2001:db8:9::9")
    offer = audio.hold(True)
    assert offer is not None
    assert b"c=IN IP6 2001:db8::1\r\n" in offer


def test_an_offer_that_we_are_to_make_comes_from_there_too() -> None:
    audio, _ = call()
    audio.heard_over(MOBILE_V6)
    assert b"c=IN IP6 2001:db8::1\r\n" in audio.offer()


def test_who_offers_nothing_that_we_have_moves_nothing() -> None:
    audio, session = call()
    audio.heard_over(MOBILE_V6)
    with pytest.raises(SipParseError):
        audio.answer(sdp("IP6 2001:db8:9::9", payload_type=18))
    assert session.address == (OURS, 20000)
    audio.heard_over(Flow("udp", (OURS, 5060), (HOME, 5060)))  # it is back at home
    assert b"c=IN IP4 198.51.100.1\r\n" in audio.answer(sdp("IP4 10.0.0.5"))


def test_without_an_address_of_that_family_our_end_stays() -> None:
    point = MeetingPoint(OURS, HOME)
    point.hear(MOBILE_V6)
    assert point.is_elsewhere
    assert not point.follow()
    assert (point.host, point.peer) == (OURS, HOME)
