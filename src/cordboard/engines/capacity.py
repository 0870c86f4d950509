"""How many connections there may be, and where ``[sip]`` says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cordboard.addresses import canonical, is_address
from cordboard.directory.shape import Field, integer, list_of, text_where

MAX_CONNECTIONS: Final = 4096
"""Kamailio's tcp_max_connections is 2048, OpenSIPS' 2048; a phone has one connection."""

MAX_OF_A_NETWORK: Final = 1024
"""Of one IPv4 address or IPv6 prefix: a large office behind one address, and a quarter of all."""

MAX_HANDSHAKES: Final = 256
"""With TLS, at once: at 100 ms each 2,560 a second, and 50 a second where each takes its 5 s."""

MOST: Final = 65_535
"""Descriptors beyond that need a system that is made for it, and so do that many phones."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many connections there may be: of a transport, of one network, in their handshakes.

    ``proxies`` are addresses whose connections are those of others, so that no share holds there.
    """

    connections: int = MAX_CONNECTIONS
    of_a_network: int = MAX_OF_A_NETWORK
    handshakes: int = MAX_HANDSHAKES
    proxies: frozenset[str] = frozenset()


USUAL_CAPACITY: Final = Capacity()


def _ip(value: str) -> str:
    address = canonical(value)
    if not is_address(address):
        raise ValueError
    return address


_PROXIES: Final = list_of(
    text_where("a proxy's IP address", _ip), 'a list of IP addresses, ["127.0.0.1"]'
)

CAPACITY_FIELDS: Final = {
    "max_connections": Field(integer(1, MOST), MAX_CONNECTIONS),
    "max_connections_per_address": Field(integer(1, MOST), MAX_OF_A_NETWORK),
    "proxies": Field(_PROXIES, []),
}
"""What stands in ``[sip]``."""


def capacity_of(sip: Mapping[str, Any]) -> Capacity:
    """The capacity by the values of ``[sip]``."""
    return Capacity(
        sip["max_connections"],
        sip["max_connections_per_address"],
        proxies=frozenset(filter(None, sip["proxies"])),
    )
