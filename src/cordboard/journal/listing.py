"""Lists of a tenant's calls: which are wanted, in pages, the newest first.

A page begins behind a call, not at a number, so that calls that come in between shift nothing. Who
takes over what is accounted for reads calls in the order of their ends: only there new ones come at
the end.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cordboard.journal.port import CallRecord


class Standing(Enum):
    """How a call stands, as lists tell it: its time has not come, it is alive, it is over."""

    SCHEDULED = "scheduled"
    LIVE = "live"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a call stands among all: by its acceptance, and calls of one instant by their ids."""

    accepted_at: float
    id: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which calls: those accepted from ``since`` on and before ``until`` (seconds since 1970), at
    most ``limit`` of those behind ``after``, which is newer than all of them. With an ``outcome``
    only calls that are over."""

    limit: int
    external_id: str | None = None
    standing: Standing | None = None
    since: float | None = None
    until: float | None = None
    after: Place | None = None
    outcome: str | None = None

    def has(self, record: CallRecord) -> bool:
        """Whether a call is wanted, however it stands."""
        at = record.accepted_at
        return (
            (self.external_id is None or record.external_id == self.external_id)
            and (self.since is None or at >= self.since)
            and (self.until is None or at < self.until)
            and (self.after is None or place_of(record) < self.after)
            and (self.outcome is None or (record.result or {}).get("outcome") == self.outcome)
        )


@dataclass(frozen=True, slots=True, order=True)
class End:
    """Where a call that is over stands among all of them: by its end."""

    ended_at: float
    id: str = ""


def place_of(record: CallRecord) -> Place:
    """Where a call stands among all."""
    return Place(record.accepted_at, record.id)


def end_of(record: CallRecord) -> End | None:
    """Where a call stands among those that are over; None where it is not."""
    return None if record.ended_at is None else End(record.ended_at, record.id)


def ended_behind(
    records: Iterable[CallRecord], behind: End | None, limit: int
) -> tuple[CallRecord, ...]:
    """The next calls that ended behind another one, of those at hand."""
    over = ((end, record) for record in records if (end := end_of(record)) is not None)
    later = ((end, record) for end, record in over if behind is None or end > behind)
    return tuple(record for _, record in heapq.nsmallest(limit, later, key=lambda one: one[0]))


def newest(records: Iterable[CallRecord], wanted: Wanted) -> tuple[CallRecord, ...]:
    """The page of calls at hand."""
    found = (record for record in records if wanted.has(record))
    return tuple(heapq.nlargest(wanted.limit, found, key=place_of))
