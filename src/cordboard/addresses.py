"""IP addresses by their value: however a host is written, it is compared in one way.

An IPv6 address can be written in many ways (RFC 4291 2.2) and may stand for an IPv4 one
(``::ffff:192.0.2.1``); SIP puts it in brackets, sockets don't, and names stand in the same places.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

# What RFC 3261's grammar made of "::" before an IPv4 address; RFC 5118 4.10 wants it understood.
_THREE_COLONS: Final = re.compile(r":::(?=\d+\.\d+\.\d+\.\d+$)")

LONGEST_ADDRESS: Final = 64
"""Characters: eight groups, the last two as IPv4, and the zone's name (15 in Linux)."""

MAX_REMEMBERED: Final = 8192
"""Of what was worked out of hosts: peers and their contacts, some 200 octets each."""

MOST_HOSTS: Final = 1024
"""Hosts whose one way of writing is remembered: names may be as long as a line (8 KiB)."""

_WILDCARDS: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - as canonical() writes them

IPV6_PREFIX: Final = 64
"""Bits of an IPv6 address that belong to one site (RFC 6177): a host has them all to itself."""


Network = IPv4Network | IPv6Network


class Family(Enum):
    """The two kinds of IP addresses, by the names that people know."""

    IPV4 = "IPv4"
    IPV6 = "IPv6"

    __hash__ = object.__hash__  # each member is one object; Enum's own is a function of Python


@dataclass(frozen=True, slots=True)
class Hosts:
    """At most one host of each family, as one server has; none for peers in ``not_in``."""

    ipv4: str | None = None
    ipv6: str | None = None
    not_in: tuple[Network, ...] = ()

    @classmethod
    def of(cls, *addresses: str) -> Hosts:
        """The hosts with these addresses; raises :class:`ValueError` for two of one family, and
        for what is no address."""
        found: dict[Family, str] = {}
        for written in addresses:
            address = canonical(written)
            if not is_address(address):
                raise ValueError(f"{written} is no IP address")
            family = family_of(address)
            if family in found:
                raise ValueError(f"there are two {family.value} addresses")
            found[family] = address
        return cls(found.get(Family.IPV4), found.get(Family.IPV6))

    def __iter__(self) -> Iterator[str]:
        return (host for host in (self.ipv4, self.ipv6) if host is not None)

    def of_family(self, family: Family) -> str | None:
        """The one of a family."""
        return self.ipv6 if family is Family.IPV6 else self.ipv4

    def towards(self, peer: str) -> str | None:
        """The one of the family of a peer's address."""
        if self.not_in:
            address = _address(peer)
            if address is not None and any(address in network for network in self.not_in):
                return None
        return self.of_family(family_of(peer))

    def but_not_in(self, networks: tuple[Network, ...]) -> Hosts:
        """The same, but none for peers in these networks."""
        return replace(self, not_in=networks)

    def or_else(self, others: Hosts) -> Hosts:
        """These, and of a family that is missing the other one."""
        return Hosts(self.ipv4 or others.ipv4, self.ipv6 or others.ipv6)


NO_HOSTS: Final = Hosts()
LOCAL_HOST: Final = Hosts("127.0.0.1")


@lru_cache(maxsize=MOST_HOSTS)
def canonical(host: str) -> str:
    """The one way to write a host: no brackets, lower case, IPv6 as in RFC 5952, without a zone,
    and IPv4 where it stands for that; a name stays a name."""
    bare = host.strip("[]").lower()
    return bare if ":" not in bare or len(bare) > LONGEST_ADDRESS else _shortest(bare)


def network(text: str) -> Network:
    """A network as ``192.168.0.0/16``; raises :class:`ValueError` for what is none."""
    return ip_network(text)


LOOPBACK: Final = (network("127.0.0.0/8"), network("::1/128"))
"""The networks of the machine itself (RFC 1122 3.2.1.3, RFC 4291 2.5.3)."""


def is_address(host: str) -> bool:
    """Whether a host without brackets is an IP address and no name."""
    return len(host) <= LONGEST_ADDRESS and _address(host) is not None


def is_wildcard(host: str) -> bool:
    """Whether a host means every address of ours, or as a peer's nobody: ``0.0.0.0``, ``::``."""
    return canonical(host) in _WILDCARDS


def family_of(host: str) -> Family:
    """The family of an address as :func:`canonical` or a socket writes it."""
    return Family.IPV6 if ":" in host else Family.IPV4


def bracketed(host: str) -> str:
    """A host as it stands in a URI: IPv6 in brackets (RFC 3986 3.2.2)."""
    return f"[{host}]" if ":" in host and host[0] != "[" else host


def written(host: str, port: int) -> str:
    """Host and port as people and URIs write them."""
    return f"[{host}]:{port}" if ":" in host and host[0] != "[" else f"{host}:{port}"


def network_of(host: str) -> str:
    """What one party has for itself of the addresses: an IPv4 address, or an IPv6 prefix."""
    plain = canonical(host)
    if ":" not in plain:
        return plain
    address = _address(plain) if len(plain) <= LONGEST_ADDRESS else None
    if not isinstance(address, IPv6Address):
        return plain
    return str(IPv6Address(int(address) >> 128 - IPV6_PREFIX << 128 - IPV6_PREFIX))


@lru_cache(maxsize=MAX_REMEMBERED)
def _shortest(host: str) -> str:
    """An IPv6 address as RFC 5952 has it, or the IPv4 one that it stands for."""
    address = _address(_THREE_COLONS.sub("::", host.partition("%")[0]))
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return host if address is None else str(address)


@lru_cache(maxsize=MAX_REMEMBERED)
def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
