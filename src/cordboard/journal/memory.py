"""The journal in memory: the port's promises without a disk.

A single writer commits in the background: what was appended since its last step becomes visible at
once and in order, as the batches of a database would. All of it is gone with the process, which is
what the epoch tells the readers of the next one.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from cordboard.calls.events import CallEvent, EventKind, Recorded
from cordboard.journal.log import Log, LogReader, Unreadable
from cordboard.journal.port import (
    CallRecord,
    JournalUnavailable,
    KeptKey,
    Key,
    KeyTaken,
    Reader,
)

HISTORY_PER_TENANT = 20_000
"""Events a tenant's readers can go back; at about 12 events a call and 700 bytes each, 14 MB."""

HISTORY_OF_ALL = 100_000
"""Events a reader of all tenants can be behind: over 10 s at 600 calls a second."""

ENDED_CALLS_PER_TENANT = 2_000
"""Calls of a tenant that can be looked at after their end."""

EVENTS_PER_CALL = 1_000
"""Events that are kept with their call; only keypad digits and holds can be so many."""

PENDING_EVENTS = 50_000
"""Uncommitted events at which new requests are refused: several seconds of the heaviest load."""


@dataclass(slots=True)
class _Entry:
    """A call with its own events."""

    record: CallRecord
    key: str | None = None
    events: list[Recorded] = field(default_factory=list)


@dataclass(slots=True)
class _Batch:
    """What one append or accept brought, with the time it happened."""

    tenant: str
    at: float
    events: tuple[CallEvent, ...]
    record: CallRecord | None = None
    key: str | None = None


class _Tenant:
    """A tenant's log and calls."""

    __slots__ = ("calls", "ended", "log")

    def __init__(self, history: int) -> None:
        self.log = Log(history)
        self.calls: dict[str, _Entry] = {}
        self.ended: deque[str] = deque()


class MemoryJournal:
    """A :class:`~cordboard.journal.port.Journal` for one process and one event loop.

    ``wall`` tells the time in seconds since the epoch; the others are the bounds above.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        *,
        history: int = HISTORY_PER_TENANT,
        history_of_all: int = HISTORY_OF_ALL,
        ended_calls: int = ENDED_CALLS_PER_TENANT,
        events_per_call: int = EVENTS_PER_CALL,
        pending_events: int = PENDING_EVENTS,
    ) -> None:
        self._epoch = uuid.uuid4().hex[:12]
        self._wall = wall
        self._history = history
        self._ended_calls = ended_calls
        self._events_per_call = events_per_call
        self._pending_events = pending_events
        self._tenants: dict[str, _Tenant] = {}
        self._all = Log(history_of_all)
        self._keys: dict[tuple[str, str, str], KeptKey] = {}
        self._pending: list[_Batch] = []
        self._pending_count = 0
        self._committed: asyncio.Future[None] | None = None

    @property
    def epoch(self) -> str:
        """The incarnation of this journal."""
        return self._epoch

    async def start(self) -> None:
        """There is nothing to open."""

    async def close(self) -> None:
        """Commit what was appended."""
        await self.flush()

    async def accept(
        self, record: CallRecord, events: Sequence[CallEvent], key: Key | None = None
    ) -> None:
        """Store an accepted request with its first events and its key; see the port."""
        if self._pending_count + len(events) > self._pending_events:
            raise JournalUnavailable(f"{self._pending_count} events wait for their commit")
        if key is not None:
            name = (record.tenant, record.account, key.value)
            if name in self._keys:
                raise KeyTaken(record.id)
            self._keys[name] = KeptKey(key, record.id)
        batch = _Batch(
            record.tenant, self._wall(), tuple(events), record, key.value if key else None
        )
        await asyncio.shield(self._put(batch))

    async def kept_key(self, tenant: str, account: str, value: str) -> KeptKey | None:
        """A key that was used; see the port."""
        return self._keys.get((tenant, account, value))

    def append(self, tenant: str, events: Sequence[CallEvent]) -> None:
        """Put events behind those that are there; see the port."""
        if events:
            self._put(_Batch(tenant, self._wall(), tuple(events)))

    async def flush(self) -> None:
        """Wait until all that was appended before is committed."""
        if self._committed is not None:
            await asyncio.shield(self._committed)

    async def call(self, tenant: str, call: str) -> CallRecord | None:
        """A call of a tenant, or None."""
        entry = self._entry(tenant, call)
        return entry.record if entry is not None else None

    async def events_of(self, tenant: str, call: str) -> tuple[Recorded, ...]:
        """The committed events of a call, in order; beyond the bound only its end."""
        entry = self._entry(tenant, call)
        return tuple(entry.events) if entry is not None else ()

    def last_seq(self, tenant: str) -> int:
        """The number of the last committed event of a tenant."""
        known = self._tenants.get(tenant)
        return known.log.last if known is not None else 0

    def read(self, tenant: str, after: str | None = None) -> Reader:
        """Follow a tenant's events; see the port."""
        log = self._tenant(tenant).log
        if after is None:
            return LogReader(log, log.last)
        epoch, _, number = after.rpartition(":")
        if epoch != self._epoch or not (number.isascii() and number.isdigit()):
            return Unreadable("the cursor is of another epoch")
        position = int(number[:20])
        if position > log.last:
            return Unreadable("the cursor is ahead of the log")
        return LogReader(log, position)

    def read_all(self) -> Reader:
        """Follow the events of all tenants from now on."""
        return LogReader(self._all, self._all.last)

    def _put(self, batch: _Batch) -> asyncio.Future[None]:
        """Hand a batch to the writer; the result is done when it is committed."""
        if self._committed is None:
            loop = asyncio.get_running_loop()
            self._committed = loop.create_future()
            loop.call_soon(self._commit)
        self._pending.append(batch)
        self._pending_count += len(batch.events)
        return self._committed

    def _commit(self) -> None:
        """The writer's step: everything that waits becomes visible, in order."""
        batches, self._pending, self._pending_count = self._pending, [], 0
        committed, self._committed = self._committed, None
        logs = {self._write(batch) for batch in batches}
        for log in (*logs, self._all):
            log.wake()
        if committed is not None:
            committed.set_result(None)

    def _write(self, batch: _Batch) -> Log:
        tenant = self._tenant(batch.tenant)
        if batch.record is not None:
            tenant.calls[batch.record.id] = _Entry(batch.record, batch.key)
        log = tenant.log
        for event in batch.events:
            recorded = Recorded(self._epoch, log.last + 1, batch.at, batch.tenant, event)
            log.put(recorded)
            self._all.put(recorded)
            entry = tenant.calls.get(event.call)
            if entry is not None:
                self._keep(tenant, entry, recorded)
        return log

    def _keep(self, tenant: _Tenant, entry: _Entry, recorded: Recorded) -> None:
        """Put an event with its call, and let the oldest ended call go where there are too many."""
        event = recorded.event
        if event.kind is EventKind.CALL_ENDED:
            entry.events.append(recorded)
            entry.record = replace(entry.record, ended_at=recorded.at, result=dict(event.data))
            tenant.ended.append(event.call)
            if len(tenant.ended) > self._ended_calls:
                self._forget(tenant, tenant.ended.popleft())
        elif len(entry.events) < self._events_per_call:
            entry.events.append(recorded)

    def _forget(self, tenant: _Tenant, call: str) -> None:
        """Let go of a call, and of the key that it was accepted with."""
        entry = tenant.calls.pop(call, None)
        if entry is not None and entry.key is not None:
            self._keys.pop((entry.record.tenant, entry.record.account, entry.key), None)

    def _tenant(self, tenant: str) -> _Tenant:
        known = self._tenants.get(tenant)
        if known is None:
            known = self._tenants[tenant] = _Tenant(self._history)
        return known

    def _entry(self, tenant: str, call: str) -> _Entry | None:
        known = self._tenants.get(tenant)
        return known.calls.get(call) if known is not None else None
