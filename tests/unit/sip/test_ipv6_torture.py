"""What RFC 5118 tortures a parser with: IPv6 in every place of a message, right and wrong.

Each case is sent to a stack at 2001:db8::10 from 2001:db8::9:1; what it answers is looked at.
"""

from __future__ import annotations

import pytest

from cordboard.sip.digest_server import DigestServer
from cordboard.sip.events import InviteReceived
from cordboard.sip.flow import Flow
from cordboard.sip.message import Response, parse
from cordboard.sip.offer import LocalAudio, answer_offer
from cordboard.sip.registrar import Realm, Registrar
from cordboard.sip.sdp import parse_sdp
from support.sip_network import SECRET, End

SERVER, CLIENT = ("2001:db8::10", 5060), ("2001:db8::9:1", 5060)
OVER_IPV6 = Flow("udp", SERVER, CLIENT)
VIA = "SIP/2.0/UDP [2001:db8::9:1]"
CONTACT = '"Caller" <sip:caller@[2001:db8::1]>'

SDP_4_6 = (
    "v=0\r\no=assistant 971731711378798081 0 IN IP6 2001:db8::20\r\ns=Live video feed\r\n"
    "c=IN IP6 2001:db8::20\r\nt=3338481189 3370017201\r\nm=audio 6000 RTP/AVP 0\r\n"
    "m=video 6024 RTP/AVP 107\r\na=rtpmap:107 H263-1998/90000\r\n"
)
SDP_4_8 = (
    "v=0\r\no=bob 280744730 28977631 IN IP4 host.example.com\r\ns=\r\nt=0 0\r\n"
    "m=audio 22334 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\n"
    "m=video 6024 RTP/AVP 107\r\nc=IN IP6 2001:db8::1\r\na=rtpmap:107 H263-1998/90000\r\n"
)
SDP_4_9 = SDP_4_6.replace("2001:db8::20", "::ffff:192.0.2.2")


def message(
    method: str, uri: str, *vias: str, to: str = "sip:user@example.com", body: str = ""
) -> bytes:
    lines = [f"{method} {uri} SIP/2.0", f"To: {to}", "From: sip:user@example.com;tag=81x2"]
    lines += [f"Via: {via};branch=z9hG4bKas3-{number}" for number, via in enumerate(vias or (VIA,))]
    lines += ["Call-ID: SSG9559905523997077@hlau_4100", "Max-Forwards: 70", f"Contact: {CONTACT}"]
    lines += [f"CSeq: 98176 {method}"]
    lines += ["Content-Type: application/sdp"] if body else []
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body]).encode()


def answers(data: bytes, flow: Flow = OVER_IPV6) -> tuple[Response, Flow, End]:
    """The last thing that is said to a message, where to, and by whom."""
    registrar = Registrar(lambda *_: None, lambda *_: Realm("example.com"), DigestServer(SECRET))
    end = End(SERVER, "srv", registrar=registrar)
    end.stack.receive(data, flow, 1000.0)
    *_, (back, said) = end.stack.messages_to_send()
    response = parse(said)
    assert isinstance(response, Response)
    return response, back, end


@pytest.mark.parametrize(
    ("uri", "status"),
    [
        ("sip:[2001:db8::10]", 401),  # 4.1
        ("sip:2001:db8::10", 400),  # 4.2: no brackets
        ("sip:[2001:db8::10:5070]", 401),  # 4.3: the port is part of the address
        ("sip:[2001:db8::10]:5070", 401),  # 4.4
    ],
)
def test_addresses_in_the_request_uri(uri: str, status: int) -> None:
    response, back, _ = answers(message("REGISTER", uri))
    assert (response.status, back.remote) == (status, CLIENT)


@pytest.mark.parametrize("received", ["[2001:db8::9:255]", "2001:db8::9:255"])
def test_received_with_and_without_brackets(received: str) -> None:
    """4.5; where it came from is known better than the message says."""
    response, back, _ = answers(
        message("OPTIONS", "sip:[2001:db8::10]", f"{VIA};received={received}")
    )
    assert (response.status, back.remote) == (200, CLIENT)


def test_addresses_in_a_session_description() -> None:
    """4.6: without brackets, unlike everywhere else in a message."""
    _, _, end = answers(message("INVITE", "sip:user@[2001:db8::10]", body=SDP_4_6))
    (invite,) = end.heard(InviteReceived)
    assert invite.sdp is not None
    answer, agreed = answer_offer(parse_sdp(invite.sdp), LocalAudio("2001:db8::10", 4000, 7))
    assert agreed is not None
    assert (agreed.remote_host, agreed.remote_port) == ("2001:db8::20", 6000)
    assert b"o=cordboard 7 1 IN IP6 2001:db8::10\r\n" in answer
    assert b"c=IN IP6 2001:db8::10\r\n" in answer


def test_addresses_of_both_families_in_the_headers() -> None:
    """4.7: from an IPv6 host by way of an IPv4 one; the response repeats all."""
    vias = ("SIP/2.0/UDP 192.0.2.1:5060", VIA)
    over_ipv4 = Flow("udp", ("192.0.2.10", 5060), ("192.0.2.1", 5060))
    response, back, _ = answers(message("OPTIONS", "sip:[2001:db8::10]", *vias), over_ipv4)
    assert (response.status, back) == (200, over_ipv4)
    assert [via.partition(";")[0] for via in response.headers["via"]] == list(vias)


def test_addresses_of_both_families_in_a_session_description() -> None:
    """4.8: the audio's own line counts."""
    description = parse_sdp(SDP_4_8.encode())
    assert [media.host for media in description.media] == ["192.0.2.1", "2001:db8::1"]


def test_ipv4_addresses_written_as_ipv6_ones() -> None:
    """4.9"""
    vias = ("SIP/2.0/UDP [::ffff:192.0.2.10]:19823", "SIP/2.0/UDP [::ffff:192.0.2.2]")
    over_ipv4 = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.10", 19823))
    response, back, end = answers(message("INVITE", "sip:user@h", *vias, body=SDP_4_9), over_ipv4)
    assert (response.status, back) == (100, over_ipv4)
    assert "received" not in response.headers["via"][0]
    (invite,) = end.heard(InviteReceived)
    assert invite.sdp is not None
    assert parse_sdp(invite.sdp).media[0].host == "::ffff:192.0.2.2"


@pytest.mark.parametrize("colons", ["::", ":::"])
def test_the_colon_too_many_of_rfc_3261(colons: str) -> None:
    """4.10: both are to be understood."""
    uri = f"sip:user@[2001:db8{colons}192.0.2.1]"
    response, _, _ = answers(message("OPTIONS", uri, to=uri))
    assert response.status == 200
