"""What v1 does with calls: place, look, end, explain. A tenant never sees another's: they are not
found."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Header, Request
from pydantic import BaseModel, Field
from starlette.responses import Response
from starlette.types import Scope

from cordboard.api.answer import Answer, compact
from cordboard.api.auth import Principal
from cordboard.api.basix.methods import METHODS
from cordboard.api.basix.names import basix_name
from cordboard.api.placing import REPLAYED, Origin, key_of
from cordboard.api.requests import note
from cordboard.api.services import Services
from cordboard.api.v1.access import Here, Reader, Writer
from cordboard.api.v1.answers import example, nothing, shown
from cordboard.api.v1.asked import CallAsked
from cordboard.api.v1.bodies import body_of, json_of, read_as, takes
from cordboard.api.v1.invited import explain_invite
from cordboard.api.v1.named import CallName, call_named, no_such_call
from cordboard.api.v1.problems import Problem, described
from cordboard.api.v1.routing import v1_router
from cordboard.api.v1.translation import request_of
from cordboard.api.v1.view import CALL_EXAMPLE, CallShown, call_view, recorded_in
from cordboard.calls.events import Json
from cordboard.calls.planning.explain import explain_refusal
from cordboard.calls.planning.offered_request import BY_PHONE, BY_TRUNK
from cordboard.calls.refusals import Refused
from cordboard.calls.request import CallRequest
from cordboard.calls.running.wishes import MAX_RECORDINGS
from cordboard.exchange.repetition import LONGEST_KEY
from cordboard.journal.port import CallRecord
from cordboard.journal.recordings import KeptRecording, WantedRecordings

router = v1_router("calls")

SIMPLE: Final[dict[str, Any]] = {
    "first": {"user": {"name": "jessica"}},
    "second": {"number": "0312341234"},
}
FULL: Final[dict[str, Any]] = {
    "first": {
        "user": {"extension": "1001"},
        "auto_answer": True,
        "answer_timeout": 30,
        "display_name": "Ticket 4711",
    },
    "second": {
        "number": "0312341234",
        "caller_id": "05068680000",
        "end_user": {"name": "Olive Oyl", "organization": "Thimble Theatre"},
        "screening": True,
        "warning": True,
    },
    "group": {"name": "support"},
    "record": True,
    "delay": 60,
    "external_id": "ticket-4711",
    "external_info": "the ticket that this is about",
    "variables": {"SKIP_WELCOME": "1"},
    "callback": {"url": "https://crm.example.com/told"},
    "metadata": {"campaign": "spring"},
}
BASIX_REQUEST: Final = {
    "dialect": "basix",
    "method": "call_user",
    "parameters": {"user_name": "jessica", "destination": "0312341234"},
}

UNREADABLE: Final = ("invalid_json", "body_too_large", "unsupported_media_type")
REFUSED: Final = (
    *("invalid_parameter", "user_not_found", "group_not_found", "invalid_destination"),
    *(
        "calling_number_not_allowed",
        "recording_not_allowed",
        "no_route",
        "tariff_denied",
        "no_credit",
        "user_not_registered",
        "no_member_available",
        "trunk_down",
    ),
    *("idempotency_conflict", "channel_limit_reached", "overloaded"),
)
_PLACED: Final = {
    "Location": {"description": "the call", "schema": {"type": "string"}},
    "Idempotency-Replayed": {
        "description": "`true`: the request was accepted before, by its key",
        "schema": {"type": "string"},
    },
}


RepeatKey = Annotated[
    str | None,
    Header(max_length=LONGEST_KEY, description="makes the request one that can be repeated"),
]


def placing_answers(accepted: str) -> dict[int | str, dict[str, Any]]:
    """What the document says of the answers of a request that places a call, or did before."""
    before = "Accepted before, as the key says; the call as it stands"
    return {
        201: {**example(CALL_EXAMPLE, accepted), "headers": _PLACED},
        200: {"model": CallShown, **example(CALL_EXAMPLE, before), "headers": _PLACED},
    }


class VendorsRequest(BaseModel):
    """A vendor's request, to be explained; or the call of a phone (`phone`) or trunk (`trunk`) of
    ours, whose method is `invite`."""

    dialect: str = "basix"
    method: str
    parameters: dict[str, Any] = Field(
        description="the method's own JSON object; of `invite` `dialled` and `terminal`, or "
        "`dialled`, `trunk` and perhaps `number` and `name` of the caller"
    )


@router.post(
    "/calls",
    status_code=201,
    response_model=CallShown,
    responses={
        **placing_answers("Accepted; the call is made"),
        **described(*UNREADABLE, *REFUSED),
    },
    openapi_extra=takes(CallAsked, {"simple": SIMPLE, "everything": FULL}),
)
async def place_call(
    principal: Writer,
    here: Here,
    asked: Annotated[CallAsked, body_of(CallAsked)],
    request: Request,
    idempotency_key: RepeatKey = None,
) -> Response:
    """Place a call: the first leg is rung, and whoever answers is connected with the second.

    The answer is about its acceptance; what becomes of it is told by the call itself, its events
    and its callback.
    """
    # What the document tells of it. A server answers by `placing.py`, before it comes here.
    del idempotency_key  # for the document: it is read as in all dialects
    wanted = request_of(asked, origin_of(here, principal))
    return await placed(here, wanted, request)


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
    return shown(await _view(here, record))


@router.delete("/calls/{call}", status_code=204, responses=described("call_not_found", "call_over"))
async def end_call(principal: Writer, here: Here, call: CallName) -> Response:
    """End a call, whatever its state: hang it up, or cancel it where it waits for its time."""
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
        **described(*UNREADABLE, "invalid_parameter"),
    },
    openapi_extra=takes(CallAsked, {"v1": SIMPLE, "basix": BASIX_REQUEST}, VendorsRequest),
)
async def explain_call(principal: Reader, here: Here, request: Request) -> Response:
    """What a request would do, and why; nothing rings. It is the body of `POST /v1/calls`, a
    vendor's request with its dialect and method, or the call of a phone or trunk of ours."""
    body = await json_of(request)
    origin = origin_of(here, principal)
    explained: dict[str, Json]
    try:
        if "dialect" in body or "method" in body:
            explained = _explain_vendors(here, origin, read_as(VendorsRequest, body))
        else:
            explained = here.exchange.explain(request_of(read_as(CallAsked, body), origin))
    except Refused as refusal:
        explained = explain_refusal(refusal)
    return shown(explained)


async def placed(here: Services, wanted: CallRequest, request: Request) -> Response:
    """Place a call, and answer with it as it stands then."""
    answer = await placed_at_once(here, wanted, request.scope)
    response = Response(answer.body, answer.status, media_type=answer.content_type.decode())
    response.raw_headers.extend(answer.headers)
    return response


async def placed_at_once(here: Services, wanted: CallRequest, scope: Scope) -> Answer:
    """The same as a value."""
    accepted = await here.exchange.place(wanted, key_of(scope))
    note(scope, call=accepted.call)
    record = await here.journal.call(wanted.tenant, accepted.call)
    if record is None:
        raise no_such_call()  # forgotten in this instant
    body = compact(await _view(here, record))
    location = (b"location", f"/v1/calls/{accepted.call}".encode())
    if accepted.repeated:
        return Answer(200, body, headers=(location, REPLAYED))
    return Answer(201, body, headers=(location,))


async def _view(here: Services, record: CallRecord) -> dict[str, Json]:
    events = await here.journal.events_of(record.tenant, record.id)
    kept: tuple[KeptRecording, ...] = ()
    if recorded_in(events):
        wanted = WantedRecordings(MAX_RECORDINGS, call=record.id)
        kept = await here.journal.recordings(record.tenant, wanted)
    return call_view(record, events, kept)


def _explain_vendors(here: Services, origin: Origin, asked: VendorsRequest) -> dict[str, Json]:
    if asked.dialect in (BY_PHONE, BY_TRUNK):
        return explain_invite(here, origin, asked.dialect, asked.method, asked.parameters)
    translate = METHODS.get(asked.method)
    if asked.dialect != "basix" or translate is None:
        known = ", ".join(METHODS)
        raise Problem(
            "invalid_parameter", f"dialect is basix, phone or trunk, method one of {known}, invite"
        )
    try:
        return here.exchange.explain(translate(asked.parameters, origin))
    except Refused as refusal:
        refusal.parameter = basix_name(refusal.parameter, asked.method, asked.parameters)
        raise


def origin_of(here: Services, principal: Principal) -> Origin:
    """Who asks, and the id of what he asks for."""
    return Origin(here.exchange.new_call_id(), principal.tenant.domain, principal.account.name)
