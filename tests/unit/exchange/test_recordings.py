"""Recordings once they are written, with their rows in a journal in memory."""

from __future__ import annotations

import pytest

from cordboard.calls.events import EventKind
from cordboard.calls.running.progress import KILLED
from cordboard.calls.running.wishes import RecordAction
from cordboard.engines.embedded.wav_file import wav_header
from cordboard.engines.memory import MemoryEngine
from cordboard.engines.memory_recorded_files import MemoryRecordedFiles
from cordboard.exchange.exchange import Exchange
from cordboard.exchange.recordings import CLIENT, Recordings
from cordboard.journal.recordings import KeptRecording, RecordingState
from support.quick_house import QuickHouse

pytestmark = pytest.mark.anyio

DOMAIN = "demo"
TWO_SECONDS = bytes(2 * 8000 * 4)


async def kept(house: QuickHouse, recording: str) -> KeptRecording:
    await house.journal.flush()
    found = await house.journal.recording(DOMAIN, recording)
    assert found is not None
    return found


async def killed(house: QuickHouse, files: MemoryRecordedFiles) -> None:
    """The next process begins with what the journal and the disk of this one hold."""
    await house.journal.flush()
    after = Exchange(
        lambda: house.directory, MemoryEngine(), house.journal, lambda: 0.5, files=files
    )
    await after.recover()


async def test_a_recording_begins_and_ends_with_its_call() -> None:
    house = QuickHouse()
    call = await house.place(record=True)
    one = await kept(house, f"{call}-1")
    assert (one.state, one.call) == (RecordingState.RECORDING, call)
    await house.hang_up_second(call)
    one = await kept(house, f"{call}-1")
    assert (one.state, one.error) == (RecordingState.COMPLETE, None)
    assert one.octets is not None


async def test_what_was_recorded_when_the_server_died_is_as_long_as_its_file() -> None:
    house, files = QuickHouse(), MemoryRecordedFiles()
    call = await house.place(record=True)
    files.files[f"{DOMAIN}/{call}-1.wav"] = wav_header(0) + TWO_SECONDS
    await killed(house, files)
    one = await kept(house, f"{call}-1")
    assert (one.state, one.error) == (RecordingState.INTERRUPTED, KILLED)
    assert (one.seconds, one.octets) == (2.0, 44 + len(TWO_SECONDS))
    assert files.files[one.file][:44] == wav_header(len(TWO_SECONDS))
    kinds = [recorded.event.kind for recorded in await house.events(call)]
    assert kinds[-2:] == [EventKind.RECORDING_STOPPED, EventKind.CALL_ENDED]


async def test_one_whose_file_is_gone_ends_all_the_same() -> None:
    house, files = QuickHouse(), MemoryRecordedFiles()
    call = await house.place(record=True)
    await killed(house, files)
    one = await kept(house, f"{call}-1")
    assert (one.state, one.seconds, one.octets) == (RecordingState.INTERRUPTED, None, None)


async def test_one_that_was_over_before_stays_as_it_was() -> None:
    house, files = QuickHouse(), MemoryRecordedFiles()
    call = await house.place(record=True)
    house.exchange.wish(DOMAIN, call, lambda wishes, _now: stop_and_start(wishes.record))
    await killed(house, files)
    assert (await kept(house, f"{call}-1")).state is RecordingState.COMPLETE
    assert (await kept(house, f"{call}-2")).state is RecordingState.INTERRUPTED


def stop_and_start(record: object) -> None:
    assert callable(record)
    record(RecordAction.STOP)
    record(RecordAction.START)


async def test_an_erased_one_has_no_file_and_its_row_says_so() -> None:
    house, files = QuickHouse(), MemoryRecordedFiles()
    recordings = Recordings(house.journal, files)
    call = await house.place(record=True)
    await house.hang_up_second(call)
    one = await kept(house, f"{call}-1")
    files.files[one.file] = wav_header(0)
    assert await recordings.open(one) is not None
    await recordings.erase(one, CLIENT, "main")
    assert files.files == {}
    assert (await kept(house, one.id)).state is RecordingState.DELETED
    assert await recordings.open(one) is None
    events = await house.events(call)
    assert events[-1].event.kind is EventKind.CALL_ENDED, "its call was over before"
