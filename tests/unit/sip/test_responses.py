from __future__ import annotations

import pytest

from cordboard.sip.errors import SipBuildError, SipParseError
from cordboard.sip.flow import Flow
from cordboard.sip.message import Request, parse
from cordboard.sip.responses import (
    MAX_RETRY_AFTER,
    build_response,
    reason_of,
    retry_after_of,
    stamp_via,
)

HERE = ("192.0.2.1", 5060)
SOURCE = ("192.0.2.2", 40_000)
UDP = Flow("udp", HERE, SOURCE)
TCP = Flow("tcp", HERE, SOURCE)


def request(*vias: str, to: str = "<sip:b@h>") -> Request:
    return Request(
        "OPTIONS",
        "sip:b@h",
        {
            "via": list(vias),
            "from": ["<sip:a@h>;tag=1"],
            "to": [to],
            "call-id": ["c"],
            "cseq": ["1 OPTIONS"],
        },
    )


@pytest.mark.parametrize(
    ("via", "stamped", "port"),
    [
        (
            "SIP/2.0/UDP 10.0.0.1:5070;branch=b;rport",
            "SIP/2.0/UDP 10.0.0.1:5070;branch=b;rport=40000;received=192.0.2.2",
            40_000,
        ),
        (
            "SIP/2.0/UDP 10.0.0.1:5070;rport;branch=b",
            "SIP/2.0/UDP 10.0.0.1:5070;rport=40000;branch=b;received=192.0.2.2",
            40_000,
        ),
        (
            "SIP/2.0/UDP 10.0.0.1:5070;branch=b",
            "SIP/2.0/UDP 10.0.0.1:5070;branch=b;received=192.0.2.2",
            5070,
        ),
        ("SIP/2.0/UDP 192.0.2.2;branch=b", "SIP/2.0/UDP 192.0.2.2;branch=b", 5060),
        ("SIP/2.0/UDP 192.0.2.2:40000;branch=b", "SIP/2.0/UDP 192.0.2.2:40000;branch=b", 40_000),
        (
            "SIP/2.0/UDP h;branch=b;received=198.51.100.1, SIP/2.0/UDP p;branch=c;rport",
            "SIP/2.0/UDP h;branch=b;received=192.0.2.2, SIP/2.0/UDP p;branch=c;rport",
            5060,
        ),
    ],
)
def test_responses_go_back_where_the_request_came_from(via: str, stamped: str, port: int) -> None:
    asked = request(via, "SIP/2.0/UDP other;branch=x")
    assert stamp_via(asked, UDP) == Flow("udp", HERE, ("192.0.2.2", port))
    assert asked.headers["via"] == [stamped, "SIP/2.0/UDP other;branch=x"]


@pytest.mark.parametrize(
    ("via", "stamped", "port"),
    [
        (
            "SIP/2.0/UDP [2001:db8::2]:5070;branch=b;rport",
            "SIP/2.0/UDP [2001:db8::2]:5070;branch=b;rport=40000;received=2001:db8::2",
            40_000,
        ),
        (
            "SIP/2.0/UDP [2001:db8::2]:40000;branch=b",
            "SIP/2.0/UDP [2001:db8::2]:40000;branch=b",
            40_000,
        ),
        (
            "SIP/2.0/UDP [2001:DB8:0::2]:5070;branch=b",
            "SIP/2.0/UDP [2001:DB8:0::2]:5070;branch=b",
            5070,
        ),
    ],
)
def test_responses_go_back_over_ipv6(via: str, stamped: str, port: int) -> None:
    asked = request(via)
    flow = Flow("udp", ("2001:db8::1", 5060), ("2001:db8::2", 40_000))
    assert stamp_via(asked, flow).remote == ("2001:db8::2", port)
    assert asked.headers["via"] == [stamped]


def test_over_a_connection_they_go_by_the_connection() -> None:
    assert stamp_via(request("SIP/2.0/TCP 10.0.0.1;branch=b"), TCP) == TCP


@pytest.mark.parametrize("vias", [(), ("",), (",",), ("nonsense",)])
def test_a_via_that_can_not_be_read_is_an_error(vias: tuple[str, ...]) -> None:
    with pytest.raises(SipParseError):
        stamp_via(request(*vias), UDP)


def test_a_response_repeats_what_it_must() -> None:
    asked = request("SIP/2.0/UDP a;branch=1", "SIP/2.0/UDP b;branch=2")
    answer = parse(build_response(asked, 404, "t", lines="X-A: 1\r\n", body=b"x"))
    assert answer.start_line == "SIP/2.0 404 Not Found"
    assert answer.headers["via"] == asked.headers["via"]
    assert answer.need("to") == "<sip:b@h>;tag=t"
    assert (answer.need("from"), answer.need("call-id")) == ("<sip:a@h>;tag=1", "c")
    assert (answer.need("cseq"), answer.need("x-a")) == ("1 OPTIONS", "1")
    assert answer.body == b"x"


def test_a_to_tag_is_added_only_where_there_is_none() -> None:
    assert b";tag=t" not in build_response(request("SIP/2.0/UDP a"), 100, "t")
    inside = build_response(request("SIP/2.0/UDP a", to="<sip:b@h>;tag=2"), 200, "t")
    assert b"To: <sip:b@h>;tag=2\r\n" in inside


def test_line_breaks_go_nowhere() -> None:
    with pytest.raises(SipBuildError):
        build_response(request("SIP/2.0/UDP a"), 200, "t", reason="OK\r\nX: y")
    with pytest.raises(SipBuildError):
        build_response(request("SIP/2.0/UDP a", to="<sip:b@h>\nX: y"), 200, "t")
    with pytest.raises(SipParseError):
        build_response(Request("OPTIONS", "sip:x"), 200, "t")


def test_reason_phrases() -> None:
    assert reason_of(486) == "Busy Here"
    assert reason_of(499) == "Unknown"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7), ("18000;duration=3600", 18_000), ("120 (I'm in a meeting)", 120), ("x", None),
     ("-1", None), ("99999999999", MAX_RETRY_AFTER), ("", None)],
)  # fmt: skip
def test_retry_after(value: str, seconds: int | None) -> None:
    answer = parse(
        build_response(request("SIP/2.0/UDP a"), 503, "t", lines=f"Retry-After: {value}\r\n")
    )
    assert not isinstance(answer, Request)
    assert retry_after_of(answer) == seconds
