"""The outbox in a database: what is asked of it; its rows are the writer's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select, update

from cordboard.journal.outbox import Attempt, Backlog, Fate, Posted
from cordboard.journal.sql.rows import posted_of
from cordboard.journal.sql.store import Store
from cordboard.journal.sql.tables import attempts, outbox


class SqlOutbox:
    """Looks callbacks up."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def due(self, before: float, limit: int) -> tuple[Posted, ...]:
        """Pending callbacks that are due; see the port."""
        return await self._found(
            select(outbox)
            .where(outbox.c.fate == Fate.PENDING.value, outbox.c.next_at <= before)
            .order_by(outbox.c.next_at)
            .limit(limit)
        )

    async def put_off(self, ids: Sequence[str], until: float) -> None:
        """Leave pending callbacks for later; see the port."""
        theirs = (outbox.c.id.in_(ids), outbox.c.fate == Fate.PENDING.value)
        async with self._store.asked() as connection:
            await connection.execute(update(outbox).where(*theirs).values(next_at=until))
            await connection.commit()

    async def backlog(self) -> Backlog:
        """What is pending; see the port."""
        wanted = select(func.count(), func.min(outbox.c.at)).where(
            outbox.c.fate == Fate.PENDING.value, outbox.c.next_at.is_not(None)
        )
        async with self._store.asked() as connection:
            pending, oldest_at = (await connection.execute(wanted)).one()
        return Backlog(pending, oldest_at)

    async def posted(
        self, tenant: str, *, call: str | None = None, before: float | None = None, limit: int = 100
    ) -> tuple[Posted, ...]:
        """Callbacks of a tenant; see the port."""
        wanted = select(outbox).where(outbox.c.tenant == tenant)
        if call is not None:
            wanted = wanted.where(outbox.c.call == call)
        if before is not None:
            wanted = wanted.where(outbox.c.at < before)
        return await self._found(wanted.order_by(outbox.c.at.desc()).limit(limit))

    async def callback(self, tenant: str, id: str) -> Posted | None:  # noqa: A002
        """A callback of a tenant; see the port."""
        found = await self._found(
            select(outbox).where(outbox.c.tenant == tenant, outbox.c.id == id)
        )
        return found[0] if found else None

    async def attempts(self, tenant: str, id: str) -> tuple[Attempt, ...]:  # noqa: A002 - as the port has it
        """The attempts to deliver a callback; see the port."""
        posted = await self.callback(tenant, id)
        if posted is None or posted.last is None:
            return ()
        wanted = (
            select(attempts)
            .where(attempts.c.callback == id, attempts.c.number < posted.attempts - 1)
            .order_by(attempts.c.number)
        )
        async with self._store.asked() as connection:
            rows = (await connection.execute(wanted)).mappings().all()
        earlier = (Attempt(r["at"], r["status"], r["error"], r["seconds"]) for r in rows)
        return (*earlier, posted.last)

    async def again(self, tenant: str, id: str, at: float) -> Posted | None:  # noqa: A002
        """Have a callback delivered once more; see the port."""
        mine = (outbox.c.tenant == tenant, outbox.c.id == id)
        async with self._store.asked() as connection:
            pending = {"fate": Fate.PENDING.value, "next_at": at}
            await connection.execute(update(outbox).where(*mine).values(pending))
            await connection.commit()
        return await self.callback(tenant, id)

    async def _found(self, wanted: Select[Any]) -> tuple[Posted, ...]:
        async with self._store.asked() as connection:
            rows = (await connection.execute(wanted)).mappings().all()
        return tuple(map(posted_of, rows))
