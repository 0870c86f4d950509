"""What is known of recordings: a row each, which the events of its call make, and its deletion.

Theory of operation. The row is written in the commit of the event that changes it, so that both say
the same after a crash; nothing else writes it.

    event                     from                     to
    call.recording_started    nothing                  recording
    call.recording_stopped    recording                complete, or interrupted where it broke off
    recording.deleted         complete, interrupted    deleted

A row outlives its call and the events that made it as long as its file is there, and is kept for as
long as calls are after that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, Protocol

from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.people.agents import NO_CALL
from cordboard.calls.recording_terms import id_of

DAY: Final = 86_400.0

OF_RECORDINGS: Final = frozenset(
    {
        EventKind.RECORDING_STARTED,
        EventKind.RECORDING_STOPPED,
        EventKind.RECORDING_DELETED,
    }
)
"""The kinds of events that change a row."""


class RecordingState(Enum):
    """Where a recording stands."""

    RECORDING = "recording"
    COMPLETE = "complete"
    INTERRUPTED = "interrupted"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class KeptRecording:
    """One recording. Times are seconds since 1970; ``seconds`` and ``octets`` are how long it is,
    None while it goes on and where nobody knows. ``group`` is in whose context its call was made,
    ``record_group`` in which it is kept; ``keep_until`` is when it may be deleted, None: never."""

    id: str
    tenant: str
    call: str
    file: str
    started_at: float
    group: str | None = None
    record_group: str | None = None
    keep_until: float | None = None
    state: RecordingState = RecordingState.RECORDING
    ended_at: float | None = None
    seconds: float | None = None
    octets: int | None = None
    error: str | None = None
    deleted_at: float | None = None


@dataclass(frozen=True, slots=True, order=True)
class RecordingPlace:
    """Where a recording stands among all: by its beginning, those of one instant by their ids."""

    started_at: float
    id: str


@dataclass(frozen=True, slots=True)
class WantedRecordings:
    """Which of a tenant's: those begun from ``since`` on and before ``until`` (seconds since 1970),
    at most ``limit`` of those behind ``after``, which is newer than all of them."""

    limit: int
    call: str | None = None
    record_group: str | None = None
    state: RecordingState | None = None
    since: float | None = None
    until: float | None = None
    after: RecordingPlace | None = None

    def has(self, one: KeptRecording) -> bool:
        """Whether it is one of them."""
        return (
            (self.call is None or one.call == self.call)
            and (self.record_group is None or one.record_group == self.record_group)
            and (self.state is None or one.state is self.state)
            and (self.since is None or one.started_at >= self.since)
            and (self.until is None or one.started_at < self.until)
            and (self.after is None or place_of(one) < self.after)
        )


def place_of(one: KeptRecording) -> RecordingPlace:
    """Where a recording stands among all."""
    return RecordingPlace(one.started_at, one.id)


class Recordings(Protocol):
    """What a journal tells of recordings."""

    async def recording(self, tenant: str, recording: str) -> KeptRecording | None:
        """A recording of a tenant, or None where the tenant has none of this id."""

    async def recordings(self, tenant: str, wanted: WantedRecordings) -> tuple[KeptRecording, ...]:
        """The recordings of a tenant that are wanted, the newest first."""

    async def expired(self, before: float, limit: int) -> tuple[KeptRecording, ...]:
        """Recordings of all tenants that are over and may have been deleted before a time (seconds
        since 1970), those first that may the longest."""


def begun(tenant: str, at: float, event: CallEvent) -> KeptRecording | None:
    """The recording that an event begins; None for another event."""
    file = _text(event, "file")
    if event.kind is not EventKind.RECORDING_STARTED or file is None:
        return None
    keep_days = event.data.get("keep_days")
    return KeptRecording(
        id_of(file),
        tenant,
        event.call,
        file,
        at,
        _text(event, "group"),
        _text(event, "record_group"),
        at + keep_days * DAY if isinstance(keep_days, int | float) else None,
    )


@dataclass(frozen=True, slots=True)
class Ending:
    """What the end of a recording changes of its row."""

    id: str
    state: RecordingState
    ended_at: float
    seconds: float | None
    octets: int | None
    error: str | None


def ending(at: float, event: CallEvent) -> Ending | None:
    """The end that an event tells of; None for another event."""
    file, error = _text(event, "file"), _text(event, "error")
    if event.kind is not EventKind.RECORDING_STOPPED or file is None:
        return None
    seconds, octets = event.data.get("seconds"), event.data.get("octets")
    state = RecordingState.COMPLETE if error is None else RecordingState.INTERRUPTED
    return Ending(
        id_of(file),
        state,
        at,
        float(seconds) if isinstance(seconds, int | float) else None,
        octets if isinstance(octets, int) else None,
        error,
    )


def deleted(event: CallEvent) -> str | None:
    """The id of the recording whose deletion an event tells of; None for another event."""
    return _text(event, "recording") if event.kind is EventKind.RECORDING_DELETED else None


def after(
    tenant: str, at: float, event: CallEvent, before: KeptRecording | None
) -> KeptRecording | None:
    """A recording after an event of its own, by the table."""
    if before is None:
        return begun(tenant, at, event)
    end = ending(at, event)
    if end is not None and before.state is RecordingState.RECORDING:
        return replace(
            before,
            state=end.state,
            ended_at=end.ended_at,
            seconds=end.seconds,
            octets=end.octets,
            error=end.error,
        )
    if deleted(event) is not None and before.state is not RecordingState.RECORDING:
        return replace(before, state=RecordingState.DELETED, keep_until=None, deleted_at=at)
    return before


def deletion(one: KeptRecording, by: str, account: str | None) -> CallEvent:
    """The event of a deletion, which ``account`` wanted, or the retention (None)."""
    return CallEvent(
        EventKind.RECORDING_DELETED,
        NO_CALL,
        data={
            "recording": one.id,
            "call": one.call,
            "file": one.file,
            "by": by,
            "account": account,
        },
    )


def newest(recordings: Iterable[KeptRecording], wanted: WantedRecordings) -> list[KeptRecording]:
    """The page of recordings at hand."""
    found = (one for one in recordings if wanted.has(one))
    return sorted(found, key=place_of, reverse=True)[: wanted.limit]


def _text(event: CallEvent, key: str) -> str | None:
    found = event.data.get(key)
    return found if isinstance(found, str) else None
