"""A hunt through a group that callers wait for: it goes on as long as the caller may wait.

Where nobody is free it rings nobody, until it is woken because somebody may be. It ends when he is
answered or gone, or has waited too long; then, and where he finds all places taken, he goes where
the group sends such callers, or hears that he can't be helped.
"""

from __future__ import annotations

from cordboard.calls.causes import Cause
from cordboard.calls.outcome import Verdict
from cordboard.calls.planning.plan import LegPlan, ProgramPlan
from cordboard.calls.refusals import Refused
from cordboard.calls.request import Leg
from cordboard.calls.ringing.caller import RINGS
from cordboard.calls.ringing.hunt import Hunt
from cordboard.calls.ringing.legs import other
from cordboard.calls.running import into_program, referring, rung_times
from cordboard.calls.running.parts import Apply, Parts
from cordboard.calls.running.place_in_line import FULL, TIMEOUT, PlaceInLine

MAX_OVERFLOWS = 3
"""Queues that a caller overflows from: as many as hops of a redirect; more is a circle."""


def begin(plan: LegPlan, parts: Parts, apply: Apply, now: float) -> None:
    """A leg begins to be hunted for there; its whole time runs already."""
    parts.times.rung_ends = None
    place = parts.place = parts.place or _place(parts)
    if place.join(plan, now):
        parts.caller.hears(RINGS)
        place.go_on(now)
    else:
        _overflow(plan.leg, place, FULL, Cause.BUSY, parts, apply, now)


def _place(parts: Parts) -> PlaceInLine:
    """That of a call of which nobody has waited for a group until now."""
    return PlaceInLine(
        parts.plan.request,
        parts.lines,
        parts.legs,
        parts.dialling,
        parts.waiting,
        parts.times,
        parts.log,
        parts.command,
    )


def give_up(parts: Parts, apply: Apply, now: float) -> None:
    """The caller has waited as long as he may; what rings is hung up already."""
    place, leg = parts.place, parts.waits_in_line_for
    if place is not None and leg is not None:
        _overflow(leg, place, TIMEOUT, Cause.NO_ANSWER, parts, apply, now)


def _overflow(
    leg: Leg,
    place: PlaceInLine,
    reason: str,
    cause: Cause,
    parts: Parts,
    apply: Apply,
    now: float,
) -> None:
    to = place.rules.overflow
    place.overflows += 1
    if (
        to is None
        or place.overflows > MAX_OVERFLOWS
        or not _sent_on(leg, place, to, reason, parts, apply, now)
    ):
        place.leave(reason, now)
        referring.hunt_failed(leg, Verdict(cause), parts, apply, now)


def _sent_on(
    leg: Leg, place: PlaceInLine, to: str, reason: str, parts: Parts, apply: Apply, now: float
) -> bool:
    """Have somebody else rung in place of the group, or a context take the call, where that can
    be."""
    if _taken_by_context(leg, place, to, reason, parts, apply, now):
        return True
    try:
        route = parts.dialling.find_target(leg, to)
    except Refused:
        return False
    if isinstance(route, ProgramPlan):
        return False
    place.leave(reason, now, to=route.plan.party)
    parts.legs.replace(leg, Hunt(route.channels))
    parts.plan = parts.dialling.go_to(leg, route)
    rung_times.begin(route.plan, parts, now)
    if route.plan.queued:
        begin(route.plan, parts, apply, now)
    else:
        parts.waiting.ringback()
        parts.dialling.dial(parts.legs.hunt(leg).channels.values(), route.plan)
    return True


def _taken_by_context(
    leg: Leg, place: PlaceInLine, to: str, reason: str, parts: Parts, apply: Apply, now: float
) -> bool:
    """Whether it is a context that takes the call; not where who waits is not answered yet, is only
    just called, or is in the hands of another program."""
    there = parts.legs.winner(other(leg)) is not None
    if not there or not into_program.goes_on(leg, parts):
        return False
    program = parts.dialling.find_program(leg, to)
    if program is None:
        return False
    place.leave(reason, now, to=program.party)
    apply(into_program.take_place(leg, program, parts), now)
    return True
