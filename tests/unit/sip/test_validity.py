"""What every message must have, and what is found for the answer when it has not."""

from __future__ import annotations

import pytest

from cordboard.sip.errors import SipParseError
from cordboard.sip.message import Message, Request, Response
from cordboard.sip.validity import check_request, check_response, salvage

VIA = "SIP/2.0/UDP h;branch=z9hG4bK1"


def headers(**changes: list[str] | None) -> dict[str, list[str]]:
    made: dict[str, list[str] | None] = {
        "via": [VIA],
        "from": ["<sip:a@h>;tag=1"],
        "to": ["<sip:b@h>"],
        "call-id": ["c1"],
        "cseq": ["1 INVITE"],
        "max-forwards": ["70"],
    }
    made.update({name.replace("_", "-"): values for name, values in changes.items()})
    return {name: values for name, values in made.items() if values is not None}


def check(message: Message) -> None:
    if isinstance(message, Request):
        check_request(message)
    else:
        assert isinstance(message, Response)
        check_response(message)


def status_of(message: Message) -> int:
    with pytest.raises(SipParseError) as caught:
        check(message)
    return caught.value.status


def test_sound_messages_pass() -> None:
    check_request(Request("INVITE", "sip:b@h", headers()))
    check_request(Request("INVITE", "tel:+1", headers(max_forwards=None)))
    check_response(Response(200, "OK", headers()))


@pytest.mark.parametrize("name", ["via", "from", "to", "call-id", "cseq"])
def test_what_is_missing(name: str) -> None:
    assert status_of(Request("INVITE", "sip:b@h", headers(**{name: None}))) == 400
    assert status_of(Response(200, "OK", headers(**{name: None}))) == 400


@pytest.mark.parametrize("name", ["from", "to", "call-id", "cseq", "max-forwards"])
def test_what_is_doubled(name: str) -> None:
    doubled = headers()
    doubled[name] *= 2
    assert status_of(Request("INVITE", "sip:b@h", doubled)) == 400


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("via", "garbage"),
        ("via", ""),
        ("via", f"{VIA}, garbage"),
        ("from", "Bell, A <sip:a@h>"),
        ("from", ""),
        ("to", '"x'),
        ("to", "<sip:b@h>" + ";x" * 100),
        ("call-id", ""),
        ("cseq", "1"),
        ("cseq", "99999999999 INVITE"),
        ("max-forwards", "256"),
        ("max-forwards", "many"),
        ("contact", "Bell, A <sip:a@h>"),
    ],
)
def test_what_is_malformed(name: str, value: str) -> None:
    assert status_of(Request("INVITE", "sip:b@h", {**headers(), name: [value]})) == 400


def test_cseq_of_another_method() -> None:
    assert status_of(Request("BYE", "sip:b@h", headers())) == 400
    assert status_of(Request("DANCE", "sip:b@h", headers())) == 501


@pytest.mark.parametrize(
    ("uri", "status"),
    [("http://h", 416), ("sip:b@h?x=y", 400), ("sip:" + "b" * 2000, 414), ("<sip:b@h>", 416)],
)
def test_request_uri(uri: str, status: int) -> None:
    assert status_of(Request("INVITE", uri, headers())) == status


def test_salvage_takes_what_an_answer_copies() -> None:
    found = salvage(
        b"INVITE sip:b@h;oops oops SIP/2.0\r\n"
        b"v: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
        b"Via: SIP/2.0/UDP i\r\n"
        b"From: <sip:a@h>;\r\n tag=1\r\n"
        b"no colon here\r\n"
        b"bad name: 1\r\n"
        b"To: <sip:b@h>\r\n"
        b"To: <sip:again@h>\r\n"
        b"Call-ID: x\0y\r\n"
        b"Subject: not needed\r\n"
        b"CSeq: 1 INVITE\r\n"
        b"Content-Length: -1\r\n"
        b"\r\n"
        b"body"
    )
    assert found is not None
    assert (found.method, found.uri, found.body) == ("INVITE", "sip:b@h;oops oops", b"")
    assert found.headers == {
        "via": [VIA, "SIP/2.0/UDP i"],
        "from": ["<sip:a@h>; tag=1"],
        "to": ["<sip:b@h>"],
        "cseq": ["1 INVITE"],
    }


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"\xff\xfe",
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h\r\n\r\n",
        b"ACK sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n\r\n",
        b"INVITE sip:b@h SIP/2.0\r\nTo: x\r\n\r\n",
        b"INVITE sip:b@h SIP/2.0\r\nVia: garbage\r\n\r\n",
        b"INVITE sip:b@h SIP/2.0\r\nVia:\r\n\r\n",
    ],
)
def test_nothing_to_answer(data: bytes) -> None:
    assert salvage(data) is None


def test_salvage_of_what_is_too_large() -> None:
    head = b"INVITE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n"
    found = salvage(head + b"X: 1\r\n" * 1_000_000)
    assert found is not None
    assert found.headers == {"via": ["SIP/2.0/UDP h"]}
