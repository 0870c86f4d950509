"""Calls of phones and trunks: whose they are, whom they may reach, and how the state machine goes
about a first leg that is there already."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from cordboard.calls.causes import Cause
from cordboard.calls.events import EventKind, Outcome
from cordboard.calls.limits import LimitKey
from cordboard.calls.planning.explain import explain
from cordboard.calls.planning.offered_request import request_of
from cordboard.calls.planning.plan import CallPlan, LegPlan, Party, PlannedTrunks, ProgramPlan
from cordboard.calls.planning.planner import plan
from cordboard.calls.ports import (
    Accept,
    Answered,
    Bridge,
    Dial,
    EarlyMedia,
    EngineCommand,
    Failed,
    HangUp,
    Incoming,
    Listen,
    Play,
    Reject,
    Released,
    Ring,
    Ringing,
    Tone,
    ToneKind,
)
from cordboard.calls.programs.program_words import RingOut
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import Address, CallRequest, Direction, Leg, Offered, RingDid
from cordboard.calls.running.wishes import WrongState
from cordboard.calls.stages import Stage
from cordboard.directory.model import NumberFormat
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.directory.steps import RingKind, RingStep
from cordboard.journal.request_form import read, written
from support.call_line import Line
from support.tenants import desk, everywhere, numbered_ids, request, tenant

CALLER = "caller@192.0.2.9"  # a Call-ID


def from_phone(dialled: str, terminal: str = "jessica-desk", *, host: str = "demo") -> Incoming:
    return Incoming(CALLER, f"{terminal}@demo", (), dialled, host, "9999", "Mallory")


def from_trunk(dialled: str, *trunks: str, number: str = "0399998888", to: str = "") -> Incoming:
    through = trunks or ("first@demo",)
    return Incoming(CALLER, None, through, dialled, "198.51.100.1", number, "Kondo", to=to)


def asked(incoming: Incoming, *tenants: TenantDirectory) -> CallRequest:
    return request_of(incoming, Directory(tenants or (tenant(),)), "call-1")


def planned(incoming: Incoming, where: TenantDirectory | None = None) -> CallPlan:
    here = where or tenant()
    return plan(asked(incoming, here), here, desk(everywhere, numbered_ids(), directory=here))


def second(made: CallPlan) -> LegPlan:
    assert isinstance(made.second, LegPlan)
    return made.second


def refusal(incoming: Incoming, where: TenantDirectory | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        planned(incoming, where)
    return caught.value


# Whose call it is, and whom it reaches


def test_a_phone_that_dials_an_extension_calls_as_its_user() -> None:
    made = planned(from_phone("1002"))
    assert made.request.direction is Direction.PHONE
    assert (made.request.dialect, made.request.account) == ("phone", "jessica-desk")
    assert made.first.party.as_dict() == {
        "kind": "user",
        "name": "jessica",
        "number": "1001",
        "id": 1001,
    }
    assert [(one.id, one.user, one.offered) for one in made.channels] == [(CALLER, 1001, True)]
    leg = second(made)
    assert leg.party.name == "thomas"
    assert (leg.caller.number, leg.caller.name) == ("1001", "Jessica"), "not what From says"


def test_it_takes_a_line_of_its_user_and_of_whom_it_calls() -> None:
    keys = [take.key for take in planned(from_phone("1002")).takes]
    tenants = LimitKey("tenant", "demo")
    users = [LimitKey("user", f"{name}@demo") for name in ("jessica", "thomas")]
    assert keys == [tenants, users[0], tenants, users[1]]


def test_a_group_is_hunted_through() -> None:
    leg = second(planned(from_phone("2001")))
    assert leg.hunt is not None
    assert leg.party.kind == "group"


def test_a_context_is_a_program() -> None:
    assert isinstance(planned(from_phone("1111")).second, ProgramPlan)


@pytest.mark.parametrize(
    ("calls", "step", "rings"),
    [
        (from_trunk("05031001111"), RingStep("${KEYS}"), False),
        (from_trunk("05031001111"), RingStep("0${KEYS}"), False),
        (from_trunk("05031001111"), RingStep("0312341234"), True),
        (from_trunk("05031001111"), RingStep("${KEYS}", RingKind.NUMBER), True),
        (from_phone("1111"), RingStep("${KEYS}"), True),
    ],
)
def test_who_calls_from_outside_gets_no_further_by_his_keys(
    calls: Incoming, step: RingStep, rings: bool
) -> None:
    """Unless the step says that numbers are rung."""
    whole = tenant()
    (context,) = whole.contexts
    here = replace(whole, contexts=(replace(context, dids=("05031001111",)),))
    board = desk(everywhere, numbered_ids(), directory=here)
    made = plan(asked(calls, here), here, board)

    def rung(to: str) -> Party:
        return board.ring(made, Leg.SECOND, RingOut(step, to), (), inside=False).plan.party

    if rings:
        assert rung("0312341234").number == "0312341234"
    else:
        with pytest.raises(Refused) as caught:
            rung("0312341234")
        assert caught.value.id is RefusalId.INVALID_DESTINATION
        assert rung("1002").name == "thomas"


def test_an_own_did_leads_inside() -> None:
    assert second(planned(from_phone("05031001002"))).party.name == "thomas"


def test_an_outside_number_goes_out_under_the_users_number() -> None:
    here = tenant()
    jessica = replace(here.users[0], caller_id="05068680000")
    here = replace(here, users=(jessica, *here.users[1:]))
    targets = second(planned(from_phone("0312341234"), here)).targets
    assert isinstance(targets, PlannedTrunks)
    assert [one.trunk.name for one in targets.endpoints] == ["first", "second"]
    caller = targets.endpoints[0].caller
    assert caller is not None
    assert (caller.number, caller.reason) == ("05068680000", "user jessica")


def test_parameters_of_a_number_are_not_dialled() -> None:
    assert second(planned(from_phone("1002;phone-context=demo"))).party.name == "thomas"


def test_the_phone_that_calls_does_not_ring() -> None:
    leg = second(planned(from_phone("1001")))
    assert isinstance(leg.targets, tuple)
    assert [terminal.account for terminal in leg.targets] == ["jessica-soft@demo"]


@pytest.mark.parametrize(
    ("dialled", "why"),
    [
        ("nobody", RefusalId.INVALID_DESTINATION),
        ("110", RefusalId.NO_ROUTE),
        ("0990123456", RefusalId.NO_ROUTE),
    ],
)
def test_what_a_phone_may_not_call(dialled: str, why: RefusalId) -> None:
    assert refusal(from_phone(dialled)).id is why


def test_another_domain_is_nobodys_extension() -> None:
    assert refusal(from_phone("1002", host="example.org")).id is RefusalId.INVALID_DESTINATION
    ours = structs.replace(from_phone("1002", host="192.0.2.1"), ours=True)
    assert second(planned(ours)).party.name == "thomas"


def test_a_terminal_that_was_removed_calls_nobody() -> None:
    assert refusal(from_phone("1002", "gone")).id is RefusalId.AUTHENTICATION_REQUIRED


# Trunks


def test_a_trunks_call_reaches_the_did_it_is_for() -> None:
    made = planned(from_trunk("05031001002"))
    assert made.request.direction is Direction.TRUNK
    assert (made.request.dialect, made.request.account) == ("trunk", "first")
    assert made.first.party.as_dict() == {
        "kind": "number",
        "name": "Kondo",
        "number": "0399998888",
    }
    leg = second(made)
    assert leg.party.name == "thomas"
    assert (leg.caller.number, leg.caller.name) == ("0399998888", "Kondo")


@pytest.mark.parametrize(
    "dialled",
    [
        "0312341234",  # outside
        "+81312341234",
        "1002",  # an extension
        "2001",
        "1111",
        "thomas",  # a name
        "thomas@demo.test",
        "Thomas",
        "05068680000",  # a number of ours that leads to nobody
        "",
        "110",
        "0312341234;phone-context=05031001002",
    ],
)
def test_a_trunk_reaches_nothing_but_dids(dialled: str) -> None:
    """Toll fraud begins with a call in that is a call out."""
    assert refusal(from_trunk(dialled)).id is RefusalId.INVALID_DESTINATION


@pytest.mark.parametrize("dialled", ["+815031001002", "050-3100-1002", "05031001002;npdi"])
def test_a_did_is_known_however_it_is_written(dialled: str) -> None:
    assert second(planned(from_trunk(dialled))).party.name == "thomas"


def test_a_trunk_of_bare_e164_needs_no_plus() -> None:
    here = tenant()
    bare = replace(here.trunks[0], number_format=NumberFormat.E164)
    here = replace(here, trunks=(bare,))
    made = planned(from_trunk("815031001002", number="81399998888"), here)
    assert second(made).party.name == "thomas"
    assert made.first.party.number == "+81399998888", "it can be called back"


def test_a_registered_trunk_may_call_the_name_that_we_registered() -> None:
    here = tenant()
    registered = replace(here.trunks[0], username="our-account")
    here = replace(here, trunks=(registered,))
    made = planned(from_trunk("our-account", to="05031001002"), here)
    assert second(made).party.name == "thomas"
    assert refusal(from_trunk("else", to="05031001002"), here).parameter == "second.dialled"


def test_of_two_tenants_at_one_carrier_the_owner_of_the_number_is_called() -> None:
    ours, theirs = tenant(), tenant()
    theirs = replace(
        theirs,
        policy=replace(theirs.policy, domain="other", sip_realm="other"),
        users=(replace(theirs.users[0], dids=("0355556666",)),),
    )
    through = ("first@demo", "first@other")
    assert asked(from_trunk("0355556666", *through), ours, theirs).tenant == "other"
    assert asked(from_trunk("05031001002", *through), ours, theirs).tenant == "demo"


def test_a_trunk_of_another_tenant_does_not_reach_us() -> None:
    with pytest.raises(Refused):
        asked(from_trunk("05031001002", "first@other"))


def test_a_trunks_call_takes_a_line_of_the_trunk_but_none_of_its_rate() -> None:
    here = tenant()
    busy = replace(here.trunks[0], channel_limit=1, calls_per_second=1.0)
    here = replace(here, trunks=(busy,))
    take = planned(from_trunk("05031001002"), here).first.takes[1]
    assert (take.key, take.limit, take.rate) == (LimitKey("trunk", "first@demo"), 1, None)


def test_who_shows_no_number_is_anonymous() -> None:
    made = planned(structs.replace(from_trunk("05031001002", number=""), name=""))
    assert second(made).caller.number == "anonymous"


def test_such_requests_can_be_written_and_read() -> None:
    for incoming in (from_phone("1002"), from_trunk("05031001002")):
        made = asked(incoming)
        assert read(written(made)) == made
    assert isinstance(asked(from_phone("1002")).second, Address)
    assert isinstance(asked(from_trunk("05031001002")).second, RingDid)


def test_nobody_is_rung_who_calls() -> None:
    wrong = replace(request(), second=Offered("c", "1"))
    with pytest.raises(Refused):
        plan(wrong, tenant(), desk(everywhere, numbered_ids()))


def test_explanations_name_the_direction() -> None:
    live = desk(everywhere, numbered_ids())
    told = explain(planned(from_trunk("05031001002")), live)
    assert told["direction"] == "trunk"
    first = told["first"]
    assert isinstance(first, dict)
    assert (first["calls_from"], first["answered"]) == (
        "first@demo",
        "when the second party is",
    )


# The state machine


def line(incoming: Incoming, *, registered: bool = True) -> Line:
    return Line(asked(incoming), second_registered=registered)


def test_a_call_that_goes_round_through_us_comes_to_an_end() -> None:
    """As when a number is forwarded to a carrier, who forwards it back."""
    for incoming in (from_trunk("05031001002"), from_phone("1002")):
        (dial,) = line(structs.replace(incoming, hops=7)).started
        assert isinstance(dial, Dial)
        assert dial.options.hops == 6
    (own, *_) = Line().started
    assert isinstance(own, Dial)
    assert own.options.hops == 70


def test_the_caller_hears_that_it_rings_and_is_answered_with_the_second() -> None:
    call = line(from_phone("1002"))
    assert [type(one) for one in call.started] == [Dial]
    assert call.call.stage is Stage.RINGING_SECOND
    assert call.tell(Ringing("c1")) == [Ring(CALLER, 180)]
    assert call.tell(Ringing("c1")) == []
    call.now += 3.0
    assert call.tell(Answered("c1")) == [Accept(CALLER)]
    assert call.call.stage.value == "answering_first"
    assert call.tell(Answered(CALLER)) == [Bridge(CALLER, "c1")]
    call.now += 10.0
    assert call.tell(Released(CALLER, remote=True)) == [HangUp("c1", Cause.NORMAL)]
    call.tell(Released("c1", remote=False))
    assert call.outcome == (Outcome.COMPLETED, Cause.NORMAL)
    result = call.call.result
    assert result is not None
    assert result.first_ring_seconds == 0.0
    assert result.second_ring_seconds == pytest.approx(3.0)
    assert result.talk_seconds == pytest.approx(10.0)
    assert call.kinds() == [
        "channel.offered",
        "channel.dialled",
        "channel.ringing",
        "channel.answered",
        "leg.answered",
        "channel.answered",
        "leg.answered",
        "call.bridged",
        "channel.ended",
        "channel.ended",
        "call.ended",
    ]


def test_the_offer_says_who_calls_whom() -> None:
    data = line(from_trunk("05031001002")).data(EventKind.CHANNEL_OFFERED)
    assert data == {
        "party": {"kind": "number", "name": "Kondo", "number": "0399998888"},
        "endpoint": "first@demo",
        "dialled": "05031001002",
        "caller_number": "0399998888",
        "caller_name": "Kondo",
        "trunk": "first",
    }


def test_progress_is_told_until_it_rings() -> None:
    call = line(from_phone("2001"))
    assert call.tell(Ringing("c1", 183), Ringing("c2"), Ringing("c2", 183)) == [
        Ring(CALLER, 183),
        Ring(CALLER, 180),
    ]


def test_early_media_is_heard_before_the_answer() -> None:
    call = line(from_phone("0312341234"))
    assert call.tell(Ringing("c1", 183)) == [Ring(CALLER, 183)]
    assert call.tell(EarlyMedia("c1", True)) == [Listen(CALLER, "c1")]
    ringback = Play(CALLER, Tone(ToneKind.RINGBACK, "jp"))
    assert call.tell(EarlyMedia("c1", False)) == [ringback], "his phone makes none any more"
    assert call.tell(Ringing("c1", 180)) == []
    assert call.tell(Answered("c1")) == [Accept(CALLER)]


def test_of_several_who_ring_nobody_is_heard_early() -> None:
    call = line(from_phone("2001"))
    assert call.tell(EarlyMedia("c1", True), EarlyMedia("c1", False)) == []


def test_a_program_answers_at_once() -> None:
    call = line(from_phone("1111"))
    assert call.started == [Accept(CALLER)]
    call.tell(Answered(CALLER))
    assert call.call.stage is Stage.PROGRAM


def test_a_caller_may_give_up_before_the_program_has_him() -> None:
    call = line(from_phone("1111"))
    call.tell(Failed(CALLER, 487, "Request Terminated"))
    assert call.outcome == (Outcome.CANCELLED, Cause.NORMAL)


@pytest.mark.parametrize(
    ("status", "refused"),
    [(486, 486), (600, 486), (603, 603), (480, 480), (404, 404), (503, 503), (488, 488)],
)
def test_the_caller_is_refused_with_what_became_of_the_second(status: int, refused: int) -> None:
    call = line(from_phone("1002"))
    commands = call.tell(Failed("c1", status, "So"))
    assert [(type(one), getattr(one, "status", None)) for one in commands] == [(Reject, refused)]
    call.tell(Failed(CALLER, refused, "So", local=True))
    result = call.call.result
    assert result is not None
    assert (result.outcome, result.leg) == (Outcome.SECOND_LEG_FAILED, Leg.SECOND)
    assert result.stage == "ringing_second"


def test_nobody_answers() -> None:
    call = line(from_phone("1002"))
    assert rejections(call.wait(180.0)) == [480]


def test_a_user_without_a_phone_is_not_there() -> None:
    assert rejections(line(from_phone("1002"), registered=False).started) == [480]


def test_who_gives_up_has_cancelled() -> None:
    call = line(from_phone("1002"))
    assert call.tell(Failed(CALLER, 487, "Request Terminated")) == [HangUp("c1", Cause.NORMAL)]
    call.tell(Failed("c1", 487, "Request Terminated"))
    result = call.call.result
    assert result is not None
    assert (result.outcome, result.leg, result.cause) == (
        Outcome.CANCELLED,
        Leg.FIRST,
        Cause.NORMAL,
    )


@pytest.mark.parametrize(("interrupted", "status"), [(False, 480), (True, 503)])
def test_a_call_that_is_ended_from_outside_refuses_its_caller(
    interrupted: bool, status: int
) -> None:
    call = line(from_phone("1002"))
    call.call.cancel(call.now, interrupted=interrupted)
    commands = call.commands()
    assert sorted(type(one).__name__ for one in commands) == ["HangUp", "Reject"]
    assert rejections(commands) == [status]
    assert call.outcome[0] is (Outcome.INTERRUPTED if interrupted else Outcome.CANCELLED)


def test_who_is_being_answered_can_only_be_hung_up() -> None:
    call = line(from_phone("1002"))
    call.tell(Answered("c1"))
    assert call.tell(Released("c1", remote=True)) == [HangUp(CALLER, Cause.NORMAL)]
    call.tell(Failed(CALLER, 480, "Temporarily Unavailable", local=True))
    assert call.outcome[0] is Outcome.CANCELLED


def test_nothing_can_be_wished_of_a_caller_who_is_not_answered() -> None:
    call = line(from_phone("1002"))
    with pytest.raises(WrongState):
        call.call.wishes.send_digits(Leg.FIRST, "1", call.now, duration_ms=100, gap_ms=60)


def rejections(commands: list[EngineCommand]) -> list[int]:
    return [command.status for command in commands if isinstance(command, Reject)]
