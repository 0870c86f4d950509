"""Where users' calls go over v1: look, say, and take it back."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from cordboard.api.auth import Principal
from cordboard.api.services import Services
from cordboard.api.v1.absent import NullIs
from cordboard.api.v1.access import Here, needs
from cordboard.api.v1.answers import example, shown
from cordboard.api.v1.asked import PRINTABLE
from cordboard.api.v1.bodies import Bound, body_of, takes
from cordboard.api.v1.directory import UserKey, user_named
from cordboard.api.v1.problems import described
from cordboard.api.v1.routing import v1_router
from cordboard.calls.events import Json
from cordboard.directory.forwarding import (
    DEFAULT_AFTER,
    LONGEST_AFTER,
    LONGEST_TARGET,
    Forwarding,
)
from cordboard.directory.model import User
from cordboard.directory.snapshot import TenantDirectory

router = v1_router("forwarding")

Looking = Annotated[Principal, needs("directory:read")]
Choosing = Annotated[Principal, needs("forwarding:write")]

To = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TARGET, pattern=PRINTABLE)]

_PATH: Final = "/users/{user}/forwarding"
_CHOSEN: Final = {
    "always": None,
    "busy": "1002",
    "no_answer": "0312341234",
    "after": 15.0,
    "do_not_disturb": False,
}
_BODY: Final = ("invalid_json", "body_too_large", "unsupported_media_type", "invalid_parameter")


class ForwardingAsked(Bound):
    """Where a user's calls go. What is left out is so no more."""

    always: To | None = Field(None, description="to whom at once, as one would dial him")
    busy: To | None = Field(None, description="to whom when he is busy or declines")
    no_answer: To | None = Field(
        None, description="to whom when nobody answers, or no phone of his is there"
    )
    after: Annotated[
        float, Field(ge=1, le=LONGEST_AFTER, allow_inf_nan=False), NullIs(DEFAULT_AFTER)
    ] = Field(DEFAULT_AFTER, description="seconds until nobody answers")
    do_not_disturb: Annotated[bool, NullIs(False)] = Field(
        False, description="he is busy for everybody"
    )


class ForwardingShown(BaseModel):
    """Where a user's calls go, and whether that was chosen, or is what the directory says."""

    always: str | None
    busy: str | None
    no_answer: str | None
    after: float
    do_not_disturb: bool
    chosen: bool


def _responses(*problems: str, chosen: bool = True) -> dict[int | str, dict[str, Any]]:
    return {200: example({**_CHOSEN, "chosen": chosen}), **described("no_such_user", *problems)}


@router.get(_PATH, response_model=ForwardingShown, responses=_responses())
async def show_forwarding(principal: Looking, here: Here, user: UserKey) -> Response:
    """Where a user's calls go."""
    return _shown(here, principal.tenant, user_named(principal.tenant, user))


@router.put(
    _PATH,
    response_model=ForwardingShown,
    responses=_responses(*_BODY, "invalid_destination", "no_route", "overloaded"),
    openapi_extra=takes(ForwardingAsked, {"away": {"no_answer": "0312341234", "after": 15}}),
)
async def choose_forwarding(
    principal: Choosing,
    here: Here,
    user: UserKey,
    asked: Annotated[ForwardingAsked, body_of(ForwardingAsked)],
) -> Response:
    """Have a user's calls go elsewhere from now on, whatever the directory says."""
    terms = Forwarding(**asked.model_dump())
    return await _choose(principal, here, user, terms)


@router.delete(_PATH, response_model=ForwardingShown, responses=_responses(chosen=False))
async def forget_forwarding(principal: Choosing, here: Here, user: UserKey) -> Response:
    """Have a user's calls go where the directory says."""
    return await _choose(principal, here, user, None)


async def _choose(
    principal: Principal, here: Services, key: str, terms: Forwarding | None
) -> Response:
    tenant = principal.tenant
    user = user_named(tenant, key)
    await here.forwardings.choose(tenant, user, terms, principal.account.name)
    return _shown(here, tenant, user)


def _shown(here: Services, tenant: TenantDirectory, user: User) -> Response:
    terms = here.forwardings.of(tenant, user)
    view: dict[str, Json] = {
        "always": terms.always,
        "busy": terms.busy,
        "no_answer": terms.no_answer,
        "after": terms.after,
        "do_not_disturb": terms.do_not_disturb,
        "chosen": here.forwardings.chosen(tenant, user) is not None,
    }
    return shown(view)
