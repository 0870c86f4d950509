"""What agents do over v1: log in and out of their groups, pause."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from cordboard.api.auth import Principal
from cordboard.api.services import Services
from cordboard.api.v1.access import Here, needs
from cordboard.api.v1.answers import example, nothing, shown
from cordboard.api.v1.bodies import json_of, read_as, takes
from cordboard.api.v1.directory import MEMBER, GroupKey, UserKey, group_named, user_named
from cordboard.api.v1.directory_view import MemberShown, member_view
from cordboard.api.v1.problems import Problem, described
from cordboard.api.v1.routing import v1_router
from cordboard.calls.people.agents import AgentAct, NotLoggedIn

router = v1_router("agents")

Acting = Annotated[Principal, needs("agents:write")]

LONGEST_REASON: Final = 100

_PROBLEMS: Final = ("no_such_group", "no_such_member", "overloaded")
_BODY: Final = ("invalid_json", "body_too_large", "unsupported_media_type", "invalid_parameter")


class Pause(BaseModel):
    """Why an agent pauses."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str | None = Field(
        None,
        min_length=1,
        max_length=LONGEST_REASON,
        pattern="^[^\\x00-\\x1f\\x7f]+$",
        description="for people; no control characters",
    )


async def _pause(request: Request) -> Pause:
    """The body, which may be left out."""
    return read_as(Pause, await json_of(request, needed=False))


def _answers(state: str, *problems: str) -> dict[int | str, dict[str, Any]]:
    reason = "lunch" if state == "paused" else None
    shown_as = {**MEMBER, "state": state, "reason": reason}
    return {200: example(shown_as), **described(*_PROBLEMS, *problems)}


@router.post(
    "/groups/{group}/members/{user}/login",
    response_model=MemberShown,
    responses=_answers("ready"),
)
async def login(principal: Acting, here: Here, group: GroupKey, user: UserKey) -> Response:
    """Log an agent in; he is not paused then. One who is logged in stays as he is."""
    return await _act(principal, here, group, user, AgentAct.LOGIN)


@router.post(
    "/groups/{group}/members/{user}/logout",
    response_model=MemberShown,
    responses=_answers("logged_out"),
)
async def logout(principal: Acting, here: Here, group: GroupKey, user: UserKey) -> Response:
    """Log an agent out."""
    return await _act(principal, here, group, user, AgentAct.LOGOUT)


_OPTIONAL: Final = takes(Pause, {"lunch": {"reason": "lunch"}})
_OPTIONAL["requestBody"]["required"] = False


@router.post(
    "/groups/{group}/members/{user}/pause",
    response_model=MemberShown,
    responses=_answers("paused", "agent_logged_out", *_BODY),
    openapi_extra=_OPTIONAL,
)
async def pause(
    principal: Acting,
    here: Here,
    group: GroupKey,
    user: UserKey,
    body: Annotated[Pause, Depends(_pause)],
) -> Response:
    """Pause an agent, for a reason or none; one who is paused gets the new reason."""
    return await _act(principal, here, group, user, AgentAct.PAUSE, body.reason)


@router.post(
    "/groups/{group}/members/{user}/unpause",
    response_model=MemberShown,
    responses=_answers("ready", "agent_logged_out"),
)
async def unpause(principal: Acting, here: Here, group: GroupKey, user: UserKey) -> Response:
    """End an agent's pause."""
    return await _act(principal, here, group, user, AgentAct.UNPAUSE)


@router.post(
    "/users/{user}/wrapped-up",
    status_code=204,
    response_class=Response,
    responses=described("no_such_user", "overloaded"),
)
async def wrapped_up(principal: Acting, here: Here, user: UserKey) -> Response:
    """End an agent's wrap-up early, so that groups ring him again; one who does not wrap up stays
    as he is."""
    tenant = principal.tenant
    named = user_named(tenant, user)
    if await here.exchange.wrap_ups.end(tenant, named, principal.account.name):
        here.exchange.queues.somebody_may_be_free(tenant.domain)
    return nothing()


async def _act(
    principal: Principal,
    here: Services,
    group_key: str,
    user_key: str,
    act: AgentAct,
    reason: str | None = None,
) -> Response:
    tenant = principal.tenant
    group = group_named(tenant, group_key)
    try:
        user = user_named(tenant, user_key)
    except Problem:
        user = None
    member = next((m for m in group.members if user is not None and m.user_id == user.id), None)
    if user is None or member is None:
        raise Problem("no_such_member", f"the group {group.name} has no such member")
    try:
        state = await here.agents.act(
            tenant.domain, group, user, act, principal.account.name, reason
        )
    except NotLoggedIn:
        message = f"{user.name} is logged out of {group.name}"
        raise Problem("agent_logged_out", message) from None
    return shown(member_view(member, user, state))
