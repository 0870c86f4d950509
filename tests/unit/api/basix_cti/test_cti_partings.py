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
from cordboard.api.services import Services
from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.request import Leg
from cordboard.directory.snapshot import Directory
from support.cti_store import CtiStore
from support.quick_house import QuickHouse
from support.tenants import DOMAIN, TOKEN
from support.waiting import eventually

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Client:
    """One at the ASGI interface, which reads as long as ``reading`` is set."""

    def __init__(self, socket: CtiSocket, app: str) -> None:
        self.reading = asyncio.Event()
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
        }
        self.served = asyncio.create_task(socket(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        if self._first:
            self._first = False
            return {"type": "websocket.connect"}
        await asyncio.Event().wait()
        return {}

    async def _send(self, message: Any) -> None:
        if message["type"] == "websocket.send":
            await self.reading.wait()
            self.store.take(message["bytes"])
        elif message["type"] == "websocket.close":
            self.closed = message["code"]


async def test_who_does_not_read_is_cut_off_and_others_are_told_all() -> None:
    house = QuickHouse()
    services = Services(house.exchange, house.journal, lambda: house.directory)
    socket = CtiSocket(services)
    slow, quick = Client(socket, "slow"), Client(socket, "quick")
    quick.reading.set()
    call = await house.place()
    (bridged,) = await house.events(call, EventKind.CALL_BRIDGED)
    first = str(bridged.event.data["first"])
    await eventually(lambda: quick.store.elements.get("channel", {}).get(first) is not None)
    kinds = (EventKind.CHANNEL_HELD, EventKind.CHANNEL_RESUMED)
    for _ in range(MAX_BEHIND // 4 + 10):
        house.journal.append(DOMAIN, [CallEvent(one, call, Leg.FIRST, first) for one in kinds])
        await asyncio.sleep(0)
    await eventually(slow.served.done)
    assert slow.store.elements == {}
    await house.hang_up_second(call)
    await eventually(lambda: quick.store.channels == {})
    assert not quick.served.done()
    quick.served.cancel()
    await asyncio.gather(quick.served, return_exceptions=True)


async def test_whose_token_is_taken_back_is_told_no_more() -> None:
    house = QuickHouse()
    services = Services(house.exchange, house.journal, lambda: house.directory)
    client = Client(CtiSocket(services, check_seconds=0.05), "board")
    client.reading.set()
    await eventually(lambda: "channel" in client.store.elements)
    (where,) = house.directory.tenants
    house.directory = Directory((replace(where, accounts=()),))
    await eventually(client.served.done)
    assert client.closed == Parting.NOT_ALLOWED.value
