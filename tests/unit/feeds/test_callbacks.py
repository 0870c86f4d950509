"""Callbacks over real HTTP on loopback: once a call, whatever the receiver does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from cordboard.api.basix.callback import ERROR_IDS, render
from cordboard.calls.causes import Cause
from cordboard.calls.events import CallEvent, EventKind, Json
from cordboard.calls.request import Leg
from cordboard.feeds.callbacks import Callbacks, HuntEnd
from cordboard.feeds.delivery import Deliveries
from cordboard.feeds.outbound import Outbound, UnusableUrl, usable_url
from cordboard.journal.memory import MemoryJournal
from cordboard.journal.port import CallRecord

pytestmark = pytest.mark.anyio

BOUND = 5.0  # s; every wait here is for something that happens at once

Respond = Callable[[int], Awaitable[web.Response]]


class Receiver:
    """Takes callbacks; ``respond`` says what the n-th gets, from 1."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.changed = asyncio.Event()
        self.respond: Respond = self.accept
        self.url = ""

    @staticmethod
    async def accept(_number: int) -> web.Response:
        return web.Response()

    async def take(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.json())
        self.headers.append(dict(request.headers))
        self.changed.set()
        return await self.respond(len(self.bodies))

    async def wait_for(self, count: int) -> None:
        async with asyncio.timeout(BOUND):
            while len(self.bodies) < count:
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    taking = Receiver()
    app = web.Application()
    app.router.add_post("/{tail:.*}", taking.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    taking.url = f"http://{host}:{port}/result"
    yield taking
    await runner.cleanup()


class Log:
    """A journal with callbacks that follow it."""

    def __init__(self, journal: MemoryJournal, callbacks: Callbacks) -> None:
        self.journal = journal
        self.callbacks = callbacks

    async def accept(self, call: str, url: str) -> None:
        record = CallRecord(call, "demo", "main", "basix", "call_user", 1.0, ("u",))
        target: dict[str, Json] = {"callback": {"url": url, "dialect": "basix"}}
        await self.journal.accept(record, [CallEvent(EventKind.CALL_ACCEPTED, call, data=target)])

    def happen(self, *events: CallEvent) -> None:
        self.journal.append("demo", events)


@pytest.fixture
async def log() -> AsyncIterator[Log]:
    journal = MemoryJournal()
    outbound = Outbound(total_timeout=0.5)
    deliveries = Deliveries(outbound, back_off=(0.01, 0.02, 0.03))
    callbacks = Callbacks(journal, outbound, deliveries=deliveries, renderers={"basix": render})
    callbacks.start()
    yield Log(journal, callbacks)
    await callbacks.stop()
    await outbound.close()


def answered(call: str, leg: Leg = Leg.FIRST) -> CallEvent:
    return CallEvent(EventKind.LEG_ANSWERED, call, leg, f"uuid-{call}")


def failed(call: str, cause: str, leg: Leg = Leg.FIRST) -> CallEvent:
    return CallEvent(EventKind.LEG_FAILED, call, leg, data={"cause": cause})


def ended(call: str) -> CallEvent:
    return CallEvent(EventKind.CALL_ENDED, call, data={"cause": "normal"})


async def test_the_answer_is_told_once_whatever_follows(log: Log, receiver: Receiver) -> None:
    await log.accept("a", receiver.url)
    log.happen(answered("a"), failed("a", "busy", Leg.SECOND), ended("a"))
    await log.accept("b", receiver.url)
    log.happen(failed("b", "no_answer"), ended("b"))
    await receiver.wait_for(2)
    await log.callbacks.stop()
    by_id = {
        headers["webhook-id"]: body
        for headers, body in zip(receiver.headers, receiver.bodies, strict=True)
    }
    assert by_id == {
        "msg_a": {"result_code": 0, "uuid": "uuid-a"},
        "msg_b": {"result_code": 500, "error": {"id": "no_answer"}},
    }
    assert receiver.headers[0]["Content-Type"] == "application/json"
    assert receiver.headers[0]["User-Agent"].startswith("cordboard/")


async def test_a_failing_receiver_gets_the_same_again(log: Log, receiver: Receiver) -> None:
    async def third_time(number: int) -> web.Response:
        return web.Response(status=500 if number < 3 else 204)

    receiver.respond = third_time
    await log.accept("a", receiver.url)
    log.happen(answered("a"))
    await receiver.wait_for(3)
    await log.callbacks.stop()
    assert len(receiver.bodies) == 3
    assert {headers["webhook-id"] for headers in receiver.headers} == {"msg_a"}


async def test_gone_ends_the_retries(log: Log, receiver: Receiver) -> None:
    async def gone(_number: int) -> web.Response:
        return web.Response(status=410)

    receiver.respond = gone
    await log.accept("a", receiver.url)
    log.happen(answered("a"))
    await receiver.wait_for(1)
    await log.callbacks.stop()
    assert len(receiver.bodies) == 1


async def test_a_redirect_is_not_followed(log: Log, receiver: Receiver) -> None:
    async def elsewhere(number: int) -> web.Response:
        if number == 1:
            return web.Response(status=302, headers={"Location": receiver.url + "/other"})
        return web.Response()

    receiver.respond = elsewhere
    await log.accept("a", receiver.url)
    log.happen(answered("a"))
    await receiver.wait_for(2)  # the retry; a followed POST redirect would be a GET
    await log.callbacks.stop()
    assert len(receiver.bodies) == 2


async def test_a_silent_receiver_delays_nobody(log: Log, receiver: Receiver) -> None:
    hanging = asyncio.Event()

    async def silent(number: int) -> web.Response:
        if number == 1:
            await hanging.wait()
        return web.Response()

    receiver.respond = silent
    await log.accept("slow", receiver.url)
    log.happen(answered("slow"))
    await receiver.wait_for(1)
    for number in range(20):
        await log.accept(f"c{number}", receiver.url)
        log.happen(answered(f"c{number}"))
    await receiver.wait_for(21)
    hanging.set()


async def test_who_asked_for_none_gets_none(log: Log, receiver: Receiver) -> None:
    record = CallRecord("a", "demo", "main", "basix", "call_user", 1.0, ("u",))
    await log.journal.accept(record, [CallEvent(EventKind.CALL_ACCEPTED, "a")])
    log.happen(answered("a"), ended("a"))
    await log.callbacks.stop()
    assert not receiver.bodies


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_has_a_word(cause: Cause) -> None:
    body = json.loads(render(HuntEnd("a", None, cause)))
    assert body["error"]["id"] == ERROR_IDS[cause]
    assert body["error"]["id"] in {
        *("no_answer", "busy", "rejected", "unreachable", "cancelled", "interrupted")
    }


@pytest.mark.parametrize(
    "url", ["", "x", "ftp://h/", "http://", "file:///etc/passwd", "http://h:99999/", "http:///p"]
)
def test_unusable_urls_are_refused(url: str) -> None:
    with pytest.raises(UnusableUrl):
        usable_url(url)
