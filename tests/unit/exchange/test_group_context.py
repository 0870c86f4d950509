"""What it means that a call is made on behalf of a group (Basix: "group context")."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cordboard.calls.events import EventKind, Json
from cordboard.calls.refusals import Refused
from cordboard.calls.request import GroupKeys
from cordboard.calls.running.progress import last_events
from cordboard.directory.recording import RecordPolicy
from cordboard.feeds.cdr import cdr_of
from support.quick_house import AT_ONCE, QuickHouse
from support.tenants import DOMAIN, tenant

pytestmark = pytest.mark.anyio

SUPPORT = GroupKeys(name="support")
OUTSIDE = "0312341234"


@pytest.fixture
def house() -> QuickHouse:
    """A house whose group ``support`` has one line, and a number of its own that it shows."""
    where = tenant()
    sales, support = where.groups
    support = replace(support, channel_limit=1, record=RecordPolicy.ALWAYS)
    found = QuickHouse(where=replace(where, groups=(sales, support)))
    found.engine.when_dialled(OUTSIDE, AT_ONCE)
    return found


async def ended(house: QuickHouse, call: str) -> dict[str, Json]:
    return dict((await house.events(call, EventKind.CALL_ENDED))[0].event.data)


@pytest.mark.parametrize(
    ("group", "name"),
    [
        (SUPPORT, "support"),
        (GroupKeys(resolver="*"), "support"),
        (GroupKeys(resolver="any:CALL_CENTER"), "support"),
        (GroupKeys(extension="2001"), "sales"),
        (GroupKeys(id="2002"), "support"),
        (GroupKeys(label="Support"), "support"),
    ],
)
async def test_the_group_is_in_the_events_the_result_and_the_cdr(
    house: QuickHouse, group: GroupKeys, name: str
) -> None:
    call = await house.place(group=group)
    await house.hang_up_second(call)
    (accepted,) = await house.events(call, EventKind.CALL_ACCEPTED)
    told = accepted.event.data["group"]
    assert isinstance(told, dict)
    assert told["name"] == name
    assert (await ended(house, call))["group"] == name
    assert cdr_of(await house.record(call), await house.events(call)).group == name


async def test_without_one_there_is_none(house: QuickHouse) -> None:
    call = await house.talk()
    assert (await ended(house, call))["group"] is None
    assert cdr_of(await house.record(call), await house.events(call)).group is None


async def test_its_number_is_shown_outside_and_it_has_its_calls_recorded(
    house: QuickHouse,
) -> None:
    call = await house.place(group=SUPPORT, to=OUTSIDE)
    dialled = await house.events(call, EventKind.CHANNEL_DIALLED)
    shown = {one.event.leg: one.event.data["caller_number"] for one in dialled}
    assert "0506868001" in shown.values()
    assert await house.events(call, EventKind.RECORDING_STARTED)


async def test_its_lines_are_limited(house: QuickHouse) -> None:
    call = await house.place(group=SUPPORT)
    with pytest.raises(Refused, match="support"):
        await house.place(group=SUPPORT, first=None, to="helen")
    await house.hang_up_second(call)
    await house.place(group=SUPPORT)


async def test_a_call_for_later_that_is_cancelled_tells_it_too(house: QuickHouse) -> None:
    call = await house.place(group=SUPPORT, delay=60.0)
    assert house.exchange.hang_up(DOMAIN, call)
    assert (await ended(house, call))["group"] == "support"


async def test_a_call_that_its_server_did_not_survive_tells_it_too(house: QuickHouse) -> None:
    call = await house.place(group=SUPPORT)
    assert last_events(call, await house.events(call), 9.0, {})[-1].data["group"] == "support"
