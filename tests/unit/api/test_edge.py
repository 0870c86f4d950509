"""Every request has an id, and leaves one line that tells nothing it should not."""

from __future__ import annotations

import re
from typing import Any

import pytest
from structlog.testing import capture_logs

from cordboard.api.app import create_app
from cordboard.api.services import Services
from cordboard.api.watching import Watch
from support.asgi import ask
from support.quick_house import QuickHouse

pytestmark = pytest.mark.anyio

PLACED = {"user_name": "jessica", "destination": "thomas"}


def app(*, access_log: bool = True) -> Any:
    house = QuickHouse()
    services = Services(house.exchange, house.journal, lambda: house.directory)
    return create_app(services, Watch(access_log=access_log))


@pytest.mark.parametrize("given", ["42", "01HZ.a-b_c/d:e+f=@", "x" * 128])
async def test_a_sane_id_of_the_client_is_taken_over(given: str) -> None:
    reply = await ask(app(), "GET", "/v1/calls", headers={"x-request-id": given})
    assert reply.headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "a\tb", '"', "é"])
async def test_any_other_is_replaced(given: str) -> None:
    reply = await ask(app(), "GET", "/v1/calls", headers={"x-request-id": given})
    assert re.fullmatch("[0-9a-f]{32}", reply.headers["x-request-id"])


async def test_each_request_leaves_one_line() -> None:
    served = app()
    with capture_logs() as lines:
        reply = await ask(served, "POST", "/basix/api/call_user?secret=1", PLACED)
        await ask(served, "POST", "/basix/api/call_user", {"user_name": "nobody"})
        await ask(served, "GET", "/v1/calls/secret")
        await ask(served, "GET", "/secret")
    told = [(line["http"], line["method"], line["result"], line["status"]) for line in lines]
    assert told == [
        ("POST", "call_user", "ok", 200),
        ("POST", "call_user", "missing_parameter", 200),
        ("GET", "show_call", "call_not_found", 404),
        ("GET", "-", "http_404", 404),
    ]
    assert lines[0]["call"] == reply.headers["cordboard-call"]
    assert lines[0]["request"] == reply.headers["x-request-id"]
    assert lines[0]["ms"] >= 0
    assert "secret" not in str(lines)


async def test_lines_can_be_left_out() -> None:
    with capture_logs() as lines:
        await ask(app(access_log=False), "GET", "/v1/calls")
    assert lines == []
