"""Callers wait for a group: what they hear, who serves them, and how they leave."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cordboard.calls.causes import Cause
from cordboard.calls.events import EventKind, Outcome
from cordboard.calls.people.agents import AgentState
from cordboard.calls.ports import EarlyMedia, Failed, PlayEnded, Prompt, Tone, ToneKind
from cordboard.calls.request import Leg
from cordboard.calls.stages import Stage
from cordboard.directory.model import Context, GroupStrategy
from cordboard.directory.queue_rules import MUSIC, QueueRules
from cordboard.directory.snapshot import Directory
from cordboard.directory.steps import PlayStep, RingKind, RingStep, Step
from support.group_house import NAMES, TEAM
from support.group_house import team as team_of
from support.queue_house import QueueHouse
from support.tenants import DOMAIN

RULES = QueueRules(longest=120.0, places=3, rest=5.0)


def house(rules: QueueRules = RULES, *away: str, **more: Any) -> QueueHouse:
    made = QueueHouse(team_of(queue=rules, member_answer_timeout=10.0, **more))
    made.away |= set(away)
    return made


def nobody_there(rules: QueueRules = RULES) -> QueueHouse:
    return house(rules, *NAMES)


def test_a_caller_gets_who_is_free_at_once() -> None:
    team = house()
    call = team.arrive()
    assert team.ringing() == ["ann"]
    team.answer("ann")
    assert call.stage is Stage.BRIDGED
    left = team.left(call)
    assert left["reason"] == "answered"
    assert left["agent"] == {"id": 1001, "name": "ann"}
    assert not team.desk.lines.callers


def test_nobody_is_free_so_he_waits_and_hears_music() -> None:
    team = nobody_there()
    call = team.arrive()
    assert call.stage is Stage.RINGING_SECOND
    (joined,) = team.of(call, EventKind.QUEUE_JOINED)
    assert joined.leg is Leg.SECOND
    assert joined.channel == team.callers[call.id]
    assert joined.data["place"] == 1
    assert joined.data["group"] == {"id": TEAM, "name": "team"}
    playing = team.heard[team.callers[call.id]]
    assert playing.sound == Prompt(MUSIC)
    team.tell(PlayEnded(playing.channel, playing.play_id))
    again = team.heard[playing.channel]
    assert again.sound == Prompt(MUSIC)
    assert again.play_id != playing.play_id


def test_music_that_cant_be_played_gives_way_to_ringback() -> None:
    team = nobody_there()
    call = team.arrive()
    playing = team.heard[team.callers[call.id]]
    team.tell(PlayEnded(playing.channel, playing.play_id, complete=False))
    assert team.heard[playing.channel].sound == Tone(ToneKind.RINGBACK, "jp")


def test_a_group_may_have_them_hear_ringback() -> None:
    team = nobody_there(replace(RULES, music=None))
    call = team.arrive()
    assert team.heard[team.callers[call.id]].sound == Tone(ToneKind.RINGBACK, "jp")


@pytest.mark.parametrize("obstacle", ["pause", "log out", "away"])
def test_who_comes_back_is_rung_for_who_came_first(obstacle: str) -> None:
    team = house(RULES, *NAMES[1:])
    if obstacle == "away":
        team.away.add("ann")
    else:
        team.states[TEAM, 1001] = AgentState(obstacle == "pause", obstacle == "pause")
    first, second = team.arrive(), team.arrive()
    team.wait(5.0)
    assert not team.ringing()
    team.away.discard("ann")
    team.states.clear()
    team.wait(1.0)
    assert team.ringing() == ["ann"]
    assert team.call_of[team.channel("ann")] is first
    team.answer("ann")
    team.wait(5.0)
    assert team.place_of(second) == 1
    assert not [one for one in team.ringing() if one != "ann"]


def test_they_are_served_in_the_order_in_which_they_came() -> None:
    team = house(RULES, *NAMES[1:])
    talking = team.arrive()
    channel = team.answer("ann")
    waiting = [team.arrive() for _ in range(3)]
    assert [team.place_of(call) for call in waiting] == [1, 2, 3]
    for call in waiting:
        team.hang_up(channel)
        assert team.call_of[team.channel("ann")] is call
        channel = team.answer("ann")
    assert talking in team.ended


def test_nobody_overtakes_who_waits() -> None:
    team = nobody_there()
    first = team.arrive()
    team.away.clear()  # which nobody has noticed yet
    second = team.arrive()
    rung = {team.call_of[channel] for channel in team.up}
    assert first in rung
    assert second in rung, "four are free"
    assert team.call_of[team.channel(team.rung[0])] is first


def test_wrapping_up_ends_and_the_next_is_served() -> None:
    team = house(RULES, *NAMES[1:], wrap_up=8.0)
    team.arrive()
    channel = team.answer("ann")
    waiting = team.arrive()
    team.hang_up(channel)
    team.wait(7.0)
    assert not team.ringing()
    team.wait(2.0)
    assert team.call_of[team.channel("ann")] is waiting


@pytest.mark.parametrize("status", [404, 480, 486, 487, 500, 603, 699])
def test_who_does_not_answer_is_rung_again_after_a_rest(status: int) -> None:
    team = house(RULES, *NAMES[1:])
    call = team.arrive()
    team.tell(Failed(team.channel("ann"), status))
    assert call.stage is Stage.RINGING_SECOND
    team.wait(4.0)
    assert team.rung == ["ann"]
    team.wait(2.0)
    assert team.rung == ["ann", "ann"]
    assert call.stage is Stage.RINGING_SECOND


def test_everybody_is_rung_once_before_anybody_is_twice() -> None:
    team = house(RULES, "dee", strategy=GroupStrategy.LINEAR)
    team.arrive()
    team.wait(45.0)
    assert team.rung[:4] == ["ann", "bob", "cid", "ann"]


def test_the_time_is_over() -> None:
    team = nobody_there()
    call = team.arrive()
    team.wait(121.0)
    assert team.left(call)["reason"] == "timeout"
    assert team.left(call)["waited_seconds"] == 120.0
    team.wait(10.0)
    assert call.result is not None
    assert (call.result.outcome, call.result.cause) == (
        Outcome.SECOND_LEG_FAILED,
        Cause.NO_ANSWER,
    )
    assert not team.usage


def test_a_request_may_shorten_it() -> None:
    team = nobody_there()
    call = team.arrive(second_answer_timeout=30.0)
    team.wait(31.0)
    assert team.left(call)["reason"] == "timeout"


def test_all_places_are_taken() -> None:
    team = nobody_there()
    for _ in range(RULES.places):
        team.arrive()
    call = team.arrive()
    assert team.left(call)["reason"] == "full"
    assert not team.of(call, EventKind.QUEUE_JOINED)
    team.wait(10.0)
    assert call.result is not None
    assert call.result.cause is Cause.BUSY


def test_who_waited_too_long_goes_somewhere_else() -> None:
    team = nobody_there(replace(RULES, overflow="ann"))
    call = team.arrive()
    team.away.discard("ann")
    team.states[TEAM, 1001] = AgentState(paused=True)
    team.wait(121.0)
    left = team.left(call)
    assert left["reason"] == "timeout"
    assert left["to"]["name"] == "ann"
    assert team.ringing() == ["ann"]
    assert team.heard[team.callers[call.id]].sound == Tone(ToneKind.RINGBACK, "jp")
    team.answer("ann")
    assert call.stage is Stage.BRIDGED


def test_who_waited_too_long_is_taken_by_a_context() -> None:
    team = house(replace(RULES, longest=5.0, overflow="welcome"))
    call = team.arrive()
    team.wait(6.0)
    assert call.stage is Stage.PROGRAM
    left = team.left(call)
    assert (left["reason"], left["to"]["kind"]) == ("timeout", "context")
    playing = team.heard[team.callers[call.id]]
    assert playing.sound == Prompt("one.wav")
    assert not team.ringing(), "the phone that rang is let go"
    for _ in range(2):
        playing = team.heard[team.callers[call.id]]
        team.tell(PlayEnded(playing.channel, playing.play_id))
    assert call.result is not None
    assert call.result.outcome is Outcome.COMPLETED
    team.wait(10.0)
    assert not team.usage


def test_who_finds_all_places_taken_is_taken_by_a_context() -> None:
    team = nobody_there(replace(RULES, places=1, overflow="welcome"))
    team.arrive()
    call = team.arrive()
    assert call.stage is Stage.PROGRAM
    assert team.left(call)["reason"] == "full"


def test_whoever_rings_then_is_let_go() -> None:
    team = house(replace(RULES, longest=5.0, overflow="bob"), "bob")
    call = team.arrive()
    assert team.ringing() == ["ann"]
    team.away.discard("bob")
    team.wait(6.0)
    assert team.ringing() == ["bob"]
    assert call.stage is Stage.RINGING_SECOND, "the phone that was let go is no answer"


def test_nobody_is_there_either() -> None:
    team = nobody_there(replace(RULES, overflow="ann"))
    call = team.arrive()
    team.wait(121.0)
    assert team.left(call) == {
        "group": {"id": TEAM, "name": "team"},
        "reason": "timeout",
        "waited_seconds": 120.0,
        "agent": None,
        "to": None,
    }
    assert call.stage is Stage.ANNOUNCING


def test_he_hangs_up() -> None:
    team = nobody_there()
    call, other = team.arrive(), team.arrive()
    team.leave(call)
    assert team.left(call)["reason"] == "abandoned"
    assert call.result is not None
    assert call.result.outcome is Outcome.CANCELLED
    assert team.place_of(other) == 1


def test_whom_he_would_have_got_is_the_next_ones() -> None:
    team = house(RULES, *NAMES[1:])
    call, other = team.arrive(), team.arrive()
    assert team.call_of[team.channel("ann")] is call
    team.leave(call)
    assert team.call_of[team.channel("ann")] is other, "she has done nothing to rest from"


def test_a_client_ends_it() -> None:
    team = nobody_there()
    call = team.arrive()
    call.cancel(team.now)
    team._carry_out(call)
    assert team.left(call)["reason"] == "cancelled"


def test_the_server_stops() -> None:
    team = nobody_there()
    call = team.arrive()
    call.cancel(team.now, interrupted=True)
    team._carry_out(call)
    assert team.left(call)["reason"] == "interrupted"


def test_he_hears_which_place_he_has() -> None:
    team = nobody_there(replace(RULES, places=20, announced=30.0))
    for _ in range(11):
        team.arrive()
    call = team.arrive()
    channel = team.callers[call.id]
    team.wait(30.0)
    assert team.of(call, EventKind.QUEUE_ANNOUNCED)[0].data["place"] == 12
    said = []
    for _ in range(5):
        playing = team.heard[channel]
        assert isinstance(playing.sound, Prompt)
        said.append(playing.sound.path)
        team.tell(PlayEnded(channel, playing.play_id))
    assert said == [
        "builtin:en/queue-place",
        "builtin:en/1",
        "builtin:en/2",
        "builtin:en/queue-line",
        MUSIC,
    ]
    team.wait(30.0)
    assert len(team.of(call, EventKind.QUEUE_ANNOUNCED)) == 2


def test_what_a_phone_says_early_does_not_interrupt_the_music() -> None:
    team = house()
    call = team.arrive()
    team.tell(EarlyMedia(team.channel("ann"), flowing=True))
    assert team.heard[team.callers[call.id]].sound == Prompt(MUSIC)
    assert not team.kinds(EventKind.CHANNEL_EARLY_MEDIA)


def test_who_talks_is_transferred_to_a_queue() -> None:
    team = house()
    call = team.arrive()
    team.answer("ann")
    team.away |= set(NAMES)
    team.states[TEAM, 1001] = AgentState(paused=True)
    call.wishes.transfer(Leg.FIRST, "team", team.now)
    team._carry_out(call)
    assert call.stage is Stage.TRANSFERRING
    assert team.place_of(call) == 1
    assert team.heard[team.callers[call.id]].sound == Prompt(MUSIC)
    team.away.discard("bob")
    team.wait(2.0)
    team.answer("bob")
    assert len(team.of(call, EventKind.CALL_BRIDGED)) == 2
    assert team.kinds(EventKind.QUEUE_LEFT)[-1].data["agent"] == {"id": 1002, "name": "bob"}


def test_without_a_queue_nobody_waits() -> None:
    team = QueueHouse(team_of())
    team.away |= set(NAMES)
    call = team.arrive()
    assert call.stage is Stage.ANNOUNCING
    assert not team.desk.lines.callers
    assert team.desk.lines.line(DOMAIN, TEAM) == ()


def test_a_context_rings_the_group_and_goes_on_after_a_wait_in_vain() -> None:
    team = nobody_there(replace(RULES, longest=20.0))
    steps = (Step(RingStep("team", RingKind.GROUP)), Step(PlayStep(("sorry.wav",))))
    where = replace(team.tenant, contexts=(Context("menu", extension="1112", steps=steps),))
    team.tenant, snapshot = where, Directory((where,))
    team.desk = replace(team.desk, directory=lambda: snapshot)
    call = team.arrive(to="menu")
    assert call.stage is Stage.RINGING_SECOND
    assert team.place_of(call) == 1
    assert team.heard[team.callers[call.id]].sound == Prompt(MUSIC)
    team.wait(21.0)
    assert team.left(call)["reason"] == "timeout"
    assert team.heard[team.callers[call.id]].sound == Prompt("sorry.wav")
