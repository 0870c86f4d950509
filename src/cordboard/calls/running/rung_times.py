"""How long a leg rings: all in all, and whom it rings now."""

from __future__ import annotations

from cordboard.calls.planning.plan import LegPlan
from cordboard.calls.running.parts import Parts
from cordboard.directory.model import GroupStrategy


def begin(plan: LegPlan, parts: Parts, now: float) -> None:
    """A leg begins to ring: its whole time runs, and that of the first rung."""
    parts.times.stage_ends = now + plan.timeout
    if plan.hunt is not None or plan.forwards is not None:
        begin_rung(plan, parts, now)


def begin_rung(plan: LegPlan, parts: Parts, now: float) -> None:
    """Others are rung: those of a group for an attempt, a user until nobody has answered."""
    hunt = plan.hunt
    if hunt is not None and hunt.strategy is not GroupStrategy.ALL:
        parts.times.rung_ends = now + hunt.attempt
    elif plan.forwards is not None and plan.forwards.no_answer is not None:
        parts.times.rung_ends = now + plan.forwards.after
