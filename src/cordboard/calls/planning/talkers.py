"""Two who talk with each other in a live call."""

from __future__ import annotations

from dataclasses import dataclass

from cordboard.calls.planning.plan import Party
from cordboard.calls.request import Leg


@dataclass(frozen=True, slots=True)
class Talker:
    """One of the two, on his ``channel``; ``user`` is whose phone that is, None outside."""

    channel: str
    party: Party
    user: int | None


@dataclass(frozen=True, slots=True)
class Conversation:
    """The two."""

    first: Talker
    second: Talker

    def of(self, leg: Leg) -> Talker:
        """One of them."""
        return self.first if leg is Leg.FIRST else self.second
