"""One live call: what happens to it goes in, what is to be done comes out.

A :class:`Call` holds no socket, clock or task. Its owner calls :meth:`~Call.start`, hands in engine
events, timers and wishes with the time, and after each of them collects commands for the engine,
events for the log and limits to give back. It owes the owner nothing else.
"""

from __future__ import annotations

from collections.abc import Callable

from cordboard.calls.bridged import Bridged
from cordboard.calls.causes import Cause
from cordboard.calls.dialling import Dialling
from cordboard.calls.events import CallEvent, CallResult
from cordboard.calls.first_hears import FirstHears
from cordboard.calls.holdings import Holdings
from cordboard.calls.hunt import Hunt
from cordboard.calls.hunting import Hunting
from cordboard.calls.legs import Legs
from cordboard.calls.limits import Take
from cordboard.calls.log import CallLog
from cordboard.calls.outcome import HUNG_UP, Verdict, result_of
from cordboard.calls.plan import CallPlan, LegPlan, PlannedChannel, ProgramPlan
from cordboard.calls.ports import (
    Answered,
    Digit,
    EarlyMedia,
    EngineCommand,
    EngineEvent,
    Failed,
    HoldChanged,
    MediaLost,
    PlayEnded,
    Released,
    Ringing,
)
from cordboard.calls.request import Leg
from cordboard.calls.stage_times import StageTimes
from cordboard.calls.stages import Stage, Trigger, next_stage
from cordboard.calls.switchboard import Switchboard

FAILURE_TONE_SECONDS = 5.0
"""How long the first leg hears why the second failed; most national plans play 5 to 10 s."""

FAREWELL_SECONDS = 2.0
"""How long the result waits for the last channels' own ends, for a phone that vanished never says
goodbye (RFC 3261 would wait 64*T1 = 32 s)."""


class Call:
    """A call from its acceptance to its one result."""

    def __init__(self, plan: CallPlan, switchboard: Switchboard) -> None:
        self.plan = plan
        self.id = plan.request.id
        self.stage = Stage.ACCEPTED
        self.result: CallResult | None = None
        self._legs = Legs(plan.channels)
        self._second_verdict = self._gone = HUNG_UP
        self._times = StageTimes()
        self._commands: list[EngineCommand] = []
        self._log = CallLog(plan.request.id)
        self._holdings = Holdings(plan, switchboard)
        self._dialling = Dialling(plan, switchboard, self._holdings, self._log, self._command)
        self._hunting = Hunting(self._legs, self._dialling, self._log, self._command)
        self._first_hears = FirstHears(self._legs, plan.country, self._command)
        self._bridged = Bridged(self._legs, self._log, self._command)

    # What comes in

    def start(self, now: float) -> None:
        """Ring the first leg."""
        self._apply(Trigger.STARTED, now)

    def handle(self, event: EngineEvent, now: float) -> None:
        """Take notice of what the engine says about one of the call's channels."""
        leg = self.leg_of(event.channel)
        handler = _HANDLERS.get(type(event))
        if leg is not None and handler is not None and self.stage is not Stage.ENDED:
            handler(self, event, leg, now)
            self._settle(now)

    def handle_timer(self, now: float) -> None:
        """Do what is due; a deadline that was moved meanwhile has no effect."""
        if self._times.call_is_over(now):
            self._apply(Trigger.DURATION_REACHED, now)
        if self._times.stage_is_over(now):
            self._stage_timed_out(now)
        self._settle(now)

    def cancel(self, now: float, *, interrupted: bool = False) -> None:
        """End the call because somebody asked for it, or because the server stops."""
        self._apply(Trigger.INTERRUPTED if interrupted else Trigger.CANCELLED, now)
        self._settle(now)

    # What comes out

    def take_commands(self) -> list[EngineCommand]:
        """What the engine is to do, in order."""
        taken, self._commands = self._commands, []
        return taken

    def take_events(self) -> list[CallEvent]:
        """What happened, in order."""
        return self._log.take()

    def take_released(self) -> list[Take]:
        """The limits to give back."""
        return self._holdings.take_released()

    @property
    def deadline(self) -> float | None:
        """When :meth:`handle_timer` wants to be called, on the same clock as ``now``."""
        return self._times.deadline

    def take_new_channels(self) -> list[tuple[Leg, PlannedChannel]]:
        """The channels that came into being since this was last asked, in order."""
        return self._dialling.take_new_channels()

    def leg_of(self, channel: str) -> Leg | None:
        """The leg of one of the call's channels."""
        return self._legs.leg_of(channel)

    # Stages

    def _apply(self, trigger: Trigger, now: float) -> None:
        """Follow the table, which may say that ``trigger`` has no effect now."""
        following = next_stage(self.stage, trigger)
        if following is None:
            return
        left, self.stage = self.stage, following
        self._times.enter(following, now)
        if following is Stage.ENDING:
            self._decide_result(left, trigger, now)
        _ENTER[following](self, now)

    def _stage_timed_out(self, now: float) -> None:
        if self.stage is Stage.RINGING_FIRST:
            self._give_up(Leg.FIRST, Cause.NO_ANSWER, now)
        elif self.stage is Stage.RINGING_SECOND:
            self._give_up(Leg.SECOND, Cause.NO_ANSWER, now)
        elif self.stage is Stage.ANNOUNCING:
            self._apply(Trigger.ANNOUNCED, now)
        elif self.stage is Stage.ENDING:
            self._apply(Trigger.GRACE_OVER, now)

    def _ring_first(self, now: float) -> None:
        self._times.stage_ends = now + self.plan.first.timeout
        self._dialling.dial_all(self._legs.first, self.plan.first)

    def _ring_second(self, now: float) -> None:
        plan = self.plan.second
        assert isinstance(plan, LegPlan)  # the table sends programs elsewhere
        self._times.call_ends = now + self.plan.longest_call
        self._times.stage_ends = now + plan.timeout
        self._legs.second = hunt = Hunt(self._dialling.find_channels(plan))
        self._dialling.dial_all(hunt, plan)
        if hunt.channels:
            self._first_hears.ringback()
        else:
            self._hunt_failed(Leg.SECOND, Verdict(Cause.UNREACHABLE), now)

    def _run_program(self, now: float) -> None:
        self._times.call_ends = now + self.plan.longest_call
        self._log.program(self._legs.first.winner, self.plan.second.party.name)
        self._run_step(now)

    def _run_step(self, now: float) -> None:
        program = self.plan.second
        assert isinstance(program, ProgramPlan)  # the table sends legs elsewhere
        if not self._first_hears.step(program.steps):
            self._apply(Trigger.PROGRAM_ENDED, now)

    def _announce(self, now: float) -> None:
        self._times.stage_ends = now + FAILURE_TONE_SECONDS
        self._first_hears.failure(self._second_verdict.cause)

    def _bridge(self, _now: float) -> None:
        self._bridged.connect()

    def _end(self, now: float) -> None:
        self._times.call_ends = None
        self._times.stage_ends = now + FAREWELL_SECONDS
        cause = self.result.cause if self.result else Cause.NORMAL
        self._hunting.hang_up(cause)

    def _finish(self, _now: float) -> None:
        self._hunting.forsake()
        for leg in Leg:
            self._holdings.give_back(leg)
        assert self.result is not None  # decided on entering ENDING
        self._log.ended(self.result)

    def _decide_result(self, left: Stage, trigger: Trigger, now: float) -> None:
        if left is Stage.RINGING_FIRST and trigger is not Trigger.FIRST_FAILED:
            cause = Cause.INTERRUPTED if trigger is Trigger.INTERRUPTED else Cause.CANCELLED
            rang = self._times.since(Stage.RINGING_FIRST, now)
            self._log.leg_failed(Leg.FIRST, Verdict(cause), rang)
        first, second = self._legs.first.verdict(), self._second_verdict
        lasted = self._times.lasted()
        self.result = result_of(left, trigger, first, second, lasted, gone=self._gone)

    # Hunts

    def _give_up(self, leg: Leg, cause: Cause, now: float) -> None:
        """Nobody answered in time: hang up what rings and let the leg fail."""
        self._hunting.give_up(leg, cause)
        self._hunt_failed(leg, Verdict(cause), now)

    def _hunt_failed(self, leg: Leg, verdict: Verdict, now: float) -> None:
        self._log.leg_failed(leg, verdict, self._times.since(_RINGING[leg], now))
        if leg is Leg.FIRST:
            self._apply(Trigger.FIRST_FAILED, now)
        else:
            self._second_verdict = verdict
            self._apply(Trigger.SECOND_FAILED, now)

    # Engine events

    def _on_ringing(self, event: Ringing, leg: Leg, _now: float) -> None:
        self._hunting.rang(event, leg)

    def _on_early_media(self, event: EarlyMedia, leg: Leg, _now: float) -> None:
        wanted = leg is Leg.SECOND and self.stage is Stage.RINGING_SECOND
        if wanted and self._first_hears.early_media(event.channel, event.flowing):
            self._log.early_media(leg, event.channel, event.flowing)

    def _on_answered(self, event: Answered, leg: Leg, now: float) -> None:
        if not self._hunting.answered(event, leg, self._times.since(_RINGING[leg], now)):
            return
        if leg is Leg.SECOND:
            self._apply(Trigger.SECOND_ANSWERED, now)
        elif isinstance(self.plan.second, ProgramPlan):
            self._apply(Trigger.FIRST_ANSWERED_FOR_PROGRAM, now)
        else:
            self._apply(Trigger.FIRST_ANSWERED, now)

    def _on_failed(self, event: Failed, leg: Leg, now: float) -> None:
        verdict = self._hunting.failed(event, leg)
        if verdict is not None and self.stage is _RINGING[leg]:
            self._hunt_failed(leg, verdict, now)

    def _on_released(self, event: Released, leg: Leg, now: float) -> None:
        gone = self._hunting.released(event, leg)
        if gone is not None:
            self._gone = gone
            self._apply(Trigger.FIRST_GONE if leg is Leg.FIRST else Trigger.SECOND_GONE, now)

    def _on_play_ended(self, event: PlayEnded, _leg: Leg, now: float) -> None:
        if self.stage is Stage.PROGRAM and self._first_hears.step_ended(event.play_id):
            self._run_step(now)

    def _on_digit(self, event: Digit, leg: Leg, _now: float) -> None:
        self._log.digit(leg, event.channel, event.digit)

    def _on_hold_changed(self, event: HoldChanged, leg: Leg, _now: float) -> None:
        self._bridged.hold(event, leg, together=self.stage is Stage.BRIDGED)

    def _on_media_lost(self, event: MediaLost, leg: Leg, now: float) -> None:
        if event.channel == self._legs.hunt(leg).winner:
            self._apply(Trigger.MEDIA_LOST, now)

    # Small things

    def _settle(self, now: float) -> None:
        """Give back what ended legs held, and end the call when its last channel is gone."""
        for leg, hunt in self._legs.each():
            if hunt.gone and hunt.channels:
                self._holdings.give_back(leg)
        if self.stage is Stage.ENDING and self._legs.gone:
            self._apply(Trigger.CHANNELS_GONE, now)

    def _command(self, command: EngineCommand) -> None:
        self._commands.append(command)


_RINGING = {Leg.FIRST: Stage.RINGING_FIRST, Leg.SECOND: Stage.RINGING_SECOND}

_ENTER: dict[Stage, Callable[[Call, float], None]] = {
    Stage.RINGING_FIRST: Call._ring_first,
    Stage.RINGING_SECOND: Call._ring_second,
    Stage.PROGRAM: Call._run_program,
    Stage.ANNOUNCING: Call._announce,
    Stage.BRIDGED: Call._bridge,
    Stage.ENDING: Call._end,
    Stage.ENDED: Call._finish,
}

_HANDLERS: dict[type, Callable[..., None]] = {
    Ringing: Call._on_ringing,
    EarlyMedia: Call._on_early_media,
    Answered: Call._on_answered,
    Failed: Call._on_failed,
    Released: Call._on_released,
    PlayEnded: Call._on_play_ended,
    Digit: Call._on_digit,
    HoldChanged: Call._on_hold_changed,
    MediaLost: Call._on_media_lost,
}
