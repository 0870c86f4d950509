"""The journal in memory: the port's promises without a disk.

A single writer commits in the background: what was appended since its last step becomes visible at
once and in order, as the batches of a database would. All of it is gone with the process, which is
what the epoch tells the readers of the next one.
"""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid
from collections.abc import Callable, Mapping, Sequence

from cordboard.calls.events import CallEvent, Recorded
from cordboard.calls.owing import Owed
from cordboard.calls.people.agents import AgentState, Place
from cordboard.calls.people.wrap_ups import WrapUp
from cordboard.directory.forwarding import Forwarding
from cordboard.journal.at_hand import Bounds
from cordboard.journal.entry import Entry
from cordboard.journal.figures import JournalFigures
from cordboard.journal.listing import End, Wanted, ended_behind
from cordboard.journal.log import LogReader, Unreadable
from cordboard.journal.memory_ledger import LooksIntoLedger, MemoryLedger
from cordboard.journal.memory_outbox import MemoryOutbox
from cordboard.journal.memory_recordings import MemoryRecordings
from cordboard.journal.outbox import AlsoOwed, Attempt, Backlog, Fate, Posted
from cordboard.journal.port import (
    SECRET_OCTETS,
    CallRecord,
    JournalUnavailable,
    KeptKey,
    Key,
    KeyTaken,
    Reader,
    ResyncNeeded,
    Snapshot,
)
from cordboard.journal.recordings import KeptRecording, WantedRecordings
from cordboard.journal.view import View

PENDING_EVENTS = 50_000
"""Uncommitted events at which new requests are refused: several seconds of the heaviest load."""


class MemoryJournal(LooksIntoLedger):
    """A :class:`~cordboard.journal.port.Journal` for one process and one event loop.

    ``wall`` tells the time in seconds since the epoch.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        bounds: Bounds | None = None,
        *,
        pending_events: int = PENDING_EVENTS,
    ) -> None:
        self._view = View(uuid.uuid4().hex[:12], bounds or Bounds())
        self._wall = wall
        self._pending_events = pending_events
        self._accepting: set[tuple[str, str, str]] = set()
        self._pending: list[Entry] = []
        self._pending_count = 0
        self._committed: asyncio.Future[None] | None = None
        self._outbox = MemoryOutbox()
        self._recordings = MemoryRecordings()
        self._ledger = MemoryLedger()
        self._secret = secrets.token_bytes(SECRET_OCTETS)
        self._told: Callable[[Owed], None] | None = None
        self._bindings: dict[str, str] = {}
        self.figures = JournalFigures()
        """Of its commits none is timed: they take no time."""

    @property
    def epoch(self) -> str:
        """The incarnation of this journal."""
        return self._view.epoch

    @property
    def secret(self) -> bytes:
        """What is signed with: gone with the process, as all else."""
        return self._secret

    async def start(self) -> None:
        """There is nothing to open."""

    async def close(self) -> None:
        """Commit what was appended."""
        await self.flush()

    @property
    def fault(self) -> str | None:
        """It can always be written."""
        return None

    @property
    def waiting_events(self) -> int:
        """Events that wait for their commit."""
        return self._pending_count

    def on_owed(self, told: Callable[[Owed], None]) -> None:
        """Say who is told of callbacks; see the port."""
        self._told = told

    def owe_also(self, also: AlsoOwed) -> None:
        """Say what is owed to others; see the port."""
        self._view.also = also

    async def accept(
        self, record: CallRecord, events: Sequence[CallEvent], key: Key | None = None
    ) -> None:
        """Store an accepted request with its first events and its key; see the port."""
        if self._pending_count + len(events) > self._pending_events:
            self.figures.refused += 1
            raise JournalUnavailable(f"{self._pending_count} events wait for their commit")
        if key is not None:
            name = (record.tenant, record.account, key.value)
            if name in self._accepting or self._view.kept_key(*name) is not None:
                raise KeyTaken(record.id)
            self._accepting.add(name)
        entry = Entry(record.tenant, self._wall(), tuple(events), record, key)
        await asyncio.shield(self._put(entry))

    async def kept_key(self, tenant: str, account: str, value: str) -> KeptKey | None:
        """A key that was used; see the port."""
        return self._view.kept_key(tenant, account, value)

    async def commit(self, tenant: str, events: Sequence[CallEvent]) -> None:
        """Put events behind those that are there; see the port."""
        await asyncio.shield(self._put(Entry(tenant, self._wall(), tuple(events))))

    def wrap_ups(self, tenant: str) -> Mapping[int, WrapUp]:
        """Who of a tenant wraps up, or did."""
        return self._view.wrap_ups(tenant)

    def agents(self, tenant: str) -> Mapping[Place, AgentState]:
        """How members stand; see the port."""
        return self._view.agents(tenant)

    def forwardings(self, tenant: str) -> Mapping[int, Forwarding]:
        """Where users' calls go; see the port."""
        return self._view.forwardings(tenant)

    def put_bindings(self, account: str, contacts: str | None) -> None:
        """Keep where a terminal is registered; see the port."""
        if contacts is None:
            self._bindings.pop(account, None)
        else:
            self._bindings[account] = contacts

    async def bindings(self) -> dict[str, str]:
        """What is kept of each terminal."""
        return dict(self._bindings)

    def append(self, tenant: str, events: Sequence[CallEvent]) -> None:
        """Put events behind those that are there; see the port."""
        if events:
            self._put(Entry(tenant, self._wall(), tuple(events)))

    async def flush(self) -> None:
        """Wait until all that was appended before is committed."""
        if self._committed is not None:
            await asyncio.shield(self._committed)

    async def call(self, tenant: str, call: str) -> CallRecord | None:
        """A call of a tenant, or None."""
        known = self._view.call(tenant, call)
        return known.record if known is not None else None

    async def calls(self, tenant: str, wanted: Wanted) -> tuple[CallRecord, ...]:
        """The calls of a tenant that are wanted; see the port."""
        return self._view.calls(tenant, wanted)

    async def ended(self, tenant: str, behind: End | None, limit: int) -> tuple[CallRecord, ...]:
        """The next calls of a tenant that are over; see the port."""
        return ended_behind(self._view.records(tenant), behind, limit)

    async def events_of(self, tenant: str, call: str) -> tuple[Recorded, ...]:
        """The committed events of a call, in order; beyond the bound only its end."""
        known = self._view.call(tenant, call)
        return tuple(known.events) if known is not None else ()

    async def events_of_calls(
        self, tenant: str, calls: Sequence[str]
    ) -> dict[str, tuple[Recorded, ...]]:
        """The committed events of several calls; see the port."""
        return {call: await self.events_of(tenant, call) for call in calls}

    async def unfinished(self) -> tuple[CallRecord, ...]:
        """The calls that have no result; see the port."""
        return self._view.unfinished()

    def snapshot(self, tenant: str) -> Snapshot:
        """What lives of a tenant; see the port."""
        return self._view.snapshot(tenant)

    def last_seq(self, tenant: str) -> int:
        """The number of the last committed event of a tenant."""
        return self._view.last_seq(tenant)

    def read(self, tenant: str, after: str | None = None) -> Reader:
        """Follow a tenant's events; see the port."""
        log = self._view.log(tenant)
        try:
            position = self._view.position(tenant, after)
        except ResyncNeeded as reason:
            return Unreadable(str(reason))
        return LogReader(log, position)

    def read_all(self) -> Reader:
        """Follow the events of all tenants from now on."""
        return LogReader(self._view.all, self._view.all.last)

    # Recordings

    async def recording(self, tenant: str, recording: str) -> KeptRecording | None:
        """A recording of a tenant; see the port."""
        return self._recordings.of(tenant, recording)

    async def recordings(self, tenant: str, wanted: WantedRecordings) -> tuple[KeptRecording, ...]:
        """Those of a tenant that are wanted; see the port."""
        return self._recordings.wanted(tenant, wanted)

    async def expired(self, before: float, limit: int) -> tuple[KeptRecording, ...]:
        """Those that may be deleted; see the port."""
        return self._recordings.expired(before, limit)

    # The outbox

    async def due(self, before: float, limit: int) -> tuple[Posted, ...]:
        """Pending callbacks that are due; see the port."""
        return self._outbox.due(before, limit)

    def attempted(self, id: str, attempt: Attempt, fate: Fate, next_at: float | None) -> None:  # noqa: A002 - as the port has it
        """Write down an attempt; see the port."""
        self._outbox.attempted(id, attempt, fate, next_at)

    async def put_off(self, ids: Sequence[str], until: float) -> None:
        """Leave pending callbacks for later; see the port."""
        self._outbox.put_off(ids, until)

    async def backlog(self) -> Backlog:
        """What is pending; see the port."""
        return self._outbox.backlog()

    async def posted(
        self, tenant: str, *, call: str | None = None, before: float | None = None, limit: int = 100
    ) -> tuple[Posted, ...]:
        """Callbacks of a tenant; see the port."""
        return self._outbox.posted(tenant, call, before, limit)

    async def callback(self, tenant: str, id: str) -> Posted | None:  # noqa: A002
        """A callback of a tenant; see the port."""
        return self._outbox.of(tenant, id)

    async def attempts(self, tenant: str, id: str) -> tuple[Attempt, ...]:  # noqa: A002
        """The attempts to deliver a callback; see the port."""
        return self._outbox.attempts(tenant, id)

    async def again(self, tenant: str, id: str, at: float) -> Posted | None:  # noqa: A002
        """Have a callback delivered once more; see the port."""
        return self._outbox.again(tenant, id, at)

    def _put(self, entry: Entry) -> asyncio.Future[None]:
        """Hand an entry to the writer; the result is done when it is committed."""
        if self._committed is None:
            loop = asyncio.get_running_loop()
            self._committed = loop.create_future()
            loop.call_soon(self._commit)
        self._pending.append(entry)
        self._pending_count += len(entry.events)
        return self._committed

    def _commit(self) -> None:
        """The writer's step: everything that waits becomes visible, in order."""
        entries, self._pending, self._pending_count = self._pending, [], 0
        committed, self._committed = self._committed, None
        self._accepting.clear()
        numbered = self._view.number(entries)
        self._view.commit(numbered)
        self._recordings.commit(numbered.further)
        self._ledger.commit(numbered.further)
        if committed is not None:
            committed.set_result(None)
        for one in numbered.owed:
            self._outbox.put(one)
            if self._told is not None:
                self._told(one)
