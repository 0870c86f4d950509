"""A party is transferred to a context: whichever stays is in the program's hands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cordboard.calls.causes import Cause
from cordboard.calls.events import EventKind, Outcome, Recorded
from cordboard.calls.limits import LimitKey
from cordboard.calls.ports import (
    Answered,
    AnswerReferral,
    Bridge,
    Dial,
    Digit,
    Failed,
    HangUp,
    Hold,
    Play,
    PlayEnded,
    Prompt,
    Record,
    RecordingEnded,
    RedirectTarget,
    Referred,
    Released,
    StopPlay,
    Tone,
    ToneKind,
)
from cordboard.calls.programs.program_words import WantedSteps
from cordboard.calls.request import Address, CallRequest, Leg, RingNumber
from cordboard.calls.running.progress import progress_of
from cordboard.calls.running.referring import MAX_TRANSFERS
from cordboard.calls.stages import Stage
from cordboard.directory.forwarding import Forwarding
from cordboard.directory.model import Context, Member
from cordboard.directory.queue_rules import QueueRules
from cordboard.directory.snapshot import TenantDirectory
from support.call_line import Line
from support.effects import taken_errand
from support.programs import steps_of
from support.tenants import request, tenant

RINGBACK = Tone(ToneKind.RINGBACK, "jp")
ONE = Prompt("builtin:en/1")


def house(steps: str) -> TenantDirectory:
    """A tenant whose context 1111 runs these steps."""
    here = tenant(longest_call=600.0)
    context = Context("ivr", "1111", steps=steps_of(f"steps = [{steps}]"))
    return replace(here, contexts=(context,))


def talking(steps: str, asked: CallRequest | None = None) -> Line:
    """Jessica (c1) and thomas (c3) have talked for 10 s."""
    line = Line(asked, here=house(steps))
    line.tell(Answered("c1"), Failed("c2", 487), Answered("c3"))
    line.now += 10.0
    return line


def sent(steps: str, kept: Leg = Leg.SECOND) -> tuple[Line, list[object]]:
    line = talking(steps)
    assert line.call.wishes.transfer(kept, "1111", line.now) == (), "nobody rings"
    return line, list(line.commands())


@pytest.mark.parametrize(
    ("kept", "stays", "leaves"), [(Leg.FIRST, "c1", "c3"), (Leg.SECOND, "c3", "c1")]
)
def test_whoever_stays_talks_with_the_program(kept: Leg, stays: str, leaves: str) -> None:
    line, commands = sent('{say = "1"}, {gather = "PIN", digits = 2}, {say = "1"}', kept)
    assert commands == [HangUp(leaves, Cause.NORMAL), StopPlay(stays), Play(stays, ONE, 1)]
    assert line.call.stage is Stage.PROGRAM
    assert line.tell(Released(leaves, remote=False)) == [], "who was sent away ends nothing"
    line.tell(PlayEnded(stays, 1), Digit(stays, "7"))
    assert line.tell(Digit(stays, "8")) == [Play(stays, ONE, 2)]
    assert "channel.digit" not in line.kinds()
    line.now += 5.0
    assert line.tell(PlayEnded(stays, 2)) == [HangUp(stays, Cause.NORMAL)]
    line.tell(Released(stays, remote=False))
    result = line.call.result
    assert result is not None
    assert (result.outcome, result.stage, result.talk_seconds) == (
        Outcome.COMPLETED,
        "program",
        15.0,
    )
    assert line.kinds().count("call.ended") == 1
    assert not line.usage


def test_events_name_the_leg_that_is_in_the_program() -> None:
    line, _ = sent('{say = "1"}, {gather = "A", digits = 1}, {goto = "nowhere"}')
    line.tell(PlayEnded("c3", 1), Digit("c3", "1"))
    line.commands()
    told = [event for event in line.log if event.kind.value.startswith(("program.", "call.prog"))]
    assert {(event.leg, event.channel) for event in told} == {(Leg.SECOND, "c3")}
    assert told[0].kind is EventKind.CALL_PROGRAM
    data = line.data(EventKind.CALL_TRANSFERRING)
    assert (data["party"]["kind"], data["channels"], data["by"]) == ("context", [], "client")


@pytest.mark.parametrize(("who", "stays"), [("c1", "c3"), ("c3", "c1")])
def test_a_phone_sends_the_other_there_and_leaves_at_once(who: str, stays: str) -> None:
    line = talking('{say = "1"}')
    assert line.tell(Referred(who, 7, RedirectTarget("1111", "demo"))) == [
        AnswerReferral(who, 7, 200),
        HangUp(who, Cause.TRANSFERRED),
        StopPlay(stays),
        Play(stays, ONE, 1),
    ]
    assert line.data(EventKind.CALL_TRANSFERRING)["by"] == "phone"
    line.tell(Released(who, remote=False, cause=Cause.TRANSFERRED))
    assert line.call.stage is Stage.PROGRAM
    line.tell(Released(stays, remote=True))
    result = line.call.result
    assert result is not None
    assert (result.outcome, result.cause) == (Outcome.COMPLETED, Cause.NORMAL)
    assert result.leg is (Leg.SECOND if stays == "c3" else Leg.FIRST)
    assert not line.usage


@pytest.mark.parametrize(("kept", "stays"), [(Leg.FIRST, "c1"), (Leg.SECOND, "c3")])
def test_whom_the_program_rings_takes_the_place_of_who_has_left(kept: Leg, stays: str) -> None:
    line, commands = sent('{ring = "helen", timeout = 20}, {say = "1"}', kept)
    dial = commands[-2]
    assert isinstance(dial, Dial)
    assert commands[-1] == Play(stays, RINGBACK)
    assert dial.options.caller.number == ("1001" if stays == "c1" else "1002")
    assert line.call.stage is Stage.TRANSFERRING
    helen = dial.channel
    assert line.call.leg_of(helen) is not kept
    line.now += 4.0
    pair = (stays, helen) if kept is Leg.FIRST else (helen, stays)
    assert line.tell(Answered(helen)) == [Bridge(*pair)]
    assert line.data(EventKind.CALL_TRANSFERRED) == {"ring_seconds": 4.0}
    line.tell(Digit(stays, "5"))
    assert "channel.digit" in line.kinds(), "it is their own conversation again"
    leaves = "c3" if kept is Leg.FIRST else "c1"
    line.tell(Released(leaves, remote=False), Released(helen, remote=True))
    line.tell(Released(stays, remote=False))
    assert line.outcome == (Outcome.COMPLETED, Cause.NORMAL)
    assert line.kinds().count("call.ended") == 1


@pytest.mark.parametrize(("kept", "stays"), [(Leg.FIRST, "c1"), (Leg.SECOND, "c3")])
def test_where_nobody_answers_the_program_goes_on(kept: Leg, stays: str) -> None:
    steps = (
        '{ring = "helen", timeout = 20}, {branch = "RING_RESULT", to = {no_answer = "a"}},'
        '{hangup = true}, {label = "a", ring = {group = "sales"}}, {say = "1"}'
    )
    line, commands = sent(steps, kept)
    (helen,) = [one.channel for one in commands if isinstance(one, Dial)]
    again = line.wait(20)
    assert again[:2] == [HangUp(helen, Cause.NO_ANSWER), StopPlay(stays)]
    rung = [one.channel for one in again if isinstance(one, Dial)]
    line.tell(Failed(helen, 487))
    told = line.tell(*(Failed(channel, 486) for channel in rung))
    assert told[-1] == Play(stays, ONE, 1)
    assert line.call.stage is Stage.PROGRAM
    assert line.kinds().count("call.transfer_failed") == 2
    line.tell(PlayEnded(stays, 1), Released(stays, remote=False))
    assert line.outcome == (Outcome.COMPLETED, Cause.NORMAL)


@pytest.mark.parametrize("kept", list(Leg))
def test_who_stays_may_hang_up_while_somebody_is_rung(kept: Leg) -> None:
    line, commands = sent('{ring = "helen"}', kept)
    (helen,) = [one.channel for one in commands if isinstance(one, Dial)]
    stays, leaves = ("c1", "c3") if kept is Leg.FIRST else ("c3", "c1")
    line.tell(Released(leaves, remote=False))
    assert line.tell(Released(stays, remote=True)) == [HangUp(helen, Cause.NORMAL)]
    line.tell(Failed(helen, 487))
    result = line.call.result
    assert result is not None
    assert (result.outcome, result.leg, result.stage) == (Outcome.COMPLETED, kept, "transferring")
    assert not line.usage


def test_a_party_may_be_sent_there_again_and_again_but_not_for_ever() -> None:
    line = talking('{ring = "helen"}')
    for _ in range(MAX_TRANSFERS):
        line.call.wishes.transfer(Leg.SECOND, "1111", line.now)
        (dial,) = [one for one in line.commands() if isinstance(one, Dial)]
        line.tell(Answered(dial.channel))
        assert line.call.stage is Stage.BRIDGED
    refused = line.tell(Referred(dial.channel, 9, RedirectTarget("1111", "demo")))
    assert refused == [AnswerReferral(dial.channel, 9, 403)]


def test_limits_of_who_leaves_come_back_and_those_of_who_comes_are_taken() -> None:
    line, _ = sent('{wait = 5}, {ring = "helen"}')
    one, helen = LimitKey("user", "jessica@demo"), LimitKey("user", "helen@demo")
    tenant_key = LimitKey("tenant", "demo")
    assert [line.usage.used(key) for key in (tenant_key, one, helen)] == [1, 0, 0]
    line.wait(5)
    assert [line.usage.used(key) for key in (tenant_key, one, helen)] == [2, 0, 1]


def test_the_longest_call_is_not_begun_anew() -> None:
    line, _ = sent("{wait = 3000}")
    assert line.wait(589.9) == []
    assert line.wait(0.1) == [HangUp("c3", Cause.DURATION_LIMIT)]


def test_the_program_knows_who_stays() -> None:
    line, _ = sent('{fetch = "https://a.test/"}')
    wanted = taken_errand(line.call)
    assert isinstance(wanted, WantedSteps)
    assert wanted.form is not None
    assert (wanted.form["CallUUID"], wanted.form["UserName"]) == ("c3", "thomas")
    assert (wanted.form["CallingNumber"], wanted.form["CalledNumber"]) == ("1002", "1111")


def test_it_speaks_the_language_of_who_stays() -> None:
    here = house('{say = "1"}')
    thomas = replace(here.users[1], language="pt-BR")
    line = Line(here=replace(here, users=(here.users[0], thomas, here.users[2])))
    line.tell(Answered("c1"), Failed("c2", 487), Answered("c3"))
    line.call.wishes.transfer(Leg.SECOND, "1111", line.now)
    assert line.commands()[-1] == Play("c3", Prompt("builtin:pt-BR/1"), 1)


def test_who_was_on_hold_hears_the_program() -> None:
    line = talking('{wait = 5}, {say = "1"}')
    line.call.wishes.hold(Leg.SECOND, True)
    line.commands()
    line.call.wishes.transfer(Leg.SECOND, "1111", line.now)
    assert line.commands() == [HangUp("c1", Cause.NORMAL), Hold("c3", False), StopPlay("c3")]


def test_a_recording_ends_and_a_message_is_of_who_stays() -> None:
    line = talking('{message = "M", seconds = 4}', request(record=True))
    line.commands()
    line.call.wishes.transfer(Leg.SECOND, "1111", line.now)
    (beep,) = [one for one in line.commands() if isinstance(one, Play)]
    first = line.data(EventKind.RECORDING_STARTED)["file"]
    line.tell(Released("c1", remote=False), RecordingEnded("c1", first, 10.0))
    (record,) = line.tell(PlayEnded("c3", beep.play_id))
    assert isinstance(record, Record)
    assert (record.a, record.b) == ("c3", None)
    assert record.name != first


def outside(to: str) -> Line:
    """Who was rung outside (c1) talks with thomas (c2), who sends him to the context."""
    asked = request(RingNumber(Address("0311112222")))
    line = Line(asked, here=house(f'{{gather = "N", digits = 10}}, {{ring = {to}}}, {{say = "1"}}'))
    line.tell(Answered("c1"), Answered("c2"))
    line.tell(Referred("c2", 7, RedirectTarget("1111", "demo")))
    line.tell(*(Digit("c1", key) for key in "0312341234"))
    return line


def test_from_outside_nobody_outside_is_had_by_keys() -> None:
    line = outside('"${N}"')
    assert line.data(EventKind.PROGRAM_REFUSED)["id"] == "invalid_destination"
    assert line.call.stage is Stage.PROGRAM
    assert outside('{number = "${N}"}').call.stage is Stage.TRANSFERRING


def test_how_far_it_is_can_be_told_from_its_events() -> None:
    line = talking('{say = "1"}, {ring = "helen"}, {say = "1"}')

    def stage() -> Stage:
        line.commands()
        log = [Recorded("e", n, float(n), "demo", event) for n, event in enumerate(line.log)]
        return progress_of(log).stage

    line.call.wishes.transfer(Leg.SECOND, "1111", line.now)
    stages = [stage()]
    (dial,) = [one for one in line.tell(PlayEnded("c3", 1)) if isinstance(one, Dial)]
    stages.append(stage())
    line.tell(Failed(dial.channel, 486))
    stages.append(stage())
    assert stages == [Stage.PROGRAM, Stage.TRANSFERRING, Stage.PROGRAM]


def forwarding_helen(**terms: Any) -> TenantDirectory:
    """Helen has her calls forwarded, to a context."""
    here = house('{say = "1"}')
    helen = replace(here.users[2], forwarding=Forwarding(**terms))
    return replace(here, users=(*here.users[:2], helen))


@pytest.mark.parametrize(("kept", "stays"), [(Leg.FIRST, "c1"), (Leg.SECOND, "c3")])
def test_a_target_that_is_busy_may_have_him_talk_with_a_context(kept: Leg, stays: str) -> None:
    line = Line(here=forwarding_helen(busy="1111"))
    line.tell(Answered("c1"), Failed("c2", 487), Answered("c3"))
    (helen,) = line.call.wishes.transfer(kept, "helen", line.now)
    line.commands()
    assert line.tell(Failed(helen, 486)) == [StopPlay(stays), Play(stays, ONE, 1)]
    assert line.kinds()[-3:] == ["call.forwarded", "call.program", "program.step"]
    assert "call.transfer_failed" not in line.kinds()
    leaves = "c3" if stays == "c1" else "c1"
    line.tell(Released(leaves, remote=False), Released(stays, remote=True))
    assert line.outcome == (Outcome.COMPLETED, Cause.NORMAL)
    assert line.kinds().count("call.ended") == 1
    assert not line.usage


@pytest.mark.parametrize(("who", "stays"), [("c1", "c3"), ("c3", "c1")])
def test_whose_phone_transfers_leaves_when_a_context_takes_it(who: str, stays: str) -> None:
    line = Line(here=forwarding_helen(no_answer="1111", after=8.0))
    line.tell(Answered("c1"), Failed("c2", 487), Answered("c3"))
    line.tell(Referred(who, 7, RedirectTarget("helen", "demo")))
    helen = line.data(EventKind.CALL_TRANSFERRING)["channels"][0]
    assert line.wait(8.0) == [
        HangUp(helen, Cause.NO_ANSWER),
        StopPlay(stays),
        AnswerReferral(who, 7, 200),
        HangUp(who, Cause.TRANSFERRED),
        Play(stays, ONE, 1),
    ]
    assert line.call.stage is Stage.PROGRAM
    line.tell(Failed(helen, 487), Released(who, remote=False), Released(stays, remote=True))
    assert line.outcome == (Outcome.COMPLETED, Cause.NORMAL)
    assert not line.usage


@pytest.mark.parametrize(("kept", "stays"), [(Leg.FIRST, "c1"), (Leg.SECOND, "c3")])
def test_who_waits_too_long_for_a_queue_may_talk_with_a_context(kept: Leg, stays: str) -> None:
    here = house('{say = "1"}')
    rules = QueueRules(longest=20.0, overflow="1111", music=None)
    support = replace(here.groups[1], members=(Member(1003),), queue=rules)
    line = Line(here=replace(here, groups=(here.groups[0], support)))
    line.tell(Answered("c1"), Failed("c2", 487), Answered("c3"))
    line.call.wishes.transfer(kept, "support", line.now)
    line.commands()
    assert line.wait(20.0)[-1] == Play(stays, ONE, 1)
    assert line.call.stage is Stage.PROGRAM
    assert line.data(EventKind.QUEUE_LEFT)["to"]["kind"] == "context"


def test_whom_a_program_rings_leads_to_no_other_program() -> None:
    here = forwarding_helen(busy="1111")
    rings = replace(here.contexts[0], steps=steps_of('steps = [{ring = "helen"}, {say = "1"}]'))
    line = Line(here=replace(here, contexts=(rings,)))
    line.tell(Answered("c1"), Failed("c2", 487), Answered("c3"))
    line.call.wishes.transfer(Leg.SECOND, "1111", line.now)
    (helen,) = [one.channel for one in line.commands() if isinstance(one, Dial)]
    assert line.tell(Failed(helen, 486)) == [StopPlay("c3"), Play("c3", ONE, 1)]
    assert line.data(EventKind.CALL_FORWARDED)["refused"] == "a context can't be rung"
