"""Following a tenant's events: snapshot, deltas, resumption, resync, and who is too slow."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing

import pytest

from cordboard.calls.events import CallEvent, EventKind, Json
from cordboard.calls.request import Address, Leg
from cordboard.engines.far_end import RINGS
from cordboard.feeds.following import (
    AT_ONCE,
    CALLS_A_MESSAGE,
    MAX_FOLLOWERS_OF_TENANT,
    Feed,
    Follower,
    TooManyFollowers,
    Wish,
)
from cordboard.feeds.messages import Encoder, MalformedCursor, Reason
from cordboard.journal.at_hand import Bounds
from cordboard.journal.memory import MemoryJournal
from cordboard.journal.port import CallRecord
from support.follower import Client, told
from support.quick_house import QuickHouse
from support.tenants import DOMAIN
from support.waiting import eventually

pytestmark = pytest.mark.anyio

SOON = 5.0  # s


def digit(call: str = "x", digit: str = "5") -> CallEvent:
    return CallEvent(EventKind.DIGIT, call, Leg.FIRST, "c", {"digit": digit})


async def test_a_snapshot_tells_of_each_live_call_how_far_it_is() -> None:
    house = QuickHouse()
    house.when("helen", RINGS)
    over, bridged, ringing = (
        await house.talk(),
        await house.place(),
        await house.place(second=Address("helen")),
    )
    await house.journal.flush()
    client = Client(Feed(house.journal))
    await client.follow(house.journal.last_seq(DOMAIN))
    (snapshot,) = client.snapshots
    assert snapshot["cursor"] == f"{house.journal.epoch}:{house.journal.last_seq(DOMAIN)}"
    calls = {call["id"]: call for call in snapshot["calls"]}
    assert set(calls) == {bridged, ringing}
    assert over not in calls
    assert calls[bridged]["state"] == "bridged"
    assert [leg["state"] for leg in (calls[bridged]["first"], calls[bridged]["second"])] == [
        "answered",
        "answered",
    ]
    assert {(one["leg"], one["state"]) for one in calls[bridged]["channels"]} == {
        ("first", "answered"),
        ("second", "answered"),
    }
    assert calls[ringing]["state"] == "ringing_second"
    assert calls[ringing]["second"]["state"] == "ringing"
    assert calls[ringing]["second"]["party"]["name"] == "helen"
    assert ("second", "ringing") in {
        (one["leg"], one["state"]) for one in calls[ringing]["channels"]
    }


async def test_a_held_call_says_so() -> None:
    house = QuickHouse()
    call = await house.place()
    bridged = (await house.events(call, EventKind.CALL_BRIDGED))[0].event.data
    house.engine.far(str(bridged["first"])).hold()
    await house.journal.flush()
    client = Client(Feed(house.journal))
    await client.follow(house.journal.last_seq(DOMAIN))
    (held,) = client.snapshots[0]["calls"]
    assert (held["first"]["holds"], held["second"]["holds"]) == (True, False)


async def test_many_live_calls_come_in_parts_and_only_the_last_has_a_cursor() -> None:
    journal = MemoryJournal()
    for number in range(2 * CALLS_A_MESSAGE + 1):
        record = CallRecord(f"c{number}", DOMAIN, "main", "v1", "calls", 1.0, ())
        await journal.accept(record, [CallEvent(EventKind.CALL_ACCEPTED, record.id)])
    follower = Feed(journal).follow(DOMAIN, Wish())
    parts = []
    async with asyncio.timeout(SOON), aclosing(follower.messages()) as batches:
        async for batch in batches:
            parts += batch
            if len(parts) == 3:
                break
    bodies = told(parts)
    assert [len(body["calls"]) for body in bodies] == [CALLS_A_MESSAGE, CALLS_A_MESSAGE, 1]
    assert [body["more"] for body in bodies] == [True, True, False]
    assert [part.cursor is None for part in parts] == [True, True, False]
    assert [b"\nid:" in b"\n" + part.as_sse() for part in parts] == [False, False, True]


def acted(user: int, state: str) -> CallEvent:
    who: dict[str, Json] = {"group": {"id": 7}, "user": {"id": user}, "state": state}
    return CallEvent(EventKind.AGENT_PAUSE, "", data=who)


async def test_a_snapshot_tells_how_agents_stand_and_events_what_they_do() -> None:
    journal = MemoryJournal()
    await journal.commit(DOMAIN, [acted(user, "paused") for user in range(501)])
    await journal.commit("other", [acted(9000, "paused")])
    client = Client(Feed(journal))
    await client.follow(journal.last_seq(DOMAIN))
    (snapshot,) = client.snapshots
    agents = snapshot["agents"]
    assert [one["user"] for one in agents] == list(range(501))
    assert {(one["group"], one["state"]) for one in agents} == {(7, "paused")}
    await journal.commit(DOMAIN, [acted(3, "logged_out")])
    await client.follow(journal.last_seq(DOMAIN))
    (event,) = client.events
    assert (event["kind"], event["call"]) == ("agent.pause", None)
    assert event["data"]["state"] == "logged_out"


async def test_what_happens_while_a_snapshot_is_sent_comes_behind_it() -> None:
    house = QuickHouse()
    await house.place()
    await house.journal.flush()
    feed = Feed(house.journal)
    follower = feed.follow(DOMAIN, Wish())
    client = Client(feed)
    async with asyncio.timeout(SOON), aclosing(follower.messages()) as batches:
        client.take((await anext(batches))[0])
        at = house.journal.last_seq(DOMAIN)
        await house.talk()
        await house.journal.flush()
        while client.numbers[-1:] != [house.journal.last_seq(DOMAIN)]:
            for message in await anext(batches):
                client.take(message)
    assert client.numbers == list(range(at + 1, house.journal.last_seq(DOMAIN) + 1))


async def test_who_comes_back_gets_no_snapshot() -> None:
    house = QuickHouse()
    await house.talk()
    await house.journal.flush()
    client = Client(Feed(house.journal))
    client.cursor = f"{house.journal.epoch}:3"
    last = house.journal.last_seq(DOMAIN)
    await client.follow(last)
    assert client.snapshots == []
    assert client.resyncs == []
    assert client.numbers == list(range(4, last + 1))


@pytest.mark.parametrize(
    ("cursor", "reason"),
    [
        ("ffffffffffff:3", "other_epoch"),
        ("{epoch}:999", "in_the_future"),
        ("{epoch}:1", "too_old"),
    ],
)
async def test_who_comes_back_too_late_begins_anew_and_knows_it(cursor: str, reason: str) -> None:
    house = QuickHouse(MemoryJournal(bounds=Bounds(history=5)))
    await house.talk()
    living = await house.place()
    await house.journal.flush()
    client = Client(Feed(house.journal))
    client.cursor = cursor.format(epoch=house.journal.epoch)
    follower = Feed(house.journal).follow(DOMAIN, Wish(after=client.cursor))
    async with asyncio.timeout(SOON), aclosing(follower.messages()) as batches:
        async for batch in batches:
            for message in batch:
                client.take(message)
            if client.snapshots:
                break
    assert client.resyncs == [reason]
    assert client.living == {living}
    assert client.cursor == f"{house.journal.epoch}:{house.journal.last_seq(DOMAIN)}"


@pytest.mark.parametrize("cursor", ["", "7", ":1", "abc:", "abc:x", "abc:-1", "a b:1", "²:²"])
async def test_what_never_was_a_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(MalformedCursor):
        Feed(MemoryJournal()).follow(DOMAIN, Wish(after=cursor))


async def test_one_call_only_and_kinds_only() -> None:
    house = QuickHouse()
    feed = Feed(house.journal)
    begin = f"{house.journal.epoch}:0"
    one, other = await house.place(), await house.place()
    await house.hang_up_second(one)
    await house.hang_up_second(other)
    await house.journal.flush()
    kinds = frozenset({EventKind.CALL_ACCEPTED, EventKind.CALL_ENDED})
    found = await everything(feed.follow(DOMAIN, Wish(other, kinds, begin)), 2)
    assert [(body["call"], body["kind"]) for body in found] == [
        (other, "call.accepted"),
        (other, "call.ended"),
    ]


async def everything(follower: Follower, count: int) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    async with asyncio.timeout(SOON), aclosing(follower.messages()) as batches:
        async for batch in batches:
            found += told(batch)
            if len(found) >= count:
                break
    return found


async def test_who_wants_little_is_told_how_far_he_is() -> None:
    journal = MemoryJournal()
    wish = Wish(kinds=frozenset({EventKind.CALL_ENDED}), after=f"{journal.epoch}:0")
    follower = Follower(journal, Encoder(), DOMAIN, wish, heartbeat=0.01)
    journal.append(DOMAIN, [digit()] * 3)
    await journal.flush()
    async with asyncio.timeout(SOON), aclosing(follower.messages()) as batches:
        async for batch in batches:
            (message,) = batch
            if message.cursor == f"{journal.epoch}:3":
                break
    assert json.loads(message.body)["type"] == "alive"
    assert message.as_sse() == f":\nid: {message.cursor}\n\n".encode()


async def test_who_is_too_slow_hears_so_at_last_and_goes_on_from_there() -> None:
    journal = MemoryJournal()
    follower = Follower(journal, Encoder(), DOMAIN, Wish(), max_behind=10)
    client = Client(Feed(journal))
    async with asyncio.timeout(SOON), aclosing(follower.messages()) as batches:
        client.take((await anext(batches))[0])
        journal.append(DOMAIN, [digit()] * 3)
        await journal.flush()
        for message in await anext(batches):
            client.take(message)
        journal.append(DOMAIN, [digit()] * 11)  # while he is busy with those
        await journal.flush()
        rest = [message async for batch in batches for message in batch]
    for message in rest:
        client.take(message)
    assert client.ends == ["too_slow"]
    assert client.numbers == [1, 2, 3]
    client.ends.clear()
    await client.follow(14)
    assert client.numbers == list(range(1, 15))
    assert client.resyncs == []


async def test_who_lags_behind_all_that_is_kept_hears_the_same() -> None:
    journal = MemoryJournal(bounds=Bounds(history=5))
    follower = Follower(journal, Encoder(), DOMAIN, Wish())
    async with asyncio.timeout(SOON), aclosing(follower.messages()) as batches:
        await anext(batches)
        journal.append(DOMAIN, [digit()] * 9)
        await journal.flush()
        rest = told([message async for batch in batches for message in batch])
    assert [body["type"] for body in rest] == ["end"]
    assert rest[0]["reason"] == "too_slow"
    assert rest[0]["cursor"] == f"{journal.epoch}:0"


async def test_who_comes_from_afar_is_not_too_slow() -> None:
    journal = MemoryJournal()
    journal.append(DOMAIN, [digit()] * 200)
    await journal.flush()
    wish = Wish(after=f"{journal.epoch}:0")
    follower = Follower(journal, Encoder(), DOMAIN, wish, max_behind=10)
    found = await everything(follower, 200)
    assert [body["seq"] for body in found] == list(range(1, 201))


async def test_no_more_is_sent_at_once_than_is_bounded() -> None:
    journal = MemoryJournal()
    journal.append(DOMAIN, [digit()] * (3 * AT_ONCE))
    await journal.flush()
    follower = Feed(journal).follow(DOMAIN, Wish(after=f"{journal.epoch}:0"))
    sizes: list[int] = []
    async with asyncio.timeout(SOON), aclosing(follower.messages()) as batches:
        async for batch in batches:
            sizes.append(len(batch))
            if sum(sizes) == 3 * AT_ONCE:
                break
    assert sizes == [AT_ONCE] * 3


async def test_when_the_server_stops_everybody_hears_so_at_once() -> None:
    journal = MemoryJournal()
    feed = Feed(journal)
    clients = [Client(feed) for _ in range(3)]
    following = [asyncio.ensure_future(one.follow(10**9)) for one in clients]
    await eventually(lambda: all(one.snapshots for one in clients))
    feed.close()
    await asyncio.wait_for(asyncio.gather(*following), SOON)
    assert [one.ends for one in clients] == [["going_down"]] * 3
    assert len(feed) == 0
    assert feed.ended[Reason.GOING_DOWN] == 3
    late = Client(feed)
    await late.follow(10**9)
    assert late.ends == ["going_down"]


async def test_whose_right_ends_is_told_no_more() -> None:
    journal = MemoryJournal()
    may = [True]
    follower = Follower(journal, Encoder(), DOMAIN, Wish(), lambda: may[0], heartbeat=0.01)
    async with asyncio.timeout(SOON), aclosing(follower.messages()) as batches:
        await anext(batches)
        may[0] = False
        rest = told([message async for batch in batches for message in batch])
    assert rest[-1]["reason"] == "not_allowed"


async def test_there_is_room_for_so_many() -> None:
    feed = Feed(MemoryJournal())
    followers = [feed.follow(DOMAIN, Wish()) for _ in range(MAX_FOLLOWERS_OF_TENANT)]
    with pytest.raises(TooManyFollowers):
        feed.follow(DOMAIN, Wish())
    feed.follow("other", Wish())
    feed.leave(followers[0])
    feed.follow(DOMAIN, Wish())


async def test_each_event_is_encoded_once_for_all() -> None:
    journal = MemoryJournal()
    feed = Feed(journal)
    journal.append(DOMAIN, [digit()] * 5)
    await journal.flush()
    wish = Wish(after=f"{journal.epoch}:0")
    seen = []
    for follower in (feed.follow(DOMAIN, wish), feed.follow(DOMAIN, wish)):
        async with asyncio.timeout(SOON), aclosing(follower.messages()) as batches:
            seen.append(await anext(batches))
    assert all(one is other for one, other in zip(*seen, strict=True))


async def test_an_encoder_keeps_a_bounded_number() -> None:
    journal = MemoryJournal()
    journal.append(DOMAIN, [digit()] * 5)
    await journal.flush()
    reader = journal.read(DOMAIN, f"{journal.epoch}:0")
    first, *others = [await anext(reader) for _ in range(5)]
    encoder = Encoder(kept=2)
    made = encoder.message(first)
    assert encoder.message(first) is made
    for one in others:
        encoder.message(one)
    assert encoder.message(first) is not made
