"""A blind transfer: one party stays and is connected with somebody else, the other one is hung up.

Whom it is connected with takes the place of who was hung up, so that first stays first. The party
that stays hears ringback meanwhile, or the early media of whom it waits for; and why, where that
one can't be had. Then the call is over, for there is nobody to go back to.
"""

from __future__ import annotations

from cordboard.calls import climbing
from cordboard.calls.causes import Cause
from cordboard.calls.hunt import Hunt
from cordboard.calls.legs import other
from cordboard.calls.parts import Parts


def begin(parts: Parts, now: float) -> None:
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
    parts.waiting.ringback()
    climbing.begin(route.plan, parts, now)
    parts.dialling.dial_all(parts.legs.hunt(leg), route.plan)
