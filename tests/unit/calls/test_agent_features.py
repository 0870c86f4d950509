"""What agents have done from their phones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cordboard.calls.events import EventKind
from cordboard.calls.people.agents import AgentAct, AgentState, Place
from cordboard.calls.people.wrap_ups import wrap_up_in
from cordboard.calls.planning.agent_features import act, wrapped_up
from cordboard.calls.planning.attendance import Attendance
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.directory.model import Group, Member
from support.tenants import DOMAIN, desk, everywhere, numbered_ids, tenant

SALES, SUPPORT, SHOP = 2001, 2002, 2003

WHERE = replace(
    tenant(),
    groups=(
        Group(SALES, "sales", "Sales", extension="2001", members=(Member(1002),)),
        Group(SUPPORT, "support", "Support", extension="2002", members=(Member(1002),)),
        Group(SHOP, "shop", "Shop", extension="2003", members=(Member(1003),), wrap_up=30.0),
    ),
    pause_reasons=("lunch", "meeting"),
)
JESSICA, THOMAS, HELEN = WHERE.users
PHONE = "thomas"

OUT = AgentState(logged_in=False)
PAUSED = AgentState(paused=True, reason="lunch")


def done(what: AgentAct, argument: str = "", **states: AgentState) -> tuple[Any, str]:
    """What becomes of thomas's groups by name, and what he hears."""
    ids = {group.name: group.id for group in WHERE.groups}
    known: dict[Place, AgentState] = {(ids[name], 1002): one for name, one in states.items()}
    live = replace(desk(everywhere, numbered_ids(), directory=WHERE), agents=lambda _tenant: known)
    events, hears = act(what, WHERE, live, THOMAS, PHONE, argument)
    assert all(event.call == "" and event.data["account"] == PHONE for event in events)
    told = {}
    for event in events:
        group = event.data["group"]
        assert isinstance(group, dict)
        told[group["name"]] = (event.data["state"], event.data["reason"])
    return told, hears


@pytest.mark.parametrize(
    ("what", "argument", "states", "told", "hears"),
    [
        (AgentAct.LOGOUT, "", {}, {"sales": "logged_out", "support": "logged_out"}, "logout"),
        (AgentAct.LOGOUT, "2002", {}, {"support": "logged_out"}, "logout"),
        (AgentAct.LOGIN, "", {"sales": OUT}, {"sales": "ready"}, "login"),
        (AgentAct.LOGIN, "", {}, {}, "login"),
        (AgentAct.UNPAUSE, "", {"support": PAUSED}, {"support": "ready"}, "unpause"),
        (AgentAct.UNPAUSE, "2001", {"support": PAUSED}, {}, "unpause"),
        (AgentAct.PAUSE, "", {"sales": OUT}, {"support": "paused"}, "pause"),
        (AgentAct.PAUSE, "", {"sales": OUT, "support": OUT}, {}, "logout"),
    ],
)
def test_what_an_agent_does(
    what: AgentAct,
    argument: str,
    states: dict[str, AgentState],
    told: dict[str, str],
    hears: str,
) -> None:
    became, said = done(what, argument, **states)
    assert {name: state for name, (state, _) in became.items()} == told
    assert said == f"agent-{hears}"


@pytest.mark.parametrize(
    ("argument", "reason", "groups"),
    [
        ("", None, ["sales", "support"]),
        ("1", "lunch", ["sales", "support"]),
        ("2*2002", "meeting", ["support"]),
        ("*2001", None, ["sales"]),
        ("7", "7", ["sales", "support"]),
        ("0", "0", ["sales", "support"]),
    ],
)
def test_why_he_pauses(argument: str, reason: str | None, groups: list[str]) -> None:
    became, _ = done(AgentAct.PAUSE, argument)
    assert became == dict.fromkeys(groups, ("paused", reason))


@pytest.mark.parametrize(
    ("what", "argument", "id_"),
    [
        (AgentAct.LOGIN, "2003", RefusalId.GROUP_NOT_FOUND),
        (AgentAct.LOGIN, "9999", RefusalId.GROUP_NOT_FOUND),
        (AgentAct.PAUSE, "1*2003", RefusalId.GROUP_NOT_FOUND),
        (AgentAct.PAUSE, "12345", RefusalId.INVALID_DESTINATION),
        (AgentAct.PAUSE, "1#", RefusalId.INVALID_DESTINATION),
        (AgentAct.PAUSE, "\u0661", RefusalId.INVALID_DESTINATION),
    ],
)
def test_what_is_nothing(what: AgentAct, argument: str, id_: RefusalId) -> None:
    with pytest.raises(Refused) as caught:
        done(what, argument)
    assert caught.value.id is id_


def test_who_is_in_no_group() -> None:
    live = desk(everywhere, numbered_ids(), directory=WHERE)
    with pytest.raises(Refused) as caught:
        act(AgentAct.LOGIN, WHERE, live, JESSICA, "jessica-desk", "")
    assert caught.value.id is RefusalId.GROUP_NOT_FOUND


def test_a_wrap_up_is_ended() -> None:
    attendance = Attendance()
    live = replace(desk(everywhere, numbered_ids(), directory=WHERE), attendance=attendance)
    assert wrapped_up(WHERE, live, HELEN, "helen") == ((), "agent-wrapped-up")
    attendance.wrap_up(DOMAIN, HELEN.id, SHOP, 90.0)
    (event,), hears = wrapped_up(WHERE, live, HELEN, "helen")
    assert event.kind is EventKind.AGENT_WRAPPED_UP
    assert wrap_up_in(event) == (HELEN.id, None)
    assert event.data["account"] == "helen"
    assert hears == "agent-wrapped-up"
    attendance.wrap_up(DOMAIN, HELEN.id, SHOP, 60.0)
    assert wrapped_up(WHERE, live, HELEN, "helen")[0] == (), "it was over"
