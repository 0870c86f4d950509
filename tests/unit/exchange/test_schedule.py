"""Calls for later: they wait, begin once, and end with one result whatever comes between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.overload_limits import OverloadLimits, Strain
from cordboard.calls.ports import Dial
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import MAX_DELAY, GroupKeys, RingGroup
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.engines.far_end import RINGS
from cordboard.engines.memory import MemoryEngine
from cordboard.exchange import exchange as exchange_module
from cordboard.exchange import schedule as schedule_module
from cordboard.exchange.exchange import Exchange
from cordboard.journal.memory import MemoryJournal
from cordboard.journal.port import JournalUnavailable
from support.tenants import request, tenant
from support.waiting import eventually

pytestmark = pytest.mark.anyio

SOON = 0.02  # seconds that a call waits here
GRACE = 5.0


class Wall:
    """The time of day, which may be set."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class TroubledJournal(MemoryJournal):
    """Takes requests; whether it takes that a call begins is up to the test."""

    def __init__(self) -> None:
        super().__init__()
        self.may_commit = asyncio.Event()
        self.may_commit.set()
        self.faults = 0

    async def commit(self, tenant: str, events: Sequence[CallEvent]) -> None:
        if self.faults:
            self.faults -= 1
            raise JournalUnavailable("the disk is full")
        await self.may_commit.wait()
        await super().commit(tenant, events)


class House:
    """An exchange whose phones are at home unless a test says otherwise."""

    def __init__(
        self,
        journal: MemoryJournal | None = None,
        where: TenantDirectory | None = None,
        *,
        at_home: bool = True,
        wall: Wall | None = None,
    ) -> None:
        self.engine = MemoryEngine()
        self.journal = journal or MemoryJournal()
        self.wall = wall or Wall()
        self.directory = Directory((where or tenant(),))
        self.exchange = Exchange(
            lambda: self.directory, self.engine, self.journal, self.wall, GRACE
        )
        if at_home:
            self.come_home()

    def come_home(self) -> None:
        for phone in ("jessica-desk", "jessica-soft", "thomas"):
            self.engine.register(f"{phone}@demo")
            self.engine.when_dialled(f"{phone}@demo", RINGS)

    async def place(self, name: str = "call-1", **more: Any) -> None:
        accepted = await self.exchange.place(replace(request(), id=name, **more))
        assert accepted.channels == ()

    async def events(self, call: str = "call-1") -> list[CallEvent]:
        await self.journal.flush()
        return [recorded.event for recorded in await self.journal.events_of("demo", call)]

    async def kinds(self, call: str = "call-1") -> list[str]:
        return [event.kind.value for event in await self.events(call)]

    async def ended(self, call: str = "call-1") -> dict[str, Any]:
        """Its one result, once it is there."""

        async def over() -> bool:
            return "call.ended" in await self.kinds(call)

        await eventually(over)
        events = await self.events(call)
        assert [e.kind for e in events].count(EventKind.CALL_ENDED) == 1
        assert events[-1].kind is EventKind.CALL_ENDED
        return dict(events[-1].data)

    @property
    def dialled(self) -> int:
        return sum(isinstance(command, Dial) for command in self.engine.commands)

    async def rings(self) -> None:
        await eventually(lambda: self.dialled > 0)


async def test_a_call_for_later_rings_when_it_is_due() -> None:
    house = House()
    await house.place(delay=SOON)
    assert house.exchange.scheduled_calls() == 1
    assert house.dialled == 0
    await house.rings()
    assert house.exchange.scheduled_calls() == 0
    kinds = await house.kinds()
    assert kinds[:3] == ["call.accepted", "call.scheduled", "call.started"]
    assert kinds[3] == "channel.dialled"
    started = (await house.events())[2].data["channels"]
    assert started == [c.channel for c in house.engine.commands if isinstance(c, Dial)]


async def test_a_time_of_day_counts_as_well_as_a_delay() -> None:
    house = House()
    await house.place(at=house.wall() + SOON)
    await house.rings()


async def test_it_is_committed_as_begun_before_anything_rings() -> None:
    journal = TroubledJournal()
    journal.may_commit.clear()
    house = House(journal)
    await house.place(delay=SOON)
    await eventually(lambda: bool(house.exchange._usage))
    assert house.dialled == 0
    journal.may_commit.set()
    await house.rings()


async def test_nobody_needs_to_be_there_when_it_is_accepted() -> None:
    house = House(at_home=False)
    await house.place(delay=SOON * 5)
    house.come_home()
    await house.rings()


async def test_what_will_never_do_is_refused_at_once() -> None:
    house = House()
    with pytest.raises(Refused) as caught:
        await house.exchange.place(replace(request(to="nobody at all"), delay=SOON))
    assert caught.value.id is RefusalId.INVALID_DESTINATION
    with pytest.raises(Refused) as caught:
        await house.place(delay=MAX_DELAY + 1.0)
    assert caught.value.parameter == "delay"
    assert house.exchange.scheduled_calls() == 0


async def test_where_there_is_too_much_to_do_when_it_is_due_it_waits_for_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cordboard.exchange.exchange.OVERLOAD_PAUSE", 0.01)
    house = House()
    admission = house.exchange.admission
    await house.exchange.place(replace(request(), id="call-0"))
    admission.follow(OverloadLimits(live_legs=2))
    await house.place(delay=SOON)
    await eventually(lambda: admission.refused[Strain.LIVE_LEGS] >= 3)
    assert house.exchange.scheduled_calls() == 1
    assert house.exchange.hang_up("demo", "call-0")
    await eventually(lambda: house.exchange.scheduled_calls() == 0)
    assert "call.started" in await house.kinds()


async def test_what_stands_in_its_way_when_it_is_due_is_its_result() -> None:
    house = House(at_home=False)
    await house.place(delay=SOON)
    result = await house.ended()
    assert (result["outcome"], result["cause"]) == ("refused", "unreachable")
    assert (result["stage"], result["q850"]) == ("scheduled", 20)
    assert result["reason"]["refusal"] == "user_not_registered"
    assert house.dialled == 0
    assert not house.exchange._usage


async def test_nor_is_a_group_known_before_its_time() -> None:
    house = House(at_home=False)
    await house.place(delay=SOON, first=RingGroup(GroupKeys(name="sales")))
    result = await house.ended()
    assert (result["outcome"], result["cause"]) == ("refused", "unreachable")
    assert result["reason"]["refusal"] == "no_member_available"


async def test_a_limit_that_is_reached_by_then_is_named() -> None:
    house = House(where=tenant(channel_limit=1))
    await house.place(delay=SOON)
    assert (await house.ended())["reason"]["refusal"] == "channel_limit_reached"


async def test_it_is_cancelled_while_it_waits() -> None:
    house = House()
    await house.place(delay=3600.0)
    assert house.exchange.hang_up("other", "call-1") is False
    assert house.exchange.hang_up("demo", "call-1") is True
    result = await house.ended()
    assert (result["outcome"], result["stage"]) == ("cancelled", "scheduled")
    assert house.exchange.hang_up("demo", "call-1") is False
    assert house.exchange.scheduled_calls() == 0


async def test_it_is_cancelled_while_its_beginning_is_being_written_down() -> None:
    journal = TroubledJournal()
    journal.may_commit.clear()
    house = House(journal)
    await house.place(delay=SOON)
    await eventually(lambda: bool(house.exchange._usage))
    assert house.exchange.hang_up("demo", "call-1") is True
    journal.may_commit.set()
    assert (await house.ended())["outcome"] == "cancelled"
    assert house.exchange.live_calls() == 0
    assert not house.exchange._usage


async def test_a_journal_in_trouble_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_module, "JOURNAL_PAUSE", SOON)
    journal = TroubledJournal()
    journal.faults = 3
    house = House(journal)
    await house.place(delay=SOON)
    await house.rings()
    assert (await house.kinds()).count("call.started") == 1


async def test_it_waits_on_over_a_restart() -> None:
    before = House()
    await before.place(delay=SOON * 10)
    await before.exchange.stop()
    assert before.dialled == 0
    after = House(before.journal)
    await after.exchange.recover()
    assert after.exchange.scheduled_calls() == 1
    await after.rings()
    assert "call.ended" not in await after.kinds()


async def test_one_that_became_due_while_nobody_was_there_begins_late() -> None:
    before = House()
    await before.place(delay=60.0)
    await before.exchange.stop()
    before.wall.ahead = 60.0 + GRACE / 2
    after = House(before.journal, wall=before.wall)
    await after.exchange.recover()
    await after.rings()


async def test_one_whose_time_is_long_past_ends_interrupted() -> None:
    before = House()
    await before.place(delay=60.0)
    await before.exchange.stop()
    before.wall.ahead = 61.0 + GRACE
    after = House(before.journal, wall=before.wall)
    await after.exchange.recover()
    result = await after.ended()
    assert (result["outcome"], result["stage"]) == ("interrupted", "scheduled")
    assert after.dialled == 0


async def test_one_that_had_begun_is_never_begun_again() -> None:
    before = House()
    await before.place(delay=SOON)
    await before.rings()
    await before.journal.flush()
    after = House(before.journal)
    await after.exchange.recover()
    assert (await after.ended())["outcome"] == "interrupted"
    assert after.exchange.scheduled_calls() == 0
    assert after.dialled == 0


async def test_the_time_of_day_may_be_set_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule_module, "LONGEST_WAIT", SOON)
    house = House()
    await house.place(delay=3600.0)
    house.wall.ahead = 3600.0
    await house.rings()


async def test_a_fault_of_ours_leaves_no_call_without_result(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(schedule_module, "LONGEST_WAIT", SOON)
    house = House()
    await house.place(delay=SOON)
    house.directory = None  # type: ignore[assignment]  # a fault
    await eventually(lambda: "schedule.broke" in capfd.readouterr().out)
    house.wall.ahead = 1.0 + GRACE
    assert (await house.ended())["outcome"] == "interrupted"


async def test_so_many_may_wait_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_module, "MAX_SCHEDULED", 2)
    house = House()
    await house.place("one", delay=3600.0)
    await house.place("two", delay=3600.0)
    with pytest.raises(Refused) as caught:
        await house.place("three", delay=3600.0)
    assert caught.value.id is RefusalId.OVERLOADED
    await house.exchange.stop()
