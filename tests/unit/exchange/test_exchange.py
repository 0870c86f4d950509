"""The exchange over the engine and journal in memory: acceptance, limits, re-entrance, the end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.people.agents import AgentAct
from cordboard.calls.ports import Dial, HangUp, TerminalEndpoint
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import GroupKeys, RingGroup, RingUser, UserKeys
from cordboard.directory.model import GroupKind, GroupStrategy
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.engines.far_end import ANSWERS, IS_BUSY, RINGS, FarEnd
from cordboard.engines.memory import MemoryEngine
from cordboard.exchange.agents import Agents
from cordboard.exchange.alarm import Alarm
from cordboard.exchange.exchange import Exchange
from cordboard.journal.memory import MemoryJournal
from cordboard.journal.port import CallRecord, JournalUnavailable, Key
from support.tenants import request, tenant
from support.waiting import BOUND, eventually

pytestmark = pytest.mark.anyio


AT_ONCE = ((0.0, FarEnd.ring), (0.0, FarEnd.answer))


class FullJournal(MemoryJournal):
    """Can't take any request."""

    async def accept(
        self, record: CallRecord, events: Sequence[CallEvent], key: Key | None = None
    ) -> None:
        raise JournalUnavailable(record.id, len(events), key)


class House:
    """An exchange with phones."""

    def __init__(
        self, where: TenantDirectory | None = None, journal: MemoryJournal | None = None
    ) -> None:
        self.engine = MemoryEngine()
        self.journal = journal or MemoryJournal()
        self.where = where or tenant()
        directory = Directory((self.where,))
        self.exchange = Exchange(lambda: directory, self.engine, self.journal, lambda: 1.0)
        for phone in ("jessica-desk", "jessica-soft", "thomas", "helen"):
            self.engine.register(f"{phone}@demo")
        self.engine.when_dialled("jessica-desk@demo", RINGS)
        self.engine.when_dialled("jessica-soft@demo", RINGS)

    async def place(self, number: int = 1, **more: Any) -> tuple[str, ...]:
        accepted = await self.exchange.place(replace(request(**more), id=f"call-{number}"))
        return accepted.channels

    async def kinds(self, call: str = "call-1") -> list[str]:
        await self.journal.flush()
        return [r.event.kind.value for r in await self.journal.events_of("demo", call)]

    def dialled(self) -> list[str]:
        return [command.channel for command in self.engine.commands if isinstance(command, Dial)]


async def test_requests_without_a_key_are_each_their_own() -> None:
    house = House()
    assert not {*await house.place(1)} & {*await house.place(2)}
    assert house.exchange.live_calls() == 2


async def test_the_reply_names_the_channels_that_ring() -> None:
    house = House()
    channels = await house.place()
    assert len(set(channels)) == 2
    assert house.dialled() == list(channels)
    assert house.exchange.live_calls() == 1
    record = await house.journal.call("demo", "call-1")
    assert record is not None
    assert record.channels == channels


async def test_a_whole_call_inside_one_command() -> None:
    """Every far end answers while it is being dialled: events arrive within commands."""
    house = House()
    house.engine.when_dialled("jessica-desk@demo", AT_ONCE)
    house.engine.when_dialled("thomas@demo", AT_ONCE)
    channels = await house.place()
    assert "call.bridged" in await house.kinds()
    house.engine.far(channels[0]).hang_up()
    kinds = await house.kinds()
    assert kinds[-1] == "call.ended"
    assert kinds.count("call.ended") == 1
    assert house.exchange.live_calls() == 0
    assert not house.exchange._usage


async def test_a_refused_request_rings_nobody_and_takes_nothing() -> None:
    house = House()
    with pytest.raises(Refused):
        await house.place(to="nobody at all")
    assert house.dialled() == []
    assert not house.exchange._usage
    assert await house.journal.call("demo", "call-1") is None


async def test_the_limit_that_is_reached_is_named_and_given_back() -> None:
    house = House(tenant(channel_limit=3))
    channels = await house.place(1)
    with pytest.raises(Refused) as caught:
        await house.place(2)
    assert caught.value.id is RefusalId.CHANNEL_LIMIT_REACHED
    assert caught.value.parameter == "tenant:demo"
    for channel in channels:
        house.engine.far(channel).reject(486)
    await house.place(3)


async def test_calls_per_second_are_limited() -> None:
    house = House(tenant(calls_per_second=0.01, calls_burst=2))
    await house.place(1)
    await house.place(2)
    with pytest.raises(Refused) as caught:
        await house.place(3)
    assert caught.value.parameter == "calls_per_second:demo"
    assert house.exchange.live_calls() == 2


async def test_what_can_not_be_written_down_is_not_dialled() -> None:
    house = House(journal=FullJournal())
    with pytest.raises(Refused) as caught:
        await house.place()
    assert caught.value.id is RefusalId.OVERLOADED
    assert house.dialled() == []
    assert not house.exchange._usage


async def test_hanging_up_is_for_the_own_tenant_only() -> None:
    house = House()
    await house.place()
    assert house.exchange.hang_up("other", "call-1") is False
    assert house.exchange.hang_up("demo", "call-1") is True
    assert house.exchange.hang_up("demo", "call-1") is False
    assert (await house.kinds())[-1] == "call.ended"


async def test_the_ladder_and_the_name_of_a_call_are_the_tenants_own() -> None:
    house = House()
    channels = await house.place()
    assert house.exchange.call_of("demo", channels[1]) == "call-1"
    assert house.exchange.call_of("other", channels[1]) is None
    assert house.exchange.ladder("other", "call-1") is None
    ladder = house.exchange.ladder("demo", "call-1")
    assert ladder is not None
    shown = ladder["channels"]
    assert isinstance(shown, list)
    assert [one["party"] for one in shown] == ["jessica-desk@demo", "jessica-soft@demo"]  # type: ignore[index, call-overload]


async def test_a_call_may_end_by_itself_while_the_server_drains() -> None:
    house = House()
    await house.place(1)
    stopping = asyncio.create_task(house.exchange.stop(drain=BOUND))
    await asyncio.sleep(0)
    with pytest.raises(Refused) as caught:
        await house.place(2)
    assert caught.value.id is RefusalId.OVERLOADED
    assert house.exchange.live_calls() == 1
    assert house.exchange.hang_up("demo", "call-1")
    async with asyncio.timeout(BOUND / 2):
        await stopping
    assert await outcome_of(house, "call-1") == "cancelled"


async def test_what_outlives_the_draining_is_interrupted() -> None:
    house = House()
    await house.place(1)
    async with asyncio.timeout(BOUND):
        await house.exchange.stop(drain=0.01)
    assert await outcome_of(house, "call-1") == "interrupted"


async def test_a_drain_is_cut_short() -> None:
    house = House()
    house.exchange.hurry()  # nothing to cut yet
    await house.place(1)
    stopping = asyncio.create_task(house.exchange.stop(drain=3600.0))
    await asyncio.sleep(0)
    house.exchange.hurry()
    house.exchange.hurry()
    async with asyncio.timeout(BOUND):
        await stopping
    house.exchange.hurry()
    assert await outcome_of(house, "call-1") == "interrupted"


async def outcome_of(house: House, call: str) -> str:
    events = await house.journal.events_of("demo", call)
    assert events[-1].event.kind is EventKind.CALL_ENDED
    return str(events[-1].event.data["outcome"])


async def test_stopping_interrupts_what_lives_and_refuses_what_comes() -> None:
    house = House()
    await house.place(1)
    await house.place(2, first=RingUser(UserKeys(name="thomas")), to="helen")
    async with asyncio.timeout(BOUND):
        await house.exchange.stop()
    assert house.exchange.live_calls() == 0
    ended = [
        r.event.data["outcome"]
        for name in ("call-1", "call-2")
        for r in await house.journal.events_of("demo", name)
        if r.event.kind is EventKind.CALL_ENDED
    ]
    assert ended == ["interrupted", "interrupted"]
    assert sum(isinstance(c, HangUp) for c in house.engine.commands) == 3
    with pytest.raises(Refused) as caught:
        await house.place(3)
    assert caught.value.id is RefusalId.OVERLOADED


async def test_explaining_rings_nobody() -> None:
    house = House()
    assert house.exchange.explain(request())["accepted"] is True
    with pytest.raises(Refused):
        house.exchange.explain(request(to="??"))
    assert house.dialled() == []


async def test_a_busy_phone_and_a_slow_one() -> None:
    house = House()
    house.engine.when_dialled("jessica-desk@demo", IS_BUSY)
    house.engine.when_dialled("jessica-soft@demo", ANSWERS)
    house.engine.when_dialled("thomas@demo", ANSWERS)
    await house.place()
    house.engine.advance(3.0)
    assert (await house.kinds())[-1] == "call.bridged"


async def test_an_alarm_rings_once_at_the_latest_time_set() -> None:
    rung: list[str] = []
    done = asyncio.Event()

    def due(name: str) -> None:
        rung.append(name)
        if name == "last":
            done.set()

    alarm = Alarm(due)
    now = asyncio.get_running_loop().time()
    alarm.set("never", now + 0.01)
    alarm.set("moved", now + 100.0)
    alarm.set("moved", now + 0.02)
    alarm.set("last", now + 0.03)
    alarm.set("never", None)
    async with asyncio.timeout(BOUND):
        await done.wait()
    assert rung == ["moved", "last"]
    alarm.close()


@pytest.mark.both_loops
async def test_alarms_may_be_set_for_a_time_that_has_come() -> None:
    rung: list[str] = []
    alarm = Alarm(rung.append)
    now = asyncio.get_running_loop().time()
    for name, at in (("now", now), ("before", now - 1.0), ("soon", now + 0.01)):
        alarm.set(name, at)
    await eventually(lambda: len(rung) == 3)
    assert set(rung[:2]) == {"now", "before"}
    alarm.close()


def house_of_agents(journal: MemoryJournal | None = None) -> House:
    """Thomas and helen are agents of a call center, thomas is rung first."""
    where = tenant()
    sales = replace(where.groups[0], kind=GroupKind.CALL_CENTER, strategy=GroupStrategy.LINEAR)
    return House(replace(where, groups=(sales, *where.groups[1:])), journal)


TO_SALES: Any = {"first": RingGroup(GroupKeys(name="sales")), "to": "1111"}


async def test_calls_that_race_for_one_agent_ring_different_ones() -> None:
    house = house_of_agents()
    placed = [house.place(number, **TO_SALES) for number in (1, 2, 3)]
    replies = await asyncio.gather(*placed, return_exceptions=True)
    endpoints = [one.endpoint for one in house.engine.commands if isinstance(one, Dial)]
    rung = [one.contact.account for one in endpoints if isinstance(one, TerminalEndpoint)]
    assert sorted(rung) == ["helen@demo", "thomas@demo"]
    (refused,) = (reply for reply in replies if isinstance(reply, BaseException))
    assert isinstance(refused, Refused)
    assert refused.id is RefusalId.NO_MEMBER_AVAILABLE


async def test_agents_who_pause_are_passed_over() -> None:
    house = house_of_agents()
    agents = Agents(house.journal)
    sales, thomas = house.where.groups[0], house.where.users[1]
    await agents.act("demo", sales, thomas, AgentAct.PAUSE, "main", "lunch")
    explained = house.exchange.explain(request(**TO_SALES))
    told: Any = explained["first"]
    assert told["hunt"]["order"] == [["helen"]]
    assert told["hunt"]["passed_over"] == [{"member": "thomas", "because": "paused"}]
    await agents.act("demo", sales, thomas, AgentAct.UNPAUSE, "main")
    assert house.exchange.explain(request(**TO_SALES))["accepted"]


async def test_an_agent_is_free_again_where_the_journal_takes_no_call() -> None:
    house = house_of_agents(FullJournal())
    for _ in range(3):
        with pytest.raises(Refused) as caught:
            await house.place(**TO_SALES)
        assert caught.value.id is RefusalId.OVERLOADED


async def test_calls_that_were_alive_when_the_server_died_get_their_result() -> None:
    before = House()
    channels = await before.place()
    before.engine.far(channels[0]).answer()
    await before.journal.flush()
    after = House(journal=before.journal)  # the phones and the process are gone
    await after.exchange.recover()
    events = await after.journal.events_of("demo", "call-1")
    assert events[-1].event.kind is EventKind.CALL_ENDED
    result = events[-1].event.data
    assert (result["outcome"], result["cause"]) == ("interrupted", "interrupted")
    assert (result["stage"], result["leg"]) == ("ringing_second", "second")
    await after.exchange.recover()
    assert await after.journal.events_of("demo", "call-1") == events
