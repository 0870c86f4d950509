"""Requests that have come whole, and answers by one write, over a real connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.types import Scope

from cordboard.api.answer import Answer
from cordboard.api.at_once import at_once
from cordboard.serving.http_server import HttpServer
from support.ports import LOOPBACK, free_ports
from support.waiting import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.both_loops]

WITHIN = 10.0
TWICE = ((b"x-two", b"a\r\nx-three: b"),)


class Served:
    """A server that says by one write what it was asked with; at ``/forged`` it tries to say what
    would be two fields of the header."""

    def __init__(self) -> None:
        self.port = free_ports(owner=self)
        self.bodies: list[bytes | None] = []
        self._server = HttpServer((LOOPBACK, self.port), self)

    async def __call__(self, scope: Scope, receive: Any, _send: Any) -> None:
        way = at_once(scope)
        assert way is not None
        body = way.body()
        self.bodies.append(body)
        while body is None:
            message = await receive()
            body = None if message.get("more_body") else b"in pieces"
        answer = Answer(200, body or b"nothing", b"text/plain")
        more = TWICE if scope["path"] == "/forged" else ()
        assert way.answer(answer.status, [*answer.fields(), *more], answer.body)
        assert not way.answer(200, (), b"again"), "there is one answer to a request"

    async def __aenter__(self) -> Served:
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop()


class Client:
    """A connection on which a test writes what it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.send = writer.write
        self.close = writer.close

    async def head(self) -> list[str]:
        """The lines of the next answer's head."""
        async with asyncio.timeout(WITHIN):
            return (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]

    async def body(self, size: int) -> bytes:
        async with asyncio.timeout(WITHIN):
            return await self.reader.readexactly(size)

    async def rest(self) -> bytes:
        async with asyncio.timeout(WITHIN):
            return await self.reader.read()


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with Served() as running:
        yield running


@pytest.fixture
async def client(served: Served) -> AsyncIterator[Client]:
    one = Client(*await asyncio.open_connection(LOOPBACK, served.port))
    yield one
    one.close()


def request(line: str, body: bytes = b"", *more: str) -> bytes:
    lines = (f"{line} HTTP/1.1", "host: server", f"content-length: {len(body)}", *more)
    return "\r\n".join((*lines, "", "")).encode() + body


async def test_what_came_whole_is_at_hand_and_answered(served: Served, client: Client) -> None:
    for body in (b"one", b"two!"):
        client.send(request("POST /", body))
        status, date, *fields = await client.head()
        assert status == "HTTP/1.1 200 OK"
        assert date.startswith("date: ")
        assert fields == [f"content-length: {len(body)}", "content-type: text/plain"]
        assert await client.body(len(body)) == body
    assert served.bodies == [b"one", b"two!"]


async def test_what_is_still_to_come_is_not(served: Served, client: Client) -> None:
    whole = request("POST /", b"first and last")
    client.send(whole[:-4])
    await eventually(lambda: served.bodies != [])
    client.send(whole[-4:])
    await client.head()
    assert await client.body(9) == b"in pieces"
    assert served.bodies == [None]


async def test_requests_behind_each_other_are_answered_in_turn(client: Client) -> None:
    client.send(request("POST /", b"a") + request("POST /", b"bb") + request("POST /", b"ccc"))
    for size in (1, 2, 3):
        assert f"content-length: {size}" in await client.head()
        await client.body(size)


async def test_head_gets_no_body_and_a_last_answer_the_end(client: Client) -> None:
    client.send(request("HEAD /", b"", "connection: close"))
    lines = await client.head()
    assert "content-length: 7" in lines
    assert lines[-1] == "connection: close"
    assert await client.rest() == b""


async def test_no_field_makes_two(client: Client) -> None:
    client.send(request("POST /forged", b"x", "connection: close"))
    assert (await client.head())[0] == "HTTP/1.1 500 Internal Server Error"
    assert b"x-three" not in await client.rest()
