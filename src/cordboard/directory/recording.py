"""What a directory says about recording: who is recorded, and where that is kept for how long."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class RecordPolicy(Enum):
    """Whether the calls of a user or a group are recorded: all of them, those for which a request
    or a client wants it, or none, whoever wants it."""

    ALWAYS = "always"
    ON_REQUEST = "on_request"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class RecordGroup:
    """Recordings that are kept together.

    ``folder`` is below the tenant's; of the calls that are to be recorded a ``fraction`` is, 0 to
    1, with 0 those alone that a request or a client wants. With ``beep`` the parties hear that a
    recording begins. It is kept ``keep_days``, None: as the tenant's are.
    """

    id: int
    name: str
    label: str
    folder: str = ""
    fraction: float = 1.0
    beep: bool = False
    keep_days: float | None = None
