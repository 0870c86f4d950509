"""Too much to do: in every dialect a new call is refused by its path and method alone, in the
dialect's own shape, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from cordboard.api.answer import Answer
from cordboard.api.door import Door
from cordboard.api.requests import RequestMetrics
from cordboard.calls.refusals import RefusalId, Refused


def too_much() -> Refused:
    return Refused(RefusalId.OVERLOADED, "too many live calls", "overload.live_legs", retry_after=2)


def come(method: str, path: str, metrics: RequestMetrics | None = None) -> Answer | None:
    """What a request hears at the door that nobody knows who sends."""
    begun = list[str]()
    door = Door(lambda _begin: too_much(), metrics or RequestMetrics())
    headers = [(b"x-request-id", b"their-own"), (b"content-length", b"9")]
    scope = {"type": "http", "method": method, "path": path, "headers": headers}
    answer = door.enter(scope, lambda: begun.append(path))
    assert begun == ([path] if answer is None else [])
    return answer


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


def place(path: str, metrics: RequestMetrics | None = None) -> Answer:
    answer = come("POST", path, metrics)
    assert answer is not None
    return answer


@pytest.mark.parametrize("path", PLACES)
def test_a_new_call_is_refused_before_it_is_looked_at(path: str) -> None:
    metrics = RequestMetrics()
    with capture_logs() as logs:
        fields = dict(place(path, metrics).fields())
    assert fields[b"retry-after"] == b"2"
    assert fields[b"x-request-id"] == b"their-own"
    assert logs == [], "there may be hundreds of them a second"
    (counted,) = next(iter(metrics.collect())).samples
    assert counted.labels["result"] == "overloaded"
    assert counted.labels["dialect"] in path or counted.labels["dialect"] in (
        "while1",
        "enswitch",
        "v1",
    )
    assert counted.labels["method"] != "-"


def told(path: str) -> tuple[int, Any]:
    answer = place(path)
    return answer.status, json.loads(answer.body)


def test_basix_has_its_id_in_the_body() -> None:
    status, body = told("/basix/api/call_user")
    assert (status, body["result_code"], body["error"]["id"]) == (200, 500, "overloaded")


def test_while1_has_a_message() -> None:
    status, body = told("/api/originate-call")
    assert (status, body["has_error"]) == (200, True)
    assert body["messages"] == ["PBX is busy. Try again later"]


def test_enswitch_has_its_code() -> None:
    status, body = told("/api/json/calls/make/")
    assert status == 200
    assert body["responses"] == [{"code": "500", "key": "", "message": "Too many live calls"}]


def test_v1_has_a_problem() -> None:
    status, body = told("/v1/calls")
    assert (status, body["id"]) == (503, "overloaded")
    assert place("/v1/calls").content_type == b"application/problem+json"
    assert body["parameter"] == "overload.live_legs"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/calls"),
        ("DELETE", "/v1/calls/call-1"),
        ("POST", "/v1/calls/call-1/hold"),
        ("GET", "/api/channel"),
        ("POST", "/api/json/calls/active"),
        ("GET", "/healthz"),
        ("POST", "/nowhere"),
        ("OPTIONS", "/v1/calls"),
        ("OPTIONS", "/basix/api/call_user"),
        ("OPTIONS", "/api/originate-call"),
    ],
)
def test_whatever_is_about_calls_that_live_comes_in(method: str, path: str) -> None:
    assert come(method, path) is None


def test_who_waits_for_his_turn_begins_when_it_has_come() -> None:
    waiting, begun = list[Callable[[], None]](), list[bool]()
    door = Door(waiting.append, RequestMetrics())
    scope = {"type": "http", "method": "POST", "path": "/v1/calls", "headers": []}
    assert door.enter(scope, lambda: begun.append(True)) is None
    assert begun == []
    waiting[0]()
    assert begun == [True]
