"""users-status: who can be reached at which phone (While1, Users status).

The vendor's rows are of SIP users; ours are of people, at the phone that registered first. What we
have no word for (``dnd_time``, ``remote_id``) is null.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from cordboard.api.answer import Answer
from cordboard.api.while1.asked import Asked, Method
from cordboard.api.while1.faults import Faulty
from cordboard.api.while1.replies import done
from cordboard.calls.events import Json
from cordboard.calls.limits import LimitKey
from cordboard.calls.ports import Contact
from cordboard.directory.model import User
from cordboard.directory.scopes import ApiScope

SIP, IAX = "sip", "iax"

REACHABLE, UNKNOWN = "OK", "UNKNOWN"
"""The states of a SIP peer, as Asterisk tells them."""


async def users_status(asked: Asked) -> Answer:
    """How each user of the tenant stands, by name."""
    kind = asked.text("type") or SIP
    if kind == IAX:
        return done({})  # there are none
    if kind != SIP:
        raise Faulty([f"Invalid type: {kind[:20]}"])
    return done({user.name: _row(asked, user) for user in asked.principal.tenant.users})


def _row(asked: Asked, user: User) -> dict[str, Json]:
    exchange, tenant = asked.services.exchange, asked.principal.tenant
    contact = next(
        (
            contact
            for terminal in tenant.terminals_of(user)
            for contact in exchange.contacts(tenant, terminal)
        ),
        None,
    )
    host, port = _place(contact)
    extension = user.extension
    return {
        "username": user.name,
        "dnid": user.dids[0] if user.dids else None,
        "in_use": exchange.usage().get(LimitKey("user", f"{user.name}@{tenant.domain}"), 0),
        "limit": user.channel_limit or 0,
        "status": UNKNOWN if contact is None else REACHABLE,
        "ip": host,
        "port": port,
        "useragent": None if contact is None else contact.user_agent,
        "extension": int(extension) if extension and extension.isdecimal() else extension,
        "dnd_time": None,
        "remote_id": None,
    }


def _place(contact: Contact | None) -> tuple[str | None, int | None]:
    """Host and port of where a phone registered."""
    if contact is None:
        return None, None
    _, _, rest = contact.uri.partition(":")
    place = urlsplit(f"//{rest.partition(';')[0]}")
    try:
        return place.hostname, place.port or DEFAULT_PORT
    except ValueError:
        return place.hostname, None


DEFAULT_PORT: Final = 5060
"""RFC 3261 19.1.2."""

USERS_STATUS: Final = Method("users-status", ApiScope.DIRECTORY_READ, users_status)
