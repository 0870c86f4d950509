"""Whom of a group's members a hunt rings, and in which order.

Theory of operation. A hunt goes up a ladder of rungs: the members of one are rung together, each at
all his phones, and the next one comes when nobody there has answered. What a strategy says is a
pure function of how the members stand; a hunt asks again before each rung, for meanwhile they come
and go. Who can't be rung now is left out, whatever the strategy:

    strategy       a rung is       and comes in the order of
    all            everybody
    penalty        one penalty     penalty
    linear         one member      penalty, priority, place in the directory
    round_robin    one member      penalty, place behind whoever was rung last
    longest_idle   one member      penalty, end of the last call, priority, place
    fewest_calls   one member      penalty, calls taken for the group, end of the last call, place
    random         one member      penalty, the lots that were drawn
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from typing import Any

from cordboard.directory.model import GroupStrategy


class Obstacle(Enum):
    """Why a member can't be rung now."""

    LOGGED_OUT = "logged out"
    PAUSED = "paused"
    BUSY = "busy"
    RINGING = "rung by another call"
    WRAPPING_UP = "wrapping up"
    NOT_REGISTERED = "not registered"
    DO_NOT_DISTURB = "not to be disturbed"

    @property
    def passes(self) -> bool:
        """Whether it is a matter of a call that ends: he is there, but engaged."""
        return self in (Obstacle.BUSY, Obstacle.RINGING, Obstacle.WRAPPING_UP)


@dataclass(frozen=True, slots=True)
class Candidate:
    """How a member of a group stands: ``place`` counts from 0, ``calls`` are those that he took for
    the group, ``idle_since`` is when his last call ended, ``lot`` what was drawn for him."""

    user: int
    name: str
    place: int = 0
    priority: int = 0
    penalty: int = 0
    calls: int = 0
    idle_since: float = -math.inf
    lot: float = 0.0
    obstacle: Obstacle | None = None


@dataclass(frozen=True, slots=True)
class GroupView:
    """The members of a group as they are now; ``last`` is the place of whoever was rung last, -1
    for nobody."""

    members: tuple[Candidate, ...]
    last: int = -1

    @property
    def free(self) -> tuple[Candidate, ...]:
        """Those who can be rung."""
        return tuple(member for member in self.members if member.obstacle is None)


Rung = tuple[Candidate, ...]


def rungs(
    strategy: GroupStrategy, view: GroupView, but: frozenset[int] = frozenset()
) -> tuple[Rung, ...]:
    """The rungs of a hunt, those left out whom it has rung already (the ids in ``but``)."""
    free = [member for member in view.free if member.user not in but]
    if strategy is GroupStrategy.ALL:
        return (tuple(free),) if free else ()
    if strategy is GroupStrategy.PENALTY:
        return tuple(tuple(wave) for _, wave in groupby(sorted(free, key=_penalty), key=_penalty))
    order = _ORDERS[strategy]
    ordered = sorted(free, key=lambda one: (one.penalty, order(one, view.last)))
    return tuple((one,) for one in ordered)


def names(members: Iterable[Candidate]) -> list[str]:
    """The names of members."""
    return [member.name for member in members]


def _penalty(one: Candidate) -> int:
    return one.penalty


_ORDERS: dict[GroupStrategy, Callable[[Candidate, int], tuple[Any, ...]]] = {
    GroupStrategy.LINEAR: lambda one, _last: (one.priority, one.place),
    GroupStrategy.ROUND_ROBIN: lambda one, last: (one.place <= last, one.place),
    GroupStrategy.LONGEST_IDLE: lambda one, _last: (one.idle_since, one.priority, one.place),
    GroupStrategy.FEWEST_CALLS: lambda one, _last: (one.calls, one.idle_since, one.place),
    GroupStrategy.RANDOM: lambda one, _last: (one.lot,),
}
