"""At the door of HTTP: who is refused hears it at once, in his turn on the connection, which goes
on; who has to wait begins when he is told to."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from cordboard.api.answer import Answer
from cordboard.serving import http_server
from cordboard.serving.http_server import HttpServer
from support.ports import LOOPBACK, free_ports
from support.waiting import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.both_loops]

WITHIN = 10.0
LARGE = 1_000_000
MANY = 3000
"""More requests than Python's stack is deep."""

TOGETHER = 100
"""Some times as many as are accepted in one turn of the loop."""

REFUSED = Answer(503, b"too much", b"text/plain", ((b"retry-after", b"2"),))


class Served:
    """A server that refuses what is asked at ``/refused``, has wait what is asked at ``/waits``,
    and answers all but the first by the path and how long the body was, when it may."""

    def __init__(self) -> None:
        self.port = free_ports(owner=self)
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.asked = self.refused = 0
        self._server = HttpServer((LOOPBACK, self.port), self, self._enter)
        self.waiting: list[Callable[[], None]] = []

    def _enter(self, scope: Scope, begin: Callable[[], None]) -> Answer | None:
        if scope["path"] == "/refused":
            self.refused += 1
            return REFUSED
        if scope["path"] == "/waits":
            self.waiting.append(begin)
        else:
            begin()
        return None

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        self.asked += 1
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        await self.may_answer.wait()
        await Answer(body=b"%s %d" % (scope["path"].encode(), len(body)))(scope, receive, send)

    async def __aenter__(self) -> Served:
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.may_answer.set()
        await self._server.stop()


class Client:
    """A connection on which a test writes what it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, octets: bytes) -> None:
        self._writer.write(octets)

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """The next one: status, header, body."""
        async with asyncio.timeout(WITHIN):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            body = await self._reader.readexactly(int(fields["content-length"]))
        return int(head[0].split()[1]), fields, body

    async def is_closed(self) -> bool:
        """Whether there is nothing more to come."""
        async with asyncio.timeout(WITHIN):
            return await self._reader.read() == b""

    def close(self) -> None:
        self._writer.close()

    async def end(self) -> None:
        """Close, and wait until it is."""
        self._writer.close()
        await self._writer.wait_closed()


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with Served() as running:
        yield running


@pytest.fixture
async def client(served: Served) -> AsyncIterator[Client]:
    one = await connected(served)
    yield one
    one.close()


async def connected(served: Served) -> Client:
    return Client(*await asyncio.open_connection(LOOPBACK, served.port))


def post(path: str, body: bytes = b"", *more: str) -> bytes:
    lines = (f"POST {path} HTTP/1.1", "host: server", f"content-length: {len(body)}", *more)
    return "\r\n".join((*lines, "", "")).encode() + body


async def test_the_answer_is_whole_and_the_connection_goes_on(client: Client) -> None:
    client.send(post("/refused", b"some body"))
    status, fields, body = await client.answer()
    assert (status, body) == (503, b"too much")
    assert (fields["retry-after"], fields["content-type"]) == ("2", "text/plain")
    assert "date" in fields
    assert "connection" not in fields
    client.send(post("/taken", b"another"))
    assert (await client.answer())[2] == b"/taken 7"


async def test_it_is_there_before_the_body_which_is_read_and_forgotten(client: Client) -> None:
    whole = post("/refused", bytes(LARGE))
    client.send(whole[:-LARGE])
    assert (await client.answer())[0] == 503
    client.send(whole[-LARGE:] + post("/taken"))
    assert (await client.answer())[2] == b"/taken 0"


async def test_a_body_in_chunks_is_read_to_its_end(client: Client) -> None:
    client.send(
        b"POST /refused HTTP/1.1\r\nhost: server\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc"
    )
    assert (await client.answer())[0] == 503
    client.send(b"\r\n4\r\ndefg\r\n0\r\n\r\n" + post("/taken"))
    assert (await client.answer())[2] == b"/taken 0"


async def test_answers_come_in_the_order_of_requests(served: Served, client: Client) -> None:
    served.may_answer.clear()
    client.send(
        post("/first", b"1") + post("/refused", b"22") + post("/refused") + post("/last", b"4444")
    )
    client.send(post("/refused", b"55555")[:-3])
    await eventually(lambda: served.asked == 1)
    served.may_answer.set()
    answers = [(await client.answer())[2] for _ in range(5)]
    assert answers == [b"/first 1", b"too much", b"too much", b"/last 4", b"too much"]
    client.send(b"555" + post("/taken"))
    assert (await client.answer())[2] == b"/taken 0"


@pytest.mark.parametrize("waits_for", ["nobody", "another"])
async def test_many_at_once_are_all_answered(
    served: Served, client: Client, waits_for: str
) -> None:
    if waits_for == "another":
        served.may_answer.clear()
        client.send(post("/first"))
        await eventually(lambda: served.asked == 1)
    client.send(post("/refused") * MANY + post("/last"))
    served.may_answer.set()
    if waits_for == "another":
        assert (await client.answer())[2] == b"/first 0"
    for _ in range(MANY):
        assert (await client.answer())[0] == 503
    assert (await client.answer())[2] == b"/last 0"
    assert served.refused == MANY


@pytest.mark.parametrize(
    "head",
    [
        "POST /refused HTTP/1.0\r\ncontent-length: 3",
        "POST /refused HTTP/1.1\r\nhost: server\r\nconnection: close\r\ncontent-length: 3",
    ],
)
async def test_who_wants_one_answer_only_gets_it_and_the_end(client: Client, head: str) -> None:
    client.send(head.encode() + b"\r\n\r\n")
    status, fields, _ = await client.answer()
    assert (status, fields["connection"]) == (503, "close")
    client.send(b"abc" + post("/after-the-last"))
    assert await client.is_closed()


async def test_who_waits_is_answered_when_he_has_begun_and_others_after_him(
    served: Served, client: Client
) -> None:
    client.send(post("/waits", b"body") + post("/refused") + post("/taken"))
    await eventually(lambda: len(served.waiting) == 1)
    assert (served.asked, served.refused) == (0, 0)
    other = await connected(served)
    other.send(post("/taken", b"by another"))
    assert (await other.answer())[2] == b"/taken 10"
    other.close()
    served.waiting[0]()
    answers = [(await client.answer())[2] for _ in range(3)]
    assert answers == [b"/waits 4", b"too much", b"/taken 0"]


async def test_who_has_gone_while_he_waited_does_not_begin(served: Served, client: Client) -> None:
    client.send(post("/waits"))
    await eventually(lambda: len(served.waiting) == 1)
    await client.end()
    other = await connected(served)
    other.send(post("/taken"))
    assert (await other.answer())[0] == 200
    served.waiting[0]()
    other.send(post("/taken"))
    assert (await other.answer())[0] == 200
    other.close()
    assert served.asked == 2


async def test_whether_a_body_comes_that_was_not_asked_for_nobody_knows(client: Client) -> None:
    client.send(post("/refused", b"", "expect: 100-continue").replace(b"length: 0", b"length: 9"))
    status, fields, _ = await client.answer()
    assert (status, fields["connection"]) == (503, "close")
    assert await client.is_closed()


async def test_a_connection_that_rests_after_a_refusal_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_server, "KEEP_ALIVE_SECONDS", 1)
    async with Served() as served:
        client = await connected(served)
        client.send(post("/refused", b"abc")[:-3])
        assert (await client.answer())[0] == 503
        client.send(b"abc")
        assert await client.is_closed(), "nobody counts how long it rests"
        client.close()


async def test_clients_that_come_together_are_all_answered(served: Served) -> None:
    clients = await asyncio.gather(*(connected(served) for _ in range(TOGETHER)))
    for one in clients:
        one.send(post("/refused"))
    for one in clients:
        assert (await one.answer())[0] == 503
        one.close()


async def test_nobody_listens_any_more_when_it_has_stopped() -> None:
    async with Served() as served:
        (await connected(served)).close()
    with pytest.raises(ConnectionRefusedError):
        await connected(served)


async def test_an_answered_request_leaves_nothing_to_the_garbage_collector(client: Client) -> None:
    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            client.send(post("/taken") + post("/refused"))
            await client.answer()
            await client.answer()
        left = sum(isinstance(one, RequestResponseCycle) for one in gc.get_objects())
    finally:
        gc.enable()
    assert left <= 1, "the last one is the connection's"
