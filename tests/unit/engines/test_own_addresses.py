"""From which of our addresses a peer is reached, and which it is told."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from cordboard.addresses import NO_HOSTS, Family, Hosts
from cordboard.engines import own_addresses
from cordboard.engines.own_addresses import ROUTE_SECONDS, OwnAddresses
from cordboard.sip.flow import Flow

PEER, PEER_V6 = ("192.0.2.9", 5060), ("2001:db8::9", 5060)
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - that is what is tested


class Network:
    """Routes, and a clock, that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.asked = 0
        self.routes = {PEER[0]: "192.0.2.1", PEER_V6[0]: "2001:db8::1"}

    def route(self, remote: tuple[str, int]) -> str | None:
        self.asked += 1
        return self.routes.get(remote[0])


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    made = Network()
    monkeypatch.setattr(own_addresses, "route_address", made.route)
    return made


def listening(network: Network, *hosts: str, advertised: Hosts = NO_HOSTS) -> OwnAddresses:
    own = OwnAddresses(advertised, lambda: network.now)
    for host in hosts:
        own.add("udp", (host, 5060))
        own.add("tcp", (host, 5070))
    return own


def test_at_a_wildcard_a_peer_is_told_the_address_on_the_route_to_it(network: Network) -> None:
    own = listening(network, *EVERYWHERE)
    for host, peer in zip(EVERYWHERE, (PEER, PEER_V6), strict=True):
        route = network.routes[peer[0]]
        assert own.advertised(Flow("udp", (host, 5060), peer)) == (route, 5060)
        assert own.advertised(Flow("udp", ("", 0), peer)) == (route, 5060)
        assert own.advertised(Flow("tcp", ("", 0), peer)) == (route, 5070)
        assert own.udp_towards(peer[0]) == (host, 5060)


def test_an_address_that_changes_is_noticed(network: Network) -> None:
    own = listening(network, *EVERYWHERE)
    flow = Flow("udp", ("::", 5060), PEER_V6)
    assert own.advertised(flow)[0] == "2001:db8::1"
    network.routes[PEER_V6[0]] = "2001:db8:ffff::1"
    asked = network.asked
    assert own.advertised(flow)[0] == "2001:db8::1"
    assert network.asked == asked
    network.now += ROUTE_SECONDS
    assert own.advertised(flow)[0] == "2001:db8:ffff::1"


def test_of_several_the_one_on_the_route_is_taken(network: Network) -> None:
    own = listening(network, "198.51.100.1", "192.0.2.1", "::1", "2001:db8::1")
    assert own.udp_towards(PEER[0]) == ("192.0.2.1", 5060)
    assert own.udp_towards(PEER_V6[0]) == ("2001:db8::1", 5060)
    assert own.advertised(Flow("tcp", ("", 0), PEER)) == ("192.0.2.1", 5070)


def test_where_none_is_on_the_route_it_is_the_wildcard_or_the_first(network: Network) -> None:
    network.routes.clear()
    assert listening(network, "198.51.100.1", "0.0.0.0").udp_towards(PEER[0]) == ("0.0.0.0", 5060)  # noqa: S104
    own = listening(network, "198.51.100.1", "198.51.100.2")
    assert own.udp_towards(PEER[0]) == ("198.51.100.1", 5060)
    assert own.udp_towards(PEER_V6[0]) is None


def test_without_a_route_or_a_listener_there_is_still_an_address(network: Network) -> None:
    network.routes.clear()
    own = listening(network)
    assert own.advertised(Flow("tcp", ("", 0), PEER)) == ("127.0.0.1", 5060)
    assert own.advertised(Flow("tcp", ("", 0), PEER_V6)) == ("::1", 5060)


def test_the_advertised_address_of_the_peers_family_is_told(network: Network) -> None:
    own = listening(network, *EVERYWHERE, advertised=Hosts("203.0.113.5"))
    assert own.advertised(Flow("udp", (EVERYWHERE[0], 5060), PEER)) == ("203.0.113.5", 5060)
    assert own.advertised(Flow("udp", ("::", 5060), PEER_V6)) == ("2001:db8::1", 5060)


def test_a_peer_in_a_network_of_ours_is_told_our_own_address(network: Network) -> None:
    network.routes["192.168.7.20"] = "192.168.7.2"
    local = (ip_network("192.168.0.0/16"), ip_network("fd00::/8"))
    told = Hosts("203.0.113.5", "2001:db8::5").but_not_in(local)
    own = listening(network, *EVERYWHERE, advertised=told)
    phone = ("192.168.7.20", 5060)
    assert own.advertised(Flow("udp", (EVERYWHERE[0], 5060), phone)) == ("192.168.7.2", 5060)
    assert own.advertised(Flow("udp", (EVERYWHERE[0], 5060), PEER)) == ("203.0.113.5", 5060)
    assert own.advertised(Flow("udp", ("::", 5060), PEER_V6)) == ("2001:db8::5", 5060)


def test_families(network: Network) -> None:
    assert listening(network).families == {Family.IPV4, Family.IPV6}
    assert listening(network, "::1").families == {Family.IPV6}
