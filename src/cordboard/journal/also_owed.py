"""What is owed because of an event to others than the client who asked for the call.

Who knows of them says so by :class:`~cordboard.journal.outbox.AlsoOwed`. He is asked in the commit
of the event, so that what is owed is there whenever the event is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from cordboard.calls.events import CallEvent, EventKind, Recorded
from cordboard.calls.groups_reached import reaching
from cordboard.calls.owing import Owed
from cordboard.calls.people.agents import NO_CALL
from cordboard.journal.outbox import AlsoOwed


class Together:
    """Several who want to be told, as one."""

    def __init__(self, *several: AlsoOwed) -> None:
        self._several = several

    def concerns(self, tenant: str) -> bool:
        """Whether any of them does."""
        return any(one.concerns(tenant) for one in self._several)

    def owed(
        self, tenant: str, accepted: CallEvent, event: CallEvent, at: float, seq: int
    ) -> Iterator[Owed]:
        """What all of them are owed."""
        for one in self._several:
            yield from one.owed(tenant, accepted, event, at, seq)

    def owed_of_no_call(self, tenant: str, event: CallEvent, at: float, seq: int) -> Iterator[Owed]:
        """The same of an event that is of no call."""
        for one in self._several:
            yield from one.owed_of_no_call(tenant, event, at, seq)


def also_owed(
    also: AlsoOwed,
    tenant: str,
    log: Sequence[Recorded],
    committed_of: Callable[[str, str], Sequence[Recorded]],
) -> Iterator[Owed]:
    """What events of a tenant make owed that are yet to be committed; ``committed_of`` finds those
    of a call that are."""
    coming: dict[str, list[CallEvent]] = {}
    for recorded in log:
        event, at, seq = recorded.event, recorded.at, recorded.seq
        if event.call == NO_CALL:
            yield from also.owed_of_no_call(tenant, event, at, seq)
            continue
        coming.setdefault(event.call, []).append(event)
        committed = (one.event for one in committed_of(tenant, event.call))
        events = chain(committed, coming[event.call])
        first = next(events)
        if first.kind is EventKind.CALL_ACCEPTED:
            yield from also.owed(tenant, reaching(first, events), event, at, seq)
