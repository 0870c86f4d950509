"""The writer's own connection, and the thread that it lives in.

A driver that is asked statement by statement from the event loop changes threads some ten times a
commit, which costs more than the writing. Here a transaction is one errand to one thread, and a
statement is translated into SQL once; its rows go to the driver's own cursor as they are, named as
the columns (SQLAlchemy around each execution would cost as much as the execution).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

from sqlalchemy import Connection, Delete, Dialect, Engine, Insert, Update, func, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from cordboard.journal.sql.errand_thread import ErrandThread
from cordboard.journal.sql.rows import Row
from cordboard.journal.sql.store import PASSIVE_CHECKPOINT
from cordboard.journal.sql.tables import events

Statement = Insert | Update | Delete


def _told_alike(error: Exception, dialect: Dialect) -> BaseException:
    """An error of the driver, as SQLAlchemy names it for all of them."""
    return DBAPIError.instance(None, None, error, dialect.loaded_dbapi.Error, dialect=dialect)


class WritingThread:
    """One connection of ``engine``, opened when it is first needed and again after :meth:`drop`;
    each new one is handed to ``claim`` first.

    Everything raises what the driver and ``claim`` do
    (:class:`sqlalchemy.exc.SQLAlchemyError`, OSError).
    """

    def __init__(self, engine: Engine, claim: Callable[[Connection], None] | None = None) -> None:
        self._engine = engine
        self._claim = claim
        self._thread = ErrandThread("journal")
        self._connection: Connection | None = None
        self._translated: dict[Statement, tuple[str, Row]] = {}
        self.commits = 0
        """How many there were."""

    async def write(self, statements: Iterable[tuple[Statement, list[Row]]]) -> None:
        """Execute statements, each for all its rows, and commit."""
        await self._thread.run(
            self._write, [self._translate(one, rows) for one, rows in statements]
        )

    async def connect(self) -> None:
        """Connect now, where that was not needed yet."""
        await self._thread.run(self._connected)

    async def newest(self, tenant: str) -> int:
        """The highest number of a tenant's events, 0 where there are none."""
        return await self._thread.run(self._newest, tenant)

    async def checkpoint(self) -> None:
        """Have SQLite copy the rest of its log, between two transactions."""
        await self._thread.run(self._checkpoint)

    async def drop(self) -> None:
        """Let go of a connection that may be broken."""
        await self._thread.run(self._drop)

    async def close(self) -> None:
        """Disconnect, and end the thread."""
        await self._thread.run(self._drop)
        await self._thread.run(self._engine.dispose)
        self._thread.close()

    def _translate(self, statement: Statement, rows: list[Row]) -> tuple[str, list[Row]]:
        """SQL, and the rows with what the statement itself says beside them."""
        known = self._translated.get(statement)
        if known is None:
            compiled = statement.compile(
                self._engine, column_keys=list(rows[0]) if rows else None, for_executemany=True
            )
            own = {n: one.value for one, n in compiled.bind_names.items() if not one.required}
            known = self._translated[statement] = (str(compiled), own)
        sql, own = known
        return sql, [row | own for row in rows] if own else rows

    def _connected(self) -> Connection:
        if self._connection is None:
            connection = self._engine.connect()
            if self._claim is not None:
                try:
                    self._claim(connection)
                except BaseException:
                    connection.invalidate()
                    connection.close()
                    raise
            self._connection = connection
        return self._connection

    def _write(self, statements: list[tuple[str, list[Row]]]) -> None:
        connection = self._connected().connection
        dialect = self._engine.dialect
        try:
            cursor = connection.cursor()
            for sql, rows in statements:
                if len(rows) > 1:
                    cursor.executemany(sql, rows)
                else:
                    cursor.execute(sql, *rows)
            cursor.close()
            connection.commit()
        except dialect.loaded_dbapi.Error as error:
            raise _told_alike(error, dialect) from None
        self.commits += 1

    def _checkpoint(self) -> None:
        connection = self._connected()
        connection.exec_driver_sql(PASSIVE_CHECKPOINT)
        connection.rollback()

    def _newest(self, tenant: str) -> int:
        connection = self._connected()
        wanted = select(func.max(events.c.seq)).where(events.c.tenant == tenant)
        found = connection.execute(wanted).scalar_one_or_none()
        connection.rollback()
        return found or 0

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError, OSError):
                connection.invalidate()
            with suppress(SQLAlchemyError, OSError):
                connection.close()
