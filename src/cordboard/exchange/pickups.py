"""Calls that are to take the place of another phone's (INVITE with Replaces, or a channel that is
dialled): they are no calls of their own, but of the one that is alive already."""

from __future__ import annotations

from typing import Final

import structlog

from cordboard.calls.ports import Incoming, Reject
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import Offered
from cordboard.exchange.offers import status_of

NO_SUCH_DIALOG: Final = (481, "Call/Transaction Does Not Exist")
"""RFC 3891 3."""

PICK_UP: Final = "pickup_uuid."
"""What a phone dials, with the id of a channel behind it, to be connected with who is on that: as
the vendor's web phone does (Basix)."""

_log = structlog.get_logger(__name__)


def picked_up(incoming: Incoming) -> tuple[str, bool] | None:
    """The channel that a call names, and whether it is the one at the other end of whose place it
    wants to take; None where it is a call of its own."""
    if incoming.replaces is not None:
        return incoming.replaces, False
    if incoming.terminal is not None and incoming.dialled.startswith(PICK_UP):
        return incoming.dialled.removeprefix(PICK_UP), True
    return None


def offered_by(incoming: Incoming, tenant: str) -> Offered:
    """Who wants to come into a call of a tenant: a phone of the same one. Raises :class:`Refused`
    for a phone of another, which is not to learn that there is such a call, and for a trunk."""
    name, _, domain = (incoming.terminal or "").rpartition("@")
    if incoming.terminal is None:
        raise Refused(RefusalId.AUTHENTICATION_REQUIRED, "only phones may", "replaces")
    if domain != tenant:
        raise Refused(RefusalId.INVALID_DESTINATION, "there is no such call", "replaces")
    return Offered(incoming.channel, incoming.dialled, from_terminal=name)


def refusal(incoming: Incoming, refused: Refused) -> Reject:
    """How it is refused."""
    unknown = refused.id is RefusalId.INVALID_DESTINATION and incoming.replaces is not None
    status, phrase = NO_SUCH_DIALOG if unknown else status_of(refused)
    _log.info(
        "pickup.refused",
        channel=incoming.channel,
        caller=incoming.terminal or ", ".join(incoming.trunks),
        status=status,
        reason=refused.message,
    )
    return Reject(incoming.channel, status, phrase)
