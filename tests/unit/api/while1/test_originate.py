"""originate-call: the printed request, every parameter, every fault; nothing else rings."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from cordboard.api.app import create_app
from cordboard.api.services import Services
from cordboard.api.while1.php_json import parse_json
from cordboard.api.while1.php_query import api_hash, build_query
from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import (
    Address,
    CallRequest,
    EndUser,
    GroupKeys,
    Leg,
    LegWishes,
    RingGroup,
    RingNumber,
    RingUser,
    RunContext,
    UserKeys,
)
from cordboard.configuration.settings import load_configuration
from cordboard.directory.snapshot import Directory
from cordboard.exchange.repetition import Accepted
from cordboard.journal.memory import MemoryJournal
from support.asgi import Reply, ask

pytestmark = pytest.mark.anyio

CONFIGURATION = load_configuration(Path(__file__).parents[4] / "examples" / "demo.toml")
PATH = "/api/originate-call"
KEY = "your_api_key"

PRINTED: dict[str, Any] = {
    "project_id": 1,
    "caller_id": "0123456789",
    "caller_id_name": "John Doe",
    "type": "queue",
    "destination": "test-queue",
    "external_id": "asdf1234",
    "async": 1,
    "outbound_number": "+40212345678",
    "outbound_trunk": "default-trunk",
    "vars": {
        "SKIP_WELCOME": 1,
        "SKIP_WE_ARE_RECORDING": 1,
        "SKIP_ENTER_QUEUE": 0,
        "BACKEND_LINK": "https://[YOUR-EXTERNAL-CRM-URL]/?change_this_url=1234",
    },
}
LOGIN = {"api_username": "your_api_usr", "api_password": "your_api_pass"}
BEARER = "Bearer your_api_token"
SUCCESS = {
    "has_error": False,
    "messages": [],
    "results": ["Call successfully originated for queue: test-queue"],
}


class FakeExchange:
    """Accepts everything, or refuses with ``refusal``; the first party then does ``happens``."""

    def __init__(self, journal: MemoryJournal) -> None:
        self.placed: list[CallRequest] = []
        self.keys: list[str | None] = []
        self.refusal: Refused | None = None
        self.happens: CallEvent | None = None
        self._journal = journal

    def new_call_id(self) -> str:
        return f"call-{len(self.placed)}"

    async def place(self, request: CallRequest, key: str | None = None) -> Accepted:
        if self.refusal is not None:
            raise self.refusal
        self.keys.append(key)
        self.placed.append(request)
        if self.happens is not None:
            self._journal.append(request.tenant, [self.happens])
        return Accepted(request.id, ("uuid-1",))


class Api:
    """The application over a fake exchange."""

    def __init__(self, directory: Directory = CONFIGURATION.directory) -> None:
        journal = MemoryJournal()
        self.exchange = FakeExchange(journal)
        services = Services(
            self.exchange,  # type: ignore[arg-type]  # the part of an Exchange that is used
            journal,
            lambda: directory,
        )
        self.app = create_app(services)

    async def post(
        self, sent: dict[str, Any] | bytes, authorization: str | None = None, **more: Any
    ) -> Reply:
        return await ask(self.app, "POST", PATH, sent, authorization=authorization, **more)

    async def placed(self, **data: Any) -> CallRequest:
        reply = await self.post({"data": PRINTED | data}, BEARER)
        assert reply.json["has_error"] is False, reply.json
        return self.exchange.placed[-1]

    async def messages(self, **data: Any) -> list[str]:
        given = {name: value for name, value in (PRINTED | data).items() if value is not ...}
        reply = await self.post({"data": given}, BEARER)
        assert (reply.status, reply.json["has_error"], reply.json["results"]) == (200, True, [])
        assert self.exchange.placed == [], "something rang"
        messages: list[str] = reply.json["messages"]
        return messages


@pytest.fixture
def api() -> Api:
    return Api()


def signed(parameters: dict[str, Any], key: str = KEY) -> dict[str, Any]:
    """The parameters with their hash, as the vendor's sample computes it."""
    seen = parse_json(json.dumps(parameters).encode())
    return parameters | {"api_hash": api_hash(seen, key)}


def as_form(parameters: dict[str, Any]) -> bytes:
    return build_query(parse_json(json.dumps(parameters).encode())).encode()


async def test_the_printed_request_is_placed(api: Api) -> None:
    reply = await api.post(signed({**LOGIN, "data": PRINTED}))
    assert (reply.status, reply.json) == (200, SUCCESS)
    customer = Address("0123456789", EndUser(name="John Doe"))
    assert api.exchange.placed == [
        CallRequest(
            id="call-0",
            tenant="demo",
            account="while1",
            dialect="while1",
            method="originate-call",
            first=RingGroup(GroupKeys(name="test-queue")),
            second=customer,
            on_first=LegWishes(caller_name="John Doe"),
            on_second=LegWishes(
                caller_number="+40212345678", trunk="default-trunk", outside_only=True
            ),
            external_id="asdf1234",
            link="https://[YOUR-EXTERNAL-CRM-URL]/?change_this_url=1234",
            variables=(
                ("SKIP_WELCOME", "1"),
                ("SKIP_WE_ARE_RECORDING", "1"),
                ("SKIP_ENTER_QUEUE", "0"),
                ("BACKEND_LINK", "https://[YOUR-EXTERNAL-CRM-URL]/?change_this_url=1234"),
            ),
            metadata={"project_id": "1"},
        )
    ]


async def test_the_hash_that_the_page_prints_belongs_to_another_request(api: Api) -> None:
    printed = {**LOGIN, "data": PRINTED, "api_hash": "0f25e797e72d0dbba96d2c571a7bd6ba"}
    reply = await api.post(printed)
    assert reply.json == {"has_error": True, "messages": ["Invalid api_hash"], "results": []}
    assert api.exchange.placed == []


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "text/xml", "multipart/mixed", None]
)
async def test_a_form_is_placed_whatever_it_is_called(api: Api, content_type: str | None) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    body = as_form(signed({**LOGIN, "data": PRINTED}))
    assert (await api.post(body, headers=headers)).json == SUCCESS


async def test_get_is_placed_too(api: Api) -> None:
    query = as_form(signed({**LOGIN, "data": PRINTED})).decode()
    reply = await ask(api.app, "GET", f"{PATH}/?{query}", authorization=None)
    assert reply.json == SUCCESS
    assert len(api.exchange.placed) == 1


@pytest.mark.parametrize(
    ("authorization", "login"),
    [
        (None, {}),
        ("Bearer not-the-token", {}),
        (None, {"api_username": "your_api_usr", "api_password": "wrong"}),
        (None, {"api_username": "nobody", "api_password": "your_api_pass"}),
        (None, {"api_username": "your_api_usr"}),
        (None, {"api_username": ["your_api_usr"], "api_password": "your_api_pass"}),
        (BEARER, {"api_username": "your_api_usr", "api_password": "wrong"}),
    ],
)
async def test_who_does_not_prove_himself_is_not_served(
    api: Api, authorization: str | None, login: dict[str, Any]
) -> None:
    reply = await api.post({**login, "data": PRINTED}, authorization)
    assert reply.status == 401
    assert reply.json["has_error"] is True
    assert b"wrong" not in reply.body
    assert api.exchange.placed == []


async def test_a_hash_counts_with_a_bearer_token_too(api: Api) -> None:
    right = signed({"data": PRINTED})
    assert (await api.post(right, BEARER)).json == SUCCESS
    assert (await api.post(right | {"more": 1}, BEARER)).json["messages"] == ["Invalid api_hash"]
    upper = right | {"api_hash": right["api_hash"].upper()}
    assert (await api.post(upper, BEARER)).json == SUCCESS


@pytest.mark.parametrize("hashed", ["", "x", ["a"], 5, "\ud83d\ude00" * 8])
async def test_a_wrong_hash_is_never_accepted(api: Api, hashed: Any) -> None:
    reply = await api.post({"data": PRINTED, "api_hash": hashed}, BEARER)
    assert reply.json["messages"] == ["Invalid api_hash"]
    assert api.exchange.placed == []


@pytest.mark.parametrize(
    ("kind", "destination", "first"),
    [
        ("user", "jessica", RingUser(UserKeys(name="jessica"))),
        ("user", "1001", RingUser(UserKeys(name="jessica"))),
        ("user_email", "jessica@demo.test", RingUser(UserKeys(email="jessica@demo.test"))),
        ("queue", "2005", RingGroup(GroupKeys(name="test-queue"))),
        ("extension", "1001", RingUser(UserKeys(extension="1001"))),
        ("extension", "2001", RingGroup(GroupKeys(extension="2001"))),
    ],
)
async def test_whom_the_type_has_rung_first(
    api: Api, kind: str, destination: str, first: object
) -> None:
    placed = await api.placed(type=kind, destination=destination)
    assert placed.first == first
    assert placed.second == Address("0123456789", EndUser(name="John Doe"))
    assert placed.answer_timeout == (60.0 if isinstance(first, RingUser) else None)


async def test_a_context_takes_the_customer_itself(api: Api) -> None:
    placed = await api.placed(type="context", destination="welcome")
    assert placed.first == RingNumber(Address("0123456789", EndUser(name="John Doe")))
    assert placed.second == RunContext("welcome")
    assert placed.on_first.caller_number == "+40212345678"
    assert placed.on_first.trunk == "default-trunk"


async def test_what_is_optional_may_be_missing_or_empty(api: Api) -> None:
    bare: dict[str, Any] = {
        "outbound_number": None,
        "outbound_trunk": "",
        "vars": [],
        "external_info": "",
    }
    placed = await api.placed(**bare, **{"async": ""})
    assert placed.on_second == LegWishes(outside_only=True)
    assert placed.variables == ()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"destination": "nobody"}, "Invalid Queue. Check if pbx queue exists"),
        ({"type": "user"}, "Invalid User. Check if pbx user exists"),
        ({"type": "user_email"}, "Invalid User. Check if pbx user exists"),
        ({"type": "context"}, "Invalid Context. Check if pbx context exists"),
        ({"type": "extension"}, "Invalid Extension. Check if pbx extension exists"),
        ({"project_id": 2}, "Invalid Project. Check if pbx project exists"),
        ({"outbound_trunk": "x"}, "Invalid Trunk. Check if pbx trunk exists"),
        ({"outbound_number": "0699"}, "Invalid Outbound number. Check if it may be shown"),
        ({"caller_id": "john"}, "Invalid Caller id. Expected a telephone number"),
        ({"caller_id": ...}, "Missing Caller id. It is mandatory"),
        ({"caller_id_name": None}, "Missing Caller id name. It is mandatory"),
        ({"external_id": " "}, "Missing External id. It is mandatory"),
        ({"external_id": "x" * 256}, "Invalid External id. It is longer than 255 characters"),
        ({"external_id": {"a": 1}}, "Invalid External id. Expected a text"),
        ({"external_info": "a\nb"}, "Invalid External info. It has a control character"),
        ({"async": "yes"}, "Invalid Async. Expected 0 or 1"),
        ({"vars": "x"}, "Invalid Vars. Expected a map of variables"),
        ({"vars": {"a b": 1}}, "Invalid vars. A name has letters, digits and _, at most 64"),
        ({"vars": {"A": {"B": 1}}}, "Invalid vars. A is no text"),
        ({"vars": {f"V{n}": 1 for n in range(33)}}, "Invalid Vars. There are more than 32"),
    ],
)
async def test_each_fault_has_its_message(api: Api, data: dict[str, Any], message: str) -> None:
    assert await api.messages(**data) == [message]


async def test_a_type_that_is_none_says_which_there_are(api: Api) -> None:
    (message,) = await api.messages(type="agent")
    assert message == "Invalid Type. Expected user, user_email, queue, context or extension"


async def test_all_faults_are_told_at_once(api: Api) -> None:
    faults = {"project_id": 9, "caller_id": ..., "destination": "x", "async": 2, "vars": 1}
    assert len(await api.messages(**faults)) == 5


@pytest.mark.parametrize("body", [b"", b"{}", b"data=1", b'{"data":[]}'])
async def test_a_request_without_data_says_so(api: Api, body: bytes) -> None:
    reply = await api.post(body, BEARER)
    assert reply.json["has_error"] is True
    assert api.exchange.placed == []


@pytest.mark.parametrize(
    "body",
    [
        b"&".join(b"v=1" for _ in range(1001)),
        b"data" + b"[a]" * 65 + b"=1",
        b'{"data":',
        b'{"data":' + b"[" * 70 + b"]" * 70 + b"}",
    ],
)
async def test_what_can_t_be_read_is_refused_with_its_reason(api: Api, body: bytes) -> None:
    reply = await api.post(body, BEARER)
    assert reply.json["messages"][0].startswith("Invalid parameters: ")
    assert api.exchange.placed == []


@pytest.mark.parametrize(
    ("refusal", "message"),
    [
        (Refused(RefusalId.USER_NOT_REGISTERED, "x"), "User is not online: test-queue"),
        (
            Refused(RefusalId.NO_MEMBER_AVAILABLE, "x"),
            "No agent is online for queue: test-queue",
        ),
        (Refused(RefusalId.NO_ROUTE, "x"), "Invalid Caller id. Check the pbx outbound rules"),
        (
            Refused(RefusalId.NO_ROUTE, "x", "second.trunk"),
            "Invalid Outbound trunk. Check the pbx outbound rules",
        ),
        (Refused(RefusalId.INVALID_JSON, "why"), "Call could not be originated: why"),
    ],
)
async def test_a_refusal_is_told_in_the_vendor_s_tone(
    api: Api, refusal: Refused, message: str
) -> None:
    api.exchange.refusal = refusal
    assert await api.messages() == [message]


@pytest.mark.parametrize(
    ("happens", "says"),
    [
        (CallEvent(EventKind.LEG_ANSWERED, "call-0", Leg.FIRST, "uuid-1"), None),
        (CallEvent(EventKind.LEG_FAILED, "call-0", Leg.FIRST, None, {"cause": "busy"}), "is busy"),
        (
            CallEvent(EventKind.LEG_FAILED, "call-0", Leg.FIRST, None, {"cause": "no_answer"}),
            "did not answer",
        ),
        (
            CallEvent(EventKind.LEG_FAILED, "call-0", Leg.FIRST, None, {"cause": "rejected"}),
            "rejected the call",
        ),
        (CallEvent(EventKind.CALL_ENDED, "call-0", data={"cause": "interrupted"}), "could not be"),
    ],
)
async def test_without_async_the_reply_says_what_the_first_party_did(
    api: Api, happens: CallEvent, says: str | None
) -> None:
    api.exchange.happens = happens
    reply = await api.post({"data": PRINTED | {"async": 0}}, BEARER)
    if says is None:
        assert reply.json == SUCCESS
    else:
        assert reply.json["has_error"] is True
        assert says in reply.json["messages"][0]


async def test_an_external_id_can_make_a_request_known_again() -> None:
    tenant = CONFIGURATION.directory.tenants[0]
    accounts = tuple(replace(one, idempotent_external_id=True) for one in tenant.accounts)
    api = Api(Directory((replace(tenant, accounts=accounts),)))
    await api.placed()
    await api.placed()
    await api.placed(external_id="another")
    own = await api.post({"data": PRINTED}, BEARER, headers={"idempotency-key": "mine"})
    assert own.json == SUCCESS
    first, again, another, mine = api.exchange.keys
    assert first == again != another
    assert str(first).isascii()
    assert mine == "mine"


async def test_without_that_a_request_that_comes_again_is_another(api: Api) -> None:
    await api.placed()
    assert api.exchange.keys == [None]


async def test_other_methods_are_refused(api: Api) -> None:
    reply = await ask(api.app, "PUT", PATH, authorization=BEARER)
    assert (reply.status, reply.headers["allow"]) == (405, "GET, POST, OPTIONS")
    assert (await ask(api.app, "OPTIONS", PATH, authorization=None)).status == 204


async def test_a_name_in_a_query_may_be_in_any_encoding(api: Api) -> None:
    named = as_form({"data": PRINTED}).replace(b"John+Doe", quote("Ștefan").encode())
    reply = await ask(api.app, "GET", f"{PATH}?{named.decode()}", authorization=BEARER)
    assert reply.json == SUCCESS
    second = api.exchange.placed[-1].second
    assert isinstance(second, Address)
    assert second.end_user == EndUser(name="Ștefan")
