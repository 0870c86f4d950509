"""What is written down of recordings."""

from __future__ import annotations

from cordboard.calls.events import EventKind, Json
from cordboard.calls.recorded_files import Length
from cordboard.calls.recording_terms import RecordingTerms, id_of
from cordboard.calls.ringing.log import CallLog


def started(log: CallLog, file: str, group: str | None, terms: RecordingTerms) -> None:
    """The two are recorded, on these terms; ``group`` is in whose context they talk."""
    data = {"recording": id_of(file), "file": file, "group": group, **terms.as_dict()}
    log.tell(EventKind.RECORDING_STARTED, None, None, data)


def paused(log: CallLog, file: str, on: bool) -> None:
    """What they say is left out, or no longer."""
    kind = EventKind.RECORDING_PAUSED if on else EventKind.RECORDING_RESUMED
    log.tell(kind, None, None, {"recording": id_of(file), "file": file})


def stopped(log: CallLog, file: str, length: Length | None, error: str) -> None:
    """A recording is complete, or broke off."""
    data = stopped_data(file, length, error)
    log.tell(EventKind.RECORDING_STOPPED, None, None, data)


def stopped_data(file: str, length: Length | None, error: str) -> dict[str, Json]:
    """What is told of a recording's end."""
    return {
        "recording": id_of(file),
        "file": file,
        "seconds": None if length is None else round(length.seconds, 3),
        "octets": None if length is None else length.octets,
        "error": error or None,
    }
