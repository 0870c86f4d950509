"""The journal in a database."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.exc import SQLAlchemyError

from cordboard.calls.events import CallEvent
from cordboard.calls.owing import Owed
from cordboard.calls.people.agents import AgentState, Place
from cordboard.calls.people.wrap_ups import WrapUp
from cordboard.directory.forwarding import Forwarding
from cordboard.journal.at_hand import Bounds
from cordboard.journal.entry import Entry, Tried
from cordboard.journal.figures import JournalFigures
from cordboard.journal.log import LogReader, Unreadable
from cordboard.journal.memory import PENDING_EVENTS
from cordboard.journal.outbox import AlsoOwed, Attempt, Fate
from cordboard.journal.port import (
    CallRecord,
    JournalUnavailable,
    KeptKey,
    Key,
    KeyTaken,
    Reader,
    ResyncNeeded,
    Snapshot,
    StoreFailed,
)
from cordboard.journal.sql.bindings import read as read_bindings
from cordboard.journal.sql.calls import SqlCalls
from cordboard.journal.sql.facts import epoch_of, secret_of
from cordboard.journal.sql.ledger import SqlLedger
from cordboard.journal.sql.outbox import SqlOutbox
from cordboard.journal.sql.reader import StoreReader
from cordboard.journal.sql.recordings import SqlRecordings
from cordboard.journal.sql.retention import Retention
from cordboard.journal.sql.standing import adopt_standing
from cordboard.journal.sql.store import Store, reason_of
from cordboard.journal.sql.tables import calls, events, tenants
from cordboard.journal.sql.writer import Writer
from cordboard.journal.view import View

KEY_SECONDS: Final = 24 * 3600.0
"""How long a key is kept after the end of its call."""


class SqlJournal(SqlCalls, SqlOutbox, SqlRecordings, SqlLedger):
    """A :class:`~cordboard.journal.port.Journal` in a database, for one process and event loop.

    ``wall`` tells the time in seconds since 1970; ``bounds`` is what is kept at hand beside the
    database, ``keep`` for how many seconds calls are kept after their end (None: for ever).
    :meth:`start` raises :class:`~cordboard.journal.port.StoreFailed`.
    """

    def __init__(
        self,
        store: Store,
        wall: Callable[[], float] = time.time,
        bounds: Bounds | None = None,
        *,
        pending_events: int = PENDING_EVENTS,
        keep: float | None = None,
    ) -> None:
        super().__init__(store)
        self._wall = wall
        self._bounds = bounds or Bounds()
        self._pending_events = pending_events
        self._view = View("", self._bounds)
        self._accepting: set[tuple[str, str, str]] = set()
        self._writer: Writer | None = None
        self._put: Callable[[Entry], None] = _not_started
        self._told: Callable[[Owed], None] | None = None
        self._retention = None if keep is None else Retention(store, keep, wall)
        self._secret: bytes | None = None
        self.figures = JournalFigures()

    @property
    def epoch(self) -> str:
        """The incarnation of this journal: that of its database."""
        return self._view.epoch

    @property
    def secret(self) -> bytes:
        """What is signed with; it lies in the database."""
        assert self._secret is not None, "the journal is not started"
        return self._secret

    async def start(self) -> None:
        """Open the database, and go on where the last process ended."""
        await self._store.open()
        async with self._store.engine.begin() as connection:
            self._secret = await secret_of(connection)
            also = self._view.also
            self._view = View(await epoch_of(connection), self._bounds)
            self._view.also = also
            known = (await connection.execute(select(tenants))).mappings().all()
            for row in known:
                newest = select(func.max(events.c.seq)).where(events.c.tenant == row["tenant"])
                last = (await connection.execute(newest)).scalar_one_or_none() or 0
                self._view.begin(row["tenant"], max(last, row["last_seq"]))
            await adopt_standing(connection, self._view)
        for record in await self._left_over():
            self._view.adopt(record, await self._stored_events(record.tenant, record.id))
        known_tenants = {row["tenant"] for row in known}
        writer = Writer(self._store, self._view, known_tenants, self.figures)
        writer.told = self._told
        try:
            await writer.start()
        except (SQLAlchemyError, OSError) as error:
            await self._store.close()
            raise StoreFailed(f"{self._store}: {reason_of(error)}") from None
        self._writer = writer
        self._put = writer.put
        if self._retention is not None:
            self._retention.start()

    async def close(self) -> None:
        """Commit what was appended, and close the database."""
        if self._retention is not None:
            await self._retention.stop()
        if self._writer is not None:
            if self._writer.fault is None:
                with suppress(JournalUnavailable):
                    await self._writer.flush()
            await self._writer.close()
            self._writer = None
            self._put = _not_started
        await self._store.close()

    @property
    def _open(self) -> Writer:
        assert self._writer is not None, "the journal is not started"
        return self._writer

    @property
    def fault(self) -> str | None:
        """Why nothing can be written just now; see the port."""
        return "the journal is not open" if self._writer is None else self._writer.fault

    @property
    def waiting_events(self) -> int:
        """Events that wait for their commit."""
        return 0 if self._writer is None else self._writer.waiting_events

    def on_owed(self, told: Callable[[Owed], None]) -> None:
        """Say who is told of callbacks; see the port."""
        self._told = told
        if self._writer is not None:
            self._writer.told = told

    def owe_also(self, also: AlsoOwed) -> None:
        """Say what is owed to others; see the port."""
        self._view.also = also

    async def accept(
        self, record: CallRecord, events: Sequence[CallEvent], key: Key | None = None
    ) -> None:
        """Make an accepted request durable; see the port."""
        writer = self._open
        if writer.waiting_events + len(events) > self._pending_events:
            self.figures.refused += 1
            raise JournalUnavailable(f"{writer.waiting_events} events wait for their commit")
        entry = Entry(record.tenant, self._wall(), tuple(events), record, key)
        if key is None:
            await writer.write(entry)
            return
        name = (record.tenant, record.account, key.value)
        if name in self._accepting:
            raise KeyTaken(record.id)
        self._accepting.add(name)
        try:
            if await self.kept_key(*name) is not None:
                raise KeyTaken(record.id)
            await writer.write(entry)
        finally:
            self._accepting.discard(name)

    async def kept_key(self, tenant: str, account: str, value: str) -> KeptKey | None:
        """A key that was used; one whose time is over is set free."""
        at_hand = self._view.kept_key(tenant, account, value)
        if at_hand is not None:
            return at_hand
        mine = (
            calls.c.tenant == tenant,
            calls.c.account == account,
            calls.c.idempotency_key == value,
        )
        wanted = select(calls.c.id, calls.c.request_digest, calls.c.ended_at).where(*mine)
        async with self._store.asked() as connection:
            row = (await connection.execute(wanted)).mappings().one_or_none()
            if row is None:
                return None
            if row["ended_at"] is not None and row["ended_at"] + KEY_SECONDS < self._wall():
                await connection.execute(update(calls).where(*mine).values(idempotency_key=None))
                await connection.commit()
                return None
        return KeptKey(Key(value, row["request_digest"]), row["id"])

    async def commit(self, tenant: str, events: Sequence[CallEvent]) -> None:
        """Put events behind those that are there; see the port."""
        await self._open.write(Entry(tenant, self._wall(), tuple(events)))

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
        self._put(Entry("", self._wall(), bindings=(account, contacts)))

    async def bindings(self) -> dict[str, str]:
        """What is kept of each terminal."""
        async with self._store.engine.connect() as connection:
            return await read_bindings(connection)

    def append(self, tenant: str, events: Sequence[CallEvent]) -> None:
        """Put events behind those that are there; see the port."""
        if events:
            self._put(Entry(tenant, self._wall(), tuple(events)))

    def attempted(self, id: str, attempt: Attempt, fate: Fate, next_at: float | None) -> None:  # noqa: A002 - as the port has it
        """Write down an attempt; see the port."""
        self._put(Entry("", self._wall(), tried=Tried(id, attempt, fate, next_at)))

    async def flush(self) -> None:
        """Wait until all that was appended before is committed."""
        if self._writer is not None:
            await self._writer.flush()

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
        return StoreReader(self._store, log, self.epoch, tenant, position)

    def read_all(self) -> Reader:
        """Follow the events of all tenants from now on."""
        return LogReader(self._view.all, self._view.all.last)


def _not_started(_entry: Entry) -> None:
    raise AssertionError("the journal is not started")
