"""Lists of calls, in pages, the newest first."""

from __future__ import annotations

import binascii
import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Any, Final, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from cordboard.api.v1.access import Here, Reader
from cordboard.api.v1.answers import example, shown
from cordboard.api.v1.asked import MAX_EXTERNAL_ID, PRINTABLE
from cordboard.api.v1.moments import AskedMoment
from cordboard.api.v1.problems import Fault, Problem, described, wrong
from cordboard.api.v1.routing import v1_router
from cordboard.api.v1.translation import began_by, named
from cordboard.api.v1.view import CALL_EXAMPLE, ResultShown
from cordboard.calls.events import Json
from cordboard.calls.running.progress import progress_of
from cordboard.calls.stages import Stage
from cordboard.journal.listing import Place, Standing, Wanted, place_of
from cordboard.journal.port import CallRecord, Journal

router = v1_router("calls")

PAGE: Final = 50
LONGEST_PAGE: Final = 500
"""Calls of one answer: at some 700 octets each a third of a megabyte."""

LONGEST_CURSOR: Final = 200
"""Characters: a time and an id, in base64."""

PageSize = Annotated[int, Query(ge=1, le=LONGEST_PAGE)]
PageCursor = Annotated[
    str | None, Query(max_length=LONGEST_CURSOR, description="the `next` of the page before")
]
"""Of every list of what the journal has."""


class CallListed(BaseModel):
    """A call in a list; all that happened on its legs is shown with the call itself."""

    id: str
    state: str = Field(description="the stage that the call is in")
    dialect: str
    method: str
    direction: str = Field(description="who began it: `request`, `phone` or `trunk`")
    account: str = Field(description="of the client; the terminal or trunk of who calls himself")
    accepted_at: float = Field(description="seconds since 1970")
    ended_at: float | None
    channels: list[str]
    external_id: str | None
    first: dict[str, Any] | None = Field(
        description="who was asked for, as in `POST /v1/calls`, or who calls himself"
    )
    second: dict[str, Any] | None
    result: ResultShown | None


class CallPage(BaseModel):
    """A page of calls."""

    calls: list[CallListed]
    next: str | None = Field(description="the `cursor` of the next page; null: there is none")


_LISTED: Final = {
    **{name: CALL_EXAMPLE[name] for name in CallListed.model_fields},
    "first": {"user": {"name": "jessica"}},
    "second": {"number": "0312341234"},
}


@router.get(
    "/calls",
    response_model=CallPage,
    responses={
        200: example({"calls": [_LISTED], "next": "MHgxLjhwKzA6NWE2ZQ"}),
        **described("invalid_parameter"),
    },
)
async def list_calls(
    principal: Reader,
    here: Here,
    external_id: Annotated[
        str | None,
        Query(max_length=MAX_EXTERNAL_ID, pattern=PRINTABLE, description="the client's own id"),
    ] = None,
    state: Annotated[
        Literal["scheduled", "live", "ended"] | None,
        Query(description="`live`: begun and not over"),
    ] = None,
    since: Annotated[
        AskedMoment | None, Query(alias="from", description="accepted then or later")
    ] = None,
    until: Annotated[AskedMoment | None, Query(alias="to", description="accepted before")] = None,
    limit: PageSize = PAGE,
    cursor: PageCursor = None,
) -> Response:
    """Calls, the newest first."""
    wanted = Wanted(
        limit=limit + 1,  # whether there are more
        external_id=external_id,
        standing=None if state is None else Standing(state),
        since=since,
        until=until,
        after=None if cursor is None else place_in(cursor),
    )
    found = await here.journal.calls(principal.tenant.domain, wanted)
    page = found[:limit]
    calls: list[Json] = [await _listed(here.journal, record) for record in page]
    more = cursor_of(place_of(page[-1])) if len(found) > limit else None
    return shown({"calls": calls, "next": more})


async def _listed(journal: Journal, record: CallRecord) -> dict[str, Json]:
    request = record.request or {}
    return {
        "id": record.id,
        "state": (await _stage(journal, record)).value,
        "dialect": record.dialect,
        "method": record.method,
        "direction": began_by(request.get("first")).value,
        "account": record.account,
        "accepted_at": record.accepted_at,
        "ended_at": record.ended_at,
        "channels": list(record.channels),
        "external_id": record.external_id,
        "first": named(request.get("first")),
        "second": named(request.get("second")),
        "result": record.result,
    }


async def _stage(journal: Journal, record: CallRecord) -> Stage:
    """The stage of a call; those that are not over are at hand with their events."""
    if record.ended_at is not None:
        return Stage.ENDED
    return progress_of(await journal.events_of(record.tenant, record.id)).stage


def cursor_of(place: Place) -> str:
    """The place as clients get it."""
    written = f"{place.accepted_at.hex()}:{place.id}".encode()
    return urlsafe_b64encode(written).rstrip(b"=").decode()


def place_in(cursor: str) -> Place:
    """The place that a cursor is; raises :class:`Problem`."""
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        at, _, call = text.partition(":")
        place = Place(float.fromhex(at), call)
    except (ValueError, OverflowError, binascii.Error):
        raise _no_cursor() from None
    if not math.isfinite(place.accepted_at) or not call.isprintable():
        raise _no_cursor()
    return place


def _no_cursor() -> Problem:
    return wrong([Fault(where="query", path="cursor", detail="is no cursor of ours")])
