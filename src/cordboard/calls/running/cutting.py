"""What is due of those who cost something: another slice, or the end of the call where there was no
money for it."""

from __future__ import annotations

from cordboard.calls.causes import Cause
from cordboard.calls.ringing.meter import Meter
from cordboard.calls.running import warning
from cordboard.calls.running.happenings import refuse
from cordboard.calls.running.parts import Apply, Parts
from cordboard.calls.stages import Trigger


def due(meter: Meter, parts: Parts, apply: Apply, now: float) -> None:
    """Renew what can be renewed, and end what has ended. One who is asked yet whether he takes the
    call is hung up alone."""
    meter.due(now)
    for channel in meter.take_cut(now):
        leg = parts.legs.leg_of(channel)
        if leg is not None and parts.legs.winner(leg) == channel:
            apply(Trigger.CREDIT_USED_UP, now)
        elif leg is not None:
            if parts.screening is not None:
                parts.screening.forget(channel)
            refuse(channel, Cause.NO_CREDIT, parts, apply, now)
    warning.plan(parts, now)
