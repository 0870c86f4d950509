"""Clients that are let go: who does not read, for whom neither calls nor others wait, and who may
read no more."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest

from cordboard.api.basix.cti.readers import MAX_BEHIND, Parting
from cordboard.api.basix.cti.socket import PATH, CtiSocket
from cordboard.api.framed import EXTENSION
from cordboard.api.services import Services
from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.request import Leg
from cordboard.directory.snapshot import Directory
from support.cti_store import CtiStore
from support.framed import messages_in
from support.quick_house import QuickHouse
from support.tenants import DOMAIN, TOKEN
from support.waiting import eventually

pytestmark = pytest.mark.anyio

SMALLEST_CHANGE = 400
"""Octets that hold and resume make at least, in two messages each."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Client:
    """One at the ASGI interface, with its own outlet, which is read where it is ``reading``."""

    def __init__(self, socket: CtiSocket, app: str, *, reading: bool) -> None:
        self.reading = reading
        self.writes = 0
        self._waiting = 0
        self.store = CtiStore()
        self.closed: int | None = None
        self._first = True
        credentials = b64encode(f"{DOMAIN}:{TOKEN}".encode())
        scope: dict[str, Any] = {
            "type": "websocket",
            "path": PATH,
            "query_string": f"app_name={app}".encode(),
            "headers": [(b"authorization", b"Basic " + credentials)],
            "client": ("127.0.0.1", 1),
            "extensions": {EXTENSION: {"outlet": self}},
        }
        self.served = asyncio.create_task(socket(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        if self._first:
            self._first = False
            return {"type": "websocket.connect"}
        await asyncio.Event().wait()
        return {}

    async def _send(self, message: Any) -> None:
        if message["type"] == "websocket.close":
            self.closed = message["code"]

    def write(self, framed: bytes) -> None:
        """What the server has for it."""
        self.writes += 1
        if not self.reading:
            self._waiting += len(framed)
            return
        for message in messages_in(framed):
            self.store.take(message)

    def waiting(self) -> int:
        """What it did not read."""
        return self._waiting


async def test_who_does_not_read_is_cut_off_and_others_are_told_all() -> None:
    house = QuickHouse()
    services = Services(house.exchange, house.journal, lambda: house.directory)
    socket = CtiSocket(services)
    slow = Client(socket, "slow", reading=False)
    quick = Client(socket, "quick", reading=True)
    call = await house.place()
    (bridged,) = await house.events(call, EventKind.CALL_BRIDGED)
    first = str(bridged.event.data["first"])
    await eventually(lambda: quick.store.elements.get("channel", {}).get(first) is not None)
    kinds = (EventKind.CHANNEL_HELD, EventKind.CHANNEL_RESUMED)
    for _ in range(MAX_BEHIND // SMALLEST_CHANGE):
        house.journal.append(DOMAIN, [CallEvent(one, call, Leg.FIRST, first) for one in kinds])
        await asyncio.sleep(0)
    await eventually(slow.served.done)
    assert slow.closed == Parting.TOO_SLOW.value
    assert slow.waiting() < 2 * MAX_BEHIND
    await house.hang_up_second(call)
    await eventually(lambda: quick.store.channels == {})
    assert not quick.served.done()
    quick.served.cancel()
    await asyncio.gather(quick.served, return_exceptions=True)


async def test_whose_token_is_taken_back_is_told_no_more() -> None:
    house = QuickHouse()
    services = Services(house.exchange, house.journal, lambda: house.directory)
    client = Client(CtiSocket(services, check_seconds=0.05), "board", reading=True)
    await eventually(lambda: "channel" in client.store.elements)
    (where,) = house.directory.tenants
    house.directory = Directory((replace(where, accounts=()),))
    await eventually(client.served.done)
    assert client.closed == Parting.NOT_ALLOWED.value


async def test_what_is_told_together_is_one_write() -> None:
    house = QuickHouse()
    services = Services(house.exchange, house.journal, lambda: house.directory)
    client = Client(CtiSocket(services), "board", reading=True)
    await eventually(lambda: "channel" in client.store.elements)
    assert client.writes == 1, "all there is"
    call = await house.place()
    (bridged,) = await house.events(call, EventKind.CALL_BRIDGED)
    await eventually(lambda: len(client.store.channels) == 2)
    before, told = client.writes, len(client.store.events)
    first = str(bridged.event.data["first"])
    kinds = (EventKind.CHANNEL_HELD, EventKind.CHANNEL_RESUMED) * 10
    house.journal.append(DOMAIN, [CallEvent(one, call, Leg.FIRST, first) for one in kinds])
    await eventually(lambda: len(client.store.events) > told)
    assert len(client.store.events) == told + 40
    assert client.writes == before + 1
    client.served.cancel()
    await asyncio.gather(client.served, return_exceptions=True)
