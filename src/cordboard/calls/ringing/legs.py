"""The two legs of a call, each a hunt; the second comes into being when the first is answered."""

from __future__ import annotations

from cordboard.calls.planning.plan import PlannedChannel
from cordboard.calls.request import Leg
from cordboard.calls.ringing.hunt import Hunt


def other(leg: Leg) -> Leg:
    """The leg at the other end of the call."""
    return Leg.SECOND if leg is Leg.FIRST else Leg.FIRST


class Legs:
    """The hunts, and which of them a channel belongs to."""

    __slots__ = ("_former", "first", "second")

    def __init__(self, channels: tuple[PlannedChannel, ...]) -> None:
        self.first = Hunt(channels)
        self.second: Hunt | None = None
        self._former: list[tuple[Leg, Hunt]] = []  # whose places others have taken

    def hunt(self, leg: Leg) -> Hunt:
        """The hunt of a leg that there is."""
        if leg is Leg.FIRST or self.second is None:
            return self.first
        return self.second

    def find(self, channel: str) -> tuple[Leg, Hunt] | None:
        """The leg of one of the call's channels, and its hunt, which may be a former one."""
        if channel in self.first.channels:
            return Leg.FIRST, self.first
        if self.second is not None and channel in self.second.channels:
            return Leg.SECOND, self.second
        return next((known for known in self._former if channel in known[1].channels), None)

    def leg_of(self, channel: str) -> Leg | None:
        """The leg of one of the call's channels."""
        known = self.find(channel)
        return None if known is None else known[0]

    def rings(self, channel: str, leg: Leg) -> bool:
        """Whether a channel is one of those that are rung for a leg now."""
        return channel in self.hunt(leg).channels

    def replace(self, leg: Leg, hunt: Hunt) -> None:
        """Somebody else is rung in place of a party that is hung up."""
        self._former.append((leg, self.hunt(leg)))
        if leg is Leg.FIRST:
            self.first = hunt
        else:
            self.second = hunt

    def take_out(self, leg: Leg) -> Hunt:
        """A leg's hunt goes to another call."""
        hunt = self.hunt(leg)
        if leg is Leg.FIRST:
            self.first = Hunt(())
        else:
            self.second = Hunt(())
        return hunt

    def put_back(self, leg: Leg, hunt: Hunt) -> None:
        """Who was to be replaced takes his place again."""
        self._former = [(one, former) for one, former in self._former if former is not hunt]
        self.replace(leg, hunt)

    def each(self) -> list[tuple[Leg, Hunt]]:
        """The legs that there are, with their hunts."""
        if self.second is None:
            return [(Leg.FIRST, self.first)]
        return [(Leg.FIRST, self.first), (Leg.SECOND, self.second)]

    def ever(self) -> list[tuple[Leg, Hunt]]:
        """The same, and those whose places others have taken."""
        return [*self._former, *self.each()] if self._former else self.each()

    def winner(self, leg: Leg) -> str | None:
        """The channel on which a leg is answered."""
        hunt = self.first if leg is Leg.FIRST else self.second
        return None if hunt is None else hunt.winner

    @property
    def gone(self) -> bool:
        """Whether every channel is over."""
        second = self.second
        if self.first.left or (second is not None and second.left):
            return False
        return not self._former or not any(hunt.left for _, hunt in self._former)
