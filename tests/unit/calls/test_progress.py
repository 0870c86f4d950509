"""How far a call is, by its events alone."""

from __future__ import annotations

import pytest

from cordboard.calls.events import CallEvent, EventKind, Outcome, Recorded
from cordboard.calls.recorded_files import Length
from cordboard.calls.request import Leg
from cordboard.calls.running.progress import (
    KILLED,
    files_left,
    interrupted,
    last_events,
    progress_of,
)
from cordboard.calls.stages import Stage

K = EventKind
CALL = (
    (0.0, K.CALL_ACCEPTED, None),
    (0.1, K.CHANNEL_DIALLED, Leg.FIRST),
    (0.2, K.CHANNEL_DIALLED, Leg.FIRST),
    (2.1, K.LEG_ANSWERED, Leg.FIRST),
    (2.1, K.CHANNEL_DIALLED, Leg.SECOND),
    (5.1, K.LEG_ANSWERED, Leg.SECOND),
    (5.1, K.CALL_BRIDGED, None),
    (9.1, K.DIGIT, Leg.SECOND),
)


def after(count: int) -> tuple[Recorded, ...]:
    """The first events of a call."""
    return tuple(
        Recorded("epoch", number, 1000.0 + at, "demo", CallEvent(kind, "call", leg))
        for number, (at, kind, leg) in enumerate(CALL[:count], 1)
    )


@pytest.mark.parametrize(
    ("count", "stage", "leg", "rang", "rang_second", "talked"),
    [
        (0, Stage.ACCEPTED, None, 0.0, 0.0, 0.0),
        (1, Stage.ACCEPTED, None, 0.0, 0.0, 0.0),
        (3, Stage.RINGING_FIRST, Leg.FIRST, 0.1, 0.0, 0.0),
        (5, Stage.RINGING_SECOND, Leg.SECOND, 2.0, 0.0, 0.0),
        (8, Stage.BRIDGED, None, 2.0, 3.0, 4.0),
    ],
)
def test_an_interrupted_call_tells_how_far_it_was(
    count: int, stage: Stage, leg: Leg | None, rang: float, rang_second: float, talked: float
) -> None:
    events = after(count)
    result = interrupted(progress_of(events), events[-1].at if events else 1000.0)
    assert (result.outcome, result.stage, result.leg) == (Outcome.INTERRUPTED, stage.value, leg)
    assert result.first_ring_seconds == pytest.approx(rang)
    assert result.second_ring_seconds == pytest.approx(rang_second)
    assert result.talk_seconds == pytest.approx(talked)


def test_recordings_that_nobody_goes_on_with_end_with_the_call() -> None:
    log = [
        CallEvent(kind, "call", data={"file": file})
        for kind, file in (
            (K.RECORDING_STARTED, "demo/call-1.wav"),
            (K.RECORDING_STOPPED, "demo/call-1.wav"),
            (K.RECORDING_STARTED, "demo/call-2.wav"),
        )
    ]
    events = [
        *after(7),
        *(Recorded("epoch", 8 + n, 1005.2, "demo", one) for n, one in enumerate(log)),
    ]
    assert files_left(events) == ["demo/call-2.wav"]
    left = {"demo/call-2.wav": Length(3.5, 112_044), "demo/call-3.wav": None}
    over, unknown, ended = last_events("call", events, 1009.0, left)
    assert over.kind is K.RECORDING_STOPPED
    assert over.data == {
        "recording": "call-2",
        "file": "demo/call-2.wav",
        "seconds": 3.5,
        "octets": 112_044,
        "error": KILLED,
    }
    assert (unknown.data["file"], unknown.data["seconds"]) == ("demo/call-3.wav", None)
    assert ended.kind is K.CALL_ENDED
    assert ended.data["outcome"] == "interrupted"


def test_a_transferred_call_talked_twice() -> None:
    events = [
        *after(7),
        *(
            Recorded("epoch", number, 1000.0 + at, "demo", CallEvent(kind, "call", leg))
            for number, (at, kind, leg) in enumerate(
                (
                    (8.1, K.CALL_TRANSFERRING, Leg.FIRST),
                    (8.1, K.CHANNEL_DIALLED, Leg.FIRST),
                    (10.1, K.CALL_TRANSFERRED, Leg.FIRST),
                    (10.1, K.CALL_BRIDGED, None),
                ),
                8,
            )
        ),
    ]
    assert progress_of(events[:9]).stage is Stage.TRANSFERRING
    result = interrupted(progress_of(events), 1012.1)
    assert result.talk_seconds == pytest.approx(5.0)
    assert result.first_ring_seconds == pytest.approx(2.0)
