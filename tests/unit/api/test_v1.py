"""v1 shows a tenant its own calls, and nobody else's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cordboard.api.app import create_app
from cordboard.api.services import Services
from cordboard.api.v1.ladder import draw
from cordboard.calls.events import CallEvent, EventKind, Json
from cordboard.calls.request import Callback, Leg
from cordboard.directory.model import Trunk
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.journal.memory import MemoryJournal
from cordboard.journal.outbox import Attempt, Fate
from cordboard.journal.port import CallRecord
from support.asgi import Reply, ask
from support.tenants import tenant

pytestmark = pytest.mark.anyio

CALL = "call-1"


class FakeExchange:
    """One call that can be hung up once."""

    def __init__(self) -> None:
        self.alive = True

    def call_of(self, _tenant: str, channel: str) -> str | None:
        return CALL if channel == "uuid-1" else None

    def hang_up(self, _tenant: str, call: str) -> bool:
        was, self.alive = self.alive and call == CALL, False
        return was

    def ladder(self, _tenant: str, call: str) -> dict[str, Json] | None:
        if call != CALL:
            return None
        line: dict[str, Json] = {
            "at": 5.0,
            "sent": True,
            "peer": "udp:192.0.2.1:5060",
            "summary": "INVITE sip:x@y SIP/2.0",
            "text": "INVITE sip:x@y SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\nv=0",
            "retransmission": False,
        }
        channel: dict[str, Json] = {"channel": "uuid-1", "leg": "first", "party": "desk@demo"}
        return {"call": CALL, "channels": [{**channel, "lines": [line]}]}

    def trunk(self, _tenant: TenantDirectory, trunk: Trunk) -> dict[str, Json]:
        return {"name": trunk.name, "state": "up"}

    def new_call_id(self) -> str:
        return "call-2"

    def explain(self, request: Any) -> dict[str, Json]:
        return {"accepted": True, "method": request.method}


@pytest.fixture
async def app() -> Any:
    journal = MemoryJournal()
    record = CallRecord(CALL, "demo", "main", "basix", "call_user", 1.0, ("uuid-1",))
    first: dict[str, Json] = {"kind": "user", "name": "jessica"}
    await journal.accept(record, [CallEvent(EventKind.CALL_ACCEPTED, CALL, data={"first": first})])
    journal.append(
        "demo",
        [
            CallEvent(EventKind.CHANNEL_DIALLED, CALL, Leg.FIRST, "uuid-1"),
            CallEvent(EventKind.LEG_FAILED, CALL, Leg.FIRST, data={"cause": "busy"}),
            CallEvent(EventKind.CALL_ENDED, CALL, data={"outcome": "first_leg_failed"}),
        ],
    )
    await journal.flush()
    return serving(journal)


def serving(journal: MemoryJournal) -> Any:
    """The application over a journal."""
    directory = Directory((tenant(),))
    services = Services(FakeExchange(), journal, lambda: directory)  # type: ignore[arg-type]
    return create_app(services)


async def get(app: Any, path: str, **headers: str) -> Reply:
    return await ask(app, "GET", path, headers=headers)


@pytest.mark.parametrize("name", [CALL, "uuid-1"])
async def test_a_call_is_shown_by_its_id_or_a_channels(app: Any, name: str) -> None:
    shown = (await get(app, f"/v1/calls/{name}")).json
    assert shown["id"] == CALL
    assert shown["state"] == "ended"
    assert shown["first"]["party"]["name"] == "jessica"
    kinds = [entry["kind"] for entry in shown["first"]["timeline"]]
    assert kinds == ["channel.dialled", "leg.failed"]
    assert shown["result"]["outcome"] == "first_leg_failed"


@pytest.mark.parametrize("path", ["", "/ladder", "/events"])
async def test_unknown_calls_are_a_problem(app: Any, path: str) -> None:
    reply = await get(app, f"/v1/calls/nothing{path}")
    assert reply.status == 404
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json["id"] == "call_not_found"


@pytest.mark.parametrize("path", ["/v1/calls/call-1", "/v1/calls/call-1/ladder"])
async def test_strangers_are_challenged(app: Any, path: str) -> None:
    reply = await ask(app, "GET", path, authorization=None)
    assert reply.status == 401
    assert reply.json["id"] == "authentication_required"


async def test_events_come_in_order_and_the_stream_ends_with_the_call(app: Any) -> None:
    reply = await get(app, f"/v1/calls/{CALL}/events")
    assert reply.headers["content-type"].startswith("text/event-stream")
    blocks = reply.body.decode().strip().split("\n\n")
    data = [json.loads(block.partition("data: ")[2]) for block in blocks]
    assert [one["seq"] for one in data] == [1, 2, 3, 4]
    assert data[-1]["kind"] == "call.ended"


async def test_a_stream_goes_on_behind_the_last_event_seen(app: Any) -> None:
    whole = (await get(app, f"/v1/calls/{CALL}/events")).body.decode()
    second_id = [line[4:] for line in whole.splitlines() if line.startswith("id: ")][1]
    rest = (await get(app, f"/v1/calls/{CALL}/events", **{"last-event-id": second_id})).body
    assert [line for line in rest.decode().splitlines() if line.startswith("event:")] == [
        "event: leg.failed",
        "event: call.ended",
    ]


async def test_hanging_up_works_once(app: Any) -> None:
    assert (await ask(app, "DELETE", f"/v1/calls/{CALL}")).status == 204
    assert (await ask(app, "DELETE", f"/v1/calls/{CALL}")).json["id"] == "call_over"
    assert (await ask(app, "DELETE", "/v1/calls/nothing")).json["id"] == "call_not_found"


async def test_the_ladder_is_json_or_a_drawing(app: Any) -> None:
    ladder = (await get(app, f"/v1/calls/{CALL}/ladder")).json
    assert ladder["channels"][0]["lines"][0]["summary"].startswith("INVITE")
    drawing = await get(app, f"/v1/calls/{CALL}/ladder", accept="text/plain")
    assert drawing.body.decode().rstrip("\n") == draw(ladder)
    assert "INVITE +SDP" in drawing.body.decode()
    assert "desk@demo" in drawing.body.decode()


async def test_explain_takes_a_vendors_request(app: Any) -> None:
    parameters = {"user_name": "jessica", "destination": "thomas"}
    body = {"dialect": "basix", "method": "call_user", "parameters": parameters}
    reply = await ask(app, "POST", "/v1/calls/explain", body)
    assert reply.json == {"accepted": True, "method": "call_user"}
    body["parameters"] = {"destination": "thomas"}
    refused = (await ask(app, "POST", "/v1/calls/explain", body)).json
    assert refused["accepted"] is False
    assert refused["refusal"]["id"] == "missing_parameter"
    wrong = await ask(app, "POST", "/v1/calls/explain", {"method": "call_nobody"})
    assert wrong.status == 422


async def test_health_needs_no_credentials(app: Any) -> None:
    reply = await ask(app, "GET", "/healthz", authorization=None)
    assert (reply.status, reply.json) == (200, {"status": "ok"})


async def test_a_tenant_sees_how_its_trunks_are(app: Any) -> None:
    listed = (await ask(app, "GET", "/v1/trunks")).json
    assert [trunk["name"] for trunk in listed["trunks"]] == ["first", "second"]
    assert (await ask(app, "GET", "/v1/trunks/second")).json == {"name": "second", "state": "up"}
    lost = await ask(app, "GET", "/v1/trunks/third")
    assert (lost.status, lost.json["id"]) == (404, "trunk_not_found")


async def told(journal: MemoryJournal) -> None:
    """A call whose callback was tried once, in vain."""
    callback = Callback("http://receiver.test/told", "basix")
    record = CallRecord(
        "call-9", "demo", "main", "basix", "call_user", 1.0, ("u",), callback=callback
    )
    await journal.accept(record, ())
    journal.append("demo", [CallEvent(EventKind.LEG_ANSWERED, "call-9", Leg.FIRST, "u")])
    await journal.flush()
    journal.attempted("msg_call-9", Attempt(5.0, 500, None, 0.25), Fate.GIVEN_UP, None)


async def test_a_tenant_sees_what_became_of_its_callbacks() -> None:
    journal = MemoryJournal()
    await told(journal)
    app = serving(journal)
    (listed,) = (await ask(app, "GET", "/v1/callbacks?call=call-9")).json["callbacks"]
    assert (listed["id"], listed["state"], listed["tries"]) == ("msg_call-9", "given_up", 1)
    assert (await ask(app, "GET", "/v1/callbacks?call=other")).json == {"callbacks": []}
    assert (await ask(app, "GET", "/v1/callbacks?before=soon")).status == 422
    shown = (await ask(app, "GET", "/v1/callbacks/msg_call-9")).json
    assert shown["attempts"] == [{"at": 5.0, "status": 500, "error": None, "seconds": 0.25}]
    assert (await ask(app, "GET", "/v1/callbacks/msg_x")).json["id"] == "callback_not_found"


async def test_a_callback_is_delivered_again_on_request() -> None:
    journal = MemoryJournal()
    await told(journal)
    app = serving(journal)
    again = await ask(app, "POST", "/v1/callbacks/msg_call-9/redeliver")
    assert (again.status, again.json["state"]) == (202, "pending")
    assert [posted.owed.id for posted in await journal.due(1e12, 5)] == ["msg_call-9"]
    assert (await ask(app, "POST", "/v1/callbacks/msg_x/redeliver")).status == 404
