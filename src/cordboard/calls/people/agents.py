"""Agents: how a member of a group stands in it, and what he can do about that.

Theory of operation. A member is logged in or out, and while he is logged in, paused or not. What he
does leads from one state to the next by this table; what would change nothing is no act and makes
no event.

    act       from                  to
    login     out                   in, not paused
    logout    in, paused or not     out
    pause     in                    in and paused, for a reason that may be given
    pause     in and paused         the same, for another reason
    unpause   in and paused         in, not paused

Whoever is logged out can't be paused. Who has never done anything is logged in. The last act counts
over a restart, and no file that is applied touches it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from cordboard.calls.events import CallEvent, EventKind, Json
from cordboard.directory.model import Group, User

NO_CALL: Final = ""
"""Stands for the call in events that are of none."""


class AgentAct(Enum):
    """What an agent does, in the words of the API."""

    LOGIN = "login"
    LOGOUT = "logout"
    PAUSE = "pause"
    UNPAUSE = "unpause"


class NotLoggedIn(Exception):
    """Who is logged out can't be paused."""


@dataclass(frozen=True, slots=True)
class AgentState:
    """How a member stands in a group, for what reason he is paused, and since when (seconds since
    1970; None: he has never done anything)."""

    logged_in: bool = True
    paused: bool = False
    reason: str | None = None
    since: float | None = None

    @property
    def word(self) -> str:
        """The state in one word."""
        if not self.logged_in:
            return "logged_out"
        return "paused" if self.paused else "ready"


NEVER_ACTED: Final = AgentState()

KINDS: Final = {
    AgentAct.LOGIN: EventKind.AGENT_LOGIN,
    AgentAct.LOGOUT: EventKind.AGENT_LOGOUT,
    AgentAct.PAUSE: EventKind.AGENT_PAUSE,
    AgentAct.UNPAUSE: EventKind.AGENT_UNPAUSE,
}

Place = tuple[int, int]
"""The ids of a group and of a member."""


def after(state: AgentState, act: AgentAct, reason: str | None = None) -> AgentState:
    """The state after an act; the same where that changes nothing. Raises :class:`NotLoggedIn`."""
    if act is AgentAct.LOGIN:
        return state if state.logged_in else AgentState()
    if act is AgentAct.LOGOUT:
        return AgentState(logged_in=False) if state.logged_in else state
    if not state.logged_in:
        raise NotLoggedIn
    if act is AgentAct.PAUSE:
        return replace(state, paused=True, reason=reason)
    return replace(state, paused=False, reason=None)


def agent_event(
    act: AgentAct, group: Group, user: User, state: AgentState, account: str
) -> CallEvent:
    """The event of an act that led to a state; ``account`` is whose client wanted it."""
    data: dict[str, Json] = {
        "group": {"id": group.id, "name": group.name},
        "user": {"id": user.id, "name": user.name},
        "state": state.word,
        "reason": state.reason,
        "account": account,
    }
    return CallEvent(KINDS[act], NO_CALL, data=data)


def state_in(event: CallEvent, at: float) -> tuple[Place, AgentState] | None:
    """Whose state an event tells of, and which; None for an event of something else."""
    group, user, word = (event.data.get(key) for key in ("group", "user", "state"))
    if not isinstance(group, dict) or not isinstance(user, dict):
        return None
    group_id, user_id, reason = group.get("id"), user.get("id"), event.data.get("reason")
    if not isinstance(group_id, int) or not isinstance(user_id, int):
        return None
    told = reason if isinstance(reason, str) else None
    state = AgentState(word != "logged_out", word == "paused", told, at)
    return (group_id, user_id), state
