"""What v1 tells of those who wait for a group, and of its agents just now."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field
from starlette.responses import Response

from cordboard.api.auth import Principal
from cordboard.api.v1.access import Here, needs
from cordboard.api.v1.answers import example, shown
from cordboard.api.v1.directory import GroupKey, group_named
from cordboard.api.v1.directory_view import Named
from cordboard.api.v1.problems import described
from cordboard.api.v1.routing import v1_router
from cordboard.calls.events import Json
from cordboard.calls.people.strategies import Candidate, Obstacle
from cordboard.exchange.queues import Waiting

router = v1_router("directory")

Looking = Annotated[Principal, needs("calls:read")]

_WORDS: Final[dict[Obstacle, str]] = {
    Obstacle.LOGGED_OUT: "logged_out",
    Obstacle.PAUSED: "paused",
    Obstacle.BUSY: "busy",
    Obstacle.RINGING: "ringing",
    Obstacle.WRAPPING_UP: "wrapping_up",
    Obstacle.NOT_REGISTERED: "not_registered",
    Obstacle.DO_NOT_DISTURB: "do_not_disturb",
}


class WaitingShown(BaseModel):
    """Who waits."""

    place: int
    call: str
    channel: str | None = Field(description="of who waits; null while he hears his own ringback")
    party: dict[str, Any] | None
    since: float = Field(description="seconds since 1970")
    state: Literal["waiting", "ringing"] = Field(description="ringing: an agent is rung for him")


class AgentShown(BaseModel):
    """A member of the group, and whether he could be rung now."""

    user: Named
    state: Literal[
        "free",
        "busy",
        "ringing",
        "wrapping_up",
        "paused",
        "logged_out",
        "not_registered",
        "do_not_disturb",
    ]


class QueueShown(BaseModel):
    """The queue of a group: nobody waits where the group has none."""

    group: Named
    waiting: list[WaitingShown]
    agents: list[AgentShown]


_QUEUE: Final[dict[str, Any]] = {
    "group": {"id": 7, "name": "support"},
    "waiting": [
        {
            "place": 1,
            "call": "019a0c1e-7a2b-7f7e-9d5b-0a4d6b7c8e9f",
            "channel": "ede7b23e-c172-445e-832e-963b11ba2b96",
            "party": {"kind": "number", "name": "", "number": "0312341234"},
            "since": 1767225634.8,
            "state": "waiting",
        }
    ],
    "agents": [{"user": {"id": 1001, "name": "jessica"}, "state": "busy"}],
}


@router.get(
    "/groups/{group}/queue",
    response_model=QueueShown,
    responses={200: example(_QUEUE), **described("no_such_group")},
)
async def show_queue(principal: Looking, here: Here, group: GroupKey) -> Response:
    """Who waits for a group, in the order in which they came, and how its agents are just now."""
    tenant = principal.tenant
    found = group_named(tenant, group)
    queues = here.exchange.queues
    waiting: list[Json] = [_waiting(one) for one in queues.of(tenant.domain, found.id)]
    agents: list[Json] = [agent_shown(one) for one in queues.agents(tenant, found)]
    named: dict[str, Json] = {"id": found.id, "name": found.name}
    return shown({"group": named, "waiting": waiting, "agents": agents})


def _waiting(one: Waiting) -> dict[str, Json]:
    return {
        "place": one.place,
        "call": one.call,
        "channel": one.channel,
        "party": one.party,
        "since": one.since,
        "state": "ringing" if one.served else "waiting",
    }


def agent_shown(one: Candidate) -> dict[str, Json]:
    """A member and what keeps him from being rung now."""
    state = "free" if one.obstacle is None else _WORDS[one.obstacle]
    return {"user": {"id": one.user, "name": one.name}, "state": state}
