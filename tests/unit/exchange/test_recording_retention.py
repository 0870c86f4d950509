"""Recordings go when they have been kept long enough, and no earlier."""

from __future__ import annotations

import pytest

from cordboard.calls.events import CallEvent, EventKind, Json
from cordboard.engines.memory_recorded_files import MemoryRecordedFiles
from cordboard.exchange import recording_retention as module
from cordboard.exchange.recording_retention import FILES_A_STEP, RecordingRetention
from cordboard.exchange.recordings import Recordings
from cordboard.journal.memory import MemoryJournal
from cordboard.journal.recordings import DAY, RecordingState
from support.waiting import eventually

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Archive:
    """Recordings of demo, all begun at 0, with their files."""

    def __init__(self) -> None:
        self.now = 0.0
        self.journal = MemoryJournal(lambda: self.now)
        self.files = MemoryRecordedFiles()
        recordings = Recordings(self.journal, self.files)
        self.retention = RecordingRetention(self.journal, recordings, lambda: self.now)

    async def keep(self, call: str, days: float | None, *, over: bool = True) -> None:
        file = f"demo/{call}-1.wav"
        self.files.files[file] = b""
        began: dict[str, Json] = {"file": file, "keep_days": days}
        events = [CallEvent(EventKind.RECORDING_STARTED, call, data=began)]
        if over:
            ended: dict[str, Json] = {"file": file, "seconds": 1.0, "octets": 44}
            events.append(CallEvent(EventKind.RECORDING_STOPPED, call, data=ended))
        await self.journal.commit("demo", events)

    @property
    def left(self) -> list[str]:
        return sorted(
            file.removeprefix("demo/").removesuffix("-1.wav") for file in self.files.files
        )


async def test_what_was_kept_long_enough_goes() -> None:
    archive = Archive()
    for call, days in (("a", 1.0), ("b", 2.0), ("c", None)):
        await archive.keep(call, days)
    archive.now = 1.5 * DAY
    assert await archive.retention.step() == 1
    assert archive.left == ["b", "c"]
    gone = await archive.journal.recording("demo", "a-1")
    assert gone is not None
    assert (gone.state, gone.deleted_at) == (RecordingState.DELETED, archive.now)
    archive.now = 10_000 * DAY
    assert await archive.retention.step() == 1
    assert await archive.retention.step() == 0
    assert archive.left == ["c"], "until somebody deletes it"


async def test_one_that_goes_on_stays() -> None:
    archive = Archive()
    await archive.keep("a", 0.001, over=False)
    archive.now = DAY
    assert await archive.retention.step() == 0
    assert archive.left == ["a"]


async def test_a_few_at_a_time() -> None:
    archive = Archive()
    for number in range(FILES_A_STEP + 3):
        await archive.keep(f"call-{number:02}", 1.0)
    archive.now = 2 * DAY
    assert await archive.retention.step() == FILES_A_STEP
    assert len(archive.left) == 3
    assert await archive.retention.step() == 3


async def test_a_file_that_cant_be_deleted_keeps_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    archive = Archive()
    erase = archive.files.erase

    def stubborn(name: str) -> None:
        if "call-00" in name:
            raise PermissionError(13, "Permission denied")
        erase(name)

    monkeypatch.setattr(archive.files, "erase", stubborn)
    monkeypatch.setattr(module, "FILES_A_STEP", 1)
    for number in range(2):
        await archive.keep(f"call-{number:02}", 1.0)
    archive.now = 2 * DAY
    while await archive.retention.step():
        pass
    assert archive.left == ["call-00"]
    kept = await archive.journal.recording("demo", "call-00-1")
    assert kept is not None
    assert kept.state is RecordingState.COMPLETE


async def test_one_that_was_deleted_before_a_crash_is_told_after_it() -> None:
    archive = Archive()
    await archive.keep("a", 1.0)
    archive.files.files.clear()
    archive.now = 2 * DAY
    assert await archive.retention.step() == 1
    gone = await archive.journal.recording("demo", "a-1")
    assert gone is not None
    assert gone.state is RecordingState.DELETED


async def test_it_looks_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.001)
    archive = Archive()
    archive.retention.start()
    await archive.keep("a", 1.0)
    archive.now = 2 * DAY
    await eventually(lambda: not archive.left)
    await archive.retention.stop()
