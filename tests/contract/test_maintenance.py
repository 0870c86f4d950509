"""Looking after a database, whichever it is, beside a server that uses it and without one."""

from __future__ import annotations

from pathlib import Path

import pytest

from cordboard.calls.events import CallEvent, EventKind, Json
from cordboard.journal.directory_port import KeptTenant
from cordboard.journal.port import CallRecord, StoreFailed
from cordboard.journal.sql.directory import SqlDirectory
from cordboard.journal.sql.journal import SqlJournal
from cordboard.journal.sql.maintenance import report_on, vacuum
from cordboard.journal.sql.store import NEWEST, Store
from support.databases import EITHER, Make

pytestmark = pytest.mark.anyio

AGENT: dict[str, Json] = {"group": {"id": 7}, "user": {"id": 1}, "state": "paused", "reason": None}


@pytest.fixture(params=EITHER)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    make: Make = request.param
    return make(tmp_path)


async def use(url: str) -> SqlJournal:
    """A server that has had two calls, one of them over, and an agent who paused."""
    journal = SqlJournal(Store(url), lambda: 1000.0)
    await journal.start()
    for call in ("call-1", "call-2"):
        record = CallRecord(call, "demo", "main", "basix", "call_user", 999.0, ("ch",))
        await journal.accept(record, [CallEvent(EventKind.CALL_ACCEPTED, call)])
    result: dict[str, Json] = {"outcome": "completed"}
    await journal.commit(
        "demo",
        [
            CallEvent(EventKind.CALL_ENDED, "call-1", data=result),
            CallEvent(EventKind.AGENT_PAUSE, "", data=AGENT),
        ],
    )
    return journal


async def test_what_is_there_is_told(url: str) -> None:
    journal = await use(url)
    beside = Store(url)
    await beside.open(upgrade=False, alone=False)
    tenant = KeptTenant("demo", "/etc/demo.toml", 1, 1000.0, {})
    await SqlDirectory(beside).change([tenant], [], 0)
    report = await report_on(beside)
    assert (report.good, report.version, report.in_use) == (True, NEWEST, True)
    assert (report.calls, report.alive, report.oldest_call) == (2, 1, 999.0)
    (log,) = report.logs
    assert (log.tenant, log.first, log.last, log.count, log.oldest) == ("demo", 1, 4, 4, 1000.0)
    assert (report.agents, report.generation, report.kept) == (1, 1, (tenant,))
    assert report.epoch == journal.epoch
    assert report.size is not None
    assert report.size > 10_000
    await journal.close()
    assert not (await report_on(beside)).in_use
    await beside.close()


async def test_a_database_without_tables_is_no_good_yet(url: str) -> None:
    store = Store(url)
    report = await report_on(store)
    assert (report.good, report.version, report.in_use) == (False, None, False)
    await store.close()
    await store.open()
    assert (await report_on(store)).version == NEWEST
    await store.close()


async def test_room_is_given_back(url: str) -> None:
    journal = await use(url)
    told: list[str] = []
    if Store(url).is_sqlite:
        with pytest.raises(StoreFailed, match="another server uses it"):
            await vacuum(Store(url), told.append)
        await journal.close()
        await vacuum(Store(url), told.append)
    else:
        await vacuum(Store(url), told.append)
        await journal.close()
    (line,) = told
    assert " MB before, " in line
    again = SqlJournal(Store(url), lambda: 1000.0)
    await again.start()
    assert again.last_seq("demo") == 4
    assert [one.word for one in again.agents("demo").values()] == ["paused"]
    await again.close()
