"""How far a call is by what its events say: for who has no more of it than them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cordboard.calls.causes import Cause
from cordboard.calls.charged import after_a_crash
from cordboard.calls.events import CallEvent, CallResult, EventKind, Json, Outcome, Recorded
from cordboard.calls.recorded_files import Length
from cordboard.calls.request import Leg
from cordboard.calls.running.recording_log import stopped_data
from cordboard.calls.stages import Stage

KILLED: Final = "the server was killed"
"""Why a recording broke off that was alive then."""

# The stage that a call is in after an event; kinds that are missing change nothing.
_STAGE_AFTER = {
    (EventKind.CALL_ACCEPTED, None): Stage.ACCEPTED,
    (EventKind.CALL_SCHEDULED, None): Stage.SCHEDULED,
    (EventKind.CALL_STARTED, None): Stage.ACCEPTED,
    (EventKind.CHANNEL_OFFERED, Leg.FIRST): Stage.RINGING_SECOND,
    (EventKind.CHANNEL_DIALLED, Leg.FIRST): Stage.RINGING_FIRST,
    (EventKind.CHANNEL_SCREENING, Leg.FIRST): Stage.SCREENING_FIRST,
    (EventKind.LEG_ANSWERED, Leg.FIRST): Stage.RINGING_SECOND,
    (EventKind.CHANNEL_SCREENING, Leg.SECOND): Stage.SCREENING_SECOND,
    (EventKind.LEG_FAILED, Leg.FIRST): Stage.ENDING,
    (EventKind.LEG_FAILED, Leg.SECOND): Stage.ANNOUNCING,
    (EventKind.CALL_PROGRAM, Leg.FIRST): Stage.PROGRAM,
    (EventKind.CALL_PROGRAM, Leg.SECOND): Stage.PROGRAM,
    (EventKind.PROGRAM_STEP, Leg.FIRST): Stage.PROGRAM,
    (EventKind.PROGRAM_STEP, Leg.SECOND): Stage.PROGRAM,
    (EventKind.CALL_BRIDGED, None): Stage.BRIDGED,
    (EventKind.CALL_TRANSFERRING, Leg.FIRST): Stage.TRANSFERRING,
    (EventKind.CALL_TRANSFERRING, Leg.SECOND): Stage.TRANSFERRING,
    (EventKind.CALL_TRANSFER_FAILED, Leg.FIRST): Stage.ANNOUNCING,
    (EventKind.CALL_TRANSFER_FAILED, Leg.SECOND): Stage.ANNOUNCING,
    (EventKind.CALL_MERGED, Leg.FIRST): Stage.ENDING,
    (EventKind.CALL_MERGED, Leg.SECOND): Stage.ENDING,
    (EventKind.CALL_EAVESDROPPING, Leg.FIRST): Stage.EAVESDROPPING,
    (EventKind.CALL_ENDED, None): Stage.ENDED,
}

_LEG_OF = {
    Stage.RINGING_FIRST: Leg.FIRST,
    Stage.SCREENING_FIRST: Leg.FIRST,
    Stage.RINGING_SECOND: Leg.SECOND,
    Stage.SCREENING_SECOND: Leg.SECOND,
}


@dataclass(frozen=True, slots=True)
class Progress:
    """The stage that a call is in, and when it entered those that it has been in."""

    stage: Stage
    entered: tuple[tuple[Stage, float], ...]

    def lasted(self, *stages: Stage, until: float) -> float:
        """How many seconds stages lasted together, or have by ``until``."""
        ends = (*(at for _, at in self.entered[1:]), until)
        spans = zip(self.entered, ends, strict=False)
        return sum(max(0.0, end - began) for (entered, began), end in spans if entered in stages)


def progress_of(events: Iterable[Recorded]) -> Progress:
    """How far a call is."""
    stage, rung_by_program = Stage.ACCEPTED, Stage.RINGING_SECOND
    entered: list[tuple[Stage, float]] = []
    for recorded in events:
        following = _STAGE_AFTER.get((recorded.event.kind, recorded.event.leg), stage)
        if recorded.event.kind is EventKind.CALL_TRANSFERRING:
            rung_by_program = Stage.TRANSFERRING
        if stage is Stage.PROGRAM and recorded.event.kind is EventKind.CHANNEL_DIALLED:
            following = rung_by_program
        if following is Stage.RINGING_FIRST and stage is not Stage.ACCEPTED:
            continue  # one more phone, or somebody whom the second party is transferred to
        if following is not stage or not entered:
            entered.append((following, recorded.at))
        stage = following
    return Progress(stage, tuple(entered))


def group_of(accepted: CallEvent) -> str | None:
    """The name of the group on whose behalf a call is made, by its first event."""
    group = accepted.data.get("group")
    return str(group["name"]) if isinstance(group, dict) else None


def interrupted(progress: Progress, at: float, group: str | None = None) -> CallResult:
    """The result of a call that was alive when its server died: nobody knows for how long it was
    after its last event, so that ``at`` is the time of that."""
    return CallResult(
        Outcome.INTERRUPTED,
        Cause.INTERRUPTED,
        progress.stage.value,
        _LEG_OF.get(progress.stage),
        first_ring_seconds=progress.lasted(Stage.RINGING_FIRST, Stage.SCREENING_FIRST, until=at),
        second_ring_seconds=progress.lasted(Stage.RINGING_SECOND, Stage.SCREENING_SECOND, until=at),
        talk_seconds=progress.lasted(Stage.BRIDGED, Stage.PROGRAM, Stage.EAVESDROPPING, until=at),
        group=group,
    )


def files_left(events: Iterable[Recorded]) -> list[str]:
    """The recordings of a call of which no end is told."""
    files: dict[Json, None] = {}
    for recorded in events:
        if recorded.event.kind is EventKind.RECORDING_STARTED:
            files[recorded.event.data.get("file")] = None
        elif recorded.event.kind is EventKind.RECORDING_STOPPED:
            files.pop(recorded.event.data.get("file"), None)
    return [file for file in files if isinstance(file, str)]


def _left_waiting(call: str, events: Iterable[Recorded], at: float) -> list[CallEvent]:
    """That a party waits no longer that did when the server died."""
    joined: Recorded | None = None
    for recorded in events:
        if recorded.event.kind is EventKind.QUEUE_JOINED:
            joined = recorded
        elif recorded.event.kind is EventKind.QUEUE_LEFT:
            joined = None
    if joined is None:
        return []
    data: dict[str, Json] = {
        "group": joined.event.data.get("group"),
        "reason": Cause.INTERRUPTED.value,
        "waited_seconds": round(max(0.0, at - joined.at), 3),
        "agent": None,
        "to": None,
    }
    return [CallEvent(EventKind.QUEUE_LEFT, call, joined.event.leg, joined.event.channel, data)]


def last_events(
    call: str, events: Sequence[Recorded], at: float, left: Mapping[str, Length | None]
) -> list[CallEvent]:
    """What ends a call that was alive when its server died: its recordings, which nobody goes on
    with, each as long as it is (None: nobody knows), its place in a queue, what its legs have cost,
    and its result."""
    group = group_of(events[0].event) if events else None
    result = interrupted(progress_of(events), at, group)
    stopped = [stopped_data(file, length, KILLED) for file, length in left.items()]
    waited = _left_waiting(call, events, at)
    return [
        *waited,
        *(CallEvent(EventKind.RECORDING_STOPPED, call, data=data) for data in stopped),
        *after_a_crash(recorded.event for recorded in events),
        CallEvent(EventKind.CALL_ENDED, call, data=result.as_dict()),
    ]
