"""A client asks what a call of a phone or trunk would do."""

from __future__ import annotations

from typing import Any

import pytest

from cordboard.api.app import create_app
from cordboard.api.services import Services
from support.asgi import ask
from support.quick_house import QuickHouse

pytestmark = pytest.mark.anyio


async def explained(dialect: str, method: str = "invite", **parameters: str) -> Any:
    house = QuickHouse()
    app = create_app(Services(house.exchange, house.journal, lambda: house.directory))
    body = {"dialect": dialect, "method": method, "parameters": parameters}
    return await ask(app, "POST", "/v1/calls/explain", body)


async def test_a_phone_dials() -> None:
    told = (await explained("phone", terminal="jessica-desk", dialled="1002")).json
    assert (told["accepted"], told["direction"]) == (True, "phone")
    assert told["first"]["party"]["name"] == "jessica"
    assert told["second"]["party"]["name"] == "thomas"


async def test_a_trunk_calls() -> None:
    asked = {"trunk": "first", "dialled": "05031001002", "number": "0399998888"}
    told = (await explained("trunk", **asked)).json
    assert told["first"]["party"]["number"] == "0399998888"
    assert told["second"]["caller_id"]["number"] == "0399998888"


async def test_why_it_would_be_refused() -> None:
    told = (await explained("trunk", trunk="first", dialled="0312341234")).json
    assert told["refusal"]["id"] == "invalid_destination"
    told = (await explained("phone", terminal="nobody", dialled="1002")).json
    assert told["refusal"]["id"] == "authentication_required"


@pytest.mark.parametrize(
    ("dialect", "method", "parameters"),
    [
        ("phone", "call_user", {"terminal": "jessica-desk", "dialled": "1002"}),
        ("phone", "invite", {"dialled": "1002"}),
        ("phone", "invite", {"terminal": "jessica-desk"}),
        ("trunk", "invite", {"terminal": "jessica-desk", "dialled": "1002"}),
    ],
)
async def test_what_is_no_such_call(dialect: str, method: str, parameters: dict[str, str]) -> None:
    assert (await explained(dialect, method, **parameters)).status == 422
