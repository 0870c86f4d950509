"""Session descriptions among other parts of a body (RFC 2046, RFC 5621)."""

from __future__ import annotations

import pytest

from cordboard.sip.events import InviteAnswered, OfferReceived
from cordboard.sip.media_type import sdp_of
from cordboard.sip.message import Request, Response
from cordboard.sip.multipart import MAX_PARTS
from support.sip_network import ANSWER, OFFER, invitation
from support.sip_peer import Peer

ISUP = b"Content-Type: application/isup;version=itu-t92+\r\n\r\n\x01\r\n--x\x00\r\n"
DESCRIBED = b"content-type : Application/SDP;charset=utf-8\r\nContent-Disposition: session\r\n\r\n"


def body_of(*parts: bytes, boundary: bytes = b"b-1") -> bytes:
    """Parts between their delimiters."""
    return (
        b"".join(b"--%s\r\n%s\r\n" % (boundary, part) for part in parts) + b"--%s--\r\n" % boundary
    )


def said(body: bytes, content_type: str = "multipart/mixed;boundary=b-1") -> bytes | None:
    """What of it is a description."""
    return sdp_of(Response(200, "OK", {"content-type": [content_type]}, body))


@pytest.mark.parametrize(
    "body",
    [
        body_of(DESCRIBED + ANSWER, ISUP),
        body_of(ISUP, DESCRIBED + ANSWER),
        b"To old programs: nothing for you\r\n" + body_of(DESCRIBED + ANSWER),
        body_of(b"c: application/sdp\r\n\r\n" + ANSWER),
        body_of(b"\r\nplain text", DESCRIBED + ANSWER),
    ],
)
def test_the_description_is_found(body: bytes) -> None:
    assert said(body) == ANSWER


@pytest.mark.parametrize(
    "content_type",
    [
        'Multipart/Alternative; boundary="b-1"',
        "multipart/mixed ; charset=x ; BOUNDARY=b-1",
        "multipart/related;boundary=b-1;type=x",
    ],
)
def test_however_the_type_is_written(content_type: str) -> None:
    assert said(body_of(DESCRIBED + ANSWER), content_type) == ANSWER


def test_line_feeds_alone_end_lines_too() -> None:
    body = b"--b-1\nContent-Type: application/sdp\n\nv=0\ns=-\n--b-1--\n"
    assert said(body) == b"v=0\ns=-"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (body_of(ISUP), "multipart/mixed;boundary=b-1"),
        (body_of(DESCRIBED + ANSWER), "multipart/mixed"),
        (body_of(DESCRIBED + ANSWER), "multipart/mixed;boundary="),
        (body_of(DESCRIBED + ANSWER), 'multipart/mixed;boundary="b-1'),
        (body_of(DESCRIBED + ANSWER), "multipart/mixed;boundary=b-2"),
        (body_of(DESCRIBED + ANSWER), f"multipart/mixed;boundary={'b' * 71}"),
        (body_of(*[ISUP] * MAX_PARTS, DESCRIBED + ANSWER), "multipart/mixed;boundary=b-1"),
        (body_of(ISUP) + body_of(DESCRIBED + ANSWER), "multipart/mixed;boundary=b-1"),
        (b"--b-1", "multipart/mixed;boundary=b-1"),
        (b"--b-1\r\nno blank line", "multipart/mixed;boundary=b-1"),
    ],
)
def test_where_there_is_none(body: bytes, content_type: str) -> None:
    assert said(body, content_type) is None


def test_a_call_is_answered_and_held_that_way() -> None:
    peer = Peer()
    peer.stack.invite(invitation(peer.end), peer.now)
    invite = peer.take_request("INVITE")
    headers = {name: list(invite.headers[name]) for name in ("via", "from", "call-id", "cseq")}
    headers["to"] = [f"{invite.need('to')};tag=peer"]
    headers["content-type"] = ["multipart/mixed;boundary=b-1"]
    peer.say(Response(200, "OK", headers, body_of(ISUP, DESCRIBED + ANSWER)))
    peer.take_request("ACK")
    (answered,) = peer.events()
    assert isinstance(answered, InviteAnswered)
    assert answered.sdp == ANSWER
    to, from_ = invite.need("from"), headers["to"][0]
    offer = {**headers, "to": [to], "from": [from_], "cseq": ["1 INVITE"]}
    offer["via"] = ["SIP/2.0/UDP 192.0.2.2:5060;rport;branch=z9hG4bKoffer"]
    peer.say(Request("INVITE", "sip:x", offer, body_of(DESCRIBED + OFFER, ISUP)))
    assert peer.events() == [OfferReceived("call-1", OFFER)]
