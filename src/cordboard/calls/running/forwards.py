"""A call goes on to somebody else because whom it was for is busy, declines or does not answer, and
has his calls forwarded then.

The new phones take the place of the old ones, which are hung up, in the same leg and stage: whoever
waits for an answer hears that it rings, and the leg has failed when the last forward has.
"""

from __future__ import annotations

from msgspec.structs import replace

from cordboard.calls.outcome import Verdict
from cordboard.calls.people.forwarding import after_failure
from cordboard.calls.planning.plan import LegPlan, ProgramPlan
from cordboard.calls.refusals import Refused
from cordboard.calls.request import Leg
from cordboard.calls.ringing.hunt import Hunt
from cordboard.calls.ringing.legs import other
from cordboard.calls.running import into_program
from cordboard.calls.running.parts import Parts


def go_on(leg: Leg, verdict: Verdict, parts: Parts) -> LegPlan | ProgramPlan | None:
    """The plan of a leg that is forwarded, whose phones are to be rung, or of the program that is
    to take the call; None where it is not forwarded, and has failed."""
    plan = parts.leg_plan(leg)
    if plan is None or plan.forwards is None:
        return None
    sent = after_failure(plan.forwards, verdict.cause)
    if sent is None:
        return None
    reason, to = sent
    try:
        route = parts.dialling.find_forward(leg, reason, to)
    except Refused as refusal:
        parts.log.forward_refused(plan, reason, to, refusal.message)
        return None
    if isinstance(route, ProgramPlan):
        if not into_program.goes_on(leg, parts):
            parts.log.forward_refused(plan, reason, to, "a context can't be rung")
            return None
        return replace(route, forwarded=route.forwarded[len(plan.forwarded) :])
    parts.legs.replace(leg, Hunt(route.channels))
    parts.plan = parts.dialling.go_to(leg, route)
    parts.log.forwarded(route.plan, route.plan.forwarded[len(plan.forwarded) :])
    if parts.waiting.leg is other(leg):
        parts.waiting.ringback()
    return route.plan
