"""Ends with small bounds, for tests that try to break through them."""

from __future__ import annotations

from cordboard.sip.digest import ha1 as make_ha1
from cordboard.sip.digest_server import DigestServer
from cordboard.sip.registrar import Realm, Registrar, RegistrarAccount
from support.sip_network import End

MAX_SESSIONS = 5
MAX_TRANSACTIONS = 40


def registrar() -> Registrar:
    """One with jessica's account, whatever is asked for."""
    account = RegistrarAccount("jessica", "jessica", make_ha1("jessica", "demo", "s"))
    return Registrar(lambda _u, _h: account, lambda _u, _h: Realm("demo"), DigestServer(b"nonces"))


def bounded_end(address: tuple[str, int], name: str, bindings: Registrar | None) -> End:
    """An end that holds five sessions at most."""
    return End(
        address,
        name,
        registrar=bindings,
        max_sessions=MAX_SESSIONS,
        max_transactions=MAX_TRANSACTIONS,
    )
