"""Whom the engine knows: peers that are answered where strangers are not, and domains of ours."""

from __future__ import annotations

from collections.abc import Callable

from cordboard.addresses import is_address, is_wildcard
from cordboard.directory.model import Trunk
from cordboard.directory.snapshot import Directory
from cordboard.engines.embedded.trunk_addresses import base_of, first_hop
from cordboard.sip.errors import SipParseError
from cordboard.sip.flow import Flow


class Acquaintances:
    """Knows peers by their addresses. Asked for each packet of a stranger, so what follows from the
    directory is worked out once for each of its snapshots.

    ``is_phone`` and ``is_server`` say of an address whether a phone is registered from it, and
    whether a trunk's name was found there; ``own_hosts`` are where this server is.
    """

    __slots__ = ("_directory", "_is_phone", "_is_server", "_own_hosts", "_seen", "_trunk_hosts")

    def __init__(
        self,
        directory: Callable[[], Directory],
        is_phone: Callable[[str], bool],
        is_server: Callable[[str], bool],
        own_hosts: Callable[[], frozenset[str]],
    ) -> None:
        self._directory = directory
        self._is_phone = is_phone
        self._is_server = is_server
        self._own_hosts = own_hosts
        self._seen: Directory | None = None
        self._trunk_hosts: frozenset[str] = frozenset()

    def knows(self, flow: Flow) -> bool:
        """Whether a peer is a trunk of ours, or where a phone is registered."""
        host = flow.remote[0]
        return self._is_phone(host) or self._is_server(host) or host in self._hosts_of_trunks()

    def serves(self, domain: str) -> bool:
        """Whether a domain is a tenant's, or an address of ours."""
        if self._directory().tenant(domain) is not None:
            return True
        ours = self._own_hosts()
        return domain in ours or (is_address(domain) and any(map(is_wildcard, ours)))

    def _hosts_of_trunks(self) -> frozenset[str]:
        """The addresses of all trunks that are given by address."""
        directory = self._directory()
        if directory is not self._seen:
            trunks = (trunk for tenant in directory.tenants for trunk in tenant.trunks)
            self._trunk_hosts = frozenset(host for trunk in trunks for host in _hosts_of(trunk))
            self._seen = directory
        return self._trunk_hosts


def _hosts_of(trunk: Trunk) -> tuple[str, ...]:
    try:
        return base_of(trunk).address[0], first_hop(trunk).address[0]
    except SipParseError:
        return ()
