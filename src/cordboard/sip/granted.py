"""For how long a registrar's answer lets a contact be bound (RFC 3261 10.2.4, 10.2.8)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from cordboard.sip.address import NameAddr, parse_name_addr
from cordboard.sip.errors import SipParseError
from cordboard.sip.grammar import delta_seconds, unquote

if TYPE_CHECKING:
    from cordboard.sip.message import Response

# What a registrar may ask for by 423 or grant at most; RFC 3261 sets none.
MAX_EXPIRES = 86_400


def granted_seconds(response: Response, contact: str, asked: int) -> int:
    """How long ``contact``, the value of our Contact header, is good by a 2xx: at least a second.

    The parameter of the contact goes before the Expires header; where neither can be read it is
    good for as long as was ``asked``. A registrar that sees us behind a NAT lists the address that
    it sees in place of ours: then the user part says which contact is ours, and of several it is
    the one with the most time left, since it was registered last.
    """
    ours = parse_name_addr(contact).uri
    listed = _contacts_of(response)
    same = [one for one in listed if one.uri.same_as(ours)]
    seen = same or [one for one in listed if one.uri.user == ours.user]
    told = (unquote(one.parameters.get("expires") or "") for one in seen)
    given = [one for text in told if (one := delta_seconds(text, MAX_EXPIRES)) is not None]
    if given:
        return max(1, max(given) if same else min(max(given), asked))
    seconds = delta_seconds(response.first("expires"), MAX_EXPIRES)
    return max(1, asked if seconds is None else seconds)


def _contacts_of(response: Response) -> list[NameAddr]:
    """Those that can be read: a contact of somebody else's is no matter."""
    found: list[NameAddr] = []
    with suppress(SipParseError):
        for value in response.each("contact"):
            with suppress(SipParseError):
                found.append(parse_name_addr(value))
    return found


def least_seconds(response: Response) -> int | None:
    """What a 423 wants to be asked for (Min-Expires), None where it does not say."""
    return delta_seconds(response.first("min-expires"), MAX_EXPIRES)
