"""Who may call: phones that prove to be a terminal, and trunks by where they call from.

An address is trusted as far as the network lets nobody else have it, which is enough for what a
trunk may reach. On a phone's own address it is not: who names a terminal in From proves it, unless
he calls from just the socket where a trunk is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cordboard.calls.planning.trunks import full_name
from cordboard.directory.model import Trunk
from cordboard.directory.snapshot import Directory
from cordboard.engines.embedded.trunk_addresses import base_of, first_hop
from cordboard.sip.address import parse_name_addr
from cordboard.sip.callers import KnownCaller
from cordboard.sip.errors import SipParseError
from cordboard.sip.flow import Flow
from cordboard.sip.locating import Target
from cordboard.sip.message import Request
from cordboard.sip.registrar import Registrar
from cordboard.sip.registrar_answer import Answer

MAX_CALL_ID = 255
"""Octets of a Call-ID: it becomes a channel's name, in events and in columns of the database."""

Address = tuple[str, int]


class KnownCallers:
    """Judges callers. ``server_of`` gives the server of a trunk (``name@domain``) that is watched,
    which says where one is that is given by name."""

    __slots__ = ("_by_address", "_directory", "_registrar", "_seen", "_server_of")

    def __init__(
        self,
        directory: Callable[[], Directory],
        registrar: Registrar,
        server_of: Callable[[str], Target | None],
    ) -> None:
        self._directory = directory
        self._registrar = registrar
        self._server_of = server_of
        self._seen: Directory | None = None
        self._by_address: tuple[tuple[str, frozenset[Address]], ...] = ()

    def judge(self, request: Request, flow: Flow, now: float) -> KnownCaller | Answer | None:
        """Who sends an INVITE, or what to answer to him."""
        call_id = request.call_id
        if len(call_id) > MAX_CALL_ID or not (call_id.isascii() and call_id.isprintable()):
            return Answer(400, "Call-ID too long or unprintable")
        trunks = self._trunks_at(flow.remote, exactly=True)
        if not trunks and not self._names_a_terminal(request):
            trunks = self._trunks_at(flow.remote, exactly=False)
        if trunks:
            return KnownCaller(peers=trunks)
        found = self._registrar.caller(request, flow, now)
        if found is None or isinstance(found, Answer):
            return found
        return KnownCaller(account=found.key)

    def _names_a_terminal(self, request: Request) -> bool:
        try:
            uri = parse_name_addr(request.need("from")).uri
        except SipParseError:
            return False
        return self._directory().terminal_by_sip(uri.user or "", uri.host) is not None

    def _trunks_at(self, remote: Address, *, exactly: bool) -> tuple[str, ...]:
        """The trunks whose host that is, or whose host and port."""
        return tuple(
            name
            for name, addresses in self._trunks()
            if any(
                address == remote if exactly else address[0] == remote[0] for address in addresses
            )
        )

    def _trunks(self) -> Iterator[tuple[str, frozenset[Address]]]:
        """The names of all trunks, and where each is known to be."""
        directory = self._directory()
        if directory is not self._seen:
            self._by_address = tuple(
                (full_name(trunk, tenant.domain), _addresses_of(trunk))
                for tenant in directory.tenants
                for trunk in tenant.trunks
            )
            self._seen = directory
        for name, addresses in self._by_address:
            server = self._server_of(name)
            known = () if server is None else ((server.address, server.port),)
            yield name, addresses.union(known)


def _addresses_of(trunk: Trunk) -> frozenset[Address]:
    try:
        return frozenset((base_of(trunk).address, first_hop(trunk).address))
    except SipParseError:
        return frozenset()
