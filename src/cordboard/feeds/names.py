"""Where names in tenants' URLs lead.

The system's own resolver answers from a handful of threads, each of which waits as long as the name
servers of a name are silent: a few such names, and nobody's callback would find its receiver. Here
each name is waited for by itself, and none of them long.
"""

from __future__ import annotations

import socket

from aiohttp.abc import AbstractResolver, ResolveResult

from cordboard.engines.dns.addresses import addresses_of
from cordboard.engines.dns.port import Resolver


class Names(AbstractResolver):
    """Asks ``resolver`` whenever an HTTP connection is to be made, and remembers nothing."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a host; raises
        :class:`~cordboard.engines.dns.addresses.NameLeadsNowhere`."""
        found = await addresses_of(
            self._resolver,
            host,
            ipv4=family != socket.AF_INET6,
            ipv6=family != socket.AF_INET,
        )
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found
        ]

    async def close(self) -> None:
        """Nothing is held open."""
