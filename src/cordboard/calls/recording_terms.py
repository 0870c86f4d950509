"""On which terms a call's voices are kept, as the plan decides it, and how recordings are named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from cordboard.calls.events import Json


@dataclass(frozen=True, slots=True)
class RecordingTerms:
    """``wanted``: from the bridge on, ``because`` of what; ``allowed``: at all. With ``beep`` both
    parties hear that it begins. ``group`` is the record group that it is kept in, ``folder`` where
    that is below the tenant's, ``keep_days`` how long (None: until somebody deletes it)."""

    wanted: bool = False
    because: str = "nobody asked for it"
    allowed: bool = True
    beep: bool = False
    group: str | None = None
    folder: str = ""
    keep_days: float | None = None

    def file(self, domain: str, call: str, number: int) -> str:
        """The name of a call's recording, below the server's folder of recordings."""
        folder = f"{domain}/{self.folder}" if self.folder else domain
        return f"{folder}/{call}-{number}.wav"

    def as_dict(self) -> dict[str, Json]:
        """What goes with a recording from its beginning."""
        return {"record_group": self.group, "keep_days": self.keep_days}


UNRECORDED: Final = RecordingTerms()
"""Of a call that is recorded when a client wants it."""


def id_of(file: str) -> str:
    """The id of the recording in a file: the call's, and which of its recordings it is."""
    return PurePosixPath(file).stem
