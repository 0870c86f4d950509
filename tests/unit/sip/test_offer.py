"""Offers and answers: what both ends make of each other's descriptions."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cordboard.sip.codecs import PCMA, PCMU, Codec
from cordboard.sip.errors import SipBuildError
from cordboard.sip.offer import (
    LocalAudio,
    NegotiatedAudio,
    NoCommonCodec,
    answer_offer,
    make_offer,
    read_answer,
)
from cordboard.sip.sdp import parse_sdp

US = LocalAudio("192.0.2.1", 4000, 77, 3)
THEM = "v=0\no=- 1 1 IN IP4 192.0.2.9\ns=-\nc=IN IP4 192.0.2.9\nt=0 0\n"


def answered(media: str, local: LocalAudio = US) -> tuple[str, NegotiatedAudio]:
    body, agreed = answer_offer(parse_sdp((THEM + media).encode()), local)
    assert agreed is not None
    return body.decode(), agreed


def read(media: str, local: LocalAudio = US) -> NegotiatedAudio:
    agreed = read_answer(parse_sdp((THEM + media).encode()), local)
    assert agreed is not None
    return agreed


def test_offer() -> None:
    assert make_offer(US) == (
        b"v=0\r\n"
        b"o=cordboard 77 3 IN IP4 192.0.2.1\r\n"
        b"s=-\r\n"
        b"c=IN IP4 192.0.2.1\r\n"
        b"t=0 0\r\n"
        b"m=audio 4000 RTP/AVP 0 8 101\r\n"
        b"a=rtpmap:0 PCMU/8000\r\n"
        b"a=rtpmap:8 PCMA/8000\r\n"
        b"a=rtpmap:101 telephone-event/8000\r\n"
        b"a=fmtp:101 0-15\r\n"
        b"a=ptime:20\r\n"
        b"a=sendrecv\r\n"
    )


def test_offer_of_ipv6_and_another_order() -> None:
    offer = make_offer(LocalAudio("2001:db8::1", 4000, 1, 1, "sendonly", (PCMA, PCMU)))
    assert b"c=IN IP6 2001:db8::1\r\n" in offer
    assert b"RTP/AVP 8 0 101\r\n" in offer
    assert offer.endswith(b"a=sendonly\r\n")


@pytest.mark.parametrize("host", ["", "a b", "192.0.2.1\r\na=x", "a\0", "exämple"])
def test_nothing_can_be_smuggled_in_by_the_host(host: str) -> None:
    with pytest.raises(SipBuildError):
        make_offer(replace(US, host=host))


def test_answer_takes_the_first_of_the_peers_codecs_that_we_speak() -> None:
    body, agreed = answered(
        "m=audio 5000 RTP/AVP 96 8 0 97\n"
        "a=rtpmap:96 opus/48000/2\na=rtpmap:97 telephone-event/8000\na=ptime:30\n"
    )
    assert body == (
        "v=0\r\no=cordboard 77 3 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
        "m=audio 4000 RTP/AVP 8 97\r\n"
        "a=rtpmap:8 PCMA/8000\r\n"
        "a=rtpmap:97 telephone-event/8000\r\n"
        "a=fmtp:97 0-15\r\n"
        "a=ptime:20\r\n"
        "a=sendrecv\r\n"
    )
    assert agreed == NegotiatedAudio(
        remote_host="192.0.2.9",
        remote_port=5000,
        codec=PCMA,
        receive_payload_types=((8, "PCMA"), (0, "PCMU")),
        dtmf_send=97,
        dtmf_receive=97,
        direction="sendrecv",
        held=False,
        ptime=30,
        theirs=(Codec("opus", 96, 48000, 2), PCMA, PCMU),
    )


def test_answer_keeps_dynamic_payload_types() -> None:
    body, agreed = answered("m=audio 5000 RTP/AVP 100\na=rtpmap:100 pcmu/8000\n")
    assert "m=audio 4000 RTP/AVP 100\r\na=rtpmap:100 PCMU/8000\r\n" in body
    assert (agreed.codec.key, agreed.codec.payload_type) == ("PCMU", 100)
    assert "telephone-event" not in body
    assert (agreed.dtmf_send, agreed.dtmf_receive) == (None, None)


def test_events_of_another_rate_are_not_taken() -> None:
    _, agreed = answered("m=audio 5000 RTP/AVP 0 97\na=rtpmap:97 telephone-event/48000\n")
    assert agreed.dtmf_send is None


def test_every_media_line_is_answered_in_its_place() -> None:
    body, agreed = answered(
        "m=video 6000 RTP/AVP 31 96\nm=audio 0 RTP/AVP 0\nm=audio 5000 RTP/SAVP 0\n"
        "m=audio 5002 RTP/AVP 18\nm=audio 5004 RTP/AVPF 0\nm=audio 5006 RTP/AVP 0\n"
        "m=application 5008 UDP/DTLS/SCTP webrtc-datachannel\nm=video 0 RTP/AVP\n"
    )
    assert [line for line in body.splitlines() if line.startswith("m=")] == [
        "m=video 0 RTP/AVP 31 96",
        "m=audio 0 RTP/AVP 0",
        "m=audio 0 RTP/SAVP 0",
        "m=audio 0 RTP/AVP 18",
        "m=audio 4000 RTP/AVPF 0",
        "m=audio 0 RTP/AVP 0",
        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel",
        "m=video 0 RTP/AVP 0",
    ]
    assert agreed.remote_port == 5004


@pytest.mark.parametrize(
    "media",
    [
        "",
        "m=video 6000 RTP/AVP 31\n",
        "m=audio 5000 RTP/AVP 18 9\n",
        "m=audio 0 RTP/AVP 0\nm=image 6000 udptl t38\n",
        "m=audio 5000 RTP/SAVP 0\n",
        "m=audio 5000 RTP/AVP 101\na=rtpmap:101 telephone-event/8000\n",
        "m=audio 5000 RTP/AVP 128 999 x\na=rtpmap:128 PCMU/8000\na=rtpmap:x PCMU/8000\n",
        "m=audio 5000 RTP/AVP 96\na=rtpmap:96 PCMU/16000\n",
    ],
)
def test_nothing_in_common(media: str) -> None:
    with pytest.raises(NoCommonCodec) as caught:
        answered(media)
    assert caught.value.status == 488
    with pytest.raises(NoCommonCodec):
        read(media)


@pytest.mark.parametrize(
    "media",
    ["m=audio 0 RTP/AVP 0\n", "m=audio 0 RTP/AVP 8\nm=video 0 RTP/AVP 31\nm=audio 0 RTP/AVP 0\n"],
)
def test_audio_that_is_switched_off_is_off(media: str) -> None:
    description = parse_sdp((THEM + media).encode())
    body, agreed = answer_offer(description, US)
    assert agreed is None
    assert [line for line in body.decode().splitlines() if line.startswith("m=")] == (
        media.splitlines()
    )
    assert read_answer(description, US) is None


def test_nowhere_to_send_to() -> None:
    with pytest.raises(NoCommonCodec):
        answer_offer(parse_sdp(b"v=0\nm=audio 5000 RTP/AVP 0\n"), US)


# What the peer says, what we would like, what comes of it (RFC 3264 6.1), and whether he holds us.
@pytest.mark.parametrize(
    ("theirs", "wanted", "ours", "held"),
    [
        ("sendrecv", "sendrecv", "sendrecv", False),
        ("sendonly", "sendrecv", "recvonly", True),
        ("recvonly", "sendrecv", "sendonly", False),
        ("inactive", "sendrecv", "inactive", True),
        ("sendrecv", "sendonly", "sendonly", False),
        ("sendonly", "sendonly", "inactive", True),
        ("recvonly", "sendonly", "sendonly", False),
        ("inactive", "sendonly", "inactive", True),
        ("sendrecv", "inactive", "inactive", False),
    ],
)
def test_directions(theirs: str, wanted: str, ours: str, held: bool) -> None:
    local = replace(US, direction=wanted)
    body, agreed = answered(f"m=audio 5000 RTP/AVP 0\na={theirs}\n", local)
    assert body.endswith(f"a={ours}\r\n")
    assert (agreed.direction, agreed.held) == (ours, held)


@pytest.mark.parametrize("place", ["session", "media"])
def test_hold_of_the_whole_session(place: str) -> None:
    media = "a=sendonly\nm=audio 5000 RTP/AVP 0\n"
    if place == "media":
        media = "m=audio 5000 RTP/AVP 0\na=sendonly\n"
    assert answered(media)[1].held


@pytest.mark.parametrize("line", ["c=IN IP4 0.0.0.0", "c=IN IP6 ::"])
def test_hold_by_the_unspecified_address(line: str) -> None:
    _, agreed = answered(f"m=audio 5000 RTP/AVP 0\n{line}\n")
    assert (agreed.held, agreed.direction) == (True, "recvonly"), "he may play music"
    _, agreed = answered(f"m=audio 5000 RTP/AVP 0\n{line}\na=recvonly\n")
    assert (agreed.held, agreed.direction) == (True, "inactive")


@pytest.mark.parametrize(("text", "ptime"), [("10", 10), ("120", 120), ("5", 20), ("9999", 20)])
def test_ptime_is_bounded(text: str, ptime: int) -> None:
    assert answered(f"m=audio 5000 RTP/AVP 0\na=ptime:{text}\n")[1].ptime == ptime


def test_rtcp() -> None:
    body, agreed = answered("m=audio 5000 RTP/AVP 0\na=rtcp:5009\na=rtcp-mux\n")
    assert body.endswith("a=rtcp-mux\r\n")
    assert (agreed.rtcp_port, agreed.rtcp_mux) == (5009, True)


def test_answer_of_another_payload_type_and_event() -> None:
    agreed = read("m=audio 5000 RTP/AVP 8 96\na=rtpmap:96 telephone-event/8000\na=rtcp-mux\n")
    assert agreed == NegotiatedAudio(
        remote_host="192.0.2.9",
        remote_port=5000,
        codec=PCMA,
        receive_payload_types=((0, "PCMU"), (8, "PCMA")),
        dtmf_send=96,
        dtmf_receive=101,
        direction="sendrecv",
        held=False,
        rtcp_mux=False,  # not offered, so not agreed on
        theirs=(PCMA,),
    )


def test_answer_by_a_name_stays_a_name() -> None:
    assert read("m=audio 5000 RTP/AVP 0\nc=IN IP4 media.example.com\n").remote_host == (
        "media.example.com"
    )


@pytest.mark.parametrize("offered", ["sendrecv", "sendonly", "recvonly", "inactive"])
@pytest.mark.parametrize("wanted", ["sendrecv", "sendonly", "recvonly", "inactive"])
@pytest.mark.parametrize("codecs", [(PCMU, PCMA), (PCMA, PCMU), (PCMA,)])
def test_both_ends_agree(offered: str, wanted: str, codecs: tuple[Codec, ...]) -> None:
    ours = replace(US, direction=offered, codecs=codecs)
    theirs = LocalAudio("2001:db8::2", 6000, 5, direction=wanted)
    body, at_theirs = answer_offer(parse_sdp(make_offer(ours)), theirs)
    at_ours = read_answer(parse_sdp(body), ours)
    assert at_ours is not None
    assert at_theirs is not None
    assert at_ours.codec == at_theirs.codec == codecs[0]
    assert at_ours.codec.payload_type in dict(at_theirs.receive_payload_types)
    assert at_theirs.codec.payload_type in dict(at_ours.receive_payload_types)
    assert (at_ours.dtmf_send, at_theirs.dtmf_send) == (101, 101)
    assert (at_ours.remote_host, at_ours.remote_port) == ("2001:db8::2", 6000)
    assert (at_theirs.remote_host, at_theirs.remote_port) == ("192.0.2.1", 4000)
    mirrored = {"sendonly": "recvonly", "recvonly": "sendonly"}
    assert at_ours.direction == mirrored.get(at_theirs.direction, at_theirs.direction)
