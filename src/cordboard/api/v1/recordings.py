"""Recordings: listed, looked at, heard, and deleted. A tenant has its own only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

import structlog
from anyio import to_thread
from fastapi import Header, Path, Query, Request
from pydantic import BaseModel
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from cordboard.api.auth import Principal
from cordboard.api.ranges import Span, Unsatisfiable, is_known, span_of, still_the_same
from cordboard.api.requests import request_of
from cordboard.api.services import Services
from cordboard.api.v1.access import Here, needs
from cordboard.api.v1.answers import example, nothing, shown
from cordboard.api.v1.asked import PRINTABLE
from cordboard.api.v1.lists import PAGE, PageCursor, PageSize, cursor_of, place_in
from cordboard.api.v1.moments import AskedMoment
from cordboard.api.v1.problems import Problem, described
from cordboard.api.v1.recording_view import RECORDING_EXAMPLE, RecordingShown, recording_view
from cordboard.api.v1.routing import v1_router
from cordboard.calls.recorded_files import OpenFile
from cordboard.exchange.recordings import CLIENT
from cordboard.journal.listing import Place
from cordboard.journal.recordings import (
    KeptRecording,
    RecordingPlace,
    RecordingState,
    WantedRecordings,
    place_of,
)

router = v1_router("recordings")

PIECE: Final = 64 * 1024
"""Octets that are read at once: two seconds of voice, and a fraction of a millisecond of disk."""

WAV: Final = "audio/wav"

Hearing = Annotated[Principal, needs("recordings:read")]
Deleting = Annotated[Principal, needs("recordings:write")]
Named = Annotated[str, Path(description="a recording's id")]

_log = structlog.get_logger(__name__)


class RecordingPage(BaseModel):
    """A page of recordings."""

    recordings: list[RecordingShown]
    next: str | None


@router.get(
    "/recordings",
    response_model=RecordingPage,
    responses={
        200: example({"recordings": [RECORDING_EXAMPLE], "next": None}),
        **described("invalid_parameter"),
    },
)
async def list_recordings(
    principal: Hearing,
    here: Here,
    call: Annotated[
        str | None, Query(pattern=PRINTABLE, description="the id of a call: its only")
    ] = None,
    record_group: Annotated[
        str | None, Query(pattern=PRINTABLE, description="only those kept in it")
    ] = None,
    state: Annotated[RecordingState | None, Query(description="only those that stand so")] = None,
    since: Annotated[
        AskedMoment | None, Query(alias="from", description="begun then or later")
    ] = None,
    until: Annotated[AskedMoment | None, Query(alias="to", description="begun before")] = None,
    limit: PageSize = PAGE,
    cursor: PageCursor = None,
) -> Response:
    """Recordings, the newest first."""
    behind = None if cursor is None else place_in(cursor)
    wanted = WantedRecordings(
        limit=limit + 1,  # whether there are more
        call=call,
        record_group=record_group,
        state=state,
        since=since,
        until=until,
        after=None if behind is None else RecordingPlace(behind.accepted_at, behind.id),
    )
    found = await here.journal.recordings(principal.tenant.domain, wanted)
    page = found[:limit]
    more = None
    if len(found) > limit:
        last = place_of(page[-1])
        more = cursor_of(Place(last.started_at, last.id))
    return shown({"recordings": [recording_view(one) for one in page], "next": more})


@router.get(
    "/recordings/{recording}",
    response_model=RecordingShown,
    responses={200: example(RECORDING_EXAMPLE), **described("recording_not_found")},
)
async def show_recording(principal: Hearing, here: Here, recording: Named) -> Response:
    """One recording, also one that is deleted."""
    return shown(recording_view(await recording_named(here, principal, recording)))


_PARTIAL: Final[dict[str, Any]] = {
    "description": "The octets that were asked for",
    "content": {WAV: {"example": "..."}},
}


@router.get(
    "/recordings/{recording}/audio",
    response_class=Response,
    responses={
        200: {"description": "The WAV file", "content": {WAV: {"example": "RIFF..."}}},
        206: _PARTIAL,
        304: {"description": "The client has it already"},
        **described("recording_not_found", "recording_deleted", "range_not_satisfiable"),
    },
)
async def hear_recording(
    principal: Hearing,
    here: Here,
    recording: Named,
    request: Request,
    wanted: Annotated[
        str | None, Header(alias="range", description="`bytes=FROM-TO`; one span is given")
    ] = None,
    if_range: Annotated[
        str | None, Header(description="the `ETag` of what it is the rest of")
    ] = None,
    if_none_match: Annotated[
        str | None, Header(description="the `ETag` of what the client has")
    ] = None,
) -> Response:
    """What was said: WAV, 8 kHz, 16 bit, stereo, the first leg left, the second right.

    Of a recording that goes on, what there is by now. `HEAD` tells how much that is.
    """
    one, file = await _opened(here, principal, recording)
    tag = _tag(one, file)
    headers = _headers(one, tag)
    if is_known(if_none_match, tag):
        file.close()
        return Response(status_code=304, headers=headers)
    try:
        span = span_of(wanted, file.octets) if still_the_same(if_range, tag) else None
    except Unsatisfiable:
        file.close()
        size = (b"content-range", b"bytes */%d" % file.octets)
        detail = f"the recording has {file.octets} octets"
        raise Problem("range_not_satisfiable", detail, headers=(size,)) from None
    _log.info(
        "recording.fetched",
        tenant=one.tenant,
        account=principal.account.name,
        recording=one.id,
        request=request_of(request.scope),
    )
    if span is None:
        return _Audio(file, Span(0, file.octets), 200, headers)
    headers["content-range"] = f"bytes {span.start}-{span.end - 1}/{file.octets}"
    return _Audio(file, span, 206, headers)


@router.head("/recordings/{recording}/audio", include_in_schema=False)
async def measure_recording(
    principal: Hearing,
    here: Here,
    recording: Named,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """How much there is of it; a range is of GET alone (RFC 9110 14.2)."""
    one, file = await _opened(here, principal, recording)
    file.close()
    tag = _tag(one, file)
    headers = _headers(one, tag)
    if is_known(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    return Response(headers={**headers, "content-length": str(file.octets)}, media_type=WAV)


@router.delete(
    "/recordings/{recording}",
    status_code=204,
    responses=described("recording_not_found", "recording_under_way", "recording_deleted"),
)
async def delete_recording(
    principal: Deleting, here: Here, recording: Named, request: Request
) -> Response:
    """Delete what was said. That there was a recording is known on."""
    one = await recording_named(here, principal, recording)
    if one.state is RecordingState.RECORDING:
        raise Problem("recording_under_way", "stop it first, or hang up")
    if one.state is RecordingState.DELETED:
        raise Problem("recording_deleted", "it was deleted before")
    account = principal.account.name
    try:
        await here.recordings.erase(one, CLIENT, account)
    except OSError as error:
        _log.error("recording.undeletable", recording=one.id, reason=error.strerror)
        raise Problem("internal_error", "the file of the recording can't be deleted") from None
    _log.info(
        "recording.deleted",
        tenant=one.tenant,
        account=account,
        recording=one.id,
        request=request_of(request.scope),
    )
    return nothing()


async def recording_named(here: Services, principal: Principal, name: str) -> KeptRecording:
    """A recording of the tenant that asks. Raises :class:`Problem`: there is none, or it is
    another's."""
    found = None
    if name.isprintable():  # no database is asked for what none is called
        found = await here.journal.recording(principal.tenant.domain, name)
    if found is None:
        raise Problem("recording_not_found", "no recording of yours has this id")
    return found


async def _opened(
    here: Services, principal: Principal, name: str
) -> tuple[KeptRecording, OpenFile]:
    one = await recording_named(here, principal, name)
    try:
        file = await here.recordings.open(one)
    except OSError as error:
        _log.error("recording.unreadable", recording=one.id, reason=error.strerror)
        raise Problem("internal_error", "the file of the recording can't be read") from None
    if file is None:
        raise Problem("recording_deleted", "its file was deleted")
    return one, file


def _tag(one: KeptRecording, file: OpenFile) -> str | None:
    """What a file is known by that changes no more."""
    return None if one.state is RecordingState.RECORDING else f'"{one.id}-{file.octets}"'


def _headers(one: KeptRecording, tag: str | None) -> dict[str, str]:
    """``no-cache``: it may be kept, but heard only after asking whether it is still there."""
    headers = {
        "accept-ranges": "bytes",
        "cache-control": "no-store" if tag is None else "private, no-cache",
        "content-disposition": f'inline; filename="{one.id}.wav"',
        "x-content-type-options": "nosniff",
    }
    if tag is not None:
        headers["etag"] = tag
    return headers


class _Audio(StreamingResponse):
    """Octets of a file, read by threads piece by piece, as fast as the client takes them."""

    def __init__(self, file: OpenFile, span: Span, status: int, headers: dict[str, str]) -> None:
        length = str(span.end - span.start)
        super().__init__(_pieces(file, span), status, {**headers, "content-length": length}, WAV)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them, and let go of the file whatever becomes of that."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()


async def _pieces(file: OpenFile, span: Span) -> AsyncIterator[bytes]:
    at = span.start
    while at < span.end:
        piece = await to_thread.run_sync(file.read, at, min(PIECE, span.end - at))
        if not piece:
            raise OSError("a recording became shorter while it was read")
        yield piece
        at += len(piece)
