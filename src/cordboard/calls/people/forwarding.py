"""Users who have their calls forwarded, or take none: what is kept of it, and why a call is on its
way to somebody else.

What the directory says of a user holds until he, or a client, says otherwise; then that holds, over
restarts and whatever file is applied, until it is taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from cordboard.calls.causes import Cause
from cordboard.calls.events import CallEvent, EventKind, Json
from cordboard.calls.people.agents import NO_CALL
from cordboard.directory.forwarding import DEFAULT_AFTER, Forwarding
from cordboard.directory.model import User

MAX_FORWARDS: Final = 5
"""Forwards of one call, one after the other: whoever is sent on more often is in a maze."""


class ForwardReason(Enum):
    """Why a call is forwarded."""

    ALWAYS = "always"
    BUSY = "busy"
    NO_ANSWER = "no_answer"


_AFTER: Final = {
    Cause.BUSY: ForwardReason.BUSY,
    Cause.REJECTED: ForwardReason.BUSY,
    Cause.NO_ANSWER: ForwardReason.NO_ANSWER,
    Cause.UNREACHABLE: ForwardReason.NO_ANSWER,
}


@dataclass(frozen=True, slots=True)
class Hop:
    """A call was forwarded by a ``user``, whose ``number`` inside and ``did`` outside those are
    told to whom it comes; ``refused`` says why it was not, after all."""

    user: int
    name: str
    number: str
    to: str
    reason: ForwardReason
    refused: str | None = None
    did: str | None = None

    def as_dict(self) -> dict[str, Json]:
        """The hop as events and explanations show it."""
        return {
            "by": {"kind": "user", "name": self.name, "number": self.number, "id": self.user},
            "to": self.to,
            "reason": self.reason.value,
            "refused": self.refused,
        }


def at_once(terms: Forwarding) -> tuple[ForwardReason, str] | None:
    """Where a call goes before anything rings, and why; None: it does not."""
    if terms.do_not_disturb:
        return None if terms.busy is None else (ForwardReason.BUSY, terms.busy)
    return None if terms.always is None else (ForwardReason.ALWAYS, terms.always)


def after_failure(terms: Forwarding, cause: Cause) -> tuple[ForwardReason, str] | None:
    """Where a call goes that could not be had for a cause, and why; None: nowhere else."""
    reason = _AFTER.get(cause)
    to = terms.busy if reason is ForwardReason.BUSY else terms.no_answer
    return None if reason is None or to is None else (reason, to)


def forwarding_event(user: User, terms: Forwarding | None, account: str) -> CallEvent:
    """The event of a change; None: what the directory says holds again. ``account`` is whose client
    or terminal wanted it."""
    told = terms or Forwarding()
    data: dict[str, Json] = {
        "user": {"id": user.id, "name": user.name},
        "always": told.always,
        "busy": told.busy,
        "no_answer": told.no_answer,
        "after": told.after,
        "do_not_disturb": told.do_not_disturb,
        "as_in_directory": terms is None,
        "account": account,
    }
    return CallEvent(EventKind.USER_FORWARDING, NO_CALL, data=data)


def forwarding_in(event: CallEvent) -> tuple[int, Forwarding | None] | None:
    """Whose forwarding an event tells of, and which; None for an event of something else."""
    if event.kind is not EventKind.USER_FORWARDING:
        return None
    data, user = event.data, event.data.get("user")
    user_id = user.get("id") if isinstance(user, dict) else None
    if not isinstance(user_id, int):
        return None
    if data.get("as_in_directory"):
        return user_id, None
    after = data.get("after")
    terms = Forwarding(
        _text(data.get("always")),
        _text(data.get("busy")),
        _text(data.get("no_answer")),
        float(after) if isinstance(after, int | float) else DEFAULT_AFTER,
        data.get("do_not_disturb") is True,
    )
    return user_id, terms


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None
