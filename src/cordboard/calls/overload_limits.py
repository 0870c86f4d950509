"""What a server may carry at most, and how late it may be: the limits of ``[overload]``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

DEFAULT_LAG: Final = 0.02
"""Seconds. Who looks at any time finds the loop late by half a turn: its turns take 40 ms then, and
a refusal and audio that is relayed as long, which the buffers of phones still even out. A server
that has as many calls begin as it can bear has turns of 5 to 15 ms."""

DEFAULT_COMMIT: Final = 0.1
"""Seconds. A request waits for one commit, and perhaps for the one before. A disk that spins takes
up to 30 ms for one."""

DEFAULT_LIVE_LEGS: Final = 10_000
"""5,000 calls: twice what the memory of a small machine carries at 60 KB a call, beside its media
ports."""

DEFAULT_CALLBACKS: Final = 500_000
"""What receivers that are away for a day leave at six calls a second, some 500 MB of database."""

ROOM_AGAIN: Final = 0.95
"""The share of a limit of legs or callbacks from which down calls begin again."""


class Strain(Enum):
    """What stands in the way of a new call, by the key of ``[overload]`` that limits it."""

    LAG = "lag"
    COMMIT = "commit"
    LIVE_LEGS = "live_legs"
    CALLBACKS = "callbacks"


@dataclass(frozen=True, slots=True)
class OverloadLimits:
    """``lag`` of the event loop and ``commit`` of the journal in seconds, ``live_legs`` and
    ``callbacks`` in numbers of them; 0: no limit."""

    lag: float = DEFAULT_LAG
    commit: float = DEFAULT_COMMIT
    live_legs: int = DEFAULT_LIVE_LEGS
    callbacks: int = DEFAULT_CALLBACKS


NO_LIMITS: Final = OverloadLimits(0.0, 0.0, 0, 0)


class Ceiling:
    """A count that has reached its limit is too high until there is some room below it again."""

    __slots__ = ("reached",)

    def __init__(self) -> None:
        self.reached = False

    def look(self, count: int, limit: int) -> bool:
        """Whether a count of now is too high; a limit of 0 never is reached."""
        bound = limit * ROOM_AGAIN if self.reached else limit - 0.5
        self.reached = limit > 0 and count > bound
        return self.reached
