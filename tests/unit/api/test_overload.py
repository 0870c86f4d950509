"""Too much to do: in every dialect a new call is refused before its request is looked at, in the
dialect's own shape, and nothing else is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.types import ASGIApp
from structlog.testing import capture_logs

from cordboard.api.app import create_app
from cordboard.api.requests import RequestMetrics
from cordboard.api.services import Services
from cordboard.api.watching import Watch
from cordboard.calls.refusals import RefusalId, Refused
from support.asgi import Reply, ask
from support.quick_house import QuickHouse

pytestmark = pytest.mark.anyio


def too_much() -> Refused:
    return Refused(RefusalId.OVERLOADED, "too many live calls", "overload.live_legs", retry_after=2)


def app(metrics: RequestMetrics | None = None) -> ASGIApp:
    house = QuickHouse()
    services = Services(
        house.exchange, house.journal, lambda: house.directory, busy=lambda: too_much()
    )
    watch = Watch() if metrics is None else Watch(metrics)
    return create_app(services, watch)


PLACES = (
    "/basix/api/call_user",
    "/basix/api/call_group",
    "/basix/api/call_external/",
    "/api/originate-call",
    "/api/originate-call/",
    "/api/json/calls/make/",
    "/local/api/json/calls/make",
    "/v1/calls",
)


async def place(path: str, to: ASGIApp) -> Reply:
    """A request of somebody unknown with a body that nobody can read: neither is looked at."""
    return await ask(to, "POST", path, b"\xff{", authorization=None)


@pytest.mark.parametrize("path", PLACES)
async def test_a_new_call_is_refused_before_it_is_looked_at(path: str) -> None:
    metrics = RequestMetrics()
    with capture_logs() as logs:
        reply = await place(path, app(metrics))
    assert int(reply.headers["retry-after"]) == 2
    assert logs == [], "there may be hundreds of them a second"
    (counted,) = next(iter(metrics.collect())).samples
    assert counted.labels["result"] == "overloaded"
    assert counted.labels["dialect"] in path or counted.labels["dialect"] in (
        "while1",
        "enswitch",
        "v1",
    )
    assert counted.labels["method"] != "-"


async def told(path: str) -> tuple[int, Any]:
    reply = await place(path, app())
    return reply.status, reply.json


async def test_basix_has_its_id_in_the_body() -> None:
    status, body = await told("/basix/api/call_user")
    assert (status, body["result_code"], body["error"]["id"]) == (200, 500, "overloaded")


async def test_while1_has_a_message() -> None:
    status, body = await told("/api/originate-call")
    assert (status, body["has_error"]) == (200, True)
    assert body["messages"] == ["PBX is busy. Try again later"]


async def test_enswitch_has_its_code() -> None:
    status, body = await told("/api/json/calls/make/")
    assert status == 200
    assert body["responses"] == [{"code": "500", "key": "", "message": "Too many live calls"}]


async def test_v1_has_a_problem() -> None:
    reply = await place("/v1/calls", app())
    assert (reply.status, reply.json["id"]) == (503, "overloaded")
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json["parameter"] == "overload.live_legs"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/calls"),
        ("DELETE", "/v1/calls/call-1"),
        ("POST", "/v1/calls/call-1/hold"),
        ("GET", "/api/channel"),
        ("POST", "/api/json/calls/active"),
        ("GET", "/healthz"),
        ("OPTIONS", "/v1/calls"),
        ("OPTIONS", "/basix/api/call_user"),
        ("OPTIONS", "/api/originate-call"),
    ],
)
async def test_whatever_is_about_calls_that_live_is_answered(method: str, path: str) -> None:
    reply = await ask(app(), method, path, json.dumps({}).encode())
    assert b"overloaded" not in reply.body
    assert reply.status != 503
