"""How a call that leaves a stage by a trigger has ended: results are decided here alone."""

from __future__ import annotations

import msgspec

from cordboard.calls.causes import Q850, Cause
from cordboard.calls.events import CallResult, Json, Outcome
from cordboard.calls.request import Leg
from cordboard.calls.said import NOTHING, Said
from cordboard.calls.stages import Stage, Trigger, hunt_begun_in


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """Why a leg was not answered: cause, final SIP status, and what the far end said of it."""

    cause: Cause
    status: int | None = None
    phrase: str = ""
    said: Said = NOTHING

    @property
    def reason(self) -> dict[str, Json] | None:
        """What was said, as events and results show it."""
        return self.said.as_dict(self.phrase) if self.phrase or self.said is not NOTHING else None


HUNG_UP = Verdict(Cause.NORMAL)

# What is missing here was a conversation, and is completed.
_OUTCOMES: dict[tuple[Stage, Trigger], tuple[Outcome, Leg | None]] = {
    (Stage.ACCEPTED, Trigger.CANCELLED): (Outcome.CANCELLED, None),
    (Stage.RINGING_FIRST, Trigger.CANCELLED): (Outcome.CANCELLED, Leg.FIRST),
    (Stage.RINGING_FIRST, Trigger.FIRST_FAILED): (Outcome.FIRST_LEG_FAILED, Leg.FIRST),
    (Stage.RINGING_FIRST, Trigger.FIRST_GONE): (Outcome.CANCELLED, Leg.FIRST),
    (Stage.RINGING_FIRST, Trigger.WATCHED_GONE): (Outcome.CANCELLED, None),
    (Stage.RINGING_SECOND, Trigger.CANCELLED): (Outcome.CANCELLED, Leg.SECOND),
    (Stage.RINGING_SECOND, Trigger.FIRST_GONE): (Outcome.CANCELLED, Leg.FIRST),
    (Stage.RINGING_SECOND, Trigger.MEDIA_LOST): (Outcome.FIRST_LEG_FAILED, Leg.FIRST),
    (Stage.RINGING_SECOND, Trigger.DURATION_REACHED): (Outcome.CANCELLED, Leg.SECOND),
    (Stage.RINGING_SECOND, Trigger.CREDIT_USED_UP): (Outcome.CANCELLED, Leg.SECOND),
    (Stage.RINGING_SECOND, Trigger.SECOND_FAILED_BEFORE_FIRST): (
        Outcome.SECOND_LEG_FAILED,
        Leg.SECOND,
    ),
    (Stage.ANSWERING_FIRST, Trigger.CANCELLED): (Outcome.CANCELLED, Leg.FIRST),
    (Stage.ANSWERING_FIRST, Trigger.FIRST_GONE): (Outcome.CANCELLED, Leg.FIRST),
    (Stage.ANSWERING_FIRST, Trigger.SECOND_GONE): (Outcome.CANCELLED, Leg.SECOND),
    (Stage.ANSWERING_FIRST, Trigger.DURATION_REACHED): (Outcome.CANCELLED, Leg.FIRST),
    (Stage.ANSWERING_FIRST, Trigger.CREDIT_USED_UP): (Outcome.CANCELLED, Leg.FIRST),
    (Stage.BRIDGED, Trigger.FIRST_GONE): (Outcome.COMPLETED, Leg.FIRST),
    (Stage.PROGRAM, Trigger.FIRST_GONE): (Outcome.COMPLETED, Leg.FIRST),
    (Stage.PROGRAM, Trigger.SECOND_GONE): (Outcome.COMPLETED, Leg.SECOND),
    (Stage.EAVESDROPPING, Trigger.FIRST_GONE): (Outcome.COMPLETED, Leg.FIRST),
    (Stage.BRIDGED, Trigger.SECOND_GONE): (Outcome.COMPLETED, Leg.SECOND),
    (Stage.TRANSFERRING, Trigger.FIRST_GONE): (Outcome.COMPLETED, Leg.FIRST),
    (Stage.TRANSFERRING, Trigger.SECOND_GONE): (Outcome.COMPLETED, Leg.SECOND),
}

_CAUSES: dict[Trigger, Cause] = {
    Trigger.CANCELLED: Cause.CANCELLED,
    Trigger.INTERRUPTED: Cause.INTERRUPTED,
    Trigger.MEDIA_LOST: Cause.MEDIA_TIMEOUT,
    Trigger.DURATION_REACHED: Cause.DURATION_LIMIT,
    Trigger.CREDIT_USED_UP: Cause.NO_CREDIT,
    Trigger.MERGED: Cause.TRANSFERRED,
}


def result_of(
    left: Stage,
    trigger: Trigger,
    first: Verdict,
    second: Verdict,
    lasted: dict[Stage, float],
    *,
    gone: Verdict = HUNG_UP,
    replaced: Leg | None = None,
    merged: Leg | None = None,
    group: str | None = None,
) -> CallResult:
    """The result of a call that left a stage for its end.

    ``first`` and ``second`` are the verdicts of hunts that failed; ``lasted`` holds the seconds
    that each stage lasted; ``gone`` is why a party was gone, where it did not simply hang up;
    ``replaced`` is the leg whose party was sent away last, so that ``second`` is of whom it was
    to be replaced by; ``merged`` is the leg of who took the other one into another call;
    ``group`` is that on whose behalf the call was made.
    """
    outcome, leg = _OUTCOMES.get((hunt_begun_in(left), trigger), (Outcome.COMPLETED, None))
    verdict = Verdict(_CAUSES.get(trigger, Cause.NORMAL))
    stage = left
    if left is Stage.ANNOUNCING:
        stage = Stage.RINGING_SECOND if replaced is None else Stage.TRANSFERRING
    if trigger is Trigger.INTERRUPTED:
        outcome = Outcome.INTERRUPTED
    elif trigger is Trigger.FIRST_FAILED:
        verdict = first
    elif trigger is Trigger.SECOND_FAILED_BEFORE_FIRST:
        verdict, stage = second, Stage.RINGING_SECOND
    elif left is Stage.ANNOUNCING:
        verdict, leg = second, replaced or Leg.SECOND
        outcome = Outcome.SECOND_LEG_FAILED if replaced is None else Outcome.COMPLETED
    elif trigger is Trigger.MERGED:
        leg = merged
    elif trigger in (Trigger.FIRST_GONE, Trigger.SECOND_GONE, Trigger.PROGRAM_ENDED):
        verdict = gone
    return CallResult(
        outcome=outcome,
        cause=verdict.cause,
        stage=stage.value,
        leg=leg,
        sip_status=verdict.status,
        q850=Q850[verdict.cause] if verdict.said.q850 is None else verdict.said.q850,
        reason=verdict.reason,
        first_ring_seconds=_together(lasted, Stage.RINGING_FIRST, Stage.SCREENING_FIRST),
        second_ring_seconds=_together(lasted, Stage.RINGING_SECOND, Stage.SCREENING_SECOND),
        talk_seconds=_together(lasted, Stage.BRIDGED, Stage.PROGRAM, Stage.EAVESDROPPING),
        group=group,
    )


def _together(lasted: dict[Stage, float], *stages: Stage) -> float:
    seconds = 0.0
    for stage in stages:
        seconds += lasted.get(stage, 0.0)
    return seconds
