"""Descriptions as real phones and trunks send them."""

from __future__ import annotations

import pytest

from cordboard.sip.errors import SipParseError
from cordboard.sip.sdp import MAX_FORMATS, MAX_LINES, MAX_MEDIA, MAX_SDP_SIZE, Media, parse_sdp

PLAIN = """v=0
o=- 1619180186 2 IN IP4 192.0.2.20
s=-
c=IN IP4 192.0.2.20
t=0 0
m=audio 16642 RTP/AVP 96 0 8 101
a=rtpmap:96 opus/48000/2
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000/1
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=ptime:30
a=rtcp:16650 IN IP4 192.0.2.20
a=rtcp-mux
a=sendonly
"""


def audio_of(text: str) -> Media:
    return parse_sdp(text.encode()).media[0]


@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r", "\n\n"])
def test_line_ends(line_end: str) -> None:
    description = parse_sdp(PLAIN.replace("\n", line_end).encode())
    assert description.origin == "- 1619180186 2 IN IP4 192.0.2.20"
    (media,) = description.media
    assert (media.kind, media.port, media.protocol) == ("audio", 16642, "RTP/AVP")
    assert media.formats == ("96", "0", "8", "101")
    assert (media.host, media.direction, media.ptime) == ("192.0.2.20", "sendonly", 30)
    assert (media.rtcp_port, media.rtcp_mux) == (16650, True)
    assert media.usable


def test_encodings() -> None:
    media = audio_of(PLAIN)
    assert media.encoding_of("0") == ("PCMU", 8000, 1)
    assert media.encoding_of("8") == ("PCMA", 8000, 1)
    assert media.encoding_of("101") == ("TELEPHONE-EVENT", 8000, 1)
    assert media.encoding_of("96") == ("OPUS", 48000, 2)
    assert media.encoding_of("97") == ("", 0, 0)
    assert media.parameters == {"101": "0-15"}


def test_static_payload_types_need_no_rtpmap() -> None:
    media = audio_of("v=0\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 0 8 18 9 31\n")
    assert [media.encoding_of(number)[0] for number in media.formats] == [
        "PCMU",
        "PCMA",
        "G729",
        "G722",
        "",
    ]


def test_rtpmap_counts_more_than_the_static_type() -> None:
    media = audio_of("v=0\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 0\na=rtpmap:0 other/16000\n")
    assert media.encoding_of("0") == ("OTHER", 16000, 1)


@pytest.mark.parametrize(
    ("rtpmap", "encoding"),
    [
        ("0 pcmu/8000", ("PCMU", 8000, 1)),
        (" 0\tPCMU/8000 ", ("PCMU", 8000, 1)),
        ("0 PCMU/8000/3", ("", 0, 0)),
        ("0 PCMU", ("", 0, 0)),
        ("0 PCMU/", ("", 0, 0)),
        ("0 PCMU/" + "8" * 5000, ("", 0, 0)),
        ("0 PCMU/８０００", ("", 0, 0)),
        ("0", ("PCMU", 8000, 1)),
    ],
)
def test_rtpmap(rtpmap: str, encoding: tuple[str, int, int]) -> None:
    media = audio_of(f"v=0\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 0\na=rtpmap:{rtpmap}\n")
    assert media.encoding_of("0") == encoding


def test_many_media_lines_each_with_its_own() -> None:
    video, audio = parse_sdp(
        b"v=0\nc=IN IP4 192.0.2.1\na=inactive\n"
        b"m=video 5000 RTP/AVP 31\nc=IN IP6 2001:db8::1\na=recvonly\n"
        b"m=audio 4000 RTP/SAVPF 0\n"
    ).media
    assert (video.host, video.direction, video.usable) == ("2001:db8::1", "recvonly", False)
    assert (audio.host, audio.direction, audio.usable) == ("192.0.2.1", "inactive", False)


@pytest.mark.parametrize(
    ("line", "host"),
    [
        ("c=IN IP4 192.0.2.1", "192.0.2.1"),
        ("c=IN IP6 2001:db8::1", "2001:db8::1"),
        ("c=in ip6 [2001:db8::1]", "2001:db8::1"),
        ("c=IN IP4 media.example.com", "media.example.com"),
        ("c=IN IP4 224.2.36.42/127/3", "224.2.36.42"),
        ("c=IN IP4 192.0.2.1 ", "192.0.2.1"),
        ("c=IN IP4 0.0.0.0", "0.0.0.0"),  # noqa: S104 - RFC 2543's way to hold
        ("", "192.0.2.9"),
    ],
)
def test_connection(line: str, host: str) -> None:
    text = f"v=0\no=- 1 1 IN IP4 192.0.2.9\n{line}\nm=audio 4000/2 RTP/AVP 0\n"
    assert audio_of(text).host == host


def test_what_is_not_known_is_passed_over() -> None:
    media = audio_of(
        "v=0\ngarbage\n=\nx\nb=AS:64\nk=prompt\nu=http://x\nc=IN IP4 192.0.2.1\n"
        "m=audio 4000 RTP/AVP 0\na=\na=unknown:x\na=ptime:fast\na=rtcp:none\na=rtcp:99999\n"
        "a=ptime:" + "1" * 5000 + "\na=SENDONLY\n"
    )
    assert (media.ptime, media.rtcp_port, media.direction) == (None, None, "sendonly")


def test_what_was_read_of_a_phone_before_says_nothing_of_where_it_is_now() -> None:
    lines = "RTP/AVP 8\na=rtpmap:8 PCMA/8000\n"
    first = audio_of(f"v=0\nc=IN IP4 192.0.2.1\na=inactive\nm=audio 4000 {lines}")
    again = audio_of(f"v=0\nc=IN IP4 192.0.2.2\nm=audio 0 {lines}")
    assert (first.port, first.host, first.direction) == (4000, "192.0.2.1", "inactive")
    assert (again.port, again.host, again.direction) == (0, "192.0.2.2", "sendrecv")
    assert (first.usable, again.usable) == (True, False)
    assert first.codecs == again.codecs


def test_session_without_media() -> None:
    assert parse_sdp(b"v=0\r\n").media == []


def test_what_is_refused_may_lack_its_formats() -> None:
    session = parse_sdp(b"v=0\nm=audio 4000 RTP/AVP 0\nm=video 0 RTP/AVP\n")
    assert [(media.kind, media.port, media.formats) for media in session.media] == [
        ("audio", 4000, ("0",)),
        ("video", 0, ()),
    ]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"\r\n", 400),
        (b"m=audio 4000 RTP/AVP 0", 400),
        (b"\xff\xfe", 400),
        (b"v=0\nm=audio", 400),
        (b"v=0\nm=audio 4000 RTP/AVP", 400),
        (b"v=0\nm=audio x RTP/AVP 0", 400),
        (b"v=0\nm=audio -1 RTP/AVP 0", 400),
        (b"v=0\nm=audio 65536 RTP/AVP 0", 400),
        (b"v=0\nm=audio 00000004000 RTP/AVP 0", 400),
        (b"v=0\nc=IN IP4", 400),
        (b"v=0\nc=ATM NSAP 47.0091", 400),
        (b"v=0\nm=audio 4000 RTP/AVP" + b" 0" * (MAX_FORMATS + 1), 400),
        (b"v=0" + b"\nm=audio 4000 RTP/AVP 0" * (MAX_MEDIA + 1), 400),
        (b"v=0" + b"\na=x" * MAX_LINES, 413),
        (b"v=0\n" + b"x" * MAX_SDP_SIZE, 413),
    ],
)
def test_what_is_no_description_has_a_status(body: bytes, status: int) -> None:
    with pytest.raises(SipParseError) as caught:
        parse_sdp(body)
    assert caught.value.status == status
