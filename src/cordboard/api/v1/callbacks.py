"""What v1 tells of callbacks: which are owed, what became of them, and once more on request. A
tenant sees the callbacks of its own calls only; their URLs are its own secrets."""

from __future__ import annotations

import math
import time
from typing import Annotated, Any, Final

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, Field
from starlette.responses import Response

from cordboard.api.auth import Principal
from cordboard.api.v1.access import Here, needs
from cordboard.api.v1.answers import example, shown
from cordboard.api.v1.asked import PRINTABLE
from cordboard.api.v1.problems import Problem, described
from cordboard.api.v1.routing import v1_router
from cordboard.calls.events import Json
from cordboard.journal.outbox import Attempt, Posted

PAGE: Final = 100
"""Callbacks of one answer."""

router = v1_router("callbacks")

Looking = Annotated[Principal, needs("callbacks:read")]
Sending = Annotated[Principal, needs("callbacks:write")]
Named = Annotated[str, Path(description="a callback's id, its `webhook-id`")]


class AttemptShown(BaseModel):
    """One attempt to deliver a callback."""

    at: float = Field(description="seconds since 1970")
    status: int | None = Field(description="the HTTP status of the receiver's answer")
    error: str | None
    seconds: float


class CallbackShown(BaseModel):
    """A callback and how it stands."""

    id: str
    call: str
    dialect: str
    url: str
    event: str
    at: float = Field(description="seconds since 1970")
    state: str = Field(description="pending, delivered, gone or given_up")
    tries: int
    next_at: float | None
    last: AttemptShown | None


class CallbackAttempts(CallbackShown):
    """A callback with all attempts."""

    attempts: list[AttemptShown]


class CallbackPage(BaseModel):
    """Callbacks, the newest first."""

    callbacks: list[CallbackShown]


_ATTEMPT: Final = {"at": 1767225634.9, "status": 204, "error": None, "seconds": 0.031}
_CALLBACK: Final[dict[str, Any]] = {
    "id": "msg_5a6e0c1e-7a2b-4f7e-9d5b-0a4d6b7c8e9f",
    "call": "5a6e0c1e-7a2b-4f7e-9d5b-0a4d6b7c8e9f",
    "dialect": "basix",
    "url": "https://crm.example.com/told",
    "event": "leg.answered",
    "at": 1767225634.8,
    "state": "delivered",
    "tries": 1,
    "next_at": None,
    "last": _ATTEMPT,
}


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("a time in seconds since 1970 is expected")
    return value


Before = Annotated[
    float | None,
    Query(description="only older ones: the next page begins before the `at` of the last"),
    AfterValidator(lambda value: None if value is None else _finite(value)),
]


@router.get(
    "/callbacks",
    response_model=CallbackPage,
    responses={200: example({"callbacks": [_CALLBACK]}), **described("invalid_parameter")},
)
async def list_callbacks(
    principal: Looking,
    here: Here,
    call: Annotated[
        str | None, Query(pattern=PRINTABLE, description="only those of a call")
    ] = None,
    before: Before = None,
) -> Response:
    """Callbacks and what became of them, the newest first."""
    found = await here.journal.posted(principal.tenant.domain, call=call, before=before, limit=PAGE)
    callbacks: list[Json] = [_view(posted) for posted in found]
    return shown({"callbacks": callbacks})


@router.get(
    "/callbacks/{callback}",
    response_model=CallbackAttempts,
    responses={
        200: example({**_CALLBACK, "attempts": [_ATTEMPT]}),
        **described("callback_not_found"),
    },
)
async def show_callback(principal: Looking, here: Here, callback: Named) -> Response:
    """A callback with every attempt to deliver it."""
    tenant = principal.tenant.domain
    posted = await here.journal.callback(tenant, callback) if callback.isprintable() else None
    if posted is None:
        raise _no_such_callback()
    attempts: list[Json] = [_attempt(one) for one in await here.journal.attempts(tenant, callback)]
    return shown({**_view(posted), "attempts": attempts})


@router.post(
    "/callbacks/{callback}/redeliver",
    status_code=202,
    response_model=CallbackShown,
    responses={
        202: example({**_CALLBACK, "state": "pending"}, "Will be delivered"),
        **described("callback_not_found"),
    },
)
async def redeliver_callback(principal: Sending, here: Here, callback: Named) -> Response:
    """Deliver a callback once more, whatever became of it."""
    if not callback.isprintable():  # PostgreSQL takes no NUL
        raise _no_such_callback()
    posted = await here.journal.again(principal.tenant.domain, callback, time.time())
    if posted is None:
        raise _no_such_callback()
    return shown(_view(posted), 202)


def _view(posted: Posted) -> dict[str, Json]:
    one = posted.owed
    return {
        "id": one.id,
        "call": one.call,
        "dialect": one.dialect,
        "url": one.url,
        "event": one.event.kind.value,
        "at": one.at,
        "state": posted.fate.value,
        "tries": posted.attempts,
        "next_at": posted.next_at,
        "last": None if posted.last is None else _attempt(posted.last),
    }


def _attempt(attempt: Attempt) -> dict[str, Json]:
    return {
        "at": attempt.at,
        "status": attempt.status,
        "error": attempt.error,
        "seconds": round(attempt.seconds, 3),
    }


def _no_such_callback() -> Problem:
    return Problem("callback_not_found", "no callback of yours has this id, or it is not kept")
