"""Recordings once they are written: their rows in the journal and their files, brought together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from cordboard.calls.events import Recorded
from cordboard.calls.recorded_files import Length, OpenFile, RecordedFiles
from cordboard.calls.running.progress import files_left
from cordboard.calls.running.wishes import MAX_RECORDINGS
from cordboard.engines.memory_recorded_files import MemoryRecordedFiles
from cordboard.journal.port import Journal
from cordboard.journal.recordings import (
    KeptRecording,
    RecordingState,
    WantedRecordings,
    deletion,
)

CLIENT, RETENTION = "client", "retention"
"""Who has a recording deleted, as the event tells it."""


class Recordings:
    """All of them; files are touched by threads, for a disk may be slow. Without ``files`` there
    are none."""

    def __init__(self, journal: Journal, files: RecordedFiles | None = None) -> None:
        self._journal = journal
        self._files = files or MemoryRecordedFiles()

    async def left_by(
        self, tenant: str, call: str, events: Iterable[Recorded]
    ) -> dict[str, Length | None]:
        """The files that a call was writing when its server was killed, which are mended, and how
        long they are."""
        wanted = WantedRecordings(MAX_RECORDINGS, call=call, state=RecordingState.RECORDING)
        rows = await self._journal.recordings(tenant, wanted)
        files = dict.fromkeys((*files_left(events), *(one.file for one in reversed(rows))))
        return {file: await self._mended(file) for file in files}

    async def open(self, one: KeptRecording) -> OpenFile | None:
        """The file of a recording, to be read by threads; None where it is gone. Raises
        :class:`OSError`."""
        if one.state is RecordingState.DELETED:
            return None
        return await asyncio.to_thread(self._files.open, one.file)

    async def erase(self, one: KeptRecording, by: str, account: str | None = None) -> None:
        """Have no more of a recording that is over than that there was one. Raises
        :class:`OSError`, and then it is still there;
        :class:`~cordboard.journal.port.JournalUnavailable`, and then its file is gone."""
        await asyncio.to_thread(self._files.erase, one.file)
        await self._journal.commit(one.tenant, [deletion(one, by, account)])

    async def _mended(self, file: str) -> Length | None:
        try:
            return await asyncio.to_thread(self._files.mend, file)
        except OSError:
            return None
