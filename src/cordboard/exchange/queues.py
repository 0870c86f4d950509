"""The queues of groups as they are now: who waits in which place, and for how long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import monotonic

from cordboard.calls.lines import Caller, Lines


@dataclass(frozen=True, slots=True)
class Waiting:
    """A caller in a queue: ``since`` is seconds since 1970, ``served`` whether somebody is rung for
    him."""

    call: str
    place: int
    since: float
    served: bool


@dataclass(frozen=True, slots=True)
class Line:
    """The queue of a group of a tenant, by the group's id; ``longest`` is how many seconds the
    first of it has waited."""

    tenant: str
    group: int
    callers: int
    longest: float


class Queues:
    """Those of all tenants. ``wall`` is seconds since 1970; ``look`` has those of a tenant who wait
    look whether somebody is free."""

    def __init__(
        self, lines: Lines, wall: Callable[[], float], look: Callable[[str], None]
    ) -> None:
        self._lines = lines
        self._wall = wall
        self._look = look

    def somebody_may_be_free(self, tenant: str) -> None:
        """An agent has logged in, or pauses no longer."""
        self._look(tenant)

    def of(self, tenant: str, group: int) -> tuple[Waiting, ...]:
        """The callers of a group in their order."""
        ahead = self._wall() - monotonic()
        return tuple(
            Waiting(one.call, place, one.since + ahead, one.served)
            for place, one in enumerate(self._lines.line(tenant, group), 1)
        )

    def each(self) -> Iterator[Line]:
        """The queues in which anybody is."""
        now = monotonic()
        for tenant, group, callers in self._lines.each():
            yield Line(tenant, group, len(callers), _longest(callers, now))


def _longest(callers: tuple[Caller, ...], now: float) -> float:
    return max(0.0, now - min(one.since for one in callers))
