"""A reader of a tenant's events: of the live log, and of the store where memory does not reach."""

from __future__ import annotations

from collections import deque
from typing import Final

from sqlalchemy import select

from cordboard.calls.events import Recorded
from cordboard.journal.log import Log, LogReader
from cordboard.journal.port import ResyncNeeded
from cordboard.journal.sql.rows import recorded_of
from cordboard.journal.sql.store import Store
from cordboard.journal.sql.tables import events

PAGE: Final = 500
"""Events read at once: some milliseconds of work."""


class StoreReader:
    """Follows a tenant's events behind a position, however far back that is or however slow it is
    followed, as long as the store keeps them."""

    def __init__(self, store: Store, log: Log, epoch: str, tenant: str, position: int) -> None:
        self._store = store
        self._log = log
        self._epoch = epoch
        self._tenant = tenant
        self._position = position
        self._page: deque[Recorded] = deque()
        self._live: LogReader | None = None
        self._closed = False

    def __aiter__(self) -> StoreReader:
        return self

    async def __anext__(self) -> Recorded:
        if self._closed:
            raise StopAsyncIteration
        recorded = await self._next()
        self._position = recorded.seq
        return recorded

    def at_hand(self, most: int) -> list[Recorded]:
        """The next events, of the page that was read or of the live log."""
        if self._closed:
            return []
        if self._live is not None:
            found = self._live.at_hand(most)
        else:
            found = [self._page.popleft() for _ in range(min(most, len(self._page)))]
        if found:
            self._position = found[-1].seq
        return found

    async def aclose(self) -> None:
        """Follow no longer."""
        self._closed = True
        if self._live is not None:
            await self._live.aclose()

    async def _next(self) -> Recorded:
        if not self._page and self._live is None:
            await self._turn()
        if self._live is not None:
            try:
                return await anext(self._live)
            except ResyncNeeded:  # the log has left us behind
                self._live = None
                await self._turn()
        return self._page.popleft() if self._page else await self._next()

    async def _turn(self) -> None:
        """Go over to the live log where it reaches so far back, else read the next page."""
        if self._position + 1 >= self._log.oldest:
            self._live = LogReader(self._log, self._position)
            return
        wanted = (
            select(events)
            .where(events.c.tenant == self._tenant, events.c.seq > self._position)
            .order_by(events.c.seq)
            .limit(PAGE)
        )
        async with self._store.engine.connect() as connection:
            rows = (await connection.execute(wanted)).mappings().all()
        for expected, row in enumerate(rows, self._position + 1):
            if row["seq"] != expected:  # what was between is forgotten
                break
            self._page.append(recorded_of(self._epoch, row))
        if not self._page:
            raise ResyncNeeded("the cursor is older than what is kept")
