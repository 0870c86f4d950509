"""``POST /v1/calls``: everything that can be asked for, everything that can be wrong with it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from cordboard.api.placing import Origin
from cordboard.api.v1.asked import MAX_METADATA, CallAsked, LegAsked
from cordboard.api.v1.callback import render
from cordboard.api.v1.calls import FULL, SIMPLE
from cordboard.api.v1.translation import request_of
from cordboard.calls.causes import Cause
from cordboard.calls.events import CallEvent, CallResult, EventKind, Outcome
from cordboard.calls.owing import Owed
from cordboard.calls.ports import Dial
from cordboard.calls.request import (
    Address,
    Callback,
    CalledParty,
    EndUser,
    GroupKeys,
    LegWishes,
    Occasion,
    RingGroup,
    RingNumber,
    RingTerminal,
    RingUser,
    RunContext,
    UserKeys,
)
from support.asgi import Reply
from support.tenants import tenant
from support.v1 import Served

pytestmark = pytest.mark.anyio

ORIGIN = Origin("call-1", "demo", "main")
KEY = {"idempotency-key": "k-1"}


def simple(**more: Any) -> dict[str, Any]:
    """A call from jessica to thomas, with more."""
    body = {"first": {"user": {"name": "jessica"}}, "second": {"address": "thomas"}}
    return {**body, **more}


def party(first: dict[str, Any]) -> CalledParty:
    return request_of(CallAsked.model_validate(simple(first=first)), ORIGIN).first


def faults(reply: Reply) -> dict[str, str]:
    assert reply.status == 422, reply.body
    assert reply.json["id"] == "invalid_parameter"
    return {fault["path"]: fault["detail"] for fault in reply.json["errors"]}


async def test_a_call_is_placed_and_shown() -> None:
    served = Served()
    reply = await served.post("/calls", simple(external_id="ticket-7", metadata={"a": [1]}))
    assert reply.status == 201
    call = reply.json
    assert reply.headers["location"] == f"/v1/calls/{call['id']}"
    assert (call["dialect"], call["method"], call["account"]) == ("v1", "call", "main")
    assert (call["external_id"], call["metadata"]) == ("ticket-7", {"a": [1]})
    assert len(call["channels"]) == 2
    dialled = [one for one in served.engine.commands if isinstance(one, Dial)]
    assert [one.channel for one in dialled] == call["channels"]
    await served.journal.flush()
    again = await served.get(f"/calls/{call['id']}")
    assert (again.status, again.json["state"]) == (200, "ringing_first")


def test_everything_is_understood() -> None:
    request = request_of(CallAsked.model_validate(FULL), ORIGIN)
    assert request.first == RingUser(UserKeys(extension="1001"))
    end_user = EndUser(name="Olive Oyl", organization="Thimble Theatre")
    assert request.second == RingNumber(Address("0312341234", end_user))
    assert (request.answer_timeout, request.second_answer_timeout) == (30, None)
    assert request.on_first == LegWishes(auto_answer=True, caller_name="Ticket 4711")
    assert request.on_second == LegWishes(screen=True, warn=True, caller_number="05068680000")
    assert request.group == GroupKeys(name="support")
    assert (request.record, request.delay, request.at) == (True, 60, None)
    assert request.callback == Callback("https://crm.example.com/told", "v1", Occasion.CALL_ENDED)
    assert (request.external_id, request.variables) == ("ticket-4711", (("SKIP_WELCOME", "1"),))
    assert request.metadata == {"campaign": "spring"}


def test_null_counts_as_absent() -> None:
    of_call = dict.fromkeys(set(CallAsked.model_fields) - {"first", "second"})
    of_leg = dict.fromkeys(LegAsked.model_fields)
    body = {
        "first": of_leg | {"user": {"name": "jessica"}},
        "second": of_leg | {"address": "thomas"},
        **of_call,
    }
    given, absent = (CallAsked.model_validate(one) for one in (body, simple()))
    assert request_of(given, ORIGIN) == request_of(absent, ORIGIN)


@pytest.mark.parametrize(
    ("named", "meant"),
    [
        ({"user": {"id": 7}}, RingUser(UserKeys(id="7"))),
        ({"user": {"email": "a@b", "did": "050"}}, RingUser(UserKeys(email="a@b", did="050"))),
        ({"group": {"id": "7", "name": None}}, RingGroup(GroupKeys(id="7"))),
        ({"terminal": "thomas"}, RingTerminal("thomas")),
        ({"number": "03"}, RingNumber(Address("03"))),
        (
            {"number": "03", "as_user": {"name": "x"}},
            RingNumber(Address("03"), UserKeys(name="x")),
        ),
        ({"address": "1001", "user": None}, Address("1001")),
        ({"context": "welcome"}, RunContext("welcome")),
    ],
)
def test_parties(named: dict[str, Any], meant: CalledParty) -> None:
    assert party(named) == meant


def test_how_long_a_group_is_rung_may_be_said_of_each_leg() -> None:
    group = {"group": {"name": "sales"}}
    body = {"first": group | {"member_answer_timeout": 7}, "second": group | {"answer_timeout": 9}}
    asked = request_of(CallAsked.model_validate(body), ORIGIN)
    assert (asked.on_first.member_timeout, asked.on_second.member_timeout) == (7, None)
    assert (asked.answer_timeout, asked.second_answer_timeout) == (None, 9)


@pytest.mark.parametrize(
    ("at", "seconds"),
    [
        (1767225600, 1767225600),
        ("2026-01-01T09:00:00+09:00", 1767225600),
        ("2026-01-01t00:00:00.5z", 1767225600.5),
    ],
)
def test_times_are_numbers_or_rfc_3339(at: Any, seconds: float) -> None:
    assert request_of(CallAsked.model_validate(simple(at=at)), ORIGIN).at == seconds


NOBODY = "takes exactly one of user, terminal, group, number, address, context"


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"first": {}}, "first"),
        ({"first": {"number": "1", "address": "1"}}, "first"),
        ({"first": {"user": {}}}, "first.user"),
        ({"first": {"user": {"name": ""}}}, "first.user.name"),
        ({"first": {"user": {"id": True}}}, "first.user.id"),
        ({"first": {"user": {"id": 1.5}}}, "first.user.id"),
        ({"first": {"address": "a\r\nb"}}, "first.address"),
        ({"first": {"address": "x" * 255}}, "first.address"),
        ({"first": {"address": "1", "autoanswer": True}}, "first.autoanswer"),
        ({"first": {"address": "1", "auto_answer": "yes"}}, "first.auto_answer"),
        ({"first": {"address": "1", "answer_timeout": 0}}, "first.answer_timeout"),
        ({"first": {"address": "1", "answer_timeout": 3601}}, "first.answer_timeout"),
        ({"first": {"address": "1", "member_answer_timeout": 0}}, "first.member_answer_timeout"),
        ({"first": {"address": "1", "as_user": {"id": 1}}}, "first.as_user"),
        ({"first": {"user": {"id": 1}, "end_user": {"name": "x"}}}, "first.end_user"),
        ({"second": None}, "second"),
        ({"group": {}}, "group"),
        ({"group": {"resolver": "any"}}, "group.resolver"),
        ({"record": 1}, "record"),
        ({"delay": -1}, "delay"),
        ({"delay": 1e9}, "delay"),
        ({"delay": 5, "at": 5}, "at"),
        ({"at": "tomorrow"}, "at"),
        ({"at": "2026-01-01T00:00:00"}, "at"),
        ({"at": "2026-02-30T00:00:00Z"}, "at"),
        ({"external_id": ""}, "external_id"),
        ({"external_id": "x" * 256}, "external_id"),
        ({"variables": {"a b": "1"}}, "variables"),
        ({"variables": {"a": 1}}, "variables.a"),
        ({"variables": {"a": "x" * 1025}}, "variables.a"),
        ({"variables": {f"v{n}": "" for n in range(33)}}, "variables"),
        ({"metadata": {"a": "x" * MAX_METADATA}}, "metadata"),
        ({"metadata": []}, "metadata"),
        ({"callback": {}}, "callback.url"),
        ({"callback": {"url": "ftp://x/"}}, "callback.url"),
        ({"callback": {"url": "http://x/" + "y" * 9999}}, "callback.url"),
        ({"callbacks": {}}, "callbacks"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_rings(more: dict[str, Any], path: str) -> None:
    served = Served()
    assert path in faults(await served.post("/calls", simple(**more)))
    assert not served.engine.commands


async def test_everything_that_is_wrong_is_told_at_once() -> None:
    body = {
        "first": {"user": {"name": ""}, "number": "03", "screening": 1},
        "second": {},
        "delay": 1,
        "at": 2,
        "nonsense": "secret",
    }
    reply = await Served().post("/calls", body)
    found = faults(reply)
    expected = {"first.user.name", "first.screening", "nonsense", "first", "second", "at"}
    assert set(found) == expected
    assert found["first"] == NOBODY
    assert b"secret" not in reply.body


@pytest.mark.parametrize(
    ("more", "status", "name", "parameter"),
    [
        ({"first": {"user": {"name": "x"}}}, 422, "user_not_found", "first.user.name"),
        ({"second": {"group": {"id": 1}}}, 422, "group_not_found", "second.group.id"),
        ({"group": {"label": "x"}}, 422, "group_not_found", "group.label"),
        ({"second": {"address": "x"}}, 422, "invalid_destination", "second.address"),
        ({"second": {"number": "110"}}, 422, "no_route", "second.number"),
        ({"second": {"number": "x"}}, 422, "invalid_parameter", "second.number"),
        ({"second": {"context": "x"}}, 422, "invalid_destination", "second.context"),
        ({"first": {"terminal": "x"}}, 422, "user_not_found", "first.terminal"),
        ({"second": {"number": "0312341234", "trunk": "x"}}, 422, "no_route", "second.trunk"),
        ({"first": {"context": "1111"}}, 422, "invalid_parameter", "first.context"),
        (
            {"second": {"number": "0312341234", "caller_id": "0399999999"}},
            422,
            "calling_number_not_allowed",
            "second.caller_id",
        ),
        ({"at": 1}, 422, "invalid_parameter", "at"),
        ({"delay": 366 * 86_400, "second": {"address": "x"}}, 422, "invalid_destination", None),
    ],
)
async def test_refusals_say_what_and_why(
    more: dict[str, Any], status: int, name: str, parameter: str | None
) -> None:
    reply = await Served().post("/calls", simple(**more))
    assert (reply.status, reply.json["id"]) == (status, name)
    assert parameter is None or reply.json["parameter"] == parameter


async def test_a_user_without_a_phone_is_a_conflict_with_what_is() -> None:
    served = Served()
    for contact in served.engine.contacts("thomas@demo"):
        served.engine.unregister(contact)
    reply = await served.post("/calls", simple(first={"user": {"name": "thomas"}}))
    assert (reply.status, reply.json["id"]) == (409, "user_not_registered")


async def test_a_limit_says_when_to_come_again() -> None:
    served = Served(tenant(channel_limit=2))
    assert (await served.post("/calls", simple())).status == 201
    reply = await served.post("/calls", simple())
    assert (reply.status, reply.json["id"]) == (429, "channel_limit_reached")
    assert reply.json["parameter"] == "tenant:demo"
    assert int(reply.headers["retry-after"]) >= 1


async def test_a_server_that_goes_down_says_when_to_come_again() -> None:
    served = Served()
    await served.exchange.stop()
    reply = await served.post("/calls", simple())
    assert (reply.status, reply.json["id"]) == (503, "overloaded")
    assert int(reply.headers["retry-after"]) >= 1


async def test_a_repeated_request_gets_the_call_of_then() -> None:
    served = Served()
    first = await served.post("/calls", simple(), headers=KEY)
    again = await served.post("/calls", simple(), headers=KEY)
    assert (first.status, again.status) == (201, 200)
    assert again.json["id"] == first.json["id"]
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert served.exchange.live_calls() == 1
    other = await served.post("/calls", simple(record=True), headers=KEY)
    assert (other.status, other.json["id"]) == (409, "idempotency_conflict")


@pytest.mark.parametrize("key", ["", "x" * 256, "ü"])
async def test_a_key_that_cannot_be_kept_is_refused(key: str) -> None:
    reply = await Served().post("/calls", simple(), headers={"idempotency-key": key})
    assert (reply.status, reply.json["id"]) == (422, "invalid_parameter")


async def test_a_call_for_later_waits_and_can_be_cancelled() -> None:
    served = Served()
    placed = await served.post("/calls", simple(delay=60))
    assert (placed.status, placed.json["state"]) == (201, "scheduled")
    assert placed.json["due_at"] == 1060.0
    assert not served.engine.commands
    path = f"/calls/{placed.json['id']}"
    assert (await served.delete(path)).status == 204
    await served.journal.flush()
    ended = (await served.get(path)).json
    assert (ended["state"], ended["result"]["outcome"]) == ("ended", "cancelled")
    assert (await served.delete(path)).json["id"] == "call_over"


async def test_explaining_takes_the_same_body_and_rings_nobody() -> None:
    served = Served()
    explained = (await served.post("/calls/explain", simple())).json
    assert explained["accepted"] is True
    assert explained["first"]["party"]["name"] == "jessica"
    refused = (await served.post("/calls/explain", simple(first={"user": {"id": 9}}))).json
    assert refused["refusal"]["parameter"] == "first.user.id"
    assert "first" in faults(await served.post("/calls/explain", simple(first={})))
    assert not served.engine.commands


async def test_vendors_requests_are_explained_in_their_words() -> None:
    parameters = {"user_name": "nobody", "destination": "thomas"}
    body = {"dialect": "basix", "method": "call_user", "parameters": parameters}
    refused = (await Served().post("/calls/explain", body)).json
    assert refused["refusal"]["parameter"] == "user_name"


@pytest.mark.parametrize("example", [SIMPLE, FULL])
async def test_the_examples_are_accepted(example: dict[str, Any]) -> None:
    assert (await Served().post("/calls", example)).status == 201


RESULTS = (
    CallResult(Outcome.COMPLETED, Cause.NORMAL, "bridged", talk_seconds=3.0),
    CallResult(Outcome.FIRST_LEG_FAILED, Cause.BUSY, "ringing_first", sip_status=486),
)


@pytest.mark.parametrize("result", RESULTS)
def test_the_callback_tells_how_the_call_ended(result: CallResult) -> None:
    event = CallEvent(EventKind.CALL_ENDED, "call-1", data=result.as_dict())
    owed = Owed("msg_call-1", "demo", "main", "call-1", "v1", "", 1.0, event, "ticket-7")
    told = json.loads(render(owed))
    assert (told["type"], told["call"], told["external_id"]) == ("call.ended", "call-1", "ticket-7")
    assert {name: told[name] for name in result.as_dict()} == result.as_dict()
    assert json.loads(render(replace(owed, external_id=None)))["external_id"] is None
