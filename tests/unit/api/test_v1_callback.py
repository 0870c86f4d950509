"""The callback of ``POST /v1/calls``, from the request to its receiver."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from standardwebhooks import Webhook

from cordboard.engines.far_end import ANSWERS, IS_BUSY
from cordboard.feeds.callbacks import Callbacks
from cordboard.feeds.delivery import Courier, Terms
from cordboard.feeds.outbound import Outbound
from support.receiver import CallbackReceiver
from support.v1 import PHONES, Served
from support.waiting import eventually

pytestmark = pytest.mark.anyio

SECRET = b"a secret of 24 octets or so"


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    house = Served()
    outbound = Outbound()
    courier = Courier(outbound, time.time)
    terms = Terms((SECRET,), inside=True)
    callbacks = Callbacks(house.journal, courier, time.time, lambda *_: terms)
    callbacks.start()
    yield house
    await callbacks.stop()
    await outbound.close()


async def told(served: Served, **more: Any) -> dict[str, Any]:
    """Place a call, let it come to its end, and give what its receiver was told, signed."""
    with CallbackReceiver() as receiver:
        body = {
            "first": {"user": {"name": "jessica"}},
            "second": {"address": "thomas"},
            "callback": {"url": receiver.url()},
            "external_id": "ticket-7",
            **more,
        }
        placed = (await served.post("/calls", body)).json
        for _ in range(3):
            served.engine.advance(2.0)
        await served.delete(f"/calls/{placed['id']}")
        served.engine.advance(5.0)
        await eventually(lambda: len(receiver.callbacks) > 0)
        (callback,) = receiver.callbacks.all()
    assert callback.headers["webhook-id"] == f"msg_{placed['id']}"
    Webhook(base64.b64encode(SECRET).decode()).verify(callback.body, callback.headers)
    said: dict[str, Any] = callback.json
    assert (said["type"], said["call"]) == ("call.ended", placed["id"])
    assert said["external_id"] == "ticket-7"
    return said


async def test_a_call_that_both_answered_tells_how_long_they_talked(served: Served) -> None:
    for phone in PHONES:
        served.engine.when_dialled(f"{phone}@demo", ANSWERS)
    said = await told(served)
    assert (said["outcome"], said["stage"], said["cause"]) == ("completed", "bridged", "cancelled")


@pytest.mark.parametrize("leg", ["first", "second"])
async def test_a_leg_that_failed_is_named_with_cause_and_status(served: Served, leg: str) -> None:
    busy = "thomas@demo" if leg == "second" else "helen@demo"
    served.engine.when_dialled("jessica-desk@demo", ANSWERS)
    served.engine.when_dialled(busy, IS_BUSY)
    first = {"user": {"name": "jessica" if leg == "second" else "helen"}}
    said = await told(served, first=first)
    assert (said["outcome"], said["leg"]) == (f"{leg}_leg_failed", leg)
    assert (said["cause"], said["sip_status"], said["q850"]) == ("busy", 486, 17)
    assert said["first_ring_seconds"] >= 0.0


async def test_a_call_that_is_cancelled_before_its_time_is_told_too(served: Served) -> None:
    said = await told(served, delay=3600)
    assert (said["outcome"], said["stage"]) == ("cancelled", "scheduled")


async def test_what_is_owed_shows_in_the_list_of_callbacks(served: Served) -> None:
    said = await told(served)
    listed = (await served.get(f"/callbacks?call={said['call']}")).json["callbacks"]
    assert [(one["event"], one["dialect"]) for one in listed] == [("call.ended", "v1")]
