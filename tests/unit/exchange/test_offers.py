"""Calls that phones and trunks make, from the engine's offer to their end, with engine and journal
in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.ports import Incoming
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.directory.snapshot import TenantDirectory
from cordboard.engines.far_end import IS_BUSY, RINGS, CallingEnd, FarState
from cordboard.exchange.offers import status_of
from cordboard.feeds.cdr import Cdr, cdr_of
from cordboard.journal.memory import MemoryJournal
from cordboard.journal.port import CallRecord, JournalUnavailable, Key
from support.quick_house import QuickHouse
from support.tenants import DOMAIN, tenant
from support.waiting import eventually

pytestmark = pytest.mark.anyio

CALLER = "a/strange id@192.0.2.9"


class CallingHouse(QuickHouse):
    """A house that is called."""

    def __init__(
        self, where: TenantDirectory | None = None, journal: MemoryJournal | None = None
    ) -> None:
        super().__init__(journal, where)
        self.engine.take_calls()

    def dial(self, dialled: str, phone: str = "jessica-desk", channel: str = CALLER) -> CallingEnd:
        incoming = Incoming(channel, f"{phone}@{DOMAIN}", (), dialled, DOMAIN, phone)
        return self.engine.call_in(incoming)

    def from_outside(self, number: str, channel: str = CALLER) -> CallingEnd:
        incoming = Incoming(channel, None, (f"first@{DOMAIN}",), number, "h", "0399998888", "Kondo")
        return self.engine.call_in(incoming)

    async def call_of(self, channel: str = CALLER) -> str:
        """The call that a channel became."""
        await eventually(lambda: self.exchange.call_of(DOMAIN, channel) is not None)
        found = self.exchange.call_of(DOMAIN, channel)
        assert found is not None
        return found

    async def row(self, call: str) -> Cdr:
        """The call's row."""
        events = await self.events(call)
        return cdr_of(await self.record(call), events)

    async def kinds(self, call: str) -> list[str]:
        return [one.event.kind.value for one in await self.events(call)]


async def test_a_phone_dials_another_one() -> None:
    house = CallingHouse()
    caller = house.dial("1002")
    await eventually(lambda: caller.state is FarState.TALKING)
    assert caller.rung == [180]
    call = await house.call_of()
    await eventually(lambda: isinstance(caller.hears, str))
    house.engine.far(str(caller.hears)).hang_up()
    await eventually(lambda: house.exchange.live_calls() == 0)
    row = await house.row(call)
    assert (row.direction, row.dialect, row.account) == ("phone", "phone", "jessica-desk")
    assert (row.first_name, row.first_caller_number, row.second_name) == (
        "jessica",
        "1001",
        "thomas",
    )
    assert (row.outcome, row.hung_up_by) == ("completed", "second")
    assert row.first_answered_at is not None
    assert not house.exchange.usage()


async def test_a_trunk_calls_a_did() -> None:
    house = CallingHouse()
    caller = house.from_outside("05031001002")
    await eventually(lambda: caller.state is FarState.TALKING)
    call = await house.call_of()
    caller.hang_up()
    await eventually(lambda: house.exchange.live_calls() == 0)
    row = await house.row(call)
    assert (row.direction, row.first_kind, row.first_trunk) == ("trunk", "number", "first")
    assert (row.first_number, row.second_caller_number) == ("0399998888", "0399998888")
    assert (row.outcome, row.hung_up_by) == ("completed", "first")


@pytest.mark.parametrize("number", ["0312341234", "1002", "05068680000"])
async def test_a_trunk_reaches_nothing_else(number: str) -> None:
    house = CallingHouse()
    caller = house.from_outside(number)
    await eventually(lambda: caller.refused == 404)
    assert house.exchange.live_calls() == 0
    assert not house.engine._due


async def test_who_is_busy() -> None:
    house = CallingHouse()
    house.when("thomas", IS_BUSY)
    caller = house.dial("1002")
    await eventually(lambda: caller.refused == 486)
    call = await house.call_of()
    await eventually(lambda: house.exchange.live_calls() == 0)
    row = await house.row(call)
    assert (row.outcome, row.leg, row.cause) == ("second_leg_failed", "second", "busy")


async def test_who_gives_up() -> None:
    house = CallingHouse()
    house.when("thomas", RINGS)
    caller = house.dial("1002")
    await eventually(lambda: caller.rung == [180])
    call = await house.call_of()
    caller.give_up()
    await eventually(lambda: house.exchange.live_calls() == 0)
    row = await house.row(call)
    assert (row.outcome, row.leg, row.hung_up_by) == ("cancelled", "first", "first")


class SlowJournal(MemoryJournal):
    """Takes a request when it is told to."""

    def __init__(self) -> None:
        super().__init__(lambda: 1.0)
        self.may = asyncio.Event()
        self.asked = False

    async def accept(
        self, record: CallRecord, events: Sequence[CallEvent], key: Key | None = None
    ) -> None:
        self.asked = True
        await self.may.wait()
        await super().accept(record, events, key)


async def test_who_gives_up_while_the_journal_writes_has_called_all_the_same() -> None:
    journal = SlowJournal()
    house = CallingHouse(journal=journal)
    caller = house.dial("1002")
    await eventually(lambda: journal.asked)
    caller.give_up()
    journal.may.set()
    call = await house.call_of()
    await eventually(lambda: house.exchange.live_calls() == 0)
    assert (await house.kinds(call))[-1] == "call.ended"
    ended = (await house.events(call, EventKind.CALL_ENDED))[0].event.data
    assert (ended["outcome"], ended["leg"]) == ("cancelled", "first")
    assert not house.exchange.usage()


class FullJournal(MemoryJournal):
    """Can't take any request."""

    async def accept(
        self, record: CallRecord, events: Sequence[CallEvent], key: Key | None = None
    ) -> None:
        raise JournalUnavailable(record.id, len(events), key)


async def test_while_nothing_can_be_written_nobody_is_rung() -> None:
    house = CallingHouse(journal=FullJournal())
    caller = house.dial("1002")
    await eventually(lambda: caller.refused == 503)
    assert not house.exchange.usage()


async def test_while_the_server_stops_callers_are_refused() -> None:
    house = CallingHouse()
    await house.exchange.stop()
    caller = house.dial("1002")
    await eventually(lambda: caller.refused == 503)


async def test_a_caller_is_refused_when_the_server_goes() -> None:
    house = CallingHouse()
    house.when("thomas", RINGS)
    caller = house.dial("1002")
    await eventually(lambda: caller.rung == [180])
    await house.exchange.stop()
    assert caller.refused == 503


async def test_limits_count() -> None:
    here = tenant()
    thomas = replace(here.users[1], channel_limit=1)
    house = CallingHouse(replace(here, users=(here.users[0], thomas, here.users[2])))
    first = house.dial("1002", channel="one")
    await eventually(lambda: first.state is FarState.TALKING)
    second = house.dial("1002", "helen", "two")
    await eventually(lambda: second.refused == 486)
    first.hang_up()
    third = house.dial("1002", "helen", "three")
    await eventually(lambda: third.state is FarState.TALKING)


async def test_a_call_id_may_be_used_again_when_its_call_is_over() -> None:
    house = CallingHouse()
    house.when("thomas", IS_BUSY)
    first = house.dial("1002")
    await eventually(lambda: first.refused == 486)
    before = await house.call_of()
    await eventually(lambda: house.exchange.live_calls() == 0)
    again = house.dial("1003")
    await eventually(lambda: house.exchange.live_calls() == 1)
    assert await house.call_of() != before
    again.give_up()
    await eventually(lambda: house.exchange.live_calls() == 0)


async def test_an_offer_on_a_channel_that_is_up_is_refused_and_nothing_happens_to_that() -> None:
    house = CallingHouse()
    caller = house.dial("1002")
    await eventually(lambda: caller.state is FarState.TALKING)
    house.engine.tell(Incoming(CALLER, f"helen@{DOMAIN}", (), "1001", DOMAIN))
    assert house.exchange.live_calls() == 1
    assert caller.state is FarState.TALKING


async def test_who_calls_is_not_rung_by_a_group_meanwhile() -> None:
    here = tenant()
    support = replace(here.groups[1], members=here.groups[0].members)
    house = CallingHouse(replace(here, groups=(here.groups[0], support)))
    house.when("jessica-desk", RINGS)
    house.when("helen", RINGS)
    house.dial("1001", "thomas", "one")
    await house.call_of("one")
    caller = house.dial("2002", "jessica-desk", "two")
    await eventually(lambda: caller.rung == [180])
    call = await house.call_of("two")
    dialled = await house.events(call, EventKind.CHANNEL_DIALLED)
    assert [one.event.data["endpoint"] for one in dialled] == ["helen@demo"]


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (Refused(RefusalId.CHANNEL_LIMIT_REACHED, "", "user:thomas@demo"), 486),
        (Refused(RefusalId.CHANNEL_LIMIT_REACHED, "", "tenant:demo"), 503),
        (Refused(RefusalId.NO_ROUTE, ""), 403),
        (Refused(RefusalId.INVALID_DESTINATION, ""), 404),
        (Refused(RefusalId.OVERLOADED, ""), 503),
    ],
)
def test_how_a_caller_is_refused(refusal: Refused, status: int) -> None:
    assert status_of(refusal)[0] == status
