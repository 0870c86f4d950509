"""What every journal lets those see who follow and watch it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cordboard.calls.causes import Cause
from cordboard.calls.events import CallEvent, CallResult, EventKind, Outcome, Recorded
from cordboard.journal.port import CallRecord, Journal, JournalUnavailable
from support.journals import JOURNALS, KINDS

pytestmark = pytest.mark.anyio

SOON = 5.0  # s
HISTORY = 8  # events at hand, so that readers come to what only a store has


@pytest.fixture(params=KINDS)
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Journal]:
    async with JOURNALS[request.param](tmp_path, history=HISTORY, pending_events=40) as opened:
        yield opened


def digit(call: str, digit: str = "5") -> CallEvent:
    return CallEvent(EventKind.DIGIT, call, channel="c", data={"digit": digit})


def ended(call: str) -> CallEvent:
    result = CallResult(Outcome.COMPLETED, Cause.NORMAL, "bridged")
    return CallEvent(EventKind.CALL_ENDED, call, data=result.as_dict())


async def accept(journal: Journal, call: str, tenant: str = "demo") -> None:
    record = CallRecord(call, tenant, "main", "basix", "call_user", 1000.0, ("ch-1",))
    await journal.accept(record, [CallEvent(EventKind.CALL_ACCEPTED, call, data={})])


async def append(journal: Journal, *events: CallEvent) -> None:
    journal.append("demo", events)
    await journal.flush()


def living(journal: Journal, tenant: str = "demo") -> dict[str, list[int]]:
    """The calls of a snapshot with the numbers of their events."""
    calls = journal.snapshot(tenant).calls
    return {record.id: [event.seq for event in events] for record, events in calls}


async def test_a_snapshot_has_what_lives_with_its_events(journal: Journal) -> None:
    await accept(journal, "one")
    await accept(journal, "two")
    await append(journal, digit("one"), ended("two"), digit("one"))
    assert living(journal) == {"one": [1, 3, 5]}
    assert journal.snapshot("demo").cursor == f"{journal.epoch}:5"


async def test_a_snapshot_of_a_tenant_without_calls_is_empty(journal: Journal) -> None:
    await accept(journal, "theirs", "other")
    assert living(journal) == {}
    assert journal.snapshot("demo").cursor == f"{journal.epoch}:0"


async def test_what_is_not_committed_is_in_no_snapshot(journal: Journal) -> None:
    await accept(journal, "one")
    journal.append("demo", [digit("one"), ended("one")])
    assert living(journal) == {"one": [1]}
    await journal.flush()
    assert living(journal) == {}


async def test_the_events_behind_a_snapshot_are_all_that_it_lacks(journal: Journal) -> None:
    for number in range(5):
        await accept(journal, f"c{number}")
        journal.append("demo", [digit(f"c{number}")])
        if number % 2:
            journal.append("demo", [ended(f"c{number}")])
        snapshot = journal.snapshot("demo")
        at = int(snapshot.cursor.rpartition(":")[2])
        assert max((e.seq for _, events in snapshot.calls for e in events), default=0) <= at
        await journal.flush()
        reader = journal.read("demo", snapshot.cursor)
        behind = journal.last_seq("demo") - at
        async with asyncio.timeout(SOON):
            seen = [(await anext(reader)).seq for _ in range(behind)]
        assert seen == list(range(at + 1, at + 1 + behind))


async def test_many_events_can_be_had_at_once(journal: Journal) -> None:
    reader = journal.read("demo")
    assert reader.at_hand(10) == []
    await append(journal, *[digit("x", str(number)) for number in range(6)])
    first = await anext(reader)
    rest = reader.at_hand(3)
    assert [one.seq for one in (first, *rest)] == [1, 2, 3, 4]
    assert [one.seq for one in reader.at_hand(10)] == [5, 6]
    assert reader.at_hand(10) == []
    await append(journal, digit("x"))
    assert (await anext(reader)).seq == 7
    await reader.aclose()
    await append(journal, digit("x"))
    assert reader.at_hand(10) == []


async def test_taking_them_at_once_misses_nothing_however_old_they_are(
    journal: Journal,
) -> None:
    await append(journal, *[digit("x") for _ in range(HISTORY)])
    reader = journal.read("demo", f"{journal.epoch}:0")
    seen: list[Recorded] = []
    async with asyncio.timeout(SOON):
        while len(seen) < 30:
            seen.append(await anext(reader))
            seen += reader.at_hand(3)
            if journal.last_seq("demo") < 30:
                await append(journal, *[digit("x") for _ in range(2)])
    assert [one.seq for one in seen[:30]] == list(range(1, 31))


async def test_a_cursor_of_another_time_has_nothing_at_hand(journal: Journal) -> None:
    assert journal.read("demo", "other:1").at_hand(10) == []


async def test_a_journal_that_can_be_written_has_no_fault(journal: Journal) -> None:
    await accept(journal, "one")
    assert journal.fault is None
    assert journal.waiting_events == 0


async def test_events_that_wait_are_counted_and_so_are_requests_refused_for_them(
    journal: Journal,
) -> None:
    journal.append("demo", [digit("x") for _ in range(40)])
    assert journal.waiting_events == 40
    with pytest.raises(JournalUnavailable):
        await accept(journal, "one")
    assert journal.figures.refused == 1
    await journal.flush()
    assert journal.waiting_events == 0


async def test_the_events_of_several_calls_at_once(journal: Journal) -> None:
    for call in ("one", "two", "three"):
        await accept(journal, call)
    await append(journal, digit("two"), digit("one"), ended("one"))
    found = await journal.events_of_calls("demo", ["two", "one", "unknown"])
    numbers = {call: [event.seq for event in events] for call, events in found.items()}
    assert numbers == {"two": [2, 4], "one": [1, 5, 6], "unknown": []}
    assert await journal.events_of_calls("other", ["one"]) == {"one": ()}
    assert await journal.events_of_calls("demo", []) == {}
