"""The lock of PostgreSQL that says that a server uses a database, also after its connection broke.

It keeps a second server from starting, and tools from what they may only do where none runs. It
lives with a connection, so that is looked at now and then, and the lock taken again with another
one. (That nobody else writes does not hang on it: see ``sole_writer.py``.)
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cordboard.tasks import cancelled

_log = structlog.get_logger(__name__)

KEY: Final = 0x636F7264
"""Of the lock ("cord")."""

LOOK_SECONDS: Final = 5.0
"""Between two looks at the connection: a second server takes about as long to start."""

_TAKE: Final = text("SELECT pg_try_advisory_lock(:key)")
_LOOK: Final = text("SELECT 1")


class AdvisoryLock:
    """The lock, by a connection of ``engine``. Taking it raises what the database does
    (:class:`sqlalchemy.exc.SQLAlchemyError`, OSError)."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self._watching: asyncio.Task[None] | None = None

    async def take(self) -> bool:
        """Whether nobody else has it; then it is held until :meth:`release`."""
        if not await self._taken():
            return False
        self._watching = asyncio.get_running_loop().create_task(self._watch())
        return True

    async def release(self) -> None:
        """Let go of it."""
        await cancelled(self._watching)
        if self._connection is not None:
            with suppress(SQLAlchemyError, OSError):
                await self._connection.close()

    async def _taken(self) -> bool:
        connection = await self._engine.connect()
        try:
            taken = bool((await connection.execute(_TAKE, {"key": KEY})).scalar_one())
            await connection.commit()
        except BaseException:
            await connection.invalidate()
            await connection.close()
            raise
        if not taken:
            await connection.close()
            return False
        self._connection = connection
        return True

    async def _watch(self) -> None:
        is_told = False
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                if await self._is_held() or await self._taken():
                    is_told = False
                    continue
                reason = "somebody else has it, or our last connection still"
            except (SQLAlchemyError, OSError) as error:
                reason = type(error).__name__
            if not is_told:
                _log.warning("the lock of the store can't be taken again", reason=reason)
            is_told = True

    async def _is_held(self) -> bool:
        """Whether the connection lives, with which the lock does."""
        connection = self._connection
        if connection is None:
            return False
        try:
            await connection.execute(_LOOK)
            await connection.commit()
        except (SQLAlchemyError, OSError):
            self._connection = None
            with suppress(SQLAlchemyError, OSError):
                await connection.invalidate()
                await connection.close()
            return False
        return True
