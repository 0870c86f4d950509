"""``GET /v1/cdrs``: a row for each call that is over, in pages as JSON, or all of them as CSV."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Any, Final, Literal

from fastapi import Header, Query
from pydantic import BaseModel, Field
from starlette.responses import Response, StreamingResponse

from cordboard.api.auth import Principal
from cordboard.api.v1.access import Here, needs
from cordboard.api.v1.answers import example, shown
from cordboard.api.v1.asked import MAX_EXTERNAL_ID, PRINTABLE
from cordboard.api.v1.lists import LONGEST_PAGE, PAGE, PageCursor, cursor_of, place_in
from cordboard.api.v1.moments import AskedMoment
from cordboard.api.v1.problems import described
from cordboard.api.v1.routing import v1_router
from cordboard.calls.events import Json, Outcome
from cordboard.feeds.cdr import Cdr, cdr_of
from cordboard.feeds.cdr_csv import CONTENT_TYPE, header, rows
from cordboard.journal.listing import Standing, Wanted, place_of
from cordboard.journal.port import CallRecord, Journal

router = v1_router("cdrs")

ROWS_AT_ONCE: Final = 200
"""Rows of CSV that are read and sent together: some 80 KB, and 2,400 events."""

_Accountant = Annotated[Principal, needs("cdrs:read")]


class CdrPage(BaseModel):
    """A page of rows."""

    cdrs: list[Cdr]
    next: str | None = Field(description="the `cursor` of the next page; null: there is none")


_CDR: Final[dict[str, Any]] = Cdr(
    id="5a6e0c1e-7a2b-4f7e-9d5b-0a4d6b7c8e9f",
    external_id="order-4711",
    account="main",
    dialect="v1",
    method="calls",
    group=None,
    first_kind="user",
    first_name="jessica",
    first_number="1001",
    first_caller_number="0312341234",
    first_caller_name="",
    first_trunk=None,
    second_kind="number",
    second_name="",
    second_number="0312341234",
    second_caller_number="05068680000",
    second_caller_name="",
    second_trunk="carrier",
    accepted_at=1767225600.0,
    started_at=1767225600.0,
    first_answered_at=1767225604.8,
    second_answered_at=1767225611.0,
    bridged_at=1767225611.0,
    ended_at=1767225671.2,
    first_ring_seconds=4.8,
    second_ring_seconds=6.2,
    talk_seconds=60.2,
    outcome="completed",
    leg="second",
    stage="bridged",
    cause="normal",
    sip_status=None,
    q850=16,
    hung_up_by="second",
    direction="request",
    recordings=("5a6e0c1e-7a2b-4f7e-9d5b-0a4d6b7c8e9f-1",),
    waiting_seconds=None,
    forwarded_to=None,
    cost=None,
    card=None,
).as_dict()

_ROWS: Final = {
    "example": header().decode() + "5a6e0c1e-7a2b-4f7e-9d5b-0a4d6b7c8e9f,order-4711,main,...\r\n",
    "schema": {"type": "string"},
}


@router.get(
    "/cdrs",
    response_model=CdrPage,
    responses={
        200: example({"cdrs": [_CDR], "next": None}, text_csv=_ROWS),
        **described("invalid_parameter"),
    },
)
async def list_cdrs(
    principal: _Accountant,
    here: Here,
    external_id: Annotated[
        str | None,
        Query(max_length=MAX_EXTERNAL_ID, pattern=PRINTABLE, description="the client's own id"),
    ] = None,
    outcome: Annotated[Outcome | None, Query(description="only calls that ended so")] = None,
    since: Annotated[
        AskedMoment | None, Query(alias="from", description="accepted then or later")
    ] = None,
    until: Annotated[AskedMoment | None, Query(alias="to", description="accepted before")] = None,
    limit: Annotated[
        int, Query(ge=1, le=LONGEST_PAGE, description="of JSON; CSV has all rows")
    ] = PAGE,
    cursor: PageCursor = None,
    form: Annotated[
        Literal["json", "csv"] | None, Query(alias="format", description="counts over `Accept`")
    ] = None,
    accept: Annotated[str, Header(description="`text/csv` for CSV")] = "",
) -> Response:
    """Call detail records of calls that are over, those accepted last first."""
    tenant = principal.tenant.domain
    wanted = Wanted(
        limit=limit + 1,  # whether there are more
        external_id=external_id,
        standing=Standing.ENDED,
        since=since,
        until=until,
        after=None if cursor is None else place_in(cursor),
        outcome=None if outcome is None else outcome.value,
    )
    if form == "csv" or (form is None and accept.strip().lower().startswith("text/csv")):
        headers = {"content-disposition": 'attachment; filename="cdrs.csv"'}
        told = _all_rows(here.journal, tenant, wanted)
        return StreamingResponse(told, headers=headers, media_type=CONTENT_TYPE)
    found = await here.journal.calls(tenant, wanted)
    page = found[:limit]
    cdrs: list[Json] = [cdr.as_dict() for cdr in await _cdrs(here.journal, tenant, page)]
    more = cursor_of(place_of(page[-1])) if len(found) > limit else None
    return shown({"cdrs": cdrs, "next": more})


async def _cdrs(journal: Journal, tenant: str, records: tuple[CallRecord, ...]) -> list[Cdr]:
    events = await journal.events_of_calls(tenant, [record.id for record in records])
    return [cdr_of(record, events[record.id]) for record in records]


async def _all_rows(journal: Journal, tenant: str, wanted: Wanted) -> AsyncIterator[bytes]:
    """Every row, some at a time: nobody's memory holds them all."""
    yield header()
    while True:
        page = await journal.calls(tenant, replace(wanted, limit=ROWS_AT_ONCE))
        if page:
            yield rows(await _cdrs(journal, tenant, page))
        if len(page) < ROWS_AT_ONCE:
            return
        wanted = replace(wanted, after=place_of(page[-1]))
