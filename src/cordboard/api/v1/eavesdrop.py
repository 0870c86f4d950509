"""What v1 lets a user overhear: he is called, and hears by that the two of another call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from cordboard.api.auth import Principal
from cordboard.api.v1.access import Here, Reader, needs
from cordboard.api.v1.answers import example, nothing, shown
from cordboard.api.v1.asked import LegAsked, Name, between
from cordboard.api.v1.bodies import Bound, body_of, takes
from cordboard.api.v1.calls import (
    REFUSED,
    UNREADABLE,
    RepeatKey,
    origin_of,
    placed,
    placing_answers,
)
from cordboard.api.v1.named import CallName, call_named
from cordboard.api.v1.problems import Fault, described
from cordboard.api.v1.routing import v1_router
from cordboard.api.v1.translation import eavesdropping_of
from cordboard.api.v1.view import CallShown
from cordboard.api.v1.wishing import why_not, wish
from cordboard.calls.planning.explain import explain_refusal
from cordboard.calls.ports import EavesdropMode
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import Leg
from cordboard.calls.running.wishes import Wishes

router = v1_router("eavesdropping")

Eavesdropper = Annotated[Principal, needs("calls:eavesdrop")]
ModeName = Literal["listen", "whisper", "join"]
LegName = Literal["first", "second"]

_NOT_ALLOWED: Final = RefusalId.EAVESDROPPING_NOT_ALLOWED.value
_MODE: Final = (
    "`listen`: nobody hears him; `whisper`: the watched party alone does; `join`: both do"
)
_WATCHED: Final = "which party is watched; null: one whom he may overhear, a user of ours first"


class EavesdropAsked(Bound):
    """Who overhears a call, and how."""

    first: LegAsked = Field(
        description="who is rung: a `user`, his `terminal`, or a `number` of his (`as_user`)"
    )
    leg: LegName | None = Field(None, description=_WATCHED)
    mode: ModeName = Field("listen", description=_MODE)

    @classmethod
    def also_wrong(cls, sent: dict[str, Any]) -> Iterator[Fault]:
        """What is wrong between the members of the leg."""
        if isinstance(sent.get("first"), dict):
            yield from between(sent["first"], "first")


class ModeAsked(Bound):
    """How a call overhears from now on, and perhaps another one."""

    mode: ModeName = Field(description=_MODE)
    call: Name | None = Field(
        None,
        description="another call to be overheard from now on, by its id or the UUID of one of its "
        "channels; null: the same one",
    )
    leg: LegName | None = Field(None, description=_WATCHED)


@router.post(
    "/calls/{call}/eavesdrop",
    status_code=201,
    response_model=CallShown,
    responses={
        **placing_answers("Accepted; he is rung"),
        **described(
            *("call_not_found", "call_over", "wrong_state", _NOT_ALLOWED), *UNREADABLE, *REFUSED
        ),
    },
    openapi_extra=takes(
        EavesdropAsked,
        {
            "listen": {"first": {"user": {"name": "helen"}}},
            "whisper": {
                "first": {"user": {"name": "helen"}, "auto_answer": True},
                "leg": "first",
                "mode": "whisper",
            },
        },
    ),
)
async def eavesdrop(
    principal: Eavesdropper,
    here: Here,
    call: CallName,
    asked: Annotated[EavesdropAsked, body_of(EavesdropAsked)],
    request: Request,
    idempotency_key: RepeatKey = None,
) -> Response:
    """Let a user overhear two who talk: he is rung, and hears them from his answer on.

    That is a call of its own, which the answer shows. It ends when he hangs up, or with the call
    that is overheard. The directory says whom he may overhear (`eavesdrop` of a user).
    """
    del idempotency_key  # for the document: it is read as in all dialects
    tenant, watched = call_named(here, principal, call)
    if here.exchange.conversation(tenant, watched) is None:
        raise await why_not(here, tenant, watched)
    return await placed(here, eavesdropping_of(asked, watched, origin_of(here, principal)), request)


@router.post(
    "/calls/{call}/eavesdrop/explain",
    response_model=dict[str, Any],
    responses={
        200: example({"accepted": True, "limit_reached": None}),
        **described("call_not_found", "call_over", "wrong_state", *UNREADABLE, "invalid_parameter"),
    },
    openapi_extra=takes(EavesdropAsked, {"listen": {"first": {"user": {"name": "helen"}}}}),
)
async def explain_eavesdropping(
    principal: Reader,
    here: Here,
    call: CallName,
    asked: Annotated[EavesdropAsked, body_of(EavesdropAsked)],
) -> Response:
    """What `eavesdrop` with the same body would do now, and why; nothing rings."""
    tenant, watched = call_named(here, principal, call)
    if here.exchange.conversation(tenant, watched) is None:
        raise await why_not(here, tenant, watched)
    wanted = eavesdropping_of(asked, watched, origin_of(here, principal))
    try:
        return shown(here.exchange.explain(wanted))
    except Refused as refusal:
        return shown(explain_refusal(refusal))


@router.post(
    "/calls/{call}/eavesdrop/mode",
    status_code=204,
    responses=described(
        *("call_not_found", "call_over", "wrong_state", _NOT_ALLOWED, *UNREADABLE),
        *("invalid_parameter", "invalid_destination", "channel_limit_reached"),
    ),
    openapi_extra=takes(ModeAsked, {"join": {"mode": "join"}}),
)
async def change_mode(
    principal: Eavesdropper,
    here: Here,
    call: CallName,
    asked: Annotated[ModeAsked, body_of(ModeAsked)],
) -> Response:
    """Have a call that overhears another one (this is the one placed by `eavesdrop`) do so in
    another mode, or turn to another call."""
    other = None if asked.call is None else call_named(here, principal, asked.call)[1]
    leg = None if asked.leg is None else Leg(asked.leg)

    def turn(wishes: Wishes, _now: float) -> None:
        wishes.eavesdrop(other, leg, EavesdropMode(asked.mode))

    await wish(here, principal, call, turn)
    return nothing()
