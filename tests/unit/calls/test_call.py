"""A call step by step: what is commanded, what is logged, how it ends."""

from __future__ import annotations

import gc
import weakref

import pytest

from cordboard.calls.causes import Cause
from cordboard.calls.events import EventKind, Outcome
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
    MediaLost,
    Play,
    PlayEnded,
    Prompt,
    Released,
    Ringing,
    Tone,
    ToneKind,
    TrunkEndpoint,
)
from cordboard.calls.request import Leg, LegWishes
from cordboard.calls.running.call import FAILURE_TONE_SECONDS, FAREWELL_SECONDS
from cordboard.calls.running.warning import WARNING_SECONDS
from cordboard.calls.said import Said
from cordboard.calls.stages import Stage
from support.call_line import Line, bridged, ringing_second
from support.tenants import request

RINGBACK = Tone(ToneKind.RINGBACK, "jp")


def test_all_phones_of_the_user_ring_at_once() -> None:
    line = Line()
    assert [command.channel for command in line.started if isinstance(command, Dial)] == [
        "c1",
        "c2",
    ]
    assert line.kinds() == ["channel.dialled", "channel.dialled"]


def test_the_first_answer_wins_and_the_rest_is_told_why() -> None:
    line = Line()
    line.now += 1.5
    commands = line.tell(Ringing("c1"), Ringing("c2"), Answered("c2"))
    assert commands[0] == HangUp("c1", Cause.ANSWERED_ELSEWHERE)
    assert isinstance(commands[1], Dial)
    assert commands[1].channel == "c3"
    assert commands[2] == Play("c2", RINGBACK), "the winner never hears dead air"
    assert line.data(EventKind.LEG_ANSWERED) == {"ring_seconds": 1.5}


def test_a_late_answer_changes_nothing() -> None:
    line = ringing_second()
    assert line.tell(Answered("c2"), Answered("c1")) == []
    assert line.call.stage is Stage.RINGING_SECOND


def test_both_talk_until_one_hangs_up() -> None:
    line = ringing_second()
    line.now += 2.0
    assert line.tell(Ringing("c3"), Answered("c3")) == [Bridge("c1", "c3")]
    line.now += 30.0
    assert line.tell(Released("c3", remote=True)) == [HangUp("c1", Cause.NORMAL)]
    assert line.call.stage is Stage.ENDING
    line.tell(Released("c1", remote=False))
    assert line.outcome == (Outcome.COMPLETED, Cause.NORMAL)
    assert line.call.result is not None
    assert line.call.result.talk_seconds == pytest.approx(30.0)
    assert line.call.result.second_ring_seconds == pytest.approx(2.0)
    assert line.kinds()[-1] == "call.ended"
    assert line.call.deadline is None


def test_a_phone_that_never_says_goodbye_does_not_hold_the_result() -> None:
    line = bridged()
    line.tell(Released("c3", remote=True))
    line.wait(FAREWELL_SECONDS)
    assert line.kinds().count("call.ended") == 1
    assert line.call.stage is Stage.ENDED


@pytest.mark.parametrize(
    ("status", "cause"),
    [(486, Cause.BUSY), (603, Cause.REJECTED), (480, Cause.UNREACHABLE), (404, Cause.NOT_FOUND)],
)
def test_the_first_leg_fails_when_every_phone_has(status: int, cause: Cause) -> None:
    line = Line()
    line.tell(Failed("c1", status))
    line.tell(Failed("c2", status))
    assert line.outcome == (Outcome.FIRST_LEG_FAILED, cause)
    assert line.data(EventKind.LEG_FAILED)["sip_status"] in (status, 487)
    assert line.call.stage is Stage.ENDED


def test_a_busy_phone_leaves_the_others_ringing() -> None:
    line = Line()
    assert line.tell(Failed("c1", 486)) == []
    assert line.call.stage is Stage.RINGING_FIRST


def test_a_decline_ends_all_phones_of_the_person() -> None:
    line = Line()
    assert line.tell(Failed("c1", 603)) == [HangUp("c2", Cause.REJECTED)]
    assert line.outcome == (Outcome.FIRST_LEG_FAILED, Cause.REJECTED)


def test_nobody_answers_in_time() -> None:
    line = Line(request(answer_timeout=20.0))
    assert line.wait(19.9) == []
    assert line.wait(0.1) == [HangUp("c1", Cause.NO_ANSWER), HangUp("c2", Cause.NO_ANSWER)]
    assert line.data(EventKind.LEG_FAILED)["cause"] == "no_answer"
    assert line.outcome == (Outcome.FIRST_LEG_FAILED, Cause.NO_ANSWER)


@pytest.mark.parametrize(
    ("status", "tone"),
    [(486, ToneKind.BUSY), (404, ToneKind.UNOBTAINABLE), (503, ToneKind.CONGESTION)],
)
def test_the_first_leg_hears_why_the_second_failed(status: int, tone: ToneKind) -> None:
    line = ringing_second()
    assert line.tell(Failed("c3", status)) == [Play("c1", Tone(tone, "jp"))]
    assert line.call.stage is Stage.ANNOUNCING
    assert line.wait(FAILURE_TONE_SECONDS)[0] == HangUp("c1", line.outcome[1])
    assert line.outcome[0] is Outcome.SECOND_LEG_FAILED
    assert line.call.result is not None
    assert line.call.result.sip_status == status
    assert line.call.result.stage == "ringing_second"


def test_a_second_party_without_phones_is_unobtainable() -> None:
    line = Line(second_registered=False)
    commands = line.tell(Answered("c1"))
    assert Play("c1", Tone(ToneKind.UNOBTAINABLE, "jp")) in commands
    assert line.call.stage is Stage.ANNOUNCING


def test_the_first_party_hangs_up_while_the_second_rings() -> None:
    line = ringing_second()
    commands = line.tell(Released("c1", remote=True))
    assert commands == [HangUp("c3", Cause.NORMAL)]
    assert line.outcome == (Outcome.CANCELLED, Cause.NORMAL)


def test_early_media_takes_the_ringbacks_place_and_gives_it_back() -> None:
    line = ringing_second(request(to="0312341234"))
    assert line.tell(EarlyMedia("c3", True)) == [Listen("c1", "c3")]
    assert line.tell(EarlyMedia("c3", False)) == [Play("c1", RINGBACK)]


def test_early_media_of_one_among_several_is_not_heard() -> None:
    line = ringing_second(request(to="sales"))
    assert line.tell(EarlyMedia("c3", True)) == []


def test_a_trunk_that_fails_is_followed_by_the_next_under_the_same_id() -> None:
    line = ringing_second(request(to="0312341234"))
    commands = line.tell(Failed("c3", 503))
    assert len(commands) == 1
    dial = commands[0]
    assert isinstance(dial, Dial)
    assert dial.channel == "c3"
    assert isinstance(dial.endpoint, TrunkEndpoint)
    assert dial.endpoint.trunk.name == "second"
    line.tell(Failed("c3", 503))
    assert line.call.stage is Stage.ANNOUNCING


def test_what_the_first_trunk_said_is_in_the_log() -> None:
    line = ringing_second(request(to="0312341234"))
    line.tell(Failed("c3", 503, "Circuits Busy", said=Said(34, None, "group 7", 30)))
    assert line.data(EventKind.CHANNEL_FAILED_OVER) == {
        "cause": "congestion",
        "sip_status": 503,
        "by": "remote",
        "reason": {
            "phrase": "Circuits Busy",
            "q850": 34,
            "q850_name": "No circuit/channel available",
            "text": "group 7",
            "retry_after": 30,
        },
        "trunk": "first",
        "next": "second",
        "passed_over": [],
    }
    kinds = line.kinds()
    assert kinds[-2:] == ["channel.failed_over", "channel.dialled"]
    line.tell(Failed("c3", 500, "Server Internal Error", said=Said(1)))
    line.commands()
    ended = [event.data for event in line.log if event.kind is EventKind.CHANNEL_ENDED][-1]
    assert (ended["trunk"], ended["cause"]) == ("second", "not_found")
    failed = line.data(EventKind.LEG_FAILED)
    assert (failed["cause"], failed["sip_status"]) == ("not_found", 500)
    assert failed["reason"]["phrase"] == "Server Internal Error"
    line.wait(FAILURE_TONE_SECONDS)
    line.wait(FAREWELL_SECONDS)
    result = line.data(EventKind.CALL_ENDED)
    assert (result["sip_status"], result["q850"]) == (500, 1)
    assert result["reason"] == failed["reason"]


@pytest.mark.parametrize("q850", [17, 19])
def test_who_was_reached_by_one_trunk_is_not_rung_through_the_next(q850: int) -> None:
    line = ringing_second(request(to="0312341234"))
    assert not any(isinstance(c, Dial) for c in line.tell(Failed("c3", 503, said=Said(q850))))


def test_a_partys_reason_to_hang_up_is_the_results() -> None:
    line = bridged()
    line.tell(Released("c3", True, Cause.CONGESTION, said=Said(38, None, "out of order")))
    line.tell(Released("c1", False))
    result = line.data(EventKind.CALL_ENDED)
    assert (result["cause"], result["q850"]) == ("congestion", 38)
    assert result["reason"]["text"] == "out of order"


@pytest.mark.parametrize("status", [486, 600, 603, 404])
def test_a_human_answer_never_fails_over(status: int) -> None:
    line = ringing_second(request(to="0312341234"))
    assert not any(isinstance(c, Dial) for c in line.tell(Failed("c3", status)))


def test_hold_is_passed_on_to_the_other_side() -> None:
    line = bridged()
    assert line.tell(HoldChanged("c1", True)) == [Hold("c3", True)]
    assert line.tell(HoldChanged("c1", True)) == []
    assert line.tell(HoldChanged("c1", False)) == [Hold("c3", False)]
    assert line.tell(HoldChanged("c3", True)) == [Hold("c1", True)]
    assert line.kinds()[-3:] == ["call.held", "call.resumed", "call.held"]


def test_a_hold_from_before_the_bridge_is_not_forgotten() -> None:
    line = ringing_second()
    line.tell(HoldChanged("c1", True))
    assert line.tell(Answered("c3")) == [Bridge("c1", "c3"), Hold("c3", True)]


def test_a_context_plays_its_prompts_and_ends() -> None:
    line = Line(request(to="1111"))
    commands = line.tell(Answered("c1"))
    assert Play("c1", Prompt("one.wav"), 1) in commands
    assert line.tell(PlayEnded("c1", 7)) == []
    assert line.tell(PlayEnded("c1", 1)) == [Play("c1", Prompt("two.wav"), 2)]
    assert line.tell(PlayEnded("c1", 2, complete=False)) == [
        HangUp("c1", Cause.NORMAL),
    ]
    assert line.outcome == (Outcome.COMPLETED, Cause.NORMAL)


@pytest.mark.parametrize("channel", ["c1", "c3"])
def test_lost_media_ends_both(channel: str) -> None:
    line = bridged()
    commands = line.tell(MediaLost(channel))
    assert set(commands) == {
        HangUp("c1", Cause.MEDIA_TIMEOUT),
        HangUp("c3", Cause.MEDIA_TIMEOUT),
    }
    assert line.outcome == (Outcome.COMPLETED, Cause.MEDIA_TIMEOUT)


def test_the_longest_duration_ends_both() -> None:
    line = bridged()
    assert len(line.wait(600.0)) == 2
    assert line.outcome == (Outcome.COMPLETED, Cause.DURATION_LIMIT)


@pytest.mark.parametrize(
    ("interrupted", "outcome", "cause"),
    [
        (False, Outcome.CANCELLED, Cause.CANCELLED),
        (True, Outcome.INTERRUPTED, Cause.INTERRUPTED),
    ],
)
def test_cancelling_while_the_first_rings_fails_its_leg(
    interrupted: bool, outcome: Outcome, cause: Cause
) -> None:
    line = Line()
    line.call.cancel(line.now, interrupted=interrupted)
    assert line.commands() == [HangUp("c1", cause), HangUp("c2", cause)]
    assert line.data(EventKind.LEG_FAILED)["cause"] == cause.value
    assert line.outcome == (outcome, cause)


def test_limits_come_back_leg_by_leg() -> None:
    line = bridged()
    assert line.released == []
    line.tell(Released("c3", remote=True))
    assert line.released == list(line.call.plan.second.takes)  # type: ignore[union-attr]
    line.tell(Released("c1", remote=False))
    assert line.released == [*line.call.plan.second.takes, *line.call.plan.first.takes]  # type: ignore[union-attr]


def test_who_asked_for_it_hears_that_the_longest_duration_is_near() -> None:
    line = ringing_second(request(on_second=LegWishes(warn=True)))
    line.now += 2.0
    line.tell(Answered("c3"))
    assert line.call.deadline == 100.0 + 600.0 - WARNING_SECONDS
    assert line.wait(567.9) == []
    assert line.wait(0.1) == [Play("c3", Prompt("builtin:warning"))]
    assert line.kinds()[-1] == "channel.warned"
    assert line.wait(WARNING_SECONDS - 0.1) == []
    assert line.wait(0.2)[0] == HangUp("c1", Cause.DURATION_LIMIT)


def test_both_may_and_one_who_is_connected_late_at_once() -> None:
    both = LegWishes(warn=True)
    line = ringing_second(request(on_first=both, on_second=both, second_answer_timeout=590.0))
    assert line.wait(580.0) == []
    line.tell(Answered("c3"))
    assert [command.channel for command in line.wait(0.0) if isinstance(command, Play)] == [
        "c1",
        "c3",
    ]


def test_nobody_who_is_parked_is_warned() -> None:
    line = ringing_second(request(on_second=LegWishes(warn=True)))
    line.tell(Answered("c3"))
    line.call.wishes.hold(Leg.SECOND, True)
    line.commands()
    assert line.wait(575.0) == []


def test_who_hangs_up_on_the_failure_tone_ends_no_conversation() -> None:
    line = ringing_second()
    line.tell(Failed("c3", 486))
    line.tell(Released("c1", remote=True))
    assert line.outcome == (Outcome.SECOND_LEG_FAILED, Cause.BUSY)


def test_a_call_that_is_over_leaves_nothing_to_the_garbage_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        line = bridged()
        line.tell(Released("c3", remote=True), Released("c1", remote=False))
        assert line.call.stage is Stage.ENDED
        call = weakref.ref(line.call)
        del line
        assert call() is None
    finally:
        gc.enable()
