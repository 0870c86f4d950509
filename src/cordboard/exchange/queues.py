"""The queues of groups as they are now: who waits in which place, for how long, and for whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import monotonic

from cordboard.calls.events import Json
from cordboard.calls.people.lines import Caller
from cordboard.calls.people.strategies import Candidate
from cordboard.directory.model import Group
from cordboard.directory.snapshot import TenantDirectory
from cordboard.exchange.switchboard import LiveSwitchboard


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call in a queue, with the ``party`` of it that waits, as events show it, on its
    ``channel``: ``since`` is seconds since 1970, ``served`` whether somebody is rung for it."""

    call: str
    place: int
    since: float
    served: bool
    party: Json
    channel: str | None


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
        self,
        switchboard: LiveSwitchboard,
        wall: Callable[[], float],
        look: Callable[[str], None],
    ) -> None:
        self._switchboard = switchboard
        self._wall = wall
        self._look = look

    def somebody_may_be_free(self, tenant: str) -> None:
        """An agent has logged in, or pauses no longer."""
        self._look(tenant)

    def of(self, tenant: str, group: int) -> tuple[Waiting, ...]:
        """Who waits for a group, in their order."""
        ahead = self._wall() - monotonic()
        return tuple(
            Waiting(one.call, place, one.since + ahead, one.served, one.party, one.channel)
            for place, one in enumerate(self._switchboard.lines.line(tenant, group), 1)
        )

    def agents(self, tenant: TenantDirectory, group: Group) -> tuple[Candidate, ...]:
        """The members of a group, each with what keeps him from being rung now."""
        return self._switchboard.group(tenant, group).members

    def each(self) -> Iterator[Line]:
        """The queues in which anybody is."""
        now = monotonic()
        for tenant, group, callers in self._switchboard.lines.each():
            yield Line(tenant, group, len(callers), _longest(callers, now))


def _longest(callers: tuple[Caller, ...], now: float) -> float:
    return max(0.0, now - callers[0].since)
