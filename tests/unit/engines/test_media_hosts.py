"""Which host stands in our SDP, for which peer."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from cordboard.addresses import NO_HOSTS, Hosts
from cordboard.engines.embedded import media_hosts
from cordboard.engines.embedded.media_hosts import MediaHosts
from cordboard.sip.flow import Flow

OUTSIDE, INSIDE, V6 = "198.51.100.7", "192.168.7.20", "2001:db8::9"


class Routes:
    """The host that a peer finds us at for SIP, which the test changes."""

    def __init__(self) -> None:
        self.host = "192.168.7.2"

    def for_sip(self, _flow: Flow) -> tuple[str, int]:
        return self.host, 5060


def towards(hosts: MediaHosts, peer: str) -> str:
    return hosts.towards(Flow("udp", ("", 0), (peer, 5060)))


def test_what_is_advertised_goes_before_what_is_bound() -> None:
    hosts = MediaHosts(Hosts("203.0.113.5"), Hosts("10.0.0.1", "2001:db8::1"), Routes().for_sip)
    assert [towards(hosts, peer) for peer in (OUTSIDE, V6)] == ["203.0.113.5", "2001:db8::1"]


def test_each_peer_has_its_own() -> None:
    told = Hosts("203.0.113.5").but_not_in((ip_network("192.168.0.0/16"),))
    hosts = MediaHosts(told, Hosts("10.0.0.1"), Routes().for_sip)
    for _ in range(2):
        assert [towards(hosts, peer) for peer in (OUTSIDE, INSIDE)] == ["203.0.113.5", "10.0.0.1"]


def test_at_a_wildcard_it_goes_by_the_route_of_the_moment() -> None:
    routes = Routes()
    hosts = MediaHosts(NO_HOSTS, Hosts("0.0.0.0"), routes.for_sip)  # noqa: S104 - a wildcard
    assert towards(hosts, OUTSIDE) == "192.168.7.2"
    routes.host = "192.168.8.2"
    assert towards(hosts, OUTSIDE) == "192.168.8.2"


def test_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_hosts, "MAX_KNOWN", 2)
    hosts = MediaHosts(Hosts("203.0.113.5"), NO_HOSTS, Routes().for_sip)
    for last in range(5):
        assert towards(hosts, f"198.51.100.{last}") == "203.0.113.5"
    assert len(hosts._set) <= 2
