"""URIs: read, written, compared as RFC 3261 19.1 says."""

from __future__ import annotations

import pytest

from cordboard.sip.errors import SipBuildError, SipParseError
from cordboard.sip.uri import MAX_URI_LENGTH, SipUri, parse_uri, split_host_port


@pytest.mark.parametrize(
    "text",
    [
        "sip:alice@atlanta.example",
        "sips:alice@atlanta.example:5071",
        "sip:atlanta.example",
        "sip:alice@[2001:db8::1]:5060;transport=tcp",
        "sip:alice@192.0.2.4;lr;maddr=239.255.255.1;ttl=15",
        "sip:+81312345678@gw.example;user=phone",
        "sip:user;par=u%40x@example.com",
        "sip:a%00b%FF@example.com",
        "sip:a@example.com?subject=x&to=y",
        "sip:@example.com",
        "sip:a@my_host.local",
        "tel:+81-3-1234-5678;phone-context=example.com",
    ],
)
def test_uri_survives_a_round_trip(text: str) -> None:
    assert str(parse_uri(text)) == text


def test_parts() -> None:
    uri = parse_uri("SIP:J%c3%a9r%c3%b4me:secret@Atlanta.Example:5070;Transport=TCP;lr?a=b")
    assert uri == SipUri(
        "sip",
        "Jérôme",
        "atlanta.example",
        5070,
        {"transport": "TCP", "lr": None},
        "a=b",
    )
    assert uri.transport == "tcp"
    assert uri.loose
    assert uri.address == ("atlanta.example", 5070)
    assert uri.text() == "sip:J%C3%A9r%C3%B4me@atlanta.example:5070;transport=TCP;lr"
    assert "secret" not in str(uri)


@pytest.mark.parametrize(
    ("text", "address", "transport"),
    [
        ("sip:a@h", ("h", 5060), "udp"),
        ("sips:a@h", ("h", 5061), "tls"),
        ("sip:a@h;transport=TLS", ("h", 5061), "tls"),
        ("sip:a@[::1]", ("::1", 5060), "udp"),
        ("sip:a@[2001:DB8:0:0:0:0:0:1]:5070", ("2001:db8::1", 5070), "udp"),
        ("sip:[2001:db8::10:5070]", ("2001:db8::10:5070", 5060), "udp"),  # RFC 5118 4.3
        ("sip:a@[::ffff:192.0.2.2]", ("192.0.2.2", 5060), "udp"),
        ("sip:a@[2001:db8:::192.0.2.1]", ("2001:db8::c000:201", 5060), "udp"),  # RFC 5118 4.10
    ],
)
def test_default_port_and_transport(text: str, address: tuple[str, int], transport: str) -> None:
    uri = parse_uri(text)
    assert (uri.address, uri.transport) == (address, transport)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", 400),
        ("alice", 400),
        (":a@b", 400),
        ("http://example.com", 416),
        ("<sip:a@b>", 416),
        ("sip:", 400),
        ("sip:a@", 400),
        ("sip:a@b c", 400),
        ("sip:a@b\tc", 400),
        ('sip:"a"@b', 400),
        ("sip:a@b:0", 400),
        ("sip:a@b:65536", 400),
        ("sip:a@b:00001999999", 400),
        ("sip:a@b:", 400),
        ("sip:a@b:５", 400),
        ("sip:a@[::1", 400),
        ("sip:a@[::1]5060", 400),
        ("sip:a@[::g]", 400),
        ("sip:a@exämple", 400),
        ("sip:a@b,c", 400),
        ("sip:" + "a" * MAX_URI_LENGTH, 414),
    ],
)
def test_what_is_no_uri_has_a_status(text: str, status: int) -> None:
    with pytest.raises(SipParseError) as caught:
        parse_uri(text)
    assert caught.value.status == status


# The examples of RFC 3261 19.1.4, and what registrars meet besides.
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sip:%61lice@atlanta.example;transport=TCP", "sip:alice@AtLanta.Example;Transport=tcp"),
        ("sip:carol@chicago.example", "sip:carol@chicago.example;newparam=5"),
        ("sip:carol@chicago.example", "sip:carol@chicago.example;security=on"),
        ("sip:bob@[2001:db8::1]", "sip:bob@[2001:DB8:0:0:0:0:0:1]"),
        ("sip:bob@192.0.2.1:5062", "sip:bob@[::ffff:192.0.2.1]:5062"),
        (
            "sip:alice@h?subject=project%20x&priority=urgent",
            "sip:alice@h?priority=urgent&subject=project%20x",
        ),
    ],
)
def test_equal_uris(one: str, other: str) -> None:
    assert parse_uri(one).same_as(parse_uri(other))
    assert parse_uri(other).same_as(parse_uri(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sip:alice@h", "sip:ALICE@h"),
        ("sip:bob@h", "sip:bob@h:5060"),
        ("sip:bob@h", "sip:bob@h;transport=udp"),
        ("sip:bob@h", "sips:bob@h"),
        ("sip:bob@h;user=phone", "sip:bob@h"),
        ("sip:bob@h;security=on", "sip:bob@h;security=off"),
        ("sip:carol@h", "sip:carol@h?Subject=next%20meeting"),
        ("sip:h", "sip:@h"),
        ("sip:bob@phone21.example", "sip:bob@192.0.2.4"),
        ("sip:bob@[2001:db8::1]", "sip:bob@[2001:db8::2]"),
        ("sip:bob@[2001:db8::1:5060]", "sip:bob@[2001:db8::1]:5060"),
    ],
)
def test_different_uris(one: str, other: str) -> None:
    assert not parse_uri(one).same_as(parse_uri(other))
    assert not parse_uri(other).same_as(parse_uri(one))


def test_host_and_port() -> None:
    assert split_host_port(" Host.Example : 5060 ") == ("host.example", 5060)
    assert split_host_port("[2001:DB8::1]") == ("[2001:db8::1]", None)


def test_user_without_octets_is_refused() -> None:
    with pytest.raises(SipBuildError):
        str(SipUri("sip", "\ud800", "h"))


def test_line_break_in_a_user_is_escaped() -> None:
    assert str(SipUri("sip", "a\r\nEvil: 1", "h")) == "sip:a%0D%0AEvil%3A%201@h"
