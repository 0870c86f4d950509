"""The addresses of the configuration: where we listen, and what others are told in their place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from cordboard.addresses import (
    Family,
    Hosts,
    canonical,
    family_of,
    is_address,
    is_wildcard,
    network,
    written,
)
from cordboard.directory.problems import Problems
from cordboard.directory.shape import Kind, Unfit, list_of, text, text_where
from cordboard.directory.snapshot import Directory
from cordboard.sip.uri import parse_uri

TRANSPORTS: Final = ("udp", "tcp", "tls", "ws", "wss")

LAST_PORT: Final = 65_535

_HOST_PORT: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:\[\]]+):([0-9]{1,5})")

_LINK_LOCAL: Final = "fe80:"


@dataclass(frozen=True, slots=True)
class Listener:
    """Where SIP is listened for: one of :data:`TRANSPORTS`, an IP address, a port."""

    transport: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.transport}:{written(self.host, self.port)}"


def _address(value: str) -> tuple[str, int]:
    match = _HOST_PORT.fullmatch(value)
    if match is None or int(match.group(2)) > LAST_PORT:
        raise ValueError
    return match.group(1).strip("[]"), int(match.group(2))


def _listener(value: str) -> Listener:
    transport, _, address = value.partition(":")
    if transport not in TRANSPORTS:
        raise ValueError(f"the transport is one of {', '.join(TRANSPORTS)}")
    host, port = _address(address)
    return Listener(transport, _ip(host), port)


def _ip(value: str) -> str:
    address = canonical(value)
    if not is_address(address):
        raise ValueError
    if address.startswith(_LINK_LOCAL):
        raise ValueError("a link-local address is good on one wire only")
    return address


def _hosts(value: Any) -> Hosts:
    """One address, or a list of one for each family."""
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list) or not given:
        raise Unfit
    one = text()
    try:
        return Hosts.of(*[_ip(one.read(entry)) for entry in given])
    except ValueError as error:
        raise Unfit(str(error)) from None


ADDRESS: Final = text_where('HOST:PORT, "127.0.0.1:8080"', _address)
LISTENERS: Final = list_of(
    text_where('TRANSPORT:IP:PORT, "udp:0.0.0.0:5060"', _listener),
    'a list of TRANSPORT:IP:PORT, ["udp:0.0.0.0:5060"]',
)
NETWORKS: Final = list_of(
    text_where('a network, "192.168.0.0/16"', network),
    'a list of networks, ["192.168.0.0/16"]',
)
HOSTS: Final = Kind("an IP address, or a list of an IPv4 and an IPv6 address", _hosts)


def hosts_of(listeners: Iterable[Listener]) -> Hosts:
    """The first host of each family that is listened at."""
    found: dict[Family, str] = {}
    for one in listeners:
        found.setdefault(family_of(one.host), one.host)
    return Hosts.of(*found.values())


def check_listeners(
    listeners: tuple[Listener, ...],
    http: tuple[str, int],
    media_ports: tuple[int, int],
    problems: Problems,
) -> None:
    """Reports addresses that are taken twice, or are needed for voice."""
    taken = {("tcp", *http)} if http[1] else set()
    first, last = media_ports
    for position, one in enumerate(listeners):
        place = ("sip", "listen", position)
        key = ("udp" if one.transport == "udp" else "tcp", one.host, one.port)
        if key in taken:
            problems.error(place, f"{one} is listened at already")
        elif one.port:
            taken.add(key)
        if one.transport == "udp" and first <= one.port <= last:
            problems.error(place, f"port {one.port} is one of media.ports, {first}-{last}")


def check_hosts(
    listened: Hosts, advertised: Hosts, media: Hosts, media_advertised: Hosts, problems: Problems
) -> None:
    """Reports addresses that nobody could be told, and those told to nobody."""
    if media.ipv4 is not None and is_wildcard(media.ipv4) and media_advertised.ipv4 is None:
        # Behind NAT, as IPv4 mostly is, our own address is worth nothing to others.
        problems.error(
            ("media", "host"), "a wildcard needs media.advertise, the address phones are told"
        )
    of_media = [host for host in media_advertised if host not in tuple(advertised)]
    for path, told in ((("sip", "advertise"), advertised), (("media", "advertise"), of_media)):
        for host in told:
            if listened.towards(host) is None:
                family = family_of(host).value
                missing = f"sip.listen has no {family} address"
                problems.warning(path, f"{host} is told to nobody: {missing}")


def check_trunks(listened: Hosts, directory: Directory, problems: Problems) -> None:
    """Reports trunks at an address of a family in which we do not listen."""
    for tenant in directory.tenants:
        for trunk in tenant.trunks:
            key = "uri" if trunk.proxy is None else "proxy"
            host = parse_uri(trunk.proxy or trunk.uri).address[0]
            if is_address(host) and listened.towards(host) is None:
                path = ("tenant", tenant.domain, "trunk", trunk.name, key)
                family = family_of(host).value
                problems.warning(path, f"its calls will fail: sip.listen has no {family} address")
