"""What v1 does with calls: look, explain, hang up. A tenant never sees another's: they are not
found."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BaseModel, Field
from starlette.responses import Response

from cordboard.api.basix.methods import METHODS, Origin
from cordboard.api.basix.names import basix_name
from cordboard.api.v1.access import Here, Reader, Writer
from cordboard.api.v1.answers import example, nothing, shown
from cordboard.api.v1.bodies import body_of, takes
from cordboard.api.v1.named import CallName, call_named, no_such_call
from cordboard.api.v1.problems import Problem, described
from cordboard.api.v1.routing import v1_router
from cordboard.api.v1.view import CALL_EXAMPLE, CallShown, call_view
from cordboard.calls.events import Json
from cordboard.calls.explain import explain_refusal
from cordboard.calls.refusals import Refused

router = v1_router("calls")

BASIX_REQUEST: Final = {
    "dialect": "basix",
    "method": "call_user",
    "parameters": {"user_name": "jessica", "destination": "0312341234"},
}


class ToExplain(BaseModel):
    """A vendor's request, to be explained."""

    dialect: str = "basix"
    method: str
    parameters: dict[str, Any] = Field(description="the method's own JSON object")


@router.get(
    "/calls/{call}",
    response_model=CallShown,
    responses={200: example(CALL_EXAMPLE), **described("call_not_found")},
)
async def show_call(principal: Reader, here: Here, call: CallName) -> Response:
    """A call with both legs' timelines."""
    tenant, call = call_named(here, principal, call)
    record = await here.journal.call(tenant, call)
    if record is None:
        raise no_such_call()
    return shown(call_view(record, await here.journal.events_of(tenant, call)))


@router.delete("/calls/{call}", status_code=204, responses=described("call_not_found", "call_over"))
async def end_call(principal: Writer, here: Here, call: CallName) -> Response:
    """End a call, whatever its state."""
    tenant, call = call_named(here, principal, call)
    if here.exchange.hang_up(tenant, call):
        return nothing()
    if await here.journal.call(tenant, call) is None:
        raise no_such_call()
    raise Problem("call_over", "there is nothing left to hang up")


@router.post(
    "/calls/explain",
    response_model=dict[str, Any],
    responses={
        200: example({"accepted": True, "limit_reached": None}),
        **described("invalid_json", "body_too_large", "unsupported_media_type"),
        **described("invalid_parameter"),
    },
    openapi_extra=takes(ToExplain, {"basix": BASIX_REQUEST}),
)
async def explain_call(
    principal: Reader, here: Here, body: Annotated[ToExplain, body_of(ToExplain)]
) -> Response:
    """What a vendor's request would do, and why; nothing rings."""
    translate = METHODS.get(body.method)
    if body.dialect != "basix" or translate is None:
        known = ", ".join(METHODS)
        raise Problem("invalid_parameter", f"dialect is basix, method is one of {known}")
    exchange = here.exchange
    origin = Origin(exchange.new_call_id(), principal.tenant.domain, principal.account.name)
    explained: dict[str, Json]
    try:
        explained = exchange.explain(translate(body.parameters, origin))
    except Refused as refusal:
        refusal.parameter = basix_name(refusal.parameter, body.method, body.parameters)
        explained = explain_refusal(refusal)
    return shown(explained)
