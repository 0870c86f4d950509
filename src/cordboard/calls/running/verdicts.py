"""How the legs of a call failed or went, until that makes its one result."""

from __future__ import annotations

from cordboard.calls.causes import Cause
from cordboard.calls.events import CallResult
from cordboard.calls.outcome import HUNG_UP, Verdict, result_of
from cordboard.calls.request import Leg
from cordboard.calls.ringing.legs import Legs
from cordboard.calls.ringing.log import CallLog
from cordboard.calls.running import transfer_log
from cordboard.calls.running.stage_times import StageTimes
from cordboard.calls.stages import Stage, Trigger, hunt_begun_in


class Verdicts:
    """``sought`` is how the latest hunt failed, ``gone`` why a party is gone that was there;
    ``replaced`` is the leg whose party was sent away last, ``merged`` that of who took the other
    one into another call. ``resumes``: a program goes on where whom it rings can't be had.
    ``result`` comes once the call is over."""

    __slots__ = (
        "_group",
        "_legs",
        "_log",
        "_times",
        "gone",
        "merged",
        "replaced",
        "result",
        "resumes",
        "sought",
    )

    def __init__(
        self, legs: Legs, times: StageTimes, log: CallLog, group: str | None = None
    ) -> None:
        self._legs = legs
        self._times = times
        self._log = log
        self._group = group
        self.sought = self.gone = HUNG_UP
        self.replaced: Leg | None = None
        self.resumes = False
        self.merged: Leg | None = None
        self.result: CallResult | None = None

    @property
    def cause(self) -> Cause:
        """Why the call is over."""
        return self.result.cause if self.result else Cause.NORMAL

    def hunt_failed(self, leg: Leg, stage: Stage, verdict: Verdict, now: float) -> Trigger:
        """Nobody of a leg answered; what that means for the call."""
        rang = self._times.since(hunt_begun_in(stage), now)
        self.sought = verdict
        if stage is Stage.TRANSFERRING:
            transfer_log.failed(self._log, leg, verdict, rang)
            return Trigger.TARGET_MISSED if self.resumes else Trigger.TARGET_FAILED
        self._log.leg_failed(leg, verdict, rang)
        if leg is Leg.FIRST:
            return Trigger.FIRST_FAILED
        if self.resumes:
            return Trigger.SECOND_MISSED
        heard = self._legs.winner(Leg.FIRST) is not None
        return Trigger.SECOND_FAILED if heard else Trigger.SECOND_FAILED_BEFORE_FIRST

    def decide(self, left: Stage, trigger: Trigger, now: float) -> None:
        """The call is over: say how, and never otherwise again."""
        if hunt_begun_in(left) is Stage.RINGING_FIRST and trigger is not Trigger.FIRST_FAILED:
            cause = Cause.INTERRUPTED if trigger is Trigger.INTERRUPTED else Cause.CANCELLED
            rang = self._times.since(Stage.RINGING_FIRST, now)
            self._log.leg_failed(Leg.FIRST, Verdict(cause), rang)
        self.result = result_of(
            left,
            trigger,
            self._legs.first.verdict() if trigger is Trigger.FIRST_FAILED else HUNG_UP,
            self.sought,
            self._times.lasted(),
            gone=self.gone,
            replaced=self.replaced,
            merged=self.merged,
            group=self._group,
        )
