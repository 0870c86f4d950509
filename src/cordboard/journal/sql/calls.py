"""Calls and their events, asked of what is at hand and of the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from cordboard.calls.events import Recorded
from cordboard.journal.listing import End, Standing, Wanted
from cordboard.journal.port import CallRecord
from cordboard.journal.sql.listing import ended, events_of, listed
from cordboard.journal.sql.rows import record_of, recorded_of
from cordboard.journal.sql.store import Store
from cordboard.journal.sql.tables import calls, events
from cordboard.journal.view import View

MAX_EVENTS_OF_CALL: Final = 10_000
"""Events that are read of one call: what a memory journal keeps of it, and much more."""


class SqlCalls:
    """Looks calls up."""

    _store: Store
    _view: View

    async def call(self, tenant: str, call: str) -> CallRecord | None:
        """A call of a tenant, or None."""
        at_hand = self._view.call(tenant, call)
        if at_hand is not None:
            return at_hand.record
        wanted = select(calls).where(calls.c.id == call, calls.c.tenant == tenant)
        async with self._store.asked() as connection:
            row = (await connection.execute(wanted)).mappings().one_or_none()
        return None if row is None else record_of(row)

    async def calls(self, tenant: str, wanted: Wanted) -> tuple[CallRecord, ...]:
        """The calls of a tenant that are wanted; those that are not over are all at hand."""
        if wanted.standing in (Standing.SCHEDULED, Standing.LIVE):
            return self._view.calls(tenant, wanted)
        async with self._store.asked() as connection:
            rows = (await connection.execute(listed(tenant, wanted))).mappings().all()
        return tuple(map(record_of, rows))

    async def ended(self, tenant: str, behind: End | None, limit: int) -> tuple[CallRecord, ...]:
        """The next calls of a tenant that are over."""
        async with self._store.asked() as connection:
            rows = (await connection.execute(ended(tenant, behind, limit))).mappings().all()
        return tuple(map(record_of, rows))

    async def events_of(self, tenant: str, call: str) -> tuple[Recorded, ...]:
        """The committed events of a call, in order."""
        at_hand = self._view.call(tenant, call)
        if at_hand is not None:
            return tuple(at_hand.events)
        return await self._stored_events(tenant, call)

    async def events_of_calls(
        self, tenant: str, calls: Sequence[str]
    ) -> dict[str, tuple[Recorded, ...]]:
        """The committed events of several calls; see the port."""
        found: dict[str, list[Recorded]] = {call: [] for call in calls}
        elsewhere = [call for call in calls if not self._is_at_hand(tenant, call, found[call])]
        if elsewhere:
            async with self._store.asked() as connection:
                rows = (await connection.execute(events_of(tenant, elsewhere))).mappings().all()
            for row in rows:
                found[row["call"]].append(recorded_of(self._view.epoch, row))
        return {call: tuple(some) for call, some in found.items()}

    def _is_at_hand(self, tenant: str, call: str, found: list[Recorded]) -> bool:
        """Whether a call is, whose events are then ``found``."""
        at_hand = self._view.call(tenant, call)
        if at_hand is not None:
            found += at_hand.events
        return at_hand is not None

    async def _stored_events(self, tenant: str, call: str) -> tuple[Recorded, ...]:
        wanted = (
            select(events)
            .where(events.c.call == call, events.c.tenant == tenant)
            .order_by(events.c.seq)
            .limit(MAX_EVENTS_OF_CALL)
        )
        async with self._store.asked() as connection:
            rows = (await connection.execute(wanted)).mappings().all()
        return tuple(recorded_of(self._view.epoch, row) for row in rows)

    async def _left_over(self) -> tuple[CallRecord, ...]:
        """The calls that the last process left without a result."""
        wanted = select(calls).where(calls.c.ended_at.is_(None)).order_by(calls.c.accepted_at)
        async with self._store.engine.connect() as connection:
            rows = (await connection.execute(wanted)).mappings().all()
        return tuple(map(record_of, rows))
