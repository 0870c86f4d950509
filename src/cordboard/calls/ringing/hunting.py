"""What happens on the channels of a call's legs, and what follows for the others: who answers wins,
who speaks for a person ends all his phones, and what is over is written down once."""

from __future__ import annotations

from collections.abc import Callable

from cordboard.calls.causes import Cause
from cordboard.calls.outcome import Verdict
from cordboard.calls.ports import EngineCommand, Failed, HangUp, Released, Ringing
from cordboard.calls.request import Leg
from cordboard.calls.ringing.caller import Caller
from cordboard.calls.ringing.dialling import Dialling
from cordboard.calls.ringing.hunt import GLOBAL_REFUSALS, Hunt
from cordboard.calls.ringing.hunt_channel import ChannelTrigger, cause_of
from cordboard.calls.ringing.legs import Legs
from cordboard.calls.ringing.log import CallLog


class Hunting:
    """Follows the channels of one call; ``command`` takes what the engine is to do."""

    __slots__ = ("_caller", "_command", "_dialling", "_legs", "_log")

    def __init__(
        self,
        legs: Legs,
        dialling: Dialling,
        log: CallLog,
        command: Callable[[EngineCommand], None],
        caller: Caller,
    ) -> None:
        self._caller = caller
        self._legs = legs
        self._dialling = dialling
        self._log = log
        self._command = command

    def rang(self, event: Ringing, leg: Leg, hunt: Hunt) -> None:
        """A channel of a leg's hunt is alerting."""
        if leg is Leg.SECOND and self._caller.waits:
            self._caller.hears(event.status)
        if hunt.channels[event.channel].move(ChannelTrigger.RANG):
            self._log.ringing(leg, event.channel, event.status)

    def picked_up(self, channel: str, leg: Leg, hunt: Hunt) -> bool:
        """A channel is answered by somebody who is to be screened; whether he may take the call."""
        if not hunt.picked_up(channel):
            return False
        self._log.screening(leg, channel)
        return True

    def answered(self, channel: str, leg: Leg, hunt: Hunt) -> bool:
        """A channel is answered; whether its leg is by that."""
        if not hunt.answered(channel):
            return False
        self._log.answered(leg, channel)
        if not hunt.single:
            self._hang_up(hunt.leave(_ELSEWHERE, keep=channel), _ELSEWHERE)
        return True

    def refused(self, channel: str, leg: Leg, cause: Cause) -> Verdict | None:
        """Who was screened does not take the call; the verdict on the leg, if nobody else may."""
        hunt = self._legs.hunt(leg)
        if not hunt.refuse(channel, cause):
            return None
        self._hang_up([channel], cause)
        return None if hunt.open else hunt.verdict()

    def declined(self, channel: str, leg: Leg, cause: Cause) -> bool:
        """One of a leg's channels is not to ring any more; whether it did."""
        rang = self._legs.hunt(leg).leave_one(channel, cause)
        if rang:
            self._hang_up([channel], cause)
        return rang

    def failed(self, event: Failed, leg: Leg, hunt: Hunt) -> Verdict | None:
        """A channel is over without answer, unless it goes on somewhere else; the verdict on its
        leg, where no other channel may still be answered."""
        if self._dialling.goes_on(event, leg, hunt) or not hunt.failed(event):
            return None
        channel = hunt.channels[event.channel]
        self._log.channel_ended(leg, channel, channel.verdict, remote=not event.local)
        if event.status in GLOBAL_REFUSALS and channel.planned.user is not None:
            cause = cause_of(event)
            self._hang_up(hunt.leave_user(channel.planned.user, cause), cause)
        former = hunt is not self._legs.hunt(leg)
        return None if former or hunt.open else hunt.verdict()

    def released(self, event: Released, leg: Leg, hunt: Hunt) -> Verdict | None:
        """An answered channel is over; why, where it was the one that its leg was answered on."""
        if not hunt.ended(event.channel, event.cause, event.said):
            return None
        channel = hunt.channels[event.channel]
        verdict = channel.verdict
        self._log.channel_ended(leg, channel, verdict, remote=event.remote, figures=event.figures)
        return verdict if event.channel == self._legs.winner(leg) else None

    def stop_ringing(self, leg: Leg, cause: Cause) -> bool:
        """Hang up what rings of a leg; whether somebody who is screened may still take the call."""
        hunt = self._legs.hunt(leg)
        self._hang_up(hunt.leave_ringing(cause), cause)
        return hunt.open

    def give_up(self, leg: Leg, cause: Cause) -> None:
        """Hang up all channels of a leg."""
        self.leave(self._legs.hunt(leg), cause)

    def hang_up(self, cause: Cause) -> None:
        """Hang up whatever is up or rings."""
        for _, hunt in self._legs.ever():
            if hunt.left:
                self.leave(hunt, cause)

    def leave(self, hunt: Hunt, cause: Cause) -> None:
        """Hang up all channels of a hunt."""
        self._hang_up(hunt.leave(cause), cause)

    def forsake(self) -> None:
        """Wait no longer for channels that were hung up."""
        for leg, hunt in self._legs.ever():
            for name, channel in hunt.channels.items():
                if hunt.ended(name, Cause.NORMAL):
                    self._log.channel_ended(leg, channel, channel.verdict, remote=False)

    def _hang_up(self, channels: list[str], cause: Cause) -> None:
        for channel in channels:
            if self._caller.waits and self._caller.is_on(channel):
                self._caller.refuse(cause)
            else:
                self._command(HangUp(channel, cause))


_ELSEWHERE = Cause.ANSWERED_ELSEWHERE
