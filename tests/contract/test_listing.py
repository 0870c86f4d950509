"""What every journal promises of lists of calls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cordboard.calls.events import CallEvent, EventKind
from cordboard.journal.listing import End, Standing, Wanted, end_of, place_of
from cordboard.journal.port import CallRecord, Journal
from support.journals import JOURNALS, KINDS

pytestmark = pytest.mark.anyio


@pytest.fixture(params=KINDS)
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Journal]:
    async with JOURNALS[request.param](tmp_path) as opened:
        yield opened


async def accept(journal: Journal, call: str, at: float, tenant: str = "demo", **more: Any) -> None:
    record = CallRecord(call, tenant, "main", "v1", "call", at, ("ch",), **more)
    await journal.accept(record, [CallEvent(EventKind.CALL_ACCEPTED, call)])


async def happen(journal: Journal, call: str, kind: EventKind) -> None:
    journal.append("demo", [CallEvent(kind, call, data={"outcome": "completed"})])
    await journal.flush()


async def ids(journal: Journal, limit: int = 100, tenant: str = "demo", **wanted: Any) -> list[str]:
    return [one.id for one in await journal.calls(tenant, Wanted(limit, **wanted))]


async def test_the_newest_come_first_and_of_one_instant_by_their_ids(journal: Journal) -> None:
    for call, at in (("b", 2.0), ("a", 2.0), ("d", 1.0), ("c", 3.0)):
        await accept(journal, call, at)
    assert await ids(journal) == ["c", "b", "a", "d"]
    assert await ids(journal, 2) == ["c", "b"]


async def test_a_tenant_lists_its_own_only(journal: Journal) -> None:
    await accept(journal, "a", 1.0, external_id="x")
    await accept(journal, "b", 1.0, tenant="other", external_id="x")
    assert await ids(journal, external_id="x") == ["a"]
    assert await ids(journal, tenant="other") == ["b"]
    assert await ids(journal, tenant="nobody") == []


async def test_pages_follow_each_other_whatever_comes_in_between(journal: Journal) -> None:
    random = Random(7)
    expected = [f"call-{number:02}" for number in range(25)]
    times = {call: float(random.randrange(5)) for call in expected}
    for call in random.sample(expected, 25):
        await accept(journal, call, times[call])
    found: list[str] = []
    after = None
    while page := await journal.calls("demo", Wanted(4, after=after)):
        found += [one.id for one in page]
        after = place_of(page[-1])
        await accept(journal, f"new-{len(found)}", 10.0)
    assert found == sorted(expected, key=lambda call: (times[call], call), reverse=True)


async def test_calls_are_found_by_their_clients_own_ids(journal: Journal) -> None:
    for call, own in (("a", "x"), ("b", "y"), ("c", None), ("d", "x")):
        await accept(journal, call, 1.0, external_id=own)
    assert await ids(journal, external_id="x") == ["d", "a"]
    assert await ids(journal, external_id="z") == []


async def test_calls_are_found_by_their_time(journal: Journal) -> None:
    for number in range(5):
        await accept(journal, str(number), 1767225600.25 + number)
    since, until = 1767225601.25, 1767225603.25
    assert await ids(journal, since=since, until=until) == ["2", "1"]
    assert await ids(journal, since=since) == ["4", "3", "2", "1"]
    assert await ids(journal, until=until) == ["2", "1", "0"]


async def test_calls_are_found_by_how_they_stand(journal: Journal) -> None:
    for call in ("live", "over", "waiting", "begun"):
        await accept(journal, call, 1.0)
    await happen(journal, "over", EventKind.CALL_ENDED)
    await happen(journal, "waiting", EventKind.CALL_SCHEDULED)
    await happen(journal, "begun", EventKind.CALL_SCHEDULED)
    await happen(journal, "begun", EventKind.CALL_STARTED)
    assert await ids(journal, standing=Standing.LIVE) == ["live", "begun"]
    assert await ids(journal, standing=Standing.SCHEDULED) == ["waiting"]
    assert await ids(journal, standing=Standing.ENDED) == ["over"]


async def test_calls_are_taken_over_in_the_order_of_their_ends(journal: Journal) -> None:
    calls = [f"call-{number}" for number in range(7)]
    for number, call in enumerate(calls):
        await accept(journal, call, float(number))
    await accept(journal, "alive", 0.0)
    ended = [calls[number] for number in (3, 1, 6, 0, 5, 2, 4)]
    found: list[str] = []
    behind: End | None = None
    for call in ended[:4]:
        await happen(journal, call, EventKind.CALL_ENDED)
    while page := await journal.ended("demo", behind, 2):
        found += [one.id for one in page]
        behind = end_of(page[-1])
        if len(found) == 4:
            for call in ended[4:]:
                await happen(journal, call, EventKind.CALL_ENDED)
    assert found == ended
    assert await journal.ended("other", None, 10) == ()


async def test_a_call_is_listed_as_it_is_shown(journal: Journal) -> None:
    await accept(journal, "a", 1.5, external_id="x", request={"second": {"text": "1001"}})
    await happen(journal, "a", EventKind.CALL_ENDED)
    (listed,) = await journal.calls("demo", Wanted(1))
    assert listed == await journal.call("demo", "a")
    assert (listed.external_id, listed.request) == ("x", {"second": {"text": "1001"}})
    assert listed.ended_at is not None
