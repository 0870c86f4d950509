"""The two parties of a call, brought together: the bridge, and who of them holds the other."""

from __future__ import annotations

from collections.abc import Callable

from cordboard.calls.legs import Legs
from cordboard.calls.log import CallLog
from cordboard.calls.ports import Bridge, EngineCommand, Hold, HoldChanged
from cordboard.calls.request import Leg


class Bridged:
    """Says it to the engine by ``command`` and writes it to the log."""

    __slots__ = ("_command", "_holding", "_legs", "_log")

    def __init__(self, legs: Legs, log: CallLog, command: Callable[[EngineCommand], None]) -> None:
        self._legs = legs
        self._log = log
        self._command = command
        self._holding: set[Leg] = set()

    def connect(self) -> None:
        """Both have answered. A first party that holds us by now holds the second."""
        first, second = self._legs.winner(Leg.FIRST), self._legs.winner(Leg.SECOND)
        assert first is not None  # the promise of the stages' table
        assert second is not None
        self._command(Bridge(first, second))
        if Leg.FIRST in self._holding:
            self._command(Hold(second, True))
        self._log.bridged(first, second)

    def hold(self, event: HoldChanged, leg: Leg, *, together: bool) -> None:
        """A party puts us on hold, or takes us off; the other is told once they are together."""
        if event.held == (leg in self._holding) or event.channel != self._legs.winner(leg):
            return
        self._holding.symmetric_difference_update({leg})
        other = self._legs.other_winner(leg)
        if together and other is not None:
            self._command(Hold(other, event.held))
        self._log.hold(leg, event.channel, event.held)
