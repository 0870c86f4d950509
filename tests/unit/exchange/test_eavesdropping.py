"""Calls that overhear others: who may, whom he hears when, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cordboard.calls.causes import Cause
from cordboard.calls.events import EventKind, Json, Outcome
from cordboard.calls.planning.overhearing import MEDIA_PLUG
from cordboard.calls.ports import EavesdropMode, Tone, ToneKind
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import (
    Address,
    GroupKeys,
    Leg,
    Overhear,
    RingGroup,
    RingNumber,
    RingUser,
    UserKeys,
)
from cordboard.calls.running.wishes import RecordAction, Wishes, WrongState
from cordboard.directory.snapshot import Directory
from cordboard.engines.far_end import RINGS, AnyEnd
from cordboard.feeds.cdr import cdr_of
from cordboard.feeds.live_call import live_call
from cordboard.journal.port import CallRecord
from cordboard.media.overhearing import MOST_EAVESDROPPERS
from support.quick_house import AT_ONCE, QuickHouse
from support.tenants import DOMAIN, request, tenant, user

pytestmark = pytest.mark.anyio

LISTEN, WHISPER, JOIN = EavesdropMode.LISTEN, EavesdropMode.WHISPER, EavesdropMode.JOIN
WAITING = Tone(ToneKind.HOLD, "jp")
HELEN = RingUser(UserKeys(name="helen"))


class House(QuickHouse):
    """Jessica talks with an outside number, or with thomas; helen may overhear some."""

    def __init__(self, *eavesdrops: str) -> None:
        users = (
            user(1, "jessica", ("jessica-desk", "jessica-soft")),
            user(2, "thomas", ("thomas",)),
            user(3, "helen", ("helen",), eavesdrops=eavesdrops or ("jessica",)),
        )
        super().__init__(where=tenant(users=users))
        self.when("helen", AT_ONCE)

    async def overhear(
        self,
        call: str | None,
        mode: EavesdropMode = LISTEN,
        leg: Leg | None = None,
        **more: Any,
    ) -> str:
        """Let helen overhear a call; the id of hers."""
        return await self.place(**{"first": HELEN, "second": Overhear(call, leg, mode), **more})

    async def channels(self, call: str) -> tuple[str, str]:
        """Those of the two who talk."""
        bridged = (await self.events(call, EventKind.CALL_BRIDGED))[-1].event.data
        return str(bridged["first"]), str(bridged["second"])

    async def far(self, call: str, leg: Leg = Leg.FIRST) -> AnyEnd:
        """The far end of who has answered a leg."""
        answered = await self.events(call, EventKind.LEG_ANSWERED, EventKind.CALL_TRANSFERRED)
        channels = [one.event.channel for one in answered if one.event.leg is leg]
        return self.engine.far(channels[-1] or "")

    async def record(self, call: str) -> CallRecord:
        """What is known of a call by now."""
        await self.journal.flush()
        return await super().record(call)

    async def told(self, call: str, kind: EventKind) -> list[dict[str, Json]]:
        """What the events of a kind say."""
        return [dict(one.event.data) for one in await self.events(call, kind)]

    async def state(self, call: str) -> Json:
        """Where a call is, by its events."""
        return live_call(await self.record(call), await self.events(call))["state"]

    def turn(
        self,
        call: str,
        mode: EavesdropMode,
        to: str | None = None,
        leg: Leg | None = None,
    ) -> bool:
        """Have it in another mode, or another call."""
        return self.exchange.wish(DOMAIN, call, lambda wishes, _: wishes.eavesdrop(to, leg, mode))


def send_on(kept: Leg) -> Callable[[Wishes, float], None]:
    """Connect a party with somebody outside."""

    def wish(wishes: Wishes, now: float) -> None:
        wishes.transfer(kept, "0312341234", now)

    return wish


def start_recording(wishes: Wishes, _now: float) -> None:
    """Have the two recorded."""
    wishes.record(RecordAction.START)


def hears(far: AnyEnd) -> object:
    """What somebody hears: a tone, the channel of one, or those of several."""
    return far.hears


async def refused(house: House, call: str | None, **more: Any) -> RefusalId:
    with pytest.raises(Refused) as caught:
        await house.overhear(call, **more)
    return caught.value.id


# Who hears whom


async def test_she_hears_both_from_her_answer_on() -> None:
    house = House()
    house.when("helen", RINGS)
    call = await house.place()
    first, second = await house.channels(call)
    hers = await house.overhear(call)
    record = await house.record(hers)
    helen = house.engine.far(record.channels[0])
    assert hears(helen) is None
    helen.answer()
    assert hears(helen) == {first, second}
    assert (hears(house.engine.far(first)), hears(house.engine.far(second))) == (second, first)
    assert await house.state(hers) == "eavesdropping"
    assert await house.told(hers, EventKind.CALL_EAVESDROPPING) == [
        {"call": call, "watched_leg": "first", "watched": first, "other": second, "mode": "listen"}
    ]
    assert await house.told(call, EventKind.CALL_OVERHEARD) == [
        {"by": {"id": 1003, "name": "helen"}, "from_call": hers, "mode": "listen"}
    ]
    assert await house.state(call) == "bridged"
    shown = live_call(await house.record(hers), await house.events(hers))
    assert shown["overhears"] == {"call": call, "watched_leg": "first", "mode": "listen"}
    assert shown["overheard_by"] == []
    shown = live_call(await house.record(call), await house.events(call))
    assert (shown["overhears"], shown["overheard_by"]) == (
        None,
        [
            {
                "call": hers,
                "by": {"id": 1003, "name": "helen"},
                "watched_leg": "first",
                "mode": "listen",
            }
        ],
    )
    helen.hang_up()
    shown = live_call(await house.record(call), await house.events(call))
    assert shown["overheard_by"] == []


@pytest.mark.parametrize("watched", Leg)
async def test_a_whisper_is_for_who_is_watched(watched: Leg) -> None:
    house = House("*")
    call = await house.place()
    first, second = await house.channels(call)
    hers = await house.overhear(call, WHISPER, watched)
    helen = (await house.far(hers)).channel
    first_hears, second_hears = hears(house.engine.far(first)), hears(house.engine.far(second))
    if watched is Leg.FIRST:
        assert (first_hears, second_hears) == ({second, helen}, first)
    else:
        assert (first_hears, second_hears) == (second, {first, helen})


async def test_the_mode_is_changed() -> None:
    house = House()
    call = await house.place()
    first, second = await house.channels(call)
    hers = await house.overhear(call)
    helen = (await house.far(hers)).channel
    assert house.turn(hers, JOIN)
    assert hears(house.engine.far(second)) == {first, helen}
    assert house.turn(hers, LISTEN)
    assert hears(house.engine.far(second)) == first
    modes = [data["mode"] for data in await house.told(call, EventKind.CALL_OVERHEARD)]
    assert modes == ["listen", "join", "listen"]


async def test_who_may_no_longer_does_not_change_the_mode() -> None:
    house = House()
    call = await house.place()
    hers = await house.overhear(call)
    *others, helen = house.directory.tenants[0].users
    nobody = replace(helen, eavesdrops=())
    house.directory = Directory((replace(house.directory.tenants[0], users=(*others, nobody)),))
    with pytest.raises(Refused) as caught:
        house.turn(hers, JOIN)
    assert caught.value.id is RefusalId.EAVESDROPPING_NOT_ALLOWED
    modes = [data["mode"] for data in await house.told(call, EventKind.CALL_OVERHEARD)]
    assert modes == ["listen"]


async def test_only_a_call_that_overhears_can_be_told_so() -> None:
    house = House()
    call = await house.place()
    with pytest.raises(WrongState, match="overhears nobody"):
        house.turn(call, JOIN)


# How it ends


async def test_it_ends_when_she_hangs_up_and_the_two_go_on() -> None:
    house = House()
    call = await house.place()
    first, second = await house.channels(call)
    hers = await house.overhear(call, JOIN)
    (await house.far(hers)).hang_up()
    assert hears(house.engine.far(second)) == first
    assert await house.state(call) == "bridged"
    record = await house.record(hers)
    assert record.result is not None
    assert (record.result["outcome"], record.result["leg"]) == ("completed", "first")
    assert (await house.told(call, EventKind.CALL_OVERHEARD))[-1]["mode"] is None
    row = cdr_of(record, await house.events(hers))
    assert (row.second_kind, row.second_name, row.second_number) == ("eavesdrop", "jessica", "1001")
    assert (row.hung_up_by, row.stage) == ("first", "eavesdropping")


async def test_it_ends_with_the_call_that_is_overheard() -> None:
    house = House()
    call = await house.place()
    hers = await house.overhear(call)
    await house.hang_up_second(call)
    record = await house.record(hers)
    assert record.result is not None
    assert (record.result["outcome"], record.result["cause"]) == ("completed", "normal")
    assert record.result["stage"] == "eavesdropping"
    kinds = [one.event.kind for one in await house.events(call)]
    assert kinds[-1] is EventKind.CALL_ENDED, "nothing is said of a call that is over"
    assert not house.exchange.live_calls()
    assert house.exchange.usage() == {}


async def test_who_has_not_answered_yet_is_rung_no_longer() -> None:
    house = House()
    house.when("helen", RINGS)
    call = await house.place()
    hers = await house.overhear(call)
    helen = house.engine.far((await house.record(hers)).channels[0])
    await house.hang_up_second(call)
    assert helen.hung_up_for is not None
    record = await house.record(hers)
    assert record.result is not None
    assert (record.result["outcome"], record.result["leg"]) == (Outcome.CANCELLED.value, None)


async def test_a_client_ends_it() -> None:
    house = House()
    call = await house.place()
    hers = await house.overhear(call)
    assert house.exchange.hang_up(DOMAIN, hers)
    record = await house.record(hers)
    assert record.result is not None
    assert record.result["cause"] == Cause.CANCELLED.value
    assert await house.state(call) == "bridged"


# What else goes on there


async def test_after_a_transfer_she_hears_those_who_talk_then() -> None:
    house = House("jessica", "thomas")
    house.engine.register(f"jessica-soft@{DOMAIN}")
    call = await house.place()
    first, _ = await house.channels(call)
    hers = await house.overhear(call, WHISPER)
    helen = await house.far(hers)
    house.exchange.wish(DOMAIN, call, send_on(Leg.FIRST))
    assert hears(helen) == WAITING
    dialled = (await house.events(call, EventKind.CHANNEL_DIALLED))[-1].event.channel or ""
    house.engine.far(dialled).answer()
    assert hears(helen) == {first, dialled}
    assert hears(house.engine.far(first)) == {dialled, helen.channel}
    modes = [data["mode"] for data in await house.told(hers, EventKind.CALL_EAVESDROPPING)]
    assert modes == ["whisper", None, "whisper"]


async def test_she_does_not_hear_those_whom_she_may_not() -> None:
    house = House("jessica")
    call = await house.place()
    hers = await house.overhear(call)
    helen = await house.far(hers)
    house.exchange.wish(DOMAIN, call, send_on(Leg.SECOND))
    dialled = (await house.events(call, EventKind.CHANNEL_DIALLED))[-1].event.channel or ""
    house.engine.far(dialled).answer()
    assert await house.state(call) == "bridged"
    assert hears(helen) == WAITING
    await house.hang_up_second(call)
    assert not house.exchange.live_calls()


async def test_who_is_parked_is_still_overheard_after_it() -> None:
    house = House()
    call = await house.place()
    first, second = await house.channels(call)
    hers = await house.overhear(call, JOIN)
    helen = (await house.far(hers)).channel
    house.exchange.wish(DOMAIN, call, lambda wishes, _: wishes.hold(Leg.SECOND, True))
    assert hears(house.engine.far(second)) == WAITING
    house.exchange.wish(DOMAIN, call, lambda wishes, _: wishes.hold(Leg.SECOND, False))
    assert hears(house.engine.far(second)) == {first, helen}


async def test_the_two_may_be_recorded_and_she_may_not() -> None:
    house = House()
    call = await house.place()
    hers = await house.overhear(call)
    house.exchange.wish(DOMAIN, call, start_recording)
    assert await house.told(call, EventKind.RECORDING_STARTED)
    with pytest.raises(WrongState):
        house.exchange.wish(DOMAIN, hers, start_recording)


# A media plug


async def test_a_plug_waits_and_goes_from_call_to_call() -> None:
    house = House("jessica", "thomas")
    plug = await house.overhear(None)
    helen = await house.far(plug)
    assert hears(helen) == WAITING
    assert await house.state(plug) == "eavesdropping"
    dialled = (await house.told(plug, EventKind.CHANNEL_DIALLED))[0]
    assert dialled["caller_number"] == MEDIA_PLUG
    call = await house.place()
    assert house.turn(plug, WHISPER, call)
    assert hears(helen) == set(await house.channels(call))
    other = await house.place(first=RingUser(UserKeys(name="thomas")), second=Address("0312341234"))
    outside = (await house.events(other, EventKind.CHANNEL_DIALLED))[-1].event.channel or ""
    house.engine.far(outside).answer()
    assert house.turn(plug, LISTEN, other)
    assert hears(helen) == set(await house.channels(other))
    assert [data["mode"] for data in await house.told(call, EventKind.CALL_OVERHEARD)] == [
        "whisper",
        None,
    ]
    await house.hang_up_second(other)
    assert hears(helen) == WAITING
    assert await house.state(plug) == "eavesdropping"
    assert house.turn(plug, JOIN, call)
    assert hears(helen) == set(await house.channels(call))
    helen.hang_up()
    assert house.exchange.live_calls() == 1


async def test_a_plug_that_may_not_turn_there_stays_where_it_is() -> None:
    house = House("jessica")
    plug = await house.overhear(None)
    call = await house.place()
    house.turn(plug, LISTEN, call)
    other = await house.place(first=RingUser(UserKeys(name="thomas")), second=Address("0312341234"))
    outside = (await house.events(other, EventKind.CHANNEL_DIALLED))[-1].event.channel or ""
    house.engine.far(outside).answer()
    for named in (other, "no such call", plug):
        with pytest.raises(Refused):
            house.turn(plug, JOIN, named)
    assert hears(await house.far(plug)) == set(await house.channels(call))
    await house.hang_up_second(call)
    assert hears(await house.far(plug)) == WAITING


# Who may


@pytest.mark.parametrize("names", [("jessica",), ("thomas",), ("support",), ("sales",), ("*",)])
async def test_the_directory_lets_her(names: tuple[str, ...]) -> None:
    house = House(*names)
    call = await house.place()
    hers = await house.overhear(call)
    watched = (await house.told(hers, EventKind.CALL_EAVESDROPPING))[0]["watched_leg"]
    assert watched == ("second" if names[0] in ("thomas", "sales") else "first")


async def test_nobody_may_whom_the_directory_does_not_let() -> None:
    house = House("helen")
    call = await house.place()
    assert await refused(house, call) is RefusalId.EAVESDROPPING_NOT_ALLOWED
    jessica = RingUser(UserKeys(name="thomas"))
    assert await refused(house, call, first=jessica) is RefusalId.INVALID_DESTINATION, "in it"
    assert await refused(house, None, first=jessica) is RefusalId.EAVESDROPPING_NOT_ALLOWED


async def test_she_may_watch_one_of_the_two_and_not_the_other() -> None:
    house = House("jessica")
    call = await house.place()
    asked = await refused(house, call, leg=Leg.SECOND)
    assert asked is RefusalId.EAVESDROPPING_NOT_ALLOWED


@pytest.mark.parametrize(
    "who",
    [RingNumber(Address("0312341234")), RingGroup(GroupKeys(name="sales"))],
    ids=["a number", "a group"],
)
async def test_only_a_user_may(who: RingNumber | RingGroup) -> None:
    house = House("*")
    call = await house.place()
    assert await refused(house, call, first=who) is RefusalId.EAVESDROPPING_NOT_ALLOWED


async def test_a_user_may_at_a_phone_of_his_outside() -> None:
    house = House("*")
    call = await house.place()
    mobile = RingNumber(Address("0312341234"), UserKeys(name="helen"))
    hers = await house.overhear(call, JOIN, first=mobile)
    helen = house.engine.far((await house.record(hers)).channels[0])
    helen.answer()
    assert hears(helen) == set(await house.channels(call))


async def test_a_call_in_which_nobody_talks_is_not_overheard() -> None:
    house = House("*")
    house.when("thomas", RINGS)
    call = await house.place()
    assert await refused(house, call) is RefusalId.INVALID_DESTINATION
    assert await refused(house, "no-such-call") is RefusalId.INVALID_DESTINATION


async def test_so_many_overhear_one_call_and_no_more() -> None:
    house = House("*")
    call = await house.place()
    hers = [await house.overhear(call) for _ in range(MOST_EAVESDROPPERS)]
    assert await refused(house, call) is RefusalId.CHANNEL_LIMIT_REACHED
    assert house.exchange.live_calls() == MOST_EAVESDROPPERS + 1
    (await house.far(hers[0])).hang_up()
    again = await house.overhear(call)
    assert hears(await house.far(again)) == set(await house.channels(call))


async def test_it_is_explained() -> None:
    house = House()
    call = await house.place()
    asked = replace(request(HELEN), second=Overhear(call, None, WHISPER))
    told = house.exchange.explain(asked)
    assert told["second"] == {
        "party": {"kind": "eavesdrop", "name": "jessica", "number": "1001", "id": 1001},
        "overhears": call,
        "watched_leg": "first",
        "mode": "whisper",
    }
