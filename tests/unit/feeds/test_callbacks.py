"""Callbacks over real HTTP on loopback: once a call, whatever the receiver does."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from cordboard.api.basix.callback import ERROR_IDS, register, render
from cordboard.calls.causes import Cause
from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.owing import Owed
from cordboard.calls.request import Callback, Leg
from cordboard.feeds.callbacks import MAX_UNDER_WAY, Callbacks
from cordboard.feeds.delivery import BACK_OFF, Courier, Terms
from cordboard.feeds.outbound import Outbound, UnusableUrl, usable_url
from cordboard.journal.memory import MemoryJournal
from cordboard.journal.outbox import Attempt, Fate, Posted
from cordboard.journal.port import CallRecord
from support.http_receiver import listening, taking
from support.waiting import BOUND

pytestmark = pytest.mark.anyio


Respond = Callable[[int], Awaitable[web.Response]]


class Receiver:
    """Takes callbacks; ``respond`` says what the n-th gets, from 1."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.changed = asyncio.Event()
        self.respond: Respond = self.accept
        self.url = ""

    @staticmethod
    async def accept(_number: int) -> web.Response:
        return web.Response()

    async def take(self, request: web.Request) -> web.Response:
        self.raw.append(await request.read())
        self.bodies.append(json.loads(self.raw[-1]))
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
    there = Receiver()
    async with listening(taking(there.take)) as url:
        there.url = f"{url}/result"
        yield there


SECRETS = (b"a secret of 24 octets or so", b"the old one, also long enough")


class Log:
    """A journal with callbacks that follow it."""

    def __init__(self, journal: MemoryJournal) -> None:
        self.journal = journal
        self.outbound = Outbound(total_timeout=0.5)
        self.callbacks = self.make()

    def make(self) -> Callbacks:
        """The callbacks of a process, which begin to deliver."""
        courier = Courier(self.outbound, time.time, back_off=(0.01, 0.02, 0.03))
        callbacks = Callbacks(
            self.journal,
            courier,
            time.time,
            lambda *_: Terms(SECRETS, inside=True),
            look_seconds=0.01,
        )
        callbacks.start()
        return callbacks

    async def accept(self, call: str, url: str) -> None:
        record = CallRecord(
            call,
            "demo",
            "main",
            "basix",
            "call_user",
            1.0,
            ("u",),
            callback=Callback(url, "basix"),
        )
        await self.journal.accept(record, [CallEvent(EventKind.CALL_ACCEPTED, call)])

    async def fate(self, call: str) -> Posted:
        """How a call's callback stands, once it is delivered or given up."""
        async with asyncio.timeout(BOUND):
            while True:
                found = await self.journal.posted("demo", call=call)
                if found and found[0].fate is not Fate.PENDING:
                    return found[0]
                await asyncio.sleep(0.005)

    def happen(self, *events: CallEvent) -> None:
        self.journal.append("demo", events)


@pytest.fixture
async def log() -> AsyncIterator[Log]:
    register()
    log = Log(MemoryJournal())
    yield log
    await log.callbacks.stop()
    await log.outbound.close()


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
    posted = await log.fate("a")
    assert (posted.fate, posted.attempts) == (Fate.DELIVERED, 3)
    tried = await log.journal.attempts("demo", "msg_a")
    assert [attempt.status for attempt in tried] == [500, 500, 204]
    assert len(receiver.bodies) == 3
    assert {headers["webhook-id"] for headers in receiver.headers} == {"msg_a"}


async def test_gone_ends_the_retries(log: Log, receiver: Receiver) -> None:
    async def gone(_number: int) -> web.Response:
        return web.Response(status=410)

    receiver.respond = gone
    await log.accept("a", receiver.url)
    log.happen(answered("a"))
    assert (await log.fate("a")).fate is Fate.GONE
    assert len(receiver.bodies) == 1


async def test_a_redirect_is_not_followed(log: Log, receiver: Receiver) -> None:
    async def elsewhere(number: int) -> web.Response:
        if number == 1:
            return web.Response(status=302, headers={"Location": receiver.url + "/other"})
        return web.Response()

    receiver.respond = elsewhere
    await log.accept("a", receiver.url)
    log.happen(answered("a"))
    assert (await log.fate("a")).attempts == 2  # a followed POST redirect would be a GET
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


async def test_however_many_wait_for_a_silent_host_others_get_theirs(
    log: Log, receiver: Receiver
) -> None:
    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await asyncio.sleep(BOUND)
        finally:
            writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        for number in range(MAX_UNDER_WAY + 100):
            await log.accept(f"s{number}", f"http://127.0.0.1:{port}/")
            log.happen(answered(f"s{number}"))
        await log.accept("other", receiver.url)
        log.happen(answered("other"))
        posted = await log.fate("other")
        assert posted.fate is Fate.DELIVERED
        last = (await log.journal.posted("demo", call=f"s{MAX_UNDER_WAY + 99}"))[0]
        assert last.fate is Fate.PENDING
        await log.callbacks.stop(within=0.0)


async def test_who_asked_for_none_gets_none(log: Log, receiver: Receiver) -> None:
    record = CallRecord("a", "demo", "main", "basix", "call_user", 1.0, ("u",))
    await log.journal.accept(record, [CallEvent(EventKind.CALL_ACCEPTED, "a")])
    log.happen(answered("a"), ended("a"))
    await log.callbacks.stop()
    assert not receiver.bodies


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_has_a_word(cause: Cause) -> None:
    owed = Owed("msg_a", "demo", "main", "a", "basix", "", 1.0, failed("a", cause.value))
    body = json.loads(render(owed))
    assert body["error"]["id"] == ERROR_IDS[cause]
    assert body["error"]["id"] in {
        *("no_answer", "busy", "rejected", "unreachable", "cancelled", "interrupted")
    }


@pytest.mark.parametrize(
    "url",
    [
        *("", "x", "ftp://h/", "http://", "file:///etc/passwd", "http://h:99999/", "http:///p"),
        *("http://h/\ud800", "http://h/\0", "http://h/ "),
    ],
    ids=ascii,
)
def test_unusable_urls_are_refused(url: str) -> None:
    with pytest.raises(UnusableUrl):
        usable_url(url)


async def test_a_receiver_can_tell_that_it_is_us(log: Log, receiver: Receiver) -> None:
    await log.accept("a", receiver.url)
    log.happen(answered("a"))
    await receiver.wait_for(1)
    (headers,), (body,) = receiver.headers, receiver.raw
    for secret in SECRETS:
        written = f"whsec_{base64.b64encode(secret).decode()}"
        assert Webhook(written).verify(body, headers) == receiver.bodies[0]
    with pytest.raises(WebhookVerificationError):
        Webhook(written).verify(body.replace(b"{", b"{ ", 1), headers)


async def test_what_is_owed_outlives_the_process(log: Log, receiver: Receiver) -> None:
    down = True

    async def maybe(_number: int) -> web.Response:
        return web.Response(status=503 if down else 200)

    receiver.respond = maybe
    await log.accept("a", receiver.url)
    log.happen(answered("a"))
    await receiver.wait_for(1)
    await log.callbacks.stop()
    assert (await log.journal.posted("demo"))[0].fate is Fate.PENDING
    down = False
    log.callbacks = log.make()
    assert (await log.fate("a")).fate is Fate.DELIVERED
    assert {headers["webhook-id"] for headers in receiver.headers} == {"msg_a"}


async def test_a_receiver_that_never_answers_well_is_given_up(log: Log, receiver: Receiver) -> None:
    async def broken(_number: int) -> web.Response:
        return web.Response(status=500)

    receiver.respond = broken
    await log.accept("a", receiver.url)
    log.happen(answered("a"))
    posted = await log.fate("a")
    assert (posted.fate, posted.attempts) == (Fate.GIVEN_UP, 4)


async def test_a_callback_that_cannot_be_sent_says_why(log: Log) -> None:
    await log.accept("a", "http://[::1/broken")
    log.happen(answered("a"))
    posted = await log.fate("a")
    assert posted.fate is Fate.GIVEN_UP
    assert posted.last is not None
    assert posted.last.error == "the URL is not a URL"


async def test_delivered_callbacks_can_be_had_again(log: Log, receiver: Receiver) -> None:
    await log.accept("a", receiver.url)
    log.happen(answered("a"))
    await log.fate("a")
    assert await log.journal.again("other", "msg_a", time.time()) is None
    assert await log.journal.again("demo", "msg_a", time.time()) is not None
    await receiver.wait_for(2)
    assert receiver.bodies[0] == receiver.bodies[1]


def test_retries_go_on_for_a_day() -> None:
    assert 23 * 3600 < sum(BACK_OFF) < 25 * 3600
    courier = Courier(Outbound(), lambda: 1000.0)
    failed = Attempt(1000.0, 500, None, 0.1)
    fate, next_at = courier.fate_after(failed, 1)
    assert fate is Fate.PENDING
    assert next_at is not None
    assert 1001.0 <= next_at <= 1001.2
    assert courier.fate_after(failed, len(BACK_OFF) + 1) == (Fate.GIVEN_UP, None)


class LaggingJournal(MemoryJournal):
    """Its outbox shows what was a moment ago, as a look does that began before a commit."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: tuple[Posted, ...] = ()
        self.looked = asyncio.Event()

    async def due(self, before: float, limit: int) -> tuple[Posted, ...]:
        self.looked.set()
        shown, self.shown = self.shown, await super().due(before, limit)
        return shown


async def test_a_look_that_is_late_delivers_nothing_twice(receiver: Receiver) -> None:
    register()
    journal = LaggingJournal()
    log = Log(journal)
    for number in range(20):
        await log.accept(f"c{number}", receiver.url)
        log.happen(answered(f"c{number}"))
        await journal.flush()
        journal.shown = await MemoryJournal.due(journal, time.time() + 1.0, 100)
        await log.fate(f"c{number}")
    for _ in range(3):
        journal.looked.clear()
        async with asyncio.timeout(BOUND):
            await journal.looked.wait()
    await log.callbacks.stop()
    await log.outbound.close()
    assert len(receiver.bodies) == 20


class TardyJournal(MemoryJournal):
    """Its outbox shows what is owed before it says so, as a database that another thread writes."""

    def __init__(self) -> None:
        super().__init__()
        self.untold: list[Owed] = []
        self.tell: Callable[[Owed], None] = lambda _: None

    def on_owed(self, told: Callable[[Owed], None]) -> None:
        self.tell = told
        super().on_owed(self.untold.append)


async def test_what_a_look_has_seen_first_is_not_delivered_twice(receiver: Receiver) -> None:
    register()
    journal = TardyJournal()
    log = Log(journal)
    await log.accept("c1", receiver.url)
    log.happen(answered("c1"))
    await journal.flush()
    await log.fate("c1")
    for one in journal.untold:
        journal.tell(one)
    await log.callbacks.stop()
    await log.outbound.close()
    assert len(journal.untold) == len(receiver.bodies) == 1
