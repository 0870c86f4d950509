"""A reader of the feed over real HTTP that is cut a hundred times while calls go on, with a restart
of the server in between, misses nothing and sees nothing twice."""

from __future__ import annotations

import asyncio
import json
import random
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession, ClientTimeout, WSMsgType

from cordboard.api.app import create_app
from cordboard.api.services import Services
from cordboard.journal.sql.journal import SqlJournal
from cordboard.journal.sql.store import Store
from cordboard.serving.http_server import HttpServer
from support.ports import LOOPBACK, free_ports
from support.quick_house import QuickHouse
from support.tenants import DOMAIN
from support.waiting import eventually

pytestmark = pytest.mark.anyio

CUTS = 100
MOST_EVENTS = 25  # that a reader sees before it is cut
LIVING = 5  # calls that go on over a restart
PAUSE = 0.02  # s between calls, so that readers come along
SECONDS = 50.0
BASIC = {"Authorization": "Basic ZGVtbzpkZW1vLXRva2Vu"}


class Site:
    """A server on SQLite that can be restarted; calls run as long as it does."""

    def __init__(self, folder: Path) -> None:
        self._url = f"sqlite:///{folder / 'journal.db'}"
        self._port = free_ports()
        self._lives = count(1)
        self.doors = asyncio.Lock()
        """Held by who connects: asyncio leaves a connection half made that it accepts in the very
        moment in which its server is closed."""

    async def start(self) -> None:
        self.journal = SqlJournal(Store(self._url))
        await self.journal.start()
        self.house = QuickHouse(self.journal, name=f"life{next(self._lives)}-")
        await self.house.exchange.recover()
        self.services = Services(self.house.exchange, self.journal, lambda: self.house.directory)
        self._server = HttpServer((LOOPBACK, self._port), create_app(self.services))
        await self._server.start()
        self._calling = asyncio.create_task(self._call())

    async def quieten(self) -> None:
        """Begin no more calls."""
        self._calling.cancel()
        with suppress(asyncio.CancelledError):
            await self._calling
        await self.journal.flush()

    async def stop(self) -> None:
        await self.quieten()
        self.services.feed.close()
        await self._server.stop()
        await self.house.exchange.stop()
        await self.journal.close()

    async def restart(self) -> None:
        async with self.doors:
            await self.stop()
            await self.start()

    def url(self, scheme: str) -> str:
        return f"{scheme}://{LOOPBACK}:{self._port}/v1/events"

    async def _call(self) -> None:
        living: list[str] = []
        while True:
            await self.house.talk()
            living.append(await self.house.place())
            if len(living) > LIVING:
                await self.house.hang_up_second(living.pop(0))
            await asyncio.sleep(PAUSE)


class Reader(ABC):
    """Reads, is cut, and comes back with the cursor of the last whole message that it saw."""

    def __init__(self, site: Site, seed: int) -> None:
        self._site = site
        self._random = random.Random(seed)
        self.seed = seed
        self.cursor: str | None = None
        self.numbers: list[int] = []
        self.began_at: int | None = None
        self.resyncs = 0
        self.cuts = 0

    @property
    def last(self) -> int:
        """The number that its cursor stands at."""
        return int((self.cursor or ":0").rpartition(":")[2])

    async def be_cut(self, times: int) -> None:
        """Come back and be cut again and again."""
        while self.cuts < times:
            await self.follow(self._random.randrange(MOST_EVENTS))
            self.cuts += 1

    async def read_until(self, number: int) -> None:
        """Read on until an event is seen."""
        while self.last < number:
            await self.follow(number - self.last - 1)

    async def follow(self, events: int) -> None:
        """One connection: so many events, or until it ends."""
        try:
            async with (
                ClientSession(headers=BASIC, timeout=ClientTimeout(SECONDS)) as session,
                aclosing(self.messages(session)) as messages,
            ):
                async for message in messages:
                    if not self._take(message):
                        return
                    if message["type"] == "event":
                        events -= 1
                    if events < 0:
                        return  # the connection is dropped with whatever is under way in it
        except (ClientError, OSError):
            await asyncio.sleep(0.01)  # the server is not back yet

    @abstractmethod
    def messages(self, session: ClientSession) -> AsyncGenerator[dict[str, Any], None]:
        """The messages of a connection."""

    def _take(self, message: dict[str, Any]) -> bool:
        match message["type"]:
            case "event":
                self.numbers.append(message["seq"])
            case "snapshot" if not message["more"] and self.began_at is None:
                self.began_at = int(message["cursor"].rpartition(":")[2])
            case "resync":
                self.resyncs += 1
            case "end":
                return False
        if not message.get("more"):
            self.cursor = message.get("cursor", self.cursor)
        return True


class SseReader(Reader):
    """By server-sent events."""

    async def messages(self, session: ClientSession) -> AsyncGenerator[dict[str, Any], None]:
        headers = {"Last-Event-ID": self.cursor} if self.cursor else {}
        async with self._site.doors:
            answer = await session.get(self._site.url("http"), headers=headers)
        try:
            data = b""
            async for line in answer.content:
                if line.startswith(b"data: "):
                    data = line.removeprefix(b"data: ")
                elif line == b"\n" and data:
                    yield json.loads(data)
                    data = b""
        finally:
            answer.close()


class SocketReader(Reader):
    """By WebSocket."""

    async def messages(self, session: ClientSession) -> AsyncGenerator[dict[str, Any], None]:
        query = f"?after={self.cursor}" if self.cursor else ""
        async with self._site.doors:
            socket = await session.ws_connect(self._site.url("ws") + query)
        try:
            async for message in socket:
                assert message.type is WSMsgType.TEXT
                yield json.loads(message.data)
                if self._random.random() < 0.02:
                    await socket.close(code=1001)
        finally:
            await socket.close()


def were_cut(readers: list[Reader], times: int) -> bool:
    return all(reader.cuts >= times for reader in readers)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


async def test_readers_that_are_cut_a_hundred_times(tmp_path: Path) -> None:
    site = Site(tmp_path)
    await site.start()
    seed = random.randrange(2**32)
    readers = [SseReader(site, seed), SocketReader(site, seed + 1)]
    reading = [asyncio.create_task(reader.be_cut(CUTS)) for reader in readers]
    try:
        for restarts in (1, 2):
            due = CUTS * restarts // 3
            await eventually(partial(were_cut, readers, due), SECONDS)
            await site.restart()
        await asyncio.wait_for(asyncio.gather(*reading), SECONDS)
        await site.quieten()
        last = site.journal.last_seq(DOMAIN)
        for reader in readers:
            await asyncio.wait_for(reader.read_until(last), SECONDS)
            assert reader.resyncs == 0
            assert reader.began_at is not None
            expected = list(range(reader.began_at + 1, last + 1))
            assert reader.numbers == expected, f"seed {reader.seed}"
            assert len(expected) > CUTS
    finally:
        for task in reading:
            task.cancel()
        await site.stop()
