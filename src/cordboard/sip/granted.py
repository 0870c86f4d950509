"""For how long a registrar's answer lets a contact be bound (RFC 3261 10.2.4, 10.2.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cordboard.sip.address import parse_name_addr
from cordboard.sip.errors import SipParseError

if TYPE_CHECKING:
    from cordboard.sip.message import Response

# What a registrar may ask for by 423 or grant at most; RFC 3261 sets none.
MAX_EXPIRES = 86_400


def granted_seconds(response: Response, contact: str, asked: int) -> int:
    """How long ``contact``, the value of our Contact header, is good by a 2xx: at least a second.

    The parameter of the contact goes before the Expires header; where neither can be read it is
    good for as long as was ``asked``.
    """
    granted = response.first("expires")
    try:
        ours = parse_name_addr(contact).uri
        for value in response.each("contact"):
            one = parse_name_addr(value)
            if one.uri.same_as(ours):
                granted = one.parameters.get("expires") or granted
    except SipParseError:
        pass  # a contact of somebody else's that can't be read; ours is good for what we asked
    seconds = _seconds(granted)
    return max(1, asked if seconds is None else seconds)


def least_seconds(response: Response) -> int | None:
    """What a 423 wants to be asked for (Min-Expires), None where it does not say."""
    return _seconds(response.first("min-expires"))


def _seconds(text: str | None) -> int | None:
    if text is None or not text.isascii() or not text.isdigit():
        return None
    return min(int(text[:6]), MAX_EXPIRES)
