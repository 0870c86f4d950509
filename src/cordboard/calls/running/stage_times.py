"""When a call entered its stages, and when something is due."""

from __future__ import annotations

from itertools import pairwise

from cordboard.calls.request import Leg
from cordboard.calls.stages import SCREENING, Stage

_FIRST_IS_TO_ANSWER = (Stage.RINGING_FIRST, Stage.SCREENING_FIRST, Stage.ANSWERING_FIRST)


class StageTimes:
    """Times are the caller's monotonic seconds. ``stage_ends`` is when the present stage has lasted
    long enough, ``rung_ends`` when those have been rung long enough whom a group's hunt rings now,
    ``call_ends`` when the two have talked long enough, ``warn_at`` when they are to
    hear, within the present stage, that it will be soon; None: never."""

    __slots__ = ("_entered", "call_ends", "rung_ends", "stage_ends", "warn_at", "warned")

    def __init__(self) -> None:
        self._entered: list[tuple[Stage, float]] = []
        self.stage_ends: float | None = None
        self.rung_ends: float | None = None
        self.call_ends: float | None = None
        self.warn_at: float | None = None
        self.warned = False  # within the present stage

    def enter(self, stage: Stage, now: float) -> None:
        """A stage begins, and the deadline of the one before it is void, unless a hunt goes on."""
        if stage not in SCREENING:
            self.stage_ends = self.rung_ends = self.warn_at = None
            self.warned = False
        self._entered.append((stage, now))

    @property
    def deadline(self) -> float | None:
        """When the next of them is due."""
        soonest = self.stage_ends
        for at in (self.rung_ends, self.call_ends, self.warn_at):
            if at is not None and (soonest is None or at < soonest):
                soonest = at
        return soonest

    def call_is_over(self, now: float) -> bool:
        """Whether the longest duration is reached; said once."""
        if self.call_ends is None or now < self.call_ends:
            return False
        self.call_ends = None
        return True

    def warning_is_due(self, now: float) -> bool:
        """Whether they are to hear that the longest duration is nearly reached; said once."""
        if self.warn_at is None or now < self.warn_at:
            return False
        self.warn_at = None
        self.warned = True
        return True

    def rung_is_over(self, now: float) -> bool:
        """Whether it is time to ring others; said once."""
        if self.rung_ends is None or now < self.rung_ends:
            return False
        self.rung_ends = None
        return True

    def stage_is_over(self, now: float) -> bool:
        """Whether the present stage has lasted long enough; said once."""
        if self.stage_ends is None or now < self.stage_ends:
            return False
        self.stage_ends = self.rung_ends = None
        return True

    @property
    def began(self) -> float:
        """When the call's first stage was entered; there is one as soon as it is started."""
        return self._entered[0][1]

    def answered(self, leg: Leg) -> float | None:
        """When the call was answered on a leg: the first one when it was rung, screened and
        answered to the end, the second one when the two talked first; None: not yet."""
        if leg is Leg.SECOND:
            return next((at for stage, at in self._entered if stage is Stage.BRIDGED), None)
        steps = pairwise(self._entered)
        left = [at for (stage, _), (_, at) in steps if stage in _FIRST_IS_TO_ANSWER]
        waits = self._entered[-1][0] in _FIRST_IS_TO_ANSWER
        return left[-1] if left and not waits else None

    def since(self, stage: Stage, now: float) -> float:
        """How long ago a stage was entered last, 0 where it was not."""
        for entered, at in reversed(self._entered):
            if entered is stage:
                return now - at
        return 0.0

    def lasted(self) -> dict[Stage, float]:
        """How long each stage lasted, all times together that the call was in it."""
        lasted: dict[Stage, float] = {}
        for (stage, began), (_, following) in pairwise(self._entered):
            lasted[stage] = lasted.get(stage, 0.0) + following - began
        return lasted
