"""What has to be known of a call to end it after our process was killed: values that our user keeps
for each outgoing session, as they change, and hands in again after a restart.

Before an INVITE leaves, what its CANCEL and the ACK of its refusal are made of is handed out;
before the ACK of its 2xx leaves, what a BYE is made of; before a peer's INVITE gets its 100, what a
refusal of it is made of. So there is never anything on the wire that a new process could not take
back. What it does with them is in :mod:`~cordboard.sip.left_over`.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from cordboard.sip.flow import Flow

CSEQ_LEAP = 1000
"""By how much a BYE after a restart goes beyond the CSeq number that was handed out: none of the
requests since then was sent under a higher one (RFC 3261 12.2.1.1 only asks that they rise)."""

CSEQ_RENEWAL = CSEQ_LEAP // 2
"""After so many requests a dialog is handed out anew."""


class InviteRemains(NamedTuple):
    """An INVITE without a final response yet.

    ``via`` to ``to`` are its header lines, ``credentials`` the Authorization lines that it had, all
    of them as CANCEL and ACK repeat them (9.1, 17.1.1.3). ``keys`` is the name by which our user
    finds the credentials for challenges, ``phone`` that of the phone (see
    :class:`~cordboard.sip.invitation.Invitation`).
    """

    flow: Flow
    branch: str
    uri: str
    via: str
    routes: str
    from_: str
    to: str
    number: int
    credentials: str
    sticky: bool
    keys: str | None
    phone: str | None


class DialogRemains(NamedTuple):
    """An answered call: what a :class:`~cordboard.sip.dialog.Dialog` is made of, as it is now."""

    flow: Flow
    local: str
    local_tag: str
    remote: str
    remote_tag: str
    target: str
    routes: tuple[str, ...]
    sticky: bool
    number: int
    keys: str | None
    phone: str | None


class OfferRemains(NamedTuple):
    """An INVITE of a peer that we have not answered: what its refusal is made of.

    ``flow`` is where responses go, ``via`` to ``cseq`` the values of its headers, ``tag`` what our
    responses carry in To.
    """

    flow: Flow
    uri: str
    via: tuple[str, ...]
    from_: str
    to: str
    cseq: str
    tag: str


Remains = InviteRemains | DialogRemains | OfferRemains


class Keeper(Protocol):
    """Who keeps them. Whatever is sent is sent after these have returned."""

    def keep(self, call_id: str, remains: Remains) -> None:
        """Keep this in place of what was kept of the call before."""

    def forget(self, call_id: str) -> None:
        """The call is over; nothing may be known of it."""
