"""Who calls us, and who waits for a group, in Basix's elements."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cordboard.calls.ports import Incoming
from cordboard.calls.request import RingUser, UserKeys
from cordboard.directory.queue_rules import QueueRules
from cordboard.engines.far_end import CallingEnd, FarEnd, FarState
from support.cti_watch import CtiWatch
from support.quick_house import AT_ONCE, QuickHouse
from support.tenants import DOMAIN, tenant
from support.waiting import eventually

pytestmark = pytest.mark.anyio

CALLER = "a/strange id@192.0.2.9"
RINGS = ((0.0, FarEnd.ring),)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def called(house: QuickHouse, incoming: Incoming) -> CallingEnd:
    """A call that comes in, and has become one of ours."""
    house.engine.take_calls()
    caller = house.engine.call_in(incoming)
    await eventually(lambda: house.exchange.call_of(DOMAIN, incoming.channel) is not None)
    return caller


async def test_a_phone_that_calls_us_is_an_inbound_channel() -> None:
    house = QuickHouse()
    house.when("thomas", RINGS)
    watch = CtiWatch(house)
    phone = Incoming(CALLER, f"jessica-desk@{DOMAIN}", (), "1002", DOMAIN, "jessica-desk")
    caller = await called(house, phone)
    await eventually(lambda: caller.rung == [180])
    await watch.catch_up()
    channel = watch.store.channels[CALLER]
    assert (channel["direction"], channel["peer_location"]) == ("inbound", "internal")
    assert (channel["user_id"], channel["called_number"]) == (1001, "1002")
    assert channel["target"] == ("user", 1002, "thomas", "1002")
    assert channel["state"]["data"]["user_id"] == 1002
    assert channel["origination"] is None
    (rung,) = watch.store.channels.keys() - {CALLER}
    assert watch.store.channels[rung]["other_uuid"] == CALLER
    assert watch.store.channels[rung]["other_info"]["user_id"] == 1001
    caller.give_up()
    await eventually(lambda: house.exchange.live_calls() == 0)
    await watch.catch_up()
    ends = {
        row["uuid"]: row["last_event_data"]
        for _, name, row in watch.store.events
        if name == "removed"
    }
    assert ends == {CALLER: "recv_cancel,ORIGINATOR_CANCEL", rung: "send_cancel,ORIGINATOR_CANCEL"}


async def test_a_phone_that_is_answered_is_bridged() -> None:
    house = QuickHouse()
    watch = CtiWatch(house)
    phone = Incoming(CALLER, f"jessica-desk@{DOMAIN}", (), "1002", DOMAIN, "jessica-desk")
    caller = await called(house, phone)
    await eventually(lambda: caller.state is FarState.TALKING)
    await watch.catch_up()
    assert watch.of(CALLER)[0] == ("added", "NEW_CHANNEL")
    assert watch.store.channels[CALLER]["answer_timestamp"] is not None
    assert {one["state"]["name"] for one in watch.store.channels.values()} == {"bridged"}


async def test_a_trunk_that_calls_us_is_outside() -> None:
    where = tenant()
    house = QuickHouse(where=where)
    house.when("thomas", RINGS)
    watch = CtiWatch(house)
    number = where.users[1].dids[0]
    trunk = Incoming(CALLER, None, (f"first@{DOMAIN}",), number, "h", "0399998888", "Kondo")
    caller = await called(house, trunk)
    await eventually(lambda: caller.rung == [180])
    await watch.catch_up()
    channel = watch.store.channels[CALLER]
    assert (channel["direction"], channel["peer_location"]) == ("inbound", "external")
    assert (channel["user_id"], channel["calling_number"]) == (None, "0399998888")
    assert channel["target"] == ("user", 1002, "thomas", number)
    (rung,) = (one for uuid, one in watch.store.channels.items() if uuid != CALLER)
    assert rung["other_info"]["type"] == "end_user"
    assert rung["other_info"]["address"] == "0399998888"


async def test_who_waits_in_a_queue_is_told_of_apart() -> None:
    where = tenant()
    support = replace(where.groups[1], queue=QueueRules())
    house = QuickHouse(where=replace(where, groups=(where.groups[0], support)))
    house.when("jessica-desk", RINGS)
    for contact in house.engine.contacts(f"jessica-soft@{DOMAIN}"):
        house.engine.unregister(contact)
    house.when("helen", AT_ONCE)
    watch = CtiWatch(house)
    await house.place(first=RingUser(UserKeys(name="thomas")), to="support")
    second = await house.place(first=RingUser(UserKeys(name="helen")), to="support")
    await watch.catch_up()
    waiting = watch.store.elements["channel_waiting"]
    assert {one["user_id"] for one in waiting.values()} >= {1003}
    (helen,) = (one for one in waiting.values() if one["user_id"] == 1003)
    assert helen["state"]["data"] == {
        "target_location": "int",
        "target_type": "group",
        "group_type": "ring",
        "group_id": 2002,
        "group_queue_id": "support",
    }
    house.exchange.hang_up(DOMAIN, second)
    await watch.catch_up()
    assert helen["uuid"] not in watch.store.elements["channel_waiting"]
