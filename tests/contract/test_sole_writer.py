"""One server writes to a PostgreSQL database, whatever becomes of its connections."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import create_engine, text

from cordboard.calls.events import CallEvent, EventKind
from cordboard.journal.port import CallRecord, JournalUnavailable, StoreFailed
from cordboard.journal.sql import advisory_lock
from cordboard.journal.sql.journal import SqlJournal
from cordboard.journal.sql.store import Store, usable_url
from support.postgres import postgres
from support.waiting import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.interop("postgres")]

SOON = 10.0

_BREAK = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def break_connections(url: str) -> None:
    """As a restart of the database does."""
    engine = create_engine(usable_url(url))
    with engine.connect() as connection:
        connection.execute(_BREAK)
    engine.dispose()


async def accept(journal: SqlJournal, call: str) -> None:
    record = CallRecord(call, "demo", "main", "basix", "call_user", 1000.0, ())
    await journal.accept(record, [CallEvent(EventKind.CALL_ACCEPTED, call)])


async def accept_in_time(journal: SqlJournal, call: str) -> None:
    """What breaks is noticed by the first who asks, who is refused."""
    async with asyncio.timeout(SOON):
        while True:
            try:
                await accept(journal, call)
            except JournalUnavailable as refused:
                if "another server" in str(refused):
                    raise
                await asyncio.sleep(0.01)
            else:
                return


async def test_a_server_goes_on_where_its_connections_broke() -> None:
    url = postgres().new_database()
    journal = SqlJournal(Store(url))
    await journal.start()
    await accept(journal, "one")
    break_connections(url)
    await accept_in_time(journal, "two")
    assert journal.last_seq("demo") == 2
    with pytest.raises(StoreFailed, match="another server uses it"):
        await SqlJournal(Store(url)).start()
    await journal.close()


async def test_a_server_in_use_is_known_as_such_after_its_connections_broke(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(advisory_lock, "LOOK_SECONDS", 0.05)
    url = postgres().new_database()
    journal = SqlJournal(Store(url))
    await journal.start()
    tool = Store(url)
    assert await tool.is_in_use()
    for _ in range(2):
        break_connections(url)
        await eventually(tool.is_in_use, SOON, "the lock is taken again")
    await journal.close()
    assert not await tool.is_in_use()


async def test_who_was_followed_by_another_never_writes_again() -> None:
    url = postgres().new_database()
    first, second = SqlJournal(Store(url)), SqlJournal(Store(url))
    await first.start()
    await accept(first, "one")
    break_connections(url)
    await second.start()
    await accept(second, "two")
    for _ in range(2):
        with pytest.raises(JournalUnavailable, match="another server uses it"):
            await accept_in_time(first, "three")
    await accept(second, "four")
    await second.close()
    with pytest.raises(JournalUnavailable, match="another server uses it"):
        await accept_in_time(first, "five")
    await first.close()
    third = SqlJournal(Store(url))
    await third.start()
    assert third.last_seq("demo") == 3
    await third.close()
