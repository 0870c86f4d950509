"""v1 does things to live calls: what it takes, and what it says where a call does not allow it."""

from __future__ import annotations

from typing import Any

import pytest

from cordboard.calls.ports import Dial, SendDigits
from cordboard.engines.far_end import ANSWERS, FarEnd
from support.asgi import ask
from support.v1 import Served

pytestmark = pytest.mark.anyio

ASKED = {"user_name": "jessica", "destination": "thomas"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Talking(Served):
    """A server with a call that jessica answered on her desk phone, and thomas after her."""

    def __init__(self) -> None:
        super().__init__()
        for phone in ("jessica-desk@demo", "thomas@demo"):
            self.engine.when_dialled(phone, ANSWERS)

    async def call(self, *, answered: int = 2) -> str:
        """Place a call; the id of one in which so many legs are answered."""
        reply = await ask(self.app, "POST", "/basix/api/call_user", ASKED)
        for _ in range(answered):
            self.engine.advance(1.0)
        return reply.headers["cordboard-call"]

    def far(self, name: str) -> FarEnd:
        """Whoever was dialled as that."""
        dials = [one for one in self.engine.commands if isinstance(one, Dial)]
        return self.engine.far([one.channel for one in dials if name in str(one.endpoint)][-1])

    async def wish(self, call: str, what: str, body: Any) -> tuple[int, str | None]:
        """Status and problem of a wish."""
        reply = await self.post(f"/calls/{call}/{what}", body)
        return reply.status, reply.json["id"] if reply.status >= 400 else None


async def test_a_party_is_held_and_resumed() -> None:
    served = Talking()
    call = await served.call()
    assert await served.wish(call, "hold", {"leg": "second"}) == (204, None)
    assert served.far("thomas").on_hold
    assert await served.wish(call, "resume", {"leg": "second"}) == (204, None)
    assert not served.far("thomas").on_hold
    await served.journal.flush()
    shown = (await served.get(f"/calls/{call}")).json
    kinds = [entry["kind"] for entry in shown["second"]["timeline"]]
    assert kinds[-2:] == ["channel.held", "channel.resumed"]


async def test_keys_reach_the_party_that_is_meant() -> None:
    served = Talking()
    call = await served.call()
    wanted = {"leg": "first", "digits": "1A#", "duration": 200, "gap": 50}
    assert await served.wish(call, "dtmf", wanted) == (204, None)
    assert served.far("jessica-desk").keys == "1A#"
    sent = [command for command in served.engine.commands if isinstance(command, SendDigits)]
    assert [(one.duration_ms, one.gap_ms) for one in sent] == [(200, 50)]


async def test_a_party_goes_on_with_somebody_else() -> None:
    served = Talking()
    call = await served.call()
    reply = await served.post(f"/calls/{call}/transfer", {"leg": "first", "to": "helen"})
    assert reply.status == 202
    assert served.far("thomas").hung_up_for is not None
    assert reply.json["channels"] == [served.far("helen").channel]
    served.far("helen").answer()
    assert served.far("jessica-desk").hears == served.far("helen").channel
    await served.journal.flush()
    view = (await served.get(f"/calls/{call}")).json
    assert view["state"] == "bridged"


@pytest.mark.parametrize(
    ("to", "problem"),
    [
        ("nobody", (422, "invalid_destination")),
        ("119", (422, "no_route")),
        ("\u0000", (422, "invalid_destination")),
        ("", (422, "invalid_parameter")),
    ],
)
async def test_where_it_may_not_go_the_call_goes_on(to: str, problem: tuple[int, str]) -> None:
    served = Talking()
    call = await served.call()
    assert await served.wish(call, "transfer", {"leg": "first", "to": to}) == problem
    assert served.far("jessica-desk").hears == served.far("thomas").channel


async def test_two_calls_become_one() -> None:
    served = Talking()
    call = await served.call()
    jessica, thomas = served.far("jessica-desk"), served.far("thomas")
    body = {"first": {"user": {"name": "jessica"}}, "second": {"address": "helen"}}
    other = (await served.post("/calls", body)).json["id"]
    again = served.far("jessica-desk")
    again.answer()
    served.far("helen").answer()
    reply = await served.post(f"/calls/{call}/transfer", {"leg": "second", "call": again.channel})
    assert (reply.status, reply.json["channels"]) == (202, [served.far("helen").channel])
    assert thomas.hears == served.far("helen").channel
    assert jessica.hung_up_for is not None
    await served.journal.flush()
    assert (await served.get(f"/calls/{other}")).json["result"]["cause"] == "transferred"
    assert (await served.get(f"/calls/{call}")).json["state"] == "bridged"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"leg": "first"}, (422, "invalid_parameter")),
        ({"leg": "first", "to": "helen", "call": "x"}, (422, "invalid_parameter")),
        ({"leg": "first", "to": "helen", "call_leg": "first"}, (422, "invalid_parameter")),
        ({"leg": "first", "call": "nobody's"}, (422, "invalid_destination")),
        ({"leg": "first", "call": "\u0000"}, (404, "call_not_found")),
    ],
)
async def test_what_can_not_be_joined(body: dict[str, str], problem: tuple[int, str]) -> None:
    served = Talking()
    call = await served.call()
    assert await served.wish(call, "transfer", body) == problem
    assert served.far("jessica-desk").hears == served.far("thomas").channel


async def test_both_parties_are_recorded() -> None:
    served = Talking()
    call = await served.call()
    file = f"demo/{call}-1.wav"
    now = {"recording": f"{call}-1", "file": file}
    reply = await served.post(f"/calls/{call}/record", {"action": "start"})
    assert (reply.status, reply.json) == (200, {**now, "paused": False})
    reply = await served.post(f"/calls/{call}/record", {"action": "pause"})
    assert reply.json == {**now, "paused": True}
    assert await served.wish(call, "record", {"action": "resume"}) == (200, None)
    await served.journal.flush()
    (shown,) = (await served.get(f"/calls/{call}")).json["recordings"]
    assert (shown["file"], shown["seconds"]) == (file, None)
    served.engine.advance(2.5)
    reply = await served.post(f"/calls/{call}/record", {"action": "stop"})
    assert reply.json == {"recording": None, "file": None, "paused": False}
    await served.journal.flush()
    (shown,) = (await served.get(f"/calls/{call}")).json["recordings"]
    assert (shown["file"], shown["seconds"], shown["error"]) == (file, 2.5, None)
    assert await served.wish(call, "record", {"action": "pause"}) == (409, "wrong_state")
    assert await served.wish(call, "record", {"action": "erase"}) == (422, "invalid_parameter")


async def test_a_call_that_rings_says_so() -> None:
    served = Talking()
    call = await served.call(answered=1)
    reply = await served.post(f"/calls/{call}/hold", {"leg": "first"})
    assert (reply.status, reply.json["id"]) == (409, "wrong_state")
    assert reply.json["state"] == "ringing_second"


async def test_a_call_that_is_over_says_so() -> None:
    served = Talking()
    call = await served.call()
    served.far("thomas").hang_up()
    await served.journal.flush()
    assert await served.wish(call, "hold", {"leg": "first"}) == (409, "call_over")
    assert await served.wish("another", "hold", {"leg": "first"}) == (404, "call_not_found")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"leg": "third", "digits": "1"},
        {"leg": "first", "digits": ""},
        {"leg": "first", "digits": "1" * 65},
        {"leg": "first", "digits": "1 2"},
        {"leg": "first", "digits": "1", "duration": 10},
        {"leg": "first", "digits": "1", "gap": 90000},
        {"leg": "first", "digits": "1", "more": True},
    ],
)
async def test_what_makes_no_sense_is_refused(body: dict[str, Any]) -> None:
    served = Talking()
    assert await served.wish(await served.call(), "dtmf", body) == (422, "invalid_parameter")
