"""Who has just ended a call of a group has some time to himself: he wraps up.

It begins with the call's end and lasts as long as the group says. It is his, not the group's: no
group rings him meanwhile. It is an event, so that it goes on where the server is started anew; and
he may end it early, which is another.
"""

from __future__ import annotations

from dataclasses import dataclass

from cordboard.calls.events import CallEvent, EventKind, Json
from cordboard.calls.people.agents import NO_CALL
from cordboard.directory.model import Group, User


@dataclass(frozen=True, slots=True)
class WrapUp:
    """After a call of which group, by its id, and until when, in seconds since 1970."""

    group: int
    until: float


def wrap_up_begun(group: Group, user: User, until: float) -> CallEvent:
    """The event of its begin."""
    return _event(EventKind.AGENT_WRAPPING_UP, group, user, {"until": until})


def wrap_up_ended(group: Group, user: User, account: str) -> CallEvent:
    """The event of its early end; ``account`` is whose client wanted it, or the phone that did."""
    by: dict[str, Json] = {"until": None, "account": account}
    return _event(EventKind.AGENT_WRAPPED_UP, group, user, by)


def wrap_up_in(event: CallEvent) -> tuple[int, WrapUp | None] | None:
    """Whose wrap-up an event tells of, by his id, and which it is then (None: none); None for an
    event of something else."""
    if event.kind not in (EventKind.AGENT_WRAPPING_UP, EventKind.AGENT_WRAPPED_UP):
        return None
    group, user, until = (event.data.get(key) for key in ("group", "user", "until"))
    if not isinstance(group, dict) or not isinstance(user, dict):
        return None
    group_id, user_id = group.get("id"), user.get("id")
    if not isinstance(group_id, int) or not isinstance(user_id, int):
        return None
    return user_id, WrapUp(group_id, float(until)) if isinstance(until, int | float) else None


def _event(kind: EventKind, group: Group, user: User, more: dict[str, Json]) -> CallEvent:
    who: dict[str, Json] = {
        "group": {"id": group.id, "name": group.name},
        "user": {"id": user.id, "name": user.name},
    }
    return CallEvent(kind, NO_CALL, data={**who, **more})
