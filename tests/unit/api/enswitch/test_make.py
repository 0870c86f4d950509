"""calls/make: the printed requests, every parameter, every code; nothing else rings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from cordboard.api.app import create_app
from cordboard.api.services import Services
from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import (
    Address,
    CallRequest,
    GroupKeys,
    LegWishes,
    RingGroup,
    RingNumber,
    RingTerminal,
    RunFeature,
)
from cordboard.configuration.settings import load_configuration
from cordboard.directory.feature_codes import Feature
from cordboard.directory.model import TenantPolicy
from cordboard.directory.passwords import held_password
from cordboard.directory.persons import Person, Privilege
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.exchange.repetition import Accepted
from cordboard.feeds.enswitch.call_ids import callid
from cordboard.journal.memory import MemoryJournal
from cordboard.randomness import timely_uuid
from support.asgi import Reply, ask

pytestmark = pytest.mark.anyio

DIRECTORY = load_configuration(Path(__file__).parents[4] / "examples" / "demo.toml").directory
PATH = "/local/api/json/calls/make/"
LOGIN = "auth_username=user;auth_password=password"
PRINTED = {"stype": "phone", "snumber": "1234567", "cnumber": "1234568"}
DONE = {"responses": [{"code": "204", "key": "", "message": "OK"}]}


class FakeExchange:
    """Accepts everything, or refuses with ``refusal``; the call then does ``happens``."""

    def __init__(self, journal: MemoryJournal) -> None:
        self.placed: list[CallRequest] = []
        self.keys: list[str | None] = []
        self.refusal: Refused | None = None
        self.happens: EventKind | None = None
        self._journal = journal

    def new_call_id(self) -> str:
        return timely_uuid(1234567890.5)

    async def place(self, request: CallRequest, key: str | None = None) -> Accepted:
        if self.refusal is not None:
            raise self.refusal
        self.keys.append(key)
        self.placed.append(request)
        if self.happens is not None:
            self._journal.append(request.tenant, [CallEvent(self.happens, request.id)])
        return Accepted(request.id, ("uuid-1",))


class Api:
    """The application over a fake exchange."""

    def __init__(self, directory: Directory = DIRECTORY) -> None:
        journal = MemoryJournal()
        self.exchange = FakeExchange(journal)
        services = Services(
            self.exchange,  # type: ignore[arg-type]  # the part of an Exchange that is used
            journal,
            lambda: directory,
        )
        self.app = create_app(services)

    async def get(self, query: str, path: str = PATH) -> Reply:
        reply = await ask(self.app, "GET", f"{path}?{query}", authorization=None)
        assert reply.status == 200, "clients take anything else for a fault of the network"
        return reply

    async def make(self, login: str = LOGIN, **parameters: Any) -> Any:
        """What comes of the printed request with some parameters changed, ... for none."""
        given = {name: value for name, value in (PRINTED | parameters).items() if value is not ...}
        fields = (f"{name}={quote(str(value), safe='')}" for name, value in given.items())
        return (await self.get(";".join((login, *fields)))).json

    async def placed(self, **parameters: Any) -> CallRequest:
        assert await self.make(**parameters) == DONE
        return self.exchange.placed[-1]

    async def faults(self, **parameters: Any) -> list[tuple[str, str]]:
        """Code and key of each response of what can't be done."""
        reply = await self.make(**parameters)
        assert self.exchange.placed == [], "something rang"
        assert set(reply) == {"responses"}
        assert all(one["message"] for one in reply["responses"])
        return [(one["code"], one["key"]) for one in reply["responses"]]


@pytest.fixture
def api() -> Api:
    return Api()


def changed(**more: Any) -> Directory:
    """The demonstration's tenant with something else, and a customer that it resells to."""
    demo = DIRECTORY.tenant("demo")
    assert demo is not None
    below = TenantDirectory(
        TenantPolicy("below", "below", customer=7, parent="demo"),
        terminals=tuple(replace(one) for one in demo.terminals if one.name == "1234567"),
    )
    stranger = TenantDirectory(TenantPolicy("stranger", "stranger", customer=8))
    return Directory((replace(demo, **more), below, stranger))


def person(*privileges: Privilege) -> dict[str, Any]:
    return {"persons": (Person("user", held_password("password"), frozenset(privileges)),)}


async def test_line_to_line_as_printed(api: Api) -> None:
    query = f"{LOGIN};stype=phone;snumber=1234567;cnumber=1234568"
    assert (await api.get(query)).json == DONE
    (request,) = api.exchange.placed
    assert (request.first, request.second) == (RingTerminal("1234567"), Address("1234568"))
    assert (request.tenant, request.account) == ("demo", "person:user")
    assert (request.dialect, request.method) == ("enswitch", "calls/make")
    assert request.on_first == request.on_second == LegWishes(warn=True)
    assert (request.delay, request.record, request.record_group) == (0, False, None)


async def test_line_to_an_outside_number_as_printed(api: Api) -> None:
    query = f"{LOGIN};stype=phone;snumber=1234567;cnumber=2125551234"
    assert (await api.get(query)).json == DONE
    assert api.exchange.placed[0].second == Address("2125551234")


async def test_an_outside_number_to_a_feature_code_as_printed(api: Api) -> None:
    assert (await api.get(f"{LOGIN};stype=;snumber=2125551234;cnumber=100")).json == DONE
    (request,) = api.exchange.placed
    assert (request.first, request.second) == (Address("2125551234"), Address("100"))


async def test_with_wait_the_call_is_named_as_printed(api: Api) -> None:
    query = f"{LOGIN};stype=phone;snumber=1234567;cnumber=2125551234;wait=5"
    reply = await api.get(query)
    (request,) = api.exchange.placed
    assert reply.json == {
        "responses": [{"code": "200", "key": "", "message": "OK"}],
        "data": {"server": "server01", "callid": callid(request.id)},
    }
    assert reply.json["data"]["callid"].startswith("1234567890.")
    assert reply.headers["cordboard-call"] == request.id


@pytest.mark.parametrize("base", ["/local/api/json", "/api/json"])
@pytest.mark.parametrize("slash", ["", "/"])
async def test_both_bases_count_with_and_without_the_last_slash(
    api: Api, base: str, slash: str
) -> None:
    query = f"{LOGIN}&stype=phone;snumber=1234567&cnumber=1234568"
    assert (await api.get(query, f"{base}/calls/make{slash}")).json == DONE


async def test_a_body_counts_as_form_and_as_json(api: Api) -> None:
    login = {"auth_username": "user", "auth_password": "password"}
    form = "&".join(f"{name}={value}" for name, value in (PRINTED | login).items()).encode()
    for body in (form, PRINTED | login):
        reply = await ask(api.app, "POST", PATH, body, authorization=None)
        assert (reply.status, reply.json) == (200, DONE)
    one, other = api.exchange.placed
    assert replace(one, id=other.id) == other


async def test_other_methods_do_nothing(api: Api) -> None:
    for method, status in (("PUT", 405), ("DELETE", 405), ("OPTIONS", 204)):
        reply = await ask(api.app, method, f"{PATH}?{LOGIN}", PRINTED, authorization=None)
        assert (reply.status, reply.headers["allow"]) == (status, "GET, POST, OPTIONS")
    assert api.exchange.placed == []


@pytest.mark.parametrize(
    ("given", "first"),
    [
        ({"stype": "phone", "snumber": "jessica-soft"}, RingTerminal("jessica-soft")),
        ({"stype": "", "snumber": "1001"}, Address("1001")),
        ({"stype": ..., "snumber": "jessica-soft"}, RingTerminal("jessica-soft")),
        ({"stype": "number", "snumber": "05031001001"}, Address("05031001001")),
        ({"stype": "external", "snumber": "0312341234"}, RingNumber(Address("0312341234"))),
        ({"stype": "queue", "snumber": "10001116"}, RingGroup(GroupKeys(name="enquiries"))),
        ({"stype": "huntgroup", "snumber": "sales"}, RingGroup(GroupKeys(name="sales"))),
    ],
)
async def test_whom_a_type_and_a_number_mean(
    api: Api, given: dict[str, Any], first: object
) -> None:
    assert (await api.placed(**given)).first == first
    second = {f"c{name[1:]}": value for name, value in given.items()}
    assert (await api.placed(**second)).second == first


async def test_a_feature_code_is_what_it_does_and_what_follows_it(api: Api) -> None:
    request = await api.placed(cnumber="*78")
    assert request.second == RunFeature(Feature.DO_NOT_DISTURB)
    request = await api.placed(cnumber="*21*0312341234#")
    assert request.second == RunFeature(Feature.FORWARD_ALWAYS, "0312341234")


@pytest.mark.parametrize(
    ("number", "program"),
    [("1111", Address("1111")), ("*78", RunFeature(Feature.DO_NOT_DISTURB))],
)
async def test_a_program_answers_at_once_and_then_the_other_party_is_called(
    api: Api, number: str, program: object
) -> None:
    request = await api.placed(stype="", snumber=number, cnumber="thomas", screen2="1", answer1="1")
    assert (request.first, request.second) == (Address("thomas"), program)
    assert (request.on_first.screen, request.on_second.auto_answer) == (True, True)
    api.exchange.placed.clear()
    api.exchange.refusal = Refused(RefusalId.USER_NOT_REGISTERED, "nobody", "first.address")
    found = await api.faults(stype="", snumber=number, cnumber="thomas")
    assert found == [("400", "cnumber")], "as the client has it"


@pytest.mark.parametrize("leg", ["1", "2"])
@pytest.mark.parametrize(
    ("parameter", "value", "wishes"),
    [
        ("answer", "1", LegWishes(warn=True, auto_answer=True)),
        ("screen", "1", LegWishes(warn=True, screen=True)),
        ("warn", "0", LegWishes()),
        ("warn", "1", LegWishes(warn=True)),
        ("answer", "0", LegWishes(warn=True)),
        ("callerid", "0506868000", LegWishes(warn=True, caller_number="0506868000")),
        (
            "callerid",
            '"Sales" <+81506868000>',
            LegWishes(warn=True, caller_number="+81506868000", caller_name="Sales"),
        ),
        ("callerid", "", LegWishes(warn=True)),
    ],
)
async def test_what_is_wanted_of_a_leg(
    api: Api, leg: str, parameter: str, value: str, wishes: LegWishes
) -> None:
    request = await api.placed(**{f"{parameter}{leg}": value})
    both = (request.on_first, request.on_second)
    other = LegWishes(warn=True)
    assert both == ((wishes, other) if leg == "1" else (other, wishes))


async def test_what_is_wanted_of_the_call(api: Api) -> None:
    request = await api.placed(delay="30", recordgroup="1", cdialplan="auto", customer="1")
    assert (request.delay, request.record_group, request.tenant) == (30, "1", "demo")


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"snumber": ...}, "snumber"),
        ({"cnumber": ""}, "cnumber"),
        ({"snumber": "7654321"}, "snumber"),
        ({"stype": "fax"}, "stype"),
        ({"ctype": "fax"}, "ctype"),
        ({"ctype": "queue"}, "cnumber"),
        ({"cnumber": "1" * 300}, "cnumber"),
        ({"cnumber": "1\x002"}, "cnumber"),
        ({"answer1": "yes"}, "answer1"),
        ({"answer2": "2"}, "answer2"),
        ({"screen1": "-1"}, "screen1"),
        ({"screen2": "on"}, "screen2"),
        ({"warn1": "x"}, "warn1"),
        ({"warn2": "x"}, "warn2"),
        ({"callerid1": "Sales"}, "callerid1"),
        ({"callerid2": "0312340000"}, "callerid2"),
        ({"recordgroup": "99"}, "recordgroup"),
        ({"recordgroup": "quality"}, "recordgroup"),
        ({"delay": "-1"}, "delay"),
        ({"delay": "99999999"}, "delay"),
        ({"wait": "601"}, "wait"),
        ({"wait": "1.5"}, "wait"),
        ({"customer": "99"}, "customer"),
        ({"customer": "demo"}, "customer"),
        ({"cdialplan": "manual"}, "cdialplan"),
        ({"card": "123456789012"}, "card"),
    ],
)
async def test_400_names_the_parameter(api: Api, given: dict[str, Any], key: str) -> None:
    assert await api.faults(**given) == [("400", key)]


async def test_several_faults_are_told_at_once(api: Api) -> None:
    found = await api.faults(snumber=..., cnumber=..., answer2="x", delay="x", callerid1="x")
    assert found == [
        ("400", key) for key in ("snumber", "cnumber", "callerid1", "answer2", "delay")
    ]


async def test_unreadable_parameters_are_400(api: Api) -> None:
    reply = await api.get(f"{LOGIN};snumber=%FF")
    assert [(one["code"], one["key"]) for one in reply.json["responses"]] == [("400", "snumber")]


@pytest.mark.parametrize(
    "login",
    [
        "",
        "auth_username=user",
        "auth_username=user;auth_password=",
        "auth_username=user;auth_password=passwort",
        "auth_username=nobody;auth_password=password",
        "auth_username=your_api_usr;auth_password=your_api_pass",
    ],
)
async def test_401_comes_before_everything_else(api: Api, login: str) -> None:
    assert await api.faults(login=login, snumber=..., delay="x") == [("401", "")]


async def test_a_guesser_gets_401_with_the_time_to_wait(api: Api) -> None:
    for number in range(40):
        reply = await api.get(f"auth_username=user;auth_password=wrong-{number}")
        assert reply.json["responses"][0]["code"] == "401"
    assert int(reply.headers["retry-after"]) > 0


async def test_402_comes_before_the_parameters_are_looked_at() -> None:
    api = Api(changed(**person(Privilege.USER, Privilege.CDRS)))
    assert await api.faults(snumber=...) == [("402", "")]


@pytest.mark.parametrize("privilege", [Privilege.ACTIONS, Privilege.PANEL])
async def test_actions_or_panel_is_enough(privilege: Privilege) -> None:
    assert await Api(changed(**person(privilege))).make() == DONE


@pytest.mark.parametrize(
    ("refusal", "response"),
    [
        ((RefusalId.NO_ROUTE, "second.address"), ("403", "cnumber")),
        ((RefusalId.CHANNEL_LIMIT_REACHED, "tenant demo"), ("403", "")),
        ((RefusalId.USER_NOT_REGISTERED, "first.terminal"), ("400", "snumber")),
        ((RefusalId.INVALID_DESTINATION, "second.address"), ("400", "cnumber")),
        ((RefusalId.CALLING_NUMBER_NOT_ALLOWED, "first.caller_id"), ("400", "callerid1")),
        ((RefusalId.INVALID_PARAMETER, "delay"), ("400", "delay")),
        ((RefusalId.TRUNK_DOWN, "second.address"), ("500", "")),
        ((RefusalId.OVERLOADED, "server"), ("500", "")),
    ],
)
async def test_what_the_plan_refuses(
    api: Api, refusal: tuple[RefusalId, str], response: tuple[str, str]
) -> None:
    api.exchange.refusal = Refused(refusal[0], "why it is not so", refusal[1])
    assert await api.faults() == [response]


async def test_a_fault_here_is_500(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks() -> str:
        raise RuntimeError("boom")

    monkeypatch.setattr(api.exchange, "new_call_id", breaks)
    assert await api.faults() == [("500", "")]


async def test_a_reseller_calls_as_its_customer_and_as_nobody_else() -> None:
    api = Api(changed())
    assert (await api.placed(customer="7")).tenant == "below"
    api.exchange.placed.clear()
    assert await api.faults(customer="8") == [("400", "customer")]


async def test_who_waits_for_a_later_call_is_told_once_it_has_begun(api: Api) -> None:
    api.exchange.happens = EventKind.CALL_STARTED
    reply = await api.make(delay="5", wait="10")
    assert reply["data"]["callid"] == callid(api.exchange.placed[0].id)


async def test_who_waits_for_a_later_call_that_never_begins_is_told_nothing(api: Api) -> None:
    api.exchange.happens = EventKind.CALL_ENDED
    assert await api.make(delay="5", wait="10") == DONE


async def test_who_does_not_wait_for_long_enough_is_not_kept(api: Api) -> None:
    assert await api.make(delay="10", wait="10") == DONE


async def test_a_request_is_repeated_by_its_key(api: Api) -> None:
    query = f"{PATH}?{LOGIN};stype=phone;snumber=1234567;cnumber=1234568"
    await ask(api.app, "GET", query, authorization=None, headers={"Idempotency-Key": "k-1"})
    assert api.exchange.keys == ["k-1"]
