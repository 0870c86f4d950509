"""Those who talk hear that the call is to end soon, by what was wanted of their legs: before the
longest duration is reached, or the end of what who pays could pay."""

from __future__ import annotations

from typing import Final

from cordboard.calls.planning.plan import LegPlan
from cordboard.calls.request import Leg
from cordboard.calls.running.parts import Parts
from cordboard.calls.stages import Stage

WARNING_SECONDS: Final = 30.0
"""How long before the end they hear it who asked for that: enough for good-byes."""


def plan(parts: Parts, now: float) -> None:
    """Have it heard in time, now that it is known (anew) when the call will end. It is heard once,
    while the same two talk."""
    ends = parts.ends_at
    if parts.stage is not Stage.BRIDGED or parts.times.warned or ends is None:
        return
    if _legs(parts):
        parts.times.warn_at = max(now, ends - WARNING_SECONDS)


def play(parts: Parts) -> None:
    """Its time has come."""
    for leg in _legs(parts):
        parts.bridged.warn(leg)


def _legs(parts: Parts) -> list[Leg]:
    both = ((Leg.FIRST, parts.plan.first), (Leg.SECOND, parts.plan.second))
    return [leg for leg, plan in both if isinstance(plan, LegPlan) and plan.warn]
