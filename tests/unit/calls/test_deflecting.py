"""A call that still rings is sent on by a client, and rings somebody else."""

from __future__ import annotations

import pytest

from cordboard.calls.causes import Cause
from cordboard.calls.events import EventKind, Outcome
from cordboard.calls.limits import LimitKey
from cordboard.calls.ports import Answered, Bridge, Dial, Failed, HangUp, Play, Released, Ringing
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import Address, Leg, RingNumber
from cordboard.calls.running.referring import MAX_TRANSFERS
from cordboard.calls.running.wishes import WrongState
from cordboard.calls.stages import Stage
from cordboard.directory.queue_rules import QueueRules
from support.call_line import Line, ringing_second
from support.effects import taken
from support.group_house import NAMES, team
from support.queue_house import QueueHouse
from support.tenants import request, tenant


def sent_on(to: str = "helen") -> tuple[Line, list[object], tuple[str, ...]]:
    """Jessica waits for thomas, whose phone rings; a client sends the call on."""
    line = ringing_second()
    line.tell(Ringing("c3"))
    line.now += 3.0
    channels = line.call.wishes.transfer(Leg.FIRST, to, line.now)
    return line, list(line.commands()), channels


def test_somebody_else_rings_in_the_place_of_whom_it_rang() -> None:
    line, commands, (helen,) = sent_on()
    assert commands[0] == HangUp("c3", Cause.NORMAL)
    assert isinstance(commands[1], Play)
    assert isinstance(commands[2], Dial)
    assert (commands[2].channel, line.call.stage) == (helen, Stage.RINGING_SECOND)
    assert line.tell(Failed("c3", 487)) == [], "whose phone it was ends nothing"
    assert line.tell(Answered(helen)) == [Bridge("c1", helen)]
    line.now += 5.0
    line.tell(Released(helen, remote=True), Released("c1", remote=False))
    assert line.outcome == (Outcome.COMPLETED, Cause.NORMAL)
    told = line.data(EventKind.CALL_FORWARDED)
    assert (told["by"]["name"], told["party"]["name"]) == ("thomas", "helen")
    assert (told["to"], told["reason"], told["refused"]) == ("helen", "deflected", None)


def test_an_answer_that_crosses_it_does_not_count() -> None:
    line, _, (helen,) = sent_on()
    assert line.tell(Answered("c3")) == [], "it is told to hang up already"
    line.tell(Released("c3", remote=False), Answered(helen))
    assert line.call.stage is Stage.BRIDGED


def test_where_nobody_answers_there_the_leg_has_failed() -> None:
    line, _, (helen,) = sent_on()
    line.tell(Failed("c3", 487), Failed(helen, 486))
    assert line.call.stage is Stage.ANNOUNCING
    line.tell(Released("c1", remote=True))
    assert line.outcome == (Outcome.SECOND_LEG_FAILED, Cause.BUSY)


def test_it_rings_there_as_long_as_any_second_leg() -> None:
    line, _, (helen,) = sent_on()
    assert line.wait(179.0) == [], "from now on"
    assert line.wait(1.0)[0] == HangUp(helen, Cause.NO_ANSWER)


def test_a_program_may_take_it() -> None:
    line, commands, channels = sent_on("welcome")
    assert (commands[0], channels) == (HangUp("c3", Cause.NORMAL), ())
    assert line.call.stage is Stage.PROGRAM
    assert line.data(EventKind.CALL_FORWARDED)["party"]["kind"] == "context"


@pytest.mark.parametrize(
    ("to", "refusal"), [("nobody", RefusalId.INVALID_DESTINATION), ("119", RefusalId.NO_ROUTE)]
)
def test_where_it_may_not_go_it_rings_on(to: str, refusal: RefusalId) -> None:
    line = ringing_second()
    with pytest.raises(Refused) as caught:
        line.call.wishes.transfer(Leg.FIRST, to, line.now)
    assert caught.value.id is refusal
    assert (line.commands(), line.call.stage) == ([], Stage.RINGING_SECOND)
    line.tell(Answered("c3"))
    assert line.call.stage is Stage.BRIDGED


def test_limits_follow_whom_it_rings() -> None:
    line = Line(here=tenant(channel_limit=2))
    line.tell(Answered("c1"), Failed("c2", 487))
    users = [LimitKey("user", f"{name}@demo") for name in ("thomas", "helen")]
    assert [line.usage.used(key) for key in users] == [1, 0]
    line.call.wishes.transfer(Leg.FIRST, "helen", line.now)
    line.commands()
    assert [line.usage.used(key) for key in users] == [0, 1], "and no third channel of the tenant's"


def test_it_is_not_sent_round_for_ever() -> None:
    line = ringing_second()
    for turn in range(MAX_TRANSFERS):
        line.call.wishes.transfer(Leg.FIRST, "helen" if turn % 2 == 0 else "thomas", line.now)
    with pytest.raises(WrongState, match=str(MAX_TRANSFERS)):
        line.call.wishes.transfer(Leg.FIRST, "helen", line.now)


def test_a_first_leg_that_rings_is_nobodys_to_send_on() -> None:
    line = Line(request(first=RingNumber(Address("0312345678"))))
    with pytest.raises(WrongState):
        line.call.wishes.transfer(Leg.SECOND, "helen", line.now)


def test_who_waits_for_a_group_waits_no_longer() -> None:
    house = QueueHouse(team(queue=QueueRules()))
    house.away |= set(NAMES)
    call = house.arrive()
    assert call.wishes.transfer(Leg.FIRST, "welcome", house.now) == ()
    assert call.stage is Stage.PROGRAM
    left = next(one for one in taken(call.effects.events) if one.kind is EventKind.QUEUE_LEFT)
    party = left.data["to"]
    assert isinstance(party, dict)
    assert (left.data["reason"], party["kind"]) == ("transferred", "context")
    assert not house.desk.lines.callers


def test_one_phone_that_rings_may_be_declined_for() -> None:
    line = Line()
    assert line.call.wishes.decline("c1", line.now)
    assert line.commands() == [HangUp("c1", Cause.REJECTED)]
    assert line.tell(Failed("c1", 487)) == []
    assert line.call.stage is Stage.RINGING_FIRST, "the other phone of hers rings on"
    assert not line.call.wishes.decline("c1", line.now), "it rings no more"
    assert not line.call.wishes.decline("nobody", line.now)
    assert line.call.wishes.decline("c2", line.now)
    line.tell(Failed("c2", 487))
    assert line.outcome == (Outcome.FIRST_LEG_FAILED, Cause.REJECTED)


def test_who_talks_declines_nothing() -> None:
    line = ringing_second()
    assert not line.call.wishes.decline("c1", line.now)
    line.tell(Answered("c3"))
    assert not line.call.wishes.decline("c3", line.now)
    assert line.call.stage is Stage.BRIDGED
