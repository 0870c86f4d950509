"""Calls that are forwarded, and users who take none: planned, while one rings, and in circles."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from cordboard.calls.causes import Cause
from cordboard.calls.events import EventKind, Outcome
from cordboard.calls.limits import LimitKey
from cordboard.calls.people.forwarding import MAX_FORWARDS, forwarding_event, forwarding_in
from cordboard.calls.planning.explain import explain
from cordboard.calls.planning.plan import CallPlan, LegPlan, PlannedTrunks, ProgramPlan
from cordboard.calls.planning.planner import plan
from cordboard.calls.ports import (
    Accept,
    Answered,
    Bridge,
    Dial,
    Diversion,
    EngineCommand,
    Failed,
    HangUp,
    Play,
    Reject,
    Released,
    Ringing,
    StopPlay,
    TrunkEndpoint,
)
from cordboard.calls.request import (
    CallRequest,
    GroupKeys,
    Offered,
    RingGroup,
    RingTerminal,
    RingUser,
    UserKeys,
)
from cordboard.calls.stages import Stage
from cordboard.directory.forwarding import NOT_FORWARDED, Forwarding
from cordboard.directory.model import NumberFormat
from cordboard.directory.snapshot import TenantDirectory
from support.call_line import Line
from support.tenants import desk, everywhere, numbered_ids, request, tenant

OUTSIDE = "0312341234"
CALLER = "caller"


def here(**terms: Forwarding) -> TenantDirectory:
    """The tenant, some of whose users have their calls forwarded."""
    made = tenant()
    users = tuple(replace(one, forwarding=terms.get(one.name, NOT_FORWARDED)) for one in made.users)
    return replace(made, users=users)


def planned(asked: CallRequest, where: TenantDirectory) -> CallPlan:
    return plan(asked, where, desk(everywhere, numbered_ids(), directory=where))


def second(made: CallPlan) -> LegPlan:
    assert isinstance(made.second, LegPlan)
    return made.second


def dialled(commands: list[EngineCommand]) -> list[str]:
    """Whom commands ring."""
    found = []
    for command in commands:
        if isinstance(command, Dial):
            to = command.endpoint
            found.append(to.number if isinstance(to, TrunkEndpoint) else to.contact.account)
    return found


def called(where: TenantDirectory, to: str = "1002", **more: Any) -> Line:
    """A phone of jessica's calls."""
    first = Offered(CALLER, to, from_terminal="jessica-desk")
    return Line(request(first, to, **more), here=where)


# What is planned


def test_calls_are_forwarded_before_anything_rings() -> None:
    made = planned(request(to="thomas"), here(thomas=Forwarding(always="helen")))
    leg = second(made)
    assert leg.party.name == "helen"
    assert (leg.caller.number, leg.caller.name) == ("1001", "Jessica"), "who calls is shown"
    assert [(hop.name, hop.to, hop.reason.value) for hop in leg.forwarded] == [
        ("thomas", "helen", "always")
    ]
    assert made.asked is not None
    assert made.asked.name == "thomas"
    assert made.first.caller.name == "Thomas", "the first leg is shown whom it asked for"


def test_outside_it_is_the_forwarders_right_and_number() -> None:
    where = here(thomas=Forwarding(always=OUTSIDE))
    thomas = replace(where.users[1], caller_id="05068680000", channel_limit=2)
    where = replace(where, users=(where.users[0], thomas, where.users[2]))
    leg = second(planned(request(to="thomas"), where))
    assert isinstance(leg.targets, PlannedTrunks)
    caller = leg.targets.endpoints[0].caller
    assert caller is not None
    assert (caller.number, caller.reason) == ("05068680000", "user thomas")
    for endpoint in leg.targets.endpoints:
        assert endpoint.diverted == (Diversion("05031001002", "unconditional"),)


def test_a_trunk_is_told_of_each_who_forwarded_as_it_writes_numbers() -> None:
    where = here(thomas=Forwarding(always="helen"), helen=Forwarding(always=OUTSIDE))
    plus = replace(where.trunks[0], number_format=NumberFormat.E164_PLUS)
    where = replace(where, trunks=(plus, where.trunks[1]))
    targets = second(planned(request(to="thomas"), where)).targets
    assert isinstance(targets, PlannedTrunks)
    assert [one.number for one in targets.endpoints[0].diverted] == [
        "+815031001003",
        "+815031001002",
    ]


@pytest.mark.parametrize("to", ["110", "0990123456", "nobody", "thomas", "1002"])
def test_a_forward_that_leads_nowhere_is_passed_over(to: str) -> None:
    leg = second(planned(request(to="thomas"), here(thomas=Forwarding(always=to))))
    assert leg.party.name == "thomas"
    (hop,) = leg.forwarded
    assert hop.refused


def test_a_circle_ends_at_the_last_one_who_can_be_rung() -> None:
    where = here(thomas=Forwarding(always="helen"), helen=Forwarding(always="thomas"))
    leg = second(planned(request(to="thomas"), where))
    assert leg.party.name == "helen"
    assert [hop.refused for hop in leg.forwarded] == [None, "forwarded in a circle"]


def test_a_chain_is_bounded() -> None:
    made = tenant()
    users = [made.users[0]]
    for number in range(MAX_FORWARDS + 3):
        further = Forwarding(always=f"u{number + 1}")
        name = f"u{number}"
        users.append(
            replace(made.users[1], id=number + 1, name=name, label=name, extension=None,
                    dids=(), email=None, terminals=(), forwarding=further)
        )  # fmt: skip
    leg = second(planned(request(to="u0"), replace(made, users=tuple(users))))
    assert leg.party.name == f"u{MAX_FORWARDS}"
    assert leg.forwarded[-1].refused == f"forwarded more than {MAX_FORWARDS} times"


def test_a_context_can_take_calls() -> None:
    made = planned(request(to="thomas"), here(thomas=Forwarding(always="1111")))
    assert isinstance(made.second, ProgramPlan)
    assert made.asked is not None
    assert made.asked.name == "thomas"


def test_who_is_not_called_in_person_rings() -> None:
    away = here(thomas=Forwarding(always="jessica", do_not_disturb=True))
    first = planned(request(RingUser(UserKeys(name="thomas")), "helen"), away)
    assert len(first.channels) == 1, "a first leg that a client has rung"
    group = second(planned(request(to="sales"), away))
    assert group.party.name == "sales"
    assert not group.forwarded
    terminal = request(to="x", second=RingTerminal("thomas"))
    assert second(planned(terminal, away)).party.name == "thomas"


def test_who_is_not_to_be_disturbed_is_not_rung_by_groups() -> None:
    away = here(thomas=Forwarding(do_not_disturb=True))
    made = planned(request(RingGroup(GroupKeys(name="sales")), "jessica"), away)
    assert [channel.label for channel in made.channels] == ["helen@demo"]


def test_explanations_tell_who_sends_the_call_on() -> None:
    where = here(thomas=Forwarding(always="helen"), helen=Forwarding(no_answer="1111"))
    live = desk(everywhere, numbered_ids(), directory=where)
    told = explain(planned(request(to="thomas"), where), live)["second"]
    assert isinstance(told, dict)
    assert told["forwards"] == {"busy": None, "no_answer": "1111", "after": 20.0}
    (hop,) = cast("list[dict[str, Any]]", told["forwarded"])
    assert (hop["by"]["name"], hop["to"], hop["reason"]) == ("thomas", "helen", "always")
    away = here(thomas=Forwarding(do_not_disturb=True))
    told = explain(planned(request(to="thomas"), away), live)["second"]
    assert isinstance(told, dict)
    assert told["not_rung"] == "busy"


# While it rings


def test_who_is_busy_has_it_forwarded() -> None:
    line = called(here(thomas=Forwarding(busy="helen")))
    assert dialled(line.started) == ["thomas@demo"]
    assert dialled(line.tell(Failed("c1", 486, "Busy Here"))) == ["helen@demo"]
    assert line.call.stage is Stage.RINGING_SECOND
    assert line.data(EventKind.CALL_FORWARDED) == {
        "by": {"kind": "user", "name": "thomas", "number": "1002", "id": 1002},
        "to": "helen",
        "reason": "busy",
        "refused": None,
        "party": {"kind": "user", "name": "helen", "number": "1003", "id": 1003},
    }
    line.tell(Ringing("c2"))
    assert line.tell(Answered("c2")) == [Accept(CALLER)]
    assert line.tell(Answered(CALLER)) == [Bridge(CALLER, "c2")]
    line.tell(Released(CALLER, remote=True), Released("c2", remote=False))
    assert line.outcome == (Outcome.COMPLETED, Cause.NORMAL)
    assert not line.usage


def test_nobody_answers_for_as_long_as_he_wants() -> None:
    line = called(here(thomas=Forwarding(no_answer=OUTSIDE, after=12.0)))
    line.tell(Ringing("c1"))
    assert line.wait(11.9) == []
    commands = line.wait(0.2)
    assert commands[0] == HangUp("c1", Cause.NO_ANSWER)
    assert dialled(commands) == [OUTSIDE]
    line.tell(Failed("c1", 487, "Request Terminated"))
    assert line.call.stage is Stage.RINGING_SECOND, "the old phone's end is none of the new one's"
    assert line.usage.used(LimitKey("trunk", "first@demo")) == 1


def test_an_answer_that_crosses_the_forward_is_late() -> None:
    line = called(here(thomas=Forwarding(no_answer="helen", after=12.0)))
    line.wait(12.0)
    assert line.tell(Answered("c1")) == []
    assert line.tell(Answered("c2")) == [Accept(CALLER)]


def test_whose_phones_are_away_has_it_forwarded_at_once() -> None:
    where = here(thomas=Forwarding(no_answer="helen"))
    line = Line(
        request(Offered(CALLER, "1002", from_terminal="jessica-desk"), "1002"),
        second_registered=False,
        here=where,
    )
    assert [type(one) for one in line.started] == [Reject], "she is away as well"
    refused = line.data(EventKind.CALL_FORWARDED)
    assert refused["refused"] == "no terminal of helen is registered"


def test_a_forward_to_nowhere_fails_as_before() -> None:
    line = called(here(thomas=Forwarding(busy="thomas")))
    (refusal,) = line.tell(Failed("c1", 486, "Busy Here"))
    assert isinstance(refusal, Reject)
    assert refusal.status == 486
    assert line.data(EventKind.CALL_FORWARDED)["refused"] == "forwarded in a circle"


def test_who_is_not_to_be_disturbed_is_busy() -> None:
    line = called(here(thomas=Forwarding(do_not_disturb=True)))
    (refusal,) = line.started
    assert isinstance(refusal, Reject)
    assert refusal.status == 486


def test_who_is_not_to_be_disturbed_may_be_stood_in_for() -> None:
    line = called(here(thomas=Forwarding(do_not_disturb=True, busy="helen", always="jessica")))
    assert dialled(line.started) == ["helen@demo"]


def test_a_call_of_a_client_is_forwarded_as_well() -> None:
    line = Line(request(to="thomas"), here=here(thomas=Forwarding(busy="helen")))
    assert dialled(line.tell(Answered("c1"))) == ["thomas@demo"]
    assert dialled(line.tell(Failed("c3", 603, "Decline"))) == ["helen@demo"]


def test_a_context_takes_the_call_of_whom_nobody_answers() -> None:
    line = called(here(thomas=Forwarding(no_answer="1111", after=12.0)))
    assert line.wait(12.0) == [HangUp("c1", Cause.NO_ANSWER), Accept(CALLER)]
    line.tell(Failed("c1", 487, "Request Terminated"))
    commands = line.tell(Answered(CALLER))
    assert [type(one) for one in commands] == [Play]
    assert line.call.stage.value == "program"
    assert line.kinds().count("call.forwarded") == 1
    line.tell(Released(CALLER, remote=True))
    assert line.outcome == (Outcome.COMPLETED, Cause.NORMAL)
    assert not line.usage


def test_a_context_takes_a_first_leg_that_is_answered() -> None:
    line = Line(request(to="thomas"), here=here(thomas=Forwarding(busy="1111")))
    line.tell(Answered("c1"))
    commands = line.tell(Failed("c3", 486, "Busy Here"))
    assert [type(one) for one in commands] == [StopPlay, Play], "no ringback behind the program"
    assert line.call.stage.value == "program"


def test_whose_phones_are_away_is_stood_in_for_by_a_context() -> None:
    first = Offered(CALLER, "1002", from_terminal="jessica-desk")
    where = here(thomas=Forwarding(no_answer="1111"))
    line = Line(request(first, "1002"), second_registered=False, here=where)
    assert line.started == [Accept(CALLER)]


def test_forwards_of_forwards_are_followed() -> None:
    where = here(thomas=Forwarding(busy="helen"), helen=Forwarding(busy="2001"))
    line = called(where)
    line.tell(Failed("c1", 486, "Busy Here"))
    assert dialled(line.tell(Failed("c2", 486, "Busy Here"))) == ["thomas@demo", "helen@demo"]


def test_a_transfer_reaches_whom_calls_are_forwarded_to() -> None:
    line = Line(request(to="thomas"), here=here(helen=Forwarding(always=OUTSIDE)))
    line.tell(Answered("c1"), Answered("c3"))
    assert line.call.stage is Stage.BRIDGED
    line.call.wishes.transfer(line.call.leg_of("c1") or pytest.fail("gone"), "helen", line.now)
    assert dialled(line.commands()) == [OUTSIDE]


# What is kept


def test_a_change_is_an_event_that_can_be_read_again() -> None:
    user = tenant().users[0]
    terms = Forwarding("1002", None, OUTSIDE, 15.0, do_not_disturb=True)
    assert forwarding_in(forwarding_event(user, terms, "main")) == (user.id, terms)
    assert forwarding_in(forwarding_event(user, None, "main")) == (user.id, None)
