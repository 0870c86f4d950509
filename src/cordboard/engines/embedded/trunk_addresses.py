"""How a trunk is addressed, and how we are called there."""

from __future__ import annotations

from typing import Final

from cordboard.directory.model import Trunk
from cordboard.sip.address import NameAddr
from cordboard.sip.digest import Credentials
from cordboard.sip.flow import Flow
from cordboard.sip.stack import Registration, Watch
from cordboard.sip.uri import SipUri, parse_uri

PING_USER: Final = "ping"
"""Who asks a trunk whether it is there, where we have no name with it."""

CONTACT_USER: Final = "cordboard"
"""Who we are in Contact, likewise."""


def base_of(trunk: Trunk) -> SipUri:
    """The address of a trunk; raises :class:`~cordboard.sip.errors.SipParseError`."""
    return parse_uri(trunk.uri)


def first_hop(trunk: Trunk) -> SipUri:
    """Where everything for a trunk is sent: to its proxy, if it has one. Raises
    :class:`~cordboard.sip.errors.SipParseError` for a malformed address."""
    return parse_uri(trunk.proxy or trunk.uri)


def routes_by(trunk: Trunk) -> tuple[str, ...]:
    """The Route values of what is sent to a trunk by its proxy (RFC 3261 8.1.1.1)."""
    return () if trunk.proxy is None else (f"<{trunk.proxy};lr>",)


def own_user(trunk: Trunk) -> str | None:
    """The name that we have at a trunk, None where we have none; that of a user name which is an
    address (``office@example.com``) is what stands before its last @."""
    if trunk.from_user is not None:
        return trunk.from_user
    if trunk.username is None:
        return None
    return trunk.username.rpartition("@")[0] or trunk.username


def own_domain(trunk: Trunk, own_host: str) -> str:
    """The domain that we are of, as a trunk is told: what it is set to, its own where we register,
    else our own address."""
    if trunk.from_domain is not None:
        return trunk.from_domain
    return base_of(trunk).host if trunk.register else own_host


def contact_user(trunk: Trunk) -> str:
    """The user part of our Contact: the registered one, by which some providers know their own."""
    user = own_user(trunk) if trunk.register else None
    return CONTACT_USER if user is None else SipUri("sip", user, "").text()[4:-1]


def credentials_of(trunk: Trunk) -> Credentials | None:
    """What we answer a trunk's challenges with."""
    if trunk.username is None or trunk.password is None:
        return None
    return Credentials(trunk.username, trunk.password)


def registration_with(trunk: Trunk, name: str, flow: Flow, own_host: str) -> Registration:
    """Our registration with a trunk, under ``name``."""
    base = base_of(trunk)
    user = own_user(trunk)
    return Registration(
        name=name,
        registrar_uri=SipUri(base.scheme, None, base.host, base.port).text(),
        aor=NameAddr(SipUri(base.scheme, user, own_domain(trunk, own_host))),
        contact_user=contact_user(trunk),
        flow=flow,
        credentials=credentials_of(trunk),
        expires=trunk.expires,
        routes=routes_by(trunk),
    )


def watch_of(trunk: Trunk, name: str, flow: Flow, own_host: str) -> Watch:
    """The questions whether a trunk is there, under ``name``."""
    caller = SipUri("sip", own_user(trunk) or PING_USER, own_domain(trunk, own_host))
    return Watch(name, trunk.uri, flow, NameAddr(caller), trunk.ping, routes_by(trunk))
