"""Which trunks a number goes by, as they are just now."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cordboard.calls.limits import Usage
from cordboard.calls.planning.explain import explain
from cordboard.calls.planning.plan import CallPlan, LegPlan, PlannedTrunks
from cordboard.calls.planning.planner import plan
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.trunk_state import TrunkState
from cordboard.directory.model import NumberFormat, Trunk
from cordboard.directory.snapshot import TenantDirectory
from cordboard.exchange.switchboard import LiveSwitchboard
from support.tenants import desk, everywhere, numbered_ids, request, tenant

OUTSIDE = "0312341234"
DOWN = TrunkState(reachable=False, reason="no answer to OPTIONS")
UP = TrunkState(reachable=True)
UNREGISTERED = TrunkState(registered=False, reason="403 Forbidden")


def switchboard(usage: Usage | None = None, **states: TrunkState) -> LiveSwitchboard:
    return desk(everywhere, numbered_ids(), usage, trunks=states)


def with_first(**changes: Any) -> TenantDirectory:
    """The tests' tenant, its first trunk changed."""
    usual = tenant()
    first, second = usual.trunks
    return replace(usual, trunks=(replace(first, **changes), second))


def planned(live: LiveSwitchboard, where: TenantDirectory | None = None) -> CallPlan:
    return plan(request(to=OUTSIDE), where or tenant(), live)


def trunks_of(made: CallPlan) -> PlannedTrunks:
    assert isinstance(made.second, LegPlan)
    assert isinstance(made.second.targets, PlannedTrunks)
    return made.second.targets


def names(made: CallPlan) -> list[str]:
    return [endpoint.trunk.name for endpoint in trunks_of(made).endpoints]


def taken(made: CallPlan) -> list[str]:
    return [take.key.name for take in made.takes if take.key.scope == "trunk"]


def test_the_rule_decides_where_nothing_is_known() -> None:
    made = planned(switchboard())
    assert names(made) == ["first", "second"]
    assert trunks_of(made).passed_over == ()


def test_a_trunk_that_does_not_answer_is_left_out() -> None:
    made = planned(switchboard(first=DOWN))
    assert names(made) == ["second"]
    assert taken(made) == ["second@demo"]
    (passed,) = trunks_of(made).passed_over
    assert (passed.trunk, passed.reason) == ("first", "down: no answer to OPTIONS")


def test_nobody_waits_where_all_trunks_are_down() -> None:
    with pytest.raises(Refused) as caught:
        planned(switchboard(first=DOWN, second=DOWN))
    assert caught.value.id is RefusalId.TRUNK_DOWN
    assert caught.value.message == (
        "first is down: no answer to OPTIONS, second is down: no answer to OPTIONS"
    )


def test_a_trunk_that_refused_our_registration_comes_last() -> None:
    made = planned(switchboard(first=UNREGISTERED, second=UP))
    assert names(made) == ["second", "first"]
    alone = planned(switchboard(first=UNREGISTERED, second=DOWN))
    assert names(alone) == ["first"]


def test_a_trunk_without_a_free_line_is_passed_over() -> None:
    where, live = with_first(channel_limit=1), switchboard()
    first_call = planned(live, where)
    assert taken(first_call) == ["first@demo"]
    assert live.take(first_call.takes) is None
    second_call = planned(live, where)
    assert names(second_call) == ["second", "first"]
    assert taken(second_call) == ["second@demo"]


def test_a_trunk_whose_rate_is_used_up_is_passed_over() -> None:
    where, live = with_first(calls_per_second=1.0, calls_burst=1), switchboard()
    assert live.take(planned(live, where).takes) is None
    passed_by = planned(live, where)
    assert names(passed_by) == ["second", "first"]
    (passed,) = trunks_of(passed_by).passed_over
    assert passed.reason == "the limit of trunk.calls_per_second:first@demo is reached"
    assert passed.later


def test_the_limit_of_the_first_choice_is_named_where_none_has_room() -> None:
    usual = tenant()
    where = replace(usual, trunks=tuple(replace(t, channel_limit=1) for t in usual.trunks))
    live = switchboard()
    for _ in range(2):
        assert live.take(planned(live, where).takes) is None
    assert str(live.take(planned(live, where).takes)) == "trunk:first@demo"


def test_each_trunk_is_told_its_own_caller_id() -> None:
    usual = tenant()
    trunks = (
        Trunk("first", "sip:192.0.2.1", number_format=NumberFormat.E164, caller_id="0506868001"),
        Trunk("second", "sip:192.0.2.2", number_format=NumberFormat.E164_PLUS),
    )
    made = planned(switchboard(), replace(usual, trunks=trunks))
    callers = [e.caller.number for e in trunks_of(made).endpoints if e.caller is not None]
    assert callers == ["81506868001", "+815068680000"]
    assert isinstance(made.second, LegPlan)
    assert made.second.caller.number == callers[0]


def test_explaining_tells_which_trunks_were_passed_over_and_why() -> None:
    live = switchboard(first=DOWN, second=UP)
    second: Any = explain(planned(live), live)["second"]
    assert [(ring["trunk"], ring["state"]) for ring in second["rings"]] == [("second", "up")]
    assert second["passed_over"] == [
        {"trunk": "first", "because": "down: no answer to OPTIONS", "tried_later": False}
    ]


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (TrunkState(), "unknown"),
        (UP, "up"),
        (TrunkState(registered=True), "up"),
        (TrunkState(reachable=True, registering=True), "unknown"),
        (DOWN, "down"),
        (UNREGISTERED, "unregistered"),
        (replace(UNREGISTERED, reachable=False), "down"),
        (replace(UNREGISTERED, reachable=True), "unregistered"),
    ],
)
def test_a_state_is_told_in_one_word(state: TrunkState, word: str) -> None:
    assert state.word == word
