"""Calls are placed before FastAPI, and by it where it is asked all the same: the answers are alike,
whatever is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cordboard.api.app import create_app
from cordboard.api.services import Services
from cordboard.api.v1.app import create_v1
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.exchange.repetition import LONGEST_KEY
from cordboard.journal.port import JournalUnavailable
from support.asgi import Reply, ask
from support.quick_house import QuickHouse

pytestmark = pytest.mark.anyio

GOOD: dict[str, Any] = {"first": {"user": {"name": "jessica"}}, "second": {"number": "0312341234"}}
TOLD = {"content-type", "location", "retry-after", "www-authenticate", "idempotency-replayed"}


@pytest.fixture
def services() -> Services:
    house = QuickHouse()
    return Services(house.exchange, house.journal, lambda: house.directory)


async def both(services: Services, body: Any, **how: Any) -> tuple[Reply, Reply]:
    """What both say, the first of them as a server does."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    served = await ask(create_app(services), "POST", "/v1/calls", sent, **how)
    return served, await ask(create_v1(services), "POST", "/calls", sent, **how)


def alike(one: Reply, other: Reply) -> None:
    assert one.status == other.status
    assert one.json == other.json
    told = [{name: reply.headers.get(name) for name in TOLD} for reply in (one, other)]
    assert told[0] == told[1]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        {},
        {**GOOD, "second": {"number": 7}},
        {**GOOD, "unknown": 1, "first": {}},
        {**GOOD, "first": {"user": {"name": "nobody"}}},
    ],
)
async def test_what_is_wrong_with_a_body(services: Services, body: Any) -> None:
    one, other = await both(services, body)
    assert 400 <= one.status < 500
    alike(one, other)


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"idempotency-key": "k" * (LONGEST_KEY + 1)},
        {"idempotency-key": "a\x01b"},
        {"idempotency-key": ""},
    ],
)
async def test_what_is_wrong_with_a_header(services: Services, headers: dict[str, str]) -> None:
    one, other = await both(services, GOOD, headers=headers)
    assert 400 <= one.status < 500
    alike(one, other)


@pytest.mark.parametrize("authorization", [None, "Bearer nobody", "Basic ?"])
async def test_who_is_nobody(services: Services, authorization: str | None) -> None:
    one, other = await both(services, GOOD, authorization=authorization)
    assert one.status == 401
    alike(one, other)


@pytest.mark.parametrize(
    "fault",
    [
        JournalUnavailable("no"),
        Refused(RefusalId.OVERLOADED, "too much", retry_after=7),
        Refused(RefusalId.CHANNEL_LIMIT_REACHED, "no line is free", "tenant"),
        RuntimeError("it broke"),
    ],
)
async def test_what_may_come_of_it(
    services: Services, fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise fault

    monkeypatch.setattr(services.exchange, "place", fails)
    one, other = await both(services, GOOD)
    assert one.status >= 429
    alike(one, other)


async def test_a_call_is_placed_and_repeated(services: Services) -> None:
    key = {"idempotency-key": "k"}
    first, again = await both(services, GOOD, headers=key)
    assert (first.status, again.status) == (201, 200)
    assert first.headers["location"] == again.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    alike(*await both(services, GOOD, headers=key))
