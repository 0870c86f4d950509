"""Checkpoints of SQLite: what was committed goes from its log into its file.

By itself SQLite does so in the commit that makes the log longer than a thousand pages. Under load
that is one in forty, it waits three times for the disk, and whoever waits for that commit waits for
all of it. Here the copying is done beside the writer, who does not wait for it. Only to begin the
log anew nothing may be written meanwhile: then the writer copies the little that has come since.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from cordboard.journal.port import JournalUnavailable
from cordboard.journal.sql.store import PASSIVE_CHECKPOINT, Store, reason_of
from cordboard.tasks import cancelled

_log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 1.0
"""Between two checkpoints while something is written: some 20 MB at 200 calls a second."""

LONGEST_LOG: Final = 8_192
"""Pages (of 4 KB) from which on the log is begun anew: 32 MB."""


class Checkpoints:
    """Makes them in ``store`` while ``commits`` (how many there were) goes up; ``finish`` has the
    writer make one itself."""

    def __init__(
        self, store: Store, commits: Callable[[], int], finish: Callable[[], Awaitable[None]]
    ) -> None:
        self._store = store
        self._commits = commits
        self._finish = finish
        self._made_at = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Make no more; closing makes the last."""
        await cancelled(self._task)

    async def step(self) -> None:
        """Make one if anything was committed since the last; raises what the database does."""
        commits = self._commits()
        if commits == self._made_at:
            return
        async with self._store.asked() as connection:
            made = await connection.exec_driver_sql(PASSIVE_CHECKPOINT)
            found: Sequence[int] = made.one()
        self._made_at = commits
        if found[1] > LONGEST_LOG:
            await self._finish()

    async def _run(self) -> None:
        is_told = False
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.step()
                is_told = False
            except (JournalUnavailable, SQLAlchemyError, OSError) as error:
                if not is_told:
                    _log.warning("the log of the store can't be copied", reason=reason_of(error))
                is_told = True
