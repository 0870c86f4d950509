"""The writer's own connection, and the thread that it lives in.

A driver that is asked statement by statement from the event loop changes threads some ten times a
commit, which costs more than the writing. Here a transaction is one errand to one thread, and a
statement is translated into SQL once; its rows go to the driver's own cursor as they are
(SQLAlchemy around each execution would cost as much as the execution).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

from sqlalchemy import Connection, Dialect, Engine, func, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from cordboard.journal.sql.errand_thread import ErrandThread
from cordboard.journal.sql.statement import Change, Statement
from cordboard.journal.sql.store import PASSIVE_CHECKPOINT
from cordboard.journal.sql.tables import events
from cordboard.journal.sql.translation import Translation


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
        self._translations: dict[Statement, Translation] = {}
        self.commits = 0
        """How many there were."""

    def write(self, changes: list[Change]) -> Awaitable[None]:
        """Execute statements, each for all its rows, and commit."""
        return self._thread.run(self._write, changes)

    def connect(self) -> Awaitable[Connection]:
        """Connect now, where that was not needed yet."""
        return self._thread.run(self._connected)

    def newest(self, tenant: str) -> Awaitable[int]:
        """The highest number of a tenant's events, 0 where there are none."""
        return self._thread.run(self._newest, tenant)

    def checkpoint(self) -> Awaitable[None]:
        """Have SQLite copy the rest of its log, between two transactions."""
        return self._thread.run(self._checkpoint)

    def drop(self) -> Awaitable[None]:
        """Let go of a connection that may be broken."""
        return self._thread.run(self._drop)

    async def close(self) -> None:
        """Disconnect, and end the thread."""
        await self._thread.run(self._drop)
        await self._thread.run(self._engine.dispose)
        self._thread.close()

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

    def _write(self, changes: list[Change]) -> None:
        connection = self._connected().connection
        dialect = self._engine.dialect
        try:
            cursor = connection.cursor()
            for statement, rows in changes:
                translation = self._translations.get(statement)
                if translation is None:
                    translation = Translation(statement, self._engine)
                    self._translations[statement] = translation
                translation.execute(cursor, rows)
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
