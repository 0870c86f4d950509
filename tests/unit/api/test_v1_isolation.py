"""A tenant sees and changes nothing of another's, by whichever operation; also of those to come."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from cordboard.directory.model import Member, User
from cordboard.directory.snapshot import TenantDirectory
from support.asgi import Reply, ask
from support.tenants import TOKEN, tenant
from support.v1 import Served

pytestmark = pytest.mark.anyio

BODIES: dict[str, dict[str, Any]] = {
    "place_call": {"first": {"user": {"name": "jessica"}}, "second": {"address": "thomas"}},
    "explain_call": {"first": {"user": {"name": "jessica"}}, "second": {"address": "thomas"}},
}
"""What operations take that do not ask for a thing of the tenant's by its path."""


def mine() -> TenantDirectory:
    """A tenant with a user that no other has."""
    usual = tenant()
    olga = User(1009, "olga", "Olga")
    sales, *rest = usual.groups
    sales = replace(sales, members=(*sales.members, Member(olga.id)))
    return replace(usual, users=(*usual.users, olga), groups=(sales, *rest))


def other() -> TenantDirectory:
    """A tenant with the same names of everything, but no trunk, no group and no phones
    registered."""
    usual = tenant()
    policy = replace(usual.policy, domain="other", sip_realm="other")
    return replace(usual, policy=policy, trunks=(), groups=())


async def as_other(served: Served, method: str, path: str, body: bytes | dict[str, Any]) -> Reply:
    credentials = base64.b64encode(f"other:{TOKEN}".encode()).decode()
    return await ask(served.app, method, path, body, authorization=f"Basic {credentials}")


async def operations(served: Served) -> Iterator[tuple[str, str, str]]:
    document = (await served.get("/openapi.json")).json
    return (
        (method.upper(), path, operation["operationId"])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    )


async def test_nothing_of_another_tenant_can_be_seen_or_changed() -> None:
    served = Served(mine(), other())
    asked = {**BODIES["place_call"], "external_id": "own", "callback": {"url": "http://x.test/"}}
    placed = (await served.post("/calls", asked)).json
    over = (await served.post("/calls", asked)).json
    assert (await served.delete(f"/calls/{over['id']}")).status == 204
    served.engine.advance(5.0)
    await served.journal.flush()
    (callback,) = (await served.get("/callbacks")).json["callbacks"]
    recording = await served.recorded(over["id"])
    secrets = [placed["id"], over["id"], *placed["channels"], callback["id"], "x.test", "olga"]
    before = len(served.engine.commands)
    for method, path, name in await operations(served):
        for own in (placed["id"], placed["channels"][0], over["id"]):
            names = {"name": "first", "user": "olga", "group": "sales"}
            ids = {"callback": callback["id"], "recording": recording}
            where = path.format(call=own, **ids, **names)
            reply = await as_other(served, method, f"/v1{where}", BODIES.get(name, {}))
            assert reply.status < 500, (method, where)
            if "{" in path:
                assert reply.status in (404, 422), (method, where, reply.body)
            for secret in secrets:
                assert secret not in reply.body.decode().replace(where, ""), (method, where)
    assert len(served.engine.commands) == before
    assert (await served.get(f"/recordings/{recording}")).json["state"] == "complete"
    members = (await served.get("/groups/sales")).json["members"]
    assert {member["state"] for member in members} == {"ready"}
    assert (await served.get(f"/calls/{placed['id']}")).json["ended_at"] is None


async def test_keys_and_own_ids_are_a_tenants_own() -> None:
    served = Served(tenant(), other())
    for phone in ("jessica-desk", "thomas"):
        served.engine.register(f"{phone}@other")
    headers = {"idempotency-key": "k"}
    mine = await served.post("/calls", BODIES["place_call"], headers=headers)
    credentials = base64.b64encode(f"other:{TOKEN}".encode()).decode()
    theirs = await served.post(
        "/calls",
        BODIES["place_call"],
        headers=headers,
        authorization=f"Basic {credentials}",
    )
    assert (mine.status, theirs.status) == (201, 201)
    assert mine.json["id"] != theirs.json["id"]
