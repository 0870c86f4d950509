"""One live call: what happens to it goes in, what is to be done comes out.

A :class:`Call` holds no socket, clock or task. Its owner calls :meth:`~Call.start`, hands in engine
events, timers and wishes with the time, and after each of them carries out its
:class:`~cordboard.calls.ringing.effects.Effects`. It owes the owner nothing else.
"""

from __future__ import annotations

from collections.abc import Callable

from cordboard.calls.causes import Cause
from cordboard.calls.events import CallResult
from cordboard.calls.outcome import Verdict
from cordboard.calls.planning.plan import CallPlan, LegPlan
from cordboard.calls.planning.talkers import Conversation
from cordboard.calls.ports import EngineEvent
from cordboard.calls.programs.program_words import Answer
from cordboard.calls.request import Leg, Offered
from cordboard.calls.ringing.effects import Effects
from cordboard.calls.ringing.hunt import Hunt
from cordboard.calls.ringing.switchboard import Consultation, Handed, HandedProgram, Switchboard
from cordboard.calls.running import (
    climbing,
    cutting,
    giving,
    performing,
    pickup,
    queueing,
    referring,
    rung_times,
    warning,
)
from cordboard.calls.running.happenings import happen, refuse
from cordboard.calls.running.parts import Parts
from cordboard.calls.running.talking import conversation
from cordboard.calls.running.transfer import begin as begin_transfer
from cordboard.calls.running.wishes import Wishes
from cordboard.calls.stages import TRANSITIONS, Stage, Trigger

FAILURE_TONE_SECONDS = 5.0
"""How long the first leg hears why the second failed; most national plans play 5 to 10 s."""

FAREWELL_SECONDS = 2.0
"""How long the result waits for the last channels' own ends, for a phone that vanished never says
goodbye (RFC 3261 would wait 64*T1 = 32 s)."""


class Call:
    """A call from its acceptance to its one result."""

    def __init__(self, plan: CallPlan, switchboard: Switchboard) -> None:
        self.id = plan.request.id
        self.effects = Effects()
        """What came of all that came in, as far as its owner has not emptied it."""
        # Nothing of a call refers back to it: one that nobody holds any more is to be gone at once,
        # without the garbage collector.
        self._parts = Parts(plan, switchboard, self.effects)
        self._wishes: Wishes | None = None

    # What comes in

    def start(self, now: float) -> None:
        """Ring the first leg, or whom he wants who called us himself."""
        parts = self._parts
        if not parts.caller.waits:
            self._apply(Trigger.STARTED, now)
            if parts.eavesdropping is not None and not parts.eavesdropping.begin():
                self._apply(Trigger.WATCHED_GONE, now)
            return
        parts.log.offered(parts.plan)
        at_once = parts.plan.answers_at_once
        self._apply(Trigger.STARTED if at_once else Trigger.OFFERED, now)
        self._settle(now)

    def handle(self, event: EngineEvent, now: float) -> None:
        """Take notice of what the engine says about one of the call's channels."""
        parts = self._parts
        if parts.stage is not Stage.ENDED and happen(event, parts, self._apply, now):
            self._settle(now)

    def handle_timer(self, now: float) -> None:
        """Do what is due; a deadline that was moved meanwhile has no effect."""
        parts, times = self._parts, self._parts.times
        if times.call_is_over(now):
            self._apply(Trigger.DURATION_REACHED, now)
        if parts.meter is not None:
            cutting.due(parts.meter, parts, self._apply, now)
        if times.warning_is_due(now):
            warning.play(parts)
        if times.stage_is_over(now):
            self._stage_timed_out(now)
        if times.rung_is_over(now):
            climbing.rung_over(parts, self._apply, now)
        if parts.screening is not None:
            for channel in parts.screening.take_silent(now):
                refuse(channel, Cause.NO_ANSWER, parts, self._apply, now)
        if parts.place is not None:
            parts.place.announce(now)
        self._settle(now)

    def wake(self, now: float) -> None:
        """Somebody may be free of the group that a party waits for."""
        if self._parts.place is not None:
            self._parts.place.wake(now)
        self._settle(now)

    def cancel(self, now: float, *, interrupted: bool = False) -> None:
        """End the call because somebody asked for it, or because the server stops."""
        self._apply(Trigger.INTERRUPTED if interrupted else Trigger.CANCELLED, now)
        self._settle(now)

    def fetched(self, turn: int, answer: Answer, now: float) -> None:
        """The steps or data that an errand asked for are there, or why they are not."""
        performing.fetched(self._parts, self._apply, now, turn, answer)
        self._settle(now)

    def job_added(self, turn: int, job: str | None, fault: str | None, now: float) -> None:
        """The call that an errand asked for will be made as ``job``, or why not."""
        performing.job_added(self._parts, self._apply, now, turn, job, fault)
        self._settle(now)

    def give(self, wanted: Consultation, into: str, now: float) -> Handed | HandedProgram:
        """Give a party away to the call ``into``, or a program, and end; raises
        :class:`~cordboard.calls.refusals.Refused`."""
        handed = giving.give(wanted, into, self._parts, self._apply, now)
        self._settle(now)
        return handed

    def pick_up(self, offered: Offered, channel: str, now: float, *, other: bool = False) -> None:
        """Let who calls us take the place of one of the call's channels, or of the ``other`` one's
        at its far end; raises :class:`~cordboard.calls.refusals.Refused`."""
        replaced = pickup.at_the_other_end(channel, self._parts) if other else channel
        pickup.pick_up(offered, replaced, self._parts, self._apply, now)
        self._settle(now)

    def watched(self, talkers: Conversation | None, now: float, *, over: bool) -> None:
        """Others talk in the call that is overheard, or (None) nobody does, or it is over."""
        eavesdropping = self._parts.eavesdropping
        if eavesdropping is not None and eavesdropping.told(talkers, over=over):
            self._apply(Trigger.WATCHED_GONE, now)
        self._settle(now)

    @property
    def wishes(self) -> Wishes:
        """What else can be asked of it."""
        if self._wishes is None:
            self._wishes = Wishes(self._parts, self._apply)
        return self._wishes

    # What comes out

    @property
    def plan(self) -> CallPlan:
        """What it goes by."""
        return self._parts.plan

    @property
    def stage(self) -> Stage:
        """Where it is."""
        return self._parts.stage

    @property
    def conversation(self) -> Conversation | None:
        """The two who talk with each other; None where none do."""
        return conversation(self._parts)

    @property
    def result(self) -> CallResult | None:
        """How it ended, once that is decided."""
        return self._parts.verdicts.result

    @property
    def deadline(self) -> float | None:
        """When :meth:`handle_timer` wants to be called, on the same clock as ``now``."""
        parts = self._parts
        deadline = parts.times.deadline
        for part in (parts.screening, parts.place, parts.dialling.meter):
            at = None if part is None else part.deadline
            if at is not None and (deadline is None or at < deadline):
                deadline = at
        return deadline

    def leg_of(self, channel: str) -> Leg | None:
        """The leg of one of the call's channels."""
        return self._parts.legs.leg_of(channel)

    # Stages

    def _apply(self, trigger: Trigger, now: float) -> None:
        """Follow the table, which may say that ``trigger`` has no effect now."""
        parts = self._parts
        left = parts.stage
        following = TRANSITIONS[left].get(trigger)
        if following is None:
            return
        parts.stage = following
        parts.times.enter(following, now)
        if following is Stage.ENDING:
            parts.verdicts.decide(left, trigger, now)
        enter = _ENTER.get(following)
        if enter is not None:
            enter(self, now)

    def _stage_timed_out(self, now: float) -> None:
        hunted = self._parts.hunted
        if hunted is not None:
            self._give_up(hunted, now)
        elif self.stage is Stage.PROGRAM:
            performing.due(self._parts, self._apply, now)
        elif self.stage is Stage.ANNOUNCING:
            self._apply(Trigger.ANNOUNCED, now)
        elif self.stage is Stage.ENDING:
            self._apply(Trigger.GRACE_OVER, now)

    def _give_up(self, leg: Leg, now: float) -> None:
        """Nobody answered in time: hang up what rings and let the leg fail."""
        if self._parts.hunting.stop_ringing(leg, Cause.NO_ANSWER):
            return  # somebody is screened, for so long and no longer
        if self._parts.waits_in_line_for is leg:
            queueing.give_up(self._parts, self._apply, now)
            return
        self._hunt_failed(leg, Verdict(Cause.NO_ANSWER), now)

    def _hunt_failed(self, leg: Leg, verdict: Verdict, now: float) -> None:
        referring.hunt_failed(leg, verdict, self._parts, self._apply, now)

    def _ring_first(self, now: float) -> None:
        parts = self._parts
        rung_times.begin(parts.plan.first, parts, now)
        if parts.caller.waits:
            parts.caller.accept()
            return
        parts.dialling.dial(parts.legs.first.channels.values(), parts.plan.first)

    def _ring_second(self, now: float) -> None:
        parts, plan = self._parts, self._parts.plan.second
        if parts.program is not None:
            performing.ring(parts, self._apply, now)
            return
        assert isinstance(plan, LegPlan)  # the table sends programs elsewhere
        parts.times.call_ends = now + parts.plan.longest_call
        if plan.forwarded:
            parts.log.forwarded(plan, plan.forwarded)
        rung_times.begin(plan, parts, now)
        if plan.queued:
            parts.legs.second = Hunt(())
            queueing.begin(plan, parts, self._apply, now)
            return
        parts.legs.second = hunt = Hunt(parts.dialling.find_channels(plan))
        parts.dialling.dial(hunt.channels.values(), plan)
        if hunt.channels:
            parts.waiting.ringback()
        else:
            climbing.failed(Leg.SECOND, Verdict(parts.dialling.missed), parts, self._apply, now)

    def _answer_first(self, _now: float) -> None:
        self._parts.caller.accept()

    def _screen_second(self, _now: float) -> None:
        self._parts.waiting.ringback()  # in place of the early media of who has picked up

    def _run_program(self, now: float) -> None:
        performing.enter(self._parts, self._apply, now)

    def _announce(self, now: float) -> None:
        parts = self._parts
        parts.times.stage_ends = now + FAILURE_TONE_SECONDS
        parts.waiting.failure(parts.verdicts.sought.cause)

    def _bridge(self, now: float) -> None:
        parts = self._parts
        if parts.program is not None:
            performing.connected(parts, now)
        parts.recording.agree(parts.recording_terms)
        parts.bridged.connect(parts.recording)
        if parts.referral is not None:
            referring.answered(parts)
        warning.plan(parts, now)

    def _eavesdrop(self, now: float) -> None:
        parts = self._parts
        winner, eavesdropping = parts.legs.winner(Leg.FIRST), parts.eavesdropping
        assert winner is not None  # the promise of the stages' table
        assert eavesdropping is not None
        parts.times.call_ends = now + parts.plan.longest_call
        eavesdropping.answered(winner)

    def _transfer(self, now: float) -> None:
        if performing.rings(self._parts):
            performing.ring(self._parts, self._apply, now)
        else:
            begin_transfer(self._parts, self._apply, now)

    def _end(self, now: float) -> None:
        parts = self._parts
        result = parts.verdicts.result
        assert result is not None  # decided by now
        parts.screening = None
        if parts.eavesdropping is not None:
            parts.eavesdropping.over()
        if parts.place is not None:
            parts.place.leave_as(result, now)
        if parts.referral is not None:
            referring.over(parts)
        parts.times.call_ends = None
        parts.times.stage_ends = now + FAREWELL_SECONDS
        parts.hunting.hang_up(result.cause)

    def _finish(self, now: float) -> None:
        parts, result = self._parts, self._parts.verdicts.result
        assert result is not None  # decided on entering ENDING
        if not parts.legs.gone:
            parts.hunting.forsake()
        parts.holdings.give_all_back()
        parts.recording.forsake()
        if parts.meter is not None:
            parts.meter.end_all(now)
        parts.log.ended(result)
        parts.effects.over = True

    # Small things

    def _settle(self, now: float) -> None:
        """Give back what ended legs held, and end the call when its last channel is gone and what
        is kept of its voices is written."""
        parts, waited_for = self._parts, self._parts.waits_in_line_for
        for leg, hunt in parts.legs.each():
            if not hunt.left and hunt.channels and leg is not waited_for:
                parts.holdings.give_back(leg)
        if parts.stage is Stage.ENDING and parts.legs.gone and not parts.recording.unwritten:
            self._apply(Trigger.CHANNELS_GONE, now)


_ENTER: dict[Stage, Callable[[Call, float], None]] = {
    Stage.RINGING_FIRST: Call._ring_first,
    Stage.RINGING_SECOND: Call._ring_second,
    Stage.SCREENING_SECOND: Call._screen_second,
    Stage.ANSWERING_FIRST: Call._answer_first,
    Stage.PROGRAM: Call._run_program,
    Stage.ANNOUNCING: Call._announce,
    Stage.BRIDGED: Call._bridge,
    Stage.TRANSFERRING: Call._transfer,
    Stage.EAVESDROPPING: Call._eavesdrop,
    Stage.ENDING: Call._end,
    Stage.ENDED: Call._finish,
}
