"""A client says where a user's calls go."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.types import ASGIApp

from cordboard.api.app import create_app
from cordboard.api.services import Services
from cordboard.calls.events import EventKind
from support.asgi import ask
from support.quick_house import QuickHouse

pytestmark = pytest.mark.anyio

PATH = "/v1/users/thomas/forwarding"
UNTOUCHED = {
    "always": None,
    "busy": None,
    "no_answer": None,
    "after": 20.0,
    "do_not_disturb": False,
    "chosen": False,
}


def app_of(house: QuickHouse) -> ASGIApp:
    return create_app(Services(house.exchange, house.journal, lambda: house.directory))


async def put(app: ASGIApp, body: dict[str, Any]) -> Any:
    return await ask(app, "PUT", PATH, body)


async def test_it_is_chosen_followed_and_taken_back() -> None:
    house = QuickHouse()
    app = app_of(house)
    assert (await ask(app, "GET", PATH)).json == UNTOUCHED
    chosen = (await put(app, {"always": "1003", "after": None})).json
    assert chosen == {**UNTOUCHED, "always": "1003", "chosen": True}
    call = await house.place()
    (forwarded,) = await house.events(call, EventKind.CALL_FORWARDED)
    assert forwarded.event.data["to"] == "1003"
    assert (await ask(app, "DELETE", PATH)).json == UNTOUCHED
    call = await house.place()
    assert not await house.events(call, EventKind.CALL_FORWARDED)


async def test_what_holds_already_makes_no_event() -> None:
    house = QuickHouse()
    app = app_of(house)
    for _ in range(2):
        await put(app, {"do_not_disturb": True})
    assert house.journal.forwardings("demo")[1002].do_not_disturb
    await house.journal.flush()
    recorded = house.journal.read("demo", f"{house.journal.epoch}:0").at_hand(10)
    assert [one.event.data["account"] for one in recorded] == ["main"]


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        ({"always": "nobody"}, 422, "invalid_destination"),
        ({"busy": "thomas"}, 422, "invalid_destination"),
        ({"no_answer": "110"}, 422, "no_route"),
        ({"always": "x" * 65}, 422, "invalid_parameter"),
        ({"after": 0}, 422, "invalid_parameter"),
        ({"everybody": True}, 422, "invalid_parameter"),
    ],
)
async def test_what_can_not_be_chosen(body: dict[str, Any], status: int, why: str) -> None:
    house = QuickHouse()
    reply = await put(app_of(house), body)
    assert (reply.status, reply.json["id"]) == (status, why)
    assert not house.journal.forwardings("demo")


async def test_nobody_unknown_has_calls() -> None:
    house = QuickHouse()
    reply = await ask(app_of(house), "GET", "/v1/users/nobody/forwarding")
    assert (reply.status, reply.json["id"]) == (404, "no_such_user")
