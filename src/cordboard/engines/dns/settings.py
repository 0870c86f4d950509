"""Whom to ask for names, and for how long: the keys ``dns_*`` of ``[sip]``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final

from cordboard.directory.shape import Field, list_of, number, text_where
from cordboard.sip.errors import SipParseError
from cordboard.sip.uri import split_host_port

DNS_PORT: Final = 53

DNS_TIMEOUT: Final = 3.0
"""Seconds. The usual resolver gives each attempt 5 (resolv.conf(5)); somebody hears silence."""


@dataclass(frozen=True, slots=True)
class DnsSettings:
    """``servers`` are addresses and ports of name servers, none for those of the system; a question
    is given up after ``timeout`` seconds."""

    servers: tuple[tuple[str, int], ...] = ()
    timeout: float = DNS_TIMEOUT


def _server(value: str) -> tuple[str, int]:
    try:
        return str(ip_address(value)), DNS_PORT
    except ValueError:
        pass
    try:
        host, port = split_host_port(value)
        return str(ip_address(host.strip("[]"))), port or DNS_PORT
    except (SipParseError, ValueError):
        raise ValueError from None


_SERVER = text_where('an IP address, or IP:PORT, "192.0.2.53"', _server)

DNS_FIELDS: Final = {
    "dns_servers": Field(list_of(_SERVER, 'a list of IP addresses, ["192.0.2.53"]'), ()),
    "dns_timeout": Field(number(0.1, 30.0, "seconds"), DNS_TIMEOUT),
}
"""What stands in ``[sip]``."""


def dns_settings(sip: Mapping[str, Any]) -> DnsSettings:
    """The settings by the values of ``[sip]``."""
    servers = tuple(one for one in sip["dns_servers"] if one is not None)
    return DnsSettings(servers, sip["dns_timeout"])
