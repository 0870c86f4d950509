"""What a journal in a database promises beyond the port: nothing is lost between processes."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, event
from sqlalchemy.dialects.sqlite import dialect

from cordboard.calls.causes import Cause
from cordboard.calls.events import CallEvent, CallResult, EventKind, Json, Outcome, Recorded
from cordboard.calls.owing import Owed
from cordboard.calls.people.forwarding import forwarding_event
from cordboard.calls.request import Callback, Leg
from cordboard.directory.forwarding import Forwarding
from cordboard.directory.model import User
from cordboard.journal.at_hand import Bounds
from cordboard.journal.listing import Place, Wanted
from cordboard.journal.outbox import Attempt, Fate
from cordboard.journal.port import (
    CallRecord,
    JournalUnavailable,
    KeptKey,
    Key,
    Reader,
    ResyncNeeded,
    StoreFailed,
)
from cordboard.journal.sql.journal import KEY_SECONDS, SqlJournal
from cordboard.journal.sql.listing import listed
from cordboard.journal.sql.retention import Retention
from cordboard.journal.sql.store import NEWEST, Store, usable_url
from cordboard.journal.sql.tables import metadata
from cordboard.journal.sql.upgrading import versions
from support.waiting import eventually

pytestmark = pytest.mark.anyio

SOON = 10.0
KEY = Key("order-7", "digest")


FIRST_VERSION = """
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO alembic_version VALUES ('0001');
CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO meta VALUES ('epoch', 'e1');
CREATE TABLE calls (id TEXT NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, account TEXT NOT NULL,
    dialect TEXT NOT NULL, method TEXT NOT NULL, accepted_at DOUBLE NOT NULL,
    channels TEXT NOT NULL, request TEXT, external_id TEXT, idempotency_key TEXT,
    request_digest TEXT, ended_at DOUBLE, outcome TEXT, result TEXT);
CREATE INDEX calls_by_external_id ON calls (tenant, external_id);
CREATE TABLE events (tenant TEXT NOT NULL, seq BIGINT NOT NULL, at DOUBLE NOT NULL,
    kind TEXT NOT NULL, call TEXT NOT NULL, leg TEXT, channel TEXT, data TEXT NOT NULL,
    PRIMARY KEY (tenant, seq)) WITHOUT ROWID;
INSERT INTO events VALUES ('demo', 1, 5.0, 'channel.digit', 'call', NULL, 'c', '{"digit": "5"}');
CREATE TABLE outbox (id TEXT NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, account TEXT NOT NULL,
    call TEXT NOT NULL, dialect TEXT NOT NULL, url TEXT NOT NULL, at DOUBLE NOT NULL,
    event TEXT NOT NULL, fate TEXT NOT NULL, attempts INTEGER NOT NULL, next_at DOUBLE,
    last_at DOUBLE, last_status INTEGER, last_error TEXT, last_seconds DOUBLE);
CREATE TABLE attempts (callback TEXT NOT NULL, number INTEGER NOT NULL, at DOUBLE NOT NULL,
    status INTEGER, error TEXT, seconds DOUBLE NOT NULL, PRIMARY KEY (callback, number))
    WITHOUT ROWID;
CREATE TABLE tenants (tenant TEXT NOT NULL PRIMARY KEY, last_seq BIGINT NOT NULL,
    oldest_seq BIGINT NOT NULL);
INSERT INTO tenants VALUES ('demo', 1, 1);
"""
"""What the first version made, of what is asked here; its indexes are of no matter."""


class Shelf:
    """One database file, opened by one process after another; ``now`` is the wall's time."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "journal.db"
        self.now = 1000.0

    async def open(self, **bounds: int) -> SqlJournal:
        journal = SqlJournal(
            Store(f"sqlite:///{self.file}"), lambda: self.now, bounds=Bounds(**bounds)
        )
        await journal.start()
        return journal


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def record(call: str) -> CallRecord:
    return CallRecord(
        call, "demo", "main", "basix", "call_user", 1000.0, ("ch-1",), {"to": "thomas"}, "ext-1"
    )


def accepted(call: str) -> CallEvent:
    return CallEvent(EventKind.CALL_ACCEPTED, call, data={"dialect": "basix", "first": {"a": 1}})


def digit(text: str) -> CallEvent:
    return CallEvent(EventKind.DIGIT, "call", Leg.SECOND, "ch-1", {"digit": text})


def ended(call: str) -> CallEvent:
    result = CallResult(Outcome.COMPLETED, Cause.NORMAL, "bridged")
    return CallEvent(EventKind.CALL_ENDED, call, data=result.as_dict())


async def take(reader: Reader, count: int) -> list[Recorded]:
    async with asyncio.timeout(SOON):
        return [await anext(reader) for _ in range(count)]


async def test_the_next_process_finds_everything(shelf: Shelf) -> None:
    journal = await shelf.open()
    await journal.accept(record("call"), [accepted("call")], KEY)
    await journal.accept(record("alive"), [accepted("alive")])
    journal.append("demo", [digit("5"), ended("call")])
    await journal.flush()
    before, epoch = await journal.events_of("demo", "call"), journal.epoch
    secret = journal.secret
    await journal.close()

    again = await shelf.open()
    assert again.epoch == epoch
    assert again.secret == secret
    assert again.last_seq("demo") == 4
    assert await again.events_of("demo", "call") == before
    found = await again.call("demo", "call")
    assert found is not None
    assert found.result is not None
    assert replace(found, result=None, ended_at=None) == record("call")
    assert await again.kept_key("demo", "main", "order-7") == KeptKey(KEY, "call")
    assert [one.id for one in await again.unfinished()] == ["alive"]
    again.append("demo", [ended("alive")])
    await again.flush()
    assert again.last_seq("demo") == 5
    assert await again.unfinished() == ()
    await again.close()


async def test_a_cursor_is_continued_in_the_next_process(shelf: Shelf) -> None:
    journal = await shelf.open()
    journal.append("demo", [digit(str(n % 10)) for n in range(1200)])
    await journal.flush()
    await journal.close()
    again = await shelf.open(history=10)
    reader = again.read("demo", f"{again.epoch}:100")
    first = await take(reader, 600)
    again.append("demo", [digit("#")] * 50)
    rest = await take(reader, 550)
    assert [e.seq for e in first + rest] == list(range(101, 1251))
    assert rest[-1].event == digit("#")
    await again.close()


async def test_only_one_server_uses_a_journal(shelf: Shelf) -> None:
    journal = await shelf.open()
    with pytest.raises(StoreFailed, match="another server uses it"):
        await shelf.open()
    await journal.close()
    await (await shelf.open()).close()


async def test_a_key_is_free_some_time_after_its_call_has_ended(shelf: Shelf) -> None:
    journal = await shelf.open(ended_calls=0)
    await journal.accept(record("call"), [accepted("call")], KEY)
    journal.append("demo", [ended("call")])
    await journal.flush()
    shelf.now += KEY_SECONDS
    assert await journal.kept_key("demo", "main", "order-7") is not None
    shelf.now += 1.0
    assert await journal.kept_key("demo", "main", "order-7") is None
    await journal.accept(record("another"), [accepted("another")], KEY)
    await journal.close()


async def test_the_events_of_calls_that_are_not_at_hand_come_from_the_store(
    shelf: Shelf,
) -> None:
    journal = await shelf.open()
    for call in ("one", "two"):
        await journal.accept(record(call), [accepted(call)])
    journal.append("demo", [ended("one"), ended("two")])
    await journal.close()
    journal = await shelf.open()
    found = await journal.events_of_calls("demo", ["two", "one"])
    assert {call: [one.seq for one in events] for call, events in found.items()} == {
        "one": [1, 3],
        "two": [2, 4],
    }
    await journal.close()


class Blocker:
    """Another process that has locked the database, so that nobody can write."""

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None)

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, *_: object) -> None:
        self._connection.execute("ROLLBACK")
        self._connection.close()


async def test_what_cannot_be_written_is_refused_and_what_lives_is_kept(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cordboard.journal.sql.store.BUSY_SECONDS", 0.05)
    journal = await shelf.open()
    await journal.accept(record("call"), [accepted("call")])
    reader = journal.read("demo")
    with Blocker(shelf.file):
        with pytest.raises(JournalUnavailable, match="database is locked"):
            await journal.accept(record("refused"), [accepted("refused")])
        journal.append("demo", [digit("1")])
        with pytest.raises(JournalUnavailable):
            await journal.accept(record("refused"), [accepted("refused")])
        assert journal.last_seq("demo") == 1
        assert "database is locked" in (journal.fault or "")
        assert journal.figures.refused == 2
        assert journal.figures.failed >= 1
    seen = await take(reader, 1)
    assert (seen[0].seq, seen[0].event) == (2, digit("1"))
    assert await journal.call("demo", "refused") is None
    async with asyncio.timeout(SOON):
        while True:
            try:
                await journal.accept(record("next"), [accepted("next")])
                break
            except JournalUnavailable:
                await asyncio.sleep(0.01)
    assert journal.last_seq("demo") == 3
    await journal.close()


class Cramped(Store):
    """A database of so many pages and no more, for connections that are made from now on."""

    most_pages = 60

    def writers_engine(self) -> Engine:
        engine = super().writers_engine()

        def limit(connection: sqlite3.Connection, _record: object) -> None:
            connection.execute(f"PRAGMA max_page_count={self.most_pages}")

        event.listen(engine, "connect", limit)
        return engine


async def test_a_full_disk_is_told_as_long_as_no_request_fits(tmp_path: Path) -> None:
    store = Cramped(f"sqlite:///{tmp_path / 'journal.db'}")
    journal = SqlJournal(store)
    await journal.start()
    large = replace(record("large"), request={"to": "x" * 200_000})
    with pytest.raises(JournalUnavailable, match="full"):
        await journal.accept(large, [accepted("large")])
    failed = journal.figures.failed
    while journal.figures.failed < failed + 3:
        assert "full" in (journal.fault or "")
        await asyncio.sleep(0.01)
    journal.append("demo", [digit("1")])
    await eventually(lambda: journal.last_seq("demo") == 1, SOON, "what lives fits")
    assert "full" in (journal.fault or "")

    store.most_pages = 1_000_000
    await eventually(lambda: journal.fault is None, SOON, "there is room again")
    await journal.accept(large, [accepted("large")])
    await journal.close()


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///x.db", "sqlite+aiosqlite"),
        ("postgresql://u:secret@h/db", "postgresql+psycopg"),
        ("postgres://u@h/db", "postgresql+psycopg"),
    ],
)
def test_databases_are_named_by_their_urls(url: str, driver: str) -> None:
    assert usable_url(url).drivername == driver


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://h/db"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(StoreFailed):
        usable_url(url)


def test_a_password_is_never_shown() -> None:
    assert "secret" not in str(Store("postgresql://u:secret@h/db"))


async def test_the_migrations_make_the_tables_that_the_code_uses(shelf: Shelf) -> None:
    assert versions()[0] == NEWEST
    store = Store(f"sqlite:///{shelf.file}")
    await store.open()
    async with store.engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), metadata)
        )
    await store.close()
    assert differences == []


async def test_a_database_of_the_first_version_is_brought_up_to_date(shelf: Shelf) -> None:
    with closing(sqlite3.connect(shelf.file)) as connection, connection:
        connection.executescript(FIRST_VERSION)
    journal = await shelf.open()
    assert (journal.epoch, journal.last_seq("demo")) == ("e1", 1)
    (event,) = await journal.events_of("demo", "call")
    assert event.event.data == {"digit": "5"}
    assert journal.agents("demo") == {}
    await journal.commit("demo", [acted("paused")])
    await journal.close()


async def test_tables_of_a_newer_server_are_left_alone(shelf: Shelf) -> None:
    await (await shelf.open()).close()
    with closing(sqlite3.connect(shelf.file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreFailed, match="newer version"):
        await shelf.open()


async def test_a_call_that_was_interrupted_owes_what_its_hunt_did_not(shelf: Shelf) -> None:
    journal = await shelf.open()
    for call in ("hunting", "talking"):
        callback = Callback("http://receiver.test/told", "basix")
        asked: dict[str, Json] = {"callback": {"url": callback.url, "dialect": "basix"}}
        await journal.accept(
            replace(record(call), request=asked, callback=callback), [accepted(call)]
        )
    journal.append("demo", [CallEvent(EventKind.LEG_ANSWERED, "talking", Leg.FIRST, "ch-1")])
    await journal.close()

    again = await shelf.open()
    told: list[str] = []
    again.on_owed(lambda one: told.append(one.call))
    again.append("demo", [ended(one.id) for one in await again.unfinished()])
    await again.flush()
    assert told == ["hunting"]
    assert {posted.owed.call for posted in await again.due(1e12, 10)} == {"hunting", "talking"}
    await again.close()


async def test_calls_are_forgotten_when_they_are_old_enough(shelf: Shelf) -> None:
    journal = await shelf.open(ended_calls=0, history=1)
    for number in range(120):
        await journal.accept(record(f"old-{number}"), [accepted(f"old-{number}")])
    journal.append("demo", [ended(f"old-{number}") for number in range(120)])
    await journal.accept(record("alive"), [accepted("alive")])
    await journal.flush()
    shelf.now += 1000.0
    await journal.accept(record("young"), [accepted("young")])
    journal.append("demo", [ended("young")])
    await journal.flush()
    retention = Retention(journal._store, 999.0, lambda: shelf.now)
    assert [await retention.step() for _ in range(4)] == [50, 50, 20, 0]
    assert await journal.call("demo", "old-7") is None
    assert await journal.events_of("demo", "old-7") == ()
    for kept in ("alive", "young"):
        assert await journal.call("demo", kept) is not None
        assert len(await journal.events_of("demo", kept)) >= 1
    with pytest.raises(ResyncNeeded):
        await take(journal.read("demo", f"{journal.epoch}:0"), 1)
    rest = await take(journal.read("demo", f"{journal.epoch}:240"), 3)
    assert [e.event.call for e in rest] == ["alive", "young", "young"]
    await journal.close()


async def test_an_entry_that_cannot_be_written_at_all_keeps_nobody_waiting(shelf: Shelf) -> None:
    journal = await shelf.open()
    unwritable = CallEvent(EventKind.DIGIT, "call", data={"digit": cast("Json", object())})
    journal.append("demo", [digit("1")])
    journal.append("demo", [unwritable])
    await journal.accept(record("call"), [accepted("call")])
    with pytest.raises(JournalUnavailable):
        await journal.accept(record("bad"), [unwritable])
    journal.append("demo", [digit("2")])
    await journal.flush()
    assert journal.last_seq("demo") == 3
    assert await journal.call("demo", "bad") is None
    await journal.close()


async def test_a_full_disk_does_not_keep_a_server_from_ending(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cordboard.journal.sql.store.BUSY_SECONDS", 0.05)
    monkeypatch.setattr("cordboard.journal.sql.writer.FLUSH_SECONDS", 0.2)
    journal = await shelf.open()
    with Blocker(shelf.file):
        journal.append("demo", [digit("1")])
        with pytest.raises(JournalUnavailable):
            await journal.flush()
        async with asyncio.timeout(SOON):
            await journal.close()


async def test_numbers_go_on_where_all_events_are_forgotten(shelf: Shelf) -> None:
    journal = await shelf.open(ended_calls=0)
    await journal.accept(record("old"), [accepted("old")])
    journal.append("demo", [ended("old")])
    await journal.flush()
    shelf.now += 1000.0
    assert await Retention(journal._store, 999.0, lambda: shelf.now).step() == 1
    await journal.close()

    again = await shelf.open()
    assert again.last_seq("demo") == 2
    await again.accept(record("new"), [accepted("new")])
    assert [e.seq for e in await again.events_of("demo", "new")] == [3]
    await again.close()


def acted(word: str, user: int = 1) -> CallEvent:
    data: dict[str, Json] = {
        "group": {"id": 7, "name": "sales"},
        "user": {"id": user, "name": "jessica"},
        "state": word,
        "reason": None,
    }
    return CallEvent(EventKind.AGENT_LOGOUT, "", data=data)


async def test_agents_stand_as_before_in_the_next_process(shelf: Shelf) -> None:
    journal = await shelf.open()
    await journal.commit("demo", [acted("logged_out"), acted("paused", 2)])
    await journal.commit("demo", [acted("ready", 2)])
    before = dict(journal.agents("demo"))
    await journal.close()
    again = await shelf.open()
    assert again.agents("demo") == before
    assert [one.word for one in before.values()] == ["logged_out", "ready"]
    assert again.last_seq("demo") == 3
    await again.close()


async def test_calls_are_forwarded_as_before_in_the_next_process(shelf: Shelf) -> None:
    ann, bob, cid = (User(number, name, name) for number, name in enumerate(("ann", "bob", "cid")))
    away = Forwarding("1002", None, "0312341234", 15.0, do_not_disturb=True)
    journal = await shelf.open()
    await journal.commit("demo", [forwarding_event(one, away, "main") for one in (ann, bob, cid)])
    await journal.commit("demo", [forwarding_event(bob, None, "main")])
    await journal.commit("demo", [forwarding_event(cid, Forwarding(), "main")])
    await journal.close()
    again = await shelf.open()
    assert again.forwardings("demo") == {0: away, 2: Forwarding()}
    await again.close()


async def test_who_wraps_up_does_so_in_the_next_process(shelf: Shelf) -> None:
    journal = await shelf.open()
    data: dict[str, Json] = {"group": {"id": 7}, "user": {"id": 1}, "until": 1234.5}
    await journal.commit("demo", [CallEvent(EventKind.AGENT_WRAPPING_UP, "", data=data)])
    before = dict(journal.wrap_ups("demo"))
    assert before[1].until == 1234.5
    await journal.close()
    again = await shelf.open()
    assert again.wrap_ups("demo") == before
    await again.close()


class Desk:
    """Wants to know what agents do."""

    def concerns(self, _tenant: str) -> bool:
        return True

    def owed(self, *_event: object) -> Iterator[Owed]:
        return iter(())

    def owed_of_no_call(self, tenant: str, event: CallEvent, at: float, seq: int) -> Iterator[Owed]:
        yield Owed(f"msg_{seq}", tenant, "desk", "", "x", "https://d", at, event, None, seq)


async def test_what_was_told_of_agents_is_forgotten(shelf: Shelf) -> None:
    journal = await shelf.open()
    journal.owe_also(Desk())
    await journal.commit("demo", [acted("logged_out")])
    journal.attempted("msg_1", Attempt(shelf.now, 200, None, 0.1), Fate.DELIVERED, None)
    shelf.now += 1000.0
    await journal.commit("demo", [acted("paused", 2)])
    await journal.flush()
    assert [one.owed.id for one in await journal.posted("demo")] == ["msg_2", "msg_1"]
    await Retention(journal._store, 999.0, lambda: shelf.now).step()
    assert [one.owed.id for one in await journal.posted("demo")] == ["msg_2"]
    assert await journal.attempts("demo", "msg_1") == ()
    await journal.close()


async def test_what_agents_did_is_forgotten_and_how_they_stand_is_not(shelf: Shelf) -> None:
    journal = await shelf.open()
    await journal.commit("demo", [acted("logged_out")] * 3)
    shelf.now += 1000.0
    await journal.commit("demo", [acted("paused", 2)])
    await Retention(journal._store, 999.0, lambda: shelf.now).step()
    await journal.close()
    again = await shelf.open(history=10)
    assert [one.word for one in again.agents("demo").values()] == ["logged_out", "paused"]
    assert again.last_seq("demo") == 4
    (kept,) = await take(again.read("demo", f"{again.epoch}:3"), 1)
    assert kept.event == acted("paused", 2)
    shelf.now += 2000.0
    await Retention(again._store, 999.0, lambda: shelf.now).step()
    await again.close()
    at_last = await shelf.open()
    assert at_last.last_seq("demo") == 4
    await at_last.close()


async def test_the_next_process_finds_where_terminals_were_registered(shelf: Shelf) -> None:
    journal = await shelf.open()
    journal.put_bindings("desk@demo", "[1]")
    journal.put_bindings("desk@demo", "[2]")
    await journal.close()
    again = await shelf.open()
    assert await again.bindings() == {"desk@demo": "[2]"}
    await again.close()


async def test_a_database_that_does_not_answer_is_told_as_the_port_has_it(shelf: Shelf) -> None:
    journal = await shelf.open()
    with closing(sqlite3.connect(shelf.file)) as other:
        for table in ("calls", "events", "outbox"):
            other.execute(f"ALTER TABLE {table} RENAME TO gone_{table}")
        other.commit()
    questions: list[Awaitable[object]] = [
        journal.call("demo", "call"),
        journal.calls("demo", Wanted(5)),
        journal.events_of("demo", "call"),
        journal.kept_key("demo", "main", "order-7"),
        journal.posted("demo"),
        journal.again("demo", "msg_call", 1.0),
    ]
    for question in questions:
        with pytest.raises(JournalUnavailable):
            await question
    await journal.close()


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Wanted(5), "calls_by_time (tenant=?)"),
        (Wanted(5, after=Place(1.0, "a")), "calls_by_time (tenant=? AND (accepted_at,id)<(?,?))"),
        (Wanted(5, external_id="x"), "calls_by_external_id (tenant=? AND external_id=?)"),
        (
            Wanted(5, external_id="x", after=Place(1.0, "a")),
            "calls_by_external_id (tenant=? AND external_id=? AND (accepted_at,id)<(?,?))",
        ),
    ],
)
async def test_pages_of_calls_are_found_by_an_index_alone(
    shelf: Shelf, wanted: Wanted, index: str
) -> None:
    await (await shelf.open()).close()
    literal = {"literal_binds": True}
    question = listed("demo", wanted).compile(dialect=dialect(), compile_kwargs=literal)
    with closing(sqlite3.connect(shelf.file)) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {question}").fetchall()
    assert [row[3] for row in plan] == [f"SEARCH calls USING INDEX {index}"]
