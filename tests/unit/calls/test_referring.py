"""A party has the other one transferred by its own phone."""

from __future__ import annotations

from typing import Any

import pytest

from cordboard.calls.causes import Cause
from cordboard.calls.events import EventKind, Outcome
from cordboard.calls.limits import LimitKey
from cordboard.calls.ports import (
    Answered,
    AnswerReferral,
    Bridge,
    Dial,
    EngineCommand,
    Failed,
    HangUp,
    Hold,
    HoldChanged,
    MediaLost,
    Play,
    Record,
    RecordingEnded,
    RedirectTarget,
    Referred,
    Released,
    Ringing,
    StopRecording,
    Tone,
    ToneKind,
    TrunkEndpoint,
)
from cordboard.calls.refusals import Refused
from cordboard.calls.request import Leg, LegWishes, SecondScope
from cordboard.calls.running.call import FAILURE_TONE_SECONDS
from cordboard.calls.running.wishes import WrongState
from cordboard.calls.stages import Stage
from support.call_line import Line, bridged, ringing_second
from support.tenants import request, tenant, user

RINGBACK, BUSY, HOLD = (
    Tone(kind, "jp") for kind in (ToneKind.RINGBACK, ToneKind.BUSY, ToneKind.HOLD)
)


def to(name: str, host: str = "demo") -> RedirectTarget:
    return RedirectTarget(name, host)


def refer(line: Line, channel: str = "c1", name: str = "helen", **more: Any) -> list[EngineCommand]:
    return line.tell(Referred(channel, 7, to(name), **more))


def transferring(channel: str = "c1", name: str = "helen") -> tuple[Line, str]:
    """Jessica (c1) or thomas (c3) has the other transferred; the channel that rings for it."""
    line = bridged()
    line.now += 10.0
    refer(line, channel, name)
    return line, line.data(EventKind.CALL_TRANSFERRING)["channels"][0]


@pytest.mark.parametrize(("who", "kept"), [("c1", "c3"), ("c3", "c1")])
def test_who_transfers_waits_until_the_target_answers(who: str, kept: str) -> None:
    line = bridged()
    commands = refer(line, who)
    assert commands[:3] == [AnswerReferral(who, 7, 100), Play(kept, RINGBACK), Play(who, HOLD)]
    dial = commands[3]
    assert isinstance(dial, Dial)
    helen = dial.channel
    assert line.tell(Ringing(helen)) == [AnswerReferral(who, 7, 180)]
    assert line.tell(Ringing(helen), Ringing(helen, 183)) == [AnswerReferral(who, 7, 183)]
    answered = line.tell(Answered(helen))
    pair = (helen, kept) if who == "c1" else (kept, helen)
    assert answered == [
        Bridge(*pair),
        AnswerReferral(who, 7, 200),
        HangUp(who, Cause.TRANSFERRED),
    ], "first stays first"
    line.tell(Released(who, remote=False, cause=Cause.TRANSFERRED))
    line.tell(Released(kept, remote=True), Released(helen, remote=False))
    assert line.outcome == (Outcome.COMPLETED, Cause.NORMAL)
    data = line.data(EventKind.CALL_TRANSFERRING)
    assert (data["by"], data["from_call"]) == ("phone", None)
    assert line.kinds().count("call.ended") == 1
    assert not line.usage


def test_who_hangs_up_of_his_own_has_left() -> None:
    line, helen = transferring()
    assert line.tell(Released("c1", remote=True)) == []
    assert line.call.stage is Stage.TRANSFERRING
    assert line.tell(Ringing(helen)) == [AnswerReferral("c1", 7, 180)], "which the engine ignores"
    assert line.tell(Answered(helen)) == [Bridge(helen, "c3")]
    line.tell(Released("c3", remote=True), Released(helen, remote=False))
    assert line.outcome == (Outcome.COMPLETED, Cause.NORMAL)
    assert not line.usage


def test_he_has_the_other_back_where_the_target_is_busy() -> None:
    line, helen = transferring()
    assert line.tell(Failed(helen, 486)) == [AnswerReferral("c1", 7, 486), Bridge("c1", "c3")]
    assert line.call.stage is Stage.BRIDGED
    assert line.kinds()[-2:] == ["call.transfer_failed", "call.bridged"]
    line.tell(Released("c1", remote=True), Released("c3", remote=False))
    result = line.call.result
    assert result is not None
    assert (result.leg, result.stage, result.cause) == (Leg.FIRST, "bridged", Cause.NORMAL)
    assert not line.usage


def test_nobody_answers_in_time_and_he_may_try_somebody_else() -> None:
    line, helen = transferring()
    commands = line.wait(180.0)
    assert commands == [
        HangUp(helen, Cause.NO_ANSWER),
        AnswerReferral("c1", 7, 480),
        Bridge("c1", "c3"),
    ]
    line.tell(Failed(helen, 487))
    commands = line.tell(Referred("c1", 8, to("0398765432")))
    (dial,) = (command for command in commands if isinstance(command, Dial))
    assert isinstance(dial.endpoint, TrunkEndpoint)
    assert line.tell(Answered(dial.channel))[-1] == HangUp("c1", Cause.TRANSFERRED)


def test_where_he_has_left_the_other_hears_why() -> None:
    line, helen = transferring()
    line.tell(Released("c1", remote=True))
    assert line.tell(Failed(helen, 486)) == [Play("c3", BUSY)]
    assert line.wait(FAILURE_TONE_SECONDS) == [HangUp("c3", Cause.BUSY)]
    line.tell(Released("c3", remote=False))
    result = line.call.result
    assert result is not None
    assert (result.outcome, result.cause, result.stage, result.leg) == (
        Outcome.COMPLETED,
        Cause.BUSY,
        "transferring",
        Leg.FIRST,
    )
    assert not line.usage


def test_the_other_hangs_up_meanwhile() -> None:
    line, helen = transferring()
    commands = line.tell(Released("c3", remote=True))
    assert commands[0] == AnswerReferral("c1", 7, 487)
    assert set(commands[1:]) == {HangUp("c1", Cause.NORMAL), HangUp(helen, Cause.NORMAL)}
    line.tell(Failed(helen, 487), Released("c1", remote=False))
    assert line.call.stage is Stage.ENDED
    assert not line.usage


def test_a_client_hangs_up_meanwhile() -> None:
    line, helen = transferring()
    line.call.cancel(line.now)
    commands = line.commands()
    hung_up = {command.channel for command in commands if isinstance(command, HangUp)}
    assert hung_up == {"c1", "c3", helen}


def test_his_voice_is_lost_meanwhile() -> None:
    line, helen = transferring()
    assert line.tell(MediaLost("c1")) == [HangUp("c1", Cause.MEDIA_TIMEOUT)]
    line.tell(Released("c1", remote=False))
    assert line.tell(Answered(helen)) == [Bridge(helen, "c3")]


def test_who_holds_holds_again_after_a_failure() -> None:
    line = bridged()
    line.tell(HoldChanged("c1", True))
    commands = refer(line)
    assert Hold("c3", False) in commands
    helen = line.data(EventKind.CALL_TRANSFERRING)["channels"][0]
    assert line.tell(Failed(helen, 486)) == [
        AnswerReferral("c1", 7, 486),
        Bridge("c1", "c3"),
        Hold("c3", True),
    ]
    assert line.tell(HoldChanged("c1", False)) == [Hold("c3", False)]


def test_who_resumes_meanwhile_does_not_hold_after_a_failure() -> None:
    line = bridged()
    line.tell(HoldChanged("c1", True))
    refer(line)
    helen = line.data(EventKind.CALL_TRANSFERRING)["channels"][0]
    assert line.tell(HoldChanged("c1", False)) == []
    assert line.tell(Failed(helen, 486))[-1] == Bridge("c1", "c3")


def test_of_a_recording_there_are_two_files() -> None:
    line = Line(request(record=True))
    line.tell(Answered("c1"), Failed("c2", 487), Answered("c3"))
    assert StopRecording("c1") in refer(line)
    line.tell(RecordingEnded("c1", "demo/call-1-1.wav", 5.0))
    helen = line.data(EventKind.CALL_TRANSFERRING)["channels"][0]
    records = [c for c in line.tell(Answered(helen)) if isinstance(c, Record)]
    assert [(one.a, one.b) for one in records] == [(helen, "c3")]


@pytest.mark.parametrize(
    ("name", "status", "host"),
    [
        ("119", 403, "demo"),
        ("nobody", 404, "demo"),
        ("helen", 404, "attacker.test"),
    ],
)
def test_he_may_go_where_he_might_have_called(name: str, status: int, host: str) -> None:
    line = bridged()
    commands = line.tell(Referred("c1", 7, to(name, host)))
    assert commands[-1] == AnswerReferral("c1", 7, status)
    assert line.call.stage is Stage.BRIDGED
    refused = line.data(EventKind.CALL_TRANSFER_REFUSED)
    assert (refused["to"], refused["sip_status"]) == (name, status)
    assert line.usage.used(LimitKey("user", "helen@demo")) == 0


def test_a_dialog_elsewhere_is_only_somebody_inside() -> None:
    line = bridged()
    commands = refer(line, name="0398765432", elsewhere=True)
    assert commands[-1] == AnswerReferral("c1", 7, 404)
    assert any(isinstance(c, Dial) for c in refer(line, elsewhere=True))


def test_somebody_outside_transfers_nobody() -> None:
    line = ringing_second(request(to="0398765432"))
    line.tell(Answered("c3"))
    assert refer(line, "c3") == [AnswerReferral("c3", 7, 603)]
    assert any(isinstance(c, Dial) for c in refer(line, "c1"))


def test_he_transfers_with_his_own_rights_and_not_those_of_the_request() -> None:
    users = (
        user(1, "jessica", ("jessica-desk", "jessica-soft")),
        user(2, "thomas", ("thomas",), caller_id="0506868001"),
        user(3, "helen", ("helen",)),
    )
    wishes = LegWishes(caller_number="05068680000")
    line = Line(
        request(on_first=wishes, on_second=wishes, second_scope=SecondScope.INSIDE),
        here=tenant(users=users),
    )
    line.tell(Answered("c1"), Failed("c2", 487), Answered("c3"))
    (dial,) = (c for c in refer(line, "c3", "0398765432") if isinstance(c, Dial))
    assert dial.options.caller.number == "0506868001", "thomas is shown, who transfers"


def test_limits_hold_for_the_target_and_come_back() -> None:
    users = (
        user(1, "jessica", ("jessica-desk", "jessica-soft")),
        user(2, "thomas", ("thomas",)),
        user(3, "helen", ("helen",), channel_limit=0),
    )
    line = Line(here=tenant(users=users))
    line.tell(Answered("c1"), Failed("c2", 487), Answered("c3"))
    assert refer(line)[-1] == AnswerReferral("c1", 7, 503)
    before = line.usage.in_use()
    commands = refer(line, name="2001")
    assert any(isinstance(c, Dial) for c in commands) or commands[-1].__class__ is AnswerReferral
    for channel in [c.channel for c in commands if isinstance(c, Dial)]:
        line.tell(Failed(channel, 486))
    assert line.usage.in_use() == before


def test_one_transfer_at_a_time() -> None:
    line, _ = transferring()
    assert line.tell(Referred("c3", 1, to("helen"))) == [AnswerReferral("c3", 1, 491)]
    with pytest.raises(WrongState):
        line.call.wishes.transfer(Leg.FIRST, "helen", line.now)
    waiting = ringing_second()
    assert refer(waiting) == [AnswerReferral("c1", 7, 491)], "there is nobody yet"


def test_a_call_is_not_sent_around_for_ever() -> None:
    line = bridged()
    for number in range(20):
        commands = line.tell(Referred("c1", number, to("helen")))
        (dial,) = (c for c in commands if isinstance(c, Dial))
        line.tell(Failed(dial.channel, 486))
    assert line.tell(Referred("c1", 20, to("helen"))) == [AnswerReferral("c1", 20, 403)]
    with pytest.raises(WrongState):
        line.call.wishes.transfer(Leg.FIRST, "helen", line.now)


def test_where_there_is_no_other_call_nobody_is_given_away() -> None:
    line = bridged()
    assert refer(line, replaces="c99")[-1] == AnswerReferral("c1", 7, 404)
    with pytest.raises(Refused):
        line.call.wishes.join(Leg.FIRST, "call-9", None, line.now)
