"""The Basix requests: every printed example, every parameter, every fault; nothing else rings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cordboard.api.app import create_app
from cordboard.api.basix.methods import METHODS
from cordboard.api.placing import Origin
from cordboard.api.services import Services
from cordboard.calls.events import Json
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import (
    Address,
    CallRequest,
    EndUser,
    GroupKeys,
    LegWishes,
    RingGroup,
    RingNumber,
    RingUser,
    SecondScope,
    UserKeys,
)
from cordboard.configuration.settings import load_configuration
from cordboard.exchange.repetition import Accepted
from cordboard.journal.memory import MemoryJournal
from support.asgi import Reply, ask

pytestmark = pytest.mark.anyio

CONFIGURATION = load_configuration(Path(__file__).parents[3] / "examples" / "demo.toml")


class FakeExchange:
    """Accepts everything, or refuses with ``refusal``; keeps what it was asked."""

    def __init__(self) -> None:
        self.placed: list[CallRequest] = []
        self.keys: list[str | None] = []
        self.refusal: Refused | None = None

    def new_call_id(self) -> str:
        return f"call-{len(self.placed)}"

    async def place(self, request: CallRequest, key: str | None = None) -> Accepted:
        if self.refusal is not None:
            raise self.refusal
        if key is not None and key in self.keys:
            return Accepted("call-of-then", ("uuid-1",), repeated=True)
        self.keys.append(key)
        self.placed.append(request)
        return Accepted(request.id, ("uuid-1", "uuid-2"))

    def explain(self, request: CallRequest) -> dict[str, Json]:
        return {"accepted": True, "method": request.method}


class Api:
    """The application over a fake exchange."""

    def __init__(self) -> None:
        self.exchange = FakeExchange()
        services = Services(
            self.exchange,  # type: ignore[arg-type]  # the part of an Exchange that is used
            MemoryJournal(),
            lambda: CONFIGURATION.directory,
        )
        self.app = create_app(services)

    async def post(self, method: str, body: bytes | dict[str, Any], **more: Any) -> Reply:
        return await ask(self.app, "POST", f"/basix/api/{method}", body, **more)

    async def placed(self, method: str, body: dict[str, Any]) -> CallRequest:
        reply = await self.post(method, body)
        assert reply.json["result_code"] == 0, reply.json
        return self.exchange.placed[-1]

    async def error(self, method: str, body: bytes | dict[str, Any]) -> dict[str, Any]:
        before = len(self.exchange.placed)
        reply = await self.post(method, body)
        assert reply.status == 200
        assert reply.json["result_code"] == 500
        assert len(self.exchange.placed) == before, "something rang"
        error: dict[str, Any] = reply.json["error"]
        return error


@pytest.fixture
def api() -> Api:
    return Api()


PRINTED = [
    ("call_user", '{"user_id": 10001001, "destination": "0312341234"}'),
    (
        "call_user",
        '{"user_name": "jessica", "calling_name": "Thomas Jenkins", "destination": "thomas"}',
    ),
    (
        "call_user",
        (
            '{"user_name": "bob", "destination": {"called_number": "0312341234",'
            ' "calling_number": "05068680000", "end_user": {"name": "thomas"}}}'
        ),
    ),
    ("call_user", '{"user_extension": "1001", "destination": "0312341234"}'),
    (
        "call_user",
        (
            '{"user_email": "jones@abcd.com", "destination":'
            ' "{name=Charles Xavier,organization=X-Men}0312341234",'
            ' "callback_url": "https://somewhere.com/result_receiver"}'
        ),
    ),
    ("call_user", '{"user_name": "james", "group_name": "sales", "destination": "0312341234"}'),
    ("call_external", '{"target": "0312341234", "destination": "sales"}'),
    (
        "call_external",
        (
            '{"target": {"end_user": {"name": "luke.s"}, "called_number": "0312341234"},'
            ' "destination": "helen"}'
        ),
    ),
    (
        "call_external",
        (
            '{"target": {"calling_number": "05068601111", "called_number": "09011112222"},'
            ' "destination": "campaign"}'
        ),
    ),
    ("call_external", '{"target": "090111122222", "destination": "campaign"}'),
    ("call_external", '{"target": "0312341234", "destination": "1001"}'),
    ("initiate_call", '{"user_name": "jessica", "destination": "0312341234"}'),
    (
        "initiate_call",
        '{"user_name": "david", "pstn_number": "09011112222", "destination": "thomas"}',
    ),
    ("initiate_call", '{"pstn_number": "09012341234", "destination": "sales"}'),
    (
        "initiate_call",
        '{"pstn_number": "09012341234", "ani": "05011223344", "destination": "claire"}',
    ),
    ("initiate_call", '{"pstn_number": "09012341234", "destination": "1111"}'),
    (
        "initiate_call",
        '{"user_name": "helen", "group_name": "sales", "destination": "0312341234"}',
    ),
]


@pytest.mark.parametrize(("method", "body"), PRINTED)
async def test_what_the_vendor_prints_is_placed(api: Api, method: str, body: str) -> None:
    reply = await api.post(method, body.encode())
    assert reply.status == 200
    assert reply.json == {"result_code": 0, "uuids": ["uuid-1", "uuid-2"]}
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["cordboard-call"] == "call-0"
    assert api.exchange.placed[0].method == method


async def test_the_printed_example_without_a_quote_is_no_json(api: Api) -> None:
    printed = b'{"user_name": "jessica", "calling_name": "Thomas Jenkins", destination": "thomas"}'
    assert (await api.error("call_user", printed))["id"] == "invalid_json"


async def test_every_parameter_of_call_user_is_read(api: Api) -> None:
    request = await api.placed(
        "call_user",
        {
            "user_id": 7,
            "user_name": "n",
            "user_label": "l",
            "user_extension": 1001,
            "user_did": "050",
            "user_email": "e@x",
            "answer_timeout": 30,
            "destination": {
                "called_number": "0377778888",
                "calling_number": "0506868002",
                "end_user": {
                    "id": 11223344,
                    "name": "Popeye",
                    "organization": "Thimble Theatre",
                    "avatar": "https://g/a.jpg",
                    "prefecture": "Illinois",
                    "shoe": "43",
                },
            },
            "callback_url": "https://somewhere.com/x",
            "auto_answer": True,
            "calling_name": "Olive",
            "group_id": "5",
            "group_name": "g",
            "group_label": "gl",
            "group_extension": "2001",
            "group_did": "0501",
            "group_resolver": "any:CALL_CENTER",
        },
    )
    assert request.first == RingUser(UserKeys("7", "n", "l", "1001", "050", "e@x"))
    assert request.answer_timeout == 30
    end_user = EndUser(
        "11223344",
        "Popeye",
        "Thimble Theatre",
        "https://g/a.jpg",
        "Illinois",
        (("shoe", "43"),),
    )
    assert request.second == Address("0377778888", end_user)
    assert request.on_second == LegWishes(caller_number="0506868002", outside_only=True)
    assert request.callback is not None
    assert request.callback.url == "https://somewhere.com/x"
    assert request.on_first == LegWishes(auto_answer=True, caller_name="Olive")
    assert request.group == GroupKeys("5", "g", "gl", "2001", "0501", "any:CALL_CENTER")
    assert (request.tenant, request.account) == ("demo", "main")


async def test_every_parameter_of_call_group_is_read(api: Api) -> None:
    request = await api.placed(
        "call_group",
        {
            "group_id": 5,
            "group_name": "g",
            "group_label": "gl",
            "group_extension": 2001,
            "group_did": "0501",
            "destination": {"called_number": "0377778888", "calling_number": "0506868002"},
            "answer_timeout": "40",
            "member_answer_timeout": 10,
            "calling_name": "Olive",
            "callback_url": "https://somewhere.com/x",
            "auto_answer": True,
            "group_resolver": "what?",
            "user_name": "bob",
        },
    )
    assert request.first == RingGroup(GroupKeys("5", "g", "gl", "2001", "0501"))
    assert request.second == Address("0377778888")
    assert request.answer_timeout == 40
    assert request.on_first == LegWishes(caller_name="Olive", member_timeout=10)
    assert request.on_second == LegWishes(caller_number="0506868002", outside_only=True)
    assert request.callback is not None
    assert (request.method, request.group) == ("call_group", None)


async def test_what_call_group_leaves_out_is_the_groups(api: Api) -> None:
    request = await api.placed("call_group", {"group_name": "sales", "destination": "thomas"})
    assert (request.answer_timeout, request.on_first) == (None, LegWishes())


async def test_call_group_needs_a_group_and_a_destination(api: Api) -> None:
    error = await api.error("call_group", {"destination": "thomas", "group_resolver": "*"})
    assert (error["id"], error["parameter"]) == ("missing_parameter", "group_id")
    error = await api.error("call_group", {"group_name": "sales"})
    assert (error["id"], error["parameter"]) == ("missing_parameter", "destination")
    wrong = {"group_name": "sales", "destination": "thomas", "member_answer_timeout": 0}
    error = await api.error("call_group", wrong)
    assert (error["id"], error["parameter"]) == ("invalid_parameter", "member_answer_timeout")


async def test_the_defaults_are_the_vendors(api: Api) -> None:
    request = await api.placed("call_user", {"user_name": "bob", "destination": "thomas"})
    assert request.answer_timeout is None  # 180 for a user
    assert (request.on_first, request.on_second) == (LegWishes(), LegWishes())
    assert (request.callback, request.group) == (None, None)


async def test_inline_address_carries_the_end_user(api: Api) -> None:
    request = await api.placed(
        "call_user",
        {"user_name": "bob", "destination": "{name=Charles Xavier,organization=X-Men}0312341234"},
    )
    end_user = EndUser(name="Charles Xavier", organization="X-Men")
    assert request.second == Address("0312341234", end_user)


async def test_call_external_reaches_inside_only(api: Api) -> None:
    request = await api.placed(
        "call_external", {"target": "0311112222", "answer_timeout": 30, "destination": "group1"}
    )
    assert request.first == RingNumber(Address("0311112222"))
    assert request.second_scope is SecondScope.INSIDE
    assert request.answer_timeout == 30


async def test_initiate_call_rings_a_number_as_a_user(api: Api) -> None:
    request = await api.placed(
        "initiate_call",
        {"user_name": "david", "pstn_number": "09011112222", "destination": "thomas", "ani": "050"},
    )
    assert request.first == RingNumber(Address("09011112222"), UserKeys(name="david"))
    wanted = LegWishes(caller_number="050", outside_only=True)
    assert (request.on_first, request.on_second) == (wanted, wanted)


async def test_call_external_shows_its_target_the_number_that_comes_with_it(api: Api) -> None:
    target = {"calling_number": "05068601111", "called_number": "09011112222"}
    request = await api.placed("call_external", {"target": target, "destination": "thomas"})
    assert request.on_first == LegWishes(caller_number="05068601111", outside_only=True)
    assert request.on_second == LegWishes()


@pytest.mark.parametrize(
    ("method", "parameters", "ours", "theirs"),
    [
        ("call_user", {"user_label": "b"}, "first.user.label", "user_label"),
        ("call_user", {"user_id": "1"}, "second.address", "destination"),
        ("call_user", {"user_id": "1"}, "group.resolver", "group_resolver"),
        ("call_user", {"user_id": "1"}, "second.caller_id", "calling_number"),
        ("call_user", {"user_id": "1"}, "tenant:demo", "tenant:demo"),
        ("call_external", {"target": "03"}, "first.number", "target"),
        ("initiate_call", {"pstn_number": "03"}, "first.number", "pstn_number"),
        ("initiate_call", {"pstn_number": "03", "ani": "1"}, "first.caller_id", "ani"),
        ("initiate_call", {"user_name": "b"}, "first.as_user.name", "user_name"),
    ],
)
async def test_what_the_plan_finds_fault_with_has_the_vendors_name(
    api: Api, method: str, parameters: dict[str, Any], ours: str, theirs: str
) -> None:
    api.exchange.refusal = Refused(RefusalId.INVALID_PARAMETER, "no", ours)
    reply = await api.post(method, {**parameters, "destination": "thomas"})
    assert reply.json["error"]["parameter"] == theirs


async def test_null_counts_as_absent_and_extras_are_ignored(api: Api) -> None:
    request = await api.placed(
        "call_user",
        {
            "user_name": "bob",
            "group_name": None,
            "callback_url": None,
            "answer_timeout": None,
            "destination": "thomas",
            "something_new": {"x": 1},
        },
    )
    assert (request.group, request.callback, request.answer_timeout) == (None, None, None)


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/x-www-form-urlencoded", "text/plain", "", "garbage"],
)
async def test_the_content_type_says_nothing(api: Api, content_type: str) -> None:
    body = b'\xef\xbb\xbf{"user_name": "bob", "destination": "thomas"}'
    reply = await api.post("call_user", body, headers={"content-type": content_type})
    assert reply.json["result_code"] == 0


FAULTS = [
    ({"destination": "thomas"}, "missing_parameter", "user_id"),
    ({"user_name": "bob"}, "missing_parameter", "destination"),
    ({"user_name": "bob", "destination": None}, "missing_parameter", "destination"),
    ({"user_name": ["bob"], "destination": "x"}, "invalid_parameter", "user_name"),
    ({"user_id": True, "destination": "x"}, "invalid_parameter", "user_id"),
    ({"user_name": "bob", "destination": 5.5}, "invalid_destination", "destination"),
    ({"user_name": "bob", "destination": []}, "invalid_destination", "destination"),
    ({"user_name": "bob", "destination": ""}, "invalid_destination", "destination"),
    ({"user_name": "bob", "destination": "{name=x"}, "invalid_destination", "destination"),
    ({"user_name": "bob", "destination": {}}, "missing_parameter", None),
    ({"user_name": "b", "destination": "x", "answer_timeout": 0}, "invalid_parameter", None),
    ({"user_name": "b", "destination": "x", "answer_timeout": -1}, "invalid_parameter", None),
    ({"user_name": "b", "destination": "x", "answer_timeout": 1.5}, "invalid_parameter", None),
    ({"user_name": "b", "destination": "x", "answer_timeout": True}, "invalid_parameter", None),
    ({"user_name": "b", "destination": "x", "answer_timeout": 1e30}, "invalid_parameter", None),
    ({"user_name": "b", "destination": "x", "auto_answer": "maybe"}, "invalid_parameter", None),
    ({"user_name": "b", "destination": "x", "calling_name": "a\r\nb"}, "invalid_parameter", None),
    ({"user_name": "b", "destination": "x", "calling_name": "日本"}, "invalid_parameter", None),
    ({"user_name": "b", "destination": "x", "calling_name": "a" * 999}, "invalid_parameter", None),
    ({"user_name": "b", "destination": "x", "callback_url": "ftp://x"}, "invalid_parameter", None),
    ({"user_name": "b", "destination": "x", "callback_url": "http://"}, "invalid_parameter", None),
    ({"user_name": "b", "destination": "x", "callback_url": 5}, "invalid_parameter", None),
    ({"user_name": "b", "destination": "x", "group_resolver": "all"}, "invalid_parameter", None),
]


@pytest.mark.parametrize(("body", "error_id", "parameter"), FAULTS)
async def test_faults_are_named(
    api: Api, body: dict[str, Any], error_id: str, parameter: str | None
) -> None:
    error = await api.error("call_user", body)
    assert error["id"] == error_id, error
    assert error["message"]
    if parameter is not None:
        assert error["parameter"] == parameter


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'"x"',
        b"{",
        b"\xff\xfe{}",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": 1, "a": 2}',
        b"[" * 100_000,
        b'{"a":' * 500 + b"1" + b"}" * 500,
        b"user_name=bob&destination=thomas",
        b'{"user_name": "' + b"x" * 1_100_000 + b'"}',
    ],
)
async def test_what_is_no_json_object_is_told_so(api: Api, body: bytes) -> None:
    assert (await api.error("call_user", body))["id"] == "invalid_json"


@pytest.mark.parametrize("destination", [{"called_number": "0312341234"}, {}, [], 5.5])
async def test_call_external_takes_no_destination_object(api: Api, destination: Any) -> None:
    body = {"target": "0312341234", "destination": destination}
    assert (await api.error("call_external", body))["id"] == "invalid_destination"


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "Basic",
        "Basic !!!",
        "Bearer",
        "Bearer wrong-token",
        "Basic ZGVtbzp3cm9uZw==",
        "Basic bm86eA==",
    ],
)
async def test_bad_credentials_get_401_and_the_same_body(
    api: Api, authorization: str | None
) -> None:
    body = {"user_name": "bob", "destination": "thomas"}
    reply = await api.post("call_user", body, authorization=authorization)
    assert reply.status == 401
    assert reply.json["result_code"] == 500
    assert reply.json["error"]["id"] == "authentication_required"
    assert "basic" in reply.headers["www-authenticate"].lower()
    assert not api.exchange.placed


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "GET", "PUT", "DELETE"])
async def test_only_post_places_a_call(api: Api, method: str) -> None:
    body = {"user_name": "bob", "destination": "thomas"}
    reply = await ask(api.app, method, "/basix/api/call_user", body)
    assert reply.status == (204 if method == "OPTIONS" else 405)
    assert "POST" in reply.headers["allow"]
    assert not api.exchange.placed


@pytest.mark.parametrize("refusal", list(RefusalId))
async def test_a_refusal_keeps_its_id_and_parameter(api: Api, refusal: RefusalId) -> None:
    api.exchange.refusal = Refused(refusal, "because", "tenant:demo")
    reply = await api.post("call_user", {"user_name": "bob", "destination": "thomas"})
    assert reply.status == 200
    error = {"id": refusal.value, "message": "because", "parameter": "tenant:demo"}
    assert reply.json == {"result_code": 500, "error": error}


async def test_unknown_methods_are_not_found(api: Api) -> None:
    assert (await api.post("call_nobody", {})).status == 404


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        "user_id",
        "user_name",
        "user_label",
        "user_extension",
        "user_did",
        "user_email",
        "destination",
        "target",
        "answer_timeout",
        "auto_answer",
        "calling_name",
        "callback_url",
        "group_id",
        "group_resolver",
        "group_name",
        "pstn_number",
        "ani",
    ]
)


@given(method=st.sampled_from(sorted(METHODS)), body=st.dictionaries(KEYS, JSON_VALUES, max_size=6))
def test_whatever_is_sent_is_read_or_refused(method: str, body: dict[str, Any]) -> None:
    parsed = json.loads(json.dumps(body))
    try:
        request = METHODS[method](parsed, Origin("id", "demo", "main"))
    except Refused:
        return
    assert isinstance(request.second, Address)
    assert request.second.text
    shown = (request.on_first.caller_name, request.on_first.caller_number)
    for text in (*shown, request.on_second.caller_number, request.second.text):
        assert text is None or not {"\r", "\n", "\0"} & set(text)


async def test_a_repeated_request_gets_the_reply_of_then_and_a_header_that_says_so() -> None:
    api = Api()
    body = {"user_name": "jessica", "destination": "thomas"}
    headers = {"Idempotency-Key": "order-7"}
    first = await api.post("call_user", body, headers=headers)
    assert "idempotency-replayed" not in first.headers
    again = await api.post("call_user", body, headers=headers)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["cordboard-call"] == "call-of-then"
    assert again.json == {"result_code": 0, "uuids": ["uuid-1"]}
    assert api.exchange.keys == ["order-7"]


async def test_a_key_that_cannot_be_kept_is_told() -> None:
    body = {"user_name": "jessica", "destination": "thomas"}
    reply = await Api().post("call_user", body, headers={"Idempotency-Key": "x" * 256})
    assert reply.json["error"]["id"] == "invalid_parameter"
    assert reply.json["error"]["parameter"] == "Idempotency-Key"


async def test_who_is_refused_because_we_are_busy_is_told_when_to_ask_again() -> None:
    api = Api()
    request = {"target": "jessica", "destination": "thomas"}
    api.exchange.refusal = Refused(RefusalId.OVERLOADED, "the server is going down")
    reply = await api.post("call_external", request)
    assert reply.json["error"]["id"] == "overloaded"
    assert int(reply.headers["retry-after"]) > 0
    api.exchange.refusal = Refused(RefusalId.INVALID_DESTINATION, "nobody", "destination")
    assert "retry-after" not in (await api.post("call_external", request)).headers
