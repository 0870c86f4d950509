"""What a While1 client is told where a request can't be done, in the tone of the vendor's pages.

Printed there is ``Invalid Queue. Check if pbx queue exists``; the rest follows its pattern.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cordboard.calls.causes import Cause
from cordboard.calls.refusals import RefusalId, Refused

NOTHING_LIKE_IT: Final = "Invalid {thing}. Check if pbx {name} exists"


class Faulty(Exception):
    """A request has faults; all of them are told at once."""

    def __init__(self, messages: Sequence[str]) -> None:
        super().__init__("; ".join(messages))
        self.messages = tuple(messages)


def unknown(name: str) -> str:
    """That there is no such user, queue, trunk, ..."""
    return NOTHING_LIKE_IT.format(thing=name.capitalize(), name=name)


_REFUSALS: Final[dict[RefusalId, str]] = {
    RefusalId.USER_NOT_FOUND: unknown("user"),
    RefusalId.GROUP_NOT_FOUND: unknown("queue"),
    RefusalId.USER_NOT_REGISTERED: "User is not online: {destination}",
    RefusalId.NO_MEMBER_AVAILABLE: "No agent is online for queue: {destination}",
    RefusalId.INVALID_DESTINATION: "Invalid Caller id. It can't be called from here",
    RefusalId.NO_ROUTE: "Invalid Caller id. Check the pbx outbound rules",
    RefusalId.TARIFF_DENIED: "Invalid Caller id. The tariff does not allow it",
    RefusalId.NO_CREDIT: "There is not enough credit",
    RefusalId.CALLING_NUMBER_NOT_ALLOWED: "Invalid Outbound number. Check if it may be shown",
    RefusalId.TRUNK_DOWN: "Outbound trunk is not available",
    RefusalId.CHANNEL_LIMIT_REACHED: "Too many calls. Try again later",
    RefusalId.OVERLOADED: "PBX is busy. Try again later",
    RefusalId.IDEMPOTENCY_CONFLICT: "External id was used for another call",
}

_CAUSES: Final[dict[Cause, str]] = {
    Cause.NO_ANSWER: "did not answer",
    Cause.BUSY: "is busy",
    Cause.REJECTED: "rejected the call",
    Cause.CANCELLED: "was not called any longer: the call was cancelled",
}


def refusal(refused: Refused, destination: str) -> str:
    """Why a call is not placed."""
    if refused.parameter is not None and refused.parameter.endswith(".trunk"):
        return "Invalid Outbound trunk. Check the pbx outbound rules"
    message = _REFUSALS.get(refused.id)
    if message is None:
        return f"Call could not be originated: {refused.message}"
    return message.format(destination=destination)


def not_reached(cause: object, kind: str, destination: str) -> str:
    """Why whoever was rung first is not in the call."""
    try:
        why = _CAUSES.get(Cause(cause), "could not be reached")
    except ValueError:
        why = "could not be reached"
    return f"{kind.capitalize()} {why}: {destination}"
