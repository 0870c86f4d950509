"""Via entries."""

from __future__ import annotations

import pytest

from cordboard.sip.errors import SipParseError
from cordboard.sip.via import Via, branch_of, parse_via


@pytest.mark.parametrize(
    ("text", "via"),
    [
        ("SIP/2.0/UDP h", Via("UDP", "h")),
        (
            "SIP/2.0/tcp H:5070;branch=x;rport",
            Via("TCP", "h", 5070, {"branch": "x", "rport": None}),
        ),
        ("sip / 2.0 /UDP  [2001:db8::9]:1 ; a = b", Via("UDP", "[2001:db8::9]", 1, {"a": "b"})),
        ("SIP/2.0/UDP h : 5060", Via("UDP", "h", 5060)),
        ("SIP/7.0/UDP h", Via("UDP", "h", version="7.0")),
    ],
)
def test_via(text: str, via: Via) -> None:
    assert parse_via(text) == via
    assert parse_via(str(via)) == via


@pytest.mark.parametrize(
    "text",
    [
        "",
        ";",
        "SIP/2.0 h",
        "SIP/2.0/UDP",
        "SIP/2.0/UDP ;branch=x",
        "HTTP/2.0/UDP h",
        "SIP/2.0/U@P h",
        "SIP/2.0/UDP h:99999",
        "SIP/2.0/UDP h;a;;b",
        "SIP/2.0/UDP h/x",
    ],
)
def test_malformed_via(text: str) -> None:
    with pytest.raises(SipParseError):
        parse_via(text)


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        ("SIP/2.0/UDP 192.0.2.1:5060", "SIP/2.0/UDP 192.0.2.1:5060"),
        ("SIP/2.0/UDP h", "SIP/2.0/UDP h;received=192.0.2.1"),
        (
            "SIP/2.0/UDP 192.0.2.1;rport;branch=x",
            "SIP/2.0/UDP 192.0.2.1;rport=4444;branch=x;received=192.0.2.1",
        ),
        ("SIP/2.0/UDP h;received=10.0.0.1", "SIP/2.0/UDP h;received=192.0.2.1"),
    ],
)
def test_where_it_really_came_from_is_noted(sent: str, received: str) -> None:
    assert str(parse_via(sent).as_received("192.0.2.1", 4444)) == received


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        ("SIP/2.0/UDP [2001:DB8:0:0:0:0:9:1]", "SIP/2.0/UDP [2001:db8:0:0:0:0:9:1]"),
        ("SIP/2.0/UDP [2001:db8::9:2]", "SIP/2.0/UDP [2001:db8::9:2];received=2001:db8::9:1"),
        (
            "SIP/2.0/UDP [2001:db8::9:1];rport;branch=x",
            "SIP/2.0/UDP [2001:db8::9:1];rport=4444;branch=x;received=2001:db8::9:1",
        ),
        (  # RFC 5118 4.5: brackets that do not belong there
            "SIP/2.0/UDP h;received=[2001:db8::9:255]",
            "SIP/2.0/UDP h;received=2001:db8::9:1",
        ),
    ],
)
def test_where_it_came_from_over_ipv6(sent: str, received: str) -> None:
    assert str(parse_via(sent).as_received("2001:db8::9:1", 4444)) == received


def test_an_ipv4_address_within_an_ipv6_one_is_that_address() -> None:
    via = parse_via("SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19")
    assert "received" not in via.as_received("192.0.2.10", 19823).parameters


@pytest.mark.parametrize(
    ("text", "branch"),
    [
        ("SIP/2.0/UDP h;branch=z9hG4bKx;rport", "z9hG4bKx"),
        ("SIP/2.0/UDP h;rport;branch=z9hG4bKx", "z9hG4bKx"),
        ("SIP/2.0/UDP h ; Branch = z9hG4bKx", "z9hG4bKx"),
        ("SIP/2.0/UDP h;branch=one, SIP/2.0/UDP i;branch=two", "one"),
        ("SIP/2.0/UDP h, SIP/2.0/UDP i;branch=two", None),
        ('SIP/2.0/UDP h;x=";branch=no";branch=yes', "yes"),
        ("SIP/2.0/UDP h", None),
        ("SIP/2.0/UDP h;branch=", None),
        ("", None),
    ],
)
def test_branch_without_reading_the_rest(text: str, branch: str | None) -> None:
    assert branch_of(text) == branch


def test_branch_of_garbage() -> None:
    with pytest.raises(SipParseError):
        branch_of("garbage")
