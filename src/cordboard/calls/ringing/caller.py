"""Who called us, as long as he waits for our answer: he hears that it rings, is answered when there
is somebody to talk to, and is refused with why there is not.

A call that a client asked for has nobody like that: its first leg is dialled.
"""

from __future__ import annotations

from collections.abc import Callable

from cordboard.calls.causes import Cause, refusal_of
from cordboard.calls.planning.plan import CallPlan
from cordboard.calls.ports import Accept, EngineCommand, Reject, Ring

RINGS = 180


class Caller:
    """Of one call; ``command`` takes what the engine is to do."""

    __slots__ = ("_channel", "_command", "_hears_us", "_told", "waits")

    def __init__(self, plan: CallPlan, command: Callable[[EngineCommand], None]) -> None:
        self.waits = plan.offered
        """Whether somebody waits to be answered: until he is, or is refused, or has given up."""
        self._channel = plan.channels[0].id if self.waits else None
        self._command = command
        self._told = 0
        self._hears_us = False

    def is_on(self, channel: str) -> bool:
        """Whether that is the channel on which he called."""
        return channel == self._channel

    def hears(self, status: int) -> None:
        """The other party is alerting (180), or the call progresses otherwise (181 to 183), which
        is told once, and no more once it rings."""
        if self._channel is None or not self.waits or self._hears_us:
            return
        if self._told not in (status, RINGS):
            self._told = status
            self._command(Ring(self._channel, status))

    @property
    def hearing(self) -> str | None:
        """His channel, where he waits and hears early media, or what takes its place."""
        return self._channel if self.waits and self._hears_us else None

    def to_hear_us(self) -> str | None:
        """His channel, where he waits; from now on he hears what we let him hear, and his phone
        makes no ringback of its own."""
        self._hears_us = self.waits
        return self.hearing

    def accept(self) -> None:
        """Answer him."""
        if self._channel is not None and self.waits:
            self.waits = False
            self._command(Accept(self._channel))

    def gone(self) -> None:
        """His channel is over."""
        self.waits = False

    def refuse(self, cause: Cause) -> None:
        """There is nobody to talk to."""
        if self._channel is not None and self.waits:
            self.waits = False
            status, reason = refusal_of(cause)
            self._command(Reject(self._channel, status, reason))
