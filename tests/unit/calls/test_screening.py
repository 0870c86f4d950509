"""Whoever picks up is asked whether he takes the call, and has answered only then."""

from __future__ import annotations

import pytest

from cordboard.calls.causes import Cause
from cordboard.calls.events import EventKind, Outcome
from cordboard.calls.ports import (
    Answered,
    Bridge,
    Dial,
    Digit,
    EarlyMedia,
    Failed,
    HangUp,
    Listen,
    Play,
    PlayEnded,
    Prompt,
    Released,
    Ringing,
    StopPlay,
    Tone,
    ToneKind,
)
from cordboard.calls.request import LegWishes
from cordboard.calls.ringing.screening import SCREENING_SECONDS
from cordboard.calls.stages import Stage
from support.call_line import Line
from support.tenants import request

SCREEN = LegWishes(screen=True)
RINGBACK, BUSY = Tone(ToneKind.RINGBACK, "jp"), Tone(ToneKind.BUSY, "jp")
FROM = Prompt("builtin:en/call-from")


def first_screened() -> Line:
    """Jessica's phones ring (c1, c2); who picks up is to press 1."""
    return Line(request(on_first=SCREEN))


def second_screened(to: str = "thomas") -> Line:
    """Jessica has answered (c1), thomas (c3) rings and is to press 1."""
    line = Line(request(on_second=SCREEN, to=to))
    line.tell(Answered("c1"), Failed("c2", 487))
    return line


def test_who_picks_up_is_asked_while_the_others_ring_on() -> None:
    line = first_screened()
    assert line.tell(Ringing("c1"), Answered("c1")) == [Play("c1", FROM, 0)]
    assert line.call.stage is Stage.SCREENING_FIRST
    assert line.kinds()[-1] == "channel.screening"
    assert not line.call.leg_of("c3"), "nobody is dialled for him yet"


def test_he_hears_the_number_digit_by_digit_again_and_again() -> None:
    line = first_screened()
    line.tell(Answered("c1"))
    heard = []
    for place in range(7):
        (command,) = line.tell(PlayEnded("c1", place))
        assert isinstance(command, Play)
        assert isinstance(command.sound, Prompt)
        heard.append(command.sound.path.removeprefix("builtin:en/"))
    assert heard == ["1", "0", "0", "2", "press-1", "call-from", "1"]
    assert line.tell(PlayEnded("c1", 3)) == [], "of a piece long over"


def test_who_presses_1_has_answered() -> None:
    line = first_screened()
    line.now += 2.0
    line.tell(Answered("c1"))
    line.now += 3.0
    commands = line.tell(Digit("c1", "1"))
    assert commands[:2] == [StopPlay("c1"), HangUp("c2", Cause.ANSWERED_ELSEWHERE)]
    assert isinstance(commands[2], Dial)
    assert commands[3] == Play("c1", RINGBACK)
    assert line.data(EventKind.LEG_ANSWERED) == {"ring_seconds": 5.0}
    assert line.kinds().index("channel.answered") < line.kinds().index("leg.answered")


def test_of_several_who_are_asked_the_first_that_presses_1_wins() -> None:
    line = first_screened()
    line.tell(Answered("c1"))
    assert line.tell(Answered("c2")) == [Play("c2", FROM, 0)]
    assert line.tell(Digit("c2", "1"))[:2] == [
        StopPlay("c2"),
        HangUp("c1", Cause.ANSWERED_ELSEWHERE),
    ]
    assert line.tell(Digit("c1", "1"), PlayEnded("c1", 0)) == []


def test_another_key_refuses_and_the_others_ring_on() -> None:
    line = first_screened()
    line.tell(Answered("c1"))
    assert line.tell(Digit("c1", "2")) == [HangUp("c1", Cause.REJECTED)]
    line.tell(Released("c1", remote=False))
    assert line.call.deadline == line.now + 180.0, "of the ringing"
    line.tell(Answered("c2"), Digit("c2", "1"))
    assert line.call.stage is Stage.RINGING_SECOND


def test_who_says_nothing_is_taken_for_a_machine() -> None:
    line = first_screened()
    line.tell(Answered("c1"), Failed("c2", 486))
    assert line.call.deadline == line.now + SCREENING_SECONDS
    assert line.wait(SCREENING_SECONDS) == [HangUp("c1", Cause.NO_ANSWER)]
    line.tell(Released("c1", remote=False))
    assert line.outcome == (Outcome.FIRST_LEG_FAILED, Cause.BUSY), "as tells most"


def test_who_hangs_up_while_he_is_asked_refuses() -> None:
    line = first_screened()
    line.tell(Answered("c1"), Failed("c2", 480), Released("c1", remote=True))
    assert line.outcome == (Outcome.FIRST_LEG_FAILED, Cause.REJECTED)
    assert line.call.result is not None
    assert line.call.result.stage == "screening_first"
    assert line.kinds().count("leg.failed") == 1


def test_who_is_asked_when_the_time_is_over_may_still_press_1() -> None:
    line = first_screened()
    line.now += 179.0
    line.tell(Answered("c1"))
    assert line.wait(1.0) == [HangUp("c2", Cause.NO_ANSWER)]
    line.tell(Digit("c1", "1"))
    assert line.call.stage is Stage.RINGING_SECOND


def test_the_first_party_hears_ringback_while_the_second_is_asked() -> None:
    line = second_screened()
    assert line.tell(EarlyMedia("c3", True)) == [Listen("c1", "c3")]
    commands = line.tell(Answered("c3"))
    assert commands == [Play("c1", RINGBACK), Play("c3", FROM, 0)]
    assert line.call.stage is Stage.SCREENING_SECOND
    assert line.tell(Digit("c1", "1")) == [], "he is not the one who is asked"
    assert line.tell(Digit("c3", "1")) == [StopPlay("c3"), Bridge("c1", "c3")]


def test_a_second_party_that_refuses_is_heard_by_the_first() -> None:
    line = second_screened()
    line.tell(Answered("c3"))
    assert line.tell(Digit("c3", "9")) == [HangUp("c3", Cause.REJECTED), Play("c1", BUSY)]
    line.tell(Released("c3", remote=False), Released("c1", remote=True))
    assert line.outcome == (Outcome.SECOND_LEG_FAILED, Cause.REJECTED)


@pytest.mark.parametrize("leave", ["first", "cancel"])
def test_whoever_is_asked_is_hung_up_when_the_call_is_over(leave: str) -> None:
    line = second_screened()
    line.tell(Answered("c3"))
    if leave == "first":
        commands = line.tell(Released("c1", remote=True))
    else:
        line.call.cancel(line.now)
        commands = line.commands()
    assert HangUp("c3", Cause.NORMAL if leave == "first" else Cause.CANCELLED) in commands
    assert line.tell(Digit("c3", "1")) == []
    line.tell(Released("c1", remote=False), Released("c3", remote=False))
    assert line.outcome[0] is Outcome.CANCELLED
    assert line.call.deadline is None
