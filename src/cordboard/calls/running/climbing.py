"""A group's hunt goes from one rung to the next: when an attempt has lasted long enough, or when
nobody of it is left to answer. It ends with an answer, without a further rung, or with the time of
the whole hunt. The ring of a user who has his calls forwarded likewise ends with that."""

from __future__ import annotations

from cordboard.calls.causes import Cause
from cordboard.calls.outcome import Verdict
from cordboard.calls.planning.plan import ProgramPlan
from cordboard.calls.request import Leg
from cordboard.calls.ringing.legs import other
from cordboard.calls.running import forwards, into_program, queueing, referring, rung_times
from cordboard.calls.running.parts import Apply, Parts
from cordboard.calls.running.place_in_line import TIMEOUT


def rung_over(parts: Parts, apply: Apply, now: float) -> None:
    """An attempt has lasted long enough."""
    leg = parts.hunted
    if leg is not None and not parts.hunting.stop_ringing(leg, Cause.NO_ANSWER):
        failed(leg, Verdict(Cause.NO_ANSWER), parts, apply, now)


def failed(leg: Leg, verdict: Verdict, parts: Parts, apply: Apply, now: float) -> None:
    """Nobody of a leg's channels is left to answer: the hunt goes on, or the call is forwarded, or
    that was it."""
    if _climbs(leg, parts, now):
        return
    forwarded = forwards.go_on(leg, verdict, parts)
    if forwarded is None:
        referring.hunt_failed(leg, verdict, parts, apply, now)
        return
    if isinstance(forwarded, ProgramPlan):
        trigger = into_program.take_place(leg, forwarded, parts)
        referring.answered(parts)  # who transfers, for a program is there at once
        apply(trigger, now)
        return
    rung_times.begin(forwarded, parts, now)
    if forwarded.queued:
        queueing.begin(forwarded, parts, apply, now)
    else:
        parts.dialling.dial(parts.legs.hunt(leg).channels.values(), forwarded)


def _climbs(leg: Leg, parts: Parts, now: float) -> bool:
    """Whether there was a further rung, which rings now, or somebody waits for one."""
    plan = parts.leg_plan(leg)
    if plan is None or plan.hunt is None or parts.times.stage_ends is None:
        if parts.place is not None:
            parts.place.leave(TIMEOUT, now)  # somebody was screened until now
        return False
    if parts.place is not None and parts.place.leg is leg:
        parts.place.go_on(now)
        return True
    hunt = parts.legs.hunt(leg)
    channels = parts.dialling.find_more(leg, hunt.tried)
    if not channels:
        return False
    if hunt.single and other(leg) is parts.waiting.leg:
        parts.waiting.ringback()  # in place of the early media of who was rung alone
    parts.dialling.dial(hunt.extend(channels), plan)
    rung_times.begin_rung(plan, parts, now)
    return True
