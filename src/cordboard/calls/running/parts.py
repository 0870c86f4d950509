"""What one live call is made of, for those who share in moving it."""

from __future__ import annotations

from collections.abc import Callable

from cordboard.calls.planning.plan import CallPlan, EavesdropPlan, LegPlan, ProgramPlan
from cordboard.calls.planning.recording_policy import Say, terms_of
from cordboard.calls.programs.program import Program
from cordboard.calls.recording_terms import RecordingTerms
from cordboard.calls.request import Leg
from cordboard.calls.ringing.caller import Caller
from cordboard.calls.ringing.dialling import Dialling
from cordboard.calls.ringing.effects import Effects
from cordboard.calls.ringing.holdings import Holdings
from cordboard.calls.ringing.hunt import Hunt
from cordboard.calls.ringing.hunting import Hunting
from cordboard.calls.ringing.legs import Legs
from cordboard.calls.ringing.log import CallLog
from cordboard.calls.ringing.meter import Meter
from cordboard.calls.ringing.screening import Screening
from cordboard.calls.ringing.switchboard import Rerouted, Switchboard
from cordboard.calls.ringing.waiting import Waiting
from cordboard.calls.running.bridged import Bridged
from cordboard.calls.running.eavesdropping import Eavesdropping
from cordboard.calls.running.place_in_line import PlaceInLine
from cordboard.calls.running.recording import Recording
from cordboard.calls.running.referral import Referral
from cordboard.calls.running.stage_times import StageTimes
from cordboard.calls.running.verdicts import Verdicts
from cordboard.calls.stages import Stage, Trigger

_HUNTED = {
    Stage.RINGING_FIRST: Leg.FIRST,
    Stage.SCREENING_FIRST: Leg.FIRST,
    Stage.RINGING_SECOND: Leg.SECOND,
    Stage.SCREENING_SECOND: Leg.SECOND,
}

Apply = Callable[[Trigger, float], None]
"""Has the call follow the stages' table; who has a trigger says so and moves nothing himself."""


class Parts:
    """The parts of a call; ``stage`` is moved by the call alone."""

    __slots__ = (
        "bridged",
        "caller",
        "command",
        "dialling",
        "eavesdropping",
        "effects",
        "holdings",
        "hunting",
        "legs",
        "lines",
        "log",
        "place",
        "plan",
        "program",
        "program_plan",
        "recording",
        "referral",
        "route",
        "screening",
        "stage",
        "times",
        "transfers",
        "verdicts",
        "waiting",
    )

    def __init__(self, plan: CallPlan, switchboard: Switchboard, effects: Effects) -> None:
        self.plan = plan
        self.stage = Stage.ACCEPTED
        self.effects = effects
        self.command = command = effects.commands.append
        self.screening: Screening | None = None  # while somebody is asked whether he takes it
        self.route: Rerouted | None = None  # of the latest transfer, or ring of a program
        self.program: Program | None = None
        self.program_plan: ProgramPlan | None = None  # what it began as
        self.referral: Referral | None = None  # while a party has the other one transferred
        self.transfers = 0
        self.legs = Legs(plan.channels)
        self.times = StageTimes()
        self.log = CallLog(plan.request.id, effects)
        self.holdings = Holdings(plan, switchboard, effects)
        self.dialling = Dialling(plan, switchboard, self.holdings, self.log, effects)
        self.caller = Caller(plan, command)
        self.hunting = Hunting(self.legs, self.dialling, self.log, command, self.caller)
        self.waiting = Waiting(self.legs, plan.country, command, self.caller)
        self.lines = switchboard.lines
        self.place: PlaceInLine | None = None  # once a party waits for a group
        self.bridged = Bridged(self.legs, plan.country, self.log, command)
        request = plan.request
        group = None if plan.group is None else plan.group.name
        self.recording = Recording(
            request.tenant, request.id, self.log, command, plan.recording_terms, group
        )
        self.eavesdropping = (
            Eavesdropping(plan, plan.second, switchboard, self.log, command)
            if isinstance(plan.second, EavesdropPlan)
            else None
        )
        self.verdicts = Verdicts(self.legs, self.times, self.log, group)

    @property
    def hunted(self) -> Leg | None:
        """The leg whose hunt is on."""
        if self.stage is Stage.TRANSFERRING and self.route is not None:
            return self.route.plan.leg
        return _HUNTED.get(self.stage)

    @property
    def meter(self) -> Meter | None:
        """What those cost who cost something; None while there is nobody."""
        return self.dialling.meter

    @property
    def ends_at(self) -> float | None:
        """When the two have talked long enough, or as long as who pays has credit."""
        ends = self.times.call_ends
        cut = None if self.dialling.meter is None else self.dialling.meter.cut_at
        return ends if cut is None or (ends is not None and ends < cut) else cut

    @property
    def waits_in_line_for(self) -> Leg | None:
        """The leg whose hunt the other one waits for in a group's line; None: nobody does."""
        return None if self.place is None else self.place.leg

    def is_hunted(self, leg: Leg, hunt: Hunt) -> bool:
        """Whether a leg's hunt is on, and is this one and not one before."""
        return leg is self.hunted and hunt is self.legs.hunt(leg)

    @property
    def recording_terms(self) -> RecordingTerms:
        """On which terms those are recorded who have answered."""
        says: list[Say] = []
        plans, hunts = (self.plan.first, self.plan.second), (self.legs.first, self.legs.second)
        for planned, hunt in zip(plans, hunts, strict=True):
            winner = None if hunt is None else hunt.channels.get(hunt.winner or "")
            plan = planned if winner is None or winner.plan is None else winner.plan
            if hunt is not None and isinstance(plan, LegPlan) and plan.says:
                says += plan.says_with(None if winner is None else winner.planned.user)
        return terms_of(self.plan.request.id, self.plan.recording, says)

    def leg_plan(self, leg: Leg) -> LegPlan | None:
        """How a leg is rung; None for a program."""
        plan = self.plan.first if leg is Leg.FIRST else self.plan.second
        return plan if isinstance(plan, LegPlan) else None
