"""How long a call was in each stage, and what is due when."""

from __future__ import annotations

from cordboard.calls.request import Leg
from cordboard.calls.running.stage_times import StageTimes
from cordboard.calls.stages import Stage


def test_each_stage_lasts_until_the_next_is_entered() -> None:
    times = StageTimes()
    for stage, at in ((Stage.RINGING_FIRST, 10.0), (Stage.RINGING_SECOND, 14.0)):
        times.enter(stage, at)
    assert times.lasted() == {Stage.RINGING_FIRST: 4.0}
    times.enter(Stage.BRIDGED, 15.5)
    assert times.lasted() == {Stage.RINGING_FIRST: 4.0, Stage.RINGING_SECOND: 1.5}
    assert times.since(Stage.RINGING_SECOND, 20.0) == 6.0
    assert times.since(Stage.ANNOUNCING, 20.0) == 0.0


def test_what_is_due_is_said_once() -> None:
    assert StageTimes().deadline is None
    times = StageTimes()
    times.enter(Stage.RINGING_SECOND, 1.0)
    times.call_ends = 9.0
    times.stage_ends = 5.0
    assert times.deadline == 5.0
    assert not times.stage_is_over(4.9)
    assert times.stage_is_over(5.0)
    assert not times.stage_is_over(5.0)
    assert times.deadline == 9.0
    assert times.call_is_over(9.5)
    assert not times.call_is_over(9.5)
    assert times.deadline is None


def test_a_new_stage_has_no_limit_while_that_of_the_call_stays() -> None:
    times = StageTimes()
    times.enter(Stage.RINGING_SECOND, 1.0)
    times.stage_ends = 5.0
    times.call_ends = 9.0
    times.enter(Stage.BRIDGED, 3.0)
    assert times.deadline == 9.0
    times.call_ends = None
    assert times.deadline is None


def test_a_leg_is_answered_when_it_was_rung_and_screened_to_the_end() -> None:
    times = StageTimes()
    times.enter(Stage.RINGING_FIRST, 10.0)
    assert (times.began, times.answered(Leg.FIRST)) == (10.0, None)
    times.enter(Stage.SCREENING_FIRST, 12.0)
    assert times.answered(Leg.FIRST) is None
    times.enter(Stage.RINGING_SECOND, 14.0)
    assert (times.answered(Leg.FIRST), times.answered(Leg.SECOND)) == (14.0, None)
    for stage, at in ((Stage.BRIDGED, 20.0), (Stage.TRANSFERRING, 30.0), (Stage.BRIDGED, 40.0)):
        times.enter(stage, at)
    assert (times.answered(Leg.FIRST), times.answered(Leg.SECOND)) == (14.0, 20.0)


def test_who_called_us_and_waits_is_answered_with_the_second() -> None:
    times = StageTimes()
    times.enter(Stage.RINGING_SECOND, 1.0)
    assert times.answered(Leg.FIRST) is None
    times.enter(Stage.ANSWERING_FIRST, 5.0)
    times.enter(Stage.BRIDGED, 5.5)
    assert times.answered(Leg.FIRST) == 5.5
