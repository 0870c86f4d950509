"""A recording as v1 shows it."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, Field

from cordboard.calls.events import Json
from cordboard.journal.recordings import KeptRecording, RecordingState


class RecordingShown(BaseModel):
    """A recording: what two parties said to each other, the first leg left."""

    id: str
    call: str = Field(description="the id of its call")
    state: str = Field(description="recording, complete, interrupted or deleted")
    group: str | None = Field(description="the group in whose context the call was made")
    record_group: str | None = Field(description="the record group that it is kept in")
    file: str = Field(description="below the server's folder of recordings")
    started_at: float = Field(description="seconds since 1970")
    ended_at: float | None = Field(description="null while it goes on")
    seconds: float | None = Field(description="how long it is; null: not known, or not yet")
    octets: int | None = Field(description="how large its file is")
    error: str | None = Field(description="why it broke off")
    keep_until: float | None = Field(description="when it will be deleted; null: never")
    deleted_at: float | None
    audio: str | None = Field(description="where it is heard; null where it is deleted")


def recording_view(one: KeptRecording) -> dict[str, Json]:
    """A recording as JSON."""
    return {
        "id": one.id,
        "call": one.call,
        "state": one.state.value,
        "group": one.group,
        "record_group": one.record_group,
        "file": one.file,
        "started_at": one.started_at,
        "ended_at": one.ended_at,
        "seconds": one.seconds,
        "octets": one.octets,
        "error": one.error,
        "keep_until": one.keep_until,
        "deleted_at": one.deleted_at,
        "audio": audio_of(one),
    }


def audio_of(one: KeptRecording) -> str | None:
    """Where a recording is heard."""
    gone = one.state is RecordingState.DELETED
    return None if gone else f"/v1/recordings/{one.id}/audio"


_ID: Final = "5a6e0c1e-7a2b-4f7e-9d5b-0a4d6b7c8e9f-1"

RECORDING_EXAMPLE: Final[dict[str, Any]] = {
    "id": _ID,
    "call": _ID[:-2],
    "state": "complete",
    "group": "sales",
    "record_group": "sales",
    "file": f"demo/sales/{_ID}.wav",
    "started_at": 1767225611.0,
    "ended_at": 1767225671.2,
    "seconds": 60.2,
    "octets": 1926444,
    "error": None,
    "keep_until": 1775001611.0,
    "deleted_at": None,
    "audio": f"/v1/recordings/{_ID}/audio",
}
