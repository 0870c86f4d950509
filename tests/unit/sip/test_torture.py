"""The messages of RFC 4475: what reading and checking makes of each of them.

What the RFC expects of transactions and of the application (3.2, 3.3) is not decided here; such
messages are read and handed on.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from cordboard.sip.address import parse_name_addr, tag_of
from cordboard.sip.errors import SipBuildError, SipParseError
from cordboard.sip.message import Request, Response, parse
from cordboard.sip.uri import parse_uri
from cordboard.sip.validity import check_request, check_response, salvage
from cordboard.sip.via import parse_via

MESSAGES = Path(__file__).parents[2] / "data" / "rfc4475"

ACCEPTED_REQUESTS = [
    # 3.1.1: well formed
    "wsinv",
    "intmeth",
    "esc01",
    "escnull",
    "esc02",
    "lwsdisp",
    "longreq",
    "dblreq",
    "semiuri",
    "transports",
    "mpart01",
    # 3.1.2: not well formed, but what is wrong can be ignored (a Date, blanks within brackets), or
    # only shows where Contact is read
    "baddate",
    "badaspec",
    # 3.2: for the transaction layer
    "badbranch",
    # 3.3: for the application
    "unksm2",
    "bext01",
    "invut",
    "regaut01",
    "zeromf",
    "cparam01",
    "cparam02",
    "regescrt",
    "sdp01",
    # 3.4
    "inv2543",
]
ACCEPTED_RESPONSES = ["unreason", "noreason", "bcast"]
REFUSED_REQUESTS = {
    "badinv01": 400,
    "clerr": 400,
    "ncl": 400,
    "scalar02": 400,
    "quotbal": 400,
    "ltgtruri": 416,
    "lwsruri": 400,
    "lwsstart": 400,
    "trws": 400,
    "escruri": 400,
    "baddn": 400,
    "badvers": 505,
    "mismatch01": 400,
    "regbadct": 400,
    "mismatch02": 501,
    "insuf": 400,
    "unkscm": 416,
    "novelsc": 416,
    "multi01": 400,
    "mcl01": 400,
}
DROPPED_RESPONSES = ["scalarlg", "bigcode"]


def data_of(name: str) -> bytes:
    return (MESSAGES / f"{name}.dat").read_bytes()


def read(name: str) -> Request | Response:
    message = parse(data_of(name))
    if isinstance(message, Request):
        check_request(message)
    else:
        check_response(message)
    return message


def test_every_message_has_an_outcome() -> None:
    named = [*ACCEPTED_REQUESTS, *ACCEPTED_RESPONSES, *REFUSED_REQUESTS, *DROPPED_RESPONSES]
    assert sorted(named) == sorted(path.stem for path in MESSAGES.glob("*.dat"))
    assert len(named) == 49


@pytest.mark.parametrize("name", ACCEPTED_REQUESTS)
def test_request_is_accepted(name: str) -> None:
    assert isinstance(read(name), Request)


@pytest.mark.parametrize("name", ACCEPTED_RESPONSES)
def test_response_is_accepted(name: str) -> None:
    assert isinstance(read(name), Response)


@pytest.mark.parametrize(("name", "status"), REFUSED_REQUESTS.items())
def test_request_is_refused_with_a_status_and_can_be_answered(name: str, status: int) -> None:
    with pytest.raises(SipParseError) as caught:
        read(name)
    assert caught.value.status == status
    found = salvage(data_of(name))
    assert found is not None
    expected = {"via", "cseq"} if name == "insuf" else {"via", "from", "to", "call-id", "cseq"}
    assert found.headers.keys() == expected
    parse_via(found.each("via")[0])
    bytes(found)


@pytest.mark.parametrize("name", DROPPED_RESPONSES)
def test_response_is_dropped(name: str) -> None:
    with pytest.raises(SipParseError):
        read(name)
    assert salvage(data_of(name)) is None


def test_folded_and_spaced_headers_are_read_in_full() -> None:
    message = read("wsinv")
    assert tag_of(message.need("to")) == "1918181833n"
    assert tag_of(message.need("from")) == "98asjd8"
    assert parse_name_addr(message.need("from")).display == 'J Rosenberg \\"'
    assert message.cseq == (9, "INVITE")
    vias = [parse_via(via) for via in message.each("via")]
    assert [(via.transport, via.host, via.branch) for via in vias] == [
        ("UDP", "192.0.2.2", "390skdjuw"),
        ("TCP", "spindle.example.com", "z9hG4bK9ikj8"),
        ("UDP", "192.168.255.111", "z9hG4bK30239"),
    ]
    contact = parse_name_addr(message.each("contact")[0])
    assert contact.display == 'Quoted string ""'
    assert contact.parameters["newparam"] == "newvalue"
    assert contact.parameters["q"] == "0.33"
    assert len(message.body) == 150


def test_nul_in_a_quoted_pair_comes_back_in_a_response_only() -> None:
    message = read("intmeth")
    assert isinstance(message, Request)
    to = message.need("to")
    assert "\\\0" in to
    assert parse_name_addr(to).display == "BEL:\a NUL:\0 DEL:\x7f"
    assert f"To: {to}\r\n".encode() in bytes(Response(501, "Not Implemented", {"to": [to]}))
    with pytest.raises(SipBuildError):
        bytes(Request("OPTIONS", "sip:a@b", {"to": [to]}))


def test_escapes_are_undone_once_and_made_again() -> None:
    message = read("esc01")
    assert isinstance(message, Request)
    uri = parse_uri(message.uri)
    assert uri.user == "sips:user@example.com"
    assert str(uri) == message.uri
    null = parse_name_addr(read("escnull").need("to")).uri
    assert null.user == "null-\0-null"
    assert str(null) == "sip:null-%00-null@example.com"


def test_escaped_method_is_another_method() -> None:
    message = read("esc02")
    assert isinstance(message, Request)
    assert message.method == "RE%47IST%45R"


def test_semicolon_and_question_mark_belong_to_the_user_part() -> None:
    message = read("semiuri")
    assert isinstance(message, Request)
    uri = parse_uri(message.uri)
    assert uri.user == "user;par=u@example.net"
    assert uri.host == "example.com"
    assert uri.parameters == {}


def test_octets_after_the_body_are_dropped() -> None:
    message = read("dblreq")
    assert isinstance(message, Request)
    assert (message.method, message.body) == ("REGISTER", b"")


def test_parameters_outside_brackets_are_the_headers() -> None:
    outside = parse_name_addr(read("cparam01").need("contact"))
    inside = parse_name_addr(read("cparam02").need("contact"))
    assert (outside.uri.parameters, outside.parameters) == ({}, {"unknownparam": None})
    assert (inside.uri.parameters, inside.parameters) == ({"unknownparam": None}, {})


def test_contact_with_headers_needs_brackets() -> None:
    with pytest.raises(SipParseError):
        parse_name_addr(read("regbadct").need("contact"))
    assert parse_name_addr(read("regescrt").need("contact")).uri.headers


def test_reason_phrase_may_be_anything_or_nothing() -> None:
    plain = read("unreason")
    empty = read("noreason")
    assert isinstance(plain, Response)
    assert isinstance(empty, Response)
    assert plain.reason.endswith("простое")
    assert empty.reason == ""
