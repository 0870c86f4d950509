"""What becomes of audio addresses of another family than the one that the leg is met in."""

from __future__ import annotations

from typing import Any, cast

import pytest

from cordboard.engines.embedded.channel_audio import ChannelAudio
from cordboard.media.audio import AudioParameters
from cordboard.sip.errors import SipParseError
from cordboard.sip.sdp import parse_sdp

OURS, PHONE = "2001:db8::1", "2001:db8::10"
OURS_V4, PHONE_V4 = "198.51.100.1", "192.0.2.10"


class Session:
    """A media session that takes notes."""

    own_ports = frozenset({20000, 20002})

    def __init__(self, host: str) -> None:
        self.address = (host, 20000)
        self.configured: list[AudioParameters] = []

    def configure(self, audio: AudioParameters) -> None:
        self.configured.append(audio)


def answered_with(
    connection: str, ours: str = OURS, phone: str = PHONE, port: int = 4000
) -> AudioParameters:
    """What is agreed on when a phone answers our offer with a connection line."""
    session = Session(ours)
    audio = ChannelAudio(cast("Any", session), ours, phone, 1, strict=False)
    audio.offer()
    audio.take_answer(sdp(connection, port))
    return session.configured[-1]


def sdp(connection: str, port: int = 4000) -> bytes:
    return (
        f"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN {connection}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 0\r\n"
    ).encode()


def test_an_offer_names_our_address_of_the_peers_family() -> None:
    audio = ChannelAudio(cast("Any", Session(OURS)), OURS, PHONE, 1, strict=False)
    offer = audio.offer()
    assert b"\r\nc=IN IP6 2001:db8::1\r\n" in offer
    assert parse_sdp(offer).media[0].host == OURS


@pytest.mark.parametrize(
    ("connection", "host"),
    [
        ("IP6 2001:db8::77", "2001:db8::77"),
        ("IP6 2001:DB8:0:0:0:0:0:77", "2001:db8::77"),
        ("IP6 [2001:db8::77]", "2001:db8::77"),
        ("IP4 192.0.2.10", PHONE),  # which no packet of ours could reach
        ("IP6 ::ffff:192.0.2.10", PHONE),
        ("IP6 phone.example", PHONE),
    ],
)
def test_where_audio_of_a_phone_behind_ipv6_goes(connection: str, host: str) -> None:
    assert answered_with(connection).remote == (host, 4000)


@pytest.mark.parametrize(
    ("connection", "host"),
    [
        ("IP6 2001:db8::77", PHONE_V4),
        ("IP6 ::ffff:192.0.2.77", "192.0.2.77"),  # RFC 5118 4.9
    ],
)
def test_where_audio_of_a_phone_behind_ipv4_goes(connection: str, host: str) -> None:
    assert answered_with(connection, OURS_V4, PHONE_V4).remote == (host, 4000)


@pytest.mark.parametrize("connection", ["IP4 0.0.0.0", "IP6 ::", "IP6 0:0:0:0:0:0:0:0"])
def test_the_unspecified_address_of_either_family_holds(connection: str) -> None:
    agreed = answered_with(connection)
    assert (agreed.held, agreed.sends) == (True, False)


def test_nobody_may_have_us_talk_to_ourselves_however_he_writes_our_address() -> None:
    with pytest.raises(SipParseError, match="a port of ours"):
        answered_with("IP6 2001:DB8:0::1", port=20002)
