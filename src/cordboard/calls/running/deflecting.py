"""A client sends a call on that still rings: whom it rings is left alone, and somebody else is rung
in his place, in the same leg and stage. Who waits for an answer hears that it rings; the leg has
failed when nobody answers there either. It may go to a program as well, which is there at once.
"""

from __future__ import annotations

from typing import Final

from cordboard.calls.causes import Cause
from cordboard.calls.planning.plan import ProgramPlan
from cordboard.calls.request import Leg
from cordboard.calls.ringing.hunt import Hunt
from cordboard.calls.ringing.legs import other
from cordboard.calls.running import into_program, queueing, rung_times
from cordboard.calls.running.parts import Apply, Parts
from cordboard.calls.stages import Stage

TRANSFERRED: Final = "transferred"
"""Why who waited for a group does so no longer."""


def may_be_sent_on(leg: Leg, parts: Parts) -> bool:
    """Whether a leg rings, for somebody who waits for it, and no program has it rung."""
    by_program = parts.program is not None and not parts.program.over
    return parts.stage is Stage.RINGING_SECOND and leg is Leg.SECOND and not by_program


def send_on(leg: Leg, to: str, parts: Parts, apply: Apply, now: float) -> tuple[str, ...]:
    """Ring somebody else in place of whom a leg rings; the channels that ring then, none for a
    context or who is to be waited for. Raises :class:`~cordboard.calls.refusals.Refused`; then
    nothing changes."""
    route = parts.dialling.find_target(leg, to)
    goes_to = route.party if isinstance(route, ProgramPlan) else route.plan.party
    party = parts.dialling.party(leg)
    parts.transfers += 1
    parts.hunting.give_up(leg, Cause.NORMAL)
    if parts.place is not None:
        parts.place.leave(TRANSFERRED, now, to=goes_to)
    parts.log.deflected(leg, party, to, goes_to)
    if isinstance(route, ProgramPlan):
        apply(into_program.take_place(leg, route, parts), now)
        return ()
    parts.legs.replace(leg, Hunt(route.channels))
    parts.plan = parts.dialling.go_to(leg, route)
    rung_times.begin(route.plan, parts, now)
    if route.plan.queued:
        queueing.begin(route.plan, parts, apply, now)
        return ()
    if parts.waiting.leg is other(leg):
        parts.waiting.ringback()
    parts.dialling.dial(parts.legs.hunt(leg).channels.values(), route.plan)
    return tuple(channel.id for channel in route.channels)
