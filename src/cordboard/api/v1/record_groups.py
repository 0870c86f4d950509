"""The record groups of a tenant, as its directory has them."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, Field
from starlette.responses import Response

from cordboard.api.v1.answers import example, shown
from cordboard.api.v1.directory import Looking
from cordboard.api.v1.pages import PAGE, Cursor, Limit, page_of
from cordboard.api.v1.problems import described
from cordboard.api.v1.routing import v1_router
from cordboard.calls.events import Json
from cordboard.directory.recording import RecordGroup

router = v1_router("recordings")


class RecordGroupShown(BaseModel):
    """Recordings that are kept together."""

    id: int
    name: str
    label: str
    folder: str = Field(description="below the tenant's")
    fraction: float = Field(description="of the calls that are to be recorded so many are, 0 to 1")
    beep: bool = Field(description="whether both parties hear that a recording begins")
    keep_days: float | None = Field(description="null: as the tenant's are")


class RecordGroupPage(BaseModel):
    """A page of record groups."""

    record_groups: list[RecordGroupShown]
    next: str | None = Field(description="the `cursor` of the next page; null: there is none")


_EXAMPLE: Final[dict[str, Any]] = {
    "id": 1,
    "name": "quality",
    "label": "Quality",
    "folder": "quality",
    "fraction": 0.1,
    "beep": True,
    "keep_days": 30.0,
}


@router.get(
    "/record_groups",
    response_model=RecordGroupPage,
    responses={
        200: example({"record_groups": [_EXAMPLE], "next": None}),
        **described("invalid_parameter"),
    },
)
async def list_record_groups(
    principal: Looking, limit: Limit = PAGE, cursor: Cursor = None
) -> Response:
    """All record groups, by their names."""
    known = principal.tenant.record_groups
    page, more = page_of(known, lambda group: group.name, limit, cursor)
    groups: list[Json] = [_view(group) for group in page]
    return shown({"record_groups": groups, "next": more})


def _view(group: RecordGroup) -> dict[str, Json]:
    return {
        "id": group.id,
        "name": group.name,
        "label": group.label,
        "folder": group.folder,
        "fraction": group.fraction,
        "beep": group.beep,
        "keep_days": group.keep_days,
    }
