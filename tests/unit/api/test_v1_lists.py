"""``GET /v1/calls``: pages, filters, cursors."""

from __future__ import annotations

from typing import Any

import pytest

from cordboard.api.v1.lists import CallPage
from cordboard.calls.ports import Incoming
from support.v1 import Served
from support.waiting import eventually

pytestmark = pytest.mark.anyio

DID = "05031001001"

PARTIES: list[dict[str, Any]] = [
    {"user": {"name": "jessica", "id": "7"}},
    {"group": {"name": "sales"}},
    {"terminal": "thomas"},
    {"number": "0312341234"},
    {"address": "thomas"},
    {"context": "welcome"},
]


async def placed(served: Served, **more: Any) -> str:
    """A call that rings; gives its id."""
    body = {"first": {"user": {"name": "jessica"}}, "second": {"address": "thomas"}, **more}
    reply = await served.post("/calls", body)
    assert reply.status == 201, reply.body
    await served.journal.flush()
    return str(reply.json["id"])


async def ids(served: Served, query: str = "") -> list[str]:
    reply = await served.get(f"/calls{query}")
    assert reply.status == 200, reply.body
    CallPage.model_validate(reply.json)
    return [call["id"] for call in reply.json["calls"]]


async def test_pages_lead_to_all_calls_once() -> None:
    served = Served()
    expected = {await placed(served) for _ in range(7)}  # in one instant
    found: list[str] = []
    path: str | None = "/calls?limit=3"
    while path is not None:
        page = (await served.get(path)).json
        found += [call["id"] for call in page["calls"]]
        served.wall += 1.0
        path = page["next"] and f"/calls?limit=3&cursor={page['next']}"
        await placed(served)
    assert len(found) == 7
    assert set(found) == expected


async def test_calls_are_found_by_id_and_state() -> None:
    served = Served()
    later = await placed(served, delay=60, external_id="ticket 7+")
    live = await placed(served, external_id="ticket 7+")
    over = await placed(served, external_id="other")
    await served.delete(f"/calls/{over}")
    served.engine.advance(1.0)
    await served.journal.flush()
    assert set(await ids(served, "?external_id=ticket+7%2B")) == {later, live}
    assert await ids(served, "?state=scheduled") == [later]
    assert await ids(served, "?state=live") == [live]
    assert await ids(served, "?state=ended") == [over]
    assert await ids(served, "?state=live&external_id=other") == []


async def test_calls_are_found_by_time() -> None:
    served = Served()  # where it is always the thousandth second
    call = await placed(served)
    for query in (
        "from=1000",
        "to=1000.5",
        "from=1970-01-01T00:16:40Z",
        "from=1000&to=1001",
        "to=6246899288740554.0",
    ):
        assert await ids(served, f"?{query}") == [call]
    for query in (
        "from=1001",
        "from=100000000000000000000.0",
        "to=1000",
        "to=1970-01-01T01:16:40+01:00",
    ):
        assert await ids(served, f"?{query}") == []


@pytest.mark.parametrize("second", PARTIES)
async def test_parties_are_listed_as_they_were_asked_for(second: dict[str, Any]) -> None:
    served = Served()
    if "user" in second:
        second = {"user": {"name": "thomas"}}
    await placed(served, second=second)
    (call,) = (await served.get("/calls")).json["calls"]
    assert (call["first"], call["second"]) == ({"user": {"name": "jessica"}}, second)
    assert (call["state"], call["ended_at"], call["result"]) == ("ringing_first", None, None)


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=x", "limit"),
        ("state=bridged", "state"),
        ("from=yesterday", "from"),
        ("from=nan", "from"),
        ("to=2026-13-01T00:00:00Z", "to"),
        ("external_id=%00", "external_id"),
        ("cursor=x", "cursor"),
        ("cursor=%FF", "cursor"),
        ("cursor=bmFuOmE", "cursor"),  # nan:a
        ("cursor=MHgxcDA6AA", "cursor"),  # with a NUL
        ("cursor=" + "A" * 201, "cursor"),
    ],
)
async def test_wrong_queries_are_told(query: str, path: str) -> None:
    reply = await Served().get(f"/calls?{query}")
    assert (reply.status, reply.json["id"]) == (422, "invalid_parameter")
    assert [(fault["where"], fault["path"]) for fault in reply.json["errors"]] == [("query", path)]


async def test_calls_of_phones_and_trunks_say_who_calls_whom() -> None:
    served = Served()
    served.engine.take_calls()
    served.engine.call_in(Incoming("a@1", "jessica-desk@demo", (), "0312341234", "demo", "1001"))
    served.engine.call_in(Incoming("b@1", None, ("first@demo",), DID, "h", "0399998888", "Kondo"))
    served.engine.call_in(Incoming("c@1", None, ("first@demo",), DID, "h"))
    await eventually(lambda: served.exchange.live_calls() == 3)
    await served.journal.flush()
    page = (await served.get("/calls")).json
    CallPage.model_validate(page)
    assert {
        (call["direction"], str(call["first"]), str(call["second"])) for call in page["calls"]
    } == {
        ("phone", "{'terminal': 'jessica-desk'}", "{'address': '0312341234'}"),
        ("trunk", "{'number': '0399998888'}", f"{{'number': '{DID}'}}"),
        ("trunk", "{'number': ''}", f"{{'number': '{DID}'}}"),
    }
