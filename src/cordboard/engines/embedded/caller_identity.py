"""Who an INVITE says is calling: From, and what a trunk asserts of its caller beside it.

Only a trunk is believed, and only in the header that its ``identity`` names, by which both ends are
of one trust domain (RFC 3325 3): what a phone writes there is as good as its From. A caller who
wants to be known to nobody is shown to nobody (RFC 3323 4.2, RFC 3325 9.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cordboard.calls.said import readable
from cordboard.directory.model import IdentityStyle
from cordboard.sip.address import NameAddr, parse_name_addr
from cordboard.sip.errors import SipParseError
from cordboard.sip.grammar import split_list

if TYPE_CHECKING:
    from cordboard.directory.model import Trunk
    from cordboard.sip.message import Request

_HEADERS: Final = {
    IdentityStyle.P_ASSERTED: "p-asserted-identity",
    IdentityStyle.REMOTE_PARTY_ID: "remote-party-id",
}

_HIDING: Final = frozenset({"id", "user", "header", "full"})
"""Privacy values that keep a caller from whom he calls."""

ANONYMOUS: Final = "anonymous"
"""The user of a From that says nothing (RFC 3323 4.1.1.3)."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of a caller: his ``number`` and ``name``, "" where he shows none, and the
    number of who ``diverted`` the call to us ("" where nobody says so)."""

    number: str
    name: str
    diverted: str = ""


def shown_of(request: Request, trunk: Trunk | None) -> Shown:
    """The caller of an INVITE, which came through a trunk or from a phone (None). Raises
    :class:`SipParseError` for a From that can't be read."""
    caller = parse_name_addr(request.need("from"))
    if trunk is None:
        return Shown(readable(caller.uri.user or ""), readable(caller.display))
    diverted = _first(request, "diversion")
    by = "" if diverted is None else readable(diverted.uri.user or "")
    asserted = _asserted(request, trunk)
    if _is_hidden(request, asserted):
        return Shown("", "", by)
    number = readable((asserted or caller).uri.user or "")
    name = readable((asserted.display if asserted is not None else "") or caller.display)
    if number.lower() == ANONYMOUS:
        return Shown("", "", by)
    return Shown(number, name, by)


def _asserted(request: Request, trunk: Trunk) -> NameAddr | None:
    header = _HEADERS.get(trunk.identity)
    return None if header is None else _first(request, header)


def _is_hidden(request: Request, asserted: NameAddr | None) -> bool:
    values = (value for entry in request.each("privacy") for value in entry.split(";"))
    if any(value.strip().lower() in _HIDING for value in values):
        return True
    party = {} if asserted is None else asserted.parameters  # of Remote-Party-ID
    return (party.get("privacy") or "off").lower() != "off"


def _first(request: Request, header: str) -> NameAddr | None:
    """The first address of a header that has a user; None where there is none, or none that can be
    read: what is wrong there is no reason to refuse the call."""
    for value in request.each(header):
        try:
            for entry in split_list(value):
                found = parse_name_addr(entry)
                if found.uri.user:
                    return found
        except SipParseError:
            continue
    return None
