"""The stored directory in a database. Servers and commands may use it at the same time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy import RowMapping, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from cordboard.journal.directory_port import KeptTenant, Overtaken
from cordboard.journal.port import StoreFailed
from cordboard.journal.sql.store import Store, reason_of
from cordboard.journal.sql.tables import directory, meta

GENERATION: Final = "directory"
"""The name of the generation among the facts of the store; the migration puts it there."""


class SqlDirectory:
    """A :class:`~cordboard.journal.directory_port.KeptDirectory` in an open store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def generation(self) -> int:
        """The generation of the moment."""
        async with self._connected() as connection:
            return await _generation(connection)

    async def tenants(self) -> tuple[int, tuple[KeptTenant, ...]]:
        """All tenants by their domains; see the port."""
        wanted = select(directory).order_by(directory.c.tenant)
        while True:
            async with self._connected() as connection:
                before = await _generation(connection)
                rows = (await connection.execute(wanted)).mappings().all()
                unchanged = await _generation(connection) == before
            if unchanged:
                return before, await asyncio.to_thread(_tenants_of, rows)

    async def change(
        self, put: Iterable[KeptTenant], remove: Iterable[str], generation: int
    ) -> int:
        """Put and remove tenants; see the port."""
        new = await asyncio.to_thread(lambda: list(map(_row_of, put)))
        gone = [*remove, *(row["tenant"] for row in new)]
        count = (
            update(meta)
            .where(meta.c.name == GENERATION, meta.c.value == str(generation))
            .values(value=str(generation + 1))
        )
        async with self._connected() as connection:
            if not (await connection.execute(count)).rowcount:
                raise Overtaken
            if gone:
                await connection.execute(delete(directory).where(directory.c.tenant.in_(gone)))
            if new:
                await connection.execute(insert(directory), new)
            await connection.commit()
        return generation + 1

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._store.engine.connect() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise StoreFailed(f"{self._store}: {reason_of(error)}") from None


async def _generation(connection: AsyncConnection) -> int:
    wanted = select(meta.c.value).where(meta.c.name == GENERATION)
    return int((await connection.execute(wanted)).scalar_one())


def _tenants_of(rows: Sequence[RowMapping]) -> tuple[KeptTenant, ...]:
    return tuple(map(_tenant_of, rows))


def _tenant_of(row: RowMapping) -> KeptTenant:
    return KeptTenant(
        row["tenant"], row["source"], row["version"], row["at"], json.loads(row["document"])
    )


def _row_of(tenant: KeptTenant) -> dict[str, Any]:
    return {
        "tenant": tenant.domain,
        "source": tenant.source,
        "version": tenant.version,
        "at": tenant.at,
        "document": json.dumps(tenant.table, ensure_ascii=False, separators=(",", ":")),
    }
