"""The event log in Basix's elements: what a client's store holds that follows the frames."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cordboard.api.basix.cti.elements import Element
from cordboard.api.basix.cti.telling import greeting, told
from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.people.agents import AgentAct
from cordboard.calls.ports import Incoming
from cordboard.calls.request import (
    Address,
    EndUser,
    GroupKeys,
    Leg,
    LegWishes,
    RingGroup,
    RingNumber,
    RunContext,
)
from cordboard.calls.running.wishes import Wishes
from cordboard.directory.forwarding import Forwarding
from cordboard.directory.snapshot import Directory
from cordboard.engines.far_end import RINGS, FarEnd
from cordboard.exchange.agents import Agents
from cordboard.exchange.forwardings import Forwardings
from support.cti_store import CtiStore
from support.cti_watch import CtiWatch
from support.quick_house import AT_ONCE, QuickHouse
from support.tenants import DOMAIN, tenant

pytestmark = pytest.mark.anyio

OUTSIDE = "0312345678"
YAMADA = EndUser("7", "山田", "Thimble Theatre")
ITEM = {"id": "7", "name": "山田", "organization": "Thimble Theatre", "avatar": ""}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def bridged(house: QuickHouse, call: str) -> tuple[str, str]:
    """The channels of two who talk."""
    (event,) = await house.events(call, EventKind.CALL_BRIDGED)
    return str(event.event.data["first"]), str(event.event.data["second"])


async def test_a_call_is_told_from_its_first_channel_to_its_last() -> None:
    house = QuickHouse()
    watch = CtiWatch(house)
    call = await house.place()
    await watch.catch_up()
    first, second = await bridged(house, call)
    channel, other = watch.store.channels[first], watch.store.channels[second]
    assert channel["state"]["name"] == other["state"]["name"] == "bridged"
    assert (channel["other_uuid"], other["other_uuid"]) == (second, first)
    assert (channel["user_id"], other["user_id"]) == (1001, 1002)
    assert (channel["last_bridged_user_id"], other["last_bridged_user_id"]) == (1002, 1001)
    assert channel["other_info"]["user_id"] == 1002
    assert channel["origination"] == ["call_user", call]
    await house.hang_up_second(call)
    await watch.catch_up()
    assert watch.store.channels == {}
    assert watch.of(first) == [
        ("added", "CHANNEL_ORIGINATE"),
        ("updated", "CHANNEL_ANSWER"),
        ("updated", "STATE_CHANGE"),
        ("updated", "CHANNEL_BRIDGE"),
        ("removed", "CHANNEL_HANGUP"),
    ]
    ends = {
        row["uuid"]: row["last_event_data"]
        for _, name, row in watch.store.events
        if name == "removed"
    }
    assert ends.pop(second) == "recv_bye,NORMAL_CLEARING"
    assert ends.pop(first) == "send_bye,NORMAL_CLEARING"
    assert list(ends.values()) == ["send_cancel,LOSE_RACE"]  # jessica's other phone


async def test_who_waits_sees_whom_he_is_called_for() -> None:
    house = QuickHouse()
    house.when("thomas", ((0.0, FarEnd.ring),))
    watch = CtiWatch(house)
    await house.place()
    await watch.catch_up()
    states = {one["user_id"]: one["state"] for one in watch.store.channels.values()}
    assert states[1001]["data"] == {
        "target_location": "int",
        "target_type": "user",
        "user_id": 1002,
    }
    assert states[1002]["name"] == "ringing"


@pytest.mark.parametrize("outside_first", [True, False])
async def test_an_end_user_is_shown_at_both_ends(outside_first: bool) -> None:
    house = QuickHouse()
    house.engine.when_dialled(OUTSIDE, AT_ONCE)
    watch = CtiWatch(house)
    number, user = Address(OUTSIDE, YAMADA), Address("thomas")
    if outside_first:
        call = await house.place(first=RingNumber(number), second=user)
    else:
        call = await house.place(second=number)
    await watch.catch_up()
    channels = [watch.store.channels[one] for one in await bridged(house, call)]
    outside, inside = channels if outside_first else reversed(channels)
    assert outside["peer_location"] == "external"
    assert outside["end_user"] == {"count": 1, "items": [{**ITEM, "prefecture": ""}]}
    assert outside["other_info"]["type"] == "user"
    assert (inside["peer_location"], inside["end_user"]) == ("internal", None)
    assert inside["other_info"]["type"] == "end_user"
    assert inside["other_info"]["end_user"] == outside["end_user"]
    assert inside["other_info"]["address"] == OUTSIDE


async def test_members_of_a_group_ring_on_channels_of_their_own() -> None:
    house = QuickHouse()
    house.when("thomas", ((0.0, FarEnd.ring),))
    watch = CtiWatch(house)
    await house.place(first=RingGroup(GroupKeys(name="sales")), second=Address(OUTSIDE))
    await watch.catch_up()
    shown = {(one["user_id"], one["group_id"]) for one in watch.store.channels.values()}
    assert shown == {(1002, 2001), (1003, 2001)}


async def test_a_busy_phone_refuses() -> None:
    house = QuickHouse()
    house.when("thomas", ((0.0, lambda far: far.reject(486)),))
    watch = CtiWatch(house)
    await house.place()
    await watch.catch_up()
    ends = [row["last_event_data"] for _, name, row in watch.store.events if name == "removed"]
    assert "recv_refuse,USER_BUSY" in ends


async def test_a_program_is_a_state() -> None:
    house = QuickHouse()
    watch = CtiWatch(house)
    await house.place(second=RunContext("welcome"))
    await watch.catch_up()
    names = {row["state"]["name"] for _, _, row in watch.store.events}
    assert "xml_ivr" in names


async def test_who_is_held_by_a_client_waits() -> None:
    house = QuickHouse()
    watch = CtiWatch(house)
    call = await house.place()
    first, _ = await bridged(house, call)
    house.exchange.wish(DOMAIN, call, lambda wishes, _now: wishes.hold(Leg.FIRST, True))
    await watch.catch_up()
    assert watch.store.channels[first]["state"]["name"] == "park"
    assert watch.store.elements["channel_waiting"].keys() == {first}
    house.exchange.wish(DOMAIN, call, lambda wishes, _now: wishes.hold(Leg.FIRST, False))
    await watch.catch_up()
    assert watch.store.channels[first]["state"]["name"] == "bridged"
    assert watch.store.elements["channel_waiting"] == {}


async def test_a_transfer_leaves_the_other_party_and_brings_a_new_one() -> None:
    house = QuickHouse()
    house.when("helen", AT_ONCE)
    watch = CtiWatch(house)
    call = await house.place()
    first, second = await bridged(house, call)

    def transfer(wishes: Wishes, now: float) -> None:
        wishes.transfer(Leg.FIRST, "helen", now)

    house.exchange.wish(DOMAIN, call, transfer)
    await watch.catch_up()
    assert second not in watch.store.channels
    (other,) = watch.store.channels.keys() - {first}
    assert watch.store.channels[first]["other_uuid"] == other
    assert watch.store.channels[other]["user_id"] == 1003


async def test_who_is_transferred_while_a_client_holds_him_waits_no_longer() -> None:
    house = QuickHouse()
    house.when("helen", AT_ONCE)
    watch = CtiWatch(house)
    call = await house.place()
    first, _ = await bridged(house, call)
    house.exchange.wish(DOMAIN, call, lambda wishes, _now: wishes.hold(Leg.FIRST, True))

    def transfer(wishes: Wishes, now: float) -> None:
        wishes.transfer(Leg.FIRST, "helen", now)

    house.exchange.wish(DOMAIN, call, transfer)
    await watch.catch_up()
    assert watch.store.channels[first]["state"]["name"] == "bridged"
    assert watch.store.elements["channel_waiting"] == {}


async def test_a_killed_server_leaves_no_ghosts() -> None:
    house = QuickHouse()
    watch = CtiWatch(house)
    call = await house.place()
    await watch.catch_up()
    assert len(watch.store.channels) == 2
    result = {"outcome": "interrupted", "cause": "interrupted"}
    house.journal.append(DOMAIN, [CallEvent(EventKind.CALL_ENDED, call, data=dict(result))])
    await watch.catch_up()
    assert watch.store.channels == {}
    ends = [row["last_event_data"] for _, name, row in watch.store.events if name == "removed"]
    assert ends[-1] == "send_bye,NORMAL_TEMPORARY_FAILURE"


async def test_agents_and_forwardings_are_followed() -> None:
    house = QuickHouse()
    watch = CtiWatch(house)
    where = tenant()
    group, user = where.groups[0], where.users[1]
    await Agents(house.journal).act(DOMAIN, group, user, AgentAct.LOGOUT, "main")
    await Forwardings(house.journal).choose(where, user, Forwarding(do_not_disturb=True), "main")
    await watch.catch_up()
    member, row = "2001-1002", 1002
    assert watch.store.elements["group_member"][member]["login_status"] == 0
    assert watch.store.elements["user"][row]["do_not_disturb_status"] == 1
    assert [name for _, name, _ in watch.store.events] == ["updated", "updated"]
    assert list(watch.anew().rows(Element.USER)) == list(watch.projection.rows(Element.USER))


async def test_a_new_directory_changes_its_rows_alone() -> None:
    house = QuickHouse()
    watch = CtiWatch(house)
    before = tenant()
    jessica = replace(before.users[0], label="Jessica R.")
    after = replace(before, users=(jessica, *before.users[1:]), groups=before.groups[1:])
    house.directory = Directory((after,))
    for delta in watch.projection.renew(after):
        watch.store.take(told(delta))
    changed = sorted((element, name) for element, name, _ in watch.store.events)
    assert changed == [
        ("group", "removed"),
        ("group_member", "removed"),
        ("group_member", "removed"),
        ("user", "updated"),
    ]
    assert watch.store.elements["user"][1001]["label"] == "Jessica R."


async def test_who_watches_one_user_sees_his_channels_alone() -> None:
    house = QuickHouse()
    watch = CtiWatch(house)
    await house.place()
    await watch.catch_up()
    store = CtiStore()
    for frame in greeting(watch.projection, user=1002):
        store.take(frame)
    assert [one["user_id"] for one in store.channels.values()] == [1002]
    assert len(store.elements["user"]) == 3


async def test_a_call_that_another_phone_picks_up_is_picked_off() -> None:
    house = QuickHouse()
    house.engine.take_calls()
    house.when("thomas", RINGS)
    watch = CtiWatch(house)
    await house.place()
    await watch.catch_up()
    jessica = next(one for one in watch.store.channels.values() if one["answer_timestamp"])
    wanted = f"pickup_uuid.{jessica['uuid']}"
    house.engine.call_in(Incoming("helen-1", f"helen@{DOMAIN}", (), wanted, DOMAIN, "helen"))
    await watch.catch_up()
    ends = [row["last_event_data"] for _, name, row in watch.store.events if name == "removed"]
    assert ends == ["send_cancel,LOSE_RACE", "send_cancel,PICKED_OFF"]
    helen = watch.store.channels["helen-1"]
    assert (helen["direction"], helen["state"]["name"]) == ("inbound", "bridged")
    assert (helen["user_id"], helen["other_uuid"]) == (1003, jessica["uuid"])


async def test_who_is_parked_is_picked_up() -> None:
    house = QuickHouse()
    house.engine.take_calls()
    watch = CtiWatch(house)
    call = await house.place()
    house.exchange.wish(DOMAIN, call, lambda wishes, _: wishes.hold(Leg.SECOND, True))
    await watch.catch_up()
    (parked,) = watch.store.elements["channel_waiting"]
    state = watch.store.channels[parked]["state"]
    assert (state["name"], state["data"]["parker_id"]) == ("park", 1001)
    assert state["data"]["parker_name"] == "jessica"
    wanted = f"pickup_uuid.{parked}"
    house.engine.call_in(Incoming("helen-1", f"helen@{DOMAIN}", (), wanted, DOMAIN, "helen"))
    await watch.catch_up()
    assert watch.store.elements["channel_waiting"] == {}
    assert set(watch.store.channels) == {parked, "helen-1"}
    assert watch.store.channels[parked]["state"]["name"] == "bridged"


@pytest.mark.parametrize(("wanted", "tags"), [(True, "auto_answer"), (False, None)])
async def test_a_phone_that_is_to_answer_by_itself_is_tagged(wanted: bool, tags: str) -> None:
    house = QuickHouse()
    watch = CtiWatch(house)
    call = await house.place(on_first=LegWishes(auto_answer=wanted))
    await watch.catch_up()
    first, second = await bridged(house, call)
    assert watch.store.channels[first]["tags"] == tags
    assert watch.store.channels[second]["tags"] is None
