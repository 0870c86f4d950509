"""A running server tells everybody who is owed something: clients, hooks, Zendesk."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cordboard.api.v1.callback import register
from cordboard.calls.request import Callback, GroupKeys, Occasion
from cordboard.directory.integrations import EventHook, Integrations
from cordboard.directory.integrations import Zendesk as Account
from cordboard.feeds.outbound import Outbound
from cordboard.journal.outbox import Fate
from cordboard.serving.deliveries import deliveries
from support.quick_house import AT_ONCE, QuickHouse
from support.receiver import CallbackReceiver
from support.tenants import DOMAIN, tenant
from support.waiting import eventually
from support.zendesk import EMAIL, TOKEN, zendesk

pytestmark = pytest.mark.anyio

OUTSIDE = "0312341234"


async def test_everybody_is_told_of_one_call() -> None:
    register()
    where = tenant(callbacks_inside=True)
    with CallbackReceiver() as receiver:
        async with zendesk() as acme, Outbound() as outbound:
            has = Integrations(
                EventHook(receiver.url("/hook"), frozenset({"call.ended"})),
                Account(acme.url, EMAIL, TOKEN),
            )
            sales = replace(where.groups[0], integrations=has)
            house = QuickHouse(where=replace(where, groups=(sales,)))
            house.engine.when_dialled(OUTSIDE, AT_ONCE)
            told = deliveries(
                *(house.journal, outbound, lambda: house.directory, house.exchange, "server01")
            )
            told.start()
            call = await house.place(
                group=GroupKeys(name="sales"),
                to=OUTSIDE,
                callback=Callback(receiver.url("/client"), "v1", Occasion.CALL_ENDED),
            )
            await house.hang_up_second(call)

            async def is_told() -> bool:
                posted = await house.journal.posted(DOMAIN, call=call)
                return all(one.fate is not Fate.PENDING for one in posted)

            await eventually(is_told)
            await told.stop()
            posted = await house.journal.posted(DOMAIN, call=call)
        assert acme.faults == []
        assert len(acme.tickets) == 1
    assert {one.path for one in receiver.callbacks.all()} == {"/hook", "/client"}
    assert {one.owed.dialect for one in posted} == {
        *("hook", "v1", "zendesk.display", "zendesk.ticket")
    }
