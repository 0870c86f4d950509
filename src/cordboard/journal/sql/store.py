"""The database behind a journal: opened, brought up to date, and kept to one server."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from cordboard.journal.port import JournalUnavailable, StoreFailed
from cordboard.journal.sole_user import locked
from cordboard.journal.sql.advisory_lock import AdvisoryLock

NEWEST: Final = "0010"
"""The version of the tables that this server needs: the last of the migrations."""

DRIVERS: Final = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
"""How databases are spoken to, by the first word of their URL."""

WRITERS_DRIVERS: Final = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}
"""How the writer does, in a thread of its own."""

BUSY_SECONDS: Final = 5.0
"""How long SQLite waits for another process (a backup) that has locked the file."""

READERS: Final = 4
"""Connections for lookups, beside the writer's."""

PASSIVE_CHECKPOINT: Final = "PRAGMA wal_checkpoint(PASSIVE)"
"""Copies what was committed from SQLite's log into its file, as far as that goes without waiting
for anybody; says whether another does, how many pages the log has, and how many are copied."""

WRITERS_CACHE_KB: Final = 16_384
"""SQLite's own 2 MB hold less than the pages that the indexes of calls under way are in."""


class Store:
    """One database. ``url`` is ``sqlite:///FILE`` or ``postgresql://USER:PASSWORD@HOST/NAME``.

    Raises :class:`StoreFailed` for a URL of anything else.
    """

    def __init__(self, url: str) -> None:
        self.url = usable_url(url)
        self._engine: AsyncEngine | None = None
        self._lock = AsyncExitStack()

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of ours."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def engine(self) -> AsyncEngine:
        """The pool of connections, once it is open."""
        assert self._engine is not None, "the store is not open"
        return self._engine

    def writers_engine(self) -> Engine:
        """The way of the writer, who has one connection, in a thread of his own, and gives values
        by their places."""
        url = self.url.set(drivername=WRITERS_DRIVERS[self.url.get_backend_name()])
        if not self.is_sqlite:
            return create_engine(
                url, pool_size=1, max_overflow=0, pool_pre_ping=True, paramstyle="format"
            )
        engine = create_engine(
            url,
            pool_size=1,
            max_overflow=0,
            connect_args={"timeout": BUSY_SECONDS},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "connect", _prepare_writer)
        return engine

    async def open(self, *, upgrade: bool = True, alone: bool = True) -> None:
        """Connect, take the lock that keeps other servers out (``alone``), and bring the tables up
        to date (``upgrade``) or see that they are. Raises :class:`StoreFailed`.
        """
        try:
            if self._engine is None:
                if upgrade:
                    self._make_private()
                self._need_file()
                self._engine = _engine(self.url)
            if alone:
                await self._keep_others_out()
            async with self.engine.begin() as connection:
                await connection.run_sync(_upgrade if upgrade else _check)
        except (SQLAlchemyError, OSError) as error:
            await self.close()
            raise StoreFailed(f"{self}: {reason_of(error)}") from None
        except StoreFailed:
            await self.close()
            raise

    async def version(self) -> str | None:
        """The version of the tables that are there, None where there are none; connects, but takes
        no lock. Raises :class:`StoreFailed`."""
        try:
            if self._engine is None:
                self._need_file()
                self._engine = _engine(self.url)
            async with self.engine.connect() as connection:
                return await connection.run_sync(version_of)
        except (SQLAlchemyError, OSError) as error:
            await self.close()
            raise StoreFailed(f"{self}: {reason_of(error)}") from None

    async def is_in_use(self) -> bool:
        """Whether a server uses it now; asks by taking its lock for a moment."""
        other = Store(self.url.render_as_string(hide_password=False))
        other._engine = _engine(other.url)
        try:
            await other._keep_others_out()
        except StoreFailed:
            return True
        finally:
            await other.close()
        return False

    @asynccontextmanager
    async def asked(self) -> AsyncIterator[AsyncConnection]:
        """A connection for questions of a moment. Raises :class:`JournalUnavailable` where the
        database does not answer them."""
        try:
            async with self.engine.connect() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise JournalUnavailable(f"{self}: {reason_of(error)}") from None

    async def close(self) -> None:
        """Disconnect."""
        await self._lock.aclose()
        if self._engine is not None:
            await self._engine.dispose()
            self._engine = None

    def __str__(self) -> str:
        plain = self.url.set(drivername=self.url.get_backend_name())
        return plain.render_as_string(hide_password=True)

    def _make_private(self) -> None:
        """A new file is for our own eyes: by what it holds phones can be impersonated. SQLite
        gives its other files the same rights."""
        if self.is_sqlite and self.url.database:
            os.close(os.open(self.url.database, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))

    @property
    def is_missing(self) -> bool:
        """Whether it is a file that is not there."""
        name = self.url.database
        return self.is_sqlite and bool(name) and not Path(str(name)).is_file()

    def _need_file(self) -> None:
        """SQLite would make an empty one for who only wants to look."""
        if self.is_missing:
            raise StoreFailed(f"{self}: there is no such file")

    async def _keep_others_out(self) -> None:
        """Two servers on one journal would number events twice."""
        if not self.is_sqlite:
            lock = AdvisoryLock(self.engine)
            if not await lock.take():
                raise StoreFailed(f"{self}: another server uses it")
            self._lock.push_async_callback(lock.release)
        elif self.url.database:
            handle = locked(Path(f"{self.url.database}.lock"), self)
            self._lock.callback(os.close, handle)


def usable_url(url: str) -> URL:
    """A database URL with the driver that we use; raises :class:`StoreFailed`."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreFailed("expected sqlite:///FILE or postgresql://USER@HOST/NAME") from None
    backend = parsed.get_backend_name()
    if backend == "postgres":
        backend = "postgresql"
    driver = DRIVERS.get(backend)
    if driver is None:
        raise StoreFailed(f"there is no driver for {backend!r}: sqlite and postgresql are known")
    return parsed.set(drivername=driver)


def _engine(url: URL) -> AsyncEngine:
    if url.get_backend_name() != "sqlite":
        return create_async_engine(url, pool_size=READERS + 1, max_overflow=0, pool_pre_ping=True)
    engine = create_async_engine(
        url, pool_size=READERS, max_overflow=0, connect_args={"timeout": BUSY_SECONDS}
    )
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Readers do not wait for the writer (WAL), and a commit is on the disk when it returns."""
    _set(connection, "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")


def _prepare_writer(connection: Any, _record: Any) -> None:
    """The writer's commits are not to wait for checkpoints, which are made beside him."""
    _set(connection, "wal_autocheckpoint=0", f"cache_size=-{WRITERS_CACHE_KB}")


def _set(connection: Any, *settings: str) -> None:
    cursor = connection.cursor()
    for setting in settings:
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def version_of(connection: Connection) -> str | None:
    """The version of the tables that are there; None where there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _upgrade(connection: Connection) -> None:
    present = version_of(connection)
    if present == NEWEST:
        return
    # Only where there is something to do: Alembic takes a third of our time to start.
    from cordboard.journal.sql.upgrading import upgrade, versions

    if present is not None and present not in versions():
        raise StoreFailed(f"its tables are of a newer version ({present}) than this server knows")
    upgrade(connection)


def _check(connection: Connection) -> None:
    present = version_of(connection)
    if present != NEWEST:
        raise StoreFailed(f"its tables are of version {present}, this server needs {NEWEST}")


def reason_of(error: Exception) -> str:
    """Why, in the words of the database, without the statement and its values."""
    original = getattr(error, "orig", None)
    words = str(original or error).strip().splitlines()
    return words[0] if words else type(error).__name__
