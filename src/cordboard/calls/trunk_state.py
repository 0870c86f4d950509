"""What is known of a trunk just now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class TrunkState:
    """What an engine knows of a trunk.

    ``reachable`` says whether it answers, None where it is not watched or nothing is known yet;
    ``registered`` whether it took our registration, None where it needs none or, while
    ``registering``, has not answered yet. ``reason`` is for a person where either is false.
    ``since`` is when that, or the good state, began, in the engine's monotonic seconds; ``target``
    is where it is found now (``udp:192.0.2.1:5060``).
    """

    reachable: bool | None = None
    registered: bool | None = None
    reason: str = ""
    since: float | None = None
    target: str | None = None
    registering: bool = False

    @property
    def word(self) -> str:
        """The state in one word: up, down, unregistered or unknown."""
        if self.reachable is False:
            return "down"
        if self.registered is False:
            return "unregistered"
        if self.registering:
            return "unknown"
        return "up" if self.reachable or self.registered else "unknown"


UNWATCHED: Final = TrunkState()
"""A trunk of which nothing is known."""
