"""Bringing the tables up to date and back, whichever database they are in."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.request import Callback, Leg, Occasion
from cordboard.journal.outbox import Attempt, Fate
from cordboard.journal.port import CallRecord, Key, KeyTaken
from cordboard.journal.sql.journal import SqlJournal
from cordboard.journal.sql.store import Store
from cordboard.journal.sql.upgrading import MIGRATIONS
from support.databases import EITHER, Make

pytestmark = pytest.mark.anyio

ATTEMPTS = [Attempt(10.0 + one, 500 + one, None, 0.25) for one in range(3)]
CALLBACK = Callback("http://receiver.test/told", "basix", Occasion.FIRST_LEG)


@pytest.fixture(params=EITHER)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    make: Make = request.param
    return make(tmp_path)


async def opened(url: str) -> SqlJournal:
    journal = SqlJournal(Store(url), lambda: 1000.0)
    await journal.start()
    return journal


async def call_with_attempts(journal: SqlJournal, call: str, number: int, key: str | None) -> None:
    """A call whose callback was tried so often, and is to be tried again."""
    record = CallRecord(
        call, "demo", "main", "basix", "call_user", 999.0, ("ch",), callback=CALLBACK
    )
    await journal.accept(record, (), None if key is None else Key(key, "digest"))
    await journal.commit("demo", [CallEvent(EventKind.LEG_ANSWERED, call, Leg.FIRST, "ch")])
    for attempt in ATTEMPTS[:number]:
        journal.attempted(f"msg_{call}", attempt, Fate.PENDING, 50.0 + number)
    await journal.flush()


async def back_to(url: str, version: str) -> list[tuple[str, int]]:
    """Make the tables those of a version; the attempts that are in theirs then."""
    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS))

    def downgrade(connection: Connection) -> list[tuple[str, int]]:
        configuration.attributes["connection"] = connection
        command.downgrade(configuration, version)
        rows = connection.execute(text("SELECT callback, number FROM attempts ORDER BY 1, 2"))
        return [(row.callback, row.number) for row in rows]

    store = Store(url)
    await store.open()
    async with store.engine.begin() as connection:
        found = await connection.run_sync(downgrade)
    await store.close()
    return found


async def test_attempts_and_keys_are_the_same_there_and_back(url: str) -> None:
    journal = await opened(url)
    for number, key in enumerate((None, "k", None, "other")):
        await call_with_attempts(journal, f"call-{number}", number, key)
    await journal.close()
    assert await back_to(url, "0008") == [
        ("msg_call-1", 0),
        *(("msg_call-2", number) for number in range(2)),
        *(("msg_call-3", number) for number in range(3)),
    ]
    journal = await opened(url)
    for number in range(4):
        found = await journal.attempts("demo", f"msg_call-{number}")
        assert found == tuple(ATTEMPTS[:number])
    assert (await journal.backlog()).pending == 4
    assert [one.owed.call for one in await journal.due(51.5, 10)] == ["call-1"]
    journal.attempted("msg_call-2", ATTEMPTS[2], Fate.DELIVERED, None)
    await journal.flush()
    assert await journal.attempts("demo", "msg_call-2") == tuple(ATTEMPTS)
    with pytest.raises(KeyTaken):
        await call_with_attempts(journal, "call-4", 0, "k")
    await journal.close()
