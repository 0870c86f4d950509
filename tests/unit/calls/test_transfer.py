"""A party is connected with somebody else, and the other one is hung up."""

from __future__ import annotations

import pytest

from cordboard.calls.causes import Cause
from cordboard.calls.events import EventKind, Outcome
from cordboard.calls.limits import LimitKey
from cordboard.calls.ports import (
    Answered,
    Bridge,
    Dial,
    EarlyMedia,
    Failed,
    HangUp,
    Hold,
    HoldChanged,
    Listen,
    Play,
    Released,
    Ringing,
    Tone,
    ToneKind,
    TrunkEndpoint,
)
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import Leg, LegWishes
from cordboard.calls.running.call import FAILURE_TONE_SECONDS
from cordboard.calls.running.referring import MAX_TRANSFERS
from cordboard.calls.running.wishes import WrongState
from cordboard.calls.stages import Stage
from support.call_line import Line, bridged, ringing_second
from support.effects import taken
from support.tenants import request, tenant

RINGBACK, BUSY = Tone(ToneKind.RINGBACK, "jp"), Tone(ToneKind.BUSY, "jp")


def transferred(kept: Leg = Leg.FIRST, to: str = "helen") -> tuple[Line, list[object], str]:
    """The two talk for 10 s, then one is transferred; what was commanded, and the channel."""
    line = bridged()
    line.now += 10.0
    (channel,) = line.call.wishes.transfer(kept, to, line.now)
    return line, list(line.commands()), channel


def test_the_first_party_goes_on_with_somebody_else() -> None:
    line, commands, helen = transferred()
    assert commands[:2] == [HangUp("c3", Cause.NORMAL), Play("c1", RINGBACK)]
    assert isinstance(commands[2], Dial)
    assert (commands[2].channel, line.call.stage) == (helen, Stage.TRANSFERRING)
    assert taken(line.call.effects.channels)[-1][0] is Leg.SECOND
    line.tell(Released("c3", remote=False), Ringing(helen))
    assert line.call.stage is Stage.TRANSFERRING, "who was sent away ends nothing"
    line.now += 4.0
    assert line.tell(Answered(helen)) == [Bridge("c1", helen)]
    line.now += 20.0
    line.tell(Released(helen, remote=True), Released("c1", remote=False))
    result = line.call.result
    assert result is not None
    assert (result.outcome, result.leg, result.stage) == (
        Outcome.COMPLETED,
        Leg.SECOND,
        "bridged",
    )
    assert result.talk_seconds == pytest.approx(30.0), "both times together"
    assert line.kinds().count("leg.answered") == 2, "of the legs, as the client knows them"
    assert line.data(EventKind.CALL_TRANSFERRED) == {"ring_seconds": 4.0}


def test_the_second_party_may_be_the_one_that_stays() -> None:
    line, commands, helen = transferred(Leg.SECOND)
    assert commands[:2] == [HangUp("c1", Cause.NORMAL), Play("c3", RINGBACK)]
    line.tell(Released("c1", remote=False))
    assert line.tell(EarlyMedia(helen, True)) == [Listen("c3", helen)]
    assert line.tell(Answered(helen)) == [Bridge(helen, "c3")], "first stays first"
    assert [kind for kind in line.kinds() if kind.startswith("leg.")] == ["leg.answered"] * 2


def test_a_target_that_fails_is_heard_and_ends_the_call() -> None:
    line, _, helen = transferred(Leg.SECOND)
    line.tell(Released("c1", remote=False))
    assert line.tell(Failed(helen, 486)) == [Play("c3", BUSY)]
    assert line.call.stage is Stage.ANNOUNCING
    assert line.wait(FAILURE_TONE_SECONDS) == [HangUp("c3", Cause.BUSY)]
    line.tell(Released("c3", remote=False))
    result = line.call.result
    assert result is not None
    assert (result.outcome, result.cause, result.leg) == (
        Outcome.COMPLETED,
        Cause.BUSY,
        Leg.FIRST,
    )
    assert (result.stage, result.sip_status) == ("transferring", 486)
    assert result.talk_seconds == pytest.approx(10.0)
    assert line.data(EventKind.CALL_TRANSFER_FAILED)["cause"] == "busy"


def test_nobody_there_answers_in_time() -> None:
    line, _, helen = transferred()
    assert line.wait(180.0) == [HangUp(helen, Cause.NO_ANSWER), Play("c1", BUSY)]


def test_who_waits_may_hang_up() -> None:
    line, _, helen = transferred(Leg.SECOND)
    assert line.tell(Released("c3", remote=True)) == [HangUp(helen, Cause.NORMAL)]
    result = line.call.result
    assert result is not None
    assert (result.outcome, result.leg, result.stage) == (
        Outcome.COMPLETED,
        Leg.SECOND,
        "transferring",
    )


def test_who_was_on_hold_is_off_it_and_who_holds_holds_on() -> None:
    line = bridged()
    line.tell(HoldChanged("c3", True))
    line.call.wishes.hold(Leg.FIRST, True)
    line.commands()
    line.call.wishes.transfer(Leg.FIRST, "helen", line.now)
    assert line.commands()[:3] == [
        HangUp("c3", Cause.NORMAL),
        Hold("c1", False),
        Play("c1", RINGBACK),
    ]
    other = bridged()
    other.tell(HoldChanged("c1", True))
    (helen,) = other.call.wishes.transfer(Leg.FIRST, "helen", other.now)
    other.commands()
    assert other.tell(Answered(helen)) == [Bridge("c1", helen), Hold(helen, True)]


def test_it_may_lead_outside_and_be_done_again() -> None:
    line, commands, outside = transferred(to="0312341234")
    dial = commands[2]
    assert isinstance(dial, Dial)
    assert isinstance(dial.endpoint, TrunkEndpoint)
    line.tell(Answered(outside))
    (thomas,) = line.call.wishes.transfer(Leg.FIRST, "thomas", line.now)
    assert line.commands()[0] == HangUp(outside, Cause.NORMAL)
    assert line.tell(Answered(thomas)) == [Bridge("c1", thomas)]


@pytest.mark.parametrize(
    ("to", "refusal"),
    [
        ("nobody", RefusalId.INVALID_DESTINATION),
        ("119", RefusalId.NO_ROUTE),
    ],
)
def test_where_the_caller_may_not_call_nothing_changes(to: str, refusal: RefusalId) -> None:
    line = bridged()
    with pytest.raises(Refused) as caught:
        line.call.wishes.transfer(Leg.FIRST, to, line.now)
    assert caught.value.id is refusal
    assert (line.commands(), line.call.stage) == ([], Stage.BRIDGED)


def test_only_who_talks_can_be_transferred() -> None:
    line = ringing_second()
    with pytest.raises(WrongState):
        line.call.wishes.transfer(Leg.SECOND, "helen", line.now)


def test_what_was_wanted_of_the_other_partys_phones_is_not_wanted_of_the_new_ones() -> None:
    wanted = LegWishes(auto_answer=True, caller_name="The queue")
    line = ringing_second(request(on_second=wanted))
    line.tell(Answered("c3"))
    line.call.wishes.transfer(Leg.FIRST, "helen", line.now)
    dial = line.commands()[-1]
    assert isinstance(dial, Dial)
    assert "auto_answer=<AutoAnswerStyle.NONE" in str(dial.endpoint)
    assert dial.options.caller.name == "Jessica"


def test_limits_follow_the_parties() -> None:
    line = Line(here=tenant(channel_limit=2))
    line.tell(Answered("c1"), Failed("c2", 487), Answered("c3"))

    def used() -> dict[str, int]:
        names = {"tenant": "demo", "thomas": "thomas@demo", "helen": "helen@demo"}
        keys = {one: LimitKey(one if one == "tenant" else "user", names[one]) for one in names}
        return {one: line.usage.used(key) for one, key in keys.items()}

    assert used() == {"tenant": 2, "thomas": 1, "helen": 0}
    line.call.wishes.transfer(Leg.FIRST, "helen", line.now)
    line.commands()
    assert used() == {"tenant": 2, "thomas": 0, "helen": 1}, "no third channel is needed for it"


def test_nobody_is_sent_round_for_ever() -> None:
    line = bridged()
    for turn in range(MAX_TRANSFERS):
        to = "helen" if turn % 2 == 0 else "thomas"
        (channel,) = line.call.wishes.transfer(Leg.FIRST, to, line.now)
        line.tell(Answered(channel))
    with pytest.raises(WrongState, match=str(MAX_TRANSFERS)):
        line.call.wishes.transfer(Leg.FIRST, "helen", line.now)
