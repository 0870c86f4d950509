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
from cordboard.journal.entry import Entry
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
    entries: Sequence[Entry],
    last_seq: Callable[[str], int],
    committed_of: Callable[[str, str], Sequence[Recorded]],
) -> list[Owed]:
    """What entries make owed that are yet to be committed, behind the ``last_seq`` of each tenant;
    ``committed_of`` finds the events of a call that are."""
    found: list[Owed] = []
    numbers: dict[str, int] = {}
    coming: dict[str, list[CallEvent]] = {}
    concerned: dict[str, bool] = {}
    for entry in entries:
        tenant = entry.tenant
        if not entry.events:
            continue
        if tenant not in concerned:
            concerned[tenant] = also.concerns(tenant)
        if not concerned[tenant]:
            continue
        seq = numbers.get(tenant)
        if seq is None:
            seq = last_seq(tenant)
        for event in entry.events:
            seq += 1
            if event.call == NO_CALL:
                found += also.owed_of_no_call(tenant, event, entry.at, seq)
                continue
            coming.setdefault(event.call, []).append(event)
            committed = (one.event for one in committed_of(tenant, event.call))
            events = chain(committed, coming[event.call])
            first = next(events)
            if first.kind is EventKind.CALL_ACCEPTED:
                found += also.owed(tenant, reaching(first, events), event, entry.at, seq)
        numbers[tenant] = seq
    return found
