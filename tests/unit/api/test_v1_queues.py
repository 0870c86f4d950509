"""Who waits for a group, over v1."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args, get_type_hints

import pytest

from cordboard.api.v1.queues import AgentShown, agent_shown
from cordboard.calls.people.strategies import Candidate, Obstacle
from cordboard.directory.queue_rules import QueueRules
from support.tenants import tenant
from support.v1 import Served

pytestmark = pytest.mark.anyio


async def test_who_waits_is_shown_with_the_agents() -> None:
    where = tenant()
    support = replace(where.groups[1], queue=QueueRules())
    served = Served(replace(where, groups=(where.groups[0], support)))
    await served.post("/groups/support/members/jessica/pause", b"")
    body = {"first": {"user": {"name": "thomas"}}, "second": {"group": {"name": "support"}}}
    placed = (await served.post("/calls", body)).json
    served.engine.far(placed["channels"][0]).answer()
    shown = (await served.get("/groups/2002/queue")).json
    assert shown["group"] == {"id": 2002, "name": "support"}
    (waiting,) = shown["waiting"]
    assert waiting["call"] == placed["id"]
    assert waiting["channel"] == placed["channels"][0]
    assert (waiting["place"], waiting["state"]) == (1, "waiting")
    assert waiting["party"]["name"] == "thomas"
    assert shown["agents"] == [{"user": {"id": 1001, "name": "jessica"}, "state": "paused"}]
    await served.post("/groups/support/members/jessica/unpause", b"")
    shown = (await served.get("/groups/support/queue")).json
    assert [one["state"] for one in (*shown["waiting"], *shown["agents"])] == ["ringing"] * 2


async def test_a_wrap_up_is_ended_early() -> None:
    where = tenant()
    support = replace(where.groups[1], wrap_up=60.0)
    served = Served(replace(where, groups=(where.groups[0], support)))
    body = {"first": {"group": {"name": "support"}}, "second": {"context": "welcome"}}
    placed = (await served.post("/calls", body)).json
    far = served.engine.far(placed["channels"][0])
    far.answer()
    far.hang_up()
    agents = (await served.get("/groups/support/queue")).json["agents"]
    assert [one["state"] for one in agents] == ["wrapping_up"]
    for _ in range(2):
        assert (await served.post("/users/jessica/wrapped-up", b"")).status == 204
    agents = (await served.get("/groups/support/queue")).json["agents"]
    assert [one["state"] for one in agents] == ["free"]
    assert (await served.post("/users/nobody/wrapped-up", b"")).status == 404


def test_every_obstacle_has_its_word() -> None:
    shown = get_args(get_type_hints(AgentShown)["state"])
    assert {"free", *(_agent_state(one) for one in Obstacle)} == set(shown)


def _agent_state(obstacle: Obstacle) -> str:
    return str(agent_shown(Candidate(1, "ann", obstacle=obstacle))["state"])


async def test_nobody_waits_where_there_is_no_queue() -> None:
    shown = (await Served().get("/groups/sales/queue")).json
    assert shown["waiting"] == []
    assert [one["state"] for one in shown["agents"]] == ["free", "free"]
    assert (await Served().get("/groups/nobody/queue")).status == 404
