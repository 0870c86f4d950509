"""What can be asked of a live call, and when: hold and resume, keys.

A wish either is carried out or is refused with :class:`WrongState`, which names the stage that the
call is in; a wish for what is so already changes nothing.
"""

from __future__ import annotations

from collections import deque

from cordboard.calls.parts import Parts
from cordboard.calls.ports import SendDigits
from cordboard.calls.request import Leg
from cordboard.calls.stages import Stage

MAX_DIGITS = 64
"""Keys of one leg that wait to be sent: twice the longest number that anybody dials."""

DIGIT_MS = (40, 2000)
"""How long a key may last, and the pause after it: shorter ones are taken for noise (ITU-T Q.24),
longer ones hold up the parties."""

_TALKING = frozenset({Stage.BRIDGED})
_ANSWERED = {
    Leg.FIRST: frozenset({Stage.RINGING_SECOND, Stage.PROGRAM, Stage.BRIDGED}),
    Leg.SECOND: _TALKING,
}


class WrongState(Exception):
    """A call is in a ``stage`` that does not allow what was asked of it; the message says why."""

    def __init__(self, stage: Stage, message: str) -> None:
        super().__init__(message)
        self.stage = stage


class Wishes:
    """The wishes of one call; each raises :class:`WrongState`."""

    __slots__ = ("_parts", "_sent")

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._sent: dict[Leg, deque[float]] = {}  # when each key will have been

    def hold(self, leg: Leg, on: bool) -> None:
        """Put a party on hold, or take it off."""
        self._need(_TALKING, "only parties that talk with each other can be put on hold")
        self._parts.bridged.park(leg, on)

    def send_digits(
        self, leg: Leg, digits: str, now: float, *, duration_ms: int, gap_ms: int
    ) -> None:
        """Let a party's end have keys pressed, after those that wait."""
        self._need(_ANSWERED[leg], f"the {leg.value} leg does not take keys now")
        channel = self._parts.legs.winner(leg)
        if channel is None:
            return
        waiting = self._sent.setdefault(leg, deque())
        while waiting and waiting[0] <= now:
            waiting.popleft()
        if len(waiting) + len(digits) > MAX_DIGITS:
            raise WrongState(self._parts.stage, f"more than {MAX_DIGITS} keys would wait")
        at = waiting[-1] if waiting else now
        for _ in digits:
            at += (duration_ms + gap_ms) / 1000
            waiting.append(at)
        self._parts.command(SendDigits(channel, digits, duration_ms, gap_ms))
        self._parts.log.digits_sent(leg, channel, len(digits))

    def _need(self, stages: frozenset[Stage], otherwise: str) -> None:
        if self._parts.stage not in stages:
            raise WrongState(self._parts.stage, otherwise)
