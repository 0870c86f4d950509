"""What tracks and moves live calls over While1's API: channel, users-status, queues."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cordboard.calls.events import EventKind
from cordboard.calls.ports import Dial
from cordboard.directory.accounts import Project
from cordboard.directory.model import Context
from cordboard.directory.queue_rules import QueueRules
from cordboard.directory.steps import BranchStep, HangUpStep, PlayStep, Step
from cordboard.engines.far_end import ANSWERS, FarEnd
from cordboard.journal.listing import Wanted
from support.asgi import ask
from support.tenants import tenant
from support.v1 import Served

pytestmark = pytest.mark.anyio

ASKED = {"user_name": "jessica", "destination": "thomas"}
UNKNOWN = "Invalid Channel. Check if pbx channel exists"


PROJECT = Project(1, "1", "Customers")
WELCOME = Context(
    "greeting",
    steps=(
        Step(BranchStep("SKIP_WELCOME", (("1", "end"),))),
        Step(PlayStep(("welcome.wav",))),
        Step(HangUpStep(), "end"),
    ),
)


class Talking(Served):
    """The demonstration's directory; jessica's desk phone, thomas and helen answer."""

    def __init__(self, *more: Project | Context) -> None:
        house = tenant()
        queues = tuple(replace(group, queue=QueueRules()) for group in house.groups)
        projects = tuple(one for one in more if isinstance(one, Project))
        contexts = tuple(one for one in more if isinstance(one, Context))
        super().__init__(
            replace(house, groups=queues, projects=projects, contexts=(*house.contexts, *contexts))
        )
        for phone in ("jessica-desk@demo", "thomas@demo", "helen@demo"):
            self.engine.when_dialled(phone, ANSWERS)

    async def call(self) -> str:
        """Place a call in which both parties talk."""
        reply = await ask(self.app, "POST", "/basix/api/call_user", ASKED)
        await self.later()
        return reply.headers["cordboard-call"]

    async def later(self) -> None:
        """Let phones answer, and events be committed."""
        for _ in range(3):
            self.engine.advance(1.0)
        await self.journal.flush()

    def far(self, name: str) -> FarEnd:
        """Whoever was dialled as that."""
        dials = [one for one in self.engine.commands if isinstance(one, Dial)]
        return self.engine.far([one.channel for one in dials if name in str(one.endpoint)][-1])

    async def php(self, method: str, **parameters: Any) -> Any:
        """What a method answers to a known client."""
        reply = await ask(self.app, "POST", f"/api/{method}", parameters)
        assert reply.status == 200
        return reply.json

    async def channels(self) -> list[dict[str, Any]]:
        """The live channels."""
        answer = await self.php("channel", action="list")
        assert answer["has_error"] is False
        listed: list[dict[str, Any]] = answer["results"]
        return listed

    async def error(self, method: str, **parameters: Any) -> list[str]:
        """The messages of what can't be done."""
        answer = await self.php(method, **parameters)
        assert (answer["has_error"], answer["results"]) == (True, [])
        messages: list[str] = answer["messages"]
        return messages


async def test_live_channels_are_listed_by_phone() -> None:
    served = Talking()
    assert await served.channels() == []
    call = await served.call()
    first, second = await served.channels()
    assert first["channel"].startswith("SIP/jessica-desk-")
    assert second["channel"].startswith("SIP/thomas-")
    assert len(first["channel"].rpartition("-")[2]) == 8
    assert {(one["linkedid"], one["state"]) for one in (first, second)} == {(call, "Up")}


async def test_a_channel_is_hung_up_by_its_name_and_with_it_its_call() -> None:
    served = Talking()
    await served.call()
    name = (await served.channels())[0]["channel"]
    answer = await served.php("channel", action="hangup", data={"channel": name})
    assert answer == {"has_error": False, "messages": [], "results": [name]}
    await served.later()
    assert await served.channels() == []
    assert await served.error("channel", action="hangup", data={"channel": name}) == [UNKNOWN]


async def test_all_channels_are_hung_up_at_once() -> None:
    served = Talking()
    await served.call()
    answer = await served.php("channel", action="hangup", data={"channel": "all"})
    assert len(answer["results"]) == 2
    await served.later()
    assert await served.channels() == []


async def test_a_phone_is_rung_and_connected_with_an_extension() -> None:
    served = Talking()
    data = {"tech": "SIP/thomas", "exten": "1003", "context": "default"}
    answer = await served.php("channel", action="originate", data=data)
    assert answer["has_error"] is False, answer
    await served.later()
    phones = [one["channel"].rpartition("-")[0] for one in await served.channels()]
    assert phones == ["SIP/thomas", "SIP/helen"]


async def test_a_phone_is_rung_and_led_to_a_context_in_the_place_of_an_application() -> None:
    served = Talking()
    data = {"tech": "SIP/thomas", "appname": "Playback", "appdata": "welcome"}
    assert (await served.php("channel", action="originate", data=data))["has_error"] is False
    await served.later()
    (record,) = await served.journal.calls("demo", Wanted(1))
    events = await served.journal.events_of("demo", record.id)
    assert any(one.event.kind is EventKind.CALL_PROGRAM for one in events)


@pytest.mark.parametrize(("skip", "heard"), [("1", []), ("0", ["play"]), (None, ["play"])])
async def test_a_context_leaves_out_what_the_request_s_variables_skip(
    skip: str | None, heard: list[str]
) -> None:
    served = Talking(PROJECT, WELCOME)
    served.engine.when_dialled("0312345678", ANSWERS)
    data = {
        "project_id": "1",
        "caller_id": "0312345678",
        "caller_id_name": "John Doe",
        "type": "context",
        "destination": "greeting",
        "external_id": "own",
        "vars": {} if skip is None else {"SKIP_WELCOME": skip},
    }
    assert (await served.php("originate-call", data=data))["has_error"] is False
    await served.later()
    (record,) = await served.journal.calls("demo", Wanted(1))
    events = await served.journal.events_of("demo", record.id)
    steps = [one.event.data["does"] for one in events if one.event.kind is EventKind.PROGRAM_STEP]
    assert [does for does in steps if does == "play"] == heard
    assert steps[-1] == "hangup"


async def test_a_party_is_redirected() -> None:
    served = Talking()
    await served.call()
    name = (await served.channels())[0]["channel"]
    data = {"channel": name, "context": "default", "exten": "1003", "priority": 1}
    assert (await served.php("channel", action="redirect", data=data))["results"] == [name]
    await served.later()
    phones = [one["channel"].rpartition("-")[0] for one in await served.channels()]
    assert phones == ["SIP/jessica-desk", "SIP/helen"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "Invalid action. Expected list, hangup, originate, redirect"),
        ({"action": "dance"}, "Invalid action. Expected list, hangup, originate, redirect"),
        ({"action": "hangup"}, "Missing Channel. It is mandatory"),
        ({"action": "hangup", "data": {"channel": "SIP/x-00000001"}}, UNKNOWN),
        ({"action": "redirect", "data": {"channel": "SIP/x-1", "exten": "1"}}, UNKNOWN),
        ({"action": "redirect", "data": {"channel": "SIP/x-1"}}, "Missing Exten. It is mandatory"),
        ({"action": "originate", "data": {"tech": "SIP/x", "exten": "1"}}, UNKNOWN),
        ({"action": "originate", "data": {"tech": "SIP/thomas"}}, "Missing Exten. It is mandatory"),
        (
            {"action": "originate", "data": {"tech": "SIP/thomas", "appname": "Dial"}},
            "Invalid Application. Check if pbx application exists",
        ),
    ],
)
async def test_what_can_t_be_done_is_said(parameters: dict[str, Any], message: str) -> None:
    assert await Talking().error("channel", **parameters) == [message]


async def test_users_status_tells_who_is_there_by_name() -> None:
    served = Talking()
    await served.call()
    answer = await served.php("users-status", type="sip")
    jessica = answer["results"]["jessica"]
    assert (jessica["username"], jessica["extension"], jessica["in_use"]) == ("jessica", 1001, 1)
    assert (jessica["status"], jessica["ip"], jessica["port"]) == ("OK", "demo", 5060)
    (contact,) = served.engine.contacts("thomas@demo")
    served.engine.unregister(contact)
    gone = (await served.php("users-status"))["results"]["thomas"]
    assert (gone["status"], gone["ip"]) == ("UNKNOWN", None)
    assert await served.php("users-status", type="iax") == {
        "has_error": False,
        "messages": [],
        "results": {},
    }
    assert await served.error("users-status", type="sipx") == ["Invalid type: sipx"]


async def test_a_queue_tells_who_is_there_and_what_became_of_its_calls() -> None:
    served = Talking()
    answer = await served.php("queues", action="info", data={"queue_status": True})
    (support,) = answer["results"]
    assert support == {
        "queue": "support",
        "strategy": "longest_idle",
        "callers_waiting": 0,
        "agents_logged_in": 1,
        "agents_free": 1,
        "agents": [{"agent_name": "jessica", "user_id": "1001", "status": "free", "paused": 0}],
    }
    row = {"agent_name": "jessica", "paused": 1}
    await served.php("queues", action="pause", data=[row])
    await ask(
        served.app,
        "POST",
        "/basix/api/call_user",
        {"user_name": "thomas", "destination": "support"},
    )
    await served.later()
    filters = {
        "queues": ["support"],
        "date_between": ["2000-01-01 00:00:00", "2100-01-01 00:00:00"],
    }
    (support,) = (await served.php("queues", action="info", filters=filters))["results"]
    assert (support["callers_waiting"], support["agents_free"]) == (1, 0)
    assert (support["agents_logged_in"], support["agents"][0]["status"]) == (1, "paused")
    assert (support["calls"], support["calls_answered"], support["talk_seconds"]) == (0, 0, 0)
    await served.php("channel", action="hangup", data={"channel": "all"})
    await served.later()
    (support,) = (await served.php("queues", action="info", filters=filters))["results"]
    assert (support["calls"], support["calls_not_answered"]) == (1, 1)


@pytest.mark.parametrize("queues", [["nobody"], ["sales"]])
async def test_queues_that_are_none_are_said(queues: list[str]) -> None:
    messages = await Talking().error("queues", action="info", filters={"queues": queues})
    assert messages == ["No Queues found"]


async def test_agents_pause_and_go_on() -> None:
    served = Talking()
    row = {"agent_name": "jessica", "reason": "other", "paused": 1}
    answer = await served.php("queues", action="pause", data=[row])
    assert answer["results"] == [{"agent_name": "jessica", "user_id": "1001", "result": 1}]
    members = (await served.get("/groups/support")).json["members"]
    assert [(one["state"], one["reason"]) for one in members] == [("paused", "other")]
    await served.php("queues", action="pause", data=[row | {"paused": 0}])
    members = (await served.get("/groups/support")).json["members"]
    assert members[0]["state"] == "ready"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([{"agent_name": "nobody", "paused": 1}], "No interfaces could be matched"),
        ([{"agent_name": "helen", "paused": 1}], "No interfaces could be matched"),
        ([{"paused": 1}], "Missing Agent name. It is mandatory"),
        ([{"agent_name": "jessica", "paused": 7}], "Invalid Paused. Expected 0 or 1"),
        ([7], "Missing Agent name. It is mandatory"),
    ],
)
async def test_a_row_that_is_wrong_is_named(data: Any, message: str) -> None:
    messages = await Talking().error("queues", action="pause", data=data)
    assert messages == [f"Queue pause error for row 1: {message}"]


@pytest.mark.parametrize("data", [None, [], "x", [{"agent_name": "jessica"}] * 101])
async def test_rows_are_bounded(data: Any) -> None:
    (message,) = await Talking().error("queues", action="pause", data=data)
    assert message == "Invalid data. Expected a list of 1 to 100 agents"
