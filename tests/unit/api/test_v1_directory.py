"""The directory over v1: reads by page, each tenant its own, and what agents do."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import pytest

from cordboard.directory.accounts import Account
from cordboard.directory.model import Group, Member, TenantPolicy, Terminal, User
from cordboard.directory.scopes import USUAL_SCOPES, ApiScope
from cordboard.directory.snapshot import TenantDirectory
from cordboard.journal.port import JournalUnavailable
from support.asgi import Reply, ask
from support.tenants import tenant
from support.v1 import Served

pytestmark = pytest.mark.anyio


def token(text: str) -> tuple[bytes, ...]:
    return (hashlib.sha256(text.encode()).digest(),)


def other() -> TenantDirectory:
    """A tenant whose objects have the ids of the first one's."""
    return TenantDirectory(
        TenantPolicy("other", "other", country="jp"),
        accounts=(
            Account("main", token("other-token")),
            Account("reader", token("reader-token"), scopes=frozenset({ApiScope.DIRECTORY_READ})),
            Account("nobody", token("nobody-token"), scopes=frozenset()),
        ),
        users=(User(1002, "olga", "Olga", extension="9", terminals=("thomas",)),),
        terminals=(Terminal("thomas", 1002, "secret-hash"),),
        groups=(Group(2001, "sales", "Sales", members=(Member(1002),)),),
    )


@pytest.fixture
def served() -> Served:
    return Served(tenant(), other())


async def of_other(served: Served, path: str, method: str = "GET", as_: str = "other") -> Reply:
    bearer = f"Bearer {as_}-token"
    return await ask(served.app, method, f"/v1{path}", authorization=bearer)


async def names(served: Served, path: str, what: str, key: str = "name") -> list[str]:
    return [one[key] for one in (await served.get(path)).json[what]]


async def test_users_and_groups_are_listed_by_name(served: Served) -> None:
    assert await names(served, "/users", "users") == ["helen", "jessica", "thomas"]
    assert await names(served, "/groups", "groups") == ["sales", "support"]
    assert await names(served, "/terminals", "terminals") == [
        "helen",
        "jessica-desk",
        "jessica-soft",
        "thomas",
    ]
    numbers = (await served.get("/numbers")).json["numbers"]
    assert {one["number"]: (one["show"], one["leads_to"]) for one in numbers} == {
        "05068680000": (True, None),
        "0506868001": (True, None),
        "0506868009": (False, None),
        "05031001001": (True, {"kind": "user", "name": "jessica"}),
        "05031001002": (True, {"kind": "user", "name": "thomas"}),
        "05031001003": (True, {"kind": "user", "name": "helen"}),
    }


async def test_pages_follow_each_other(served: Served) -> None:
    first = (await served.get("/users?limit=2")).json
    assert [user["name"] for user in first["users"]] == ["helen", "jessica"]
    second = (await served.get(f"/users?limit=2&cursor={first['next']}")).json
    assert [user["name"] for user in second["users"]] == ["thomas"]
    assert second["next"] is None


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "cursor=%21", "cursor=gA"])
async def test_wrong_pages_are_told(served: Served, query: str) -> None:
    reply = await served.get(f"/users?{query}")
    assert (reply.status, reply.json["id"]) == (422, "invalid_parameter")


@pytest.mark.parametrize("key", ["jessica", "1001", "jessica@demo.test", "JESSICA"])
async def test_a_user_is_found_by_his_keys(served: Served, key: str) -> None:
    shown = (await served.get(f"/users/{key}")).json
    assert (shown["id"], shown["name"], shown["registered"]) == (1001, "jessica", True)
    assert shown["groups"] == [{"id": 2002, "name": "support"}]


async def test_a_terminal_shows_its_contacts_and_no_secret(served: Served) -> None:
    reply = await served.get("/terminals")
    (helen, *_) = reply.json["terminals"]
    assert helen["registered"] is True
    assert helen["contacts"][0]["uri"].startswith("sip:")
    assert b"0" * 32 not in reply.body
    (thomas,) = (await of_other(served, "/terminals")).json["terminals"]
    assert (thomas["registered"], thomas["contacts"]) == (False, [])


async def test_a_tenant_sees_its_own_objects_only(served: Served) -> None:
    for path in ("/users/jessica", "/users/1001", "/groups/support", "/groups/2002"):
        assert (await served.get(path)).status == 200
        reply = await of_other(served, path)
        assert reply.status == 404
        assert reply.json["id"] in ("no_such_user", "no_such_group")
    assert (await of_other(served, "/users")).json["users"][0]["name"] == "olga"
    reply = await of_other(served, "/groups/support/members/jessica/logout", "POST")
    assert (reply.status, reply.json["id"]) == (404, "no_such_group")
    reply = await of_other(served, "/groups/sales/members/thomas/logout", "POST")
    assert (reply.status, reply.json["id"]) == (404, "no_such_member")


async def test_everybody_may_ask_who_he_is(served: Served) -> None:
    shown = (await of_other(served, "/account", as_="nobody")).json
    assert shown == {"tenant": "other", "name": "nobody", "scopes": [], "origins": []}
    assert (await served.get("/account")).json["scopes"] == sorted(
        one.value for one in USUAL_SCOPES
    )
    for path in ("/users", "/groups", "/terminals", "/numbers", "/users/olga"):
        assert (await of_other(served, path, as_="nobody")).json["id"] == "scope_missing"
        assert (await of_other(served, path, as_="reader")).status == 200
    reply = await of_other(served, "/groups/sales/members/olga/login", "POST", as_="reader")
    assert (reply.status, reply.json["parameter"]) == (403, "agents:write")


# Agents


async def act(served: Served, act: str, member: str = "thomas", body: Any = b"") -> Reply:
    return await served.post(f"/groups/sales/members/{member}/{act}", body)


async def state(served: Served, member: str = "thomas") -> tuple[str, str | None]:
    members = (await served.get("/groups/sales")).json["members"]
    (found,) = [one for one in members if one["user"]["name"] == member]
    return found["state"], found["reason"]


async def test_an_agent_logs_out_and_in_and_pauses(served: Served) -> None:
    assert await state(served) == ("ready", None)
    shown = (await act(served, "pause", body={"reason": "lunch"})).json
    assert (shown["state"], shown["reason"], shown["user"]["name"]) == ("paused", "lunch", "thomas")
    assert shown["since"] is not None
    assert await state(served) == ("paused", "lunch")
    assert (await act(served, "unpause")).json["state"] == "ready"
    assert (await act(served, "logout", "1002")).json["state"] == "logged_out"
    refused = await act(served, "pause")
    assert (refused.status, refused.json["id"]) == (409, "agent_logged_out")
    assert (await act(served, "login")).json["state"] == "ready"
    assert await state(served, "helen") == ("ready", None)
    (theirs,) = (await of_other(served, "/groups/sales")).json["members"]
    assert theirs["state"] == "ready"


async def test_each_change_is_one_event_in_the_tenants_log(served: Served) -> None:
    reader = served.journal.read("demo")
    for what in ("logout", "logout", "login", "pause", "pause", "unpause", "unpause"):
        assert (await act(served, what)).status == 200
    told = [await anext(reader) for _ in range(4)]
    assert [one.event.kind.value for one in told] == [
        "agent.logout",
        "agent.login",
        "agent.pause",
        "agent.unpause",
    ]
    assert [one.seq for one in told] == [1, 2, 3, 4]
    assert served.journal.last_seq("demo") == 4
    shown = told[0].as_dict()
    assert shown["call"] is None
    assert shown["data"] == {
        "group": {"id": 2001, "name": "sales"},
        "user": {"id": 1002, "name": "thomas"},
        "state": "logged_out",
        "reason": None,
        "account": "main",
    }


async def test_who_acts_at_once_acts_one_after_the_other(served: Served) -> None:
    async with asyncio.TaskGroup() as tasks:
        for what in ("logout", "pause", "login", "logout", "unpause") * 10:
            tasks.create_task(act(served, what))
    reader = served.journal.read("demo", f"{served.journal.epoch}:0")
    before = "ready"
    for _ in range(served.journal.last_seq("demo")):
        event = (await anext(reader)).event
        if event.kind.value in ("agent.pause", "agent.unpause"):
            assert before != "logged_out"
        before = str(event.data["state"])


@pytest.mark.parametrize(
    "body",
    [
        {"reason": ""},
        {"reason": "x" * 101},
        {"reason": "a\0b"},
        {"reason": "a\ud800"},
        {"reason": "two\nlines"},
        {"reason": 7},
        {"why": "lunch"},
    ],
)
async def test_a_faulty_reason_changes_nothing(served: Served, body: dict[str, Any]) -> None:
    reply = await act(served, "pause", body=body)
    assert (reply.status, reply.json["id"]) == (422, "invalid_parameter")
    assert await state(served) == ("ready", None)


async def test_nobody_acts_where_nothing_can_be_kept(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise JournalUnavailable("the disk is full")

    monkeypatch.setattr(served.journal, "commit", refuse)
    reply = await act(served, "logout")
    assert (reply.status, reply.json["id"]) == (503, "overloaded")
    assert await state(served) == ("ready", None)
