"""A group is hunted through: who rings when, who is passed over, and how it ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cordboard.calls.causes import Cause
from cordboard.calls.events import EventKind, Outcome
from cordboard.calls.people.agents import AgentState
from cordboard.calls.planning.explain import explain
from cordboard.calls.planning.planner import plan
from cordboard.calls.ports import Answered, Digit, Failed, Play, RedirectTarget, Tone, ToneKind
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import GroupKeys, Leg, LegWishes, RingGroup, RingUser, UserKeys
from cordboard.calls.stages import Stage
from cordboard.directory.model import GroupKind, GroupStrategy
from cordboard.directory.recording import RecordPolicy
from support.call_line import Line
from support.group_house import TEAM, GroupHouse, team
from support.tenants import DOMAIN, request, tenant

HUNT = GroupKind.HUNT


def test_members_ring_one_after_the_other() -> None:
    house = GroupHouse(team(HUNT, member_answer_timeout=10.0), terminals=2)
    call = house.place()
    assert house.ringing() == ["ann", "ann"], "at all phones, as one attempt"
    assert len(call.plan.channels) == 2
    house.wait(9.9)
    assert house.ringing() == ["ann", "ann"]
    house.wait(0.2)
    assert house.ringing() == ["bob", "bob"]
    house.tell(Failed(next(iter(house.up)), 486))
    assert house.ringing() == ["bob"], "his other phone rings on"
    house.tell(Failed(next(iter(house.up)), 486))
    assert house.ringing() == ["cid", "cid"], "nobody is left there, so the next one rings at once"
    answered = house.answer("cid")
    assert house.ringing() == ["cid"]
    (event,) = house.kinds(EventKind.LEG_ANSWERED)
    assert event.channel == answered
    assert event.data["ring_seconds"] == pytest.approx(10.1)
    house.wait(60.0)
    assert house.rung == ["ann", "ann", "bob", "bob", "cid", "cid"]
    assert call.stage is Stage.PROGRAM


def test_the_hunt_ends_when_nobody_is_left() -> None:
    house = GroupHouse(team(HUNT, member_answer_timeout=10.0))
    call = house.place(answer_timeout=300.0)
    house.wait(41.0)
    assert house.rung == ["ann", "bob", "cid", "dee"]
    assert call.result is not None
    assert (call.result.outcome, call.result.cause) == (Outcome.FIRST_LEG_FAILED, Cause.NO_ANSWER)
    assert call.result.first_ring_seconds == pytest.approx(40.0)
    assert not house.usage


def test_the_whole_hunt_has_its_own_time() -> None:
    house = GroupHouse(team(HUNT, member_answer_timeout=10.0, answer_timeout=15.0))
    call = house.place()
    house.wait(14.9)
    assert house.ringing() == ["bob"]
    house.wait(1.0)
    assert house.ringing() == []
    assert call.result is not None
    assert call.result.cause is Cause.NO_ANSWER
    assert house.rung == ["ann", "bob"]


def test_a_request_may_set_both_times() -> None:
    house = GroupHouse(team(HUNT))
    house.place(answer_timeout=5.0, on_first=LegWishes(member_timeout=2.0))
    house.wait(3.0)
    assert house.ringing() == ["bob"]
    house.wait(2.1)
    assert house.ringing() == []


def test_all_ring_at_once_for_the_whole_time() -> None:
    house = GroupHouse(team(GroupKind.RING, member_answer_timeout=5.0, answer_timeout=30.0))
    house.place()
    house.wait(29.0)
    assert house.ringing() == ["ann", "bob", "cid", "dee"]
    house.answer("dee")
    assert house.ringing() == ["dee"]


def test_waves_by_penalty() -> None:
    house = GroupHouse(team(HUNT, GroupStrategy.PENALTY, (1, 0, 1, 0)))
    house.place()
    assert house.ringing() == ["bob", "dee"]
    house.wait(20.0)
    assert house.ringing() == ["ann", "cid"]


def test_round_robin_goes_on_behind_whoever_was_rung_last() -> None:
    house = GroupHouse(team(HUNT, GroupStrategy.ROUND_ROBIN))
    for name in ("ann", "bob", "cid", "dee", "ann"):
        house.place()
        assert house.ringing() == [name]
        house.hang_up(house.answer(name))


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (AgentState(logged_in=False), "logged out"),
        (AgentState(paused=True, reason="lunch"), "paused"),
    ],
)
def test_who_is_not_ready_is_passed_over(state: AgentState, why: str) -> None:
    house = GroupHouse(team(HUNT))
    house.states[TEAM, 1001] = state
    planned = plan(request(RingGroup(GroupKeys(name="team")), "1111"), house.tenant, house.desk)
    told = explain(planned, house.desk)["first"]
    assert isinstance(told, dict)
    assert told["hunt"] == {
        "strategy": "linear",
        "member_answer_timeout": 20.0,
        "order": [["bob"], ["cid"], ["dee"]],
        "passed_over": [{"member": "ann", "because": why}],
        "queue": None,
    }
    house.place()
    assert house.ringing() == ["bob"]


def test_how_members_stand_is_looked_at_before_each_attempt() -> None:
    house = GroupHouse(team(HUNT))
    house.place()
    house.states[TEAM, 1002] = AgentState(paused=True)
    house.away.add("cid")
    house.wait(20.0)
    assert house.ringing() == ["dee"]


def test_two_calls_do_not_ring_one_agent() -> None:
    house = GroupHouse(team())
    for name in ("ann", "bob", "cid", "dee"):
        house.place()
        assert house.ringing()[-1] == name
    with pytest.raises(Refused) as caught:
        house.place()
    assert caught.value.id is RefusalId.NO_MEMBER_AVAILABLE
    assert caught.value.parameter == "first.group.name"
    assert "dee is rung by another call" in caught.value.message


def test_two_calls_may_ring_a_whole_group_of_phones() -> None:
    house = GroupHouse(team(GroupKind.RING))
    house.place()
    house.place()
    assert sorted(house.ringing()) == sorted(["ann", "bob", "cid", "dee"] * 2)


def test_who_talks_is_busy_and_wraps_up_afterwards() -> None:
    house = GroupHouse(team(HUNT, wrap_up=30.0, answer_timeout=600.0, member_answer_timeout=600.0))
    house.place()
    channel = house.answer("ann")
    house.place()
    assert house.ringing() == ["ann", "bob"]
    house.wait(10.0)
    house.hang_up(channel)
    house.wait(29.0)
    house.place()
    assert house.ringing() == ["bob", "cid"]
    house.wait(1.0)
    house.place()
    assert house.ringing() == ["bob", "cid", "ann"]


def test_a_call_that_no_group_made_needs_no_wrap_up() -> None:
    house = GroupHouse(team(HUNT, wrap_up=30.0))
    house.place(first=RingUser(UserKeys(name="ann")))
    channel = house.answer("ann")
    house.place()
    assert house.ringing() == ["ann", "bob"], "but is one all the same"
    house.hang_up(channel)
    house.place()
    assert house.ringing() == ["bob", "ann"]


def test_a_redirect_engages_whom_it_leads_to() -> None:
    house = GroupHouse(team(HUNT))
    house.place(first=RingUser(UserKeys(name="ann")))
    to_bob = RedirectTarget("bob", DOMAIN, ours=False)
    house.tell(Failed(house.channel("ann"), 302, redirects=(to_bob,)))
    assert house.ringing() == ["bob"]
    house.place()
    assert house.ringing() == ["bob", "ann"], "who is free again"
    house.place()
    assert house.ringing() == ["bob", "ann", "cid"]


def test_the_group_that_is_rung_speaks_for_itself() -> None:
    house = GroupHouse(team(record=RecordPolicy.ALWAYS))
    call = house.place()
    assert call.plan.group is not None
    assert call.plan.group.name == "team"
    assert call.plan.recording_terms.wanted
    scopes = [str(take.key) for take in call.plan.takes]
    assert scopes == ["tenant:demo", "group:team@demo"], "one channel a leg however many ring"


def test_a_group_has_the_calls_recorded_that_are_made_on_its_behalf() -> None:
    house = GroupHouse(team(record=RecordPolicy.ALWAYS))
    asked = request(RingUser(UserKeys(name="ann")), "1111")
    assert not plan(asked, house.tenant, house.desk).recording_terms.wanted
    on_behalf = replace(asked, group=GroupKeys(name="team"))
    assert plan(on_behalf, house.tenant, house.desk).recording_terms.wanted


def test_nobody_of_an_empty_group_can_be_rung() -> None:
    house = GroupHouse(replace(team(), members=()))
    with pytest.raises(Refused, match="nobody of team can be rung: it has no members"):
        house.place()


def test_whoever_is_screened_keeps_the_others_waiting() -> None:
    house = GroupHouse(team(HUNT, member_answer_timeout=5.0))
    call = house.place(on_first=LegWishes(screen=True))
    channel = house.answer("ann")
    house.wait(6.0)
    assert house.ringing() == ["ann"], "he may still take it"
    house.tell(Digit(channel, "2"))
    assert house.ringing() == ["bob"]
    house.tell(Digit(house.answer("bob"), "1"))
    assert call.stage is Stage.PROGRAM


def with_hunt(kind: GroupKind = HUNT) -> Line:
    """Jessica (c1, c2) is rung and is to be connected with sales: thomas, then helen."""
    here = tenant(longest_call=600.0)
    sales = replace(here.groups[0], kind=kind, member_answer_timeout=10.0, answer_timeout=25.0)
    return Line(request(to="sales"), here=replace(here, groups=(sales, here.groups[1])))


def test_a_group_as_second_party_is_hunted_through_likewise() -> None:
    line = with_hunt()
    line.tell(Answered("c1"), Failed("c2", 487))
    dialled = [event for event in line.log if event.kind is EventKind.CHANNEL_DIALLED]
    assert [event.data["endpoint"] for event in dialled][2:] == ["thomas@demo"]
    commands = line.wait(10.0)
    assert Play("c1", Tone(ToneKind.RINGBACK, "jp")) in commands, "never dead air"
    dialled = [event for event in line.log if event.kind is EventKind.CHANNEL_DIALLED]
    assert dialled[-1].data["endpoint"] == "helen@demo"
    line.tell(Failed("c3", 487), Answered("c4"))
    assert line.call.stage is Stage.BRIDGED


def test_the_second_party_fails_when_all_were_rung() -> None:
    line = with_hunt()
    line.tell(Answered("c1"), Failed("c2", 487))
    line.tell(Failed("c3", 486))
    assert "leg.failed" not in line.kinds()
    line.tell(Failed("c4", 486))
    assert line.call.stage is Stage.ANNOUNCING


def test_a_second_party_whose_members_are_all_engaged_is_busy() -> None:
    house = GroupHouse(team())
    for name in ("bob", "cid", "dee"):
        house.place(first=RingUser(UserKeys(name=name)))
        house.answer(name)
    call = house.place(first=RingUser(UserKeys(name="ann")), to="team")
    house.answer("ann")
    assert call.stage is Stage.ANNOUNCING
    house.wait(10.0)
    assert call.result is not None
    assert (call.result.outcome, call.result.cause) == (Outcome.SECOND_LEG_FAILED, Cause.BUSY)


def test_an_explanation_warns_of_a_second_party_without_anybody() -> None:
    house = GroupHouse(team())
    asked = request(RingUser(UserKeys(name="ann")), "team")
    told = explain(plan(asked, house.tenant, house.desk), house.desk)["second"]
    assert isinstance(told, dict)
    assert told["warning"] is False
    house.away |= {"bob", "cid", "dee"}
    house.states[TEAM, 1001] = AgentState(paused=True)
    told = explain(plan(asked, house.tenant, house.desk), house.desk)["second"]
    assert isinstance(told, dict)
    assert str(told["warning"]).startswith("nobody of the group can be rung now")


def test_a_transfer_goes_through_the_group() -> None:
    line = with_hunt()
    line.tell(Answered("c1"), Failed("c2", 487), Answered("c3"))
    line.call.wishes.transfer(Leg.FIRST, "sales", line.now)
    line.commands()
    dialled = [event for event in line.log if event.kind is EventKind.CHANNEL_DIALLED]
    assert dialled[-1].data["endpoint"] == "thomas@demo"
    line.wait(10.0)
    dialled = [event for event in line.log if event.kind is EventKind.CHANNEL_DIALLED]
    assert dialled[-1].data["endpoint"] == "helen@demo"
    assert line.call.stage is Stage.TRANSFERRING
