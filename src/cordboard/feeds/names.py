"""Where names in tenants' URLs lead.

The system's own resolver answers from a handful of threads, each of which waits as long as the name
servers of a name are silent: a few such names, and nobody's callback would find its receiver. Here
each name is waited for by itself, and none of them long.
"""

from __future__ import annotations

import socket
from ipaddress import ip_address

from cordboard.engines.dns.addresses import addresses_of
from cordboard.engines.dns.port import Resolver

Resolved = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]
"""An address as a socket is made of it: family, kind, protocol, no name, address."""


class Names:
    """Asks ``resolver`` whenever an HTTP connection is to be made, and remembers nothing."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    async def addresses(self, host: str, port: int) -> list[Resolved]:
        """The addresses of a host, which may be one itself; raises
        :class:`~cordboard.engines.dns.addresses.NameLeadsNowhere`."""
        if _is_address(host):
            return [_resolved(host, port)]
        return [_resolved(one, port) for one in await addresses_of(self._resolver, host)]


def _is_address(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _resolved(address: str, port: int) -> Resolved:
    if ":" in address:
        six = (address, port, 0, 0)
        return socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", six
    return socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port)
