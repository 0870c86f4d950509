"""Two who talk with each other in a live call."""

from __future__ import annotations

import msgspec

from cordboard.calls.planning.plan import Party
from cordboard.calls.request import Leg


class Talker(msgspec.Struct, frozen=True, gc=False):
    """One of the two, on his ``channel``; ``user`` is whose phone that is, None outside."""

    channel: str
    party: Party
    user: int | None


class Conversation(msgspec.Struct, frozen=True, gc=False):
    """The two."""

    first: Talker
    second: Talker

    def of(self, leg: Leg) -> Talker:
        """One of them."""
        return self.first if leg is Leg.FIRST else self.second
