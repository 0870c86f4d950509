"""The tables of causes, stages, channels and limits are whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from cordboard.calls.causes import Q850, Cause, cause_of_status, failure_tone
from cordboard.calls.limits import LimitKey, LimitReached, Rate, Take, TokenBucket, Usage
from cordboard.calls.outcome import Verdict, result_of
from cordboard.calls.ports import ToneKind
from cordboard.calls.ringing.hunt_channel import CHANNEL_TRANSITIONS, ChannelState
from cordboard.calls.stages import TRANSITIONS, Stage, Trigger, diagram, next_stage

BUSY, CONGESTED = Verdict(Cause.BUSY, 486), Verdict(Cause.CONGESTION, 503)

ENDINGS = [
    (stage, trigger)
    for stage, row in TRANSITIONS.items()
    for trigger, following in row.items()
    if following is Stage.ENDING
]


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_has_a_q850_value_and_a_tone(cause: Cause) -> None:
    assert 1 <= Q850[cause] <= 127
    assert ToneKind(failure_tone(cause))


@pytest.mark.parametrize("status", range(300, 700))
def test_every_final_status_has_a_cause(status: int) -> None:
    assert cause_of_status(status) in Cause
    assert cause_of_status(status, local=True) in Cause


@pytest.mark.parametrize(
    ("status", "q850", "cause"),
    [
        (503, 17, Cause.BUSY),
        (503, 34, Cause.CONGESTION),
        (503, 1, Cause.NOT_FOUND),
        (500, 21, Cause.REJECTED),
        (500, 27, Cause.UNREACHABLE),
        (480, 19, Cause.NO_ANSWER),
        (480, 31, Cause.UNREACHABLE),
        (480, None, Cause.UNREACHABLE),
        (403, 1, Cause.NOT_FOUND),
        (502, 111, Cause.CONGESTION),
        (499, 34, Cause.CONGESTION),
        (486, 34, Cause.BUSY),
        (603, 16, Cause.REJECTED),
        (404, 34, Cause.NOT_FOUND),
    ],
)
def test_q850_counts_where_the_status_says_little(status: int, q850: int, cause: Cause) -> None:
    assert cause_of_status(status, q850=q850) is cause


def test_so_does_the_status_of_another_that_a_proxy_passes_on() -> None:
    assert cause_of_status(500, sip_cause=486) is Cause.BUSY
    assert cause_of_status(500, sip_cause=503) is Cause.FAILED
    assert cause_of_status(404, sip_cause=486) is Cause.NOT_FOUND


def test_a_peer_that_never_spoke_was_not_reached() -> None:
    assert cause_of_status(408) is Cause.NO_ANSWER
    assert cause_of_status(408, local=True) is Cause.UNREACHABLE


@pytest.mark.parametrize("stage", list(Stage))
def test_every_stage_leads_to_the_end(stage: Stage) -> None:
    reached, found = {stage}, [stage]
    while found:
        for following in TRANSITIONS[found.pop()].values():
            if following not in reached:
                reached.add(following)
                found.append(following)
    assert Stage.ENDED in reached


@pytest.mark.parametrize("stage", [s for s in Stage if s not in (Stage.ENDING, Stage.ENDED)])
def test_a_call_can_be_ended_at_any_time(stage: Stage) -> None:
    if stage is Stage.SCHEDULED:  # it has nothing to hang up, and a server that stops leaves it
        assert next_stage(stage, Trigger.CANCELLED) is Stage.ENDED
        return
    assert next_stage(stage, Trigger.CANCELLED) is Stage.ENDING
    assert next_stage(stage, Trigger.INTERRUPTED) is Stage.ENDING


@pytest.mark.parametrize(("stage", "trigger"), ENDINGS)
def test_every_way_to_the_end_has_a_result(stage: Stage, trigger: Trigger) -> None:
    result = result_of(stage, trigger, BUSY, CONGESTED, {})
    assert result.q850 == Q850[result.cause]
    if trigger is Trigger.INTERRUPTED:
        assert result.outcome.value == "interrupted" or stage is Stage.ANNOUNCING
    if stage in (Stage.RINGING_FIRST, Stage.SCREENING_FIRST):
        assert result.outcome.value != "completed"
    if stage in (Stage.BRIDGED, Stage.PROGRAM) and trigger is not Trigger.INTERRUPTED:
        assert result.outcome.value == "completed"


@pytest.mark.parametrize("state", list(ChannelState))
def test_every_channel_state_leads_away(state: ChannelState) -> None:
    row = CHANNEL_TRANSITIONS[state]
    assert (ChannelState.GONE in row.values()) is (state is not ChannelState.GONE)


def test_the_picture_in_the_docs_is_the_table() -> None:
    page = Path(__file__).parents[3] / "docs" / "call-states.md"
    assert diagram() in page.read_text()


KEY = LimitKey("tenant", "demo")


def test_limits_are_all_or_nothing() -> None:
    usage = Usage()
    other = LimitKey("user", "x")
    usage.take([Take(KEY, 2), Take(other, None)], 0.0)
    with pytest.raises(LimitReached) as caught:
        usage.take([Take(other, None), Take(KEY, 2), Take(KEY, 2)], 0.0)
    assert caught.value.key == KEY
    assert (usage.used(KEY), usage.used(other)) == (1, 1)
    usage.give_back([Take(KEY, 2), Take(other, None)])
    assert not usage


def test_the_bucket_lets_a_burst_through_and_then_the_rate() -> None:
    bucket = TokenBucket(Rate(2.0, 3), now=0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert bucket.take(0.4) is False
    assert bucket.take(0.5) is True
    assert [bucket.take(100.0) for _ in range(4)] == [True, True, True, False]


def test_a_rate_is_a_limit_like_any_other() -> None:
    usage = Usage()
    calm = Take(LimitKey("trunk", "pstn@demo"), None, Rate(1.0, 2))
    usage.take([calm, calm], 0.0)
    with pytest.raises(LimitReached) as caught:
        usage.take([Take(KEY, 5), calm], 0.5)
    assert str(caught.value.key) == "trunk.calls_per_second:pstn@demo"
    assert usage.used(KEY) == 0
    assert usage.exceeded_by([calm], 1.0) is None
    usage.give_back([calm, calm])
    assert usage.exceeded_by([calm, calm], 1.0) is not None  # a call begun stays begun
    usage.take([calm], 1.0)


def test_a_changed_rate_begins_anew() -> None:
    usage = Usage()
    slow, fast = (Take(KEY, None, rate) for rate in (Rate(0.001, 1), Rate(5.0, 3)))
    usage.take([slow], 0.0)
    assert usage.exceeded_by([slow], 0.0) == LimitKey("calls_per_second", "demo")
    usage.take([fast, fast, fast], 0.0)
