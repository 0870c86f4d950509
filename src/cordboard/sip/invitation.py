"""What an outgoing call begins with."""

from __future__ import annotations

import msgspec

from cordboard.sip.digest import Credentials
from cordboard.sip.flow import Flow


class Invitation(msgspec.Struct, frozen=True, gc=False):
    """One INVITE to send over ``flow``.

    ``uri`` is the Request-URI, ``routes`` are Route values; ``caller`` and ``callee`` are those of
    From (the stack adds the tag) and To; ``headers`` are further ones by canonical lower-case name.
    ``sticky`` says that ``flow`` is how the callee's phone registered, so that all later requests
    stay on it; without it (trunks) they follow a Contact that is an address. A server that says
    nothing for ``patience`` seconds is given up; by default after timer B. ``phone``
    names the phone as its binding does, so that the call follows it where it registers anew;
    ``keys`` names the ``credentials``, so that they are found again after a restart.
    ``hops`` is its Max-Forwards.
    """

    call_id: str
    uri: str
    flow: Flow
    caller: str
    callee: str
    offer: bytes | None
    contact_user: str = "cordboard"
    headers: tuple[tuple[str, str], ...] = ()
    routes: tuple[str, ...] = ()
    credentials: Credentials | None = None
    keys: str | None = None
    sticky: bool = True
    phone: str | None = None
    patience: float | None = None
    hops: int = 70
