"""What every journal promises of the callbacks that it keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.owing import Owed
from cordboard.calls.request import Callback, Leg, Occasion
from cordboard.journal.outbox import Attempt, Backlog, Fate
from cordboard.journal.port import CallRecord, Journal
from support.journals import JOURNALS, KINDS

pytestmark = pytest.mark.anyio

URL = "http://receiver.test/told"
LATER = 1e12


@pytest.fixture(params=KINDS)
async def journal(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Journal]:
    async with JOURNALS[request.param](tmp_path) as opened:
        yield opened


def record(
    call: str, occasion: Occasion | None = Occasion.FIRST_LEG, tenant: str = "demo"
) -> CallRecord:
    callback = None if occasion is None else Callback(URL, "basix", occasion)
    return CallRecord(call, tenant, "main", "basix", "call_user", 1.0, ("ch",), callback=callback)


def answered(call: str, leg: Leg = Leg.FIRST) -> CallEvent:
    return CallEvent(EventKind.LEG_ANSWERED, call, leg, "ch", {"ring_seconds": 1.5})


def failed(call: str) -> CallEvent:
    return CallEvent(EventKind.LEG_FAILED, call, Leg.FIRST, None, {"cause": "busy"})


def ended(call: str) -> CallEvent:
    return CallEvent(EventKind.CALL_ENDED, call, None, None, {"outcome": "completed"})


async def happen(journal: Journal, *events: CallEvent, tenant: str = "demo") -> None:
    journal.append(tenant, events)
    await journal.flush()


async def owed_for(journal: Journal, call: str) -> list[EventKind]:
    return [posted.owed.event.kind for posted in await journal.posted("demo", call=call)]


async def test_a_callback_is_owed_with_the_event_that_it_tells_of(journal: Journal) -> None:
    told: list[Owed] = []
    journal.on_owed(told.append)
    await journal.accept(record("call"), ())
    assert await journal.due(LATER, 10) == ()
    await happen(journal, answered("call"))
    (posted,) = await journal.due(LATER, 10)
    assert told == [posted.owed]
    assert (posted.owed.id, posted.owed.url, posted.fate) == ("msg_call", URL, Fate.PENDING)
    assert (posted.owed.tenant, posted.owed.account) == ("demo", "main")
    assert posted.owed.event == answered("call")
    assert (posted.attempts, posted.last, posted.next_at) == (0, None, posted.owed.at)


async def test_a_callback_knows_the_call_by_its_clients_own_id(journal: Journal) -> None:
    await journal.accept(replace(record("call"), external_id="ticket-7"), ())
    await happen(journal, answered("call"))
    (posted,) = await journal.due(LATER, 10)
    assert posted.owed.external_id == "ticket-7"


async def test_each_call_owes_one(journal: Journal) -> None:
    await journal.accept(record("a"), ())
    await happen(journal, answered("a"), answered("a", Leg.SECOND))
    await happen(journal, ended("a"))
    assert await owed_for(journal, "a") == [EventKind.LEG_ANSWERED]
    await journal.accept(record("b"), ())
    await happen(journal, failed("b"), ended("b"))
    assert await owed_for(journal, "b") == [EventKind.LEG_FAILED]


async def test_a_client_may_wait_for_the_end_of_the_call(journal: Journal) -> None:
    await journal.accept(record("call", Occasion.CALL_ENDED), ())
    await happen(journal, answered("call"), ended("call"))
    assert await owed_for(journal, "call") == [EventKind.CALL_ENDED]


async def test_a_call_that_ends_without_its_hunt_tells_of_its_end(journal: Journal) -> None:
    await journal.accept(record("call"), ())
    await happen(journal, ended("call"))
    assert await owed_for(journal, "call") == [EventKind.CALL_ENDED]


async def test_who_asked_for_none_is_owed_none(journal: Journal) -> None:
    await journal.accept(record("call", None), ())
    await happen(journal, answered("call"), ended("call"))
    assert await journal.posted("demo") == ()


async def test_what_is_written_of_an_attempt_is_there(journal: Journal) -> None:
    await journal.accept(record("call"), ())
    await happen(journal, answered("call"))
    first, second = Attempt(10.0, 500, None, 0.2), Attempt(12.0, None, "no answer in time", 10.0)
    journal.attempted("msg_call", first, Fate.PENDING, 12.0)
    journal.attempted("msg_call", second, Fate.PENDING, 500.0)
    await journal.flush()
    assert await journal.due(499.0, 10) == ()
    (posted,) = await journal.due(500.0, 10)
    assert (posted.attempts, posted.last, posted.next_at) == (2, second, 500.0)
    assert await journal.attempts("demo", "msg_call") == (first, second)
    assert await journal.attempts("other", "msg_call") == ()
    assert await journal.callback("demo", "msg_call") == posted
    assert await journal.callback("other", "msg_call") is None
    journal.attempted("msg_call", Attempt(501.0, 204, None, 0.1), Fate.DELIVERED, None)
    await journal.flush()
    assert await journal.due(LATER, 10) == ()
    assert (await journal.posted("demo"))[0].fate is Fate.DELIVERED


async def test_a_callback_can_be_delivered_again(journal: Journal) -> None:
    await journal.accept(record("call"), ())
    await happen(journal, answered("call"))
    journal.attempted("msg_call", Attempt(1.0, 204, None, 0.1), Fate.DELIVERED, None)
    await journal.flush()
    assert await journal.again("other", "msg_call", 50.0) is None
    assert await journal.again("demo", "msg_unknown", 50.0) is None
    again = await journal.again("demo", "msg_call", 50.0)
    assert again is not None
    assert (again.fate, again.next_at) == (Fate.PENDING, 50.0)
    assert [posted.owed.id for posted in await journal.due(50.0, 10)] == ["msg_call"]


async def test_pending_ones_are_put_off(journal: Journal) -> None:
    for call in ("a", "b", "told"):
        await journal.accept(record(call), ())
        await happen(journal, answered(call))
    journal.attempted("msg_told", Attempt(1.0, 204, None, 0.1), Fate.DELIVERED, None)
    await journal.flush()
    await journal.put_off(["msg_a", "msg_told", "msg_unknown"], LATER)
    assert [posted.owed.id for posted in await journal.due(LATER - 1, 10)] == ["msg_b"]
    (put_off,) = await journal.posted("demo", call="a")
    assert (put_off.fate, put_off.attempts, put_off.next_at) == (Fate.PENDING, 0, LATER)
    assert (await journal.posted("demo", call="told"))[0].fate is Fate.DELIVERED


async def test_a_tenant_sees_its_own_the_newest_first(journal: Journal) -> None:
    for call in ("a", "b", "c"):
        await journal.accept(record(call), ())
        await happen(journal, answered(call))
    await journal.accept(record("theirs", tenant="other"), ())
    await happen(journal, answered("theirs"), tenant="other")
    mine = await journal.posted("demo")
    assert [posted.owed.call for posted in mine] == ["c", "b", "a"]
    earlier = await journal.posted("demo", before=mine[1].owed.at)
    assert [posted.owed.call for posted in earlier] == ["a"]
    assert len(await journal.posted("demo", limit=2)) == 2
    assert len(await journal.due(LATER, 3)) == 3


async def test_the_backlog_is_what_is_pending(journal: Journal) -> None:
    assert await journal.backlog() == Backlog(0, None)
    for call in ("one", "two"):
        await journal.accept(record(call), ())
        await happen(journal, answered(call))
    (first,) = await journal.posted("demo", call="one")
    (second,) = await journal.posted("demo", call="two")
    assert await journal.backlog() == Backlog(2, first.owed.at)
    attempt = Attempt(first.owed.at, 200, None, 0.1)
    journal.attempted(first.owed.id, attempt, Fate.DELIVERED, None)
    await journal.flush()
    assert await journal.backlog() == Backlog(1, second.owed.at)


class Neighbour:
    """Somebody in the tenant ``demo`` who wants to know when calls are answered."""

    def concerns(self, tenant: str) -> bool:
        return tenant == "demo"

    def owed_of_no_call(self, tenant: str, event: CallEvent, at: float, seq: int) -> Iterator[Owed]:
        if event.kind is EventKind.AGENT_LOGIN:
            yield Owed(f"msg_{seq}", tenant, "desk", "", "x", URL, at, event, None, seq)

    def owed(
        self, tenant: str, accepted: CallEvent, event: CallEvent, at: float, seq: int
    ) -> Iterator[Owed]:
        assert accepted.call == event.call
        if event.kind is EventKind.LEG_ANSWERED:
            name = str(accepted.data["method"])
            yield Owed(
                f"{event.call}.{seq}", tenant, name, event.call, "x", URL, at, event, None, seq
            )


def accepted(call: str) -> CallEvent:
    return CallEvent(EventKind.CALL_ACCEPTED, call, data={"method": "call_user"})


async def test_others_are_owed_what_they_want_to_know(journal: Journal) -> None:
    told: list[Owed] = []
    journal.on_owed(told.append)
    journal.owe_also(Neighbour())
    await journal.accept(record("a"), [accepted("a"), answered("a", Leg.SECOND)])
    await journal.accept(record("b", None), [accepted("b")])
    await journal.accept(record("c", tenant="else"), [accepted("c"), answered("c")])
    journal.append("demo", [ended("b")])
    journal.append("demo", [answered("a"), answered("b", Leg.SECOND)])
    await journal.flush()
    others = [one for one in told if one.seq is not None]
    assert [(one.id, one.seq, one.account) for one in others] == [
        ("a.2", 2, "call_user"),
        ("a.5", 5, "call_user"),
        ("b.6", 6, "call_user"),
    ]
    found = {posted.owed.id: posted.owed for posted in await journal.due(LATER, 10)}
    assert [found[one.id] for one in others] == others
    assert [one for one in others if journal.last_seq("demo") < (one.seq or 0)] == []
    assert set(found) == {"a.2", "a.5", "b.6", "msg_a", "msg_c"}


async def test_a_client_is_told_although_others_were(journal: Journal) -> None:
    journal.owe_also(Neighbour())
    await journal.accept(record("a", Occasion.CALL_ENDED), [accepted("a")])
    await happen(journal, answered("a"))
    await happen(journal, ended("a"))
    assert {posted.owed.id for posted in await journal.due(LATER, 10)} == {"a.2", "msg_a"}


async def test_others_are_owed_what_agents_do(journal: Journal) -> None:
    journal.owe_also(Neighbour())
    login = CallEvent(EventKind.AGENT_LOGIN, "", data={"state": "ready"})
    await journal.commit("demo", [login])
    await journal.commit("else", [login])
    await journal.commit("demo", [structs.replace(login, kind=EventKind.AGENT_LOGOUT)])
    (posted,) = await journal.due(LATER, 10)
    assert (posted.owed.id, posted.owed.call, posted.owed.event) == ("msg_1", "", login)
