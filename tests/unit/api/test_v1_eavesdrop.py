"""v1 lets users overhear calls, and says why where it does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cordboard.calls.ports import Dial
from cordboard.directory.scopes import ApiScope
from cordboard.engines.far_end import ANSWERS, FarEnd
from support.tenants import tenant, user
from support.v1 import Served

pytestmark = pytest.mark.anyio

HELEN = {"first": {"user": {"name": "helen"}}}
BOTH = {"first": {"user": {"name": "jessica"}}, "second": {"address": "thomas"}}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class House(Served):
    """Jessica talks with thomas; helen may overhear jessica."""

    def __init__(self, *scopes: ApiScope, eavesdrops: tuple[str, ...] = ("jessica",)) -> None:
        where = tenant(
            users=(
                user(1, "jessica", ("jessica-desk", "jessica-soft")),
                user(2, "thomas", ("thomas",)),
                user(3, "helen", ("helen",), eavesdrops=eavesdrops),
            )
        )
        if scopes:
            (main,) = where.accounts
            where = replace(where, accounts=(replace(main, scopes=frozenset(scopes)),))
        super().__init__(where)
        for phone in ("jessica-desk@demo", "thomas@demo", "helen@demo"):
            self.engine.when_dialled(phone, ANSWERS)

    async def talk(self) -> str:
        """A call in which two talk."""
        reply = await self.post("/calls", BOTH)
        self.wait()
        return str(reply.json["id"])

    async def overhear(self, call: str, **more: Any) -> str:
        """Let helen overhear a call; the id of hers."""
        reply = await self.post(f"/calls/{call}/eavesdrop", {**HELEN, **more})
        assert reply.status == 201, reply.json
        self.wait()
        return str(reply.json["id"])

    def wait(self) -> None:
        """Let phones ring and be answered."""
        for _ in range(2):
            self.engine.advance(1.0)

    def far(self, name: str) -> FarEnd:
        """Whoever was dialled as that."""
        dials = [one for one in self.engine.commands if isinstance(one, Dial)]
        return self.engine.far([one.channel for one in dials if name in str(one.endpoint)][-1])

    def hears(self, name: str) -> object:
        """Whom somebody hears, by the phones' names."""
        heard = self.far(name).hears
        if not isinstance(heard, frozenset):
            return heard
        names = {self.far(one).channel: one for one in ("jessica-desk", "thomas", "helen")}
        return {names[channel] for channel in heard}

    async def problem(self, path: str, body: Any) -> tuple[int, str]:
        """Status and id of a refusal."""
        reply = await self.post(path, body)
        return reply.status, str(reply.json["id"])


async def test_a_user_is_called_and_overhears() -> None:
    house = House()
    call = await house.talk()
    reply = await house.post(f"/calls/{call}/eavesdrop", HELEN)
    assert (reply.status, reply.json["method"]) == (201, "eavesdrop")
    hers = str(reply.json["id"])
    assert reply.headers["location"] == f"/v1/calls/{hers}"
    assert reply.json["second"]["party"] == {
        "kind": "eavesdrop",
        "name": "jessica",
        "number": "1001",
        "id": 1001,
    }
    house.wait()
    assert house.hears("helen") == {"jessica-desk", "thomas"}
    await house.journal.flush()
    shown = (await house.get(f"/calls/{hers}")).json
    assert shown["state"] == "eavesdropping"
    (listed,) = [one for one in (await house.get("/calls")).json["calls"] if one["id"] == hers]
    assert listed["second"] == {"eavesdrop": call}
    watched = (await house.get(f"/calls/{call}")).json
    assert watched["state"] == "bridged"
    (told,) = [one for one in watched["first"]["timeline"] if one["kind"] == "call.overheard"]
    assert told["data"] == {
        "by": {"id": 1003, "name": "helen"},
        "from_call": hers,
        "mode": "listen",
    }
    house.far("thomas").hang_up()
    await house.journal.flush()
    ended = (await house.get(f"/calls/{hers}")).json
    assert (ended["result"]["outcome"], ended["result"]["stage"]) == ("completed", "eavesdropping")


async def test_the_mode_is_changed_and_so_is_the_call() -> None:
    house = House(eavesdrops=("jessica", "thomas"))
    call = await house.talk()
    hers = await house.overhear(call, mode="whisper", leg="second")
    assert house.hears("thomas") == {"jessica-desk", "helen"}
    reply = await house.post(f"/calls/{hers}/eavesdrop/mode", {"mode": "join"})
    assert reply.status == 204
    assert house.hears("jessica-desk") == {"thomas", "helen"}
    by_channel = {"mode": "whisper", "leg": "first"}
    await house.post(f"/calls/{house.far('helen').channel}/eavesdrop/mode", by_channel)
    assert house.hears("jessica-desk") == {"thomas", "helen"}
    assert isinstance(house.hears("thomas"), str)
    jessica, thomas = house.far("jessica-desk"), house.far("thomas")
    other = await house.talk()
    turned = {"mode": "listen", "call": other}
    assert (await house.post(f"/calls/{hers}/eavesdrop/mode", turned)).status == 204
    assert house.hears("helen") == {"jessica-desk", "thomas"}, "of the other call"
    assert (jessica.hears, thomas.hears) == (thomas.channel, jessica.channel)


async def test_what_is_wrong_is_said() -> None:
    house = House()
    call = await house.talk()
    path = f"/calls/{call}/eavesdrop"
    assert await house.problem("/calls/nobody/eavesdrop", HELEN) == (404, "call_not_found")
    assert await house.problem(f"{path}/mode", {"mode": "join"}) == (409, "wrong_state")
    wrong: list[dict[str, Any]] = [{}, {**HELEN, "mode": "shout"}, {**HELEN, "leg": "third"}]
    for body in (*wrong, {"first": {}}):
        assert await house.problem(path, body) == (422, "invalid_parameter")
    for who in ({"user": {"name": "thomas"}}, {"user": {"name": "jessica"}}):
        assert await house.problem(path, {"first": who}) == (422, "invalid_destination")
    others: list[dict[str, Any]] = [{"number": "0312341234"}, {"group": {"name": "sales"}}]
    for other in others:
        assert await house.problem(path, {"first": other}) == (403, "eavesdropping_not_allowed")
    second = {**HELEN, "leg": "second"}
    assert await house.problem(path, second) == (403, "eavesdropping_not_allowed")
    house.far("thomas").hang_up()
    await house.journal.flush()
    assert await house.problem(path, HELEN) == (409, "call_over")


async def test_it_is_explained_and_nothing_rings() -> None:
    house = House()
    call = await house.talk()
    dialled = len(house.engine.commands)
    path = f"/calls/{call}/eavesdrop/explain"
    told = (await house.post(path, {**HELEN, "mode": "join"})).json
    assert told["accepted"]
    assert told["first"]["rings"][0]["terminal"] == "helen@demo"
    assert told["second"] == {
        "party": {"kind": "eavesdrop", "name": "jessica", "number": "1001", "id": 1001},
        "overhears": call,
        "watched_leg": "first",
        "mode": "join",
    }
    told = (await house.post(path, {**HELEN, "leg": "second"})).json
    assert told["refusal"]["id"] == "eavesdropping_not_allowed"
    assert "names nobody" in told["refusal"]["message"]
    assert len(house.engine.commands) == dialled
    assert await house.problem("/calls/nobody/eavesdrop/explain", HELEN) == (404, "call_not_found")


async def test_a_call_in_which_nobody_talks_yet_is_in_a_wrong_state() -> None:
    house = House()
    house.engine.when_dialled("thomas@demo", ())
    call = await house.talk()
    await house.journal.flush()
    reply = await house.post(f"/calls/{call}/eavesdrop", HELEN)
    assert (reply.status, reply.json["id"]) == (409, "wrong_state")
    assert reply.json["state"] == "ringing_second"


async def test_the_directory_is_asked() -> None:
    house = House(eavesdrops=())
    call = await house.talk()
    refused = (403, "eavesdropping_not_allowed")
    assert await house.problem(f"/calls/{call}/eavesdrop", HELEN) == refused


async def test_the_scope_is_needed() -> None:
    house = House(ApiScope.CALLS_WRITE, ApiScope.CALLS_READ)
    call = await house.talk()
    path = f"/calls/{call}/eavesdrop"
    assert await house.problem(path, HELEN) == (403, "scope_missing")
    assert await house.problem(f"{path}/mode", {"mode": "join"}) == (403, "scope_missing")


async def test_a_media_plug_waits_for_basix_commands() -> None:
    house = House()
    asked = {
        "dialect": "basix",
        "method": "call_user",
        "parameters": {"user_name": "helen", "destination": "media_plug"},
    }
    told = (await house.post("/calls/explain", asked)).json
    assert (told["accepted"], told["second"]["overhears"]) == (True, None)
    nobody = House(eavesdrops=())
    told = (await nobody.post("/calls/explain", asked)).json
    assert told["refusal"]["id"] == "eavesdropping_not_allowed"


async def test_a_request_with_a_key_can_be_repeated() -> None:
    house = House()
    call = await house.talk()
    key = {"idempotency-key": "once"}
    first = await house.post(f"/calls/{call}/eavesdrop", HELEN, headers=key)
    again = await house.post(f"/calls/{call}/eavesdrop", HELEN, headers=key)
    assert (first.status, again.status) == (201, 200)
    assert first.json["id"] == again.json["id"]
    other = await house.post(f"/calls/{call}/eavesdrop", {**HELEN, "mode": "join"}, headers=key)
    assert (other.status, other.json["id"]) == (409, "idempotency_conflict")
