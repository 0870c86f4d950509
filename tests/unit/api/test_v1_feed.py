"""The feed of events over HTTP: who may, what is refused, and what a stream looks like."""

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientSession, ClientTimeout, WSServerHandshakeError

from cordboard.api.app import create_app
from cordboard.api.services import Services
from cordboard.directory.scopes import ApiScope
from cordboard.directory.snapshot import Directory
from cordboard.feeds.messages import Reason
from cordboard.serving.http_server import HttpServer
from support.asgi import ask
from support.ports import LOOPBACK, free_ports
from support.quick_house import QuickHouse
from support.tenants import DOMAIN, TOKEN, tenant
from support.waiting import eventually

pytestmark = pytest.mark.anyio

SOON = ClientTimeout(total=10.0)
ORIGIN = "https://crm.example.com"
BASIC = {"Authorization": "Basic ZGVtbzpkZW1vLXRva2Vu"}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


class Site:
    """A house behind real HTTP; one account names :data:`ORIGIN`."""

    def __init__(self, house: QuickHouse | None = None) -> None:
        where = tenant()
        (main,) = where.accounts
        self.tenant = replace(where, accounts=(replace(main, origins=(ORIGIN,)),))
        self.house = house or QuickHouse(where=self.tenant)
        self.services = Services(
            self.house.exchange, self.house.journal, lambda: self.house.directory
        )
        self.address = (LOOPBACK, free_ports())
        self.server = HttpServer(self.address, create_app(self.services))

    def url(self, query: str = "", scheme: str = "http") -> str:
        host, port = self.address
        return f"{scheme}://{host}:{port}/v1/events{query}"


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    await made.server.start()
    yield made
    made.services.feed.close()
    await made.server.stop()


@asynccontextmanager
async def client() -> AsyncIterator[ClientSession]:
    async with ClientSession(timeout=SOON, headers=BASIC) as session:
        yield session


async def sse(stream: Any) -> AsyncIterator[dict[str, str]]:
    """The events of a stream by their fields, comments left out."""
    found: dict[str, str] = {}
    async for line in stream.content:
        text = line.decode().rstrip("\n")
        if not text and found:
            yield found
            found = {}
        elif text and not text.startswith(":"):
            name, _, value = text.partition(": ")
            found[name] = value


async def test_a_snapshot_then_events_as_they_come(site: Site) -> None:
    living = await site.house.place()
    async with client() as session, session.get(site.url()) as answer:
        assert answer.status == 200
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        events = sse(answer)
        snapshot = await anext(events)
        assert snapshot["event"] == "snapshot"
        assert [call["id"] for call in json.loads(snapshot["data"])["calls"]] == [living]
        await site.house.hang_up_second(living)
        seen = [await anext(events) for _ in range(3)]
    assert seen[-1]["event"] == "call.ended"
    numbers = [int(one["id"].rpartition(":")[2]) for one in (snapshot, *seen)]
    assert numbers == list(range(numbers[0], numbers[0] + 4))
    assert json.loads(seen[0]["data"])["cursor"] == seen[0]["id"]
    await eventually(lambda: len(site.services.feed) == 0)
    assert site.services.feed.ended[Reason.LEFT] == 1


@pytest.mark.parametrize("by_header", [True, False])
async def test_going_on_behind_a_cursor(site: Site, by_header: bool) -> None:
    await site.house.talk()
    await site.house.journal.flush()
    epoch = site.house.journal.epoch
    query, headers = f"?after={epoch}:2", {}
    if by_header:  # it counts over the parameter, which stays the same at each reconnection
        headers = {"Last-Event-ID": f"{epoch}:4"}
    async with client() as session, session.get(site.url(query), headers=headers) as answer:
        assert (await anext(sse(answer)))["id"] == f"{epoch}:{5 if by_header else 3}"


@pytest.mark.parametrize(
    "query", ["?after=x", "?after=1", "?kinds=call.exploded", "?kinds=,", f"?kinds={'a' * 1001}"]
)
async def test_what_is_wrong_with_a_request_is_said_before_the_stream(query: str) -> None:
    app = create_app(Site().services)
    reply = await ask(app, "GET", f"/v1/events{query}")
    assert reply.status == 422
    assert reply.json["id"] == "invalid_parameter"


async def test_who_has_gone_gets_nothing_and_stays_nowhere() -> None:
    made = Site()
    reply = await ask(create_app(made.services), "GET", "/v1/events")
    assert reply.status == 200
    assert len(made.services.feed) == 0


async def test_only_so_many_may_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cordboard.feeds.following.MAX_FOLLOWERS_OF_TENANT", 0)
    reply = await ask(create_app(Site().services), "GET", "/v1/events")
    assert (reply.status, reply.json["id"]) == (503, "too_many_readers")
    assert "retry-after" in reply.headers


async def test_a_stopping_server_has_a_last_word(site: Site) -> None:
    async with client() as session, session.get(site.url()) as answer:
        events = sse(answer)
        await anext(events)
        site.services.feed.close()
        last = await anext(events)
        assert last["event"] == "end"
        assert json.loads(last["data"])["reason"] == "going_down"
        with pytest.raises(StopAsyncIteration):
            await anext(events)


# WebSocket


async def test_the_same_by_websocket(site: Site) -> None:
    living = await site.house.place()
    async with client() as session, session.ws_connect(site.url(scheme="ws")) as socket:
        snapshot = await socket.receive_json()
        assert snapshot["type"] == "snapshot"
        assert [call["id"] for call in snapshot["calls"]] == [living]
        await socket.send_str("whatever")
        await site.house.hang_up_second(living)
        seen = [await socket.receive_json() for _ in range(3)]
        assert [one["type"] for one in seen] == ["event"] * 3
        assert seen[-1]["kind"] == "call.ended"
        site.services.feed.close()
        assert (await socket.receive_json())["reason"] == "going_down"
        await socket.receive()
        assert socket.close_code == 1012


async def test_a_websocket_goes_on_behind_a_cursor(site: Site) -> None:
    await site.house.talk()
    await site.house.journal.flush()
    query = f"?after={site.house.journal.epoch}:2&kinds=call.ended"
    async with client() as session, session.ws_connect(site.url(query, "ws")) as socket:
        assert (await socket.receive_json())["kind"] == "call.ended"


def subprotocols(token: str) -> tuple[str, str]:
    encoded = urlsafe_b64encode(token.encode()).decode().rstrip("=")
    return "cordboard.v1", f"bearer.{encoded}"


async def test_a_page_shows_its_token_as_a_subprotocol(site: Site) -> None:
    async with (
        ClientSession(timeout=SOON) as session,
        session.ws_connect(
            site.url(scheme="ws"), protocols=subprotocols(TOKEN), headers={"Origin": ORIGIN}
        ) as socket,
    ):
        assert socket.protocol == "cordboard.v1"
        assert (await socket.receive_json())["type"] == "snapshot"


@pytest.mark.parametrize(
    ("query", "options", "status"),
    [
        ("", {}, 401),
        ("", {"protocols": subprotocols("wrong")}, 401),
        ("", {"protocols": ("cordboard.v1", "bearer.a")}, 401),
        ("", {"headers": {**BASIC, "Origin": "https://evil.example"}}, 403),
        ("?after=x", {"headers": BASIC}, 422),
        ("?kinds=x", {"headers": BASIC}, 422),
        ("?" + "&".join(f"a{n}=1" for n in range(20)), {"headers": BASIC}, 422),
    ],
)
async def test_a_handshake_is_refused(
    site: Site, query: str, options: dict[str, Any], status: int
) -> None:
    async with ClientSession(timeout=SOON) as session:
        with pytest.raises(WSServerHandshakeError) as refused:
            await session.ws_connect(site.url(query, "ws"), **options)
    assert refused.value.status == status
    assert len(site.services.feed) == 0


async def test_there_is_no_other_websocket(site: Site) -> None:
    async with client() as session:
        with pytest.raises(WSServerHandshakeError) as refused:
            await session.ws_connect(site.url(scheme="ws").replace("events", "calls"))
    assert refused.value.status == 404


async def test_a_long_message_of_a_client_ends_its_connection(site: Site) -> None:
    async with client() as session, session.ws_connect(site.url(scheme="ws")) as socket:
        await socket.receive_json()
        await socket.send_str("x" * 5_000)
        while not socket.closed:
            await socket.receive()
        assert socket.close_code == 1009
    await eventually(lambda: len(site.services.feed) == 0)


@pytest.mark.parametrize("scheme", ["http", "ws"])
async def test_it_takes_the_scope(site: Site, scheme: str) -> None:
    (main,) = site.tenant.accounts
    may_not = replace(main, scopes=frozenset({ApiScope.CALLS_READ}))
    site.house.directory = Directory((replace(site.tenant, accounts=(may_not,)),))
    async with client() as session:
        if scheme == "http":
            async with session.get(site.url()) as answer:
                assert answer.status == 403
        else:
            with pytest.raises(WSServerHandshakeError) as refused:
                await session.ws_connect(site.url(scheme="ws"))
            assert refused.value.status == 403


async def test_nobody_sees_another_tenants_calls(site: Site) -> None:
    other = replace(tenant().policy, domain="other")
    site.house.directory = Directory((site.tenant, replace(tenant(), policy=other)))
    await site.house.talk()
    authorization = {"Authorization": "Basic " + _basic("other", TOKEN)}
    async with (
        ClientSession(timeout=SOON, headers=authorization) as session,
        session.ws_connect(site.url(scheme="ws")) as socket,
    ):
        snapshot = await socket.receive_json()
        assert snapshot["calls"] == []
        assert snapshot["cursor"].endswith(":0")
        await site.house.talk()
        await site.house.journal.flush()
        with pytest.raises(TimeoutError):
            await socket.receive(timeout=0.05)


def _basic(domain: str, token: str) -> str:
    return urlsafe_b64encode(f"{domain}:{token}".encode()).decode()


async def test_the_last_word_reaches_many_at_once(site: Site) -> None:
    async with client() as session:
        answers = [await session.get(site.url()) for _ in range(20)]
        await eventually(lambda: len(site.services.feed) == 20)
        site.services.feed.close()
        bodies = await asyncio.gather(*[answer.read() for answer in answers])
    assert all(b"going_down" in body for body in bodies)
    assert DOMAIN.encode() not in b"".join(bodies)
