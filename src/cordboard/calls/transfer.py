"""A blind transfer: one party stays and is connected with somebody else, the other one is hung up.

Whom it is connected with takes the place of who was hung up, so that first stays first. The party
that stays hears ringback meanwhile, or the early media of whom it waits for; and why, where that
one can't be had. Then the call is over, for there is nobody to go back to.
"""

from __future__ import annotations

from cordboard.calls import queueing, rung_times
from cordboard.calls.causes import Cause
from cordboard.calls.hunt import Hunt
from cordboard.calls.legs import other
from cordboard.calls.parts import Apply, Parts


def begin(parts: Parts, apply: Apply, now: float) -> None:
    """Do what entering the stage needs; ``parts.route`` says where it goes."""
    route = parts.route
    assert route is not None  # who transfers has found one
    leg = route.plan.leg
    parts.hunting.give_up(leg, Cause.NORMAL)
    parts.log.transferring(leg, route.plan, tuple(channel.id for channel in route.channels))
    parts.legs.replace(leg, Hunt(route.channels))
    parts.plan = parts.dialling.go_to(leg, route)
    parts.verdicts.replaced = leg
    parts.bridged.part(leg)
    parts.recording.part()
    parts.waiting.leg = other(leg)
    rung_times.begin(route.plan, parts, now)
    if route.plan.queued:
        queueing.begin(route.plan, parts, apply, now)
        return
    parts.waiting.ringback()
    parts.dialling.dial_all(parts.legs.hunt(leg), route.plan)
