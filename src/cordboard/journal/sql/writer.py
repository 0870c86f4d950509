"""The one writer of a journal in a database.

It commits what waits in one transaction: at once where somebody waits for an acceptance, else after
a moment in which more may come. A batch that can't be written is tried again, in order, until it
can: what live calls do is kept, while whoever waits for an acceptance is refused and new requests
are turned away at the door. Only what is committed gets into the view, and thereby to readers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from cordboard.calls.causes import Cause
from cordboard.calls.events import CallEvent, CallResult, EventKind, Outcome
from cordboard.calls.owing import Owed
from cordboard.calls.stages import Stage
from cordboard.journal.entry import Entry
from cordboard.journal.figures import JournalFigures
from cordboard.journal.numbered import Numbered
from cordboard.journal.port import JournalUnavailable
from cordboard.journal.sql.batch import changes
from cordboard.journal.sql.checkpoints import Checkpoints
from cordboard.journal.sql.faults import (
    fault_of,
    is_of_the_data,
    pauses,
    room_for_requests,
)
from cordboard.journal.sql.sole_writer import SoleWriter
from cordboard.journal.sql.store import Store, reason_of
from cordboard.journal.sql.writing_thread import WritingThread
from cordboard.journal.view import View
from cordboard.tasks import cancelled

_log = structlog.get_logger(__name__)

GATHER_SECONDS: Final = 0.01
"""How long events wait for others, with which they share a commit: readers don't notice, and a call
that comes alone makes two or three commits and not five."""

FLUSH_SECONDS: Final = 10.0
"""How long somebody waits for all that was put; a server that stops has to end some time."""


class Writer:
    """Writes to ``store`` and puts what is committed into ``view``; ``known_tenants`` have their
    rows already; ``figures`` says what was done."""

    def __init__(
        self, store: Store, view: View, known_tenants: set[str], figures: JournalFigures
    ) -> None:
        claim = None if store.is_sqlite else SoleWriter().claim
        self._database = WritingThread(store.writers_engine(), claim)
        self._checkpoints: Checkpoints | None = None
        if store.is_sqlite:
            database = self._database
            self._checkpoints = Checkpoints(store, lambda: database.commits, database.checkpoint)
        self._view = view
        self._known_tenants = known_tenants
        self._figures = figures
        self._pending: list[Entry] = []
        self._work = asyncio.Event()
        self._gathering: asyncio.TimerHandle | None = None
        self._looking: asyncio.TimerHandle | None = None
        self._looks = pauses()
        self._is_busy = False
        self._idle: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self.fault: str | None = None
        """Why nothing can be written just now; None where it can."""
        self.waiting_events = 0
        self.told: Callable[[Owed], None] | None = None
        """Is told of each callback that is owed, once that is committed."""

    async def start(self) -> None:
        """Connect, and begin to write; raises what the driver does, and OSError where another
        server writes."""
        try:
            await self._database.connect()
        except (SQLAlchemyError, OSError):
            await self._database.close()
            raise
        self._task = asyncio.get_running_loop().create_task(self._run())
        if self._checkpoints is not None:
            self._checkpoints.start()

    def put(self, entry: Entry) -> None:
        """Have an entry written in the background."""
        self._pending.append(entry)
        self.waiting_events += len(entry.events)
        if self._gathering is None:
            loop = asyncio.get_running_loop()
            self._gathering = loop.call_later(GATHER_SECONDS, self._work.set)

    def write(self, entry: Entry) -> Awaitable[None]:
        """Write an entry, whose commit is to be waited for; raises :class:`JournalUnavailable`, now
        or then, and then it was not written."""
        if self.fault is not None:
            self._figures.refused += 1
            raise JournalUnavailable(self.fault)
        entry.done = asyncio.get_running_loop().create_future()
        self._pending.append(entry)
        self.waiting_events += len(entry.events)
        self._work.set()
        return entry.done

    async def flush(self) -> None:
        """Wait until all that was put before is committed; raises :class:`JournalUnavailable` where
        that takes too long."""
        if not self._pending and not self._is_busy:
            return
        if self._idle is None:
            self._idle = asyncio.get_running_loop().create_future()
        self._work.set()
        try:
            async with asyncio.timeout(FLUSH_SECONDS):
                await asyncio.shield(self._idle)
        except TimeoutError:
            raise JournalUnavailable(self.fault or "the journal is too slow") from None

    async def close(self) -> None:
        """Stop writing; what is not committed by then is lost."""
        if self._checkpoints is not None:
            await self._checkpoints.stop()
        await cancelled(self._task)
        if self._looking is not None:
            self._looking.cancel()
        await self._database.close()

    async def _run(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            if self._gathering is not None:
                self._gathering.cancel()
                self._gathering = None
            batch, self._pending = self._pending, []
            self._is_busy = True
            try:
                if batch:
                    await self._commit(batch)
                if self.fault is not None:
                    await self._look_for_room()
            except Exception:
                _log.exception("the journal's writer stumbled")
            self._is_busy = False
            if self._idle is not None and not self._pending:
                self._idle.set_result(None)
                self._idle = None

    async def _commit(self, batch: list[Entry]) -> None:
        """Commit a batch, however long it takes; of those that are refused nothing."""
        wait: Iterator[float] | None = None
        while batch:
            numbered: Numbered | None = None
            try:
                numbered = self._view.number(batch)
                await self._write(numbered)
            except Exception as error:
                await self._has_failed(error)
                if numbered is None or is_of_the_data(error):
                    await self._leave_out_what_is_unwritable(batch)
                    return
            else:
                self._publish(numbered)
                return
            wait = wait or pauses()
            survivors = self._refuse_who_waits(batch)
            if await self._is_there(batch, wait):
                self._end_refused(batch)
                self._publish(numbered)
                return
            batch = survivors

    async def _look_for_room(self) -> None:
        """Take requests again where there is room for one: what lives may need less."""
        try:
            for statements in room_for_requests():
                await self._database.write(statements)
        except Exception as error:
            self._figures.failed += 1
            await self._database.drop()
            self.fault = fault_of(reason_of(error))
            loop = asyncio.get_running_loop()
            self._looking = loop.call_later(next(self._looks), self._work.set)
        else:
            self.fault = None
            self._looks = pauses()
            _log.info("the journal can be written again")

    async def _has_failed(self, error: Exception) -> None:
        """A batch was not written; only what is wrong with the database is a fault of its."""
        self._figures.failed += 1
        await self._database.drop()
        if is_of_the_data(error):
            return
        reason = reason_of(error)
        if self.fault is None:
            _log.error("the journal can't be written", reason=reason)
        self.fault = fault_of(reason)

    async def _leave_out_what_is_unwritable(self, batch: list[Entry]) -> None:
        """One entry that no database takes (a fault of ours) is not to keep all others waiting."""
        if len(batch) > 1:
            for entry in batch:
                await self._commit([entry])
            return
        for entry in batch:
            self._figures.lost += 1
            _log.error("an entry of the journal is lost", tenant=entry.tenant)
            self.waiting_events -= len(entry.events)
            if entry.done is not None and not entry.done.done():
                entry.done.set_exception(JournalUnavailable("it can't be written down"))

    def _refuse_who_waits(self, batch: list[Entry]) -> list[Entry]:
        """Nobody is to wait for a disk; gives what is to be written all the same."""
        fault = self.fault or ""
        for entry in (*batch, *self._pending):
            if entry.done is not None:
                self._figures.refused += 1
                self.waiting_events -= len(entry.events)
                if not entry.done.done():  # whoever waited may have gone
                    entry.done.set_exception(JournalUnavailable(fault))
        self._pending = [entry for entry in self._pending if entry.done is None]
        return [entry for entry in batch if entry.done is None]

    async def _is_there(self, batch: list[Entry], wait: Iterator[float]) -> bool:
        """Whether a batch is there although its commit seemed to fail: the answer to a COMMIT may
        be lost where its effect is not. Asks until the database answers."""
        while True:
            await asyncio.sleep(next(wait))
            try:
                return await self._is_numbered(batch)
            except (SQLAlchemyError, OSError) as error:
                self.fault = fault_of(reason_of(error))
                await self._database.drop()

    async def _is_numbered(self, entries: list[Entry]) -> bool:
        """Whether the first event of a batch has its number in the database."""
        first = next((entry for entry in entries if entry.events), None)
        if first is None:
            return False
        return await self._database.newest(first.tenant) > self._view.last_seq(first.tenant)

    def _end_refused(self, batch: list[Entry]) -> None:
        """Whoever was refused is not to find his call alive: it gets its end."""
        for entry in batch:
            if entry.done is not None:
                self.waiting_events += len(entry.events)
                record = entry.record
                if record is not None:
                    refused = CallResult(Outcome.REFUSED, Cause.INTERRUPTED, Stage.ACCEPTED.value)
                    end = CallEvent(EventKind.CALL_ENDED, record.id, data=refused.as_dict())
                    self.put(Entry(record.tenant, entry.at, (end,)))

    async def _write(self, numbered: Numbered) -> None:
        figures = self._figures
        began = figures.writing_since = time.perf_counter()
        try:
            await self._database.write(changes(numbered, self._known_tenants))
        finally:
            figures.writing_since = None
        self._known_tenants.update(numbered.logs)
        figures.batches.add(time.perf_counter() - began)

    def _publish(self, numbered: Numbered) -> None:
        self._view.commit(numbered)
        for entry in numbered.entries:
            self.waiting_events -= len(entry.events)
            if entry.done is not None and not entry.done.done():
                entry.done.set_result(None)
        if self.told is not None:
            for one in numbered.owed:
                self.told(one)
