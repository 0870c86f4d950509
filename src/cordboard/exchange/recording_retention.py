"""Recordings whose time is over go, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from cordboard.exchange.recordings import RETENTION, Recordings
from cordboard.journal.port import Journal, JournalUnavailable
from cordboard.tasks import cancelled

FILES_A_STEP: Final = 20
"""Each a file that is deleted by a thread, and an event; live calls wait for neither."""

PAUSE_SECONDS: Final = 0.2
"""Between two steps while there is more: 100 recordings a second go, more than come."""

LOOK_SECONDS: Final = 60.0
"""Between two looks whether any has been kept long enough."""

MAX_UNDELETABLE: Final = 1_000
"""Recordings that are passed over because their files can't be deleted, until the next start; with
more there is somebody to be called, and the log has said so."""

_log = structlog.get_logger(__name__)


class RecordingRetention:
    """Deletes what has been kept long enough; ``wall`` tells the time."""

    def __init__(self, journal: Journal, recordings: Recordings, wall: Callable[[], float]) -> None:
        self._journal = journal
        self._recordings = recordings
        self._wall = wall
        self._undeletable: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to delete."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Delete no more."""
        await cancelled(self._task)

    async def step(self) -> int:
        """Delete some of what has been kept long enough; how many those were."""
        passed_over = self._undeletable
        old = await self._journal.expired(self._wall(), FILES_A_STEP + len(passed_over))
        due = [one for one in old if one.id not in passed_over][:FILES_A_STEP]
        for one in due:
            try:
                await self._recordings.erase(one, RETENTION)
            except OSError as error:
                _log.error("recording.undeletable", recording=one.id, reason=error.strerror)
                if len(passed_over) < MAX_UNDELETABLE:
                    passed_over.add(one.id)
        return len(due)

    async def _run(self) -> None:
        while True:
            pause = LOOK_SECONDS
            try:
                if await self.step() == FILES_A_STEP:
                    pause = PAUSE_SECONDS
            except JournalUnavailable:
                _log.warning("old recordings stay for now", reason="the journal does not answer")
            await asyncio.sleep(pause)
