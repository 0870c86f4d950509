"""What every journal promises, whatever it is kept in: those of ``support.journals``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cordboard.calls.causes import Cause
from cordboard.calls.events import CallEvent, CallResult, EventKind, Json, Outcome, Recorded
from cordboard.calls.people.forwarding import forwarding_event
from cordboard.calls.people.wrap_ups import WrapUp
from cordboard.directory.forwarding import Forwarding
from cordboard.directory.model import User
from cordboard.journal.port import (
    CallRecord,
    Journal,
    JournalUnavailable,
    KeptKey,
    Key,
    KeyTaken,
    Reader,
    ResyncNeeded,
)
from support.journals import JOURNALS, KINDS

pytestmark = pytest.mark.anyio

MakeJournal = Callable[..., Awaitable[Journal]]
"""Makes an empty journal; keywords: pending_events, and those of its bounds."""

SOON = 5.0  # seconds an event may take to arrive before a test fails


@pytest.fixture(params=KINDS)
async def make_journal(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[MakeJournal]:
    async with AsyncExitStack() as stack:
        numbers = count()

        async def make(**bounds: int) -> Journal:
            folder = tmp_path / str(next(numbers))
            folder.mkdir()
            return await stack.enter_async_context(JOURNALS[request.param](folder, **bounds))

        yield make


@pytest.fixture
async def journal(make_journal: MakeJournal) -> Journal:
    return await make_journal()


def digit(call: str, digit: str = "5") -> CallEvent:
    return CallEvent(EventKind.DIGIT, call, channel="c", data={"digit": digit})


def accepted(call: str) -> CallEvent:
    return CallEvent(EventKind.CALL_ACCEPTED, call, data={"dialect": "basix"})


def ended(call: str) -> CallEvent:
    result = CallResult(Outcome.COMPLETED, Cause.NORMAL, "bridged")
    return CallEvent(EventKind.CALL_ENDED, call, data=result.as_dict())


def record(call: str, tenant: str = "demo") -> CallRecord:
    return CallRecord(call, tenant, "main", "basix", "call_user", 1000.0, ("ch-1", "ch-2"))


async def accept(journal: Journal, call: str, tenant: str = "demo") -> None:
    await journal.accept(record(call, tenant), [accepted(call)])


async def take(reader: Reader, count: int) -> list[Recorded]:
    async with asyncio.timeout(SOON):
        return [await anext(reader) for _ in range(count)]


async def nothing_comes(reader: Reader) -> None:
    waiting = asyncio.ensure_future(anext(reader))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()
    with suppress(asyncio.CancelledError):
        await waiting


def kinds(events: Any) -> list[EventKind]:
    return [recorded.event.kind for recorded in events]


async def test_an_accepted_call_is_there_when_accept_returns(journal: Journal) -> None:
    await accept(journal, "call")
    assert await journal.call("demo", "call") == record("call")
    assert kinds(await journal.events_of("demo", "call")) == [EventKind.CALL_ACCEPTED]
    assert journal.last_seq("demo") == 1


async def test_what_is_appended_is_invisible_until_its_commit(journal: Journal) -> None:
    await accept(journal, "call")
    journal.append("demo", [digit("call")])
    assert journal.last_seq("demo") == 1
    assert len(await journal.events_of("demo", "call")) == 1
    await journal.flush()
    assert journal.last_seq("demo") == 2
    assert kinds(await journal.events_of("demo", "call")) == [
        EventKind.CALL_ACCEPTED,
        EventKind.DIGIT,
    ]


async def test_what_a_peer_wrote_in_no_utf_8_keeps_nothing_from_being_written(
    journal: Journal,
) -> None:
    """Where a redirect leads is what a phone wrote, whatever octets that are."""
    journal.append("demo", [digit("call-1", "\udcfc"), digit("call-1")])
    async with asyncio.timeout(SOON):
        await journal.flush()
        journal.append("demo", [digit("call-1")])
        await journal.flush()


async def test_what_is_committed_is_there_when_commit_returns(journal: Journal) -> None:
    await accept(journal, "call")
    journal.append("demo", [digit("call", "1")])
    await journal.commit("demo", [digit("call", "2"), digit("call", "3")])
    assert journal.last_seq("demo") == 4
    digits = [e.event.data.get("digit") for e in await journal.events_of("demo", "call")]
    assert digits == [None, "1", "2", "3"]


def acted(word: str, user: int = 1, group: int = 7) -> CallEvent:
    who: dict[str, Json] = {"id": user, "name": f"user-{user}"}
    where: dict[str, Json] = {"id": group, "name": "sales"}
    reason = "lunch" if word == "paused" else None
    data: dict[str, Json] = {"group": where, "user": who, "state": word, "reason": reason}
    return CallEvent(EventKind.AGENT_LOGIN, "", data={**data, "account": "main"})


async def test_calls_go_where_was_chosen_last(journal: Journal) -> None:
    """Also for the next process: the events are what is kept."""
    assert journal.forwardings("demo") == {}
    ann, bob = User(1, "ann", "Ann"), User(2, "bob", "Bob")
    away = Forwarding("1002", None, "0312341234", 15.0, do_not_disturb=True)
    await journal.commit("demo", [forwarding_event(ann, Forwarding(busy="1003"), "main")])
    changes = [forwarding_event(ann, away, "main"), forwarding_event(bob, away, "main")]
    await journal.commit("demo", changes)
    await journal.commit("demo", [forwarding_event(bob, None, "main")])
    assert journal.forwardings("demo") == {1: away}
    assert journal.forwardings("other") == {}


async def test_agents_stand_as_they_did_last(journal: Journal) -> None:
    assert journal.agents("demo") == {}
    await journal.commit("demo", [acted("paused"), acted("logged_out", 2)])
    await journal.commit("demo", [acted("ready"), acted("paused")])
    journal.append("demo", [acted("ready", 2), digit("call"), acted("logged_out", 3, 8)])
    await journal.commit("other", [acted("logged_out")])
    assert {place: one.word for place, one in journal.agents("demo").items()} == {
        (7, 1): "paused",
        (7, 2): "ready",
        (8, 3): "logged_out",
    }
    assert journal.agents("demo")[7, 1].reason == "lunch"
    assert journal.agents("other")[7, 1].word == "logged_out"
    assert journal.last_seq("demo") == 7


def wraps_up(user: int, until: float | None, group: int = 7) -> CallEvent:
    kind = EventKind.AGENT_WRAPPED_UP if until is None else EventKind.AGENT_WRAPPING_UP
    who: dict[str, Json] = {"id": user, "name": f"user-{user}"}
    where: dict[str, Json] = {"id": group, "name": "sales"}
    return CallEvent(kind, "", data={"group": where, "user": who, "until": until})


async def test_who_wraps_up_is_known_until_he_ends_it(journal: Journal) -> None:
    assert journal.wrap_ups("demo") == {}
    await journal.commit("demo", [wraps_up(1, 100.5), wraps_up(2, 200.0), acted("paused")])
    journal.append("demo", [wraps_up(2, None), wraps_up(1, 300.0, 8)])
    await journal.commit("other", [wraps_up(2, 400.0)])
    assert journal.wrap_ups("demo") == {1: WrapUp(8, 300.0)}
    assert journal.wrap_ups("other") == {2: WrapUp(7, 400.0)}
    assert journal.agents("demo")[7, 1].word == "paused", "which is another matter"


async def test_flush_of_an_idle_journal_returns(journal: Journal) -> None:
    async with asyncio.timeout(SOON):
        await journal.flush()


async def test_numbers_are_gapless_per_tenant_from_1(journal: Journal) -> None:
    reader = journal.read_all()
    for number in range(20):
        journal.append("odd" if number % 2 else "even", [digit("x", str(number % 10)), digit("x")])
    events = await take(reader, 40)
    for tenant in ("odd", "even"):
        mine = [e for e in events if e.tenant == tenant]
        assert [e.seq for e in mine] == list(range(1, 21))
    assert {e.epoch for e in events} == {journal.epoch}


async def test_accept_and_append_keep_their_order(journal: Journal) -> None:
    reader = journal.read("demo")
    journal.append("demo", [digit("a", "1")])
    accepting = asyncio.ensure_future(accept(journal, "b"))
    await asyncio.sleep(0)
    journal.append("demo", [digit("b", "2")])
    await accepting
    events = await take(reader, 3)
    assert kinds(events) == [EventKind.DIGIT, EventKind.CALL_ACCEPTED, EventKind.DIGIT]


async def test_a_reader_sees_what_comes_after_its_making_and_nothing_before(
    journal: Journal,
) -> None:
    await accept(journal, "before")
    reader = journal.read("demo")
    await accept(journal, "after")
    assert [e.event.call for e in await take(reader, 1)] == ["after"]
    await nothing_comes(reader)


async def test_a_reader_sees_its_own_tenant_only(journal: Journal) -> None:
    reader = journal.read("demo")
    await accept(journal, "theirs", "other")
    await accept(journal, "mine")
    assert [e.event.call for e in await take(reader, 1)] == ["mine"]
    await nothing_comes(reader)


async def test_a_cursor_continues_without_gap_or_repetition(journal: Journal) -> None:
    first = journal.read("demo")
    journal.append("demo", [digit("x", str(n)) for n in range(10)])
    seen = await take(first, 4)
    await first.aclose()
    rest = await take(journal.read("demo", seen[-1].cursor), 6)
    assert [e.event.data["digit"] for e in seen + rest] == [str(n) for n in range(10)]


async def test_a_cursor_at_the_start_gives_everything(journal: Journal) -> None:
    await accept(journal, "call")
    assert len(await take(journal.read("demo", f"{journal.epoch}:0"), 1)) == 1


@pytest.mark.parametrize(
    "cursor", ["", "7", "another:1", ":1", "{epoch}:", "{epoch}:x", "{epoch}:-1", "{epoch}:99", "²"]
)
async def test_a_cursor_that_cannot_be_continued_asks_for_resync(
    journal: Journal, cursor: str
) -> None:
    await accept(journal, "call")
    reader = journal.read("demo", cursor.format(epoch=journal.epoch))
    with pytest.raises(ResyncNeeded):
        await anext(reader)


async def test_each_journal_has_a_secret_of_its_own(make_journal: MakeJournal) -> None:
    one, other = await make_journal(), await make_journal()
    assert len(one.secret) == 32
    assert one.secret == one.secret != other.secret


async def test_two_journals_have_different_epochs(make_journal: MakeJournal) -> None:
    assert (await make_journal()).epoch != (await make_journal()).epoch


async def test_a_slow_reader_holds_nobody_up_and_sees_no_gap(make_journal: MakeJournal) -> None:
    journal = await make_journal(history=10, history_of_all=10)
    slow, slow_of_all = journal.read("demo"), journal.read_all()
    quick = journal.read("demo")
    for number in range(25):
        journal.append("demo", [digit("x", str(number % 10))])
        await take(quick, 1)
    assert journal.last_seq("demo") == 25
    with pytest.raises(ResyncNeeded):
        await anext(slow_of_all)
    with suppress(ResyncNeeded):  # what is kept on a disk can still be read
        assert [e.seq for e in await take(slow, 25)] == list(range(1, 26))


async def test_history_that_is_gone_asks_for_resync_and_the_rest_can_be_read(
    make_journal: MakeJournal,
) -> None:
    journal = await make_journal(history=10)
    journal.append("demo", [digit("x", str(n % 10)) for n in range(25)])
    await journal.flush()
    with suppress(ResyncNeeded):  # what is kept on a disk may still be there, but without a gap
        earlier = await take(journal.read("demo", f"{journal.epoch}:14"), 11)
        assert [e.seq for e in earlier] == list(range(15, 26))
    events = await take(journal.read("demo", f"{journal.epoch}:15"), 10)
    assert [e.seq for e in events] == list(range(16, 26))


async def test_cancelling_a_wait_loses_no_event(journal: Journal) -> None:
    reader = journal.read("demo")
    await nothing_comes(reader)
    await accept(journal, "call")
    assert len(await take(reader, 1)) == 1


async def test_a_closed_reader_ends(journal: Journal) -> None:
    reader = journal.read("demo")
    await reader.aclose()
    with pytest.raises(StopAsyncIteration):
        await anext(reader)


async def test_a_reader_that_catches_up_lets_others_run(journal: Journal) -> None:
    reader = journal.read("demo")
    journal.append("demo", [digit("x") for _ in range(2000)])
    await journal.flush()
    turns = 0

    async def neighbour() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.ensure_future(neighbour())
    await take(reader, 2000)
    task.cancel()
    assert turns >= 2


async def test_the_end_of_a_call_completes_its_record(journal: Journal) -> None:
    await accept(journal, "call")
    journal.append("demo", [ended("call")])
    await journal.flush()
    kept = await journal.call("demo", "call")
    assert kept is not None
    assert kept.result is not None
    assert kept.result["outcome"] == "completed"
    assert kept.ended_at is not None


async def test_a_call_belongs_to_its_tenant(journal: Journal) -> None:
    await accept(journal, "call")
    assert await journal.call("other", "call") is None
    assert await journal.events_of("other", "call") == ()
    assert await journal.call("demo", "unknown") is None
    assert journal.last_seq("other") == 0


async def test_ended_calls_are_kept_up_to_a_bound_and_live_ones_always(
    make_journal: MakeJournal,
) -> None:
    journal = await make_journal(ended_calls=3)
    await accept(journal, "live")
    for number in range(5):
        await accept(journal, f"call-{number}")
        journal.append("demo", [ended(f"call-{number}")])
    await journal.flush()
    kept = [n for n in range(5) if await journal.call("demo", f"call-{n}") is not None]
    assert kept[-3:] == [2, 3, 4]
    assert await journal.call("demo", "live") is not None


async def test_a_call_of_many_events_keeps_its_beginning_and_its_end(
    make_journal: MakeJournal,
) -> None:
    journal = await make_journal(events_per_call=10)
    await accept(journal, "call")
    journal.append("demo", [digit("call") for _ in range(50)])
    journal.append("demo", [ended("call")])
    await journal.flush()
    events = await journal.events_of("demo", "call")
    assert len(events) == 11
    assert events[0].event.kind is EventKind.CALL_ACCEPTED
    assert events[-1].event.kind is EventKind.CALL_ENDED


async def test_a_full_journal_refuses_requests_and_takes_what_live_calls_do(
    make_journal: MakeJournal,
) -> None:
    journal = await make_journal(pending_events=10)
    journal.append("demo", [digit("x") for _ in range(12)])
    with pytest.raises(JournalUnavailable):
        await accept(journal, "call")
    journal.append("demo", [digit("x")])
    await journal.flush()
    assert await journal.call("demo", "call") is None
    assert journal.last_seq("demo") == 13
    await accept(journal, "call")
    assert await journal.call("demo", "call") is not None


async def test_a_caller_that_gives_up_waiting_leaves_the_others_their_commit(
    journal: Journal,
) -> None:
    given_up = asyncio.ensure_future(accept(journal, "given-up"))
    other = asyncio.ensure_future(accept(journal, "other"))
    await asyncio.sleep(0)
    given_up.cancel()
    async with asyncio.timeout(SOON):
        await other
    assert await journal.call("demo", "other") is not None


# Keys


KEY = Key("order-7", "digest")


async def test_a_key_leads_to_the_call_that_was_accepted_with_it(journal: Journal) -> None:
    assert await journal.kept_key("demo", "main", "order-7") is None
    await journal.accept(record("call"), [accepted("call")], KEY)
    assert await journal.kept_key("demo", "main", "order-7") == KeptKey(KEY, "call")


async def test_keys_are_an_accounts_own(journal: Journal) -> None:
    await journal.accept(record("call"), [accepted("call")], KEY)
    assert await journal.kept_key("demo", "other", "order-7") is None
    assert await journal.kept_key("other", "main", "order-7") is None
    await journal.accept(record("theirs", "other"), [accepted("theirs")], KEY)


async def test_a_key_is_taken_once_and_then_nothing_is_stored(journal: Journal) -> None:
    await journal.accept(record("first"), [accepted("first")], KEY)
    with pytest.raises(KeyTaken):
        await journal.accept(record("second"), [accepted("second")], KEY)
    await journal.flush()
    assert await journal.call("demo", "second") is None
    assert journal.last_seq("demo") == 1


async def test_of_requests_that_race_for_a_key_one_is_stored(journal: Journal) -> None:
    racing = [journal.accept(record(f"c{n}"), [accepted(f"c{n}")], KEY) for n in range(10)]
    results = await asyncio.gather(*racing, return_exceptions=True)
    assert sum(result is None for result in results) == 1
    assert sum(isinstance(result, KeyTaken) for result in results) == 9
    kept = await journal.kept_key("demo", "main", "order-7")
    assert kept is not None
    assert await journal.call("demo", kept.call) is not None
    assert journal.last_seq("demo") == 1


@settings(max_examples=25)  # each opens a database
@given(
    batches=st.lists(
        st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(0, 4), st.booleans()), max_size=30
    )
)
@pytest.mark.parametrize("name", KINDS)
def test_readers_see_everything_once_in_order(
    name: str, batches: list[tuple[str, int, bool]]
) -> None:
    async def scenario(folder: Path) -> None:
        async with JOURNALS[name](folder) as journal:
            await play(journal)

    async def play(journal: Journal) -> None:
        readers = {tenant: journal.read(tenant) for tenant in "abc"}
        written: dict[str, list[int]] = {tenant: [] for tenant in "abc"}
        number = 0
        for tenant, how_many, pause in batches:
            numbers = list(range(number, number + how_many))
            number += how_many
            written[tenant].extend(numbers)
            journal.append(tenant, [digit("x", str(n)) for n in numbers])
            if pause:
                await asyncio.sleep(0)
        await journal.flush()
        for tenant, reader in readers.items():
            seen = await take(reader, len(written[tenant]))
            assert [int(str(e.event.data["digit"])) for e in seen] == written[tenant]
            assert [e.seq for e in seen] == list(range(1, len(seen) + 1))

    with TemporaryDirectory() as folder:
        asyncio.run(scenario(Path(folder)))


# Where terminals are registered


async def test_where_terminals_are_registered_is_kept_by_account(journal: Journal) -> None:
    assert await journal.bindings() == {}
    journal.put_bindings("desk@demo", "first")
    journal.put_bindings("soft@demo", '{"a": "\\ud800 ü"}')
    journal.put_bindings("desk@demo", "second")
    journal.put_bindings("gone@demo", "third")
    journal.put_bindings("gone@demo", None)
    journal.put_bindings("nobody@demo", None)
    await journal.flush()
    assert await journal.bindings() == {"desk@demo": "second", "soft@demo": '{"a": "\\ud800 ü"}'}
    journal.put_bindings("soft@demo", None)
    journal.put_bindings("desk@demo", "third")
    journal.append("demo", [digit("call")])
    await journal.flush()
    assert await journal.bindings() == {"desk@demo": "third"}
    assert journal.last_seq("demo") == 1
