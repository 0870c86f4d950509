"""The one writer of a journal in a database.

It commits what waits in one transaction: at once where somebody waits for an acceptance, else after
a moment in which more may come. A batch that can't be written is tried again, in order, until it
can: what live calls do is kept, while whoever waits for an acceptance is refused and new requests
are turned away at the door. Only what is committed gets into the view, and thereby to readers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from cordboard.calls.causes import Cause
from cordboard.calls.events import CallEvent, CallResult, EventKind, Outcome
from cordboard.calls.owing import Owed
from cordboard.calls.stages import Stage
from cordboard.journal.entry import Entry
from cordboard.journal.figures import JournalFigures
from cordboard.journal.port import JournalUnavailable
from cordboard.journal.sql.batch import Batch
from cordboard.journal.sql.checkpoints import Checkpoints
from cordboard.journal.sql.faults import (
    Unwritable,
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


class _Waiting:
    """An entry and who waits for its commit."""

    __slots__ = ("done", "entry")

    def __init__(self, entry: Entry, done: asyncio.Future[None] | None) -> None:
        self.entry = entry
        self.done = done


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
        self._owed: Sequence[Owed] = ()
        self._figures = figures
        self._pending: list[_Waiting] = []
        self._work = asyncio.Event()
        self._gathering: asyncio.TimerHandle | None = None
        self._looking: asyncio.TimerHandle | None = None
        self._looks = pauses()
        self._idle = asyncio.Event()
        self._idle.set()
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
        self._add(_Waiting(entry, None))
        if self._gathering is None:
            loop = asyncio.get_running_loop()
            self._gathering = loop.call_later(GATHER_SECONDS, self._work.set)

    async def write(self, entry: Entry) -> None:
        """Write an entry, and return when it is committed; raises :class:`JournalUnavailable`,
        and then it was not written."""
        if self.fault is not None:
            self._figures.refused += 1
            raise JournalUnavailable(self.fault)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._add(_Waiting(entry, done))
        self._work.set()
        await done

    async def flush(self) -> None:
        """Wait until all that was put before is committed; raises :class:`JournalUnavailable` where
        that takes too long."""
        self._work.set()
        try:
            async with asyncio.timeout(FLUSH_SECONDS):
                await self._idle.wait()
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

    def _add(self, waiting: _Waiting) -> None:
        self._pending.append(waiting)
        self.waiting_events += len(waiting.entry.events)
        self._idle.clear()

    async def _run(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            if self._gathering is not None:
                self._gathering.cancel()
                self._gathering = None
            batch, self._pending = self._pending, []
            try:
                if batch:
                    await self._commit(batch)
                if self.fault is not None:
                    await self._look_for_room()
            except Exception:
                _log.exception("the journal's writer stumbled")
            if not self._pending:
                self._idle.set()

    async def _commit(self, batch: list[_Waiting]) -> None:
        """Commit a batch, however long it takes; of those that are refused nothing."""
        wait = pauses()
        while batch:
            try:
                if await self._written(batch):
                    break
            except Unwritable:
                await self._leave_out_what_is_unwritable(batch)
                return
            survivors = self._refuse_who_waits(batch)
            if await self._is_there(batch, wait):
                self._end_refused(batch, survivors)
                break
            batch = survivors
        self._publish(batch)

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

    async def _written(self, batch: list[_Waiting]) -> bool:
        try:
            await self._write([waiting.entry for waiting in batch])
        except Exception as error:
            self._figures.failed += 1
            await self._database.drop()
            reason = reason_of(error)
            if is_of_the_data(error):
                raise Unwritable(f"{type(error).__name__}: {reason}") from None
            if self.fault is None:
                _log.error("the journal can't be written", reason=reason)
            self.fault = fault_of(reason)
            return False
        return True

    async def _leave_out_what_is_unwritable(self, batch: list[_Waiting]) -> None:
        """One entry that no database takes (a fault of ours) is not to keep all others waiting."""
        if len(batch) > 1:
            for waiting in batch:
                await self._commit([waiting])
            return
        for waiting in batch:
            self._figures.lost += 1
            _log.error("an entry of the journal is lost", tenant=waiting.entry.tenant)
            self.waiting_events -= len(waiting.entry.events)
            if waiting.done is not None and not waiting.done.done():
                waiting.done.set_exception(JournalUnavailable("it can't be written down"))

    def _refuse_who_waits(self, batch: list[_Waiting]) -> list[_Waiting]:
        """Nobody is to wait for a disk; gives what is to be written all the same."""
        fault = self.fault or ""
        for waiting in (*batch, *self._pending):
            if waiting.done is not None:
                self._figures.refused += 1
                self.waiting_events -= len(waiting.entry.events)
                if not waiting.done.done():  # whoever waited may have gone
                    waiting.done.set_exception(JournalUnavailable(fault))
        self._pending = [waiting for waiting in self._pending if waiting.done is None]
        return [waiting for waiting in batch if waiting.done is None]

    async def _is_there(self, batch: list[_Waiting], wait: Iterator[float]) -> bool:
        """Whether a batch is there although its commit seemed to fail: the answer to a COMMIT may
        be lost where its effect is not. Asks until the database answers."""
        while True:
            await asyncio.sleep(next(wait))
            try:
                return await self._is_numbered([waiting.entry for waiting in batch])
            except (SQLAlchemyError, OSError) as error:
                self.fault = fault_of(reason_of(error))
                await self._database.drop()

    async def _is_numbered(self, entries: list[Entry]) -> bool:
        """Whether the first event of a batch has its number in the database."""
        first = next((entry for entry in entries if entry.events), None)
        if first is None:
            return False
        return await self._database.newest(first.tenant) > self._view.last_seq(first.tenant)

    def _end_refused(self, batch: list[_Waiting], survivors: list[_Waiting]) -> None:
        """Whoever was refused is not to find his call alive: it gets its end."""
        for waiting in batch:
            if waiting not in survivors:
                self.waiting_events += len(waiting.entry.events)
                record = waiting.entry.record
                if record is not None:
                    refused = CallResult(Outcome.REFUSED, Cause.INTERRUPTED, Stage.ACCEPTED.value)
                    end = CallEvent(EventKind.CALL_ENDED, record.id, data=refused.as_dict())
                    self.put(Entry(record.tenant, waiting.entry.at, (end,)))

    async def _write(self, entries: list[Entry]) -> None:
        figures = self._figures
        began = figures.writing_since = time.perf_counter()
        try:
            batch = Batch(entries, self._view, self._known_tenants)
            self._owed = batch.owed
            await self._database.write(batch.statements())
        finally:
            figures.writing_since = None
        self._known_tenants.update(batch.tenants)
        figures.batches.add(time.perf_counter() - began)

    def _publish(self, batch: list[_Waiting]) -> None:
        news, self._owed = self._owed, ()
        logs = {self._view.commit(waiting.entry) for waiting in batch}
        for log in (*logs, self._view.all):
            log.wake()
        for waiting in batch:
            self.waiting_events -= len(waiting.entry.events)
            if waiting.done is not None and not waiting.done.done():
                waiting.done.set_result(None)
        for one in news:
            self._view.told(one)
            if self.told is not None:
                self.told(one)
