"""What every journal promises of recordings: rows that the events of calls make."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cordboard.calls.events import CallEvent, EventKind, Json
from cordboard.journal.port import CallRecord, Journal
from cordboard.journal.recordings import (
    DAY,
    KeptRecording,
    RecordingState,
    WantedRecordings,
    after,
    deletion,
    place_of,
)
from support.journals import JOURNALS, KINDS

pytestmark = pytest.mark.anyio


@pytest.fixture(params=KINDS)
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Journal]:
    async with JOURNALS[request.param](tmp_path) as opened:
        yield opened


def started(call: str, number: int = 1, **more: Json) -> CallEvent:
    data: dict[str, Json] = {"file": f"demo/{call}-{number}.wav", **more}
    return CallEvent(EventKind.RECORDING_STARTED, call, data=data)


def stopped(call: str, number: int = 1, error: str | None = None) -> CallEvent:
    data: dict[str, Json] = {
        "file": f"demo/{call}-{number}.wav",
        "seconds": 2.5,
        "octets": 80_044,
        "error": error,
    }
    return CallEvent(EventKind.RECORDING_STOPPED, call, data=data)


async def there(journal: Journal, recording: str, tenant: str = "demo") -> KeptRecording:
    found = await journal.recording(tenant, recording)
    assert found is not None
    return found


async def ids(journal: Journal, limit: int = 100, tenant: str = "demo", **wanted: Any) -> list[str]:
    found = await journal.recordings(tenant, WantedRecordings(limit, **wanted))
    return [one.id for one in found]


async def test_a_recording_is_known_from_its_beginning(journal: Journal) -> None:
    await journal.commit("demo", [started("a", group="sales", record_group="legal", keep_days=2)])
    one = await there(journal, "a-1")
    assert (one.tenant, one.call, one.file) == ("demo", "a", "demo/a-1.wav")
    assert (one.group, one.record_group) == ("sales", "legal")
    assert one.keep_until == one.started_at + 2 * DAY
    assert one.state is RecordingState.RECORDING
    assert (one.ended_at, one.seconds, one.octets, one.error) == (None, None, None, None)


async def test_its_end_says_how_long_it_is(journal: Journal) -> None:
    await journal.commit("demo", [started("a")])
    await journal.commit(
        "demo", [stopped("a"), started("a", 2), stopped("a", 2, "the disk is full")]
    )
    one, other = await there(journal, "a-1"), await there(journal, "a-2")
    assert one.state is RecordingState.COMPLETE
    assert (one.seconds, one.octets, one.error) == (2.5, 80_044, None)
    assert one.ended_at is not None
    assert one.ended_at >= one.started_at
    assert (other.state, other.error) == (RecordingState.INTERRUPTED, "the disk is full")
    assert one.keep_until is None


async def test_the_first_end_counts(journal: Journal) -> None:
    await journal.commit("demo", [started("a"), stopped("a", error="the server was killed")])
    await journal.commit("demo", [stopped("a")])
    assert (await there(journal, "a-1")).state is RecordingState.INTERRUPTED


async def test_of_one_that_is_deleted_is_known_that_there_was_one(journal: Journal) -> None:
    await journal.commit("demo", [started("a", keep_days=1), stopped("a")])
    one = await there(journal, "a-1")
    event = deletion(one, "client", "main")
    await journal.commit("demo", [event])
    gone = await there(journal, "a-1")
    assert gone.state is RecordingState.DELETED
    assert gone.deleted_at is not None
    assert gone.keep_until is None
    assert (gone.seconds, gone.octets) == (2.5, 80_044)
    assert event.data == {
        "recording": "a-1",
        "call": "a",
        "file": "demo/a-1.wav",
        "by": "client",
        "account": "main",
    }


async def test_one_that_goes_on_cant_be_deleted(journal: Journal) -> None:
    await journal.commit("demo", [started("a")])
    await journal.commit("demo", [deletion(await there(journal, "a-1"), "client", "main")])
    assert (await there(journal, "a-1")).state is RecordingState.RECORDING


async def test_all_of_it_in_one_commit(journal: Journal) -> None:
    await journal.commit("demo", [started("b"), stopped("b")])
    other = await there(journal, "b-1")
    await journal.commit("demo", [started("a"), stopped("a"), deletion(other, "retention", None)])
    assert (await there(journal, "a-1")).state is RecordingState.COMPLETE
    assert (await there(journal, "b-1")).state is RecordingState.DELETED


async def test_what_is_another_tenants_is_not_there(journal: Journal) -> None:
    await journal.commit("demo", [started("a"), stopped("a")])
    assert await journal.recording("other", "a-1") is None
    assert await journal.recording("demo", "a-2") is None
    assert await ids(journal, tenant="other") == []


async def test_lists_are_of_the_newest_first_and_go_on_behind_any(journal: Journal) -> None:
    for call in "abcde":
        await journal.commit("demo", [started(call), stopped(call)])
    assert await ids(journal) == ["e-1", "d-1", "c-1", "b-1", "a-1"]
    assert await ids(journal, 2) == ["e-1", "d-1"]
    behind = place_of(await there(journal, "d-1"))
    assert await ids(journal, 2, after=behind) == ["c-1", "b-1"]
    middle = (await there(journal, "c-1")).started_at
    assert "c-1" in await ids(journal, since=middle)
    assert "a-1" in await ids(journal, until=middle) or middle == behind.started_at
    assert await ids(journal, until=0.0) == []
    assert await ids(journal, since=middle + 3600) == []


async def test_lists_are_of_what_is_asked_for(journal: Journal) -> None:
    await journal.commit(
        "demo", [started("a", record_group="legal"), stopped("a"), started("a", 2)]
    )
    await journal.commit("demo", [started("b", record_group="sales"), stopped("b")])
    assert sorted(await ids(journal, call="a")) == ["a-1", "a-2"]
    assert await ids(journal, record_group="sales") == ["b-1"]
    assert await ids(journal, state=RecordingState.RECORDING) == ["a-2"]
    assert await ids(journal, call="a", state=RecordingState.COMPLETE) == ["a-1"]


async def test_what_may_be_deleted_is_told_those_first_that_may_the_longest(
    journal: Journal,
) -> None:
    for call, days in (("a", 3), ("b", 1), ("c", 2), ("d", None), ("e", 1)):
        await journal.commit("demo", [started(call, keep_days=days)])
        if call != "e":
            await journal.commit("demo", [stopped(call)])
    now = (await there(journal, "d-1")).started_at

    async def expired(days: float, limit: int = 10) -> list[str]:
        return [one.id for one in await journal.expired(now + days * DAY, limit)]

    assert await expired(0.9) == []
    assert await expired(2.5) == ["b-1", "c-1"], "one that goes on is not over"
    assert await expired(100, limit=2) == ["b-1", "c-1"]
    assert await expired(100) == ["b-1", "c-1", "a-1"], "one is kept for ever"
    await journal.commit("demo", [deletion(await there(journal, "b-1"), "retention", None)])
    assert await expired(100) == ["c-1", "a-1"]


async def test_a_row_is_not_made_of_what_a_call_keeps_of_its_events(tmp_path: Path) -> None:
    """Of a call with thousands of keys not all events are at hand."""
    async with JOURNALS["sqlite"](tmp_path, events_per_call=5) as journal:
        record = CallRecord("a", "demo", "main", "v1", "call", 1.0, ("ch",))
        await journal.accept(record, [CallEvent(EventKind.CALL_ACCEPTED, "a")])
        keys = [CallEvent(EventKind.DIGIT, "a", data={"digit": "1"})] * 10
        await journal.commit("demo", keys)
        await journal.commit("demo", [started("a"), stopped("a")])
        assert (await there(journal, "a-1")).state is RecordingState.COMPLETE


@pytest.mark.parametrize("seed", range(5))
async def test_whatever_happens_in_whatever_commits_rows_follow_the_table(
    journal: Journal, seed: int
) -> None:
    """Against the table as a pure function, event by event."""
    random = Random(seed)
    model: dict[str, KeptRecording] = {}
    for _ in range(40):
        batch = []
        for _ in range(random.randrange(1, 5)):
            call = random.choice("abcd")
            before = model.get(f"{call}-1")
            events = [stopped(call, error=random.choice([None, "the disk is full"]))]
            if before is None:
                events = [started(call, keep_days=random.choice([None, 1]))]
            elif before.state is not RecordingState.RECORDING:
                events.append(deletion(before, "client", "main"))
            event = random.choice(events)
            following = after("demo", 1.0, event, before)
            assert following is not None
            model[f"{call}-1"] = following
            batch.append(event)
        await journal.commit("demo", batch)
    for name, expected in model.items():
        row = await there(journal, name)
        assert (row.state, row.error, row.seconds) == (
            expected.state,
            expected.error,
            expected.seconds,
        )
        assert (row.keep_until is None) is (expected.keep_until is None)
        assert (row.deleted_at is None) is (expected.deleted_at is None)
