"""Addresses are compared by their value, however they are written."""

from __future__ import annotations

from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cordboard.addresses import (
    Family,
    Hosts,
    bracketed,
    canonical,
    family_of,
    is_address,
    is_wildcard,
    network_of,
    written,
)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("PBX.Example", "pbx.example"),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),  # RFC 5952 4.2.3
        ("::ffff:192.0.2.10", "192.0.2.10"),
        ("::FFFF:C000:20A", "192.0.2.10"),
        ("fe80::1%eth0", "fe80::1"),
        ("2001:db8:::192.0.2.1", "2001:db8::c000:201"),  # RFC 5118 4.10
        ("2001:db8:::1", "2001:db8:::1"),
        ("strange:host", "strange:host"),
        (":" * 100_000, ":" * 100_000),
        ("", ""),
    ],
)
def test_one_way_of_writing(host: str, expected: str) -> None:
    assert canonical(host) == expected


@given(st.ip_addresses(v=6))
def test_all_ways_of_writing_an_address_are_one(address: IPv6Address) -> None:
    text = str(address)
    assert canonical(text) == canonical(address.exploded.upper()) == canonical(f"[{text}]")
    assert canonical(canonical(text)) == canonical(text)


def test_what_is_an_address() -> None:
    assert all(map(is_address, ("127.0.0.1", "::1", "2001:db8::1")))
    assert not any(
        map(is_address, ("localhost", "", "1" * 100_000, "[::1]", "1.2.3", "2001:db8:::1"))
    )


WILDCARD = "0.0.0.0"  # noqa: S104 - as a peer may write it


def test_wildcards() -> None:
    assert all(map(is_wildcard, (WILDCARD, "::", "[::]", "0:0:0:0:0:0:0:0", "::ffff:0:0")))
    assert not any(map(is_wildcard, ("127.0.0.1", "::1", "localhost", "")))


def test_families() -> None:
    assert family_of("192.0.2.1") is Family.IPV4
    assert family_of("2001:db8::1") is Family.IPV6


def test_as_they_stand_in_uris() -> None:
    assert bracketed("2001:db8::1") == bracketed("[2001:db8::1]") == "[2001:db8::1]"
    assert bracketed("192.0.2.1") == "192.0.2.1"
    assert written("2001:db8::1", 5060) == written("[2001:db8::1]", 5060) == "[2001:db8::1]:5060"
    assert written("pbx.example", 5060) == "pbx.example:5060"
    assert (bracketed(""), written("", 0)) == ("", ":0")


def test_a_host_of_each_family() -> None:
    both = Hosts.of("2001:DB8::1", "192.0.2.1")
    assert both == Hosts("192.0.2.1", "2001:db8::1")
    assert list(both) == ["192.0.2.1", "2001:db8::1"]
    assert both.towards("198.51.100.1") == "192.0.2.1"
    assert both.towards("2001:db8::9") == "2001:db8::1"
    assert Hosts.of("::1").towards("127.0.0.1") is None
    assert Hosts.of("::1").or_else(both) == Hosts("192.0.2.1", "::1")
    assert not list(Hosts())


@pytest.mark.parametrize(
    ("addresses", "why"),
    [
        (("192.0.2.1", "192.0.2.2"), "two IPv4 addresses"),
        (("::1", "[::2]"), "two IPv6 addresses"),
        (("pbx.example",), "pbx.example is no IP address"),
    ],
)
def test_hosts_that_are_none(addresses: tuple[str, ...], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Hosts.of(*addresses)


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::"),
        ("strange:host", "strange:host"),
    ],
)
def test_what_one_party_has_for_itself(host: str, network: str) -> None:
    assert network_of(host) == network


@given(st.text())
def test_any_text_is_some_host(text: str) -> None:
    assert isinstance(network_of(text), str)
    assert canonical(text) == canonical(text)
