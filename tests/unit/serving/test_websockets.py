"""Messages that are framed once, on their way through a real connection."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientSession, WSMsgType

from cordboard.api.framed import Outlet, binary, outlet_of
from cordboard.serving import http_server
from cordboard.serving.http_server import HttpServer
from support.ports import LOOPBACK, free_ports
from support.waiting import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.both_loops]

SIZES = (0, 125, 126, 65_535, 65_536, 300_000)
LARGE = binary(bytes(500_000))
FAR_BEHIND = 20_000_000


class Application:
    """Keeps the outlet of its one connection, and ends it when it is told to."""

    def __init__(self) -> None:
        self.outlet: Outlet | None = None
        self.end = asyncio.Event()

    async def __call__(
        self,
        scope: Any,
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        await receive()
        outlet = outlet_of(scope)
        outlet.write(binary(b"too early"))
        await send({"type": "websocket.accept"})
        self.outlet = outlet
        await self.end.wait()
        await send({"type": "websocket.close", "code": 4000})
        outlet.write(binary(b"too late"))


@pytest.fixture
async def served() -> Any:
    application = Application()
    port = free_ports()
    server = HttpServer((LOOPBACK, port), application)
    await server.start()
    async with ClientSession() as session:
        connecting = session.ws_connect(f"http://{LOOPBACK}:{port}/", max_msg_size=0)
        yield application, connecting
    application.end.set()
    await server.stop()


async def test_joined_frames_are_the_messages_in_their_order(served: Any) -> None:
    application, connecting = served
    async with connecting as socket:
        await eventually(lambda: application.outlet is not None)
        messages = [bytes([size % 251]) * size for size in SIZES]
        application.outlet.write(b"".join(map(binary, messages)))
        application.outlet.write(binary(b"last"))
        for expected in (*messages, b"last"):
            assert await socket.receive_bytes(timeout=10.0) == expected
        application.end.set()
        closed = await socket.receive(timeout=10.0)
        assert (closed.type, closed.data) == (WSMsgType.CLOSE, 4000)


async def test_it_is_known_how_much_a_client_does_not_read(served: Any) -> None:
    application, connecting = served
    async with connecting as socket:
        await eventually(lambda: application.outlet is not None)
        assert application.outlet.waiting() == 0
        written = 0
        while application.outlet.waiting() < FAR_BEHIND:
            application.outlet.write(LARGE)
            written += 1
            assert written * len(LARGE) < 5 * FAR_BEHIND
            await asyncio.sleep(0)
        for _ in range(written):
            await socket.receive_bytes(timeout=10.0)
        await eventually(lambda: application.outlet.waiting() == 0)
    await eventually(lambda: application.outlet.waiting() == 0)
    application.outlet.write(LARGE)
    assert application.outlet.waiting() == 0, "nobody is there"


@pytest.mark.parametrize("answers", [True, False])
async def test_a_client_is_asked_whether_it_is_there(
    monkeypatch: pytest.MonkeyPatch, answers: bool
) -> None:
    monkeypatch.setattr(http_server, "PING_SECONDS", 0.2)
    application = Application()
    port = free_ports()
    server = HttpServer((LOOPBACK, port), application)
    await server.start()
    async with ClientSession() as session:
        url = f"http://{LOOPBACK}:{port}/"
        async with session.ws_connect(url, autoping=False) as socket:
            for _ in range(3 if answers else 1):
                asked = await socket.receive(timeout=10.0)
                assert asked.type is WSMsgType.PING
                if answers:
                    await socket.pong(asked.data)
            if not answers:
                ended = await socket.receive(timeout=10.0)
                assert (ended.type, ended.data) == (WSMsgType.CLOSE, 1011)
    application.end.set()
    await server.stop()
