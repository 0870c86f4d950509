"""Who calls, as a trunk is told it: From, and beside it what only trusted networks see.

RFC 3261 8.1.1.3 for a From without a number, RFC 3323 and 3325 for Privacy and P-Asserted-Identity,
draft-ietf-sip-privacy-04 for Remote-Party-ID, which older switches want in its place.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cordboard.calls.ports import CallerId, Diversion
from cordboard.directory.model import IdentityStyle, Trunk
from cordboard.sip.address import name_addr

ANONYMOUS: Final = "Anonymous"
NOBODY: Final = ("anonymous", "anonymous.invalid")
"""Who calls where no number is shown, by name and by address."""

_HEADERS: Final = {
    IdentityStyle.P_ASSERTED: "p-asserted-identity",
    IdentityStyle.P_PREFERRED: "p-preferred-identity",
    IdentityStyle.REMOTE_PARTY_ID: "remote-party-id",
}


def is_withheld(caller: CallerId, trunk: Trunk) -> bool:
    """Whether the number is kept from whoever is called."""
    return trunk.anonymous or not caller.number


def from_of(caller: CallerId, host: str, *, withheld: bool = False) -> str:
    """The From of a leg: its caller at ``host``, or nobody."""
    if withheld or not caller.number:
        return name_addr(*NOBODY, ANONYMOUS if withheld else caller.name or ANONYMOUS)
    return name_addr(caller.number, host, caller.name)


def from_towards(trunk: Trunk, caller: CallerId, host: str) -> str:
    """The From of a leg through a trunk. One that wants our own name there is told the number in
    the display name, for people, and in another header, if it is set to."""
    withheld = is_withheld(caller, trunk)
    if trunk.from_user is None or withheld:
        return from_of(caller, host, withheld=withheld)
    return name_addr(trunk.from_user, host, caller.name or caller.number)


def identity_headers(caller: CallerId, trunk: Trunk, host: str) -> tuple[tuple[str, str], ...]:
    """The headers that say to a trunk who calls, and that nobody else is to be told."""
    withheld = is_withheld(caller, trunk)
    headers: list[tuple[str, str]] = []
    name = _HEADERS.get(trunk.identity)
    if name is not None and caller.number:
        value = name_addr(caller.number, host, caller.name)
        if trunk.identity is IdentityStyle.REMOTE_PARTY_ID:
            value += f";party=calling;screen=yes;privacy={'full' if withheld else 'off'}"
        headers.append((name, value))
    if withheld:
        headers.append(("privacy", "id"))
    return tuple(headers)


def diversion_headers(diverted: Iterable[Diversion], host: str) -> tuple[tuple[str, str], ...]:
    """Who had the call forwarded, the last one first (RFC 5806 5, 8)."""
    return tuple(
        ("diversion", f"{name_addr(one.number, host)};reason={one.reason};counter=1")
        for one in diverted
    )
