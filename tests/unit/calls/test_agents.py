"""What agents can do, by the table."""

from __future__ import annotations

import pytest

from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.people.agents import (
    NEVER_ACTED,
    AgentAct,
    AgentState,
    NotLoggedIn,
    after,
    agent_event,
    state_in,
)
from cordboard.directory.model import Group, User

READY, OUT = AgentState(), AgentState(logged_in=False)
LUNCH, MEETING = AgentState(paused=True, reason="lunch"), AgentState(paused=True, reason="meeting")


@pytest.mark.parametrize(
    ("state", "act", "reason", "then"),
    [
        (NEVER_ACTED, AgentAct.LOGIN, None, NEVER_ACTED),
        (OUT, AgentAct.LOGIN, None, READY),
        (LUNCH, AgentAct.LOGIN, None, LUNCH),
        (READY, AgentAct.LOGOUT, None, OUT),
        (LUNCH, AgentAct.LOGOUT, None, OUT),
        (OUT, AgentAct.LOGOUT, None, OUT),
        (READY, AgentAct.PAUSE, "lunch", LUNCH),
        (LUNCH, AgentAct.PAUSE, "lunch", LUNCH),
        (LUNCH, AgentAct.PAUSE, "meeting", MEETING),
        (LUNCH, AgentAct.UNPAUSE, None, READY),
        (READY, AgentAct.UNPAUSE, None, READY),
    ],
)
def test_acts(state: AgentState, act: AgentAct, reason: str | None, then: AgentState) -> None:
    assert after(state, act, reason) == then


@pytest.mark.parametrize("act", [AgentAct.PAUSE, AgentAct.UNPAUSE])
def test_who_is_logged_out_is_not_paused(act: AgentAct) -> None:
    with pytest.raises(NotLoggedIn):
        after(OUT, act)


@pytest.mark.parametrize("state", [READY, OUT, LUNCH])
def test_an_event_tells_the_state(state: AgentState) -> None:
    group, user = Group(7, "sales", "Sales"), User(1, "jessica", "Jessica")
    event = agent_event(AgentAct.LOGIN, group, user, state, "main")
    told = state_in(event, 5.0)
    assert told is not None
    place, found = told
    assert (place, found.since, found.word) == ((7, 1), 5.0, state.word)
    assert (found.logged_in, found.paused, found.reason) == (
        state.logged_in,
        state.paused,
        state.reason,
    )


def test_another_event_tells_none() -> None:
    assert state_in(CallEvent(EventKind.AGENT_LOGIN, ""), 1.0) is None
    assert state_in(CallEvent(EventKind.AGENT_LOGIN, "", data={"group": {}, "user": {}}), 1.0) is (
        None
    )
